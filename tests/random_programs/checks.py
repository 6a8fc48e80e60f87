"""What must hold of every program: what is generated agrees with dual numbers, differences, itself."""

from __future__ import annotations

import contextlib
import copy
import itertools
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import adxform
from adxform.derivatives import Derivative
from adxform.errors import UnsupportedError
from adxform.generated import Generated
from adxform.options import Options
from tests.backends.plainly import loop_nests_in_python
from tests.random_programs.cases import (
    LIMIT,
    Case,
    Meaningless,
    close,
    difference,
    inner,
    items_of,
    loaded,
    mapped,
    parts,
    prepared,
    same,
    size,
)
from tests.random_programs.forms import Shape
from tests.random_programs.generator import Program

VARIANTS = (
    Options(optimize=False),
    Options(inline=False),
    Options(tbr=False),
    Options(backend="numba"),  # its loop nests, as the Python that they are
)
REFUSED = (  # what programs may be refused for
    "in place", "writes to an array", "what array is written to here",
    "a view or a copy", "is assigned again after its definition", "a tuple changes its length",
    "may change", "becomes a tuple inside the loop", "holds it, too", "cannot be told here",
    "may join or repeat a list", "IfExp over an active", "a lambda over an active",
    "on one path and something else on another", "may write to its arguments",
    "which is no real number or array",  # grad(h)(np.sign(-2)), where no path comes by
)


def check_forward(case: Case) -> None:
    args, dx = copy.deepcopy(case.args), copy.deepcopy(case.dx)
    value, tangent = adxform.jvp(case.f, args, dx)
    assert same(parts(dx), parts(case.dx)), "forward mode changes a tangent"
    assert same(value, case.value), f"forward mode changes the value {case.value} to {value}"
    assert same(args, case.args), "forward mode changes an argument"
    tolerance = 1e-8 if case.exact else 1e-4
    assert close(tangent, case.tangent, tolerance), f"jvp {tangent} is not {case.tangent}"
    again = adxform.jvp(case.f, args, case.dx)
    assert same(again[1], tangent), "a second jvp differs"
    for found, part in zip(parts(tangent), parts(value), strict=True):
        assert np.shape(found) == np.shape(part), "the tangent has another shape than the value"


def check_several(case: Case) -> None:
    """Two directions at once give what each gives."""
    def paired(part: Any) -> Any:
        if part is None:
            return None
        return np.stack([np.asarray(part), -2.0 * np.asarray(part)], axis=-1)

    args = copy.deepcopy(case.args)
    value, tangent = adxform.jvp(case.f, args, mapped(paired, case.dx), directions=2)
    assert same(value, case.value), "several directions change the value"
    assert same(args, case.args), "several directions change an argument"
    expected = mapped(paired, adxform.jvp(case.f, args, case.dx)[1])
    assert close(tangent, expected), f"of two directions {tangent} is not {expected}"


def seeds_for(value: Any) -> Any:
    """A cotangent of a result."""
    rng = np.random.default_rng(0)
    return mapped(lambda p: rng.uniform(-1, 1, np.shape(p)) if np.shape(p) else
                  float(rng.uniform(-1, 1)), value)


def check_reverse(case: Case) -> tuple[Any, ...]:
    args = copy.deepcopy(case.args)
    value, pullback = adxform.vjp(case.f, *args)
    assert same(value, case.value), f"reverse mode changes the value {case.value} to {value}"
    seeds = seeds_for(value)
    given_seeds = copy.deepcopy(seeds)
    bars: tuple[Any, ...] = pullback(seeds)
    assert same(seeds, given_seeds), "the pullback changes its cotangent"
    assert same(args, case.args), "reverse mode changes an argument"
    left, right = inner(seeds, case.tangent), inner(bars, case.dx)
    scale = (1.0 if case.exact else 1e5) * max(1.0, abs(left), size(bars))
    assert abs(left - right) < 1e-9 * scale, f"dot product: {left} and {right}"
    again = pullback(seeds)
    for i in case.places:
        assert same(again[i], bars[i]), "a second pull differs"
        assert list(map(np.shape, parts(bars[i]))) == list(map(np.shape, parts(args[i])))
    check_memory(case, bars, args)
    return bars


