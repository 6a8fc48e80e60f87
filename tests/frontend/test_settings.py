"""Numbers and arrays that a dictionary from outside holds are read where they are used."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import adxform

SETTINGS = {"rate": 0.5, "steps": 3, "weights": np.array([1.0, 2.0, 3.0]), "name": "sgd",
            "nested": {"rate": 2.0}, "calls": 0}
X = np.array([0.3, -0.2, 0.7])


@pytest.fixture(autouse=True)
def _settings_as_before():
    before = dict(SETTINGS)
    yield
    SETTINGS.clear()
    SETTINGS.update(before)


def weighted(x):
    s = 0.0
    for i in range(SETTINGS["steps"]):
        s += SETTINGS["rate"] * SETTINGS["weights"][i] * x[i] ** 2
    return s


def expected(x):
    return 2.0 * SETTINGS["rate"] * SETTINGS["weights"] * x


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_they_are_those_of_the_call(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    made = adxform.grad(weighted, backend=backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error", adxform.BackendWarning)
        assert np.allclose(made(X), expected(X))
        SETTINGS["rate"] = 0.25
        assert np.allclose(made(X), expected(X))
        SETTINGS["weights"] = SETTINGS["weights"] * 2.0
        assert np.allclose(made(X), expected(X))
        SETTINGS["steps"] = 2
        assert np.allclose(made(X), expected(X) * [1.0, 1.0, 0.0])


def test_they_may_become_of_another_kind():
    def scaled(x):
        return np.sum(SETTINGS["rate"] * x**2)

    made = adxform.grad(scaled)
    assert np.allclose(made(X), X)
    SETTINGS["rate"] = np.array([1.0, 2.0, 3.0])
    assert np.allclose(made(X), 2.0 * SETTINGS["rate"] * X)
    SETTINGS["rate"] = np.array([[1.0], [2.0]])
    assert np.allclose(made(X), 6.0 * X)
    del SETTINGS["rate"]
    with pytest.raises(KeyError):
        made(X)


def test_text_has_numbers_of_a_known_kind():
    text = adxform.source(weighted, args=(X,))
    assert "unbroadcast" not in text
    assert "tape" not in text


def test_what_is_written_inside_is_of_no_certain_kind():
    def setting(x):
        SETTINGS.update(calls=SETTINGS["calls"] + 1, rate=3.0 * np.ones((2, 1)))
        return np.sum(SETTINGS["rate"] * x * x)

    value, bar = adxform.value_and_grad(setting)(X)
    assert SETTINGS["calls"] == 1
    assert value == pytest.approx(6.0 * np.sum(X**2))
    assert np.allclose(bar, 12.0 * X)


def test_a_function_that_writes_to_them_may_be_called():
    def note():
        SETTINGS["rate"] = 4.0

    def noting(x):
        y = SETTINGS["rate"] * x
        note()
        return np.sum(SETTINGS["rate"] * y)

    assert np.allclose(adxform.grad(noting)(X), 2.0)


def test_other_uses_stay():
    def used(x):
        rates = {**SETTINGS["nested"]}
        factor = SETTINGS.get("rate", 1.0) if "rate" in SETTINGS else 0.0
        more = SETTINGS["name"] == "sgd"
        return np.sum(x**2) * SETTINGS["nested"]["rate"] * factor * rates["rate"] * (1.0 + more)

    assert np.allclose(adxform.grad(used)(X), 2.0 * X * 4.0)
