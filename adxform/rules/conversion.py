"""Rules for making arrays of lists and numbers, for copies, and for changes of dtype."""

from __future__ import annotations

import numpy as np

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, ListOf, Scalar, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import holomorphic, linear
from adxform.rules.wording import dtype_in, dtype_of, is_none, refuse, shape

# np.array of a list of numbers or arrays stacks them.


def _as_array(object: Type, dtype: Type) -> Type:
    if isinstance(object, ListOf):
        inner = object.item
        dims = dims_of(inner) if inner is not None else None
        made: Type = Array(dtype_in(inner) if inner is not None else None,
                           None if dims is None else (unknown_dim(), *dims))
    else:
        made = infer.as_array(object)
    known = dtype_of(dtype, dtype_in(made))
    return Array(known, dims_of(made)) if isinstance(made, Scalar | Array) else Array(known, None)


def _unarray(object: Type, dtype: Type) -> str:
    """The cotangent itself, item by item where a list was given."""
    if isinstance(object, ListOf):
        return "as_list(out_bar)"
    own, made = dtype_in(object), dtype_of(dtype, None)
    if is_none(dtype) or (own is not None and own == made) or isinstance(object, Struct):
        return "out_bar"
    if made is None:
        refuse("the dtype that an array is converted to is not known",
               "Write the dtype as np.float64, float, ...")
    return "as_like(out_bar, object)"


_ARRAYS = calls("R(3)", "[R, R]", "[[R, R], [1.0, R]]", "[R(2), R(2)]", "R(3), dtype=float", "R")
linear("np.array(object, dtype=None)", object=_unarray, infer=_as_array, sample=_ARRAYS)
# A row of a list of rows, which Python would keep as a list of the same arrays.
linear("np.array(object, dtype=None)", object=_unarray, infer=_as_array, fresh=False, name="row",
       sample=calls("[R, R]"))
linear("np.asarray(object, dtype=None)", object=_unarray, infer=_as_array, fresh=False,
       cheap=True, sample=_ARRAYS)
linear("np.asanyarray(object, dtype=None)", object=_unarray, infer=_as_array, fresh=False,
       cheap=True, sample=_ARRAYS)


def _contiguous(object: Type, dtype: Type) -> str:
    """A number has become an array of one element."""
    plain = _unarray(object, dtype)
    known = rank(infer.as_array(object))
    return plain if known else f"np.reshape({plain}, {shape(object, 'object')})"


def _contiguous_type(object: Type, dtype: Type) -> Type:
    made = _as_array(object, dtype)
    return Array(dtype_in(made), (1,)) if dims_of(made) == () else made


linear("np.ascontiguousarray(object, dtype=None)", object=_contiguous, infer=_contiguous_type,
       fresh=False, cheap=True, sample=_ARRAYS)
def _copied(a: Type) -> Type:
    """A copy of a list is a list."""
    return a if isinstance(a, ListOf) else infer.fresh_array(a)


def _recorded(x: Type) -> Type:
    """The same, but for what is known of the memory."""
    return infer.fresh_array(x) if isinstance(x, Array) else x


linear("np.copy(a)", a="out_bar", infer=infer.fresh_array, sample=calls("R(3)", "R(2, 3)"))
# What is recorded of a value of unknown type, which may be a number of Python's.
linear("recorded(x)", x="out_bar", infer=_recorded, sample=calls("R(3)", "R"))
linear("a.copy()", a="out_bar", infer=_copied, sample=calls("R(3)"))


def _cast(object: Type, dtype: Type, *_: Type) -> Type:
    object = infer.as_array(object)
    return infer.array(dtype_of(dtype, None), dims_of(object))


linear("object.astype(dtype, *, copy=True)", object=_unarray, infer=_cast,
       sample=calls("R(3), float", "R(3), np.float64"))
def _number(object: Type) -> Type:
    """The number of Python's that is in an array of one element."""
    dtype = dtype_in(object)
    kind = {"b": "bool", "i": "int64", "u": "int64", "f": "float64",
            "c": "complex128"}.get(
        np.dtype(dtype).kind if dtype else "")
    return Scalar(kind, weak=True) if kind else infer.unknown()


linear("object.item()", object="np.full_like(object, out_bar)",
       infer=_number, sample=calls("R(1)", "R()"))

holomorphic("row", "np.array", "np.asarray", "np.asanyarray", "np.ascontiguousarray", "np.copy",
            ".copy()", "recorded", ".astype()", ".item()")
