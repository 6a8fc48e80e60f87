"""Rules for scipy.special: classical orthogonal polynomials of an order that is held constant.

Equations are those of the Digital Library of Mathematical Functions (DLMF).
"""

from __future__ import annotations

from adxform.rules.samples import uniform
from adxform.rules.special import special, unknown

_INSIDE = uniform(-0.8, 0.8, n=3)

# DLMF 18.9.15, 18.9.19, 18.9.21 and 18.7.9: the order falls by 1, the parameters rise by 1.
special("eval_jacobi(n, alpha, beta, x)", n=unknown, alpha=unknown, beta=unknown,
        x="0.5 * (n + alpha + beta + 1)"
          " * scipy.special.eval_jacobi(n - 1, alpha + 1, beta + 1, x) * g",
        sample=uniform(-0.8, 0.8, n=3, alpha=0.5, beta=1.5))
special("eval_gegenbauer(n, alpha, x)", n=unknown, alpha=unknown,
        x="2.0 * alpha * scipy.special.eval_gegenbauer(n - 1, alpha + 1, x) * g",
        sample=uniform(-0.8, 0.8, n=3, alpha=0.5))
special("eval_legendre(n, x)", n=unknown, sample=_INSIDE,
        x="scipy.special.eval_gegenbauer(n - 1, 1.5, x) * g")
special("eval_chebyt(n, x)", n=unknown, sample=_INSIDE,
        x="n * scipy.special.eval_chebyu(n - 1, x) * g")
special("eval_chebyu(n, x)", n=unknown, sample=_INSIDE,
        x="2.0 * scipy.special.eval_gegenbauer(n - 1, 2.0, x) * g")

# DLMF 18.9.23, 18.9.25 and 18.9.27; of order 0 the other factor is 0.
special("eval_genlaguerre(n, alpha, x)", n=unknown, alpha=unknown,
        x="-scipy.special.eval_genlaguerre(n - 1, alpha + 1, x) * g",
        sample=uniform(0.2, 0.9, n=3, alpha=0.5))
special("eval_laguerre(n, x)", n=unknown, sample=uniform(0.2, 0.9, n=3),
        x="-scipy.special.eval_genlaguerre(n - 1, 1.0, x) * g")
special("eval_hermite(n, x)", n=unknown, sample=_INSIDE,
        x="2.0 * n * scipy.special.eval_hermite(abs(n - 1), x) * g")
special("eval_hermitenorm(n, x)", n=unknown, sample=_INSIDE,
        x="n * scipy.special.eval_hermitenorm(abs(n - 1), x) * g")
