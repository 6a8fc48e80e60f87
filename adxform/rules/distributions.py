"""Rules for scipy.special: distribution functions, their inverses, losses, Box and Cox's powers.

A distribution function's slope is its density; that of an inverse is 1 over the density where it
leads to. Densities are those of Johnson, Kotz and Balakrishnan (1994 and 1995).
"""

from __future__ import annotations

from adxform.core.types import Scalar, Type
from adxform.rules.samples import uniform
from adxform.rules.special import special, unknown
from adxform.rules.table import Formula

# The gamma, chi-square (a gamma in x / 2 of shape v / 2), beta and t distributions.
_GAMMA = "np.exp(out - scipy.special.xlogy(a - 1, out) + scipy.special.gammaln(a))"
_SHAPE = uniform(0.2, 0.8, a=1.5)
special("gammaincinv(a, y)", a=unknown, y=f"g * {_GAMMA}", sample=_SHAPE)
special("gammainccinv(a, y)", a=unknown, y=f"-g * {_GAMMA}", sample=_SHAPE)


def _number(text: str, *types: Type) -> str:
    """A function of Python's numbers, as one of them: NumPy's would widen single precision."""
    return f"float({text})" if all(isinstance(t, Scalar) for t in types) else text


def _chi_square(sign: str) -> Formula:
    def density(v: Type) -> str:
        scale = _number("scipy.special.gammaln(0.5 * v)", v)
        power = "scipy.special.xlogy(0.5 * v - 1, 0.5 * x)"
        return f"{sign}g * as_like(0.5 * np.exp({power} - 0.5 * x - {scale}), out)"

    return density


def _beta(a: Type, b: Type) -> str:
    scale = _number("scipy.special.betaln(a, b)", a, b)
    powers = "scipy.special.xlogy(1 - a, out) + scipy.special.xlog1py(1 - b, -out)"
    return f"g * as_like(np.exp({scale} + {powers}), out)"


def _t(df: Type) -> str:
    whole, half = "scipy.special.gammaln(0.5 * df + 0.5)", "scipy.special.gammaln(0.5 * df)"
    scale = _number(f"np.exp({whole} - {half}) / (df * np.pi) ** 0.5", df)
    return f"g * {scale} * (1 + t * t / df) ** (-0.5 * df - 0.5)"


special("chdtr(v, x)", v=unknown, x=_chi_square(""), sample=uniform(0.5, 2.0, v=3.0))
special("chdtrc(v, x)", v=unknown, x=_chi_square("-"), sample=uniform(0.5, 2.0, v=3.0))
special("betaincinv(a, b, y)", a=unknown, b=unknown, y=_beta,
        sample=uniform(0.2, 0.8, a=1.5, b=2.5))
special("stdtr(df, t)", df=unknown, t=_t, sample=uniform(-1.0, 1.0, df=3.0))

special("betaincc(a, b, x)", a=unknown, b=unknown, sample=uniform(0.2, 0.8, a=1.5, b=2.5),
        x="-g * as_like(np.exp(scipy.special.xlogy(a - 1, x) + scipy.special.xlog1py(b - 1, -x)"
          " - scipy.special.betaln(a, b)), out)")


def _gamma_rate(sign: str, by: str) -> str:
    """The gamma distribution of rate a and shape b: a function of a * x."""
    density = "scipy.special.xlogy(b, a * x) - a * x - scipy.special.gammaln(b)"
    return f"{sign}g * as_like(np.exp({density}), out) / {by}"


for _name, _sign in (("gdtr", ""), ("gdtrc", "-")):
    special(f"{_name}(a, b, x)", a=_gamma_rate(_sign, "a"), b=unknown, x=_gamma_rate(_sign, "x"),
            sample=uniform(0.5, 2.0, b=2.5))

# Sums of Poisson and binomial probabilities: all terms cancel but the last.
for _name, _sign in (("pdtr", "-"), ("pdtrc", "")):
    special(f"{_name}(k, m)", k=unknown, sample=uniform(0.5, 2.0, k=2),
            m=f"{_sign}g * as_like(np.exp(scipy.special.xlogy(k, m) - m"
              " - scipy.special.gammaln(k + 1)), out)")

# Densities that scipy.stats takes from Boost; x of the first two is a count.
special("_ufuncs._binom_pmf(x, n, p)", x=unknown, n=unknown,
        p="g * out * (x / p - (n - x) / (1 - p))", sample=uniform(0.2, 0.8, x=2.0, n=5.0))
special("_ufuncs._nbinom_pmf(x, r, p)", x=unknown, r=unknown,
        p="g * out * (r / p - x / (1 - p))", sample=uniform(0.2, 0.8, x=2.0, r=3.0))


def _of_shape(name: str, log: str) -> str:
    psi = f"scipy.special.digamma({name}) - scipy.special.digamma(a + b)"
    return f"g * out * as_like({log} - ({psi}), out)"


special("_ufuncs._beta_pdf(x, a, b)", x="g * out * ((a - 1) / x - (b - 1) / (1 - x))",
        a=_of_shape("a", "np.log(x)"), b=_of_shape("b", "np.log1p(-x)"), sample=uniform(0.2, 0.8))

# Box and Cox's powers (1964): (x ** power - 1) / power, of x or of 1 + x, and their inverses.
special("boxcox1p(x, power)", x="(1 + x) ** (power - 1) * g", power=unknown,
        sample=uniform(0.2, 0.9, power=1.5))
special("inv_boxcox(y, power)", y="out ** (1 - power) * g", power=unknown,
        sample=uniform(0.2, 0.9, power=1.5))
special("inv_boxcox1p(y, power)", y="(1 + out) ** (1 - power) * g", power=unknown,
        sample=uniform(0.2, 0.9, power=1.5))

# Huber's loss (1964), quadratic up to delta, and its smooth kin.
_LOSS = uniform(-1.0, 1.0, delta=(0.3, 0.9))
special("huber(delta, r)", delta="g * np.maximum(np.maximum(r - delta, -r - delta), 0.0)",
        r="g * np.minimum(np.maximum(r, -delta), delta)", sample=_LOSS)
special("pseudo_huber(delta, r)", r="g * r / np.sqrt(1 + (r / delta) ** 2)", sample=_LOSS,
        delta="g * (2.0 * out / delta - r * r / (delta * np.sqrt(1 + (r / delta) ** 2)))")
