"""Rules for norms of vectors and matrices, and for products of several matrices."""

from __future__ import annotations

import numpy as np

from adxform.core.types import Struct, Type, rank
from adxform.rules import infer
from adxform.rules.reductions import OVER_AXES, float_total
from adxform.rules.samples import calls
from adxform.rules.shapes import SAME
from adxform.rules.table import bilinear, general, holomorphic, inactive, linear, lowers, of_complex
from adxform.rules.wording import dtype_in, dtype_said, is_none, kept, literal, refuse

# Norms; at 0 a norm has the slope 0: out + (out == 0) is 1 there.


def _norm_type(x: Type, ord: Type, axis: Type, keepdims: Type) -> Type:
    return infer.real(float_total(x, axis, keepdims))


def _norm_kind(x: Type, ord: Type, axis: Type) -> str:
    """Which norm is meant: "2" (of all elements together), "1", "inf" or "p"."""
    which = infer.const_of(ord)
    matrix = isinstance(axis, Struct) or (is_none(axis) and (rank(infer.as_array(x)) or 1) > 1)
    if is_none(ord) or which == "fro":
        return "2"
    if not matrix and which in (1, 2, float("inf")):
        return str(which)
    if not matrix and isinstance(which, int | float) and 0 < which < float("inf"):
        return "p"
    whole = "a matrix" if matrix else "a vector"
    refuse(f"np.linalg.norm with ord={which!r} has no derivative rule for {whole}",
           "Write the norm with np.sum and np.abs, or with np.linalg.svd.")


def _of_matrix(x: Type, ord: Type, axis: Type, keepdims: Type) -> str | None:
    """The derivative of a norm that a matrix has as a whole; None of those that vectors have."""
    which = infer.const_of(ord)
    if is_none(axis) and infer.const_of(keepdims) is False and rank(infer.as_array(x)) == 2:
        return _WHOLE.get(which) if isinstance(which, str | int | float) else None
    return None


_SVD = "np.linalg.svd(x, full_matrices=False)"
_WHOLE: dict[str | int | float, str] = {
    "nuc": f"({_SVD}[0] @ {_SVD}[2])",
    2: f"np.outer({_SVD}[0][:, 0], {_SVD}[2][0])",
    -2: f"np.outer({_SVD}[0][:, -1], {_SVD}[2][-1])",
    **{sign * size: f"(np.sign(x) * as_like({tied}, x) / np.sum({tied}))"
       for size, axis in ((1, 0), (np.inf, 1)) for sign in (1, -1)
       for tied in [f"(np.sum(np.abs(x), axis={axis}, keepdims=True) == out)"]},
}


# as_vector(x): x, which must not be a matrix, because another norm is meant there.
linear("as_vector(x)", x="out_bar", infer=lambda x: x, fresh=False, cheap=True,
       sample=calls("R(3)"))


@lowers("as_vector")
def lower_as_vector(x: Type) -> str | None:
    """Nothing, where the rank is known."""
    return "x" if rank(x) == 1 else None


def _norm_of(ord: Type, axis: Type) -> str:
    """The vector that the norm is of."""
    return "as_vector(x)" if is_none(axis) and not is_none(ord) and (
        infer.const_of(ord) != "fro") else "x"


def _signs(x: Type, axis: Type, own: str) -> str:
    """The derivative of the largest |x|, shared among ties."""
    tied = "(np.abs(x) == kept(out, x, axis, keepdims))"
    if dtype_in(x) != "float64":
        tied = f"np.asarray({tied}, dtype={dtype_said(x)})"
    return f"np.sign({own}) * {tied} / np.sum({tied}, axis=axis, keepdims=True)"


def _power(x: Type, axis: Type, own: str) -> str:
    """The derivative of (sum |x| ** p) ** (1 / p); 0 where all is 0."""
    peak = "kept(out + (out == 0), x, axis, keepdims)"
    return f"np.sign({own}) * (np.abs({own}) / {peak}) ** (ord - 1)"


def _norm(x: Type, ord: Type, axis: Type, keepdims: Type) -> str:
    whole = _of_matrix(x, ord, axis, keepdims)
    if whole is not None:
        return f"out_bar * {whole}"
    own = _norm_of(ord, axis)
    match _norm_kind(x, ord, axis):
        case "1":
            return f"{kept('out_bar', x, axis, keepdims, 'x')} * np.sign({own})"
        case "inf":
            return f"kept(out_bar, x, axis, keepdims) * ({_signs(x, axis, own)})"
        case "p":
            return f"{kept('out_bar', x, axis, keepdims, 'x')} * {_power(x, axis, own)}"
        case _:
            scale = kept("out_bar / (out + (out == 0))", x, axis, keepdims, "x")
            return f"{scale} * {own}"


def _dnorm(x: Type, ord: Type, axis: Type, keepdims: Type) -> str:
    whole = _of_matrix(x, ord, axis, keepdims)
    if whole is not None:
        return f"np.sum({whole} * dx)"
    own = _norm_of(ord, axis)
    match _norm_kind(x, ord, axis):
        case "1":
            return f"np.sum(np.sign({own}) * dx, axis=axis, keepdims=keepdims)"
        case "inf":
            return f"np.sum({_signs(x, axis, own)} * dx, axis=axis, keepdims=keepdims)"
        case "p":
            return f"np.sum({_power(x, axis, own)} * dx, axis=axis, keepdims=keepdims)"
        case _:
            return f"np.sum({own} * dx, axis=axis, keepdims=keepdims) / (out + (out == 0))"


