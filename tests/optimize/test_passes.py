"""Optimisations: what goes in, what comes out, and what each leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import numpy as np
import pytest

from adxform.analysis.types import infer
from adxform.core.builder import Builder
from adxform.core.ir import Function
from adxform.differentiate.common import names_for
from adxform.emit.printer import to_source
from adxform.emit.python import to_python
from adxform.frontend.lower import lower
from adxform.frontend.scope import FileScope
from adxform.frontend.source import SourceFunction, parse_file
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.simplify import Simplify
from adxform.signatures import annotated_types


def core(body: str) -> Function:
    """A function of a number x, an array v and an integer n, in Core."""
    signature = 'x: float, y: float, v: Float[np.ndarray, "k"], n: int'
    source = f"import numpy as np\ndef f({signature}):\n{indent(dedent(body).strip(), '    ')}\n"
    tree, text = parse_file(source, "m.py")
    node = tree.body[-1]
    return lower(SourceFunction(node, text, FileScope(tree, text)))  # type: ignore[arg-type]


def shown(function: Function) -> str:
    types = infer(function, annotated_types(function))
    text = to_source(to_python(function, types))
    return dedent("".join(text.splitlines(True)[1:])).strip()


def walked(body: str, make: Callable[..., object]) -> str:
    """A function's statements after a pass and the removal of what is dead then."""
    function = core(body)
    types = infer(function, annotated_types(function))
    walk = make(Builder(names_for(function), types, function.bases))
    walk.block(function.body)  # type: ignore[attr-defined]
    result = walk.sub(function.result)  # type: ignore[attr-defined]
    block = eliminate_dead_code(walk.builder.block, (result,))  # type: ignore[attr-defined]
    return shown(Function(**{**{k: getattr(function, k) for k in function.__slots__},
                             "body": block, "result": result}))


def without_dead(body: str) -> str:
    function = core(body)
    block = eliminate_dead_code(function.body, (function.result,))
    return shown(Function(**{**{k: getattr(function, k) for k in function.__slots__},
                             "body": block}))


# Dead code


def test_dead_code_goes() -> None:
    assert without_dead("a = np.exp(x)\nb = np.sin(x)\nreturn a") == "a = np.exp(x)\nreturn a"
    assert without_dead("if x > 0:\n    b = x\nelse:\n    b = y\nreturn x") == "return x"
    assert without_dead("for i in range(n):\n    y = y * 2.0\nreturn x") == "return x"


def test_dead_parts_of_a_loop_go() -> None:
    body = "for i in range(n):\n    y = y * 2.0\n    x = x + 1.0\nreturn x"
    assert without_dead(body) == "for i in range(n):\n    x = x + 1.0\nreturn x"


@pytest.mark.parametrize(
    "body",
    [
        "print(x)\nreturn y",
        'assert x > 0, "positive"\nreturn y',
        "if x < 0:\n    raise ValueError(x)\nreturn y",
        "for i in range(n):\n    print(i)\nreturn y",
    ],
)
def test_effects_stay(body: str) -> None:
    assert without_dead(body) == body


# Common subexpressions


def test_what_is_repeated_is_done_once() -> None:
    found = walked("return np.exp(x) + y * np.exp(x)", CommonSubexpressions)
    assert found == "exp_x = np.exp(x)\nout = exp_x + y * exp_x\nreturn out"


@pytest.mark.parametrize(
    "body",
    [
        "a = np.zeros(n)\nb = np.zeros(n)\nreturn a, b",  # each has memory of its own
        "if x > 0:\n    a = np.exp(x)\nelse:\n    a = np.exp(x) + 1.0\nreturn a",  # different paths
        "x = np.exp(x)\nx = np.exp(x)\nreturn x",  # different values
    ],
)
def test_common_subexpressions_leave_alone(body: str) -> None:
    assert walked(body, CommonSubexpressions) == body


# Simplification is exact


@pytest.mark.parametrize(
    "expression",
    ["0 * x", "0.0 * x", "x * 0.0", "x + 0.0", "0.0 + x", "x - x", "x ** 0", "x / x", "v * 0.0",
     "n * 1.0", "1.0 * n", "v - v", "np.sum(v) * 0.0"],
)
def test_rewrites_that_would_change_a_value_are_not_made(expression: str) -> None:
    body = f"out = {expression}\nreturn out"
    assert walked(body, Simplify) == body


@pytest.mark.parametrize(
    ("before", "after"), [("x * 1.0", "x"), ("1 * x", "x"), ("x / 1.0", "x"), ("v * 1", "v")]
)
def test_factors_of_one_go(before: str, after: str) -> None:
    assert walked(f"return {before}", Simplify) == f"return {after}"


def test_simplified_code_gives_the_same_bits() -> None:
    body = "a = (x * 1.0 - y) * (-x)\nb = v * 1 + (-v) * y\nreturn a, b, 0.0 * b, x + (-y)"
    scopes: list[dict[str, object]] = []
    for text in (shown(core(body)), walked(body, Simplify)):
        scope: dict[str, object] = {"np": np}
        exec(f"def f(x, y, v, n):\n{indent(text, '    ')}", scope)
        scopes.append(scope)
    for x in (0.3, -0.0, np.inf, np.nan):
        v = np.array([1.5, -0.0, np.nan, np.inf])
        with np.errstate(all="ignore"):
            first, second = (scope["f"](x, 1.7, v, 2) for scope in scopes)  # type: ignore[operator]
        for a, b in zip(first, second, strict=True):
            assert np.array_equal(a, b, equal_nan=True)
            assert np.array_equal(np.signbit(a), np.signbit(b))
