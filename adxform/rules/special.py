"""Rules for scipy.special: gamma, error and Bessel functions, entropies, and softmax."""

from __future__ import annotations

from typing import Any

from adxform.core.types import ANY, Array, Scalar, Type, dims_of, is_weak
from adxform.errors import Diagnostic, MissingRuleError
from adxform.rules import infer
from adxform.rules.samples import calls, uniform
from adxform.rules.table import alias, elementwise, general, inactive
from adxform.rules.ufuncs import float_result, strong


def _result(*types: Type) -> Type:
    """The broadcast of all operands; beside a Python number some functions widen a float32."""
    found = float_result(*types)
    mixed = any(map(is_weak, types))
    if not mixed or (isinstance(found, Array | Scalar) and found.dtype == "float64"):
        return found
    return Array(None, dims_of(found)) if isinstance(found, Array) else ANY


def _double_array(*types: Type) -> Type:
    """What polygamma gives: an array of double precision, even of no dimensions."""
    found = float_result(*types)
    return Array("float64", dims_of(found)) if isinstance(found, Array | Scalar) else found


def special(
    pattern: str, *, infer: object = _result, sample: object = None, **partials: Any
) -> None:
    """A function of scipy.special that acts element by element, and its partial derivatives."""
    elementwise(f"scipy.special.{pattern}", infer=infer, sample=sample, **partials)


def unknown() -> str:
    """The formula of a partial derivative that nobody wrote: it has no closed form."""
    raise MissingRuleError(
        Diagnostic(
            "no derivative rule in the order or shape parameter of this function of scipy.special",
            hint="Hold it constant with stop_gradient.",
        )
    )


_SIGNED = uniform(-1.0, 1.0)

# Logistic functions and their kin.
special("expit(x)", x="out * (1 - out)", sample=_SIGNED)
special("logit(x)", x="g / (x * (1 - x))")
special("log_expit(x)", x="scipy.special.expit(-x)", sample=_SIGNED)
special("softplus(x)", x="scipy.special.expit(x)", sample=_SIGNED)
alias("scipy.special.exp2(x)", "np.exp2")
alias("scipy.special.expm1(x)", "np.expm1")
alias("scipy.special.log1p(x)", "np.log1p")
alias("scipy.special.cbrt(x)", "np.cbrt")
special("exp10(x)", x="2.302585092994046 * out * g")
special("cosm1(x)", x="-g * np.sin(x)")
special("boxcox(x, power)", x="x ** (power - 1) * g", power=unknown,
        sample=uniform(0.3, 1.5, power=2.5))

# Entropies: 0 log 0 is 0.
special("xlogy(x, y)", x="scipy.special.xlogy(g, y)", y="g * x / (y + (x == 0))")
special("xlog1py(x, y)", x="scipy.special.xlog1py(g, y)", y="g * x / (1 + y + (x == 0))")
special("entr(x)", x="-g * (np.log(x) + 1)")
special("rel_entr(x, y)", x="g * (np.log(x / y) + 1)", y="-g * x / y")
special("kl_div(x, y)", x="np.log(x / y)", y="1 - x / y")

# The normal distribution and the error function.
special("erf(x)", x="2.0 / np.pi ** 0.5 * np.exp(-x * x) * g", sample=_SIGNED)
special("erfc(x)", x="-2.0 / np.pi ** 0.5 * np.exp(-x * x) * g", sample=_SIGNED)
special("erfi(x)", x="2.0 / np.pi ** 0.5 * np.exp(x * x) * g", sample=_SIGNED)
special("erfcx(x)", x="2.0 * (x * out - 1.0 / np.pi ** 0.5) * g", sample=_SIGNED)
special("dawsn(x)", x="1 - 2.0 * x * out", sample=_SIGNED)
special("erfinv(x)", x="0.5 * np.pi ** 0.5 * np.exp(out * out) * g", sample=uniform(-0.9, 0.9))
special("erfcinv(x)", x="-0.5 * np.pi ** 0.5 * np.exp(out * out) * g", sample=uniform(0.2, 1.8))
special("ndtr(x)", x="g * np.exp(-0.5 * x * x) / (2.0 * np.pi) ** 0.5", sample=_SIGNED)
special("log_ndtr(x)", x="g * np.exp(-0.5 * x * x - out) / (2.0 * np.pi) ** 0.5", sample=_SIGNED)
special("ndtri(x)", x="(2.0 * np.pi) ** 0.5 * np.exp(0.5 * out * out) * g",
        sample=uniform(0.1, 0.9))

# Gamma and beta functions; the derivative of digamma is zeta(2, x) for x > 0.
special("gamma(x)", x="g * out * scipy.special.digamma(x)")
special("gammaln(x)", x="scipy.special.digamma(x)")
alias("scipy.special.loggamma(x)", "scipy.special.gammaln")
special("rgamma(x)", x="-g * out * scipy.special.digamma(x)")
special("digamma(x)", x="scipy.special.zeta(2.0, x)")
alias("scipy.special.psi(x)", "scipy.special.digamma")
special("zeta(s, x)", s=unknown, x="-s * scipy.special.zeta(s + 1, x) * g",
        sample=uniform(0.3, 1.5, s=2.5))
special("polygamma(n, x)", n=unknown, x="scipy.special.polygamma(n + 1, x)",
        infer=_double_array, sample=uniform(0.3, 1.5, n=1))
