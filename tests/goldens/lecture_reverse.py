# The lecture's example: cotangents that are only forwarded are not named.
# mode: reverse
# at: 0.7, -1.3

import numpy as np


def f(x1: float, x2: float) -> float:
    w3 = x1 * x2
    w4 = np.sin(x1)
    w5 = w3 + w4
    return w5


# output

def f_reverse(x1, x2, w5_bar=1.0):
    w3 = x1 * x2
    w4 = np.sin(x1)
    w5 = w3 + w4
    # w4 = np.sin(x1)
    x1_bar = w5_bar * np.cos(x1)
    # w3 = x1 * x2
    x1_bar += w5_bar * x2
    x2_bar = w5_bar * x1
    return w5, (x1_bar, x2_bar)
