"""What has one name already gets no second one; a new array that nothing else holds is not copied."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform import grad, source

X = np.linspace(0.2, 1.3, 4)


def scaled(c, kind):
    if kind == "exp":
        return np.exp(c)
    return 0.5 * c


def named(c):
    spread = scaled(c, "exp")
    return np.sum(spread * c)


def chosen(c, up):
    if up > 0.0:
        return np.exp(c)
    return c


def twice(c):
    width = chosen(c, 1.0)
    other = width
    other = other * 2.0
    return np.sum(width * other)


def passed_on(c):
    width = chosen(c, c[0])
    width[0] = 2.0
    return np.sum(width * c)


def out_of_the_users(c):
    out = c * 2.0
    spread = out
    return np.sum(spread * out)


@pytest.mark.parametrize("f", [named, twice, out_of_the_users])
def test_derivatives_are_right_where_names_are_merged(f):
    adxform.check_grads(f, (X,))


def test_the_result_of_a_function_with_several_returns_has_its_callers_name():
    text = source(named, args=(X,))
    assert "    spread = np.exp(c)\n" in text
    assert "out = np.exp" not in text and "spread = out" not in text


def test_names_that_the_user_gives_stay():
    assert "    out = c * 2.0\n    spread = out\n" in source(out_of_the_users, args=(X,))


def test_what_may_be_the_argument_is_not_written_to():
    """The branch that returns the argument itself: the write is refused or made in a copy."""
    before = X.copy()
    try:
        value = grad(passed_on)(X)
    except adxform.UnsupportedError:
        return
    np.testing.assert_array_equal(X, before)
    assert value.shape == X.shape


@grad(argnums="a")
def shared(l, a):
    p = l[:, None] + a
    return np.sum(np.log(np.sum(np.exp(p), axis=0)))


@grad(argnums=(0, 1))
def both(l, a):
    return np.sum(np.exp(l + a))


def of_shared(a):
    return shared(np.zeros(2), a) * 2.0


def of_both(l, a):
    first, second = both(l, a)
    return np.sum(first * second)


def kept_apart(a):
    first = np.copy(a)
    first[0] = 0.0
    base = a * 2.0
    total = 0.0
    for i in range(2):
        other = np.copy(base)
        other[i] += a[0]
        total += np.sum(other * base) + np.sum(first * a)
    return total


A = np.linspace(-1.0, 1.0, 6).reshape(2, 3)


def test_a_gradient_inside_copies_nothing():
    text = source(of_shared, mode="forward", args=(A,))
    assert "copy" not in text
    adxform.check_grads(of_shared, (A,))


def test_two_gradients_that_share_memory_are_two_arrays():
    l_bar, a_bar = both(X, X)
    assert not np.shares_memory(l_bar, a_bar)
    adxform.check_grads(of_both, (X, X))


def test_copies_that_matter_stay():
    assert source(kept_apart, mode="forward", args=(A[0],)).count("np.copy(") == 4  # tangents, too
    adxform.check_grads(kept_apart, (A[0],))


def swept_three_times(x: np.ndarray, y: float) -> float:
    a = x.copy()
    for i in range(len(x)):
        a[i] = np.sin(a[i]) * y
    for i in range(len(x)):
        a[i] = np.cos(a[i]) + y
    for i in range(len(x)):
        a[i] = a[i] * y
    return np.sum(a)


def test_what_loops_write_to_one_after_the_other_is_copied_before_the_first():
    """Of a function whose arguments' types are not known: the cotangent may be stretched."""
    made = adxform.reverse(swept_three_times)
    text = source(swept_three_times)
    assert text.count(".copy()") == text.count("a_bar.copy()") + 1 == 2
    _, (x_bar, y_bar) = made(X, 0.7)
    expected = grad(swept_three_times, (0, 1))(X, 0.7)
    np.testing.assert_allclose(x_bar, expected[0], rtol=1e-12)
    np.testing.assert_allclose(y_bar, expected[1], rtol=1e-12)
    adxform.check_grads(swept_three_times, (X, 0.7))


# --- what calls hand back ---------------------------------------------------------------------


def damped(x, n):
    s = x
    for _ in range(n):
        s = np.sin(s) * x[0]
    return s


def of_damped(x):
    return np.sum(damped(x, 3))


def grown(x, y):
    for _ in range(3):
        x = x * 1.5
        y = y * 1.0
    return x + y


def of_grown(x, y):
    return np.sum(grown(x, y))


def unchanged(x, n):
    for _ in range(n):
        x = x
    return x


def of_unchanged(x):
    return np.sum(unchanged(x, 2) ** 2)


def test_what_a_pullback_makes_is_not_copied():
    text = adxform.source(of_damped, args=(np.ones(3),))
    assert "return out, x_bar" in text
    assert "np.copy" not in text


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (of_damped, (np.arange(1.0, 4.0),)),
        (of_grown, (np.arange(1.0, 4.0), np.arange(3.0))),
        (of_unchanged, (np.arange(1.0, 4.0),)),
    ],
)
def test_cotangents_share_memory_with_nothing(f, args):
    gradient = adxform.grad(f, argnums=tuple(range(len(args))))
    _, pullback = adxform.vjp(f, *args)
    bars = [*gradient(*args), *pullback(1.0), *pullback(1.0)]
    for place, bar in enumerate(bars):
        assert not any(np.shares_memory(bar, other) for other in (*args, *bars[:place]))


def test_a_slice_that_is_read_at_once_is_not_copied() -> None:
    def f(u, k):
        v = u.copy()
        v[1:-1] += 0.1 * k[2:]
        return np.sum(v**2)

    u, k = np.linspace(0.0, 1.0, 9), np.linspace(1.0, 2.0, 9)
    derivative = adxform.grad(f, argnums=(0, 1))
    found = derivative(u, k)
    v = u.copy()
    v[1:-1] += 0.1 * k[2:]
    np.testing.assert_allclose(found[0], 2.0 * v)
    np.testing.assert_allclose(found[1], [0.0, 0.0, *0.2 * v[1:-1]])
    assert "np.copy" not in derivative.source
    assert "unbroadcast" not in derivative.source


def test_what_is_read_after_it_is_written_is_copied() -> None:
    def f(u):
        v = u.copy()
        part = v[1:].copy()
        v[1:] = 2.0
        return np.sum(part * part) + np.sum(v * v)

    u = np.linspace(0.0, 1.0, 9)
    np.testing.assert_allclose(adxform.grad(f)(u), 2.0 * u)
