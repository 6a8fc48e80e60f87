"""Rules for ``np.linalg``: inverses, solutions, determinants, norms and powers.

The formulas hold for one matrix and for stacks of them (Giles 2008, "An extended collection of
matrix derivative results").
"""

from __future__ import annotations

from adxform.core.types import (
    Array,
    Dim,
    Struct,
    Type,
    broadcast_dims,
    dims_of,
    promote,
    rank,
)
from adxform.rules import (
    infer,
    products,  # noqa: F401  (whose rows have aliases here)
)
from adxform.rules.reductions import OVER_AXES, float_total
from adxform.rules.samples import calls
from adxform.rules.shapes import SAME, moved
from adxform.rules.table import alias, bilinear, general, inactive, linear, lowers
from adxform.rules.wording import (
    array,
    dtype_in,
    is_none,
    kept,
    literal,
    matrix_transpose,
    refuse,
)

Dims = tuple[Dim, ...]
MATRICES = calls("S(3)", "S(2, 3)", "np.eye(3) + 0.3 * R(3, 3)", "np.eye(2) + 0.3 * R(4, 2, 2)")


def float_dtype(*types: Type) -> str | None:
    """The dtype of a function of ``np.linalg``."""
    dtype = promote([infer.as_array(t) for t in types])
    return None if dtype is None else infer.float_dtype(dtype)


def transpose_dims(dims: Dims, *_: Type) -> Dims:
    """The dimensions of a stack of transposed matrices."""
    return (*dims[:-2], *dims[:-3:-1])


# matrix_transpose(a): the transpose of a matrix, or of each of a stack.
linear("matrix_transpose(a)", a="matrix_transpose(out_bar)", infer=moved(transpose_dims), fresh=False,
       cheap=True, sample=calls("R(2, 3)", "R(4, 2, 3)"))


@lowers("matrix_transpose")
def lower_matrix_transpose(a: Type) -> str:
    """``a.T`` where a is known to be one matrix."""
    return matrix_transpose(a, "a")


# Inverses and solutions


def square(a: Type, *_: Type) -> Type:
    """A square matrix, or a stack of them, like the operand."""
    return Array(float_dtype(a), dims_of(infer.as_array(a)))


general("np.linalg.inv(a)", a="-matrix_transpose(out) @ out_bar @ matrix_transpose(out)",
        da="-out @ da @ out", infer=square, sample=MATRICES)


def solution(a: Type, b: Type) -> Type:
    """What ``np.linalg.solve`` gives."""
    matrix, right = dims_of(infer.as_array(a)), dims_of(infer.as_array(b))
    if matrix is None or right is None:
        return Array(float_dtype(a, b), None)
    if len(right) == 1:
        return Array(float_dtype(a, b), matrix[:-1])
    batch = broadcast_dims([matrix[:-2], right[:-2]])
    return Array(float_dtype(a, b), None if batch is None else (*batch, *right[-2:]))


def _checked(a: Type, b: Type) -> tuple[int | None, int | None]:
    m, n = rank(infer.as_array(a)), rank(infer.as_array(b))
    if m is not None and n is not None and n > 1 and m == n + 1:
        refuse("NumPy 1 and 2 disagree about np.linalg.solve of these ranks",
               "Write b[..., None] for a stack of vectors, b[None] for one matrix.")
    return m, n


_SOLVED = "np.linalg.solve(matrix_transpose(a), columns(out_bar, b))"


def _solve_b(a: Type, b: Type) -> str:
    if _checked(a, b) in ((2, 1), (2, 2)):
        return "np.linalg.solve(matrix_transpose(a), out_bar)"
    return f"unbroadcast(uncolumned({_SOLVED}, b), b)"


def _solve_a(a: Type, b: Type) -> str:
    match _checked(a, b):
        case 2, 1:
            return "-np.outer(np.linalg.solve(matrix_transpose(a), out_bar), out)"
        case 2, 2:
            return "-np.linalg.solve(matrix_transpose(a), out_bar) @ matrix_transpose(out)"
        case _:
            return f"unbroadcast(-{_SOLVED} @ matrix_transpose(columns(out, b)), a)"


def _solve_da(a: Type, b: Type) -> str:
    if rank(infer.as_array(a)) == 2:
        return "-np.linalg.solve(a, da @ out)"
    return "uncolumned(-np.linalg.solve(a, da @ columns(out, b)), b)"


