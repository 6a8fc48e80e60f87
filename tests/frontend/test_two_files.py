"""Functions from two files that have one name for two things."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from adxform import grad, jvp
from adxform.transform import transform

INNER = '''"""One file."""

from math import sin as fun, sqrt

import scipy as sp


def inner(c):
    return fun(c) * sqrt(c) * sp.special.erf(c)
'''
OUTER = '''"""Another one."""

import numpy as np
import scipy.special as sp
from numpy import cos as fun, sqrt

from {name} import inner


def f(x):
    return np.sum(fun(x) * sqrt(x) * sp.erfc(x)) * inner(0.5)


def both(x):
    return fun(x) * sqrt(x) * sp.erfc(x) * inner(x)
'''


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = "inner_of_two_files"
    (tmp_path / f"{name}.py").write_text(INNER, "utf-8")
    (tmp_path / "outer_of_two_files.py").write_text(OUTER.format(name=name), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("outer_of_two_files"), tmp_path / "outer_of_two_files.py"


def test_each_keeps_its_own(files) -> None:
    """Both were called by the name that was imported last: another function, or math's for NumPy's."""
    module, _ = files
    expected = (module.both(0.7 + 1e-6) - module.both(0.7 - 1e-6)) / 2e-6
    np.testing.assert_allclose(grad(module.both)(0.7), expected, rtol=1e-8)
    x, dx = np.array([0.3, 0.7]), np.array([0.4, -0.2])
    expected = (module.f(x + 1e-6 * dx) - module.f(x - 1e-6 * dx)) / 2e-6
    np.testing.assert_allclose(grad(module.f)(x) @ dx, expected, rtol=1e-8)
    np.testing.assert_allclose(jvp(module.f, (x,), (dx,))[1], expected, rtol=1e-8)


def test_so_do_files(files) -> None:
    module, path = files
    text = transform(path.read_text("utf-8"), path, functions=["both"]).text
    made: dict[str, object] = {"__name__": "made"}
    exec(compile(text, "made.py", "exec"), made)
    expected = (module.both(0.7 + 1e-6) - module.both(0.7 - 1e-6)) / 2e-6
    assert callable(made["both_forward"])
    np.testing.assert_allclose(made["both_forward"](0.7, 1.0)[1], expected, rtol=1e-8)
