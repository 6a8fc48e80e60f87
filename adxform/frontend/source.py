"""The source text of a function: where it stands, its tree, and its lines for messages."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adxform.core.ir import Origin
from adxform.core.trees import nodes
from adxform.errors import Diagnostic, Location, SourceNotFoundError, SourceSyntaxError
from adxform.frontend.private import name_privately


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """The lines of a file (or of a piece of one, whose first line is ``first`` lines down).

    Of a library's file it is known where the user's code calls it: at ``called``.
    """

    file: str
    lines: tuple[str, ...]
    offset: int = 0
    indent: int = 0
    called: Location | None = None

    def location(self, node: ast.AST) -> Location:
        """Where a node stands, as the user sees it: what is in a library, where that is called."""
        place = self.place(node)
        if self.called is None:
            return place
        where = "/".join(Path(self.file).parts[-2:])
        return replace(self.called, inside=f"in {where}:{place.line}    {place.text.strip()}")

    def place(self, node: ast.AST) -> Location:
        """Where a node stands in its file."""
        line: int = getattr(node, "lineno", 1)
        column: int = getattr(node, "col_offset", 0)
        end: int = getattr(node, "end_col_offset", None) or column + 1
        if getattr(node, "end_lineno", line) != line:
            end = 10**6
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        prefix = len(text.encode()[:column].decode(errors="replace"))
        pad = " " * self.indent
        return Location(
            self.file, line + self.offset, prefix + self.indent, end + self.indent, pad + text
        )

    def origin(self, node: ast.stmt) -> Origin:
        """A statement's own text, on one line, and its place."""
        location = self.location(node)
        if isinstance(node, ast.If | ast.For | ast.While):
            return Origin(location.text.strip(), location)
        return Origin(" ".join((self._segment(node) or location.text).split()), location)

    def _segment(self, node: ast.stmt) -> str:
        """The text of a statement; columns count bytes."""
        lines = [line.encode() for line in self.lines[node.lineno - 1 : node.end_lineno]]
        if not lines:
            return ""
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode(errors="replace")


@dataclass(frozen=True, eq=False, slots=True)
class SourceFunction:
    """A function's definition, and the scope in which its names mean something."""

    node: ast.FunctionDef
    text: Text
    scope: Any
    live: Callable[..., Any] | None = field(default=None)

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def same(self) -> object:
        """What two readings of one function have in common."""
        return self.live or self.text.place(self.node)

    def called_from(self, place: Location) -> SourceFunction:
        """A library's function, of which the user sees where it is called."""
        return replace(self, text=replace(self.text, called=place))


def lines_of(source: str) -> tuple[str, ...]:
    """The lines that Python counts; a form feed, unlike for ``splitlines``, ends none."""
    return tuple(re.split(r"\r\n|\r|\n", source))


def parse_file(source: str, file: str) -> tuple[ast.Module, Text]:
    """The tree of a file's text."""
    lines = lines_of(source)
    try:
        return ast.parse(source, filename=file), Text(file, lines)
    except SyntaxError as error:
        line = error.lineno or 1
        text = lines[line - 1] if line <= len(lines) else ""
        column = (error.offset or 1) - 1
        end = (error.end_offset or column + 2) - 1
        location = Location(file, line, column, max(end, column + 1), text)
        raise SourceSyntaxError(Diagnostic(f"not Python: {error.msg}", location)) from None


def find_source(function: Callable[..., Any]) -> tuple[ast.FunctionDef, Text]:
    """The definition of a live function, read from where Python says it was written.

    Raises
    ------
    SourceNotFoundError
        If the function is not written in Python, or its text cannot be read.
    """
    name = getattr(function, "__name__", repr(function))
    if name == "<lambda>":
        found = _lambda(function)
        if found is not None:
            return found
    code = getattr(function, "__code__", None)
    lines = [] if code is None else _lines(code.co_filename, function)
    if code is None or len(lines) < code.co_firstlineno:
        raise SourceNotFoundError(
            Diagnostic(
                f"the source of {name} cannot be read",
                hint="Write the function with def in a .py file or a notebook cell.",
            )
        )
    place = code.co_filename, code.co_firstlineno
    seen, found = _FOUND.get(place, (None, None))
    if found is None or seen is not lines:  # the file has another text by now
        found = _definition(function, name, lines[code.co_firstlineno - 1 :], *place)
        name_privately(found[0], code)
        _FOUND[place] = lines, found
    return found


