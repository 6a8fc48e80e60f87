# A branch becomes a branch on the same condition.
# mode: both
# at: 0.6, 2.0
# at: -0.6, 2.0

import numpy as np


def f(x: float, a: float) -> float:
    if x > 0.0:
        y = a * np.sqrt(x)
    else:
        y = a * x
    return y * x


# output

def f_forward(x, a, dx, da):
    if x > 0.0:
        sqrt_x = np.sqrt(x)
        y = a * sqrt_x
        dy = da * sqrt_x + 0.5 * dx / sqrt_x * a
    else:
        y = a * x
        dy = da * x + a * dx
    out = y * x
    dout = dy * x + y * dx
    return out, dout


def f_reverse(x, a, out_bar=1.0):
    if x > 0.0:
        sqrt_x = np.sqrt(x)
        y = a * sqrt_x
    else:
        y = a * x
    out = y * x
    # return y * x
    y_bar = out_bar * x
    x_bar = out_bar * y
    if x > 0.0:
        # y = a * np.sqrt(x)
        a_bar = y_bar * sqrt_x
        x_bar += 0.5 * y_bar * a / sqrt_x
    else:
        # y = a * x
        a_bar = y_bar * x
        x_bar += y_bar * a
    return out, (x_bar, a_bar)
