# A loop is run backwards; what it overwrites and the adjoint needs goes into an array.
# mode: reverse
# at: np.array([0.3, -0.8, 1.1]), 3
# at: np.array([]), 0

import numpy as np


def f(x: Float[np.ndarray, "n"], n: int):
    s = 0.0
    for i in range(n):
        s = np.sin(s) + x[i] ** 2
    return s


# output

def f_reverse(x, n, s_bar=1.0):
    s_tape = np.empty(n)
    s = 0.0
    for i in range(n):
        s_tape[i] = s
        s = np.sin(s) + x[i] ** 2
    x_bar = np.zeros_like(x)
    for i in reversed(range(n)):
        # s = np.sin(s) + x[i] ** 2
        x_bar[i] += 2.0 * x[i] * s_bar
        s_bar *= np.cos(s_tape[i])
    return s, x_bar
