# Where shapes are known, broadcasting is undone by one plain sum and no helper.
# mode: reverse
# absent: unbroadcast as_like spread
# at: np.array([[0.3, -0.8], [1.1, 0.4], [0.2, 0.9]]), np.array([0.5, -0.6]), 1.5

import numpy as np


def f(
    table: Float[np.ndarray, "n d"], row: Float[np.ndarray, "d"], scale: float
) -> Float[np.ndarray, "n d"]:
    moved = table + row
    return scale * np.tanh(moved)


# output

def f_reverse(table, row, scale, out_bar):
    moved = table + row
    tanh_moved = np.tanh(moved)
    out = scale * tanh_moved
    # return scale * np.tanh(moved)
    scale_bar = np.sum(out_bar * tanh_moved)
    moved_bar = out_bar * scale * (1 - tanh_moved * tanh_moved)
    # moved = table + row
    row_bar = np.sum(moved_bar, axis=0)
    return out, (moved_bar, row_bar, scale_bar)
