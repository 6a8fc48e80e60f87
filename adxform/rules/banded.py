"""Rules for equations with a banded matrix, whose bands are what they are differentiated in.

ab[u + i - j, j] is the element in row i and column j. A matrix a with the solution x of a x = b has
the cotangent -w x' with the solution w of a' w = x_bar; only its bands count.
"""

from __future__ import annotations

from adxform.core.types import Array, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.linalg import float_dtype
from adxform.rules.samples import calls
from adxform.rules.table import bilinear, general, linear
from adxform.rules.wording import dtype_in, refuse


def _solved(name: str, ab: Type, b: Type) -> Type:
    if rank(infer.as_array(ab)) not in (None, 2):
        refuse(f"{name} is differentiated for one matrix at a time", "Write a loop.")
    return Array(float_dtype(ab, b), dims_of(infer.as_array(b)))


linear("banded_transpose(ab, l_and_u)", ab="banded_transpose(out_bar, (l_and_u[1], l_and_u[0]))",
       infer=lambda ab, l_and_u: Array(dtype_in(ab), dims_of(infer.as_array(ab))),
       sample=calls("R(3, 4), (1, 1)", "R(4, 5), (1, 2)", "R(3, 2), (2, 0)"))
bilinear(
    "banded_product(ab, x, l_and_u)",
    ab="banded_outer(out_bar, x, l_and_u)",
    x="banded_product(banded_transpose(ab, l_and_u), out_bar, (l_and_u[1], l_and_u[0]))",
    infer=lambda ab, x, l_and_u: Array(float_dtype(ab, x), dims_of(infer.as_array(x))),
    sample=calls("R(3, 4), R(4), (1, 1)", "R(4, 5), R(5, 2), (1, 2)", "R(3, 4), R(4), (2, 0)"),
)
bilinear(
    "banded_outer(w, x, l_and_u)",
    w="banded_product(out_bar, x, l_and_u)",
    x="banded_product(banded_transpose(out_bar, l_and_u), w, (l_and_u[1], l_and_u[0]))",
    infer=lambda w, x, l_and_u: Array(float_dtype(w, x), None),
    sample=calls("R(4), R(4), (1, 1)", "R(5, 2), R(5, 2), (1, 2)", "R(4), R(4), (2, 0)"),
)

_W = ("scipy.linalg.solve_banded((l_and_u[1], l_and_u[0]), banded_transpose(ab, l_and_u),"
      " out_bar)")
general(
    "scipy.linalg.solve_banded(l_and_u, ab, b)",
    ab=f"-banded_outer({_W}, out, l_and_u)",
    dab="-scipy.linalg.solve_banded(l_and_u, ab, banded_product(dab, out, l_and_u))",
    b=_W,
    db="scipy.linalg.solve_banded(l_and_u, ab, db)",
    infer=lambda l_and_u, ab, b: _solved("scipy.linalg.solve_banded", ab, b),
    sample=calls("(1, 1), R(3, 4) + np.array([[0.0], [4.0], [0.0]]), R(4)",
                 "(2, 1), R(4, 5) + np.array([[0.0], [5.0], [0.0], [0.0]]), R(5, 2)",
                 "(0, 1), R(2, 4) + np.array([[0.0], [4.0]]), R(4)"),
)


# Of a symmetric matrix the bands on one side of the diagonal say those on the other.


def _bands(lower: Type) -> tuple[str, str]:
    """The numbers of bands below and above, and where the diagonal is."""
    known = infer.const_of(lower)
    if not isinstance(known, bool | int):
        refuse("which bands are given is not known", "Write lower=True or lower=False.")
    return ("(len(ab) - 1, 0)", "0") if known else ("(0, len(ab) - 1)", "len(ab) - 1")


def _halved(text: str, diagonal: str) -> str:
    """Bands with half the diagonal, which counts once in the matrix and its transpose."""
    factors = f"np.where(np.arange(len(ab))[:, None] == {diagonal}, 0.5, 1.0)"
    return f"as_like({factors}, ab) * ({text})"


_W = "scipy.linalg.solveh_banded(ab, out_bar, lower=lower)"


def _symmetric(lower: Type) -> str:
    widths, diagonal = _bands(lower)
    both = f"banded_outer({_W}, out, {widths}) + banded_outer(out, {_W}, {widths})"
    return f"-{_halved(both, diagonal)}"


def _dsymmetric(lower: Type) -> str:
    widths, diagonal = _bands(lower)
    half = _halved("dab", diagonal)
    turned = "(0, len(ab) - 1)" if diagonal == "0" else "(len(ab) - 1, 0)"
    moved = (f"banded_product({half}, out, {widths})"
             f" + banded_product(banded_transpose({half}, {widths}), out, {turned})")
    return f"-scipy.linalg.solveh_banded(ab, {moved}, lower=lower)"


general(
    "scipy.linalg.solveh_banded(ab, b, *, lower=False)",
    ab=_symmetric,
    dab=_dsymmetric,
    b=_W,
    db="scipy.linalg.solveh_banded(ab, db, lower=lower)",
    infer=lambda ab, b, lower: _solved("scipy.linalg.solveh_banded", ab, b),
    sample=calls("R(2, 4) + np.array([[0.0], [4.0]]), R(4)",
                 "R(3, 5) + np.array([[5.0], [0.0], [0.0]]), R(5, 2), lower=True",
                 "R(2, 4) + np.array([[4.0], [0.0]]), R(4), lower=True"),
)
