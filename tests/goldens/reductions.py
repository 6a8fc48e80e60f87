# Reductions over an axis give the axis back by an index; a maximum goes to where it was attained.
# mode: reverse
# absent: spread kept
# at: np.array([[0.3, -0.8, 0.1], [1.1, 0.4, 0.5]])

import numpy as np


def f(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "d"]:
    total = np.sum(x ** 2, axis=1)
    middle = np.mean(x, axis=0)
    top = np.max(x, axis=0)
    return middle * top * np.sum(total)


# output

def f_reverse(x, out_bar):
    total = np.sum(x ** 2, axis=1)
    middle = np.mean(x, axis=0)
    top = np.max(x, axis=0)
    product = middle * top
    sum_total = np.sum(total)
    out = product * sum_total
    # return middle * top * np.sum(total)
    product_bar = out_bar * sum_total
    total_bar = np.full_like(total, np.sum(out_bar * product))
    middle_bar = product_bar * top
    top_bar = product_bar * middle
    # top = np.max(x, axis=0)
    condition = x == top
    x_bar = top_bar / np.sum(condition, axis=0) * condition
    # middle = np.mean(x, axis=0)
    x_bar += middle_bar / x.shape[0]
    # total = np.sum(x ** 2, axis=1)
    x_bar += 2.0 * x * total_bar[:, None]
    return out, x_bar
