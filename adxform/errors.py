"""What adxform raises: every error names whose problem it is and shows the user's own line.

AdxformError
├── UnsupportedError      the code uses Python that adxform does not differentiate (yet)
├── MissingRuleError      a function without a derivative rule is reached by an active value
├── SourceNotFoundError   a function's source text cannot be read
├── SourceSyntaxError     a file is not Python
├── ArgumentError         a call of adxform's API, or of a derivative, is wrong (a TypeError)
├── CheckError            derivatives disagree, or differ from differences (an AssertionError)
└── InternalError         a bug in adxform: please report it

It warns with a BackendWarning where a backend does not take a function, and plain NumPy runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """A stretch of one line of the user's source; lines count from 1, columns from 0.

    ``inside`` is the line that is meant of a library's function that is called there.
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str
    inside: str = ""

    def render(self) -> str:
        """The line with a caret under each of its characters that is meant."""
        lead = f"  {self.file}:{self.line}:{self.column + 1}    "
        stripped = self.text.rstrip()
        body = stripped.lstrip()
        start = self.column - (len(stripped) - len(body))
        width = max(1, min(self.end_column, len(stripped)) - self.column)
        shown = f"{lead}{body}\n{' ' * (len(lead) + start)}{'^' * width}"
        return f"{shown}\n  {self.inside}" if self.inside else shown


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint: the reason, the place, and the way out."""

    reason: str
    location: Location | None = None
    hint: str = ""

    def render(self) -> str:
        parts = [self.reason]
        if self.location is not None:
            parts.append(self.location.render())
        if self.hint:
            parts.append(f"  {self.hint}")
        return "\n".join(parts)


class AdxformError(Exception):
    """The root of all errors of adxform; ``diagnostics`` holds what went wrong, one entry each."""

    def __init__(self, *diagnostics: Diagnostic | str) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(
            Diagnostic(d) if isinstance(d, str) else d for d in diagnostics
        )
        super().__init__(*diagnostics)

    def __str__(self) -> str:
        return "\n".join(d.render() for d in self.diagnostics)


class UnsupportedError(AdxformError):
    """The code uses Python that adxform does not differentiate (yet)."""


class MissingRuleError(AdxformError):
    """A function without a derivative rule is reached by an active value."""


class SourceNotFoundError(AdxformError):
    """A function's source text cannot be read."""


class SourceSyntaxError(AdxformError):
    """A file is not Python."""


class ArgumentError(AdxformError, TypeError):
    """A call of adxform's API, or of a derivative function, is wrong."""


class CheckError(AdxformError, AssertionError):
    """Derivatives disagree with each other, or with differences."""


class InternalError(AdxformError):
    """A bug in adxform."""


class BackendWarning(UserWarning):
    """A backend does not take a function, and plain NumPy runs instead."""


def combine(errors: Sequence[AdxformError]) -> AdxformError:
    """One error that reports all of ``errors``, in the order of their lines.

    The type is that of the first; several diagnostics of one run are shown together.
    """
    first = type(errors[0])
    diagnostics = [d for error in errors for d in error.diagnostics]
    unique = list(dict.fromkeys(diagnostics))
    unique.sort(key=lambda d: (d.location.file, d.location.line) if d.location else ("", 0))
    return first(*unique)
