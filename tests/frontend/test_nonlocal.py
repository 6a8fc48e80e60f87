"""Variables, lists and dictionaries that functions inside assign and change."""

from __future__ import annotations

import collections
import functools
import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





def case_nonlocal(x):
    total = 0.0
    def add(v):
        nonlocal total
        total += v
    for i in range(4):
        add(x[i] ** 2)
    return total


def case_nonlocal2(x):
    count = 0; best = x[0]
    def see(v):
        nonlocal best, count
        count += 1
        if v > best: best = v
    for v in x: see(v)
    return best ** 2 * count


def case_nonlocal_nested(x):
    a = 0.0
    def g(v):
        b = 1.0
        def h(w):
            nonlocal a, b
            a += w * b
            b *= 2.0
        h(v); h(v)
        return b
    return g(x[0]) + g(x[1] ** 2) * a


def case_nonlocal_while(x):
    n = 0.0
    def step():
        nonlocal n
        n = n * 0.5 + x[0]
        return n
    while step() < 1.2: pass
    return n ** 2


def case_nonlocal_param(x):
    def go(v):
        def twice():
            nonlocal v
            v = v * 2
        twice(); twice()
        return v
    return go(x[0]) * x[1]


def case_shadow(x):
    t = x[0]
    def f(t):
        t += 1
        return t
    def g():
        nonlocal t
        t = f(t) * 2
    g()
    return t + sum(t for t in [x[1], x[2]])


def case_inner_append(x):
    out = []
    def emit(v): out.append(v)
    emit(x[0]); emit(x[1] ** 2)
    return out[0] * out[1]


def case_inner_append_loop(x):
    out = []
    def emit(v): out.append(v)
    for v in x: emit(v ** 2)
    return sum(out) * len(out)


def case_inner_append_loop2(x):
    out = []
    def emit(v): out.append(v)
    for v in x:
        if v > 0: emit(v ** 2)
    out.append(x[0])
    return sum(out)


def case_inner_dict(x):
    d = {}
    def put(k, v): d[k] = v
    put("a", x[0]); put("b", x[1])
    return d["a"] * d["b"]


def case_inner_dict_acc(x):
    d = {"a": 0.0, "b": 0.0}
    def put(k, v): d[k] += v
    for v in x: put("a", v); put("b", v ** 2)
    return d["a"] * d["b"]


def case_memo(x):
    memo = {}
    def fib(n):
        if n in memo: return memo[n]
        if n < 2: r = x[n]
        else: r = fib(n - 1) + fib(n - 2) * x[2]
        memo[n] = r
        return r
    return fib(6)


def case_memo2(x):
    cache = {}
    def sq(k):
        if k not in cache:
            cache[k] = x[k] ** 2
        return cache[k]
    return sq(0) + sq(1) * sq(0)


def case_counter_closure(x):
    def make():
        n = 0.0
        def inc(v):
            nonlocal n
            n += v
            return n
        return inc
    inc = make()
    inc(x[0]); inc(x[1] ** 2)
    return inc(x[2])


def case_two_counters(x):
    def make(s):
        n = s
        def inc(v):
            nonlocal n
            n += v
            return n
        return inc
    a = make(x[0]); b = make(1.0)
    a(x[1]); b(x[2])
    return a(0.0) * b(x[3])


def case_get_set(x):
    v = x[0]
    def get(): return v
    def put(n):
        nonlocal v
        v = n
    put(get() * x[1]); put(get() * x[2])
    return get() + v


def case_early_inner(x):
    last = 0.0
    def f(a):
        nonlocal last
        if a < 0:
            last = -a
            return 0.0
        last = a * 2
        return a
    s = 0.0
    for v in x: s += f(v) * last
    return s + last


def case_array_nonlocal(x):
    y = np.zeros(4)
    def upd(i):
        nonlocal y
        y = y + x * i
    upd(1); upd(2)
    return np.sum(y ** 2)


def case_array_nonlocal_inplace(x):
    y = 0.0 * x; z = y
    def upd(i):
        nonlocal y
        y += x * i
        y[0] *= 3
    upd(1); upd(2)
    return np.sum(z ** 2)


