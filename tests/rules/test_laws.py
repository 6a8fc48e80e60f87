"""Laws that every row of the rule table obeys, checked on the row's samples.

Forward mode agrees with central differences and with dual numbers, reverse mode with forward mode
(the inner products of the dot-product test), second derivatives with differences of first ones;
float32 stays float32, operands broadcast, and what is inferred of a result is true of it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from adxform import dual
from adxform.core.dims import Sym
from adxform.core.types import Array, Inert, Known, Scalar, Struct, Type, Unknown
from adxform.errors import UnsupportedError
from adxform.rules.samples import Calls, Program, Uniform
from adxform.rules.table import LOWERINGS, RULES, Rule, Statements
from tests.rules.deriving import (
    derivative_of,
    derive,
    differences,
    directions,
    draw,
    has_derivative,
    inferred,
    inner,
    is_internal,
    is_missing,
    leaves,
    primal,
    programs,
    seeds_for,
    shape_combinations,
    subsets,
    types_of,
)

ROWS = {n: r for n, r in RULES.items() if not is_internal(r) and not is_missing(r)}
ACTIVE = [name for name, rule in ROWS.items() if has_derivative(rule)]
SAMPLED = [name for name, rule in ROWS.items() if programs(rule)]
WITH_BOTH = [name for name in ACTIVE if programs(ROWS[name])]
GIVES_COMPLEX = {"np.complex128", "np.complex64"}  # which are refused without types
each_row = pytest.mark.parametrize("name", WITH_BOTH)
typed = pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])


def compiled_programs(name: str, typed: bool) -> Iterator[Program]:
    """A row's programs; one that cannot be differentiated without types may be refused."""
    for program in programs(ROWS[name]):
        try:
            if program.active:
                derive(program, "forward", program.active, given(program, typed))
                derive(program, "reverse", program.active, given(program, typed))
        except UnsupportedError:
            if typed or (acts_by_element(name) and name not in GIVES_COMPLEX):
                raise
            continue
        yield program


def given(program: Program, typed: bool, dtype: str = "float64") -> dict[str, Type]:
    return types_of(program, dtype) if typed else {}


def acts_by_element(name: str) -> bool:
    """Whether a row takes arrays of any shapes that broadcast."""
    sample = ROWS[name].sample
    of_numbers = isinstance(sample, Uniform) and sample.shape is None
    elementwise = ROWS[name].kind in ("elementwise", "inactive") or ROWS[name].broadcasts
    return elementwise and not of_numbers and not isinstance(sample, Calls)


# First derivatives


@typed
@each_row
def test_forward_agrees_with_differences_and_duals(name: str, typed: bool) -> None:
    for program in compiled_programs(name, typed):
        for wrt in subsets(program):
            forward_agrees(program, wrt, typed, exact=ROWS[name].kind != "composed")


def forward_agrees(
    program: Program, wrt: tuple[str, ...], typed: bool, exact: bool = True
) -> None:
    args, along = draw(program), directions(program, wrt)
    made = derive(program, "forward", wrt, given(program, typed))
    value, tangent = made.call(*args.values(), *along.values())
    f = primal(program)
    for mine, plain in zip(leaves(value), leaves(f(**args)), strict=True):
        if exact:
            np.testing.assert_array_equal(mine, plain, err_msg=made.text)
        np.testing.assert_allclose(mine, plain, rtol=1e-12, atol=1e-13, err_msg=made.text)
    for mine, plain in zip(leaves(tangent), differences(f, args, along), strict=True):
        assert np.shape(mine) == np.shape(plain), made.text
        rough = 1.0 if is_of(value, "float64") else 3e3  # differences of numbers in float32
        np.testing.assert_allclose(
            mine, plain, rtol=1e-6 * rough, atol=1e-7 * rough, err_msg=made.text
        )
    for mine, plain in zip(leaves(tangent), by_dual_numbers(f, args, along), strict=False):
        np.testing.assert_allclose(mine, plain, rtol=1e-10, atol=1e-11, err_msg=made.text)


