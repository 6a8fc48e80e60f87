"""The run-time helpers, as they are printed below generated code's imports."""

from __future__ import annotations

import ast
import builtins

import pytest

from adxform.emit.module import helper, known_helpers
from adxform.transform.assembly import free_names


@pytest.mark.parametrize("name", known_helpers())
def test_a_helper_names_only_what_the_output_defines(name: str) -> None:
    """One said ``weights: Any = ...``: a file that it was written to had no ``Any``."""
    tree = helper(name)
    assert isinstance(tree, ast.FunctionDef)
    modules = {"np", "math", "operator", "special", "scipy"}
    known = {*known_helpers(), *modules, *vars(builtins)}
    assert set(free_names(tree)) <= known
