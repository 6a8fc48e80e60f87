# A file that uses math and not numpy gets derivatives that do the same.
# mode: both
# absent: np
# at: 0.6, 1.2

import math


def f(x: float, y: float) -> float:
    r = math.hypot(x, y)
    return math.exp(-r) * math.atan2(y, x)


# output

def f_forward(x, y, dx, dy):
    r = math.hypot(x, y)
    total = r + (r == 0)
    dr = dx * x / total + dy * y / total
    exp_value = math.exp(-r)
    atan2_y = math.atan2(y, x)
    total = x * x + y * y
    out = exp_value * atan2_y
    dout = exp_value * (dy * x / total - dx * y / total) - exp_value * dr * atan2_y
    return out, dout


def f_reverse(x, y, out_bar=1.0):
    r = math.hypot(x, y)
    exp_value = math.exp(-r)
    atan2_y = math.atan2(y, x)
    out = exp_value * atan2_y
    # return math.exp(-r) * math.atan2(y, x)
    atan2_y_bar = out_bar * exp_value
    total = x * x + y * y
    y_bar = atan2_y_bar * x / total
    x_bar = -(atan2_y_bar * y / total)
    minus_bar = out_bar * atan2_y * exp_value
    # r = math.hypot(x, y)
    total = r + (r == 0)
    x_bar -= minus_bar * x / total
    y_bar -= minus_bar * y / total
    return out, (x_bar, y_bar)
