"""Rules for functions that move, repeat or choose elements by their place."""

from __future__ import annotations

from collections.abc import Callable

from adxform.core.types import Array, Dim, Scalar, Struct, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import alias, general, linear, lowers
from adxform.rules.wording import (
    array,
    axis_in,
    dtype_in,
    extent,
    is_none,
    literal,
    refuse,
    shape,
)

Dims = tuple[Dim, ...]


def moved(make: Callable[..., Dims | None]) -> Callable[..., Type]:
    """The type of an operand whose elements only move: ``make`` gives the dimensions."""

    def result(a: Type, *rest: Type) -> Type:
        a = infer.as_array(a)
        if not is_numeric(a):
            return infer.unknown()
        dims = dims_of(a)
        return Array(dtype_in(a), None if dims is None else make(dims, *rest))

    return result


SAME = moved(lambda dims, *_: dims)


def unknown_dims(dims: Dims, *_: Type) -> Dims:
    """As many dimensions, of which nothing is known."""
    return tuple(infer.unknown_dim() for _ in dims)


# Reshaping


def _unpacked(given: Type) -> Type:
    """What the arguments of ``x.reshape(2, 3)`` and of ``x.reshape((2, 3))`` say."""
    if isinstance(given, Struct) and len(given.items) == 1 and not isinstance(
            given.items[0], Scalar):
        return given.items[0]
    return given


def _ravelled(a: Type, *_: Type) -> Type:
    a = infer.as_array(a)
    if not is_numeric(a):
        return infer.unknown()
    dims = dims_of(a)
    if dims is None:
        return Array(dtype_in(a), (infer.unknown_dim(),))
    return Array(dtype_in(a), infer.shape_dims(Scalar("int64", True, -1), dims))


def _back(a: Type, order: Type) -> str:
    """The shape from before; an order that depends on memory cannot be repeated."""
    if infer.const_of(order) not in ("C", "F"):
        refuse("reshaping in an order other than 'C' or 'F' has no derivative rule")
    return f"np.reshape(out_bar, {shape(a, 'a')}, order=order)"


def _to_shape(a: Type) -> str:
    return f"np.reshape(out_bar, {shape(a, 'a')})"


_FLAT = calls("R(2, 3)", "R(2, 3), order='F'", "R(4)")
linear("np.reshape(a, shape, order='C')", a=_back, infer=infer.reshape, fresh=False, cheap=True,
       sample=calls("R(2, 3), (3, 2)", "R(2, 3), -1", "R(2, 3), (3, 2), order='F'", "R(0, 3), (3, 0)"))
linear("a.reshape(*shape, order='C')", a=_back, fresh=False, cheap=True,
       infer=lambda a, shape, order: infer.reshape(a, _unpacked(shape)),
       sample=calls("R(2, 3), 3, 2", "R(2, 3), (3, -1)", "R(2, 3), -1", "R(4), (4,), order='F'"))
for _text in ("np.ravel(a, order='C')", "a.ravel(order='C')"):
    linear(_text, a=_back, infer=_ravelled, fresh=False, cheap=True, sample=_FLAT)
linear("a.flatten(order='C')", a=_back, infer=_ravelled, sample=_FLAT)
linear("np.squeeze(a, axis=None)", a=_to_shape, fresh=False, cheap=True,
       infer=moved(lambda dims, axis: _squeezed(dims, axis)),
       sample=calls("R(2, 1, 3)", "R(2, 1, 3), axis=1", "R(1, 1, 3), axis=(0, 1)"))
alias("a.squeeze(axis=None)", "np.squeeze")


def _squeezed(dims: Dims, axis: Type) -> Dims | None:
    if is_none(axis):
        sure = all(isinstance(d, int) or d.not_one for d in dims)
        return tuple(d for d in dims if d != 1) if sure else None
    axes = infer.axes_of(axis, len(dims))
    return None if axes is None else tuple(d for i, d in enumerate(dims) if i not in axes)


