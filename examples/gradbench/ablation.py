"""What each analysis and optimisation is worth: ``python -m examples.gradbench.ablation``."""

from __future__ import annotations

import time
import timeit
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import click
import numpy as np

from adxform import BackendWarning
from adxform.derivatives import Derivative
from adxform.options import BACKENDS, Options
from examples.gradbench import ba, gmm, lse, lstm, ode
from examples.gradbench.measuring import flat, growth
from examples.gradbench.one_thread import hold

ALL_ON = Options()
VARIANTS = {
    "no passes": Options(optimize=False),  # nor merged loops, which come after them
    "no inlining": Options(inline=False),
    "no activity analysis": Options(activity=False),
    "no recording analysis": Options(tbr=False),
    "no merged loops": Options(merge=False),
}
COMPILED = VARIANTS | {"no fused loops": Options(fuse=False)}


def variants(backend: str) -> dict[str, Options]:
    """All on, and then with one thing off in turn."""
    all_off = COMPILED if backend == "numba" else VARIANTS
    return {n: replace(o, backend=backend) for n, o in {"all on": ALL_ON, **all_off}.items()}


def softplus_sum(x, a, b):
    """A loop whose iterations are independent."""
    total = 0.0
    for i in range(len(x)):
        d = x[i] - a
        total += np.log(np.exp(-b * d * d) + 1.0)
    return total


def diffused(u, rate, steps):
    """A loop that writes in place."""
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += rate * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u**2)


class Case(NamedTuple):
    """A function to be differentiated in arguments at some places."""

    name: str
    function: Callable[..., Any]
    argnums: tuple[int, ...]
    args: tuple[Any, ...]


def cases(quick: bool) -> list[Case]:
    """The functions at sizes that are measured, or at small ones."""
    kind = "quick" if quick else "small"
    drawn = np.random.default_rng(0).normal(size=10 if quick else 3000)
    cameras, points, weights, seen, features = ba.inputs(**ba.SIZES[kind][0])
    bundle = cameras[seen[:, 0]], points[seen[:, 1]], weights, features
    return [
        Case("gmm", gmm.primal, (0, 1, 2, 3), gmm.inputs(**gmm.SIZES[kind][0])),
        Case("lstm", lstm.primal, (0, 1), lstm.inputs(**lstm.SIZES[kind][0])),
        Case("ode", ode.primal, (0,), ode.inputs(**ode.SIZES[kind][0])),
        Case("ba", ba.sum_across, (0, 1, 2), bundle),
        Case("lse", lse.primal, (0,), lse.inputs(**lse.SIZES[kind][0])),
        Case("independent", softplus_sum, (0, 1, 2), (drawn, 0.3, 0.7)),
        Case("in place", diffused, (0, 1), (drawn, 0.2, 5 if quick else 100)),
    ]


class Cost(NamedTuple):
    """The seconds of a gradient, and the bytes that it holds at its peak."""

    seconds: float
    peak: int

    def over(self, other: Cost) -> str:
        """Time and memory beside another's."""
        memory = f"{self.peak / other.peak:.2f}" if other.peak else "-"
        return f"{self.seconds / other.seconds:9.2f} {memory:>7}"


def costs(case: Case, variants: list[Options], rounds: int) -> list[Cost]:
    """The costs of a function's gradient in some variants, whose results must agree: the least
    time of several rounds, in which all take part.
    """
    gradients = [Derivative(case.function, case.argnums, options=o) for o in variants]
    calls = [lambda g=g: g(*case.args) for g in gradients]
    expected, *others = (flat(call()) for call in calls)
    for options, found in zip(variants[1:], others, strict=True):
        if not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
            raise AssertionError(f"{case.name}: {options} gives another gradient")
    compiled = variants[0].backend == "numba"
    peaks = [(growth(call) or 0) if compiled else peak(call) for call in calls]
    numbers = [max(1, int(0.02 / max(spent(call, 1), 1e-6))) for call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for i, (call, number) in enumerate(zip(calls, numbers, strict=True)):
            best[i] = min(best[i], spent(call, number))
    return [Cost(*pair) for pair in zip(best, peaks, strict=True)]


def spent(call: Callable[[], Any], number: int) -> float:
    """The processor time of a call, whatever else the machine does."""
    return timeit.timeit(call, timer=time.process_time, number=number) / number


def peak(call: Callable[[], Any]) -> int:
    """The bytes that Python and NumPy hold at most in a call, beyond what they held before."""
    tracemalloc.start()
    try:
        result = call()  # held until the peak is read
        return max(1, tracemalloc.get_traced_memory()[1])
    finally:
        del result
        tracemalloc.stop()


@click.command()
@click.option("--quick", is_flag=True, help="Tiny sizes, one round: whether all works.")
@click.option("--backend", type=click.Choice(BACKENDS), default="numpy", show_default=True)
def main(quick: bool, backend: str) -> None:
    """Print the time and the memory of gradients with one thing off in turn, beside all on."""
    hold()
    first, *names = found = variants(backend)
    click.echo("Gradients with one thing off in turn: time and peak memory as ratios to all on.\n")
    click.echo(f"{'':12}{first:^18}" + "".join(f"  {name:^22}" for name in names))
    columns = f"  {'time':>14} {'memory':>7}" * len(names)
    click.echo(f"{'function':12}{'ms':>9}{'MB':>9}{columns}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BackendWarning)
        for case in cases(quick):
            base, *others = costs(case, [*found.values()], 1 if quick else 7)
            cells = "".join(f"  {cost.over(base):>22}" for cost in others)
            click.echo(f"{case.name:12}{1e3 * base.seconds:9.3f}{base.peak / 1e6:9.3f}{cells}")


if __name__ == "__main__":
    main()
