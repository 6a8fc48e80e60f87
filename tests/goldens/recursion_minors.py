# A determinant by minors: calls in a loop, each with an array of its own; their tapes are a list.
# mode: reverse
# at: np.array([[1.0, 0.2, 0.3], [0.1, 2.0, 0.4], [0.7, 0.5, 3.0]])

import numpy as np


def determinant(a: Float[np.ndarray, "n n"]) -> float:
    n = a.shape[0]
    if n == 1:
        return a[0, 0]
    total = 0.0
    for j in range(n):
        minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
        total += (-1.0) ** j * a[0, j] * determinant(minor)
    return total


# output

def determinant_reverse(a, out_bar=1.0):
    n = a.shape[0]
    if n == 1:
        out = a[0, 0]
        # return a[0, 0]
        a_bar = np.zeros_like(a)
        a_bar[0, 0] = out_bar
    else:
        total = 0.0
        a_bar = np.zeros_like(a)
        for j in range(n):
            item = a[1:, :j]
            minor = np.concatenate([item, a[1:, j + 1 :]], axis=1)
            power = (-1.0) ** j
            product = power * a[0, j]
            determinant_value, minor_bar = determinant_reverse(minor, out_bar * product)
            total += product * determinant_value
            # total += (-1.0) ** j * a[0, j] * determinant(minor)
            a_bar[0, j] += out_bar * determinant_value * power
            # minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
            a_bar[1:, j + 1 :] += minor_bar[:, item.shape[1] :]
            a_bar[1:, :j] += minor_bar[:, : item.shape[1]]
        out = total
    return out, a_bar