general("np.linalg.norm(x, ord=None, axis=None, keepdims=False)", x=_norm, dx=_dnorm,
        infer=_norm_type,
        sample=calls(*OVER_AXES.lists[:4], "R(2, 3, 4), axis=-2", "R(3)", "R(2, 3), 'fro'",
                     "R(3), 2", "R(3), 1", "R(2, 3), 1, axis=1", "R(2, 3), np.inf, axis=1",
                     "R(2, 3), 2, axis=0, keepdims=True", "R(3), 3",
                     "R(2, 3), 1.5, axis=1", "R(3, 2), ord=4, axis=0, keepdims=True"))


# Powers and products of several matrices


def _powers(n: Type, a: str, da: str) -> str:
    """The product rule: a' takes each of the places in turn."""
    times = literal(n)
    if not isinstance(times, int) or abs(times) > 16:
        refuse("np.linalg.matrix_power is differentiated for powers from -16 to 16 only",
               "Write the power as a number, or the products in a loop.")
    if times < 0:  # with P the inverse, P' = -P a' P takes each of the places in turn
        inverse = [f"np.linalg.matrix_power({a}, {-k})" for k in range(1, 1 - times)]
        return " - ".join(["", *(f"{first} @ {da} @ {second}" for first, second in zip(
            inverse, reversed(inverse), strict=True))]).strip()
    power = ["", a, *(f"np.linalg.matrix_power({a}, {k})" for k in range(2, times))]
    terms = []
    for k in range(times):
        terms.append(" @ ".join(p for p in (power[k], da, power[times - 1 - k]) if p))
    return " + ".join(terms) if terms else f"np.zeros_like({da})"


general("np.linalg.matrix_power(a, n)",
        a=lambda n: _powers(n, "matrix_transpose(a)", "out_bar"),
        da=lambda n: _powers(n, "a", "da"), infer=SAME,
        sample=calls("R(3, 3), 2", "R(3, 3), 3", "R(2, 3, 3), 5", "R(3, 3), 1", "R(3, 3), 0",
                     "S(3), -1", "S(3), -3"))


def _chain_type(arrays: Type) -> Type:
    if not isinstance(arrays, Struct) or not arrays.items:
        return infer.unknown()
    found = arrays.items[0]
    for t in arrays.items[1:]:
        found = infer.matmul(found, t)
    return found


def _link(arrays: Type, item: Type, index: Type) -> str:
    place = infer.const_of(index)
    assert isinstance(arrays, Struct) and isinstance(place, int)
    before = " @ ".join(f"arrays[{i}]" for i in range(place))
    after = " @ ".join(f"arrays[{i}]" for i in range(place + 1, len(arrays.items)))
    g = "out_bar"
    if after:
        own = f"({before}) @ item" if before else "item"
        g = f"matmul_left({g}, {own}, {after})"
    return f"matmul_right({g}, {before}, item)" if before else g


bilinear("np.linalg.multi_dot(arrays)", arrays=_link, infer=_chain_type,
         sample=calls("[R(2, 3), R(3, 4), R(4, 2)]", "[R(3), R(3, 4), R(4)]"))

inactive("np.linalg.matrix_rank(A)", infer=infer.inert)

# Of complex numbers the direction x / |x| is what the sign is of real ones.


def _direction(x: str) -> str:
    return f"({x} / (np.abs({x}) + ({x} == 0)))"


def _size(x: Type, ord: Type, axis: Type, own: str) -> str | None:
    """The derivative of a norm in |x|; None where it is x itself over the norm."""
    match _norm_kind(x, ord, axis):
        case "2":
            return None
        case "1":
            return "1.0"
        case "p":
            peak = "kept(out + (out == 0), x, axis, keepdims)"
            return f"(np.abs({own}) / {peak}) ** (ord - 1)"
        case _:
            refuse("the largest magnitude of complex numbers has no derivative rule",
                   "Write it with np.max and np.abs.")


def _norm_of_complex(x: Type, ord: Type, axis: Type, keepdims: Type) -> str:
    own = _norm_of(ord, axis)
    size = _size(x, ord, axis, own)
    if size is None:
        return _norm(x, ord, axis, keepdims)
    return f"{kept('out_bar', x, axis, keepdims, 'x')} * {size} * {_direction(own)}"


def _dnorm_of_complex(x: Type, ord: Type, axis: Type) -> str:
    own = _norm_of(ord, axis)
    size = _size(x, ord, axis, own)
    if size is None:
        terms = f"np.sum(np.real(np.conj({own}) * dx), axis=axis, keepdims=keepdims)"
        return f"{terms} / (out + (out == 0))"
    return (f"np.sum({size} * np.real(np.conj({_direction(own)}) * dx), axis=axis, "
            "keepdims=keepdims)")


of_complex("np.linalg.norm", x=_norm_of_complex, dx=_dnorm_of_complex)
holomorphic("as_vector", "np.linalg.matrix_power", "np.linalg.multi_dot")
