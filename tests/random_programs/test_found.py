"""Programs that random ones led to, each as small as it gets; the comment over each says what was wrong."""

from __future__ import annotations

import numpy as np

from tests.test_regressions import M, agrees


def checked(a):
    for e in a:
        assert e < 1e9
    return a


def result_written_in_a_loop(m):
    s = 0.0
    for _ in range(2):
        a = checked(m.sum(axis=0))
        for k in range(2):
            a[k] = m[k, 0]
        s += np.sum(a * a)
    return s


def test_what_a_call_gives_is_written_to_in_a_loop():
    # An internal error: the array was first met at the head of the loop, and not carried by it.
    agrees(result_written_in_a_loop, M)


def two_results(a, b):
    for e in (a, b):
        assert e < 1e9
    return np.where(a > 0.0, a, b), np.ones(3)


def zeroed_in_part(a):
    part = a[:2]
    part[:] = 0.5
    return a


def view_of_a_result_written(x):
    return np.sum(x * zeroed_in_part(two_results(0.25, x)[1]))


def test_a_copy_that_is_written_to_does_not_take_the_name_of_what_is_written_to_it():
    # Silently wrong: `t = a.copy(); t[:2] = t`, where memory that a call gave is copied first.
    agrees(view_of_a_result_written, 0.3)