general("np.linalg.solve(a, b)", a=_solve_a, da=_solve_da, b=_solve_b,
        db="np.linalg.solve(a, db)", infer=solution,
        sample=calls("S(3), R(3)", "S(3), R(3, 2)", "S(2, 3), R(2, 3, 4)", "S(3), R(2, 3, 4)",
                     "S(2, 3), R(3)", "S(2, 3), R(1, 3, 4)"))


# columns(g, b): g with a last axis for the single column that a vector b is; and back.
def _with_column(g: Type, b: Type) -> Type:
    dims, n = dims_of(infer.as_array(g)), rank(infer.as_array(b))
    if dims is None or n is None:
        return Array(dtype_in(g), None)
    return Array(dtype_in(g), (*dims, 1) if n == 1 else dims)


def _without_column(g: Type, b: Type) -> Type:
    dims, n = dims_of(infer.as_array(g)), rank(infer.as_array(b))
    if dims is None or n is None:
        return Array(dtype_in(g), None)
    return Array(dtype_in(g), dims[:-1] if n == 1 else dims)


linear("columns(g, b)", g="uncolumned(out_bar, b)", infer=_with_column, fresh=False, cheap=True,
       sample=calls("R(3), R(3)", "R(2, 3), R(3)", "R(3, 2), R(3, 2)"))
linear("uncolumned(g, b)", g="columns(out_bar, b)", infer=_without_column, fresh=False,
       cheap=True, sample=calls("R(3, 1), R(3)", "R(3, 2), R(3, 2)"))


@lowers("columns")
def lower_columns(g: Type, b: Type) -> str | None:
    """An axis for the column, if b is a vector."""
    n = rank(infer.as_array(b))
    return None if n is None else "g[..., None]" if n == 1 else "g"


@lowers("uncolumned")
def lower_uncolumned(g: Type, b: Type) -> str | None:
    """The one column, if b is a vector."""
    n = rank(infer.as_array(b))
    return None if n is None else "g[..., 0]" if n == 1 else "g"


# Determinants


def determinant_dims(a: Type) -> Dims | None:
    """One number for each matrix."""
    dims = dims_of(infer.as_array(a))
    return None if dims is None else dims[:-2]


def _det_type(a: Type) -> Type:
    return array(float_dtype(a), determinant_dims(a))


def _det(a: Type) -> str:
    if rank(infer.as_array(a)) == 2:
        return "out_bar * out * np.linalg.inv(a).T"
    return "(out_bar * out)[..., None, None] * matrix_transpose(np.linalg.inv(a))"


def _trace_of(a: Type, text: str) -> str:
    return f"np.trace({text})" if rank(infer.as_array(a)) == 2 else (
        f"np.trace({text}, axis1=-2, axis2=-1)")


general("np.linalg.det(a)", a=_det,
        da=lambda a: f"out * {_trace_of(a, 'np.linalg.solve(a, da)')}",
        infer=_det_type, sample=MATRICES)


def _slogdet_type(a: Type) -> Type:
    part = _det_type(a)
    return Struct((part, part))


def unused(bar: Type, *places: int) -> bool:
    """Whether no cotangent has come for these results of several."""
    return isinstance(bar, Struct) and all(is_none(bar.items[i]) for i in places)


def _slogdet(a: Type, out_bar: Type) -> str:
    if unused(out_bar, 1):
        return "np.zeros_like(a)"
    if rank(infer.as_array(a)) == 2:
        return "out_bar[1] * np.linalg.inv(a).T"
    return "np.expand_dims(out_bar[1], (-2, -1)) * matrix_transpose(np.linalg.inv(a))"


general("np.linalg.slogdet(a)", a=_slogdet,
        da=lambda a: f"(np.zeros_like(out[0]), {_trace_of(a, 'np.linalg.solve(a, da)')})",
        infer=_slogdet_type, sample=MATRICES)


# Cholesky: a = L L' gives L^-1 a' L^-T = M + M' with M = L^-1 L', which is lower triangular, so
# L' = L phi(L^-1 a' L^-T) where phi takes the lower triangle and half of the diagonal. NumPy
# reads one triangle only; the cotangent is shared between both, as the matrix is symmetric.


def halved(text: str, a: Type) -> str:
    """The lower triangle, with half of the diagonal."""
    dtype = "" if dtype_in(a) == "float64" else ", dtype=out.dtype"
    return f"(np.tril({text}) / (1.0 + np.eye(out.shape[-1]{dtype})))"


def symmetric(text: str) -> str:
    """The symmetric part of a matrix."""
    return f"(0.5 * ({text} + matrix_transpose({text})))"


