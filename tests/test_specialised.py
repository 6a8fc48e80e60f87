"""What a derivative is made anew for: other classes, other meanings of names, other defaults."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

import adxform
from adxform import specialised
from adxform.binding import Binder
from adxform.compiler import lower_live
from adxform.errors import ArgumentError


@dataclass
class Square:
    side: float

    def area(self):
        return self.side * self.side


@dataclass
class Slope:
    side: float

    def area(self):
        return self.side * 5.0


def area(shape):
    return shape.area()


def test_classes_with_one_name_and_the_same_fields_are_told_apart():
    Slope.__name__ = Square.__name__
    gradient = adxform.grad(area)
    assert gradient(Slope(3.0)).side == 5.0
    assert gradient(Square(3.0)).side == 6.0


Figure = Slope


def area_of_a_figure(x):
    figure = Figure(x)
    return figure.area()


def test_a_class_that_is_bound_anew_is_seen(monkeypatch):
    gradient = adxform.grad(area_of_a_figure)
    assert gradient(3.0) == 5.0
    monkeypatch.setitem(globals(), "Figure", Square)
    assert gradient(3.0) == 6.0


wave = math.sin


def waved(x):
    return wave(x)


def test_a_built_in_function_that_is_bound_anew_is_seen(monkeypatch):
    gradient = adxform.grad(waved)
    assert gradient(0.5) == math.cos(0.5)
    monkeypatch.setitem(globals(), "wave", math.cos)
    assert gradient(0.5) == -math.sin(0.5)
    monkeypatch.setitem(globals(), "wave", math.sin)
    assert gradient(0.5) == math.cos(0.5)


def halved(x):
    return abs(x) / 2.0


def test_a_built_in_name_that_is_shadowed_is_seen(monkeypatch):
    gradient = adxform.grad(halved)
    assert gradient(-2.0) == -0.5
    monkeypatch.setitem(globals(), "abs", math.exp)
    assert gradient(0.0) == 0.5


def factor_of(scale):
    def scaled(x):
        return scale * x

    def rescale(value):
        nonlocal scale
        scale = value

    return scaled, rescale


def test_a_variable_of_the_function_around_that_changes_is_seen():
    scaled, rescale = factor_of(2.0)
    gradient = adxform.grad(scaled)
    assert gradient(1.0) == 2.0
    rescale(7.0)
    assert gradient(1.0) == 7.0
    assert adxform.grad(gradient)(1.0) == 0.0


def test_defaults_of_now_are_bound():
    def scaled(x, factor=2.0, *, shift=0.0):
        return factor * x + shift * x

    gradient = adxform.grad(scaled)
    assert gradient(1.0) == 2.0
    scaled.__defaults__ = (3.0,)
    assert gradient(1.0) == 3.0
    scaled.__kwdefaults__["shift"] = 1.0
    assert gradient(1.0) == 4.0
    assert gradient(1.0, shift=2.0) == 5.0
    assert gradient(factor=1.0, x=1.0, shift=0.0) == 1.0


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((1.0, 2.0, 3.0), {}), ((1.0,), {"x": 2.0}), ((1.0,), {"z": 2.0})],
)
def test_calls_that_do_not_fit_are_refused(args, kwargs):
    def f(x, y=1.0):
        return x * y

    with pytest.raises(ArgumentError, match=r"f\(x, y=1\.0\)"):
        Binder(f)(args, kwargs)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.longdouble])
def test_numbers_of_numpy_have_signatures_of_their_own(kind):
    gradient = adxform.grad(lambda x: x * x)
    assert type(gradient(kind(3.0))) is kind
    assert type(gradient(3.0)) is float


def weighted(settings):
    return settings["x"] ** 2 * settings["shape"][0]


@pytest.mark.parametrize(("inner", "expected"), [
    ((3, "tall"), (None, None)), ([2], [None]), ({0: 4}, {0: None}),
])
def test_what_holds_nothing_with_a_derivative_keeps_its_form(inner, expected):
    gradient = adxform.grad(weighted)({"x": 1.5, "shape": inner})
    assert gradient == {"x": 3.0 * inner[0], "shape": expected}


def test_containers_with_other_contents_are_told_apart():
    gradient = adxform.grad(weighted)
    assert gradient({"x": 1.5, "shape": (2, 1)}) == {"x": 6.0, "shape": (None, None)}
    assert gradient({"x": 1.5, "shape": (2.0, 1)}) == {"x": 6.0, "shape": (2.25, None)}
    assert gradient({"x": 1.5, "shape": [2.0]}) == {"x": 6.0, "shape": [2.25]}
    assert gradient({"shape": [2.0], "x": 1.5}) == {"x": 6.0, "shape": [2.25]}


def scaled(x, factor=2.0):
    return x * x * factor


def test_what_has_been_called_before_still_refuses_what_does_not_fit():
    gradient = adxform.grad(scaled)
    _, pullback = adxform.vjp(scaled, 3.0)
    assert gradient(3.0) == 12.0
    assert pullback(1.0) == (12.0,)
    assert adxform.jvp(scaled, (3.0,), (1.0,)) == (18.0, 12.0)
    for call in (
        lambda: gradient(3), lambda: gradient(), lambda: gradient(3.0, 2.0, 1.0),
        lambda: gradient(3.0, other=1.0), lambda: gradient(np.ones(2)),
        lambda: pullback(np.ones(2)), lambda: pullback((1.0,)),
        lambda: adxform.jvp(scaled, (3.0,), (np.ones(2),)),
        lambda: adxform.jvp(scaled, (3.0,), (1.0, 1.0)),
        lambda: adxform.jvp(scaled, 3.0, (1.0,)), lambda: adxform.jvp(scaled, (3,), (1.0,)),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            call()


def test_a_pullback_in_fewer_arguments_is_another():
    assert adxform.vjp(scaled, 3.0)[1](1.0) == (12.0,)
    assert adxform.vjp(scaled, 3.0, 2.0)[1](1.0) == (12.0, 9.0)
    assert adxform.vjp(scaled, 3.0)[1](1.0) == (12.0,)


def descended(x, steps, rate=0.1):
    for k in range(steps):
        x = x - rate * adxform.grad(lambda z: z * z * np.sin(z))(x)
    return x


def test_a_lambda_in_a_loop_is_derived_once(monkeypatch):
    made = []
    monkeypatch.setattr("adxform.specialised.lower_live", lambda *args: made.append(args) or
                        adxform.compiler.lower_live(*args))
    first = descended(0.3, 20)
    assert len(made) <= 1
    assert descended(0.3, 20) == first
    assert len(made) <= 1


def slopes(x, w):
    return np.sum(np.tanh(x * w))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_what_is_asked_for_again_is_not_derived_again(monkeypatch, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    made = []
    monkeypatch.setattr("adxform.derivatives.derive", lambda *args, **kwargs: made.append(args) or
                        adxform.compiler.derive(*args, **kwargs))
    x, w = np.array([0.3, 0.8]), np.array([1.5, -0.5])
    found = [adxform.grad(slopes, backend=backend)(x, w) for _ in range(3)]
    assert len(made) == 1
    assert np.array_equal(found[0], found[2])
    adxform.value_and_grad(slopes, backend=backend)(x, w)
    adxform.grad(slopes, argnums=1, backend=backend)(x, w)
    assert len(made) == 3
    first = adxform.hessian(slopes)(x, w), adxform.hessian(slopes, [0])(x, w)[0][0]
    count = len(made)
    again = adxform.hessian(slopes)(x, w), adxform.hessian(slopes, [0])(x, w)[0][0]
    assert len(made) == count
    assert all(np.array_equal(first[0], found) for found in (first[1], *again))


def test_a_lambda_in_a_loop_sees_what_its_variables_are():
    slopes = [adxform.grad(lambda z: z * z * k)(1.0) for k in (2.0, 3.0, 2.0)]
    assert slopes == [4.0, 6.0, 4.0]
    slopes = [adxform.grad(lambda z, k=k: z * z * k)(1.0) for k in (2.0, 3.0, 2.0)]
    assert slopes == [4.0, 6.0, 4.0]

    def with_factor(k, f):
        return adxform.grad(lambda z: f(z) * k)(1.0), adxform.value_and_grad(lambda z: f(z) * k)(1.0)

    for k, f in ((2.0, np.sin), (3.0, np.sin), (2.0, np.exp), (np.float64(2.0), np.sin)):
        assert with_factor(k, f)[0] == pytest.approx((k * np.cos(1.0), k * np.exp(1.0))[f is np.exp])
        assert with_factor(k, f)[1] == pytest.approx((k * f(1.0), with_factor(k, f)[0]))


def test_what_is_asked_of_a_lambda_tells_its_derivatives_apart():
    for _ in range(2):
        for places, expected in ((0, 6.0), (1, 2.0), ((0, 1), (6.0, 2.0)), ((0,), (6.0,))):
            assert adxform.grad(lambda x, y: x * y * 2.0, places)(1.0, 3.0) == expected


def test_an_array_around_a_lambda_is_let_go_of():
    import gc
    import weakref

    def slope():
        a = np.arange(3.0)
        return weakref.ref(a), adxform.grad(lambda z: np.sum(a * z))(1.0)

    held, found = slope()
    gc.collect()
    assert found == 3.0 and held() is None


FACTOR = 2.0


def stretched(x):
    return FACTOR * x * x


def cubed(x):
    return x * x * x


def test_derivatives_of_one_function_are_made_of_one_reading_of_it(monkeypatch):
    read = []

    def reading(function, *rest):
        read.append(function)
        return lower_live(function, *rest)

    monkeypatch.setattr(specialised, "lower_live", reading)
    for _ in range(2):
        assert adxform.grad(stretched)(3.0) == 12.0
        assert adxform.jvp(stretched, (3.0,), (1.0,)) == (18.0, 12.0)
        assert adxform.vjp(stretched, 3.0)[1](1.0) == (12.0,)
    assert read == [stretched]


def test_a_function_is_read_again_when_what_it_names_or_its_code_has_changed(monkeypatch):
    assert adxform.grad(stretched)(3.0) == 12.0
    monkeypatch.setattr(f"{__name__}.FACTOR", 5.0)
    assert adxform.grad(stretched)(3.0) == 30.0
    monkeypatch.setattr(stretched, "__code__", cubed.__code__)  # as a notebook that reloads a module
    assert adxform.grad(stretched)(3.0) == 27.0
