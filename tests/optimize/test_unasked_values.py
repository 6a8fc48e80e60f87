"""A gradient that is asked for alone: the value goes with all that only it needs, unless that can
fail; what is asked for its shape is asked of an operand.
"""

import math

import numpy as np
import pytest

import adxform
from adxform import grad, value_and_grad

X = np.array([0.3, -1.2, 0.7])


def mean_square(w, X, y):
    r = X @ w - y
    return np.mean(r**2)


def test_the_value_is_not_computed():
    gradient = grad(mean_square)
    args = np.ones(2), np.ones((3, 2)), X
    bar = gradient(*args)
    assert gradient.source.splitlines() == [
        "def mean_square_gradient(w, X, y):",
        "    r = X @ w - y",
        "    # return np.mean(r**2)",
        "    r_bar = 2.0 * r * (1.0 / r.size)",
        "    # r = X @ w - y",
        "    w_bar = X.T @ r_bar",
        "    return w_bar",
    ]
    value, other = value_and_grad(mean_square)(*args)
    np.testing.assert_array_equal(bar, other)
    assert value == mean_square(*args)


def looped(x):
    total = 0.0
    for i in range(len(x)):
        total += np.log(1.0 + x[i] ** 2)
    return total


def test_a_loop_that_only_adds_to_the_value_keeps_its_order():
    gradient = grad(looped)
    np.testing.assert_allclose(gradient(X), 2 * X / (1 + X**2), rtol=1e-14)
    assert "for i in range(len(x)):" in gradient.source
    assert "total" not in gradient.source.replace("# total", "").replace("total_2", "")


def weighted(x, y):
    return np.sum(np.sin(x) * y)


def added(x, y):
    return np.sum(x + y)


@pytest.mark.parametrize("function", [weighted, added])
def test_shapes_that_do_not_go_together_fail_as_they_do_in_the_function(function):
    gradient = grad(function)
    gradient(X, np.ones(3))
    for args in ((X, np.ones(4)), (X, np.ones(2))):
        with pytest.raises(ValueError, match="could not be broadcast"):
            function(*args)
        with pytest.raises(ValueError, match="could not be broadcast"):
            gradient(*args)


def test_shapes_that_the_gradient_compares_are_not_compared_twice():
    gradient = grad(weighted)
    np.testing.assert_array_equal(gradient(X, np.ones(3)), np.cos(X))
    assert "x_bar = y * np.cos(x)\n    return x_bar" in gradient.source


def logarithm(x):
    return math.log(x)


def quotient(x, y):
    return x + 1.0 / y


def power(x, y):
    return x + y**-2.0


def last(x, i):
    return x[0] ** 2 + x[i] * 0.0


def called(x, y):
    return 2.0 * x + halved(y)


def halved(y):
    return 1.0 / math.sqrt(y)


def checked(x, y):
    if y < 0.0:
        raise ValueError("y is negative")
    return np.sum(x * y)


@pytest.mark.parametrize(
    "function, args, error",
    [
        (logarithm, (-2.0,), ValueError),
        (quotient, (1.0, 0.0), ZeroDivisionError),
        (power, (1.0, 0.0), ZeroDivisionError),
        (last, (X, 7), IndexError),
        (called, (1.0, -1.0), ValueError),
        (checked, (X, -1.0), ValueError),
    ],
)
def test_what_fails_in_the_function_fails_in_its_gradient(function, args, error):
    with pytest.raises(error):
        function(*args)
    with pytest.raises(error):
        grad(function)(*args)


def complex_result(x):
    return np.sum(x) * 1j


def test_results_that_are_no_real_numbers_are_refused_as_before():
    with pytest.raises(adxform.errors.ArgumentError, match="complex"):
        grad(complex_result)(X)
    with pytest.raises(adxform.errors.ArgumentError, match="array"):
        grad(lambda x: x * 2.0)(X)


def stretched(x, y):
    return np.sum(np.sin(2.0 * x) * y + 1.0)


@pytest.mark.parametrize("other", [np.ones(3), np.ones(1), 2.0, np.ones((2, 3)), np.ones((2, 1))])
def test_a_shape_is_asked_of_what_is_there(other):
    gradient = grad(stretched)
    expected = np.sum(np.broadcast_arrays(2.0 * np.cos(2.0 * X) * other, np.ones(3))[0]
                      .reshape(-1, 3), axis=0)  # fmt: skip
    np.testing.assert_allclose(gradient(X, other), expected, rtol=1e-13)


def in_place(x):
    y = 2.0 * x
    z = y**2
    y[0] = 1.0
    return np.mean(z) + np.sum(y)


