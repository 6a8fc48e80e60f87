# An argument without influence gets zeros of its shape.
# mode: reverse
# at: 0.6, np.array([0.3, 0.4]), 1.0

import numpy as np


def f(x: float, unused: Float[np.ndarray, "n"], y: float) -> float:
    n = len(unused)
    return n * x


# output

def f_reverse(x, unused, y, out_bar=1.0):
    n = len(unused)
    out = n * x
    # return n * x
    x_bar = out_bar * n
    return out, (x_bar, np.zeros_like(unused), 0.0)
