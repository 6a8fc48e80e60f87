"""What every test shares: how many examples Hypothesis draws, and seeded random numbers.

``ADXFORM_RANDOM_PROGRAMS=N pytest -m random_programs`` draws N fresh examples per property; without
it each property draws the same 200 on every run.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same for every test, alone or in company."""
    return np.random.default_rng(20260101)
