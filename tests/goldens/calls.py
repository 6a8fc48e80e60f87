# A function that is called twice becomes one pair: what records, and what pulls back.
# mode: reverse
# at: 0.3, 1.4

import numpy as np


def settle(x: float, rate: float) -> float:
    """Ten steps of relaxation."""
    y = x
    for step in range(10):
        drift = np.sin(y) * rate
        damped = drift / (1.0 + drift * drift)
        y = y - 0.1 * damped
        if y < 0.0:
            y = 0.5 * y
    return y


def f(a: float, rate: float) -> float:
    once = settle(a, rate)
    twice = settle(once * a, rate)
    return once + twice


# output

def settle_record_2(x, rate):
    """Ten steps of relaxation."""
    y = x
    y_tape = np.empty(10)
    sin_y_tape = np.empty(10)
    for step in range(10):
        y_tape[step] = y
        sin_y = np.sin(y)
        sin_y_tape[step] = sin_y
        drift = sin_y * rate
        damped = drift / (1.0 + drift * drift)
        y = y - 0.1 * damped
        if y < 0.0:
            y = 0.5 * y
    return y, y_tape, sin_y_tape


def settle_pullback(rate, y_tape, sin_y_tape, y_bar):
    rate_bar = 0.0
    for step in reversed(range(10)):
        y = y_tape[step]
        sin_y = sin_y_tape[step]
        drift = sin_y * rate
        total = 1.0 + drift * drift
        damped = drift / total
        if y - 0.1 * damped < 0.0:
            # y = 0.5 * y
            y_bar *= 0.5
        # y = y - 0.1 * damped
        product = 0.1 * y_bar
        # damped = drift / (1.0 + drift * drift)
        drift_bar = -(product / total) + 2.0 * product * damped / total * drift
        # drift = np.sin(y) * rate
        rate_bar += drift_bar * sin_y
        y_bar += drift_bar * rate * np.cos(y)
    return y_bar, rate_bar


def f_reverse(a, rate, out_bar=1.0):
    once, settle_y_tape, settle_sin_y_tape = settle_record_2(a, rate)
    twice, settle_y_tape_2, settle_sin_y_tape_2 = settle_record_2(once * a, rate)
    out = once + twice
    # twice = settle(once * a, rate)
    product_bar, rate_bar = settle_pullback(rate, settle_y_tape_2, settle_sin_y_tape_2, out_bar)
    once_bar = out_bar + product_bar * a
    a_bar = product_bar * once
    # once = settle(a, rate)
    settle_pullback_value, settle_pullback_value_2 = settle_pullback(
        rate, settle_y_tape, settle_sin_y_tape, once_bar
    )
    a_bar += settle_pullback_value
    rate_bar += settle_pullback_value_2
    return out, (a_bar, rate_bar)