def _expanded(dims: Dims, axis: Type) -> Dims | None:
    said = literal(axis)
    if said is None:
        return None
    places = said if isinstance(said, tuple) else (said,)
    size = len(dims) + len(places)
    axes = {place % size for place in places}
    rest = iter(dims)
    return tuple(1 if i in axes else next(rest) for i in range(size))


linear("np.expand_dims(a, axis)", a="np.squeeze(out_bar, axis=axis)", infer=moved(_expanded),
       fresh=False, cheap=True, sample=calls("R(3), 0", "R(2, 3), -1", "R(2, 3), (0, 2)"))


def _at_least(least: int) -> Callable[..., Type]:
    def make(dims: Dims) -> Dims:
        return (1,) * (least - len(dims)) + dims

    return moved(make)


linear("np.atleast_1d(a)", a=_to_shape, infer=_at_least(1), fresh=False, cheap=True,
       sample=calls("R", "R(3)", "R()"))
linear("np.atleast_2d(a)", a=_to_shape, infer=_at_least(2), fresh=False, cheap=True,
       sample=calls("R", "R(3)", "R(2, 3)"))
linear("np.broadcast_to(array, shape)", array="unbroadcast(out_bar, array)",
       infer=lambda array, shape: Array(dtype_in(array), infer.shape_dims(shape)),
       fresh=False, cheap=True,
       sample=calls("R(3), (2, 3)", "R(2, 1), (2, 3)", "R(), (2,)", "R, 4"))


# Axes


def _transposed(dims: Dims, axes: Type) -> Dims | None:
    said = literal(_unpacked(axes))
    if is_none(axes) or said == ():
        return dims[::-1]
    if not isinstance(said, tuple) or len(said) != len(dims):
        return None
    return tuple(dims[i] for i in said)


def _untransposed(a: Type, axes: Type) -> str:
    axes = _unpacked(axes)
    said, ndim = literal(axes), rank(infer.as_array(a))
    if is_none(axes) or said == ():
        return "out_bar.T" if ndim is None or ndim <= 2 else "np.transpose(out_bar)"
    if isinstance(said, tuple):
        places = [i % len(said) for i in said]
        return f"np.transpose(out_bar, {tuple(places.index(i) for i in range(len(said)))})"
    return "np.transpose(out_bar, np.argsort(np.mod(axes, np.ndim(a))))"


_TURNS = ("R(2, 3)", "R(2, 3, 4)", "R(2, 3, 4), (1, 2, 0)", "R(2, 3, 4), (-1, 0, 1)", "R(3)")
linear("np.transpose(a, axes=None)", a=_untransposed, infer=moved(_transposed), fresh=False,
       cheap=True, sample=calls(*_TURNS))
linear("a.transpose(*axes)", a=_untransposed, infer=moved(_transposed), fresh=False, cheap=True,
       sample=calls(*_TURNS, "R(2, 3, 4), 2, 0, 1"))
linear("a.T", a="out_bar.T", infer=moved(lambda dims: dims[::-1]), fresh=False, cheap=True,
       sample=calls("R(2, 3)", "R(3)", "R(2, 3, 4)"))


def _swapped(dims: Dims, first: Type, second: Type) -> Dims | None:
    i, j = literal(first), literal(second)
    if not isinstance(i, int) or not isinstance(j, int):
        return None
    turned = list(dims)
    turned[i], turned[j] = dims[j], dims[i]
    return tuple(turned)


linear("np.swapaxes(a, axis1, axis2)", a="np.swapaxes(out_bar, axis1, axis2)",
       infer=moved(_swapped), fresh=False, cheap=True,
       sample=calls("R(2, 3), 0, 1", "R(2, 3, 4), -1, 0", "R(2, 3, 4), 1, 2"))
