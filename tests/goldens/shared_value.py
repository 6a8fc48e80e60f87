# A value used in both branches is computed once, and its cotangent flows back once.
# mode: reverse
# at: 0.6
# at: -0.6

import numpy as np


def f(x: float) -> float:
    s = np.exp(x)
    if x > 0.0:
        y = s * s
    else:
        y = 1.0 / s
    return y + s


# output

def f_reverse(x, out_bar=1.0):
    s = np.exp(x)
    if x > 0.0:
        y = s * s
    else:
        y = 1.0 / s
    out = y + s
    if x > 0.0:
        # y = s * s
        s_bar = out_bar + 2.0 * out_bar * s
    else:
        # y = 1.0 / s
        s_bar = out_bar - 1.0 / s * out_bar / s
    # s = np.exp(x)
    x_bar = s_bar * s
    return out, x_bar
