# A slice changed in place in a loop: what is overwritten is recorded, and put back on the way back.
# mode: reverse
# absent: list None
# at: np.array([0.2, 0.5, 0.3, 0.9, 0.4]), 0.1, 4

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def step(u: Float[np.ndarray, "m"], a: float, n: int) -> float:
    u = u.copy()
    for t in range(n):
        u[1:-1] += a * u[2:] * u[:-2]
    return np.sum(u * u)


# output

def step_reverse(u, a, n, out_bar=1.0):
    u = u.copy()
    u_tape = np.empty((n,) + u[1:-1].shape)
    for t in range(n):
        u_tape[t] = u[1:-1]
        u[1:-1] += a * u[2:] * u[:-2]
    out = np.sum(u * u)
    # return np.sum(u * u)
    u_bar = 2.0 * out_bar * u
    a_bar = 0.0
    for t in reversed(range(n)):
        u[1:-1] = u_tape[t]
        # u[1:-1] += a * u[2:] * u[:-2]
        product_bar = np.copy(u_bar[1:-1])
        product_bar_2 = product_bar * u[:-2]
        item = u[2:]
        u_bar[:-2] += a * item * product_bar
        a_bar += np.sum(product_bar_2 * item)
        u_bar[2:] += product_bar_2 * a
    return out, (u_bar, a_bar)
