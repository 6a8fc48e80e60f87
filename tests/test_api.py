"""The public functions: what they take, what they give back, and what they refuse."""

from __future__ import annotations

import concurrent.futures
import inspect
import math
import multiprocessing
import pickle
import traceback

import numpy as np
import pytest

import adxform
from adxform import (
    ArgumentError,
    MissingRuleError,
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


def product(x: float, y: float) -> float:
    """The lecture's function."""
    w3 = x * y
    w4 = np.sin(x)
    return w3 + w4


def quadratic(x, A):
    return 0.5 * x @ A @ x


def total(x):
    return np.sum(x)


def scaled(x, scale=2.0, *, shift=1.0):
    return scale * x + shift * x * x


@grad
def decorated(x: float) -> float:
    """A cube."""
    return x**3


@grad(argnums=("y", 0))
def decorated_with_arguments(x, y):
    return x * y**2


@value_and_grad
def both(x):
    return np.sum(x * x)


A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 4.0]])
X = np.array([0.3, -0.7, 1.1])

# Which arguments


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 2.0 + math.cos(3.0)),
        (1, 3.0),
        (-1, 3.0),
        ("x", 2.0 + math.cos(3.0)),
        ((1, 0), (3.0, 2.0 + math.cos(3.0))),
        ((0,), (2.0 + math.cos(3.0),)),
        (["y", -2], (3.0, 2.0 + math.cos(3.0))),
    ],
)
def test_argnums_take_places_names_and_tuples(argnums, expected):
    assert grad(product, argnums)(3.0, 2.0) == expected


@pytest.mark.parametrize("argnums", [2, -3, "z", (0, 0), (0, "x"), True, 1.5, ("x", None)])
def test_wrong_argnums_are_refused_at_once(argnums):
    with pytest.raises(ArgumentError):
        grad(product, argnums)


def test_calls_take_keywords_and_defaults():
    assert grad(scaled)(3.0) == 8.0
    assert grad(scaled)(3.0, shift=0.0) == 2.0
    assert grad(scaled)(x=3.0, scale=1.0) == 7.0
    assert grad(scaled, "shift")(3.0, shift=0.5) == 9.0


def test_a_call_that_does_not_fit_the_signature_is_an_argument_error():
    for wrong in ((), (1.0, 2.0, 3.0)):
        with pytest.raises(ArgumentError):
            grad(product)(*wrong)
    with pytest.raises(ArgumentError):
        grad(product)(1.0, z=2.0)


# Decorators, methods, closures


def test_decorators_bare_and_with_arguments():
    assert decorated(2.0) == 12.0
    assert decorated_with_arguments(2.0, 3.0) == (12.0, 9.0)
    value, gradient = both(X)
    assert value == np.sum(X * X)
    assert np.array_equal(gradient, 2 * X)


def test_a_decorated_function_keeps_its_face():
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "A cube."
    assert decorated.__module__ == __name__
    assert str(inspect.signature(decorated)) == str(inspect.signature(decorated.primal))
    assert decorated.primal(2.0) == 8.0
    assert decorated.value_and_grad(2.0) == (8.0, 12.0)
    assert "def decorated_reverse(x" in decorated.source


