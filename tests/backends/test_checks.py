"""Checks of sizes come before the loops of machine code, and raise what NumPy raises."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad, value_and_grad
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

R = np.random.default_rng(0)


def rows(x, w):
    total = 0.0
    for i in range(len(x)):
        total += np.log(1.0 + np.exp(np.sum(x[i] * w)))
    return total


def two(x, w, n):
    total = 0.0
    for i in range(n):
        for j in range(len(x)):
            total += np.sum(x[j] * w) * x[j, 1]
        total += x[i, 0]
    return total


def text(f, args, argnums=(0, 1)):
    with loop_nests_in_python():
        gradient = grad(f, argnums, backend="numba")
        gradient(*args)
    return gradient.source


def in_loops(source):
    lines = source.split("def ")[-1].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("    for "))
    return "\n".join(lines[first:])


def test_what_no_iteration_changes_is_checked_before_the_loop():
    source = text(rows, (R.normal(size=(4, 3)), R.normal(size=3)))
    assert "    if 0 < len_x:\n        if size != size_2:\n            raise ValueError" in source
    assert "raise" not in in_loops(source)


def test_loops_in_loops_check_once():
    source = text(two, (R.normal(size=(4, 3)), R.normal(size=3), 2))
    assert source.count("operands could not be broadcast together") == 1
    assert "broadcast" not in in_loops(source)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_errors_are_raised_where_there_is_an_iteration(backend):
    both = value_and_grad(rows, (0, 1), backend=backend)
    both(R.normal(size=(4, 3)), R.normal(size=3))
    with pytest.raises(ValueError, match="broadcast"):
        both(R.normal(size=(4, 3)), R.normal(size=4))
    value, (x_bar, w_bar) = both(R.normal(size=(0, 3)), R.normal(size=4))
    assert value == 0.0 and x_bar.shape == (0, 3) and not w_bar.any()


def some(x, w, n):
    total = 0.0
    for i in range(n):
        if i > 1:
            total += np.sum(x[0] * w)
        total += np.sum(x[0] * x[0])
    return total


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_check_in_a_branch_stays_there(backend):
    both = value_and_grad(some, (0, 1), backend=backend)
    both(R.normal(size=(2, 3)), R.normal(size=4), 2)
    with pytest.raises(ValueError, match="broadcast"):
        both(R.normal(size=(2, 3)), R.normal(size=4), 3)


def indexed(x, n):
    total = 0.0
    for i in range(n):
        total += x[2] * x[1] * i
    return total + x[2]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_indices_that_are_the_same_in_all_iterations(backend):
    both = value_and_grad(indexed, backend=backend)
    assert both(R.normal(size=3), 2)[1].shape == (3,)
    with pytest.raises(IndexError):
        both(R.normal(size=2), 0)
    with pytest.raises(IndexError):
        both(R.normal(size=2), 2)


def printing(x, w):
    total = 0.0
    for i in range(len(x)):
        print(len(x[i]))
        total += np.sum(x[i] * w)
    return total


def test_errors_come_after_what_is_printed_before_them(capsys):
    both = value_and_grad(printing, (0, 1), backend="numba")
    both(R.normal(size=(2, 3)), R.normal(size=3))
    assert capsys.readouterr().out == "3\n3\n"
    with pytest.raises(ValueError, match="broadcast"):
        both(R.normal(size=(2, 3)), R.normal(size=4))
    assert capsys.readouterr().out.startswith("3\n")
