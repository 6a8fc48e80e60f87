"""Helpers that formulas of elementwise rules call; their text is copied into generated code."""

from __future__ import annotations


def math_polygamma(n: int, x: float) -> float:
    """The n-th derivative of the digamma function.

    Shifted to x >= 16 by its recurrence, where its asymptotic series holds to rounding.
    """
    import math  # here, because this text alone is copied

    x = float(x)  # an array would be shifted in place
    total, sign, factor = 0.0, (-1.0) ** (n + 1), math.factorial(n)
    while x < 16.0:
        total += factor / x ** (n + 1)
        x += 1.0
    series = math.log(x) if n == 0 else 0.0
    tail = factor / (2.0 * x ** (n + 1)) + (factor / n / x**n if n else 0.0)
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6), 1):
        tail += bernoulli * math.factorial(2 * k + n - 1) / math.factorial(2 * k) / x ** (2 * k + n)
    return series + sign * (total + tail)
