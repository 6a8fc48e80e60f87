"""What is measured: adxform under both backends, and the peers that are installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from examples.gradbench.workloads import evaluated, workload

Call = Callable[[], Any]


class Calls(NamedTuple):
    """A workload on given arguments: the function itself, and its derivative."""

    primal: Call
    derivative: Call


class Tool(NamedTuple):
    """A tool; ``calls`` gives None for a workload that has no form in it."""

    name: str
    calls: Callable[[str, tuple[Any, ...]], Calls | None]


def ours(backend: str) -> Tool:
    def calls(name: str, args: tuple[Any, ...]) -> Calls:
        module = workload(name)
        primal, derivative = evaluated(module.primal, backend), module.derivative(backend)
        return Calls(lambda: primal(*args), lambda: derivative(*args))

    return Tool(f"adxform {backend}", calls)


PEERS = ("jax", "torch", "autograd", "pytensor", "casadi", "tensorflow")


def peer(name: str) -> Tool:
    """A peer: its module has a function for each workload that it takes, named like it; that gives
    None for arguments which it does not take.
    """
    module = import_module(f"examples.gradbench.peers.with_{name}")

    def calls(name: str, args: tuple[Any, ...]) -> Calls | None:
        form = getattr(module, name, None)
        made = None if form is None else form(*args)
        return None if made is None else Calls(*made)

    return Tool(name, calls)


def installed() -> list[str]:
    return [name for name in PEERS if find_spec(name) is not None]


def backends() -> list[str]:
    return ["numpy", *(["numba"] if find_spec("numba") else [])]
