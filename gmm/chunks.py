"""Points that come in chunks: from Parquet files, or from any iterator that can be begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gmm.checks import floating
from gmm.kmeans import Random
from gmm.parquet import numeric_columns, open_parquet
from gmm.points import (
    BlockFunction,
    Extent,
    Frame,
    Sums,
    add,
    each_row,
    extent,
    frame,
    merge,
    reduce_rows,
)

CONTAINS_NAN = (
    "Input X contains NaN. With missing_values='marginalize' (--missing) each point counts by what "
    "is known of it."
)
Part = tuple[np.ndarray, np.ndarray | None]  # points, and their weights if they have any


class Chunks:
    """Points that are read a chunk at a time, so that one chunk is in memory and never all.

    Parameters
    ----------
    begin : callable or iterable
        An iterable of arrays of shape (rows, d), or of pairs of such an array and the weights of
        its rows, that can be gone over more than once; or what, without arguments, gives one, each
        time the same.

    Raises
    ------
    ValueError
        If it can be gone over only once. Later, if the chunks are not the same each time.
    """

    def __init__(self, begin: Callable[[], Iterable[Any]] | Iterable[Any]) -> None:
        if isinstance(begin, Iterator) or not (callable(begin) or isinstance(begin, Iterable)):
            raise ValueError(
                "Chunks are gone over many times: give a function that begins anew, or a list, "
                f"not {begin!r}."
            )
        self.begin = begin if callable(begin) else partial(iter, begin)

    @classmethod
    def parquet(
        cls,
        path: str | Path,
        columns: Sequence[str] | None = None,
        rows: int = 1 << 16,
        weight: str | None = None,
    ) -> Chunks:
        """Points in a Parquet file, so many rows at a time.

        Parameters
        ----------
        path : str or Path
        columns : sequence of str, optional
            Which columns; without any, all that hold numbers, but for that of the weights.
        rows : int
            The most that are in memory.
        weight : str, optional
            The column that holds the weights of the points.
        """
        return cls(partial(parquet_chunks, path, columns, rows, weight))

    def __iter__(self) -> Iterator[np.ndarray]:
        for points, _ in self.parts():
            yield points

    def parts(self) -> Iterator[Part]:
        """Points and weights of one chunk after the other."""
        for chunk in self.begin():
            points, weight = chunk if isinstance(chunk, tuple) else (chunk, None)
            points = checked_chunk(points)
            yield points, None if weight is None else checked_weight(weight, len(points))


def parquet_chunks(
    path: str | Path, columns: Sequence[str] | None, rows: int, weight: str | None
) -> Iterator[np.ndarray | Part]:
    """Read a Parquet file, so many rows at a time; nulls are NaN."""
    with open_parquet(path) as file:
        names = numeric_columns(path, file, columns, weight)
        wanted = names if weight is None else [*names, weight]
        for batch in file.iter_batches(rows, columns=wanted):
            numbers = {n: batch.column(n).to_numpy(zero_copy_only=False) for n in wanted}
            points = np.column_stack([np.asarray(numbers[n], dtype=np.float64) for n in names])
            yield points if weight is None else (points, numbers[weight])


def checked_chunk(chunk: object) -> np.ndarray:
    """A chunk as a matrix of floating-point numbers."""
    array = floating(chunk)
    if array.ndim != 2:
        raise ValueError(f"Expected 2D chunks, got a {array.ndim}D one.")
    if not array.shape[1]:
        raise ValueError("Found a chunk without columns.")
    return array


def checked_weight(weight: object, n: int) -> np.ndarray:
    """Weights of some of the points, which may all be zero."""
    array = np.asarray(weight, dtype=np.float64)
    if array.shape != (n,):
        raise ValueError(f"sample_weight must have the shape ({n},), got {array.shape}.")
    if not np.all(np.isfinite(array)) or np.any(array < 0.0):
        raise ValueError("sample_weight must be finite and not negative.")
    return array


def check_extent(whole: Extent, missing: bool) -> None:
    """An error for numbers that are not finite, unless they may be missing."""
    known = whole.known > 0
    finite = np.all(np.isfinite(whole.low[known])) and np.all(np.isfinite(whole.high[known]))
    if not finite:
        raise ValueError("Input X contains infinity.")
    if whole.missing and not missing:
        raise ValueError(CONTAINS_NAN)
    if whole.n < 2:
        raise ValueError(f"Found {whole.n} sample(s) while a minimum of 2 is required.")
    if not whole.total > 0.0:
        raise ValueError("sample_weight must not be all zero.")


class InParts:
    """What is known of points that lie in parts, from the extent of each."""

    def measure(self, parts: list[Extent], missing: bool, rescale: bool) -> None:
        """Take the number of points, their frame and whether any is incomplete from the parts."""
        if not parts:
            raise ValueError("Found no samples while a minimum of 2 is required.")
        whole = merge(parts)
        check_extent(whole, missing)
        self.n, self.d, self.total = whole.n, len(whole.low), whole.total
        self.missing = whole.missing
        self.frame = frame(whole, rescale)
        self.shift, self.scale, self.reach = self.frame


class ChunkedPoints(InParts):
    """What a fit needs to know of points in chunks.

    Parameters
    ----------
    chunks : Chunks
    sample_weight : ndarray, shape (n,), optional
        Besides the weights that chunks may bring along.
    missing, rescale : bool
        As for `gmm.points.Arrays`.
    """

    def __init__(
        self,
        chunks: Chunks,
        sample_weight: np.ndarray | None = None,
        missing: bool = False,
        rescale: bool = True,
    ) -> None:
        self.chunks, self.sample_weight = chunks, sample_weight
        self.measure([extent(*part) for part in self.parts()], missing, rescale)
        if sample_weight is not None:
            checked_weight(sample_weight, self.n)

    def parts(self) -> Iterator[Part]:
        """Points and weights of one chunk after the other, but for empty ones."""
        first = 0
        for points, weight in self.chunks.parts():
            end = first + len(points)
            if self.sample_weight is not None:
                more = checked_weight(self.sample_weight[first:end], len(points))
                weight = more if weight is None else weight * more
            if first < end:
                yield points, weight
            first = end
        if first != getattr(self, "n", first):
            raise ValueError(
                f"The chunks held {self.n} points the first time, and now {first}: they must "
                "begin anew each time."
            )

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""
        return add(
            reduce_rows(points, weight, self.frame, function, width)
            for points, weight in self.parts()
        )

    def each(self, function: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
        """What a function makes of each point, block by block, in the order of the points."""
        parts = (each_row(points, self.frame, function, width) for points, _ in self.parts())
        return np.concatenate(list(parts))

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        sizes = [len(points) for points, _ in self.parts()]
        rows = chosen_rows(sizes, count, rng)
        pairs = zip(self.parts(), rows, strict=True)
        return placed_sample(self.frame, [rows_of(part, chosen) for part, chosen in pairs])


def rows_of(part: Part, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some points of a part, with their weights."""
    points, weight = part
    return points[rows], np.ones(len(rows)) if weight is None else weight[rows]


def placed_sample(
    place: Frame, parts: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of several parts in one array, shifted and scaled, NaN as means; and their weights."""
    points, weights = (np.concatenate(both) for both in zip(*parts, strict=True))
    return np.nan_to_num(place.place(points), copy=False, nan=0.0), weights


def chosen_rows(sizes: Sequence[int], count: int, rng: Random) -> list[np.ndarray]:
    """Rows of each of several parts, at most so many in all, chosen at random among all rows."""
    total = sum(sizes)
    rows = np.arange(total) if total <= count else np.sort(random_rows(total, count, rng))
    edges = np.concatenate([[0], np.cumsum(sizes)])
    places = np.searchsorted(rows, edges)
    return [
        rows[first:end] - edge
        for first, end, edge in zip(places[:-1], places[1:], edges[:-1], strict=True)
    ]


def random_rows(total: int, count: int, rng: Random) -> np.ndarray:
    """Different rows of very many, without a permutation of all."""
    rows = np.unique((rng.uniform(size=2 * count) * total).astype(np.int64))
    keep: np.ndarray = rng.permutation(rows)[:count]
    return keep
