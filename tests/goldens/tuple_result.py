# Each result has a cotangent of its own.
# mode: both
# at: 1.2, 0.4

import numpy as np


def f(r: float, angle: float) -> tuple[float, float]:
    x = r * np.cos(angle)
    y = r * np.sin(angle)
    return x, y


# output

def f_forward(r, angle, dr, dangle):
    cos_angle = np.cos(angle)
    sin_angle = np.sin(angle)
    x = r * cos_angle
    dx = dr * cos_angle - dangle * sin_angle * r
    y = r * sin_angle
    dy = dr * sin_angle + cos_angle * dangle * r
    return (x, y), (dx, dy)


def f_reverse(r, angle, x_bar, y_bar):
    cos_angle = np.cos(angle)
    x = r * cos_angle
    sin_angle = np.sin(angle)
    y = r * sin_angle
    # y = r * np.sin(angle)
    r_bar = y_bar * sin_angle
    angle_bar = y_bar * r * cos_angle
    # x = r * np.cos(angle)
    r_bar += x_bar * cos_angle
    angle_bar -= x_bar * r * sin_angle
    return (x, y), (r_bar, angle_bar)
