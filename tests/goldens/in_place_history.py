# Rows filled one after another: no later write changes a row that was read, so nothing is recorded.
# mode: reverse
# absent: tape
# at: np.array([0.2, 0.5, 0.3, 0.9, 0.4]), 0.1, 4

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def heat(u0: Float[np.ndarray, "m"], k: float, n: int) -> float:
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += k * u[t, 1:-1] * (u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2])
    return np.sum(u[n] ** 2)


# output

def heat_reverse(u0, k, n, out_bar=1.0):
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1] = u[t]
        item = u[t, 1:-1]
        u[t + 1, 1:-1] += k * item * (u[t, 2:] - 2 * item + u[t, :-2])
    u_n = u[n]
    out = np.sum(u_n ** 2)
    # return np.sum(u[n] ** 2)
    u_bar = np.zeros_like(u)
    u_bar[n] = 2.0 * u_n * out_bar
    k_bar = 0.0
    for t in reversed(range(n)):
        # u[t + 1, 1:-1] += k * u[t, 1:-1] * (u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2])
        product_bar = np.copy(u_bar[t + 1, 1:-1])
        item = u[t, 1:-1]
        product_bar_2 = product_bar * (u[t, 2:] - 2 * item + u[t, :-2])
        total_bar = k * item * product_bar
        u_bar[t, :-2] += total_bar
        u_bar[t, 1:-1] -= 2 * total_bar
        u_bar[t, 2:] += total_bar
        k_bar += np.sum(product_bar_2 * item)
        u_bar[t, 1:-1] += product_bar_2 * k
        # u[t + 1] = u[t]
        u_bar[t] += u_bar[t + 1]
    return out, (np.copy(u_bar[0]), k_bar)
