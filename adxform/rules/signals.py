"""Rules for ``scipy.signal``: convolutions in any number of dimensions, filters; ``np.unwrap``."""

from __future__ import annotations

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.composition import composed
from adxform.rules.linalg import float_dtype
from adxform.rules.samples import calls
from adxform.rules.table import bilinear, general, linear
from adxform.rules.wording import dtype_in, held, made_like, strong

# A convolution is a part of the full one: with that part in its place among zeros, the cotangent
# of either operand is its correlation with the other.


def _convolved(in1: Type, in2: Type, mode: Type, *_: Type) -> Type:
    dims = dims_of(infer.as_array(in1))
    if dims is None:
        return Array(strong(in1, in2), None)
    kept = infer.const_of(mode) == "same"
    return Array(strong(in1, in2), dims if kept else tuple(unknown_dim() for _ in dims))


def _correlated(name: str, other: str) -> str:
    whole = "whole_convolution(out_bar, in1, in2, mode)"
    return f"as_like(scipy.signal.correlate({whole}, {other}, 'valid', method), {name})"


_MODES = calls("R(4), R(3)", "R(3), R(4), 'same'", "R(5), R(2), 'same'", "R(5), R(2), mode='valid'",
               "R(2), R(4), 'valid'", "R(3, 4), R(2, 2)", "R(4, 4), R(3, 2), 'same'",
               "R(4, 4), R(3, 2), 'valid'")
bilinear("scipy.signal.convolve(in1, in2, mode='full', method='auto')",
         in1=_correlated("in1", "in2"), in2=_correlated("in2", "in1"), infer=_convolved,
         sample=_MODES)
linear("whole_convolution(g, a, v, mode)", g="part_of_convolution(out_bar, a, v, mode)",
       infer=lambda g, *_: Array(dtype_in(g), None),
       sample=calls("R(6), P(4), P(3), 'full'", "R(4), P(4), P(3), 'same'",
                    "R(2, 3), P(4, 4), P(3, 2), 'valid'"))
linear("part_of_convolution(g, a, v, mode)", g="whole_convolution(out_bar, a, v, mode)",
       infer=lambda g, *_: Array(dtype_in(g), None),
       sample=calls("R(6), P(4), P(3), 'same'", "R(6, 5), P(4, 4), P(3, 2), 'valid'"))

for _name in ("fftconvolve", "oaconvolve", "convolve2d"):
    composed(f"scipy.signal.{_name}(in1, in2, mode='full')",
             "scipy.signal.convolve(in1, in2, mode)", of=("in1", "in2"),
             sample=calls(*(t for t in _MODES.lists if _name != "convolve2d" or "R(4, 4)" in t)))


def _turned(in2: Type) -> str:
    """The second operand turned round along each of its axes."""
    ndim = rank(infer.as_array(in2))
    if ndim == 1:
        return "in2[::-1]"
    return "in2[::-1, ::-1]" if ndim == 2 else "np.flip(in2)"


composed("scipy.signal.correlate(in1, in2, mode='full', method='auto')",
         lambda in2: f"scipy.signal.convolve(in1, {_turned(in2)}, mode, method)",
         of=("in1", "in2"), sample=_MODES)


# A filter solves a[0] y[n] = b[0] x[n] + b[1] x[n - 1] + ... - a[1] y[n - 1] - ..., so that y' is
# what the same filter makes of (b' * x) + b * x' - (a' * y). Backwards it filters the cotangent
# from the end; lagged(w, x, n) is the sum of w times x that comes 0, 1, ... n - 1 places later.

_BACK = "scipy.signal.lfilter({}, a, out_bar[..., ::-1])[..., ::-1]"
_POLES = _BACK.format("np.ones_like(b[:1])")
general(
    "scipy.signal.lfilter(b, a, x)",
    b=f"as_like(lagged({_POLES}, x, len(b)), b)",
    db="scipy.signal.lfilter(db, a, x)",
    a=f"as_like(-lagged({_POLES}, out, len(a)), a)",
    da="-scipy.signal.lfilter(da, a, out)",
    x=f"as_like({_BACK.format('b')}, x)",
    dx="scipy.signal.lfilter(b, a, dx)",
    infer=lambda b, a, x: Array(float_dtype(b, a, x), dims_of(infer.as_array(x))),
    sample=calls("R(2), np.array([1.0, 0.5]), R(6)", "R(3), 2.0 + R(2), R(6)",
                 "R(3), P(1), R(2, 5)", "R(2), 2.0 + R(3), R(2, 5)"),
)
bilinear("lagged(w, x, count)", w="unlagged(out_bar, x)",
         x="unlagged(out_bar, w[..., ::-1])[..., ::-1]",
         infer=lambda w, x, _: Array(strong(w, x), (unknown_dim(),)),
         sample=calls("R(5), R(5), 3", "R(2, 5), R(2, 5), 2"))
bilinear("unlagged(g, x)", g="lagged(out_bar, x, len(g))",
         x="unlagged(g, out_bar[..., ::-1])[..., ::-1]", infer=lambda g, x: made_like(x),
         sample=calls("R(3), R(5)", "R(2), R(2, 5)"))


# np.unwrap adds whole periods.
general("np.unwrap(p, discont=None, axis=-1, *, period=6.283185307179586)", p="out_bar", dp="dp",
        period=held, dperiod=held,
        infer=lambda p, *_: made_like(p),
        sample=calls("3.0 * R(5)", "4.0 * R(2, 4), axis=0", "2.0 * R(4), period=1.5"))

# np.bincount adds up weights.
linear("np.bincount(x, weights, minlength=0)", weights="out_bar[x]",
       infer=lambda *_: Array("float64", (unknown_dim(),)),
       sample=calls("[0, 2, 0], R(3)", "I(4), R(4), minlength=5"))
