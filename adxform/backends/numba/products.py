"""Products of arrays of any rank for Numba, which knows those of vectors and matrices alone.

Where operands do not fit an exception is raised; who calls then runs NumPy, which says why.
Importing this needs Numba.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.pages import on_large_pages
from adxform.backends.numba.ranks import MISFIT, function, item, nested, refused, tuple_of

NARROW, WIDE = 32, 256  # columns of a matrix that BLAS takes slowly: narrow, or of long rows
ROWS = 256  # so many rows stay near
SMALL = 512  # so many products are made before a call of BLAS is worth it


def _alike(*operands: Any) -> bool:
    """Whether operands are arrays of one floating dtype."""
    return all(isinstance(o, types.Array) and o.ndim and o.dtype == operands[0].dtype
               for o in operands) and isinstance(operands[0].dtype, types.Float)


def _mixed(a: Any, b: Any) -> bool:
    """Whether arrays are of two dtypes of numbers, of which one is floating."""
    kinds = (types.Float, types.Integer, types.Boolean)
    dtypes = [getattr(given, "dtype", None) for given in (a, b)]
    floats = any(isinstance(dtype, types.Float) for dtype in dtypes)
    return floats and dtypes[0] != dtypes[1] and all(isinstance(d, kinds) for d in dtypes)


def matmul(a: Any, b: Any) -> Any:
    """``a @ b``."""
    return a @ b


@overload(matmul, strict=False)
def _matmul(a: Any, b: Any) -> Callable[..., Any] | None:
    ranks = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if ranks == (2, 2) and _alike(a, b):
        if a.layout == "C":
            return _of_many_rows
        return _along_many_rows if a.layout == "F" and b.layout == "C" else _product
    if min(ranks) and _mixed(a, b):
        kinds = f"np.{np.result_type(str(a.dtype), str(b.dtype))}"
        text = f"return matmul(a.astype({kinds}), b.astype({kinds}))"
        return function("a, b", [text], {"matmul": matmul})
    if max(ranks) < 3:
        return lambda a, b: a @ b
    if not _alike(a, b):
        return None
    if ranks[0] == 1:
        return lambda a, b: matmul(a.reshape((1, a.size)), b)[..., 0, :].copy()
    if ranks[1] == 1:
        return lambda a, b: matmul(a, b.reshape((b.size, 1)))[..., 0].copy()
    if ranks[1] == 2:
        return function("a, b", _one_product(ranks[0]))
    return function("a, b", _products(*ranks))


def dot(a: Any, b: Any) -> Any:
    """``np.dot``."""
    return np.dot(a, b)


@overload(dot, strict=False)
def _dot(a: Any, b: Any) -> Callable[..., Any] | None:
    if _mixed(a, b) and 0 < a.ndim < 3 and 0 < b.ndim < 3:
        return lambda a, b: matmul(a, b)
    return lambda a, b: np.dot(a, b)


def inner(a: Any, b: Any) -> Any:
    """``np.inner``."""
    return np.inner(a, b)


@overload(inner, strict=False)
def _inner(a: Any, b: Any) -> Callable[..., Any] | None:
    ranks = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if max(ranks) > 2 or not min(ranks):
        return None
    if ranks[1] == 2:
        return lambda a, b: matmul(a, b.T)
    return lambda a, b: matmul(a, b)


def _product(a: Any, b: Any) -> Any:
    """Of two matrices."""
    out = on_large_pages(np.empty((a.shape[0], b.shape[1]), a.dtype))
    return np.dot(a, b, out)


def _of_many_rows(a: Any, b: Any) -> Any:
    """Of a matrix of many short rows and another: what BLAS writes stays near for some rows."""
    out = on_large_pages(np.empty((a.shape[0], b.shape[1]), a.dtype))
    if a.shape[1] > NARROW or b.shape[1] < WIDE or a.shape[0] <= 2 * ROWS:
        return np.dot(a, b, out)
    for begin in range(0, a.shape[0], ROWS):
        np.dot(a[begin : begin + ROWS], b, out[begin : begin + ROWS])
    return out


def _along_many_rows(a: Any, b: Any) -> Any:
    """Of a transposed matrix and another, of many rows both: some rows after the other if the
    product is small, or else the wider of them last, as BLAS has it faster.
    """
    n, k, m = a.shape[0], a.shape[1], b.shape[1]
    if m > NARROW or n <= 2 * m or k <= 2 * ROWS or k != b.shape[0]:
        return np.dot(a, b, on_large_pages(np.empty((n, m), a.dtype)))
    if n >= WIDE:
        return np.ascontiguousarray(np.dot(b.T, a.T).T)
    out, part = np.zeros((n, m), a.dtype), np.empty((n, m), a.dtype)
    rows = a.T
    for begin in range(0, k, ROWS):
        out += np.dot(rows[begin : begin + ROWS].T, b[begin : begin + ROWS], part)
    return out


def _one_product(rank: int) -> list[str]:
    """Of a stack and one matrix: the rows of all are the rows of one."""
    shape = [f"a.shape[{axis}]" for axis in range(rank - 1)]
    return [
        f"rows = np.ascontiguousarray(a).reshape(({' * '.join(shape)}, a.shape[{rank - 1}]))",
        f"return (rows @ b).reshape({tuple_of([*shape, 'b.shape[1]'])})",
    ]


def _products(left: int, right: int) -> list[str]:
    """Of stacks that are stretched to each other: matrix by matrix."""
    count = max(left, right) - 2
    lines = [
        f"n, m, k = a.shape[{left - 2}], b.shape[{right - 1}], a.shape[{left - 1}]",
        *refused(f"b.shape[{right - 2}] != k", MISFIT),
    ]
    places: dict[str, list[str]] = {"a": [], "b": []}
    for axis in range(count):
        for name, rank in (("a", left), ("b", right)):
            own = axis - (count - (rank - 2))
            lines.append(f"{name}{axis} = {f'{name}.shape[{own}]' if own >= 0 else 1}")
            if own >= 0:
                places[name].append(f"i{axis} if {name}{axis} != 1 else 0")
        lines.append(f"s{axis} = b{axis} if a{axis} == 1 else a{axis}")
        lines += refused(f"b{axis} != s{axis} and b{axis} != 1", MISFIT)
    sizes = {f"i{axis}": f"s{axis}" for axis in range(count)}
    by_hand = nested({"i": "n", "l": "k", "j": "m"}, ["out[i, j] += left[i, l] * right[l, j]"])
    each = [
        f"left, right = {item('a', places['a'])}, {item('b', places['b'])}",
        f"out = {item('made', list(sizes))}",
        f"if n * m * k > {SMALL}:",
        "    np.dot(np.ascontiguousarray(left), np.ascontiguousarray(right), out)",
        "else:",
        *(f"    {line}" for line in by_hand),
    ]
    shape = tuple_of([*sizes.values(), "n", "m"])
    return [*lines, f"made = np.zeros({shape}, a.dtype)", *nested(sizes, each), "return made"]


def tensordot(a: Any, b: Any, axes: str) -> Any:
    """``np.tensordot(a, b, axes)``, where the axes are said by their text."""
    return np.tensordot(a, b, ast.literal_eval(axes))


@overload(tensordot, strict=False, prefer_literal=True)
def _tensordot(a: Any, b: Any, axes: Any) -> Callable[..., Any] | None:
    if not isinstance(axes, types.StringLiteral) or not _alike(a, b):
        return None
    given = ast.literal_eval(axes.literal_value)
    if isinstance(given, int):
        given = range(a.ndim - given, a.ndim), range(given)
    first, second = ((g,) if isinstance(g, int) else g for g in given)
    pairs = [(i % a.ndim, j % b.ndim) for i, j in zip(first, second, strict=True)]
    ours = {i: chr(97 + i) for i in range(a.ndim)}
    theirs = {j: chr(97 + a.ndim + j) for j in range(b.ndim)}
    theirs.update((j, ours[i]) for i, j in pairs)
    summed = {ours[i] for i, _ in pairs}
    out = [c for c in (*ours.values(), *theirs.values()) if c not in summed]
    terms = ["".join(ours.values()), "".join(theirs[j] for j in range(b.ndim))]
    lines = _contraction(terms, "".join(out), ["a", "b"])
    return function("a, b, axes", lines, {"matmul": matmul})


def einsum(subscripts: str, *operands: Any) -> Any:
    """``np.einsum``."""
    return np.einsum(subscripts, *operands)


@overload(einsum, strict=False, prefer_literal=True)
def _einsum(subscripts: Any, *operands: Any) -> Callable[..., Any] | None:
    if not isinstance(subscripts, types.StringLiteral) or not _alike(*operands):
        return None
    text, arrow, out = subscripts.literal_value.replace(" ", "").partition("->")
    terms = text.split(",")
    letters = "".join(terms)
    if [len(t) for t in terms] != [o.ndim for o in operands] or not letters.isalpha():
        return None
    if not arrow:
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if len(terms) == 1 and set(out) == set(letters):  # a view in NumPy
        return None
    names = [f"operands[{i}]" for i in range(len(terms))]
    lines = _contraction(terms, out, names)
    return function("subscripts, *operands", lines, {"matmul": matmul})


def _contraction(terms: Sequence[str], out: str, names: Sequence[str]) -> list[str]:
    """The lines of a sum of products, where ``terms`` names each operand's axes."""
    lines: list[str] = []
    sizes: dict[str, str] = {}
    for term, name in zip(terms, names, strict=True):
        for axis, letter in enumerate(term):
            if letter in sizes:
                lines += refused(f"{name}.shape[{axis}] != n_{letter}", MISFIT)
            else:
                sizes[letter] = f"n_{letter}"
                lines.append(f"n_{letter} = {name}.shape[{axis}]")
    once = all(len(set(term)) == len(term) for term in terms)
    if len(terms) == 2 and once:
        first, second = terms
        both = [c for c in first if c in second]
        alone = set(first) ^ set(second)
        batch = [c for c in both if c in out]
        inner = [c for c in both if c not in out]
        free = [[c for c in t if c not in both] for t in terms]
        if inner and alone <= set(out) and (not batch or all(free)):
            return [*lines, *_by_matrices(terms, out, names, batch, inner, free)]
    return [*lines, *_by_loops(terms, out, names, sizes)]


