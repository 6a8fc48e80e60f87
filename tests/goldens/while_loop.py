# A while loop is counted, and runs backwards as often.
# mode: reverse
# at: 2.0, 10.0
# at: 2.0, 1.5

import numpy as np


def f(x: float, bound: float) -> float:
    y = x
    while y < bound:
        y = y * x
    return np.log(y)


# output

def f_reverse(x, bound, out_bar=1.0):
    y = x
    y_tape = []
    trips = 0
    while y < bound:
        y_tape.append(y)
        y = y * x
        trips += 1
    out = np.log(y)
    # return np.log(y)
    y_bar = out_bar / y
    x_bar = 0.0
    for trip in reversed(range(trips)):
        # y = y * x
        x_bar += y_bar * y_tape[trip]
        y_bar *= x
    # y = x
    x_bar += y_bar
    return out, (x_bar, 0.0)
