"""The public functions as a user meets them: forms of call, types of results, errors, memory."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import math
import pickle
import re
import subprocess
import sys
import traceback
import types
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import adxform
from adxform import (
    AdxformError,
    ArgumentError,
    MissingRuleError,
    UnsupportedError,
    forward,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    reverse,
    source,
    value_and_grad,
    vjp,
)
from adxform.backends.python import compile_text

X = np.array([0.5, -1.2, 2.0])
Y = np.array([1.5, 0.3, -0.7])
SCALE = 2.0


def product(x, y):
    return np.sum(x * y * y)


def cubic(x):
    return x ** 3 + 2.0 * x


def quadratic(x: float, y: float = 3.0, *, k: float = 2.0) -> float:
    """A polynomial."""
    return k * x * x * y + y


def module(tmp_path: Path, name: str, text: str):
    """A module written to a file and imported under a name of its own."""
    path = tmp_path / f"{name}.py"
    path.write_text(dedent(text))
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture(autouse=True)
def no_module_stays():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("temporary_"):
            del sys.modules[name]


# --- argnums --------------------------------------------------------------------------------------


@pytest.mark.parametrize("argnums", [1, -1, "y"])
def test_one_argument(argnums):
    found = grad(product, argnums)(X, Y)
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, 2 * X * Y)


@pytest.mark.parametrize("argnums", [(0, 1), (0, -1), ("x", "y"), [0, "y"], (-2, 1)])
def test_several_arguments(argnums):
    found = grad(product, argnums=argnums)(X, Y)
    assert isinstance(found, tuple) and len(found) == 2
    np.testing.assert_allclose(found[0], Y * Y)
    np.testing.assert_allclose(found[1], 2 * X * Y)


def test_the_order_of_argnums_is_the_order_of_gradients():
    by_y, by_x = grad(product, (1, 0))(X, Y)
    np.testing.assert_allclose(by_x, Y * Y)
    np.testing.assert_allclose(by_y, 2 * X * Y)


def test_a_sequence_of_one_gives_a_tuple_of_one():
    found = grad(product, (1,))(X, Y)
    assert isinstance(found, tuple) and len(found) == 1
    np.testing.assert_allclose(found[0], 2 * X * Y)


@pytest.mark.parametrize(
    ("argnums", "words"),
    [
        (2, "out of range"), (-3, "out of range"), ("z", "no parameter 'z'; there are x, y"),
        ((0, 0), "twice"), ((0, -2), "twice"), (("x", 0), "twice"), (1.0, "argnums|iterable"),
        (True, "argnums"), ((0, None), "not None"),
    ],
)
def test_wrong_argnums(argnums, words):
    with pytest.raises(TypeError, match=words):
        grad(product, argnums)


def test_something_that_is_no_function():
    with pytest.raises(ArgumentError, match="a function is needed, not int"):
        grad(3)


# --- ways to call ---------------------------------------------------------------------------------


@grad
def bare(x, y):
    """Says what it does."""
    return x * x * y


@grad(argnums=("x", "y"))
def with_arguments(x, y):
    return x * x * y


@value_and_grad(argnums="y", has_aux=True)
def with_everything(x, y):
    z = x * x * y
    return z, (x, "note")


def test_decorators():
    assert bare(3.0, 5.0) == 30.0
    assert with_arguments(3.0, 5.0) == (30.0, 9.0)
    (value, aux), gradient = with_everything(3.0, 5.0)
    assert (value, gradient) == (45.0, 9.0)
    assert aux == (3.0, "note")
    assert value_and_grad(bare.primal)(3.0, 5.0) == (45.0, 30.0)


def test_a_derivative_carries_its_relatives():
    assert bare.primal(3.0, 5.0) == 45.0
    assert bare.value_and_grad(3.0, 5.0) == (45.0, 30.0)
    bare(3.0, 5.0)
    assert "def bare_gradient(x, y" in bare.source
    assert "x_bar" in bare.source


def test_defaults_and_keywords():
    derivative = grad(quadratic)
    assert derivative(1.5) == 18.0
    assert derivative(1.5, 4.0) == 24.0
    assert derivative(1.5, y=4.0) == 24.0
    assert derivative(y=4.0, x=1.5) == 24.0
    assert derivative(1.5, k=1.0) == 9.0
    assert grad(quadratic, "k")(1.5, k=1.0) == 6.75
    assert grad(quadratic, ("y", "k"))(1.5) == (5.5, 6.75)


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1.0, 2.0, 3.0), {}, "too many positional"),
        ((1.0,), {"z": 2.0}, "unexpected keyword argument 'z'"),
        ((1.0,), {"x": 2.0}, "multiple values"),
    ],
)
def test_a_call_that_does_not_fit(args, kwargs, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        grad(quadratic)(*args, **kwargs)
    assert "quadratic(x: " in str(caught.value)
    with pytest.raises(TypeError):
        quadratic(*args, **kwargs)


class Model:
    """Weights, and a loss of them."""

    def __init__(self, weights):
        self.weights = weights

    def loss(self, x):
        return np.sum(self.weights * x * x)

    @grad(argnums="x")
    def slope(self, x):
        """The slope."""
        return np.sum(self.weights * x ** 3)

    @staticmethod
    def free(x):
        return x * x


def test_methods():
    model = Model(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(grad(model.loss)(X), 2 * model.weights * X)
    np.testing.assert_allclose(model.slope(X), 3 * model.weights * X ** 2)
    np.testing.assert_allclose(model.slope(x=X), 3 * model.weights * X ** 2)
    other = Model(np.ones(3))
    np.testing.assert_allclose(other.slope(X), 3 * X ** 2)
    assert grad(Model.free)(3.0) == 6.0
    value, pullback = vjp(model.loss, X)
    np.testing.assert_allclose(pullback(1.0)[0], 2 * model.weights * X)
    assert value == model.loss(X)


def test_jvp_of_a_method():
    model = Model(np.array([1.0, 2.0, 3.0]))
    value, tangent = jvp(model.loss, (X,), (np.ones(3),))
    np.testing.assert_allclose(tangent, np.sum(2 * model.weights * X))
    assert value == model.loss(X)


def test_a_method_sees_what_its_object_holds_now():
    model = Model(np.ones(3))
    derivative = grad(model.loss)
    np.testing.assert_allclose(derivative(X), 2 * X)
    model.weights = np.array([0.0, 1.0, 2.0])
    np.testing.assert_allclose(derivative(X), 2 * X * [0.0, 1.0, 2.0])
    model.weights = 2.0
    np.testing.assert_allclose(derivative(X), 4 * X)


def test_closures():
    def make(a, w):
        def f(x):
            return a * np.sum(w * x * x)

        return f

    first, second = grad(make(1.0, np.ones(3))), grad(make(3.0, np.arange(3.0)))
    np.testing.assert_allclose(first(X), 2 * X)
    np.testing.assert_allclose(second(X), 6 * np.arange(3.0) * X)


def test_a_closure_that_is_rebound():
    a = 2.0

    def f(x):
        return a * x * x

    derivative = grad(f)
    assert derivative(3.0) == 12.0
    a = 5.0
    assert derivative(3.0) == 30.0
    value, tangent = jvp(f, (3.0,), (1.0,))
    assert (value, tangent) == (45.0, 30.0)
    a = np.array([1.0, 2.0])[1]
    assert derivative(3.0) == 12.0
    assert vjp(f, 3.0)[1](1.0) == (12.0,)


def test_a_vjp_after_a_rebound_closure():
    a = 2.0

    def f(x):
        return a * x * x

    assert vjp(f, 3.0)[1](1.0) == (12.0,)
    a = 5.0
    value, pullback = vjp(f, 3.0)
    assert (value, pullback(1.0)) == (45.0, (30.0,))


def scaled(x):
    return SCALE * x * x


def calls_scaled(x):
    return scaled(x) + 1.0


def test_a_global_that_is_rebound(monkeypatch):
    once, nested, twice = grad(scaled), grad(calls_scaled), grad(grad(scaled))
    assert (once(3.0), nested(3.0), twice(3.0)) == (12.0, 12.0, 4.0)
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert (once(3.0), nested(3.0), twice(3.0)) == (30.0, 30.0, 10.0)
    assert jvp(scaled, (3.0,), (1.0,)) == (45.0, 30.0)
    monkeypatch.setitem(globals(), "SCALE", np.float64(7.0))
    assert (once(3.0), nested(3.0), twice(3.0)) == (42.0, 42.0, 14.0)


def test_a_function_that_is_rebound(monkeypatch):
    derivative = grad(calls_scaled)
    assert derivative(3.0) == 12.0
    monkeypatch.setitem(globals(), "scaled", cubic)
    assert derivative(3.0) == 29.0


def test_name_doc_and_signature_stay():
    assert bare.__name__ == "bare"
    assert bare.__doc__ == "Says what it does."
    assert bare.__module__ == __name__
    assert list(inspect.signature(bare).parameters) == ["x", "y"]
    assert str(inspect.signature(grad(quadratic))) == str(inspect.signature(quadratic))
    assert Model.slope.__doc__ == "The slope."
    assert "bare" in repr(bare)


def test_pickle(tmp_path):
    made = module(
        tmp_path, "temporary_pickled",
        """
        import numpy as np
        import adxform

        @adxform.grad
        def slope(x):
            return np.sum(x ** 3)

        def plain(x):
            return x * x

        both = adxform.value_and_grad(plain)
        """,
    )
    made.slope(X)
    again = pickle.loads(pickle.dumps(made.slope))
    assert again is made.slope
    kept = pickle.loads(pickle.dumps(made.both))
    assert kept(3.0) == (9.0, 6.0)
    other = pickle.loads(pickle.dumps(adxform.grad(made.plain)))
    assert other(3.0) == 6.0
    np.testing.assert_allclose(again(X), 3 * X ** 2)


# --- types of results -----------------------------------------------------------------------------


def total_square(x):
    return np.sum(x * x)


@pytest.mark.parametrize(
    "x",
    [
        1.5, np.float64(1.5), np.float32(1.5), np.array(1.5), np.array(1.5, dtype=np.float32),
        np.array([1.5]), np.ones((2, 3)), np.ones((2, 3), dtype=np.float32),
        np.ones((1, 3)), np.ones(3, dtype=np.float16), np.ones((0,)), np.ones((3, 0)),
    ],
    ids=lambda x: f"{type(x).__name__}-{getattr(x, 'dtype', '')}-{np.shape(x)}",
)
def test_a_gradient_is_like_its_argument(x):
    value, found = value_and_grad(total_square)(x)
    (pulled,) = vjp(total_square, x)[1](1.0)
    for gradient in (found, pulled, grad(total_square)(x)):
        assert type(gradient) is type(x)
        assert np.shape(gradient) == np.shape(x)
        if not isinstance(x, float) or isinstance(x, np.generic):
            assert gradient.dtype == x.dtype
        np.testing.assert_allclose(gradient, 2 * np.asarray(x))
    assert np.ndim(value) == 0


def mixed_precision(x):
    return np.mean(np.exp(x) * 2.0 + np.float64(1.0)) + np.sum(x ** 2) * math.pi


def test_float32_stays_float32():
    x = X.astype(np.float32)
    assert grad(mixed_precision)(x).dtype == np.float32
    assert vjp(total_square, x)[1](1.0)[0].dtype == np.float32
    value, tangent = jvp(lambda_free, (x,), (np.ones_like(x),))
    assert value.dtype == tangent.dtype == np.float32


def lambda_free(x):
    return np.sin(x) * 2.0


def test_a_mixed_pair_keeps_each_dtype():
    by_x, by_y = grad(product, (0, 1))(X.astype(np.float32), Y)
    assert (by_x.dtype, by_y.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (3, "x, which is of type int: integers have no derivative"),
        (True, "bool"),
        (np.int64(3), "int64"),
        (np.arange(3), "x, which is an array of int64: integers have no derivative"),
        (np.array([True]), "array of bool"),
        (np.array([1.0], dtype=object), "object"),
        ("text", "str"),
        (None, "NoneType"),
        ([1, 2], "list"),
    ],
    ids=repr,
)
def test_arguments_without_derivative_are_refused(x, words):
    for ask in (
        lambda: grad(total_square)(x),
        lambda: value_and_grad(total_square)(x),
        lambda: jvp(total_square, (x,), (1.0,)),
        lambda: jacobian(total_square)(x),
    ):
        with pytest.raises(ArgumentError) as caught:
            ask()
    with pytest.raises(ArgumentError, match=words):
        grad(total_square)(x)
    assert str(caught.value)


def test_an_integer_that_is_not_asked_about_is_no_error():
    def f(x, n):
        return x ** n

    assert grad(f)(3.0, 2) == 6.0
    _, pullback = vjp(f, 3.0, 2)
    assert pullback(1.0) == (6.0, None)
    assert jvp(f, (3.0, 2), (1.0, None)) == (9.0, 6.0)


def test_the_hint_for_an_integer_says_what_to_write():
    with pytest.raises(ArgumentError, match=r"Pass a float, e\.g\. 3\.0"):
        grad(total_square)(3)
    with pytest.raises(ArgumentError, match=r"x\.astype\(float\)"):
        grad(total_square)(np.arange(3))


def test_results_that_are_not_one_real_number():
    def vector(x):
        return x * 2.0

    def pair(x):
        return x[0], x[1]

    def whole(x):
        return len(x)

    with pytest.raises(ArgumentError, match="one real result; vector returns an array of rank 1"):
        grad(vector)(X)
    with pytest.raises(ArgumentError, match="pair returns 2 values"):
        grad(pair)(X)
    with pytest.raises(ArgumentError, match="one real result"):
        grad(whole)(X)
    with pytest.raises(ArgumentError, match="has_aux"):
        grad(total_square, has_aux=True)(X)


def test_a_result_whose_rank_is_known_only_when_it_is_there():
    def f(x, rows):
        y = x
        for _ in range(rows):
            y = np.stack([y, y])
        return y

    with pytest.raises(AdxformError, match=r"one real result|rank"):
        grad(f)(2.0, 2)


# --- memory ---------------------------------------------------------------------------------------


def sum_of(x, y):
    return np.sum(x)


def sum_of_both(x, y):
    return np.sum(x + y)


def of_first_row(x, y):
    return np.sum(x[0] * 1.0) + np.sum(y)


def identity_dot(x, y):
    return np.sum(x * y)


def outer_sum(x, y):
    return np.sum(x[:, None] + y[None, :])


def reshaped(x, y):
    return np.sum(x.reshape(-1) * 1.0) + np.sum(y.T)


def mean_of_views(x, y):
    return np.mean(np.ravel(x)) + np.mean(np.transpose(y))


def difference(x, y):
    return np.sum(x - y)


def neither(x, y):
    return np.sum(np.ones(3))


def through_a_branch(x, y):
    z = x if np.sum(x) > 100.0 else y
    return np.sum(z)


ALIASING = [
    (sum_of, 1), (sum_of_both, 1), (of_first_row, 2), (identity_dot, 1), (outer_sum, 1),
    (reshaped, 2), (mean_of_views, 2), (difference, 1), (sum_of_both, 2), (neither, 1),
    (through_a_branch, 1),
]


@pytest.mark.parametrize(
    ("f", "rank"), ALIASING, ids=[f"{f.__name__}-{rank}" for f, rank in ALIASING]
)
def test_gradients_share_no_memory(f, rank):
    x = np.arange(1.0, 4.0) if rank == 1 else np.arange(9.0).reshape(3, 3)
    y = x * 0.5 + 1.0
    kept = x.copy(), y.copy()
    derivative = grad(f, (0, 1))
    bars = derivative(x, y)
    _, pullback = vjp(f, x, y)
    again, pulled = derivative(x, y), pullback(1.0)
    everything = [x, y, *bars, *again, *pulled]
    for a, b in itertools.combinations(everything, 2):
        assert not np.shares_memory(a, b)
    for first, second, third in zip(bars, again, pulled, strict=True):
        assert first.flags.writeable and first.shape == x.shape
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, third, rtol=1e-15)
        before = second.copy()
        first[...] = 7.0
        third[...] = 7.0
        np.testing.assert_array_equal(second, before)
        np.testing.assert_array_equal(derivative(x, y)[0], again[0])
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_a_pullback_shares_nothing_with_its_cotangent():
    def identity(x, y):
        return x + y

    seed = np.ones(3)
    _, pullback = vjp(identity, X, Y)
    a, b = pullback(seed)
    for first, second in itertools.combinations((seed, a, b, X, Y), 2):
        assert not np.shares_memory(first, second)
    a[...] = 9.0
    np.testing.assert_array_equal(seed, np.ones(3))
    c, d = pullback(seed)
    np.testing.assert_array_equal(c, np.ones(3))
    np.testing.assert_array_equal(d, np.ones(3))


def test_a_pullback_may_be_called_often():
    def f(x):
        y = np.zeros(len(x))
        for i in range(len(x)):
            y[i] = x[i] ** 2 + y[i - 1]
        y *= x
        return y

    _, pullback = vjp(f, X)
    rows = [pullback(e)[0] for e in np.eye(3)]
    again = [pullback(e)[0] for e in np.eye(3)]
    np.testing.assert_array_equal(rows, again)
    np.testing.assert_allclose(np.sum(rows, axis=0), pullback(np.ones(3))[0])
    np.testing.assert_allclose(rows, jacobian(f)(X))


def test_a_reverse_function_leaves_its_cotangent_alone():
    def f(x):
        y = x * x
        y[0] = 2.0 * x[1]
        return y

    seed = np.array([1.0, 2.0, 3.0])
    _, bar = reverse(f)(X, seed)
    np.testing.assert_array_equal(seed, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(bar, [0.0, 2.0 + 4.0 * X[1], 6.0 * X[2]])


def test_a_forward_function_leaves_its_tangent_alone():
    def f(x):
        x[0] = 2.0 * x[1]
        x *= 3.0
        return x

    direction = np.array([1.0, 2.0, 3.0])
    x = X.copy()
    _, tangent = jvp(f, (x,), (direction,))
    np.testing.assert_array_equal(direction, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(x, X)
    np.testing.assert_allclose(tangent, [12.0, 6.0, 9.0])


def independent(x, y):
    return np.sum(y)


@pytest.mark.parametrize(
    "x", [1.5, np.float32(2.0), np.array(1.0), np.ones((2, 3), dtype=np.float32), np.ones((0, 2))],
    ids=lambda x: f"{type(x).__name__}{np.shape(x)}",
)
def test_an_argument_without_influence_has_gradient_zero(x):
    bar, other = grad(independent, (0, 1))(x, Y)
    assert type(bar) is type(x) and np.shape(bar) == np.shape(x)
    if not isinstance(x, float):
        assert bar.dtype == x.dtype
    np.testing.assert_array_equal(bar, np.zeros(np.shape(x)))
    np.testing.assert_array_equal(other, np.ones(3))
    single = grad(independent)(x, Y)
    assert type(single) is type(x) and np.shape(single) == np.shape(x)
    assert vjp(independent, x, Y)[1](1.0)[0] == 0.0 if np.ndim(x) == 0 else True


def test_a_constant_function():
    def f(x):
        return 3.0

    assert grad(f)(2.0) == 0.0
    np.testing.assert_array_equal(grad(f)(X), np.zeros(3))
    assert vjp(f, 2.0)[1](1.0) == (0.0,)
    assert jvp(f, (2.0,), (1.0,)) == (3.0, 0.0)


def test_calls_again_are_equal():
    def f(x, n):
        s = np.zeros(3)
        for i in range(n):
            s = np.sin(s) + x * i
        return np.sum(s)

    derivative = grad(f)
    first = derivative(X, 5)
    assert first.tobytes() == derivative(X, 5).tobytes()
    derivative(X.astype(np.float32), 5)
    derivative(X[:1], 2)
    assert first.tobytes() == derivative(X, 5).tobytes()


def test_has_aux():
    def f(x):
        y = x * x
        return np.sum(y), {"y": y, "n": len(x)}

    gradient, aux = grad(f, has_aux=True)(X)
    np.testing.assert_allclose(gradient, 2 * X)
    np.testing.assert_allclose(aux["y"], X * X)
    (value, aux), gradient = value_and_grad(f, has_aux=True)(X)
    assert value == np.sum(X * X) and aux["n"] == 3
    assert not np.shares_memory(gradient, aux["y"])


def test_aux_is_a_value_that_does_not_change():
    def f(x):
        y = x * x
        z = y.copy()
        z[0] = 0.0
        return np.sum(z), y

    gradient, aux = grad(f, has_aux=True)(X)
    np.testing.assert_allclose(aux, X * X)
    np.testing.assert_allclose(gradient, [0.0, *(2 * X[1:])])


# --- jvp, vjp, forward, reverse -------------------------------------------------------------------


def two_results(x, y):
    return x * y, (np.sum(x), y[0] ** 2)


def test_structured_results():
    value, tangent = jvp(two_results, (X, Y), (np.ones(3), np.zeros(3)))
    np.testing.assert_allclose(value[0], X * Y)
    np.testing.assert_allclose(tangent[0], Y)
    assert tangent[1][0] == 3.0 and tangent[1][1] == 0.0
    value, pullback = vjp(two_results, X, Y)
    assert value[1] == (np.sum(X), Y[0] ** 2)
    a, b = pullback((np.ones(3), (1.0, 2.0)))
    np.testing.assert_allclose(a, Y + 1.0)
    np.testing.assert_allclose(b, X + [4.0 * Y[0], 0.0, 0.0])
    for wrong in (np.ones(3), (np.ones(3), 1.0), (np.ones(2), (1.0, 2.0)), (np.ones(3), (1.0,))):
        with pytest.raises(ArgumentError):
            pullback(wrong)


def test_jvp_checks_what_it_is_given():
    with pytest.raises(ArgumentError, match="2 primals but 1 tangents"):
        jvp(product, (X, Y), (X,))
    with pytest.raises(ArgumentError, match="shape"):
        jvp(product, (X, Y), (np.ones(2), None))
    with pytest.raises(ArgumentError, match="shape"):
        jvp(product, (X, Y), (1.0, None))


def test_generated_functions():
    value, tangent = forward(product)(X, Y, np.ones(3), 0.0 * Y)
    assert value == product(X, Y)
    np.testing.assert_allclose(tangent, np.sum(Y * Y))
    value, (a, b) = reverse(product)(X, Y)
    np.testing.assert_allclose(a, Y * Y)
    np.testing.assert_allclose(b, 2 * X * Y)
    value, bar = reverse(lambda_free)(X, np.ones(3))
    np.testing.assert_allclose(bar, 2.0 * np.cos(X))
    with pytest.raises(ArgumentError, match="2 arguments come first"):
        forward(product)(X)
    assert "def product_forward(x, y, dx, dy)" in forward(product).source


def test_jacobians():
    def f(x):
        return np.array([x[0] * x[1], np.sin(x[2]), x[0] ** 2, x[1] + x[2], x[0]])

    expected = np.array([
        [X[1], X[0], 0], [0, 0, np.cos(X[2])], [2 * X[0], 0, 0], [0, 1, 1], [1, 0, 0],
    ])
    np.testing.assert_allclose(jacobian(f)(X), expected)

    def matrix(a):
        return a @ a

    a = np.arange(4.0).reshape(2, 2) + 1.0
    eye = np.eye(2)
    closed = np.einsum("ik,lj->ijkl", eye, a.T.T) * 0
    for i, j, k, m in np.ndindex(2, 2, 2, 2):
        closed[i, j, k, m] = (i == k) * a[m, j] + (m == j) * a[i, k]
    found = jacobian(matrix)(a)
    assert found.shape == (2, 2, 2, 2)
    np.testing.assert_allclose(found, closed)
    np.testing.assert_allclose(jacobian(product, "y")(X, Y), 2 * X * Y)
    assert jacobian(cubic)(2.0) == 14.0
    np.testing.assert_allclose(jacobian(lambda_free)(X), np.diag(2 * np.cos(X)))

    def long(t):
        return np.array([t, t * t, 3.0 * t])

    np.testing.assert_allclose(jacobian(long)(2.0), [1.0, 4.0, 3.0])


def test_a_jacobian_in_several_arguments_is_a_tuple():
    first, second = jacobian(product, (0, 1))(X, Y)
    np.testing.assert_array_equal(first, jacobian(product, 0)(X, Y))
    np.testing.assert_array_equal(second, jacobian(product, 1)(X, Y))
    (xx, xy), (yx, yy) = hessian(product, (0, "y"))(X, Y)
    np.testing.assert_allclose(xx, jacobian(grad(product, 0), 0)(X, Y), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(xy, jacobian(grad(product, 0), 1)(X, Y), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(yx, np.transpose(xy), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(yy, hessian(product, 1)(X, Y), rtol=1e-12, atol=1e-13)


def of_containers(p):
    return {"total": np.sum(p["a"] ** 2) * p["b"][0], "parts": (p["a"] * p["b"][1], p["n"])}


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_jacobian_of_containers_holds_blocks(backend):
    p = {"a": X, "b": [2.0, 3.0], "n": 3}
    found = jacobian(of_containers, backend=backend)(p)
    np.testing.assert_allclose(found["total"]["a"], 4.0 * X, rtol=1e-14)
    assert found["total"]["b"] == [pytest.approx(np.sum(X**2)), 0.0]
    block, other = found["parts"]
    np.testing.assert_allclose(block["a"], 3.0 * np.eye(len(X)), rtol=1e-14)
    np.testing.assert_allclose(block["b"][1], X, rtol=1e-14)
    assert other == {"a": None, "b": [None, None], "n": None} and block["n"] is None


def of_two(p):
    return p["a"] ** 2 * p["b"]


def test_a_hessian_of_a_dictionary_is_one_of_dictionaries():
    assert hessian(of_two)({"a": 1.5, "b": 2.0}) == {
        "a": {"a": 4.0, "b": 3.0}, "b": {"a": 3.0, "b": 0.0}
    }  # fmt: skip


def test_text_is_no_result():
    with pytest.raises(ArgumentError, match="returned text"):
        grad(lambda x: "text")(X)


class Late(types.ModuleType):
    """A module that is imported when it is asked for something, and is missing."""

    def __getattr__(self, name):
        raise (AttributeError if name.startswith("__") else ModuleNotFoundError)(name)


LATE = Late("late")


def by_a_late_module(x, how="square"):
    return x * x if how == "square" else LATE.power(x, how)


def test_a_module_that_is_imported_late_may_be_missing():
    assert grad(by_a_late_module)(1.5) == 3.0


def with_another_signature(*args):
    return args[0] * args[1]


with_another_signature.__signature__ = inspect.Signature(
    [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in "xy"]
)


def test_a_signature_that_was_given_to_a_function_is_not_its_own():
    assert vjp(with_another_signature, 2.0, 3.0)[1](1.0) == (3.0, 2.0)


NAMES = ["a", "b"]


def with_texts(x):
    log = []
    for i in range(3):
        if x > i:
            log.append(f"up {i}")
    return NAMES, list(NAMES), log, {name: name.upper() for name in NAMES}, ("a", "b"), x * x


def test_texts_beside_a_result_have_zero_as_their_tangent():
    value, tangent = jvp(with_texts, (1.5,), (1.0,))
    assert value == with_texts(1.5)
    assert tangent == ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], {"a": 0.0, "b": 0.0}, (0.0, 0.0), 3.0)
    _, several = jvp(with_texts, (1.5,), (np.array([1.0, 2.0]),), directions=2)
    np.testing.assert_array_equal(several[-1], [3.0, 6.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_jacobian_has_the_dtype_of_its_argument(dtype):
    assert jacobian(lambda_free)(X.astype(dtype)).dtype == dtype
    assert jacobian(total_square)(X.astype(dtype)).dtype == dtype


# --- closed forms and second order ----------------------------------------------------------------


def iterated(x, n):
    """x^(2^n)."""
    y = x
    for _ in range(n):
        y = y * y
    return y


def until_large(x):
    """x^k for the least k with x^k > 100."""
    y = x
    while y <= 100.0:
        y = y * x
    return y


def quartic(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 4 * (i + 1)
    return s


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_hessian(x):
    n = len(x)
    h = np.zeros((n, n))
    for i in range(n - 1):
        h[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] += -400.0 * x[i]
        h[i + 1, i] += -400.0 * x[i]
    return h


def quartic_hessian(x):
    return np.diag(12.0 * x ** 2 * np.arange(1, len(x) + 1))


def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def log_sum_exp_hessian(x):
    p = np.exp(x) / np.sum(np.exp(x))
    return np.diag(p) - np.outer(p, p)


def branched(x):
    if x[0] > 0.0:
        y = x[0] ** 3 * x[1]
    else:
        y = x[1] ** 2
    return y * x[2]


def branched_hessian(x):
    a, b, c = x
    return np.array([
        [6 * a * b * c, 3 * a * a * c, 3 * a * a * b], [3 * a * a * c, 0.0, a ** 3],
        [3 * a * a * b, a ** 3, 0.0],
    ])


SECOND = [
    (rosenbrock, rosenbrock_hessian), (quartic, quartic_hessian),
    (log_sum_exp, log_sum_exp_hessian), (branched, branched_hessian),
]


@pytest.mark.parametrize(("f", "closed"), SECOND, ids=[f.__name__ for f, _ in SECOND])
def test_second_order_in_every_composition(f, closed):
    x, v = X, np.array([0.3, -1.0, 0.8])
    h = closed(x)
    np.testing.assert_allclose(hessian(f)(x), h, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(jacobian(grad(f))(x), h, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(hvp(f, (x,), (v,)), h @ v, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(jvp(grad(f), (x,), (v,))[1], h @ v, rtol=1e-12, atol=1e-13)
    value, pullback = vjp(grad(f), x)
    np.testing.assert_allclose(value, grad(f)(x), rtol=1e-14)
    np.testing.assert_allclose(pullback(v)[0], h @ v, rtol=1e-12, atol=1e-13)
    value, tangent = jvp(value_and_grad(f), (x,), (v,))
    np.testing.assert_allclose(tangent[0], grad(f)(x) @ v, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(tangent[1], h @ v, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("f", "closed"), SECOND, ids=[f.__name__ for f, _ in SECOND])
def test_a_gradient_of_a_function_of_a_gradient(f, closed):
    v = np.array([0.3, -1.0, 0.8])
    derivative = grad(f)

    def along(x):
        return np.sum(derivative(x) * v)

    np.testing.assert_allclose(grad(along)(X), closed(X) @ v, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("f", "args", "first", "second"),
    [
        (cubic, (1.5,), 8.75, 9.0),
        (iterated, (1.1, 3), 8 * 1.1 ** 7, 56 * 1.1 ** 6),
        (iterated, (1.1, 0), 1.0, 0.0),
        (until_large, (3.0,), 5 * 3.0 ** 4, 20 * 3.0 ** 3),
        (until_large, (150.0,), 1.0, 0.0),
    ],
)
def test_derivatives_of_derivatives_of_numbers(f, args, first, second):
    assert grad(f)(*args) == pytest.approx(first, rel=1e-13)
    assert grad(grad(f))(*args) == pytest.approx(second, rel=1e-12)
    rest = [None] * (len(args) - 1)
    assert jvp(grad(f), args, (1.0, *rest))[1] == pytest.approx(second, rel=1e-12)
    assert vjp(grad(f), *args)[1](1.0)[0] == pytest.approx(second, rel=1e-12)
    assert hessian(f)(*args) == pytest.approx(second, rel=1e-12)


def test_third_and_fourth_order():
    def f(x):
        return np.sin(x) * x

    third = grad(grad(grad(f)))
    assert third(0.7) == pytest.approx(-3 * np.sin(0.7) - 0.7 * np.cos(0.7), rel=1e-12)
    fourth = grad(third)
    assert fourth(0.7) == pytest.approx(-4 * np.cos(0.7) + 0.7 * np.sin(0.7), rel=1e-12)
    assert grad(grad(grad(until_large)))(3.0) == pytest.approx(60 * 9.0, rel=1e-12)


def test_mixed_second_derivatives():
    def f(x, y):
        return np.sum(x ** 2 * y ** 3)

    cross = jacobian(grad(f, 0), 1)(X, Y)
    np.testing.assert_allclose(cross, np.diag(6 * X * Y ** 2), rtol=1e-13)
    both = hvp(f, (X, Y), (np.ones(3), np.ones(3)))
    np.testing.assert_allclose(both[0], 2 * Y ** 3 + 6 * X * Y ** 2, rtol=1e-13)
    np.testing.assert_allclose(both[1], 6 * X * Y ** 2 + 6 * X ** 2 * Y, rtol=1e-13)


def test_no_perturbation_is_confused():
    """d/dx (x * d/dy (x * y)) is 2x (ForwardDiff issue 83)."""

    def f(x):
        return x * grad_in_y(x, 3.0)

    assert grad(f)(5.0) == 10.0


@grad(argnums=1)
def grad_in_y(x, y):
    return x * y


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda_free, 0.4, 2 * np.cos(0.4)),
        (cubic, -1.0, 5.0),
        (log_sum_exp, X, np.exp(X) / np.sum(np.exp(X))),
        (quartic, X, 4 * X ** 3 * np.array([1.0, 2.0, 3.0])),
    ],
)
def test_closed_forms(f, x, expected):
    np.testing.assert_allclose(grad(f)(x), expected, rtol=1e-13)


# --- source ---------------------------------------------------------------------------------------

OFFSETS = np.array([1.0, 2.0, 4.0])
LABEL = "text"


def with_all_kinds(x, y):
    z = helper(x, shift=1.0) * SCALE + math.sqrt(2.0) * np.sum(OFFSETS * y)
    for i in range(len(y)):
        z = np.sin(z) + y[i] * np.pi
    return z


def helper(a, power=2, *, shift=0.0):
    s = np.sum(a ** power) + shift
    if s > 1.0:
        s = s * helper_of_helper(a)
    return s


def helper_of_helper(a):
    t = 0.0
    for i in range(len(a)):
        t = t + a[i] * OFFSETS[i]
    u = t * t
    v = u + np.exp(-u)
    w = v * np.tanh(t)
    return w + u * v


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("f", [product, with_all_kinds, helper_of_helper, log_sum_exp])
def test_source_runs_by_itself(f, mode):
    args = (X, Y)[: len(inspect.signature(f).parameters)]
    text = source(f, mode, args=args)
    namespace: dict = {}
    exec(compile(text, "<alone>", "exec"), namespace)
    made = namespace[f"{f.__name__}_{mode}"]
    extra = tuple(np.ones(3) for _ in args) if mode == "forward" else ()
    expected = (forward if mode == "forward" else reverse)(f)(*args, *extra)
    found = made(*args, *extra)
    np.testing.assert_array_equal(found[0], expected[0])
    for a, b in zip(np.atleast_1d(found[1]), np.atleast_1d(expected[1]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_source_runs_in_another_process(tmp_path):
    """Without adxform on the path: what is emitted needs NumPy only."""
    text = source(with_all_kinds, args=(X, Y))
    path = tmp_path / "alone.py"
    path.write_text(
        "import sys\nsys.modules['adxform'] = None\n" + text
        + "\nvalue, (a, b) = with_all_kinds_reverse(np.array([0.5, -1.2, 2.0]), "
        "np.array([1.5, 0.3, -0.7]))\nprint(repr(float(value)), a.tolist(), b.tolist())\n"
    )
    found = subprocess.run(
        [sys.executable, "-I", str(path)], capture_output=True, text=True, check=True
    ).stdout
    value, (a, b) = reverse(with_all_kinds)(X, Y)
    assert found.strip() == f"{float(value)!r} {a.tolist()} {b.tolist()}"


def test_source_of_a_closure_that_holds_values():
    weights, factor = np.array([1.0, 2.0, 3.0]), 1.5

    def f(x):
        return factor * np.sum(weights * x ** 2)

    namespace: dict = {}
    exec(source(f, args=(X,)), namespace)
    value, bar = namespace["f_reverse"](X)
    np.testing.assert_allclose(bar, 3.0 * weights * X)
    assert value == f(X)


def test_source_by_annotations_and_options():
    text = source(quadratic)
    assert "def quadratic_reverse(x, y, k, out_bar=1.0)" in text
    assert "(x_bar, y_bar, k_bar)" in text
    assert "y_bar" not in source(quadratic, argnums=0)
    assert "def quadratic_forward(x, y, k, dy)" in source(quadratic, "forward", argnums="y")
    assert source(bare) == source(bare.primal, argnums=0)
    with pytest.raises(ArgumentError, match="mode is 'reverse' or 'forward', not 'sideways'"):
        source(quadratic, "sideways")


def test_source_of_a_derivative():
    text = source(grad(cubic), args=(1.5,))
    namespace: dict = {}
    exec(text, namespace)
    (made,) = [v for k, v in namespace.items() if k.endswith("_reverse")][-1:]
    value, bar = made(1.5)
    assert (value, bar) == (8.75, 9.0)


# --- functions of other modules -------------------------------------------------------------------


def test_a_global_of_the_same_name_in_another_module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    module(
        tmp_path, "temporary_lower",
        """
        import numpy as xp
        FACTOR = 10.0
        WEIGHTS = xp.array([1.0, 2.0, 3.0])

        def inner(x):
            return FACTOR * xp.sum(WEIGHTS * x * x)

        def looped(x):
            s = 0.0
            for i in range(len(x)):
                s = s + FACTOR * x[i] ** 2
            t = s * FACTOR
            u = t + WEIGHTS[0]
            v = u * helper(x)
            w = v + t
            y = w * u
            z = y + v
            return z + t

        def helper(x):
            return x[0] * FACTOR
        """,
    )
    upper = module(
        tmp_path, "temporary_upper",
        """
        import numpy as np
        from temporary_lower import inner, looped
        FACTOR = 3.0
        WEIGHTS = np.array([5.0, 5.0, 5.0])

        def helper(x):
            return x[0] * 1000.0

        def f(x):
            return inner(x) + FACTOR * np.sum(WEIGHTS * x)

        def g(x):
            return looped(x) + helper(x) * FACTOR + WEIGHTS[1]
        """,
    )
    expected = 20.0 * np.array([1.0, 2.0, 3.0]) * X + 15.0
    value, found = value_and_grad(upper.f)(X)
    np.testing.assert_allclose(found, expected)
    assert value == pytest.approx(upper.f(X), rel=1e-15)
    for mode in ("reverse", "forward"):
        namespace: dict = {}
        exec(source(upper.f, mode, args=(X,)), namespace)
        extra = (np.ones(3),) if mode == "forward" else ()
        alone = namespace[f"f_{mode}"](X, *extra)
        assert alone[0] == pytest.approx(upper.f(X), rel=1e-15)
        sums = expected if mode == "reverse" else np.sum(expected)
        np.testing.assert_allclose(alone[1], sums)
    value, found = value_and_grad(upper.g)(X)
    assert value == pytest.approx(upper.g(X), rel=1e-14)
    steps = [(upper.g(X + 1e-6 * e) - upper.g(X - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    np.testing.assert_allclose(found, steps, rtol=1e-7)
    namespace = {}
    exec(source(upper.g, args=(X,)), namespace)
    alone = namespace["g_reverse"](X)
    assert alone[0] == pytest.approx(upper.g(X), rel=1e-14)
    np.testing.assert_allclose(alone[1], found, rtol=1e-14)


def test_a_name_of_the_compilers_own_kind_is_the_users():
    def f(x, dx, x_bar, out_bar):
        s_tape = x * dx
        _t = s_tape + x_bar
        np_ = _t * out_bar
        return np_ * x

    args = (1.5, 2.0, 3.0, 5.0)
    assert f(*args) == 45.0
    found = grad(f, (0, 1, 2, 3))(*args)
    np.testing.assert_allclose(found, (45.0, 11.25, 7.5, 9.0))
    assert jvp(f, args, (1.0, None, None, None))[1] == 45.0


def test_numpy_under_another_name(tmp_path):
    made = module(
        tmp_path, "temporary_renamed",
        """
        import numpy
        import numpy.linalg as la
        from numpy import exp as e, sum

        def f(x):
            return sum(e(x)) * 3.0 + la.norm(x) + numpy.tanh(x[0])
        """,
    )
    expected = 3.0 * np.exp(X) + X / np.linalg.norm(X)
    expected[0] += 1.0 - np.tanh(X[0]) ** 2
    np.testing.assert_allclose(grad(made.f)(X), expected, rtol=1e-13)
    np.testing.assert_allclose(
        jvp(made.f, (X,), (np.ones(3),))[1], np.sum(expected), rtol=1e-13)
    namespace: dict = {}
    exec(source(made.f, args=(X,)), namespace)
    np.testing.assert_allclose(namespace["f_reverse"](X)[1], expected, rtol=1e-13)


def test_a_variable_that_is_called_np(tmp_path):
    made = module(
        tmp_path, "temporary_shadowed",
        """
        import numpy
        np = 3.0

        def f(x):
            return numpy.sum(numpy.abs(x) ** np)

        def g(x, np):
            y = numpy.zeros(len(x))
            for i in range(len(x)):
                y[i] = x[i] * np
            return numpy.sum(numpy.tanh(y))
        """,
    )
    np.testing.assert_allclose(grad(made.g)(X, 2.0), 2.0 - 2.0 * np.tanh(2.0 * X) ** 2)
    np.testing.assert_allclose(jvp(made.f, (X,), (np.ones(3),))[1], np.sum(3 * X * abs(X)))
    np.testing.assert_allclose(grad(made.f)(X), 3 * X * abs(X), rtol=1e-13)


def calls_often(x):
    return looped(x) * looped(2.0 * x) + looped(x + 1.0)


def looped(x):
    s = 0.0
    for i in range(len(x)):
        s = s + x[i] ** 2
    return s


def test_a_function_that_is_called_often_is_emitted_once():
    assert source(calls_often, args=(X,)).count("\ndef ") <= 3
    assert source(calls_often, "forward", args=(X,)).count("\ndef ") <= 2
    u, v = np.sum(X * X), 4.0 * np.sum(X * X)
    np.testing.assert_allclose(
        grad(calls_often)(X), 2 * X * v + 8 * X * u + 2 * (X + 1.0), rtol=1e-13)


def test_closures_of_one_definition_are_told_apart():
    def make(factor):
        def inner(x):
            s = 0.0
            for i in range(len(x)):
                s = s + factor * x[i] ** 2
            return s

        return inner

    one, ten = make(1.0), make(10.0)

    def f(x):
        return one(x) + ten(x) * 2.0

    np.testing.assert_allclose(grad(f)(X), 42.0 * X, rtol=1e-13)
    np.testing.assert_allclose(jvp(f, (X,), (np.ones(3),))[1], np.sum(42.0 * X), rtol=1e-13)


def test_calls_with_defaults_and_keywords():
    def f(x):
        a = scaled_power(x)
        b = scaled_power(x, 3)
        c = scaled_power(p=4, x=x, k=0.5)
        return a + b * 2.0 + scaled_power(scaled_power(c, k=2.0), p=1)

    # 3 x^2 + 6 x^3 + 3 * 2 * (x^4 / 2)^2
    assert grad(f)(1.1) == pytest.approx(6 * 1.1 + 18 * 1.1 ** 2 + 12 * 1.1 ** 7, rel=1e-13)
    assert jvp(f, (1.1,), (1.0,))[1] == pytest.approx(grad(f)(1.1), rel=1e-14)


def scaled_power(x, p=2, *, k=3.0):
    return k * x ** p


def test_functions_that_return_tuples():
    def f(x):
        s, (c, n) = polar(x)
        t = polar(s * c)
        return t[0] * n + t[1][0]

    def expected(x):
        u = np.sin(x) * np.cos(x)
        return 2.0 * np.sin(u) + np.cos(u)

    step = (expected(0.4 + 1e-6) - expected(0.4 - 1e-6)) / 2e-6
    assert grad(f)(0.4) == pytest.approx(step, rel=1e-8)


def polar(x):
    return np.sin(x), (np.cos(x), 2.0)


# --- tracebacks -----------------------------------------------------------------------------------


def test_tracebacks_show_generated_lines():
    def f(x, i):
        y = np.sin(x)
        return y[i] * 2.0

    with pytest.raises(IndexError) as caught:
        grad(f)(X, 7)
    text = "".join(traceback.format_exception(caught.value))
    assert "f_reverse" in text
    assert "[i]" in text.split("f_reverse")[-1]


def test_errors_of_the_function_pass_through():
    def f(x):
        if np.any(x < 0.0):
            raise ValueError(f"negative: {x.min()}")
        assert len(x) < 5, "too long"
        return np.sum(np.sqrt(x))

    with pytest.raises(ValueError, match=r"negative: -1\.2"):
        grad(f)(X)
    with pytest.raises(AssertionError, match="too long"):
        grad(f)(np.ones(6))
    np.testing.assert_allclose(grad(f)(np.ones(3)), np.full(3, 0.5))


# --- refusals -------------------------------------------------------------------------------------


def yields(x):
    y = yield x
    return y


def yields_inside(x):
    for v in x:
        yield v


def imports_inside(x):
    import numpy.no_such_module as np2
    return np2.sum(x)


def says_global(x):
    global SOMETHING
    SOMETHING = np.sum(x)
    return SOMETHING


def defines_inside(x):
    def g(t):
        return t * t
    return g(np.sum(x))


def deletes(x):
    y = x * 2.0
    del y
    return np.sum(x)


def matches(x):
    match len(x):
        case 3:
            y = x * 2.0
        case _:
            y = x
    return np.sum(y)


def undefined_name(x):
    return np.sum(x) * not_defined_anywhere  # noqa: F821


def awaits_nothing(x):
    return np.sum(np.linalg.eigvals(np.outer(x, x)).imag) + unknown_method(x)


def unknown_method(x):
    return x.tobytes()


REFUSED = [
    (yields, "yield", "y = yield x"),
    (yields_inside, "yield", "yield v"),
    (imports_inside, "this import fails", "import numpy.no_such_module"),
    (says_global, "global", "global SOMETHING"),
    (undefined_name, "not_defined_anywhere is not defined", "not_defined_anywhere"),
]


@pytest.mark.parametrize(
    ("f", "words", "line"), REFUSED, ids=[f.__name__ for f, _, _ in REFUSED]
)
def test_refusals_show_the_line(f, words, line):
    x = X
    with pytest.raises((UnsupportedError, MissingRuleError), match=words) as caught:
        grad(f)(x)
    first = caught.value.diagnostics[0]
    assert first.location is not None
    assert first.location.file == __file__
    lines = Path(__file__).read_text().splitlines()
    assert lines[first.location.line - 1] == first.location.text
    assert re.search(line, first.location.text)
    rows = str(caught.value).splitlines()
    caret = next(r for r in rows if set(r.strip()) == {"^"})
    shown = rows[rows.index(caret) - 1]
    assert shown[caret.index("^")] == first.location.text[first.location.column]
    with pytest.raises((UnsupportedError, MissingRuleError)):
        jvp(f, (x,), (x * 1.0,))


@pytest.mark.parametrize("f", [defines_inside, deletes, matches], ids=lambda f: f.__name__)
def test_what_may_be_supported_is_right(f):
    """Right or refused: these are not promised."""
    steps = np.array([(f(X + 1e-6 * e) - f(X - 1e-6 * e)) / 2e-6 for e in np.eye(3)])
    try:
        found = grad(f)(X)
    except (UnsupportedError, MissingRuleError) as error:
        assert error.diagnostics[0].location is not None
    else:
        np.testing.assert_allclose(found, steps, rtol=1e-7)


def test_lambdas_and_functions_that_rules_know_are_differentiated():
    first, second = grad(lambda x: x * x), grad(lambda x: x ** 3)
    assert first(3.0) == 6.0 and second(3.0) == 27.0
    assert grad(np.sin)(0.5) == np.cos(0.5)


def test_builtins_have_no_source():
    with pytest.raises(AdxformError):
        grad(math.nextafter)(3.0, 4.0)


def several_errors(x):
    a = np.linalg.eigvals(np.outer(x, x))
    b = {v * v for v in x}
    c = np.sum(x)
    d = np.packbits(x)
    return c + a[0] + b[0] + d[0]


def test_all_errors_of_a_run_are_reported():
    with pytest.raises(AdxformError) as caught:
        grad(several_errors)(X)
    lines = [d.location.text.strip() for d in caught.value.diagnostics]
    assert lines == [
        "a = np.linalg.eigvals(np.outer(x, x))", "b = {v * v for v in x}", "d = np.packbits(x)",
    ]
    assert len({d.location.line for d in caught.value.diagnostics}) == 3


def test_a_missing_rule_names_the_function_and_the_way_out():
    def f(x):
        return np.sum(np.packbits(x))

    with pytest.raises(MissingRuleError, match=r"np\.packbits") as caught:
        grad(f)(X)
    assert "x is active here" in str(caught.value)
    assert "stop_gradient(x)" in str(caught.value)


def test_what_has_no_rule_is_no_matter_where_nothing_is_active():
    def f(x, n):
        names = sorted({"b": 1, "a": 2})
        count = len([c for c in names if c > "a"])
        with np.errstate(all="ignore"):
            scale = float(np.packbits(np.array([n], dtype=np.uint8))[0])
        return np.sum(x) * count * scale

    np.testing.assert_allclose(grad(f)(X, 1), np.full(3, 128.0))


def test_errors_are_of_one_family():
    for error in (ArgumentError, MissingRuleError, UnsupportedError, adxform.InternalError):
        assert issubclass(error, AdxformError)
    assert issubclass(ArgumentError, TypeError)
    assert issubclass(adxform.CheckError, AssertionError)


def _with_rate(rate):
    scope = {"RATE": rate}
    text = "def f(x):\n    return RATE * x**3\n"
    return scope, compile_text(text, "f", scope)


def test_a_derivative_of_a_derivative_sees_a_new_global_that_the_first_has_seen() -> None:
    scope, f = _with_rate(2.0)
    first = grad(f)
    second = grad(first)
    third = grad(second)
    assert (first(1.0), second(1.0), third(1.0)) == (6.0, 12.0, 12.0)
    scope["RATE"] = 3.0
    assert (first(1.0), second(1.0), third(1.0)) == (9.0, 18.0, 18.0)


def test_the_pullback_of_each_signature_sees_a_new_global() -> None:
    scope, f = _with_rate(2.0)
    one = np.array([1.0])
    for rate in (2.0, 3.0):
        scope["RATE"] = rate
        assert vjp(f, 1.0)[1](1.0) == (3.0 * rate,)
        assert vjp(f, one)[1](one) == (3.0 * rate,)
        assert vjp(grad(f), 1.0)[1](1.0) == (6.0 * rate,)


def test_products_of_derivatives_are_compiled_once(monkeypatch) -> None:
    _, f = _with_rate(2.0)
    gradient = grad(f)
    third = grad(grad(gradient))
    calls = [
        lambda: third(1.0),
        lambda: vjp(gradient, 1.0)[1](1.0),
        lambda: jvp(gradient, (1.0,), (1.0,)),
        lambda: hvp(f, (1.0,), (1.0,)),
    ]
    for call in calls:
        call()
    monkeypatch.setattr("adxform.compiler.derive", None)
    monkeypatch.setattr("adxform.generated.derive", None)
    monkeypatch.setattr("adxform.derivatives.derive", None)
    for call in calls:
        call()
