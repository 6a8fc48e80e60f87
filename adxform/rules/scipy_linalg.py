"""Rules for ``scipy.linalg``: triangular systems, Cholesky factors, and twins of NumPy's."""

from __future__ import annotations

from adxform.core.types import Array, Struct, Type, dims_of
from adxform.rules import infer
from adxform.rules.linalg import (
    determinant_dims,
    float_dtype,
    halved,
    solution,
    square,
    symmetric,
)
from adxform.rules.reductions import float_total
from adxform.rules.samples import calls
from adxform.rules.table import alias, general
from adxform.rules.wording import dtype_in, refuse


def _norm_type(x: Type, ord: Type, axis: Type, keepdims: Type) -> Type:
    """Of single precision SciPy makes a number of either precision."""
    wide = dtype_in(x) in ("float64", "complex128")
    return infer.real(float_total(x, axis, keepdims)) if wide else infer.unknown()


alias("scipy.linalg.inv(a)", "np.linalg.inv")
alias("scipy.linalg.det(a)", "np.linalg.det",
      infer=lambda a: infer.array("complex128" if infer.holds_complex(a) else "float64",
                            determinant_dims(a)))
alias("scipy.linalg.pinv(a)", "np.linalg.pinv")
alias("scipy.linalg.solve(a, b)", "np.linalg.solve")
alias("scipy.linalg.norm(x, ord=None, axis=None, keepdims=False)", "np.linalg.norm",
      infer=_norm_type)
alias("scipy.linalg.svd(a, full_matrices=True, compute_uv=True)", "np.linalg.svd")


# Triangular systems: only the triangle that is read has a cotangent.


def _triangle(lower: Type) -> str:
    known = infer.const_of(lower)
    if not isinstance(known, bool | int):
        refuse("which triangle is read is not known", "Write lower=True or lower=False.")
    return "np.tril" if known else "np.triu"


def _transposes(trans: Type) -> bool:
    known = infer.const_of(trans)
    if known not in (0, 1, "N", "T"):
        refuse("scipy.linalg.solve_triangular has a derivative rule for trans=0 and trans=1 only")
    return known in (1, "T")


def _solve_b(trans: Type) -> str:
    other = 0 if _transposes(trans) else 1
    return f"scipy.linalg.solve_triangular(a, out_bar, trans={other}, lower=lower)"


def _solve_a(trans: Type, lower: Type) -> str:
    solved = _solve_b(trans)
    pair = ("out", solved) if _transposes(trans) else (solved, "out")
    return f"-{_triangle(lower)}(matmul_left({pair[0]}, a, {pair[1]}))"


def _solve_da(trans: Type, lower: Type) -> str:
    moved = f"{_triangle(lower)}(da)"
    moved = f"{moved}.T" if _transposes(trans) else moved
    return f"-scipy.linalg.solve_triangular(a, {moved} @ out, trans=trans, lower=lower)"


general(
    "scipy.linalg.solve_triangular(a, b, trans=0, lower=False)",
    a=_solve_a,
    da=_solve_da,
    b=_solve_b,
    db="scipy.linalg.solve_triangular(a, db, trans=trans, lower=lower)",
    infer=lambda a, b, *_: solution(a, b),
    sample=calls("S(3), R(3)", "S(3), R(3), lower=True", "S(3), R(3, 2), trans=1",
                 "np.eye(3) + 0.3 * R(3, 3), R(3, 2), lower=True",
                 "np.eye(3) + 0.3 * R(3, 3), R(3), 'T', lower=True"),
)


# Cholesky factors; the upper one is the transpose of the lower one.


def _cholesky(lower: Type) -> str:
    upper = "out" if _triangle(lower) == "np.triu" else "matrix_transpose(out)"
    bar = "matrix_transpose(out_bar)" if _triangle(lower) == "np.triu" else "out_bar"
    product = f"{upper} @ {bar}"
    both = f"np.tril({product}) + np.tril({product}, -1).T"
    return f"0.5 * np.linalg.solve({upper}, np.linalg.solve({upper}, {both}).T)"


def _dcholesky(a: Type, lower: Type) -> str:
    turned = _triangle(lower) == "np.triu"
    factor = "out.T" if turned else "out"
    inner = f"np.linalg.solve({factor}, np.linalg.solve({factor}, {symmetric('da')}).T)"
    moved = f"{factor} @ {halved(inner, a)}"
    return f"({moved}).T" if turned else moved


general("scipy.linalg.cholesky(a, lower=False)", a=_cholesky, da=_dcholesky, infer=square,
        sample=calls("S(3)", "S(3), lower=True"))


def _lower_of(c_and_lower: Type) -> bool:
    if isinstance(c_and_lower, Struct) and len(c_and_lower.items) == 2:
        return _triangle(c_and_lower.items[1]) == "np.tril"
    refuse("scipy.linalg.cho_solve is differentiated where its factor is written as a pair",
           "Write scipy.linalg.cho_solve((c, True), b).")


_W = "scipy.linalg.cho_solve(c_and_lower, out_bar)"
_BOTH = f"(matmul_left({_W}, c_and_lower[0], out) + matmul_left(out, c_and_lower[0], {_W}))"


def _factor(c_and_lower: Type) -> str:
    if _lower_of(c_and_lower):
        return f"(-np.tril({_BOTH} @ np.tril(c_and_lower[0])), None)"
    return f"(-np.triu(np.triu(c_and_lower[0]) @ {_BOTH}), None)"


def _dfactor(c_and_lower: Type) -> str:
    if _lower_of(c_and_lower):
        moved = "np.tril(dc_and_lower[0]) @ np.tril(c_and_lower[0]).T"
    else:
        moved = "np.triu(c_and_lower[0]).T @ np.triu(dc_and_lower[0])"
    return f"-scipy.linalg.cho_solve(c_and_lower, ({moved} + ({moved}).T) @ out)"


def _cho_type(c_and_lower: Type, b: Type) -> Type:
    if isinstance(c_and_lower, Struct) and c_and_lower.items:
        return Array(float_dtype(c_and_lower.items[0], b), dims_of(infer.as_array(b)))
    return infer.unknown()


general(
    "scipy.linalg.cho_solve(c_and_lower, b)",
    c_and_lower=_factor,
    dc_and_lower=_dfactor,
    b=_W,
    db="scipy.linalg.cho_solve(c_and_lower, db)",
    infer=_cho_type,
    sample=calls("(np.eye(3) + 0.3 * R(3, 3), True), R(3)",
                 "(np.eye(3) + 0.3 * R(3, 3), False), R(3, 2)"),
)


# The direction e moves exp(a) by the upper right block of exp([[a, e], [0, a]]).


def _moved(a: str, e: str) -> str:
    above = f"np.concatenate([{a}, {e}], axis=1)"
    below = f"np.concatenate([np.zeros_like({a}), {a}], axis=1)"
    return f"scipy.linalg.expm(np.concatenate([{above}, {below}]))[:len(A), len(A):]"


general("scipy.linalg.expm(A)", A=_moved("A.T", "out_bar"), dA=_moved("A", "dA"),
        infer=square, sample=calls("R(3, 3)"))
