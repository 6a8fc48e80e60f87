"""The partial derivatives of SciPy's special ufuncs, if SciPy is there."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from adxform.dual.elementwise import Partial, zero

_SQRT_PI = math.sqrt(math.pi)
_SQRT_2PI = math.sqrt(2.0 * math.pi)


def _special() -> Any:
    import scipy.special

    return scipy.special


def _gammaln(out: Any, x: Any) -> Any:
    return _special().digamma(x)


def _gamma(out: Any, x: Any) -> Any:
    return out * _special().digamma(x)


def _digamma(out: Any, x: Any) -> Any:
    """The trigamma function."""
    return _special().zeta(2.0, x)


def _zeta_shift(out: Any, s: Any, q: Any) -> Any:
    return -s * _special().zeta(s + 1.0, q)


def _betaln(out: Any, a: Any, b: Any) -> Any:
    return _special().digamma(a) - _special().digamma(a + b)


def _betaln_second(out: Any, a: Any, b: Any) -> Any:
    return _betaln(out, b, a)


def _erf(out: Any, x: Any) -> Any:
    return 2.0 / _SQRT_PI * np.exp(-x * x)


def _erfc(out: Any, x: Any) -> Any:
    return -_erf(out, x)


def _erfinv(out: Any, x: Any) -> Any:
    return 0.5 * _SQRT_PI * np.exp(out * out)


def _expit(out: Any, x: Any) -> Any:
    """The slope out (1 - out), without the cancellation of the second factor."""
    return out * _special().expit(-x)


def _log_expit(out: Any, x: Any) -> Any:
    return _special().expit(-x)


def _logit(out: Any, x: Any) -> Any:
    return 1.0 / (x * (1.0 - x))


def _ndtr(out: Any, x: Any) -> Any:
    return np.exp(-0.5 * x * x) / _SQRT_2PI


def _log_ndtr(out: Any, x: Any) -> Any:
    return np.exp(-0.5 * x * x - out) / _SQRT_2PI


def _ndtri(out: Any, x: Any) -> Any:
    return _SQRT_2PI * np.exp(0.5 * out * out)


def _xlogy_factor(out: Any, x: Any, y: Any) -> Any:
    return np.log(y)


def _xlogy(out: Any, x: Any, y: Any) -> Any:
    return np.where(x == 0, 0.0, x / y)


def _xlog1py_factor(out: Any, x: Any, y: Any) -> Any:
    return np.log1p(y)


def _xlog1py(out: Any, x: Any, y: Any) -> Any:
    return np.where(x == 0, 0.0, x / (1.0 + y))


def _entr(out: Any, x: Any) -> Any:
    return -np.log(x) - 1.0


#: One partial for each operand, by the ufunc's name; None: unknown, an error for a Dual there.
_BY_NAME: dict[str, tuple[Partial | None, ...]] = {
    "gammaln": (_gammaln,),
    "loggamma": (_gammaln,),
    "gamma": (_gamma,),
    "digamma": (_digamma,),
    "zeta": (None, _zeta_shift),
    "betaln": (_betaln, _betaln_second),
    "erf": (_erf,),
    "erfc": (_erfc,),
    "erfinv": (_erfinv,),
    "expit": (_expit,),
    "log_expit": (_log_expit,),
    "logit": (_logit,),
    "ndtr": (_ndtr,),
    "log_ndtr": (_log_ndtr,),
    "ndtri": (_ndtri,),
    "xlogy": (_xlogy_factor, _xlogy),
    "xlog1py": (_xlog1py_factor, _xlog1py),
    "entr": (_entr,),
    "round": (zero,),
}


@functools.cache
def special_partials() -> dict[Any, tuple[Partial | None, ...]]:
    """The table by ufunc; empty without SciPy."""
    try:
        special = _special()
    except ImportError:
        return {}
    ufuncs = {name: getattr(special, name) for name in _BY_NAME}
    ufuncs["zeta"] = special._ufuncs._zeta  # which zeta, a Python function, calls for two arguments
    return {ufuncs[name]: partials for name, partials in _BY_NAME.items()}
