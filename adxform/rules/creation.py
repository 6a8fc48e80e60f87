"""Rules for arrays made from shapes."""

from __future__ import annotations

from adxform.core.types import Array, Type
from adxform.rules import infer
from adxform.rules.table import inactive


def _from_shape(shape: Type, dtype: Type) -> Type:
    named = infer.const_of(dtype, "float64")
    return Array(named if isinstance(named, str) else None, infer.shape_dims(shape))


def _like(x: Type, dtype: Type) -> Type:
    named = infer.const_of(dtype)
    made = infer.fresh_array(x)
    if isinstance(named, str) and isinstance(made, Array):
        return Array(named, made.dims)
    return made


inactive("np.zeros(shape, dtype=None)", "np.ones(shape, dtype=None)",
         "np.empty(shape, dtype=None)", infer=_from_shape)
inactive("np.zeros_like(a, dtype=None)", "np.ones_like(a, dtype=None)",
         "np.empty_like(a, dtype=None)", infer=_like)
