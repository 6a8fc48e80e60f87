"""Lists that objects hold and loops fill."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





def put(q, v): q.append(v)


class A:
    def __init__(self): self.xs = []; self.n = 0.0
    def add(self, v): self.xs.append(v)


def case_listof_arg(x):
    out = []
    for v in x: out.append(v ** 2)
    put(out, x[0] * 5)
    return sum(out)


def case_listof_alias(x):
    out = []
    for v in x: out.append(v ** 2)
    o2 = out
    o2.append(x[0])
    return sum(out)


def case_listof_closure(x):
    out = []
    for v in x: out.append(v ** 2)
    def f(v): out.append(v)
    f(x[0])
    return sum(out)


def case_listof_field(x):
    a = A()
    for v in x: a.add(v ** 2)
    ys = a.xs
    a.add(x[0])
    return sum(ys) + sum(a.xs)


def case_listof_field2(x):
    a = A()
    for v in x: a.add(v ** 2)
    ys = a.xs
    ys.append(x[0])
    return sum(ys) + sum(a.xs)


def case_listof_field3(x):
    a = A()
    for v in x: a.add(v ** 2)
    put(a.xs, x[0] * 3)
    return sum(a.xs)


def case_listof_in_loop(x):
    a = A(); s = 0.0
    for v in x:
        a.add(v ** 2)
        s += a.xs[-1] * len(a.xs)
    return s + a.xs[0]


def case_listof_two(x):
    a = A(); b = A()
    for v in x:
        a.add(v); b.add(v ** 2)
    b.xs.extend(a.xs) if False else None
    return sum(a.xs) * sum(b.xs)


def case_field_share(x):
    a = A(); b = A()
    b.xs = a.xs
    a.add(x[0]); b.add(x[1])
    return sum(a.xs) + len(b.xs)


def case_field_share_loop(x):
    a = A(); b = A()
    b.xs = a.xs
    for v in x: a.add(v); b.add(v ** 2)
    return sum(a.xs)


def case_field_default(x):
    a = A()
    a.xs = a.xs or [x[1]]
    return a.xs[0] * 2


def case_set_listof(x):
    a = A()
    out = []
    for v in x: out.append(v ** 2)
    a.xs = out
    out.append(x[0])
    return sum(a.xs)


def case_set_listof2(x):
    a = A()
    out = []
    for v in x: out.append(v ** 2)
    a.xs = out
    a.add(x[0] * 3)
    return sum(out)


def case_ret_listof(x):
    a = A()
    for v in x: a.add(v ** 2)
    def get(): return a.xs
    g = get()
    a.add(x[0])
    return sum(g)


def case_clear_loop(x):
    a = A(); s = 0.0
    for v in x:
        a.xs = []
        a.add(v)
        s += a.xs[0] ** 2
    return s


def case_tmp_list(x):
    s = 0.0
    for i in range(len(x)):
        a = A()
        a.add(x[i]); a.add(2.0)
        s += a.xs[0] * a.xs[1]
    return s


RIGHT = [
    case_listof_arg,
    case_listof_field3,
    case_field_share,
    case_field_share_loop,
    case_listof_closure,
    case_listof_in_loop,
    case_listof_two,
    case_field_default,
    case_clear_loop,
    case_tmp_list,
]
REFUSED = [
    (case_listof_alias, "o2 is appended to here while another name needs it as it was"),
    (case_listof_field, "xs is appended to here while another name needs it as it was"),
    (case_listof_field2, "ys is appended to here while another name needs it as it was"),
    (case_set_listof, "out is appended to here while another name needs it as it was"),
    (case_set_listof2, "xs is appended to here while another name needs it as it was"),
    (case_ret_listof, "xs is appended to here while another name needs it as it was"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
