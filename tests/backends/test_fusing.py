"""Loops over one range become one loop where none waits for all of another, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

RNG = np.random.default_rng(0)
V = RNG.normal(size=6)
W = RNG.normal(size=6)
M = RNG.normal(size=(5, 6))


def apart(x, w):
    a = x * w + 1.0
    b = np.exp(a) * a
    return np.sum(b * a), np.exp(b - a)


def after_all(x, w):
    a = np.exp(x)
    b = a / np.sum(a) * w
    c = np.exp(b) * np.max(b)
    return np.sum(c * c), c


def shifted(x, w):
    z = np.zeros(len(x))
    z[1:] = np.exp(x[1:]) * w[1:]
    y = np.exp(z[:-1] * x[1:])
    z[:-1] = y * 2.0
    return np.sum(z * z), z


def backwards(x, w):
    z = np.exp(x * w)
    y = np.exp(z[::-1] * x)
    return np.sum(y * z), y


def in_place(x, w):
    z = np.exp(x)
    old = z.copy()
    z += np.exp(w)
    z *= x
    old += z
    return np.sum(old * z), z


def sums_to_what_is_read_later(x, w):
    z = w + x
    y = np.zeros(x.shape)
    y[:] = w * z + (x + x * z)
    return np.sum(y * y) * 0.5 + np.sum(z * z), y


def rows_in_place(x, w):
    cell = np.zeros((2, len(x)))
    seen = x
    total = 0.0
    for t in range(3):
        for i in range(2):
            gate = np.exp(-(seen * w + cell[i]))
            cell[i] = cell[i] * gate + np.tanh(seen)
            seen = cell[i]
            total += np.sum(seen * w) * (t + 1.0)
    return total, seen


def rows(x, w):
    cell = np.zeros((2, len(x)))
    for _ in range(3):
        for i in range(2):
            gate = np.exp(-(x * w + cell[i]))
            cell[i] = cell[i] * gate + np.tanh(x)
    return np.sum(cell * cell), gate


def two_columns(x, w):
    z = np.empty((len(x), 2))
    z[:, 0] = np.exp(x)
    z[:, 1] = np.exp(w) * z[:, 0]
    z[:, 0] = z[:, 1] + x
    return np.sum(z * z), z


def of_a_matrix(m, w):
    weights = np.exp(m - np.max(m, axis=1, keepdims=True))
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return np.sum(weights @ w * np.sum(weights * m, axis=1)), weights


def of_some_rows(m, w):
    places = np.array([0, 2, 2, 1, 4])
    picked = m[places] * w
    return np.sum(picked * m[places]) + np.sum(picked**2), picked


def single(x, w):
    a = x * w
    b = np.exp(a) + a
    return np.sum(b * a), b


CASES = [
    (apart, V, W), (after_all, V, W), (shifted, V, W), (backwards, V, W), (in_place, V, W),
    (sums_to_what_is_read_later, V, W), (rows_in_place, V, W), (rows, V, W), (two_columns, V, W),
    (of_a_matrix, M, W), (of_some_rows, M, W),
    (shifted, V[:1], W[:1]), (apart, V[:0], W[:0]), (of_a_matrix, M[:1], W),
    (single, V.astype(np.float32), W.astype(np.float32)),
]  # fmt: skip
EACH = pytest.mark.parametrize("f, x, w", CASES)


def same(found: Any, expected: Any, rtol: float) -> None:
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, tuple):
            same(one, other, rtol)
            continue
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)


@EACH
def test_loops_give_the_numbers_of_numpy(f: Callable[..., Any], x: Any, w: Any) -> None:
    with loop_nests_in_python():
        asked = adxform.grad(f, argnums=(0, 1), has_aux=True, backend="numba").value_and_grad
        found = asked(x, w)
    expected = adxform.grad(f, argnums=(0, 1), has_aux=True).value_and_grad(x, w)
    same(found, expected, 1e-5 if x.dtype == np.float32 else 1e-13)
    same(found[0], f(x, w), 1e-5 if x.dtype == np.float32 else 1e-13)


@EACH
def test_machine_code_gives_them_too(f: Callable[..., Any], x: Any, w: Any) -> None:
    found = adxform.grad(f, argnums=(0, 1), has_aux=True, backend="numba")(x, w)
    expected = adxform.grad(f, argnums=(0, 1), has_aux=True)(x, w)
    same(found, expected, 1e-5 if x.dtype == np.float32 else 1e-12)


def text(f: Callable[..., Any], *args: Any, argnums: Any = (0, 1)) -> str:
    with loop_nests_in_python():
        made = adxform.grad(f, argnums=argnums, has_aux=True, backend="numba")
        made(*args)
    return made.source


def test_what_one_iteration_needs_of_it_alone_is_never_stored() -> None:
    source = text(apart, V, W)
    assert source.count("for i in range") == 1
    assert source.count("np.exp(") == 2
    assert "a = np.empty(" not in source
    assert "exp_a = np.empty(" not in source


def test_what_needs_all_of_a_sum_waits_for_it() -> None:
    source = text(after_all, V, W)
    assert source.count("for i in range") > 3


def test_a_neighbour_is_not_read_before_it_is_written() -> None:
    source = text(backwards, V, W)
    first = source.index("z[i] = ")
    assert source.index("for i in range", first) < source.index("y[i] = ")


def test_a_row_that_is_written_is_read_as_part_of_the_whole() -> None:
    source = text(rows, V, W)
    assert ".copy()" not in source
    assert "product = np.empty(" not in source[: source.index("reversed")]


def sizes_that_must_agree(x, w):
    y = np.zeros((len(x), 2))
    y[:, 0] = np.exp(x)
    y[:, 1] = w * 2.0
    return np.sum(y * y), y


def test_sizes_are_asked_before_anything_is_written() -> None:
    derivative = adxform.grad(sizes_that_must_agree, argnums=(0, 1), has_aux=True, backend="numba")
    same(derivative(V, W), adxform.grad(
        sizes_that_must_agree, argnums=(0, 1), has_aux=True)(V, W), 1e-13)
    with pytest.raises(ValueError, match="broadcast"):
        derivative(V, W[:-1])
    with pytest.raises(ValueError, match="broadcast"):
        derivative(V[:-1], W)


def equal_on_one_path(x, w, equal):
    total = 0.0
    a = np.exp(x)
    b = np.exp(w)
    if equal:
        total = np.sum(a * b)
    return total + np.sum(a) * np.sum(b), a


def test_sizes_that_are_equal_on_one_path_only_stay_two_loops() -> None:
    derivative = adxform.grad(equal_on_one_path, argnums=(0, 1), has_aux=True, backend="numba")
    expected = adxform.grad(equal_on_one_path, argnums=(0, 1), has_aux=True)
    for args in ((V, W, True), (V, W[:3], False), (V[:2], W, False)):
        same(derivative(*args), expected(*args), 1e-13)


# Functions that a kernel calls


def projected(x, w):
    norm = np.sqrt(x * x + w * w)
    along, across = x / norm, w / norm
    for _ in range(2):
        along = along * np.cos(across) + 0.1
        across = across - np.sin(along) * norm
    return along * 2.0 + np.exp(across), across + along * norm * np.exp(-along)


def first_sum(x, w):
    return np.sum(projected(x, w)[0] * w)


def second_sum(x, w):
    return np.sum(projected(x, w)[1])


FIRST = adxform.grad(first_sum, argnums=(0, 1))
SECOND = adxform.grad(second_sum, argnums=(0, 1))


def both(x, w):
    made = np.empty((len(x), 2, 2))
    made[:, 0, 0], made[:, 0, 1] = FIRST(x, w)
    made[:, 1, 0], made[:, 1, 1] = SECOND(x, w)
    return made


def test_derivatives_that_a_function_asks_for_share_their_forward_sweep() -> None:
    expected = both(V, W)
    found, _ = adxform.jvp(both, (V, W), (None, None), backend="numba")
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with loop_nests_in_python():
        found, _ = adxform.jvp(both, (V, W), (None, None), backend="numba")
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def of_a_key(x):
    return np.sum(np.sin(x)) * len("key") + np.sin(np.sum(x))


def test_the_length_of_a_string_between_two_loops() -> None:
    with loop_nests_in_python():
        found = adxform.value_and_grad(of_a_key, backend="numba")(V)
    same(found, adxform.value_and_grad(of_a_key)(V), 1e-12)