_Found = tuple[ast.FunctionDef, Text]
_FOUND: dict[tuple[str, int], tuple[list[str], _Found]] = {}  # by file and line


def _lines(file: str, function: Any) -> list[str]:
    """The lines of a file as they are now; the same list as long as nothing changes."""
    linecache.checkcache(file)
    return linecache.getlines(file, function.__globals__)


def _lambda(function: Any) -> tuple[ast.FunctionDef, Text] | None:
    """A live lambda as a definition, found in its file by where its code stands."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return None
    places = [
        ((line, column), (end, end_column))
        for line, end, column, end_column in code.co_positions()
        if column is not None and (column, end_column) != (0, 0)  # what enters a function
    ]
    found: tuple[Any, ast.Lambda] | None = None
    for node in nodes(tree):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            first, last = _span(node.body)
            inside = places and all(first <= start and stop <= last for start, stop in places)
            if inside and (found is None or first > found[0]):  # of nested ones the innermost
                found = first, node
    if found is None:
        return None
    node = found[1]
    returned = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.FunctionDef("function", node.args, [returned], [])
    name_privately(made, code)
    return ast.copy_location(made, node), Text(code.co_filename, lines_of("".join(lines)))


def _span(node: ast.expr) -> tuple[Any, Any]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _parsed(source: str, file: str, first: int, indent: int) -> tuple[ast.Module, Text]:
    """The tree of a definition that may be indented."""
    dedented = textwrap.dedent(source)
    try:
        return ast.parse(dedented), Text(file, lines_of(dedented), first - 1, indent)
    except SyntaxError:
        pass
    inside = f"if True:\n{source}"  # strings and comments may stand further left than the code
    try:
        (outer,) = ast.parse(inside).body
    except (SyntaxError, ValueError):
        return ast.Module([], []), Text(file, lines_of(dedented), first - 1, indent)
    assert isinstance(outer, ast.If)
    return ast.Module(outer.body, []), Text(file, lines_of(inside), first - 2)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _first_block(lines: list[str]) -> list[str]:
    """The lines of a definition, as far as their indentation tells: up to the next line that is not
    further to the right. In the middle of a string or of brackets, that is not Python.
    """
    heads = (i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def ")))
    head, indent = next(heads, len(lines)), _indent(lines[0])
    end = head + 1
    for place in range(head + 1, len(lines)):
        text = lines[place].strip()
        if text and text[0] != "#":
            if _indent(lines[place]) <= indent and text[0] not in ")]}":
                break
            end = place + 1  # what is said below it in comments is left out
    return lines[:end]


def _definition(
    function: Any, name: str, lines: list[str], file: str, first: int
) -> tuple[ast.FunctionDef, Text]:
    indent = _indent(lines[0])
    tree, text = _parsed("".join(_first_block(lines)), file, first, indent)
    if not tree.body:
        tree, text = _parsed("".join(inspect.getblock(lines)), file, first, indent)
    if tree.body and isinstance(tree.body[0], ast.FunctionDef):
        return tree.body[0], text
    what = (
        "an async function"
        if tree.body and isinstance(tree.body[0], ast.AsyncFunctionDef)
        else "a lambda"
        if name == "<lambda>"
        else "not a def"
    )
    location = Location(file, first, indent, indent + len(name), linecache.getline(file, first))
    raise SourceNotFoundError(
        Diagnostic(f"{name} is {what}", location, "Write it with def, on lines of its own.")
    )
