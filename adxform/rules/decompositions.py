"""Rules for eigenvalues, singular values and orthogonal factors.

Eigenvalues are differentiated as if the cotangent of a matrix were symmetric, which it is where
the matrix is. Vectors of equal values turn freely among themselves; they get no derivative
from each other.
"""

from __future__ import annotations

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.linalg import float_dtype, symmetric, transpose_dims, unused
from adxform.rules.samples import calls
from adxform.rules.table import general, linear, lowers
from adxform.rules.wording import dtype_in, refuse

# inverse_gaps(w): 1 / (w[j] - w[i]) at [..., i, j], and 0 where both are the same.
general(
    "inverse_gaps(w)",
    w="np.sum(out_bar * -out * out, axis=-2) - np.sum(out_bar * -out * out, axis=-1)",
    dw="-out * out * (np.expand_dims(dw, -2) - np.expand_dims(dw, -1))",
    infer=lambda w: Array(dtype_in(w), _squared(dims_of(infer.as_array(w)))),
    sample=calls("np.cumsum(P(4))", "np.cumsum(P(2, 3), axis=1)"),
)


def _squared(dims: tuple[Dim, ...] | None) -> tuple[Dim, ...] | None:
    return None if dims is None else (*dims, dims[-1])


# Symmetric matrices: with r = v' a' v, w' is the diagonal of r and v' = v (r / gaps).


def _eigh_type(a: Type, *_: Type) -> Type:
    dims, dtype = dims_of(infer.as_array(a)), float_dtype(a)
    return Struct((Array(dtype, None if dims is None else dims[:-1]), Array(dtype, dims)))


def _eigh(a: Type, out_bar: Type) -> str:
    if unused(out_bar, 1):
        return "(out[1] * np.expand_dims(out_bar[0], -2)) @ matrix_transpose(out[1])"
    turned = "inverse_gaps(out[0]) * (matrix_transpose(out[1]) @ out_bar[1])"
    if not unused(out_bar, 0):
        turned += " + diagonal_matrix(out_bar[0])"
    return symmetric(f"(out[1] @ ({turned}) @ matrix_transpose(out[1]))")


_TURNED = f"(matrix_transpose(out[1]) @ {symmetric('da')} @ out[1])"
general(
    "np.linalg.eigh(a, UPLO='L')",
    a=_eigh,
    da=f"(np.diagonal({_TURNED}, 0, -2, -1), out[1] @ (inverse_gaps(out[0]) * {_TURNED}))",
    infer=_eigh_type,
    sample=calls("S(3)", "S(2, 3)"),
)



def _diagonal_type(v: Type) -> Type:
    return Array(dtype_in(v), _squared(dims_of(infer.as_array(v))))


# diagonal_matrix(v): a matrix, or a stack of them, with v on the diagonal.
linear("diagonal_matrix(v)", v="np.diagonal(out_bar, 0, -2, -1)", infer=_diagonal_type,
       sample=calls("R(3)", "R(2, 3)"))


@lowers("diagonal_matrix")
def lower_diagonal_matrix(v: Type) -> str | None:
    """``np.diag`` of a vector."""
    return "np.diag(v)" if rank(v) == 1 else None


def _values_type(a: Type, UPLO: Type) -> Type:
    dims = dims_of(infer.as_array(a))
    return Array(float_dtype(a), None if dims is None else dims[:-1])


_VECTORS = "np.linalg.eigh(a, UPLO)[1]"
general(
    "np.linalg.eigvalsh(a, UPLO='L')",
    a=f"({_VECTORS} * np.expand_dims(out_bar, -2)) @ matrix_transpose({_VECTORS})",
    da=f"np.diagonal(matrix_transpose({_VECTORS}) @ {symmetric('da')} @ {_VECTORS}, 0, -2, -1)",
    infer=_values_type,
    sample=calls("S(3)", "S(2, 3)"),
)


# Singular values alone: s' is the diagonal of u' a' v.


def _svd_type(a: Type, full_matrices: Type, compute_uv: Type) -> Type:
    dims, dtype = dims_of(infer.as_array(a)), float_dtype(a)
    if dims is not None:
        m, n = dims[-2:]
        least = m if m == n else min(m, n) if isinstance(m, int) and isinstance(n, int) else (
            unknown_dim())
        batch = dims[:-2]
    values = Array(dtype, None if dims is None else (*batch, least))
    if infer.const_of(compute_uv) is False:
        return values
    if infer.const_of(compute_uv) is not True:
        return infer.unknown()
    if dims is None or infer.const_of(full_matrices) is not False:
        return Struct((Array(dtype, None), values, Array(dtype, None)))
    return Struct((Array(dtype, (*batch, m, least)), values, Array(dtype, (*batch, least, n))))


