"""Generated code of scalar loops compiles under numba.njit unchanged, and gives the same numbers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from adxform import forward, reverse, source

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fibonacci_like(x: float, n: int) -> float:
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, np.sin(a) + b
    return b


def triangle(x: float, n: int) -> float:
    s = 0.0
    for i in range(n):
        for j in range(i):
            s = s * x + j * np.cos(s)
    return s


def collatz_like(x: float) -> float:
    k = 0
    while x > 1.0 and k < 50:
        if x > 3.0:
            x = 0.5 * x
        else:
            x = x - np.sqrt(x) / 3.0
        k += 1
    return x * k


def straight(x: float, y: float) -> float:
    return np.exp(x * y) / (1.0 + x**2) + np.arctan2(x, y)


OWN = [
    (fibonacci_like, "x", (0.3, 6)),
    (fibonacci_like, "x", (0.3, 0)),
    (triangle, "x", (0.7, 5)),
    (collatz_like, "x", (20.5,)),
    (straight, "y", (0.4, 1.3)),
]
CALLS = [*example("loops").CALLS, *OWN]
each_call = pytest.mark.parametrize(
    ("f", "argument", "args"), CALLS, ids=[f"{f.__name__}-{a}-{i}" for i, (f, a, _) in enumerate(CALLS)]
)


def compiled(f, mode, argument):
    """The text as it stands, each of its functions under njit."""
    scope: dict = {}
    text = source(f, mode, argument)
    exec(text, scope)
    plain = scope[f"{f.__name__}_{mode}"]
    helpers = {n: v for n, v in scope.items() if callable(v) and getattr(v, "__module__", 1) is None}
    for name, made in helpers.items():
        scope[name] = numba.njit(made)
    scope[f"{f.__name__}_{mode}"] = numba.njit(plain)
    return plain, scope[f"{f.__name__}_{mode}"]


def close(a, b):
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(close, a, b))
    return np.allclose(a, b, rtol=1e-12, atol=1e-14)


@each_call
def test_reverse_compiles(f, argument, args):
    plain, fast = compiled(f, "reverse", argument)
    expected, found = plain(*args, 1.0), fast(*args, 1.0)
    assert close(expected[0], f(*args))
    assert close(expected, found)


@each_call
def test_forward_compiles(f, argument, args):
    plain, fast = compiled(f, "forward", argument)
    place = list(f.__code__.co_varnames).index(argument)
    dx = np.ones_like(args[place]) if isinstance(args[place], np.ndarray) else 1.0
    expected, found = plain(*args, dx), fast(*args, dx)
    assert close(expected[0], f(*args))
    assert close(expected, found)


@pytest.mark.parametrize(("f", "argument", "args"), OWN[:1])
def test_specialised_functions_compile_too(f, argument, args):
    made = reverse(f)
    expected = made(*args)
    assert close(numba.njit(made.compiled(args).call)(*args, 1.0), expected)
    made = forward(f)
    expected = made(*args, 1.0)
    assert close(numba.njit(made.compiled(args).call)(*args, 1.0), expected)
