"""The slopes at kinks, poles and other points where a function has more than one answer, or none.

These are conventions, so each is stated as a number: JAX's, where JAX has one. Every case runs in
both modes, with types and without.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from adxform.errors import MissingRuleError
from adxform.rules.samples import Argument, Program
from tests.rules.deriving import derivative_of, derive, types_of

INF, NAN = math.inf, math.nan


def program(expression: str, point: dict[str, Any], held: dict[str, Any]) -> Program:
    arguments = {}
    for name, value in {**point, **held}.items():
        array = isinstance(value, np.ndarray)
        kind = {"b": "boolean", "i": "integer"}.get(np.asarray(value).dtype.kind, "real")
        kind = kind if array or name in held else "real"
        arguments[name] = Argument(value.shape if array else None, kind=kind)
    return Program(expression, arguments)


def partials(expression: str, typed: bool, *, held: Any = (), **point: Any) -> dict[str, Any]:
    """The partial derivatives of an expression, by name; both modes must agree."""
    held = dict(held)
    sample = program(expression, point, held)
    types = types_of(sample) if typed else {}
    args = {**point, **held}
    found = {}
    with np.errstate(all="ignore"):
        for name, value in point.items():
            forward = derive(sample, "forward", (name,), types)
            one = np.ones_like(value) if isinstance(value, np.ndarray) else 1.0
            out, tangent = forward.call(*args.values(), one)
            reverse = derive(sample, "reverse", (name,), types)
            seed = np.ones_like(out) if isinstance(out, np.ndarray) else 1.0
            bar = reverse.call(*args.values(), seed)[1]
            if np.shape(tangent) == np.shape(bar):
                np.testing.assert_array_equal(tangent, bar)
            found[name] = bar
    return found


def check(expression: str, expected: dict[str, Any], *, held: Any = (), **point: Any) -> None:
    for typed in (True, False):
        found = partials(expression, typed, held=held, **point)
        for name, slope in expected.items():
            np.testing.assert_allclose(found[name], slope, rtol=1e-12, err_msg=expression)


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.mark.parametrize("function", ["np.abs", "np.absolute", "np.fabs", "abs"])
def test_the_absolute_value_has_slope_0_at_0(function: str) -> None:
    check(f"{function}(x)", {"x": [-1.0, 0.0, 0.0, 1.0]}, x=numbers(-2.0, -0.0, 0.0, 2.0))


@pytest.mark.parametrize("function", ["abs", "math.fabs"])
@pytest.mark.parametrize(("x", "slope"), [(-2.0, -1.0), (0.0, 0.0), (3.0, 1.0)])
def test_the_absolute_value_of_a_number(function: str, x: float, slope: float) -> None:
    check(f"{function}(x)", {"x": slope}, x=x)


@pytest.mark.parametrize("function", ["np.maximum", "np.fmax"])
def test_equal_operands_of_a_maximum_share_evenly(function: str) -> None:
    check(f"{function}(x, y)", {"x": [0.0, 0.5, 1.0], "y": [1.0, 0.5, 0.0]},
          x=numbers(1.0, 2.0, 3.0), y=numbers(2.0, 2.0, 2.0))


@pytest.mark.parametrize("function", ["np.minimum", "np.fmin"])
def test_equal_operands_of_a_minimum_share_evenly(function: str) -> None:
    check(f"{function}(x, y)", {"x": [1.0, 0.5, 0.0], "y": [0.0, 0.5, 1.0]},
          x=numbers(1.0, 2.0, 3.0), y=numbers(2.0, 2.0, 2.0))


@pytest.mark.parametrize("value", [-INF, INF, 0.0])
def test_infinite_operands_that_are_equal_share_evenly_too(value: float) -> None:
    check("np.maximum(x, y)", {"x": [0.5], "y": [0.5]}, x=numbers(value), y=numbers(value))


def test_a_number_beats_nan_in_fmax() -> None:
    check("np.fmax(x, y)", {"x": [1.0, 0.0], "y": [0.0, 1.0]}, x=numbers(1.0, NAN),
          y=numbers(NAN, 1.0))


def test_a_rectifier_has_slope_one_half_at_0() -> None:
    check("np.maximum(x, 0.0)", {"x": [0.0, 0.5, 1.0]}, x=numbers(-1.0, 0.0, 1.0))


@pytest.mark.parametrize("function", ["max", "min"])
def test_built_in_extrema_share_evenly(function: str) -> None:
    check(f"{function}(x, y)", {"x": 0.5, "y": 0.5}, x=2.0, y=2.0)


def test_clip_passes_everything_on_at_its_bounds() -> None:
    x = numbers(-1.0, 0.0, 0.5, 1.0, 2.0)
    check("np.clip(x, 0.0, 1.0)", {"x": [0.0, 1.0, 1.0, 1.0, 0.0]}, x=x)
    check("x.clip(0.0, 1.0)", {"x": [0.0, 1.0, 1.0, 1.0, 0.0]}, x=x)
    check("np.clip(x, None, 1.0)", {"x": [1.0, 1.0, 1.0, 1.0, 0.0]}, x=x)
    check("np.clip(x, 0.0, None)", {"x": [0.0, 1.0, 1.0, 1.0, 1.0]}, x=x)


def test_every_value_of_clip_has_one_source() -> None:
    """Also where the bounds are equal, or cross: NumPy then gives the upper one."""
    x = numbers(-1.0, 0.5, 2.0)
    for low, high in ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0)):
        found = partials("np.clip(x, low, high)", True, x=x, low=np.full(3, low),
                         high=np.full(3, high))
        np.testing.assert_array_equal(found["x"] + found["low"] + found["high"], np.ones(3))


def test_steps_have_slope_0() -> None:
    for step in ("np.floor(x)", "np.sign(x)", "np.round(x)", "x.round(1)", "(x > 0.5)", "x // 0.3"):
        check(f"x + {step}", {"x": [1.0, 1.0]}, x=numbers(0.7, 1.0))


# np.where


def test_the_side_that_is_not_taken_is_masked_in_forward_mode() -> None:
    sample = program("np.where(x > 0.0, np.sqrt(x), 0.0)", {"x": numbers(0.0, 4.0)}, {})
    made = derive(sample, "forward", ("x",), types_of(sample))
    with np.errstate(all="ignore"):
        _, tangent = made.call(numbers(0.0, 4.0), np.ones(2))
    np.testing.assert_array_equal(tangent, [0.0, 0.25])


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize(
    ("expression", "slope"),
    [
        ("np.where(x > 0.0, np.sqrt(x), 0.0)", 0.0),
        ("np.where(x == 0.0, 1.0, np.sin(x) / x)", 0.0),
        ("np.where(x > 0.0, np.log(x), x)", 1.0),
        ("np.where(x > 0.0, 2.0 * np.exp(np.sqrt(x)) - 1.0, x)", 1.0),
        ("np.where(x > 0.0, np.where(x > 1.0, x, x ** 0.5), 0.0)", 0.0),
        ("np.where(np.array([[False], [False]]), np.sqrt(x), 0.0)", 0.0),
    ],
)
def test_the_side_that_is_not_taken_is_masked_in_reverse_mode(
    expression: str, slope: float, typed: bool
) -> None:
    assert partials(expression, typed, x=numbers(0.0))["x"] == [slope]


def test_a_safe_operand_makes_where_safe() -> None:
    """The double where, as JAX's users write it."""
    check("np.where(x > 0.0, np.sqrt(np.where(x > 0.0, x, 1.0)), 0.0)", {"x": [0.0, 0.25]},
          x=numbers(0.0, 4.0))


