"""Several directions at once: `jvp` with ``directions``, and Jacobians and Hessians by columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adxform
from adxform import ArgumentError
from adxform.generated import Generated

RNG = np.random.default_rng(0)
V = RNG.uniform(0.5, 1.5, size=4)
M = RNG.normal(size=(4, 4))


def relaxed(x, w):
    """A loop, an array written in place, and a call."""
    z = np.zeros((3, len(x)))
    y = x
    for i in range(3):
        z[i] = mixed(y, w) + x[0]
        y = np.cos(y) / x
    z[1:, 0] *= 2.0
    return z


def mixed(y, w):
    return np.tanh(w @ y) * np.sum(y)


def halved(x):
    y = x.flatten()
    while np.max(y) > 0.2:
        y = y * 0.5
        y[0] = x[1] * y[1]
    return y if y[0] > y[1] else np.sort(y)


def listed(x):
    parts = []
    for v in x:
        parts.append(v * np.sin(v))
    return np.array(parts)


def of_matrices(x):
    a = x[:, None] * M + 4.0 * np.eye(4)
    return np.linalg.inv(a) @ np.outer(x, x[::-1]), np.linalg.norm(a)


EACH = pytest.mark.parametrize(
    "f, args", [(relaxed, (V, M)), (halved, (V,)), (listed, (V,)), (of_matrices, (V,))]
)


def in_turn(f: Any, args: tuple[Any, ...], directions: np.ndarray) -> list[Any]:
    rest = (None,) * (len(args) - 1)
    return [adxform.jvp(f, args, (d, *rest))[1] for d in np.moveaxis(directions, -1, 0)]


@EACH
def test_several_directions_are_each_one(f, args) -> None:
    directions = RNG.normal(size=(4, 5))
    value, tangent = adxform.jvp(f, args, (directions, *(None,) * (len(args) - 1)), directions=5)
    each = in_turn(f, args, directions)
    plain = f(*args)
    if not isinstance(plain, tuple):
        plain, value, tangent, each = (plain,), (value,), (tangent,), [(e,) for e in each]
    for place, part in enumerate(plain):
        np.testing.assert_array_equal(value[place], part)
        expected = np.stack([e[place] for e in each], axis=-1)
        np.testing.assert_allclose(tangent[place], expected, rtol=1e-12, atol=1e-14)


def test_the_function_itself_is_computed_once() -> None:
    made = Generated(relaxed, "vector").compiled((V, M), (0,))
    assert made.text.count("np.tanh") == 1
    assert "for direction" not in made.text
    directions = RNG.normal(size=(4, 2))
    before = directions.copy()
    made.call(V, M, directions)
    np.testing.assert_array_equal(directions, before)


def test_arguments_may_be_numbers_and_containers() -> None:
    def f(scale, parameters):
        return scale * parameters["w"] @ parameters["x"][0]

    parameters = {"w": M, "x": (V, 3)}
    moves = {"w": RNG.normal(size=(4, 4, 2)), "x": (None, None)}
    _, tangent = adxform.jvp(f, (2.0, parameters), (np.array([1.0, 0.0]), moves), directions=2)
    for j, slope in enumerate([1.0, 0.0]):
        one = {"w": moves["w"][..., j], "x": (None, None)}
        expected = adxform.jvp(f, (2.0, parameters), (slope, one))[1]
        np.testing.assert_allclose(tangent[:, j], expected, rtol=1e-13)


def test_no_directions_give_no_tangents() -> None:
    assert adxform.jvp(relaxed, (V, M), (np.zeros((4, 0)), None), directions=0)[1].shape == (3, 4, 0)
    assert adxform.jvp(np.sum, (V,), (None,), directions=3)[1].shape == (3,)


def test_directions_of_other_shapes_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"shape \(4, 2\), its argument \(4,\), for 3 direc"):
        adxform.jvp(mixed, (V, M), (np.zeros((4, 2)), None), directions=3)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_jacobians_of_many_columns(backend) -> None:
    pytest.importorskip(backend)

    def f(x):
        y = np.zeros(2 * len(x))
        y[::2] = np.sin(x) * x[0]
        y[1:-1] += y[2:] ** 2
        return y

    x = RNG.normal(size=40)  # more columns than are taken at once
    found = adxform.jacobian(f, backend=backend)(x)
    expected = np.stack(in_turn(f, (x,), np.eye(40)), axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_hessians_are_differences_of_gradients() -> None:
    def f(x):
        total = 0.0
        for i in range(3):
            total += np.log(1.0 + np.sum(np.exp(x[i:]))) * np.sum(M @ x * x)
        return total

    gradient = adxform.grad(f)
    columns = [(gradient(V + 1e-6 * d) - gradient(V - 1e-6 * d)) / 2e-6 for d in np.eye(4)]
    np.testing.assert_allclose(adxform.hessian(f)(V), columns, rtol=1e-6, atol=1e-6)


def test_single_precision_stays() -> None:
    found = adxform.jacobian(mixed)(V.astype(np.float32), M.astype(np.float32))
    assert found.dtype == np.float32
