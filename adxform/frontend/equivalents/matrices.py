"""Functions of ``scipy.linalg`` and ``np.linalg``, in other words.

Where SciPy reads one triangle of a matrix that is said to be symmetric, so do these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads

_EYE = "np.eye(3) + 0.1 * R(3, 3)"


def _mirrored(a: Any, lower: bool) -> Any:
    """A matrix of which one triangle is given."""
    if lower:
        return np.tril(a) + np.tril(a, -1).T
    return np.triu(a) + np.triu(a, 1).T


@reads("scipy.linalg.solve", f"{_EYE}, R(3), assume_a='pos'", f"{_EYE}, R(3, 2), assume_a='sym'",
       f"{_EYE}, R(3), lower=True, assume_a='pos'", f"{_EYE}, R(3), assume_a='gen'",
       f"{_EYE}, R(3), assume_a='upper triangular'")
def solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: Any = None,
) -> Any:
    """The solution of equations with a matrix of which something is known."""
    if assume_a in ("pos", "positive definite", "sym", "symmetric", "her", "hermitian"):
        return np.linalg.solve(_mirrored(a, lower), b)
    if assume_a == "upper triangular":
        return np.linalg.solve(np.triu(a), b)
    if assume_a == "lower triangular":
        return np.linalg.solve(np.tril(a), b)
    if assume_a is None or assume_a in ("gen", "general"):
        return np.linalg.solve(a, b)
    raise NotImplementedError("scipy.linalg.solve has no derivative rule with this assume_a")


@reads("scipy.linalg.eigh", "np.cov(R(3, 6)), eigvals_only=True",
       "np.cov(R(3, 6)), np.eye(3) + np.cov(R(3, 6)), lower=False, eigvals_only=True")
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool, check_finite: bool = True
) -> Any:
    """Eigenvalues alone, also those of a pair of matrices."""
    import scipy.linalg

    return scipy.linalg.eigvalsh(a, b, lower=lower)


@reads("scipy.linalg.eigvalsh", "np.cov(R(3, 6))", "np.cov(R(3, 6)), lower=False",
       "np.cov(R(3, 6)), np.eye(3) + np.cov(R(3, 6))")
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, check_finite: bool = True) -> Any:
    """Eigenvalues of a symmetric matrix, or of a pair of which one is positive definite."""
    import scipy.linalg

    if b is None:
        return np.linalg.eigvalsh(a, "L" if lower else "U")
    factor = np.linalg.cholesky(b)
    half = scipy.linalg.solve_triangular(factor, a, lower=True)
    whole = scipy.linalg.solve_triangular(factor, half.T, lower=True)
    return np.linalg.eigvalsh(whole)


_BANDS = "R(3, 4) + np.array([[0.0], [4.0], [0.0]])"


@reads("scipy.linalg.solve_banded", f"(1, 1), {_BANDS}, R(4), check_finite=False")
def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution of equations with a banded matrix."""
    import scipy.linalg

    return scipy.linalg.solve_banded(l_and_u, ab, b)


@reads("scipy.linalg.solveh_banded", f"({_BANDS})[1:], R(4), lower=True, check_finite=False")
def solveh_banded(
    ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution of equations with a banded matrix that is positive definite."""
    import scipy.linalg

    return scipy.linalg.solveh_banded(ab, b, lower=lower)


@reads("scipy.linalg.solve_triangular", f"{_EYE}, R(3), check_finite=False",
       f"{_EYE}, R(3), 1, True, overwrite_b=False")
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Any:
    """The solution of triangular equations."""
    import scipy.linalg

    if unit_diagonal:
        sided = np.tril(a, -1) if lower else np.triu(a, 1)
        a = sided + np.eye(len(a), dtype=a.dtype)
    return scipy.linalg.solve_triangular(a, b, trans=trans, lower=lower)


@reads("scipy.linalg.lstsq", "R(4, 3), R(4)", "R(4, 3), R(4, 2), check_finite=False",
       "R(2, 3), R(2)", "R(4, 3), R(4), cond=1e-8, lapack_driver='gelss'")
def lstsq(
    a: Any, b: Any, cond: Any = None, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, lapack_driver: Any = None,
) -> Any:
    """The solution of least squares, as NumPy's but for the threshold and the residue of one."""
    if lapack_driver == "gelsy":
        raise NotImplementedError("scipy.linalg.lstsq with lapack_driver='gelsy' has no"
                                  " derivative rule")
    least = np.finfo(a.dtype).eps if cond is None else cond
    x, residues, rank, values = np.linalg.lstsq(a, b, least)
    if np.ndim(b) == 1 and len(residues) == 1:
        return x, residues[0], rank, values
    return x, residues, rank, values


@reads("scipy.linalg.cho_factor")
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """A Cholesky factor, and which one; the other triangle is 0, where SciPy leaves anything."""
    import scipy.linalg

    return scipy.linalg.cholesky(a, lower=lower), lower


def _order(piv: Any) -> Any:
    """The order that rows are in after each has changed places with that which is named."""
    order = np.arange(len(piv))
    for row in range(len(piv)):
        other = piv[row]
        order[[row, other]] = order[[other, row]]
    return order


@reads("scipy.linalg.lu_solve")
def lu_solve(
    lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """The solution of equations by pivoted triangular factors."""
    import scipy.linalg

    lu, piv = lu_and_piv
    order = _order(piv)
    left = np.tril(lu, -1) + np.eye(len(lu))
    if trans == 0:
        half = scipy.linalg.solve_triangular(left, b[order], lower=True)
        return scipy.linalg.solve_triangular(np.triu(lu), half)
    half = scipy.linalg.solve_triangular(np.triu(lu), b, trans=1)
    turned = scipy.linalg.solve_triangular(left, half, trans=1, lower=True)
    return turned[np.argsort(order)]


@reads("np.linalg.qr", "R(4, 3), mode='r'", "R(4, 3), mode='reduced'")
def qr(a: Any, mode: str = "reduced") -> Any:
    """Orthogonal and triangular factors, or the triangular one."""
    if mode == "reduced":
        return np.linalg.qr(a)
    if mode == "r":
        return np.linalg.qr(a)[1]
    raise NotImplementedError("np.linalg.qr has a derivative with mode='reduced' and 'r' only")


@reads("scipy.linalg.polar", "R(4, 3)", "np.eye(3) + 0.3 * R(3, 3)", "R(3, 4), side='left'")
def polar(a: Any, side: str = "right") -> Any:
    """A matrix with orthonormal columns or rows, and a symmetric one."""
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    if side == "right":
        return u @ vt, (vt.T * s) @ vt
    return u @ vt, (u * s) @ u.T


@reads("scipy.linalg.block_diag", "R(2, 2), R(1, 3)", "R(2, 2), R(3), 1.0", "R(2, 1)")
def block_diag(*arrs: Any) -> Any:
    """Blocks on the diagonal, zeros beside them."""
    blocks = [np.atleast_2d(a) for a in arrs]
    return np.vstack([
        np.hstack([
            b if i == j else np.zeros((np.shape(a)[0], np.shape(b)[1]), dtype=a.dtype)
            for j, b in enumerate(blocks)
        ])
        for i, a in enumerate(blocks)
    ])
