# What two nested loops overwrite goes into one array of two axes.
# mode: reverse
# at: np.array([[0.3, -0.8, 0.1], [1.1, 0.4, 0.5]])

import numpy as np


def f(x: Float[np.ndarray, "n m"]) -> float:
    n, m = x.shape
    s = 0.0
    for i in range(n):
        for j in range(m):
            s = np.sin(s) * x[i, j] + x[i, j]
    return s


# output

def f_reverse(x, s_bar=1.0):
    n, m = x.shape
    sin_s_tape = np.empty((n, m))
    s_tape = np.empty((n, m))
    s = 0.0
    for i in range(n):
        for j in range(m):
            s_tape[i, j] = s
            sin_s = np.sin(s)
            sin_s_tape[i, j] = sin_s
            x_ij = x[i, j]
            s = sin_s * x_ij + x_ij
    x_bar = np.zeros_like(x)
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            # s = np.sin(s) * x[i, j] + x[i, j]
            x_bar[i, j] += s_bar + s_bar * sin_s_tape[i, j]
            s_bar = s_bar * x[i, j] * np.cos(s_tape[i, j])
    return s, x_bar
