"""numpy.linalg of dual numbers; ``a_dot`` is the tangent of the matrix ``a`` throughout."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from adxform.dual.lifting import outermost, primal, tangent
from adxform.dual.number import Dual, is_complex, plain, require_real, rule
from adxform.dual.reductions import axes_of

# The functions below call NumPy with dual numbers, which NumPy's own annotations do not know.
_np: Any = np

# NumPy 1 took the b of solve(a, b) for a stack of vectors where it has one axis less than a.
_STACKS_VECTORS = np.lib.NumpyVersion(np.__version__) < "2.0.0"


def _turned(a: Any) -> Any:
    return _np.swapaxes(a, -1, -2)


def _trace(a: Any) -> Any:
    return _np.trace(a, axis1=-2, axis2=-1)


def _symmetric(a_dot: Any, triangle: str) -> Any:
    """The symmetric matrix with the lower ("L") or upper triangle of ``a_dot``."""
    if triangle == "L":
        return _np.tril(a_dot) + _turned(_np.tril(a_dot, -1))
    return _np.triu(a_dot) + _turned(_np.triu(a_dot, 1))


@rule(np.linalg.inv)
def inv(a: Dual) -> Dual:
    """From a a^-1 = 1: the tangent is -a^-1 a_dot a^-1."""
    out = _np.linalg.inv(a.value)

    def jvp(a_dot: Any) -> Any:
        return -(out @ a_dot @ out)

    return a.push(out, jvp)


@rule(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """From a x = b: a x_dot = b_dot - a_dot x."""
    if np.ndim(b) == 1 or (_STACKS_VECTORS and np.ndim(b) == np.ndim(a) - 1):
        return solve(a, _np.expand_dims(b, -1))[..., 0]
    lead = outermost(a, b)
    matrix = primal(a, lead.level)
    x = _np.linalg.solve(matrix, primal(b, lead.level))

    def x_dot(k: int) -> Any:
        a_dot, b_dot = tangent(a, lead.level, k), tangent(b, lead.level, k)
        return _np.linalg.solve(matrix, b_dot - a_dot @ x)

    return lead.like(x, tuple(x_dot(k) for k in range(len(lead.tangents))))


@rule(np.linalg.det)
def det(a: Dual) -> Dual:
    """Linear in each column, which holds for singular matrices too."""

    def jvp(a_dot: Any) -> Any:
        columns = np.eye(a.shape[-1], dtype=bool)
        swaps = [_np.linalg.det(_np.where(column, a_dot, a.value)) for column in columns]
        return sum(swaps)

    return a.push(_np.linalg.det(a.value), jvp)


@rule(np.linalg.slogdet)
def slogdet(a: Dual) -> Any:
    """The tangent of log |det a| is the trace of a^-1 a_dot."""
    require_real(a, "slogdet")
    out = _np.linalg.slogdet(a.value)

    def jvp(a_dot: Any) -> Any:
        return _trace(_np.linalg.solve(a.value, a_dot))

    return out._replace(logabsdet=a.push(out.logabsdet, jvp))


@rule(np.linalg.cholesky)
def cholesky(a: Dual, /, *, upper: bool = False) -> Any:
    """With Phi = lower triangle, half the diagonal: l_dot = l Phi(l^-1 a_dot l^-T)."""
    if upper:
        return _turned(cholesky(_turned(a)))
    require_real(a, "cholesky")
    factor = _np.linalg.cholesky(a.value)
    inverse = _np.linalg.inv(factor)

    def jvp(a_dot: Any) -> Any:
        inner = inverse @ _symmetric(a_dot, "L") @ _turned(inverse)
        return factor @ (_np.tril(inner, -1) + 0.5 * inner * np.eye(a.shape[-1], dtype=a.dtype))

    return a.push(factor, jvp)


@rule(np.linalg.eigh)
def eigh(a: Dual, UPLO: str = "L") -> Any:
    """With r = v^T a_dot v: w_dot = diag r, v_dot = v (r / gaps); no v_dot of equal eigenvalues."""
    require_real(a, "eigh")
    out = _np.linalg.eigh(a.value, UPLO)
    w, v = out
    identity = np.eye(a.shape[-1], dtype=a.dtype)

    def rotated(a_dot: Any) -> Any:
        return _turned(v) @ _symmetric(a_dot, UPLO.upper()) @ v

    def w_dot(a_dot: Any) -> Any:
        return _np.diagonal(rotated(a_dot), axis1=-2, axis2=-1)

    def v_dot(a_dot: Any) -> Any:
        gaps = _np.expand_dims(w, -2) - _np.expand_dims(w, -1)
        return v @ ((1.0 / (gaps + identity) - identity) * rotated(a_dot))

    return out._replace(eigenvalues=a.push(w, w_dot), eigenvectors=a.push(v, v_dot))


@rule(np.linalg.eigvalsh)
def eigvalsh(a: Dual, UPLO: str = "L") -> Any:
    """The eigenvalues of eigh."""
    return eigh(a, UPLO).eigenvalues


@rule(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product from left to right."""
    return functools.reduce(_np.dot, arrays)


