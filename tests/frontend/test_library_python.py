"""The Python that libraries are written in: what configures a function is decided while compiling."""

from __future__ import annotations

import functools
import operator
import sys
import warnings
from dataclasses import asdict, astuple, dataclass, replace
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

import adxform.frontend.standins as standins
from adxform import UnsupportedError, check_grads, grad, jvp, source, vjp
from adxform.core.dims import Sym
from adxform.core.ir import UNKNOWN
from adxform.core.types import Array
from adxform.frontend.program import Program
from adxform.frontend.standins import Typed, fact

X = np.array([0.3, 0.7, 1.1, 1.6])
M = np.array([[0.3, 0.7, 1.1], [1.6, -0.4, 0.2]])


def imports_inside(x):
    from math import tau

    import numpy as other_numpy
    from scipy.special import expit as squashed

    return other_numpy.sum(squashed(x)) * tau


def imports_what_may_be_missing(x):
    try:
        import no_such_module_anywhere as fast
    except ImportError:
        fast = None
    if fast is not None:
        return fast.sum(x)
    return np.sum(x * x)


def within_errstate(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x)
        if y.ndim == 1:
            return np.sum(y * y)
    return np.sum(y)


def within_filtered_warnings(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.sum(np.sqrt(x))


def handlers_that_raise(x):
    try:
        with np.errstate(all="ignore"):
            return np.sum(x / (1.0 + x))
    except ZeroDivisionError as error:
        raise ValueError("zero") from error


def is_frame(x):
    try:
        frames = sys.modules["no_such_frames"]
    except KeyError:
        return False
    return isinstance(x, frames.Frame)


def namespace_of(*arrays):
    found = [type(a) for a in arrays if a is not None and not isinstance(a, (int, float))]
    if any(issubclass(kind, np.ndarray) for kind in found):
        return np
    raise TypeError("no array among them")


def is_wide(x):
    return np.issubdtype(x.dtype, np.float64)


def asks_for_types(x, weights=None):
    xp = namespace_of(x, weights)
    if is_frame(x) or (weights is not None and is_frame(weights)):
        return x.no_such_method()
    if not is_wide(x):
        return x.no_such_method_either()
    y = xp.asarray(x, dtype=x.dtype)
    return xp.sum(xp.exp(-y) * (1.0 if weights is None else weights))


def promoted(*args, xp=np, dtype=None):
    if not args:
        return args
    args = [(xp.asanyarray(a, dtype=dtype) if np.iterable(a) else a) for a in args]
    return args[0] if len(args) == 1 else tuple(args)


def forwards_stars(x):
    y = promoted(x, xp=np, dtype=x.dtype)
    a, b = promoted(y, 2.0)
    return np.sum(a**b)


def gives_defaults(x):
    total = np.sum(x, axis=None, dtype=x.dtype, out=None, keepdims=False)
    y = np.array(x, dtype=float, copy=True, order="C", subok=False, ndmin=1)
    return total * np.median(y, axis=None, out=None, overwrite_input=False) + np.std(y, ddof=0)


def ndmin_of_a_number(x):
    y = np.array(x, ndmin=1, copy=None)
    return y[0] * y[-1]


def machine_epsilon(p):
    tiny = np.finfo(p.dtype).eps
    return np.sum(np.log(np.clip(p, tiny, 1 - tiny)))


def horner(x, *coefficients):
    value = coefficients[-1] + x * 0.0
    for i in range(2, len(coefficients) + 1):
        value = coefficients[-i] + value * x
    return np.sum(value)


def half(matrix):
    return matrix.T.take(np.array([0, 1, 3]))


def none_or_nothing(x):
    return power_of(x) + power_of(x, (None,)) + power_of(x, (3.0,))


def power_of(x, args=()):
    if len(args) == 0 or args == (None,):
        args = (2.0,)
    (power,) = args
    return np.sum(x**power)


def polynomials(x):
    return np.sum(np.polynomial.polynomial.polyval(x, np.array([1.0, 2.0, 0.5])))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (imports_inside, (X,)), (imports_what_may_be_missing, (X,)), (within_errstate, (X,)),
        (within_filtered_warnings, (X,)), (handlers_that_raise, (X,)), (asks_for_types, (X,)),
        (asks_for_types, (X, X + 1.0)), (forwards_stars, (X,)), (gives_defaults, (X,)),
        (ndmin_of_a_number, (0.7,)), (machine_epsilon, (X / 2.0,)),
        (horner, (X, 0.5, 1.0, -0.3, 2.0)), (half, (M,)), (none_or_nothing, (X,)), (polynomials, (X,)),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_differentiated(f, args) -> None:
    before = [np.copy(a) for a in args]
    assert check_grads(f, args, order=1).rows
    value, pullback = vjp(f, *args)
    assert np.array_equal(value, f(*args))
    assert [np.array_equal(a, b) for a, b in zip(pullback(np.ones_like(value)), pullback(np.ones_like(value)))]
    assert all(np.array_equal(a, b) for a, b in zip(args, before))


class Link:
    def inverse(self, z):
        return 1.0 / (1.0 + np.exp(-z))


class Family:
    """Holds its link behind a property."""

    def __init__(self, link):
        self._link = link

    @property
    def link(self):
        """The link."""
        return self._link

    def fitted(self, z):
        return self.link.inverse(z)

    def loss(self, z, power=2.0):
        return np.sum(self.fitted(z) ** power)


class Doubled(Family):
    def loss(self, z):
        return 2.0 * super().loss(z, power=3.0)


class Cubed(Family):
    def loss(self, z):
        return super(Cubed, self).loss(z, power=3.0)


@pytest.mark.parametrize("family", [Family(Link()), Doubled(Link()), Cubed(Link())],
                         ids=["property", "super", "super of a class"])
def test_methods_behind_properties_and_super(family) -> None:
    assert check_grads(family.loss, (X,)).rows


# --- what is left out, and what stays refused -----------------------------------------------------


def test_no_filter_of_warnings_is_in_the_output() -> None:
    text = source(within_filtered_warnings, args=(X,))
    assert "simplefilter" not in text and "catch_warnings" not in text


def imports_nothing(x):
    import no_such_module_anywhere

    return no_such_module_anywhere.sum(x)


def test_an_import_that_fails_is_refused() -> None:
    with pytest.raises(UnsupportedError):
        grad(imports_nothing)(X)


def test_which_of_several_arrays_is_not_known() -> None:
    def chosen(x, y, n):
        total = 0.0
        for i in range(n):
            total = total + np.sum((x, y)[i])
        return total

    with pytest.raises(UnsupportedError, match="which item of this tuple"):
        grad(chosen)(X, X, 2)


def lambdas_of_a_name_taken(x):
    return np.sum(np.piecewise(x, [x < 1.0], [lambda x: x * x, lambda x: 2.0 * x]))


def sums_under_another_name(x):
    n = x
    return np.sum(np.fromiter((n * 2.0 for n in n), float))


def test_a_scope_inside_that_has_the_name_of_what_is_read_outside_it() -> None:
    assert check_grads(lambdas_of_a_name_taken, (X,)).rows
    assert np.array_equal(grad(sums_under_another_name)(X), np.full(len(X), 2.0))


def inactive_lambdas(x, y):
    scale = y
    weights = np.piecewise(y, [y < 1.0], [lambda y: y * y, lambda t: 2.0 * t + scale[0]])
    return np.sum(weights * x)


def test_names_of_a_lambda_stay_its_own() -> None:
    assert check_grads(lambda x: inactive_lambdas(x, X), (X,)).rows
    y = np.array([0.5, 1.5])
    assert np.array_equal(grad(inactive_lambdas)(X[:2], y), [0.25, 3.5])


# --- functions that ask only for types ------------------------------------------------------------

ARRAY = Typed(Array("float64", (Sym("n", True),)))
COUNT = 0


def looks_inside(x):
    return bool(np.any(x > 0))


def looks_at_the_size(x):
    return x.size == 2


def counts(x):
    global COUNT
    COUNT += 1
    return isinstance(x, np.ndarray)


def passes_on(x):
    return looks_inside(x)


def gives_itself(x):
    return x


def sets(x, seen=[]):
    seen.append(1)
    return isinstance(x, np.ndarray)


@functools.lru_cache
def cached(kind):
    return issubclass(kind, np.ndarray)


def asks_a_cache(x):
    return cached(type(x))


@pytest.mark.parametrize(
    "f", [looks_inside, looks_at_the_size, counts, passes_on, gives_itself, sets]
)
def test_never_run_with_stand_ins(f) -> None:
    assert fact(f, [ARRAY], {}, Program()) is UNKNOWN
    assert COUNT == 0


def test_run_with_stand_ins() -> None:
    assert fact(is_frame, [ARRAY], {}, Program()) is False
    assert fact(is_wide, [ARRAY], {}, Program()) is True
    assert fact(is_wide, [Typed(Array("float32", (3,)))], {}, Program()) is False
    assert fact(namespace_of, [ARRAY, None], {}, Program()) is np
    assert fact(asks_a_cache, [ARRAY], {}, Program()) is True
    assert not standins.is_fact(1.0) and standins.is_fact((ModuleType("m"), None))


def test_another_type_is_another_branch() -> None:
    def by_type(x):
        return np.sum(x) if is_wide(x) else np.sum(2 * x)

    assert np.array_equal(grad(by_type)(X), np.ones(4))
    assert np.array_equal(grad(by_type)(X.astype(np.float32)), np.full(4, 2.0, np.float32))
    assert jvp(by_type, (X,), (X,))[1] == np.sum(X)


# --- isinstance of containers, functions of objects, recursion over containers ------------------


class Pair(NamedTuple):
    a: np.ndarray
    b: float


@dataclass
class Fields:
    a: np.ndarray


def by_class(p):
    if isinstance(p, list):
        return np.sum(p[0] ** 2)
    if isinstance(p, tuple) and hasattr(p, "_fields"):
        return np.sum(p.a**3)
    if isinstance(p, tuple):
        return np.sum(p[0] ** 4)
    if isinstance(p, Fields):
        return np.sum(p.a**5)
    if hasattr(p, "keys"):
        return np.sum(p["a"] ** 6)
    return np.sum(p**7)


@pytest.mark.parametrize("argument", [[X], Pair(X, 2.0), (X,), Fields(X), {"a": X}, X], ids=lambda a: type(a).__name__)
def test_isinstance_tells_containers_apart(argument):
    check_grads(by_class, (argument,), order=1)


def total_if_dictionary(p):
    if isinstance(p, dict):
        return sum(np.sum(v) for v in p.values())
    return np.sum(p**3)


def test_a_number_returned_by_a_branch_keeps_its_cotangent():
    assert np.array_equal(grad(total_if_dictionary)({"a": X})["a"], np.ones(4))
    check_grads(total_if_dictionary, ({"a": X, "b": 2.0},), order=1)
    value, pull = vjp(total_if_dictionary, {"a": X})
    assert value == np.sum(X)
    assert np.array_equal(pull(2.0)[0]["a"], np.full(4, 2.0))


def squares(params):
    if isinstance(params, (list, tuple)):
        return sum(squares(p) for p in params)
    if isinstance(params, dict):
        return sum(squares(p) for p in params.values())
    return np.sum(params**2)


@pytest.mark.parametrize("params", [X, {"a": X}, [(X, X), (X, 2.0)], {"a": X, "b": (X, [X])}, {"a": {"c": X}}],
                         ids=range(5))
def test_a_function_that_calls_itself_over_what_a_container_holds(params):
    check_grads(squares, (params,), order=1)


class Layer:
    kind = np.cosh

    def __init__(self, activation):
        self.activation = activation

    def __call__(self, x):
        return np.sum(self.activation(x) ** 2) + np.sum(self.kind(x))

    def cube(self, x):
        return x**3


@pytest.mark.parametrize("activation", [np.tanh, np.sum, abs, functools.partial(np.clip, a_min=0.0, a_max=1.0),
                                        Layer(np.sin).cube, Layer(np.exp)], ids=range(6))
def test_functions_that_objects_hold(activation):
    check_grads(Layer(activation), (X,))


def test_a_function_that_an_object_holds_may_be_replaced():
    layer = Layer(np.sin)
    slope = grad(layer)
    before = slope(X)
    layer.activation = np.cos
    assert np.allclose(slope(X) + before, 2 * np.sinh(X))


def product_of_turns(angles):
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    return functools.reduce(np.matmul, turns)[0, 1]


def horner(c, x):
    return functools.reduce(lambda a, b: a * x + b, c, 0.0) + functools.reduce(operator.mul, c)


def test_reduce_over_an_array_and_a_list_of_unknown_length():
    check_grads(product_of_turns, (X,))
    check_grads(horner, (X, 0.7))


@dataclass
class Weights:
    w: np.ndarray
    b: float

    @property
    def norm(self):
        return np.sum(self.w**2)

    def scaled(self, k):
        return replace(self, w=self.w * k)


def of_weights(p):
    q = replace(p, b=p.b**2)
    s = p.scaled(3.0)
    fields = asdict(p)
    first, second = astuple(p)
    return q.norm * q.b + s.norm + sum(np.sum(v) for v in fields.values()) + np.sum(first) * second


def of_named(p):
    q = p._replace(b=p.b**3)
    fields = q._asdict()
    return sum(np.sum(v) for v in fields.values())


def test_properties_and_copies_of_objects_that_are_arguments():
    check_grads(of_weights, (Weights(X, 2.0),), order=1)
    check_grads(of_named, (Pair(X, 2.0),), order=1)
    with pytest.raises(UnsupportedError, match="no field c to replace"):
        grad(lambda p: replace(p, c=1.0).b)(Weights(X, 2.0))


def test_a_property_of_an_argument_that_is_replaced_is_read_anew(monkeypatch):
    def f(p):
        return p.norm * p.b

    slope = grad(f)
    assert slope(Weights(X, 2.0)).b == np.sum(X**2)
    monkeypatch.setattr(Weights, "norm", property(lambda self: np.sum(self.w) * 3.0))
    assert slope(Weights(X, 2.0)).b == np.sum(X) * 3.0
