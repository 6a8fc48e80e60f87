"""Arrays written in place in loops that end early, through views, and where names may be unbound."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads

V = np.array([0.3, 0.7, 1.1, 0.4, 0.9])


def overwritten_until_a_break(x):
    u = x * 1.0
    s = 0.0
    for k in range(4):
        for i in range(1, len(x) - 1):
            u[i] = np.sin(u[i - 1]) * u[i + 1] + 0.5 * u[i] ** 2
            if u[i] > 0.85:
                break
        s += u[k] ** 2
        if s > 1.0:
            break
    return s + np.sum(u**3)


def until_nothing_changes(x):
    u, r, k = x.copy(), 1.0, 0
    while r > 0.05:
        old = u.copy()
        for i in range(1, len(u) - 1):
            u[i] = 0.3 * (u[i - 1] + u[i + 1]) + 0.1 * u[i] ** 2
        r = np.max(np.abs(u - old))
        k += 1
        if k > 6:
            break
    return np.sum(u**2)


def returned_from_the_middle(x):
    a = np.zeros((len(x), 3))
    a[:, 0] = x
    for j in range(1, 3):
        for i in range(len(x)):
            a[i, j] = a[i, j - 1] ** 2 + a[i - 1, j - 1]
            if a[i, j] > 2.0:
                return np.sum(a)
            a[i - 1, j - 1] *= 0.5
    return np.sum(a**2)


def skipped(x):
    u = np.zeros(len(x))
    for i in range(len(x)):
        if x[i] > 0.8:
            continue
        u[i] += x[i] ** 2 * x[i - 1]
        u[0] = u[i] * u[0] + x[0]
    return np.sum(u * x)


def written_where_it_is_bound(x):
    u = np.zeros(len(x))
    for i in range(len(x)):
        t = x[i] ** 2
        if t > 0.4:
            y = np.sin(t)
            u[i] = y
        if t > 0.5:
            u[i] = u[i] * y
    return np.sum(u) + t


def written_through_a_view(x):
    a = np.outer(x, x)
    for i in range(1, len(x)):
        row = a[i]
        row[:] = row * a[i - 1] + x
        row[0] += 1.0
        if a[i, 1] > 1.2:
            break
    return np.sum(a**2)


def lists_are_added(x):
    u = np.zeros(len(x))
    u[0:2] += [x[0] * x[1], x[2]]
    u[1:3] -= [x[0] ** 2, 3.0]
    return np.sum(u * x)


def elements_named_twice(x):
    u = x * 1.0
    places = np.array([0, 2, 2])
    for _ in range(2):
        u[places] += x[places] * u[1]
        u[1] = u[2] ** 2
    return np.sum(u * x)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.4])
@pytest.mark.parametrize(
    "f",
    [
        overwritten_until_a_break,
        until_nothing_changes,
        returned_from_the_middle,
        skipped,
        written_where_it_is_bound,
        written_through_a_view,
        lists_are_added,
        elements_named_twice,
    ],
)
def test_both_orders_are_right(f, scale) -> None:
    check_grads(f, (scale * V,), order=2)
