"""Functions that are looked up: in dictionaries and lists at the top of a file, by a known key."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad
from adxform.errors import AdxformError


def square(x):
    return x * x


def cube(x):
    return x * x * x


BY_NAME = {"square": square, "cube": cube, "sin": np.sin}
IN_ORDER = [square, cube]
slopes = grad(lambda a, b: a * a * b, argnums=(0, 1))


def by_key(x, name):
    return BY_NAME[name](x)


def by_key_or_not(x, name):
    return BY_NAME.get(name, square)(x)


def by_place(x):
    return IN_ORDER[1](x) * IN_ORDER[-2](x)


def each_in_turn(x):
    total = 0.0
    for name, f in BY_NAME.items():
        total = total + len(name) * f(x)
    return total


def slope_by_key(x, name):
    return grad(BY_NAME[name])(x) * x


def by_key_if_there(x, name):
    return BY_NAME[name](x) if name in BY_NAME else x


@pytest.mark.parametrize(
    ("f", "args"),
    [(by_key, ("sin",)), (by_key, ("cube",)), (by_key_or_not, ("cube",)), (by_key_or_not, ("no",)),
     (by_place, ()), (each_in_turn, ()), (slope_by_key, ("cube",)),
     (by_key_if_there, ("cube",))],
)
def test_a_function_that_is_looked_up(f, args) -> None:
    difference = (f(1.5 + 1e-6, *args) - f(1.5 - 1e-6, *args)) / 2e-6
    assert grad(f)(1.5, *args) == pytest.approx(difference, rel=1e-8)


def test_a_table_that_changes_between_calls(monkeypatch) -> None:
    derivative = grad(by_key)
    assert derivative(3.0, "square") == 6.0
    monkeypatch.setitem(BY_NAME, "square", cube)
    assert derivative(3.0, "square") == 27.0


def replaces(x):
    BY_NAME["square"] = cube
    return BY_NAME["square"](x)


def inserts(x):
    IN_ORDER.insert(0, cube)
    return IN_ORDER[0](x)


def takes(x):
    return IN_ORDER.pop()(x)


def hands_on(x):
    shorten(IN_ORDER)
    return IN_ORDER[0](x)


def shorten(functions):
    del functions[0]


@pytest.mark.parametrize("f", [replaces, inserts, takes, hands_on])
def test_a_table_that_is_changed_inside(f, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "IN_ORDER", [square, cube])
    with pytest.raises(AdxformError):
        grad(f)(1.5)
    assert IN_ORDER == [square, cube]


HEARD = [square]


def registers(x):
    HEARD.append(cube)
    return x * x


def test_a_list_of_functions_that_is_not_followed_may_grow() -> None:
    assert grad(registers)(3.0) == 6.0
    assert HEARD == [square, cube]


def test_a_key_that_is_not_there() -> None:
    with pytest.raises(AdxformError):
        grad(by_key)(1.5, "no")


def flight(w, derivatives):
    p, q = derivatives(w, 2.0 * w)
    return p * q


def flight_by_slopes(w):
    return flight(w, slopes)


def test_a_gradient_from_outside_that_is_an_argument_of_an_inner_call() -> None:
    assert grad(flight_by_slopes)(3.0) == pytest.approx(16 * 3.0**3)


class Network:
    """Holds functions in a dictionary and in a list."""

    def __init__(self, **steps):
        self.steps = steps
        self.layers = [np.tanh, lambda e: 2.0 * e]

    def step(self, x, name):
        return self.steps[name](x)

    def step_or_none(self, x, name):
        return self.steps[name](x) if name in self.steps else x * x

    def every_step(self, x):
        total = 0.0
        for name, f in self.steps.items():
            total = total + len(name) * f(x)
        return total

    def chain(self, x):
        for f in self.layers:
            x = f(x)
        return x

    def replaced(self, x):
        self.steps["a"] = np.cos
        return self.steps["a"](x)

    def replaced_under_another_name(self, x):
        steps = self.steps
        steps["a"] = np.cos
        return self.steps["a"](x)


def by_argument(x, table, name):
    return table[name](x)


def through_all(x, functions):
    for f in functions:
        x = f(x)
    return x


def slope(f, x, *rest):
    return (f(x + 1e-6, *rest) - f(x - 1e-6, *rest)) / 2e-6


def test_objects_hold_tables():
    one, other = Network(a=np.sin, b=cube), Network(a=np.exp, b=square)
    for network in (one, other):
        for name in "ab":
            assert grad(network.step)(0.7, name) == pytest.approx(slope(network.step, 0.7, name))
            assert grad(network.step_or_none)(0.7, name) == grad(network.step)(0.7, name)
        for f in (network.every_step, network.chain):
            assert grad(f)(0.7) == pytest.approx(slope(f, 0.7))
    assert grad(one.step_or_none)(0.7, "c") == 1.4


def test_a_table_that_an_object_holds_may_be_another_later():
    network = Network(a=np.sin)
    derivative = grad(network.step)
    assert derivative(0.7, "a") == np.cos(0.7)
    network.steps["a"] = np.exp
    assert derivative(0.7, "a") == np.exp(0.7)
    network.steps = {"a": np.sinh}
    assert derivative(0.7, "a") == np.cosh(0.7)


def test_tables_are_arguments():
    derivative = grad(by_argument)
    for table in ({"a": np.sin, "b": square}, {"a": square, "b": np.sin}, {"b": cube, "a": cube}):
        for name in "ab":
            expected = slope(by_argument, 0.7, table, name)
            assert derivative(0.7, table, name) == pytest.approx(expected)
    for functions in ([np.sin, square], (square, np.sin), [cube]):
        expected = slope(through_all, 0.7, functions)
        assert grad(through_all)(0.7, functions) == pytest.approx(expected)


def table_changed_under_another_name(x):
    table = BY_NAME
    table["sin"] = np.cos
    return BY_NAME["sin"](x)


def table_changed_by_a_function(x):
    def change(table):
        table["sin"] = np.cos

    change(BY_NAME)
    return BY_NAME["sin"](x)


@pytest.mark.parametrize("f", [
    Network(a=np.sin).replaced, Network(a=np.sin).replaced_under_another_name,
    table_changed_under_another_name, table_changed_by_a_function,
])
def test_a_table_that_the_function_changes_is_refused(f):
    # Silently wrong, where another name of it was changed: the functions were those of before.
    with pytest.raises(AdxformError, match="change"):
        grad(f)(0.7)


NUMBERS = {"a": 2.0}


def number_changed_under_another_name(x):
    numbers = NUMBERS
    numbers["a"] = 5.0
    return NUMBERS["a"] * x


def setting_changed_under_another_name(x, settings):
    own = settings
    own["n"] = 3
    return x * settings["n"]


def item_of_a_setting_changed(x, settings):
    own = settings["n"]
    own[0] = 3
    return x * settings["n"][0]


@pytest.mark.parametrize(("f", "rest"), [
    (number_changed_under_another_name, ()), (setting_changed_under_another_name, ({"n": 1},)),
    (item_of_a_setting_changed, ({"n": [1, 2]},)),
])
def test_what_has_no_derivative_and_two_names_is_refused_where_it_changes(f, rest):
    # Silently wrong: the change was seen under one name alone.
    with pytest.raises(AdxformError, match="changed in place"):
        grad(f)(0.7, *rest)


def setting_changed(x, settings):
    settings["n"] = 3
    return x * settings["n"]


def test_a_setting_with_one_name_may_change():
    settings = {"n": 1}
    assert grad(setting_changed)(0.7, settings) == 3.0
    assert settings == {"n": 1}


def made_in_a_comprehension(x):
    functions = [lambda: x[i] for i in range(3)]
    return functions[0]() * functions[1]()


def made_with_a_default(x):
    functions = [lambda e, i=i: x[i] * e for i in range(3)]
    return functions[0](2.0) * functions[1](x[2])


def made_in_an_inner_one(x):
    rows = [[lambda e: x[i] * e + x[j] for i in range(2)] for j in range(2)]
    return rows[0][0](x[0]) * rows[1][1](2.0)


def made_in_a_dictionary(x):
    table = {k: (lambda e: e * len(k)) for k in ("a", "bb")}
    return table["a"](x[0]) * x[1]


@pytest.mark.parametrize("f", [
    made_in_a_comprehension, made_with_a_default, made_in_an_inner_one, made_in_a_dictionary,
])
def test_functions_made_in_a_comprehension_read_its_last_values(f):
    # An internal error: the variable of the comprehension was unbound where they were called.
    x = np.array([0.3, -0.7, 1.1])
    expected = [slope(lambda t, e=e: f(x + t * e), 0.0) for e in np.eye(3)]
    assert grad(f)(x) == pytest.approx(expected)
