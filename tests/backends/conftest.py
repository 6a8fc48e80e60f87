"""What the tests of backends share: what Numba has compiled in this run of them, and in no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def compiled_in_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of texts for Numba that all processes of a run of the tests keep together."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "compiled"
