"""Rules for sums, means, products, extrema and variances over axes."""

from __future__ import annotations

from adxform.core.types import Array, Scalar, Type, dims_of
from adxform.rules import infer
from adxform.rules.table import alias, linear, lowers

linear(
    "np.sum(a, axis=None, keepdims=False)",
    a="spread(out_bar, a, axis, keepdims)",
    infer=infer.reduction,
)
alias("a.sum(axis=None, keepdims=False)", "np.sum")


# spread(g, like, axis, keepdims): the cotangent g of a reduction, stretched to what was reduced.
linear(
    "spread(g, like, axis, keepdims)",
    g="np.sum(out_bar, axis=axis, keepdims=keepdims)",
    infer=lambda g, like, axis, keepdims: like,
    fresh=False,
)


@lowers("spread")
def lower_spread(g: Type, like: Type, axis: Type, keepdims: Type) -> str | None:
    """An index that puts the reduced axes back, and a broadcast."""
    dims, keep = dims_of(like), infer.const_of(keepdims)
    if isinstance(like, Scalar):
        return "g"
    if dims is None or not isinstance(keep, bool):
        return None
    axes = infer.axes_of(axis, len(dims))
    if axes is None:
        return None
    if keep or len(axes) == len(dims):
        return "np.broadcast_to(g, like.shape)"
    index = ", ".join("None" if i in axes else ":" for i in range(len(dims)))
    return f"np.broadcast_to(g[{index}], like.shape)"


__all__ = ["Array"]
