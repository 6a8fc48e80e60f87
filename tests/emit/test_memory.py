"""Generated code writes where it may, and copies only where another name needs what was there."""

from __future__ import annotations

import numpy as np
import pytest

import adxform


def two_recorded(q: float, values: np.ndarray, n: int) -> float:
    for _ in range(n):
        values = q * values[1:] + (1 - q) * values[:-1]
    return values[0]


def state_added_to(a: float, obs: np.ndarray) -> float:
    x, total = 0.0, 0.0
    for y in obs:
        total += (y - x) ** 2
        x += a * (y - x)
    return total


def in_inner_loop(pos: np.ndarray) -> float:
    e = 0.0
    for i in range(len(pos)):
        for j in range(i + 1, len(pos)):
            d = pos[i] - pos[j]
            e += np.sin(d) * d
    return e


def parts_of_new_zeros(u: np.ndarray, h: float, n: int) -> float:
    for _ in range(n):
        x, y = 2.0 * u
        u = u + h * np.array([x * y, x - y])
    return np.sum(u**2)


def added_to_while_recorded(u: np.ndarray, a: float, n: int) -> float:
    u = u.copy()
    for _ in range(n):
        u[1:-1] += a * u[2:] * u[:-2]
    return np.sum(u**2)


V = np.array([0.3, -1.2, 0.8, 0.5, 1.1])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (two_recorded, (0.4, V, 3)),
        (state_added_to, (0.3, V)),
        (in_inner_loop, (V,)),
        (parts_of_new_zeros, (V[:2], 0.1, 3)),
    ],
)
def test_what_nobody_else_sees_is_written_without_a_copy(f, args) -> None:
    text = adxform.source(f)  # the ranks of the arrays are not known
    assert ".copy()" not in text.partition(f"def {f.__name__}_reverse")[2]
    namespace: dict = {}
    exec(text, namespace)
    _, bars = namespace[f"{f.__name__}_reverse"](*args, 1.0)
    bars = bars if isinstance(bars, tuple) else (bars,)
    places = [i for i, a in enumerate(args) if not isinstance(a, int)]
    expected = adxform.grad(f, argnums=tuple(places))(*args)
    for bar, other in zip(bars, expected, strict=True):
        np.testing.assert_allclose(bar, other, rtol=1e-13)


def test_what_a_tape_holds_is_not_written() -> None:
    text = adxform.source(added_to_while_recorded)
    namespace: dict = {}
    exec(text, namespace)
    args = (V, 0.3, 3)
    _, (u_bar, a_bar) = namespace["added_to_while_recorded_reverse"](*args)
    steps = np.eye(len(V)) * 1e-6
    expected = [
        (added_to_while_recorded(V + e, *args[1:]) - added_to_while_recorded(V - e, *args[1:]))
        / 2e-6
        for e in steps
    ]
    np.testing.assert_allclose(u_bar, expected, rtol=1e-7, atol=1e-9)
    above, below = (added_to_while_recorded(V, 0.3 + h, 3) for h in (1e-6, -1e-6))
    np.testing.assert_allclose(a_bar, (above - below) / 2e-6, rtol=1e-7)
