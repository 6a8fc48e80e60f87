# An else after a loop is a branch on how the loop ended; what follows a break stays below it.
# mode: reverse
# wrt: x, y
# at: 0.4, 0.9, 3
# at: 0.4, 0.9, 20
# at: 0.4, 0.9, 0

import numpy as np


def f(x: float, y: float, n: int) -> float:
    s = x
    for i in range(1, n):
        r = np.sin(s * i)
        if r < 0.0:
            continue
        if s > 2.0:
            s = s * y
            break
        s = s + r * y
    else:
        s = s * s
    return s * y


# output

def f_reverse(x, y, n, out_bar=1.0):
    s = x
    trip_count_value = len(range(1, n))
    r_tape = np.empty(trip_count_value)
    s_tape = np.empty(trip_count_value)
    stopped = False
    trips = 0
    for i in range(1, n):
        trips += 1
        s_tape[i - 1] = s
        r = np.sin(s * i)
        r_tape[i - 1] = r
        if not r < 0.0:
            stopped = s > 2.0
            if stopped:
                break
            s = s + r * y
    if stopped:
        s_2 = s * y
    else:
        s_2 = s * s
    out = s_2 * y
    # return s * y
    s_bar = out_bar * y
    y_bar = out_bar * s_2
    if stopped:
        # s = s * y
        y_bar += s_bar * s
        s_bar *= y
    else:
        # s = s * s
        s_bar = 2.0 * s_bar * s
    for i in reversed(range(1, trips + 1)):
        r = r_tape[i - 1]
        if r < 0.0:
            r_bar = 0.0
        elif s_tape[i - 1] > 2.0:
            r_bar = 0.0
        else:
            # s = s + r * y
            r_bar = s_bar * y
            y_bar += s_bar * r
        # r = np.sin(s * i)
        s_bar += r_bar * np.cos(s_tape[i - 1] * i) * i
    return out, (s_bar, y_bar)