def test_where_holds_its_condition_constant() -> None:
    check("np.where(c, x, y)", {"x": [1.0, 0.0], "y": [0.0, 1.0]}, x=numbers(1.0, 2.0),
          y=numbers(3.0, 4.0), held={"c": np.array([True, False])})


# Roots and norms


def test_the_square_root_has_an_infinite_slope_at_0() -> None:
    check("np.sqrt(x)", {"x": [INF, 0.25]}, x=numbers(0.0, 4.0))
    check("np.cbrt(x)", {"x": [INF]}, x=numbers(0.0))
    check("x ** 0.5", {"x": [INF, 0.25]}, x=numbers(0.0, 4.0))


def test_an_infinite_slope_of_a_python_number_raises_as_its_division_does() -> None:
    sample = program("math.sqrt(x)", {"x": 0.0}, {})
    with pytest.raises(ZeroDivisionError):
        derive(sample, "reverse", ("x",), types_of(sample)).call(0.0, 1.0)


@pytest.mark.parametrize("function", ["np.hypot", "math.hypot"])
def test_the_distance_from_the_origin_has_slope_0_there(function: str) -> None:
    check(f"{function}(x, y)", {"x": 0.0, "y": 0.0}, x=0.0, y=0.0)


def test_the_angle_at_the_origin_has_no_slope() -> None:
    check("np.arctan2(y, x)", {"y": [NAN], "x": [NAN]}, y=numbers(0.0), x=numbers(0.0))


# Powers


@pytest.mark.parametrize(
    ("y", "slope"), [(0.0, 0.0), (0.5, INF), (1.0, 1.0), (1.5, 0.0), (2.0, 0.0), (3.0, 0.0)]
)
def test_powers_of_0(y: float, slope: float) -> None:
    exponent = {"y": np.array([y])}
    check("x ** y", {"x": [slope]}, x=numbers(0.0), held=exponent)
    check("np.power(x, y)", {"x": [slope]}, x=numbers(0.0), held=exponent)
    check(f"x ** {y}", {"x": [slope]}, x=numbers(0.0))


def test_a_power_of_0_does_not_depend_on_its_exponent() -> None:
    check("x ** y", {"y": [0.0, 0.0]}, x=numbers(0.0, 0.0), y=numbers(0.0, 2.0))


def test_integer_exponents() -> None:
    x = numbers(-2.0, 0.0, 3.0)
    check("x ** 2", {"x": 2.0 * x}, x=x)
    check("x ** 3", {"x": 3.0 * x * x}, x=x)
    check("x ** -1", {"x": [-0.25, -1.0 / 9.0]}, x=x[::2].copy())
    check("x ** n", {"x": [0.0, 1.0, 6.0]}, x=x, held={"n": np.array([0, 1, 2])})


