"""Rules for Core's own operations: copies, in-place writes as values, cotangent accumulation."""

from __future__ import annotations

from adxform.core.forms import LIST
from adxform.core.types import (
    ANY,
    CARRIED,
    Array,
    Inert,
    Known,
    ListOf,
    Number,
    Scalar,
    Slicing,
    Struct,
    Type,
    differentiable,
    dims_of,
    join,
)
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import holomorphic, inactive, linear


def _same(x: Type, *_: Type) -> Type:
    return x


def _listed(x: Type) -> Type:
    dims = dims_of(x)
    if not dims or not isinstance(x, Array) or x.dtype is None:
        return ListOf(ANY)
    return ListOf(Scalar(x.dtype) if len(dims) == 1 else Array(x.dtype, dims[1:]))


def _stored(x: Type, index: Type, value: Type) -> Type:
    """An array keeps its type; a list learns what it holds. A list in it may be changed later.
    What had no derivative may have one now, whatever it is.
    """
    if isinstance(x, ListOf):
        plain = Scalar(value.dtype, value.weak) if isinstance(value, Scalar) else value
        plain = ListOf(ANY) if isinstance(plain, ListOf) else plain
        size = None if isinstance(index, Slicing) else x.size
        return ListOf(plain if x.item is None else join(x.item, plain), size)
    return CARRIED if isinstance(x, Inert) and differentiable(value) else x


def _longer(x: Type, index: Type, value: Type) -> Type:
    """The type of a list that an item is added to."""
    known = _stored(x, index, value)
    return ListOf(known.item) if isinstance(known, ListOf) else known


def _written(x: Type, index: Type, value: Type) -> str:
    """The cotangent of what was written; of an array's part a copy, for it is zeroed next."""
    part = infer.getitem(x, index)
    if isinstance(x, Array) and x.dims == ():
        return f"unbroadcast({_at(index, value)}, value)"
    if isinstance(part, Scalar) or isinstance(x, ListOf):
        return "out_bar[index]"
    if _may_repeat(index):
        return "unbroadcast(last_written(out_bar, index), value)"
    if _is_whole(x, index):
        return "unbroadcast(out_bar, value)"
    if any(isinstance(p, Array) for p in _parts(index)):  # what NumPy gives is a copy
        return "unbroadcast(out_bar[index], value)"
    return "unbroadcast(np.copy(out_bar[index]), value)"


def _kept(x: Type, index: Type, value: Type) -> str:
    """The cotangent of what was not written; in an array without axes it is all or nothing."""
    if isinstance(x, Array) and x.dims == ():
        return _beside(index)
    return "np.zeros_like(out_bar)" if _is_whole(x, index) else "update(out_bar, index, 0.0)"


def _at(index: Type, value: Type) -> str:
    """What an index names of an array without axes: nothing, where it is a mask that is False."""
    if _is_all(index):
        return "out_bar"
    masked = _is_mask(index) and dims_of(value) == ()
    return "np.where(index, out_bar, 0.0)" if masked else "np.asarray(out_bar)[index]"


def _beside(index: Type) -> str:
    """What an index leaves of an array without axes."""
    if _is_all(index):
        return "0.0"
    masked = _is_mask(index)
    return "np.where(index, 0.0, out_bar)" if masked else "update(np.array(out_bar), index, 0.0)"


def _is_all(index: Type) -> bool:
    """Whether an index of an array without axes is ``()``, ``...``, ``None``, or such."""
    return all(isinstance(p, Known) and p.value in (Ellipsis, None) for p in _parts(index))


def _is_mask(index: Type) -> bool:
    """Whether an index is a single truth value."""
    return isinstance(index, Scalar | Array) and index.dtype == "bool"


def _is_whole(x: Type, index: Type) -> bool:
    """Whether an index names all of an array."""
    return isinstance(x, Array) and x.dims != () and index in (
        Known(Ellipsis), Slicing(None, None, None)
    )


def _parts(index: Type) -> tuple[Type, ...]:
    return index.items if isinstance(index, Struct) and index.form != LIST else (index,)


def _may_repeat(index: Type) -> bool:
    """Whether an index may name an element twice: numbers, slices and masks do not."""
    return not all(
        isinstance(p, Scalar | Number | Slicing | Known)
        or (isinstance(p, Array) and p.dtype == "bool")
        for p in _parts(index)
    )


