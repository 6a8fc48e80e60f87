"""The programs that autograd is shown with: their gradients are right, and no slower than its own."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from adxform.structures import leaves_of, with_leaves
from examples import beside_autograd

ROWS = {row.make.__name__: row for row in beside_autograd.rows(size=1)}


@pytest.mark.parametrize("name", ROWS)
def test_a_gradient_agrees_with_differences(name):
    row = ROWS[name]
    places = row.argnums if isinstance(row.argnums, tuple) else (row.argnums,)
    f = row.make(np)
    for _ in range(row.order - 1):
        f = beside_autograd.adxform.grad(f)
    bars = beside_autograd.adxform.grad(f, places)(*row.args)
    rng = np.random.default_rng(1)
    directions = [
        with_leaves(row.args[i], iter([rng.standard_normal(np.shape(v)) for v in leaves_of(row.args[i])]))
        for i in places
    ]
    expected = by_differences(f, row.args, places, directions)
    found = sum(np.sum(b * d) for b, d in zip(leaves_of(bars), leaves_of(directions), strict=True))
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


def by_differences(f, args, places, directions, step=1e-6):
    def at(t):
        moved = list(args)
        for place, direction in zip(places, directions, strict=True):
            own = zip(leaves_of(args[place]), leaves_of(direction), strict=True)
            moved[place] = with_leaves(args[place], iter([v + t * d for v, d in own]))
        return f(*moved)

    return (at(step) - at(-step)) / (2 * step)


@pytest.mark.parametrize("name", ROWS)
def test_a_gradient_is_that_of_autograd_and_no_slower(name):
    autograd = pytest.importorskip("autograd")
    pytest.importorskip("autograd.numpy")
    row = ROWS[name]
    ours, theirs = beside_autograd.gradients(row, autograd)
    beside_autograd.require_same(ours(*row.args), theirs(*row.args))
    own, other = beside_autograd.seconds([ours, theirs], row.args, rounds=3)
    assert own < other


def test_without_autograd_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "autograd", None)
    beside_autograd.main(size=1, rounds=1)
    assert "adxform[bench]" in capsys.readouterr().out


def test_the_table_has_a_row_for_each_program(capsys):
    pytest.importorskip("autograd")
    beside_autograd.main(size=1, rounds=1)
    first = [line.split()[0].strip(",") for line in capsys.readouterr().out.splitlines()[1:]]
    assert first == list(ROWS)
