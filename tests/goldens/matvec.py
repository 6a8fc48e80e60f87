# A vector times a matrix times a vector: outer products for the matrix.
# mode: reverse
# at: np.array([0.3, -0.8]), np.array([[0.3, -0.8, 0.1], [1.1, 0.4, 0.5]]), np.array([0.5, -0.6, 0.2])

import numpy as np


def f(
    u: Float[np.ndarray, "n"], A: Float[np.ndarray, "n m"], v: Float[np.ndarray, "m"]
) -> float:
    row = u @ A
    return row @ v


# output

def f_reverse(u, A, v, out_bar=1.0):
    row = u @ A
    out = row @ v
    # return row @ v
    row_bar = out_bar * v
    v_bar = out_bar * row
    # row = u @ A
    u_bar = A @ row_bar
    A_bar = np.outer(u, row_bar)
    return out, (u_bar, A_bar, v_bar)
