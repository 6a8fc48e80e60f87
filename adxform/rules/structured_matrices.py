"""Matrices and functions of matrices that are said in others (see ``composition``)."""

from __future__ import annotations

from adxform.core.types import Struct, Type, rank
from adxform.rules import infer
from adxform.rules.composition import composed
from adxform.rules.samples import calls
from adxform.rules.wording import is_none, refuse

# Each diagonal, or antidiagonal, repeats one value.


def _toeplitz(r: Type) -> str:
    first = "c" if is_none(r) else "r"
    places = f"len(c) - 1 + np.arange(len({first})) - np.arange(len(c))[:, None]"
    return f"np.concatenate([c[::-1], {first}[1:]])[{places}]"


def _hankel(r: Type) -> str:
    last = "np.zeros_like(c)" if is_none(r) else "r"
    places = f"np.arange(len({last})) + np.arange(len(c))[:, None]"
    return f"np.concatenate([c, {last}[1:]])[{places}]"


composed("scipy.linalg.toeplitz(c, r=None)", _toeplitz, of=("c", "r"),
         sample=calls("R(3)", "R(3), R(4)"))
composed("scipy.linalg.hankel(c, r=None)", _hankel, of=("c", "r"),
         sample=calls("R(3)", "R(3), R(2)"))
composed("scipy.linalg.circulant(c)",
         "c[(np.arange(len(c))[:, None] - np.arange(len(c))) % len(c)]", of=("c",),
         sample=calls("R(4)"))


# Norms and equations


def _condition(x: Type, p: Type) -> str:
    which = infer.const_of(p)
    if is_none(p) or which in (2, -2):
        ends = "[-1]", "[0]"
        over, under = ends if which == -2 else ends[::-1]
        values = "np.linalg.svd(x, compute_uv=False)"
        return f"{values}{over} / {values}{under}"
    if rank(infer.as_array(x)) is None:
        refuse("np.linalg.cond in this norm is differentiated of what is known to be a matrix",
               "Annotate the matrix, e.g. x: Float[np.ndarray, 'n n'], or write p=2.")
    return "np.linalg.norm(x, p) * np.linalg.norm(np.linalg.inv(x), p)"


composed("np.linalg.cond(x, p=None)", _condition, of=("x",),
         sample=calls("S(3)", "S(3), 2", "S(3), -2", "S(3), 'fro'", "np.eye(3) + 0.3 * R(3, 3), 1"))
composed("np.linalg.svdvals(x)", "np.linalg.svd(x, compute_uv=False)", of=("x",),
         sample=calls("R(4, 3)", "R(2, 3, 3)"))
composed("scipy.linalg.svdvals(a)", "np.linalg.svd(a, compute_uv=False)", of=("a",),
         sample=calls("R(4, 3)"))
composed("np.linalg.tensorsolve(a, b)",
         "np.reshape(np.linalg.solve(np.reshape(a, (np.size(b), -1)), np.ravel(b)),"
         " np.shape(a)[np.ndim(b):])", of=("a", "b"),
         sample=calls("np.reshape(np.eye(4) + 0.3 * R(4, 4), (2, 2, 4)), R(2, 2)"))


def _inverted(ind: Type) -> str:
    count = infer.const_of(ind)
    if not isinstance(count, int):
        refuse("np.linalg.tensorinv is differentiated only where ind is known", "Write a number.")
    rows = f"np.reshape(a, (np.prod(np.shape(a)[:{count}]), -1))"
    return f"np.reshape(np.linalg.inv({rows}), np.shape(a)[{count}:] + np.shape(a)[:{count}])"


composed("np.linalg.tensorinv(a, ind=2)", _inverted, of=("a",),
         sample=calls("np.reshape(np.eye(4) + 0.3 * R(4, 4), (2, 2, 4))",
                      "np.reshape(np.eye(4) + 0.3 * R(4, 4), (4, 2, 2)), ind=1"))


def _solved(c_or_cr: Type) -> str:
    pair = isinstance(c_or_cr, Struct) and len(c_or_cr.items) == 2
    matrix = "c_or_cr[0], c_or_cr[1]" if pair else "c_or_cr"
    return f"np.linalg.solve(scipy.linalg.toeplitz({matrix}), b)"


composed("scipy.linalg.solve_toeplitz(c_or_cr, b)", _solved, of=("c_or_cr", "b"),
         sample=calls("np.array([4.0, 0.0, 0.0]) + R(3), R(3)",
                      "(np.array([4.0, 0.0, 0.0]) + R(3), R(3)), R(3, 2)"))
