# What no derivative flows through is carried as it is, whatever Python it is.
# mode: reverse
# wrt: x
# at: 0.4, ["3", "no", "5"]

import numpy as np


def f(x: float, words: list[str]) -> float:
    best = -1.0
    for word in words:
        try:
            best = max(best, float(word))
        except ValueError:
            continue
    return np.sin(best * x)


# output

def as_like(g, like):
    """Cast g to the dtype of ``like`` where that is a floating one; a number is no array."""
    if isinstance(g, np.ndarray) and not isinstance(like, np.ndarray):
        g = g[()]
    dtype = np.asarray(like).dtype
    if np.asarray(g).dtype == dtype or dtype.kind not in "fc":
        return g
    return np.asarray(g).astype(dtype, casting="same_kind")[()]


def unbroadcast(g, like):
    """Sum g over the axes along which NumPy stretched ``like`` to its shape."""
    shape, full = np.shape(like), np.shape(g)
    lead = len(full) - len(shape)
    if lead < 0:
        return as_like(np.broadcast_to(g, shape), like)
    axes = [lead + i for i, n in enumerate(shape) if n == 1 and full[lead + i] != 1]
    if lead or axes:
        g = np.sum(g, axis=(*range(lead), *axes), keepdims=True)
        g = np.reshape(g, shape)[()]
    return as_like(g, like)


def f_reverse(x, words, out_bar=1.0):
    best = -1.0
    for i in range(len(words)):
        word = words[i]
        try:
            best = max(best, float(word))
        except ValueError:
            pass
    product = best * x
    out = np.sin(product)
    # return np.sin(best * x)
    x_bar = unbroadcast(out_bar * np.cos(product) * best, x)
    return out, x_bar
