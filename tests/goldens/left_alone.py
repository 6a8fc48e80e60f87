# Docstring, assertions, errors and messages stay as they are, and are not repeated backwards.
# mode: reverse
# at: np.array([0.3, 0.8]), "sum"
# at: np.array([0.3, 0.8]), "mean"

import numpy as np


def f(x: Float[np.ndarray, "n"], kind: str) -> float:
    """The sum or the mean of the logarithms.

    ``kind`` says which.
    """
    assert x.ndim == 1, "x is a vector"
    if kind not in ("sum", "mean"):
        raise ValueError(f"kind is 'sum' or 'mean', not {kind!r}")
    print(f"{kind} of {len(x)} numbers", end=";\n")
    total = np.sum(np.log(x))
    if kind == "mean":
        total = total / len(x)
    return total


# output

def f_reverse(x, kind, total_bar=1.0):
    """The sum or the mean of the logarithms.

    ``kind`` says which.
    """
    assert x.ndim == 1, "x is a vector"
    if kind not in ("sum", "mean"):
        raise ValueError(f"kind is 'sum' or 'mean', not {kind!r}")
    print(f"{kind} of {len(x)} numbers", end=";\n")
    total = np.sum(np.log(x))
    if kind == "mean":
        total = total / len(x)
        # total = total / len(x)
        total_bar /= len(x)
    # total = np.sum(np.log(x))
    x_bar = total_bar / x
    return total, x_bar
