"""Putting a piece into its file: definitions around a function, and its body exchanged."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize

from adxform.emit.printer import to_source
from adxform.frontend.decorators import Decoration
from adxform.transform.assembly import Assembly
from adxform.transform.planning import Piece
from adxform.transform.splice import Edits, Page, replaced_marker


def place(edits: Edits, tree: ast.Module, piece: Piece, assembly: Assembly) -> None:
    """Splice a piece into the text; ``tree`` is that of the text."""
    page, path = edits.page, piece.made.chosen.path
    top = tree.body[path[0]]
    if piece.above:
        edits.insert_above(page.comment_above(top), _texts(piece.above, assembly))
    if piece.below:
        edits.insert_below(page.last_line(top), _texts(piece.below, assembly))
    decoration = piece.made.chosen.decoration
    if piece.body is not None and decoration is not None:
        node = top.body[path[1]] if isinstance(top, ast.ClassDef) else top
        assert isinstance(node, ast.FunctionDef)
        at = piece.made.chosen.node.decorator_list.index(decoration.node)
        _undecorate(edits, node, at, decoration)
        _exchange(edits, node, piece.body)


def _texts(definitions: list[tuple[str, ast.FunctionDef]], assembly: Assembly) -> list[str]:
    return [f"{marker}\n{assembly.text(tree)}" for marker, tree in definitions]


def _undecorate(edits: Edits, node: ast.FunctionDef, at: int, decoration: Decoration) -> None:
    """Drop a decorator's lines, and say above what is left what became of it."""
    page, decorator = edits.page, node.decorator_list[at]
    first = min([node.lineno, *(d.lineno for d in node.decorator_list if d is not decorator)])
    start = page.starts[first - 1]
    marker = f"{_indent(page, first)}{replaced_marker(decoration.name)}\n"
    edits.replace(start, start, marker)
    last = decorator.end_lineno or decorator.lineno
    edits.replace(page.starts[decorator.lineno - 1], page.starts[last], "")


def _exchange(edits: Edits, node: ast.FunctionDef, body: ast.FunctionDef) -> None:
    """Put a generated body below a definition's header and docstring, which stay."""
    page, first = edits.page, node.body[0]
    start = header_end(page, node)
    own_line = not page.text[page.starts[first.lineno - 1] : page.start(first)].strip()
    indent = _indent(page, first.lineno) if own_line else _indent(page, node.lineno) + "    "
    text = textwrap.indent(_body(body), indent)
    if ast.get_docstring(node) is not None:
        documented = page.text[page.start(first) : page.end(first)]
        start = start if not own_line else page.ends[(first.end_lineno or first.lineno) - 1]
        text = text if own_line else f"{indent}{documented}\n{text}"
    edits.replace(start, page.ends[page.last_line(node) - 1], f"\n{text}")


def _body(tree: ast.FunctionDef) -> str:
    """The text of a function's statements, without indentation."""
    bare = ast.FunctionDef("_", _NO_ARGUMENTS, tree.body, [])
    _, _, text = to_source(bare).rstrip("\n").partition("\n")
    return textwrap.dedent(text)


_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


def _indent(page: Page, line: int) -> str:
    text = page.line(line)
    return text[: len(text) - len(text.lstrip())]


def header_end(page: Page, node: ast.FunctionDef) -> int:
    """The place behind the colon of a definition's header, or behind that line's comment."""
    start = page.start(node)
    tokens = tokenize.generate_tokens(io.StringIO(page.text[start:], newline="").readline)
    depth, row, column = 0, 1, 0
    for token in tokens:
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        if token.string == ":" and depth == 0:
            row, column = token.end
            break
    line = node.lineno + row - 1
    begin = start if row == 1 else page.starts[line - 1]
    after = page.text[begin + column : page.ends[line - 1]].strip()
    return page.ends[line - 1] if not after or after.startswith("#") else begin + column
