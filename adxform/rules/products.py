"""Rules for products of vectors and matrices.

Where ranks are known a cotangent is said as a person would say it; where they are not, helpers
look at run time: ``matmul_left(g, x, y)`` is the cotangent of x in ``x @ y``, ``matmul_right``
that of y, and so for ``np.dot``, ``np.tensordot`` and ``np.kron``. Being products themselves,
they are each other's transposes.
"""

from __future__ import annotations

from collections.abc import Iterable

from adxform.core.types import Array, Dim, Type, broadcast_dims, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import Formula, alias, bilinear, lowers
from adxform.rules.wording import array, literal, made_like, refuse, shape, strong


def _ranks(*operands: Type) -> tuple[int | None, ...]:
    return tuple(rank(infer.as_array(t)) for t in operands)


def _like_left(g: Type, x: Type, y: Type, *_: Type) -> Type:
    return made_like(x)


def _like_right(g: Type, x: Type, y: Type, *_: Type) -> Type:
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
         infer=_like_left, sample=_OF_LEFT)
bilinear("matmul_right(g, x, y)", g="x @ out_bar", x="matmul_left(g, x, out_bar)",
         infer=_like_right, sample=_OF_RIGHT)


@lowers("matmul_left")
def lower_matmul_left(g: Type, x: Type, y: Type) -> str | None:
    """The cotangent of x in ``x @ y``, for known ranks."""
    match _ranks(x, y):
        case (1, 1):
            return "g * y"
        case (2, 1):
            return "np.outer(g, y)"
        case (1, 2):
            return "y @ g"
        case (_, 2) if _ranks(x)[0]:
            return "g @ y.T"
        case (int(), 1):
            return "g[..., None] * y"
        case (1, int(n)):
            return f"np.tensordot(g, y, axes={_axes(range(n - 1), (*range(n - 2), n - 1))})"
        case (2, int(n)):
            lead = range(n - 2)
            return f"np.tensordot(g, y, axes={_axes((*lead, n - 1), (*lead, n - 1))})"
        case (int(), int(n)):
            return f"unbroadcast(g @ np.swapaxes(y, {n - 2}, {n - 1}), x)"
        case _:
            return None


@lowers("matmul_right")
def lower_matmul_right(g: Type, x: Type, y: Type) -> str | None:
    """The cotangent of y in ``x @ y``, for known ranks."""
    match _ranks(x, y):
        case (1, 1):
            return "g * x"
        case (1, 2):
            return "np.outer(x, g)"
        case (1, int()):
            return "x[:, None] * g[..., None, :]"
        case (2, int(n)) if n:
            return "x.T @ g"
        case (int(n), 1):
            return f"np.tensordot(g, x, axes={n - 1})"
        case (int(n), 2):
            lead = range(n - 1)
            return f"np.tensordot(x, g, axes={_axes(lead, lead)})"
        case (int(n), int()):
            return f"unbroadcast(np.swapaxes(x, {n - 2}, {n - 1}) @ g, y)"
        case _:
            return None


def _axes(first: Iterable[int], second: Iterable[int]) -> str:
    return repr((tuple(first), tuple(second)))


# np.dot is the matrix product up to rank 2, and a product with a number where one is a number.


def _dot_type(a: Type, b: Type) -> Type:
    a, b = infer.as_array(a), infer.as_array(b)
    match _ranks(a, b):
        case (0, int()) | (int(), 0):
            return array(strong(a, b), broadcast_dims([dims_of(a), dims_of(b)]))
        case (int(), 1):
            return infer.matmul(a, b)
        case (int(), int()):
            x, y = dims_of(a), dims_of(b)
            assert x is not None and y is not None
            return array(strong(a, b), (*x[:-1], *y[:-2], *y[-1:]))
        case _:
            return Array(strong(a, b), None) if is_numeric(a) and is_numeric(b) else (
                infer.unknown())


def _dot_left(a: Type, b: Type) -> str:
    match _ranks(a, b):
        case (0, _) | (_, 0):
            return "unbroadcast(out_bar * b, a)"
        case (1 | 2, 1 | 2):
            return "matmul_left(out_bar, a, b)"
        case (int(), int(n)):
            return f"tensordot_left(out_bar, a, b, (-1, {max(n - 2, 0)}))"
        case _:
            return "dot_left(out_bar, a, b)"


def _dot_right(a: Type, b: Type) -> str:
    match _ranks(a, b):
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
         infer=_like_left, sample=calls(*_OF_LEFT.lists, "R(3), R(), R(3)"))
