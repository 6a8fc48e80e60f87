"""Rules for the decompositions of ``scipy.linalg``: as NumPy's, and pivoted triangular factors."""

from __future__ import annotations

from typing import Any

from adxform.core.types import Array, Struct, Type, dims_of
from adxform.rules import (
    decompositions,  # noqa: F401  (whose formulas serve here, too)
    infer,
)
from adxform.rules.linalg import float_dtype
from adxform.rules.samples import calls
from adxform.rules.table import RULES, general, inactive
from adxform.rules.wording import refuse


def _formulas(like: str) -> dict[str, Any]:
    """The formulas of a rule, as one of the same meaning states them."""
    model = RULES[like]
    return {**model.pull, **{f"d{name}": formula for name, formula in model.push.items()}}


def _type_of(like: str, *types: Type) -> Type:
    found: Any = RULES[like].primitive.infer
    made: Type = found(*types)
    return made


general("scipy.linalg.eigh(a, *, lower=True)", **_formulas("np.linalg.eigh"),
        infer=RULES["np.linalg.eigh"].primitive.infer, sample=calls("S(2)", "S(4), lower=False"))


def _economic(mode: Type) -> None:
    if infer.const_of(mode) != "economic":
        refuse("scipy.linalg.qr has a derivative rule with mode='economic' only",
               "Write scipy.linalg.qr(a, mode='economic').")


def _qr(out_bar: Type, mode: Type) -> str:
    _economic(mode)
    formula: Any = RULES["np.linalg.qr"].pull["a"]
    return str(formula(out_bar))


def _dqr(mode: Type) -> str:
    _economic(mode)
    return str(RULES["np.linalg.qr"].push["a"])


general("scipy.linalg.qr(a, *, mode='full')", a=_qr, da=_dqr,
        infer=lambda a, mode: _type_of("np.linalg.qr", a),
        sample=calls("R(4, 3), mode='economic'", "R(3, 3), mode='economic'"))


# p a = l u with l and u in one matrix: m = l^-1 p a' u^-1 is l^-1 l' + u' u^-1, of which the
# first is below the diagonal and the second is not. The rows of a are taken in the order of
# permutation_of(piv).

inactive("permutation_of(piv)", infer=infer.inert)
_L, _U = "(np.tril(out[0], -1) + np.eye(len(a)))", "np.triu(out[0])"
_ROWS = "permutation_of(out[1])"
_LEFT = f"scipy.linalg.solve_triangular({_L}, da[{_ROWS}], lower=True)"
_M = f"scipy.linalg.solve_triangular({_U}, {_LEFT}.T, trans=1).T"
_M_BAR = (f"(np.tril({_L}.T @ np.tril(out_bar[0], -1), -1)"
          f" + np.triu(np.triu(out_bar[0]) @ {_U}.T))")
_LEFT_BAR = f"scipy.linalg.solve_triangular({_U}, {_M_BAR}.T).T"
general(
    "scipy.linalg.lu_factor(a)",
    a=f"as_like(scipy.linalg.solve_triangular({_L}, {_LEFT_BAR}, trans=1, lower=True)"
      f"[np.argsort({_ROWS})], a)",
    da=f"(as_like({_L} @ np.tril({_M}, -1) + np.triu({_M}) @ {_U}, out[0]),"
       " np.zeros(np.shape(out[1])))",
    infer=lambda a: Struct((Array(float_dtype(a), dims_of(infer.as_array(a))), infer.inert())),
    sample=calls("np.array([[0.1, 3.0], [2.0, 1.0]]) + 0.1 * R(2, 2)",
                 "np.array([[0.0, 3.0, 1.0], [2.0, 1.0, 5.0], [7.0, 1.0, 1.0]]) + 0.1 * R(3, 3)"),
)
