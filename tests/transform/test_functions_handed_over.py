"""Functions of a file that are handed to others by their names, where the file is only read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adxform.errors import AdxformError
from adxform.transform import transform

METHODS = '''\
"""Methods that take functions."""


def euler(f, y, steps, p):
    for k in range(steps):
        y = y + 0.1 * f(y, p)
    return y


def inside(f, y, p):
    return f(y, p)


def simpson(f, a, b, depth):
    m = 0.5 * (a + b)
    whole = (b - a) / 6.0 * (f(a) + 4.0 * f(m) + f(b))
    if depth == 0:
        return whole
    return simpson(f, a, m, depth - 1) + simpson(f, m, b, depth - 1)


def cubed(y, p):
    return y**3 * p
'''

MODEL = '''\
import functools

import numpy as np

import methods
from methods import cubed, euler, inside, simpson


def slope(y, p):
    return -p * y * y


def wave(x):
    return np.sin(x) * x


def scaled(factor, x):
    return np.exp(x) * factor


def by_name(y: float, p: float) -> float:
    return inside(slope, y, p) * euler(slope, y, 3, p)


def by_keyword(y: float, p: float) -> float:
    return euler(p=p, f=slope, steps=2, y=y)


def of_another_file(y: float, p: float) -> float:
    return euler(cubed, y, 3, p) + methods.euler(methods.cubed, y, 1, p)


def through_two(y: float, p: float) -> float:
    def twice(f, y, p):
        return inside(f, inside(f, y, p), p)

    return twice(slope, y, p)


def in_a_partial(y: float, p: float) -> float:
    return simpson(functools.partial(scaled, 0.5), p, y, 1) * inside(functools.partial(scaled), y, p)


def integral(y: float, p: float) -> float:
    return simpson(wave, p, y, 2)


def under_other_names(y: float, p: float) -> float:
    step = slope
    methods_at_hand = {"slope": slope, "cubed": cubed}
    total = step(y, p)
    for f in (slope, cubed):
        total += f(y, p)
    return total * methods_at_hand["slope"](y, p)
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("model")
    (folder / "methods.py").write_text(METHODS)
    file = folder / "model.py"
    text = transform(MODEL, str(file)).text
    file.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.delitem(__import__("sys").modules, "methods", raising=False)
        space: dict = {"__name__": "model"}
        exec(compile(text, str(file), "exec"), space)
        yield space, text


NAMES = ["by_name", "by_keyword", "of_another_file", "through_two", "in_a_partial", "integral",
         "under_other_names"]


@pytest.mark.parametrize("name", NAMES)
def test_they_are_followed(made, name):
    space, _ = made
    f, forward, reverse = (space[name + end] for end in ("", "_forward", "_reverse"))
    y, p, h = 0.7, 0.3, 1e-6
    slopes = [(f(y + h, p) - f(y - h, p)) / 2e-6, (f(y, p + h) - f(y, p - h)) / 2e-6]
    value, bars = reverse(y, p)
    assert value == pytest.approx(f(y, p), rel=1e-14)
    np.testing.assert_allclose(bars, slopes, rtol=1e-7)
    for place in range(2):
        seed = [float(place == i) for i in range(2)]
        assert forward(y, p, *seed)[1] == pytest.approx(bars[place], rel=1e-12)


def test_what_is_not_known_is_refused():
    text = "def apply(f, x):\n    return f(x)\n"
    with pytest.raises(AdxformError, match="no derivative rule for f"):
        transform(text, "model.py")
