"""The rule of ``np.cov``: products of deviations, whose means are 0 and so drop out."""

from __future__ import annotations

from adxform.core.types import Array, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import general
from adxform.rules.wording import held, is_none, refuse


def _by_rows(m: Type, y: Type, rowvar: Type) -> bool | None:
    """Whether variables are rows; None if m is one variable, a vector."""
    ndim, rows = rank(infer.as_array(m)), infer.const_of(rowvar)
    pair = not is_none(y)
    if ndim not in (1, 2) or not isinstance(rows, bool) or (pair and _pair(m, y) is False):
        refuse("np.cov is differentiated for one or two vectors, or one matrix of known rowvar",
               "Join the variables with np.stack first.")
    return None if ndim == 1 else rows


def _pair(m: Type, y: Type) -> bool:
    """Whether two vectors are given."""
    return rank(infer.as_array(m)) == rank(infer.as_array(y)) == 1


# Of two vectors it is the covariance of the matrix that has them for rows.
_ROWS = "np.stack([m, y])"
_ABOUT = f"({_ROWS} - np.mean({_ROWS}, axis=1, keepdims=True))"


def _deviations(rows: bool | None) -> str:
    mean = "np.mean(m)" if rows is None else f"np.mean(m, axis={int(rows)}, keepdims=True)"
    return f"(m - {mean})"


def _freedom(rows: bool | None, bias: Type, ddof: Type) -> str:
    size = "len(m)" if not rows else "np.shape(m)[1]"
    if not is_none(ddof):
        return f"({size} - ddof)"
    biased = infer.const_of(bias)
    if not isinstance(biased, bool):
        refuse("np.cov is differentiated only where bias is known", "Write bias=True or False.")
    return size if biased else f"({size} - 1)"


def _pull(m: Type, y: Type, rowvar: Type, bias: Type, ddof: Type) -> str:
    rows = _by_rows(m, y, rowvar)
    deviations, freedom = _deviations(rows), _freedom(rows, bias, ddof)
    if not is_none(y):
        return f"as_like(((out_bar + out_bar.T) / {freedom} @ {_ABOUT})[0], m)"
    if rows is None:
        return f"as_like(2.0 * out_bar / {freedom} * {deviations}, m)"
    both = f"((out_bar + out_bar.T) / {freedom})"
    text = f"{both} @ {deviations}" if rows else f"{deviations} @ {both}"
    return f"as_like({text}, m)"


def _push(m: Type, y: Type, rowvar: Type, bias: Type, ddof: Type) -> str:
    rows = _by_rows(m, y, rowvar)
    deviations, freedom = _deviations(rows), _freedom(rows, bias, ddof)
    if not is_none(y):
        return _both("np.stack([dm, np.zeros_like(m)])", freedom)
    if rows is None:
        return f"as_like(2.0 * np.sum({deviations} * dm) / {freedom}, out)"
    first, second = ("dm", f"{deviations}.T") if rows else ("dm.T", deviations)
    half = f"({first} @ {second})"
    return f"as_like(({half} + {half}.T) / {freedom}, out)"


def _both(moved: str, freedom: str) -> str:
    half = f"({moved} @ {_ABOUT}.T)"
    return f"as_like(({half} + {half}.T) / {freedom}, out)"


def _pull_y(m: Type, y: Type, rowvar: Type, bias: Type, ddof: Type) -> str:
    freedom = _freedom(_by_rows(m, y, rowvar), bias, ddof)
    return f"as_like(((out_bar + out_bar.T) / {freedom} @ {_ABOUT})[1], y)"


def _push_y(m: Type, y: Type, rowvar: Type, bias: Type, ddof: Type) -> str:
    freedom = _freedom(_by_rows(m, y, rowvar), bias, ddof)
    return _both("np.stack([np.zeros_like(y), dy])", freedom)


def _square(m: Type, y: Type, rowvar: Type, *_: Type) -> Type:
    dims, rows = dims_of(infer.as_array(m)), infer.const_of(rowvar)
    if not is_none(y) and _pair(m, y):
        return Array("float64", (2, 2))
    if dims is None or len(dims) > 2 or not isinstance(rows, bool) or not is_none(y):
        return infer.unknown()
    if len(dims) == 1:
        return Array("float64", ())
    own = dims[0] if rows else dims[1]
    return infer.unknown() if own == 1 else Array("float64", (own, own))


general(
    "np.cov(m, y=None, rowvar=True, bias=False, ddof=None)",
    m=_pull,
    dm=_push,
    y=_pull_y,
    dy=_push_y,
    ddof=held,
    dddof=held,
    infer=_square,
    sample=calls("R(5)", "R(3, 5)", "R(5, 3), rowvar=False", "R(2, 5), bias=True",
                 "R(5), ddof=0", "R(5), R(5)", "R(5), R(5), ddof=0",
                 "R(5, 2), rowvar=False, ddof=2"),
)
