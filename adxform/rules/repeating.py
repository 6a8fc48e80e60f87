"""Rules for turning, rolling, repeating, padding and differencing arrays."""

from __future__ import annotations

from adxform.core.dims import shorter, unknown_dim
from adxform.core.types import Array, Scalar, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.shapes import SAME, Dims, moved, unknown_dims
from adxform.rules.table import alias, general, holomorphic, linear, lowers
from adxform.rules.wording import along, axis_in, dtype_in, extent, is_none, literal, refuse

# Turning and rolling

_AXES = calls("R(3)", "R(2, 3)", "R(2, 3), axis=1", "R(2, 3, 2), axis=(0, 2)")
linear("np.flip(m, axis=None)", m="np.flip(out_bar, axis=axis)", infer=SAME, fresh=False,
       cheap=True, sample=_AXES)
linear("np.fliplr(m)", m="np.fliplr(out_bar)", infer=SAME, fresh=False, cheap=True,
       sample=calls("R(2, 3)"))
linear("np.flipud(m)", m="np.flipud(out_bar)", infer=SAME, fresh=False, cheap=True,
       sample=calls("R(2, 3)"))


def _unrolled(shift: Type) -> str:
    if isinstance(shift, Struct):
        parts = ", ".join(f"-shift[{i}]" for i in range(len(shift.items)))
        return f"np.roll(out_bar, ({parts},), axis=axis)"
    back = "-shift" if isinstance(shift, Scalar | Array) else "np.negative(shift)"
    return f"np.roll(out_bar, {back}, axis=axis)"


linear("np.roll(a, shift, axis=None)", a=_unrolled, infer=SAME,
       sample=calls("R(4), 1", "R(2, 3), 2", "R(2, 3), -1, axis=1",
                    "R(2, 3, 4), (1, 2), axis=(0, 2)"))
linear("np.rot90(m, k=1, axes=(0, 1))", m="np.rot90(out_bar, -k, axes)",
       infer=moved(unknown_dims), fresh=False, cheap=True,
       sample=calls("R(2, 3)", "R(2, 3), k=2", "R(2, 3, 4), k=3, axes=(1, 2)"))


# Repeating


linear("np.tile(A, reps)", A="untile(out_bar, A, reps)",
       infer=lambda A, reps: Array(dtype_in(A), None),
       sample=calls("R(3), 2", "R(2, 3), 2", "R(3), (2, 2)", "R(2, 3), (2, 1)"))
