"""Rules for reductions that pass over nan: it takes part in nothing, and gets no cotangent."""

from __future__ import annotations

from adxform.rules import infer
from adxform.rules.ordering import pull_extremum, push_extremum
from adxform.rules.reductions import float_total, total
from adxform.rules.samples import calls
from adxform.rules.table import general

_HOLED = "np.array([[0.3, np.nan, -0.8], [0.5, 1.2, np.nan]])"
_SOME = calls("R(3)", "R(2, 3)", "R(2, 3), axis=0", "R(2, 3), axis=1, keepdims=True",
              "R(2, 3, 2), axis=(0, 2)", f"R(2, 3) + {_HOLED}", f"R(2, 3) + {_HOLED}, axis=1")
_KNOWN = "np.where(np.isnan(a), 0.0, {})"
_COUNT = "np.sum(~np.isnan(a), axis=axis, keepdims=keepdims)"


def _known_sum(text: str) -> str:
    return f"np.sum({_KNOWN.format(text)}, axis=axis, keepdims=keepdims)"


general(
    "np.nansum(a, axis=None, *, keepdims=False)",
    a=_KNOWN.format("spread(out_bar, a, axis, keepdims)"),
    da=_known_sum("da"),
    infer=total,
    sample=_SOME,
)
general(
    "np.nanmean(a, axis=None, *, keepdims=False)",
    a=_KNOWN.format(f"spread(as_like(out_bar / {_COUNT}, a), a, axis, keepdims)"),
    da=f"as_like({_known_sum('da')} / {_COUNT}, out)",
    infer=float_total,
    sample=_SOME,
)


for _name in ("nanmax", "nanmin"):
    general(f"np.{_name}(a, axis=None, *, keepdims=False)", a=pull_extremum, da=push_extremum,
            infer=infer.reduction, sample=_SOME)
