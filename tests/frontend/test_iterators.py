"""What a loop goes over may change as it goes, and an iterator gives its items once."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError, grad
from tests.test_regressions import agrees


def reversed_and_written(x):
    p = [x, x * 2.0, x * 3.0]
    for e in reversed(p):
        p[0] = e
    return p[0] * x


def enumerated_and_written(x):
    p = [x, x * 2.0, x * 3.0]
    for i, e in enumerate(p):
        p[2] = e * (i + 2.0)
    return p[0] * p[1] * p[2]


def zipped_and_written(x):
    p = [x, x * 2.0, x * 3.0]
    for e, h in zip(p, p[::-1]):
        p[1] = e * h
    return p[0] + p[1] * p[2]


def values_of_a_dictionary_written(x):
    d = {"a": x, "b": x * x}
    for e in d.values():
        d["b"] = e * 3.0
    for k, e in d.items():
        d[k] = e * 2.0
    for k in d:
        d[k] = d[k] * d["a"]
    return d["a"] + d["b"]


def elements_written(x):
    v = np.array([x, x * 2.0, x * 3.0])
    for e in v:
        v[1] = e * 2.0
        v[2] += e
    return v.sum()


def rebound_as_it_goes(x):
    p, t, s = [x, x * 2.0], (x, x * 3.0), 0.0
    for e in p:
        p = [e, e]
        s += e
    for e in t:
        t = (*t, e)
        s += e
    return s + p[0] + t[-1]


@pytest.mark.parametrize("f", [
    reversed_and_written, enumerated_and_written, zipped_and_written,
    values_of_a_dictionary_written, elements_written, rebound_as_it_goes,
])
def test_a_loop_sees_what_it_writes_to_what_it_goes_over(f):
    agrees(f, 0.4)


def used_up(x):
    p, s = [x, x * 2.0], 0.0
    pairs = zip(p, p[::-1])
    for a, b in pairs:
        s += a * b
    squares = (e * e for e in p)
    return s + sum(squares)


def of_pairs(pairs):
    return sum(a * b for a, b in pairs)


def handed_on(x):
    p = [x, x * 2.0]
    return of_pairs(zip(p, p[::-1]))


def test_an_iterator_may_have_a_name():
    agrees(used_up, 0.4)
    agrees(handed_on, 0.4)


def grows(x):
    p, s = [x, x * 2.0], 0.0
    for e in p:
        if len(p) < 5:
            p.append(e * e)
        s += e
    return s


def filled_and_grows(x):
    p, s = [], 0.0
    for i in range(4):
        p.append(x * i)
    for e in p:
        if len(p) < 7:
            p.append(e * x)
        s += e
    return s


def shrinks(x):
    p, s = [x, x * 2.0, x * 3.0], 0.0
    for e in p:
        s = s * 1.5 + e
        p.pop()
    return s


@pytest.mark.parametrize("f", [grows, filled_and_grows, shrinks])
def test_a_loop_that_changes_the_length_of_what_it_goes_over_is_refused(f):
    with pytest.raises(UnsupportedError, match="may add to what it goes over, or take from it"):
        grad(f)(0.4)


def enumerated_before_a_change(x):
    p, s = [x, x * 2.0], 0.0
    it = enumerate(p)
    p[1] = x * 7.0
    for i, e in it:
        s += e * i
    return s


def mapped_before_a_change(x):
    p = [x, x * 2.0]
    it = map(lambda e: e * e, p)
    p[1] = x * 7.0
    return sum(it)


def generated_before_an_assignment(x):
    p = [x, x * 2.0]
    it = (e * x for e in p)
    x = x * 7.0
    return sum(it)


def used_up_twice(x):
    it = zip([x], [x])
    return of_pairs(it) + of_pairs(it)


def array_gone_over_twice(x):
    it, s = (e * x for e in np.array([x, x * 2.0])), 0.0
    return s + sum(it) + sum(it)


def used_up_in_the_first_iteration(x):
    p, s = [x, x * 2.0], 0.0
    it = reversed(p)
    for _ in range(2):
        for e in it:
            s += e
    return s


@pytest.mark.parametrize("f", [
    enumerated_before_a_change, mapped_before_a_change, generated_before_an_assignment,
    used_up_twice, array_gone_over_twice, used_up_in_the_first_iteration,
])
def test_an_iterator_that_may_not_be_used_up_at_once_is_refused(f):
    with pytest.raises(UnsupportedError, match="is an iterator, which gives its items once"):
        grad(f)(0.4)


def twice(it):
    return sum(it) + sum(it)


def handed_to_what_goes_over_it_twice(x):
    return twice(e * x for e in (x, x))


def test_an_iterator_is_not_handed_to_a_function_that_goes_over_it_twice():
    with pytest.raises(UnsupportedError, match="twice may go over the iterator it more than once"):
        grad(handed_to_what_goes_over_it_twice)(0.4)


def generated_as_the_loop_goes_on(x):
    s = 0.0
    for e in (e * x for e in (x, x)):
        x = x * 2.0
        s += e
    return s


def test_a_generator_that_reads_what_its_loop_assigns_is_refused():
    with pytest.raises(UnsupportedError, match="x is assigned in this loop, and read as the loop"):
        grad(generated_as_the_loop_goes_on)(0.4)


def values_before_a_change(x):
    d = {"a": x, "b": x * x}
    held = d.values()
    d["b"] = x * 5.0
    return sum(held)


def test_a_dictionary_whose_values_have_a_name_is_not_changed():
    with pytest.raises(UnsupportedError, match="d is changed in place here while held holds it"):
        grad(values_before_a_change)(0.4)


def returned(x):
    def squares(v):
        return (e * e for e in v)

    it = squares(np.array([x, 2.0 * x]))
    return sum(it) + sum(it)


def returned_in_a_tuple(x):
    def squares(v):
        return v, map(lambda e: e * e, v)

    v, it = squares([x, 2.0 * x])
    return sum(it) * v[0] + sum(it)


def in_a_list(x):
    pairs = [zip([x], [x])]
    return of_pairs(pairs[0]) + of_pairs(pairs[0])


def in_a_dictionary(x):
    d = dict(a=(e * e for e in [x, x]))
    return sum(d["a"]) + sum(d["a"])


def appended(x):
    p = []
    p.append(map(lambda e: e * e, [x, x]))
    return sum(p[0]) + sum(p[0])


def chosen(x):
    it = (e * e for e in [x, x]) if x > 0.0 else reversed([x, x])
    return sum(it) + sum(it)


def a_default(x):
    def total(it=(e * e for e in [x, x])):
        return sum(it)

    return total() + total()


@pytest.mark.parametrize("f", [
    returned, returned_in_a_tuple, in_a_list, in_a_dictionary, appended, chosen, a_default,
])
def test_an_iterator_that_is_kept_is_refused(f):
    with pytest.raises(UnsupportedError, match="this one is kept to be gone over later"):
        grad(f)(0.4)


def under_another_name(x):
    it = (e * e for e in [x, x])
    other = it
    return sum(other) + sum(other)


def test_an_iterator_under_another_name_is_refused():
    with pytest.raises(UnsupportedError, match="is an iterator, which gives its items once"):
        grad(under_another_name)(0.4)
