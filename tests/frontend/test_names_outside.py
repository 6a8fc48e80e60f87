"""Dictionaries whose keys are names in a list or tuple from outside, or few numbers."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from adxform import AdxformError, check_grads, grad

NAMES = ["alpha", "beta", "gamma", "delta"]
LABELS = ("odd", "even", "odd", "even")


def model(alpha, beta, gamma, delta):
    return alpha * beta + gamma**2 * delta


def zipped(x):
    p = dict(zip(NAMES, x))
    return model(**p) + sum(v**2 for v in p.values()) + p[max(p, key=p.get)]


def comprehended(x):
    p = {name: v for name, v in zip(NAMES, x)}
    q = {name: x[i] for i, name in enumerate(NAMES)}
    return model(**p) * q["delta"]


def filled_by_loops(x):
    p, q = {}, {}
    for name, v in zip(NAMES, x):
        p[name] = v
    for i, name in enumerate(NAMES):
        q.update({name: x[i] * 2.0})
    return model(**p) * sum(q[name] for name in sorted(q))


def summed_up_by_labels(x):
    total, counts, parts = {}, defaultdict(float), defaultdict(list)
    for label, v in zip(LABELS, x):
        total[label] = total.get(label, 0) + v
        counts[label] += v**2
        parts[label].append(v)
    return total["odd"] * counts["even"] + np.prod(parts["odd"])


def with_few_numbers_as_keys(x):
    table, best = {}, {0: 0.0}
    for i in range(2):
        for j in range(2):
            table[i, j] = x[2 * i + j] ** 2, i
    for i in range(1, 4):
        best[i] = best[i - 1] + x[i] ** 2
    return table[0, 0][0] * table[1, 1][0] * best[3]


@pytest.mark.parametrize("f", (
    zipped, comprehended, filled_by_loops, summed_up_by_labels, with_few_numbers_as_keys,
), ids=lambda f: f.__name__)
def test_right(f):
    check_grads(f, (np.array([0.7, 1.3, -0.4, 2.1]),))


def test_other_names_are_another_function(monkeypatch):
    slope = grad(lambda x: dict(zip(NAMES, x))["beta"] ** 2)
    x = np.array([0.5, 2.0, 3.0])
    assert slope(x).tolist() == [0.0, 4.0, 0.0]
    monkeypatch.setitem(globals(), "NAMES", ["beta", "alpha"])
    assert slope(x).tolist() == [1.0, 0.0, 0.0]
    NAMES.insert(0, "gamma")
    assert slope(x).tolist() == [0.0, 4.0, 0.0]


def turn():
    NAMES.reverse()


def changed_inside(x):
    p = dict(zip(NAMES, x))
    turn()
    q = dict(zip(NAMES, x))
    return p["alpha"] * q["alpha"]


def changed_first(x):
    NAMES.reverse()
    return dict(zip(NAMES, x))["alpha"]


@pytest.mark.parametrize("f", (changed_inside, changed_first))
def test_names_that_change_are_not_relied_on(f, monkeypatch):
    monkeypatch.setitem(globals(), "NAMES", ["alpha", "beta"])
    with pytest.raises(AdxformError):
        grad(f)(np.array([0.7, 1.3]))
    assert NAMES == ["alpha", "beta"]
