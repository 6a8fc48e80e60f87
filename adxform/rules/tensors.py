"""Rules for tensor products: ``np.tensordot``, ``np.kron`` and ``np.cross``."""

from __future__ import annotations

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Type, dims_of
from adxform.rules import infer
from adxform.rules.products import axes_text, like_left, like_right, ranks
from adxform.rules.samples import calls
from adxform.rules.table import Formula, alias, bilinear, holomorphic, lowers, of_complex
from adxform.rules.wording import literal, narrowed, refuse, strong

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
    m, n = ranks(x, y)
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
alias("np.linalg.tensordot(a, b, axes=2)", "np.tensordot")
bilinear("tensordot_left(g, x, y, axes=2)", g="np.tensordot(out_bar, y, axes)",
         y="tensordot_right(g, out_bar, y, axes)", infer=like_left,
         sample=calls("R(2, 4), R(2, 3), R(3, 4), 1", "R(3, 5), R(3, 4), R(5, 4), (1, 1)"))
bilinear("tensordot_right(g, x, y, axes=2)", g="np.tensordot(x, out_bar, axes)",
         x="tensordot_left(g, x, out_bar, axes)", infer=like_right,
         sample=calls("R(2, 4), R(2, 3), R(3, 4), 1", "R(3, 5), R(3, 4), R(5, 4), (1, 1)"))


@lowers("tensordot_left")
def lower_tensordot_left(g: Type, x: Type, y: Type, axes: Type) -> str | None:
    """``np.tensordot`` over the axes of g that y gave, and a transpose where order asks for it."""
    pair = _contracted(x, y, axes)
    if pair is None:
        return None
    first, second = pair
    m, n = (r or 0 for r in ranks(x, y))
    if (m, n, first, second) == (2, 2, [1], [0]):
        return narrowed("g @ y.T", "x", x, g, y)
    free = [i for i in range(m) if i not in first]
    its = [i for i in range(n) if i not in second]
    order = free + [first[second.index(i)] for i in sorted(second)]
    text = f"np.tensordot(g, y, axes={axes_text(range(len(free), len(free) + len(its)), its)})"
    return narrowed(_in_order(text, order), "x", x, g, y)


@lowers("tensordot_right")
def lower_tensordot_right(g: Type, x: Type, y: Type, axes: Type) -> str | None:
    """``np.tensordot`` over the axes that x gave, and a transpose where order asks for it."""
    pair = _contracted(x, y, axes)
    if pair is None:
        return None
    first, second = pair
    m, n = (r or 0 for r in ranks(x, y))
    if (m, n, first, second) == (2, 2, [1], [0]):
        return narrowed("x.T @ g", "y", y, g, x)
    its = [i for i in range(m) if i not in first]
    free = [i for i in range(n) if i not in second]
    order = [second[first.index(i)] for i in sorted(first)] + free
    text = f"np.tensordot(x, g, axes={axes_text(its, range(len(its)))})"
    return narrowed(_in_order(text, order), "y", y, g, x)


def _in_order(text: str, order: list[int]) -> str:
    """An array whose axis number i is to become axis ``order[i]``."""
    if order == sorted(order):
        return text
    places = tuple(order.index(i) for i in range(len(order)))
    return f"{text}.T" if places == (1, 0) else f"np.transpose({text}, {places})"


def _kron_type(a: Type, b: Type) -> Type:
    m, n = ranks(a, b)
    if m is None or n is None:
        return Array(strong(a, b), None)
    return infer.array(strong(a, b), tuple(unknown_dim() for _ in range(max(m, n))))


bilinear("np.kron(a, b)", a="kron_left(out_bar, a, b)", b="kron_right(out_bar, a, b)",
         infer=_kron_type,
         sample=calls("R(2), R(3)", "R(2, 3), R(3, 2)", "R(3), R(2, 2)", "R(2, 2), R(3)"))
bilinear("kron_left(g, a, b)", g="np.kron(out_bar, b)", b="kron_right(g, out_bar, b)",
         infer=like_left, sample=calls("R(6), R(2), R(3)", "R(6, 6), R(2, 3), R(3, 2)"))
bilinear("kron_right(g, a, b)", g="np.kron(a, out_bar)", a="kron_left(g, a, out_bar)",
         infer=like_right, sample=calls("R(6), R(2), R(3)", "R(6, 6), R(2, 3), R(3, 2)"))


_BLOCKS = "np.reshape(g, (a.shape[0], b.shape[0], a.shape[1], b.shape[1]))"


@lowers("kron_left")
def lower_kron_left(g: Type, a: Type, b: Type) -> str | None:
    """For vectors, the rows of g, each a multiple of b; for matrices, its blocks."""
    if ranks(a, b) == (2, 2):
        return narrowed(f"np.tensordot({_BLOCKS}, b, ((1, 3), (0, 1)))", "a", a, g, b)
    if ranks(a, b) != (1, 1):
        return None
    return narrowed("np.reshape(g, (len(a), len(b))) @ b", "a", a, g, b)


@lowers("kron_right")
def lower_kron_right(g: Type, a: Type, b: Type) -> str | None:
    """For vectors, the rows of g, each a multiple of b; for matrices, its blocks."""
    if ranks(a, b) == (2, 2):
        return narrowed(f"np.tensordot(a, {_BLOCKS}, ((0, 1), (0, 2)))", "b", b, g, a)
    if ranks(a, b) != (1, 1):
        return None
    return narrowed("a @ np.reshape(g, (len(a), len(b)))", "b", b, g, a)


# np.vecdot: the inner product of the vectors along the last axis.


def _vecdot_type(x1: Type, x2: Type, *_: Type) -> Type:
    found = infer.arithmetic(infer.as_array(x1), infer.as_array(x2))
    dims = dims_of(found)
    return infer.array(strong(x1, x2), dims[:-1]) if dims else Array(strong(x1, x2), None)


for _text in ("np.vecdot(x1, x2)", "np.linalg.vecdot(x1, x2)"):
    bilinear(_text, x1="unbroadcast(np.expand_dims(out_bar, -1) * x2, x1)",
             x2="unbroadcast(np.expand_dims(out_bar, -1) * x1, x2)", infer=_vecdot_type,
             sample=calls("R(3), R(3)", "R(2, 3), R(2, 3)", "R(2, 3), R(3)"))


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

holomorphic("np.tensordot", "np.linalg.tensordot", "tensordot_left", "tensordot_right", "np.kron",
            "kron_left", "kron_right", "np.cross")
of_complex("np.vecdot", "np.linalg.vecdot",
           x1="unbroadcast(np.expand_dims(np.conj(out_bar), -1) * x2, x1)",
           x2="unbroadcast(np.expand_dims(out_bar, -1) * x1, x2)")