def check_memory(case: Case, bars: tuple[Any, ...], args: tuple[Any, ...]) -> None:
    """What a pullback returns is its own."""
    found = [bar for i in case.places for bar in parts(bars[i])]
    for one, other in itertools.combinations(found, 2):
        assert not np.shares_memory(one, other), "cotangents share memory"
    for bar, arg in itertools.product(found, parts(args)):
        assert not np.shares_memory(bar, arg), "a cotangent is an argument's memory"


def check_gradient(case: Case) -> tuple[Any, ...]:
    args = copy.deepcopy(case.args)
    value, gradient = Derivative(case.f, case.places, value=True)(*args)
    assert same(value, case.value), "grad changes the value"
    assert same(args, case.args), "grad changes an argument"
    left, right = float(np.asarray(case.tangent)), inner(gradient, case.given)
    scale = (1.0 if case.exact else 1e5) * max(1.0, size(gradient))
    assert abs(left - right) < 1e-9 * scale, f"gradient: {left}, {right}"
    return tuple(gradient)


def check_gradient_alone(case: Case, bars: tuple[Any, ...]) -> None:
    """Without the value the gradient is the same."""
    args = copy.deepcopy(case.args)
    alone = Derivative(case.f, case.places)(*args)
    assert close(alone, bars, 1e-12), f"alone the gradient is {alone}, and not {bars}"
    assert same(args, case.args), "grad alone changes an argument"


def check_options(case: Case, bars: tuple[Any, ...], options: Options) -> None:
    """Neither optimisation, nor inlining, nor what is recorded changes results (but for rounding)."""
    args = copy.deepcopy(case.args)
    agree = same if options.backend == "numpy" else close  # loops add up in another order
    if options.tbr:  # forward mode records nothing
        value, tangent = Generated(case.f, "forward", options)(*args, *case.given)
        assert agree(value, case.value), f"{options} change the value"
        tolerance = 1e-8 if case.exact else 1e-4
        assert close(tangent, case.tangent, tolerance), f"{options} change the tangent"
    if case.scalar or items_of(case.value) is None:
        made = Generated(case.f, "reverse", options).compiled(args, case.places)
        value, found = made.call(*args, seeds_for(case.value))
        found = found if len(case.places) > 1 else (found,)
        expected = [bars[i] for i in case.places]
        assert agree(value, case.value), f"{options} change the value"
        assert close(found, expected), f"{options} change the cotangents {expected} to {found}"
    assert same(args, case.args), f"{options} change an argument"


def check_source(case: Case, mode: str, given: tuple[Any, ...] | None) -> None:
    """Text runs by itself, made for known types or from annotations alone (so mostly unknown ones)."""
    text = adxform.source(case.f, mode, case.places, args=given)
    with loaded(replace(case.program, text=text)) as module:
        _check_made(case, mode, getattr(module, f"f_{mode}"), text)


def _check_made(case: Case, mode: str, made: Callable[..., Any], text: str) -> None:
    args = copy.deepcopy(case.args)
    if mode == "forward":
        value, tangent = made(*args, *case.given)
        tolerance = 1e-8 if case.exact else 1e-4
        assert close(tangent, case.tangent, tolerance), f"text: {tangent}, {case.tangent}\n{text}"
    elif items_of(case.value) is None:
        value, found = made(*args, seeds_for(case.value))
        found = found if len(case.places) > 1 else (found,)
        left, right = inner(seeds_for(case.value), case.tangent), inner(found, case.given)
        scale = (1.0 if case.exact else 1e5) * max(1.0, abs(left), size(found))
        assert abs(left - right) < 1e-9 * scale, f"text: {left}, {right}\n{text}"
    else:
        return
    assert same(value, case.value), f"the text changes the value\n{text}"
    assert same(args, case.args), f"the text changes an argument\n{text}"


def check_determinism(case: Case) -> None:
    for mode in ("forward", "reverse"):
        texts = {adxform.source(case.f, mode, case.places, args=case.args) for _ in range(2)}
        assert len(texts) == 1, "generation is not deterministic"


