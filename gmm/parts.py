"""Points that are not one array in memory, but in chunks or in partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gmm.chunks import ChunkedPoints, Chunks
from gmm.dask_points import DaskPoints, each_partition, is_dask

Result = TypeVar("Result")


def is_in_parts(X: object) -> bool:
    """Whether points are in chunks or in Dask's hands."""
    return isinstance(X, Chunks) or is_dask(X)


def points_in_parts(
    X: Any, sample_weight: Any, missing: bool, rescale: bool
) -> ChunkedPoints | DaskPoints:
    """What a fit needs to know of points in parts."""
    if isinstance(X, Chunks):
        return ChunkedPoints(X, sample_weight, missing, rescale)
    return DaskPoints(X, sample_weight, missing, rescale)


def each_part(X: Any, function: Callable[[Any], Result]) -> list[Result]:
    """What a function makes of each part that holds any points, in order."""
    if isinstance(X, Chunks):
        made = [function(chunk) for chunk in X if len(chunk)]
    else:
        made = each_partition(X, function)
    if not made:
        raise ValueError("Found no samples.")
    return made
