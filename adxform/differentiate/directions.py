"""What operations do to tangents that hold several directions along a last axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from adxform.core.builder import Builder
from adxform.core.ir import Const, Let, Operand, Primitive, Slice, Tuple, Var, parts_of
from adxform.core.types import Array, Known, Scalar, Slicing, dims_of
from adxform.differentiate.common import primitive


@dataclass(frozen=True, slots=True)
class Along:
    """An operation, its operands by parameter, and the tangents of those that vary; its tangent
    may take the name ``base``.
    """

    stmt: Let
    args: dict[str, Operand]
    active: dict[str, Operand]
    base: str | None


@dataclass(frozen=True, slots=True)
class Widening:
    """Makes values and their tangents fit; ``count`` is how many directions there are."""

    builder: Builder
    count: Operand
    tangent_of: Callable[[Operand], Operand | None]
    zero: Callable[[Builder, Operand], Operand]
    zeros_like: Callable[[Operand, str | None], Operand]
    sizes: Callable[[Builder, Operand], tuple[Operand, ...]]

    def rank(self, operand: Operand) -> int:
        return len(dims_of(self.builder.type_of(operand)) or ())

    def lifted(self, value: Operand) -> Operand:
        """A value with a last axis of one place, to be combined with tangents."""
        rank = self.rank(value)
        if not rank:
            return value
        index = Tuple((*(Slice() for _ in range(rank)), Const(None)))
        return self.emit("[]", value, index)

    def tangent(self, along: Along, param: str) -> Operand:
        """The tangent of an operand, zeros where it does not vary."""
        if param in along.active:
            return along.active[param]
        return self.zero(self.builder, along.args[param])

    def shaped(self, tangent: Operand, like: Operand, base: str | None = None) -> Operand:
        """A tangent with the axes of a value."""
        shape = Tuple((*self.sizes(self.builder, like), self.count))
        return self.emit("np.reshape", tangent, shape, Const("C"), base=base)

    def emit(self, name: str, *args: Operand, base: str | None = None) -> Operand:
        return self.builder.emit(primitive(name), args, base)


Form = Callable[[Widening, Along], Operand | None]
FORMS: dict[str, Form] = {}


def form(*names: str) -> Callable[[Form], Form]:
    """Mark how some operations are done to several directions; None: one after the other."""

    def mark(made: Form) -> Form:
        FORMS.update(dict.fromkeys(names, made))
        return made

    return mark


def _again(along: Along, **changed: Operand) -> tuple[Primitive, list[Operand]]:
    """An operation, and its operands with some of them changed."""
    assert isinstance(along.stmt.op, Primitive)
    return along.stmt.op, [changed.get(p, a) for p, a in along.args.items()]


def _repeated(wide: Widening, along: Along, **changed: Operand) -> Operand:
    op, args = _again(along, **changed)
    return wide.builder.emit(op, args, along.base)


# Elements, and what is written to them


def _index(wide: Widening, index: Operand) -> Operand | None:
    """An index of a value as one of its tangent."""
    parts = parts_of(index)
    for part in parts:
        known = wide.builder.type_of(part)
        if not isinstance(known, Scalar | Array | Slicing) and part not in (
            Const(None), Const(Ellipsis)
        ):
            return None
        if isinstance(known, Array) and known.dims is None:
            return None
    return Tuple((*parts, Slice())) if Const(Ellipsis) in parts else index


@form("[]")
def _item(wide: Widening, along: Along) -> Operand | None:
    index = _index(wide, along.args["index"])
    if index is None or not isinstance(wide.builder.type_of(along.args["x"]), Array):
        return None
    return wide.emit("[]", along.active["x"], index, base=along.base)


@form("update", "keep", "accumulate_at")
def _written(wide: Widening, along: Along) -> Operand | None:
    whole = next(iter(along.args))
    index = _index(wide, along.args["index"])
    if index is None or not isinstance(wide.builder.type_of(along.args[whole]), Array):
        return None
    if along.stmt.op.name == "accumulate_at" and "value" not in along.active:  # type: ignore[union-attr]
        return along.active[whole]
    value = along.active.get("value", Const(0.0))
    changed = {whole: wide.tangent(along, whole), "index": index, "value": value}
    return _repeated(wide, along, **changed)


# The same values in another form


@form("copy", "rename", "np.copy", ".copy()", ".astype()", "np.ascontiguousarray")
def _same(wide: Widening, along: Along) -> Operand | None:
    (param,) = along.active
    known = wide.builder.type_of(along.args[param])
    plain = isinstance(known, Array) or along.stmt.op.name in ("copy", "rename")  # type: ignore[union-attr]
    return _repeated(wide, along, **along.active) if plain else None


@form("np.array", "np.asarray")
def _array(wide: Widening, along: Along) -> Operand | None:
    """Of a list, zeros in which the tangents of its items are written."""
    items = along.args["object"]
    if not isinstance(items, Tuple):
        return _repeated(wide, along, **along.active)
    made = wide.zeros_like(Var(along.stmt.target), along.base)
    for place, item in _items(items):
        tangent = wide.tangent_of(item)
        if tangent is not None:
            index = Tuple(place) if len(place) > 1 else place[0]
            made = wide.emit("update", made, index, tangent, base=along.base)
    return made


def _items(
    operand: Operand, place: tuple[Operand, ...] = ()
) -> Iterator[tuple[tuple[Operand, ...], Operand]]:
    """The items of a nest of lists, each after its place."""
    if not isinstance(operand, Tuple):
        yield place, operand
        return
    for number, item in enumerate(operand.items):
        yield from _items(item, (*place, Const(number)))


@form("np.reshape", ".reshape()", "np.ravel", ".ravel()", ".flatten()")
def _reshaped(wide: Widening, along: Along) -> Operand | None:
    if along.args["order"] != Const("C"):
        return None
    return wide.shaped(along.active["a"], Var(along.stmt.target), along.base)


@form("np.squeeze", ".squeeze()", "np.expand_dims", "np.atleast_1d", "np.atleast_2d")
def _with_other_axes(wide: Widening, along: Along) -> Operand | None:
    return wide.shaped(along.active["a"], Var(along.stmt.target), along.base)


def _turned(wide: Widening, along: Along, axes: Iterable[int]) -> Operand:
    found = (*axes, wide.rank(along.args["a"]))
    order = Tuple(tuple(Const(axis) for axis in found))
    return wide.emit("np.transpose", along.active["a"], order, base=along.base)


@form(".T")
def _reversed(wide: Widening, along: Along) -> Operand | None:
    return _turned(wide, along, reversed(range(wide.rank(along.args["a"]))))


@form("np.transpose", ".transpose()")
def _transposed(wide: Widening, along: Along) -> Operand | None:
    rank = wide.rank(along.args["a"])
    given = along.args["axes"]
    if given in (Const(None), Tuple(())):
        return _reversed(wide, along)
    axes = numbers(given, rank)
    return _turned(wide, along, axes) if axes is not None and len(axes) == rank else None


@form("np.swapaxes", ".swapaxes()")
def _swapped(wide: Widening, along: Along) -> Operand | None:
    rank = wide.rank(along.args["a"])
    pair = numbers(Tuple((along.args["axis1"], along.args["axis2"])), rank)
    if pair is None:
        return None
    order = list(range(rank))
    order[pair[0]], order[pair[1]] = pair[1], pair[0]
    return _turned(wide, along, order)


@form("np.broadcast_to")
def _stretched(wide: Widening, along: Along) -> Operand | None:
    shape = Tuple((*wide.sizes(wide.builder, Var(along.stmt.target)), wide.count))
    return wide.emit("np.broadcast_to", along.active["array"], shape, base=along.base)


@form("broadcast_like")
def _stretched_like(wide: Widening, along: Along) -> Operand | None:
    return along.active["g"]  # to be stretched as all are


def numbers(operand: Operand, rank: int) -> list[int] | None:
    """The axes that an operand means, counted from 0; None where they are not known."""
    parts = operand.items if isinstance(operand, Tuple) else (operand,)
    if len(parts) == 1 and isinstance(parts[0], Tuple):
        parts = parts[0].items
    values = [p.value for p in parts if isinstance(p, Const) and type(p.value) is int]
    fits = len(values) == len(parts) and all(-rank <= v < rank for v in values)
    return [v % rank for v in values] if fits else None


# Sums, and lists of arrays


@form("np.sum", ".sum()", "np.mean", ".mean()")
def _reduced(wide: Widening, along: Along) -> Operand | None:
    value, axis = along.args["a"], along.args["axis"]
    rest = [a for p, a in along.args.items() if p not in ("a", "axis", "keepdims")]
    rank = wide.rank(value)
    if not isinstance(wide.builder.type_of(value), Array) or not rank:
        return None
    axes = list(range(rank)) if axis == Const(None) else numbers(axis, rank)
    if axes is None or any(a not in (Const(None), Const(True)) for a in rest):
        return None
    given = Const(axes[0]) if len(axes) == 1 else Tuple(tuple(Const(a) for a in axes))
    return _repeated(wide, along, a=along.active["a"], axis=given)


@form("np.cumsum", ".cumsum()")
def _running(wide: Widening, along: Along) -> Operand | None:
    rank, axis = wide.rank(along.args["a"]), along.args["axis"]
    axes = [0] if axis == Const(None) and rank == 1 else numbers(axis, rank)
    if axes is None or len(axes) != 1:
        return None
    return _repeated(wide, along, a=along.active["a"], axis=Const(axes[0]))


@form("np.concatenate", "np.concat", "np.stack")
def _joined(wide: Widening, along: Along) -> Operand | None:
    axes = numbers(along.args["axis"], wide.rank(Var(along.stmt.target)))
    if axes is None or not isinstance(along.args["arrays"], Tuple):
        return None
    return _repeated(wide, along, arrays=along.active["arrays"], axis=Const(axes[0]))


@form("np.where")
def _chosen(wide: Widening, along: Along) -> Operand | None:
    if not isinstance(wide.builder.type_of(along.args["condition"]), Scalar | Array):
        return None
    x, y = (along.active.get(p, Const(0.0)) for p in ("x", "y"))
    condition = wide.lifted(along.args["condition"])
    return wide.emit("np.where", condition, x, y, base=along.base)


@form("accumulate")
def _added(wide: Widening, along: Along) -> Operand | None:
    terms = list(along.active.values())
    if len(terms) == 1:
        return terms[0]
    return wide.emit("op.Add", *terms, base=along.base)


# Products


@form("op.Mult", "np.multiply")
def _product(wide: Widening, along: Along) -> Operand | None:
    x, y = along.stmt.op.params  # type: ignore[union-attr]
    if any(isinstance(wide.builder.type_of(a), Known) for a in along.args.values()):
        return None
    terms = [
        wide.emit("op.Mult", along.active[p], wide.lifted(along.args[other]))
        for p, other in ((x, y), (y, x))
        if p in along.active
    ]
    return terms[0] if len(terms) == 1 else wide.emit("op.Add", *terms, base=along.base)


@form("np.outer")
def _outer(wide: Widening, along: Along) -> Operand | None:
    a, b = along.args["a"], along.args["b"]
    if (wide.rank(a), wide.rank(b)) != (1, 1):
        return None
    none, all_ = Const(None), Slice()
    terms = []
    if "a" in along.active:
        column = wide.emit("[]", along.active["a"], Tuple((all_, none, all_)))
        terms.append(wide.emit("op.Mult", column, wide.lifted(b)))
    if "b" in along.active:
        column = wide.emit("[]", a, Tuple((all_, none, none)))
        terms.append(wide.emit("op.Mult", column, along.active["b"]))
    return terms[0] if len(terms) == 1 else wide.emit("op.Add", *terms, base=along.base)


@form("op.MatMult", "np.matmul", "np.dot", ".dot()")
def _matrix_product(wide: Widening, along: Along) -> Operand | None:
    x, y = along.stmt.op.params  # type: ignore[union-attr]
    ranks = wide.rank(along.args[x]), wide.rank(along.args[y])
    matrices = along.stmt.op.name in ("op.MatMult", "np.matmul")  # type: ignore[union-attr]
    if 0 in ranks or (max(ranks) > 2 and not matrices):
        return None
    if ranks[0] == 1 and ranks[1] > 2:
        return None
    terms = []
    if x in along.active:
        terms.append(_of_left(wide, along.active[x], along.args[y], ranks[1]))
    if y in along.active:
        terms.append(_of_right(wide, along.args[x], along.active[y], along, ranks[1]))
    return terms[0] if len(terms) == 1 else wide.emit("op.Add", *terms, base=along.base)


def _of_left(wide: Widening, dx: Operand, y: Operand, n: int) -> Operand:
    """``dx @ y`` over all but the last axis of dx: y' takes dx's columns from the left; n is y's
    rank.
    """
    if n == 1:
        return wide.emit("op.MatMult", y, dx)
    turned = wide.emit("np.swapaxes", y, Const(n - 2), Const(n - 1))
    if n > 2:
        index: tuple[Operand, ...] = (*(Slice() for _ in range(n - 2)), Const(None))
        turned = wide.emit("[]", turned, Tuple(index))
    return wide.emit("op.MatMult", turned, dx)


def _of_right(wide: Widening, x: Operand, dy: Operand, along: Along, n: int) -> Operand:
    """``x @ dy``, all columns of all directions side by side."""
    if n == 1:
        return wide.emit("op.MatMult", x, dy)
    sizes = wide.sizes(wide.builder, along.args[along.stmt.op.params[1]])  # type: ignore[union-attr]
    wider: list[Operand] = [*sizes[:-1], wide.emit("op.Mult", sizes[-1], wide.count)]
    side_by_side = wide.emit("np.reshape", dy, Tuple(tuple(wider)), Const("C"))
    return wide.shaped(wide.emit("op.MatMult", x, side_by_side), Var(along.stmt.target))
