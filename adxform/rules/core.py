"""Rules for Core's own operations: copies, in-place writes as values, cotangent accumulation."""

from __future__ import annotations

from adxform.core.ir import Primitive
from adxform.core.types import Type
from adxform.rules import infer
from adxform.rules.table import RULES, Rule, general, inactive, linear


def _same(x: Type, *_: Type) -> Type:
    return x


linear("copy(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# rename(x) is x: a name that the compiler gives to make a derivation readable.
linear("rename(x)", x="out_bar", infer=_same, fresh=False, cheap=True)

# accumulate(bar, value) is bar + value, and may reuse the memory of bar.
linear("accumulate(bar, value)", bar="out_bar", value="out_bar", infer=_same)

# accumulate_at(bar, index, value) is bar with value added at index, in the memory of bar;
# an element that index names twice takes both.
linear("accumulate_at(bar, index, value)", bar="out_bar", value="out_bar[index]", infer=_same)

# update(x, index, value) is x with value at index, in the memory of x.
general(
    "update(x, index, value)",
    x="update(out_bar, index, 0.0)",
    value="unbroadcast(out_bar[index], value)",
    dx="update(dx, index, 0.0)",
    dvalue="update(np.zeros_like(x), index, dvalue)",
    infer=_same,
)

for _operator in ("Add", "Sub", "Mult", "Div", "FloorDiv", "Mod", "Pow", "MatMult"):
    _primitive = Primitive(
        f"augment.{_operator}", "infix", _operator, ("x", "y"), infer=infer.arithmetic
    )
    RULES[_primitive.name] = Rule(_primitive, "augment")

# keep(x, index, value) is update(x, index, value) where value is not changed any more.
general(
    "keep(x, index, value)",
    x="update(out_bar, index, 0.0)",
    value="out_bar[index]",
    dx="keep(dx, index, 0.0)",
    dvalue="keep(np.zeros_like(x), index, dvalue)",
    infer=_same,
)

# Tapes: a list of n places, a list that grows, and the number of a loop's iterations.
inactive("empty_list()", "list_of(n)", infer=infer.unknown)
inactive("trip_count(bounds)", infer=infer.integer)
general(
    "append(x, index, value)",
    x="update(out_bar, index, 0.0)",
    value="out_bar[index]",
    dx="append(dx, index, 0.0)",
    dvalue="append(list_of(index), index, dvalue)",
    infer=_same,
)
