"""Generators whose items are all gone over."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





def squares(v):
    for e in v: yield e ** 2


def evens(v):
    """Doc."""
    for i in range(len(v)):
        if i % 2: continue
        yield v[i]


def two(a):
    yield a
    yield a ** 2


def chain(a, b):
    yield from two(a)
    yield from two(b)


def upto(v):
    for e in v:
        if e < 0: return
        yield e


def endless(a):
    while True:
        yield a
        a = a * 2


def halving(a):
    while a > 0.1:
        yield a
        a = a / 2


def views(y):
    for i in range(3): yield y[i:i + 2]


def case_sum(x): return sum(squares(x))


def case_for(x):
    s = 0.0
    for v in evens(x): s += v ** 3
    return s


def case_list(x): return list(two(x[0]))[1] + sum(two(x[1]))


def case_unpack(x):
    a, b = two(x[0])
    return a * b


def case_from(x):
    a, b, c, d = chain(x[0], x[1])
    return a * b + c * d


def case_upto(x):
    s = 0.0
    for v in upto(x): s += v * 2
    return s


def case_halving(x): return sum(halving(x[0]))


def case_endless(x):
    s = 0.0
    for v in endless(x[0]):
        s += v
        if s > 5: break
    return s


def case_comp(x): return sum([v * 2 for v in squares(x)])


def case_array(x): return np.sum(np.array(list(squares(x))) * x)


def case_enumerate(x):
    s = 0.0
    for i, v in enumerate(two(x[0])): s += v * (i + 1)
    return s


def case_zip(x):
    s = 0.0
    for v, w in zip(two(x[0]), [x[1], x[2]]): s += v * w
    return s


def case_zip2(x):
    s = 0.0
    for v, w in zip(squares(x), x): s += v * w
    return s


def case_max(x): return max(two(x[1])) * min(two(x[0]))


def case_inner(x):
    w = x[1]
    def g(v):
        for e in v: yield e * w
    return sum(g(x))


def case_inner2(x):
    def g():
        yield x[0]
        yield x[1] * 2
    a, b = g()
    return a * b


def case_stale(x):
    y = x.copy(); s = 0.0
    for v in evens(y):
        s += v ** 2
        y[2] = v * 5.0
    return s


def case_stale_alias(x):
    y = x.copy(); z = y; s = 0.0
    for v in evens(y):
        s += v ** 2
        z[2] = v * 5.0
    return s


def case_stale_inner(x):
    y = x.copy(); s = 0.0
    def g():
        for i in range(4): yield y[i]
    for v in g():
        s += v ** 2
        y[3] = v * 5.0
    return s


def case_stale_unrolled(x):
    y = x.copy(); s = 0.0
    def g():
        yield y[0]
        yield y[1]
    for v in g():
        s += v ** 2
        y[1] = v * 5.0
    return s


def case_stale_nonlocal(x):
    w = x[0]; s = 0.0
    def g():
        nonlocal w
        yield w
        yield w
    for v in g():
        s += v ** 2
        w = v * 5.0
    return s


def case_views(x):
    y = x.copy(); s = 0.0
    for v in views(y): s += np.sum(v ** 2)
    return s


def case_kept(x):
    g = squares(x)
    return sum(g)


def case_kept_twice(x):
    g = squares(x)
    return sum(g) + sum(g)


def case_kept_changed(x):
    y = x.copy()
    g = squares(y)
    y[0] = 3.0
    return sum(g)


def case_next(x):
    g = two(x[0])
    return next(g) + next(g) * 2


def case_returned(x):
    def make(v): return squares(v)
    return sum(make(x))


def case_effect(x):
    s = 0.0
    def g():
        nonlocal s
        for v in [x[0], x[1]]:
            s += v
            yield s
    for v in g(): s += v
    return s


def case_star(x):
    def f(a, b): return a * b
    return f(*two(x[0]))


def case_send(x):
    def g():
        v = yield x[0]
        yield x[1]
    return sum(g())


def case_genexp(x): return sum(v ** 2 for v in evens(x))


def case_any(x): return x[0] * (2.0 if any(v > 1 for v in two(x[1])) else 3.0)


def case_obj(x):
    class_ = 0
    r = Ring([x[0], x[1], x[2]])
    s = 0.0
    for v in r: s = s * 0.5 + v ** 2
    a, b, c = r
    return s + a * b * c + sum(r) + len(list(r))


class Ring:
    def __init__(self, items): self.items = items
    def __iter__(self):
        for i in self.items: yield i


def case_ring2(x):
    r = Ring(x)
    s = 0.0
    for v in r: s = s * 0.5 + v ** 2
    return s


RIGHT = [
    case_sum,
    case_for,
    case_list,
    case_unpack,
    case_from,
    case_upto,
    case_halving,
    case_comp,
    case_array,
    case_enumerate,
    case_zip,
    case_zip2,
    case_max,
    case_inner,
    case_inner2,
    case_views,
    case_kept,
    case_star,
    case_genexp,
    case_any,
    case_obj,
]
REFUSED = [
    (case_stale, "this loop changes what the generator reads that it goes over"),
    (case_stale_alias, "this loop changes what the generator reads that it goes over"),
    (case_stale_inner, "this loop changes what the generator reads that it goes over"),
    (case_stale_unrolled, "this loop changes what the generator reads that it goes over"),
    (case_stale_nonlocal, "this loop changes what the generator reads that it goes over"),
    (case_kept_twice, "g is an iterator, which gives its items once, and may not be used up b"),
    (case_kept_changed, "g is an iterator, which gives its items once, and may not be used up b"),
    (case_next, "g is an iterator, which gives its items once, and may not be used up b"),
    (case_returned, "an iterator gives its items once, and this one is kept to be gone over"),
    (case_effect, "this generator changes something as it goes on"),
    (case_send, "yield is not supported yet"),
    (case_ring2, "what going over an object of Ring gives is not known"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
