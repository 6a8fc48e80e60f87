"""What the tests of backends share: what Numba has compiled in this run of them, and in no other."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from adxform import BackendWarning


@pytest.fixture(scope="session")
def compiled_in_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of texts for Numba that all processes of a run of the tests keep together."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "compiled"


@pytest.fixture
def all_is_compiled(compiled_in_this_run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What falls back to Python is an error; what is compiled is kept for this run."""
    monkeypatch.setenv("ADXFORM_CACHE_DIR", str(compiled_in_this_run))
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        yield
