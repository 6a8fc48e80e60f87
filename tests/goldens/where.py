# Each side of np.where gets the cotangent where it was chosen.
# mode: reverse
# at: np.array([0.3, -0.8, 0.1, 1.4]), 0.2

import numpy as np


def f(x: Float[np.ndarray, "n"], slope: float) -> Float[np.ndarray, "n"]:
    return np.where(x > 0.0, x, slope * x)


# output

def f_reverse(x, slope, out_bar):
    condition = x > 0.0
    out = np.where(condition, x, slope * x)
    # return np.where(x > 0.0, x, slope * x)
    x_bar = np.where(condition, out_bar, 0.0)
    slope_bar = np.sum(np.where(condition, 0.0, out_bar * x))
    x_bar += np.where(condition, 0.0, out_bar * slope)
    return out, (x_bar, slope_bar)