class Model:
    """A model with a gradient method."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    @grad(argnums="x")
    def slope(self, x):
        return self.scale * x * x

    def value(self, x):
        return x**3

    @staticmethod
    def static(x):
        return x**2


def test_methods():
    assert Model(3.0).slope(2.0) == 12.0
    assert Model(5.0).slope(2.0) == 20.0
    assert grad(Model(1.0).value)(2.0) == 12.0
    assert grad(Model.static)(2.0) == 4.0
    value, pullback = vjp(Model(1.0).value, 2.0)
    assert (value, pullback(1.0)) == (8.0, (12.0,))
    assert jvp(Model(1.0).value, (2.0,), (1.0,)) == (8.0, 12.0)


def test_closures_keep_their_values_apart():
    def power_of(factor, table):
        def f(x):
            return factor * np.sum(x * table)

        return f

    two, three = power_of(2.0, X), power_of(3.0, X + 1)
    gradients = [grad(two), grad(three)]
    assert np.array_equal(gradients[0](X), 2.0 * X)
    assert np.array_equal(gradients[1](X), 3.0 * (X + 1))
    assert np.array_equal(gradients[0](X), 2.0 * X)


SCALE = 2.0
TABLE = np.ones(3)


def uses_globals(x):
    return SCALE * np.sum(x * TABLE)


def helper(x):
    return x * x


def calls_helper(x):
    return helper(x) + 1.0


def test_globals_rebound_after_the_first_call_are_seen(monkeypatch):
    gradient = grad(uses_globals)
    assert np.array_equal(gradient(X), 2.0 * np.ones(3))
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert np.array_equal(gradient(X), 5.0 * np.ones(3))
    monkeypatch.setitem(globals(), "TABLE", np.arange(3.0))
    assert np.array_equal(gradient(X), 5.0 * np.arange(3.0))


@pytest.mark.parametrize("take", ["grad", "vjp", "jvp"])
def test_a_rebound_global_is_seen_for_every_signature(monkeypatch, take):
    def slope(x):
        if take == "grad":
            return grad(uses_globals)(x)
        if take == "vjp":
            return vjp(uses_globals, x)[1](1.0)[0]
        return np.array([jvp(uses_globals, (x,), (e,))[1] for e in np.eye(len(x))])

    single = np.ones(1, np.float32)
    for scale in (2.0, 7.0):
        monkeypatch.setitem(globals(), "SCALE", scale)
        monkeypatch.setitem(globals(), "TABLE", np.ones(1))
        assert np.allclose(slope(np.ones(1)), scale)
        monkeypatch.setitem(globals(), "TABLE", np.ones(3))
        assert np.allclose(slope(X), scale)
        monkeypatch.setitem(globals(), "TABLE", np.ones(1, np.float32))
        assert np.allclose(slope(single), scale)


def test_a_helper_function_rebound_after_the_first_call_is_seen(monkeypatch):
    gradient = grad(calls_helper)
    assert gradient(3.0) == 6.0

    def cube(x):
        return x**3

    monkeypatch.setitem(globals(), "helper", cube)
    assert gradient(3.0) == 27.0


def test_a_rebound_closure_cell_is_seen():
    factor = 2.0

    def f(x):
        return factor * x

    gradient = grad(f)
    assert gradient(1.0) == 2.0
    factor = 3.0
    assert gradient(1.0) == 3.0


# Pickle and processes


def test_pickle_by_name_and_by_function():
    again = pickle.loads(pickle.dumps(decorated))
    assert again is decorated
    copied = pickle.loads(pickle.dumps(grad(product, ("y", 0))))
    assert copied(3.0, 2.0) == grad(product, ("y", 0))(3.0, 2.0)
    used = grad(product)
    used(1.0, 2.0)
    assert pickle.loads(pickle.dumps(used))(3.0, 2.0) == used(3.0, 2.0)


@pytest.mark.slow
def test_derivatives_travel_to_other_processes():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert list(pool.map(grad(math_free), [1.0, 2.0])) == [2.0, 4.0]


def math_free(x):
    return x * x


# Types of results


def test_results_are_like_the_arguments():
    assert type(grad(product)(3.0, 2.0)) is float
    assert type(grad(product)(np.float64(3.0), 2.0)) is np.float64
    assert type(grad(product)(np.float32(3.0), 2.0)) is np.float32
    zero_d = grad(product)(np.array(3.0), 2.0)
    assert isinstance(zero_d, np.ndarray) and zero_d.shape == ()
    single = grad(total)(X.astype(np.float32))
    assert single.dtype == np.float32 and single.shape == (3,)
    assert grad(total)(np.ones((2, 0))).shape == (2, 0)
    assert grad(total)(np.ones((2, 3)).T).shape == (3, 2)


def test_float32_stays_float32_everywhere():
    def f(x):
        return 0.5 * np.mean(np.sin(x) ** 2 + 2.0 * x) + 1.0

    x = X.astype(np.float32)
    value, gradient = value_and_grad(f)(x)
    assert value.dtype == gradient.dtype == np.float32
    value, tangent = jvp(f, (x,), (x,))
    assert value.dtype == np.asarray(tangent).dtype == np.float32
    assert vjp(f, x)[1](np.float32(1.0))[0].dtype == np.float32
    assert hvp(f, (x,), (x,)).dtype == np.float32


@pytest.mark.parametrize("wrong", [3, True, np.int64(3), np.arange(3), np.array([True]), 1j,
                                   "text", None, [1.0, 2.0], np.array(["a"])])
def test_what_is_no_real_number_is_refused(wrong):
    with pytest.raises(ArgumentError, match=r"\bx\b"):
        grad(total)(wrong)


def test_the_refusal_of_integers_says_what_to_write():
    with pytest.raises(ArgumentError, match="3.0"):
        grad(product)(3, 2.0)
    with pytest.raises(ArgumentError, match="astype"):
        grad(total)(np.arange(3))
    assert grad(product)(3.0, 2) == 2.0 + math.cos(3.0)  # y may be an integer: x is asked for


def test_results_that_are_no_number_are_refused():
    def vector(x):
        return x * 2

    def two(x):
        return x, x

    def unknown(x):
        return np.reshape(x, (-1,) * np.ndim(x)) if len(x) else x

    for f in (vector, two):
        with pytest.raises(ArgumentError, match="one real result"):
            grad(f)(X)
    with pytest.raises(ArgumentError, match="one real result"):
        grad(unknown)(X)


def test_has_aux():
    def f(x):
        return np.sum(x * x), {"name": "aux"}

    def g(x, y):
        return np.sum(x * y), (x + y, 3)

    gradient, aux = grad(f, has_aux=True)(X)
    assert np.array_equal(gradient, 2 * X) and aux == {"name": "aux"}
    (value, aux), gradient = value_and_grad(g, argnums=1, has_aux=True)(X, X)
    assert value == np.sum(X * X) and aux[1] == 3 and np.array_equal(aux[0], X + X)
    assert np.array_equal(gradient, X)
    with pytest.raises(ArgumentError):
        grad(total, has_aux=True)(X)


# Memory


def identity(x):
    return x


def added(x, y):
    return x + y


def twice_same(x, y):
    return np.sum(x) + np.sum(y)


def viewed(x):
    return np.sum(x.T[1:])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (identity, (X,)),
        (added, (X, X)),
        (twice_same, (X, X)),
        (viewed, (np.ones((3, 2)),)),
        (total, (X,)),
    ],
)
def test_cotangents_share_no_memory_and_can_be_written(f, args):
    kept = [a.copy() for a in args]
    value, pullback = vjp(f, *args)
    seed = np.ones(np.shape(value)) if np.shape(value) else 1.0
    bars = pullback(seed)
    things = [*bars, *args, *([seed] if isinstance(seed, np.ndarray) else [])]
    for i, bar in enumerate(bars):
        assert bar.shape == args[i].shape and bar.flags.writeable
        for other in things[:i] + things[i + 1 :]:
            assert not np.shares_memory(bar, other)
        bar += 1.0
    assert all(np.array_equal(a, k) for a, k in zip(args, kept, strict=True))
    again = pullback(seed)
    assert all(np.array_equal(a + 1.0, b) for a, b in zip(again, bars, strict=True))


def test_gradients_own_their_memory():
    first, second = grad(twice_same, (0, 1))(X, X)
    assert not np.shares_memory(first, second)
    assert np.array_equal(grad(total)(X), np.ones(3)) and grad(total)(X).flags.writeable


def test_tangents_and_cotangents_given_are_not_written():
    def f(x, y):
        x = np.tanh(x)
        x = x * y + x
        return x * x + y

    dx, dy, seed = X + 1, X + 2, X + 3
    kept = [a.copy() for a in (dx, dy, seed)]
    jvp(f, (X, X), (dx, dy))
    forward(f)(X, X, dx, dy)
    reverse(f)(X, X, seed)
    vjp(f, X, X)[1](seed)
    assert all(np.array_equal(a, k) for a, k in zip((dx, dy, seed), kept, strict=True))


def test_what_the_result_does_not_depend_on_has_zeros():
    def f(x, y, n):
        return np.sum(x) * n

    gx, gy = grad(f, (0, 1))(X, np.ones((2, 3), np.float32), 2)
    assert np.array_equal(gx, 2.0 * np.ones(3))
    assert gy.shape == (2, 3) and gy.dtype == np.float32 and not gy.any()

    def constant(x):
        return 3.0

    assert grad(constant)(2.0) == 0.0
    assert np.array_equal(grad(constant)(X), np.zeros(3))
    assert jvp(constant, (X,), (X,)) == (3.0, 0.0)
    value, pullback = vjp(f, X, X, 2)
    bars = pullback(1.0)
    assert bars[2] is None and not bars[1].any()


# jvp, vjp, forward, reverse, source


def test_jvp_of_several_arguments_and_structures():
    def f(x, y):
        return x * y, (np.sin(x), y)

    value, tangent = jvp(f, (2.0, 3.0), (1.0, None))
    assert value == (6.0, (np.sin(2.0), 3.0))
    assert tangent == (3.0, (np.cos(2.0), 0.0))
    with pytest.raises(ArgumentError):
        jvp(f, (2.0, 3.0), (1.0,))
    with pytest.raises(ArgumentError, match="shape"):
        jvp(total, (X,), (np.ones(2),))
    with pytest.raises(ArgumentError):
        jvp(total, (np.arange(3),), (np.ones(3),))


def test_vjp_of_several_results():
    def f(x, y):
        return x * y, (np.sin(x), y)

    value, pullback = vjp(f, 2.0, 3.0)
    assert value == (6.0, (np.sin(2.0), 3.0))
    assert pullback((1.0, (0.0, 0.5))) == (3.0, 2.5)
    assert pullback((0.0, (1.0, 0.0))) == (np.cos(2.0), 0.0)
    with pytest.raises(ArgumentError):
        pullback(1.0)
    with pytest.raises(ArgumentError, match="shape"):
        pullback((np.ones(2), (0.0, 0.5)))


def test_generated_functions_are_called_as_documented():
    assert forward(product)(3.0, 2.0, 1.0, 0.0) == (6.0 + math.sin(3.0), 2.0 + math.cos(3.0))
    value, bars = reverse(product)(3.0, 2.0)
    assert (value, bars) == (6.0 + math.sin(3.0), (2.0 + math.cos(3.0), 3.0))
    value, bar = reverse(identity)(X, X + 1)
    assert np.array_equal(value, X) and np.array_equal(bar, X + 1)
    assert forward(product).__name__ == "product"


def test_source_is_a_module_of_its_own():
    for mode, call in (("forward", (3.0, 2.0, 1.0, 0.0)), ("reverse", (3.0, 2.0))):
        text = source(product, mode)
        assert text == source(product, mode)
        assert "adxform" not in text
        scope: dict = {}
        exec(text, scope)
        made = forward(product) if mode == "forward" else reverse(product)
        assert scope[f"product_{mode}"](*call) == made(*call)
    assert "def product_reverse(x, y, out_bar=1.0):" in source(product, "reverse", argnums="y")
    assert "x_bar" not in source(product, argnums="y")
    with pytest.raises(ArgumentError):
        source(product, "sideways")


def test_source_brings_along_globals_that_are_plain_and_functions():
    scope: dict = {}
    exec(source(uses_globals, "reverse", args=(X,)), scope)
    value, bar = scope["uses_globals_reverse"](X)
    assert value == uses_globals(X) and np.array_equal(bar, grad(uses_globals)(X))
    scope = {}
    exec(source(calls_helper, "reverse"), scope)
    assert scope["calls_helper_reverse"](3.0) == (10.0, 6.0)


def test_source_of_a_derivative_is_its_own():
    assert source(decorated) == source(decorated.primal, argnums=0)


# Debugging


def fails(x):
    y = np.linalg.inv(x)
    return np.sum(y)


def test_tracebacks_show_generated_lines():
    with pytest.raises(np.linalg.LinAlgError) as caught:
        grad(fails)(np.zeros((2, 2)))
    shown = "".join(traceback.format_exception(caught.value))
    assert "y = np.linalg.inv(x)" in shown
    assert "<adxform" in shown


def test_inspect_finds_the_source_of_generated_functions():
    made = forward(product)
    made(1.0, 2.0, 1.0, 0.0)
    (compiled,) = made.specialised.compiled.values()
    assert inspect.getsource(compiled.call).startswith("def product_forward(x, y, dx, dy):")
    assert inspect.getsource(compiled.call) in made.source


# Higher order


def test_jacobian_hessian_and_hvp_by_closed_forms():
    def f(x):
        return np.array([x[0] * x[1], np.sin(x[2]), np.sum(x)])

    expected = np.array([[X[1], X[0], 0], [0, 0, np.cos(X[2])], [1, 1, 1]])
    assert np.allclose(jacobian(f)(X), expected, rtol=1e-14)
    symmetric = 0.5 * (A + A.T)
    assert np.allclose(grad(quadratic)(X, A), symmetric @ X, rtol=1e-14)
    assert np.allclose(hessian(quadratic)(X, A), symmetric, rtol=1e-14)
    assert np.allclose(hvp(quadratic, (X, A), (X, None)), symmetric @ X, rtol=1e-14)
    assert jacobian(product, "y")(3.0, 2.0) == 3.0
    assert np.allclose(hessian(decorated.primal)(2.0), 12.0)
    wide = jacobian(lambda_free)(X)
    assert wide.shape == (2, 3, 3) and np.allclose(wide[1], np.diag(2 * X))


def lambda_free(x):
    return np.stack([x, x * x])


def test_jacobian_has_the_shape_of_result_and_argument():
    def f(x, B):
        return np.outer(x, x) @ B

    assert jacobian(f)(X, A).shape == (3, 3, 3)
    assert jacobian(f, 1)(X, A).shape == (3, 3, 3, 3)
    assert jacobian(total)(np.ones((2, 3))).shape == (2, 3)
    assert jacobian(lambda_free)(X.astype(np.float32)).dtype == np.float32


def test_second_derivatives_agree_however_they_are_taken():
    def f(x):
        s = 0.0
        for i in range(len(x)):
            s = np.sin(s) + x[i] ** 2 * s + x[i]
        return s + np.sum(np.tanh(x)) * s

    gradient = grad(f)
    full = hessian(f)(X)
    assert np.allclose(full, full.T, rtol=1e-12)
    for direction in np.eye(3):
        assert np.allclose(hvp(f, (X,), (direction,)), full @ direction, rtol=1e-12)
        step = 1e-6 * direction
        estimate = (gradient(X + step) - gradient(X - step)) / 2e-6
        assert np.allclose(estimate, full @ direction, rtol=1e-6, atol=1e-8)



def test_derivatives_of_derivatives_of_one_number():
    f = grad(grad(grad(decorated.primal)))
    assert f(2.0) == 6.0
    assert grad(decorated)(2.0) == 12.0


@pytest.mark.xfail(raises=MissingRuleError, reason="derivatives inside functions: a later issue")
def test_nested_derivatives_do_not_mix_their_perturbations():
    def inner(x, y):
        return x * y

    inner_slope = grad(inner, "y")

    def outer(x):
        return x * inner_slope(x, x)

    assert grad(outer)(3.0) == 6.0


# Errors of the user's code


def test_a_missing_rule_shows_the_line_with_a_caret():
    def f(x):
        y = np.nextafter(x, 1.0)
        return y

    with pytest.raises(MissingRuleError) as caught:
        grad(f)(1.0)
    message = str(caught.value)
    assert "nextafter" in message and "y = np.nextafter(x, 1.0)" in message
    line, caret = message.splitlines()[1:3]
    assert line[caret.index("^") :].startswith("np.nextafter(x, 1.0)")
    assert "test_api.py" in line


def test_what_is_not_a_function_is_refused():
    for wrong in (3.0, "f", None):
        with pytest.raises((ArgumentError, adxform.AdxformError)):
            grad(wrong)(1.0)
    with pytest.raises(adxform.SourceNotFoundError):
        grad(math.sin)(1.0)


def test_a_failed_call_leaves_nothing_behind():
    gradient = grad(product)
    with pytest.raises(ArgumentError):
        gradient(1, 2.0)
    assert gradient(3.0, 2.0) == 2.0 + math.cos(3.0)