special(
    "beta(x, y)",
    x="g * out * (scipy.special.digamma(x) - scipy.special.digamma(x + y))",
    y="g * out * (scipy.special.digamma(y) - scipy.special.digamma(x + y))",
)
special(
    "betaln(x, y)",
    x="scipy.special.digamma(x) - scipy.special.digamma(x + y)",
    y="scipy.special.digamma(y) - scipy.special.digamma(x + y)",
)
special("gammainc(a, x)", a=unknown, sample=uniform(0.3, 1.5, a=1.5),
        x="g * np.exp(scipy.special.xlogy(a - 1, x) - x - scipy.special.gammaln(a))")
special("gammaincc(a, x)", a=unknown, sample=uniform(0.3, 1.5, a=1.5),
        x="-g * np.exp(scipy.special.xlogy(a - 1, x) - x - scipy.special.gammaln(a))")


def _betainc_x(a: Type, b: Type) -> str:
    """The density of the beta distribution; beta(a, b) of Python numbers stays one."""
    beta = "scipy.special.beta(a, b)"
    beta = f"float({beta})" if isinstance(a, Scalar) and isinstance(b, Scalar) else beta
    return f"g * x ** (a - 1) * (1 - x) ** (b - 1) / {beta}"


special("betainc(a, b, x)", a=unknown, b=unknown, sample=uniform(0.2, 0.8, a=1.5, b=2.5),
        x=_betainc_x)
special("exp1(x)", x="-g * np.exp(-x) / x")
special("expi(x)", x="g * np.exp(x) / x")
inactive("scipy.special.gammasgn(x)", "scipy.special.round(x)", infer=float_result)

# Bessel functions.
_ORDER = uniform(0.5, 2.0, n=1.5)
special("j0(x)", x="-g * scipy.special.j1(x)", sample=_SIGNED)
special("j1(x)", x="0.5 * (scipy.special.j0(x) - scipy.special.jv(2, x)) * g", sample=_SIGNED)
special("jv(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.jv(n - 1, x) - scipy.special.jv(n + 1, x)) * g")
alias("scipy.special.jn(n, x)", "scipy.special.jv")
special("y0(x)", x="-g * scipy.special.y1(x)")
special("y1(x)", x="0.5 * (scipy.special.y0(x) - scipy.special.yv(2, x)) * g")
special("yv(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.yv(n - 1, x) - scipy.special.yv(n + 1, x)) * g")
special("i0(x)", x="scipy.special.i1(x)", sample=_SIGNED)
special("i1(x)", x="0.5 * (scipy.special.i0(x) + scipy.special.iv(2, x)) * g", sample=_SIGNED)
special("iv(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.iv(n - 1, x) + scipy.special.iv(n + 1, x)) * g")
special("i0e(x)", x="scipy.special.i1e(x) - np.sign(x) * out", sample=_SIGNED)
special("i1e(x)", sample=_SIGNED,
        x="0.5 * (scipy.special.i0e(x) + scipy.special.ive(2, x)) * g - g * np.sign(x) * out")
special("ive(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.ive(n - 1, x) + scipy.special.ive(n + 1, x)) * g"
        " - g * np.sign(x) * out")
special("k0(x)", x="-g * scipy.special.k1(x)")
special("k1(x)", x="-0.5 * (scipy.special.k0(x) + scipy.special.kv(2, x)) * g")
special("kv(n, x)", n=unknown, sample=_ORDER,
        x="-0.5 * (scipy.special.kv(n - 1, x) + scipy.special.kv(n + 1, x)) * g")


# Log-sums and softmax; where all terms are log(0), nan_to_num keeps their slopes at 0.


def _lse(a: Type, axis: Type, keepdims: Type) -> Type:
    return strong(infer.float_reduction(a, axis, keepdims))


_LSE = calls("R(3)", "R(2, 3)", "R(2, 3), axis=0", "R(2, 3), axis=-1, keepdims=True",
             "R(2, 3, 4), axis=(0, 2)")
general(
    "scipy.special.logsumexp(a, axis=None, *, keepdims=False)",
    a="spread(out_bar, a, axis, keepdims)"
    " * np.exp(a - spread(np.nan_to_num(out), a, axis, keepdims))",
    da="np.sum(np.exp(a - spread(np.nan_to_num(out), a, axis, keepdims)) * da,"
    " axis=axis, keepdims=keepdims)",
    infer=_lse,
    sample=_LSE,
)


def _same_shape(x: Type, *_: Type) -> Type:
    return infer.elementwise(x)


_SOFT = calls("R(3)", "R(2, 3)", "R(2, 3), axis=0", "R(2, 3), axis=1")
general(
    "scipy.special.softmax(x, axis=None)",
    x="out * (out_bar - np.sum(out_bar * out, axis=axis, keepdims=True))",
    dx="out * (dx - np.sum(out * dx, axis=axis, keepdims=True))",
    infer=_same_shape,
    sample=_SOFT,
)
general(
    "scipy.special.log_softmax(x, axis=None)",
    x="out_bar - np.exp(out) * np.sum(out_bar, axis=axis, keepdims=True)",
    dx="dx - np.sum(np.exp(out) * dx, axis=axis, keepdims=True)",
    infer=_same_shape,
    sample=_SOFT,
)