alias("a.swapaxes(axis1, axis2)", "np.swapaxes")
for _text in ("a.mT", "np.matrix_transpose(a)"):
    linear(_text, a="np.swapaxes(out_bar, -1, -2)", fresh=False, cheap=True,
           infer=moved(lambda dims: (*dims[:-2], *dims[:-3:-1])),
           sample=calls("R(2, 3)", "R(4, 2, 3)"))


def _moved_axes(dims: Dims, source: Type, destination: Type) -> Dims | None:
    said = [literal(source), literal(destination)]
    if any(s is None for s in said):
        return None
    first, second = ([i % len(dims) for i in (s if isinstance(s, tuple) else (s,))] for s in said)
    order = [i for i in range(len(dims)) if i not in first]
    for place, axis in sorted(zip(second, first, strict=True)):
        order.insert(place, axis)
    return tuple(dims[i] for i in order)


linear("np.moveaxis(a, source, destination)", a="np.moveaxis(out_bar, destination, source)",
       infer=moved(_moved_axes), fresh=False, cheap=True,
       sample=calls("R(2, 3, 4), 0, 2", "R(2, 3, 4), (0, 1), (-1, 0)"))


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
        return Array(dtype_in(a), (infer.unknown_dim(),))
    place = axis_in(axis, a)
    if dims is None or place is None:
        return Array(dtype_in(a), None)
    return Array(dtype_in(a), (*dims[:place], infer.unknown_dim(), *dims[place + 1 :]))


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
    if isinstance(constant_values, Struct):
        refuse("np.pad has a derivative in one constant, not in several")
    return "np.sum(out_bar) - np.sum(unpad(out_bar, array, pad_width))"


def _unpadded(array: Type, pad_width: Type, mode: Type) -> str:
    if infer.const_of(mode) != "constant":
        refuse("np.pad is differentiated with mode='constant' only",
               "Write the padding with np.concatenate.")
    said, ndim = literal(pad_width), rank(infer.as_array(array))
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
    made[place] = infer.shorter(dims[place], times)
    return tuple(made)


linear("np.diff(a, n=1, axis=-1)", a="undiff(out_bar, a, n, axis)", infer=moved(_differences),
       fresh=False,
       sample=calls("R(5)", "R(3, 4)", "R(3, 4), axis=0", "R(5), 2", "R(1)"))
