# The inner loop's length depends on the outer index.
# mode: reverse
# at: np.array([0.3, -0.8, 0.1, 1.4])

import numpy as np


def f(x: Float[np.ndarray, "n"]) -> float:
    s = 1.0
    for i in range(len(x)):
        for j in range(i):
            s = s * np.cos(x[i] - x[j])
    return s


# output

def f_reverse(x, s_bar=1.0):
    s = 1.0
    len_x = len(x)
    cos_value_tape = [None] * len_x
    s_tape = [None] * len_x
    for i in range(len_x):
        cos_value_tape_2 = np.empty(i)
        s_tape_2 = np.empty(i)
        for j in range(i):
            s_tape_2[j] = s
            cos_value = np.cos(x[i] - x[j])
            cos_value_tape_2[j] = cos_value
            s = s * cos_value
        cos_value_tape[i] = cos_value_tape_2
        s_tape[i] = s_tape_2
    x_bar = np.zeros_like(x)
    for i in reversed(range(len_x)):
        for j in reversed(range(i)):
            # s = s * np.cos(x[i] - x[j])
            x_j_bar = s_bar * s_tape[i][j] * np.sin(x[i] - x[j])
            s_bar *= cos_value_tape[i][j]
            x_bar[j] += x_j_bar
            x_bar[i] -= x_j_bar
    return s, x_bar
