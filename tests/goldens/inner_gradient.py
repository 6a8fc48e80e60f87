# A step of gradient descent inside: the inner gradient's statements take the place of its call.
# mode: reverse
# at: 0.4, 0.6

import numpy as np
from adxform import grad


def f(x: float, w: float) -> float:
    def loss(p):
        return (np.sin(p) * w - x) ** 2

    p = w - 0.1 * grad(loss)(w)
    return loss(p)


# output

def f_reverse(x, w, out_bar=1.0):
    sin_w = np.sin(w)
    product = 2.0 * (sin_w * w - x)
    product_2 = product * w
    cos_w = np.cos(w)
    p_bar = product_2 * cos_w
    p = w - 0.1 * p_bar
    sin_p = np.sin(p)
    difference = sin_p * w - x
    out = difference ** 2
    # return (np.sin(p) * w - x) ** 2
    difference_bar = 2.0 * difference * out_bar
    x_bar = -difference_bar
    w_bar = difference_bar * sin_p
    p_bar = difference_bar * w * np.cos(p)
    # p = w - 0.1 * grad(loss)(w)
    w_bar += p_bar
    product_3 = 0.1 * p_bar
    product_4 = product_3 * cos_w
    w_bar += product_3 * product_2 * sin_w
    w_bar -= product_4 * product
    product = 2.0 * product_4 * w
    x_bar += product
    w_bar -= product * sin_w
    w_bar -= product * w * cos_w
    return out, (x_bar, w_bar)
