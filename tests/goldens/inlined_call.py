# A small function is inlined where it is called.
# mode: reverse
# at: 0.3, 1.4

import numpy as np


def logistic(t: float) -> float:
    return 1.0 / (1.0 + np.exp(-t))


def f(x: float, w: float) -> float:
    p = logistic(w * x)
    return p * logistic(p)


# output

def f_reverse(x, w, out_bar=1.0):
    exp_value = np.exp(-(w * x))
    total = 1.0 + exp_value
    p = 1.0 / total
    exp_value_2 = np.exp(-p)
    total_2 = 1.0 + exp_value_2
    ratio = 1.0 / total_2
    out = p * ratio
    # return p * logistic(p)
    p_bar = out_bar * ratio
    # return 1.0 / (1.0 + np.exp(-t))
    p_bar += out_bar * p * ratio / total_2 * exp_value_2
    product_bar = p_bar * p / total * exp_value
    # p = logistic(w * x)
    w_bar = product_bar * x
    x_bar = product_bar * w
    return out, (x_bar, w_bar)
