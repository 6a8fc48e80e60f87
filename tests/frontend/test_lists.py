"""Lists that are followed item by item, and lists that loops fill."""

from __future__ import annotations

import array
import collections
import itertools
import math
import operator

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, check_grads, grad

V = np.array([1.5, 2.5, 0.7])


def append_in_a_loop(x):
    out = []
    for i in range(len(x)):
        out.append(x[i] ** 2)
    return np.sum(np.array(out)) + len(out)


def appended_from_its_end(x):
    a = [x[0]]
    for _ in range(3):
        a.append(a[-1] * x[1])
    return a[-1] * a[-2]


def grows_while_small(x):
    a = [x[0]]
    while a[-1] < 20.0:
        a.append(a[-1] * x[1])
    return a[-1] + len(a)


def arrays_under_a_condition(x):
    out = [np.outer(x, x) * p for p in x if p > 1.0]
    return np.sum(np.stack(out)) + len(out)


def two_generators(x):
    return sum(x[i] * x[j] for i in range(3) for j in range(i))


def items_replaced(x):
    out = [x * k for k in (1.0, 2.0)]
    out[0] = out[1] * 2.0
    out += [x]
    return np.sum(out[0] * out[1]) + len(out)


def dictionary_changed(x):
    d = {}
    d["a"] = x * 2.0
    d.update(b=x, c=d["a"] * x)
    for key in ("a", "b"):
        d[key] = d[key] * 2
    return sum(np.sum(v) for v in d.values())


def stored_array_written(x):
    y = x * 2.0
    held = [y, x]
    y[0] = x[1] ** 2
    return np.sum(held[0] * held[1])


@pytest.mark.parametrize("f", [
    append_in_a_loop, appended_from_its_end, grows_while_small, arrays_under_a_condition,
    two_generators, items_replaced, dictionary_changed, stored_array_written,
])
def test_second_order_agrees(f):
    check_grads(f, (V,), order=2)


def other_name(x):
    a = [x[0]]
    b = a
    a.append(x[1])
    return b[0]


def inside_another(x):
    a = [x[0]]
    c = {"k": a}
    a.append(x[1])
    return c["k"][-1]


def grow(items, value):
    items.append(value)


@pytest.mark.parametrize("f", [other_name, inside_another])
def test_a_list_that_two_hold_and_one_changes_is_refused(f):
    with pytest.raises(UnsupportedError, match=r"in place|may change"):
        grad(f)(V)


def test_a_list_of_numbers_is_an_argument():
    assert grad(lambda p: p[0] * p[1])([2.0, 3.0]) == [3.0, 2.0]
    assert adxform.vjp(lambda p: p["a"] * p["n"], {"a": 2.0, "n": 3})[1](1.0) == (
        {"a": 3.0, "n": None},)


def a_choice_known_in_advance(x, y):
    p = [x, y if 3 % 2 == 0 else y]  # noqa: RUF034
    for e in p:
        x = x * e
    return x


def test_a_list_of_a_choice_between_the_same():
    check_grads(a_choice_known_in_advance, (0.3, 0.4))


# --- built-in functions over what is known, and over arrays ---------------------------------------

PAIRS = {"bb": 2.0, "a": 3.0}


def in_order(p):
    s = 1.0
    for k, v in sorted(p.items()):
        s = s * v + len(k)
    for i, (k, v) in enumerate(sorted(p.items(), key=operator.itemgetter(0), reverse=True)):
        s = s * v + len(k) * i
    for k, v in sorted(p.items(), key=lambda pair: pair[0]):
        s = s * v + len(k)
    return s


def by_length(p):
    return sum(p[k] * i for i, k in enumerate(sorted(p, key=len)))


def by_names(p, names):
    s = 0.0
    for name in names:
        s += p[name] ** 2
    return s


def products(x):
    quotient, rest = divmod(x, 0.7)
    return math.prod([x, x], start=3.0) * quotient + rest


def lists_of_maps(x):
    whole = np.array(list(map(lambda v: v * v, x)))
    return np.sum(whole) + np.sum(np.stack(list(np.sin(v) for v in x))) + math.prod(x)


def spread_results(x):
    return np.sum(np.multiply(*np.meshgrid(x, x))) + np.sum(np.subtract(*np.split(x, 2)))


@pytest.mark.parametrize(("f", "args"), [
    (in_order, (PAIRS,)), (by_length, (PAIRS,)), (by_names, (PAIRS, ["a", "bb", "a"])), (products, (1.3,)),
    (lists_of_maps, (np.array([0.3, 0.5, 0.9, 1.2]),)), (spread_results, (np.array([0.3, 0.5, 0.9, 1.2]),)),
], ids=lambda f: getattr(f, "__name__", ""))
def test_built_in_functions_of_containers_and_arrays(f, args):
    check_grads(f, args)


