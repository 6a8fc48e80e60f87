"""The ablation table: a line for each function, whose variants give the same gradient."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from adxform.derivatives import Derivative
from adxform.options import Options
from examples.gradbench import ablation


def test_the_table_has_a_line_for_each_function():
    done = CliRunner().invoke(ablation.main, ["--quick"])
    assert done.exit_code == 0, done.output
    rows = done.output.splitlines()[4:]
    assert [row[:12].strip() for row in rows] == [case.name for case in ablation.cases(True)]
    assert all(len(row[12:].split()) == 2 + 2 * len(ablation.VARIANTS) for row in rows)


def test_a_variant_that_gives_another_gradient_is_no_variant(monkeypatch):
    case = ablation.Case("cube", lambda x: x**3, (0,), (2.0,))
    gradients = iter([12.0, 11.0])

    def made(*_, **__):
        value = next(gradients)
        return lambda *_: value

    monkeypatch.setattr(ablation, "Derivative", made)
    with pytest.raises(AssertionError, match="another gradient"):
        ablation.costs(case, [Options(), Options(tbr=False)], 1)


@pytest.mark.parametrize(("backend", "count"), [("numpy", 6), ("numba", 7)])
def test_each_variant_differs_from_all_on(backend, count):
    assert len(set(ablation.variants(backend).values())) == count


def test_machine_code_is_measured_with_its_loops_apart_and_fused():
    case = next(case for case in ablation.cases(True) if case.name == "ode")
    chosen = [ablation.variants("numba")[name] for name in ("all on", "no fused loops")]
    assert all(cost.seconds > 0.0 for cost in ablation.costs(case, chosen, 1))


def damped(x, y):
    return x * x * np.sin(y)


def held_constant(x, y):
    return damped(x, y) * y


def test_without_activity_analysis_what_is_held_constant_is_pulled_back_too():
    every, active = (
        Derivative(held_constant, 0, options=Options(inline=False, activity=asked))
        for asked in (False, True)
    )
    assert every(2.0, 0.3) == active(2.0, 0.3)
    assert "y_bar" in every.source
    assert "y_bar" not in active.source
