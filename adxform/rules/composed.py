"""Functions of NumPy that are said in others (see ``composition``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Scalar, Type, rank
from adxform.rules import infer
from adxform.rules.composition import composed
from adxform.rules.samples import calls
from adxform.rules.table import Formula, statements
from adxform.rules.wording import dtype_in, is_none, refuse

# Correlation is convolution with the second operand turned round.



def _correlated(v: Type, mode: Type) -> str:
    """Of a and a longer v the part ``same`` begins one later, if a has an even length."""
    real = (dtype_in(v) or "").startswith("float")
    turned = "v[::-1]" if real else "np.conj(v[::-1])"
    if infer.const_of(mode) != "same":
        return f"np.convolve(a, {turned}, mode)"
    start = "(min(len(a), len(v)) - (len(a) >= len(v))) // 2"
    return f"np.convolve(a, {turned})[{start}:{start} + max(len(a), len(v))]"


composed("np.correlate(a, v, mode='valid')", _correlated, of=("a", "v"),
         sample=calls("R(2), R(5), 'same'", "R(3), R(4), 'same'", "R(5), R(2), mode='same'",
                      "R(4), R(2)", "R(4), R(2), 'full'", "R(4), R(2), 'same'",
                      "R(2), R(5), 'valid'", "R(2), R(4), 'full'"))


# Covariances, divided by both standard deviations.


def _variables(x: Type, y: Type, rowvar: Type) -> str:
    rows = infer.const_of(rowvar)
    ranks = rank(infer.as_array(x)), rank(infer.as_array(y))
    if is_none(y) and ranks[0] == 2 and isinstance(rows, bool):
        return "x" if rows else "x.T"
    if ranks == (1, 1):
        return "np.stack([x, y])"
    refuse("np.corrcoef is differentiated for two vectors, or one matrix of known rowvar",
           "Join the variables with np.stack first.")


def _correlations(x: Type, y: Type, rowvar: Type) -> str:
    covariance = f"np.cov({_variables(x, y, rowvar)})"
    scale = f"np.sqrt(np.diagonal({covariance}))"
    return f"{covariance} / {scale}[:, None] / {scale}"


composed("np.corrcoef(x, y=None, rowvar=True)", _correlations, of=("x", "y"),
         sample=calls("R(5), R(5)", "R(3, 6)", "R(6, 3), rowvar=False"))


# What is not a number takes part in nothing.


def _known(other: str) -> str:
    return f"np.where(np.isnan(a), {other}, a)"


for _name, _plain, _none in (("nanprod", "prod", 1.0), ("nancumsum", "cumsum", 0.0),
                             ("nancumprod", "cumprod", 1.0)):
    _keep = ", *, keepdims=False" if _name == "nanprod" else ""
    _kept = ", keepdims=keepdims" if _keep else ""
    composed(f"np.{_name}(a, axis=None{_keep})",
             f"np.{_plain}({_known(str(_none))}, axis=axis{_kept})", of=("a",),
             sample=calls("R(3)", "R(2, 3), axis=1", "R(2, 3) + np.array([0.3, np.nan, 0.2])"))

_MEAN = "np.nanmean(a, axis=axis, keepdims=True)"
_VARIANCE = (f"np.nansum(np.square(a - {_MEAN}), axis=axis, keepdims=keepdims)"
             " / as_like(np.sum(~np.isnan(a), axis=axis, keepdims=keepdims) - ddof, a)")


@statements
def _deviation(a: Any, axis: Any, ddof: Any, keepdims: Any) -> Any:
    variance = np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims)
    return np.sqrt(variance + (variance == 0.0)) * (variance != 0.0)


# Where all elements agree, a standard deviation has the slope 0, as that of np.std.
for _name, _formula in (("nanvar", _VARIANCE), ("nanstd", _deviation)):
    composed(f"np.{_name}(a, axis=None, *, ddof=0, keepdims=False)", _formula, of=("a", "ddof"),
             sample=calls("R(4)", "R(3, 4), axis=1, ddof=1",
                          "R(2, 4) + np.array([0.3, np.nan, 0.2, 0.1])"))


# Polynomials, the coefficient of the highest power first.


def _fitted(x: Type, y: Type, w: Type) -> str:
    powers = "np.vander(x, deg + 1)"
    right = "y" if is_none(w) else "w * y" if rank(infer.as_array(y)) == 1 else "w[:, None] * y"
    left = powers if is_none(w) else f"w[:, None] * {powers}"
    scale = f"np.sqrt(np.sum(({left}) * ({left}), axis=0))"
    found = f"np.linalg.lstsq(({left}) / {scale}, {right}, 2.220446049250313e-16 * len(x))[0]"
    match rank(infer.as_array(y)):
        case 1:
            return f"{found} / {scale}"
        case 2:
            return f"{found} / {scale}[:, None]"
        case _:
            refuse("np.polyfit is differentiated only where the rank of y is known",
                   "Annotate the parameters.")


composed("np.polyfit(x, y, deg, *, w=None)", _fitted, of=("x", "y", "w"),
         sample=calls("np.cumsum(P(5)), R(5), 2", "np.cumsum(P(5)), R(5, 2), 1",
                      "np.cumsum(P(5)), R(5), 1, w=P(5)", "np.arange(4.0), R(4), 1"))
composed("np.polyint(p)", "np.append(p / np.arange(len(p), 0, -1), 0.0)", of=("p",),
         sample=calls("R(3)", "R(1)"))


# Shapes


composed("np.ediff1d(ary)", "np.diff(np.ravel(ary))", of=("ary",), sample=calls("R(4)", "R(2, 3)"))
composed("np.resize(a, new_shape)",
         "np.reshape(np.take(np.ravel(a), np.arange(np.prod(new_shape)) % np.size(a)), new_shape)",
         of=("a",), sample=calls("R(6), 4", "R(2, 2), (2, 3)", "R(3), (2,)"))


def _compressed(axis: Type) -> str:
    whole, axis_text = ("np.ravel(a)", "0") if is_none(axis) else ("a", "axis")
    return f"np.take({whole}, np.flatnonzero(condition), axis={axis_text})"


composed("np.compress(condition, a, axis=None)", _compressed, of=("a",),
         sample=calls("[True, False, True], R(3)", "B(4), R(4)", "B(3), R(2, 3), axis=1",
                      "[False, True], R(2, 3), 0"))
composed("np.extract(condition, arr)", "np.take(np.ravel(arr), np.flatnonzero(condition))",
         of=("arr",), sample=calls("B(4), R(4)", "B(2, 3), R(2, 3)"))


# The methods of ufuncs


def _each_with_each(operation: str) -> Formula:
    def formula(A: Type, B: Type) -> str:
        ndim = rank(infer.as_array(B))
        if ndim is None:
            refuse(f"np.{operation}.outer is differentiated only where the ranks are known",
                   "Annotate the parameters.")
        left, right = (f"np.asarray({name})" if isinstance(t, Scalar) else name
                       for name, t in (("A", A), ("B", B)))
        if ndim > 0 and rank(infer.as_array(A)) != 0:
            left = f"{left}[(...,{' None,' * ndim})]"
        return f"np.{operation}({left}, {right})"

    return formula


for _name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "hypot",
              "arctan2", "logaddexp"):
    composed(f"np.{_name}.outer(A, B)", _each_with_each(_name), of=("A", "B"),
             sample=calls("P(3), P(2)", "P(2, 3), P(2)", "P(3), P(2, 2)", "P, P(3)"))

for _name, _plain in (("add", "sum"), ("multiply", "prod"), ("maximum", "max"), ("minimum", "min")):
    composed(f"np.{_name}.reduce(array, axis=0, *, keepdims=False)",
             f"np.{_plain}(array, axis=axis, keepdims=keepdims)", of=("array",),
             sample=calls("R(3)", "R(2, 3)", "R(2, 3), axis=1, keepdims=True", "R(2, 3), None"))
for _name, _plain in (("add", "cumsum"), ("multiply", "cumprod")):
    composed(f"np.{_name}.accumulate(array, axis=0)", f"np.{_plain}(array, axis=axis)",
             of=("array",), sample=calls("R(3)", "R(2, 3)", "R(2, 3), 1"))


@statements
def _log_sum(array: Any, axis: Any, keepdims: Any) -> Any:
    peak = np.max(array, axis=axis, keepdims=True)
    total = np.sum(np.exp(array - peak), axis=axis, keepdims=True)
    return np.sum(np.log(total) + peak, axis=axis, keepdims=keepdims)


composed("np.logaddexp.reduce(array, axis=0, *, keepdims=False)", _log_sum, of=("array",),
         sample=calls("R(3)", "R(2, 3)", "R(2, 3), axis=1, keepdims=True"))
