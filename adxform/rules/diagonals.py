"""Rules for diagonals, traces and triangles of matrices."""

from __future__ import annotations

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Scalar, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.shapes import SAME, Dims, moved
from adxform.rules.table import Formula, alias, holomorphic, linear, lowers
from adxform.rules.wording import axis_in, dtype_in, extent, literal

# Diagonals and triangles


def _diag_type(v: Type, k: Type) -> Type:
    v = infer.as_array(v)
    dims, offset = dims_of(v), literal(k)
    if dims is None or not is_numeric(v):
        return Array(dtype_in(v), None)
    if len(dims) == 1:
        size = dims[0] if offset == 0 else unknown_dim()
        return Array(dtype_in(v), (size, size))
    square = offset == 0 and dims[0] == dims[1]
    return Array(dtype_in(v), (dims[0] if square else unknown_dim(),))


def _undiag(v: Type, k: Type) -> str:
    dims = dims_of(infer.as_array(v))
    if dims is not None and (len(dims) == 1 or dims[0] == dims[1]):
        return "np.diag(out_bar, k)"
    return "undiag(out_bar, v, k)"


linear("np.diag(v, k=0)", v=_undiag, infer=_diag_type, fresh=False,
       sample=calls("R(3)", "R(3, 3)", "R(3), k=1", "R(3, 4), k=-1", "R(3, 3), k=1"))
linear("undiag(g, like, k=0)", g="np.diag(out_bar, k)",
       infer=lambda g, like, k: Array(dtype_in(g), dims_of(infer.as_array(like))),
       sample=calls("R(3), R(3, 4)", "R(3, 3), R(3)"))


def _diagonal(dims: Dims, offset: Type, axis1: Type, axis2: Type) -> Dims | None:
    i, j = literal(axis1), literal(axis2)
    if not isinstance(i, int) or not isinstance(j, int):
        return None
    i, j = i % len(dims), j % len(dims)
    rest = tuple(d for k, d in enumerate(dims) if k not in (i, j))
    square = literal(offset) == 0 and dims[i] == dims[j]
    return (*rest, dims[i] if square else unknown_dim())


linear("np.diagonal(a, offset=0, axis1=0, axis2=1)", infer=moved(_diagonal), fresh=False,
       a="scatter_diagonal(out_bar, a, offset, axis1, axis2)",
       sample=calls("R(3, 3)", "R(3, 4), offset=1", "R(2, 3, 3), axis1=1, axis2=2",
                    "R(4, 3), offset=-2", "R(3, 2, 4), axis1=-1, axis2=0"))
alias("a.diagonal(offset=0, axis1=0, axis2=1)", "np.diagonal")
linear("scatter_diagonal(g, like, offset=0, axis1=0, axis2=1)",
       g="np.diagonal(out_bar, offset, axis1, axis2)",
       infer=lambda g, like, *_: Array(dtype_in(like), dims_of(infer.as_array(like))),
       sample=calls("R(3), R(3, 3)", "R(2, 3), R(2, 3, 3), 0, 1, 2"))


@lowers("scatter_diagonal")
def lower_scatter_diagonal(
    g: Type, like: Type, offset: Type, axis1: Type, axis2: Type
) -> str | None:
    """``np.diag``, or zeros to which the diagonals are added in place."""
    dims, i, j = dims_of(like), axis_in(axis1, like), axis_in(axis2, like)
    if dims is None or i is None or j is None or dims[i] != dims[j] or literal(offset) != 0:
        return None
    if len(dims) == 2:
        return "np.diag(g)"
    if (i, j) != (len(dims) - 2, len(dims) - 1):
        return None
    places = f"np.arange({extent(like, 'like', j)})"
    return f"update(np.zeros_like(like), (..., {places}, {places}), g)"


def _trace_type(a: Type, offset: Type, axis1: Type, axis2: Type) -> Type:
    found = moved(_diagonal)(a, offset, axis1, axis2)
    dims = dims_of(found)
    return infer.array(dtype_in(a), None if dims is None else dims[:-1])


def _trace(a: Type, offset: Type) -> str:
    dims = dims_of(infer.as_array(a))
    if dims is None or len(dims) != 2:
        return ("scatter_diagonal(spread(out_bar, np.diagonal(a, offset, axis1, axis2), -1), "
                "a, offset, axis1, axis2)")
    dtype = "" if dtype_in(a) == "float64" else ", dtype=a.dtype"
    sizes = "len(a)" if dims[0] == dims[1] else "a.shape[0], a.shape[1]"
    return f"out_bar * np.eye({sizes}, k=offset{dtype})"


linear("np.trace(a, offset=0, axis1=0, axis2=1)", a=_trace, infer=_trace_type,
       sample=calls("R(3, 3)", "R(3, 4), offset=1", "R(2, 3, 3), axis1=1, axis2=2"))
alias("a.trace(offset=0, axis1=0, axis2=1)", "np.trace")
_LAST = (Scalar("int64", True, -2), Scalar("int64", True, -1))
linear("np.linalg.diagonal(x, *, offset=0)", x="scatter_diagonal(out_bar, x, offset, -2, -1)",
       infer=lambda x, offset: moved(_diagonal)(x, offset, *_LAST), fresh=False,
       sample=calls("R(3, 3)", "R(2, 3, 4), offset=1"))
linear("np.linalg.trace(x, *, offset=0)", infer=lambda x, offset: _trace_type(x, offset, *_LAST),
       x="scatter_diagonal(spread(out_bar, np.diagonal(x, offset, -2, -1), -1), x, offset, -2, -1)",
       sample=calls("R(3, 3)", "R(2, 3, 4), offset=1"))


def _triangle(m: Type, k: Type) -> Type:
    """A vector is the row of as many rows."""
    dims = dims_of(infer.as_array(m))
    return Array(dtype_in(m), (dims[0], dims[0])) if dims and len(dims) == 1 else SAME(m, k)


def _part(text: str) -> Formula:
    def formula(m: Type) -> str:
        return text if (rank(infer.as_array(m)) or 1) > 1 else f"unbroadcast({text}, m)"

    return formula


for _name in ("tril", "triu"):
    linear(f"np.{_name}(m, k=0)", m=_part(f"np.{_name}(out_bar, k)"), infer=_triangle,
           sample=calls("R(3, 3)", "R(2, 4), k=1", "R(2, 3, 3), k=-1", "R(3)", "[R, R], k=1"))

holomorphic("np.diag", "undiag", "np.diagonal", ".diagonal()", "scatter_diagonal", "np.trace",
            ".trace()", "np.linalg.diagonal", "np.linalg.trace", "np.tril", "np.triu")
