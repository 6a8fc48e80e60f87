"""Rules for functions that move, repeat or join elements."""

from __future__ import annotations

from adxform.core.types import Array, Type
from adxform.rules import infer
from adxform.rules.table import linear


def _broadcast_to(array: Type, shape: Type) -> Type:
    return Array(getattr(infer.as_array(array), "dtype", None), infer.shape_dims(shape))


linear(
    "np.broadcast_to(array, shape)",
    array="unbroadcast(out_bar, array)",
    infer=_broadcast_to,
    fresh=False,
)
