"""Laws of the rules that are declared to hold for complex numbers, with operands that are complex,
all of them and each by itself.

Forward mode agrees with central differences and with dual numbers; reverse mode is its transpose in
the inner product Re(sum(conj(u) v)); second derivatives agree with differences of first ones;
single precision stays; and what is inferred of a result is true of it.
"""

from __future__ import annotations

import builtins
import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adxform.analysis.types import infer, result_type
from adxform.core.dims import Sym
from adxform.core.types import Array, Scalar, Type
from adxform.errors import UnsupportedError
from adxform.rules.samples import Program, calls
from adxform.rules.table import RULES
from tests.rules.deriving import (
    Made,
    core,
    derivative_of,
    draw,
    leaves,
    primal,
    programs,
    types_of,
)
from tests.rules.test_laws import WITH_BOTH, assert_type, by_dual_numbers

HOLDING = [name for name in WITH_BOTH if RULES[name].holds_for_complex]
MORE = {  # samples with something complex in them, which is no operand to differentiate in
    ".astype()": calls("R(3), complex"),
    "np.full_like": calls("np.zeros((2, 3), dtype=complex), R"),
}
_REFUSALS = (TypeError, ValueError, UnsupportedError, np.exceptions.ComplexWarning)
NEVER_COMPLEX = {"np.real_if_close", "half_weights", "np.fft.fftfreq"}
each_row = pytest.mark.parametrize("name", HOLDING)


class Case:
    """A program at a point where some of its operands are complex."""

    def __init__(self, program: Program, turned: tuple[str, ...], dtype: str = "float64") -> None:
        self.program, self.turned, self.dtype = program, turned, dtype
        self.wrt = program.active
        self.complex = {"float64": "complex128", "float32": "complex64"}[dtype]
        self.types = {n: self.type(n, t) for n, t in types_of(program, dtype).items()}

    @property
    def args(self) -> dict[str, Any]:
        """The point; nothing is changed in place that others see."""
        return self.drawn(1)

    def drawn(self, seed: int) -> dict[str, Any]:
        """Values for the operands."""
        first, second = draw(self.program, seed, self.dtype), draw(self.program, seed + 1)
        return {n: self.made(n, first[n], second[n]) for n in first}

    def made(self, name: str, real: Any, imaginary: Any) -> Any:
        if name not in self.turned:
            return real
        made = real + 1j * imaginary
        return made.astype(self.complex) if isinstance(real, np.ndarray) else made

    def type(self, name: str, known: Type) -> Type:
        if name not in self.turned:
            return known
        assert isinstance(known, Scalar | Array)
        return replace(known, dtype=self.complex if isinstance(known, Array) else "complex128")

    def along(self) -> dict[str, Any]:
        """A direction in all operands in question."""
        found = self.drawn(17)
        return {n: found[n] * (0.7 if found[n] is not None else 1) for n in self.wrt}

    @functools.cache
    def derive(self, mode: str) -> Made:
        return derivative_of(core(self.program), mode, self.wrt, self.types)

    def value(self) -> Any:
        return primal(self.program)(**self.args)

    def __str__(self) -> str:
        return f"{self.program.expression} with {self.turned or 'nothing'} complex"


@functools.cache
def cases(name: str, dtype: str = "float64") -> list[Case]:
    """Those among a row's programs that NumPy computes, with something complex in them."""
    found = []
    more = MORE[name].programs(RULES[name].primitive) if name in MORE else []
    for program in [*programs(RULES[name]), *more]:
        active = program.active
        several = [(n,) for n in active] if len(active) > 1 and not is_helper(name) else []
        for turned in (active, *several, ()):
            case = Case(program, turned, dtype)
            try:
                value = case.value()
                case.derive("forward"), case.derive("reverse")
            except _REFUSALS:
                continue
            if turned or any(np.iscomplexobj(leaf) for leaf in leaves(value)):
                found.append(case)
    return found


def is_helper(name: str) -> bool:
    """Whether the compiler alone calls it, and its operands are of one kind."""
    return "." not in name and not hasattr(builtins, name)


def inner(left: Any, right: Any) -> tuple[float, float]:
    """The real inner product of two nests of arrays, and the sum of its terms' magnitudes."""
    terms = [np.conj(a) * b for a, b in zip(leaves(left), leaves(right), strict=True)]
    return sum(float(np.sum(np.real(t))) for t in terms), sum(float(np.sum(np.abs(t))) for t in terms)


def exact(value: Any) -> bool:
    """Whether a result is of double precision."""
    return all(np.asarray(leaf).dtype.name in ("float64", "complex128") for leaf in leaves(value))


def seed_like(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(seed_like, value))
    rng = np.random.default_rng(11)
    made = rng.normal(size=np.shape(value))
    if np.iscomplexobj(value):
        made = made + 1j * rng.normal(size=np.shape(value))
    kept = np.asarray(made, np.asarray(value).dtype)
    return kept if isinstance(value, np.ndarray) else kept[()]


