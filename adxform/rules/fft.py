"""Rules for Fourier transforms: the conjugate transpose of one is its inverse, scaled otherwise.

What ``norm`` does not scale in a transform, it scales in the inverse: fft with norm "backward" has
the conjugate transpose ifft with norm "forward". Of real numbers half a spectrum tells the other
half, so that all but the first and, of an even number, the last of it count twice.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from adxform.core.dims import Dim, Sym, unknown_dim
from adxform.core.types import Array, Struct, Type, dims_of
from adxform.rules import infer
from adxform.rules.infer import const_of
from adxform.rules.samples import calls
from adxform.rules.shapes import SAME
from adxform.rules.table import Formula, general, holomorphic, inactive, linear, lowers, of_complex
from adxform.rules.wording import dtype_in, extent, is_none, literal, refuse, shape

_OTHER = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


# What comes out


def _dtype(a: Type, kind: str) -> str | None:
    """The dtype of a transform: of double precision unless its operand is of less."""
    own = dtype_in(a)
    if own is None:
        return None
    single = own in ("float16", "float32", "complex64")
    return {"complex": ("complex128", "complex64"), "float": ("float64", "float32")}[kind][single]


def _half(dim: Dim) -> Dim:
    """The size of half a spectrum."""
    return dim // 2 + 1 if isinstance(dim, int) else Sym(f"({dim.name})//2+1", dim.not_one)


def _whole(dim: Dim) -> Dim:
    """The size of what half a spectrum is of, if that is even."""
    return 2 * (dim - 1) if isinstance(dim, int) else Sym(f"2*({dim.name}-1)", True)


def _same(dim: Dim) -> Dim:
    return dim


def _transformed(
    a: Type, sizes: list[Type | None], axes: tuple[int, ...] | None, kind: str, last: str
) -> Type:
    """The type of a transform along ``axes``, the last of which is halved, or made whole."""
    dims = dims_of(infer.as_array(a))
    if dims is None or axes is None:
        return Array(_dtype(a, kind), None)
    made = list(dims)
    for place, axis in enumerate(axes):
        size = sizes[place] if place < len(sizes) else None
        given = None if size is None else infer.dim_of(size)
        ends = place == len(axes) - 1
        if size is not None:
            dim = unknown_dim() if given is None or given == -1 else given
            made[axis] = _half(dim) if ends and last == "half" else dim
        elif ends and last != "same":
            made[axis] = _half(dims[axis]) if last == "half" else _whole(dims[axis])
    return Array(_dtype(a, kind), tuple(made))


def result_along(kind: str, last: str) -> Callable[..., Type]:
    """The type of a transform along one axis."""

    def result(a: Type, n: Type, axis: Type, norm: Type) -> Type:
        dims = dims_of(infer.as_array(a))
        axes = None if dims is None else infer.axes_of(axis, len(dims))
        return _transformed(a, [] if is_none(n) else [n], axes, kind, last)

    return result


def result_over(kind: str, last: str) -> Callable[..., Type]:
    """The type of a transform over several axes."""

    def result(a: Type, s: Type, axes: Type, norm: Type) -> Type:
        dims = dims_of(infer.as_array(a))
        sizes = list(s.items) if isinstance(s, Struct) else []
        if not is_none(s) and not isinstance(s, Struct):
            return Array(_dtype(a, kind), None if dims is None else (unknown_dim(),) * len(dims))
        if dims is None:
            return Array(_dtype(a, kind), None)
        places = infer.axes_of(axes, len(dims))
        if is_none(axes) and sizes:
            places = tuple(range(len(dims)))[-len(sizes) :]
        return _transformed(a, list(sizes), places, kind, last)

    return result


# What goes back


def scaling(norm: Type, turned: bool = True) -> str:
    """The ``norm`` of the conjugate transpose, or of the transform itself, as an argument."""
    said = const_of(norm)
    if not is_none(norm) and said not in _OTHER:
        refuse("a Fourier transform is differentiated only where its norm is known",
               "Write the norm as a string.")
    given = _OTHER[said] if turned else said
    return "" if given in (None, "backward") else f", norm={given!r}"


def axis_argument(axis: Type) -> str:
    """The axis as an argument, where it is not the last."""
    return "" if literal(axis) == -1 else ", axis=axis"


def _size(a: Type, n: Type, axis: Type) -> str:
    """The number of points that were transformed."""
    place = literal(axis)
    if not is_none(n):
        return "n"
    return extent(a, "a", place) if isinstance(place, int) else f"{shape(a, 'a')}[axis]"


def _fitted(text: str, n: Type) -> str:
    """In the shape of the operand, where another size than its own was asked for."""
    return text if is_none(n) else f"resized({text}, a)"


def _back(inverse: str) -> Formula:
    def formula(n: Type, axis: Type, norm: Type) -> str:
        return _fitted(f"{inverse}(out_bar{axis_argument(axis)}{scaling(norm)})", n)

    return formula


def _from_half(inverse: str, bar: str = "out_bar", turned: bool = True) -> Formula:
    def formula(a: Type, n: Type, axis: Type, norm: Type) -> str:
        size, how = _size(a, n, axis), f"{axis_argument(axis)}{scaling(norm, turned)}"
        return _fitted(f"{inverse}({bar}, {size}{how})", n)

    return formula


def _to_half(transform: str, turned: bool = True) -> Formula:
    def formula(n: Type, axis: Type, norm: Type) -> str:
        last = "" if literal(axis) == -1 else ", axis"
        text = f"{transform}(out_bar{axis_argument(axis)}{scaling(norm, turned)})"
        text = f"{text} * half_weights(out_bar{last})"
        return _fitted(text if turned else f"np.conj({text})", n)

    return formula


def axes_argument(s: Type, axes: Type, default: tuple[int, int] | None) -> str:
    """The axes as an argument, where they are not those that are meant without."""
    if is_none(axes):
        if is_none(s):
            return ""
        if not isinstance(s, Struct):
            refuse("a Fourier transform is differentiated only where it is known over how many "
                   "axes it goes", "Write the axes.")
        return f", axes={tuple(range(-len(s.items), 0))!r}"
    return "" if default is not None and literal(axes) == default else ", axes=axes"


def _back_over(inverse: str, default: tuple[int, int] | None) -> Formula:
    def formula(s: Type, axes: Type, norm: Type) -> str:
        return _fitted(f"{inverse}(out_bar{axes_argument(s, axes, default)}{scaling(norm)})", s)

    return formula


def _sizes(a: Type, s: Type, axes: Type) -> str:
    """The numbers of points that were transformed, along each of the axes."""
    if not is_none(s):
        return "s"
    if is_none(axes):
        return shape(a, "a")
    places = literal(axes)
    if not isinstance(places, tuple):
        refuse("a Fourier transform of real numbers is differentiated only where its axes are "
               "known", "Write the axes as numbers.")
    return f"({', '.join(extent(a, 'a', i) for i in places)},)"


def _from_half_over(inverse: str, default: tuple[int, int] | None) -> Formula:
    def formula(a: Type, s: Type, axes: Type, norm: Type) -> str:
        how = f"{axes_argument(s, axes, default)}{scaling(norm)}"
        return _fitted(f"{inverse}(out_bar, {_sizes(a, s, axes)}{how})", s)

    return formula


def _to_half_over(transform: str, default: tuple[int, int] | None) -> Formula:
    def formula(s: Type, axes: Type, norm: Type) -> str:
        where = literal(axes)
        last: int | str = "axes[-1]"
        if is_none(axes) or isinstance(where, tuple):
            last = -1 if not isinstance(where, tuple) else where[-1]
        text = f"{transform}(out_bar{axes_argument(s, axes, default)}{scaling(norm)})"
        weights = f"half_weights(out_bar{'' if last == -1 else f', {last}'})"
        return _fitted(f"{text} * {weights}", s)

    return formula


# The table

_ONE = ("R(5)", "R(4)", "R(2, 4), axis=0", "R(2, 4), norm='ortho'", "R(5), norm='forward'",
        "R(4), 6", "R(5), n=4", "R(2, 5), 3, axis=-1, norm='backward'")
_SEVERAL = ("R(2, 3)", "R(2, 4), norm='ortho'", "R(2, 3), (3, 2), (0, 1)",
            "R(2, 4), s=(2, 5), axes=(0, 1)", "R(2, 3, 4), axes=(0, 2), norm='forward'",
            "R(2, 3), axes=(1, 0)")


def _transform(name: str, pull: Formula, infer: Callable[..., Type], several: str = "") -> None:
    """A transform of one axis, or of ``several`` by default."""
    params = f"s=None, axes={several}" if several else "n=None, axis=-1"
    lists: tuple[str, ...] = _SEVERAL if several else _ONE
    if several and name.endswith(("rfft2", "rfftn")):
        lists = tuple(text for text in lists if "(3, 2)" not in text)
    for module in ("np", "scipy"):
        full = f"{module}.fft.{name}"
        spelled = _spelled(pull, module)
        linear(f"{full}(a, {params}, norm=None)", a=spelled, infer=infer, sample=calls(*lists))
        of_complex(full, a=spelled)


def _spelled(formula: Formula, module: str) -> Formula:
    """A formula in the functions of the module that the transform is of."""
    if module == "np" or not callable(formula):
        return formula
    @functools.wraps(formula)
    def spelled(**types: Type) -> str:
        return formula(**types).replace("np.fft.", f"{module}.fft.")

    return spelled


_transform("fft", _back("np.fft.ifft"), result_along("complex", "same"))
_transform("ifft", _back("np.fft.fft"), result_along("complex", "same"))
_transform("rfft", _from_half("np.fft.ifft"), result_along("complex", "half"))
_transform("irfft", _to_half("np.fft.rfft"), result_along("float", "whole"))
_transform("hfft", _to_half("np.fft.rfft", turned=False), result_along("float", "whole"))
_transform("ihfft", _from_half("np.fft.ifft", "np.conj(out_bar)", turned=False),
           result_along("complex", "half"))
for _name, _default in (("2", (-2, -1)), ("n", None)):
    _text = repr(_default)
    _transform(f"fft{_name}", _back_over(f"np.fft.ifft{_name}", _default),
               result_over("complex", "same"), _text)
    _transform(f"ifft{_name}", _back_over(f"np.fft.fft{_name}", _default),
               result_over("complex", "same"), _text)
    _transform(f"rfft{_name}", _from_half_over(f"np.fft.ifft{_name}", _default),
               result_over("complex", "half"), _text)
    _transform(f"irfft{_name}", _to_half_over(f"np.fft.rfft{_name}", _default),
               result_over("float", "whole"), _text)


# resized(g, like): g cut, or filled up with zeros, to the shape of `like`.
linear("resized(g, like)", g="resized(out_bar, g)",
       infer=lambda g, like: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(3), R(5)", "R(2, 5), R(3, 4)"))
inactive("half_weights(g, axis=-1)", infer=lambda g, axis: Array(_dtype(g, "float"), None))


@lowers("resized")
def lower_resized(g: Type, like: Type) -> str | None:
    """Nothing, where the shapes agree."""
    dims = dims_of(g)
    return "g" if dims is not None and dims == dims_of(like) else None


for _module in ("np", "scipy"):
    _shifts = calls("R(5)", "R(2, 3)", "R(2, 3), axes=1")
    linear(f"{_module}.fft.fftshift(x, axes=None)", x=f"{_module}.fft.ifftshift(out_bar, axes)",
           infer=SAME, sample=_shifts)
    linear(f"{_module}.fft.ifftshift(x, axes=None)", x=f"{_module}.fft.fftshift(out_bar, axes)",
           infer=SAME, sample=_shifts)
    holomorphic(f"{_module}.fft.fftshift", f"{_module}.fft.ifftshift")
    for _name in ("fftfreq", "rfftfreq"):
        general(f"{_module}.fft.{_name}(n, d=1.0)", d="-np.sum(out_bar * out) / d",
                dd="-dd * out / d", infer=lambda n, d: Array("float64", (unknown_dim(),)),
                sample=calls("4, P", "5, P"))
holomorphic("resized")
