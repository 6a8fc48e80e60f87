# An early return is one side of a branch.
# mode: reverse
# at: -0.5
# at: 0.5
# at: 1.5

import numpy as np


def f(x: float) -> float:
    if x < 0.0:
        return 0.0 * x
    if x < 1.0:
        return x * x
    return 2.0 * x - 1.0


# output

def f_reverse(x, out_bar=1.0):
    if x < 0.0:
        out = 0.0 * x
        # return 0.0 * x
        x_bar = 0.0 * out_bar
    elif x < 1.0:
        out = x * x
        # return x * x
        x_bar = 2.0 * out_bar * x
    else:
        out = 2.0 * x - 1.0
        # return 2.0 * x - 1.0
        x_bar = 2.0 * out_bar
    return out, x_bar
