# A loop that stops at a tolerance stays one, and is undone for the iterations that it has done.
# mode: both
# wrt: a
# at: 2.0, 1e-6, 20
# at: 2.0, 1e-6, 2
# at: 2.0, 1e-6, 0

def f(a: float, tol: float, most: int) -> float:
    x = 1.0 + a
    for _ in range(most):
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < tol:
            break
    return x


# output

import numpy as np


def f_forward(a, tol, most, da):
    x = 1.0 + a
    dx = da
    for i in range(most):
        product = 2.0 * x
        step = (x * x - a) / product
        dstep = (dx * x + x * dx - da) / product - 2.0 * dx * step / product
        x = x - step
        dx -= dstep
        if abs(step) < tol:
            break
    return x, dx


def f_reverse(a, tol, most, x_bar=1.0):
    x = 1.0 + a
    x_tape = np.empty(most)
    trips = 0
    for i in range(most):
        trips += 1
        x_tape[i] = x
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < tol:
            break
    a_bar = 0.0
    for i in reversed(range(trips)):
        x_2 = x_tape[i]
        product = 2.0 * x_2
        # step = (x * x - a) / (2.0 * x)
        ratio = x_bar / product
        x_bar += 2.0 * (x_2 * x_2 - a) / product * x_bar / product
        a_bar += ratio
        x_bar -= 2.0 * ratio * x_2
    # x = 1.0 + a
    a_bar += x_bar
    return x, a_bar
