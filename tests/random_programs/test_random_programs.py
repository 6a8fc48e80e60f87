"""Random programs: what is generated agrees with dual numbers, differences, and itself."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import itertools
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import adxform
from adxform.derivatives import Derivative
from adxform.dual import array, derivative
from adxform.errors import AdxformError, UnsupportedError
from adxform.generated import Generated
from adxform.pipeline import Options
from tests.random_programs.forms import FLOAT, INT, MATRIX, VECTOR
from tests.random_programs.generator import Program, programs
from tests.random_programs.ordinary import ordinary_programs

pytestmark = pytest.mark.random_programs

LIMIT = 1e4  # values and derivatives beyond this say nothing at 1e-8
_numbers = itertools.count()


@contextlib.contextmanager
def loaded(program: Program) -> Iterator[Callable[..., Any]]:
    """The program's function, imported from a file as a user's would be."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"random_program_{next(_numbers)}"
        path = Path(folder) / f"{name}.py"
        path.write_text(program.text)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module.f
        finally:
            del sys.modules[name]


def arguments(program: Program, seed: int) -> tuple[Any, ...]:
    """A point: floats and array elements in (-1.2, 1.2), integers from 0 to 3."""
    rng = np.random.default_rng(seed)
    made = {
        FLOAT: lambda: float(rng.uniform(-1.2, 1.2)),
        VECTOR: lambda: rng.uniform(-1.2, 1.2, 3),
        MATRIX: lambda: rng.uniform(-1.2, 1.2, (2, 3)),
        INT: lambda: int(rng.integers(0, 4)),
    }
    return tuple(made[kind]() for _, kind in program.params)


def directions(program: Program, args: Sequence[Any], seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed + 1)
    return tuple(
        None if kind == INT
        else float(rng.uniform(-1, 1)) if kind == FLOAT
        else rng.uniform(-1, 1, np.shape(arg))
        for (_, kind), arg in zip(program.params, args, strict=True)
    )


def parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def same(a: Any, b: Any) -> bool:
    """Whether two results agree in every bit, in their shapes and in their dtypes."""
    return len(parts(a)) == len(parts(b)) and all(
        np.shape(x) == np.shape(y)
        and np.asarray(x).dtype == np.asarray(y).dtype
        and np.array_equal(x, y)
        for x, y in zip(parts(a), parts(b), strict=True)
    )


def size(value: Any) -> float:
    return max((float(np.max(np.abs(p), initial=0.0)) for p in parts(value) if p is not None),
               default=0.0)


def distance(a: Any, b: Any) -> float:
    """The largest difference between two results of the same structure, or inf."""
    worst = 0.0
    for x, y in zip(parts(a), parts(b), strict=True):
        if (x is None) != (y is None):
            return np.inf
        if x is None:
            continue
        if np.shape(x) != np.shape(y):
            return np.inf
        gap = np.max(np.abs(np.asarray(x, float) - y), initial=0.0)
        worst = max(worst, np.inf if np.isnan(gap) else float(gap))
    return worst


