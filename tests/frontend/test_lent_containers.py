"""Lists and dictionaries that a function hands to others, which change them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad


def advance(state, dt):
    state["v"] = state["v"] - dt * state["x"]
    state["x"] += dt * state["v"]


def advance_twice(state, dt):
    advance(state, dt)
    advance(state=state, dt=dt)
    return state


def put(table, key, value):
    table[key] = value


def push(items, value):
    items.append(value)


def push_squares(items, x):
    for v in x:
        push(items, v**2)


def fill(out, x):
    for i in range(len(x)):
        out[i] = x[i] ** 2


class Log:
    def __init__(self):
        self.items = []
        self.named = {}


def a_state_in_a_loop(x):
    state = {"x": x[0], "v": x[1]}
    for _ in range(3):
        advance_twice(state, 0.1)
    same = advance_twice(state, x[2])
    return same["x"] * state["v"]


def on_one_path(x):
    table = {"a": x[0], "b": x[1]}
    if x[2] < 0:
        put(table, "a", x[3])
    else:
        put(table, "b", x[3] ** 2)
    return table["a"] * table["b"]


def lists_that_grow(x):
    items = [x[0]]
    push_squares(items, x)
    push(items, x[1])
    push_squares(items, 2.0 * x)
    out = [0.0] * 4
    fill(out, x)
    return sum(items) * items[0] + sum(out)


def held_by_an_object(x):
    log = Log()
    log.same = log.items
    for v in x:
        push(log.items, v)
    put(log.named, "a", x[0])
    return sum(log.same) * log.named["a"]


def under_two_names_of_objects(x):
    log, other = Log(), Log()
    log.items = [1.0, x[0]]
    other.items = log.items
    for v in x:
        log.items[0] = log.items[0] * v
    other.items[1] = x[1]
    return other.items[0] + log.items[1] ** 2


def read_by_a_function_inside(x):
    state = {"x": x[0]}

    def read():
        return state["x"]

    def change(given):
        given["x"] = x[1] * read()
        return read() * 2.0

    return change(state) + state["x"]


def copies_are_others(x):
    log = Log()
    log.items = [x[0]]
    log.named = [*log.items], log.items[:], list(log.items), log.items * 1, copy.copy(log.items)
    push(log.items, x[2])
    fill(log.items, x[1:3])
    first, second, third, fourth, fifth = log.named
    return log.items[0] * first[0] * second[0] * third[0] * fourth[0] * fifth[0]


@pytest.mark.parametrize("f", (
    a_state_in_a_loop, on_one_path, lists_that_grow, held_by_an_object, under_two_names_of_objects,
    read_by_a_function_inside, copies_are_others,
), ids=lambda f: f.__name__)
def test_right(f):
    check_grads(f, (np.array([0.7, 1.3, -0.4, 2.1]),))


def given_another_in_a_loop(x):
    log, other = Log(), Log()
    log.items = [1.0]
    other.items = log.items
    for v in x:
        log.items[0] = log.items[0] * v
        log.items = [v]
    return log.items[0] + other.items[0]


def with_a_second_name(x):
    state = {"x": x[0], "v": x[1]}
    same = state
    advance(state, 0.1)
    return same["x"] * state["v"]


def given_twice(x):
    def both(a, b):
        a["x"] = a["x"] * 2.0
        return b["x"] * a["x"]

    state = {"x": x[0]}
    return both(state, state)


@pytest.mark.parametrize("f, reason", (
    (given_another_in_a_loop, "items is a list or dictionary that has two names"),
    (with_a_second_name, "while same holds it, too"),
    (given_twice, "while b holds it, too"),
), ids=("another", "second name", "twice"))
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(np.array([0.7, 1.3, -0.4, 2.1]))


def test_the_state_of_the_caller_is_written_out():
    """What is generated has no second copy of what a loop carries."""
    slope = grad(a_state_in_a_loop)
    slope(np.array([0.7, 1.3, -0.4, 2.1]))
    assert slope.source.count("_tape = ") <= 2
