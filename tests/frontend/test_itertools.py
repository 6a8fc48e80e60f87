"""Loops over what ``itertools`` gives, and copies."""

from __future__ import annotations

import collections
import copy
import itertools
import re
from copy import deepcopy
from itertools import (
    accumulate,
    chain,
    combinations,
    count,
    islice,
    pairwise,
    permutations,
    product,
    repeat,
    takewhile,
    zip_longest,
)

import numpy as np
import pytest

from adxform import AdxformError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, 0.4, 2.1])


def case_pairs_in_sum(x): return sum((a - b) ** 2 for a, b in combinations(x, 2))


def case_triples(x): return sum([a * b * c for a, b, c in itertools.combinations(x, 3)])


def case_neighbours(x): return np.sum([a * b ** 2 for a, b in pairwise(x)])


def case_products_in_sum(x): return sum(a * b ** 2 for a, b in product(x, x[:2]))


def case_permuted(x):
    s = 0.0
    for p in permutations(x, 2): s += p[0] * p[1] ** 2
    return s


def case_product_of_three(x):
    s = 0.0
    for a, b, c in product(x, [1.0, 2.0], [x[0], x[1]]): s += a * b * c ** 2
    return s


def case_of_a_set(x):
    s = 0.0
    for a, b in combinations({1.0, 2.0, 3.0}, 2): s += a * b * x[0]
    return s


def case_cycled(x):
    s = 0.0
    for v, sign in zip(x, itertools.cycle([1.0, -1.0])): s += sign * v * v
    return s


def case_counted(x):
    s = 0.0
    for k, v in zip(count(1), x): s += k * v * v
    return s


def case_sliced(x):
    s = 0.0
    for v in islice(x, 1, None, 2): s += v ** 3
    return s


def case_repeated(x):
    s = 0.0
    for v, w in zip(x, repeat(x[0])): s += v * w
    return s


def refused_written_array(x):
    y = x * 1.0
    s = 0.0
    for a, b in combinations(y, 2):
        y[0] = a * b
        s += a * y[0]
    return s


def refused_written_alias(x):
    y = x * 1.0
    z = y
    s = 0.0
    for a, b in pairwise(z):
        y[1] = a * b
        s += a * y[0]
    return s


def refused_enumerated(x):
    s = 0.0
    for i, (a, b) in enumerate(pairwise(x)): s += i * a * b
    return s


def case_rows(x):
    A = x.reshape(2, 2)
    s = 0.0
    for u, v in product(A, A): s += u @ v * u[0]
    return s


def case_keys(x):
    d = {"a": x[0], "b": x[1], "c": x[2]}
    s = 0.0
    for p, q in combinations(d, 2): s += d[p] * d[q] ** 2
    return s


def case_values(x):
    d = {"a": x[0], "b": x[1], "c": x[2]}
    s = 0.0
    for p, q in combinations(d.values(), 2): s += p * q ** 2
    return s


def case_returned(x):
    for a, b in combinations(x, 2):
        if a * b > 1: return a * b ** 2
    return x[0]


def case_left_early(x):
    s = 0.0
    for a, b in pairwise(x):
        if b > 2: break
        s += a * b
    else:
        s = s * 10
    return s


def case_accumulated(x):
    s = 0.0
    for v in accumulate(x, lambda a, b: a * b + 1, initial=2.0): s += v ** 2
    return s


def case_longest(x):
    s = 0.0
    for a, b, c in zip_longest(x, x[:2], x[1:], fillvalue=x[0]): s += a * b ** 2 * c
    return s


def refused_points(x):
    pts = [(x[0], x[1]), (x[1], x[2]), (x[2], x[3])]
    s = 0.0
    for (a, b), (c, d) in combinations(pts, 2): s += np.hypot(a - c, b - d)
    return s


def case_chained(x): return sum(v ** 2 for v in chain(x, [x[0] * 2, 3.0]))


def case_largest_pair(x): return max(a * b for a, b in combinations(x, 2))


def case_flattened(x): return np.prod([v for v in chain.from_iterable([[x[0]], [x[1], x[2]]])])


def case_taken(x): return sum(takewhile(lambda v: v < 2, x))


def case_flattened_rows(x):
    A = x.reshape(2, 2)
    return sum(v ** 2 for v in chain.from_iterable(A))


def case_of_enumerate(x):
    s = 0.0
    names = ["a", "b", "c"]
    for (i, p), (j, q) in combinations(enumerate(names), 2): s += x[i] * x[j]
    return s


def case_places(x):
    s = 0.0
    for i, j, k in product(range(2), repeat=3): s += x[i] * x[j] * x[k]
    return s


def case_product_with_itself(x):
    s = 0.0
    for a, b in product(x, repeat=2): s += a * b ** 2
    return s


def case_of_sorted(x):
    s = 0.0
    for a, b in pairwise(sorted(x)): s += (b - a) ** 2
    return s


def case_of_generator(x):
    s = 0.0
    for a, b in pairwise(v ** 2 for v in x): s += a * b
    return s


def refused_written_list(x):
    xs = list(x)
    s = 0.0
    for a, b in pairwise(xs):
        s += a * b
        xs[1] = 5.0
    return s


def copy_array(x):
    y = copy.copy(x); y[0] = 3.0
    return (y * x).sum()


