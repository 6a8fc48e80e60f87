"""Generated functions compile under Numba as they stand, and give the numbers of plain Python."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

import adxform

numba = pytest.importorskip("numba")

PATH = Path(__file__).parent.parent.parent / "examples" / "loops.py"


def _loops() -> Any:
    spec = importlib.util.spec_from_file_location("examples_loops_for_numba", PATH)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


LOOPS = _loops()
ARGS = {
    "nested_sines": (np.array([0.5, -1.0, 1.5]), 3),
    "square_root": (2.0,),
    "horner": (np.array([1.0, -2.0, 0.0, 4.0]), 0.5),
    "logistic_map": (0.2, 3.2, 10),
    "pendulum": (1.0, 0.0, 0.01, 30),
    "huber": (np.array([0.3, -2.0, 1.5, -0.1]), 1.0),
    "escape_radius": (0.4, 2.0, 50),
}


def compiled(text: str, name: str) -> tuple[Any, Any]:
    """A generated function, plain and under Numba; those that it calls are compiled, too."""
    plain: dict[str, Any] = {}
    exec(compile(text, f"<{name}>", "exec"), plain)
    fast: dict[str, Any] = {}
    exec(compile(text, f"<{name} for numba>", "exec"), fast)
    for key, value in list(fast.items()):
        if isinstance(value, FunctionType):
            fast[key] = numba.njit(value)
    return plain[name], fast[name]


def flat(value: Any) -> np.ndarray:
    """Every number of a nested result, in one row."""
    if isinstance(value, tuple):
        return np.concatenate([flat(v) for v in value])
    return np.ravel(np.asarray(value, dtype=float))


def equal(f: Any, mode: str, args: tuple[Any, ...], extra: tuple[Any, ...] = ()) -> None:
    text = adxform.source(f, mode)
    plain, fast = compiled(text, f"{f.__name__}_{mode}")
    expected = plain(*args, *extra)
    found = fast(*args, *extra)
    assert fast.nopython_signatures
    np.testing.assert_allclose(flat(found), flat(expected), rtol=1e-12)
    np.testing.assert_allclose(flat(expected)[0], f(*args), rtol=1e-13)


def tangents(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A direction for each argument that can have one."""
    return tuple(np.cos(np.arange(a.size)) if isinstance(a, np.ndarray) else 0.7
                 for a in args if not isinstance(a, int))


def fixed_point(x: float, tol: float, most: int) -> float:
    s = x
    for i in range(1, most):
        r = np.cos(s) * x
        if r < 0.0:
            continue
        if abs(r - s) < tol:
            return r * i
        s = r
        if s > 9.0:
            break
    else:
        s = s * 2.0
    return s


def inner_fixed_points(x: float, tol: float, most: int) -> float:
    s = x
    for i in range(most):
        for _ in range(most):
            r = np.cos(s) * x
            if abs(r - s) < tol:
                break
            s = r
        if s < 0.1:
            return s * i
        s = s + 0.1
    return s


@pytest.mark.parametrize("most", [50, 3, 0])
@pytest.mark.parametrize("f", [fixed_point, inner_fixed_points])
def test_loops_that_end_early(f, most):
    equal(f, "reverse", (0.8, 1e-3, most))
    equal(f, "forward", (0.8, 1e-3, most), (1.0, 0.5))


@pytest.mark.parametrize("name", ARGS)
def test_reverse(name):
    equal(getattr(LOOPS, name), "reverse", ARGS[name])


@pytest.mark.parametrize("name", ARGS)
def test_forward(name):
    equal(getattr(LOOPS, name), "forward", ARGS[name], tangents(ARGS[name]))


@pytest.mark.parametrize("name", ARGS)
def test_a_seed_of_ones_own(name):
    equal(getattr(LOOPS, name), "reverse", ARGS[name], (-2.5,))
