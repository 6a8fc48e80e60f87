"""Passes keep what a function computes, to the last bit; and the verifier finds what is broken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import adxform
from adxform.analysis.types import infer
from adxform.compiler import lower_live
from adxform.core.again import known_again
from adxform.core.builder import Builder
from adxform.core.dims import Sym
from adxform.core.index import index
from adxform.core.ir import (
    Const,
    For,
    Function,
    If,
    Let,
    Opaque,
    Param,
    Phi,
    Tuple,
    Var,
    While,
    walk,
)
from adxform.core.types import FLOAT, INT, Array
from adxform.core.verify import verify
from adxform.differentiate.common import names_for
from adxform.errors import InternalError
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.repeat_queries import RepeatQueries
from adxform.optimize.repeated_elements import RepeatedElements
from adxform.optimize.simplify import Simplify
from adxform.optimize.walk import rewritten
from adxform.rules.table import RULES

VECTOR = Array("float64", (Sym("n", not_one=True),))
INTEGERS = Array("int64", (Sym("n", not_one=True),))
ADD, SINE = RULES["op.Add"].primitive, RULES["np.sin"].primitive


def passed(make, f, **params):
    """A function of Core after one pass and the removal of dead code, and its operations."""
    function = lower_live(f).function
    types = infer(function, params)
    walker = make(Builder(names_for(function), types, function.bases))
    walker.block(function.body)
    result = walker.sub(function.result)
    body = eliminate_dead_code(walker.builder.block, (result,))
    made = verify(replace(function, body=body, result=result))
    return made, [s.op.name for s in walk(body) if isinstance(s, Let)]


# --- simplification -------------------------------------------------------------------------------


def zero_times(x):
    return 0.0 * x


def to_the_zero(x):
    return x ** 0


def one_times(x):
    return 1.0 * x


def x_over_one(x):
    return x / 1.0


def x_minus_x(x):
    return x - x


def plus_zero(x):
    return x + 0.0


def doubly_negative(x):
    return -(-x)


@pytest.mark.parametrize(
    ("f", "t", "kept"),
    [
        (zero_times, FLOAT, ["op.Mult"]),  # x may be nan, inf or -0.0
        (zero_times, VECTOR, ["op.Mult"]),
        (to_the_zero, VECTOR, ["op.Pow"]),
        (one_times, FLOAT, []),
        (one_times, VECTOR, []),
        (one_times, INTEGERS, ["op.Mult"]),  # it makes floats
        (one_times, INT, ["op.Mult"]),
        (x_over_one, INTEGERS, ["op.Div"]),
        (x_over_one, VECTOR, []),
        (x_minus_x, FLOAT, ["op.Sub"]),
        (plus_zero, FLOAT, ["op.Add"]),  # -0.0 + 0.0 is 0.0
        (doubly_negative, FLOAT, []),
    ],
)
def test_rewrites_are_exact(f, t, kept):
    assert passed(Simplify, f, x=t)[1] == kept


def drag(v: float, m: float) -> float:
    return 9.81 - 0.5 * v * abs(v) / m


def minus_minus(x: float) -> float:
    return x * x - -x


def test_two_signs_of_the_compiler_are_none():
    text = adxform.source(drag)
    assert "v_bar = product * (v < 0) - product * (v > 0)" in text
    assert "out = x * x - -x\n" in adxform.source(minus_minus)  # the user's stay
    adxform.check_grads(drag, (-1.5, 2.0))


def test_not_a_number_stays():
    with np.errstate(invalid="ignore"):
        for x in (np.array([np.nan, np.inf]), np.array([-np.inf, 1.0])):
            value, bar = adxform.value_and_grad(sum_of_zeros)(x)
            np.testing.assert_array_equal(value, sum_of_zeros(x))
            np.testing.assert_array_equal(bar, np.zeros(2))


def sum_of_zeros(x):
    return np.sum(0.0 * x)


# --- common subexpressions ------------------------------------------------------------------------


def repeated(x):
    return np.sin(x) * np.sin(x)


def buffers(x):
    a = np.zeros(2)
    b = np.zeros(2)
    a[0] = x
    b[1] = x * x
    return np.sum(a * 3.0) + np.sum(b)


def copies(x):
    a = x.copy()
    b = x.copy()
    a[0] = 1.0
    return np.sum(a) + np.sum(b)


def in_one_branch(x):
    if x > 0.0:
        y = np.sin(x)
    else:
        y = x
    return y + np.sin(x)


def element_before_and_after(x):
    a = x * 1.0
    b = a[0]
    a[0] = 5.0
    return b * a[0]


def test_what_is_repeated_is_done_once():
    assert passed(CommonSubexpressions, repeated, x=FLOAT)[1].count("np.sin") == 1


def test_buffers_stay_apart():
    names = passed(CommonSubexpressions, buffers, x=FLOAT)[1]
    assert names.count("np.zeros") == 2
    assert adxform.grad(buffers)(2.0) == 7.0
    names = passed(CommonSubexpressions, copies, x=VECTOR)[1]
    assert sum("copy" in n for n in names) == 2
    np.testing.assert_array_equal(adxform.grad(copies)(np.array([2.0, 3.0])), [1.0, 2.0])


def test_what_one_branch_knows_is_not_known_after_it():
    assert passed(CommonSubexpressions, in_one_branch, x=FLOAT)[1].count("np.sin") == 2
    assert adxform.grad(in_one_branch)(-1.0) == pytest.approx(1.0 + np.cos(-1.0), rel=1e-15)
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(adxform.grad(element_before_and_after)(x), [5.0, 0.0])


# --- dead code ------------------------------------------------------------------------------------


def with_dead_parts(x, n):
    dead = np.exp(x)
    s, t = 0.0, 1.0
    for i in range(n):
        s = s + x
        t = t * dead
    if x > 0.0:
        dead = t
    print("an effect")
    return s


def test_dead_code_goes_and_effects_stay(capsys):
    function = lower_live(with_dead_parts).function
    body = eliminate_dead_code(function.body, (function.result,))
    names = [s.op.name for s in walk(body) if isinstance(s, Let) and not isinstance(s.op, Opaque)]
    assert "np.exp" not in names and "op.Mult" not in names
    (loop,) = [s for s in body if isinstance(s, For)]
    assert [function.bases[p.target] for p in loop.phis] == ["s"]
    assert not any(isinstance(s, If) for s in body)
    assert adxform.grad(with_dead_parts)(2.0, 3) == 3.0
    assert "an effect" in capsys.readouterr().out


# --- the verifier ---------------------------------------------------------------------------------


def function(*body, result=Const(1.0)):
    return Function("f", (Param("x"),), tuple(body), result, {})


def let(name, *args, op=ADD):
    return Let((name,), op, tuple(Var(a) for a in args))


TRUE = Const(True)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (function(let("a", "x", "b")), "b is used before it is bound"),
        (function(let("a", "x", "x"), let("a", "x", "x")), "a is bound twice"),
        (function(let("x", "x", "x")), "x is bound twice"),
        (function(result=Var("y")), "y is used before"),
        (function(result=Tuple((Var("x"), Tuple((Var("y"),))))), "y is used before"),
        (function(If(TRUE, (let("a", "x", "x"),), ()), result=Var("a")), "a is used outside"),
        (
            function(If(TRUE, (let("a", "x", "x"),), (), (Phi("p", Var("x"), Var("a")),))),
            "a is used outside its block",
        ),
        (function(For("i", (Const(3),), (), ()), result=Var("i")), "i is used outside"),
        (
            function(For("i", (Const(3),), (Phi("p", Var("x"), Var("q")),), ())),
            "q is used before",
        ),
        (
            function(For("i", (Const(3),), (Phi("p", Var("i"), Var("x")),), ())),
            "i is used before",
        ),
        (function(While((), (), Var("t"), (let("t", "x", "x"),))), "t is used before"),
        (function(For("i", (Const(3),), (), (), stop=Var("t"))), "t is used before"),
        (function(let("a", "x", "x"), While((), (), TRUE, (), stop=Var("t"))), "t is used before"),
        (
            function(
                For("i", (Const(3),), (), (If(TRUE, (let("t", "x", "x"),), ()),), stop=Var("t"))
            ),
            "t is used outside",
        ),
        (
            function(For("i", (Const(3),), (), (let("t", "x", "x"),), reverse=True, stop=Var("t"))),
            "the reversed loop over i ends early",
        ),
        (
            function(For("i", (Const(3),), (), (let("t", "x", "x"),), stop=Var("t")), result=Var("t")),
            "t is used outside",
        ),
        (function(let("a", "x")), r"op.Add takes 2 operands"),
        (function(Let(("a", "b"), SINE, (Var("x"),))), "np.sin gives one value"),
    ],
)
def test_broken_core_is_found(broken, words):
    with pytest.raises(InternalError, match=words) as caught:
        verify(broken, "the stage")
    assert "after stage the stage" in str(caught.value)
    assert "please report" in str(caught.value)


def test_sound_core_passes():
    body = (
        let("a", "x", "x"),
        If(TRUE, (let("b", "a", "x"),), (), (Phi("p", Var("b"), Var("a")),)),
        For("i", (Const(3),), (Phi("s", Var("p"), Var("t")),), (let("t", "s", "i"),), stop=Var("t")),
        While((), (let("u", "s", "s"),), Var("u"), (let("v", "u", "x"),), stop=Var("v")),
    )
    made = function(*body, result=Var("s"))
    assert verify(made) is made


# --- cotangents that are zero so far ----------------------------------------------------------


def labelled(w, x, labels):
    logits = x @ w
    return -np.mean(logits[np.arange(len(labels)), labels])


def picked(x, places):
    return np.sum(x[places] ** 2)


def two_places(x):
    return x[0] * x[1] + x[0]


def a_place_and_the_end(x):
    return x[0] * x[-1]


def keys_and_values(q, k):
    return np.sum((q @ k.T) ** 2)


def test_what_is_added_to_zero_is_assigned():
    text = adxform.source(two_places, args=(np.ones(3),))
    assert "x_bar[1] = " in text
    assert "x_bar[0] = " in text or "x_bar[0] += " in text
    w, x, labels = np.ones((3, 4)), np.ones((5, 3)), np.array([0, 1, 2, 1, 1])
    text = adxform.source(labelled, args=(w, x, labels), argnums=(0,))
    assert "np.add.at" not in text
    text = adxform.source(picked, args=(np.ones(4), np.array([0, 0, 1])), argnums=(0,))
    assert "np.add.at" in text


def test_places_that_may_be_the_same_are_summed():
    adxform.check_grads(two_places, (np.array([0.3, 0.7, 0.1]),))
    assert adxform.grad(a_place_and_the_end)(np.array([3.0])) == 6.0
    w, x = np.random.default_rng(0).normal(size=(3, 4)), np.random.default_rng(1).normal(size=(5, 3))
    labels = np.array([0, 1, 2, 1, 1])
    adxform.check_grads(lambda w: labelled(w, x, labels), (w,))
    adxform.check_grads(lambda x: picked(x, np.array([0, 0, 1])), (x[:, 0],))


def test_a_transposed_product_is_a_product():
    q, k = np.random.default_rng(0).normal(size=(2, 4, 3))
    text = adxform.source(keys_and_values, args=(q, k))
    assert "k_bar = product_bar.T @ q" in text
    adxform.check_grads(keys_and_values, (q, k))


def summed_beside_a_loop_that_is_empty(x, w, m):
    y = 0.0
    w = w + np.sum(np.mean(m, axis=0), keepdims=True)[0]
    for _ in range(3):
        for _ in range(0):
            y = np.sqrt(1.0 + (w @ w) ** 2)
            _rest = -w * x + (m * w[0])[0]
    return np.sin(np.sum(w)) + y


def test_what_a_sum_stretches_keeps_its_shape_without_the_sum():
    args = 0.3, np.ones(3), np.arange(6.0).reshape(2, 3)
    _, pullback = adxform.vjp(summed_beside_a_loop_that_is_empty, *args)
    assert [np.shape(bar) for bar in pullback(1.0)] == [(), (3,), (2, 3)]
    adxform.check_grads(summed_beside_a_loop_that_is_empty, args)


# --- what stays the same --------------------------------------------------------------------------


def looped(x, n):
    s = np.sin(x)
    for i in range(n):
        if s > 0.5:
            s = s * x
        else:
            s = s + x
    return s


@pytest.mark.parametrize("make", [Simplify, CommonSubexpressions, RepeatedElements, RepeatQueries])
def test_what_a_pass_leaves_alone_is_the_very_same(make):
    function = lower_live(looped).function
    types = infer(function, {"x": FLOAT, "n": INT})
    function = rewritten(function, Simplify(Builder(names_for(function), types, function.bases)))
    body = eliminate_dead_code(function.body, (function.result,))
    function = replace(function, body=body)
    again = rewritten(function, make(Builder(names_for(function), types, function.bases)))
    assert again is function
    assert eliminate_dead_code(body, (function.result,)) is body


def test_an_index_finds_what_a_walk_does():
    body = lower_live(looped).function.body
    held = index(body)
    assert index(body) is held and index((*body[:-1], body[-1])) is not held
    lets = [s for s in walk(body) if isinstance(s, Let)]
    assert held.lets == lets
    assert held.of("op.Mult", "np.sin") == [s for s in lets if s.op.name in ("op.Mult", "np.sin")]
    assert held.others == [s for s in walk(body) if not isinstance(s, Let)]
    assert held.reads["x"] == 3 and held.special == []
    assert [phi.target for phi in held.phis] == [p.target for s in held.others for p in s.phis]


def test_an_analysis_is_made_again_for_other_types_and_bodies():
    asked = []
    analysis = known_again(lambda function, types: asked.append(function) or len(asked))
    function, types = lower_live(looped).function, {"x": FLOAT, "n": INT}
    assert [analysis(function, types), analysis(replace(function), dict(types))] == [1, 1]
    assert analysis(function, {**types, "t": INT}) == 1  # a name that it has not
    assert analysis(function, {**types, "x": INT}) == 2
    assert analysis(replace(function, body=function.body[:1]), {**types, "x": INT}) == 3