def case_stack_inner(x):
    st = [x[0]]
    def push(v): st.append(v)
    def pop(): return st.pop()
    push(x[1]); push(x[2])
    return pop() * 2 + pop() + len(st)


def case_inactive_nonlocal(x):
    n = 0
    def inc():
        nonlocal n
        n += 1
    for v in x: inc()
    return x[0] * n


def case_callback(x):
    log = []
    def each(f, v):
        for i in range(len(v)): f(v[i])
    each(lambda a: log.append(a ** 2), x)
    return sum(log)


def case_callback2(x):
    total = 0.0
    def visit(a):
        nonlocal total
        total += a ** 2
    def each(f, v):
        for i in range(len(v)): f(v[i])
    each(visit, x)
    return total


def case_map_side(x):
    total = 0.0
    def visit(a):
        nonlocal total
        total += a
        return total
    r = [visit(x[0]), visit(x[1])]
    return r[0] * r[1]


def case_list_alias_inner(x):
    out = []
    keep = out
    def emit(v): out.append(v)
    emit(x[0])
    return len(keep) * x[1] + out[0]


RIGHT = [
    case_nonlocal,
    case_nonlocal2,
    case_nonlocal_nested,
    case_nonlocal_while,
    case_nonlocal_param,
    case_shadow,
    case_inner_append,
    case_inner_append_loop,
    case_inner_append_loop2,
    case_inner_dict,
    case_inner_dict_acc,
    case_memo2,
    case_counter_closure,
    case_two_counters,
    case_get_set,
    case_early_inner,
    case_array_nonlocal,
    case_array_nonlocal_inplace,
    case_stack_inner,
    case_inactive_nonlocal,
    case_callback,
    case_callback2,
    case_map_side,
]
REFUSED = [
    (case_memo, "which item is replaced here is not known"),
    (case_list_alias_inner, "out is changed in place here while keep holds it, too"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)


def test_a_function_inside_that_calls_itself_and_one_that_counts_is_refused():
    """What the function that counts changes is from outside of the one that calls itself."""

    def f(x):
        count = 0

        def tick():
            nonlocal count
            count += 1
            return count

        def walk(v, n):
            return v if n == 0 else walk(v * x + tick(), n - 1)

        return walk(x, 3) * count

    with pytest.raises(UnsupportedError, match="a function that calls itself changes count"):
        grad(f)(1.3)


def in_a_set(x):
    seen = set()

    def note():
        seen.add(len(seen))

    y = x ** (1 + len(seen))
    note()
    return y * x ** (1 + len(seen))


def in_a_queue_of_a_loop(x):
    seen = collections.deque()

    def note():
        seen.appendleft(1)

    total = x
    while len(seen) < 3:
        note()
        total = total * x * len(seen)
    return total


def in_a_set_by_recursion(x):
    seen = set()

    def walk(v, k):
        seen.add(len(seen))
        return v * len(seen) if k == 0 else walk(v * x, k - 1)

    return walk(x, 2) * len(seen)


@pytest.mark.parametrize("function", [in_a_set, in_a_queue_of_a_loop, in_a_set_by_recursion])
def test_what_a_function_inside_adds_to_a_set_or_a_queue_is_counted(function):
    expected = (function(1.3 + 1e-6) - function(1.3 - 1e-6)) / 2e-6
    assert np.isclose(grad(function)(1.3), expected)


def counted_in_a_test(x):
    counts = {"n": 0}

    def more():
        counts["n"] += 1
        return counts["n"] > 0

    y = x * 2.0 if (x > 0 and more()) else x
    return y ** (1 + counts["n"])


def rebound_in_a_test(x):
    count = 0

    def more():
        nonlocal count
        count += 1
        return count > 0

    y = x * 2.0 if (x > 0 and more()) else x
    return y ** (1 + count)


def by_a_method_handed_over(x):
    items = []
    add = functools.partial(items.append, 1)
    add()
    return x ** (1 + len(items))


@pytest.mark.parametrize("function", [
    counted_in_a_test, rebound_in_a_test, by_a_method_handed_over])
def test_changes_that_are_carried_along_are_refused(function):
    with pytest.raises(UnsupportedError):
        grad(function)(1.3)
