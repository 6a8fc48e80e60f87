"""Tests that ask a set, or another container without a derivative, which is changed meanwhile: the
reverse sweep goes the way that was taken, and asks no set that is full by then.
"""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads

SEEN: set[int] = set()
NEIGHBOURS = {0: (1, 2), 1: (2, 3), 2: (3,), 3: ()}


def each_residue_once(x):
    seen = set()
    s = 0.0
    for i in range(4):
        if i % 2 in seen:
            continue
        seen.add(i % 2)
        s += x[i] ** 2
    return s


def under_two_names(x):
    seen = set()
    other = seen
    s = 0.0
    for i in range(4):
        if len(seen) < 2 and i % 2 not in seen:
            s = s * x[i] + x[i]
        s = s * x[i] * 3 if i % 3 in seen else s + x[i]
        other.add(i % 3)
    return s


def visit(u, seen, x):
    seen.add(u)
    s = x[u]
    for v in NEIGHBOURS[u]:
        if v not in seen:
            s = s * x[u] + visit(v, seen, x)
    return s


def in_depth_first_order(x):
    return visit(0, set(), x)


def note(i):
    SEEN.add(i % 2)


def from_outside(x):
    SEEN.clear()
    s = 0.0
    for i in range(4):
        if i % 2 not in SEEN:
            s = s * x[i] + x[i]
        note(i)
    return s


@pytest.mark.parametrize("f", (
    each_residue_once, under_two_names, in_depth_first_order, from_outside,
), ids=lambda f: f.__name__)
def test_right(f):
    check_grads(f, (np.array([0.7, 1.3, -0.4, 2.1]),))
