"""What ``adxform explain`` tells is what the generated code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import adxform
from adxform.cli import main
from tests.optimize import test_merged_loops as loops

MODEL = '''\
import numpy as np


def doubled(v):
    n = 2.0 * v
    return n


def busy(t: "Float[np.ndarray, 'n']", c: float) -> float:
    total = 0.0
    n = len(t)
    for i in range(n):
        z = doubled(t[i])
        total += np.exp(z * c)
    return total


def steps(x: "Float[np.ndarray, 'n d']", W: "Float[np.ndarray, 'd d']", s: "Float[np.ndarray, 'd']"):
    for i in range(len(x)):
        s = np.tanh(W @ s + x[i])
    return np.sum(s)


def nested(x: "Float[np.ndarray, 'n d']", a: float) -> float:
    total = 0.0
    for i in range(len(x)):
        y = a
        for j in range(x.shape[1]):
            y = np.sin(y * x[i, j])
        total += y
    return np.log(total)


def root(x: float) -> float:
    y = x
    while abs(y * y - x) > 1e-9:
        y = 0.5 * (y + x / y)
    return y


def idle(x: "Float[np.ndarray, 'n']", unused: float, k: int) -> float:
    lost = x[0] * 3.0
    size = 1.5 * k
    for item in x:
        print(item)
    return np.sum(x) * size


def curve(t: float):
    return np.array([np.sin(t), np.cos(t), t])


def factorial(x: float, n: int) -> float:
    if n <= 1:
        return x
    return np.sin(x) * factorial(x, n - 1)


def damped(x: float, n: int) -> float:
    if n <= 1:
        return x
    return np.sin(damped(x, n - 1)) * x


def slope_of_square(x: float) -> float:
    return adxform.grad(square)(x) * x


def square(x):
    return x * x
'''.replace("import numpy", "import adxform\nimport numpy", 1)

Explain = Callable[..., str]


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Runs the command for a function of the model."""
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    def run(function: str, *options: str) -> str:
        done = CliRunner().invoke(main, ["explain", f"model.py:{function}", *options])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def line_of(text: str) -> int:
    return next(i for i, line in enumerate(MODEL.splitlines(), 1) if text in line)


def test_variables_are_active_or_not_with_the_reason(explain: Explain) -> None:
    told = explain("idle", "--wrt", "x,unused")
    size = line_of("size =")
    assert re.search(r"^  active +x$", told, re.M)
    assert re.search(r"not active +unused, lost .*: the result does not depend on it smoothly\n", told)
    assert re.search(r"not active +k: no derivative by its type\n", told)
    assert f"size (line {size}): depends on none of them\n" in told


def test_an_inlined_function_has_variables_of_its_own(explain: Explain) -> None:
    told = explain("busy")
    assert f"z (line {line_of('z = ')})" in told.split("not active")[0]
    assert re.search(rf"not active .*n \(line {line_of('n = len')}\)", told)


def test_independent_loops_record_nothing(explain: Explain) -> None:
    told = explain("busy")
    assert f"line {line_of('for i in range(n)')}  for i in range(n):  independent" in told
    assert "recorded in loops: nothing\n" in told
    assert "mode: reverse; forward takes n + 1 runs, reverse one run\n" in told


def test_reasons_are_told_at_the_users_lines(explain: Explain) -> None:
    inner, outer = line_of("for j"), line_of("y = a") - 1
    told = explain("nested")
    assert (f"line {outer}  for i in range(len(x)):  not independent: the cotangents depend on "
            "total, known only after the loop\n") in told
    assert (f"line {inner}  for j in range(x.shape[1]):  not independent: the loop around it goes "
            "forward as a whole before it goes back\n") in told
    assert "not independent: an iteration needs s of the one before\n" in explain("steps")
    assert "not independent: how often it runs is known only at its end\n" in explain("root")
    assert "for item in x:  no derivative passes through it\n" in explain("idle")


def test_bytes_are_those_that_are_allocated(explain: Explain) -> None:
    told = explain("steps")
    assert "s_tape: s, a list of float64[d], 8 * d bytes an iteration\n" in told
    told = explain("nested")
    assert "y_tape: y, a list of float64[x.shape[1]], 8 * x.shape[1] bytes an iteration\n" in told
    assert "y_tape_2: y, float64, 8 bytes an iteration\n" in told
    assert "y_tape: y, a list of float64, 8 bytes an iteration\n" in explain("root")


@pytest.mark.parametrize("function", ["steps", "nested", "root"])
def test_tapes_are_called_as_in_the_generated_text(explain: Explain, function: str) -> None:
    told = set(re.findall(r"(\w+_tape\w*):", explain(function)))
    text = CliRunner().invoke(main, ["show", f"model.py:{function}"]).output
    used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    assert told == {name for name in used if "_tape" in name}


def test_calls_that_are_split_say_what_is_handed_over(explain: Explain) -> None:
    told = explain("damped")
    line = line_of("np.sin(damped")
    assert re.search(rf"line {line}  .*damped_record and damped_pullback; hands over", told)


def test_calls_that_come_back_at_once_say_so(explain: Explain) -> None:
    told = explain("factorial")
    line = line_of("* factorial")
    assert re.search(rf"line {line}  .*factorial_reverse, forward and at once back", told)


def test_one_input_and_many_outputs_ask_for_forward_mode(explain: Explain) -> None:
    assert "mode: forward; forward takes one run, reverse 3 runs\n" in explain("curve")


def test_the_cost_is_a_ratio_of_operations(explain: Explain) -> None:
    found = re.search(r"cost: about (\S+) times .*: (\d+) to (\d+),", explain("busy"))
    assert found is not None
    ratio, derived, own = map(float, found.groups())
    assert ratio == round(derived / own, 1) and 1.0 < ratio < 5.0


def test_derivatives_inside_are_explained_and_shown(explain: Explain) -> None:
    assert "active  x" in explain("slope_of_square")
    shown = CliRunner().invoke(main, ["show", "model.py:slope_of_square"])
    assert shown.exit_code == 0 and "def slope_of_square_reverse" in shown.output


def test_arguments_give_types(explain: Explain) -> None:
    assert "annotate, or give arguments with --at" in explain("square")
    told = explain("square", "--at", "x=[1, 2]")
    assert "annotate" not in told and "forward takes x.shape[0] runs, reverse x.shape[0] runs" in told


@pytest.mark.parametrize("given", ["y=1.0", "x={'a': 1.0}", "x"])
def test_arguments_that_cannot_be_are_refused(explain: Explain, given: str) -> None:
    done = CliRunner().invoke(main, ["explain", "model.py:square", "--at", given])
    assert done.exit_code == 2 and done.output.startswith("error: ")


@pytest.mark.parametrize("f", [*loops.MERGED, *loops.APART], ids=lambda f: f.__name__)
def test_what_is_told_of_loops_is_what_was_done(f: Callable[..., float]) -> None:
    at = [part for text in ("x=[1, 2]", "a=0.3", "b=0.7") for part in ("--at", text)]
    done = CliRunner().invoke(main, ["explain", f"{loops.__file__}:{f.__name__}", *at])
    first = done.output.split("\nloops\n")[1].splitlines()[0]
    text = adxform.source(f, argnums=(0, 1, 2), args=(np.ones(2), 0.3, 0.7))
    assert (":  independent" in first) == (loops.loops(text) == 1)
