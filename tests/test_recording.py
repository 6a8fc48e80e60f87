"""What the reverse sweep needs of the forward sweep: spared where it is cheap to get again, else recorded."""

from __future__ import annotations

import numpy as np
import pytest

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
