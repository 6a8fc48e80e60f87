"""The constructs of examples/ordinary_python.py: every way of differentiating them agrees."""

from __future__ import annotations

import copy
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import adxform
from adxform.structures import is_inexact, leaves_of

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "examples" / "ordinary_python.py"


def loaded():
    spec = importlib.util.spec_from_file_location("ordinary_python", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["ordinary_python"] = module
    spec.loader.exec_module(module)
    return module


MODULE = loaded()


def named(rows):
    return [pytest.param(f, args, id=f.__name__) for f, args in rows]


@pytest.mark.parametrize(("f", "args"), named(MODULE.EXAMPLES))
def test_derivatives_agree_to_second_order(f, args):
    adxform.check_grads(f, args, order=2)


@pytest.mark.parametrize(("f", "args"), named(MODULE.EXAMPLES))
def test_values_are_the_functions_own_and_arguments_stay(f, args):
    place = next(i for i, a in enumerate(args) if any(is_inexact(leaf) for leaf in leaves_of(a)))
    gradient = adxform.value_and_grad(f, place)
    expected = f(*copy.deepcopy(args))
    given = copy.deepcopy(args)
    value, first = gradient(*given)
    again, second = gradient(*given)
    assert value == expected == again
    for one, two in zip(leaves_of(first), leaves_of(second), strict=True):
        np.testing.assert_array_equal(one, two)
    for one, two in zip(leaves_of(list(given)), leaves_of(list(args)), strict=True):
        if is_inexact(one):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("f", "args"), named(MODULE.EXAMPLES))
def test_reverse_mode_says_less_than_four_times_as_much(f, args):
    _, _, own, made = MODULE.size(f, args)
    assert made < 4 * own


def test_operations_are_counted():
    body = MODULE.parsed("def f(x):\n    y = 2 * x[0] + 1\n    for v in x:\n        y += v\n    return y\n")
    assert (MODULE.lines(body), MODULE.operations(body)) == (4, 3 + 4 + 1 + 1)


@pytest.mark.parametrize(("f", "args"), named(MODULE.REFUSED))
def test_refusals_show_a_line_of_the_function(f, args):
    with pytest.raises(adxform.AdxformError) as caught:
        adxform.grad(f)(*args)
    location = caught.value.diagnostics[0].location
    assert location is not None and location.file.endswith("ordinary_python.py")
    assert location.text.strip()


def test_the_readme_lists_them_all():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for function, _ in MODULE.EXAMPLES:
        assert f"| {function.__doc__} | `{function.__name__}` |" in text
    for function, args in MODULE.REFUSED:
        error = MODULE.error_of(function, args)
        assert f"| {function.__doc__} | `{function.__name__}` | {error} |" in text
