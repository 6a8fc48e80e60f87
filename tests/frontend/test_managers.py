"""Objects as context managers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class Quiet:
    def __enter__(self): return 2.0
    def __exit__(self, *a): return False


class Tape:
    def __init__(self, s): self.s = s; self.log = []
    def __enter__(self):
        self.s += 1.0
        return self
    def __exit__(self, kind, value, tb):
        self.s *= 3.0
    def put(self, v): self.log.append(v)


class Loud:
    def __enter__(self): return self
    def __exit__(self, *a): return True


def case_return(x):
    with Quiet() as c: return x[0] * c


def case_body(x):
    with Quiet() as c:
        y = x * c
    return np.sum(y ** 2)


def case_tape(x):
    with Tape(x[0]) as t:
        t.put(x[1]); t.put(t.s)
        y = t.s * x[2]
    return y * t.s + sum(t.log)


def case_no_as(x):
    with Quiet():
        y = x[0] ** 2
    return y


def case_return_exit(x):
    with Tape(x[0]) as t:
        return t.s * x[1]


def case_loop(x):
    s = 0.0
    for v in x:
        with Tape(v) as t:
            s += t.s
        s += t.s
    return s


def case_nested(x):
    with Quiet() as a:
        with Tape(x[0]) as t:
            y = a * t.s
    return y * t.s


def case_loud(x):
    with Loud() as a:
        y = x[0] ** 2
    return y


def case_two(x):
    with Quiet() as a, Quiet() as b:
        y = x[0] ** 2 * a * b
    return y


def case_early(x):
    for v in x:
        with Quiet() as q:
            if v < 0: return v * q
    return x[0]


RIGHT = [
    case_return,
    case_body,
    case_tape,
    case_no_as,
    case_loop,
    case_nested,
    case_early,
    case_return_exit,
    case_two,
]
REFUSED = [
    (case_loud, "what this context manager does with exceptions is not known"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
