"""Lists and dictionaries that two variables hold and one changes: right, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, source


def comprehension(x):
    a = [x * i for i in (1.0, 2.0)]
    b = a
    b.append(x * x)
    return sum(a)


def made_by_list(x):
    a = list((x, 2 * x))
    b = a
    b.append(x * x)
    return sum(a)


def part(x):
    a = [x, 2 * x, 3 * x]
    s = a[1:]
    t = s
    t.append(x * x)
    return sum(s) + sum(a)


def joined(x):
    a = [x]
    b = a + [2 * x]
    c = b
    c.append(x * x)
    return sum(b)


def dictionary_comprehension(x):
    p = {k: x * i for i, k in enumerate("ab")}
    q = p
    q["w"] = x * x
    return sum(p.values())


def repeated(x):
    a = [x] * 3
    b = a
    b[0] = x * x
    return sum(a)


def inside_a_tuple(x):
    a = [x for _ in range(2)]
    a2 = (a, x)
    a.append(x * x)
    return sum(a2[0])


def one_of_two(x):
    a = [x]
    c = [2 * x]
    b = a if x < 0 else c
    b.append(x * x)
    return sum(c)


def one_of_two_by_branches(x):
    a = [x]
    c = [2 * x]
    if x < 0:
        b = a
    else:
        b = c
    b.append(x * x)
    return sum(c)


def inside_another_in_a_loop(x):
    a = [x, x * x]
    b = [a]
    i = 0
    while i < 2:
        a[0] = a[0] * x
        i += 1
    return sum(b[0])


def a_new_one_or_another(x):
    c = [2 * x]
    b = [3 * x] if x < 0 else c
    b.append(x * x)
    return sum(c)


def another_from_the_second_iteration_on(x):
    b = [x, x]
    a = [2 * x, x]
    s = 0.0
    for i in range(3):
        a[0] = a[0] * x
        s += b[0]
        b = a
    return s


def an_outer_one_from_the_second_iteration_on(x):
    b = [x, x]
    c = [2 * x, x]
    s = 0.0
    for i in range(3):
        b[0] = b[0] * x
        b = c
    return c[0]


def grows_in_a_loop(x):
    a = [x]
    b = a
    for i in range(3):
        a.append(x * i)
    return sum(b)


def grown_in_a_loop(x):
    a = [x]
    for i in range(3):
        a.append(x * i)
    b = a
    b.append(x * x)
    return sum(a)


def inside_another_grows_in_a_loop(x):
    a = [x]
    l = [a]
    for i in range(3):
        a.append(x * i)
    return sum(l[0])


def changed_before_the_loop_too(x):
    b = [x, x]
    a = [2 * x, x]
    s = 0.0
    a[0] = a[0] * 3.0
    for i in range(3):
        a[0] = a[0] * x
        s += b[0]
        b = a
    return s


def grows_under_two_names(x):
    a = [x]
    for i in range(3):
        a.append(x * i)
    b = a
    for i in range(3):
        b.append(x * x)
    return sum(a)


def rows_that_grow_when_stored(x):
    a = []
    row = []
    for i in range(3):
        row.append(x * i)
        a.append(row)
    return sum(a[0])


def dictionary_updated_by_another(x):
    d = {"a": x}
    e = d
    e |= {"a": x * x}
    return d["a"]


@pytest.mark.parametrize("f", [
    dictionary_updated_by_another, comprehension, made_by_list, part, joined, dictionary_comprehension, repeated,
    inside_a_tuple, one_of_two, one_of_two_by_branches,
    inside_another_in_a_loop, a_new_one_or_another, another_from_the_second_iteration_on,
    an_outer_one_from_the_second_iteration_on, grows_in_a_loop, grown_in_a_loop,
    inside_another_grows_in_a_loop, changed_before_the_loop_too, grows_under_two_names,
    rows_that_grow_when_stored,
])
def test_what_two_hold_and_one_changes_is_refused(f):
    with pytest.raises(UnsupportedError, match=r"is (changed in place|appended to) here while"):
        grad(f)(0.7)


def all_items(p):
    q = p
    q.append(p[0] * p[0])
    return sum(p)


def items_of_one(p):
    q = p["w"]
    q.append(p["w"][0] ** 2)
    return sum(p["w"])


@pytest.mark.parametrize(
    ("f", "given"), [(all_items, [0.7, 1.0]), (items_of_one, {"w": [0.7, 1.0]})]
)
def test_what_an_argument_holds_is_refused(f, given):
    with pytest.raises(UnsupportedError, match="q is changed in place here while p holds it, too"):
        grad(f)(given)


def sum_of_lists(x):
    a = [x]
    b = a + [2 * x]
    b.append(x * x)
    return sum(b) + sum(a)


def copy_by_slice(x):
    a = [x * i for i in (1.0, 2.0)]
    b = a[:]
    b.append(x * x)
    return sum(a) + 2 * sum(b)


def grows_from_known_items(x):
    a = [x] + [2 * x]
    for i in range(3):
        a.append(x * i)
    return sum(a)


def changed_on_both_paths(x):
    a = [x]
    c = [2 * x]
    if x > 0:
        a.append(x * x)
    else:
        a.append(x)
    a.append(x)
    return sum(a)*sum(c)


def copy_by_method(x):
    a = [x, 2 * x]
    b = a.copy()
    b.append(x * x)
    return sum(a) + sum(b)


def best_so_far(x):
    best = [x, x]
    cur = [x, x]
    for i in range(3):
        cur = [cur[0] * x, cur[1] + x]
        if cur[0] > 0:
            best = cur
    return best[0] + best[1]


def dictionary_in_a_loop(x):
    p = {"a": x, "b": 2 * x}
    for i in range(3):
        p["a"] = p["a"] * x
        q = p["a"]
    return p["a"] + q


def two_names_and_no_change(x):
    a = [x]
    for i in range(3):
        a.append(x * i)
    b = a
    return sum(b)*sum(a)


def rows_made_in_each_iteration(x):
    a = []
    for i in range(3):
        row = []
        for j in range(2):
            row.append(x * i*j)
        a.append(row)
    return a[2][1] + a[1][1]


@pytest.mark.parametrize("f", [
    sum_of_lists, copy_by_slice, grows_from_known_items, changed_on_both_paths, copy_by_method,
    best_so_far, dictionary_in_a_loop, two_names_and_no_change, rows_made_in_each_iteration,
])
def test_lists_of_ones_own_are_right(f):
    check_grads(f, (0.7,), order=2)


def a_default_that_grows(x):
    def total(e, held=[]):
        held.append(e)
        return sum(held)

    return total(x) + total(2.0 * x) * total(x * x)


def test_a_default_that_calls_share_is_refused_where_it_is_changed():
    with pytest.raises(UnsupportedError, match="may be the default of a parameter"):
        grad(a_default_that_grows)(0.7)


def extended_by_keys(x):
    p = [x]
    p.extend({"a": x * 5.0})
    return p[0] * len(p[1])


def dictionaries_joined(x):
    d = {"a": x, "b": 2.0 * x}
    e = d | {"a": x * x}
    d |= {"b": x * e["a"]}
    return d["a"] * d["b"] + e["a"] * e["b"]


@pytest.mark.parametrize("f", [extended_by_keys, dictionaries_joined])
def test_dictionaries_as_python_takes_them(f):
    check_grads(f, (0.7,))


def put_first_filled_then(x, n=3):
    rows = []
    for i in range(n):
        row = []
        rows.append(row)
        row.append(x * i)
    return sum(rows[1]) * x


def an_item_is_replaced(x, n=3):
    rows = []
    for i in range(n):
        row = [1.0, 2.0]
        rows.append((row, i))
        row[1] += x
    return rows[2][0][1] * x


def a_dictionary(x, n=3):
    rows = []
    for _ in range(n):
        row = {"a": 1.0}
        rows.append(row)
        row["a"] = x
    return rows[0]["a"] * x


def joined_to_a_list(x, n=3):
    rows = []
    for _ in range(n):
        row = []
        rows += [row]
        row += [x, x]
    return sum(rows[1]) * x


@pytest.mark.parametrize(
    "f", (put_first_filled_then, an_item_is_replaced, a_dictionary, joined_to_a_list))
def test_what_a_list_holds_that_loops_fill_is_refused(f):
    """What was put into the list had what it held then, and what came afterwards was lost."""
    with pytest.raises(UnsupportedError, match="while a list that is filled holds it"):
        grad(f)(1.5)


def filled_then_put(x, n=3):
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            row.append(x * i * j)
        rows.append(row)
    return sum(rows[1]) * x


def test_what_is_put_when_it_is_filled_is_right():
    check_grads(filled_then_put, (1.5,), order=2)


def scaled_or_not(x, values, scaled):
    if scaled:
        values = [v * x for v in values]
    return sum(values) * x


def each_from_the_one_before(x, values):
    row = values
    for _ in range(3):
        made = []
        for v in row:
            made.append(v * row[0] * x)
        row = made
    return row[0] + row[1]


def test_a_list_made_in_a_branch_is_alone_there():
    """What it is merged with afterwards, or is in the next round, does not see it grow."""
    for scaled in (True, False):
        values = np.array([0.3, 0.7])
        check_grads(lambda x, v, s=scaled: scaled_or_not(x, v, s), (1.5, values), order=1)
    check_grads(each_from_the_one_before, (1.5, np.array([0.3, 0.7])), order=1)
    assert "values" in source(scaled_or_not, argnums=0)
