"""Calls, as statements, of functions that check what is differentiated and give nothing."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad
from adxform.errors import UnsupportedError


def require_number(v, name="v"):
    """Refuse what is no number."""
    if v is None:
        raise TypeError(name)
    if np.any(np.isnan(v)):
        raise ValueError(f"{name} is {v}")


def require_float(v, name="v"):
    try:
        float(v)
    except TypeError as error:
        raise ValueError(name) from error
    if not isinstance(v, float | int):
        raise TypeError(name)
    assert v < 100.0, f"{name} is too large: {v}"


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def require_stretched(self, x):
        if x < 0.0:
            raise ValueError("pushed")

    def force(self, x):
        self.require_stretched(x)
        return self.stiffness * x


SPRING = Spring(3.0)


class Checked:
    def __init__(self, length, width):
        self.length, self.width = length, width
        for name in ["length", "width"]:
            require_number(getattr(self, name), name)
            if not isinstance(getattr(self, name), float | int):
                raise TypeError(name)


def of_a_function(x):
    require_number(x, "x")
    return x * x


def with_a_try(x):
    require_float(x)
    return x * x


def of_a_method(x):
    return SPRING.force(x) ** 2


def in_a_loop(x):
    for _ in range(3):
        SPRING.require_stretched(x)
        require_number(x)
        x = 2.0 * np.sin(x) + 0.1
    return x


def by_name(x):
    made = Checked(x, 2.0)
    return made.length**2 * made.width


ALL = [of_a_function, with_a_try, of_a_method, in_a_loop, by_name]


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.__name__)
def test_checks_stand_in_no_way(f) -> None:
    assert grad(f)(1.5) == pytest.approx((f(1.5 + 1e-6) - f(1.5 - 1e-6)) / 2e-6, rel=1e-8)


@pytest.mark.parametrize("f", [of_a_method, in_a_loop], ids=lambda f: f.__name__)
def test_they_fail_as_they_do(f) -> None:
    with pytest.raises(ValueError, match="pushed"):
        f(-1.5)
    with pytest.raises(ValueError, match="pushed"):
        grad(f)(-1.5)


KEPT: list[float] = []


def kept(x):
    KEPT.append(x)


def keeps(x):
    kept(x)
    return x * x


def test_what_keeps_a_differentiated_value_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="may change x"):
        grad(keeps)(1.5)
    assert not KEPT
