"""What every test shares: how many examples Hypothesis draws, and seeded random numbers.

``ADXFORM_RANDOM_PROGRAMS=N pytest -m random_programs`` draws N fresh examples per property, and writes N
programs of each kind; without it each property draws the same 200 on every run.
"""

from __future__ import annotations

import copy
import gc
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import adxform
from adxform.specialised import DERIVED

collect_ignore = ["goldens"]  # golden cases are data, not modules

settings.register_profile("ci", derandomize=True, max_examples=200, deadline=None)
DEEP_EXAMPLES = os.environ.get("ADXFORM_RANDOM_PROGRAMS")
if DEEP_EXAMPLES is None:
    settings.load_profile("ci")
else:
    settings.register_profile(
        "deep",
        max_examples=int(DEEP_EXAMPLES),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("deep")


@pytest.fixture(autouse=True)
def derived_anew() -> None:
    """What one test has derived is not there for the next, which may look on as it is derived."""
    DERIVED.clear()


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same for every test, alone or in company."""
    return np.random.default_rng(20260101)


@pytest.fixture
def all_agree() -> Callable[..., None]:
    """Checks that a function's derivatives agree to second order with differences and with each
    other, that its value is its own to the last bit, and that arguments stay as they were.
    """
    return _all_agree


def _all_agree(f: Callable[..., Any], *args: Any) -> None:
    given = copy.deepcopy(args)
    place = next(i for i, a in enumerate(args) if isinstance(a, float | np.ndarray))
    expected = f(*copy.deepcopy(args))
    value, pullback = adxform.vjp(f, *given)
    np.testing.assert_array_equal(value, expected)
    seed = np.cos(np.arange(np.size(expected))).reshape(np.shape(expected))[()]
    first, second = (pullback(seed)[place] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    tangent = np.cos(np.asarray(args[place]))[()]
    moved = [tangent if i == place else None for i in range(len(args))]
    value, slope = adxform.jvp(f, given, moved)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_allclose(np.sum(first * tangent), np.sum(seed * slope), rtol=1e-11, atol=1e-11)
    for one, two in zip(given, args, strict=True):
        np.testing.assert_array_equal(one, two)
    adxform.check_grads(f, args, order=2)


def pytest_collection_finish() -> None:
    """What is collected stays: collections of garbage, which are fewer, do not go over it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
