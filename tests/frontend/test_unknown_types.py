"""Text for parameters of unknown type: what is written in place is right for numbers and for arrays."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from adxform import UnsupportedError, source
from tests.test_recursion import minors

V = np.array([0.3, -0.7, 1.1])
M = np.arange(6.0).reshape(2, 3) / 3.0 + 0.1


def made(f, mode):
    text = source(f, mode, tuple(range(f.__code__.co_argcount)))
    space: dict = {}
    exec(text, space)
    return space[f"{f.__name__}_{mode}"]


def agrees(f, *args):
    """Text for unknown types agrees with differences at arguments, which it leaves as they are."""
    rng = np.random.default_rng(0)
    dx = [rng.uniform(-1.0, 1.0, np.shape(a))[()] for a in args]
    given = copy.deepcopy(args)

    def moved(step):
        return f(*(a + step * d for a, d in zip(copy.deepcopy(args), dx, strict=True)))

    estimate = (moved(1e-6) - moved(-1e-6)) / 2e-6
    forward, reverse = made(f, "forward"), made(f, "reverse")
    for _ in range(2):
        value, tangent = forward(*given, *dx)
        assert value == f(*copy.deepcopy(args))
        assert np.isclose(tangent, estimate, rtol=1e-6, atol=1e-7)
        value, bars = reverse(*given)
        bars = bars if isinstance(bars, tuple) else (bars,)
        assert value == f(*copy.deepcopy(args))
        inner = sum(np.sum(bar * d) for bar, d in zip(bars, dx, strict=True))
        assert np.isclose(inner, tangent, rtol=1e-10)
        assert all(np.array_equal(a, b) for a, b in zip(given, args, strict=True))


# What is written to by an index, or by fill, is no number.


def under_another_name(a):
    z = a
    z[0] = 2.0 * np.sum(a)
    return np.sum(a * z)


def row_of_a_matrix(m):
    m = m * 1.0
    row = m[0]
    row[0] = -np.sum(m)
    row.fill(row.sum())
    return np.mean(m * m)


def reversed_before(a):
    back = a[::-1]
    a[[0, 2]] *= 3.0
    return back[1] + np.sin(np.sum(back * a))


def filled(a, x):
    z = a
    np.copyto(a, np.sin(a * x))
    np.add.at(z, [0, 0], x * x)
    np.multiply(a, x, out=a)
    return np.sum(z * a)


def in_loops(a, x):
    for _ in range(2):
        b = a
        b[:] += np.sin(x)
        for _ in range(2):
            a[1:] = a[:-1] * x
    return np.sum(a)


def on_one_side(a, x):
    z = a
    if x > 0.0:
        z[0] = x * a[1]
    else:
        z[1] = x
    return np.sum(z * a)


def filled_on_one_side(a, x):
    z = a
    if x > 0.0:
        a.fill(np.sin(a[1] * x))
    a += 1.0
    return np.sum(np.sin(a) * z)


def added_on_one_side(a, x):
    t = np.sin(a[1])
    if x > 0.0:
        np.add.at(a, [0, 0], t * x)
    return np.sum(np.sin(a)) * t


def added_in_some_iterations(a, x):
    z = a
    for i in range(3):
        if i < 2:
            np.add(a, 0.5 * a * x, out=z)
    return np.sum(np.sin(a) * z)


def through_a_function(a):
    def write(b):
        c = b
        c[0] *= 2.0
        return b[0]

    return write(a) * np.sum(a)


@pytest.mark.parametrize(("f", "args"), [
    (under_another_name, (V,)), (row_of_a_matrix, (M,)), (reversed_before, (V,)),
    (filled, (V, 0.7)), (in_loops, (V, 0.7)), (on_one_side, (V, 0.7)), (on_one_side, (V, -0.7)),
    (filled_on_one_side, (V, 0.7)), (filled_on_one_side, (V, -0.7)),
    (filled_on_one_side, (0.3, -0.7)),
    (added_on_one_side, (V, 0.7)), (added_on_one_side, (V, -0.7)),
    (added_in_some_iterations, (V, 0.7)), (through_a_function, (V,)),
])
def test_what_is_written_by_an_index_is_an_array(f, args):
    agrees(f, *args)


# An array that ``y *= 2`` changes is seen under other names; a number is another one.


def array_or_number(x):
    y = x * 1.0
    z = y
    y *= 2.0
    return np.sum(y * z)


def element_or_row(x):
    y = x * 1.0
    s = y[0]
    y[1] = 2.0 * np.sum(y)
    y[0] *= 3.0
    return np.sum(y * s)


def elements_or_rows_in_a_loop(x):
    y = x * 1.0
    for i in range(2):
        s = y[i]
        y[0] += s * s
        y[1] = np.sin(s)
    return np.sum(y)


def one_of_two(x, y):
    x, y = x * 1.0, y * 1.0
    z = x
    if np.sum(y) > 0.0:
        x *= y
    else:
        z = y
    return np.sum(x) + np.sum(z * z)


def grown_in_a_loop(x):
    y = x * 1.0
    z = y
    for i in range(3):
        y += z * 0.1
        z = np.sin(y) if i == 1 else y
    return np.sum(y * z)


def rows_that_a_loop_goes_over(x):
    y = x * 1.0
    for k in y:
        k *= 2.0
        y[0] += 0.1
    return np.sum(np.sin(y))


def unpacked(x):
    a, b, c = np.sin(x)
    c *= np.sum(a)
    b += c
    return np.sum(a * b * c)


def pairs(x, y):
    z = x - y
    s = 0.0
    for j, k in zip(z, x * 2.0):
        j += np.sum(k)
        k *= j
        s = s + np.sum(j * k) + np.sum(z)
    return s


def element_under_two_names(x):
    y = -x
    t = y[1]
    u = t
    t -= np.cos(y[0])
    y *= 2.0
    return np.sum(t * u) * np.sum(y[1])


def through_an_argument(x):
    def double(b):
        b *= 2.0
        return b

    y = x * 1.0
    return np.sum(double(y) * y)


@pytest.mark.parametrize(("f", "all_args"), [
    (array_or_number, [(1.3,), (V,), (M,)]),
    (element_or_row, [(V,), (M,)]),
    (elements_or_rows_in_a_loop, [(V,), (M,)]),
    (one_of_two, [(1.3, 0.4), (1.3, -0.4), (V, M[0]), (V, -M[0])]),
    (grown_in_a_loop, [(1.3,), (V,)]),
    (rows_that_a_loop_goes_over, [(V,), (M,)]),
    (unpacked, [(V,), (M[[0, 1, 0]],)]),
    (pairs, [(V, V[::-1].copy()), (M, 2.0 * M)]),
    (element_under_two_names, [(V,), (M,)]),
    (through_an_argument, [(1.3,), (V,)]),
])
def test_numbers_are_told_from_arrays(f, all_args):
    for args in all_args:
        agrees(f, *args)


def test_what_is_no_matter_is_not_asked():
    text = source(one_name_only, "reverse", (0,))
    assert "isinstance(y" not in text
    agrees(one_name_only, 1.3)


def one_name_only(x):
    y = x * 1.0
    y *= 2.0
    y += np.sin(y)
    return np.sum(y)


# What may be a list is not taken for an array, nor what may be None.


def sorted_names(x, names):
    names[0] = "c"
    names.sort()
    return x * len(names[0])


def test_a_list_is_sorted_as_a_list():
    text = source(sorted_names, "forward", ("x",))
    space: dict = {}
    exec(text, space)
    value, tangent = space["sorted_names_forward"](0.7, ["bb", "aaa"], 1.0)
    assert value == pytest.approx(0.7 * 3) and tangent == 3


def written_if_given(x, out=None):
    return np.sum(np.multiply(x, x, out=out))


def test_what_may_be_none_is_not_written_to():
    with pytest.raises(UnsupportedError, match="not known what array is written"):
        source(written_if_given, "reverse", (0,))


def perhaps_a_list(xs, x):
    first = xs[0]
    xs[0] = x
    return np.sum(first) * x + np.sum(xs[0])


def row_or_item(xs, x):
    row = xs[0]
    row[0] = x
    return np.sum(xs[0]) * x


@pytest.mark.parametrize("f", [perhaps_a_list, row_or_item])
def test_items_of_what_may_be_a_list_are_refused(f):
    with pytest.raises(UnsupportedError, match="in place here while"):
        source(f, "reverse", (0, 1))


# A function that calls itself may change what is its own, and not what it is given.


def halved(x):
    if len(x) == 1:
        return x
    total = x[:1] * 0.5
    for part in (x[1:], x[:-1]):
        total += np.sin(halved(part))
    return total


def sum_of_halved(x):
    return np.sum(halved(x) ** 2)


@pytest.mark.parametrize("f", [minors, sum_of_halved])
def test_what_is_made_inside_may_be_changed(f):
    agrees(f, M[:, :2] + np.eye(2) if f is minors else V)


def changes_what_it_is_given(x, n):
    if n == 0:
        return np.sum(x)
    y = x
    if n > 2:
        y = x * 2.0
    y += 1.0
    return changes_what_it_is_given(y, n - 1)


def changes_it_in_the_second_iteration(x, n):
    if n == 0:
        return np.sum(x)
    total = x * 1.0
    for _ in range(2):
        total *= 2.0
        total = x
    return changes_it_in_the_second_iteration(x * 0.5, n - 1)


@pytest.mark.parametrize("f", [changes_what_it_is_given, changes_it_in_the_second_iteration])
def test_what_is_given_may_not(f):
    with pytest.raises(UnsupportedError, match="in place here"):
        source(f)
