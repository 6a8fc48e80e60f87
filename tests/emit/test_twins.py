"""A function is said once in a text, however many kinds of argument it is called with."""

from __future__ import annotations

import ast

import numpy as np

import adxform
from adxform.emit.twins import without_twins


def bent(a, b):
    for _ in range(3):
        a = np.sin(a) * b
    for _ in range(2):
        a = a + np.cos(a * b)
    return a


def twice_bent(x: float) -> float:
    return bent(x, 2.0) + bent(x, np.float64(3.0))


def test_a_function_of_two_kinds_of_numbers_is_said_once() -> None:
    text = adxform.source(twice_bent, "forward")
    assert text.count("def bent_forward") == 1
    namespace: dict = {}
    exec(text, namespace)
    value, slope = namespace["twice_bent_forward"](0.7, 1.0)
    assert value == twice_bent(0.7)
    assert np.isclose(slope, adxform.grad(twice_bent)(0.7))


def test_what_calls_itself_or_a_twin_is_a_twin_as_well() -> None:
    text = '''
def inner(x): return x + 1
def inner_2(x): return x + 1
def outer(n): return outer(n - 1) if n else inner(n)
def outer_2(n): return outer_2(n - 1) if n else inner_2(n)
def other(n): return n
def entry(n): return outer(n) + outer_2(n) + other(n)
def entry_2(n): return outer(n) + outer_2(n) + other(n)
'''
    trees = [tree for tree in ast.parse(text).body if isinstance(tree, ast.FunctionDef)]
    left = without_twins(trees)
    assert [tree.name for tree in left] == ["inner", "outer", "other", "entry", "entry_2"]
    assert ast.unparse(left[-1].body) == "return outer(n) + outer(n) + other(n)"
