# The lecture's example as differentiated: one group for each statement, with its copies.
# mode: reverse
# stage: reverse
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
    # w5 = w3 + w4
    w3_bar = w5_bar
    w4_bar = w5_bar
    # w4 = np.sin(x1)
    x1_bar = w4_bar * np.cos(x1)
    # w3 = x1 * x2
    x1_bar += w3_bar * x2
    x2_bar = w3_bar * x1
    return w5, (x1_bar, x2_bar)
