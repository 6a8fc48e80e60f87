"""What is left of a program that fails when all that can go has gone: statements, and parts of expressions."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from tests.random_programs.checks import check
from tests.random_programs.generator import Program

BLOCKS = ("body", "orelse")


def smallest(program: Program, seed: int, error: Exception, most: int = 300) -> Program:
    """A smaller program that fails as this one does, after at most so many trials."""
    trials = 0
    found = True
    while found:
        found = False
        for text in shorter(program.text):
            trials += 1
            if trials > most:
                return program
            tried = replace(program, text=text)
            if fails_as(tried, seed, error):
                program, found = tried, True
                break
    return program


def fails_as(program: Program, seed: int, error: Exception) -> bool:
    """Whether a program fails with such an error."""
    try:
        check(program, seed, thorough=True)
    except Exception as other:
        alike = type(other) is type(error) and str(other)[:16] == str(error)[:16]
        return alike and stage_of(other) == stage_of(error)
    return False


def stage_of(error: Exception) -> str:
    """The part of a check that raises an error: a program that cannot be run is another matter."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    return next(name for caller, name in pairwise(names) if caller == check.__name__)


def shorter(text: str) -> Iterator[str]:
    """Texts of which something is left out."""
    count = sum(1 for _ in ast.walk(ast.parse(text)))
    for place in range(count):
        yield from variants(text, place)


def variants(text: str, place: int) -> Iterator[str]:
    """A text without some statement of the node at a place, or with a part instead of the node."""
    width = len(_blocks(_node(text, place))) + 3
    for choice in range(width):
        tree = ast.parse(text)
        node = list(ast.walk(tree))[place]
        if _without(tree, node, choice):
            made = ast.unparse(ast.fix_missing_locations(tree))
            if len(made) < len(text):
                yield made


def _node(text: str, place: int) -> ast.AST:
    return list(ast.walk(ast.parse(text)))[place]


def _blocks(node: ast.AST) -> list[tuple[list[ast.stmt], int]]:
    return [(block, i) for name in BLOCKS if isinstance(block := getattr(node, name, None), list)
            for i in range(len(block))]


def _without(tree: ast.Module, node: ast.AST, choice: int) -> bool:
    """Leave something out of a tree; false if there is nothing."""
    blocks = _blocks(node)
    if choice < len(blocks):
        block, i = blocks[choice]
        inner = [s for name in BLOCKS for s in getattr(block[i], name, [])
                 if not isinstance(block[i], ast.FunctionDef | ast.ClassDef)]
        block[i : i + 1] = [] if choice % 2 or not inner else inner
        return True
    if not isinstance(node, ast.expr) or isinstance(node, ast.Name | ast.Constant):
        return False
    parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
    choice -= len(blocks)
    if choice >= len(parts):
        return False
    return _replace(tree, node, parts[choice])


def _replace(tree: ast.Module, old: ast.AST, new: ast.expr) -> bool:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return True
            if isinstance(value, list) and any(v is old for v in value):
                value[:] = [new if v is old else v for v in value]
                return True
    return False
