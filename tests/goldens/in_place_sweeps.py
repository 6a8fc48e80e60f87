# Gauss-Seidel sweeps: each element's old value is recorded, and put back on the way back.
# mode: reverse
# at: np.array([0.2, 0.5, 0.3, 0.9, 0.4]), np.array([0.1, 0.3, 0.2, 0.2, 0.5]), 3

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def relax(u: Float[np.ndarray, "m"], f: Float[np.ndarray, "m"], sweeps: int) -> float:
    u = u.copy()
    for k in range(sweeps):
        for i in range(1, len(u) - 1):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + f[i] * u[i] ** 2
    return np.sum(u**2)


# output

def relax_reverse(u, f, sweeps, out_bar=1.0):
    u = u.copy()
    u_tape = np.empty((sweeps, len(range(1, len(u) - 1))))
    for k in range(sweeps):
        for i in range(1, len(u) - 1):
            u_tape[k, i - 1] = u[i]
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + f[i] * u[i] ** 2
    out = np.sum(u ** 2)
    # return np.sum(u**2)
    u_bar = 2.0 * u * out_bar
    f_bar = np.zeros_like(f)
    for k in reversed(range(sweeps)):
        for i in reversed(range(1, len(u) - 1)):
            u[i] = u_tape[k, i - 1]
            # u[i] = 0.5 * (u[i - 1] + u[i + 1]) + f[i] * u[i] ** 2
            u_bar_i = u_bar[i]
            u_i = u[i]
            u_bar[i] = 2.0 * u_i * (u_bar_i * f[i])
            f_bar[i] += u_bar_i * u_i ** 2
            total_bar = 0.5 * u_bar_i
            u_bar[i + 1] += total_bar
            u_bar[i - 1] += total_bar
    return out, (u_bar, f_bar)
