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
