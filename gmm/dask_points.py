"""Points in Dask arrays or DataFrames: each partition is summed where it lies.

Only sums travel, a few numbers for each partition. A partition whose worker is lost is computed
again, as Dask does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from gmm.chunks import (
    InParts,
    Part,
    checked_chunk,
    checked_weight,
    chosen_rows,
    placed_sample,
    rows_of,
)
from gmm.kmeans import Random
from gmm.points import BlockFunction, Extent, Frame, Sums, add, each_row, extent, reduce_rows
from gmm.threads import one_thread_for_matrices

Result = TypeVar("Result")


def is_dask(X: object) -> bool:
    """Whether something is a Dask array or DataFrame, without importing Dask."""
    return type(X).__module__.partition(".")[0] in ("dask", "dask_expr") and hasattr(X, "dask")


class DaskPoints(InParts):
    """What a fit needs to know of points in partitions.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame
        Every iteration computes its partitions anew, unless they are persisted.
    sample_weight : dask.array.Array, dask.dataframe.Series or ndarray, shape (n,), optional
    missing, rescale : bool
        As for `gmm.points.Arrays`.
    """

    def __init__(
        self, X: Any, sample_weight: Any = None, missing: bool = False, rescale: bool = True
    ) -> None:
        self.partitions = partitions(X)
        self.weights: list[Any] = [None] * len(self.partitions)
        if sample_weight is not None:
            self.weights = weights_in_partitions(sample_weight, self.map(size_of_partition))
        extents = [part for part in self.map(extent_of_partition) if part is not None]
        self.measure(extents, missing, rescale)

    def map(self, function: Any, *each: Any) -> list[Any]:
        """What a function makes of each partition and its weights, computed where they are.

        Further arguments are one list each, with an item for every partition.
        """
        dask: Any = import_module("dask")
        task = dask.delayed(function, pure=False)
        tasks = zip(self.partitions, self.weights, *each, strict=True)
        return list(dask.compute(*(task(*args) for args in tasks)))

    def reduce(self, function: BlockFunction[Sums], width: int) -> Sums:
        """Sum what a function of a block of points and their weights gives over all blocks."""
        task = partial(reduce_partition, place=self.frame, function=function, width=width)
        sums: list[Sums | None] = self.map(task)
        return add(part for part in sums if part is not None)

    def each(self, function: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
        """What a function makes of each point, block by block, in the order of the points."""
        task = partial(rows_of_function, place=self.frame, function=function, width=width)
        made: list[np.ndarray | None] = self.map(task)
        return np.concatenate([part for part in made if part is not None])

    def some(self, count: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        """At most so many of the points, chosen at random, with their weights; NaN as means."""
        rows = chosen_rows(self.map(size_of_partition), count, rng)
        return placed_sample(self.frame, self.map(rows_of_partition, rows))


def partitions(X: Any) -> list[Any]:
    """The partitions of an array or a DataFrame, each with whole rows."""
    if getattr(X, "ndim", 2) != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead.")
    if hasattr(X, "rechunk"):
        X = X.rechunk({1: -1})
    return list(np.ravel(X.to_delayed()))


def each_partition(X: Any, function: Callable[[Any], Result]) -> list[Result]:
    """What a function makes of each partition that holds any points, where these lie."""
    dask: Any = import_module("dask")
    task = dask.delayed(of_partition, pure=False)
    made = dask.compute(*(task(part, function) for part in partitions(X)))
    return [one for one in made if one is not None]


def of_partition(part: Any, function: Callable[[Any], Result]) -> Result | None:
    """What a function makes of a partition; None if it is empty."""
    return function(part) if len(part) else None


def weights_in_partitions(sample_weight: Any, sizes: list[int]) -> list[Any]:
    """The weights of each partition's points, in Dask's hands if they are already."""
    if not is_dask(sample_weight):
        weight = checked_weight(sample_weight, sum(sizes))
        return np.split(weight, np.cumsum(sizes)[:-1])
    if hasattr(sample_weight, "rechunk"):
        if sample_weight.shape != (sum(sizes),):
            raise ValueError(
                f"sample_weight must have the shape ({sum(sizes)},), got {sample_weight.shape}."
            )
        sample_weight = sample_weight.rechunk((tuple(sizes),))
    parts = list(np.ravel(sample_weight.to_delayed()))
    if len(parts) != len(sizes):
        raise ValueError(
            f"sample_weight has {len(parts)} partitions, and the points have {len(sizes)}."
        )
    return parts


def reduce_partition(
    part: Any, weight: Any, place: Frame, function: BlockFunction[Sums], width: int
) -> Sums | None:
    """Sum what a function gives over the blocks of a partition; None if it is empty."""
    points, weight = checked_part(part, weight)
    with one_thread_for_matrices():
        return reduce_rows(points, weight, place, function, width) if len(points) else None


def rows_of_function(
    part: Any, weight: Any, place: Frame, function: Callable[[np.ndarray], np.ndarray], width: int
) -> np.ndarray | None:
    """What a function makes of each point of a partition; None if it is empty."""
    points = checked_chunk(part)
    with one_thread_for_matrices():
        return each_row(points, place, function, width) if len(points) else None


def checked_part(part: Any, weight: Any) -> Part:
    """A partition and its weights as arrays."""
    points = checked_chunk(part)
    return points, None if weight is None else checked_weight(weight, len(points))


def size_of_partition(part: Any, weight: Any) -> int:
    """How many points a partition has."""
    return len(part)


def extent_of_partition(part: Any, weight: Any) -> Extent | None:
    """The extent of a partition; None if it is empty."""
    points, weight = checked_part(part, weight)
    return extent(points, weight) if len(points) else None


def rows_of_partition(
    part: Any, weight: Any, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Some points of a partition, with their weights."""
    return rows_of(checked_part(part, weight), rows)