def by_sum(p, names):
    return sum(np.sum(p[name]) for name in names)


def test_arrays_under_keys_known_when_it_runs_are_refused():
    with pytest.raises(UnsupportedError, match="which item of this dict is meant"):
        grad(by_sum)({"a": np.ones(2), "b": np.ones(3)}, ["a", "b"])


def test_arrays_spread_in_displays():
    def f(x):
        spread = [x[0] * 2.0, *x, 1.0, *x[1:]]
        flat = sum([[x[0], x[1]], [x[2]]], [])  # noqa: RUF017
        both = itertools.starmap(lambda a, b: a * b, [(x[0], x[1]), (x[2], x[0])])
        return spread[0] * spread[1] + spread[5] * len([*x]) + flat[0] * flat[2] + sum(both)

    check_grads(f, (np.array([0.7, 1.3, 0.4]),))


def test_dictionaries_are_not_items_of_an_array():
    def f(x):
        pairs = [{"v": v, "w": v * v} for v in x]
        return sum(pair["v"] * pair["w"] for pair in pairs)

    with pytest.raises(UnsupportedError, match="is put into a list for each item"):
        grad(f)(np.array([0.7, 1.3]))


def parts_replaced(x):
    items = [x[0], x[1], x[2]]
    items[1:2] = [items[0] * 2, items[2]]
    items[:0] = (x[3],)
    if x[0] > 0:
        items[::3] = [x[4], x[0] * x[1]]

    def shorten(held):
        held[-1:] = []

    shorten(items)
    return sum(i * v * v for i, v in enumerate(items)) * len(items)


def test_slices_of_lists_are_replaced():
    check_grads(parts_replaced, (np.array([0.3, 1.1, -0.4, 2.0, 0.7]),), order=1)


# Slices that have a name


def between(x):
    items, s = [v * v for v in x], slice(1, 3)
    return sum([v * v for v in items[s]]) + np.prod(items[slice(2)])


def between_by(x, places=slice(1, 3)):
    items = [v * v for v in x]
    return np.sum(np.array(items[places]) ** 2)


def of_several(x):
    items, total = [v * v for v in x], 0.0
    for part in [slice(0, 2), slice(1, 4)]:
        total += np.prod(items[part])
    return total


def written_out(x):
    items = [x[0], x[1] * x[2], x[2]]
    return sum(v * v for v in items[slice(1, None)])


@pytest.mark.parametrize("f", [between, between_by, of_several, written_out], ids=lambda f: f.__name__)
def test_a_slice_that_has_a_name_gives_a_list(f):
    """An item was taken for it: its cotangent was added to both items, or in the wrong place."""
    check_grads(f, (np.array([0.3, 0.7, 0.9, 0.2, 0.6]),))


# Containers that are handed over without anything that has a derivative


def into_keys(x, c):
    for v in x:
        c["a" if v > 0.5 else "b"] = v
    return c["a"] * c["b"]


def into_places(x, c):
    for i in range(2):
        c[i] = x[i]
    return c[0] * c[1]


def into_one(x, c):
    c[1] = x[0]
    return c[1] * x[1]


@pytest.mark.parametrize(("f", "given"), [
    (into_keys, {}), (into_keys, {"a": 1}), (into_places, {}), (into_places, [None, None]), (into_places, [1, 2, 3]),
    (into_one, ["a", 2]), (into_one, {1: 2}), (into_one, np.array(["s", None], dtype=object)),
])
def test_what_is_put_into_them_is_not_lost(f, given):
    """Their items had no derivative, nor had what the function put there: the gradient was zero."""
    with pytest.raises(UnsupportedError, match="held nothing that has a derivative"):
        grad(f)(np.array([0.3, 0.7]), given)


def test_what_nobody_reads_may_be_put_there():
    def f(x, log):
        log["x"] = x[0]
        return x[0] * x[1]

    np.testing.assert_allclose(grad(f)(np.array([0.3, 0.7]), {}), [0.7, 0.3])


def into_a_counter(x):
    c = collections.Counter()
    for i in range(len(x)):
        c[i % 2] += x[i]
    return c[0] * c[1]


def into_another_packages_array(x):
    a = array.array("d", [0.0, 0.0])
    a[0] = x[0]
    return a[0] * x[1]


@pytest.mark.parametrize("f", [into_a_counter, into_another_packages_array], ids=lambda f: f.__name__)
def test_what_is_put_into_what_is_no_array_is_refused(f):
    """The generated code failed: it took them for arrays."""
    with pytest.raises(UnsupportedError, match="is not known before it runs"):
        grad(f)(np.array([0.3, 0.7]))
