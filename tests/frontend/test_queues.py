"""Queues of ``collections.deque``, and lists that are taken from and put into at any place."""

from __future__ import annotations

import collections
from collections import deque

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad

LATER = {0: (1, 2), 1: (3,), 2: (3,), 3: ()}


class Smooth:
    def __init__(self, n):
        self.last = deque(maxlen=n)

    def __call__(self, v):
        self.last.append(v)
        return sum(self.last) / len(self.last)


def moving_means(x):
    smooth, delayed, s = Smooth(2), deque([0.0] * 2, maxlen=2), 0.0
    for v in x:
        s = s * 0.5 + smooth(v) * delayed[0]
        delayed.append(v * v)
    return s


def from_both_ends(x):
    q = collections.deque(x)
    q.appendleft(x[0] * x[1])
    q.rotate(2)
    q[1] = q[0] * 2.0
    q.extend([x[2]])
    return q.popleft() * q.pop() + q[-1] + sum(v * v for v in q) * np.mean(np.array(q)) * len(q)


def emptied(x):
    q, s = deque(), 0.0
    for v in x:
        q.append(v * v)
    while q:
        s = s * 0.5 + q.popleft()
    return s


def lists_taken_from(x):
    q, stack, s = list(x), [0], 0.0
    while len(q) > 2:
        s += q.pop(1) * q[0]
    q.insert(1, x[0] * x[1])
    q.reverse()
    del q[1]
    q.extend(x[1:] * 2.0)
    while stack:
        i = stack.pop()
        s = s * x[i] + q.pop(-2) * x[i]
        if i == 0:
            stack.append(2)
        if i < 2:
            stack.append(i + 1)
    return s + q[0]


def a_list_of_the_last(x):
    last, s = [], 0.0
    for v in x:
        last.insert(0, v)
        if len(last) > 2:
            s += last.pop() * v
    return s * last[0]


@pytest.mark.parametrize("f", (
    moving_means, from_both_ends, emptied, lists_taken_from, a_list_of_the_last,
), ids=lambda f: f.__name__)
def test_right(f):
    check_grads(f, (np.array([0.7, 1.3, -0.4, 2.1]),))


def test_a_queue_of_numbers_of_nodes_stays_one():
    def nodes(later):
        q, seen, order = deque([0]), {0}, []
        while q:
            i = q.popleft()
            order.append(i)
            for j in later[i]:
                if j not in seen:
                    seen.add(j)
                    q.append(j)
        return order

    def along(x):
        s = 0.0
        for i in nodes(LATER):
            s = s * x[i] + x[i]
        return s

    check_grads(along, (np.array([0.7, 1.3, -0.4, 2.1]),))


def second_name(x):
    q = list(x)
    same = q
    first = q.pop(0)
    return first * same[0]


def one_of_two(x):
    q = list(x)
    other = q if x[0] > 0 else list(x * 2.0)
    first = q.pop(0)
    return first * other[0]


def second_name_in_a_loop(x):
    q, s = list(x), 0.0
    best = q
    while len(q) > 1:
        s += q.pop()
        if len(q) == 2:
            best = q
    return best[0] * s


@pytest.mark.parametrize("f", (second_name, one_of_two, second_name_in_a_loop))
def test_a_list_with_two_names_is_refused(f):
    with pytest.raises(UnsupportedError, match="is changed in place here while"):
        grad(f)(np.array([0.7, 1.3, -0.4, 2.1]))