_U, _S, _VT = "out[0]", "out[1]", "out[2]"
_COLUMNS, _ROWS = f"np.expand_dims({_S}, -2)", f"np.expand_dims({_S}, -1)"
_GAPS = f"inverse_gaps({_S} * {_S})"  # r / gaps is antisymmetric where r is symmetric
_THIN = "np.linalg.svd(a, full_matrices=False)"


def _both(text: str) -> str:
    return f"({text} + matrix_transpose({text}))"


def _svd(full_matrices: Type, compute_uv: Type, out_bar: Type) -> str:
    if infer.const_of(compute_uv) is False:
        return f"({_THIN}[0] * np.expand_dims(out_bar, -2)) @ {_THIN}[2]"
    if unused(out_bar, 0, 2):
        return f"({_THIN}[0] * np.expand_dims(out_bar[1], -2)) @ {_THIN}[2]"
    _only_thin(full_matrices)
    terms = [] if unused(out_bar, 1) else [f"({_U} * np.expand_dims(out_bar[1], -2)) @ {_VT}"]
    if not unused(out_bar, 0):
        inside = f"matrix_transpose({_U}) @ out_bar[0]"
        turned = _both(f"{_GAPS} * ({inside})")
        terms.append(f"{_U} @ ({turned} * {_COLUMNS}) @ {_VT}")
        terms.append(f"((out_bar[0] - {_U} @ ({inside})) / {_nonzero(_COLUMNS)}) @ {_VT}")
    if not unused(out_bar, 2):
        inside = f"out_bar[2] @ matrix_transpose({_VT})"
        turned = _both(f"{_GAPS} * matrix_transpose({inside})")
        terms.append(f"{_U} @ ({_ROWS} * {turned}) @ {_VT}")
        terms.append(f"{_U} @ ((out_bar[2] - ({inside}) @ {_VT}) / {_nonzero(_ROWS)})")
    return " + ".join(terms)


def _dsvd(full_matrices: Type, compute_uv: Type) -> str:
    if infer.const_of(compute_uv) is False:
        left, right = (f"matrix_transpose({_THIN}[{i}])" for i in (0, 2))
        return f"np.diagonal({left} @ da @ {right}, 0, -2, -1)"
    _only_thin(full_matrices)
    r = f"(matrix_transpose({_U}) @ da @ matrix_transpose({_VT}))"
    left = _both(f"({r} * {_COLUMNS})")
    right = _both(f"({_ROWS} * {r})")
    du = (f"{_U} @ ({_GAPS} * {left})"
          f" + (da @ matrix_transpose({_VT}) - {_U} @ {r}) / {_nonzero(_COLUMNS)}")
    dvt = (f"matrix_transpose({_GAPS} * {right}) @ {_VT}"
           f" + (matrix_transpose({_U}) @ da - {r} @ {_VT}) / {_nonzero(_ROWS)}")
    return f"({du}, np.diagonal({r}, 0, -2, -1), {dvt})"


def _only_thin(full_matrices: Type) -> None:
    if infer.const_of(full_matrices) is not False:
        refuse("the vectors of np.linalg.svd have a derivative with full_matrices=False only",
               "Write np.linalg.svd(a, full_matrices=False).")


def _nonzero(text: str) -> str:
    return f"({text} + ({text} == 0))"


general(
    "np.linalg.svd(a, full_matrices=True, compute_uv=True)", a=_svd, da=_dsvd, infer=_svd_type,
    sample=calls("R(4, 3), full_matrices=False", "R(2, 3), compute_uv=False",
                 "R(2, 3, 3), full_matrices=False"),
)


# a = q r with triangular r: the skew part of q' a' r^-1 turns q, the rest goes to r.


def _qr_type(a: Type) -> Type:
    dims, dtype = dims_of(infer.as_array(a)), float_dtype(a)
    if dims is None:
        return Struct((Array(dtype, None), Array(dtype, None)))
    m, n = dims[-2:]
    if isinstance(m, int) and isinstance(n, int) and m < n:
        refuse("np.linalg.qr of a matrix with more columns than rows has no derivative rule")
    return Struct((Array(dtype, dims), Array(dtype, (*dims[:-2], n, n))))


def _qr(out_bar: Type) -> str:
    terms = [] if unused(out_bar, 1) else ["out[1] @ matrix_transpose(out_bar[1])"]
    plus = "" if unused(out_bar, 0) else "out_bar[0] + "
    if not unused(out_bar, 0):
        terms.append("- matrix_transpose(out_bar[0]) @ out[0]")
    inner = f"({' '.join(terms)})"
    whole = f"{plus}out[0] @ (np.tril({inner}) + matrix_transpose(np.tril({inner}, -1)))"
    return f"matrix_transpose(np.linalg.solve(out[1], matrix_transpose({whole})))"


