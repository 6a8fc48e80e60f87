"""Text for parameters of unknown type records numbers as what they are, and arrays as copies."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import source


def counted(x, a, b):
    s = 0.5
    total = 0.0
    for _ in range(3):
        s += x * s
        total += ((s > a) + (s > b)) * s * s
    return total


def chosen(x, a, b):
    s = 0.5
    total = 0.0
    for _ in range(3):
        s += x * s
        total += s * s if (s > a) + (s > b) == 2 else s
    return total


@pytest.mark.parametrize("f", [counted, chosen])
@pytest.mark.parametrize("kind", [float, np.float64])
def test_booleans_of_what_was_recorded_are_those_of_the_function(f, kind):
    space: dict = {}
    exec(source(f, "reverse"), space)
    x, a, b = kind(0.9), 0.6, 1.2
    value, bar = space[f"{f.__name__}_reverse"](x, a, b)
    assert value == f(x, a, b)
    slope = (f(x + kind(1e-6), a, b) - f(x - kind(1e-6), a, b)) / 2e-6
    assert np.isclose(bar, slope, rtol=1e-7)


def test_arrays_are_recorded_as_copies():
    space: dict = {}
    exec(source(counted, "reverse"), space)
    x = np.array([0.9, 0.25])
    _, bar = space["counted_reverse"](x, 0.6, 1.2, np.ones(2))
    slope = (counted(x + 1e-6, 0.6, 1.2) - counted(x - 1e-6, 0.6, 1.2)) / 2e-6
    np.testing.assert_allclose(bar, slope, rtol=1e-7)