def by_dual_numbers(f: Any, args: dict[str, Any], along: dict[str, Any]) -> list[Any]:
    """The tangent by the oracle that knows nothing of the compiler; empty where it cannot."""
    direction = tuple(along.get(name) for name in args)
    try:
        return leaves(dual.derivative(f, *args.values(), direction=direction)[1])
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        return []


@typed
@each_row
def test_reverse_is_the_transpose_of_forward(name: str, typed: bool) -> None:
    for program in compiled_programs(name, typed):
        for wrt in subsets(program):
            transposed(program, wrt, typed)


def transposed(program: Program, wrt: tuple[str, ...], typed: bool, dtype: str = "float64") -> None:
    args, along = draw(program, dtype=dtype), directions(program, wrt, dtype)
    types = given(program, typed, dtype)
    forward = derive(program, "forward", wrt, types)
    value, out_dot = forward.call(*args.values(), *along.values())
    reverse = derive(program, "reverse", wrt, types)
    seeds = seeds_for(reverse, program, value)
    same, bars = reverse.call(*args.values(), *seeds)
    bars = bars if len(wrt) > 1 else (bars,)
    both = f"{forward.text}\n{reverse.text}"
    for mine, plain in zip(leaves(same), leaves(value), strict=True):
        np.testing.assert_array_equal(mine, plain, err_msg=both)
    for part, tangent in zip(leaves(value), leaves(out_dot), strict=True):
        assert np.shape(part) == np.shape(tangent), f"{program}\n{both}"
    for parameter, bar in zip(wrt, bars, strict=True):
        assert np.shape(bar) == np.shape(args[parameter]), f"{program}\n{both}"
        if isinstance(args[parameter], np.ndarray) and is_of(value, dtype):
            assert np.asarray(bar).dtype == args[parameter].dtype, f"{program}\n{both}"
    left, size = inner(seeds, out_dot)
    right, other = inner(bars, tuple(along.values()))
    single = dtype != "float64" or any(np.asarray(v).dtype == "complex64" for v in leaves(value))
    epsilon = 2e-5 if single else 1e-12
    assert abs(left - right) <= epsilon * max(size, other, 1e-3), f"{left} {right}\n{both}"


# Second derivatives


@typed
@each_row
def test_second_derivatives_agree_with_differences(name: str, typed: bool) -> None:
    for program in compiled_programs(name, typed):
        if program.active:
            second_order(program, typed)


def second_order(program: Program, typed: bool) -> None:
    wrt = program.active
    args, along = draw(program), directions(program, wrt)
    reverse = derive(program, "reverse", wrt, given(program, typed))
    seeds = seeds_for(reverse, program, primal(program)(**args))
    params = [p.name for p in reverse.core.params]
    types = {n: reverse.types[n] for n in params if n in reverse.types} if typed else {}
    over = derivative_of(reverse.core, "forward", wrt, types)
    bars, bars_dot = (found[1] for found in over.call(*args.values(), *seeds, *along.values()))

    def gradient(**moved: Any) -> Any:
        return reverse.call(*moved.values(), *seeds)[1]

    both = f"{reverse.text}\n{over.text}"
    for mine, plain in zip(leaves(bars), leaves(gradient(**args)), strict=True):
        np.testing.assert_allclose(mine, plain, rtol=1e-13, atol=1e-13, err_msg=both)
    for mine, plain in zip(leaves(bars_dot), differences(gradient, args, along), strict=True):
        assert np.shape(mine) == np.shape(plain), both
        np.testing.assert_allclose(mine, plain, rtol=1e-6, atol=1e-6, err_msg=both)


# Precision, shapes


