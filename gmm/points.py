# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Points in memory or in a mapped file, handed out in blocks that fit a cache.

What is fitted are the points less a shift and divided by a scale: squares then keep their digits
far from the origin, and neither overflow nor vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from gmm.kmeans import Random
from gmm.threads import in_threads, shares

if TYPE_CHECKING:
    from jaxtyping import Float

Sums = TypeVar("Sums", bound=tuple[object, ...])
Block = tuple[np.ndarray, np.ndarray | float]

NUMBERS = 1 << 19  # in a block with everything that is computed for it: 4 MB
ROWS = 256, 8192  # in a block, at least and at most
ROWS_READ = 1 << 16  # at a time, where a whole pass needs no more than sums of columns
EXTREME = 1e70  # squares of larger numbers, summed, may overflow; of smaller inverses, vanish


class Points(Protocol):
    """What a fit needs to know of points, wherever they are."""

    n: int
    d: int
    total: float
    shift: np.ndarray
    scale: float
    reach: float
    missing: bool

    def reduce(
        self, function: Callable[[np.ndarray, np.ndarray | float], Sums], width: int
    ) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks.

        ``width`` is how many numbers the function computes for each point.
        """

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""


class Arrays:
    """Points that are the rows of an array, with weights if they have any.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Float32 or float64, also mapped from a file; blocks of it are float64.
    sample_weight : ndarray, shape (n,), optional
    missing : bool
        Whether NaN may stand for numbers that are missing.
    rescale : bool
        Whether to divide points of extreme size by a scale.
    """

    def __init__(
        self,
        X: Float[np.ndarray, "n d"],
        sample_weight: Float[np.ndarray, "n"] | None = None,
        missing: bool = False,
        rescale: bool = True,
    ) -> None:
        self.X, self.sample_weight = X, sample_weight
        self.n, self.d = X.shape
        self.missing = missing and any(np.isnan(rows).any() for rows in self.pieces())
        self.total = float(self.n if sample_weight is None else np.sum(sample_weight))
        self.shift, self.scale = np.zeros(self.d), 1.0
        self.shift = self.middle()
        self.scale = power_of_two(self.farthest()) if rescale else 1.0
        self.reach = self.farthest() * np.sqrt(self.d) / self.scale

    def pieces(self) -> Iterator[np.ndarray]:
        """Large runs of rows as they are."""
        for start in range(0, self.n, ROWS_READ):
            yield self.X[start : start + ROWS_READ]

    def middle(self) -> Float[np.ndarray, "d"]:
        """Mean of what is there of each column; zero of columns where nothing is."""
        sums, there = np.zeros(self.d), np.zeros(self.d)
        for rows in self.pieces():
            sums += np.nansum(rows / self.n, axis=0, dtype=float)
            there += np.sum(~np.isnan(rows), axis=0)
        return sums * (self.n / np.maximum(there, 1.0))

    def farthest(self) -> float:
        """Largest distance of any coordinate from the shift."""
        largest = [np.nanmax(np.abs(rows - self.shift), initial=0.0) for rows in self.pieces()]
        return float(max(largest, default=0.0))

    def blocks(self, first: int, end: int, width: int) -> Iterator[Block]:
        """Blocks of some of the points, shifted and scaled, with their weights."""
        rows = min(max(NUMBERS // (width + self.d), ROWS[0]), ROWS[1])
        for start in range(first, end, rows):
            block = slice(start, min(start + rows, end))
            weight = 1.0 if self.sample_weight is None else self.sample_weight[block]
            yield self.place(self.X[block]), weight

    def place(self, rows: np.ndarray) -> np.ndarray:
        """Rows as float64, shifted and scaled."""
        placed = np.subtract(rows, self.shift, dtype=float)
        if self.scale != 1.0:
            placed /= self.scale
        return placed

    def reduce(
        self, function: Callable[[np.ndarray, np.ndarray | float], Sums], width: int
    ) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""

        def share(first: int, end: int) -> Sums:
            return add(function(X, weight) for X, weight in self.blocks(first, end, width))

        return add(in_threads(share, shares(self.n, ROWS[1])))

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        rows: Any = slice(None)
        if self.n > count:
            rows = np.sort(rng.permutation(self.n)[:count])
        chosen = np.nan_to_num(self.place(self.X[rows]), copy=False, nan=0.0)
        if self.sample_weight is None:
            return chosen, np.ones(len(chosen))
        return chosen, np.asarray(self.sample_weight[rows], dtype=float)


def add(parts: Iterator[Sums]) -> Sums:
    """Sum tuples entry by entry."""
    total = next(parts)
    for part in parts:
        sums = [a + b for a, b in zip(total, part, strict=True)]  # type: ignore[operator]
        total = type(total)(*sums) if hasattr(total, "_fields") else type(total)(sums)
    return total


def power_of_two(size: float) -> float:
    """A scale that divides without rounding, for sizes whose squares are in danger; else one."""
    if size == 0.0 or 1.0 / EXTREME <= size <= EXTREME:
        return 1.0
    return float(2.0 ** np.round(np.log2(size)))
