"""Plain arithmetic is lowered to what the way through objects, containers and strings makes of it."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adxform import source, specialised
from adxform.frontend.plain import Plain


def numbers(x: float, y: float) -> float:
    z = -x * 2 + y**3.0 / -1.5
    return np.sin(z + np.exp(x)) * np.arctan2(x, -y) - 3 // 2


def arrays(x: np.ndarray, n: int) -> float:
    y = x[0] * x - x[n - 1] + x[-1] @ x
    y[1] = np.tanh(y[2])
    z = y
    z[0] = x[1] * y[0]
    return np.sum(y * np.maximum(z, 0.5))


def in_loops(x: np.ndarray, a: float) -> float:
    s = 0.0
    t = a
    for i in range(len(x) - 1):
        s = s * t + np.cos(x[i + 1] * x[i])
        if s > a * 2.0:
            t = t + s / x[0]
    return s - t


def unknown(x, y):
    z = x * y + np.sin(x)
    z += y[0] * 2
    return z * z - x[1]


def beside_containers(x: float) -> float:
    pair = (x * 2, [x, -x])
    pair = pair + (np.sin(x),)
    names = ["a"] * 2
    held = {"a": x * 3.0, "b": len(names) * x}
    return pair[2] * pair[1][0] + held["b"] * np.sin(held["a"]) + sum(2 * [x])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("function", [numbers, arrays, in_loops, unknown, beside_containers])
def test_it_is_what_the_whole_way_makes(
    function: Callable[..., Any], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[bool] = []
    asked = Plain.is_plain

    def noted(self: Plain, node: ast.expr) -> bool:
        met.append(asked(self, node))
        return met[-1]

    monkeypatch.setattr(Plain, "is_plain", noted)
    monkeypatch.setattr(specialised, "_LOWERED", OrderedDict())
    made = source(function, mode)
    monkeypatch.setattr(Plain, "is_plain", lambda self, node: False)
    monkeypatch.setattr(specialised, "_LOWERED", OrderedDict())
    assert source(function, mode) == made
    assert any(met)
