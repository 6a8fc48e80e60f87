"""Parquet files: opened, and which of their columns hold numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

HINT = "reading Parquet needs pyarrow: pip install 'adxform[parquet]'"


def open_parquet(path: str | Path) -> Any:
    """Open a Parquet file, to be read in parts.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ValueError
        If it is no Parquet file.
    """
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ImportError(HINT) from error
    try:
        return parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file: {error}") from error


def check_names(path: str | Path, wanted: Sequence[str], names: Sequence[str]) -> None:
    """An error if a column that is wanted is not there, or two have one name."""
    for name in wanted:
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}, but {', '.join(names)}")
        if wanted.count(name) > 1:
            raise ValueError(f"column {name!r} is asked for twice")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{path} has two columns that are called {name!r}")


def numeric_columns(
    path: str | Path, file: Any, columns: Sequence[str] | None = None, weight: str | None = None
) -> list[str]:
    """The columns of points: those asked for, or all that hold numbers but for the weights."""
    import pyarrow.types as types

    schema = file.schema_arrow
    numbers = [f.name for f in schema if types.is_floating(f.type) or types.is_integer(f.type)]
    wanted = (*(columns or ()), *(() if weight is None else (weight,)))
    check_names(path, [name for name in wanted if name not in schema.names], numbers)
    for name in wanted:
        if name not in numbers:
            raise ValueError(f"{path}: column {name!r} holds no numbers")
    found = [name for name in columns or numbers if name != weight]
    if not found:
        raise ValueError(f"{path} has no numeric column")
    return found
