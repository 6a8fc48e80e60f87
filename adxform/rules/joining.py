"""Rules for joining arrays: each takes back its own part of the cotangent."""

from __future__ import annotations

from adxform.core.dims import Dim, may_be_one, unknown_dim
from adxform.core.types import Array, ListOf, Scalar, Struct, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.joining_lists import (
    joined_many,
    layered_many,
    one_of_many,
    parts_of,
)
from adxform.rules.samples import calls
from adxform.rules.table import alias, holomorphic, linear
from adxform.rules.wording import (
    along,
    axis_in,
    dtype_in,
    extent,
    is_none,
    literal,
    made_like,
    refuse,
    shape,
    strong,
)


def _items(arrays: Type) -> list[Type] | None:
    """The arrays joined, where their number is known; an array stands for its rows."""
    return [infer.as_array(t) for t in arrays.items] if isinstance(arrays, Struct) else None


def _joined(arrays: Type, axis: Type) -> Type:
    items = _items(arrays)
    if items is None and is_none(axis):
        return Array(dtype_in(one_of_many(arrays)), (unknown_dim(),))
    if items is None:
        return joined_many(arrays, 0, literal(axis))
    if not all(is_numeric(t) for t in items):
        return Array(None, None)
    shapes, place = [dims_of(t) for t in items], literal(axis)
    known = [s for s in shapes if s is not None]
    if is_none(axis):
        return Array(strong(*items), (unknown_dim(),))
    if len(known) < len(shapes) or not isinstance(place, int) or not known:
        return Array(strong(*items), None)
    dims = list(known[0])
    place %= len(dims) or 1
    dims[place] = _added([s[place] for s in known])
    return Array(strong(*items), tuple(dims))


def _added(parts: list[Dim]) -> Dim:
    numbers = [p for p in parts if isinstance(p, int)]
    if len(numbers) == len(parts):
        return sum(numbers)
    more = sum(numbers) > 1 or not any(may_be_one(p) for p in parts)
    return unknown_dim(not_one=more)


def _stacked(arrays: Type, axis: Type) -> Type:
    items = _items(arrays)
    if items is None or not all(is_numeric(t) for t in items):
        return layered_many(arrays, axis) if items is None else Array(None, None)
    dims, place = dims_of(items[0]), literal(axis)
    if dims is None or not isinstance(place, int):
        return Array(strong(*items), None)
    place %= len(dims) + 1
    return Array(strong(*items), (*dims[:place], len(items), *dims[place:]))


def _bounds(arrays: Struct, index: int, axis: int, least: int = 0) -> str:
    """``lower:upper`` of one array among those joined along an axis."""
    parts = [_extent(arrays.items[i], f"arrays[{i}]", axis, least)
             for i in range(len(arrays.items))]
    lower = _plus(parts[:index])
    upper = _plus(parts[: index + 1]) if index + 1 < len(parts) else ""
    return f"{lower}:{upper}"


def _extent(t: Type, name: str, axis: int, least: int) -> str:
    ndim = rank(infer.as_array(t))
    if ndim is not None and ndim < least:
        return "1" if (axis == 0 and least == 2) or ndim == 0 else extent(t, name, 0)
    return f"len({name})" if axis == 0 and not _known(t) else extent(t, name, axis)


def _known(t: Type) -> bool:
    dims = dims_of(infer.as_array(t))
    return bool(dims) and isinstance(dims[0], int) if dims else False


def _plus(parts: list[str]) -> str:
    if all(p.isdigit() for p in parts):
        return str(sum(int(p) for p in parts)) if parts else ""
    return " + ".join(parts)


def _place(index: Type | None) -> int:
    """The place in the list of the array meant."""
    place = infer.const_of(index)
    assert isinstance(place, int)
    return place


