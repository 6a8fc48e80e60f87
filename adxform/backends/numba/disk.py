"""Where texts for Numba lie on disk, so that Numba finds what it compiled in another process."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

VARIABLE = "ADXFORM_CACHE_DIR"  # another folder; empty: nothing is kept on disk


def folder() -> Path | None:
    """The folder that texts are kept in; None if nothing is to be kept."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "adxform"


def stored(text: str, name: str, values: Mapping[str, Any], options: str) -> Path | None:
    """The file that holds a text, written if there is none; None where that cannot be.

    Its name says everything that the compiled code depends on: the text, the ``values`` from
    outside that Numba builds in, the versions.  It is put in place in one step, so that another
    process never reads half of it.
    """
    place = folder()
    frozen = _frozen(values)
    if place is None or frozen is None:
        return None
    import numba

    versions = f"{sys.version} {np.__version__} {numba.__version__} {options}"
    digest = hashlib.sha256("\0".join((text, frozen, versions)).encode()).hexdigest()[:20]
    path = place / f"adxform_{name}_{digest}.py"
    try:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=place, suffix=".tmp", delete=False, encoding="utf-8"
            ) as file:
                file.write(text)
            os.replace(file.name, path)
    except (OSError, UnicodeError):
        return None
    return path


def _frozen(values: Mapping[str, Any]) -> str | None:
    """Values from outside as text; None if one of them is nothing whose text says all."""
    plain = (bool, int, float, complex, str, bytes, type(None), np.generic, ModuleType)
    if not all(isinstance(v, plain) for v in values.values()):
        return None
    return repr(sorted((k, type(v).__name__, repr(v)) for k, v in values.items()))
