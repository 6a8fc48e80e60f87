"""Rules for values on a grid: trapezoids, convolutions, and polynomials by their coefficients."""

from __future__ import annotations

import numpy as np

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Scalar, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import bilinear, general, holomorphic
from adxform.rules.wording import (
    along,
    axis_in,
    dtype_in,
    held,
    is_none,
    literal,
    put_back,
    refuse,
    strong,
)

# The trapezoidal rule: a sum of steps times means, linear in values and in places.


def _trapezoid_type(y: Type, x: Type, dx: Type, axis: Type) -> Type:
    dims, place = dims_of(infer.as_array(y)), axis_in(axis, y)
    if not is_none(x) and infer.const_of(dx) != 1.0:
        refuse("np.trapezoid takes x or dx", "Leave dx out.")
    dtype = dtype_in(infer.arithmetic(y, dx if is_none(x) else x))
    if dims is None or place is None or not 0 <= place < len(dims):
        return Array(dtype, None)
    return infer.array(dtype, (*dims[:place], *dims[place + 1 :]))


def _steps(y: Type, x: Type, axis: Type) -> str:
    """The distances between the places, so that they broadcast with the means."""
    if is_none(x):
        return "dx"
    own, ndim = rank(infer.as_array(x)), rank(infer.as_array(y))
    place = axis_in(axis, y)
    if own is not None and own == ndim:
        return "np.diff(x)" if own == 1 else "np.diff(x, axis=axis)"
    if own != 1 or ndim is None or place is None:
        refuse("np.trapezoid is differentiated only where the ranks of y and x are known",
               "Annotate the parameters.")
    axes = tuple(i for i in range(ndim) if i != place % ndim)
    return f"np.diff(x)[{put_back(axes, ndim)}]"


def _each(y: Type) -> str:
    return "out_bar" if rank(infer.as_array(y)) == 1 else "np.expand_dims(out_bar, axis)"


def _sides(y: Type, axis: Type) -> tuple[str, str]:
    """The indices of the right and of the left ends of all steps."""
    place = axis_in(axis, y)
    if place is None:
        refuse("np.trapezoid is differentiated only where its axis is known",
               "Write the axis as a number.")
    return f"np.s_[{along(place, '1:')}]", f"np.s_[{along(place, ':-1')}]"


def _means(y: Type, axis: Type) -> str:
    right, left = (side.removeprefix("np.s_") for side in _sides(y, axis))
    return f"0.5 * (y{right} + y{left})"


def _values(y: Type, x: Type, axis: Type) -> str:
    right, left = _sides(y, axis)
    half = f"0.5 * {_steps(y, x, axis)} * {_each(y)}"
    return f"accumulate_at(accumulate_at(np.zeros_like(y), {right}, {half}), {left}, {half})"


def _places(y: Type, x: Type, axis: Type) -> str:
    each = f"{_means(y, axis)} * {_each(y)}"
    if rank(infer.as_array(x)) == rank(infer.as_array(y)):
        return f"undiff({each}, x, 1, axis)"
    summed = f"unbroadcast({each}, {_steps(y, x, axis)})"
    return f"undiff(np.ravel({summed}), x)"


bilinear(
    "np.trapezoid(y, x=None, dx=1.0, axis=-1)",
    y=_values,
    x=_places,
    dx=lambda y, axis: f"np.sum({_means(y, axis)} * {_each(y)})",
    infer=_trapezoid_type,
    sample=calls("R(4)", "R(4), R(4)", "R(4), dx=R", "R(2, 4)", "R(4, 2), axis=0", "R(2, 4), R(4)",
                 "R(4, 2), R(4), axis=0", "R(2, 4), R(2, 4)"),
)


# np.gradient: differences in the middle of three values, at the ends of two or three.


def _one_number(varargs: Type) -> None:
    """Of the places along an axis there is no derivative, only of the distance between them."""
    if not isinstance(varargs, Struct) or len(varargs.items) != 1 or (
        rank(infer.as_array(varargs.items[0])) != 0
    ):
        held()


def _spacing(varargs: Type, item: Type | None = None) -> str:
    _one_number(varargs)
    return "-np.sum(out_bar * out) / item"


def _dspacing(varargs: Type) -> str:
    _one_number(varargs)
    return "-out * dvarargs[0] / varargs[0]"


def _gradient(f: Type, varargs: Type, axis: Type) -> str:
    count = len(varargs.items) if isinstance(varargs, Struct) else None
    one = isinstance(literal(axis), int) or (is_none(axis) and rank(infer.as_array(f)) == 1)
    if count not in (0, 1) or not one:
        refuse("np.gradient is differentiated along one axis only, which is known",
               "Write axis=, and the spacing of that axis.")
    spacing = "varargs[0]" if count else "1.0"
    return f"ungradient(out_bar, f, {spacing}, axis, edge_order)"


def _gradient_type(f: Type, varargs: Type, axis: Type, *_: Type) -> Type:
    whole = is_none(axis) and rank(infer.as_array(f)) != 1
    if whole or isinstance(axis, Struct):
        return infer.unknown()
    own = isinstance(varargs, Struct) and all(isinstance(t, Scalar) for t in varargs.items)
    return Array(dtype_in(f) if own else None, dims_of(infer.as_array(f)))


