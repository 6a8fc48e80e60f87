"""Writes in place as they are written out: into memory of their own, or into a copy."""

from __future__ import annotations

import numpy as np

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
