"""Rules for roots and logarithms of matrices, and for Sylvester's and Lyapunov's equations.

Each is the solution of an equation that is linear in its tangent; backwards the same equation is
solved for the transposed matrices (Higham 2008, "Functions of Matrices").
"""

from __future__ import annotations

from adxform.core.types import Array, Type, dims_of
from adxform.rules import infer
from adxform.rules.linalg import float_dtype, square
from adxform.rules.samples import calls
from adxform.rules.table import general, linear

# real_only(x): x, which must be real; a matrix without a real root has none that is known here.
linear("real_only(x)", x="out_bar", infer=lambda x: x, fresh=False, cheap=True,
       sample=calls("R(3)"))

# A root x solves x x = a, so that x x' + x' x = a'.
general(
    "scipy.linalg.sqrtm(A)",
    A="scipy.linalg.solve_sylvester(real_only(out).T, out.T, out_bar)",
    dA="scipy.linalg.solve_sylvester(real_only(out), out, dA)",
    infer=square,
    sample=calls("S(3)", "np.eye(3) + 0.3 * R(3, 3)"),
)


def _doubled(t: Type) -> Type:
    """Of single precision SciPy makes double precision, or not."""
    known = isinstance(t, Array) and t.dtype == "float64"
    return t if known else Array(None, dims_of(t))


# The direction e moves f(a) by the upper right block of f([[a, e], [0, a]]).


def _moved(a: str, e: str) -> str:
    above = f"np.concatenate([{a}, {e}], axis=1)"
    below = f"np.concatenate([np.zeros_like({a}), {a}], axis=1)"
    return f"real_only(scipy.linalg.logm(np.concatenate([{above}, {below}])))[:len(A), len(A):]"


general("scipy.linalg.logm(A)", A=f"as_like({_moved('A.T', 'out_bar')}, A)",
        dA=f"as_like({_moved('A', 'dA')}, out)", infer=lambda A: _doubled(square(A)),
        sample=calls("S(3)", "np.eye(3) + 0.3 * R(3, 3)"))


# a x + x b = q; a x + x a' = q; a x a' - x + q = 0.


def _like(q: Type, *others: Type) -> Type:
    return Array(float_dtype(q, *others), dims_of(infer.as_array(q)))


_W = "scipy.linalg.solve_sylvester(a.T, b.T, out_bar)"
general(
    "scipy.linalg.solve_sylvester(a, b, q)",
    a=f"-{_W} @ out.T", da="scipy.linalg.solve_sylvester(a, b, -da @ out)",
    b=f"-out.T @ {_W}", db="scipy.linalg.solve_sylvester(a, b, -out @ db)",
    q=_W, dq="scipy.linalg.solve_sylvester(a, b, dq)",
    infer=lambda a, b, q: _like(q, a, b),
    sample=calls("S(3), np.eye(2) + 0.3 * R(2, 2), R(3, 2)"),
)

_W = "scipy.linalg.solve_continuous_lyapunov(a.T, out_bar)"
general(
    "scipy.linalg.solve_continuous_lyapunov(a, q)",
    a=f"-({_W} @ out.T + {_W}.T @ out)",
    da="-scipy.linalg.solve_continuous_lyapunov(a, da @ out + out @ da.T)",
    q=_W, dq="scipy.linalg.solve_continuous_lyapunov(a, dq)",
    infer=lambda a, q: _like(q, a),
    sample=calls("np.eye(3) + 0.3 * R(3, 3), R(3, 3)"),
)
_W = "scipy.linalg.solve_discrete_lyapunov(a.T, out_bar)"
general(
    "scipy.linalg.solve_discrete_lyapunov(a, q)",
    a=f"as_like({_W} @ a @ out.T + {_W}.T @ a @ out, a)",
    da="as_like(scipy.linalg.solve_discrete_lyapunov(a, da @ out @ a.T + a @ out @ da.T), out)",
    q=f"as_like({_W}, q)", dq="as_like(scipy.linalg.solve_discrete_lyapunov(a, dq), out)",
    infer=lambda a, q: _doubled(_like(q, a)),
    sample=calls("0.4 * R(3, 3), R(3, 3)"),
)