linear("copy(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# rename(x) is x: a name that the compiler gives to make a derivation readable.
linear("rename(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# number(x) is x, which is known to be no array where this is computed; is_kind(x, kind) tells.
linear("number(x)", x="out_bar", infer=lambda x: Number(), cheap=True)
inactive("is_kind(x, kind)", infer=lambda x, kind: Scalar("bool", weak=True))

# accumulate(bar, value) is bar + value, and may reuse the memory of bar; value may be stretched.
linear(
    "accumulate(bar, value)", bar="out_bar", value="unbroadcast(out_bar, value)", infer=_same
)

# accumulate_at(bar, index, value) is bar with value added at index, in the memory of bar;
# an element that index names twice takes both.
linear(
    "accumulate_at(bar, index, value)",
    bar="out_bar",
    value="unbroadcast(out_bar[index], value)",
    infer=_same,
)

# own(x) is x in memory that nothing else needs: a function that is given it may write to it.
linear("own(x)", x="out_bar", infer=_same)

# empty_stack(item) is an empty list of such numbers as item.
inactive("empty_stack(item)", infer=lambda item: ListOf(Scalar(item.dtype, weak=True)))

# extend(x, index, values) is the list x and the numbers of an array, in the memory of x.
inactive("extend(x, index, values)", infer=lambda x, *_: ListOf(x.item))

# update(x, index, value) is x with value at index, in the memory of x. keep(x, index, value) is
# the same for a value that is not changed any more; append(x, index, value) makes the list x
# longer by its element number index, which nothing has read before: its cotangent may stay where
# it is in a list that does nothing but grow, which no rule can know.
for _name, _rest, _made in (
    ("update", _kept, _stored), ("keep", _kept, _stored), ("append", "out_bar[:index]", _longer)
):
    linear(f"{_name}(x, index, value)", value=_written, x=_rest, infer=_made)

# last_written(g, index): g[index], but 0 for an element of the index that a later one names again:
# the cotangent of the values in x[index] = values, of which NumPy keeps the last.
linear(
    "last_written(g, index)",
    g="update(np.zeros_like(g), index, out_bar)",
    infer=infer.getitem,
    sample=calls("R(4), np.array([1, 1, 2])", "R(4, 2), np.array([3, 0, 3])"),
)

# Cotangents of lists: as_list(x) has the items of an array in memory of their own, add_lists(a, b)
# adds item by item, and add_values(a, b) what may be a list in a list.
linear("as_list(x)", x="np.array(out_bar)", infer=_listed, sample=calls("R(3)", "R(3, 2)"))
linear(
    "add_lists(a, b)",
    a="out_bar",
    b="out_bar",
    infer=_same,
    sample=calls("[R(2), R(2)], [R(2), R(2)]"),
)
linear("add_values(a, b)", a="out_bar", b="out_bar", infer=_same, sample=calls("R(3), R(3)"))

# Tapes: a list of n places, a list that grows, zeros for each item of a list (numbers, arrays, or
# values of which no more is known), and the number of a loop's iterations.
inactive("empty_list()", "list_of(n)", infer=lambda *_: ListOf(None))
inactive("zero_numbers(x)", "zero_arrays(x)", "zero_values(x)", infer=_same)
inactive("trip_count(bounds)", infer=infer.integer)

# What a function that calls itself hands over to its pullback, as one value; zeros for all in that,
# or in any other value,
# the sum of two cotangents of it, and one that may be 0.0 with zeros for all in it.
def _its_own(item: Type) -> str:
    return "out_bar[index]"


linear("tape(items)", items=_its_own, fresh=False)
inactive("zeros_in(x)", infer=_same)
linear("whole_tape(bar, x)", bar="out_bar", infer=_same, sample=calls("R(3), R(3)"))
linear("add_tapes(a, b)", a="out_bar", b="out_bar", infer=_same, sample=calls("R(3), R(3)"))

# The number 0.0 as the cotangent of an array, of any shape, where the array may be unbound.
inactive("loose_zero()", infer=lambda *_: ANY)
# put_back(x, index) marks where the reverse sweep may undo the write that x comes from.
inactive("put_back(x, index)", infer=lambda *_: infer.inert())

# A value that the user holds constant; printed as the value alone.
STOP_GRADIENT = ("adxform.stop_gradient", "adxform.markers.stop_gradient")
inactive(*(f"{name}(x)" for name in STOP_GRADIENT), infer=_same, fresh=False, cheap=True)

holomorphic("copy", "rename", "accumulate", "accumulate_at", "update", "keep", "append",
            "last_written", "as_list", "add_lists", "add_values", "tape", "whole_tape", "add_tapes")