_X = "matrix_transpose(np.linalg.solve(matrix_transpose(out[1]), matrix_transpose(da)))"
_QX = f"(matrix_transpose(out[0]) @ {_X})"
_SKEW = f"(np.tril({_QX}, -1) - matrix_transpose(np.tril({_QX}, -1)))"
general(
    "np.linalg.qr(a)",
    a=_qr,
    da=f"({_X} - out[0] @ ({_QX} - {_SKEW}), ({_QX} - {_SKEW}) @ out[1])",
    infer=_qr_type,
    sample=calls("R(4, 3)", "R(3, 3)"),
)


# The pseudoinverse p of a, whose rank stays the same nearby (Golub and Pereyra 1973).



def _transposed_type(a: Type) -> Type:
    dims = dims_of(infer.as_array(a))
    return Array(float_dtype(a), None if dims is None else transpose_dims(dims))


_REST = "(np.eye(a.shape[-2], dtype=a.dtype) - a @ out)"
_OTHER = "(np.eye(a.shape[-1], dtype=a.dtype) - out @ a)"
general(
    "np.linalg.pinv(a)",
    a=f"-matrix_transpose(out) @ out_bar @ matrix_transpose(out)"
      f" + {_REST} @ matrix_transpose(out_bar) @ out @ matrix_transpose(out)"
      f" + matrix_transpose(out) @ out @ matrix_transpose(out_bar) @ {_OTHER}",
    da=f"-out @ da @ out + out @ matrix_transpose(out) @ matrix_transpose(da) @ {_REST}"
       f" + {_OTHER} @ matrix_transpose(da) @ matrix_transpose(out) @ out",
    infer=_transposed_type,
    sample=calls("R(4, 3)", "R(2, 3)", "S(3)", "R(2, 4, 3)"),
)


# The solution x of least squares is p b with the pseudoinverse p, and the residual is b - a x.


def _lstsq_type(a: Type, b: Type, rcond: Type) -> Type:
    matrix, right = dims_of(infer.as_array(a)), dims_of(infer.as_array(b))
    dims = None if matrix is None or right is None else (matrix[-1], *right[1:])
    dtype = float_dtype(a, b)
    return Struct((Array(dtype, dims), Array(dtype, None), infer.inert(), Array(dtype, None)))


_P = "np.linalg.pinv(a)"
_BACK = f"matrix_transpose({_P}) @ out_bar[0]"
_RESIDUAL = "(b - a @ out[0])"


def _squared_bar(b: Type) -> str:
    """The cotangent of the residual; of equations without one there is none to sum up."""
    if rank(infer.as_array(b)) == 1:
        return f"2.0 * np.sum(out_bar[1]) * {_RESIDUAL}"
    rest = f"columns({_RESIDUAL}, b)"
    return f"2.0 * uncolumned({rest} * resized(out_bar[1], {rest}[0]), b)"


def _lstsq_a(b: Type, out_bar: Type) -> str:
    terms = []
    if not unused(out_bar, 0):
        rest = f"out_bar[0] - {_P} @ (a @ out_bar[0])"
        terms += [f"matmul_left({_RESIDUAL}, a, {_P} @ ({_BACK}))",
                  f"matmul_left(-({_BACK}), a, out[0])",
                  f"matmul_left(matrix_transpose({_P}) @ out[0], a, {rest})"]
    if not unused(out_bar, 1):
        terms.append(f"matmul_left(-{_squared_bar(b)}, a, out[0])")
    if not unused(out_bar, 3):
        terms.append(f"({_THIN}[0] * out_bar[3]) @ {_THIN}[2]")
    return " + ".join(terms) or "np.zeros_like(a)"


def _lstsq_b(b: Type, out_bar: Type) -> str:
    terms = [] if unused(out_bar, 0) else [_BACK]
    terms += [] if unused(out_bar, 1) else [_squared_bar(b)]
    return " + ".join(terms) or "np.zeros_like(b)"


def _dlstsq(solution: str, residual: str, values: str) -> str:
    squared = f"2.0 * np.sum(columns({_RESIDUAL}, b) * columns({residual}, b), axis=0)"
    return f"({solution}, {squared}[:len(out[1])], 0.0, {values})"


_TURNED_X = f"matrix_transpose(da) @ (matrix_transpose({_P}) @ out[0])"
general(
    "np.linalg.lstsq(a, b, rcond=None)",
    a=_lstsq_a,
    da=_dlstsq(
        f"{_P} @ (matrix_transpose({_P}) @ (matrix_transpose(da) @ {_RESIDUAL}) - da @ out[0])"
        f" + {_TURNED_X} - {_P} @ (a @ ({_TURNED_X}))",
        "-da @ out[0]",
        f"np.diagonal(matrix_transpose({_THIN}[0]) @ da @ matrix_transpose({_THIN}[2]))",
    ),
    b=_lstsq_b,
    db=_dlstsq(f"{_P} @ db", "db", "np.zeros_like(out[3])"),
    infer=_lstsq_type,
    sample=calls("R(5, 3), R(5)", "R(5, 3), R(5, 2)", "R(2, 3), R(2)", "R(2, 3), R(2, 2)"),
)
