"""Programs written for autograd, whose NumPy wraps each function: they are read as NumPy's."""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

from adxform import UnsupportedError, grad


def traced(function):
    """What autograd makes of a function, in short."""

    def f_wrapped(*args, **kwargs):
        top = -1
        for arg in args:
            if type(arg).__name__ == "Box":
                top = arg
        return function(*args, **kwargs) if top == -1 else (top, function)

    f_wrapped.fun = function
    f_wrapped._is_autograd_primitive = True
    return f_wrapped


def norm(x, *args, **kwargs):
    return np.linalg.norm(*[x], *args, **kwargs)


def array(items):
    return np.array(*[items])


@pytest.fixture
def program(monkeypatch, tmp_path):
    """The functions of a file that imports autograd's NumPy."""
    numpy, linalg = ModuleType("autograd.numpy"), ModuleType("autograd.numpy.linalg")
    vars(numpy).update(sum=traced(np.sum), tanh=traced(np.tanh), dot=traced(np.dot), pi=np.pi,
                       array=array, linalg=linalg)
    vars(linalg).update(norm=norm)
    monkeypatch.setattr(norm, "__module__", "autograd.numpy.linalg")
    monkeypatch.setattr(array, "__module__", "autograd.numpy.numpy_wrapper")
    autograd = ModuleType("autograd")
    autograd.numpy = numpy
    for module in (autograd, numpy, linalg):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    spec = importlib.util.spec_from_file_location("program_for_autograd", file)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


PROGRAM = """
import autograd.numpy as np
from autograd.numpy import tanh
from autograd.numpy.linalg import norm


def network(x):
    return np.sum(tanh(np.pi * x) * x) + np.dot(x, x)


def lengths(x):
    return norm(x) + np.linalg.norm(np.array([x[0], 2.0 * x[1]]))


def picked(x):
    return np.sum(x[[0, 0, 2]] ** 2)


def straight(x):
    return np.sum(rounded(x) * x)
"""


@pytest.mark.parametrize("name", ["network", "lengths", "picked"])
def test_functions_of_autograds_numpy_are_numpys(program, name):
    function = getattr(program, name)
    x = np.array([0.3, -0.5, 0.8])
    expected = [(function(x + e) - function(x - e)) / 2e-6 for e in np.eye(3) * 1e-6]
    slope = grad(function)
    assert np.allclose(slope(x), expected)
    assert "autograd" not in slope.source


def test_primitives_of_the_users_have_rules_of_their_own(program):
    def rounded(x):
        return np.round(x)

    program.rounded = traced(rounded)
    with pytest.raises(UnsupportedError):
        grad(program.straight)(np.array([0.3, -0.5]))
