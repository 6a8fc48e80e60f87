# An array that is filled in place: its elements are read again, and nothing is recorded.
# mode: reverse
# absent: copy None
# at: 0.4, 2.9, 5

import numpy as np


def f(u0: float, r: float, n: int) -> float:
    u = np.zeros(n + 1)
    u[0] = u0
    for k in range(n):
        u[k + 1] = r * u[k] * (1.0 - u[k])
    return u[n]


# output

def f_reverse(u0, r, n, out_bar=1.0):
    u = np.zeros(n + 1)
    u[0] = u0
    for k in range(n):
        u[k + 1] = r * u[k] * (1.0 - u[k])
    out = u[n]
    # return u[n]
    u_bar = np.zeros_like(u)
    u_bar[n] = out_bar
    r_bar = 0.0
    for k in reversed(range(n)):
        # u[k + 1] = r * u[k] * (1.0 - u[k])
        item = u_bar[k + 1]
        u_k = u[k]
        product_bar = item * (1.0 - u_k)
        r_bar += product_bar * u_k
        u_bar[k] += product_bar * r - r * u_k * item
    # u[0] = u0
    u0_bar = u_bar[0]
    return out, (u0_bar, r_bar)