def check_single(case: Case) -> None:
    """float32 arrays give float32 results, near those of float64."""
    def cast(value: Any, dtype: type) -> Any:
        return mapped(lambda a: a.astype(dtype) if isinstance(a, np.ndarray) else a, value)

    args = cast(case.args, np.float32)
    wide = cast(args, np.float64)
    with contextlib.suppress(AssertionError, OverflowError):
        value = case.f(*copy.deepcopy(args))
        got, tangent = adxform.jvp(case.f, copy.deepcopy(args), cast(case.dx, np.float32))
        if not same(got, value):
            raise ValueError("float32: the value differs")
        for t, v in zip(parts(tangent), parts(value), strict=True):
            number = np.shape(t) == ()  # that of a variable that is Python's float on some path
            kinds = np.asarray(t).dtype, np.asarray(v).dtype
            if not number and np.promote_types(*kinds) != kinds[1]:
                raise ValueError(f"the tangent is {kinds[0]}, the value {kinds[1]}")
        if not case.scalar or not close(value, case.f(*copy.deepcopy(wide)), 1e-4):
            return
        found = Derivative(case.f, case.places)(*args)
        expected = Derivative(case.f, case.places)(*wide)
        for i, bar in zip(case.places, found, strict=True):
            for b, a in zip(parts(bar), parts(args[i]), strict=True):
                if np.asarray(b).dtype != np.asarray(a).dtype:
                    raise ValueError("the gradient has another dtype than the argument")
        settled = difference(lambda *a: case.f(*copy.deepcopy(a)), wide, case.dx) is not None
        if settled and not close(found, expected, 2e-2):
            raise ValueError(f"float32 gradient {found} is far from {expected}")


def check_second_order(case: Case) -> None:
    gradient = Derivative(case.f, case.places)
    found = parts(adxform.hvp(case.f, copy.deepcopy(case.args), case.dx))
    estimate = difference(lambda *args: gradient(*args), case.args, case.dx)
    if estimate is None or not size(estimate) < LIMIT:
        return
    assert close(found, estimate, 1e-3), f"hvp {found} is not {estimate}"


def check_differences(case: Case) -> None:
    """Dual numbers agree with differences, where these settle."""
    estimate = difference(lambda *a: case.f(*copy.deepcopy(a)), case.args, case.dx)
    tangent = parts(case.tangent)
    if estimate is not None and all(np.shape(e) == np.shape(t)
                                    for e, t in zip(estimate, tangent, strict=True)):
        assert close(estimate, tangent, 1e-4), "dual numbers and differences"


def check(program: Program, seed: int, *, thorough: bool = False) -> str:
    """Everything that must hold of a program at a point; what became of it, in a word.

    What is made in several variants is made in one of them, by the seed, unless ``thorough``.
    """
    with loaded(program) as module, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        doing = "at first"  # the program itself may ask for a derivative
        try:
            case = prepared(program, module, seed)
            for checked in (_check_modes, _check_texts):
                doing = checked.__name__.removeprefix("_check_")
                checked(case, seed, thorough)
        except Meaningless:
            return "meaningless"
        except UnsupportedError as error:
            if not any(words in str(error) for words in REFUSED):
                raise
            return f"refused ({doing}): {str(error).splitlines()[0]}"
        check_differences(case)
    return "held"


def _check_modes(case: Case, seed: int, thorough: bool) -> None:
    check_forward(case)
    bars = check_reverse(case)
    if case.scalar:
        gradient = check_gradient(case)
        if thorough or seed % 3 == 0:
            check_gradient_alone(case, gradient)
    for options in VARIANTS if thorough else [VARIANTS[seed % len(VARIANTS)]]:
        with loop_nests_in_python():
            check_options(case, bars, options)
    match seed % 4:
        case 0:
            check_single(case)
        case 1 if case.scalar:
            check_second_order(case)
        case 2:
            check_several(case)


def _check_texts(case: Case, seed: int, thorough: bool) -> None:
    """Text for unknown types may be refused where that for known ones is not."""
    structured = any(isinstance(kind, Shape) for _, kind in case.program.params)
    known = (case.args,) if structured else (case.args, None)  # what a container holds must be known
    ways = list(itertools.product(("reverse", "forward"), known))
    for mode, args in ways if thorough else [ways[seed // 3 % len(ways)]]:
        check_source(case, mode, args)
    if thorough or seed % 8 == 2:
        check_determinism(case)
