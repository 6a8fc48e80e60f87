"""Operators, built-in functions and loops do with objects what their classes say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





@dataclass


class P:
    m: float
    s: float = 2.0
    def __mul__(self, k): return P(self.m * k, self.s * k)
    def __neg__(self): return P(-self.m, self.s)
    def __len__(self): return 7
    def __getitem__(self, i): return self.m * (i + 1)
    def __abs__(self): return self.m ** 2
    def __bool__(self): return False
    def __lt__(self, o): return self.m > o.m
    def __call__(self, z): return z * self.s
    def __contains__(self, z): return True
    def __iter__(self): return iter((self.s, self.m))
    def __matmul__(self, o): return self.m * o.m
    def __iadd__(self, o): return P(self.m - o, self.s)
    def __pow__(self, k): return self.m * k


class N(NamedTuple):
    a: float
    b: float
    def __add__(self, o): return N(self.a + o.a, self.b + o.b)
    def __mul__(self, k): return N(self.a * k, self.b * k)
    def __len__(self): return 9
    def __getitem__(self, i): return 5.0


def case_mul(x): p = P(x[0], x[1]) * 3; return p.m * p.s


def case_neg(x): p = -P(x[0], x[1]); return p.m * p.s


def case_len(x): p = P(x[0], x[1]); return len(p) * p.m


def case_get(x): p = P(x[0], x[1]); return p[1] * p.m


def case_abs(x): return abs(P(x[0], x[1]))


def case_bool(x):
    p = P(x[0], x[1])
    return p.m * (2.0 if p else 3.0)


def case_bool2(x):
    p = P(x[0], x[1])
    if p: return p.m
    return p.s


def case_lt(x):
    p = P(x[0], x[1]); q = P(x[1], x[0])
    if p < q: return p.m
    return q.m ** 2


def case_call(x):
    p = P(x[0], x[1])
    return p(x[2])


def case_contains(x):
    p = P(x[0], x[1])
    return p.m * (2.0 if 3.0 in p else 1.0)


def case_iter(x):
    p = P(x[0], x[1])
    a, b = p
    return a ** 2 * b


def case_iter2(x):
    p = P(x[0], x[1])
    s = 0.0
    for i, v in enumerate(p): s += v * (i + 1)
    return s


def case_iter3(x):
    p = P(x[0], x[1])
    return [*p][0] ** 2


def case_matmul(x): return P(x[0], x[1]) @ P(x[2], x[1])


def case_iadd(x):
    p = P(x[0], x[1])
    p += x[2] ** 2
    return p.m


def case_pow(x): return P(x[0], x[1]) ** x[2]


def case_nadd(x):
    n = N(x[0], x[1]) + N(x[2], x[3])
    return n.a * n.b


def case_nmul(x):
    n = N(x[0], x[1]) * 3
    return n.a * n.b


def case_nlen(x):
    n = N(x[0], x[1])
    return len(n) * n.a


def case_nget(x):
    n = N(x[0], x[1])
    return n[0] * n.a


@dataclass


class Twice:
    a: float
    def __init__(self, q): self.a = q * 2


def case_init(x): return Twice(x[0]).a ** 2


@dataclass


class K:
    a: float
    b: float = field(default=1.0, kw_only=True)
    c: float = 3.0


def case_kw(x): k = K(x[0], x[1], b=x[2]); return k.a * k.b + k.c ** 2


def case_kw2(x): k = K(x[0], x[1]); return k.a * k.b + k.c ** 2


@dataclass


class CV:
    n: ClassVar[float] = 3.0
    a: float = 1.0


def case_cv(x): return CV(x[0]).a * CV.n


class Sub(P):
    def __init__(self, m): super().__init__(m * 2, 3.0)


def case_sub(x): return Sub(x[0]).m * Sub(x[1]).s


@dataclass


class GA:
    a: float
    def __getattribute__(self, n): return 3.0 * object.__getattribute__(self, n) if n == "a" else object.__getattribute__(self, n)


@dataclass(order=True)


class Ordered:
    a: float
    b: float


def case_eq(x):
    if Ordered(x[0], x[1]) == Ordered(x[0], x[1]): return x[0] ** 2
    return x[1]


def case_order(x):
    return x[0] ** 2 if Ordered(x[0], x[1]) < Ordered(x[1], x[0]) else x[1]


def case_max_dc(x):
    return max(Ordered(x[0], x[1]), Ordered(x[1], x[2])).a


def case_max_tuple(x):
    return max((x[0], x[1]), (x[1], x[2]))[1]


def case_tuple_lt(x):
    return x[0] ** 2 if (x[0], x[1]) < (x[1], x[0]) else x[1]


def case_min_list(x):
    return min([x[0], x[1]], [x[1], x[2]])[1] ** 2


def case_sorted_pairs(x):
    s = sorted([(x[0], x[1]), (x[2], x[3])])
    return s[0][1] * 2 + s[1][0]


def case_sum_dc(x):
    s = sum([P(x[0], x[1]), P(x[2], x[3])], P(0.0, 0.0)) if hasattr(P, "__add__") else P(x[0], x[1])
    return s.m


class Plane:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __add__(self, other):
        return Plane(self.a + other.a, self.b + other.b)

    def __mul__(self, k):
        return Plane(self.a * k, self.b * k)

    def __sub__(self, other):
        return self + other * -1.0

    @classmethod
    def unit(cls, angle):
        return cls(np.cos(angle), np.sin(angle))


def case_sum_of_objects(x):
    s = sum([Plane(x[0], x[1]), Plane(x[2], x[3]) * x[0]], Plane(0.0, 0.0))
    return s.a * s.b


def case_left_of_an_operator_a_classmethod(x):
    s = Plane.unit(x[0]) * 2.0 - Plane(x[1], 1.0)
    return s.a * s.b


def case_tuple_mul(x):
    t = (x[0], x[1]) * 2
    return t[2] * t[1]


def case_list_add(x):
    t = [x[0]] + [x[1] ** 2]
    return t[0] * t[1]


def case_dict_or(x):
    d = {"a": x[0]} | {"b": x[1], "a": x[2]}
    return d["a"] * d["b"]


def case_list_eq(x):
    return x[0] ** 2 if [x[0]] == [x[0]] else 1.0


def case_copy_obj(x):
    import copy
    p = P(x[0], x[1])
    q = copy.copy(p)
    return q.m * p.s


RIGHT = [
    case_mul,
    case_neg,
    case_len,
    case_get,
    case_abs,
    case_bool,
    case_bool2,
    case_lt,
    case_call,
    case_contains,
    case_iter,
    case_iter2,
    case_iter3,
    case_matmul,
    case_iadd,
    case_pow,
    case_nadd,
    case_nmul,
    case_nlen,
    case_nget,
    case_init,
    case_kw,
    case_kw2,
    case_cv,
    case_sub,
    case_eq,
    case_order,
    case_max_dc,
    case_max_tuple,
    case_tuple_lt,
    case_min_list,
    case_sum_dc,
    case_sum_of_objects,
    case_left_of_an_operator_a_classmethod,
    case_tuple_mul,
    case_list_add,
    case_dict_or,
    case_list_eq,
]
REFUSED = [
    (case_sorted_pairs, "the order of these depends on what is differentiated"),
    (case_copy_obj, "what is copied here is no array, and no container of arrays"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
