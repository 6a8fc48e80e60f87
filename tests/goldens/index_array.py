# Where an array of integers may name an element twice, np.add.at adds up.
# mode: reverse
# at: np.array([0.3, -0.8, 0.1, 1.4]), np.array([0, 2, 2])

import numpy as np


def f(x: Float[np.ndarray, "n"], places: Int[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
    return np.exp(x[places])


# output

def f_reverse(x, places, out_bar):
    out = np.exp(x[places])
    # return np.exp(x[places])
    x_bar = np.zeros_like(x)
    np.add.at(x_bar, places, out_bar * out)
    return out, x_bar
