# Divide and conquer over the halves of an array: views in, cotangents of views out.
# mode: reverse
# at: np.array([0.3, 0.4, 0.5, 0.7, 0.1])

import numpy as np


def soft_sum(x: Float[np.ndarray, "n"]) -> float:
    """Pairs of sums, damped on the way up."""
    if len(x) == 1:
        return x[0]
    half = len(x) // 2
    left = soft_sum(x[:half])
    right = soft_sum(x[half:])
    return np.sin(left) + right


# output

def soft_sum_record(x):
    """Pairs of sums, damped on the way up."""
    len_x = len(x)
    if len_x == 1:
        out = x[0]
        left = 0
        soft_sum_tape_2 = None
        soft_sum_tape = None
    else:
        half = len_x // 2
        left, soft_sum_tape = soft_sum_record(x[:half])
        right, soft_sum_tape_2 = soft_sum_record(x[half:])
        out = np.sin(left) + right
    return out, (x, soft_sum_tape, soft_sum_tape_2, left, len_x)


def soft_sum_pullback(tape, out_bar):
    x, soft_sum_tape, soft_sum_tape_2, left, value = tape
    if value == 1:
        # return x[0]
        x_bar = np.zeros_like(x)
        x_bar[0] = out_bar
    else:
        # return np.sin(left) + right
        left_bar = out_bar * np.cos(left)
        half = len(x) // 2
        # right = soft_sum(x[half:])
        x_bar = np.zeros_like(x)
        x_bar[half:] = soft_sum_pullback(soft_sum_tape_2, out_bar)
        # left = soft_sum(x[:half])
        x_bar[:half] += soft_sum_pullback(soft_sum_tape, left_bar)
    return x_bar


def soft_sum_reverse(x, out_bar=1.0):
    """Pairs of sums, damped on the way up."""
    len_x = len(x)
    if len_x == 1:
        out = x[0]
        # return x[0]
        x_bar = np.zeros_like(x)
        x_bar[0] = out_bar
    else:
        half = len_x // 2
        left, soft_sum_tape = soft_sum_record(x[:half])
        right, soft_sum_tape_2 = soft_sum_record(x[half:])
        out = np.sin(left) + right
        # return np.sin(left) + right
        left_bar = out_bar * np.cos(left)
        half = len_x // 2
        # right = soft_sum(x[half:])
        x_bar = np.zeros_like(x)
        x_bar[half:] = soft_sum_pullback(soft_sum_tape_2, out_bar)
        # left = soft_sum(x[:half])
        x_bar[:half] += soft_sum_pullback(soft_sum_tape, left_bar)
    return out, x_bar
