"""Items of items of lists and dictionaries, assigned; lists that inner functions read: right, or refused."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, vjp
from tests.test_regressions import agrees


def dictionary_of_lists(x):
    p = {"a": [x, 2.0 * x], "b": 1.0}
    p["a"][1] = x * x
    p["a"][0] *= 3.0
    return p["a"][0] * p["a"][1]


def exchanged(x):
    p = [[x], [2.0 * x]]
    p[0][0], p[1][0] = p[1][0], p[0][0] ** 3
    return p[0][0] * p[1][0] ** 2


def item_and_list(x):
    p = [[x], [2.0 * x]]
    p[0][0] = p[1] = x * x
    return p[0][0] * p[1]


def in_loops_and_branches(x):
    p = [{"a": x}, {"a": 3.0 * x}]
    k = 0
    while k < 3:
        if p[0]["a"] > 2.0:
            p[0]["a"] = p[1]["a"] * x
        p[1]["a"] += x
        k += 1
    return p[0]["a"] * p[1]["a"]


def arrays_in_a_list(x):
    xs = [x * np.ones(2), x * x * np.ones(2)]
    xs[0][1] = 3.0 * x
    xs[1][0] *= x
    return np.sum(xs[0] * xs[1])


def new_key(x):
    p = {"u": (1.0, {"a": x})}
    p["u"][1]["b"] = x**3
    return p["u"][1]["b"] * p["u"][1]["a"]


def rows(a):
    a = a * 1.0
    for i in range(2):
        a[i][1] = a[i][0] ** 2
    return np.sum(a)


@pytest.mark.parametrize("f", [
    dictionary_of_lists, exchanged, item_and_list, in_loops_and_branches, arrays_in_a_list, new_key,
])
def test_items_of_items_are_assigned(f):
    agrees(f, 1.3)
    check_grads(f, (1.3,), order=2)


def test_rows_of_an_array_are_written_to_as_before():
    agrees(rows, np.arange(4.0).reshape(2, 2) + 1.0)


def of_an_argument(p):
    p[1]["a"] = p[0] * p[1]["a"]
    for _ in range(3):
        p[1]["a"] *= 2.0
    p[1]["b"] = p[0] if p[0] > 0.0 else 3.0 * p[0]
    return p[1]["a"] + p[1]["b"]


def test_a_caller_keeps_what_its_containers_hold():
    given = 2.0, {"a": 3.0, "b": 0.0}
    value, pullback = vjp(of_an_argument, given)
    assert value == 50.0
    assert pullback(1.0) == ((25.0, {"a": 16.0, "b": 0.0}),) == pullback(1.0)
    assert given == (2.0, {"a": 3.0, "b": 0.0})


def held_twice(x):
    d = [x]
    p = [d, d]
    p[0][0] = x * x
    return p[1][0]


def held_twice_later(x):
    p = [[x], [2.0 * x]]
    for _ in range(3):
        p[0][0] = p[0][0] * x
        p = [p[1], p[1]]
    return p[1][0] + p[0][0]


def held_by_another(x):
    p = [[x], 1.0]
    q = p[0]
    p[0][0] = x * x
    return q[0]


def held_by_a_loop(x):
    p = [{"a": x}, {"a": 3.0 * x}]
    for q in p:
        p[0]["a"] = q["a"] * x
    return p[0]["a"]


def first_of(p):
    return p["a"] * 2.0


def held_by_a_partial(x):
    p = {"a": x}
    f = functools.partial(first_of, p)
    p["a"] = x * x
    return f()


def item_held_by_a_partial(x):
    p = [{"a": x}]
    f = functools.partial(first_of, p[0])
    p[0]["a"] = x * x
    return f()


def held_by_what_a_call_made(x):
    p = [x]

    def reader(q):
        def read():
            return q[0]

        return read

    f = reader(p)
    p[0] = x * x
    return f()


def held_by_a_lambda_of_a_lambda(x):
    p = [x]
    f = (lambda q: lambda: q[0])(p)
    p[0] = x * x
    return f()


def grown_inside(x):
    p = [x]

    def grow():
        p.append(x * x)
        return 1.0

    return grow() * sum(p)


@pytest.mark.parametrize("f", [
    held_twice, held_twice_later, held_by_another, held_by_a_loop, held_by_a_partial,
    item_held_by_a_partial, held_by_what_a_call_made, held_by_a_lambda_of_a_lambda,
])
def test_what_is_held_twice_is_refused_where_it_changes(f):
    with pytest.raises(UnsupportedError):
        grad(f)(1.3)


def test_a_list_that_a_function_inside_appends_to():
    agrees(grown_inside, 1.3)


def read_by_a_function(x):
    p = [x, 2.0 * x]

    def first():
        return p[0]

    return first() * p[1]


def changed_before_it_is_read(x):
    p = [x, 2.0 * x]

    def first():
        return p[0]

    p[0] = x**3
    for _ in range(3):
        p[0] = p[0] * first()
    return first()


def read_by_a_function_that_calls_itself(x):
    p = [x]

    def power(n):
        if n < 1:
            return p[0]
        return power(n - 1) * p[0]

    p.append(x)
    return power(3) * len(p)


def read_by_a_default(x):
    p = [x, 2.0 * x]

    def first(p=p):
        return p[0]

    p = [x * x]
    return first() * p[0]


def read_by_functions_in_a_list(x):
    p = [x]

    def first():
        return p[0]

    functions = [first, lambda: p[0] * 2.0]
    p[0] = x * x
    return functions[0]() * functions[1]()


@pytest.mark.parametrize("f", [
    read_by_a_function, changed_before_it_is_read, read_by_a_function_that_calls_itself,
    read_by_a_default, read_by_functions_in_a_list,
])
def test_inner_functions_read_lists(f):
    agrees(f, 1.3)


def unpacked_before(x):
    p = [[x], [2.0 * x]]
    a, b = p
    y = a[0] * b[0]
    p[0][0] = x**3
    return y * p[0][0] * p[1][0]


def gone_over_before(x):
    p = [{"a": x}, {"a": 3.0 * x}]
    y = 0.0
    for q in p:
        y += q["a"] ** 2
    p[1]["a"] = x**3
    return y * p[1]["a"]


def read_on_the_other_side(x):
    p = [[x], [2.0 * x]]
    q = p[0]
    if x > 0.0:
        p[0][0] = x**3
    else:
        return q[0]
    return p[0][0]


@pytest.mark.parametrize("f", [unpacked_before, gone_over_before, read_on_the_other_side])
def test_what_is_not_read_any_more_may_hold_what_changes(f):
    agrees(f, 1.3)


def read_in_the_next_iteration(x):
    p = [[x], [2.0 * x]]
    a = [3.0 * x]
    s = 0.0
    for _ in range(3):
        s = s + a[0]
        a = p[0]
        p[0][0] = p[0][0] * x
    return s


def read_in_the_next_of_few(x):
    p = [[x], [2.0 * x]]
    a = [3.0 * x]
    s = 0.0
    for i in (1.0, 2.0, 3.0):
        s = s + a[0] * i
        a = p[0]
        p[0][0] = p[0][0] * x
    return s


def read_by_a_lambda(x):
    p = [[x], [2.0 * x]]
    q = p[0]
    f = lambda: q[0]
    p[0][0] = x * x
    return f()


def read_by_a_definition(x):
    p = [[x], [2.0 * x]]
    q = p[0]

    def f():
        return q[0]

    p[0][0] = x * x
    return f()


def read_by_a_test(x):
    p = [[x], [2.0 * x]]
    q = p[0]
    k = 0
    while k < 2 and (k == 0 or q[0] > 0.0):
        p[0][0] = x**3
        k += 1
    return p[0][0]


def replaced(p):
    p[0][0] = p[0][0] ** 3
    return p[0][0]


def read_by_the_caller(x):
    p = [[x], [2.0 * x]]
    return replaced([p[0], p[1]]) * p[0][0]


def read_in_the_loop_that_appends(x):
    a = [x]
    b = a
    s = 0.0
    for _ in range(3):
        a.append(x * x)
        s += b[-1]
    return s


@pytest.mark.parametrize("f", [
    read_in_the_loop_that_appends, read_in_the_next_iteration, read_in_the_next_of_few, read_by_a_lambda, read_by_a_definition,
    read_by_a_test, read_by_the_caller,
])
def test_what_may_still_be_read_is_refused(f):
    with pytest.raises(UnsupportedError, match="holds it, too"):
        grad(f)(1.3)


def of_any_keys(p):
    return p["w-1"] * p["lambda"] ** 2 * p[2.5][0] * p[-7]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_dictionary_has_any_keys(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    p = {"w-1": 2.0, "lambda": 3.0, 2.5: [0.5], -7: 4.0}
    assert grad(of_any_keys, backend=backend)(p) == {
        "w-1": 18.0, "lambda": 24.0, 2.5: [72.0], -7: 9.0
    }  # fmt: skip