bilinear("dot_right(g, x, y)", g="np.dot(x, out_bar)", x="dot_left(g, x, out_bar)",
         infer=_like_right, sample=calls(*_OF_RIGHT.lists, "R(3), R(3), R()"))


# Inner and outer products


def _inner_type(a: Type, b: Type) -> Type:
    x, y = dims_of(infer.as_array(a)), dims_of(infer.as_array(b))
    if x is None or y is None:
        return Array(strong(a, b), None)
    return array(strong(a, b), x + y if not x or not y else (*x[:-1], *y[:-1]))


def _inner(name: str, other: str, side: str) -> Formula:
    def formula(a: Type, b: Type) -> str:
        match _ranks(a, b):
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
    return dims[0] if dims is not None and len(dims) == 1 else infer.unknown_dim()


def _outer_type(a: Type, b: Type) -> Type:
    return Array(strong(a, b), (_flat_dim(a), _flat_dim(b)))


def _outer_left(a: Type, b: Type) -> str:
    row = "b" if _ranks(b) == (1,) else "np.ravel(b)"
    return f"out_bar @ {row}" if _ranks(a) == (1,) else (
        f"np.reshape(out_bar @ {row}, {shape(a, 'a')})")


def _outer_right(a: Type, b: Type) -> str:
    column = "a" if _ranks(a) == (1,) else "np.ravel(a)"
    return f"{column} @ out_bar" if _ranks(b) == (1,) else (
        f"np.reshape({column} @ out_bar, {shape(b, 'b')})")


bilinear("np.outer(a, b)", a=_outer_left, b=_outer_right, infer=_outer_type,
         sample=calls("R(3), R(4)", "R(2, 3), R(4)", "R(2), R(2, 2)"))


bilinear("np.linalg.outer(a, b)", a=_outer_left, b=_outer_right, infer=_outer_type,
         sample=calls("R(3), R(4)"))


def _vdot(name: str, other: str) -> Formula:
    def formula(a: Type, b: Type) -> str:
        own, its = dims_of(a), dims_of(b)
        if own is not None and (own == its or _ranks(a, b) == (1, 1)):
            return f"out_bar * {other}"
        return f"np.reshape(out_bar * {other}, np.shape({name}))"

    return formula


bilinear("np.vdot(a, b)", a=_vdot("a", "b"), b=_vdot("b", "a"),
         infer=lambda a, b: array(strong(a, b), ()),
         sample=calls("R(3), R(3)", "R(2, 3), R(2, 3)", "R(2, 3), R(6)"))


# Tensor products


def _tensordot_type(a: Type, b: Type, axes: Type) -> Type:
    x, y = dims_of(infer.as_array(a)), dims_of(infer.as_array(b))
    pair = _contracted(a, b, axes)
    if pair is None or x is None or y is None:
        return Array(strong(a, b), None)
    first, second = pair
    left = (d for i, d in enumerate(x) if i not in first)
    right = (d for i, d in enumerate(y) if i not in second)
    return Array(strong(a, b), (*left, *right))


def _contracted(x: Type, y: Type, axes: Type) -> tuple[list[int], list[int]] | None:
    """The axes summed over, counted from 0, where they and the ranks are known."""
    m, n = _ranks(x, y)
    said = literal(axes)
    if said is None or m is None or n is None:
        return None
    if isinstance(said, int):
        return list(range(m - said, m)), list(range(said))
    first, second = (part if isinstance(part, tuple) else (part,) for part in said)
    return [i % m for i in first], [i % n for i in second]


bilinear(
    "np.tensordot(a, b, axes=2)",
    a="tensordot_left(out_bar, a, b, axes)",
    b="tensordot_right(out_bar, a, b, axes)",
    infer=_tensordot_type,
    sample=calls("R(2, 3), R(2, 3)", "R(2, 3), R(3, 4), axes=1", "R(2), R(3), axes=0",
                 "R(2, 3, 4), R(4, 5, 3), axes=((1, 2), (2, 0))",
                 "R(2, 3, 4), R(3, 5), axes=(1, 0)", "R(4, 3), R(4), axes=(0, 0)"),
)
bilinear("tensordot_left(g, x, y, axes=2)", g="np.tensordot(out_bar, y, axes)",
         y="tensordot_right(g, out_bar, y, axes)", infer=_like_left,
         sample=calls("R(2, 4), R(2, 3), R(3, 4), 1", "R(3, 5), R(3, 4), R(5, 4), (1, 1)"))
bilinear("tensordot_right(g, x, y, axes=2)", g="np.tensordot(x, out_bar, axes)",
         x="tensordot_left(g, x, out_bar, axes)", infer=_like_right,
         sample=calls("R(2, 4), R(2, 3), R(3, 4), 1", "R(3, 5), R(3, 4), R(5, 4), (1, 1)"))


