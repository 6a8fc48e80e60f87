"""Lists that grow in loops of any kind: their lengths are counted, and no list is copied for them."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform import grad
from tests.test_regressions import agrees


def in_while(x, h):
    t, ts, ys = 0.0, [0.0], [x]
    while t < 1.0:
        y = ys[-1]
        ys.append(y + h * np.sin(y))
        t = t + h
        ts.append(t)
    return ys[-1] * ts[-1] + ys[1]


def where_positive(x):
    ys = []
    for i in range(len(x)):
        if x[i] > 0.0:
            ys.append(np.sin(x[i]))
    s = 0.0
    for y in ys:
        s += y * y
    return s


def one_or_two(x):
    ys = [x[0]]
    for i in range(len(x)):
        if x[i] > 0.0:
            ys.append(ys[-1] * x[i])
            ys.append(np.cos(x[i]))
        else:
            ys.append(x[i] * ys[0])
    return np.sum(np.array(ys)) + ys[2] * ys[-1]


def two_loops(x):
    ys = []
    for i in range(len(x)):
        ys.append(x[i] * 2.0)
    k = 0
    while k < 3:
        ys.append(ys[k] * ys[-1])
        k += 1
    for i in range(len(x) - 1, -1, -2):
        ys.append(ys[-2] + x[i])
    return ys[-1] * ys[3] + ys[-2]


def in_two_deep(x):
    ys = []
    for i in range(3):
        for j in range(i + 1):
            ys.append(x[j] * np.sin(x[i]))
        if x[i] < 0.0:
            continue
        ys.append(ys[-1] ** 2)
    return np.sum(np.array(ys) ** 2) + ys[-1]


def left_early(x):
    ys = [1.0]
    for i in range(10):
        y = ys[-1] * x[i % 3] + x[0]
        if abs(y) > 4.0:
            break
        ys.append(y)
    return ys[-1] * len(ys) + ys[len(ys) // 2]


def of_rows(x):
    s, rows = x, []
    while np.sum(s) < 50.0:
        s = s * 1.3 + np.sin(s) + 0.1
        rows.append(s)
    return np.sum(rows[-1]) * np.sum(rows[0])


def second_list(x):
    xs = [x[0], x[1]]
    ys = list(xs)
    while len(ys) < 6:
        ys.append(ys[-1] * ys[-2] + xs[0])
    return ys[-1] + xs[-1]


def stages(y, w):
    for _ in range(3):
        ks = [0.0] * 4
        for s in range(4):
            ks[s] = -w * (y + 0.05 * (ks[s - 1] if s > 0 else 0.0)) * y
        y = y + 0.1 / 6.0 * (ks[0] + 2.0 * ks[1] + 2.0 * ks[2] + ks[3])
    return y


def shortened(x):
    t = 0.0
    for i in range(3):
        ys = [0.0] * 4
        for k in range(4):
            ys[k] = np.sin(x[i]) * k
        zs = ys[1:]
        zs[0] = zs[0] * x[0]
        t += zs[0] * zs[1] + sum(zs) + len(zs) * x[i]
    return t


def lengthened(x):
    t = 0.0
    for i in range(3):
        ys = [1.0] * 2
        for k in range(2):
            ys[k] = ys[k] * x[i]
        for k in range(i):
            ys.append(ys[-1] * x[k])
        t += ys[-1] * ys[0]
    return t


def replaced_by_more(x):
    t = 0.0
    for i in range(3):
        ys = [1.0] * 2
        for k in range(i + 1):
            ys[0] = x[k] * ys[1]
            ys = ys + [x[i] * ys[0]]
        t += ys[-1] * ys[0]
    return t


X = np.array([0.4, 1.2, -0.7])
FIXED = [(stages, (0.8, 0.6)), (shortened, (X,)), (lengthened, (X,)), (replaced_by_more, (X,))]
CASES = [
    (in_while, (0.3, 0.15)), (where_positive, (X,)), (one_or_two, (X,)), (two_loops, (X,)),
    (in_two_deep, (X,)), (left_early, (X,)), (of_rows, (np.abs(X),)), (second_list, (X,)),
]


@pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_agrees_with_differences(f, args):
    agrees(f, *args)


@pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_no_list_is_copied_or_recorded(f, args):
    text = adxform.source(f, "reverse", args=args)
    assert "s.copy()" not in text and " ys_tape" not in text and " rows_tape" not in text


def test_a_counter_that_only_counts_places_is_not_written():
    text = adxform.source(of_rows, "reverse", args=(np.abs(X),))
    assert "len_rows" not in text and "rows_bar[trip]" in text
    assert "len_" not in adxform.source(in_two_deep, "forward", args=(X,))


@pytest.mark.parametrize(("f", "args"), CASES[:1] + CASES[6:7], ids=lambda v: getattr(v, "__name__", ""))
def test_compiled(f, args):
    pytest.importorskip("numba")
    fast = grad(f, backend="numba")
    np.testing.assert_allclose(fast(*args), grad(f)(*args), rtol=1e-10)
    assert ".copy()" not in fast.source


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(("f", "args"), FIXED, ids=lambda v: getattr(v, "__name__", ""))
def test_lists_of_a_length_that_is_written_out(f, args, backend):
    if backend == "numpy":
        agrees(f, *args)
        return
    pytest.importorskip("numba")
    found = adxform.value_and_grad(f, backend=backend)(*args)
    expected = adxform.value_and_grad(f)(*args)
    np.testing.assert_allclose(found[0], f(*args), rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-10)


def test_a_list_whose_length_is_known_is_not_recorded_for_it():
    text = adxform.source(stages, "reverse", args=(0.8, 0.6))
    assert "ks_tape" not in text
    assert ".copy()" not in text
