"""Loops whose iterations are independent go forward and back in one; the others do not."""

from __future__ import annotations

import importlib
import sys
from unittest import mock

import numpy as np
import pytest

import adxform
from adxform import check_grads, grad
from adxform.dual import Dual
from adxform.generated import Generated
from adxform.optimize.merged_loops import merge_loops
from adxform.options import Options

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=7), RNG.normal(size=7)
A = RNG.normal(size=(5, 3))


def softplus_sum(x, a, b):
    total = 0.0
    for i in range(len(x)):
        d = x[i] - a
        total += np.log(np.exp(-b * d * d) + 1.0)
    return 3.0 * total - 1.0


def from_second(x, a, b):
    total = 0.0
    for i in range(1, len(x)):
        total -= np.exp(a * x[i]) / (b + x[i] ** 2)
    return total


def backward(x, a, b):
    total = 0.0
    for i in range(len(x) - 1, -1, -1):
        total += np.exp(a * x[i]) * b
    return total


def in_branches(x, a, b):
    total = 0.0
    for i in range(len(x)):
        if x[i] > a:
            w = np.exp(a * x[i])
            total += w * w * b
        elif i == 3:
            continue
        else:
            total -= np.sin(x[i] * b)
    return total


def with_inner_loops(x, a, b):
    total = 0.0
    for i in range(len(x)):
        y = b
        for j in range(3):
            y = np.sin(y * x[i] + a)
        for j in range(i):
            total += y * x[j]
    return total


def two_loops(x, a, b):
    first = 0.0
    for i in range(len(x)):
        first += np.exp(x[i] * a)
    second = 0.0
    for i in range(len(x)):
        second += np.sin(x[i]) * b
    return first - 2.0 * second


def three_loops(x, a, b):
    total = a * x[0]
    for i in range(len(x)):
        total += np.exp(x[i] * a)
    for i in range(len(x)):
        for j in range(i):
            total -= x[i] * np.sin(x[j] * b)
    total += np.sum(x * x) * a
    for i in range(len(x)):
        total += np.cos(x[i] * a) * b
    return total * 2.0


def needed_by_the_next(x, a, b):
    """The cotangent of x that the second loop gives is read before the first adds to it."""
    y = x * a
    first = 0.0
    for i in range(len(x)):
        first += np.exp(y[i])
    y = np.sin(y)
    for i in range(len(x)):
        first += y[i] * x[i] * b
    return first


def last_value_is_read(x, a, b):
    w = a
    total = 0.0
    for i in range(len(x)):
        w = np.exp(x[i] * b)
        total += w
    return total * 1.0 + 0.0 * w


def recurrence(x, a, b):
    y = a
    for i in range(len(x)):
        y = np.sin(y) * x[i] + b
    return y


def linear_recurrence(x, a, b):
    y = a
    for i in range(len(x)):
        y = 0.5 * y + np.exp(x[i] * b)
    return y


def needed_afterwards(x, a, b):
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[i] * a)
    return np.log(total) * b


def reads_what_it_carries(x, a, b):
    total = 1.0
    for i in range(len(x)):
        total += np.exp(x[i] * a) * total * b
    return total


def reads_another_iteration(x, a, b):
    y = x + a
    total = 0.0
    for i in range(len(x) - 1):
        y[i + 1] = np.sin(y[i]) * x[i] * b
        total += y[i + 1]
    return total


def leaves_early(x, a, b):
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[i] * a) * b
        if total > 3.0:
            break
    return total


MERGED = [softplus_sum, from_second, backward, in_branches, with_inner_loops]
APART = [recurrence, linear_recurrence, needed_afterwards, reads_what_it_carries,
         reads_another_iteration, leaves_early]


def loops(text: str) -> int:
    """The loops of the outermost level."""
    return sum(line.startswith("    for ") for line in text.splitlines())


