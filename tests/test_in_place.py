"""Arrays changed in place: derivatives are right or the program is refused, never wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from adxform import ArgumentError, UnsupportedError, forward, grad, hvp, jacobian, jvp, reverse, vjp

X = np.array([0.7, -1.3, 2.1, 0.4])
TWO = np.array([1.0, 2.0])


def differences(f: Callable[..., Any], args: tuple[Any, ...], place: int = 0) -> np.ndarray:
    """Central differences of a function, each evaluation on copies of its own."""
    x = args[place]
    result = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        sides = []
        for step in (1e-6, -1e-6):
            own = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
            own[place][index] += step
            sides.append(f(*own))
        result[index] = (sides[0] - sides[1]) / 2e-6
    return result


def check(f: Callable[..., Any], *args: Any, place: int = 0) -> None:
    """Both modes agree with differences, twice, and the arguments stay as they were."""
    kept = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    expected = differences(f, tuple(kept), place)
    primal = f(*[a.copy() if isinstance(a, np.ndarray) else a for a in args])
    derivative = adxform.value_and_grad(f, argnums=place)
    for _ in range(2):
        value, found = derivative(*args)
        np.testing.assert_allclose(value, primal, rtol=1e-13)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
        for a, b in zip(args, kept, strict=True):
            np.testing.assert_array_equal(a, b)
    direction = np.cos(np.arange(args[place].size)).reshape(args[place].shape) + 0.3
    tangents = [direction if i == place else None for i in range(len(args))]
    _, tangent = jvp(f, args, tangents)
    np.testing.assert_allclose(tangent, np.sum(expected * direction), rtol=1e-6, atol=1e-7)
    for a, b in zip(args, kept, strict=True):
        np.testing.assert_array_equal(a, b)


def right_or_refused(f: Callable[..., Any], x: np.ndarray, expected: list[float]) -> None:
    kept = x.copy()
    try:
        found = grad(f)(x)
    except UnsupportedError as error:
        (diagnostic, *_) = error.diagnostics
        assert diagnostic.location is not None, error
        assert diagnostic.location.file == __file__
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    np.testing.assert_array_equal(x, kept)
    try:
        _, tangent = jvp(f, (x,), (np.ones_like(x),))
    except UnsupportedError:
        return
    np.testing.assert_allclose(tangent, np.sum(expected), rtol=1e-13)


# --- what autograd 1.9.1 gets silently wrong ------------------------------------------------------


def view_scaled(x):
    y = x * 1.0
    v = y[:1]
    v *= 3.0
    return np.sum(y)


def alias_scaled(x):
    y = x * 2.0
    z = y
    z *= x
    return np.sum(y)


def buffer_changed_after_use(x):
    c = np.ones(2)
    y = c * x
    c[0] = 5.0
    return np.sum(y * y)


def work_array_reused(x):
    c = np.ones(2)
    s = 0.0
    for _ in range(3):
        c *= 2.0
        s += np.sum(c * x)
    return s


def index_array_changed(x):
    i = np.array([1, 1])
    y = x[i]
    i[:] = 0
    return np.sum(y * np.array([1.0, 9.0]))


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (view_scaled, TWO, [3.0, 1.0]),
        (alias_scaled, TWO, [4.0, 8.0]),
        (buffer_changed_after_use, TWO, [2.0, 4.0]),
        (work_array_reused, TWO, [14.0, 14.0]),
        (index_array_changed, TWO, [0.0, 10.0]),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_five_silent_errors_of_tracing(f, x, expected):
    right_or_refused(f, x, expected)


def test_a_buffer_that_changes_after_use_is_differentiated():
    np.testing.assert_allclose(grad(buffer_changed_after_use)(TWO), [2.0, 4.0])


def test_a_work_array_that_a_loop_reuses_is_differentiated():
    np.testing.assert_allclose(grad(work_array_reused)(TWO), [14.0, 14.0])


# --- more aliases ---------------------------------------------------------------------------------


def alias_written_by_index(x):
    y = x * 2.0
    z = y
    z[0] = 7.0
    return np.sum(y * x)


def reshaped_view_written(x):
    y = x * 1.0
    v = y.reshape(2, 1)
    v[0, 0] = 5.0
    return np.sum(y * y)


def transposed_view_written(x):
    y = x * 1.0
    v = y.T
    v[0] = 5.0
    return np.sum(y * y)


def ravelled_view_written(x):
    y = np.outer(x, x)
    v = y.ravel()
    v[1] = 0.0
    return np.sum(y)


def alias_in_a_tuple(x):
    y = x * 2.0
    pair = (y, x)
    pair[0][0] = 4.0
    return np.sum(y)


def alias_in_a_list(x):
    y = x * 2.0
    rows = [y]
    y[0] = 4.0
    return np.sum(rows[0] * x)


def alias_made_in_one_branch(x):
    y = x * 2.0
    z = np.zeros(2)
    if y[0] > 0.0:
        z = y
    z[0] = 4.0
    return np.sum(y * x)


def alias_from_the_loop_before(x):
    y = x * 1.0
    z = np.zeros(2)
    for i in range(2):
        z[i] = 3.0 * x[i]
        y = z
    return np.sum(y * z)


def alias_of_an_earlier_iteration(x):
    z = np.zeros(2)
    previous = np.zeros(2)
    s = 0.0
    for i in range(2):
        z[i] = x[i] * x[i]
        s += np.sum(previous * x)
        previous = z
    return s


def row_view_written(x):
    y = np.outer(x, x)
    row = y[0]
    row[1] = 3.0
    return np.sum(y * y)


def loop_over_rows_written(x):
    y = np.outer(x, x)
    for row in y:
        row[0] = 3.0
    return np.sum(y * y)


def out_argument(x):
    y = x * 1.0
    np.multiply(y, x, out=y)
    return np.sum(y)


def copied_to(x):
    y = np.zeros(2)
    np.copyto(y, x)
    return np.sum(y * y)


def filled(x):
    y = x * 1.0
    y.fill(3.0)
    return np.sum(y * x)


def sorted_in_place(x):
    y = -x
    y.sort()
    return np.sum(y * np.array([1.0, 10.0]))


def added_at(x):
    y = x * 1.0
    np.add.at(y, [0, 0], x[1])
    return np.sum(y)


def helper_changes_its_argument(x):
    y = x * 1.0
    scale_first(y)
    return np.sum(y)


def scale_first(y):
    y[0] = 3.0 * y[0]


def swapped_by_views(x):
    y = x * 1.0
    a, b = y[:1], y[1:]
    y[:1], y[1:] = b, a
    return np.sum(y * np.array([1.0, 10.0]))


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (alias_written_by_index, [7.0, 8.0]),
        (reshaped_view_written, [0.0, 4.0]),
        (transposed_view_written, [0.0, 4.0]),
        (ravelled_view_written, [4.0, 5.0]),  # x0^2 + x0 x1 + x1^2
        (alias_in_a_tuple, [0.0, 2.0]),
        (alias_in_a_list, [4.0, 8.0]),
        (alias_made_in_one_branch, [4.0, 8.0]),
        (alias_from_the_loop_before, [18.0, 36.0]),
        (alias_of_an_earlier_iteration, [3.0, 12.0]),
        (row_view_written, [12.0, 36.0]),
        (loop_over_rows_written, [8.0, 36.0]),
        (out_argument, [2.0, 4.0]),
        (copied_to, [2.0, 4.0]),
        (filled, [3.0, 3.0]),
        (sorted_in_place, [-10.0, -1.0]),
        (added_at, [1.0, 3.0]),
        (helper_changes_its_argument, [3.0, 1.0]),
        (swapped_by_views, None),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_writes_that_another_name_sees(f, expected):
    if expected is None:
        expected = differences(f, (TWO,))
    assert np.allclose(differences(f, (TWO,)), expected, atol=1e-7), "the test itself"
    right_or_refused_about(f, expected)


def right_or_refused_about(f, expected):
    for run in (lambda: grad(f)(TWO), lambda: vjp(f, TWO)[1](1.0)[0]):
        try:
            found = run()
        except adxform.InternalError:
            raise
        except adxform.AdxformError:
            continue
        np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_array_equal(TWO, [1.0, 2.0])
    try:
        _, tangent = jvp(f, (TWO,), (np.array([1.0, 0.5]),))
    except adxform.InternalError:
        raise
    except adxform.AdxformError:
        return
    np.testing.assert_allclose(tangent, np.dot(expected, [1.0, 0.5]), rtol=1e-8)
    np.testing.assert_array_equal(TWO, [1.0, 2.0])


def test_a_captured_array_is_not_changed():
    buffer = np.ones(2)

    def f(x):
        buffer[0] = x[0]
        return np.sum(buffer * x)

    with pytest.raises(UnsupportedError, match="buffer"):
        grad(f)(TWO)
    np.testing.assert_array_equal(buffer, np.ones(2))


# --- recurrences ----------------------------------------------------------------------------------


def recurrence(x):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = np.sin(y[i - 1]) * x[i] + y[i - 1] ** 2
    return y[-1]


def recurrence_like(x):
    y = np.empty_like(x)
    y[0] = np.exp(x[0])
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i] - x[0]
    return np.sum(y * y)


def overwritten_in_place(x):
    y = x.copy()
    for i in range(1, len(y)):
        y[i] = y[i] * y[i - 1]
    return np.sum(y)


def overwritten_backwards(x):
    y = x.copy()
    for i in range(len(y) - 2, -1, -1):
        y[i] = np.tanh(y[i] + y[i + 1] ** 2)
    return y[0]


def one_cell_many_times(x):
    y = np.zeros(1)
    for i in range(len(x)):
        y[0] = y[0] * x[i] + np.sin(x[i])
    return y[0] ** 2


def nested_recurrence(x):
    y = np.ones((3, len(x)))
    for k in range(1, 3):
        for i in range(len(x)):
            y[k, i] = y[k - 1, i] * x[i] + np.sin(y[k, i] * x[0])
    return np.sum(y)


def inner_bound_from_state(x):
    y = np.zeros(len(x))
    count = 1
    for i in range(len(x)):
        for j in range(count):
            y[j] = y[j] + x[i] ** 2 * (j + 1)
        if y[0] > 0.0 and count < len(x):
            count = count + 1
    return np.sum(y * y)


def heat(x):
    u = x.copy()
    for _ in range(4):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2]) ** 2
    return np.sum(u * u)


def while_filling(x):
    y = np.zeros(len(x))
    i = 0
    while i < len(x) and np.sum(y) < 100.0:
        y[i] = x[i] ** 2 + np.sum(y)
        i += 1
    return np.sum(y)


def cumulative(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] += y[i - 1]
    return np.sum(y ** 2)


def forward_substitution(x):
    a = np.array([[2.0, 0, 0, 0], [1.0, 3.0, 0, 0], [0.5, 0.2, 1.0, 0], [0.1, 0.4, 0.3, 2.0]])
    y = x.copy()
    for i in range(4):
        for j in range(i):
            y[i] -= a[i, j] * y[j]
        y[i] /= a[i, i]
    return np.sum(np.exp(y))


def branch_writes(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        if x[i] > 0.0:
            y[i] = x[i] ** 3
        else:
            y[0] = y[0] * x[i]
    return np.sum(y)


@pytest.mark.parametrize(
    "f",
    [
        recurrence, recurrence_like, overwritten_in_place, overwritten_backwards,
        one_cell_many_times, nested_recurrence, inner_bound_from_state, heat, while_filling,
        cumulative, forward_substitution, branch_writes,
    ],
    ids=lambda f: f.__name__,
)
def test_recurrences(f):
    check(f, X)


@pytest.mark.parametrize("f", [recurrence, overwritten_in_place, heat], ids=lambda f: f.__name__)
def test_second_derivatives_of_recurrences(f):
    found = adxform.hessian(f)(X)
    expected = np.array([
        (grad(f)(X + 1e-6 * e) - grad(f)(X - 1e-6 * e)) / 2e-6 for e in np.eye(4)
    ])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found, found.T, rtol=1e-10, atol=1e-12)


# --- slices and overlapping copies ----------------------------------------------------------------


def slice_written(x):
    y = np.zeros(6)
    y[1:5] = x * x
    y[0:2] = x[:2]
    return np.sum(y * np.arange(6.0))


def strided(x):
    y = np.ones(8)
    y[::2] = x
    y[7:0:-2] = y[0:8:2] * x
    return np.sum(y * np.arange(8.0) ** 2)


def scalar_into_slice(x):
    y = x * x
    y[1:3] = x[0] * x[3]
    return np.sum(y * np.arange(4.0))


def row_into_matrix(x):
    y = np.zeros((3, 4))
    y[1] = x
    y[:, 2] = x[:3] ** 2
    y[2, :] = y[1, :] * x
    return np.sum(y * y)


def broadcast_into_matrix(x):
    y = np.ones((3, 4))
    y[:] = x
    y[0:2, :] *= x[1]
    return np.sum(y ** 3)


def shifted_right(x):
    y = x.copy()
    y[1:] = y[:-1]
    return np.sum(y * np.arange(1.0, 5.0))


def shifted_left(x):
    y = x * x
    y[:-1] = y[1:]
    y[:-1] = y[1:] * y[:-1]
    return np.sum(y * np.arange(1.0, 5.0))


def reversed_onto_itself(x):
    y = x * x
    y[:] = y[::-1]
    return np.sum(y * np.arange(1.0, 5.0))


def overlapping_sum(x):
    y = x.copy()
    y[1:] += y[:-1]
    return np.sum(y * np.arange(1.0, 5.0) * y)


def overlapping_product_in_loop(x):
    y = x.copy()
    for _ in range(3):
        y[1:] *= y[:-1]
    return np.sum(y)


def fancy_written(x):
    y = np.zeros(5)
    y[np.array([3, 0, 1, 4])] = x * x
    return np.sum(y * np.arange(5.0))


def masked_written(x):
    y = x * x
    y[x > 0.5] = 2.0
    return np.sum(y * x)


def masked_product(x):
    y = x * x
    y[x > 0.5] *= 3.0
    return np.sum(y * x)


@pytest.mark.parametrize(
    "f",
    [
        slice_written, strided, scalar_into_slice, row_into_matrix, broadcast_into_matrix,
        shifted_right, shifted_left, reversed_onto_itself, overlapping_sum,
        overlapping_product_in_loop, fancy_written, masked_written, masked_product,
    ],
    ids=lambda f: f.__name__,
)
def test_slices(f):
    check(f, X)


def duplicates_written(x):
    y = np.zeros(3)
    y[np.array([1, 1, 2, 1])] = x
    return np.sum(y * np.array([1.0, 2.0, 3.0]) * y)


def duplicates_added(x):
    y = np.ones(3)
    y[np.array([1, 1, 2, 1])] += x
    return np.sum(y * np.array([1.0, 2.0, 3.0]) * y)


@pytest.mark.parametrize("f", [duplicates_written, duplicates_added], ids=lambda f: f.__name__)
def test_an_index_that_names_a_place_twice(f):
    """NumPy keeps the last value; the derivative is of that, or the program is refused."""
    try:
        check(f, X)
    except UnsupportedError:
        pass


# --- parameters -----------------------------------------------------------------------------------


def parameter_written(x):
    x[0] = x[0] ** 2
    x[1:] *= x[0]
    return np.sum(x)


def parameter_augmented(x, y):
    x += y
    x *= x
    return np.sum(x)


def parameter_sorted_out(x):
    for i in range(len(x)):
        if x[i] < 0.0:
            x[i] = -x[i]
    return np.sum(np.sqrt(x))


def parameter_written_later(x):
    s = np.sum(x ** 3)
    x[:] = 0.0
    return s + np.sum(x)


@pytest.mark.parametrize(
    "f", [parameter_written, parameter_sorted_out, parameter_written_later],
    ids=lambda f: f.__name__,
)
def test_arguments_that_the_function_changes_stay_as_they_were(f):
    check(f, X)


@pytest.mark.parametrize("place", [0, 1])
def test_augmented_parameters(place):
    check(parameter_augmented, X, X[::-1].copy(), place=place)


def test_one_array_for_two_parameters():
    """With the same object for both, ``x += y`` is seen through ``y``: that is the function's
    value, and the derivative is that of distinct arrays or refused."""

    def f(x, y):
        z = x * 1.0
        z += y
        return np.sum(z * y)

    a = X.copy()
    np.testing.assert_allclose(grad(f, (0, 1))(a, a)[0], a)
    np.testing.assert_allclose(grad(f, (0, 1))(a, a)[1], 3 * a)


# --- augmented assignment -------------------------------------------------------------------------


def all_operators(x):
    y = x * 1.0
    y += x
    y -= 0.3 * x ** 2
    y *= x + 2.0
    y /= 1.0 + x * x
    y **= 2
    return np.sum(y)


def number_augmented(x):
    s = x[0]
    t = s
    t += 3.0 * x[1]
    t *= x[2]
    return s * t


def matrix_augmented(x):
    a = np.outer(x, x)
    a += x
    a -= x[:, None] ** 2
    a[1, :] += x * a[0, 0]
    a[:, 0] *= 2.0
    return np.sum(a * a)


def augmented_with_itself(x):
    y = x * 1.0
    y *= y
    y += y
    return np.sum(y)


def augmented_in_loop(x):
    y = np.zeros(len(x))
    for i in range(3):
        y += x ** (i + 1)
        y *= 1.5
    return np.sum(y * y)


def element_augmented_twice(x):
    y = np.zeros(2)
    for i in range(len(x)):
        y[i % 2] += x[i] ** 2
        y[i % 2] *= x[0]
    return y[0] * y[1]


def augmented_by_matmul(x):
    a = np.outer(x, x)
    v = x * 1.0
    v = v @ a
    v -= x
    return np.sum(v)


@pytest.mark.parametrize(
    "f",
    [
        all_operators, number_augmented, matrix_augmented, augmented_with_itself,
        augmented_in_loop, element_augmented_twice, augmented_by_matmul,
    ],
    ids=lambda f: f.__name__,
)
def test_augmented_assignment(f):
    check(f, X)


# --- values across loops --------------------------------------------------------------------------


def set_before_used_after(x):
    """Warp issue 1694: the adjoint of a variable from before the loop became 0."""
    a = x[0] ** 2
    s = 0.0
    for i in range(len(x)):
        s = s + a * x[i]
    return s * a


def accumulator_used_after(x):
    """Warp issue 1740: a nonlinear use after the loop, from an initial value that is not 0."""
    s = x[0] + 2.0
    for i in range(len(x)):
        s = s + x[i] ** 2
    return s ** 3


def captured_buffer_used_around(x):
    w = np.ones(len(x))
    total = np.sum(w * x)
    for i in range(len(x)):
        w[i] = x[i]
        total = total * 0.5 + np.sum(w * x)
    return total + np.sum(w)


def index_variable_changes(x):
    k = 0
    s = 0.0
    for i in range(len(x)):
        s += x[k] * x[i]
        k = (k + 3) % len(x)
    return s * x[k]


@pytest.mark.parametrize(
    "f",
    [set_before_used_after, accumulator_used_after, captured_buffer_used_around,
     index_variable_changes],
    ids=lambda f: f.__name__,
)
def test_values_across_loops(f):
    check(f, X)


def _first_written(a, b):
    a[0] = b[1] * 2.0
    return np.sum(a * b)


@pytest.mark.parametrize(
    "derivative",
    [
        grad(_first_written),
        forward(_first_written),
        reverse(_first_written),
        lambda a, b: jvp(_first_written, (a, b), (a.copy(), b.copy())),
        lambda a, b: vjp(_first_written, a, b),
        lambda a, b: hvp(_first_written, (a, b), (a.copy(), b.copy())),
        jacobian(grad(_first_written)),
    ],
)
def test_one_array_as_two_arguments_of_which_one_is_written(derivative) -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    for a, b in [(x, x), (x[:2], x[1:3]), (x[:3], x[::-1][:3])]:
        with pytest.raises(ArgumentError, match="_first_written writes to a, whose memory b"):
            derivative(a, b)
    assert np.array_equal(x, [1.0, 2.0, 3.0, 4.0])


def test_arguments_that_take_turns_in_one_buffer_share_no_element() -> None:
    buffer = np.array([1.0, 2.0, 3.0, 4.0])
    assert np.allclose(grad(_first_written)(buffer[::2], buffer[1::2]), [0.0, 4.0])
    x = np.array([1.0, 2.0])
    assert np.allclose(grad(lambda a, b: np.sum(a * b))(x, x), x)


def test_one_array_as_two_arguments_inside() -> None:
    def twice(x):
        y = x * 1.0
        return _first_written(y, y)

    x = np.array([1.0, 2.0, 3.0])
    expected = [0.0, 20.0, 6.0]  # (2 x1)^2 + x1^2 + x2^2
    assert np.allclose(grad(twice)(x), expected)


def without_axes(x):
    out = np.empty(())
    out[()] = np.sin(x)
    return out


def of_a_shape_known_at_last(x):
    shape = np.broadcast_shapes(np.shape(x), ())
    out = np.empty(shape)
    positive = np.broadcast_to(x > 0, shape)
    out[positive] = np.sin(np.broadcast_to(x, shape)[positive])
    out[~positive] = np.cos(np.broadcast_to(x, shape)[~positive])
    return out


@pytest.mark.parametrize("f", [without_axes, of_a_shape_known_at_last])
def test_arrays_without_axes_take_a_number_as_cotangent(f):
    assert np.isclose(grad(f)(2.0), np.cos(2.0))
    assert np.isclose(vjp(f, 2.0)[1](1.0)[0], np.cos(2.0))
    assert np.isclose(vjp(f, 2.0)[1](np.array(3.0))[0], 3 * np.cos(2.0))
    assert np.isclose(hvp(f, (2.0,), (1.0,)), -np.sin(2.0))


def grown(x, y):
    z = 2.0 * x
    w = np.sin(z)
    z += y
    return np.sum(z * w)


@pytest.mark.parametrize("shape", [(2, 3), (1, 3)])
def test_what_does_not_fit_into_an_array_is_an_error_as_in_numpy(shape):
    with pytest.raises(ValueError):
        grown(np.ones(3), np.ones(shape))
    with pytest.raises(UnsupportedError, match="more elements"):
        grad(grown)(np.ones(3), np.ones(shape))


def test_an_augmented_assignment_is_written_as_one_where_the_array_is_its_own():
    def f(x, y):
        z = 2.0 * x
        z += y
        return np.sum(z)

    text = adxform.source(f, "forward")
    assert "    z += y\n" in text
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    with pytest.raises(ValueError):
        namespace["f_forward"](np.ones(3), np.ones((2, 3)), np.ones(3), np.ones((2, 3)))


def number_beside_what_may_be_written_to(y: float, v: np.ndarray):
    for k in v:
        k -= 2.0
    return (y if y else v) + y + np.sum(v)


def test_the_cotangent_of_a_number_shares_no_memory_with_that_of_another():
    namespace: dict[str, Any] = {}
    exec(adxform.source(number_beside_what_may_be_written_to, "reverse"), namespace)
    made = namespace["number_beside_what_may_be_written_to_reverse"]
    value, (y_bar, v_bar) = made(0.5, np.array([1.0, 2.0, 4.0]), 1.0)
    assert value == 8.0
    assert y_bar == 2.0
    np.testing.assert_array_equal(v_bar, np.ones(3))


def _counting(x, calls=np.zeros(1)):
    calls[0] += 1.0
    return x * calls[0]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_default_that_is_written_to_is_refused(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    derivative = grad(_counting, backend=backend)
    with pytest.raises(ArgumentError, match="writes to the default of calls"):
        derivative(2.0)
    calls = np.array([2.0])
    assert derivative(2.0, calls) == 3.0
    assert calls[0] == 2.0


def _counting_in_a_dictionary(x, calls={}):
    calls["n"] = calls.get("n", 0) + 1
    return x * calls["n"]


def test_a_dictionary_that_is_a_default_and_changes_is_refused():
    with pytest.raises(ArgumentError, match="writes to the default of calls"):
        grad(_counting_in_a_dictionary)(2.0)
    assert grad(_counting_in_a_dictionary)(2.0, {}) == 1.0
