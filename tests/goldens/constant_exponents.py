# A constant exponent gives its derivative at once: no logarithm, no power of 1 or 0.
# mode: reverse
# absent: np.log
# at: 1.2

import numpy as np


def f(x: float) -> float:
    return x ** 2 + x ** 3 + x ** -1 + x ** 0.5 + x ** 1 + 2.0 ** 3 * x


# output

def f_reverse(x, out_bar=1.0):
    power = x ** 2
    power_2 = 2.0 ** 3
    out = power + x ** 3 + x ** -1 + x ** 0.5 + x ** 1 + power_2 * x
    # return x ** 2 + x ** 3 + x ** -1 + x ** 0.5 + x ** 1 + 2.0 ** 3 * x
    x_bar = out_bar * power_2 + out_bar
    x_bar += 0.5 * x ** -0.5 * out_bar
    x_bar -= out_bar * x ** -2
    x_bar += 3.0 * power * out_bar
    x_bar += 2.0 * x * out_bar
    return out, x_bar
