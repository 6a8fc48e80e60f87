"""What is changed by whatever a statement may run: read again, or refused, but never as it was."""

import contextlib
import functools
import operator
import sys

import numpy as np
import pytest

from adxform import UnsupportedError, grad, jvp

FLAG = False


class Base:
    def tock(self):
        self.tick()


class Switch(Base):
    shared = False

    def __init__(self):
        self.flag = False
        self.hooks = [self.tick]

    def tick(self):
        self.flag = not self.flag

    def tock(self):
        super().tock()

    def fire(self):
        for hook in self.hooks:
            hook()

    @property
    def toggled(self):
        self.tick()
        return 1

    @toggled.setter
    def toggled(self, value):
        self.tick()

    @functools.cached_property
    def once(self):
        self.tick()
        return 1

    def __len__(self):
        self.tick()
        return 1

    def __add__(self, other):
        self.tick()
        return 1

    def __str__(self):
        self.tick()
        return "switch"

    def __enter__(self):
        self.tick()

    def __exit__(self, *caught):
        return None


def flip(switch=None):
    switch.flag = not switch.flag


SWITCH = Switch()
HOOKS = [SWITCH.tick]
TABLE = {"flip": flip}


@contextlib.contextmanager
def flipped(switch):
    flip(switch)
    yield


def by_partial():
    functools.partial(flip, SWITCH)()


def by_comprehension():
    [flip(one) for one in (SWITCH,)]


def by_map():
    list(map(flip, [SWITCH]))


def by_hooks():
    for hook in HOOKS:
        hook()


def by_own_hooks():
    SWITCH.fire()


def by_table():
    TABLE["flip"](SWITCH)


def by_property():
    SWITCH.toggled


def by_setter():
    SWITCH.toggled = 1


def by_length():
    len(SWITCH)


def by_operator():
    SWITCH + 1


def by_text():
    print(f"{SWITCH}", file=sys.stderr)


def by_key():
    sorted([SWITCH], key=flip)


def by_context():
    with flipped(SWITCH):
        pass


def by_own_context():
    with SWITCH:
        pass


def by_methodcaller():
    operator.methodcaller("tick")(SWITCH)


def by_name():
    name = "tick"
    getattr(SWITCH, name)()


def by_base_class():
    SWITCH.tock()


def by_bound_method():
    tick = SWITCH.tick
    tick()


WAYS = [by_partial, by_comprehension, by_map, by_hooks, by_own_hooks, by_table, by_property,
        by_setter, by_length, by_operator, by_text, by_key, by_context, by_own_context,
        by_methodcaller, by_name, by_base_class, by_bound_method]


def power(x, way):
    way()
    return x**3 if SWITCH.flag else x**2


def powers(x, way):
    for _ in range(3):
        if SWITCH.flag:
            x = x**2
        else:
            x = 3.0 * x
        way()
    return x


def slope(function, way, flag):
    found = []
    for x in (1.3 + 1e-6, 1.3 - 1e-6):
        SWITCH.flag = flag
        found.append(function(x, way))
    return (found[0] - found[1]) / 2e-6


@pytest.mark.parametrize("function", [power, powers])
@pytest.mark.parametrize("way", WAYS)
def test_attributes_are_what_they_are_after_whatever_changes_them(way, function):
    slopes = grad(function)
    for flag in (False, True, False):
        expected = slope(function, way, flag)
        SWITCH.flag = flag
        assert np.isclose(slopes(1.3, way), expected)
        SWITCH.flag = flag
        assert np.isclose(jvp(function, (1.3, way), (1.0, None))[1], expected)


def count(_=None):
    global FLAG
    FLAG = not FLAG


def by_count():
    count()


def by_counting_hooks():
    for hook in [count]:
        hook()


def by_counting_partial():
    functools.partial(count, 1)()


COUNTERS = [count]


def by_counters():
    for hook in COUNTERS:
        hook()


@pytest.mark.parametrize("way", [by_count, by_counting_hooks, by_counting_partial, by_counters])
def test_variables_of_modules_that_anything_changes_are_refused(way):
    def f(x):
        way()
        return x**3 if FLAG else x**2

    with pytest.raises(UnsupportedError, match="FLAG"):
        grad(f)(1.3)


class Kind:
    flag = False


def flip_kind():
    Kind.flag = not Kind.flag


def test_attributes_of_classes_are_read_again_through_their_objects():
    one = Kind()

    def f(x):
        flip_kind()
        return x**3 if one.flag else x**2

    assert np.isclose(grad(f)(1.3), 3 * 1.3**2)
    assert np.isclose(grad(f)(1.3), 2 * 1.3)


class Growing:
    def __init__(self):
        self.rate = 2.0
        self.on = False
        self.weights = np.array([1.0, 2.0])


def test_what_a_function_itself_assigns_to_an_object_is_recorded():
    held = Growing()

    def f(x):
        for _ in range(3):
            x = x**2 if held.on else np.sin(x * held.rate * held.weights[0])
            held.on = not held.on
            held.rate = held.rate + 1.0
            held.weights = held.weights + 1.0
        return x

    def at(x):
        vars(held).update(vars(Growing()))
        return f(x)

    expected = (at(0.4 + 1e-6) - at(0.4 - 1e-6)) / 2e-6
    vars(held).update(vars(Growing()))
    assert np.isclose(grad(f)(0.4), expected)


class Lazy:
    asked = 0

    @property
    def scale(self):
        self.asked += 1
        return 2.0


def test_a_property_runs_as_often_as_the_user_runs_it():
    lazy = Lazy()

    def f(x):
        lazy.scale
        return x * lazy.scale

    assert grad(f)(1.3) == 2.0
    assert lazy.asked == 2


RATE, COUNT = 2.0, 1


def faster():
    global RATE
    RATE = RATE + 1.0


def once_more():
    global COUNT
    COUNT = COUNT + 1


class Setting:
    power = 2.0


def times_what_is_set(x):
    faster()
    return x * RATE


def as_often_as_is_counted(x):
    once_more()
    y = x
    for _ in range(COUNT):
        y = y * x
    return y


def power_of_a_class(x):
    Setting.power = Setting.power + 1.0
    return x**Setting.power


def of_a_function_around():
    count = 0

    def more():
        nonlocal count
        count += 1

    def f(x):
        more()
        return x**count

    return f


@pytest.mark.parametrize("function, name", [
    (times_what_is_set, "RATE"), (as_often_as_is_counted, "COUNT"),
    (power_of_a_class, "Setting.power"), (of_a_function_around(), "count"),
])  # fmt: skip
def test_numbers_that_a_call_sets_before_they_are_read_are_refused(function, name):
    with pytest.raises(UnsupportedError, match=f"{name}, defined outside the function"):
        grad(function)(1.3)
    with pytest.raises(UnsupportedError, match=f"{name}, defined outside the function"):
        jvp(function, (1.3,), (1.0,))


def test_a_variable_of_its_own_that_a_function_inside_sets_is_followed():
    def f(x):
        count = 0

        def more():
            nonlocal count
            count += 1

        more()
        more()
        return x**count

    assert np.isclose(grad(f)(1.3), 2.6)
