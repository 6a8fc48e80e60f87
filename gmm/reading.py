"""Points read from files: CSV, NumPy's npy, which stays on disk, and Parquet."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
PARQUET_HINT = "reading Parquet needs pyarrow: pip install 'adxform[parquet]'"


class Table(NamedTuple):
    """Names of columns, and the points, one a row."""

    columns: list[str]
    X: np.ndarray


def read(path: str | Path, columns: Sequence[str] = ()) -> Table:
    """Read points from a file whose name ends in .csv, .tsv, .txt, .npy, .parquet or .pq.

    Parameters
    ----------
    path : str or Path
    columns : sequence of str
        Which columns; without any, all of them.

    Returns
    -------
    Table
        Missing numbers are NaN.
    """
    path = Path(path)
    readers = {
        ".csv": read_csv,
        ".tsv": read_csv,
        ".txt": read_csv,
        ".npy": read_npy,
        ".parquet": read_parquet,
        ".pq": read_parquet,
    }
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path}: the name must end in one of {', '.join(readers)}")
    table = readers[path.suffix.lower()](path)
    if not columns:
        return table
    unknown = [name for name in columns if name not in table.columns]
    if unknown:
        raise ValueError(f"{path} has no column {unknown[0]!r}, but {', '.join(table.columns)}")
    places = [table.columns.index(name) for name in columns]
    return Table(list(columns), table.X[:, places])


def read_csv(path: Path) -> Table:
    """Read numbers between separators; a first line that holds none names the columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        dialect = separator(file.readline())
        file.seek(0)
        lines = [(i, row) for i, row in enumerate(csv.reader(file, delimiter=dialect), 1) if row]
    if not lines:
        raise ValueError(f"{path} is empty")
    names = [f"x{i + 1}" for i in range(len(lines[0][1]))]
    if not any(is_number(word) for word in lines[0][1]):
        names = [word.strip() for word in lines.pop(0)[1]]
    X = np.empty((len(lines), len(names)))
    for i, (line, row) in enumerate(lines):
        if len(row) != len(names):
            raise ValueError(f"{path}:{line}: {len(row)} numbers, where {len(names)} are expected")
        for j, word in enumerate(row):
            X[i, j] = number(word, f"{path}:{line}: column {names[j]}")
    return Table(names, X)


def separator(line: str) -> str:
    """What separates the numbers of a line."""
    return max(",;\t ", key=line.rstrip().count)


def is_number(word: str) -> bool:
    """Whether a word is a number, or says that one is missing."""
    try:
        return math.isnan(number(word, "")) or True
    except ValueError:
        return False


def number(word: str, place: str) -> float:
    """A number from a word; NaN for a missing one."""
    if word.strip().lower() in MISSING:
        return math.nan
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{place}: {word!r} is not a number") from None


def read_npy(path: Path) -> Table:
    """Map an array from a file, which is read as far as it is needed."""
    X = np.load(path, mmap_mode="r", allow_pickle=False)
    if X.ndim != 2 or X.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {X.dtype} of shape {X.shape}, not a matrix of numbers")
    return Table([f"x{i + 1}" for i in range(X.shape[1])], X)


def read_parquet(path: Path) -> Table:
    """Read the numeric columns of a Parquet file."""
    try:
        import pyarrow.parquet as parquet
        import pyarrow.types as types
    except ImportError as error:
        raise ImportError(PARQUET_HINT) from error
    table = parquet.read_table(path)
    names = [f.name for f in table.schema if types.is_floating(f.type) or types.is_integer(f.type)]
    if not names:
        raise ValueError(f"{path} has no numeric column")
    columns = [table[name].to_numpy().astype(np.float64) for name in names]
    return Table(names, np.column_stack(columns))