linear("undiff(g, like, n=1, axis=-1)", g="np.diff(out_bar, n, axis)", fresh=False,
       infer=lambda g, like, n, axis: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(4), R(5)", "R(3, 4), R(4, 4), 1, 0"))


@lowers("undiff")
def lower_undiff(g: Type, like: Type, n: Type, axis: Type) -> str | None:
    """Minus the differences of g between zeros."""
    ndim, place, times = rank(like), axis_in(axis, like), literal(n)
    if ndim is None or place is None or not isinstance(times, int):
        return None
    width = times if ndim == 1 else tuple(
        (times, times) if i == place else (0, 0) for i in range(ndim))
    sign = "-" if times % 2 else ""
    return f"{sign}np.diff(np.pad(g, {width}), n, axis)"


# Diagonals and triangles


def _diag_type(v: Type, k: Type) -> Type:
    v = infer.as_array(v)
    dims, offset = dims_of(v), literal(k)
    if dims is None or not is_numeric(v):
        return Array(dtype_in(v), None)
    if len(dims) == 1:
        size = dims[0] if offset == 0 else infer.unknown_dim()
        return Array(dtype_in(v), (size, size))
    square = offset == 0 and dims[0] == dims[1]
    return Array(dtype_in(v), (dims[0] if square else infer.unknown_dim(),))


def _undiag(v: Type, k: Type) -> str:
    dims = dims_of(infer.as_array(v))
    if dims is not None and (len(dims) == 1 or dims[0] == dims[1]):
        return "np.diag(out_bar, k)"
    return "undiag(out_bar, v, k)"


linear("np.diag(v, k=0)", v=_undiag, infer=_diag_type, fresh=False,
       sample=calls("R(3)", "R(3, 3)", "R(3), k=1", "R(3, 4), k=-1", "R(3, 3), k=1"))
linear("undiag(g, like, k=0)", g="np.diag(out_bar, k)",
       infer=lambda g, like, k: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(3), R(3, 4)", "R(3, 3), R(3)"))


def _diagonal(dims: Dims, offset: Type, axis1: Type, axis2: Type) -> Dims | None:
    i, j = literal(axis1), literal(axis2)
    if not isinstance(i, int) or not isinstance(j, int):
        return None
    i, j = i % len(dims), j % len(dims)
    rest = tuple(d for k, d in enumerate(dims) if k not in (i, j))
    square = literal(offset) == 0 and dims[i] == dims[j]
    return (*rest, dims[i] if square else infer.unknown_dim())


linear("np.diagonal(a, offset=0, axis1=0, axis2=1)", infer=moved(_diagonal), fresh=False,
       a="scatter_diagonal(out_bar, a, offset, axis1, axis2)",
       sample=calls("R(3, 3)", "R(3, 4), offset=1", "R(2, 3, 3), axis1=1, axis2=2",
                    "R(4, 3), offset=-2", "R(3, 2, 4), axis1=-1, axis2=0"))
alias("a.diagonal(offset=0, axis1=0, axis2=1)", "np.diagonal")
linear("scatter_diagonal(g, like, offset=0, axis1=0, axis2=1)",
       g="np.diagonal(out_bar, offset, axis1, axis2)",
       infer=lambda g, like, *_: Array(dtype_in(like), dims_of(infer.as_array(like))),
       sample=calls("R(3), R(3, 3)", "R(2, 3), R(2, 3, 3), 0, 1, 2"))


@lowers("scatter_diagonal")
def lower_scatter_diagonal(
    g: Type, like: Type, offset: Type, axis1: Type, axis2: Type
) -> str | None:
    """``np.diag``, or zeros to which the diagonals are added in place."""
    dims, i, j = dims_of(like), axis_in(axis1, like), axis_in(axis2, like)
    if dims is None or i is None or j is None or dims[i] != dims[j] or literal(offset) != 0:
        return None
    if len(dims) == 2:
        return "np.diag(g)"
    if (i, j) != (len(dims) - 2, len(dims) - 1):
        return None
    places = f"np.arange({extent(like, 'like', j)})"
    return f"update(np.zeros_like(like), (..., {places}, {places}), g)"


def _trace_type(a: Type, offset: Type, axis1: Type, axis2: Type) -> Type:
    found = moved(_diagonal)(a, offset, axis1, axis2)
    dims = dims_of(found)
    return array(dtype_in(a), None if dims is None else dims[:-1])


def _trace(a: Type, offset: Type) -> str:
    dims = dims_of(infer.as_array(a))
    if dims is None or len(dims) != 2:
        return ("scatter_diagonal(spread(out_bar, np.diagonal(a, offset, axis1, axis2), -1), "
                "a, offset, axis1, axis2)")
    dtype = "" if dtype_in(a) == "float64" else ", dtype=a.dtype"
    sizes = "len(a)" if dims[0] == dims[1] else "a.shape[0], a.shape[1]"
    return f"out_bar * np.eye({sizes}, k=offset{dtype})"


linear("np.trace(a, offset=0, axis1=0, axis2=1)", a=_trace, infer=_trace_type,
       sample=calls("R(3, 3)", "R(3, 4), offset=1", "R(2, 3, 3), axis1=1, axis2=2"))
alias("a.trace(offset=0, axis1=0, axis2=1)", "np.trace")
for _name in ("tril", "triu"):
    linear(f"np.{_name}(m, k=0)", m=f"np.{_name}(out_bar, k)", infer=SAME,
           sample=calls("R(3, 3)", "R(2, 4), k=1", "R(2, 3, 3), k=-1"))