def test_a_negative_base_has_a_slope_where_the_exponent_is_whole() -> None:
    check("x ** y", {"x": [-4.0, 12.0]}, x=numbers(-2.0, -2.0), held={"y": numbers(2.0, 3.0)})


def test_numbers_to_the_power_of_numbers() -> None:
    check("x ** y", {"x": 0.0, "y": 0.0}, x=0.0, y=2.0)
    check("x ** y", {"x": 0.0}, x=0.0, y=0.0)
    check("math.pow(x, y)", {"x": 0.0, "y": 0.0}, x=0.0, y=2.0)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("x ** 2", "2.0 * x * out_bar"),
        ("x ** 3", "3.0 * x ** 2 * out_bar"),
        ("x ** 0.5", "0.5 * x ** -0.5 * out_bar"),
        ("x ** -2", "-2.0 * x ** -3 * out_bar"),
        ("x ** 1.5", "1.5 * x ** 0.5 * out_bar"),
        ("2.0 ** x", f"{math.log(2.0)!r} * out * out_bar"),
    ],
)
def test_constant_exponents_are_folded(expression: str, text: str) -> None:
    sample = program(expression, {"x": numbers(2.0)}, {})
    assert f"x_bar = {text}\n" in derive(sample, "reverse", ("x",), types_of(sample)).text


# Sums, products and logarithms of them


def test_products_with_zeros() -> None:
    check("np.prod(x)", {"x": [6.0, 0.0, 0.0]}, x=numbers(0.0, 2.0, 3.0))
    check("np.prod(x)", {"x": [0.0, 0.0, 0.0]}, x=numbers(0.0, 0.0, 3.0))


def test_the_standard_deviation_of_constants_has_slope_0() -> None:
    check("np.std(x)", {"x": [0.0, 0.0]}, x=numbers(2.0, 2.0))


def test_equal_extrema_share_evenly() -> None:
    check("np.max(x)", {"x": [0.0, 0.5, 0.5]}, x=numbers(1.0, 2.0, 2.0))
    check("np.min(x)", {"x": [0.5, 0.5, 0.0]}, x=numbers(1.0, 1.0, 2.0))


def test_log_sums_of_impossible_terms() -> None:
    x = numbers(-INF, -INF)
    check("scipy.special.logsumexp(x)", {"x": [0.0, 0.0]}, x=x)
    check("np.logaddexp(x, y)", {"x": [0.0, 0.0], "y": [0.0, 0.0]}, x=x, y=x)
    check("np.logaddexp(x, y)", {"x": [0.0], "y": [1.0]}, x=numbers(-INF), y=numbers(0.0))


def test_a_log_sum_does_not_overflow() -> None:
    check("scipy.special.logsumexp(x)", {"x": [0.5, 0.5]}, x=numbers(1000.0, 1000.0))
    check("np.logaddexp(x, y)", {"x": [1.0], "y": [0.0]}, x=numbers(1000.0), y=numbers(-1000.0))


def test_zero_times_the_logarithm_of_zero() -> None:
    """Its slope in y is 0; its slope in x is -inf, unless the cotangent is 0."""
    check("scipy.special.xlogy(x, y)", {"x": [-INF], "y": [0.0]}, x=numbers(0.0), y=numbers(0.0))
    sample = program("scipy.special.xlogy(x, y)", {"x": numbers(0.0)}, {"y": numbers(0.0)})
    made = derive(sample, "reverse", ("x",), types_of(sample))
    np.testing.assert_array_equal(made.call(numbers(0.0), numbers(0.0), numbers(0.0))[1], [0.0])


def test_sinc_is_smooth_at_0() -> None:
    x = numbers(-0.06, -0.04, 0.0, 1e-9, 0.04)
    u = np.pi * x
    series = -(np.pi**2) / 3 * (1 - 3 * u**2 / 10 + u**4 / 56 - u**6 / 2160)
    reverse = derive(program("np.sinc(x)", {"x": x}, {}), "reverse", ("x",), {})
    over = derivative_of(reverse.core, "forward", ("x",), {})
    (_, slope), (_, curvature) = over.call(x, np.ones(5), np.ones(5))
    np.testing.assert_allclose(curvature, series, rtol=1e-9)
    assert slope[2] == 0.0


def test_what_is_no_number_passes_nothing_on() -> None:
    check("np.nan_to_num(x)", {"x": [0.0, 0.0, 1.0]}, x=numbers(NAN, INF, 2.0))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    "expression",
    ["scipy.special.jv(n, x)", "scipy.special.gammainc(n, x)", "scipy.special.polygamma(n, x)"],
)
def test_a_slope_without_a_formula_is_refused(expression: str, mode: str) -> None:
    sample = program(expression, {"n": 1.5, "x": 2.0}, {})
    with pytest.raises(MissingRuleError, match=r"(?s)order or shape.*return scipy"):
        derive(sample, mode, ("n",), types_of(sample))
