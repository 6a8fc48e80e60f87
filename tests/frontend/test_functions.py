"""Functions inside functions, functions as values, methods and objects; what the signature decides."""

from __future__ import annotations

import functools
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, check_grads, grad
from adxform.core.types import Object
from adxform.frontend.objects import structure

V = np.array([1.5, 2.5, 0.7])


def closures(x, n=2):
    a = x * 3.0

    def g(t, k=2.0):
        s = 0.0
        for _ in range(n):
            s = s + a * t**k
        return s

    h = lambda u: np.sin(u) * a
    p = functools.partial(g, k=3.0)
    return g(x) + h(x) + p(x)


def shadowed(x):
    g = lambda x: x * 2

    def h(x):
        x = x + 1
        return x * x

    return h(g(x)) * x


def apply(f, *args):
    return f(*args)


def higher_order(x):
    return apply(np.sin, x) + apply(lambda t: t * t, x) + apply(apply, apply, np.exp, x)


def collectors(x):
    def inner(*args, scale=1.0, **more):
        return args[0] * args[1] * scale + more["b"]

    options = {"b": x}
    return inner(x, x, scale=2.0, **options)


def defaults_are_taken_early(x):
    fs = [lambda t, k=k: t * k for k in (1.0, x)]
    return fs[0](x) + fs[1](x)


class Scaled:
    """Chooses by a string; has a property, a static method and a class attribute."""

    power = 2.0

    def __init__(self, scale, kind="power"):
        self.scale = scale
        self.kind = kind

    @property
    def double(self):
        return 2.0 * self.scale

    @staticmethod
    def shifted(x):
        return x + 1.0

    def __call__(self, x):
        if self.kind == "power":
            return self.scale * self.shifted(x) ** self.power * self.double
        return np.unique(x)


MODEL = Scaled(3.0)


def calls_an_object(x):
    return MODEL(x) + Scaled.shifted(x) * MODEL.scale


@pytest.mark.parametrize(
    "f", [closures, shadowed, higher_order, collectors, defaults_are_taken_early, calls_an_object],
)
def test_second_order_agrees(f):
    check_grads(f, (0.4,), order=2)


@pytest.mark.parametrize(
    "f", [MODEL, MODEL.__call__, lambda x: x**3, functools.partial(closures, n=3), np.sin],
    ids=["object", "method", "lambda", "partial", "ufunc"],
)
def test_callables_of_every_kind_are_differentiated(f):
    check_grads(f, (0.4,), order=1)


def test_an_object_that_changes_is_noticed():
    model = Scaled(2.0)

    def f(x):
        return model(x)

    first = grad(f)
    assert first(1.0) == 2.0 * 4.0 * 4.0
    model.scale = 1.0
    assert first(1.0) == 4.0 * 2.0
    model.kind = "other"
    with pytest.raises(adxform.MissingRuleError):
        first(1.0)


def test_each_object_has_its_own_values():
    def f(x, model):
        return model(x)

    gradient = grad(f)
    assert gradient(1.0, Scaled(1.0)) == 8.0
    assert gradient(1.0, Scaled(2.0)) == 32.0


def reads_what_is_assigned_later(x):
    a = x

    def g(t):
        return a * t

    a = x * 2.0
    return g(x)


def test_a_function_inside_reads_what_is_assigned_after_its_definition():
    assert grad(reads_what_is_assigned_later)(1.0) == 4.0


Pair = namedtuple("Pair", "first second")


@dataclass
class Line:
    """Two fields."""

    slope: float
    offset: np.ndarray

    def at(self, x):
        return self.slope * x + self.offset


def of_containers(line, pair, options):
    made = Pair(pair.second, options["k"][0])
    moved = Line(line.slope * made.first, line.offset)
    return np.sum(moved.at(V)) * made.second + pair._replace(first=1.0).first