general(
    "np.gradient(f, *varargs, axis=None, edge_order=1)",
    f=_gradient,
    df="np.gradient(df, *varargs, axis=axis, edge_order=edge_order)",
    varargs=_spacing,
    dvarargs=_dspacing,
    infer=_gradient_type,
    sample=calls("R(5)", "R(5), 0.5", "R(4), P", "R(4, 3), axis=0", "R(3), edge_order=2",
                 "R(2, 4), 2.0, axis=-1, edge_order=2", "R(4), np.array([0.0, 0.5, 2.0, 2.5])",
                 "R(4, 2), np.array([0.0, 0.5, 2.0, 2.5]), axis=0, edge_order=2"),
)
def _of_number(spacing: Type, text: str) -> str:
    if rank(infer.as_array(spacing)) != 0:
        held()
    return text


general(
    "ungradient(g, f, spacing=1.0, axis=None, edge_order=1)",
    g="np.gradient(out_bar, spacing, axis=axis, edge_order=edge_order)",
    dg="ungradient(dg, f, spacing, axis, edge_order)",
    spacing=lambda spacing: _of_number(spacing, "-np.sum(out_bar * out) / spacing"),
    dspacing=lambda spacing: _of_number(spacing, "-out * dspacing / spacing"),
    infer=lambda g, f, *_: infer.fresh_array(f),
    sample=calls("R(5), R(5)", "R(4, 3), R(4, 3), 0.5, 0, 2", "R(5), R(5), P"),
)


# Convolutions. convolve_left(g, a, v, mode): the cotangent of a in np.convolve(a, v, mode), which
# is that of v in np.convolve(v, a, mode).


def _convolved(a: Type, v: Type, mode: Type) -> Type:
    return Array(strong(a, v), (unknown_dim(),))


bilinear(
    "np.convolve(a, v, mode='full')",
    a="convolve_left(out_bar, a, v, mode)",
    v="convolve_left(out_bar, v, a, mode)",
    infer=_convolved,
    sample=calls("R(4), R(2)", "R(2), R(4)", "R(4), R(3), 'same'", "R(4), R(2), 'same'",
                 "R(5), R(3), 'valid'", "R(2), R(4), mode='valid'", "R(3), R(3)", "R(3), R",
                 "R, R"),
)
bilinear(
    "convolve_left(g, a, v, mode='full')",
    g="np.convolve(out_bar, v, mode)",
    v="convolve_left(g, v, out_bar, mode)",
    infer=lambda g, a, v, mode: infer.fresh_array(a),
    sample=calls("R(5), R(4), R(2)", "R(4), R(4), R(3), 'same'", "R(3), R(5), R(3), 'valid'"),
)


# Polynomials, the coefficient of the highest power first.


def _polynomial_type(p: Type, x: Type) -> Type:
    return infer.array(strong(p, x), dims_of(infer.as_array(x)))


general(
    "np.polyval(p, x)",
    p="as_like(np.ravel(out_bar) @ np.vander(np.ravel(x), len(p)), p)",
    dp="np.polyval(dp, x)",
    x="out_bar * as_like(np.polyval(p[:-1] * np.arange(len(p) - 1, 0, -1), x), out)",
    dx="dx * as_like(np.polyval(p[:-1] * np.arange(len(p) - 1, 0, -1), x), out)",
    infer=_polynomial_type,
    sample=calls("R(4), R(3)", "R(3), R", "R(1), R(2)", "R(4), R(2, 3)", "[1.0, R, 2.0], R(2)"),
)


def _exponents(N: Type, increasing: Type) -> str:
    size = "len(x)" if is_none(N) else "N"
    rising = infer.const_of(increasing)
    if not isinstance(rising, bool):
        refuse("np.vander is differentiated only where the order of its powers is known",
               "Write increasing=True or False.")
    return f"np.arange({size})" if rising else f"np.arange({size} - 1, -1, -1)"


def _slopes(N: Type, increasing: Type) -> str:
    power = _exponents(N, increasing)
    return f"{power} * x[:, None] ** np.maximum({power} - 1, 0)"


def _vander_type(x: Type, N: Type, increasing: Type) -> Type:
    dims, columns = dims_of(infer.as_array(x)), literal(N)
    rows = dims[0] if dims else unknown_dim()
    known = rows if is_none(N) else columns if isinstance(columns, int) else unknown_dim()
    dtype = dtype_in(x)
    wide = None if dtype is None else np.promote_types(dtype, np.int64).name
    return Array(wide, (rows, known))


general(
    "np.vander(x, N=None, increasing=False)",
    x=lambda N, increasing: f"as_like(np.sum(out_bar * ({_slopes(N, increasing)}), axis=1), x)",
    dx=lambda N, increasing: f"({_slopes(N, increasing)}) * dx[:, None]",
    infer=_vander_type,
    sample=calls("R(3)", "R(3), 4", "R(3), 2, increasing=True", "R(2), 1"),
)

holomorphic("np.trapezoid", "np.convolve", "convolve_left")
