"""Objects that change, under several names, in branches and loops: right, or refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class A:
    def __init__(self, v): self.v = v; self.xs = []


class B(A):
    K = 3.0
    names = {"a": 1}
    def __init__(self, v, w=2.0):
        super().__init__(v)
        self.w = w
    @property
    def vw(self): return self.v * self.w
    @vw.setter
    def vw(self, t): self.v = t / self.w
    def scale(self): self.v *= self.K; return self
    @classmethod
    def of(cls, v): return cls(v, v + 1)
    @staticmethod
    def twice(v): return 2 * v
    def clone(self): return type(self)(self.v, self.w)
    def clone2(self): return self.__class__(self.v, self.w)
    def __enter__(self): return self
    def __exit__(self, *a): self.v = 0.0
    def __setitem__(self, i, v): self.xs.append(v)
    def __contains__(self, i): return i == "x"
    def __bool__(self): return self.w > 0


class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next


class Stack:
    def __init__(self): self.head = None; self.size = 0
    def push(self, v):
        self.head = Node(v, self.head); self.size += 1
    def pop(self):
        n = self.head
        self.head = n.next
        self.size -= 1
        return n.value


def case_alias_local(x):
    a = A(x[0]); items = a.xs
    a.xs.append(x[1])
    return sum(items) * a.v


def case_alias_local2(x):
    a = A(x[0]); xs = a.xs
    a.xs.append(x[1])
    return len(xs) * a.v


def case_two(x):
    b = B(x[0]); c = B(x[1], x[2])
    b.scale().scale(); c.v += b.v
    return c.vw * b.K


def case_setter(x):
    b = B(x[0]); b.vw = x[1] ** 2
    return b.v * x[2]


def case_of(x): b = B.of(x[0]); return b.vw * B.twice(x[1])


def case_clone(x):
    b = B(x[0]); c = b.clone(); d = b.clone2()
    c.v = x[1]; d.v *= 3
    return b.v * c.v * d.v


def case_isinstance(x):
    b = B(x[0])
    if isinstance(b, A) and not isinstance(b, Node): return b.v ** 2
    return x[1]


def case_hasattr(x):
    b = B(x[0])
    return b.v * (2.0 if hasattr(b, "w") else 3.0) * (2.0 if hasattr(b, "zz") else 5.0)


def case_setattr(x):
    b = B(x[0])
    setattr(b, "v", x[1] * 2)
    return b.v


def case_stack(x):
    s = Stack()
    s.push(x[0]); s.push(x[1] ** 2)
    return s.pop() * 2 + s.pop() + s.size


def case_stack_loop(x):
    s = Stack()
    for i in range(3): s.push(x[i])
    return s.pop() * s.pop()


def case_stack_loop2(x):
    s = Stack()
    for v in x: s.push(v)
    return s.pop()


def case_setitem(x):
    b = B(x[0]); b[0] = x[1]; b[1] = x[2]
    return sum(b.xs)


def case_in(x):
    b = B(x[0])
    return b.v if "x" in b else x[1]


def case_bool(x):
    b = B(x[0])
    return b.v if b else x[1]


def case_branch_objs(x):
    a, b = A(x[0]), A(x[1])
    c = a if x[2] > 0 else b
    return c.v ** 2 + a.v


def case_branch_objs_write(x):
    a, b = A(x[0]), A(x[1])
    c = a if x[2] < 0 else b
    c.v = x[3]
    return c.v ** 2


def case_branch_objs_write2(x):
    a, b = A(x[0]), A(x[1])
    c = a if x[2] < 0 else b
    c.v = x[3]
    return a.v ** 2 + b.v


def case_branch_objs_write3(x):
    a, b = A(x[0]), A(x[1])
    c = a if x[2] < 0 else b
    a.v = x[3]
    return c.v ** 2 + b.v


def case_loop_swap(x):
    a, b = A(x[0]), A(x[1])
    for i in range(len(x)):
        a, b = b, A(a.v * b.v + x[i])
    return a.v + b.v


def case_loop_swap_write(x):
    a, b = A(x[0]), A(x[1])
    for i in range(len(x)):
        a.v += x[i]
        a, b = b, a
    return a.v * b.v


def case_prev(x):
    prev, cur = A(0.0), A(x[0])
    for i in range(len(x)):
        prev = cur
        cur = A(cur.v * x[i])
        prev.v += 1.0
    return prev.v * cur.v


def case_prev2(x):
    prev, cur = A(0.0), A(x[0])
    for i in range(len(x)):
        if x[i] > 0:
            prev = cur
        cur.v += x[i]
    return prev.v * cur.v


def case_best(x):
    best = A(-9.0)
    for i in range(len(x)):
        c = A(x[i] ** 2)
        if c.v > best.v: best = c
    return best.v * 3


def case_none(x):
    best = None
    for i in range(len(x)):
        c = A(x[i] ** 2)
        if best is None or c.v > best.v: best = c
    return best.v * 3


def case_obj_array(x):
    a = A(np.zeros(4))
    for i in range(4):
        a.v[i] = x[i] ** 2
    a.v[1:] *= 2
    a.v += x
    return np.sum(a.v)


def case_obj_array_alias(x):
    y = x.copy()
    a = A(y)
    a.v += 1.0
    y[0] *= 3
    return np.sum(a.v * y)


def case_obj_array_alias2(x):
    y = x.copy()
    a = A(y)
    a.v = a.v + 1.0
    y[0] *= 3
    return np.sum(a.v * y)


def case_param_mut(x):
    a = A(x)
    a.v = a.v * 2
    a.v[0] = 7.0
    return np.sum(a.v)


def case_dict_obj(x):
    d = {"a": A(x[0]), "b": A(x[1])}
    d["a"].v *= 2
    for k in d: d[k].v += 1
    return d["a"].v * d["b"].v


def case_nested_obj(x):
    o = A(A(x[0]))
    o.v.v = x[1] * o.v.v
    i = o.v
    i.v += 1
    return o.v.v


def case_closure_obj(x):
    a = A(x[0])
    def inc(d): a.v += d
    inc(x[1]); inc(x[2] ** 2)
    return a.v ** 2


def case_closure_obj_loop(x):
    a = A(x[0])
    def inc(d):
        a.v += d
        return a.v
    s = 0.0
    for i in range(len(x)): s += inc(x[i])
    return s * a.v


def case_comp_write(x):
    a = A(0.0)
    def inc(d):
        a.v += d
        return a.v
    return sum([inc(v) for v in x])


def case_early(x):
    a = A(x[0])
    for i in range(len(x)):
        a.v *= x[i]
        if a.v < 0: return a.v ** 2
    return a.v


def case_while(x):
    a = A(x[0])
    while a.v < 5.0:
        a.v = a.v * 1.5 + x[1]
    return a.v ** 2


def case_nested_loop(x):
    a = A(0.0)
    for i in range(len(x)):
        for j in range(i):
            a.v += x[i] * x[j]
    return a.v


def case_default_none(x):
    def f(a=None):
        a = a or A(x[1])
        return a.v
    return f() * f(A(x[0]))


def case_method_value(x):
    a = B(x[0])
    f = a.clone
    return f().v * 2


def case_method_map(x):
    a = B(x[0])
    return sum(map(a.twice, [x[1], x[2]]))


def case_obj_list_attr(x):
    a = A(x[0])
    for i in range(len(x)):
        a.xs.append(x[i] * a.v)
        a.v += 1.0
    return a.xs[0] * a.xs[-1] + len(a.xs)


def case_obj_dict_attr(x):
    a = A({})
    a.v["p"] = x[0]
    a.v["q"] = x[1] ** 2
    a.v["p"] *= 3
    return a.v["p"] * a.v["q"]


def case_unpack_attrs(x):
    a = A(x[0])
    a.v, a.w = x[1], a.v
    return a.v * 2 + a.w ** 2


def case_swap_attrs(x):
    a = B(x[0], x[1])
    a.v, a.w = a.w, a.v
    return a.v * 2 + a.w ** 2


def case_try(x):
    a = A(x[0])
    try:
        a.v = x[1] ** 2
    except ValueError:
        raise
    return a.v


def case_id(x):
    a = A(x[0]); b = a; c = A(x[0])
    return (x[1] if a is b else 0.0) + (x[2] if a is c else 1.0) * a.v


def case_eq(x):
    a = A(x[0]); b = a; c = A(x[0])
    return (x[1] if a == b else 0.0) + (x[2] if a == c else 1.0) * a.v


def case_annot(x):
    class_: A = A(x[0])
    class_.v: float = x[1] * 2
    return class_.v


def case_tuple_obj(x):
    t = (A(x[0]), A(x[1]))
    p, q = t
    p.v = 3 * q.v
    return t[0].v * q.v


def case_ifexp_arg(x):
    s = Stack()
    s.push(x[0] if x[1] > 0 else x[2])
    s.push(x[1] and x[2])
    return s.pop() * s.pop()


RIGHT = [
    case_two,
    case_setter,
    case_of,
    case_clone,
    case_isinstance,
    case_hasattr,
    case_setattr,
    case_stack,
    case_setitem,
    case_in,
    case_bool,
    case_branch_objs,
    case_branch_objs_write,
    case_loop_swap,
    case_best,
    case_obj_array,
    case_obj_array_alias,
    case_obj_array_alias2,
    case_param_mut,
    case_dict_obj,
    case_nested_obj,
    case_closure_obj,
    case_closure_obj_loop,
    case_early,
    case_while,
    case_nested_loop,
    case_default_none,
    case_method_value,
    case_method_map,
    case_obj_list_attr,
    case_obj_dict_attr,
    case_unpack_attrs,
    case_swap_attrs,
    case_try,
    case_id,
    case_eq,
    case_annot,
    case_tuple_obj,
    case_ifexp_arg,
]
REFUSED = [
    (case_alias_local, "xs is changed in place here while items holds it, too"),
    (case_alias_local2, "xs is changed in place here while xs holds it, too"),
    (case_stack_loop, "head is a container on one path and something else on another"),
    (case_stack_loop2, "head is a container on one path and something else on another"),
    (case_branch_objs_write2, "an object of A is changed here that may be, or not be, one that is use"),
    (case_branch_objs_write3, "an object of A is changed here that may be, or not be, one that is use"),
    (case_loop_swap_write, "an object of A is changed here that may be, or not be, one that is use"),
    (case_prev, "an object of A is changed here that may be, or not be, one that is use"),
    (case_prev2, "an object of A is changed here that may be, or not be, one that is use"),
    (case_none, "a variable becomes a tuple inside the loop"),
    (case_comp_write, "a call in this comprehension writes to an object"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
