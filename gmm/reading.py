"""Points read from files: CSV, NumPy's npy, which stays on disk, and Parquet, at need in chunks."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gmm.chunks import Chunks
from gmm.parquet import check_names, numeric_columns, open_parquet
from gmm.points import ROWS_READ

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
Row = tuple[int, list[str]]  # its line, and its words
IN_MEMORY = 1 << 28  # bytes of points in a Parquet file that are read at once; of more, chunks


class Table(NamedTuple):
    """Names of columns, the points, one a row, and how many there are."""

    columns: list[str]
    X: np.ndarray | Chunks
    n: int

    def pieces(self) -> Iterator[np.ndarray]:
        """Some rows after the other."""
        if isinstance(self.X, Chunks):
            yield from self.X
        else:
            for first in range(0, self.n, ROWS_READ):
                yield self.X[first : first + ROWS_READ]

    def sample(self, count: int) -> np.ndarray:
        """Rows at equal distances, not more than so many."""
        step, first, chosen = -(-self.n // count) or 1, 0, []
        for piece in self.pieces():
            chosen.append(piece[-first % step :: step])
            first += len(piece)
        return np.concatenate(chosen)


def read(path: str | Path, columns: Sequence[str] = ()) -> Table:
    """Read points from a file whose name ends in .csv, .tsv, .txt, .npy, .parquet or .pq.

    Parameters
    ----------
    path : str or Path
    columns : sequence of str
        Which columns; without any, all of them, and of a Parquet file those that hold numbers.

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
    try:
        table = readers[path.suffix.lower()](path, columns)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}") from error
    if not table.n or not table.columns:
        raise ValueError(f"{path} holds no points")
    return table


def places(path: Path, wanted: Sequence[str], names: Sequence[str]) -> list[int]:
    """Where the wanted columns are; all of them, if none is named."""
    check_names(path, wanted, names)
    return [names.index(name) for name in wanted or names]


# --- CSV ----------------------------------------------------------------------------------------


def read_csv(path: Path, columns: Sequence[str] = ()) -> Table:
    """Read numbers between separators; a first line of other words names the columns.

    Lines that begin with # are comments.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        delimiter = separator(next(filter(str.strip, without_comments(file)), ""))
        file.seek(0)
        lines = without_comments(file)
        if delimiter == " ":
            lines = (" ".join(line.split()) + "\n" for line in lines)
        reader = csv.reader(lines, delimiter=delimiter)
        rows: Iterator[Row] = ((reader.line_num, row) for row in reader if row)
        first = next(rows, None)
        if first is None:
            raise ValueError(f"{path} is empty")
        names = [f"x{i + 1}" for i in range(len(first[1]))]
        if is_header(first[1]):
            names = [word.strip() or name for word, name in zip(first[1], names, strict=True)]
        else:
            rows = chain([first], rows)
        wanted = places(path, columns, names)
        blocks = [numbers(path, block, names, wanted) for block in in_blocks(rows)]
    X = np.concatenate([np.empty((0, len(wanted))), *blocks])
    return Table([names[i] for i in wanted], X, len(X))


def without_comments(lines: Iterable[str]) -> Iterator[str]:
    """Lines as they are; of comments and blank lines no more than that they are there."""
    for line in lines:
        yield "\n" if line.startswith("#") or not line.strip(" \r\n") else line


def in_blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows, so many at a time that their words do not fill the memory."""
    rest = iter(rows)
    while block := list(islice(rest, ROWS_READ)):
        yield block


def numbers(path: Path, rows: list[Row], names: list[str], wanted: list[int]) -> np.ndarray:
    """The wanted numbers of some rows."""
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(f"{path}:{line}: {len(row)} numbers, where {len(names)} are expected")
    words = [[row[i] for i in wanted] for _, row in rows]
    try:
        if any("_" in word for row in words for word in row):
            raise ValueError("1_2 is a number in Python, and none in a table")
        return np.array(words, dtype=np.float64)
    except ValueError:  # of a word that is no number: some may say that one is missing
        return np.array(
            [
                [number(row[i], f"{path}:{line}: column {names[i]}") for i in wanted]
                for line, row in rows
            ]
        )


def separator(line: str) -> str:
    """What separates the words of a line: the first of these that stands outside of quotes."""
    bare = re.sub('"[^"]*"', "", line.strip(" \r\n"))
    return next((mark for mark in "\t;, " if mark in bare), ",")


def is_header(words: Sequence[str]) -> bool:
    """Whether a line names columns: it has words that are no numbers, and none that is one."""
    values = [parsed(word) for word in words]
    return None in values and all(value is None or math.isnan(value) for value in values)


def parsed(word: str) -> float | None:
    """The number that a word says, NaN for a missing one; None if it is another word."""
    word = word.strip().lower()
    if word in MISSING:
        return math.nan
    try:
        return None if "_" in word else float(word)
    except ValueError:
        return None


def number(word: str, place: str) -> float:
    """A number from a word; NaN for a missing one."""
    value = parsed(word)
    if value is None:
        raise ValueError(f"{place}: {word!r} is not a number (--columns chooses columns)")
    return value


# --- npy and Parquet ----------------------------------------------------------------------------


def read_npy(path: Path, columns: Sequence[str] = ()) -> Table:
    """Map an array from a file, which is read as far as it is needed."""
    try:
        X = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no .npy file with an array of numbers: {error}") from error
    if X.ndim != 2 or X.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {X.dtype} of shape {X.shape}, not a matrix of numbers")
    names = [f"x{i + 1}" for i in range(X.shape[1])]
    wanted = places(path, columns, names)
    return Table([names[i] for i in wanted], X[:, wanted] if columns else X, len(X))


def read_parquet(path: Path, columns: Sequence[str] = ()) -> Table:
    """Read the numeric columns of a Parquet file: at once, or in chunks if it is large."""
    with open_parquet(path) as file:
        names = numeric_columns(path, file, columns or None)
        n = file.metadata.num_rows
    chunks = Chunks.parquet(path, names)
    if n * len(names) * 8 > IN_MEMORY:
        return Table(names, chunks, n)
    return Table(names, np.concatenate([np.empty((0, len(names))), *chunks]), n)
