"""Functions of numbers that are compiled for several at once: as exact as they say, in every case."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from adxform.backends.numba.vectors import independent, with_vectors

numba = pytest.importorskip("numba")
mathematics = pytest.importorskip("adxform.backends.numba.mathematics")

RNG = np.random.default_rng(0)
SPECIAL = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e-310, 2.3e-308, 1e-20, 1.0, -1.0, 0.5, 709.78,
     709.79, 710.5, -708.5, -720.5, -745.1, -745.2, -746.5, 1e300, -1e300, 22.0, -22.5, 20.0]
)
CASES = {
    "exp": (np.exp, RNG.uniform(-745.0, 709.7, 100_000), 1.0),
    "exp near zero": (np.exp, RNG.normal(size=100_000), 1.0),
    "log": (np.log, np.exp(RNG.uniform(-744.0, 709.0, 100_000)), 1.0),
    "log near one": (np.log, RNG.uniform(0.5, 2.0, 100_000), 1.0),
    "tanh": (np.tanh, RNG.normal(size=100_000) * 3.0, 3.0),
    "tanh near zero": (np.tanh, RNG.normal(size=100_000) * 1e-3, 3.0),
}


def over(function):
    """A compiled loop over an array."""

    @numba.njit(error_model="numpy")
    def loop(x):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = function(x[i])
        return out

    return loop


@pytest.mark.parametrize("case", CASES)
def test_errors_in_units_of_the_last_place(case):
    numpys, x, bound = CASES[case]
    exact = numpys(x.astype(np.longdouble))
    found = over(getattr(mathematics, numpys.__name__))(x)
    unit = np.spacing(np.abs(exact.astype(np.float64)))
    assert np.max(np.abs(found - exact) / unit) <= bound


@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_special_numbers(name):
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(SPECIAL)
    found = over(getattr(mathematics, name))(SPECIAL)
    assert np.allclose(found, expected, rtol=1e-15, atol=0.0, equal_nan=True)
    finite = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found)[finite], np.signbit(expected)[finite])


def test_maxima_and_minima_hand_on_what_is_not_a_number():
    @numba.njit
    def ends(x):
        high, low = -np.inf, np.inf
        for i in range(x.size):
            high = mathematics.maximum(high, x[i])
            low = mathematics.minimum(low, x[i])
        return high, low

    x = RNG.normal(size=1000)
    assert ends(x) == (x.max(), x.min())
    x[500] = np.nan
    assert np.all(np.isnan(ends(x)))


def test_other_types_are_computed_as_numpy_does():
    x = np.array([0.5, 1.5], dtype=np.float32)
    found = over(mathematics.exp)(x)
    assert found.dtype == np.float32
    assert np.allclose(found, np.exp(x), rtol=1e-6)
    assert numba.njit(lambda n: mathematics.log(n))(8) == np.log(8)


INDEPENDENT = {
    "for i in range(n):\n    y[i] = np.exp(x[i])": True,
    "for i in range(n):\n    a = x[i]\n    s = summed(s, a * a)": True,
    "for i in range(n):\n    y[i] = x[i]\n    y[i] += np.exp(y[i])": True,
    "for i in range(n):\n    s = s + x[i]": False,
    "for i in range(n):\n    s += x[i]": False,
    "for i in range(n):\n    y[i] = y[i - 1]": False,
    "for i in range(n):\n    y[0] += x[i]": False,
    "for i in range(n):\n    b = a\n    a = x[i]": False,
    "for i in range(n):\n    if x[i] > 0:\n        y[i] = x[i]": False,
    "for i in range(n):\n    s = summed(s, x[i])\n    t[i] = s": False,
}


@pytest.mark.parametrize("text", INDEPENDENT)
def test_which_loops_are_independent(text):
    (loop,) = ast.parse(text).body
    assert isinstance(loop, ast.For)
    assert independent(loop) is INDEPENDENT[text]


def test_only_independent_loops_call_our_own():
    text = "for i in range(n):\n    y[i] = np.exp(x[i])\nz = np.exp(0.5)\nm = np.maximum(a, b)"
    made = ast.unparse(with_vectors(ast.parse(text)))
    assert made.count("_vector_exp") == 1
    assert "np.exp(0.5)" in made
    assert "_vector_maximum(a, b)" in made
