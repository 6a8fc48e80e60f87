# Single precision stays single: constants are numbers of Python's.
# mode: reverse
# at: np.array([0.3, 0.8, -0.2], np.float32), np.array([0.1, 0.7, 0.6], np.float32)

import numpy as np


def f(x: Float32[np.ndarray, "n"], y: Float32[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
    s = np.zeros(len(x), np.float32)
    for i in range(3):
        s = np.sin(s) * x + 0.5 * y
    return s


# output

def f_reverse(x, y, s_bar):
    s = np.zeros(len(x), dtype=np.float32)
    sin_s_tape = [None] * 3
    s_tape = [None] * 3
    for i in range(3):
        s_tape[i] = s
        sin_s = np.sin(s)
        sin_s_tape[i] = sin_s
        s = sin_s * x + 0.5 * y
    x_bar = np.zeros_like(x)
    y_bar = np.zeros_like(y)
    for i in reversed(range(3)):
        # s = np.sin(s) * x + 0.5 * y
        y_bar += 0.5 * s_bar
        x_bar += s_bar * sin_s_tape[i]
        s_bar = s_bar * x * np.cos(s_tape[i])
    return s, (x_bar, y_bar)
