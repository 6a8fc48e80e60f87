"""The rule of ``np.interp``: on each segment a line, whose ends share the cotangent."""

from __future__ import annotations

from adxform.core.types import Type, dims_of
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import general

# The segment that x lies in (the nearest, for x outside the grid), the slope there (0 outside),
# and how far along the segment x lies.
_AT = "np.clip(np.searchsorted(xp, x, side='right') - 1, 0, len(xp) - 2)"
_WIDTH = f"(xp[{_AT} + 1] - xp[{_AT}])"
_INSIDE = "((x >= xp[0]) & (x <= xp[-1]))"
_SLOPE = f"(np.where({_INSIDE}, fp[{_AT} + 1] - fp[{_AT}], 0.0) / {_WIDTH})"
_SHARE = f"np.clip((x - xp[{_AT}]) / {_WIDTH}, 0.0, 1.0)"


def _dealt(g: str, like: str) -> str:
    """A cotangent dealt out to both ends of the segment."""
    left = f"accumulate_at(np.zeros_like({like}), {_AT}, (1.0 - {_SHARE}) * {g})"
    return f"accumulate_at({left}, {_AT} + 1, {_SHARE} * {g})"


def _between(values: str) -> str:
    """Values at both ends of the segment, mixed."""
    return f"((1.0 - {_SHARE}) * {values}[{_AT}] + {_SHARE} * {values}[{_AT} + 1])"


def _result(x: Type, xp: Type, fp: Type) -> Type:
    return infer.array("float64", dims_of(infer.as_array(x)))


general(
    "np.interp(x, xp, fp)",
    x=f"as_like(out_bar * {_SLOPE}, x)",
    dx=f"as_like({_SLOPE} * dx, out)",
    xp=_dealt(f"(-{_SLOPE} * out_bar)", "xp"),
    dxp=f"as_like(-{_SLOPE} * {_between('dxp')}, out)",
    fp=_dealt("out_bar", "fp"),
    dfp=f"as_like({_between('dfp')}, out)",
    infer=_result,
    sample=calls("P(5), np.array([0.0, 1.0, 2.0]), R(3)", "P, np.array([0.0, 0.5, 2.0]), R(3)",
                 "np.array([-1.0, 0.3, 9.0]), np.cumsum(P(4)), R(4)"),
)
