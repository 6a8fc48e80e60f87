"""Rules for functions that give several arrays: the parts of one, or the axes of a grid.

The cotangent of several results is a tuple, with None for a result that nothing came back from.
"""

from __future__ import annotations

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, ListOf, Scalar, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import holomorphic, linear
from adxform.rules.wording import axis_in, dtype_in, is_none, literal, refuse

Dims = tuple[Dim, ...]


def _number(sections: Type) -> int | None:
    """How many parts there are, where that is known."""
    said = literal(sections)
    return len(said) + 1 if isinstance(said, tuple) else said if isinstance(said, int) else None


def _parts(ary: Type, sections: Type, axis: Type) -> Type:
    ary, number = infer.as_array(ary), _number(sections)
    if number is None:
        return ListOf(Array(dtype_in(ary), None))
    return Struct(tuple(Array(dtype_in(ary), _part_dims(ary, sections, axis, i))
                        for i in range(number)))


def _part_dims(ary: Type, sections: Type, axis: Type, part: int) -> Dims | None:
    dims, place, number = dims_of(ary), axis_in(axis, ary), literal(sections)
    if dims is None or place is None:
        return None
    size, own = dims[place], unknown_dim()
    equal = isinstance(number, int) and isinstance(size, int) and size % number == 0
    made: Dim = size // number if equal else own
    return (*dims[:place], made, *dims[place + 1 :])


def _joined(sections: Type, out_bar: Type) -> str:
    """The parts joined again, zeros in the place of those without a cotangent."""
    if not isinstance(out_bar, Struct):
        return "np.concatenate(out_bar, axis=axis)" if _number(sections) is None else (
            f"np.concatenate([{', '.join(f'out_bar[{i}]' for i in range(_number(sections) or 0))}],"
            " axis=axis)")
    parts = (f"np.zeros_like(out[{i}])" if is_none(t) else f"out_bar[{i}]"
             for i, t in enumerate(out_bar.items))
    return f"np.concatenate([{', '.join(parts)}], axis=axis)"


for _name in ("split", "array_split"):
    linear(f"np.{_name}(ary, indices_or_sections, axis=0)",
           ary=lambda indices_or_sections, out_bar: _joined(indices_or_sections, out_bar),
           infer=_parts, fresh=False,
           sample=calls("R(6), 3", "R(2, 4), 2, axis=1", "R(5), [1, 4]", "R(5, 2), (2,), axis=-2"))


def _halved(ary: Type) -> int:
    """The axis that np.hsplit splits."""
    ndim = rank(infer.as_array(ary))
    if ndim is None:
        refuse("np.hsplit is differentiated only where the rank of its array is known",
               "Write np.split(x, ..., axis=1).")
    return min(ndim - 1, 1)


def _split_along(name: str, axis: int | None, *lists: str) -> None:
    def place(ary: Type) -> int:
        return _halved(ary) if axis is None else axis

    def found(ary: Type, indices_or_sections: Type) -> Type:
        if axis is None and rank(infer.as_array(ary)) is None:
            return infer.unknown()
        return _parts(ary, indices_or_sections, Scalar("int64", True, place(ary)))

    def joined(ary: Type, indices_or_sections: Type, out_bar: Type) -> str:
        text = _joined(indices_or_sections, out_bar)
        return text.replace("axis=axis", f"axis={place(ary)}")

    linear(f"np.{name}(ary, indices_or_sections)", ary=joined, infer=found, fresh=False,
           sample=calls(*lists))


_split_along("hsplit", None, "R(6), 3", "R(2, 4), 2", "R(2, 5), [1, 4]", "R(2, 4, 2), (2,)")
_split_along("vsplit", 0, "R(4, 2), 2", "R(5, 2), [1, 4]")
_split_along("dsplit", 2, "R(1, 2, 4), 2")


# np.meshgrid repeats each of its operands along the axes of the others.


def _grid(xi: Type, indexing: Type) -> Type:
    if not isinstance(xi, Struct):
        return infer.unknown()
    items = [infer.as_array(t) for t in xi.items]
    sizes = [_length(t) for t in items]
    if infer.const_of(indexing) != "ij":
        sizes[:2] = sizes[1::-1]
    known = infer.const_of(indexing) in ("ij", "xy")
    return Struct(tuple(Array(dtype_in(t), tuple(sizes) if known else None) for t in items))


def _length(t: Type) -> Dim:
    dims = dims_of(t)
    return unknown_dim() if dims is None or len(dims) > 1 else dims[0] if dims else 1


def _line(xi: Type, indexing: Type, index: Type, out_bar: Type) -> str:
    place = infer.const_of(index)
    assert isinstance(xi, Struct) and isinstance(place, int)
    if isinstance(out_bar, Struct) and is_none(out_bar.items[place]):
        return "np.zeros_like(item)"
    turned = infer.const_of(indexing) != "ij" and place < 2 and len(xi.items) > 1
    own = 1 - place if turned else place
    axes = tuple(i for i in range(len(xi.items)) if i != own)
    return f"np.reshape(np.sum(out_bar[{place}], axis={axes}), np.shape(item))"


linear("np.meshgrid(*xi, indexing='xy')", xi=_line, infer=_grid,
       sample=calls("R(3), R(2)", "R(3), R(2), indexing='ij'", "R(3), R(2), R(4)", "R(3)",
                    "R(3), R(), R(2), indexing='ij'"))

holomorphic("np.split", "np.array_split", "np.hsplit", "np.vsplit", "np.dsplit", "np.meshgrid")
