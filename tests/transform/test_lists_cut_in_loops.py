"""Lists that loops append to, and also cut, turn, repeat and write to: cotangents are as long."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad


def last_cut(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q = q[:-1]
        q.append(x * x * i)
    return q[0] + q[1] * x + q[-1] * q[2]


def first_two(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q = q[:2]
        q.append(x * x * i)
    return q[0] + q[1] * x + q[-1] * q[2]


def turned(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q = q[::-1]
        q.append(x * x * i)
    s = 0.0
    for i in range(len(q)):
        s += q[i] * (i + 1) ** 2
    return s


def every_second(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q = q[::2]
        q.append(x * x * i)
    return q[0] + q[1] * x


def repeated(x, n=3):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q = q * 2
        q.append(x * x * i)
    s = 0.0
    for i in range(len(q)):
        s += q[i] * (i + 1) ** 2
    return s


def last_replaced(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q[-1] = x**3
        q.append(x * x * i)
    s = 0.0
    for i in range(len(q)):
        s += q[i] * (i + 1) ** 2
    return s


def last_added_to(x, n=4):
    q = [x, x * x * x, 2.0]
    for i in range(n):
        q[-1] += x**3
        q.append(x * x * i)
    return q[2] * q[-1] + q[3]


def cut_on_one_path(x, n=5):
    q = []
    s = 0.0
    for i in range(n):
        q.append(x * i)
        if i % 2:
            s = s * x + q[-1]
            q = q[:-1]
    return s + q[0] + q[1] * x


NUMBERS = (last_cut, first_two, turned, every_second, repeated, last_replaced, last_added_to,
           cut_on_one_path)


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_of_a_number(f):
    slope = (f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6
    assert grad(f)(1.3) == pytest.approx(slope, rel=1e-6)
    check_grads(f, (1.3,))


def test_a_list_that_only_grows_keeps_its_cotangent():
    def grown(x):
        q = []
        for i in range(len(x)):
            q.append(x[i] * i)
        s = 0.0
        for i in range(len(q)):
            s += q[i] ** 2
        return s

    derivative = grad(grown)
    x = np.array([1.0, 2.0, 3.0])
    assert derivative(x) == pytest.approx(2 * x * np.arange(3) ** 2)
    assert "q_bar[:" not in derivative.source