@rule(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """The product of n factors, inverted where n is negative."""
    if n == 0:
        return _np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    return functools.reduce(np.matmul, [a if n > 0 else inv(a)] * abs(n))


@rule(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Vector and matrix norms; at 0 the tangent is 0."""
    axes = axes_of(axis, x.ndim)
    if len(axes) == 1 and ord != "fro":
        return _vector_norm(x, 2 if ord is None else ord, axes[0], keepdims)
    if (ord is None and (axis is None or len(axes) == 2)) or ord in ("fro", "f"):
        return _root_of_squares(x, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return _matrix_norm(x, ord, axes, keepdims)


def _vector_norm(x: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    size = np.abs(x)
    if ord in (np.inf, -np.inf):
        extremum = _np.max if ord > 0 else _np.min
        return extremum(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return _np.sum(np.sign(size), axis=axis, keepdims=keepdims)
    if ord == 1:
        return _np.sum(size, axis=axis, keepdims=keepdims)
    if ord == 2:
        return _root_of_squares(x, axis, keepdims)
    return _np.sum(size**ord, axis=axis, keepdims=keepdims) ** size.dtype.type(1.0 / ord)


def _root_of_squares(x: Any, axis: Any, keepdims: bool) -> Any:
    squares = _np.real(x * _np.conjugate(x)) if is_complex(x) else x * x
    return np.sqrt(_np.sum(squares, axis=axis, keepdims=keepdims))


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in ("nuc", 2, -2):
        values = _singular_values(_np.moveaxis(x, axes, (-2, -1)))
        reduction = {"nuc": _np.sum, 2: _np.max, -2: _np.min}[ord]
    elif ord in (1, -1, np.inf, -np.inf):
        summed, left = axes if abs(ord) == 1 else axes[::-1]
        values = _np.sum(np.abs(x), axis=summed, keepdims=True)
        values = _np.squeeze(_np.moveaxis(values, (summed, left), (-2, -1)), -2)
        reduction = _np.max if ord > 0 else _np.min
    else:
        raise ValueError(f"Invalid norm order {ord} for matrices.")
    out = reduction(values, axis=-1)
    return _np.expand_dims(out, tuple(sorted(axes))) if keepdims else out


def _singular_values(a: Dual) -> Dual:
    """With a = u diag(s) v^T: s_dot = diag(u^T a_dot v)."""
    require_real(a, "svd")
    u, s, vt = np.linalg.svd(plain(a), full_matrices=False)

    def jvp(a_dot: Any) -> Any:
        return _np.diagonal(_turned(u) @ a_dot @ _turned(vt), axis1=-2, axis2=-1)

    return a.push(s, jvp)
