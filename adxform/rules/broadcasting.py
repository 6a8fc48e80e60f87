"""Helpers that undo or repeat NumPy's broadcasting, and how they vanish where shapes are known."""

from __future__ import annotations

from adxform.core.types import (
    Array,
    Dim,
    Scalar,
    Type,
    dims_of,
    may_be_one,
    was_broadcast,
)
from adxform.rules import infer
from adxform.rules.table import linear, lowers


def _like(_: Type, like: Type) -> Type:
    return like


# unbroadcast(g, like): g summed over the axes along which `like` was stretched to g's shape.
linear(
    "unbroadcast(g, like)",
    g="broadcast_like(out_bar, g)",
    infer=_like,
    fresh=False,
)

# broadcast_like(g, like): g stretched to the shape of `like`.
linear(
    "broadcast_like(g, like)",
    g="unbroadcast(out_bar, g)",
    infer=_like,
    fresh=False,
)


@lowers("unbroadcast")
def lower_unbroadcast(g: Type, like: Type) -> str | None:
    """Nothing where the shapes agree, else a sum over the axes that were stretched."""
    stretched = was_broadcast(like, g)
    if stretched is False:
        return "g"
    if isinstance(like, Scalar):
        return "np.sum(g)" if isinstance(g, Array) else None
    small, large = dims_of(like), dims_of(g)
    if stretched is None or small is None or large is None:
        return None
    if not small:
        return "np.sum(g)"
    lead = len(large) - len(small)
    axes = [lead + i for i, (s, d) in enumerate(zip(small, large[lead:], strict=True))
            if _stretched(s, d)]
    if any(_unsure(s, d) for s, d in zip(small, large[lead:], strict=True)):
        return None
    text = "g"
    if lead:
        text = f"np.sum({text}, axis={_axis(range(lead))})"
        axes = [a - lead for a in axes]
    return f"np.sum({text}, axis={_axis(axes)}, keepdims=True)" if axes else text


def _axis(axes: object) -> str:
    found = tuple(axes)  # type: ignore[var-annotated, arg-type]
    return repr(found[0]) if len(found) == 1 else repr(found)


def _stretched(small: Dim, large: Dim) -> bool:
    return small == 1 and large != 1


def _unsure(small: Dim, large: Dim) -> bool:
    return small != large and may_be_one(small) and (small != 1 or may_be_one(large))


@lowers("broadcast_like")
def lower_broadcast_like(g: Type, like: Type) -> str | None:
    """Nothing where the shapes agree, else ``np.broadcast_to``."""
    if was_broadcast(g, like) is False:
        return "g"
    if isinstance(like, Array) and isinstance(g, Array | Scalar) and dims_of(like) is not None:
        return "np.broadcast_to(g, like.shape)"
    return None


__all__ = ["infer"]
