"""Rules for ``np.linalg``: inverses, solutions, determinants, norms and powers.

The formulas hold for one matrix and for stacks of them (Giles 2008, "An extended collection of
matrix derivative results").
"""

from __future__ import annotations

from adxform.core.dims import Dim
from adxform.core.types import Array, Struct, Type, broadcast_dims, dims_of, promote, rank
from adxform.rules import (
    infer,
    products,  # noqa: F401  (whose rows have aliases here)
)
from adxform.rules.samples import calls
from adxform.rules.shapes import moved
from adxform.rules.table import general, holomorphic, linear, lowers
from adxform.rules.wording import (
    dtype_in,
    is_none,
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
linear("matrix_transpose(a)", a="matrix_transpose(out_bar)", infer=moved(transpose_dims),
       fresh=False, cheap=True, sample=calls("R(2, 3)", "R(4, 2, 3)"))


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
    return infer.array(float_dtype(a), determinant_dims(a))


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


def _lower(upper: Type) -> bool:
    known = infer.const_of(upper)
    if not isinstance(known, bool):
        refuse("which factor np.linalg.cholesky gives is not known", "Write upper=True or False.")
    return not known


def _cholesky(upper: Type) -> str:
    turned, bar = "matrix_transpose(out)", "out_bar"
    if not _lower(upper):
        turned, bar = "out", "matrix_transpose(out_bar)"
    m = f"{turned} @ {bar}"
    both = f"np.tril({m}) + matrix_transpose(np.tril({m}, -1))"
    left = f"np.linalg.solve({turned}, {both})"
    return f"0.5 * np.linalg.solve({turned}, matrix_transpose({left}))"


def _dcholesky(a: Type, upper: Type) -> str:
    factor = "out" if _lower(upper) else "matrix_transpose(out)"
    left = f"np.linalg.solve({factor}, {symmetric('da')})"
    both = f"np.linalg.solve({factor}, matrix_transpose({left}))"
    moved = f"{factor} @ {halved(both, a)}"
    return moved if _lower(upper) else f"matrix_transpose({moved})"


general("np.linalg.cholesky(a, *, upper=False)", a=_cholesky, da=_dcholesky, infer=square,
        sample=calls("S(3)", "S(2, 3)", "S(3), upper=True"))

holomorphic("matrix_transpose", "np.linalg.inv", "np.linalg.solve", "columns", "uncolumned",
            "np.linalg.det")
