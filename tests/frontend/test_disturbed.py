"""What a function changes of what is outside, and reads: refused, for the output reads it late."""

import numpy as np
import pytest

from adxform import UnsupportedError, grad, jvp, value_and_grad

SCALE = 1.0
TABLE = np.array([1.0, 2.0])
COUNTS = np.zeros(2)


class State:
    factor = 1.0
    calls = 0

    def __enter__(self):
        State.factor = 5.0

    def __exit__(self, *caught):
        State.factor = 1.0


class Scaled:
    def __enter__(self):
        global SCALE
        SCALE = 5.0

    def __exit__(self, *caught):
        global SCALE
        SCALE = 1.0


def set_scale(value):
    global SCALE
    SCALE = value


def set_through(value):
    set_scale(value)


def set_factor(value):
    setattr(State, "factor", value)


def fill_table(value):
    TABLE.fill(value)


def write_table(value):
    TABLE[0] = value


def scale_after_a_call(x):
    set_scale(5.0)
    y = x * SCALE
    set_scale(1.0)
    return y * SCALE


def scale_after_two_calls(x):
    set_through(5.0)
    y = x * SCALE
    set_through(1.0)
    return y * SCALE


def times_scale(x):
    return x * SCALE


def scale_in_a_callee(x):
    with Scaled():
        y = times_scale(x)
    return y * 2.0


def factor_assigned_here(x):
    State.factor = 5.0
    y = x * State.factor
    State.factor = 1.0
    return y * State.factor


def factor_assigned_there(x):
    set_factor(5.0)
    y = x * State.factor
    set_factor(1.0)
    return y


def factor_of_a_manager(x):
    with State():
        y = x * State.factor
    return y


def table_filled(x):
    fill_table(5.0)
    y = np.sum(x * TABLE)
    fill_table(1.0)
    return y


def table_written(x):
    write_table(5.0)
    y = x * TABLE[0]
    write_table(1.0)
    return y


@pytest.mark.parametrize("function, text, writer", [
    (scale_after_a_call, "SCALE", "set_scale"),
    (scale_after_two_calls, "SCALE", "set_scale"),
    (scale_in_a_callee, "SCALE", "__e"),
    (factor_assigned_here, "State.factor", "factor_assigned_here"),
    (factor_assigned_there, "State.factor", "set_factor"),
    (factor_of_a_manager, "State.factor", "__e"),
    (table_filled, "TABLE", "fill_table"),
    (table_written, "TABLE", "write_table"),
])  # fmt: skip
def test_what_is_read_while_it_changes_is_refused(function, text, writer):
    message = f"{text}, defined outside the function, is read here, and {writer}"
    with pytest.raises(UnsupportedError, match=message):
        grad(function)(2.0)
    with pytest.raises(UnsupportedError, match=message):
        jvp(function, (2.0,), (1.0,))


def counted(x):
    COUNTS[0] += 1.0
    return x


def count():
    State.calls += 1
    counted(1.0)


def squared(x):
    count()
    return x**2 * SCALE * State.factor * TABLE[1]


def test_what_is_only_counted_is_no_conflict():
    before = State.calls, COUNTS[0]
    TABLE[1] = 2.0
    assert value_and_grad(squared)(3.0) == (18.0, 12.0)
    assert (State.calls, COUNTS[0]) == (before[0] + 1, before[1] + 1.0)


class Switch:
    def __init__(self):
        self.mode = "slow"
        self.scale = 1.0

    def turned(self, x):
        self.mode = "fast"
        y = x * x if self.mode == "fast" else x
        self.mode = "slow"
        return y * x


SWITCH = Switch()


def by_a_method(x):
    return SWITCH.turned(x)


def flag_that_is_put_back(x):
    State.mode = "a"
    y = x * x if State.mode == "a" else x
    State.mode = "b"
    return y * x


def number_of_an_object(x):
    SWITCH.scale = 5.0
    y = x * SWITCH.scale
    SWITCH.scale = 1.0
    return y * SWITCH.scale


def test_flags_of_classes_that_are_put_back_are_refused():
    with pytest.raises(UnsupportedError, match=r"is read here, and .* changes it"):
        value_and_grad(flag_that_is_put_back)(2.0)


@pytest.mark.parametrize("function, expected", [
    (by_a_method, (8.0, 12.0)), (number_of_an_object, (10.0, 5.0)),
])  # fmt: skip
def test_flags_and_numbers_of_objects_that_are_put_back_are_what_they_were(function, expected):
    assert value_and_grad(function)(2.0) == expected


def assigned_once(x):
    SWITCH.scale = 5.0
    return x * x * SWITCH.scale


def test_what_is_assigned_once_before_is_read():
    assert value_and_grad(assigned_once)(2.0) == (20.0, 20.0)


# Facts about objects that what is called changes: they are asked for when the output runs


def turn(state):
    state.on = not state.on


def turn_deeply(state, times):
    if times:
        turn_deeply(state, times - 1)
    else:
        state.turned()


def turn_by_name(state, name):
    setattr(state, name, not state.on)