def close(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    return distance(a, b) <= tolerance * max(1.0, size(a), size(b))


def inner(a: Any, b: Any) -> float:
    return float(sum(np.sum(np.multiply(x, y)) for x, y in zip(parts(a), parts(b), strict=True)
                     if x is not None and y is not None))


def moved(args: Sequence[Any], direction: Sequence[Any], step: float) -> tuple[Any, ...]:
    return tuple(a if d is None else a + step * d for a, d in zip(args, direction, strict=True))


def difference(f: Callable[..., Any], args: Sequence[Any], direction: Sequence[Any]) -> Any:
    """The derivative of ``f`` by central differences; None where they do not settle (a kink)."""
    found = []
    for step in (1e-4, 5e-5):
        ahead, behind = f(*moved(args, direction, step)), f(*moved(args, direction, -step))
        found.append(tuple(np.subtract(p, q) / (2 * step)
                           for p, q in zip(parts(ahead), parts(behind), strict=True)))
    return found[1] if distance(*found) < 1e-4 * max(1.0, size(found[1])) else None


@dataclass(frozen=True)
class Case:
    """A program at a point where it is smooth, and what it is worth there."""

    program: Program
    f: Callable[..., Any]
    args: tuple[Any, ...]
    dx: tuple[Any, ...]
    value: Any
    tangent: Any

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(i for i, (_, kind) in enumerate(self.program.params) if kind != INT)

    @property
    def scalar(self) -> bool:
        return not isinstance(self.value, tuple) and np.shape(self.value) == ()


class DualNumpy:
    """NumPy, whose ``array`` and ``full`` can hold dual numbers."""

    array = staticmethod(array)

    @staticmethod
    def full(shape: Any, value: Any) -> Any:
        return np.ones(shape) * value

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def dual_function(program: Program) -> Callable[..., Any]:
    """The program's function for dual numbers."""
    scope: dict[str, Any] = {"np": DualNumpy()}
    exec(program.text.replace("import numpy as np", ""), scope)
    f: Callable[..., Any] = scope["f"]
    return f


def prepared(program: Program, f: Callable[..., Any], seed: int) -> Case:
    """Run a program by itself and by dual numbers; skip it where it says nothing."""
    args = arguments(program, seed)
    dx = directions(program, args, seed)
    try:
        value = f(*copy.deepcopy(args))
    except (AssertionError, OverflowError, ZeroDivisionError):
        assume(False)
    except ValueError as error:  # np.diag and np.broadcast_to give arrays that are not to be written
        assume("read-only" not in str(error))
        raise
    assume(np.isfinite(size(value)) and size(value) < LIMIT)
    try:
        _, tangent = derivative(dual_function(program), *copy.deepcopy(args), direction=dx)
    except (AttributeError, TypeError, ValueError):  # arrays of floats hold no dual numbers
        assume("fill" not in program.text and "[" not in program.text)
        raise
    assume(np.isfinite(size(tangent)) and size(tangent) < LIMIT)
    return Case(program, f, args, dx, value, tangent)


# --- what must hold ------------------------------------------------------------------------------


def check_forward(case: Case) -> None:
    args = copy.deepcopy(case.args)
    dx = copy.deepcopy(case.dx)
    value, tangent = adxform.jvp(case.f, args, dx)
    assert all(d is None or same(d, c) for d, c in zip(dx, case.dx, strict=True)), (
        "forward mode changes a tangent")
    assert same(value, case.value), "forward mode changes the value"
    assert same(args, case.args), "forward mode changes an argument"
    assert close(tangent, case.tangent), f"jvp {tangent} is not {case.tangent}"
    again = adxform.jvp(case.f, args, case.dx)
    assert same(again[1], tangent), "a second jvp differs"
    for found, part in zip(parts(tangent), parts(value), strict=True):
        assert np.shape(found) == np.shape(part), "the tangent has another shape than the value"


def check_differences(case: Case) -> None:
    estimate = difference(case.f, case.args, case.dx)
    if estimate is None or any(np.shape(e) != np.shape(t)
                               for e, t in zip(estimate, parts(case.tangent), strict=True)):
        event("differences do not settle")
        return
    assert close(estimate, tuple(parts(case.tangent)), 1e-4), "dual numbers and differences"


def check_reverse(case: Case) -> tuple[Any, ...]:
    args = copy.deepcopy(case.args)
    value, pullback = adxform.vjp(case.f, *args)
    assert same(value, case.value), "reverse mode changes the value"
    rng = np.random.default_rng(0)
    seeds = tuple(
        float(rng.uniform(-1, 1)) if np.shape(p) == () else rng.uniform(-1, 1, np.shape(p))
        for p in parts(value)
    )
    given_seeds = copy.deepcopy(seeds)
    bars = pullback(seeds if isinstance(value, tuple) else seeds[0])
    assert same(seeds, given_seeds), "the pullback changes its cotangent"
    assert same(args, case.args), "reverse mode changes an argument"
    left, right = inner(seeds, parts(case.tangent)), inner(bars, case.dx)
    scale = max(1.0, abs(left), size(bars))
    assert abs(left - right) < 1e-9 * scale, f"dot product: {left} and {right}"
    again = pullback(seeds if isinstance(value, tuple) else seeds[0])
    for i in case.places:
        assert same(again[i], bars[i]), "a second pull differs"
        assert np.shape(bars[i]) == np.shape(args[i])
    for i, j in itertools.combinations(case.places, 2):
        assert not np.shares_memory(bars[i], bars[j]), "cotangents share memory"
    for i, j in itertools.product(case.places, range(len(args))):
        assert not np.shares_memory(bars[i], args[j]), "a cotangent is an argument's memory"
    return bars


def check_gradient(case: Case) -> tuple[Any, ...]:
    args = copy.deepcopy(case.args)
    value, gradient = Derivative(case.f, case.places, value=True)(*args)
    assert same(value, case.value), "grad changes the value"
    assert same(args, case.args), "grad changes an argument"
    left = float(np.asarray(case.tangent))
    right = inner(gradient, [case.dx[i] for i in case.places])
    assert abs(left - right) < 1e-9 * max(1.0, size(gradient)), f"gradient: {left}, {right}"
    return gradient


def check_options(case: Case, gradient: tuple[Any, ...] | None) -> None:
    """Neither optimisation, nor inlining, nor what is recorded changes results (but for rounding)."""
    for options in (Options(optimize=False), Options(inline=False), Options(tbr=False)):
        args = copy.deepcopy(case.args)
        if options.tbr:  # forward mode records nothing
            made = Generated(case.f, "forward", options)
            value, tangent = made(*args, *(case.dx[i] for i in case.places))
            assert same(value, case.value), f"{options} change the value"
            assert close(tangent, case.tangent), f"{options} change the tangent"
        if gradient is not None:
            other = Derivative(case.f, case.places, options=options)(*args)
            assert close(other, gradient), f"{options} change the gradient"
        assert same(args, case.args), f"{options} change an argument"


def check_source(case: Case, bars: tuple[Any, ...], gradient: tuple[Any, ...] | None) -> None:
    """Text made from annotations alone (so mostly of unknown types) runs by itself."""
    for mode in ("forward", "reverse"):
        text = adxform.source(case.f, mode, case.places)
        assert text == adxform.source(case.f, mode, case.places), "generation is not deterministic"
        scope: dict[str, Any] = {}
        exec(compile(text, "<generated>", "exec"), scope)
        args = copy.deepcopy(case.args)
        made = scope[f"f_{mode}"]
        if mode == "forward":
            value, tangent = made(*args, *(case.dx[i] for i in case.places))
            assert close(tangent, case.tangent), f"text {tangent} is not {case.tangent}\n{text}"
        elif gradient is not None:
            value, found = made(*args, 1.0)
            found = found if len(case.places) > 1 else (found,)
            assert close(found, gradient), f"text {found} is not {gradient}\n{text}"
        else:
            continue
        assert same(value, case.value), f"the text changes the value\n{text}"
        assert same(args, case.args), f"the text changes an argument\n{text}"


def check_single(case: Case, gradient: tuple[Any, ...] | None) -> None:
    """float32 arrays give float32 results, near those of float64."""
    args = tuple(a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in case.args)
    wide = tuple(a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args)
    with contextlib.suppress(AssertionError, OverflowError):
        value = case.f(*copy.deepcopy(args))
        dx = tuple(d.astype(np.float32) if isinstance(d, np.ndarray) else d for d in case.dx)
        got, tangent = adxform.jvp(case.f, copy.deepcopy(args), dx)
        if not same(got, value):
            raise ValueError("float32: the value differs")
        for t, v in zip(parts(tangent), parts(value), strict=True):
            weak = type(t) is float  # which narrows with whatever it meets
            kinds = np.asarray(t).dtype, np.asarray(v).dtype
            if not weak and np.promote_types(*kinds) != kinds[1]:
                raise ValueError(f"the tangent is {kinds[0]}, the value {kinds[1]}")
        if gradient is None or not close(value, case.f(*copy.deepcopy(wide)), 1e-4):
            return
        found = Derivative(case.f, case.places)(*args)
        expected = Derivative(case.f, case.places)(*wide)
        for i, bar in zip(case.places, found, strict=True):
            if np.asarray(bar).dtype != np.asarray(args[i]).dtype:
                raise ValueError("the gradient has another dtype than the argument")
        if difference(case.f, wide, case.dx) is not None and not close(found, expected, 2e-2):
            raise ValueError(f"float32 gradient {found} is far from {expected}")


def check_second_order(case: Case) -> None:
    gradient = Derivative(case.f, case.places)
    found = parts(adxform.hvp(case.f, copy.deepcopy(case.args), case.dx))
    estimate = difference(lambda *args: gradient(*args), case.args, case.dx)
    if estimate is None or not size(estimate) < LIMIT:
        return
    assert close(tuple(found), estimate, 1e-3), f"hvp {found} is not {estimate}"


def check(program: Program, seed: int) -> None:
    """Everything that must hold of a program at a point."""
    with loaded(program) as f, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        case = prepared(program, f, seed)
        try:
            check_forward(case)
            bars = check_reverse(case)
            gradient = check_gradient(case) if case.scalar else None
            check_options(case, gradient)
            check_source(case, bars, gradient)
            if seed % 4 == 0:
                check_single(case, gradient)
            if seed % 4 == 1 and gradient is not None:
                check_second_order(case)
        except UnsupportedError as error:
            if not refusable(program, error):
                raise
            event("refused: a write in place")
            return
        check_differences(case)


def refusable(program: Program, error: AdxformError) -> bool:
    """Whether a refusal is about what is changed in place, or a construct that is listed."""
    changed = any(op in program.text for op in ("+=", "-=", "*=", "] = ")) and "in place" in str(error)
    return changed or any(words in str(error) for words in LISTED)


LISTED = (  # what programs of ordinary Python may be refused for
    "may write to its arguments", "writes to an array", "what array is written to",
    "a view or a copy", "is assigned again after its definition", "a tuple changes its length",
    "may change", "becomes a tuple inside the loop",
)


@settings(suppress_health_check=list(HealthCheck), max_examples=20)
@given(programs(), st.integers(0, 1000))
def test_a_few_random_programs(program: Program, seed: int) -> None:
    check(program, seed)


@settings(suppress_health_check=list(HealthCheck), max_examples=20)
@given(ordinary_programs(), st.integers(0, 1000))
def test_a_few_programs_of_ordinary_python(program: Program, seed: int) -> None:
    check(program, seed)


@pytest.mark.slow
@settings(suppress_health_check=list(HealthCheck))
@given(ordinary_programs(), st.integers(0, 1000))
def test_programs_of_ordinary_python(program: Program, seed: int) -> None:
    check(program, seed)


@pytest.mark.slow
@settings(suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 1000))
def test_random_programs(program: Program, seed: int) -> None:
    check(program, seed)
