# Cotangents of what is read from an array are added up in place.
# mode: reverse
# at: np.array([0.3, -0.8, 0.1, 1.4])

import numpy as np


def f(x: Float[np.ndarray, "n"]) -> float:
    first = x[0]
    steps = x[1:] - x[:-1]
    table = x[:, None] * x[None, :]
    return first * np.sum(steps ** 2) + np.sum(np.sin(table))


# output

def f_reverse(x, out_bar=1.0):
    first = x[0]
    steps = x[1:] - x[:-1]
    item = x[:, None]
    item_2 = x[None, :]
    table = item * item_2
    sum_value = np.sum(steps ** 2)
    out = first * sum_value + np.sum(np.sin(table))
    # return first * np.sum(steps ** 2) + np.sum(np.sin(table))
    table_bar = out_bar * np.cos(table)
    first_bar = out_bar * sum_value
    steps_bar = 2.0 * steps * (out_bar * first)
    # table = x[:, None] * x[None, :]
    x_bar = np.sum(table_bar * item, axis=0)
    x_bar += np.sum(table_bar * item_2, axis=1)
    # steps = x[1:] - x[:-1]
    x_bar[:-1] -= steps_bar
    x_bar[1:] += steps_bar
    # first = x[0]
    x_bar[0] += first_bar
    return out, x_bar
