"""Points in Dask arrays or DataFrames: each partition is summed where it lies.

Only sums travel, a few numbers for each partition. A partition whose worker is lost is computed
again, as Dask does.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from gmm.chunks import InParts, checked_chunk, chosen_rows
from gmm.kmeans import Random
from gmm.points import BlockFunction, Extent, Frame, Sums, add, extent, reduce_rows
from gmm.threads import one_thread_for_matrices


def is_dask(X: object) -> bool:
    """Whether something is a Dask array or DataFrame, without importing Dask."""
    return type(X).__module__.partition(".")[0] in ("dask", "dask_expr") and hasattr(X, "dask")


class DaskPoints(InParts):
    """What a fit needs to know of points in partitions.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame
        Every iteration computes its partitions anew, unless they are persisted.
    missing, rescale : bool
        As for `gmm.points.Arrays`.
    """

    def __init__(self, X: Any, missing: bool = False, rescale: bool = True) -> None:
        if getattr(X, "ndim", 2) != 2:
            raise ValueError(f"Expected 2D array, got {X.ndim}D array instead.")
        if hasattr(X, "rechunk"):
            X = X.rechunk({1: -1})
        self.partitions = list(np.ravel(X.to_delayed()))
        extents = [part for part in self.map(extent_of_partition) if part is not None]
        self.measure(extents, missing, rescale)

    def map(self, function: Any, *args: Any) -> list[Any]:
        """What a function makes of each partition, computed where the partitions are."""
        dask: Any = import_module("dask")
        task = dask.delayed(function, pure=False)
        return list(dask.compute(*(task(part, *args) for part in self.partitions)))

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""
        sums: list[Sums | None] = self.map(reduce_partition, self.frame, function, width)
        return add(part for part in sums if part is not None)

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        dask: Any = import_module("dask")
        rows = chosen_rows(self.map(len), count, rng)
        task = dask.delayed(rows_of_partition, pure=False)
        parts = dask.compute(*map(task, self.partitions, rows))
        chosen = np.nan_to_num(self.frame.place(np.concatenate(parts)), copy=False, nan=0.0)
        return chosen, np.ones(len(chosen))


def extent_of_partition(part: Any) -> Extent | None:
    """The extent of a partition; None if it is empty."""
    X = checked_chunk(part)
    return extent(X, None) if len(X) else None


def rows_of_partition(part: Any, rows: np.ndarray) -> np.ndarray:
    """Some rows of a partition."""
    chosen: np.ndarray = checked_chunk(part)[rows]
    return chosen


def reduce_partition(
    part: Any, place: Frame, function: BlockFunction[Sums], width: int
) -> Sums | None:
    """Sum what a function gives over the blocks of a partition; None if it is empty."""
    X = checked_chunk(part)
    with one_thread_for_matrices():
        return reduce_rows(X, None, place, function, width) if len(X) else None
