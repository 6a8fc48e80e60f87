"""Writes to parts of arrays: of lists, where a condition holds, and to places."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform


def compiled(text: str) -> Callable[..., Any]:
    """The function that a text defines, so that the compiler can read it."""
    file = f"<{abs(hash(text))}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    namespace: dict[str, Any] = {"np": np}
    exec(compile(text, file, "exec"), namespace)
    made: Callable[..., Any] = namespace["f"]
    return made


@pytest.mark.parametrize("index", [
    "1:3", "[0, 2]", "np.array([0, 2])", "(np.array([0, 2]),)", "np.unravel_index([0, 2], (4,))", "x > 2.5", "3:1:-1",
])
@pytest.mark.parametrize("value", ["[s, t]", "(s * t, 2.0)", "[x[0], x[1]]"])
def test_a_list_is_written_to_a_part_of_an_array(index: str, value: str) -> None:
    f = compiled(f"def f(x, s, t):\n    y = x * 1.0\n    y[{index}] = {value}\n    return y")
    adxform.check_grads(f, (np.array([1.0, 3.0, 2.0, 4.0]), 0.3, 0.7), order=2)


def test_rows_are_written_to_a_part_of_a_matrix() -> None:
    def f(x, s, t):  # type: ignore[no-untyped-def]
        y = x * 1.0
        y[:2] = [[s], [t]]
        y[np.triu_indices(2)] *= [s, t, 2.0]
        y[2, :2] = [s * t, x[0, 0]]
        return y

    adxform.check_grads(f, (np.arange(9.0).reshape(3, 3) + 1.0, 0.3, 0.7), order=2)


@pytest.mark.parametrize("lines", [
    "return np.divide(x, p, out=np.zeros_like(x), where=p > 0.5)",
    "np.divide(x, p, out=y, where=p > 0.5)\n    return y",
    "np.divide(x, p, y, where=p > 0.5)\n    return y",
    "return np.log(p, out=y, where=p > 0.0)",
    "return np.power(x, p, out=(y,), where=[True, False, True, True])",
    "np.exp(x, y)\n    return y",
    "np.exp(p, x)\n    return x",
    "np.copyto(y, x, where=p > 0.5)\n    return y",
    "np.putmask(y, p > 0.5, 2.0 * x)\n    return y",
    "np.place(y, p > 0.5, x[0])\n    return y",
    "np.place(y, 1 - (p > 0.5), x[0])\n    return y",
    "np.put(y, [0, 2], [x[1], 2.0])\n    return y",
    "np.put_along_axis(y, np.array([2, 0]), x[:2], 0)\n    return y",
    "z = np.outer(x, p)\n    np.fill_diagonal(z, x)\n    return z",
    "z = np.outer(x, p)\n    z.sort(axis=0)\n    return z",
    "z = np.outer(x, p)\n    np.put_along_axis(z, np.argmax(z, 1)[:, None], x[0], axis=1)\n    return z",
    "return np.exp(x, out=np.empty(4))",
])
def test_writing_where_a_condition_holds_and_to_places(lines: str) -> None:
    f = compiled(f"def f(x, p):\n    y = np.sin(x) * 2.0\n    {lines}")
    x, p = np.array([1.0, 3.0, 2.5, 4.0]), np.array([0.7, 0.0, 1.2, 2.0])
    adxform.check_grads(f, (x, np.where(p > 0, p, 1e-3)), order=1)
    np.testing.assert_array_equal(adxform.vjp(f, x.copy(), p)[0], f(x.copy(), p))
    assert all(np.isfinite(bar).all() for bar in adxform.vjp(f, x.copy(), p)[1](np.ones_like(f(x.copy(), p))))


@pytest.mark.parametrize("lines", [
    "y[[0, 0, 1]] = x[:3]",
    "y[[0, 0, 1]] += x[:3]",
    "y[k] = x[:3]",
    "y[k] -= x[k] * x[:3]",
    "k = [i // 2 for i in range(3)]\n    y[k] *= x[:3]",
    "z = np.outer(x, x)\n    z[[0, 0, 1]] *= x\n    y = z[0] + z[1]",
    "z = np.outer(x, x)\n    z[[0, 0, 1], [1, 1, 2]] = x[:3]\n    y = z[0] + z[1]",
    "z = np.outer(x, x)\n    z[k, 1] = x[:3]\n    y = z[0] + z[1]",
])
@pytest.mark.parametrize("k", [[0, 0, 1], np.array([1, 0, 0]), [2, 1, 0]])
def test_of_what_is_written_to_one_element_twice_the_last_stays(lines: str, k: Any) -> None:
    f = compiled(f"def f(x, k):\n    y = np.sin(x)\n    {lines}\n    return np.sum(y * y)")
    adxform.check_grads(f, (np.array([0.7, 1.3, 0.4, 2.1]), k), order=2)
