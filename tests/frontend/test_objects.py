"""Objects that functions make: their attributes and methods are followed."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, vjp
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class Vec:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __add__(self, o): return Vec(self.x + o.x, self.y + o.y)
    def __sub__(self, o): return Vec(self.x - o.x, self.y - o.y)
    def __mul__(self, s): return Vec(self.x * s, self.y * s)
    __rmul__ = __mul__
    def __neg__(self): return Vec(-self.x, -self.y)
    def dot(self, o): return self.x * o.x + self.y * o.y
    def norm(self): return np.sqrt(self.dot(self))
    def __getitem__(self, i): return (self.x, self.y)[i]
    def __len__(self): return 2
    def __iter__(self):
        yield self.x
        yield self.y
    def __abs__(self): return self.norm()
    @property
    def angle(self): return np.arctan2(self.y, self.x)
    @classmethod
    def unit(cls, a): return cls(np.cos(a), np.sin(a))
    @staticmethod
    def zero(): return Vec(0.0, 0.0)
    def __eq__(self, o): return self.x == o.x and self.y == o.y
    def __call__(self, t): return self.x + t * self.y


def case_vec_new(x):
    v = Vec(x[0], x[1])
    return v.x * v.y


def case_vec_method(x):
    v = Vec(x[0], x[1])
    return v.norm()


def case_vec_add(x):
    v = Vec(x[0], x[1]) + Vec(x[2], x[3])
    return v.dot(v)


def case_vec_ops(x):
    a = Vec(x[0], x[1]); b = Vec(x[2], x[3])
    c = 2.0 * (a - b) * 3.0
    return (-c).norm() + abs(a)


def case_vec_getitem(x):
    a = Vec(x[0], x[1])
    return a[0] * a[1] ** 2


def case_vec_prop(x):
    a = Vec(x[0], x[1])
    return a.angle


def case_vec_class(x):
    a = Vec.unit(x[0])
    return a.x * x[1] + Vec.zero().y


def case_vec_iter(x):
    a, b = Vec(x[0], x[1])
    return a * b


def case_vec_len(x):
    a = Vec(x[0], x[1])
    return len(a) * a.x


def case_vec_call(x):
    a = Vec(x[0], x[1])
    return a(x[2])


def case_vec_loop(x):
    a = Vec(x[0], x[1])
    v = Vec(0.0, 0.0)
    for i in range(3):
        v = v + a * x[i]
    return v.dot(v)


def case_vec_attr_write(x):
    v = Vec(x[0], x[1])
    v.x = v.x * 3.0
    v.y += v.x
    return v.norm()


def case_vec_list(x):
    vs = [Vec(x[i], x[i] ** 2) for i in range(4)]
    return sum(v.norm() for v in vs)


def case_vec_list_loop(x):
    vs = []
    for i in range(len(x)):
        vs.append(Vec(x[i], x[i] ** 2))
    s = 0.0
    for v in vs:
        s += v.norm()
    return s


class Acc:
    def __init__(self):
        self.total = 0.0
        self.count = 0
    def add(self, v):
        self.total += v
        self.count += 1
    def mean(self):
        return self.total / self.count


def case_acc(x):
    a = Acc()
    a.add(x[0] * x[1])
    a.add(x[2] ** 2)
    return a.mean()


def case_acc_loop(x):
    a = Acc()
    for v in x:
        a.add(v ** 2)
    return a.mean()


def case_acc_loop2(x):
    a = Acc()
    for i in range(len(x)):
        a.total += x[i] ** 3
    return a.total


def case_acc_branch(x):
    a = Acc()
    if x[0] > 0:
        a.add(x[0] ** 2)
    else:
        a.add(x[1])
    a.add(x[1])
    return a.mean()


class Hist:
    def __init__(self, n):
        self.items = []
        self.n = n
    def push(self, v):
        self.items.append(v)
        return self
    def total(self):
        return sum(self.items) * self.n


def case_hist(x):
    h = Hist(2)
    h.push(x[0]).push(x[1] ** 2)
    return h.total()


def case_hist_loop(x):
    h = Hist(2)
    for v in x:
        h.push(v ** 2)
    return h.total()


@dataclass


class P:
    m: float
    s: float = 2.0
    def logp(self, v): return -0.5 * ((v - self.m) / self.s) ** 2 - math.log(self.s)
    def __add__(self, o): return P(self.m + o.m, np.hypot(self.s, o.s))
    def shift(self, d):
        self.m += d


def case_dc(x):
    p = P(x[0], x[1])
    return p.logp(x[2])


def case_dc_add(x):
    p = P(x[0], x[1]) + P(x[2])
    return p.logp(x[3])


def case_dc_shift(x):
    p = P(x[0], x[1])
    p.shift(x[2] ** 2)
    return p.logp(x[3])


def case_dc_set(x):
    p = P(x[0], x[1])
    p.m = p.m * x[2]
    p.s *= x[3]
    return p.logp(0.3)


@dataclass


class Q:
    a: float
    b: float = field(init=False)
    items: list = field(default_factory=list)
    def __post_init__(self):
        self.b = self.a ** 2


def case_dc_post(x):
    q = Q(x[0])
    q.items.append(x[1])
    return q.a * q.b + q.items[0] ** 2


class Base:
    def __init__(self, w): self.w = w
    def f(self, x): return self.w * x
    def g(self, x): return self.f(x) ** 2


class Derived(Base):
    def __init__(self, w, b):
        super().__init__(w)
        self.b = b
    def f(self, x): return super().f(x) + self.b


def case_inherit(x):
    d = Derived(x[0], x[1])
    return d.g(x[2])


class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def __call__(self, x): return np.tanh(self.W @ x + self.b)


class Net:
    def __init__(self, layers): self.layers = layers
    def forward(self, x):
        for l in self.layers: x = l(x)
        return x


def case_net(x):
    W = np.outer(x, x)
    net = Net([Layer(W, x), Layer(W * 0.5, 0.1)])
    return np.sum(net.forward(np.ones(4)))


def case_net2(x):
    net = Net([])
    net.layers.append(Layer(np.outer(x, x), x))
    return np.sum(net.forward(np.ones(4)))


class Dualn:
    __slots__ = ("d", "v")
    def __init__(self, v, d=0.0):
        self.v = v; self.d = d
    def __mul__(self, o):
        o = o if isinstance(o, Dualn) else Dualn(o)
        return Dualn(self.v * o.v, self.v * o.d + self.d * o.v)
    def __add__(self, o):
        o = o if isinstance(o, Dualn) else Dualn(o)
        return Dualn(self.v + o.v, self.d + o.d)


def case_slots(x):
    a = Dualn(x[0], 1.0)
    b = a * a + x[1]
    return b.d * b.v


def case_return_obj_attr(x):
    def make(a): return Vec(a, a * 2)
    return make(x[0]).dot(make(x[1]))


class Particle:
    def __init__(self, pos, vel):
        self.pos = np.array(pos)
        self.vel = vel
    def step(self, dt):
        self.pos = self.pos + dt * self.vel
        self.vel -= dt * self.pos
    def energy(self): return 0.5 * np.sum(self.pos ** 2 + self.vel ** 2)


def case_particle(x):
    p = Particle([x[0], x[1]], np.array([x[2], x[3]]))
    for _ in range(5):
        p.step(0.1)
    return p.energy()


def case_particle2(x):
    p = Particle([x[0], x[1]], x[2:].copy())
    p.step(0.1); p.step(0.2)
    return p.energy()


class Simulator:
    def __init__(self, k):
        self.k = k
        self.state = np.zeros(2)
        self.history = []
    def run(self, n):
        for i in range(n):
            self.state[0] += self.k * 0.1
            self.state[1] = self.state[0] * self.k
            self.history.append(self.state.copy())
        return self.state.sum()


def case_sim(x):
    return Simulator(x[0]).run(3) * x[1]


def case_alias_obj(x):
    a = Vec(x[0], x[1]); b = a
    b.x = x[2] * 2
    return a.x * a.y


def case_obj_in_list(x):
    vs = [Vec(x[0], x[1]), Vec(x[2], x[3])]
    for v in vs:
        v.x *= 2.0
    return vs[0].x * vs[1].x


def case_obj_fn_changes(x):
    def grow(v, s): v.x = v.x * s
    a = Vec(x[0], x[1])
    grow(a, x[2])
    return a.norm()


RIGHT = [
    case_vec_new,
    case_vec_method,
    case_vec_add,
    case_vec_ops,
    case_vec_getitem,
    case_vec_prop,
    case_vec_class,
    case_vec_iter,
    case_vec_len,
    case_vec_call,
    case_vec_loop,
    case_vec_attr_write,
    case_vec_list,
    case_acc,
    case_acc_loop,
    case_acc_loop2,
    case_acc_branch,
    case_hist,
    case_hist_loop,
    case_dc,
    case_dc_add,
    case_dc_shift,
    case_dc_set,
    case_dc_post,
    case_inherit,
    case_net,
    case_net2,
    case_slots,
    case_return_obj_attr,
    case_particle,
    case_particle2,
    case_sim,
    case_alias_obj,
    case_obj_in_list,
    case_obj_fn_changes,
]
REFUSED = [
    (case_vec_list_loop, "an object of Vec is used as a whole here"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)


@dataclass
class Measured:
    x: float
    y: float = 1.0

    def __post_init__(self):
        self.length = np.hypot(self.x, self.y)


def replaced_fields(x):
    first = Measured(x)
    second = replace(first, y=x * x)
    first.x = 5.0
    return second.length * first.length * len(asdict(second)) * sum(asdict(first).values())


def test_what_is_done_after_the_fields_are_set_is_done_by_replace_too():
    value, _ = vjp(replaced_fields, 1.3)
    assert value == replaced_fields(1.3)
    check_grads(replaced_fields, (1.3,), order=1)
