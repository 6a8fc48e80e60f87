"""Source files, read as UTF-8 with their line ends kept, and replaced in one step."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from adxform.errors import (
    ArgumentError,
    Diagnostic,
    Location,
    SourceNotFoundError,
    SourceSyntaxError,
)


def read_source(path: str) -> str:
    """The text of a Python file, its line ends and byte order mark kept.

    Raises
    ------
    SourceNotFoundError
        If it cannot be read.
    SourceSyntaxError
        If it is not UTF-8.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceNotFoundError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        begin = data.rfind(b"\n", 0, error.start) + 1
        end = data.find(b"\n", error.start)
        text = data[begin : end if end >= 0 else None].decode("utf-8", "replace")
        column = len(data[begin : error.start].decode("utf-8", "replace"))
        raise SourceSyntaxError(
            Diagnostic(
                f"not UTF-8: byte 0x{data[error.start]:02x}",
                Location(path, line, column, column + 1, text),
                "Save the file as UTF-8.",
            )
        ) from None


def write_atomically(path: str, text: str) -> None:
    """Replace a file's content in one step, so that nobody ever reads half of it.

    The file's permissions stay; a link stays a link, and the file that it leads to is replaced.
    A file that has this content already is not touched.

    Raises
    ------
    ArgumentError
        If it cannot be written; what was there before is still there.
    """
    target, data = Path(os.path.realpath(path)), text.encode("utf-8")
    try:
        if not target.exists():
            _replace(target, data, 0o666 & ~_umask())
        elif not target.is_file():
            target.write_bytes(data)
        elif target.read_bytes() != data:
            if not os.access(target, os.W_OK):
                raise PermissionError(13, "Permission denied")
            _replace(target, data, stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise ArgumentError(f"{path} cannot be written: {error.strerror}") from None


def _replace(target: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