def seeds_for(reverse: Made, case: Case, value: Any) -> tuple[Any, ...]:
    """One seed for each parameter that the reverse function has beyond the primal's."""
    wanted = len(reverse.core.params) - len(case.args)
    return tuple(map(seed_like, [value] if wanted == 1 else leaves(value)))


def differences(f: Any, args: dict[str, Any], along: dict[str, Any]) -> list[Any]:
    """The directional derivative by central differences of fourth order."""
    h = 1e-3

    def at(step: float) -> list[Any]:
        moved = {n: v + step * along[n] if n in along else v for n, v in args.items()}
        return [1.0 * np.asarray(leaf) for leaf in leaves(f(**moved))]

    points = zip(at(-2 * h), at(-h), at(h), at(2 * h), strict=True)
    return [(8 * (c - b) - (d - a)) / (12 * h) for a, b, c, d in points]


@each_row
def test_something_complex_is_tried(name: str) -> None:
    assert name in NEVER_COMPLEX or cases(name), name


@each_row
def test_forward_agrees_with_differences_and_duals(name: str) -> None:
    for case in cases(name):
        along, made = case.along(), case.derive("forward")
        value, tangent = made.call(*case.args.values(), *along.values())
        f = primal(case.program)
        for mine, plain in zip(leaves(value), leaves(case.value()), strict=True):
            np.testing.assert_allclose(mine, plain, rtol=1e-14, err_msg=f"{case}\n{made.text}")
        for mine, plain in zip(leaves(tangent), differences(f, case.args, along), strict=True):
            assert np.shape(mine) == np.shape(plain), f"{case}\n{made.text}"
            rough = 1.0 if exact(value) else 3e3
            np.testing.assert_allclose(mine, plain, rtol=1e-6 * rough, atol=1e-7 * rough,
                                       err_msg=f"{case}\n{made.text}")
        for mine, plain in zip(leaves(tangent), by_dual_numbers(f, case.args, along), strict=False):
            np.testing.assert_allclose(mine, plain, rtol=1e-10, atol=1e-11,
                                       err_msg=f"{case}\n{made.text}")


@each_row
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reverse_is_the_transpose_of_forward(name: str, dtype: str) -> None:
    for case in cases(name, dtype):
        along, forward, reverse = case.along(), case.derive("forward"), case.derive("reverse")
        value, out_dot = forward.call(*case.args.values(), *along.values())
        seeds = seeds_for(reverse, case, value)
        _, bars = reverse.call(*case.args.values(), *seeds)
        bars = bars if len(case.wrt) > 1 else (bars,)
        both = f"{case}\n{forward.text}\n{reverse.text}"
        single = dtype == "float32" and all(
            np.asarray(v).dtype in ("float32", "complex64") for v in leaves(value))
        for parameter, bar in zip(case.wrt, bars, strict=True):
            own = case.args[parameter]
            assert np.shape(bar) == np.shape(own), both
            assert np.iscomplexobj(bar) <= np.iscomplexobj(own), both
            if isinstance(own, np.ndarray) and own.ndim and (dtype == "float64" or single):
                assert np.asarray(bar).dtype == own.dtype, both
        left, size = inner(seeds, out_dot)
        right, other = inner(bars, tuple(along.values()))
        epsilon = 1e-12 if dtype == "float64" and exact(value) else 2e-5
        assert abs(left - right) <= epsilon * max(size, other, 1e-3), f"{left} {right}\n{both}"


@each_row
def test_second_derivatives_agree_with_differences(name: str) -> None:
    for case in cases(name):
        along, reverse = case.along(), case.derive("reverse")
        seeds = seeds_for(reverse, case, case.value())
        params = [p.name for p in reverse.core.params]
        types = {n: reverse.types[n] for n in params if n in reverse.types}
        over = derivative_of(reverse.core, "forward", case.wrt, types)
        _, bars_dot = over.call(*case.args.values(), *seeds, *along.values())

        def gradient(reverse: Made = reverse, seeds: Any = seeds, **moved: Any) -> Any:
            return reverse.call(*moved.values(), *seeds)[1]

        both = f"{case}\n{reverse.text}\n{over.text}"
        plainly = differences(gradient, case.args, along)
        for mine, plain in zip(leaves(bars_dot[1]), plainly, strict=True):
            np.testing.assert_allclose(mine, plain, rtol=1e-6, atol=1e-6, err_msg=both)


@each_row
def test_inferred_types_are_true(name: str) -> None:
    for dtype in ("float64", "float32"):
        for case in cases(name, dtype):
            function = core(case.program)
            found = result_type(function, infer(function, case.types))
            if not isinstance(found, Scalar | Array):
                continue
            sizes = {
                d.name: size
                for n, t in case.types.items()
                for d, size in zip(getattr(t, "dims", ()), np.shape(case.args[n]), strict=True)
                if isinstance(d, Sym)
            }
            value = case.value()
            if isinstance(value, complex) and not isinstance(value, np.generic):
                assert found.dtype == "complex128"
                continue
            assert_type(found, value, sizes, f"{case} gives {found}, not {value!r}")
