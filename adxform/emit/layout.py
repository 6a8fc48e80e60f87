"""Lines: pieces of text joined, and those of a long line broken up at brackets and operators."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from itertools import pairwise

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # astor 0.8.1 asks for ast.Num, ast.Str
    from astor.op_util import get_op_precedence, get_op_symbol

LINE_LENGTH = 100
INDENT = 4
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_HEADS = {"if ", "elif ", "while ", "return", " import ", " = "}
_HEADS |= {get_op_symbol(op(), " %s= ") for op in ast.operator.__subclasses__()}
_BREAKS = {" for ": 0, " async for ": 0, ", ": 1, " if ": 2, " else ": 2}  # the loosest first
_OPERATORS: list[type[ast.AST]] = [ast.Or, ast.And, *ast.cmpop.__subclasses__()]
_OPERATORS += ast.operator.__subclasses__()
_BREAKS |= {get_op_symbol(op(), " %s "): get_op_precedence(op()) for op in _OPERATORS}
del _BREAKS[" ** "]  # it hugs its operands


def layout(pieces: list[str]) -> Iterator[str]:
    """The pieces of the whole text, those of a long line broken up."""
    line: list[str] = []
    for piece in [*pieces, "\n"]:
        if piece[:1] != "\n":
            line.append(piece)
            continue
        if sum(map(len, line)) > LINE_LENGTH and not any("\n" in part for part in line):
            indent = len(line[0]) if line[0].isspace() else 0
            yield "\n".join(_broken([part for part in line if part.strip() or part == " "], indent))
        else:
            yield from line
        yield piece
        line = []


def _broken(pieces: list[str], indent: int) -> list[str]:
    """A statement's line, broken at its outermost brackets, or at new ones around its value."""
    start = max((i + 1 for i in _outermost(pieces) if pieces[i] in _HEADS), default=0)
    end = len(pieces) - (pieces[-1] == ":")
    places = _places(pieces[start:end])
    lines = _at_brackets(pieces, indent)
    in_last = len(places) == 1 and pieces[end - 1] in _CLOSE  # 2.0 * f(...), or a, (b, ...)
    short = max(map(len, lines)) <= LINE_LENGTH and len(lines[0]) <= LINE_LENGTH // 2
    if not start or not places or (in_last and short):
        return lines
    head = " " * indent + "".join(pieces[:start]).strip() + " ("
    body = _contents(pieces[start:end], indent + INDENT)
    return [head, *body, " " * indent + ")" + "".join(pieces[end:])]


def _outermost(pieces: list[str]) -> Iterator[int]:
    """The indices of the pieces that stand in no brackets, brackets included."""
    depth = 0
    for index, piece in enumerate(pieces):
        depth -= piece in _CLOSE
        if depth == 0:
            yield index
        depth += piece in _OPEN


def _places(pieces: list[str]) -> list[int]:
    """The indices of the loosest operators, or of the commas, outside brackets."""
    found = [i for i in _outermost(pieces) if i and pieces[i] in _BREAKS]
    loosest = min((_BREAKS[pieces[i]] for i in found), default=0)
    return [i for i in found if _BREAKS[pieces[i]] == loosest]


def _at_brackets(pieces: list[str], indent: int) -> list[str]:
    """One line if it fits, or else broken inside its widest pair of brackets."""
    line = " " * indent + "".join(pieces).strip()
    outer = [*_outermost(pieces)]
    pairs = [(i, j) for i, j in pairwise(outer) if pieces[i] in _OPEN and j > i + 1]
    if len(line) <= LINE_LENGTH or not pairs:
        return [line]
    i, j = max(pairs, key=lambda pair: len("".join(pieces[slice(*pair)])))
    head = " " * indent + "".join(pieces[: i + 1]).strip()
    rest = " " * indent + "".join(pieces[j:])
    return [head, *_contents(pieces[i + 1 : j], indent + INDENT), rest]


def _contents(pieces: list[str], indent: int) -> list[str]:
    """The lines between two brackets."""
    line = " " * indent + "".join(pieces).strip()
    places = _places(pieces)
    if len(line) <= LINE_LENGTH:
        return [line]
    if not places:
        return _at_brackets(pieces, indent)
    parts = [pieces[i:j] for i, j in pairwise([0, *places, len(pieces)])]
    if pieces[places[0]] != ", ":
        return [line for part in parts for line in _at_brackets(part, indent)]
    elements = [[*(part[1:] if n else part), ","] for n, part in enumerate(parts)]
    return [line for element in elements for line in _contents(element, indent)]