@typed
@each_row
def test_single_precision_stays(name: str, typed: bool) -> None:
    for program in compiled_programs(name, typed):
        arrays = [a for a in program.arguments.values() if a.shape is not None]
        if program.active and arrays:
            transposed(program, program.active, typed, "float32")
            single_tangent(program, program.active, typed)


@pytest.mark.parametrize(
    "name",
    [n for n in WITH_BOTH if acts_by_element(n) and ROWS[n].broadcasts
     and n not in ("np.clip", ".clip()")],
)
def test_numbers_do_not_widen_single_precision(name: str) -> None:
    for program in programs(ROWS[name]):
        for number in program.arguments:
            shapes = {other: None if other == number else (3,) for other in program.arguments}
            shaped = program.of_shapes(shapes)
            arrays = tuple(name for name in shaped.active if name != number)
            if arrays:
                single_tangent(shaped, arrays, typed=True)


def single_tangent(program: Program, wrt: tuple[str, ...], typed: bool) -> None:
    args, along = draw(program, dtype="float32"), directions(program, wrt, "float32")
    made = derive(program, "forward", wrt, given(program, typed, "float32"))
    value, tangent = made.call(*args.values(), *along.values())
    for part, moved in zip(leaves(value), leaves(tangent), strict=True):
        if is_of(part, "float32"):
            assert is_of(moved, "float32"), f"{program}\n{made.text}"


def is_of(value: Any, dtype: str) -> bool:
    """Whether a function kept the precision of its operands: some widen beside a number."""
    alike = {"float64": "complex128", "float32": "complex64"}.get(dtype)
    return all(np.asarray(leaf).dtype in (dtype, alike) for leaf in leaves(value))


@pytest.mark.parametrize("name", [n for n in WITH_BOTH if ROWS[n].broadcasts])
def test_operands_broadcast(name: str) -> None:
    for program in programs(ROWS[name]):
        for shaped in shape_combinations(program):
            if shaped.active:
                transposed(shaped, shaped.active, True)
                transposed(shaped, shaped.active, False)
                forward_agrees(shaped, shaped.active, True)


@typed
@pytest.mark.parametrize("name", [n for n in WITH_BOTH if acts_by_element(n)])
def test_empty_and_zero_dimensional_operands(name: str, typed: bool) -> None:
    for program in compiled_programs(name, typed):
        for shape in ((0,), (), (0, 3)):
            same = program.of_shapes(dict.fromkeys(program.arguments, shape))
            transposed(same, same.active, typed)


# Types


@pytest.mark.parametrize("name", SAMPLED)
def test_inferred_types_are_true(name: str) -> None:
    for program in programs(ROWS[name]):
        variants = [program]
        if acts_by_element(name) and len(program.arguments) < 3:
            variants += list(shape_combinations(program))
        for variant in variants:
            for dtype in ("float64", "float32"):
                types_true(variant, dtype)


def types_true(program: Program, dtype: str) -> None:
    found, _ = inferred(program, dtype)
    args = draw(program, dtype=dtype)
    if isinstance(found, Unknown | Inert):
        return
    try:
        value = primal(program)(**args)
    except (TypeError, ValueError):
        return
    sizes = {
        d.name: size
        for name, t in types_of(program, dtype).items()
        for d, size in zip(getattr(t, "dims", ()), np.shape(args[name]), strict=True)
        if isinstance(d, Sym)
    }
    assert_type(found, value, sizes, f"{program} ({dtype}) gives {found}, not {value!r}")


def assert_type(t: Type, value: Any, sizes: dict[str, int], message: str) -> None:
    match t:
        case Scalar(dtype, weak):
            plain = type(value) in (bool, int, float, complex)
            assert plain or isinstance(value, np.generic), message
            assert not weak or plain, message
            assert np.asarray(value).dtype == dtype, message
        case Array(dtype, dims):
            assert isinstance(value, np.ndarray), message
            assert dtype is None or value.dtype == dtype, message
            if dims is not None:
                assert len(dims) == value.ndim, message
                for dim, size in zip(dims, value.shape, strict=True):
                    assert_dim(dim, size, sizes, message)
        case Struct(items):
            assert isinstance(value, tuple | list) and len(value) == len(items), message
            for item, part in zip(items, value, strict=True):
                assert_type(item, part, sizes, message)
        case Known(known):
            assert value is known or value == known, message
        case _:
            pass