@pytest.mark.parametrize(
    "f", [*MERGED, *APART, two_loops, three_loops, needed_by_the_next, last_value_is_read]
)
def test_the_gradient_is_right(f):
    args = X, 0.3, 0.7
    value, bars = adxform.value_and_grad(f, argnums=(0, 1, 2))(*args)
    assert value == f(*args)
    for place, bar in enumerate(bars):
        for i in range(np.size(bar)):
            seeded = [Dual(v, np.zeros(np.shape(v))) if p != place else
                      Dual(v, np.eye(np.size(v))[i].reshape(np.shape(v)))
                      for p, v in enumerate(args)]
            expected = f(*seeded).tangent
            assert np.allclose(np.ravel(bar)[i], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("f", MERGED)
def test_independent_iterations_share_a_loop_and_record_nothing(f):
    text = adxform.source(f, argnums=(0, 1, 2), args=(X, 0.3, 0.7))
    assert loops(text) == 1
    outside = [line for line in text.splitlines() if line.startswith("    ") and "tape" in line
               and not line.startswith("        ")]
    assert f is with_inner_loops or not outside


@pytest.mark.parametrize("f", APART)
def test_iterations_that_need_each_other_stay_apart(f):
    assert loops(adxform.source(f, argnums=(0, 1, 2), args=(X, 0.3, 0.7))) == 2


@pytest.mark.parametrize(("f", "count"), [(two_loops, 2), (three_loops, 3)])
def test_loops_that_add_to_one_cotangent_each_go_back_at_once(f, count):
    text = adxform.source(f, argnums=(0, 1, 2), args=(X, 0.3, 0.7))
    assert loops(text) == count and "reversed" not in text and "tape" not in text


def test_a_variable_computed_again_is_computed_once():
    text = adxform.source(softplus_sum, argnums=(0, 1, 2), args=(X, 0.3, 0.7))
    assert text.count("d = x[i] - a") == 2  # and the comment


def test_without_the_optimiser_nothing_is_merged():
    made = Generated(softplus_sum, "reverse", Options(optimize=False))
    assert loops(made.compiled((X, 0.3, 0.7), (0, 1, 2)).text) == 2


def test_merging_can_be_turned_off_alone():
    made = Generated(softplus_sum, "reverse", Options(merge=False))
    assert loops(made.compiled((X, 0.3, 0.7), (0, 1, 2)).text) == 2
    assert np.allclose(made(X, 0.3, 0.7)[1][0], Generated(softplus_sum, "reverse")(X, 0.3, 0.7)[1][0])


def later_pairs(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += np.exp(-((x[i] - x[j]) ** 2))
    return total


def earlier_pairs(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            if x[j] < x[i]:
                total += np.sqrt(1.0 + (x[i] - x[j]) ** 2)
    return total


def own_pairs(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(2, i + 1):
            total += np.exp(x[j] * x[i - j])
    return total


def in_a_branch(x):
    if len(x) < 5:
        return np.sum(x * x)
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[i]) * x[i]
    return total


def in_branches_and_loops(x):
    total = 0.0
    if len(x) > 3:
        for i in range(len(x)):
            if x[i] > 0.1:
                for j in range(i):
                    total += np.sin(x[i]) * x[j]
            else:
                for j in range(len(x)):
                    total -= np.cos(x[i]) * x[j]
    return total


@pytest.mark.parametrize(
    "f", [later_pairs, earlier_pairs, own_pairs, in_a_branch, in_branches_and_loops]
)
def test_loops_over_a_part_of_an_outer_loop_record_nothing(f):
    gradient = grad(f)
    x = np.random.default_rng(0).normal(size=7)
    gradient(x)
    assert "tape" not in gradient.source and "reversed" not in gradient.source
    check_grads(f, (x,))


def bounds_that_change(x):
    n = 1
    total = 0.0
    for i in range(len(x)):
        for j in range(n, len(x)):
            total += np.exp(x[i] * x[j])
        n = n + i % 2
    return total


def bounds_that_are_read(x):
    ends = np.array([0, 2, 3, 3, 7])
    total = 0.0
    for i in range(4):
        for j in range(ends[i], ends[i + 1]):
            total += np.exp(x[i] * x[j])
        ends[i] = 5
    return total


@pytest.mark.parametrize("f", [bounds_that_change, bounds_that_are_read])
def test_loops_over_other_ranges_are_still_right(f):
    check_grads(f, (np.random.default_rng(0).normal(size=7),))


@pytest.mark.parametrize("count", [3, 12])
def test_many_loops_that_add_to_one_cotangent_merge_in_one_round(count, tmp_path, monkeypatch):
    loop = "    for i in range(len(x)):\n        s += np.sin(x[i] * y)\n"
    file = tmp_path / "many_loops.py"
    file.write_text(f"import numpy as np\n\ndef f(x, y):\n    s = 0.0\n{loop * count}    return s\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "many_loops", raising=False)
    f = importlib.import_module("many_loops").f
    with mock.patch("adxform.merging.merge_loops", side_effect=merge_loops) as rounds:
        text = adxform.source(f, argnums=(0, 1), args=(X, 0.7))
    assert rounds.call_count == 2  # one that merges them all, and one that finds none
    assert loops(text) == count and "reversed" not in text
