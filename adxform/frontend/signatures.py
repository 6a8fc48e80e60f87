"""Types across a call: what a function is lowered for, and what is known of its results."""

from __future__ import annotations

from adxform.core.dims import Sym
from adxform.core.types import (
    ANY,
    INERT,
    Array,
    Inert,
    Known,
    Object,
    Scalar,
    Struct,
    Type,
    Unknown,
    differentiable,
    unvalued,
)


def general_type(name: str, t: Type) -> Type:
    """What of an argument's type a function is lowered for: kind and rank, values of flags."""
    match t:
        case Array(dtype, dims):
            known = None if dims is None else tuple(
                Sym(f"{name}.shape[{axis}]") for axis in range(len(dims))
            )
            return Array(dtype, known)
        case Scalar("bool", value=bool()) | Known() | Object():
            return t
        case Scalar():
            return unvalued(t)
        case Struct(items, form):
            keyed = zip(form.keys or range(len(items)), items, strict=True)
            return Struct(tuple(general_type(f"{name}_{k}", item) for k, item in keyed), form)
        case Inert(numbered=False) | Inert(sparse=True) | Unknown(carried=True):
            return t
        case _:
            return ANY


def result_type(name: str, t: Type) -> Type:
    """What of a result's type is the same outside the function: dtype and rank."""
    match t:
        case Array(dtype, tuple() as dims):
            return Array(dtype, tuple(Sym(f"{name}.shape[{i}]") for i in range(len(dims))))
        case Array():
            return t
        case Scalar():
            return unvalued(t)
        case Inert() | Unknown():
            return t
        case _:
            return ANY if differentiable(t) else INERT
