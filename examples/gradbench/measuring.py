"""How long a call takes, when warm, and how much memory it needs at its peak."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SECONDS_OF_ROUNDS = 1.0
MOST_ROUNDS = 21
FEWEST_ROUNDS = 3


class Measured(NamedTuple):
    """The median time of a call in seconds, and by how many bytes it makes the process grow."""

    seconds: float
    peak: int | None


def measured(call: Callable[[], Any]) -> Measured:
    """Measure a call that has been made before."""
    peak = growth(call)
    times: list[float] = []
    while len(times) < FEWEST_ROUNDS or (
        sum(times) < SECONDS_OF_ROUNDS and len(times) < MOST_ROUNDS
    ):
        times.append(seconds(call))
        if times[0] > 10.0:
            break
    return Measured(float(np.median(times)), peak)


def seconds(call: Callable[[], Any]) -> float:
    """The time of a call; of many, each so short that the clock is felt."""
    repeat, spent = 1, 0.0
    while True:
        start = time.perf_counter()
        for _ in range(repeat):
            call()
        spent = time.perf_counter() - start
        if spent > 1e-4:
            return spent / repeat
        repeat *= 8


def growth(call: Callable[[], Any]) -> int | None:
    """By how much a call makes the process's memory grow at its peak (where Linux can tell)."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        reset.write_text("5")  # forgets the peak so far
        before = _field(status, "VmRSS")
        call()
        return max(0, _field(status, "VmHWM") - before)
    except (OSError, AttributeError):
        return None


def _field(status: Path, name: str) -> int:
    lines = status.read_text().splitlines()
    return 1024 * next(int(x.split()[1]) for x in lines if x.startswith(name))


class TimeLimitError(Exception):
    """A call has taken longer than it may."""


@contextlib.contextmanager
def limited(most: float) -> Iterator[None]:
    """Raise `TimeLimitError` in what takes longer than ``most`` seconds."""

    def stop(*_: Any) -> None:
        raise TimeLimitError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def flat(result: Any) -> np.ndarray:
    """All numbers of a result, one after the other."""
    parts = result if isinstance(result, tuple | list) else (result,)
    return np.concatenate([np.ravel(_array(part)) for part in parts])


def _array(part: Any) -> np.ndarray:
    return np.asarray(part.detach() if hasattr(part, "detach") else part, dtype=float)
