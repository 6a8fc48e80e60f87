# Where shapes are unknown, a helper sums over what was stretched.
# mode: reverse
# at: np.array([[0.3, -0.8], [1.1, 0.4]]), np.array([0.5, -0.6])
# at: 0.4, np.array([[0.5, -0.6]])

import numpy as np


def f(a, b):
    return a * np.sin(b)


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


def f_reverse(a, b, out_bar=1.0):
    sin_b = np.sin(b)
    out = a * sin_b
    # return a * np.sin(b)
    a_bar = unbroadcast(out_bar * sin_b, a)
    b_bar = unbroadcast(out_bar * a, sin_b) * np.cos(b)
    return out, (a_bar, b_bar)
