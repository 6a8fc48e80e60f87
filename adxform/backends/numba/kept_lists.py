"""Lists that begin anew in each iteration of a loop keep their memory, which Numba would free.

A list is made before the loop, and what it held before is written over; how much of it counts is a
number beside it. So are tapes of loops that run until something holds.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from adxform.core.trees import bound_names, names, nodes


def with_lists_kept(tree: ast.Module) -> ast.Module:
    r"""A text whose lists are made outside of loops, where nothing else is done with them than
    append, read and pop their items.

    >>> body = "for i in range(n): a = []; a.append(x[i]); s += a[0]"
    >>> print(ast.unparse(with_lists_kept(ast.parse(f"def f(x, n, s):\n {body}\n return s"))))
    def f(x, n, s):
        a = []
        for i in range(n):
            a_length = 0
            if a_length < len(a):
                a[a_length] = x[i]
            else:
                a.append(x[i])
            a_length += 1
            s += a[_place_in(0, a_length)]
        return s
    """
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            lengths = _lengths(function)
            if lengths:
                function.body = _Kept(lengths).block(function.body)
    return tree


def _lengths(function: ast.FunctionDef) -> dict[str, str]:
    """The lists that can be kept, and what their lengths are called."""
    loops = [node for node in nodes(*function.body) if isinstance(node, ast.For | ast.While)]
    begun = {name for node in nodes(*loops) if _begins(node) for name in bound_names(node)}
    if not begun:
        return {}
    taken = {*names(function), *bound_names(*function.body), *names(*function.body)}
    taken.update(arg.arg for arg in nodes(function.args) if isinstance(arg, ast.arg))
    known = Counter(node.id for node in nodes(*function.body) if isinstance(node, ast.Name))
    seen = Counter(name for node in nodes(*function.body) if (name := _used(node)))
    found = {}
    for name in sorted(begun):
        length = f"{name}_length"
        if known[name] == seen[name] and length not in taken:
            found[name] = length
    return found


def _begins(node: ast.AST) -> TypeGuard[ast.Assign]:
    match node:
        case ast.Assign([ast.Name()], ast.List([])):
            return True
    return False


def _used(node: ast.AST) -> str | None:
    """The list with which a node does what can be done with one that is kept."""
    match node:
        case ast.Assign([ast.Name(name)], ast.List([])):
            return name
        case ast.Assign([ast.Name()], ast.Call(ast.Attribute(ast.Name(name), "pop"), [], [])):
            return name
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"), [_], [])):
            return name
        case ast.Call(ast.Name("len"), [ast.Name(name)]):
            return name
        case ast.Subscript(ast.Name(name), place, ast.Load() | ast.Store()):
            return None if isinstance(place, ast.Slice | ast.Tuple) else name
    return None


class _Kept(ast.NodeTransformer):
    """Rewrites what is done with lists; ``made`` are the lists that are made by now."""

    def __init__(self, lengths: dict[str, str]) -> None:
        self.lengths = lengths
        self.made: set[str] = set()

    def block(self, block: Sequence[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for stmt in block:
            found = self.visit(stmt)
            made += found if isinstance(found, list) else [found]
        return made

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        return self.loop(node)

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        return self.loop(node)

    def loop(self, node: ast.For | ast.While) -> list[ast.stmt]:
        """A loop, after the lists that begin in it and in no loop around it; threads have their
        own.
        """
        outer = self.made
        new: set[str] = set()
        if _is_of_threads(node):
            self.made = set()
        else:
            new = _begun_in(node.body).intersection(self.lengths) - outer
            self.made = outer | new
        self.generic_visit(node)
        self.made = outer
        return [*(_set(name, ast.List([], ast.Load())) for name in sorted(new)), node]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        used = _used(node)
        if used not in self.lengths:
            self.generic_visit(node)
            return [node]
        length = self.lengths[used]
        if _begins(node):
            begun = _set(length, ast.Constant(0))
            return [begun] if used in self.made else [node, begun]
        last = ast.BinOp(_name(length), ast.Sub(), ast.Constant(1))
        item = ast.Subscript(_name(used), _place(last, length), ast.Load())
        popped = ast.Assign(node.targets, item, lineno=1)
        return [popped, _moved(length, ast.Sub())]

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        used = _used(node)
        self.generic_visit(node)
        if used not in self.lengths or not isinstance(node.value, ast.Call):
            return [node]
        length = self.lengths[used]
        held = ast.Call(_name("len"), [_name(used)], [])
        place = ast.Subscript(_name(used), _name(length), ast.Store())
        over = ast.Assign([place], node.value.args[0], lineno=1)
        room = ast.Compare(_name(length), [ast.Lt()], [held])
        return [ast.If(room, [over], [node]), _moved(length, ast.Add())]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        used = _used(node)
        if used in self.lengths:
            return _name(self.lengths[used])
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        used = _used(node)
        if used in self.lengths:
            node.slice = _place(node.slice, self.lengths[used])
        return node


def _begun_in(block: Sequence[ast.stmt]) -> set[str]:
    """The lists that begin in a block, those of threads left out."""
    found: set[str] = set()
    for stmt in block:
        if _begins(stmt):
            found.update(bound_names(stmt))
        elif not _is_of_threads(stmt):
            for inner in ("body", "orelse"):
                found |= _begun_in(getattr(stmt, inner, ()))
    return found


def _is_of_threads(stmt: ast.stmt) -> bool:
    """Whether a statement is a loop whose iterations are run by several threads."""
    match stmt:
        case ast.For(iter=ast.Call(ast.Name("prange"))):
            return True
    return False


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _set(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=1)


def _moved(length: str, how: ast.operator) -> ast.stmt:
    return ast.AugAssign(ast.Name(length, ast.Store()), how, ast.Constant(1))


def _place(place: ast.expr, length: str) -> ast.expr:
    return ast.Call(_name("_place_in"), [place, _name(length)], [])
