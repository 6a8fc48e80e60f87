# LU factorization in place by loops: what its updates read, no later one overwrites.
# mode: reverse
# absent: tape
# at: np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.3, 0.7, 2.0]])

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def log_determinant(A: Float[np.ndarray, "n n"]) -> float:
    A = A.copy()
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    return np.sum(np.log(np.diag(A)))


# output

def log_determinant_reverse(A, out_bar=1.0):
    A = A.copy()
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    diag_A = np.diag(A)
    out = np.sum(np.log(diag_A))
    # return np.sum(np.log(np.diag(A)))
    A_bar = np.diag(out_bar / diag_A)
    A_bar = A_bar.copy()
    for k in reversed(range(n)):
        for i in reversed(range(k + 1, n)):
            for j in reversed(range(k + 1, n)):
                # A[i, j] -= A[i, k] * A[k, j]
                A_bar_ij = A_bar[i, j]
                A_bar[k, j] -= A_bar_ij * A[i, k]
                A_bar[i, k] -= A_bar_ij * A[k, j]
            # A[i, k] /= A[k, k]
            A_bar_ik = A_bar[i, k]
            A_bar[i, k] = 0.0
            A_kk = A[k, k]
            A_bar[k, k] -= A_bar_ik * A[i, k] / A_kk
            A_bar[i, k] += A_bar_ik / A_kk
    return out, A_bar
