"""Writes in place as they are written out: into memory of their own, or into a copy."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform.core.ir import Const, Function, Let, Param, Tuple, Var
from adxform.core.types import Array, ListOf
from adxform.emit.printer import to_source
from adxform.emit.python import to_python
from adxform.rules.table import RULES


def test_a_copied_list_does_not_share_what_is_added_to():
    # Silently wrong: `b = a.copy(); b[0] += v` changed the array that a[0] is, too.
    body = (
        Let(("a",), RULES["zero_arrays"].primitive, (Var("x"),)),
        Let(("b",), RULES["accumulate_at"].primitive, (Var("a"), Const(0), Var("v"))),
    )
    f = Function("f", (Param("x"), Param("v")), body, Tuple((Var("a"), Var("b"))), {})
    item = Array("float64", (3,))
    types = {"x": ListOf(item), "a": ListOf(item), "b": ListOf(item), "v": item}
    space = {"np": np}
    exec(to_source(to_python(f, types)), space)
    (before,), (after,) = space["f"]([np.ones(3)], np.ones(3))
    assert np.array_equal(before, np.zeros(3))
    assert np.array_equal(after, np.ones(3))


def both_items(xs, a):
    return np.sum(xs[0]) * a + np.sum(xs[1]), xs


def items_in_a_loop(xs, a):
    s = a
    for i in range(2):
        s = s + np.sum(xs[i]) * a
    return s, xs


@pytest.mark.parametrize("f", [both_items, items_in_a_loop])
def test_the_items_of_a_copied_list_are_not_written(f) -> None:
    """The cotangent of a list is given: ``xs_bar.copy()`` has its very items."""
    namespace: dict = {}
    exec(adxform.source(f), namespace)
    xs, given = [np.ones(3), np.ones(3)], [np.ones(3), np.ones(3)]
    _, (bars, _) = namespace[f"{f.__name__}_reverse"](xs, 2.0, 1.0, given)
    np.testing.assert_array_equal(given, np.ones((2, 3)))
    expected = [3.0, 2.0] if f is both_items else [3.0, 3.0]
    np.testing.assert_allclose(bars, np.outer(expected, np.ones(3)), rtol=1e-13)