@lowers("tensordot_left")
def lower_tensordot_left(g: Type, x: Type, y: Type, axes: Type) -> str | None:
    """``np.tensordot`` over the axes of g that y gave, and a transpose where order asks for it."""
    pair = _contracted(x, y, axes)
    if pair is None:
        return None
    first, second = pair
    m, n = (r or 0 for r in _ranks(x, y))
    if (m, n, first, second) == (2, 2, [1], [0]):
        return "g @ y.T"
    free = [i for i in range(m) if i not in first]
    its = [i for i in range(n) if i not in second]
    order = free + [first[second.index(i)] for i in sorted(second)]
    text = f"np.tensordot(g, y, axes={_axes(range(len(free), len(free) + len(its)), its)})"
    return _in_order(text, order)


@lowers("tensordot_right")
def lower_tensordot_right(g: Type, x: Type, y: Type, axes: Type) -> str | None:
    """``np.tensordot`` over the axes that x gave, and a transpose where order asks for it."""
    pair = _contracted(x, y, axes)
    if pair is None:
        return None
    first, second = pair
    m, n = (r or 0 for r in _ranks(x, y))
    if (m, n, first, second) == (2, 2, [1], [0]):
        return "x.T @ g"
    its = [i for i in range(m) if i not in first]
    free = [i for i in range(n) if i not in second]
    order = [second[first.index(i)] for i in sorted(first)] + free
    return _in_order(f"np.tensordot(x, g, axes={_axes(its, range(len(its)))})", order)


def _in_order(text: str, order: list[int]) -> str:
    """An array whose axis number i is to become axis ``order[i]``."""
    if order == sorted(order):
        return text
    places = tuple(order.index(i) for i in range(len(order)))
    return f"{text}.T" if places == (1, 0) else f"np.transpose({text}, {places})"


def _kron_type(a: Type, b: Type) -> Type:
    m, n = _ranks(a, b)
    if m is None or n is None:
        return Array(strong(a, b), None)
    return array(strong(a, b), tuple(infer.unknown_dim() for _ in range(max(m, n))))


bilinear("np.kron(a, b)", a="kron_left(out_bar, a, b)", b="kron_right(out_bar, a, b)",
         infer=_kron_type,
         sample=calls("R(2), R(3)", "R(2, 3), R(3, 2)", "R(3), R(2, 2)", "R(2, 2), R(3)"))
bilinear("kron_left(g, a, b)", g="np.kron(out_bar, b)", b="kron_right(g, out_bar, b)",
         infer=_like_left, sample=calls("R(6), R(2), R(3)", "R(6, 6), R(2, 3), R(3, 2)"))
bilinear("kron_right(g, a, b)", g="np.kron(a, out_bar)", a="kron_left(g, a, out_bar)",
         infer=_like_right, sample=calls("R(6), R(2), R(3)", "R(6, 6), R(2, 3), R(3, 2)"))


@lowers("kron_left")
def lower_kron_left(g: Type, a: Type, b: Type) -> str | None:
    """For vectors, the rows of g, each a multiple of b."""
    return "np.reshape(g, (len(a), len(b))) @ b" if _ranks(a, b) == (1, 1) else None


@lowers("kron_right")
def lower_kron_right(g: Type, a: Type, b: Type) -> str | None:
    """For vectors, the rows of g, each a multiple of b."""
    return "a @ np.reshape(g, (len(a), len(b)))" if _ranks(a, b) == (1, 1) else None


# The triple product g . (a x b) = a . (b x g) = b . (g x a) turns in a circle.


def _cross(text: str) -> Formula:
    def formula(a: Type, b: Type, axis: Type) -> str:
        for t in (a, b):
            dims = dims_of(infer.as_array(t))
            if dims and literal(axis) == -1 and dims[-1] == 2:
                refuse("np.cross of vectors in the plane has no derivative rule",
                       "Write a[0] * b[1] - a[1] * b[0].")
        return text

    return formula


bilinear("np.cross(a, b, *, axis=-1)", 
         a=_cross("unbroadcast(np.cross(b, out_bar, axis=axis), a)"),
         b=_cross("unbroadcast(np.cross(out_bar, a, axis=axis), b)"), infer=infer.arithmetic,
         sample=calls("R(3), R(3)", "R(4, 3), R(4, 3)", "R(4, 3), R(3)", "R(1, 3), R(4, 3)",
                      "R(3, 4), R(3, 4), axis=0"))
