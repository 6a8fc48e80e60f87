"""As many threads as there are processors, each with a share of the rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

Result = TypeVar("Result")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_thread_for_matrices() -> AbstractContextManager[Any]:
    """Keep matrix products within the thread that asks for them, where threadpoolctl is installed.

    The blocks are so small that threads inside of their products would mostly wait for each other.
    """
    try:
        limits: AbstractContextManager[Any] = matrix_libraries().limit(limits=1)
    except ImportError:
        return nullcontext()
    return limits


@cache
def matrix_libraries() -> Any:
    """The libraries that multiply matrices; finding them takes as long as some fits."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def shares(rows: int, smallest: int) -> list[tuple[int, int]]:
    """First rows and ends of equal shares, one for each processor, none below the smallest."""
    count = max(1, min(processors(), rows // smallest))
    edges = [rows * i // count for i in range(count + 1)]
    return list(pairwise(edges))


def in_threads(
    function: Callable[[int, int], Result], ranges: list[tuple[int, int]]
) -> Iterator[Result]:
    """Results of a function of a first row and an end, in order."""
    if len(ranges) == 1:
        yield function(*ranges[0])
        return
    with ThreadPoolExecutor(len(ranges)) as pool:
        yield from pool.map(function, *zip(*ranges, strict=True))