def _cholesky() -> str:
    m = "matrix_transpose(out) @ out_bar"
    both = f"np.tril({m}) + matrix_transpose(np.tril({m}, -1))"
    left = f"np.linalg.solve(matrix_transpose(out), {both})"
    return f"0.5 * np.linalg.solve(matrix_transpose(out), matrix_transpose({left}))"


def _dcholesky(a: Type) -> str:
    left = f"np.linalg.solve(out, {symmetric('da')})"
    both = f"np.linalg.solve(out, matrix_transpose({left}))"
    return f"out @ {halved(both, a)}"


general("np.linalg.cholesky(a)", a=_cholesky, da=_dcholesky, infer=square,
        sample=calls("S(3)", "S(2, 3)"))


# Norms; at 0 a norm has the slope 0: out + (out == 0) is 1 there.


def _norm_type(x: Type, ord: Type, axis: Type, keepdims: Type) -> Type:
    return float_total(x, axis, keepdims)


def _norm_kind(x: Type, ord: Type, axis: Type) -> str:
    """Which norm is meant: "2" (of all elements together), "1" or "inf"."""
    which = infer.const_of(ord)
    matrix = isinstance(axis, Struct) or (is_none(axis) and (rank(infer.as_array(x)) or 1) > 1)
    if is_none(ord) or which == "fro":
        return "2"
    if not matrix and which in (1, 2, float("inf")):
        return str(which)
    refuse(f"np.linalg.norm with ord={which!r} has no derivative rule for a matrix",
           "Write the norm with np.sum and np.abs, or with np.linalg.svd.")


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
        tied = f"np.asarray({tied}, dtype=out.dtype)"
    return f"np.sign({own}) * {tied} / np.sum({tied}, axis=axis, keepdims=True)"


def _norm(x: Type, ord: Type, axis: Type, keepdims: Type) -> str:
    own = _norm_of(ord, axis)
    match _norm_kind(x, ord, axis):
        case "1":
            return f"{kept('out_bar', x, axis, keepdims, 'x')} * np.sign({own})"
        case "inf":
            return f"kept(out_bar, x, axis, keepdims) * ({_signs(x, axis, own)})"
        case _:
            scale = kept("out_bar / (out + (out == 0))", x, axis, keepdims, "x")
            return f"{scale} * {own}"


def _dnorm(x: Type, ord: Type, axis: Type) -> str:
    own = _norm_of(ord, axis)
    match _norm_kind(x, ord, axis):
        case "1":
            return f"np.sum(np.sign({own}) * dx, axis=axis, keepdims=keepdims)"
        case "inf":
            return f"np.sum({_signs(x, axis, own)} * dx, axis=axis, keepdims=keepdims)"
        case _:
            return f"np.sum({own} * dx, axis=axis, keepdims=keepdims) / (out + (out == 0))"


general("np.linalg.norm(x, ord=None, axis=None, keepdims=False)", x=_norm, dx=_dnorm,
        infer=_norm_type,
        sample=calls(*OVER_AXES.lists[:4], "R(2, 3, 4), axis=-2", "R(3)", "R(2, 3), 'fro'",
                     "R(3), 2", "R(3), 1", "R(2, 3), 1, axis=1", "R(2, 3), np.inf, axis=1",
                     "R(2, 3), 2, axis=0, keepdims=True"))


# Powers and products of several matrices


def _powers(n: Type, a: str, da: str) -> str:
    """The product rule: a' takes each of the places in turn."""
    times = literal(n)
    if not isinstance(times, int) or not 0 <= times <= 16:
        refuse("np.linalg.matrix_power is differentiated for powers from 0 to 16 only",
               "Write the power as a number, or the products in a loop.")
    power = ["", a, *(f"np.linalg.matrix_power({a}, {k})" for k in range(2, times))]
    terms = []
    for k in range(times):
        terms.append(" @ ".join(p for p in (power[k], da, power[times - 1 - k]) if p))
    return " + ".join(terms) if terms else f"np.zeros_like({da})"


general("np.linalg.matrix_power(a, n)",
        a=lambda n: _powers(n, "matrix_transpose(a)", "out_bar"),
        da=lambda n: _powers(n, "a", "da"), infer=SAME,
        sample=calls("R(3, 3), 2", "R(3, 3), 3", "R(2, 3, 3), 5", "R(3, 3), 1", "R(3, 3), 0"))


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
alias("np.linalg.tensordot(a, b, axes=2)", "np.tensordot")
