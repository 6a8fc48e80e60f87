"""What a call of a derivative costs beyond its arithmetic: beside one by hand, and autograd's."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from adxform import grad, hvp, jvp, value_and_grad, vjp

try:
    import autograd
    import autograd.numpy as anp
except ImportError:  # pip install 'adxform[bench]'
    autograd = anp = None


@dataclass
class Spring:
    """Parameters as they come in real programs."""

    stiffness: float
    length: float


def cubic(x):
    return x * x * (1.0 - x)


def cubic_by_hand(x):
    y, z = x * x, 1.0 - x
    return y * z, 2.0 * x * z - y


def volume(a, b, c=2.0):
    return a * b * c


def energy(spring):
    return spring.stiffness * spring.length * spring.length


def energy_of(spring):
    return spring["stiffness"] * spring["length"] * spring["length"]


def powers(x, exponent, mode="sum"):
    total = np.sum(x**exponent)
    return total if mode == "sum" else total / len(x)


def squares(x):
    return np.sum(x * x)


def traced_squares(x):
    return anp.sum(x * x)


def squares_by_hand(x):
    return np.sum(x * x), 2.0 * x


class Row(NamedTuple):
    """One derivative, three ways; ``autograd`` is None where it has no way of its own."""

    title: str
    adxform: Callable[[], Any]
    by_hand: Callable[[], Any]
    autograd: Callable[[], Any] | None = None


def scalars() -> list[Row]:
    """Derivatives in Python's numbers."""
    gradient, both = grad(cubic), value_and_grad(cubic)
    three, third = grad(volume, (0, 1, 2)), grad(volume, "c")
    theirs = autograd and autograd.grad(cubic)
    their_both = autograd and autograd.value_and_grad(cubic)
    their_three = autograd and autograd.grad(volume, (0, 1, 2))
    number = np.float64(0.5)
    return [
        Row("grad(f)(x)", lambda: gradient(0.5), lambda: cubic_by_hand(0.5)[1],
            theirs and (lambda: theirs(0.5))),
        Row("grad(f)(np.float64)", lambda: gradient(number), lambda: cubic_by_hand(number)[1],
            theirs and (lambda: theirs(number))),
        Row("value_and_grad(f)(x)", lambda: both(0.5), lambda: cubic_by_hand(0.5),
            their_both and (lambda: their_both(0.5))),
        Row("grad(f, (0, 1, 2))(a, b, c)", lambda: three(1.0, 2.0, 3.0),
            lambda: (2.0 * 3.0, 1.0 * 3.0, 1.0 * 2.0),
            their_three and (lambda: their_three(1.0, 2.0, 3.0))),
        Row("grad(f, 'c')(a, b, c=c)", lambda: third(1.0, 2.0, c=3.0), lambda: 1.0 * 2.0),
        Row("jvp(f, (x,), (v,))", lambda: jvp(cubic, (0.5,), (1.0,)), lambda: cubic_by_hand(0.5)),
        Row("vjp(f, x)[1](w)", lambda: vjp(cubic, 0.5)[1](1.0)[0], lambda: cubic_by_hand(0.5)[1]),
        Row("hvp(f, (x,), (v,))", lambda: hvp(cubic, (0.5,), (1.0,)), lambda: 2.0 - 6.0 * 0.5),
    ]  # fmt: skip


def containers() -> list[Row]:
    """Derivatives in objects and dictionaries of numbers."""
    spring = Spring(2.0, 3.0)
    known = {"stiffness": 2.0, "length": 3.0}
    gradient, of_dict, both = grad(energy), grad(energy_of), value_and_grad(energy)
    theirs = autograd and autograd.grad(energy_of)
    return [
        Row("grad(f)(dataclass)", lambda: gradient(spring),
            lambda: Spring(spring.length**2, 2.0 * spring.stiffness * spring.length)),
        Row("grad(f)(dict)", lambda: of_dict(known),
            lambda: {"stiffness": 9.0, "length": 2.0 * known["stiffness"] * known["length"]},
            theirs and (lambda: theirs(known))),
        Row("value_and_grad(f)(dataclass)", lambda: both(spring),
            lambda: (18.0, Spring(spring.length**2, 2.0 * spring.stiffness * spring.length))),
    ]  # fmt: skip


def arrays() -> list[Row]:
    """Derivatives in a small array."""
    x, v = np.linspace(0.0, 1.0, 5), np.ones(5)
    gradient, both = grad(squares), value_and_grad(squares)
    mixed = grad(powers)
    theirs = autograd and autograd.grad(traced_squares)
    their_both = autograd and autograd.value_and_grad(traced_squares)
    return [
        Row("grad(f)(array)", lambda: gradient(x), lambda: squares_by_hand(x)[1],
            theirs and (lambda: theirs(x))),
        Row("value_and_grad(f)(array)", lambda: both(x), lambda: squares_by_hand(x),
            their_both and (lambda: their_both(x))),
        Row("grad(f)(array, 2, mode=...)", lambda: mixed(x, 2, mode="mean"),
            lambda: (np.sum(x**2) / len(x), 2.0 / len(x) * x)[1]),
        Row("jvp(f, (array,), (v,))", lambda: jvp(squares, (x,), (v,)),
            lambda: (np.sum(x * x), np.sum(2.0 * x * v))),
        Row("vjp(f, array)[1](w)", lambda: vjp(squares, x)[1](1.0)[0],
            lambda: squares_by_hand(x)[1]),
        Row("hvp(f, (array,), (v,))", lambda: hvp(squares, (x,), (v,)), lambda: 2.0 * v),
    ]  # fmt: skip


def seconds(calls: list[Callable[[], Any]], repeats: int = 9) -> list[float]:
    """The time of one call of each: the least of several turns, in which all take part."""
    numbers = [max(1, int(0.002 / min(timeit.repeat(c, number=1, repeat=3)))) for c in calls]
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for i, (call, number) in enumerate(zip(calls, numbers, strict=True)):
            best[i] = min(best[i], timeit.timeit(call, number=number) / number)
    return best


def main() -> None:
    """Print a table in microseconds."""
    titles = ("by hand", "adxform", "overhead")
    print(" " * 28, *(f"{title:>8s}" for title in titles), f"{'times':>6s} {'autograd':>9s}")
    for row in [*scalars(), *containers(), *arrays()]:
        calls = [row.by_hand, row.adxform, *([row.autograd] if row.autograd else [])]
        hand, own, *theirs = (1e6 * t for t in seconds(calls))
        last = f"{theirs[0]:9.2f}" if theirs else f"{'-':>9s}"
        print(f"{row.title:28s} {hand:8.2f} {own:8.2f} {own - hand:8.2f} {own / hand:6.1f} {last}")


if __name__ == "__main__":
    main()
