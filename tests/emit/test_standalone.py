"""The text of a derivative defines what it names from outside the function."""

from __future__ import annotations

import ast
import pathlib
import types
from math import cos, sin
from math import log as logarithm

import numpy as np
import pytest

import adxform
from adxform.emit.standalone import definitions

SIDES = (1.5, 2.0)
TABLE = {"half": [0.5, 1]}
ODD = [object()]


def f(x: float) -> float:
    return x * x * SIDES[0] * TABLE["half"][0]


def opaque(x: float) -> float:
    return x * x * len(ODD)


def test_containers_of_literals_are_written_out() -> None:
    text = adxform.source(f)
    namespace: dict = {}
    exec(text, namespace)
    assert namespace["f_reverse"](3.0) == (6.75, 4.5)


def test_what_no_literal_says_is_left_to_the_reader() -> None:
    assert "# ODD, of type list, is to be defined here\nODD: object\n" in adxform.source(opaque)


def test_what_is_left_to_the_reader_has_no_value_until_then() -> None:
    namespace: dict = {}
    exec(adxform.source(opaque), namespace)
    with pytest.raises(NameError, match="ODD"):
        namespace["opaque_reverse"](2.0)
    namespace["ODD"] = ODD
    assert namespace["opaque_reverse"](3.0) == (9.0, 6.0)


def made_module(folder: pathlib.Path, name: str, scale: float) -> types.ModuleType:
    """A module with a function that no rule knows, and that reads what is in the module."""
    module = types.ModuleType(name)
    text = (
        f"SCALE = {scale}\n"
        "def scaled(n):\n    return _times(n)\n"
        "def _times(n):\n    text = format(n, '.1f')\n    return eval(text) * SCALE\n"
    )
    path = folder / f"{name}.py"
    path.write_text(text)
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def test_names_that_two_modules_share_are_told_apart(tmp_path: pathlib.Path) -> None:
    first, second = made_module(tmp_path, "first", 2.0), made_module(tmp_path, "second", 3.0)
    values = {"one": first.scaled, "two": second.scaled}
    tree = ast.parse("found = one(2), two(2)")
    made = ast.Module([*definitions([tree], set(), values), *tree.body], [])
    namespace: dict = {}
    exec(ast.unparse(ast.fix_missing_locations(made)), namespace)
    assert namespace["found"] == (4.0, 6.0)


def spread_out(x, spread):
    kept = np.sum(x, axis=0)
    unbroadcast = np.sum(kept)
    return unbroadcast * spread + np.mean(x, axis=0)[0]


def test_variables_may_have_the_names_of_helpers() -> None:
    namespace: dict = {}
    exec(adxform.source(spread_out, argnums=(0, 1)), namespace)
    x = np.ones((2, 3))
    value, (x_bar, spread_bar) = namespace["spread_out_reverse"](x, 2.0)
    assert value == spread_out(x, 2.0)
    np.testing.assert_array_equal(x_bar, [[2.5, 2.0, 2.0], [2.5, 2.0, 2.0]])
    assert spread_bar == 6.0


def doubled(function):
    times = 2.0

    def decorated(*args):
        return function(*args) * times

    return decorated


@doubled
def weight(n):
    return 1.0 / (n + 1)


@doubled
def other(n):
    return 3.0 / (n + 1)


def weighted(x, n):
    return x * sum([weight(i) + other(i) for i in range(n)])


def test_what_decorators_enclose_is_defined() -> None:
    namespace: dict = {}
    exec(adxform.source(weighted, args=(1.5, 2)), namespace)
    assert namespace["weighted_reverse"](1.5, 2) == (weighted(1.5, 2), 12.0)


def with_two_names(x):
    return sin(x) * cos(x) * logarithm(x)


def test_names_of_one_module_are_imported_together():
    text = adxform.source(with_two_names)
    assert [line for line in text.splitlines() if "import" in line] == [
        "from math import cos, log as logarithm, sin"
    ]
    space: dict = {}
    exec(text, space)
    assert np.isclose(space["with_two_names_reverse"](0.7)[0], with_two_names(0.7))