def narrow(x):
    return np.mean(np.float32(2.0) * x**2)


def test_shapes_of_arrays_that_change_and_dtypes_that_are_kept():
    np.testing.assert_allclose(grad(in_place)(X), 8 * X / 3 + [0, 2, 2], rtol=1e-13)
    assert grad(narrow)(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(grad(narrow)(X), 4 * X / 3, rtol=1e-15)


@pytest.mark.parametrize("function", [mean_square, weighted, looped])
def test_machine_code_agrees(function):
    args = {"mean_square": (np.ones(2), np.ones((3, 2)), X), "weighted": (X, X), "looped": (X,)}
    args = args[function.__name__]
    np.testing.assert_allclose(
        grad(function, backend="numba")(*args), grad(function)(*args), rtol=1e-14
    )


def logistic(theta, X, y):
    z = X @ theta
    return -np.mean(y * z - np.log1p(np.exp(z)))


def test_what_is_compared_elsewhere_is_not_computed_for_its_shape():
    gradient = grad(logistic)
    args = np.ones(2), np.array([[1.0, 2.0], [3.0, 4.0], [0.5, 0.1]]), np.array([0.0, 1.0, 1.0])
    sigmoid = 1.0 / (1.0 + np.exp(-args[1] @ args[0]))
    np.testing.assert_allclose(gradient(*args), args[1].T @ (sigmoid - args[2]) / 3, rtol=1e-13)
    assert "ratio = 1.0 / y.size" in gradient.source
    for short in (args[2][:2], np.ones(4)):
        with pytest.raises(ValueError, match="could not be broadcast"):
            gradient(*args[:2], short)


def beside_a_search(x, y):
    size = 0.5
    while y * y > 1e-3:
        if y > 0.0:
            y = y - size
        else:
            y = y + size
        size = size / 2.0
    return np.sum(x * x) - y * y


def test_a_loop_that_only_the_value_needs_is_not_run():
    gradient = grad(beside_a_search)
    np.testing.assert_array_equal(gradient(X, 1.0), 2.0 * X)
    assert "while" not in gradient.source
    value, other = value_and_grad(beside_a_search)(X, 1.0)
    assert value == beside_a_search(X, 1.0)
    np.testing.assert_array_equal(other, 2.0 * X)


def divided_in_a_search(x, start, by):
    while start > 1.0:
        start = start / by
    return np.sum(x * x) - start


def test_a_loop_that_can_fail_is_run():
    gradient = grad(divided_in_a_search)
    np.testing.assert_array_equal(gradient(X, 3.0, 2.0), 2.0 * X)
    with pytest.raises(ZeroDivisionError):
        gradient(X, 3.0, 0.0)


def in_branches(x, w):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.5:
            total += w[0] * x[i]
        elif x[i] > 0.0:
            total += w[1] * x[i] ** 2
        else:
            total -= np.sin(w[2] * x[i])
    return total


def read_for_the_value_alone(x, w):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.5:
            total += w[0] * x[i]
        else:
            total += w[i + 2]
    return total


def test_elements_that_the_derivative_reads_too_are_not_read_for_the_value():
    gradient = grad(in_branches, (0, 1))
    for bar, other in zip(
        gradient(X, X), value_and_grad(in_branches, (0, 1))(X, X)[1], strict=True
    ):
        np.testing.assert_array_equal(bar, other)
    assert "total +=" not in gradient.source.replace("# total", "")
    assert "total -=" not in gradient.source.replace("# total", "")


def test_an_element_that_is_not_there_is_an_error_as_in_the_function():
    with pytest.raises(IndexError):
        read_for_the_value_alone(X, X)
    with pytest.raises(IndexError):
        grad(read_for_the_value_alone)(X, X)
    np.testing.assert_array_equal(grad(read_for_the_value_alone)(X, np.ones(5)), [0.0, 0.0, 1.0])


def correlated(image, kernel):
    rows, cols = image.shape[0] - len(kernel) + 1, image.shape[1]
    out = np.zeros((rows, cols))
    for i in range(len(kernel)):
        out += kernel[i] * image[i : i + rows]
    return np.sum(np.sin(out))


def test_a_shape_is_asked_of_an_operand_beside_a_value_too():
    args = np.arange(12.0).reshape(6, 2) / 5.0, np.array([0.3, -0.2, 0.7])
    both = value_and_grad(correlated, (0, 1))
    both(*args)
    assert "unbroadcast(" in both.source and "kernel[i] * item" not in both.source
    adxform.check_grads(correlated, args)
