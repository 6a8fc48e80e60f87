"""Rules for scipy.special: factorials, hypergeometric, elliptic and further Bessel functions.

Equations are those of the Digital Library of Mathematical Functions (DLMF).
"""

from __future__ import annotations

from adxform.rules.samples import uniform
from adxform.rules.special import special, unknown

# Quotients of gamma functions; the logarithmic derivative of each is a digamma function.
special("poch(z, m)", m="g * out * scipy.special.digamma(z + m)", sample=uniform(0.5, 2.0),
        z="g * out * (scipy.special.digamma(z + m) - scipy.special.digamma(z))")
special("binom(n, k)", sample=uniform(0.5, 1.4, n=(2.0, 3.5)),
        n="g * out * (scipy.special.digamma(n + 1) - scipy.special.digamma(n - k + 1))",
        k="g * out * (scipy.special.digamma(n - k + 1) - scipy.special.digamma(k + 1))")

# DLMF 16.3.1, 13.3.15 and 15.5.1: the parameters move on by 1.
special("hyp0f1(v, z)", v=unknown, z="g * scipy.special.hyp0f1(v + 1, z) / v",
        sample=uniform(-0.9, 0.9, v=1.5))
special("hyp1f1(a, b, x)", a=unknown, b=unknown, sample=uniform(-0.9, 0.9, a=1.5, b=2.5),
        x="g * a / b * scipy.special.hyp1f1(a + 1, b + 1, x)")
special("hyp2f1(a, b, c, z)", a=unknown, b=unknown, c=unknown,
        sample=uniform(-0.7, 0.7, a=1.5, b=0.5, c=2.5),
        z="g * a * b / c * scipy.special.hyp2f1(a + 1, b + 1, c + 1, z)")

# DLMF 19.5.1 and 19.5.2, complete elliptic integrals of m = k ** 2 as series, differentiated.
special("ellipk(m)", m="g * np.pi / 8.0 * as_like(scipy.special.hyp2f1(1.5, 1.5, 2.0, m), m)",
        sample=uniform(-0.7, 0.7))
special("ellipe(m)", m="-g * np.pi / 8.0 * as_like(scipy.special.hyp2f1(0.5, 1.5, 2.0, m), m)",
        sample=uniform(-0.7, 0.7))

# The dilogarithm: the integral of log(t) / (1 - t) from 1 to x.
special("spence(x)", x="-g / scipy.special.exprel(np.log(x))", sample=uniform(0.2, 1.8))

# DLMF 13.3.15 for (exp(x) - 1) / x, which is hyp1f1(1, 2, x).
special("exprel(x)", x="0.5 * g * as_like(scipy.special.hyp1f1(2.0, 3.0, x), x)",
        sample=uniform(-0.9, 0.9))

# Bessel functions scaled by exp(x); DLMF 10.29.3 and 10.29.1. For real x, jve is jv.
special("k0e(x)", x="(out - scipy.special.k1e(x)) * g")
special("k1e(x)", x="(out - 0.5 * (scipy.special.k0e(x) + scipy.special.kve(2, x))) * g")
_ORDER = uniform(0.5, 2.0, n=1.5)
special("kve(n, x)", n=unknown, sample=_ORDER,
        x="(out - 0.5 * (scipy.special.kve(n - 1, x) + scipy.special.kve(n + 1, x))) * g")
special("jve(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.jve(n - 1, x) - scipy.special.jve(n + 1, x)) * g")
special("yn(n, x)", n=unknown, sample=uniform(0.5, 2.0, n=2),
        x="0.5 * (scipy.special.yn(n - 1, x) - scipy.special.yn(n + 1, x)) * g")

special("yve(n, x)", n=unknown, sample=_ORDER,
        x="0.5 * (scipy.special.yve(n - 1, x) - scipy.special.yve(n + 1, x)) * g")
special("kn(n, x)", n=unknown, sample=uniform(0.5, 2.0, n=2),
        x="-0.5 * (scipy.special.kv(n - 1, x) + scipy.special.kv(n + 1, x)) * g")

# DLMF 11.4.27 and 11.4.29 with 11.4.23: Struve functions.
special("struve(v, x)", v=unknown, sample=uniform(0.5, 2.0, v=1.5),
        x="(scipy.special.struve(v - 1, x) - v / x * out) * g")
special("modstruve(v, x)", v=unknown, sample=uniform(0.5, 2.0, v=1.5),
        x="(scipy.special.modstruve(v - 1, x) - v / x * out) * g")

# DLMF 10.61.3: Kelvin functions, w'' + w' / x = i w for w = ber + i bei and w = ker + i kei.
for _first, _second in (("ber", "bei"), ("ker", "kei")):
    special(f"{_first}(x)", x=f"scipy.special.{_first}p(x)")
    special(f"{_second}(x)", x=f"scipy.special.{_second}p(x)")
    special(f"{_first}p(x)", x=f"-scipy.special.{_second}(x) - out / x")
    special(f"{_second}p(x)", x=f"scipy.special.{_first}(x) - out / x")

special("sindg(x)", x="g * np.pi / 180.0 * scipy.special.cosdg(x)", sample=uniform(-90.0, 90.0))
special("cosdg(x)", x="-g * np.pi / 180.0 * scipy.special.sindg(x)", sample=uniform(-90.0, 90.0))

# DLMF 8.19.13: exponential integrals of order n.
special("expn(n, x)", n=unknown, x="-scipy.special.expn(n - 1, x) * g",
        sample=uniform(0.5, 2.0, n=3))

# DLMF 19.4.4 and 19.4.6: incomplete elliptic integrals.
_ROOT = "np.sqrt(1 - m * np.sin(phi) ** 2)"
_ANGLES = uniform(0.2, 0.8, m=(0.1, 0.7))
special("ellipkinc(phi, m)", phi=f"g / {_ROOT}", sample=_ANGLES,
        m="g * (scipy.special.ellipeinc(phi, m) / (2.0 * m * (1 - m)) - out / (2.0 * m)"
          f" - np.sin(2.0 * phi) / (4.0 * (1 - m) * {_ROOT}))")
special("ellipeinc(phi, m)", phi=f"g * {_ROOT}", sample=_ANGLES,
        m="g * (out - scipy.special.ellipkinc(phi, m)) / (2.0 * m)")

# Owen's function of the normal distribution.
special("owens_t(h, a)",
        h="-g * np.exp(-0.5 * h * h) * scipy.special.erf(a * h / 2.0 ** 0.5)"
          " / (8.0 * np.pi) ** 0.5",
        a="g * np.exp(-0.5 * h * h * (1 + a * a)) / (2.0 * np.pi * (1 + a * a))")