linear("untile(g, like, reps)", g="np.tile(out_bar, reps)",
       infer=lambda g, like, reps: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(6), R(3), 2", "R(2, 6), R(2, 3), 2", "R(2, 6), R(3), (2, 2)"))


@lowers("untile")
def lower_untile(g: Type, like: Type, reps: Type) -> str | None:
    """Of a vector, a sum over the tiles as rows."""
    whole = isinstance(reps, Scalar) and rank(like) == 1
    return "np.sum(np.reshape(g, (reps, len(like))), axis=0)" if whole else None


def _repeated(a: Type, repeats: Type, axis: Type) -> Type:
    dims = dims_of(infer.as_array(a))
    if is_none(axis):
        return Array(dtype_in(a), (unknown_dim(),))
    place = axis_in(axis, a)
    if dims is None or place is None:
        return Array(dtype_in(a), None)
    return Array(dtype_in(a), (*dims[:place], unknown_dim(), *dims[place + 1 :]))


linear("np.repeat(a, repeats, axis=None)", a="unrepeat(out_bar, a, repeats, axis)",
       infer=_repeated,
       sample=calls("R(3), 2", "R(2, 3), 2", "R(2, 3), 2, axis=0", "R(2, 3), 3, axis=1",
                    "R(3), [2, 0, 1]", "R(2, 3), [1, 2, 0], axis=1"))
alias("a.repeat(repeats, axis=None)", "np.repeat")
linear("unrepeat(g, like, repeats, axis=None)", g="np.repeat(out_bar, repeats, axis=axis)",
       infer=lambda g, like, repeats, axis: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(6), R(3), 2", "R(4, 3), R(2, 3), 2, 0", "R(3), R(3), [2, 0, 1]"))


@lowers("unrepeat")
def lower_unrepeat(g: Type, like: Type, repeats: Type, axis: Type) -> str | None:
    """As many repeats of each element make an axis of their own, over which they are summed."""
    ndim = rank(like)
    if not isinstance(repeats, Scalar) or not ndim:
        return None
    place = 0 if is_none(axis) and ndim == 1 else axis_in(axis, like)
    if place is None or (is_none(axis) and ndim > 1):
        return None
    sizes = [extent(like, "like", i) for i in range(ndim)]
    sizes.insert(place + 1, "repeats")
    return f"np.sum(np.reshape(g, ({', '.join(sizes)})), axis={place + 1})"


# Padding and differences


def _padded(array: Type, pad_width: Type, mode: Type, constant_values: Type) -> Type:
    return moved(unknown_dims)(array)


def _margin(constant_values: Type) -> str:
    if rank(infer.as_array(constant_values)) != 0:
        refuse("np.pad has a derivative in one constant, not in several",
               "Write the padding with np.concatenate.")
    return "np.sum(out_bar) - np.sum(unpad(out_bar, array, pad_width))"


def _unpadded(array: Type, pad_width: Type, mode: Type) -> str:
    if infer.const_of(mode) != "constant":
        refuse("np.pad is differentiated only where its mode is known, and not 'empty' or a"
               " function", "Write the mode as a string, or the padding with np.concatenate.")
    said, ndim = literal(pad_width), rank(infer.as_array(array))
    if isinstance(pad_width, Struct) and pad_width.form.kind == "dict":
        refuse("np.pad with a dictionary of widths is differentiated with mode='edge', 'reflect',"
               " 'symmetric' and 'wrap' only", "Write a pair of widths for each axis.")
    if said is None or ndim is None:
        return "unpad(out_bar, array, pad_width)"
    pairs = _pad_pairs(said, ndim)
    parts = [f"{b or ''}:{-a if a else ''}" for b, a in pairs]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return f"out_bar[{', '.join(parts)}]"


def _pad_pairs(said: object, ndim: int) -> list[tuple[int, int]]:
    """(before, after) for each axis."""
    if isinstance(said, int):
        return [(said, said)] * ndim
    assert isinstance(said, tuple)
    if not isinstance(said[0], tuple):
        return [(said[0], said[-1])] * ndim
    pairs = [(p[0], p[-1]) for p in said]
    return pairs * ndim if len(pairs) == 1 else pairs


general(
    "np.pad(array, pad_width, mode='constant', *, constant_values=0)",
    array=_unpadded,
    darray="np.pad(darray, pad_width)",
    constant_values=_margin,
    dconstant_values="np.pad(np.zeros_like(array), pad_width, constant_values=dconstant_values)",
    infer=_padded,
    sample=calls("R(3), 2", "R(3), (1, 2)", "R(2, 3), ((0, 1), (2, 0))",
                 "R(2, 3), 1, constant_values=7.0", "R(3), 1, constant_values=R"),
)
linear("unpad(g, like, pad_width)", g="np.pad(out_bar, pad_width)",
       infer=lambda g, like, pad_width: Array(dtype_in(g), dims_of(infer.as_array(like))),
       fresh=False, sample=calls("R(7), R(3), 2", "R(3, 5), R(2, 3), ((0, 1), (2, 0))"))


def _differences(dims: Dims, n: Type, axis: Type) -> Dims | None:
    times, place = literal(n), literal(axis)
    if not isinstance(times, int) or not isinstance(place, int):
        return unknown_dims(dims)
    made = list(dims)
    made[place] = shorter(dims[place], times)
    return tuple(made)


linear("np.diff(a, n=1, axis=-1)", a="undiff(out_bar, a, n, axis)", infer=moved(_differences),
       fresh=False,
       sample=calls("R(5)", "R(3, 4)", "R(3, 4), axis=0", "R(5), 2", "R(1)"))
linear("undiff(g, like, n=1, axis=-1)", g="np.diff(out_bar, n, axis)", fresh=False,
       infer=lambda g, like, n, axis: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(4), R(5)", "R(3, 4), R(4, 4), 1, 0"))


@lowers("undiff")
def lower_undiff(g: Type, like: Type, n: Type, axis: Type) -> str | None:
    """Zeros to which g is added where it was added, and taken away where it was taken away."""
    place, times = literal(axis), literal(n)
    if not isinstance(place, int) or times != 1 or not isinstance(like, Array):
        return None
    place = place if rank(like) is None else place % (rank(like) or 1)
    later, earlier = f"np.s_[{along(place, '1:')}]", f"np.s_[{along(place, ':-1')}]"
    return f"accumulate_at(accumulate_at(np.zeros_like(like), {later}, g), {earlier}, -g)"

holomorphic("np.flip", "np.fliplr", "np.flipud", "np.roll", "np.rot90", "np.tile", "untile",
            "np.repeat", ".repeat()", "unrepeat", "np.diff", "undiff")
