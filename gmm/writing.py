"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_writable(path: str | Path) -> None:
    """An error, before any work is done, if a file cannot be written."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PermissionError(f"{path} may not be written")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A file to write to, which takes the place of the one meant when all has gone well.

    A link is followed; what is no ordinary file, such as a device or a pipe, is written to itself.
    """
    check_writable(path)
    path = Path(path).resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    try:
        handle, name = tempfile.mkstemp(path.suffix, f".{path.stem}-", path.parent)
    except OSError as error:
        raise type(error)(f"{path} cannot be written: {error.strerror}") from error
    os.close(handle)
    written = Path(name)
    try:
        yield written
        written.chmod(path.stat().st_mode if path.exists() else 0o666 & ~mask())
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)


def mask() -> int:
    """What new files are not allowed."""
    current = os.umask(0)
    os.umask(current)
    return current
