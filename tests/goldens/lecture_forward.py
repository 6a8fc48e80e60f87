# The lecture's example: after each statement its tangent.
# mode: forward
# at: 0.7, -1.3

import numpy as np


def f(x1: float, x2: float) -> float:
    w3 = x1 * x2
    w4 = np.sin(x1)
    w5 = w3 + w4
    return w5


# output

def f_forward(x1, x2, dx1, dx2):
    w3 = x1 * x2
    dw3 = dx1 * x2 + x1 * dx2
    w4 = np.sin(x1)
    dw4 = np.cos(x1) * dx1
    w5 = w3 + w4
    dw5 = dw3 + dw4
    return w5, dw5
