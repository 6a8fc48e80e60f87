# A longer gradient is a function that is called, and split into a pair of its own.
# mode: reverse
# at: 0.4, 0.6

import numpy as np
from adxform import grad


def settle(y: float, w: float) -> float:
    s = y
    for i in range(3):
        s = np.sin(s) * w + y
    return s


def f(x: float, w: float) -> float:
    return grad(settle, argnums=(0, 1))(x, w)[1] * x


# output

def settle_gradient_record(y, w):
    s = y
    sin_s_tape = np.empty(3)
    s_tape = np.empty(3)
    for i in range(3):
        s_tape[i] = s
        sin_s = np.sin(s)
        sin_s_tape[i] = sin_s
        s = sin_s * w + y
    cos_s_tape = np.empty(3)
    s_bar_tape = np.empty(3)
    s_bar = 1.0
    w_bar = 0.0
    y_bar = 0.0
    for i in reversed(range(3)):
        s_bar_tape[i] = s_bar
        # s = np.sin(s) * w + y
        y_bar += s_bar
        w_bar += s_bar * sin_s_tape[i]
        cos_s = np.cos(s_tape[i])
        cos_s_tape[i] = cos_s
        s_bar = s_bar * w * cos_s
    # s = y
    y_bar += s_bar
    return y_bar, w_bar, sin_s_tape, s_tape, cos_s_tape, s_bar_tape


def settle_gradient_pullback(w, sin_s_tape, s_tape, cos_s_tape, s_bar_tape, y_bar_bar, w_bar_bar):
    sin_s_tape_bar = np.zeros_like(sin_s_tape)
    s_tape_bar = np.zeros_like(s_tape)
    s_bar_bar = y_bar_bar
    w_bar = 0.0
    for i in range(3):
        # s = np.sin(s) * w + y
        product = s_bar_bar * cos_s_tape[i]
        s_bar = s_bar_tape[i]
        s_bar_2 = -(s_bar * w * s_bar_bar * np.sin(s_tape[i]))
        s_tape_bar[i] += s_bar_2
        sin_s_tape_bar[i] += w_bar_bar * s_bar
        s_bar_bar = w_bar_bar * sin_s_tape[i] + product * w
        w_bar += product * s_bar
        s_bar_bar += y_bar_bar
    s_bar = 0.0
    y_bar = 0.0
    for i in reversed(range(3)):
        # s = np.sin(s) * w + y
        y_bar += s_bar
        w_bar += s_bar * sin_s_tape[i]
        total = s_bar * w + sin_s_tape_bar[i]
        s_bar = total * np.cos(s_tape[i])
        s_bar += s_tape_bar[i]
    # s = y
    y_bar += s_bar
    return y_bar, w_bar


def f_reverse(x, w, out_bar=1.0):
    (
        settle_gradient_value,
        settle_gradient_value_2,
        settle_gradient_sin_s_tape,
        settle_gradient_s_tape,
        settle_gradient_cos_s_tape,
        settle_gradient_s_bar_tape,
    ) = settle_gradient_record(x, w)
    out = settle_gradient_value_2 * x
    # return grad(settle, argnums=(0, 1))(x, w)[1] * x
    x_bar = out_bar * settle_gradient_value_2
    settle_gradient_pullback_value, w_bar = settle_gradient_pullback(
        w,
        settle_gradient_sin_s_tape,
        settle_gradient_s_tape,
        settle_gradient_cos_s_tape,
        settle_gradient_s_bar_tape,
        0.0,
        out_bar * x,
    )
    x_bar += settle_gradient_pullback_value
    return out, (x_bar, w_bar)
