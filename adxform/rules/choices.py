"""Rules for ``np.select`` and for quantiles: results made of some of many elements."""

from __future__ import annotations

from adxform.core.types import Array, Scalar, Struct, Type, broadcast_dims, dims_of, rank
from adxform.rules import infer
from adxform.rules.ordering import NON_EMPTY
from adxform.rules.reductions import float_total
from adxform.rules.samples import calls
from adxform.rules.table import general, holomorphic, inactive, linear
from adxform.rules.ufuncs import number_result
from adxform.rules.wording import dtype_in, held, kept, refuse

# np.select gives the first choice whose condition holds.


def _selected(condlist: Type, choicelist: Type, default: Type) -> Type:
    if not isinstance(condlist, Struct) or not isinstance(choicelist, Struct):
        return Array(None, None)
    chosen = number_result(*choicelist.items, default)
    dtype = chosen.dtype if isinstance(chosen, Array | Scalar) else None
    return Array(dtype, dims_of(infer.comparison(*condlist.items, chosen)))


def _masked(condlist: Type, place: int) -> str:
    """The cotangent where a condition holds and none before it does."""
    if not isinstance(condlist, Struct):
        refuse("np.select of something other than lists written out has no derivative rule",
               "Write np.select([a, b, ...], [x, y, ...]).")
    last = place == len(condlist.items)
    text = "out_bar" if last else f"np.where(condlist[{place}], out_bar, 0.0)"
    for i in reversed(range(place)):
        text = f"np.where(condlist[{i}], 0.0, {text})"
    return text


def _choice(condlist: Type, index: Type, item: Type) -> str:
    place = infer.const_of(index)
    assert isinstance(place, int)
    return f"unbroadcast({_masked(condlist, place)}, item)"


def _default(condlist: Type) -> str:
    count = len(condlist.items) if isinstance(condlist, Struct) else 0
    return f"unbroadcast({_masked(condlist, count)}, default)"


linear(
    "np.select(condlist, choicelist, default=0)",
    choicelist=_choice,
    default=_default,
    infer=_selected,
    sample=calls("[B(3), B(3)], [R(3), R(3)]", "[B(2, 3), B(2, 3)], [R(3), R(2, 3)]",
                 "[B(3)], [R(3)], R(3)", "[B(3), B(3)], [R(3), R(3)], default=R"),
)


# np.choose takes each element from one of several arrays.


def _chosen(a: Type, choices: Type) -> Type:
    if not isinstance(choices, Struct):
        return infer.unknown()
    items = [infer.as_array(t) for t in choices.items]
    dims = broadcast_dims([dims_of(infer.as_array(a)), *map(dims_of, items)])
    return infer.array(dtype_in(number_result(*choices.items)), dims)


def _taken(a: Type, choices: Type, item: Type | None = None) -> str:
    if item is None:
        refuse("np.choose is differentiated for a list of arrays that is written out")
    return "unbroadcast(np.where(np.equal(a, index), out_bar, 0.0), item)"


linear("np.choose(a, choices)", choices=_taken, infer=_chosen,
       sample=calls("np.array([0, 1, 0]), [R(3), R(3)]", "I(2, 3), [R(2, 3), R(3), R]",
                    "np.array([1, 0]), [R, 2.0]", "[0, 1, 0], [R(3), [R, R, 0.5]]"))


# Quantiles are linear between two neighbours in the order of the elements.


def _quantile(name: str, scale: str, drawn: str) -> None:
    weights = f"quantile_weights(a, {scale}, axis)"

    def pull(a: Type, q: Type, axis: Type, keepdims: Type) -> str:
        return f"{kept('out_bar', a, axis, keepdims)} * {checked(q)}"

    def push(q: Type) -> str:
        return f"np.sum({checked(q)} * da, axis=axis, keepdims=keepdims)"

    def checked(q: Type) -> str:
        if rank(infer.as_array(q)) not in (0, None):
            refuse(f"np.{name} for several numbers q has no derivative rule",
                   "Take one at a time, and np.stack them.")
        return weights

    def found(a: Type, q: Type, axis: Type, keepdims: Type) -> Type:
        if isinstance(q, Scalar):
            return float_total(a, axis, keepdims)
        return Array(dtype_in(float_total(a, axis, keepdims)), None)

    general(
        f"np.{name}(a, q, axis=None, *, keepdims=False)",
        a=pull,
        da=push,
        q=held,
        dq=held,
        infer=found,
        sample=calls(*(text.replace(")", f"), {drawn}", 1) for text in NON_EMPTY.lists)),
    )


inactive("quantile_weights(a, q, axis=None)", infer=lambda a, q, axis: infer.fresh_array(a))
_quantile("quantile", "q", "0.3")
_quantile("percentile", "q / 100.0", "62.5")

holomorphic("np.select")
