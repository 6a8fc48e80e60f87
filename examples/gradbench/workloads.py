"""The workloads by name, and what differs from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from adxform import jvp

NAMES = (
    "hello", "gmm", "ba", "ht", "lstm", "kmeans", "llsq", "lse", "ode", "det", "particle", "saddle",
)  # fmt: skip

Size = dict[str, Any]


def workload(name: str) -> ModuleType:
    return import_module(f"examples.gradbench.{name}")


def sizes(name: str, which: str) -> list[Size]:
    """The sizes of a kind; where a workload has none of that kind, the standard ones."""
    known = workload(name).SIZES
    return known.get(which, known["standard"])


def label(size: Size) -> str:
    return " ".join(f"{key}={value}" for key, value in size.items())


def comparable(name: str, size: Size) -> Size:
    """The size at which results are compared: derivatives are not all zero there, and feasible."""
    choose = getattr(workload(name), "comparable", None)
    return size if choose is None else choose(**size)


def unfit(name: str, tool: str, size: Size) -> str | None:
    """Why a tool is not asked for a derivative at a size, if it is not."""
    say = getattr(workload(name), "unfit", None)
    return None if say is None else say(tool, **size)


def evaluated(f: Callable[..., Any], backend: str) -> Callable[..., Any]:
    """A function itself under a backend: its derivative in no direction."""
    if backend == "numpy":
        return f
    return lambda *args: jvp(f, args, (None,) * len(args), backend=backend)[0]