def _part(arrays: Type, axis: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        return parts_of(arrays, "concatenate", axis)
    place, said = _place(index), literal(axis)
    assert isinstance(arrays, Struct)
    if is_none(axis):
        return "unjoin(out_bar, arrays, index, None)"
    if not isinstance(said, int):
        refuse("np.concatenate is differentiated only where its axis is known",
               "Write the axis as a number.")
    known = axis_in(axis, item)
    said = said if known is None else known
    return f"out_bar[{along(said, _bounds(arrays, place, said))}]"


_PAIRS = ("[R(3), R(2)]", "[R(3), R(3), R(1)]", "[R(2, 3), R(2, 1)], axis=1",
          "[R(2, 3), R(4, 3)]", "[R(2, 3), R(2, 4)], axis=-1", "[R(2, 3), [R, R]], axis=None",
          "[R(3), np.ones(2)]", "[R(2), [1.0, R]]", "[r * r for r in R(3, 2)]", "R(2, 3)",
          "[r * r for r in R(3, 2, 2)], axis=1", "R(2, 3, 2), axis=-1", "R(2, 3, 4), axis=None")
linear("np.concatenate(arrays, axis=0)", arrays=_part, infer=_joined, sample=calls(*_PAIRS))
alias("np.concat(arrays, axis=0)", "np.concatenate")


def _layer(arrays: Type, axis: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        moved = "out_bar" if literal(axis) == 0 else "np.moveaxis(out_bar, axis, 0)"
        return f"as_list({moved})" if isinstance(arrays, ListOf) else moved
    said = literal(axis)
    if not isinstance(said, int):
        return "np.take(out_bar, index, axis=axis)"
    return f"out_bar[{along(said, str(infer.const_of(index)))}]"


linear("np.stack(arrays, axis=0)", arrays=_layer, infer=_stacked,
       sample=calls("[R(3), R(3)]", "[R(3), R(3)], axis=1", "[R(2, 3), R(2, 3)], axis=-1",
                    "[R, R, 2.0]", "[R(2, 3), R(2, 3)], axis=1", "R(2, 3), axis=1",
                    "[r * r for r in R(3, 2)], axis=1", "R(3, 2)"))


# vstack and hstack put axes where there are none.


def _vstacked(arrays: Type) -> Type:
    items = _items(arrays)
    if items is None:
        return joined_many(arrays, 2, 0)
    if any(dims_of(t) is None for t in items):
        return Array(None, None)
    rows = [(*(1,) * (2 - len(d)), *d) for d in map(dims_of, items) if d is not None]
    return _joined(Struct(tuple(Array(dtype_in(t), d) for t, d in zip(items, rows, strict=True))),
                   Scalar("int64", True, 0))


def _row(arrays: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        return parts_of(arrays, "vstack")
    place = _place(index)
    assert isinstance(arrays, Struct)
    ranks = [rank(infer.as_array(t)) for t in arrays.items]
    if any(n is None for n in ranks):
        return "unjoin(out_bar, arrays, index, 'vstack')"
    if ranks[place] == 1 and all(n == 1 for n in ranks[:place]):
        return f"out_bar[{place}]"
    part = f"out_bar[{_bounds(arrays, place, 0, 2)}]"
    return part if (ranks[place] or 0) > 1 else f"np.reshape({part}, {shape(item, 'item')})"


linear("np.vstack(arrays)", arrays=_row, infer=_vstacked,
       sample=calls("[R(3), R(3)]", "[R(2, 3), R(3)]", "[R(3), R(2, 3), R(3)]", "[R, R]",
                    "[r * r for r in R(3, 2)]", "R(3, 2)", "R(2, 3, 2)", "R(3)"))


def _hstacked(arrays: Type) -> Type:
    items = _items(arrays)
    if items is None:
        return joined_many(arrays, 1, min((rank(one_of_many(arrays)) or 1) - 1, 1))
    if not items or any(dims_of(t) is None for t in items):
        return Array(None, None)
    at_least = [d if d else (1,) for d in map(dims_of, items) if d is not None]
    axis = min(len(at_least[0]) - 1, 1)
    made = tuple(Array(dtype_in(t), d) for t, d in zip(items, at_least, strict=True))
    return _joined(Struct(made), Scalar("int64", True, axis))


def _column(arrays: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        return parts_of(arrays, "hstack")
    place = _place(index)
    assert isinstance(arrays, Struct)
    ranks = [rank(infer.as_array(t)) for t in arrays.items]
    if any(n is None for n in ranks):
        return "unjoin(out_bar, arrays, index, 'hstack')"
    if all(n == 0 for n in ranks):
        return f"out_bar[{place}]"
    axis = min((ranks[0] or 1) - 1, 1)
    part = f"out_bar[{along(axis, _bounds(arrays, place, axis, 1))}]"
    return part if ranks[place] else f"np.reshape({part}, {shape(item, 'item')})"


linear("np.hstack(arrays)", arrays=_column, infer=_hstacked,
       sample=calls("[R(3), R(2)]", "[R(2, 3), R(2, 1)]", "[R, R(2)]", "[R, R]",
                    "[r * r for r in R(3, 2)]", "R(3, 2)", "R(2, 3, 2)", "R(3)"))


def _columns(arrays: Type) -> Type:
    items = _items(arrays)
    if items is None:
        return Array(dtype_in(one_of_many(arrays)), None)
    if any(dims_of(t) is None for t in items):
        return Array(None, None)
    made = tuple(Array(dtype_in(t), (*(d or (1,)), 1)[:2])
                 for t, d in zip(items, map(dims_of, items), strict=True))
    return _joined(Struct(made), Scalar("int64", True, 1))


def _its_columns(arrays: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        return parts_of(arrays, "column_stack")
    place = _place(index)
    assert isinstance(arrays, Struct)
    ranks = [rank(infer.as_array(t)) for t in arrays.items]
    if any(n is None for n in ranks):
        return "unjoin(out_bar, arrays, index, 'column_stack')"
    if all(n < 2 for n in ranks[: place + 1]):  # type: ignore[operator]
        return f"out_bar[{':' if ranks[place] else 0}, {place}]"
    sizes = [extent(t, f"arrays[{i}]", 1) if n == 2 else "1"
             for i, (t, n) in enumerate(zip(arrays.items, ranks, strict=True))]
    lower, upper = _plus(sizes[:place]), _plus(sizes[: place + 1])
    columns = f"{lower}:{upper}" if ranks[place] == 2 else f"{lower or 0}"
    return f"out_bar[{':' if ranks[place] else 0}, {columns}]"


linear("np.column_stack(arrays)", arrays=_its_columns, infer=_columns,
       sample=calls("[R(3), R(3)]", "[R(3), R(3, 2), R(3)]", "[r * r for r in R(3, 2)]",
                    "[R, R]", "[R(1, 2), R, R(1)]", "R(3)", "R(2, 3)", "R(2, 3, 4)"))


def _layers(arrays: Type, item: Type | None = None, index: Type | None = None) -> str:
    if item is None:
        return parts_of(arrays, "dstack")
    return "unjoin(out_bar, arrays, index, 'dstack')"


def _layered(arrays: Type) -> Type:
    items = _items(arrays)
    if items is None:
        return Array(dtype_in(one_of_many(arrays)), None)
    dims, dtype = dims_of(items[0]), strong(*items)
    return Array(dtype, None if dims is None else tuple(
        unknown_dim() for _ in range(max(len(dims), 3))))


linear("np.dstack(arrays)", arrays=_layers, infer=_layered,
       sample=calls("[R(3), R(3)]", "[R(2, 3), R(2, 3, 2)]", "[R, R]", "[r * r for r in R(3, 2)]",
                    "R(2, 3)", "R(4, 3, 2)", "R(2, 3, 2, 2)"))


# np.append


def _appended(arr: Type, values: Type, axis: Type) -> Type:
    if is_none(axis):
        return Array(strong(arr, values), (unknown_dim(),))
    return _joined(Struct((arr, values)), axis)


def _appended_to(arr: Type, values: Type, axis: Type) -> str:
    if not is_none(axis):
        return "unjoin(out_bar, [arr, values], 0, axis)"
    if rank(infer.as_array(arr)) == 1:
        return "out_bar[:len(arr)]"
    return "unjoin(out_bar, [arr, values], 0, None)"


def _appended_part(arr: Type, values: Type, axis: Type) -> str:
    if not is_none(axis):
        return "unjoin(out_bar, [arr, values], 1, axis)"
    match rank(infer.as_array(arr)), rank(infer.as_array(values)):
        case _, 0:
            return "out_bar[-1]"
        case 1, 1:
            return "out_bar[len(arr):]"
        case _:
            return "unjoin(out_bar, [arr, values], 1, None)"


linear("np.append(arr, values, axis=None)", arr=_appended_to, values=_appended_part,
       infer=_appended,
       sample=calls("R(3), R", "R(3), R(2)", "R(2, 3), R(1, 3), axis=0", "R(2, 3), R(2)",
                    "R(3), [1.0, R]"))

def _own_part(g: Type, arrays: Type, index: Type, axis: Type) -> Type:
    place = infer.const_of(index)
    known = isinstance(arrays, Struct) and isinstance(place, int)
    return made_like(arrays.items[place]) if known else infer.unknown()  # type: ignore[union-attr]


# unjoin(g, arrays, index, axis): the part of g that belongs to arrays[index]; and back.
linear("unjoin(g, arrays, index, axis=0)", g="rejoin(out_bar, g, arrays, index, axis)",
       infer=_own_part,
       fresh=False,
       sample=calls("R(5), [P(3), P(2)], 1", "R(3, 3), [P(2, 3), P(3)], 1, 'vstack'",
                    "R(3), [P(), P(2)], 0, 'hstack'",
                    "R(3, 3), [P(3), P(3, 2)], 1, 'column_stack'",
                    "R(1, 2), [P(), P(1)], 0, 'column_stack'"))
linear("rejoin(part, g, arrays, index, axis=0)",
       part="unjoin(out_bar, arrays, index, axis)",
       infer=lambda part, g, *_: infer.fresh_array(g),
       sample=calls("R(2), P(5), [P(3), P(2)], 1"))

holomorphic("np.concatenate", "np.concat", "np.stack", "np.vstack", "np.hstack", "np.column_stack",
            "np.dstack", "np.append", "unjoin", "rejoin")
