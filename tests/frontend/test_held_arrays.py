"""Arrays that objects hold and that a function changes in place: right, or refused."""

from __future__ import annotations

import inspect
from typing import NamedTuple

import numpy as np
import pytest

from adxform import value_and_grad
from adxform.errors import UnsupportedError

X = np.array([1.0, 0.2])


class Weights:
    def __init__(self, w):
        self.w, self.v, self.count, self.log = w, w + 1.0, 0, []
        self.parts, self.kept, self.numbers = [], {}, [1.0, 2.0]

    def zero(self):
        self.w[:] = 0.0

    def zero_by_another_name(self):
        w = self.w
        w *= 0.0

    def zero_parts(self):
        for part in self.parts:
            part.zero()

    def applied(self, x):
        return self.w @ x

    def part(self, key):
        if key not in self.kept:
            self.kept[key] = self.w + key
        return self.kept[key]

    def note(self):
        self.count += 1
        self.log.append(self.count)
        self.v[0] = self.count


def halve(held):
    held.w[...] = held.w / 2.0


def halve_array(a):
    a /= 2.0


def doubled_after(x, one):
    y = one.w @ x**2
    one.w *= 2.0
    return np.sum(y)


def zeroed_after(x, one):
    y = one.w @ x**2
    one.w[...] = 0.0
    return np.sum(y)


def item_after(x, one):
    w = one.w
    y = w @ x**2
    one.w[0] = 0.0
    return np.sum(y)


def by_a_method_after(x, one):
    y = one.applied(x**2)
    one.zero()
    return np.sum(y)


def by_a_method_under_another_name(x, one):
    y = one.applied(x**2)
    one.zero_by_another_name()
    return np.sum(y)


def by_a_method_of_parts(x, one):
    y = one.parts[0].w @ x**2
    one.zero_parts()
    return np.sum(y)


def by_a_function_after(x, one):
    y = one.w @ x**2
    halve(one)
    return np.sum(y)


def by_a_function_of_arrays_after(x, one):
    y = one.w @ x**2
    halve_array(one.w)
    return np.sum(y)


def in_a_loop_after(x, one):
    y = 0.0
    for part in one.parts:
        y = y + part.w @ x**2
        part.zero()
    return np.sum(y)


def filled(x, one):
    one.w.fill(2.0)
    return np.sum(one.w @ x**2)


def under_another_name(x, one):
    w = one.w
    w *= 2.0
    return np.sum(one.w @ x**2)


def written(x, one):
    w = one.w
    w[0] = x
    return np.sum(one.w @ x**2)


def a_row(x, one):
    row = one.w[0]
    row += x
    return np.sum(one.w @ x**2)


def in_an_out(x, one):
    np.add(one.w, 1.0, out=one.w)
    return np.sum(one.w @ x**2)


def copied_to(x, one):
    np.copyto(one.w, 1.0)
    return np.sum(one.w @ x**2)


def a_list_after(x, one):
    y = np.dot(one.numbers, x)
    one.numbers[0] = 9.0
    return y


REFUSED = [
    doubled_after, zeroed_after, item_after, by_a_method_after, by_a_method_under_another_name,
    by_a_method_of_parts, by_a_function_after, by_a_function_of_arrays_after, in_a_loop_after,
    filled, under_another_name, written, a_row, in_an_out, copied_to,
]  # fmt: skip


def new_weights():
    made = Weights(np.array([[1.0, 2.0], [3.0, 4.0]]))
    made.parts = [Weights(made.w + i) for i in range(2)]
    return made


ONE = new_weights()


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_a_derivative_needs_is_not_lost(f) -> None:
    with pytest.raises(UnsupportedError, match="chang"):
        value_and_grad(f)(X, new_weights())


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_nor_of_an_object_from_outside(f) -> None:
    def outside(x):
        one = ONE
        return f(x, one)

    with pytest.raises(UnsupportedError, match="chang"):
        value_and_grad(outside)(X)


def before(x, one):
    one.w *= 2.0
    return np.sum(one.w @ x**2)


def another_value(x, one):
    y = one.w @ x**2
    one.w = one.w * 2.0
    return np.sum(y) + np.sum(one.w @ x)


def counted(x, one):
    y = one.w @ x**2
    one.note()
    one.count += 1
    return np.sum(y)


def another_array(x, one):
    y = one.v @ x**2
    one.zero()
    one.zero_parts()
    return np.sum(y)


def drawn(x, one):
    y = one.w @ x**2
    rng = np.random.default_rng(len(one.log))
    return np.sum(y * rng.normal(size=2))


def a_copy(x, one):
    w = one.w.copy()
    w[0] = x
    one.note()
    return np.sum(w @ x**2)


def kept_by_key(x, one):
    return np.sum(one.part(0) @ x**2) + np.sum(one.part(1) @ x) * np.sum(one.part(0))


@pytest.mark.parametrize(
    "f", [before, another_value, counted, another_array, drawn, a_copy, kept_by_key,
          a_list_after],
    ids=lambda f: f.__name__,
)
def test_what_changes_nothing_that_is_needed(f) -> None:
    def value(x):
        return f(x, new_weights())

    one, other = new_weights(), new_weights()
    found, slope = value_and_grad(f)(X, one)
    assert found == pytest.approx(f(X, other))
    expected = [(value(X + e) - value(X - e)) / 2e-6 for e in np.eye(2) * 1e-6]
    np.testing.assert_allclose(slope, expected, rtol=1e-7)
    np.testing.assert_array_equal(one.w, other.w)
    np.testing.assert_array_equal(one.v, other.v)
    assert (one.count, one.log) == (other.count, other.log)


def test_the_line_is_shown() -> None:
    with pytest.raises(UnsupportedError) as caught:
        value_and_grad(doubled_after)(X, new_weights())
    assert "an object's w" in str(caught.value)
    line = inspect.getsourcelines(doubled_after)[1] + 2
    assert f"test_held_arrays.py:{line}" in str(caught.value)


class Pair(NamedTuple):
    w: np.ndarray
    v: np.ndarray


NESTED = {"a": {"w": np.array([[1.0, 2.0], [3.0, 4.0]])}}
PAIR = Pair(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2)))


def of_a_dictionary(x):
    y = NESTED["a"]["w"] @ x**2
    NESTED["a"]["w"][0] = 0.0
    return np.sum(y)


def of_a_named_tuple(x):
    y = PAIR.w @ x**2
    PAIR.w[0] = 0.0
    return np.sum(y)


def by_its_variables(x, one=ONE):
    y = one.w @ x**2
    vars(one)["w"][0] = 0.0
    return np.sum(y)


def by_its_name(x, one=ONE):
    y = one.w @ x**2
    for name in ("w",):
        getattr(one, name)[0] = 0.0
    return np.sum(y)


@pytest.mark.parametrize(
    "f", [of_a_dictionary, of_a_named_tuple, by_its_variables, by_its_name],
    ids=lambda f: f.__name__,
)
def test_nor_by_other_ways(f) -> None:
    with pytest.raises(UnsupportedError, match="whose earlier value the derivative needs"):
        value_and_grad(f)(X)


def another_key(x):
    y = NESTED["a"]["w"] @ x**2
    COUNTS["calls"].append(1)
    return np.sum(y)


COUNTS: dict[str, list[int]] = {"calls": []}


def test_another_dictionary_may_change() -> None:
    assert value_and_grad(another_key)(X)[0] == another_key(X)
    assert COUNTS["calls"] == [1, 1]