def assert_dim(dim: Any, size: int, sizes: dict[str, int], message: str) -> None:
    if isinstance(dim, int):
        assert dim == size, message
    else:
        assert sizes.setdefault(dim.name, size) == size, message
        assert not dim.not_one or size != 1, message


# The table itself


@pytest.mark.parametrize("name", ACTIVE)
def test_rows_with_a_derivative_have_a_sample(name: str) -> None:
    assert programs(ROWS[name]), f"{name} has no sample"


def known_names(rule: Rule) -> set[str]:
    """What a row's formulas may speak of."""
    params = rule.primitive.params
    return {*params, *(f"d{p}" for p in params), "out", "g", "out_bar", "item", "index"}


@pytest.mark.parametrize("name", [n for n, r in RULES.items() if has_derivative(r)])
def test_formulas_mention_only_what_the_table_knows(name: str) -> None:
    rule = RULES[name]
    known = known_names(rule)
    for formula in (*rule.pull.values(), *rule.push.values()):
        if isinstance(formula, str):
            text_is_closed(formula, known)
        else:
            function = formula.function if isinstance(formula, Statements) else formula
            assert set(inspect.signature(function).parameters) <= known, function


def text_is_closed(text: str, known: set[str]) -> None:
    """Each name is one of ``known`` or a function of the table, whose derivative is there, too."""
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            method = isinstance(node.func, ast.Attribute) and f".{node.func.attr}()" in RULES
            assert called in RULES or called in LOWERINGS or method, f"{called} in {text}"
        if isinstance(node, ast.Name):
            assert node.id in {*known, "np", "math", "scipy", *RULES}, f"{node.id} in {text}"


# What is left out


LIKE = {"like", "a", "b", "x", "y", "f", "g", "out", "arrays", "arr", "v", "v",
        "values"}  # operands of the compiler's helpers
HELD = {  # what says how or where, and cannot be a real number that a result depends on smoothly
    "axis", "axes", "axis1", "axis2", "source", "destination", "keepdims", "dtype", "order", "where",
    "shape", "index", "indices", "indices_or_sections", "condition", "condlist", "indexing",
    "k", "n", "offset", "num", "endpoint", "shift", "reps", "repeats", "pad_width", "mode",
    "subscripts", "optimize", "N", "increasing", "edge_order", "exponent", "ord", "rcond",
    "norm", "s", "deg", "l_and_u", "type", "first", "last",
    "full_matrices", "compute_uv", "UPLO", "lower", "trans", "rowvar", "bias",
    "obj", "deg", "new_shape", "method", "copy", "p", "ind", "upper", "discont", "minlength", "count",
}
STEPS = {  # parameters whose derivative is zero wherever there is one
    "np.copysign": {"y"}, "math.copysign": {"y"}, "np.heaviside": {"x"}, "np.full_like": {"a"},
    "np.choose": {"a"}, "np.bincount": {"x"},
}


def left_out(rule: Rule) -> set[str]:
    """The parameters of a row with a derivative that could be active and would get none."""
    helper = "." not in rule.primitive.name and rule.primitive.name not in vars(builtins)
    known = HELD | STEPS.get(rule.primitive.name, set()) | (LIKE if helper else set())
    return set(rule.primitive.params) - set(rule.pull) - known


@pytest.mark.parametrize("name", ACTIVE)
def test_no_parameter_gets_a_zero_by_silence(name: str) -> None:
    assert not left_out(ROWS[name]), "give it a formula, or wording.held, which refuses"