def case_deep(x):
    d = {"a": x, "b": [x[0], x[1]]}
    e = copy.deepcopy(d)
    e["a"][0] = 2.0; e["b"][0] = x[3]
    return (d["a"] * e["a"]).sum() + d["b"][0] * e["b"][0]


def case_deep_list(x):
    a = [x[0], [x[1], x[2]]]
    b = deepcopy(a); b[1][0] = 5.0; b.append(x[3])
    return a[1][0] * b[1][0] * b[2]


def case_shallow(x):
    a = [x[0], [x[1], x[2]]]
    b = copy.copy(a); b[0] = x[3]
    return a[0] * b[0] * b[1][0]


def case_copy_number(x):
    s = copy.deepcopy(x[0]); s += 1
    return s * x[0]


class P:
    def __init__(self, a): self.a = a


def refused_copy_object(x):
    p = P(x[0]); q = copy.copy(p); q.a = x[1]
    return p.a * q.a


def refused_shared_inside(x):
    a = [x[0], [x[1], x[2]]]
    b = copy.copy(a); b[1][0] = x[3]
    return a[1][0] * b[0]


def refused_taken_first(x):
    d = collections.OrderedDict(a=x[0], b=x[1])
    _, v = d.popitem(last=False)
    return v * v


def case_copies_in_loop(x):
    y = x * 2
    hist = []
    for k in range(3):
        hist.append(copy.deepcopy(y)); y[k] = y[k] ** 2
    return sum(h.sum() * (i + 1) for i, h in enumerate(hist)) + y.sum()


def case_sliced_list(x): return sum(v ** 2 for v in list(islice(x, 1, None))) * sum(islice(x, 3))


def case_filtered(x):
    s = 1.0
    for v in filter(lambda v: v > 0.5, x):
        if v > 2.0: continue
        s = s * v + v
    return s + sum(filter(None, x)) * sum(v * k for v in filter(lambda v: v < 1.0, x) for k in filter(None, [0, 2]))


def case_filtered_inside(x):
    return sum(map(lambda v: v ** 2, filter(lambda v: v > 0.5, x))) * np.prod(list(filter(lambda v: v < 2.0, x)))


def case_filtered_and_written(x):
    x = x.copy()
    for v in filter(lambda v: v > 0.5, x): x[3] += v * v
    return x[3]


def case_filtered_by(x):
    s = 0.0
    for keep in (lambda v: v > 1.0, lambda v: v < 1.0):
        for v in filter(keep, x): s = s * v + v
    return s


def case_picked(x):
    kept = itertools.compress(x, [1, 0, 1, 1])
    left = itertools.filterfalse(lambda v: v > 1.0, x)
    return sum(kept) * sum(left) + sum(v ** 3 for v in itertools.dropwhile(lambda v: v < 1.0, x))


def case_first(x):
    held = {"a": x[0] * x[1], "b": x[2]}
    big = [v * v for v in x if v > 0.5]
    return next(iter(x)) * next(iter(held.values())) + next(iter(big)) * next(iter([x[3], x[1]]))


def case_in_order(x):
    d = collections.OrderedDict(a=x[0])
    d["b"] = x[1] * x[2]
    return sum(k * v * v for k, v in zip([1, 2], d.values()))


RIGHT = [f for name, f in list(globals().items()) if name.startswith("case_")]
REFUSED = [
    (refused_written_array, "this loop changes what it goes over"),
    (refused_written_alias, "this loop changes what it goes over"),
    (refused_enumerated, "no derivative rule for itertools.pairwise"),
    (refused_points, "which item of this list is meant is not known"),
    (refused_written_list, "xs is changed in place here"),
    (refused_taken_first, "popitem of a dict whose items the derivative follows is not supported"),
    (refused_copy_object, "what is copied here is no array"),
    (refused_shared_inside, "b is changed in place here while a holds it"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


def test_a_copy_is_another_array():  # a copy of dual numbers is not
    np.testing.assert_array_equal(grad(copy_array)(X), [3.0 if k == 0 else 2 * X[k] for k in range(4)])
    assert grad(lambda x: grad(copy_array)(x).sum())(X).tolist() == [0.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(AdxformError, match=re.escape(reason)):
        grad(f)(X)


def endless_by_name(x):
    w = itertools.cycle([1.0, 2.0, 3.0])
    s = 0.0
    for v, k in zip(x, w):
        s += k * v * v
    return s


def endless_count_by_name(x):
    numbers = itertools.count(1)
    s = 0.0
    for v, k in zip(x, numbers):
        s += k * v * v
    return s


def endless_in_a_generator(x):
    return sum(a * b for a, b in zip(x, itertools.repeat(2.0)))


@pytest.mark.parametrize("f", [endless_by_name, endless_count_by_name, endless_in_a_generator])
def test_what_goes_on_without_end_is_not_listed(f):
    with pytest.raises(AdxformError, match="without end"):
        grad(f)(np.array([0.3, 0.5, 0.7]))


def with_an_end(x):
    w = itertools.repeat(2.0, 3)
    return sum(a * b * b for a, b in zip(x, w))


def endless_in_place(x):
    s = 0.0
    for v, k in zip(x, itertools.cycle([1.0, 2.0])):
        s += k * v * v
    return s


def test_what_ends_is_gone_over():
    x = np.array([0.3, 0.5, 0.7])
    assert np.array_equal(grad(with_an_end)(x), [4.0, 4.0, 4.0])
    assert np.allclose(grad(endless_in_place)(x), 2.0 * x * [1.0, 2.0, 1.0])
