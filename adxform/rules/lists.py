"""Rules for lists of any length that are joined, and that are repeated.

A list of numbers has no memory but its own; an array in a list stays the one that was put in.
"""

from __future__ import annotations

from functools import reduce

from adxform.core.types import ANY, ListOf, Scalar, Struct, Type, join, value_of
from adxform.rules.samples import calls
from adxform.rules.table import holomorphic, linear


def _item(t: Type) -> Type | None:
    """What covers all items of a list; None for an empty one."""
    if isinstance(t, Struct):
        items = [Scalar(i.dtype, i.weak) if isinstance(i, Scalar) else i for i in t.items]
        return reduce(join, items) if items else None
    return t.item if isinstance(t, ListOf) else ANY


def joined(*lists: Type) -> ListOf:
    """A list that has the items of some lists."""
    known = [item for item in map(_item, lists) if item is not None]
    return ListOf(reduce(join, known) if known else None)


def repeated(items: Type, times: Type) -> Type:
    """A list that has the items of another as often as a number says."""
    count, made = value_of(times), joined(items)
    if not isinstance(items, Struct) or type(count) is not int:
        return made
    return ListOf(made.item, len(items.items) * max(count, 0))


for _kind in ("numbers", "list"):
    _fresh = _kind == "numbers"
    linear(f"joined_{_kind}(a, b)", a="out_bar[:len(a)]", b="out_bar[len(a):]", infer=joined,
           fresh=_fresh, sample=calls("[R(2), R(2)], [R(2)]"))
    linear(f"repeated_{_kind}(items, times)", items="unrepeated(out_bar, items)", infer=repeated,
           fresh=_fresh, sample=calls("[R(2), R(2)], 3"))
    holomorphic(f"joined_{_kind}", f"repeated_{_kind}")

# unrepeated(g, like): for each of the items of ``like`` the sum of what is there for it.
linear("unrepeated(g, like)", g="repeated_list(out_bar, len(g) // len(like))",
       infer=lambda g, like: joined(g), sample=calls("[R(2), R(2), R(2), R(2)], [R(2), R(2)]"))

holomorphic("unrepeated")
