"""``:=`` wherever it is not certain to be made: in ``and``, ``or``, comprehensions, loops' tests."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adxform import check_grads

X = np.array([0.3, 1.1, -0.4, 2.0, 0.7])


def conjunctions(x):
    total = 0.0
    for v in x:
        if v > 0 and (root := math.sqrt(v)) > 0.6 and (c := root * v) < 2:
            total += root * c
        elif v < 0 and (square := v * v) > 0.1:
            total += 3 * square
        else:
            total += v
    return total


def disjunctions(x):
    total = 0.0
    for v in x:
        if v < 0 or (root := math.sqrt(v)) > 0.6:
            total += v * v
        else:
            total += root
    return total


def comprehended(x):
    chosen = [y * z for v in x if v > 0 if (y := math.sqrt(v)) > 0.6 for w in (1, 2) if (z := w * v) < 3]
    return sum(chosen) + sum((s := v * v) + math.sin(s) for v in x)


def looped(x):
    total, i = 0.0, 0
    while i < 4 and (v := x[i]) > -0.3:
        total += (y := v * v) * math.sin(y)
        i += 1
    return total * y


def appended(x):
    items = []
    for v in x:
        items.append(y := v * v)
        items.append(y * v)
    return sum(items)


def emptied(x):
    factors = [1.0, 2.0, 3.0]
    while factors and (last := factors.pop()) > 1.5:
        x = np.sin(x) * last
    return x + len(factors)


def with_an_else(x):
    count, y = 0, x
    while (count := count + 1) < 6 and (z := y * x) < 3.0:
        if z > 2.5:
            break
        y = np.sin(z) + y
    else:
        y = y * 3.0
    return y * count


FUNCTIONS = [conjunctions, disjunctions, comprehended, looped, appended, emptied, with_an_else]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_assignments_inside_expressions(f):
    check_grads(f, (X[3] if f in (emptied, with_an_else) else X,), order=1)
