"""Rules for products of vectors and matrices.

Where ranks are known a cotangent is said as a person would say it; where they are not, helpers
look at run time: ``matmul_left(g, x, y)`` is the cotangent of x in ``x @ y``, ``matmul_right``
that of y, and so for ``np.dot``, ``np.tensordot`` and ``np.kron``. Being products themselves,
they are each other's transposes.
"""

from __future__ import annotations

from collections.abc import Iterable

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, Type, broadcast_dims, dims_of, is_numeric, is_sparse, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import Formula, alias, bilinear, holomorphic, lowers, of_complex
from adxform.rules.wording import made_like, narrowed, shape, strong


def ranks(*operands: Type) -> tuple[int | None, ...]:
    """The ranks of operands, None where they are not known."""
    return tuple(rank(infer.as_array(t)) for t in operands)


def like_left(g: Type, x: Type, y: Type, *_: Type) -> Type:
    """The type of the left operand's cotangent."""
    return made_like(x)


def like_right(g: Type, x: Type, y: Type, *_: Type) -> Type:
    """The type of the right operand's cotangent."""
    return made_like(y)


# Matrix products

_MATRICES = calls("R(3), R(3)", "R(2, 3), R(3)", "R(3), R(3, 4)", "R(2, 3), R(3, 4)")
_STACKS = calls(
    *_MATRICES.lists, "R(5, 2, 3), R(3)", "R(3), R(5, 3, 4)", "R(5, 2, 3), R(3, 4)",
    "R(2, 3), R(5, 3, 4)", "R(5, 2, 3), R(5, 3, 4)", "R(5, 2, 3), R(1, 3, 4)",
    "R(6, 1, 2, 3), R(5, 3, 4)", "R(6, 5, 2, 3), R(3)",
)

bilinear("x @ y", x="matmul_left(out_bar, x, y)", y="matmul_right(out_bar, x, y)",
         infer=infer.matmul, sample=_STACKS)
alias("np.matmul(x, y)", "op.MatMult")

_OF_LEFT = calls("R, R(3), R(3)", "R(2), R(2, 3), R(3)", "R(2, 4), R(2, 3), R(3, 4)")
_OF_RIGHT = calls("R, R(3), R(3)", "R(4), R(3), R(3, 4)", "R(2, 4), R(2, 3), R(3, 4)")
bilinear("matmul_left(g, x, y)", g="out_bar @ y", y="matmul_right(g, out_bar, y)",
         infer=like_left, sample=_OF_LEFT)
bilinear("matmul_right(g, x, y)", g="x @ out_bar", x="matmul_left(g, x, out_bar)",
         infer=like_right, sample=_OF_RIGHT)


@lowers("matmul_left")
def lower_matmul_left(g: Type, x: Type, y: Type) -> str | None:
    """The cotangent of x in ``x @ y``, for known ranks."""
    text = "g @ y.T" if is_sparse(y) else _left(*ranks(x, y))
    return None if text is None else narrowed(text, "x", x, g, y)


def _left(m: int | None, n: int | None) -> str | None:
    if not m or not n:
        return None
    match m, n:
        case 1, 1:
            return "g * y"
        case 2, 1:
            return "np.outer(g, y)"
        case 1, 2:
            return "y @ g"
        case _, 2:
            return "g @ y.T"
        case _, 1:
            return "g[..., None] * y"
        case 1, _:
            return f"np.tensordot(g, y, axes={axes_text(range(n - 1), (*range(n - 2), n - 1))})"
        case 2, _:
            shared = (*range(n - 2), n - 1)
            return f"np.tensordot(g, y, axes={axes_text(shared, shared)})"
        case _:
            return f"unbroadcast(g @ np.swapaxes(y, {n - 2}, {n - 1}), x)"


@lowers("matmul_right")
def lower_matmul_right(g: Type, x: Type, y: Type) -> str | None:
    """The cotangent of y in ``x @ y``, for known ranks."""
    text = "x.T @ g" if is_sparse(x) else _right(*ranks(x, y))
    return None if text is None else narrowed(text, "y", y, g, x)


def _right(m: int | None, n: int | None) -> str | None:
    if not m or not n:
        return None
    match m, n:
        case 1, 1:
            return "g * x"
        case 1, 2:
            return "np.outer(x, g)"
        case 1, _:
            return "x[:, None] * g[..., None, :]"
        case 2, _:
            return "x.T @ g"
        case _, 1:
            return f"np.tensordot(g, x, axes={m - 1})"
        case _, 2:
            return f"np.tensordot(x, g, axes={axes_text(range(m - 1), range(m - 1))})"
        case _:
            return f"unbroadcast(np.swapaxes(x, {m - 2}, {m - 1}) @ g, y)"


def axes_text(first: Iterable[int], second: Iterable[int]) -> str:
    """The ``axes`` argument of ``np.tensordot``, written out."""
    return repr((tuple(first), tuple(second)))


# np.dot is the matrix product up to rank 2, and a product with a number where one is a number.


def _dot_type(a: Type, b: Type) -> Type:
    a, b = infer.as_array(a), infer.as_array(b)
    match ranks(a, b):
        case (0, int()) | (int(), 0):
            return infer.array(strong(a, b), broadcast_dims([dims_of(a), dims_of(b)]))
        case (int(), 1):
            return infer.matmul(a, b)
        case (int(), int()):
            x, y = dims_of(a), dims_of(b)
            assert x is not None and y is not None
            return infer.array(strong(a, b), (*x[:-1], *y[:-2], *y[-1:]))
        case _:
            return Array(strong(a, b), None) if is_numeric(a) and is_numeric(b) else (
                infer.unknown())