def _by_matrices(
    terms: Sequence[str],
    out: str,
    names: Sequence[str],
    batch: list[str],
    inner: list[str],
    free: list[list[str]],
) -> list[str]:
    """Axes that belong together laid next to each other, and a product of matrices."""
    orders = [[*batch, *free[0], *inner], [*batch, *inner, *free[1]]]
    groups = [(free[0], inner), (inner, free[1])]
    lines = []
    for side, term, name, order, pair in zip("xy", terms, names, orders, groups, strict=True):
        turned = tuple(map(term.index, order))
        same = turned == tuple(range(len(turned)))
        lines.append(f"{side} = {name if same else f'np.transpose({name}, {turned})'}")
        shape = [_count(batch)] if batch else []
        shape += [_count(part) for part in pair]
        lines.append(f"{side} = np.ascontiguousarray({side}).reshape({tuple_of(shape)})")
    order = [*batch, *free[0], *free[1]]
    if not order:
        return [*lines, "return matmul(x, y)[0, 0]"]
    lines.append(f"made = matmul(x, y).reshape({tuple_of([f'n_{c}' for c in order])})")
    turned = tuple(map(order.index, out))
    if turned != tuple(range(len(turned))):
        lines.append(f"made = np.ascontiguousarray(np.transpose(made, {turned}))")
    return [*lines, "return made"]


def _count(letters: Sequence[str]) -> str:
    return " * ".join(f"n_{c}" for c in letters) or "1"


def _by_loops(
    terms: Sequence[str], out: str, names: Sequence[str], sizes: dict[str, str]
) -> list[str]:
    """A loop for each axis, those that are summed over inside."""
    loops = {f"i_{c}": sizes[c] for c in [*out, *(c for c in sizes if c not in out)]}
    value = " * ".join(
        item(name, [f"i_{c}" for c in term]) for term, name in zip(terms, names, strict=True)
    )
    shape = tuple_of([sizes[c] for c in out] or ["1"])
    place = item("made", [f"i_{c}" for c in out] or ["0"])
    return [
        f"made = np.zeros({shape}, {names[0]}.dtype)",
        *nested(loops, [f"{place} += {value}"]),
        f"return {'made' if out else 'made[0]'}",
    ]
