"""Classes as people write them: polynomials, optimisers, models, lists of nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial, reduce

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class Var:
    count = 0
    def __init__(self, v, parents=()):
        self.v = v; self.parents = parents; self.g = 0.0
    def __add__(self, o): return Var(self.v + o.v, ((self, 1.0), (o, 1.0)))
    def __mul__(self, o): return Var(self.v * o.v, ((self, o.v), (o, self.v)))
    def back(self, g=1.0):
        self.g += g
        for p, d in self.parents: p.back(g * d)


def case_tinygrad(x):
    a, b = Var(x[0]), Var(x[1])
    c = a * b + a
    c.back()
    return a.g * b.g


class Poly:
    def __init__(self, *c): self.c = list(c)
    def __call__(self, t):
        s = 0.0
        for a in reversed(self.c): s = s * t + a
        return s
    def deriv(self): return Poly(*[k * a for k, a in enumerate(self.c)][1:])
    def __mul__(self, o):
        out = [0.0] * (len(self.c) + len(o.c) - 1)
        for i, a in enumerate(self.c):
            for j, b in enumerate(o.c): out[i + j] += a * b
        return Poly(*out)


def case_poly(x):
    p = Poly(x[0], x[1], x[2])
    return p(x[3]) + p.deriv()(0.5) + (p * p)(0.3)


class Matrix2:
    def __init__(self, rows): self.rows = rows
    def __matmul__(self, o):
        return Matrix2([[sum(a * b for a, b in zip(r, c)) for c in zip(*o.rows)] for r in self.rows])
    def det(self):
        (a, b), (c, d) = self.rows
        return a * d - b * c
    @property
    def T(self): return Matrix2([list(c) for c in zip(*self.rows)])


def case_matrix(x):
    m = Matrix2([[x[0], x[1]], [x[2], x[3]]])
    return (m @ m.T).det() + (m @ m).rows[0][1]


@dataclass


class State:
    pos: float
    vel: float
    t: float = 0.0
    hist: list = field(default_factory=list)
    def step(self, dt):
        self.vel -= dt * self.pos
        self.pos += dt * self.vel
        self.t += dt
        self.hist.append(self.pos)
        return self
    @property
    def energy(self): return self.pos ** 2 + self.vel ** 2


def case_state(x):
    s = State(x[0], x[1])
    for _ in range(10): s.step(0.1)
    return s.energy + s.hist[3] * s.hist[-1] + s.t


def case_state2(x):
    s = State(x[0], x[1])
    s.step(0.1).step(0.2).step(0.3)
    return s.energy + sum(s.hist)


def case_state3(x):
    s = State(x[0], x[1])
    e = []
    while s.t < 0.55:
        s.step(0.1)
        e.append(s.energy)
    return max(e) + e[0]


@dataclass(frozen=True)


class Fz:
    a: float
    b: float
    def with_a(self, a): return replace(self, a=a)
    def __add__(self, o): return Fz(self.a + o.a, self.b * o.b)


def case_frozen(x):
    acc = Fz(0.0, 1.0)
    for i in range(len(x)): acc = acc + Fz(x[i], 1.0 + x[i] ** 2)
    return acc.a * acc.b + acc.with_a(3.0).a


def case_reduce_obj(x):
    acc = reduce(lambda p, q: p + q, [Fz(v, v) for v in [x[0], x[1], x[2]]])
    return acc.a * acc.b


class Meter:
    def __init__(self): self.s = 0.0; self.n = 0
    def __call__(self, v): self.s += v; self.n += 1; return self.s / self.n


def case_meter(x):
    m = Meter()
    out = [m(x[i]) for i in (0, 1, 2)]
    return out[0] * out[1] * out[2]


def case_meter_map(x):
    m = Meter()
    return sum(map(m, [x[0], x[1]])) * m.s


def case_meter_partial(x):
    m = Meter()
    f = partial(m, x[0])
    return f() + f() * m.n


class Opt:
    def __init__(self, lr): self.lr = lr; self.m = None
    def step(self, w, g):
        if self.m is None: self.m = np.zeros_like(g)
        self.m = 0.9 * self.m + g
        return w - self.lr * self.m


def case_opt(x):
    w = x.copy(); o = Opt(0.1)
    for _ in range(3):
        w = o.step(w, 2 * w)
    return np.sum(w ** 2)


class Model:
    def __init__(self, w): self.params = {"w": w, "b": 0.5}; self.cache = {}
    def forward(self, x):
        self.cache["x"] = x
        self.cache["h"] = np.tanh(self.params["w"] * x + self.params["b"])
        return self.cache["h"]
    def backward(self):
        h = self.cache["h"]
        return (1 - h ** 2) * self.cache["x"]
    def update(self, g): self.params["w"] = self.params["w"] - 0.1 * g


def case_model(x):
    m = Model(x[0])
    for i in range(3):
        m.forward(x[1])
        m.update(m.backward())
    return m.params["w"] * m.cache["h"]


def case_model2(x):
    m = Model(x)
    y = m.forward(np.ones(4))
    m.params["b"] += y[0]
    return np.sum(m.forward(x)) * m.params["b"]


class LinkedNode:
    def __init__(self, v, nxt): self.v, self.nxt = v, nxt


def case_linked(x):
    n = LinkedNode(x[0], LinkedNode(x[1], LinkedNode(x[2], None)))
    s = 0.0
    s += n.v; n = n.nxt
    s += n.v ** 2; n = n.nxt
    return s * n.v


def case_linked_while(x):
    n = LinkedNode(x[0], LinkedNode(x[1], LinkedNode(x[2], None)))
    s = 0.0
    while n is not None:
        s = s * 0.5 + n.v ** 2
        n = n.nxt
    return s


def case_tree(x):
    def total(n): return 0.0 if n is None else n.v ** 2 + total(n.nxt)
    return total(LinkedNode(x[0], LinkedNode(x[1], None)))


class Grid:
    def __init__(self, n): self.u = np.zeros(n)
    def __setitem__(self, i, v): self.u[i] = v
    def __getitem__(self, i): return self.u[i]
    def __len__(self): return len(self.u)


def case_grid(x):
    g = Grid(4)
    for i in range(len(g)): g[i] = x[i] ** 2
    g[1:3] = g[0:2] * 2
    g[0] += g[3]
    return np.sum(g.u)


def case_grid2(x):
    g = Grid(4)
    for i in range(len(g)):
        g[i] = x[i] * (g[i - 1] if i > 0 else 1.0)
    return g[3] + g[0]


class Base:
    def run(self, x): return self.pre(x) * self.k
    def pre(self, x): return x
    k = 2.0


class Sub(Base):
    k = 3.0
    def pre(self, x): return super().pre(x) ** 2


def case_template(x): return Sub().run(x[0]) + Base().run(x[1])


class Mixin:
    def scaled(self, s): return type(self)(self.v * s)


class MV(Mixin, Base):
    def __init__(self, v): self.v = v


def case_mixin(x): return MV(x[0]).scaled(x[1]).v * MV.k


class Lazy:
    def __init__(self, x): self.x = x; self._y = None
    @property
    def y(self):
        if self._y is None: self._y = np.sin(self.x)
        return self._y


def case_lazy(x):
    l = Lazy(x[0])
    a = l.y
    l.x = x[1]
    return a * l.y


def case_obj_default_arg(x):
    def f(v, acc=None):
        if acc is None: acc = Meter()
        acc(v); acc(v * 2)
        return acc.s
    return f(x[0]) + f(x[1], Meter())


def case_obj_ret_tuple(x):
    def f(v):
        m = Meter(); m(v)
        return m, v ** 2
    m, w = f(x[0])
    m(w)
    return m.s * m.n


def case_obj_dict_loop(x):
    ms = {"a": Meter(), "b": Meter()}
    for i, v in enumerate([x[0], x[1], x[2]]):
        ms["a" if i % 2 else "b"](v) if False else ms["a"](v)
    return ms["a"].s * 2 + ms["b"].n


def case_obj_listcomp_write(x):
    ms = [Meter() for _ in range(2)]
    for m in ms: m(x[0])
    ms[1](x[1])
    return ms[0].s * ms[1].s


def case_same_obj_twice(x):
    m = Meter()
    ms = [m, m]
    for k in ms: k(x[0])
    return m.s * ms[0].n


def case_mul_list(x):
    ms = [Meter()] * 2
    ms[0](x[0])
    return ms[1].s


def case_early_exit_inner(x):
    m = Meter()
    def f(v):
        if v < 0: return m.s
        m(v)
        return v
    s = 0.0
    for v in x: s += f(v)
    return s * m.s


def case_break(x):
    m = Meter()
    for v in x:
        m(v)
        if m.s > 1.5: break
    else:
        m(100.0)
    return m.s ** 2


def case_cond_attr(x):
    m = Meter()
    if x[0] > 0: m.extra = x[1]
    return m.extra * 2


def case_cond_list(x):
    m = State(x[0], x[1])
    if x[0] > 0: m.hist = [x[2]]
    return m.hist[0]


def case_swap_objs(x):
    a, b = State(x[0], 0.0), State(x[1], 1.0)
    if x[2] < 0: a, b = b, a
    return a.pos * 3 + b.vel


def case_swap_loop(x):
    a, b = State(x[0], 0.0), State(x[1], 1.0)
    for i in range(3): a, b = b, a
    return a.pos * 3 + b.vel


RIGHT = [
    case_model,
    case_tinygrad,
    case_poly,
    case_matrix,
    case_state,
    case_state2,
    case_state3,
    case_frozen,
    case_reduce_obj,
    case_meter,
    case_meter_map,
    case_meter_partial,
    case_opt,
    case_model2,
    case_linked,
    case_tree,
    case_grid,
    case_grid2,
    case_template,
    case_mixin,
    case_lazy,
    case_obj_default_arg,
    case_obj_ret_tuple,
    case_obj_dict_loop,
    case_obj_listcomp_write,
    case_same_obj_twice,
    case_mul_list,
    case_early_exit_inner,
    case_break,
    case_cond_attr,
    case_swap_objs,
    case_swap_loop,
    case_linked_while,
]
REFUSED = [
    (case_cond_list, "hist is a container on one path and something else on another"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
