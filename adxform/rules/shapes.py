"""Rules for functions that move, repeat or choose elements by their place."""

from __future__ import annotations

from collections.abc import Callable

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, Scalar, Struct, Type, dims_of, is_numeric, is_sparse, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import alias, holomorphic, linear
from adxform.rules.wording import (
    dtype_in,
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
    return tuple(unknown_dim() for _ in dims)


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
        return Array(dtype_in(a), (unknown_dim(),))
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
       sample=calls("R(2, 3), (3, 2)", "R(2, 3), -1", "R(2, 3), (3, 2), order='F'",
                    "R(0, 3), (3, 0)"))
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
        return "out_bar.T" if ndim in (None, 1, 2) else "np.transpose(out_bar)"
    if isinstance(said, tuple):
        places = [i % len(said) for i in said]
        return f"np.transpose(out_bar, {tuple(places.index(i) for i in range(len(said)))})"
    return "np.transpose(out_bar, np.argsort(np.mod(axes, np.ndim(a))))"


_TURNS = ("R(2, 3)", "R(2, 3, 4)", "R(2, 3, 4), (1, 2, 0)", "R(2, 3, 4), (-1, 0, 1)", "R(3)")
linear("np.transpose(a, axes=None)", a=_untransposed, infer=moved(_transposed), fresh=False,
       cheap=True, sample=calls(*_TURNS))
linear("a.transpose(*axes)", a=_untransposed, infer=moved(_transposed), fresh=False, cheap=True,
       sample=calls(*_TURNS, "R(2, 3, 4), 2, 0, 1"))
_TURNED = moved(lambda dims: dims[::-1])
linear("a.T", a="out_bar.T", infer=lambda a: a if is_sparse(a) else _TURNED(a), fresh=False,
       cheap=True,
       sample=calls("R(2, 3)", "R(3)", "R(2, 3, 4)"))


def _swapped(dims: Dims, first: Type, second: Type) -> Dims | None:
    i, j = literal(first), literal(second)
    if not isinstance(i, int) or not isinstance(j, int):
        return None
    if not all(-len(dims) <= axis < len(dims) for axis in (i, j)):
        return None
    turned = list(dims)
    turned[i], turned[j] = dims[j], dims[i]
    return tuple(turned)


linear("np.swapaxes(a, axis1, axis2)", a="np.swapaxes(out_bar, axis1, axis2)",
       infer=moved(_swapped), fresh=False, cheap=True,
       sample=calls("R(2, 3), 0, 1", "R(2, 3, 4), -1, 0", "R(2, 3, 4), 1, 2"))
alias("a.swapaxes(axis1, axis2)", "np.swapaxes")
for _text in ("a.mT", "np.matrix_transpose(a)", "np.linalg.matrix_transpose(a)"):
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

holomorphic("np.reshape", ".reshape()", "np.ravel", ".ravel()", ".flatten()", "np.squeeze",
            ".squeeze()", "np.expand_dims", "np.atleast_1d", "np.atleast_2d", "np.broadcast_to",
            "np.transpose", ".transpose()", ".T", "np.swapaxes", ".swapaxes()", ".mT",
            "np.matrix_transpose", "np.linalg.matrix_transpose", "np.moveaxis")
