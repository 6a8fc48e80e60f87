"""What a derivative was made from may change: functions, flags and numbers of modules, classes and
objects. The next call sees it, wherever the name was read.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from adxform import grad

LIBRARY = """
from types import SimpleNamespace

import numpy as np

factor = 2.0
mode = "slow"


def helper(x):
    return x * x * (factor if mode == "slow" else 5.0)


def other(x):
    return x * x * x


def plain(self, x):
    return x


def scale_of(self):
    return self.scale


class Model:
    mode = "slow"
    scale = 2.0

    @staticmethod
    def fixed(x):
        return x * x

    @classmethod
    def scaled(cls, x):
        return x * x * cls.scale

    @property
    def both(self):
        return self.scale * factor

    def method(self, x):
        return x * x * factor

    def __call__(self, x):
        return x * x * factor


class Child(Model):
    def above(self, x):
        return super().method(x)


model = Model()
child = Child()
settings = SimpleNamespace(mode="slow", function=other)
stored = Model()
stored.weights = np.array([1.0, 2.0])
"""

USER = """
import lib
from lib import Child, Model, child, model, settings, stored

from adxform import grad


def base(x):
    return lib.helper(x) * x


slope = grad(base)


def is_fast(x):
    return lib.mode == "fast" and isinstance(x, float)


def function_of_a_module(x):
    return lib.helper(x)


def flag_of_a_module(x):
    return x * x if lib.mode == "slow" else x


def flag_of_a_class(x):
    return x * x if Child.mode == "slow" else x


def flag_of_an_object(x):
    return x * x if child.mode == "slow" else x


def flag_of_a_namespace(x):
    return x * x if settings.mode == "slow" else settings.function(x)


def fact(x):
    return x * x if is_fast(x) else x


def static_method(x):
    return Model.fixed(x)


def class_method(x):
    return Child.scaled(x)


def method(x):
    return child.method(x)


def method_above(x):
    return child.above(x)


def property_(x):
    return x * model.both


def called_object(x):
    return model(x)


def import_inside(x):
    from lib import helper

    return helper(x)


def module_inside(x):
    import lib as own

    return own.helper(x)


def derivative(x):
    return slope(x)


def inner_derivative(x):
    return grad(base)(x)


def array_of_an_object(x):
    return x * stored.weights.sum()
"""

CHANGES = {
    "factor": "lib.factor = 7.0",
    "mode": "lib.mode = 'fast'",
    "helper": "lib.helper = lib.other",
    "class's mode": "Model.mode = 'fast'",
    "child's mode": "Child.mode = 'fast'",
    "object's mode": "child.mode = 'fast'",
    "settings": "settings.mode = 'fast'",
    "settings' function": "settings.mode = 'fast'; settings.function = lib.helper",
    "static method": "Model.fixed = staticmethod(lib.other)",
    "class method": "Model.scaled = classmethod(lib.plain)",
    "method": "Model.method = lib.plain",
    "child's method": "Child.method = lib.plain",
    "object's method": "child.method = lib.other",
    "property": "Model.both = property(lib.scale_of)",
    "call": "Model.__call__ = lib.plain",
    "module": "from types import SimpleNamespace; lib = SimpleNamespace(helper=lib.other, mode='slow')",
}
FUNCTIONS = [line[4:].split("(")[0] for line in USER.splitlines() if line.startswith("def ")]


@pytest.fixture
def user(tmp_path, monkeypatch) -> ModuleType:
    load("lib", LIBRARY, tmp_path, monkeypatch)
    return load("user", USER, tmp_path, monkeypatch)


def load(name: str, text: str, folder: Any, monkeypatch: Any) -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def slope_of(f: Any, x: float) -> float:
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


@pytest.mark.parametrize("change", CHANGES)
def test_a_derivative_sees_what_has_changed_outside(change, user) -> None:
    derivatives = {name: grad(getattr(user, name)) for name in FUNCTIONS if name != "is_fast"}
    for name, derivative in derivatives.items():
        assert derivative(3.0) == pytest.approx(slope_of(getattr(user, name), 3.0)), name
    exec(CHANGES[change], vars(user))
    for name, derivative in derivatives.items():
        assert derivative(3.0) == pytest.approx(slope_of(getattr(user, name), 3.0)), name


SWITCHING = """
import lib
from lib import Model, model, settings


class Switch:
    own = "slow"

    def throw(self):
        self.own = "fast"

    def run(self, x):
        self.throw()
        return x * x if self.own == "slow" else x


switch = Switch()


def throw():
    switch.own = "fast"


def flag_of_an_object(x):
    model.mode = "fast"
    return x * x if model.mode == "slow" else x


def flag_of_a_class(x):
    Model.mode = "fast"
    return x * x if Model.mode == "slow" else x


def flag_of_a_namespace(x):
    settings.mode = "fast"
    return x * x if settings.mode == "slow" else x


def flag_by_setattr(x):
    setattr(model, "mode", "fast")
    return x * x if model.mode == "slow" else x


def flag_of_a_module(x):
    lib.mode = "fast"
    return x * x if lib.mode == "slow" else x


def number_of_an_object(x):
    model.scale = 5.0
    return x * x * model.scale


def flag_by_a_method(x):
    return switch.run(x)


def flag_by_a_function(x):
    throw()
    return x * x if switch.own == "slow" else x
"""


@pytest.mark.parametrize(
    "name", [line[4:].split("(")[0] for line in SWITCHING.splitlines() if line.startswith(("def f", "def n"))]
)
def test_what_a_function_changes_itself_is_read_when_it_runs(name, tmp_path, monkeypatch) -> None:
    found = []
    for derivative in (grad, lambda f: lambda x: slope_of(f, x)):
        load("lib", LIBRARY, tmp_path, monkeypatch)
        found.append(derivative(getattr(load("m", SWITCHING, tmp_path, monkeypatch), name))(3.0))
    assert found[0] == pytest.approx(found[1])


def test_what_has_not_changed_is_compiled_once(user) -> None:
    for name in FUNCTIONS:
        if name != "is_fast":
            derivative = grad(getattr(user, name))
            derivative(3.0)
            made = derivative.specialised.compiled.copy()
            derivative(4.0)
            assert derivative.specialised.compiled == made, name


def test_an_array_of_an_object_is_read_where_it_is_used(user) -> None:
    derivative = grad(user.array_of_an_object)
    assert derivative(3.0) == 3.0
    made = derivative.specialised.compiled.copy()
    user.stored.weights = user.stored.weights * 2.0
    assert derivative(3.0) == 6.0
    assert derivative.specialised.compiled == made
