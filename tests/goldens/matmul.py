# A product of matrices: two products with the factors transposed.
# mode: both
# absent: swapaxes
# at: np.array([[0.3, -0.8, 0.1], [1.1, 0.4, 0.5]]), np.array([[0.5], [-0.6], [0.2]])

import numpy as np


def f(A: Float[np.ndarray, "n k"], B: Float[np.ndarray, "k m"]) -> Float[np.ndarray, "n m"]:
    return A @ B


# output

def f_forward(A, B, dA, dB):
    out = A @ B
    dout = dA @ B + A @ dB
    return out, dout


def f_reverse(A, B, out_bar):
    out = A @ B
    # return A @ B
    A_bar = out_bar @ B.T
    B_bar = A.T @ out_bar
    return out, (A_bar, B_bar)