def test_gradients_have_the_structure_of_the_arguments():
    args = (Line(0.5, np.ones(3)), Pair(2.0, 3.0), {"k": [1.5, 4], "name": "n"})
    found = grad(of_containers, (0, 1, 2))(*args)
    assert isinstance(found[0], Line) and isinstance(found[1], Pair)
    assert found[2].keys() == {"k", "name"} and found[2]["name"] is None
    assert found[2]["k"][1] is None
    check_grads(of_containers, args, order=2)


def dispatch(x, method="fast", scale=None, f=np.sin):
    if method not in ("fast", "slow"):
        raise ValueError(f"bad {method}")
    scale = 1.0 if scale is None else scale
    if isinstance(x, int | float):
        x = x * 1.0
    elif hasattr(x, "sum") and method == "fast":
        return np.unique(x)
    if method == "slow":
        return np.unique(x)
    return f(x) * scale


def test_the_signature_decides():
    assert grad(dispatch)(0.5) == np.cos(0.5)
    assert grad(dispatch)(0.5, f=np.exp) == np.exp(0.5)
    assert grad(dispatch)(0.5, scale=2.0) == 2.0 * np.cos(0.5)
    with pytest.raises(adxform.MissingRuleError):
        grad(dispatch)(0.5, "slow")
    with pytest.raises(adxform.AdxformError):
        grad(dispatch)(V)


def test_eval_is_refused():
    def f(x):
        return eval("x * x")

    with pytest.raises(UnsupportedError, match="eval"):
        grad(f)(1.0)


def test_text_made_for_a_string_or_a_function_refuses_others():
    scope: dict = {}
    exec(adxform.source(dispatch, args=(0.5, "fast", 2.0, np.exp)), scope)
    _, (x_bar, _) = scope["dispatch_reverse"](0.5, "fast", 2.0, np.exp)
    assert x_bar == 2.0 * np.exp(0.5)
    for other in (("slow", 2.0, np.exp), ("fast", 2.0, np.sin)):
        with pytest.raises(AssertionError):
            scope["dispatch_reverse"](0.5, *other)


def test_gradients_of_objects_whose_class_the_function_does_not_name():
    def f(p):
        return p.first * p.second

    made = namedtuple("Elsewhere", "first second")
    assert grad(f)(made(2.0, 3.0)) == made(3.0, 2.0)


def test_lambdas_that_choose():
    leaky, either = (lambda z: z if z > 0 else 3 * z), (lambda z: z * z or 2 * z)
    assert grad(leaky)(-1.0) == 3.0
    assert grad(either)(2.0) == 4.0
    inner = lambda z: (lambda w: w if w > 0 else -w)(z * 2)
    assert grad(inner)(-1.0) == -2.0
    assert grad(lambda z: z and z * 3)(1.0) == 3.0
    assert grad(lambda z: 1.0 if z > 5 else (z**2 if 0 < z < 2 else z))(1.5) == 3.0
    assert grad(
        lambda z: -z if z > 0 else
        2 * z
    )(1.0) == -1.0


TABLE = {"end": 0.0, "begin": 1.0}


def looked_for(when):
    try:
        return TABLE[when]
    except KeyError:
        return sum(TABLE[word] for word in when)


def test_a_function_of_what_has_no_derivative_need_not_be_understood():
    def f(rate, count, when):
        return (1.0 + rate * looked_for(when)) * rate**count

    for when in ("end", "begin", ("begin", "begin")):
        gradient = adxform.grad(f)(0.5, 3, when)
        share = {"end": 0.0, "begin": 1.0}.get(when, 2.0) if isinstance(when, str) else 2.0
        np.testing.assert_allclose(gradient, 3 * 0.5**2 + 4 * share * 0.5**3)


def test_a_compiled_function_is_not_looked_into():
    # Each call of a derivative went over all that Numba keeps with a function of a closure.
    numba = pytest.importorskip("numba")
    square = numba.njit(lambda x: x * x)
    square(1.0)
    assert structure(square, exact=True) == Object(square)
