# Two functions that call each other.
# mode: reverse
# at: 0.6, 5

import numpy as np


def even(x: float, n: int) -> float:
    if n == 0:
        return x
    y = odd(x, n - 1)
    for k in range(2):
        y = np.sin(y) + x
    return y


def odd(x: float, n: int) -> float:
    if n == 0:
        return 0.5 * x
    y = even(x, n - 1)
    for k in range(2):
        y = np.cos(y) * x
    return y


def f(x: float, n: int) -> float:
    return even(x, n)


# output

def odd_record(x, n):
    if n == 0:
        out = 0.5 * x
        cos_y_tape = None
        y_tape = None
        even_tape = None
    else:
        y, even_tape = even_record(x, n - 1)
        cos_y_tape = np.empty(2)
        y_tape = np.empty(2)
        for k in range(2):
            y_tape[k] = y
            cos_y = np.cos(y)
            cos_y_tape[k] = cos_y
            y = cos_y * x
        out = y
    return out, (x, n, even_tape, y_tape, cos_y_tape)


def even_record(x, n):
    if n == 0:
        out = x
        y_tape = None
        odd_tape = None
    else:
        y, odd_tape = odd_record(x, n - 1)
        y_tape = np.empty(2)
        for k in range(2):
            y_tape[k] = y
            y = np.sin(y) + x
        out = y
    return out, (n, odd_tape, y_tape)


def odd_pullback(tape, out_bar):
    x, n, even_tape, y_tape, cos_y_tape = tape
    if n == 0:
        # return 0.5 * x
        x_bar = 0.5 * out_bar
    else:
        y_bar = out_bar
        x_bar = 0.0
        for k in reversed(range(2)):
            # y = np.cos(y) * x
            x_bar += y_bar * cos_y_tape[k]
            y_bar = -(y_bar * x * np.sin(y_tape[k]))
        # y = even(x, n - 1)
        x_bar += even_pullback(even_tape, y_bar)
    return x_bar


def even_pullback(tape, out_bar):
    n, odd_tape, y_tape = tape
    if n == 0:
        x_bar = out_bar
    else:
        y_bar = out_bar
        x_bar = 0.0
        for k in reversed(range(2)):
            # y = np.sin(y) + x
            x_bar += y_bar
            y_bar *= np.cos(y_tape[k])
        # y = odd(x, n - 1)
        x_bar += odd_pullback(odd_tape, y_bar)
    return x_bar


def f_reverse(x, n, out_bar=1.0):
    out, even_tape = even_record(x, n)
    # return even(x, n)
    x_bar = even_pullback(even_tape, out_bar)
    return out, x_bar
