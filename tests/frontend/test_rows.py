"""Lists of tuples that loops fill: said as a list for each place."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from adxform import AdxformError, check_grads, grad, source
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, 0.4, 2.1])


def case_lists_side_by_side(x):
    a, b = [], []
    for i in range(4):
        for j in range(i):
            a.append(x[i]); b.append(x[j])
    return sum([p * q ** 2 for p, q in zip(a, b)])


def case_lists_taken_apart(x):
    rows = []
    for v in x: rows.append([v, v ** 2])
    s = 0.0
    for a, b in rows: s += a * b
    return s * rows[1][1] + len(rows)


def refused_changed_items(x):
    rows = []
    for v in x: rows.append([v, v ** 2])
    for r in rows: r[0] *= 2
    return rows[1][0] * rows[2][1]


def refused_two_names(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    rows2 = rows
    rows2.append((x[0], x[1]))
    return sum(a * b for a, b in rows)


def case_gone_over_while_filled(x):
    rows = []
    for v in x:
        rows.append((v, v ** 2))
        s = 0.0
        for a, b in rows: s += a * b
    return s


def case_until(x):
    rows = []
    a, b = x[0], x[1]
    while a < 4:
        rows.append((a, b))
        a, b = a + b, a * 0.3
    return rows[-1][0] * rows[-2][1] * rows[0][0]


def refused_in_a_function(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    f = lambda: sum(a * b for a, b in rows)
    return f()


def case_items(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    p = rows[2]
    q = rows[-1]
    return p[0] * q[1]


def refused_tested(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    if rows: return rows[0][1]
    return x[0]


def case_counted(x):
    rows = []
    for k in range(4):
        if k % 2: rows.append((x[k], k))
        else: rows.append((x[k] * 2, 0))
    s = 0.0
    for i, (a, k) in enumerate(rows): s += a ** 2 * k + i * a
    return s


def case_turned(x):
    rows = []
    for v in x:
        rows.append((v, math.sin(v)))
    xs, ys = zip(*rows)
    return np.trapezoid(ys, xs) + sum(xs)


def case_names_taken(x):
    rows = []
    rows_0 = 5.0
    for v in x: rows.append((v, v * rows_0))
    return sum(a * b for a, b in rows)


def case_nested_loops(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    for i, (a, b) in enumerate(rows):
        for c, d in rows:
            if d > 1: break
            x = x * (a + d)
    return x.sum()


def case_pairs(x):
    best = []
    for i in range(4):
        for j in range(i + 1, 4):
            best.append((x[i] * x[j], i, j))
    t = 0.0
    for d, i, j in best:
        if d > 1: t += d * x[i] + j
    return t


def refused_parameter(x, rows=None):
    rows = []
    for v in x: rows.append((v, v))
    return rows[0][0] * rows[3][1]


def case_begun_by_hand(x):
    rows = []
    rows.append((x[0], x[1]))
    for v in x: rows.append((v, v ** 2))
    rows.append((x[3], x[2]))
    return sum(a * b ** 2 for a, b in rows)


def case_unpacked(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    (a, b), (c, d) = rows[0], rows[1]
    return a * b * c * d


def case_plain(x):
    rows = []
    for i in range(4): rows.append((x[i], x[i] ** 2))
    s = 0.0
    for a, b in rows: s += a * b
    return s


def case_first_and_last(x):
    rows = []
    for v in x: rows.append((v, v ** 2))
    return rows[0][0] * rows[-1][1]


def case_orbit(x):
    hist = []
    y, v = x[0], x[1]
    for k in range(5):
        hist.append((y, v))
        y, v = y + 0.1 * v, v - 0.1 * y
    e = 0.0
    for i in range(len(hist) - 1):
        e += (hist[i + 1][0] - hist[i][0]) ** 2 + hist[i][1]
    return e


def case_while_arrays(x):
    hist = []
    i = 0
    while i < 4 and x[i] < 2:
        hist.append((i, x[i], x * x[i]))
        i += 1
    k, a, b = hist[-1]
    return k * a + b.sum()


def case_layers(x):
    layers = []
    for k in range(3): layers.append((x * k, x[k]))
    h = x
    for W, b in layers: h = np.tanh(h * W + b)
    return h.sum()


def case_nested_fill(x):
    res = []
    for i in range(4):
        for j in range(i): res.append((x[i], x[j]))
    return sum([a * b ** 2 for a, b in res])


def case_under_a_condition(x):
    res = []
    for i in range(4):
        if x[i] > 0.5: res.append((x[i], i))
    return sum(i * a ** 2 for a, i in res)


def case_tuples_of_tuples(x):
    pairs = []
    for i in range(3): pairs.append((x[i], (x[i + 1], x[0])))
    return sum(a * b * c for a, (b, c) in pairs)


RIGHT = [f for name, f in list(globals().items()) if name.startswith("case_")]
REFUSED = [
    (refused_changed_items, "a container with v"),
    (refused_two_names, "a container with v"),
    (refused_in_a_function, "a container with v"),
    (refused_tested, "a container with v"),
    (refused_parameter, "a container with v"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


def test_each_place_has_a_list():
    text = source(case_plain, args=(X,))
    assert "rows_0.append(" in text and "rows_1.append(" in text


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(AdxformError, match=re.escape(reason)):
        grad(f)(X)


def turned(x):
    v = 2.0
    rows = [(v, v * v, i) for i, v in enumerate(x) if v > 0.25]
    values, squares, places = zip(*rows)
    if x[0] > 0:
        a, b = zip(*[(u * w, u + w) for u in x for w in (1, 2)])
        return sum(values) * sum(squares) * v * max(places) + np.sum(np.array(a) * np.array(b))
    return sum(values)


def test_rows_of_comprehensions_are_turned():
    check_grads(turned, (np.array([0.9, 0.3, 0.5, 0.2]),), order=1)
