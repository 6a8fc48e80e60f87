"""Rules for discrete cosine and sine transforms: the transpose of one is its inverse, weighted.

What ``norm`` does not scale in a transform, it scales in the inverse, as for Fourier's. With
"ortho" that is all. Otherwise a cosine that is constant has another norm than the others, and so
has a sine that alternates: its place is doubled before the inverse of a transform that gives it
(type 2), halved after the inverse of one that takes it (type 3). Type 1 of cosines does both at
both ends; the sines of type 1, and type 4, have one norm.
"""

from __future__ import annotations

from collections.abc import Callable

from adxform.core.types import Type, is_complex
from adxform.rules import infer
from adxform.rules.fft import axes_argument, result_along, result_over, scaling
from adxform.rules.samples import calls
from adxform.rules.table import Formula, holomorphic, linear
from adxform.rules.wording import dtype_in, is_none, refuse

_ENDS = {"c": "2.0, 1.0", "s": "1.0, 2.0"}
_HALF = {"2.0, 1.0": "0.5, 1.0", "1.0, 2.0": "1.0, 0.5", "2.0, 2.0": "0.5, 0.5"}


def _weights(name: str, kind: Type, norm: Type) -> tuple[str, str]:
    """The factors of both ends before the inverse, and after it; nothing where they are 1."""
    known = infer.const_of(kind)
    if known not in (1, 2, 3, 4):
        refuse("a cosine or sine transform is differentiated only where its type is known",
               "Write the type as a number.")
    if infer.const_of(norm) == "ortho" or known == 4:
        return "", ""
    letter = name.removeprefix("i")[1]
    if known == 1:
        return ("2.0, 2.0", "0.5, 0.5") if letter == "c" else ("", "")
    gives = (known == 2) != name.startswith("i")
    return (_ENDS[letter], "") if gives else ("", _HALF[_ENDS[letter]])


def _back(name: str) -> Callable[[Type, Type, str, str, bool], str]:
    """The text of a transpose, from the axes as arguments of the inverse and of the weights."""
    inverse = name[1:] if name.startswith("i") else f"i{name}"

    def text(kind: Type, norm: Type, how: str, axes: str, resized: bool) -> str:
        before, after = _weights(name, kind, norm)
        bar = f"weighted_ends(out_bar, {before}, {axes})" if before else "out_bar"
        said = "" if infer.const_of(kind) == 2 else ", type"
        made = f"scipy.fft.{inverse}({bar}{said}{how}{scaling(norm)})"
        made = f"weighted_ends({made}, {after}, {axes})" if after else made
        return f"resized({made}, x)" if resized else made

    return text


def _along(name: str) -> Formula:
    def formula(type: Type, n: Type, axis: Type, norm: Type) -> str:
        how = "" if infer.const_of(axis) == -1 else ", axis=axis"
        return _back(name)(type, norm, how, "axis", not is_none(n))

    return formula


def _over(name: str) -> Formula:
    def formula(type: Type, s: Type, axes: Type, norm: Type) -> str:
        how = axes_argument(s, axes, None)
        return _back(name)(type, norm, how, how.removeprefix(", axes=") or "None", not is_none(s))

    return formula


def _kind(x: Type) -> str:
    return "complex" if is_complex(dtype_in(x) or "") else "float"


_ONE = ("R(5)", "R(4), 1", "R(5), 3", "R(5), type=4", "R(2, 4), axis=0", "R(2, 4), 3, axis=0",
        "R(2, 4), 1, norm='forward', axis=0", "R(2, 4), norm='ortho'", "R(5), 1, norm='ortho'",
        "R(5), 3, norm='forward'", "R(4), 2, 6", "R(5), 3, n=4", "R(4), 1, 3")
_SEVERAL = ("R(2, 3)", "R(2, 4), 1, norm='ortho'", "R(2, 3), 3", "R(3, 2), type=1", "R(3, 2), 4",
            "R(2, 4), s=(2, 5), axes=(0, 1)", "R(2, 3, 4), 3, axes=(0, 2), norm='forward'",
            "R(2, 4), 2, (3,)", "R(2, 3), axes=(1,)")
for _name in ("dct", "idct", "dst", "idst"):
    linear(f"scipy.fft.{_name}(x, type=2, n=None, axis=-1, norm=None)", x=_along(_name),
           infer=lambda x, type, n, axis, norm: result_along(_kind(x), "same")(x, n, axis, norm),
           sample=calls(*_ONE))
    linear(f"scipy.fft.{_name}n(x, type=2, s=None, axes=None, norm=None)", x=_over(f"{_name}n"),
           infer=lambda x, type, s, axes, norm: result_over(_kind(x), "same")(x, s, axes, norm),
           sample=calls(*_SEVERAL))
    holomorphic(f"scipy.fft.{_name}", f"scipy.fft.{_name}n")

linear("weighted_ends(g, first, last, axes)", g="weighted_ends(out_bar, first, last, axes)",
       infer=lambda g, *_: infer.fresh_array(g),
       sample=calls("R(4), 2.0, 1.0, -1", "R(2, 3), 0.5, 0.5, None", "R(2, 3), 1.0, 2.0, (0,)"))
holomorphic("weighted_ends")
