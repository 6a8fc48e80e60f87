"""Rules for Core's own operations: copies, in-place writes as values, cotangent accumulation."""

from __future__ import annotations

from adxform.core.types import ListOf, Scalar, Type, join
from adxform.rules import infer
from adxform.rules.table import inactive, linear


def _same(x: Type, *_: Type) -> Type:
    return x


def _stored(x: Type, index: Type, value: Type) -> Type:
    """An array keeps its type; a list learns what it holds."""
    if isinstance(x, ListOf):
        plain = Scalar(value.dtype, value.weak) if isinstance(value, Scalar) else value
        return ListOf(plain if x.item is None else join(x.item, plain))
    return x


def _written(x: Type, index: Type, value: Type) -> str:
    """The cotangent of what was written; of an array's part a copy, for it is zeroed next."""
    part = infer.getitem(x, index)
    if isinstance(part, Scalar) or isinstance(x, ListOf):
        return "out_bar[index]"
    return "unbroadcast(np.copy(out_bar[index]), value)"


linear("copy(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# rename(x) is x: a name that the compiler gives to make a derivation readable.
linear("rename(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# accumulate(bar, value) is bar + value, and may reuse the memory of bar.
linear("accumulate(bar, value)", bar="out_bar", value="out_bar", infer=_same)

# accumulate_at(bar, index, value) is bar with value added at index, in the memory of bar;
# an element that index names twice takes both.
linear("accumulate_at(bar, index, value)", bar="out_bar", value="out_bar[index]", infer=_same)

# update(x, index, value) is x with value at index, in the memory of x. keep(x, index, value) is
# the same for a value that is not changed any more; append(x, index, value) makes the list x
# longer by its element number index.
for _name in ("update", "keep", "append"):
    linear(
        f"{_name}(x, index, value)",
        value=_written,
        x="update(out_bar, index, 0.0)",
        infer=_stored,
    )

# Tapes: a list of n places, a list that grows, zeros for each item of a list, and the number of a
# loop's iterations.
inactive("empty_list()", "list_of(n)", infer=lambda *_: ListOf(None))
inactive("zero_numbers(x)", "zero_arrays(x)", infer=_same)
inactive("trip_count(bounds)", infer=infer.integer)

# A value that the user holds constant; printed as the value alone.
inactive("adxform.stop_gradient(x)", "adxform.markers.stop_gradient(x)", infer=_same,
         fresh=False, cheap=True)