class Turning:
    def __init__(self):
        self.on = False
        self.hook = self.turned

    def turned(self):
        self.on = not self.on

    def power(self, x):
        return x**3 if self.on else x**2

    def by_a_function(self, x):
        turn(self)
        return self.power(x)

    def by_name(self, x):
        turn(state=self)
        return self.power(x)

    def deeply(self, x):
        turn_deeply(self, 2)
        return self.power(x)

    def by_name_of_attribute(self, x):
        turn_by_name(self, "on")
        return self.power(x)

    def in_its_dictionary(self, x):
        self.__dict__["on"] = not self.on
        return self.power(x)

    def by_a_hook(self, x):
        self.hook()
        return self.power(x)

    def by_a_method_got(self, x):
        getattr(self, "turned")()
        return self.power(x)

    def in_a_loop(self, x):
        for _ in range(3):
            x = self.power(x)
            turn(self)
        return x

    def while_it_is_on(self, x):
        count = 0
        while count < 3:
            x = x**3 if self.on else x**2
            self.turned()
            count += 1
        return x


METHODS = [name for name in vars(Turning) if name.startswith(("by_", "deeply", "in_", "while_"))]


@pytest.mark.parametrize("name", METHODS)
def test_what_a_call_changes_is_no_fact(name):
    """A branch was decided by what an attribute was before the call, or before the loop."""
    derived, again = Turning(), Turning()
    slope = grad(getattr(derived, name))
    for _ in range(4):
        again.on, value = derived.on, getattr(again, name)
        up = value(1.3 + 1e-6)
        again.on = derived.on
        expected = (up - value(1.3 - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope(1.3), expected, rtol=1e-6)
        assert derived.on == again.on


# Containers from outside that what is called changes


SETTINGS = {"on": False, "rate": 2.0}
FACTORS = [2.0]


def switch():
    SETTINGS["on"] = not SETTINGS["on"]


def grow():
    FACTORS[0] = FACTORS[0] + 1.0


def grow_what_is_given(factors):
    factors[0] = factors[0] + 1.0


def asked_before(x):
    y = x**3 if SETTINGS["on"] else x**2
    switch()
    return y * x


def read_in_a_loop(x):
    for _ in range(3):
        x = np.sin(x) * FACTORS[0]
        grow()
    return x


def changed_where_it_is_given(x):
    grow_what_is_given(FACTORS)
    return x**3 if FACTORS[0] > 2.5 else x**2


@pytest.mark.parametrize("f", [asked_before, read_in_a_loop, changed_where_it_is_given], ids=lambda f: f.__name__)
def test_containers_that_a_call_changes_are_not_read_late(f):
    """The reverse sweep read them as they were in the end; a change by an argument was left out."""
    with pytest.raises(UnsupportedError, match="outside the function"):
        grad(f)(0.7)


def test_what_is_read_once_before_a_call_may_change():
    def f(x):
        y = np.sin(x) * FACTORS[0]
        grow()
        return y * y

    FACTORS[0] = 2.0
    np.testing.assert_allclose(grad(f)(0.7), 8.0 * np.sin(0.7) * np.cos(0.7))


_ENTRIES = [0]
_KINDS = set()


def _enter():
    _ENTRIES.append(1)
    _KINDS.add(len(_KINDS))


def entered_by_a_call(x):
    before = len(_ENTRIES), len(_KINDS)
    _enter()
    return x ** (len(_ENTRIES) - before[0] + len(_KINDS) - before[1])


def entered_itself(x):
    before = len(_ENTRIES)
    _ENTRIES.append(1)
    y = x ** (1 + len(_ENTRIES) - before)
    _ENTRIES.append(1)
    return y ** (1 + len(_ENTRIES) - before)


def entered_in_a_loop(x):
    before = len(_ENTRIES)
    for _ in range(3):
        _enter()
        x = x ** (1 + len(_ENTRIES) - before)
    return x


def entered_until(x):
    before = len(_ENTRIES)
    while len(_ENTRIES) - before < 3:
        x = x * x * (len(_ENTRIES) - before + 1)
        _enter()
    return x


def emptied_between_tests(x):
    _ENTRIES.append(1)
    y = x * 2.0 if _ENTRIES else x
    _ENTRIES.clear()
    return y * (x * 3.0 if _ENTRIES else x)


def whether_it_is_empty(x):
    _ENTRIES.clear()
    return x ** (2 + bool(_ENTRIES)) * (3.0 if _ENTRIES else 4.0)


@pytest.mark.parametrize("function", [
    entered_by_a_call, entered_itself, entered_in_a_loop, entered_until, emptied_between_tests,
    whether_it_is_empty,
])  # fmt: skip
def test_what_a_list_from_outside_holds_is_asked_when_it_is_read(function):
    expected = (function(1.3 + 1e-6) - function(1.3 - 1e-6)) / 2e-6
    assert np.isclose(grad(function)(1.3), expected)
    assert np.isclose(jvp(function, (1.3,), (1.0,))[1], expected)
