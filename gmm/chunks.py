"""Points that come in chunks: from Parquet files, or from any iterator that can be begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gmm.kmeans import Random
from gmm.points import BlockFunction, Extent, Sums, add, extent, frame, merge, reduce_rows
from gmm.reading import PARQUET_HINT


class Chunks:
    """Points that are read a chunk at a time, so that one chunk is in memory and never all.

    Parameters
    ----------
    begin : callable
        Without arguments, gives an iterable of arrays of shape (rows, d); each time the same.
    """

    def __init__(self, begin: Callable[[], Iterable[np.ndarray]]) -> None:
        self.begin = begin

    @classmethod
    def parquet(
        cls, path: str | Path, columns: Sequence[str] | None = None, rows: int = 1 << 16
    ) -> Chunks:
        """Points in a Parquet file, so many rows at a time."""
        try:
            import pyarrow.parquet as parquet
        except ImportError as error:
            raise ImportError(PARQUET_HINT) from error

        def begin() -> Iterator[np.ndarray]:
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(rows, columns=columns):
                    parts = [np.asarray(part, dtype=float) for part in batch.to_pydict().values()]
                    yield np.column_stack(parts)

        return cls(begin)

    def __iter__(self) -> Iterator[np.ndarray]:
        for chunk in self.begin():
            yield checked_chunk(chunk)


def checked_chunk(chunk: object) -> np.ndarray:
    """A chunk as a matrix of floating-point numbers."""
    array = np.asarray(chunk)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise ValueError(f"Expected 2D chunks, got a {array.ndim}D one.")
    return array


def check_extent(whole: Extent, missing: bool) -> None:
    """An error for numbers that are not finite, unless they may be missing."""
    known = whole.known > 0
    finite = np.all(np.isfinite(whole.low[known])) and np.all(np.isfinite(whole.high[known]))
    if not finite or (whole.missing and not missing):
        raise ValueError("Input X contains NaN or infinity.")
    if whole.n < 2:
        raise ValueError(f"Found {whole.n} sample(s) while a minimum of 2 is required.")


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
    missing, rescale : bool
        As for `gmm.points.Arrays`.
    """

    def __init__(self, chunks: Chunks, missing: bool = False, rescale: bool = True) -> None:
        self.chunks = chunks
        parts = [extent(chunk, None) for chunk in chunks if len(chunk)]
        self.measure(parts, missing, rescale)

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""
        return add(
            reduce_rows(chunk, None, self.frame, function, width)
            for chunk in self.chunks
            if len(chunk)
        )

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        parts = []
        for chunk, rows in zip(self.chunks, chosen_rows(self.sizes(), count, rng), strict=True):
            parts.append(self.frame.place(chunk[rows]))
        chosen = np.nan_to_num(np.concatenate(parts), copy=False, nan=0.0)
        return chosen, np.ones(len(chosen))

    def sizes(self) -> list[int]:
        """How many points each chunk has."""
        return [len(chunk) for chunk in self.chunks]


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
