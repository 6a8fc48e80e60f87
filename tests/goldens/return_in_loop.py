# What a return inside a loop computes is computed after the loop, which so has one way through it.
# mode: reverse
# wrt: x
# at: np.array([0.5, -1.0, 2.0]), 1.0
# at: np.array([0.5, -1.0, 2.0]), 9.0
# at: np.zeros(0), 1.0

import numpy as np
from jaxtyping import Float


def f(x: Float[np.ndarray, "n"], limit: float) -> float:
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) + x[i] ** 2
        if s > limit:
            return np.sqrt(s)
    return s


# output

def f_reverse(x, limit, out_bar=1.0):
    s = 0.0
    returned = False
    len_x = len(x)
    s_tape = np.empty(len_x)
    trips = 0
    for i in range(len_x):
        trips += 1
        s_tape[i] = s
        s = np.sin(s) + x[i] ** 2
        returned = s > limit
        if returned:
            break
    if returned:
        out = np.sqrt(s)
        # return np.sqrt(s)
        s_bar = 0.5 * out_bar / out
    else:
        out = s
        s_bar = out_bar
    x_bar = np.zeros_like(x)
    for i in reversed(range(trips)):
        # s = np.sin(s) + x[i] ** 2
        x_bar[i] += 2.0 * x[i] * s_bar
        s_bar *= np.cos(s_tape[i])
    return out, x_bar
