"""Numbers of single precision beside those of double: a derivative in double precision keeps its
digits, whatever it is multiplied with, and one in single precision its dtype.
"""

import numpy as np
import pytest

from adxform import grad, jacobian, jvp, value_and_grad, vjp

W = np.array([0.3, 0.7, 0.1])
X = np.array([1.0, 2.0, 3.3], dtype=np.float32)
WIDE = X.astype(float)
CONSTANT = np.float32(0.1)


def mean_of_products(w, x):
    return np.mean(x * w)


def looped(w, x):
    total = 0.0
    for i in range(len(x)):
        total = total + x[i] * w[i] / 3.0
    return total


def dot(w, x):
    return x @ w / 3.0


@pytest.mark.parametrize("function", [mean_of_products, looped, dot])
def test_a_cotangent_is_as_precise_as_its_value(function):
    exact = WIDE / 3.0
    for bar in (
        grad(function)(W, X), value_and_grad(function)(W, X)[1], jacobian(function)(W, X),
        vjp(function, W, X)[1](1.0)[0], vjp(function, W, X)[1](np.float32(1.0))[0],
    ):  # fmt: skip
        assert bar.dtype == np.float64
        np.testing.assert_allclose(bar, exact, rtol=1e-15)
    bar = grad(function, argnums="x")(W, X)
    assert bar.dtype == np.float32
    np.testing.assert_allclose(bar, W / 3.0, rtol=1e-7)


@pytest.mark.parametrize("function", [mean_of_products, looped])
def test_machine_code_is_as_precise(function):
    bar = grad(function, backend="numba")(W, X)
    np.testing.assert_allclose(bar, WIDE / 3.0, rtol=1e-15)


def scaled(w):
    return np.sum(np.float32(0.1) * w**2) / 3.0


def scaled_from_outside(w):
    return CONSTANT * np.sum(w**2) / 3.0


@pytest.mark.parametrize("function", [scaled, scaled_from_outside])
def test_a_narrow_constant_rounds_nothing_else(function):
    np.testing.assert_allclose(grad(function)(W), 2.0 * float(CONSTANT) * W / 3.0, rtol=1e-15)


def number(s):
    return np.float64(s * s) * CONSTANT / 3.0


def test_numbers():
    exact = 2.0 * 0.7 * float(CONSTANT) / 3.0
    assert grad(number)(0.7) == pytest.approx(exact, rel=1e-15)
    assert vjp(number, 0.7)[1](1.0)[0] == pytest.approx(exact, rel=1e-15)


def squares(w, x):
    return x * w / 3.0


def test_tangents_and_cotangents_take_the_dtype_of_their_values():
    narrow, whole = np.full(3, 0.1, dtype=np.float32), np.full(3, float(CONSTANT))
    for given in (narrow, whole):
        _, tangent = jvp(squares, (W, X), (given, None))
        np.testing.assert_allclose(tangent, WIDE * whole / 3.0, rtol=1e-15)
        w_bar, x_bar = vjp(squares, W, X)[1](given)
        np.testing.assert_allclose(w_bar, WIDE * whole / 3.0, rtol=1e-15)
        assert x_bar.dtype == np.float32
    _, tangent = jvp(squares, (np.float64(0.3), X), (1.0, None))
    np.testing.assert_allclose(tangent, WIDE / 3.0, rtol=1e-15)
    assert not np.shares_memory(vjp(lambda w: w, W)[1](whole)[0], whole)


def test_single_precision_alone_stays():
    def f(x):
        return np.mean(np.sin(x) * x)

    assert grad(f)(X).dtype == np.float32
    assert "np.float64" not in grad(f).source
    assert vjp(f, X)[1](1.0)[0].dtype == np.float32


def subtracted(w, x):
    scale = np.sum(x) if x[0] > 0 else np.clip(w[0], -1.0, 1.0)  # of either precision
    x = x * scale
    x -= w
    return np.sum(x) * x[0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_array_of_a_precision_known_late_keeps_it_when_it_is_written_to(sign):
    x = np.float32(sign) * X
    value, bar = value_and_grad(subtracted, argnums=1)(W, x)
    moved, tangent = jvp(subtracted, (W, x), (None, np.ones_like(x)))
    expected = subtracted(W, x)
    assert value == moved == expected
    assert value.dtype == moved.dtype == expected.dtype
    assert bar.dtype == np.float32
    np.testing.assert_allclose(np.sum(bar), tangent, rtol=1e-5)


def inner_slope(x):
    return np.tanh(grad(lambda a, b: np.sin(a) * np.sum(x) * b, 1)(x[0], 0.25))


def test_a_slope_in_a_number_of_python_is_one_wherever_it_is_asked_for():
    value, bar = value_and_grad(inner_slope)(X)
    assert value == inner_slope(X)
    assert value.dtype == np.float64
    assert bar.dtype == np.float32
    expected = grad(inner_slope)(WIDE)
    np.testing.assert_allclose(bar, expected, rtol=1e-5)


def constant_slope(x):
    return np.tanh(grad(grad(lambda e: e * e))(x)) * np.ones(2)[0]


def test_a_slope_that_is_constant_has_the_precision_of_its_argument():
    x = np.float32(0.3)
    assert jvp(constant_slope, (x,), (x,))[0] == constant_slope(x)
    assert value_and_grad(constant_slope)(x)[0] == constant_slope(x)


def slope_of_a_constant(x, s):
    return x + grad(lambda e: np.sin(e))(0.3)


def slope_in_either_precision(x, s):
    while 0.5 < s < 1.0:
        s = np.sum(x)
    return x * grad(lambda b: s * b)(np.sum(x)) * grad(grad(lambda e: e * e))(s)


def inner_tangent(x, s):
    return x * jvp(lambda e: 3.0 * e, (np.inner(x, x),), (1.0,))[1]


def number_or_array_written(x, s):
    y = x * 2.0
    while s > 5.0:
        y = s
    y -= np.full(2, 0.7)[0]
    return y * 2.0


def norm_of_either(x, s):
    y = x * 2.0
    while s > 5.0:
        y = s
    n = np.linalg.norm(y)
    n -= np.full(X.shape, 0.7)
    return n


def written_by_an_unknown(x, s):
    rows = x if s > 0.0 else 1.0
    z = x / 3.0
    z += np.sum(np.broadcast_to(rows, (2, *X.shape)), axis=0) * np.full(X.shape, 0.7)
    return z


@pytest.mark.parametrize("f", [slope_of_a_constant, slope_in_either_precision, inner_tangent,
                               number_or_array_written, norm_of_either, written_by_an_unknown])
def test_values_keep_the_precision_of_the_path_taken(f):
    for s in (0.25, 0.75):
        expected = f(X, s)
        value, tangent = jvp(f, (X, s), (np.ones_like(X), None))
        np.testing.assert_array_equal(value, expected)
        assert value.dtype == expected.dtype
        _, wide = jvp(f, (WIDE, s), (np.ones_like(WIDE), None))
        np.testing.assert_allclose(tangent, wide, rtol=1e-4)
        assert grad(lambda x, s=s: np.sum(f(x, s)))(X).dtype == np.float32