def _dot_left(a: Type, b: Type) -> str:
    if is_sparse(b):
        return "out_bar @ b.T"
    match ranks(a, b):
        case (0, _) | (_, 0):
            return "unbroadcast(out_bar * b, a)"
        case (1 | 2, 1 | 2):
            return "matmul_left(out_bar, a, b)"
        case (int(), int(n)):
            return f"tensordot_left(out_bar, a, b, (-1, {max(n - 2, 0)}))"
        case _:
            return "dot_left(out_bar, a, b)"


def _dot_right(a: Type, b: Type) -> str:
    if is_sparse(a):
        return "a.T @ out_bar"
    match ranks(a, b):
        case (0, _) | (_, 0):
            return "unbroadcast(out_bar * a, b)"
        case (1 | 2, 1 | 2):
            return "matmul_right(out_bar, a, b)"
        case (int(), int(n)):
            return f"tensordot_right(out_bar, a, b, (-1, {max(n - 2, 0)}))"
        case _:
            return "dot_right(out_bar, a, b)"


bilinear("np.dot(a, b)", a=_dot_left, b=_dot_right, infer=_dot_type,
         sample=calls(*_MATRICES.lists, "R, R(3)", "R(2, 3), R", "R(), R()", "R(2, 4, 3), R(3)",
                      "R(2, 3), R(5, 3, 4)"))
bilinear("a.dot(b)", a=_dot_left, b=_dot_right, infer=_dot_type, sample=_MATRICES)
bilinear("dot_left(g, x, y)", g="np.dot(out_bar, y)", y="dot_right(g, out_bar, y)",
         infer=like_left, sample=calls(*_OF_LEFT.lists, "R(3), R(), R(3)"))
bilinear("dot_right(g, x, y)", g="np.dot(x, out_bar)", x="dot_left(g, x, out_bar)",
         infer=like_right, sample=calls(*_OF_RIGHT.lists, "R(3), R(3), R()"))


# Inner and outer products


def _inner_type(a: Type, b: Type) -> Type:
    x, y = dims_of(infer.as_array(a)), dims_of(infer.as_array(b))
    if x is None or y is None:
        return Array(strong(a, b), None)
    return infer.array(strong(a, b), x + y if not x or not y else (*x[:-1], *y[:-1]))


def _inner(name: str, other: str, side: str) -> Formula:
    def formula(a: Type, b: Type) -> str:
        match ranks(a, b):
            case (0, _) | (_, 0):
                return f"unbroadcast(out_bar * {other}, {name})"
            case (1, 1):
                return f"out_bar * {other}"
            case _:
                return f"tensordot_{side}(out_bar, a, b, (-1, -1))"

    return formula


bilinear("np.inner(a, b)", a=_inner("a", "b", "left"), b=_inner("b", "a", "right"),
         infer=_inner_type,
         sample=calls("R(3), R(3)", "R(2, 3), R(3)", "R(2, 3), R(4, 3)", "R(3), R(2, 4, 3)"))


def _flat_dim(t: Type) -> Dim:
    dims = dims_of(infer.as_array(t))
    return dims[0] if dims is not None and len(dims) == 1 else unknown_dim()


def _outer_type(a: Type, b: Type) -> Type:
    return Array(strong(a, b), (_flat_dim(a), _flat_dim(b)))


def _outer_left(a: Type, b: Type) -> str:
    row = "b" if ranks(b) == (1,) else "np.ravel(b)"
    return f"out_bar @ {row}" if ranks(a) == (1,) else (
        f"np.reshape(out_bar @ {row}, {shape(a, 'a')})")


def _outer_right(a: Type, b: Type) -> str:
    column = "a" if ranks(a) == (1,) else "np.ravel(a)"
    return f"{column} @ out_bar" if ranks(b) == (1,) else (
        f"np.reshape({column} @ out_bar, {shape(b, 'b')})")


bilinear("np.outer(a, b)", a=_outer_left, b=_outer_right, infer=_outer_type,
         sample=calls("R(3), R(4)", "R(2, 3), R(4)", "R(2), R(2, 2)"))


bilinear("np.linalg.outer(a, b)", a=_outer_left, b=_outer_right, infer=_outer_type,
         sample=calls("R(3), R(4)"))


def _vdot(name: str, other: str, bar: str = "out_bar") -> Formula:
    def formula(a: Type, b: Type) -> str:
        own, its = dims_of(a), dims_of(b)
        if own is not None and (own == its or ranks(a, b) == (1, 1)):
            return f"{bar} * {other}"
        return f"np.reshape({bar} * {other}, np.shape({name}))"

    return formula


bilinear("np.vdot(a, b)", a=_vdot("a", "b"), b=_vdot("b", "a"),
         infer=lambda a, b: infer.array(strong(a, b), ()),
         sample=calls("R(3), R(3)", "R(2, 3), R(2, 3)", "R(2, 3), R(6)"))

holomorphic("op.MatMult", "np.matmul", "matmul_left", "matmul_right", "np.dot", ".dot()",
            "dot_left", "dot_right", "np.inner", "np.outer", "np.linalg.outer")
of_complex("np.vdot", a=_vdot("a", "b", "np.conj(out_bar)"), b=_vdot("b", "a"))
