# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Points in memory or in a mapped file, handed out in blocks that fit a cache.

What is fitted are the points less a shift and divided by a scale: squares then keep their digits
far from the origin, and neither overflow nor vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from gmm.kmeans import Random
from gmm.threads import in_threads, shares

if TYPE_CHECKING:
    from jaxtyping import Float

Sums = TypeVar("Sums", bound=tuple[object, ...])
BlockFunction = Callable[[np.ndarray, np.ndarray | float], Sums]

NUMBERS = 1 << 19  # in a block with everything that is computed for it: 4 MB
ROWS = 256, 8192  # in a block, at least and at most
ROWS_READ = 1 << 16  # at a time, where a whole pass needs no more than sums of columns
LARGEST_POWER = 510  # of two, in a scale
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

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks.

        ``width`` is how many numbers the function computes for each point.
        """

    def each(self, function: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
        """What a function makes of each point, block by block, in the order of the points."""

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""


# --- where points lie -----------------------------------------------------------------------------


class Extent(NamedTuple):
    """How many points there are, and how far they reach along each axis."""

    n: int
    total: float
    sums: Float[np.ndarray, "d"]
    known: Float[np.ndarray, "d"]
    low: Float[np.ndarray, "d"]
    high: Float[np.ndarray, "d"]

    @property
    def missing(self) -> bool:
        """Whether any number is missing."""
        return bool(np.any(self.known < self.n))


def extent(X: Float[np.ndarray, "n d"], sample_weight: np.ndarray | None) -> Extent:
    """Find the extent of some points, a run of rows at a time."""
    parts = []
    for start in range(0, len(X), ROWS_READ):
        rows = np.asarray(X[start : start + ROWS_READ])
        missing = np.isnan(rows)
        known = len(rows) - np.sum(missing, axis=0, dtype=float)
        added, low, high = rows, rows, rows
        if np.any(missing):
            added, low, high = (np.where(missing, v, rows) for v in (0.0, np.inf, -np.inf))
        parts.append(
            Extent(
                len(rows),
                float(len(rows)),
                np.sum(added, axis=0, dtype=float),
                known,
                np.min(low, axis=0, initial=np.inf),
                np.max(high, axis=0, initial=-np.inf),
            )
        )
    whole = merge(parts)
    return whole if sample_weight is None else whole._replace(total=float(np.sum(sample_weight)))


def merge(parts: Iterable[Extent]) -> Extent:
    """Find the extent of all points from those of parts."""
    n, total, sums, known, low, high = zip(*parts, strict=True)
    widths = sorted({len(of_part) for of_part in low})
    if len(widths) > 1:
        raise ValueError(f"Parts of X have {' and '.join(map(str, widths))} columns.")
    added = np.sum(sums, axis=0), np.sum(known, axis=0)
    return Extent(sum(n), sum(total), *added, np.min(low, axis=0), np.max(high, axis=0))


class Frame(NamedTuple):
    """A shift and a scale that points are placed by, and how far the placed ones reach."""

    shift: Float[np.ndarray, "d"]
    scale: float
    reach: float

    def place(self, rows: np.ndarray) -> np.ndarray:
        """Rows as float64, shifted and scaled."""
        placed = np.subtract(rows, self.shift, dtype=float)
        if self.scale != 1.0:
            placed /= self.scale
        return placed


def frame(whole: Extent, rescale: bool) -> Frame:
    """Place points around their mean, and those of extreme size within reach of one."""
    if np.any(whole.known == 0):
        raise ValueError(f"column {np.argmin(whole.known)} of X holds no number at all")
    shift = whole.sums / whole.known
    ends = np.stack([whole.low, whole.high]) - shift
    farthest = float(np.max(np.abs(ends), initial=0.0))
    scale = power_of_two(farthest) if rescale else 1.0
    return Frame(shift, scale, farthest * np.sqrt(len(shift)) / scale)


def power_of_two(size: float) -> float:
    """A scale that divides without rounding, for sizes whose squares are in danger; else one.

    Its own square neither vanishes nor overflows.
    """
    if size == 0.0 or 1.0 / EXTREME <= size <= EXTREME:
        return 1.0
    return float(2.0 ** np.clip(np.round(np.log2(size)), -LARGEST_POWER, LARGEST_POWER))


# --- sums over them -------------------------------------------------------------------------------


def reduce_rows(
    X: Float[np.ndarray, "n d"],
    sample_weight: np.ndarray | None,
    place: Frame,
    function: BlockFunction[Sums],
    width: int,
) -> Sums:
    """Sum what a function gives over blocks of the rows of an array, in threads."""
    rows = rows_of_block(width + X.shape[1])

    def results(first: int, end: int) -> Iterator[Sums]:
        for start in range(first, end, rows):
            block = slice(start, min(start + rows, end))
            weight = 1.0 if sample_weight is None else sample_weight[block]
            yield function(place.place(X[block]), weight)

    return add(in_threads(lambda first, end: add(results(first, end)), shares(len(X), ROWS[1])))


def rows_of_block(width: int) -> int:
    """How many rows a block has, if so many numbers are computed for each."""
    return min(max(NUMBERS // width, ROWS[0]), ROWS[1])


def each_row(
    X: Float[np.ndarray, "n d"],
    place: Frame,
    function: Callable[[np.ndarray], np.ndarray],
    width: int,
) -> np.ndarray:
    """What a function makes of each row of an array, block by block, in threads."""
    rows = rows_of_block(width + X.shape[1])

    def results(first: int, end: int) -> list[np.ndarray]:
        blocks = (X[start : min(start + rows, end)] for start in range(first, end, rows))
        return [function(place.place(block)) for block in blocks]

    parts = in_threads(results, shares(len(X), ROWS[1]))
    return np.concatenate([block for part in parts for block in part])


def add(parts: Iterable[Sums]) -> Sums:
    """Sum named tuples entry by entry."""
    rest = iter(parts)
    total: Any = next(rest)
    for part in rest:
        total = type(total)(*(a + b for a, b in zip(total, part, strict=True)))
    return total


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
        whole = extent(X, sample_weight)
        self.total, self.missing = whole.total, missing and whole.missing
        self.frame = frame(whole, rescale)
        self.shift, self.scale, self.reach = self.frame

    def place(self, rows: np.ndarray) -> np.ndarray:
        """Rows as float64, shifted and scaled."""
        return self.frame.place(rows)

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""
        return reduce_rows(self.X, self.sample_weight, self.frame, function, width)

    def each(self, function: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
        """What a function makes of each point, block by block, in the order of the points."""
        return each_row(self.X, self.frame, function, width)

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        rows: Any = slice(None)
        if self.n > count:
            rows = np.sort(rng.permutation(self.n)[:count])
        chosen = np.nan_to_num(self.place(self.X[rows]), copy=False, nan=0.0)
        if self.sample_weight is None:
            return chosen, np.ones(len(chosen))
        return chosen, np.asarray(self.sample_weight[rows], dtype=float)
