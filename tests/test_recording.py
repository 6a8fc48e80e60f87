"""What the reverse sweep needs of the forward sweep: spared where it is cheap to get again, else recorded."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads
from adxform.derivatives import Derivative
from adxform.options import Options

X = np.array([0.3, -0.7, 1.1, 0.4])


def rereads(x):
    s = 0.0
    for i in range(len(x)):
        t = 2.0 * x[i]
        s += t * t
    return np.sqrt(s)


def overwrites(x):
    u = x * 2.0
    for i in range(1, len(x)):
        u[i] = u[i] * u[i - 1]
    return np.sum(u * u)


def branches(x):
    s = 1.0
    for e in x:
        if s > 0.5:
            t = e * 3.0
            s = s * t
        else:
            s += e * e
    return s


def counts(x):
    s, k = x[0], 0
    while s > -3.0 and k < 3:
        s = s * (k + 1.5) - x[k]
        k += 1
    return s


def helper(u, k):
    for i in range(k):
        u = u * (i + 1.0) * np.sin(u)
    return u


def calls(x):
    s = 0.0
    for i in range(3):
        s += helper(x[i], i) * helper(x[i + 1], 2)
    return s


def tapes(text: str) -> int:
    return sum(("_tape" in line.partition(" = ")[0] and "np.empty" in line) or " = []" in line
               for line in text.splitlines())


@pytest.mark.parametrize("f", [rereads, overwrites, branches, counts, calls])
def test_without_the_analysis_everything_read_is_recorded(f):
    spared, recorded = Derivative(f), Derivative(f, options=Options(tbr=False))
    np.testing.assert_allclose(recorded(X.copy()), spared(X.copy()), rtol=1e-13)
    assert tapes(recorded.source) > tapes(spared.source), recorded.source


def test_outside_of_loops_there_is_nothing_to_record():
    def f(x):
        y = np.sin(x[0]) * x[1]
        return y * y

    assert Derivative(f, options=Options(tbr=False)).source == Derivative(f).source


def pull_of(x, y, w):
    near = np.sqrt((x - 10.0) ** 2 + (y - 10.0 + w) ** 2)
    far = np.sqrt((x - 10.0) ** 2 + y**2)
    strange = np.sin(near * w) * np.exp(-far) / (1.0 + near * far)
    return 1.0 / near + 1.0 / far + strange * w - np.cos(x * y) / near


force = Derivative(pull_of, (0, 1))


def falls(w):
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    while y + 0.1 * vy > 5.0:
        ax, ay = force(x, y, w)
        x, y = x + 0.1 * vx, y + 0.1 * vy
        vx, vy = vx - 0.1 * ax, vy - 0.2 - 0.1 * ay
    return (x - y / vy * vx) ** 2


def test_numbers_of_a_function_called_in_a_loop_are_computed_again():
    slope = Derivative(falls)
    value = slope(0.3)
    estimate = (falls(0.3 + 1e-6) - falls(0.3 - 1e-6)) / 2e-6
    np.testing.assert_allclose(value, estimate, rtol=1e-5)
    assert tapes(slope.source) == 2, slope.source  # x and y
    np.testing.assert_allclose(
        Derivative(falls, options=Options(optimize=False))(0.3), value, rtol=1e-12
    )


def test_what_is_called_once_hands_its_numbers_over():
    def f(w):
        ax, ay = force(1.0, 8.0, w)
        return ax * ay

    slope = Derivative(f)
    np.testing.assert_allclose(slope(0.3), (f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6, rtol=1e-5)
    roots = [line for line in slope.source.splitlines() if "= np.sqrt(" in line and "#" not in line]
    assert len(roots) == 2, slope.source


def diffused(x, rate, steps):
    u = x.copy()
    for _ in range(steps):
        u[1:-1] += rate * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def test_what_is_computed_from_an_overwritten_array_is_recorded_rather_than_computed_again():
    gradient = Derivative(diffused, (0, 1))
    every = Derivative(diffused, (0, 1), options=Options(tbr=False))
    for found, expected in zip(gradient(X, 0.2, 3), every(X, 0.2, 3), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert "u[1:-1] = u_tape" not in gradient.source
    assert gradient.source.count("u[2:]") == 2  # in the loop, and in the comment


def products(x):
    u = x.copy()
    total = 0.0
    for _ in range(3):
        first, second = np.sin(u[1:] * u[:-1]), np.cos(u[1:] + u[:-1])
        total = total + np.sum(first * second)
        u[1:] *= 0.9 * u[:-1]
    return total


def test_of_what_several_values_are_computed_from_one_array_is_put_back():
    gradient = Derivative(products, 0)
    every = Derivative(products, 0, options=Options(tbr=False))
    np.testing.assert_allclose(gradient(X), every(X), rtol=1e-13)
    assert "u[1:] = u_tape[i]" in gradient.source


def counted_before(x, a):
    z = x * 1.0
    k = 2
    for i in range(1, len(x)):
        for j in range(k):
            z[j] = a * z[j]
    for k in range(len(x)):
        z[k] = z[k] * 0.5
    return np.sum(z * z)


def test_a_tape_comes_after_the_number_of_its_places():
    check_grads(counted_before, (np.array([0.3, -1.2, 0.7]), 1.4))
