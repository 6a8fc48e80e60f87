"""Objects, cells and containers that loops change, written out or not."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class A:
    def __init__(self, v): self.v = v


class Cnt:
    def __init__(self): self.n = 0.0
    def inc(self, v): self.n += v; return self.n


def case_unrolled_prev(x):
    prev, cur = A(0.0), A(x[0])
    for k in (x[1], x[2], x[3]):
        prev = cur
        cur = A(cur.v * k)
        prev.v += 1.0
    return prev.v * cur.v


def case_unrolled_alias(x):
    a, b = A(x[0]), A(x[1])
    s = 0.0
    for k in [x[2], x[3]]:
        a, b = b, a
        a.v += k
        s += b.v
    return s + a.v * b.v


def case_unrolled_break(x):
    c = Cnt()
    for k in [x[0], x[1], x[2], x[3]]:
        if k < 0: break
        c.inc(k)
    return c.n ** 2


def case_loop_cont(x):
    c = Cnt()
    for k in x:
        if k < 0: continue
        c.inc(k)
        if c.n > 1.9: break
    return c.n ** 2


def case_while_obj(x):
    c = Cnt(); i = 0
    while c.inc(x[i] ** 2) < 2.0: i += 1
    return c.n * (i + 1)


def case_cond_obj_none(x):
    c = None
    if x[0] > 0: c = Cnt()
    if c is not None: c.inc(x[1])
    return x[2] if c is None else c.n ** 2


def case_param_obj_returned(x):
    def up(o): o.inc(x[1]); return o
    c = Cnt(); d = up(c)
    d.inc(x[0])
    return c.n ** 2


def case_long_fn(x):
    def sim(o, n):
        for i in range(n):
            o.inc(x[i])
            for j in range(i): o.inc(x[j] * 0.1)
        return o.n
    c = Cnt()
    return sim(c, 3) * c.n


def case_comp_objs(x):
    cs = [Cnt() for _ in range(3)]
    for i, c in enumerate(cs):
        for j in range(i + 1): c.inc(x[j])
    return cs[0].n * cs[1].n * cs[2].n


def case_nested_cells(x):
    out = []
    def outer(v):
        acc = 0.0
        def inner(w):
            nonlocal acc
            acc += w
            out.append(acc)
        inner(v); inner(v * 2)
        return acc
    s = outer(x[0]) + outer(x[1])
    return s + out[0] * out[3]


def case_cell_branch(x):
    t = 0.0
    def f(v):
        nonlocal t
        if v > 0: t = t * 2 + v
        else: t -= v
    for v in x: f(v)
    if t > 3: f(x[0])
    return t ** 2


def case_cell_tuple(x):
    a, b = 0.0, 1.0
    def step(v):
        nonlocal a, b
        a, b = b, a + b * v
    for v in x: step(v)
    return a * b


def case_cell_array(x):
    buf = np.zeros(4); n = 0
    def push(v):
        nonlocal n
        buf[n] = v; n += 1
    for v in x: push(v ** 2)
    return np.sum(buf * x) * n


def case_lambda_cell(x):
    best = [x[0]]
    upd = lambda v: best.append(max(best[-1], v))
    upd(x[1]); upd(x[2])
    return best[-1] * best[0]


def case_dict_aug_loop(x):
    d = {"s": 0.0, "m": x[0]}
    for v in x:
        d["s"] += v ** 2
        d["m"] = max(d["m"], v)
    return d["s"] * d["m"]


def case_list_aug_loop(x):
    l = [0.0, 1.0]
    for i in range(len(x)):
        l[0] += x[i]
        l[1] *= 1 + x[i] ** 2
    return l[0] * l[1]


def case_dict_arr_loop(x):
    d = {"w": x * 1.0, "v": np.zeros(4)}
    for i in range(3):
        g = 2 * d["w"]
        d["v"] = 0.9 * d["v"] + g
        d["w"] -= 0.1 * d["v"]
    return np.sum(d["w"] ** 2)


def case_dict_int_then_float(x):
    d = {"s": 0}
    for v in x: d["s"] += v ** 2
    return d["s"]


def case_dict_becomes_array(x):
    d = {"s": 0.0}
    for i in range(3): d["s"] = d["s"] + x * i
    return np.sum(d["s"])


RIGHT = [
    case_unrolled_prev,
    case_unrolled_alias,
    case_unrolled_break,
    case_loop_cont,
    case_while_obj,
    case_param_obj_returned,
    case_long_fn,
    case_comp_objs,
    case_nested_cells,
    case_cell_branch,
    case_cell_tuple,
    case_cell_array,
    case_lambda_cell,
    case_dict_aug_loop,
    case_list_aug_loop,
    case_dict_arr_loop,
    case_dict_int_then_float,
    case_dict_becomes_array,
]
REFUSED = [
    (case_cond_obj_none, "this variable is a tuple on one path and something else on another"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
