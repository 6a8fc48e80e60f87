"""Places that do not count from the end: LLVM is told so, where the text of a loop tells it.

Of a loop that begins at 0 LLVM knows that; of one that begins elsewhere, or goes back, it would
ask for each element whether its index counts from the end, and so make no several at once.
Innermost loops go over unsigned numbers instead, and others, with whose indices loops in them
compute, bound these below.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from adxform.core.trees import bound_names, names, nodes

LEAVING = ast.Raise | ast.Return | ast.Break | ast.Continue


def with_unsigned_places(tree: ast.Module) -> ast.Module:
    """A text whose loops tell that their indices are not negative, where they are not."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            function.body = _Block(set()).told(function.body)
    return tree


class _Block:
    """Goes through statements; ``known`` are the names of numbers that are not negative there."""

    def __init__(self, known: set[str], several: bool = False) -> None:
        self.known = known
        self.several = several  # whether it is run by several threads

    def told(self, block: Sequence[ast.stmt]) -> list[ast.stmt]:
        for stmt in block:
            match stmt:
                case ast.For(target=ast.Name(index)):
                    self.loop(stmt, index)
                case ast.For() | ast.While():
                    self.known -= set(bound_names(stmt))
                    stmt.body = self.within(stmt.body)
                case ast.If():
                    self.branch(stmt)
                case ast.Assign([ast.Name(name)], value):
                    keep = self.is_place(value)
                    self.known = self.known | {name} if keep else self.known - {name}
                case ast.Assign([ast.Tuple(sizes)], ast.Attribute(attr="shape")):
                    self.known |= {size.id for size in sizes if isinstance(size, ast.Name)}
                case ast.AugAssign(ast.Name(name), ast.Add(), value) if self.is_place(value):
                    pass
                case _:
                    self.known -= set(bound_names(stmt))
        return list(block)

    def within(self, block: Sequence[ast.stmt], *more: str) -> list[ast.stmt]:
        return _Block({*self.known, *more}, self.several).told(block)

    def branch(self, stmt: ast.If) -> None:
        then, orelse = (_Block(set(self.known), self.several) for _ in range(2))
        stmt.body, stmt.orelse = then.told(stmt.body), orelse.told(stmt.orelse)
        self.known = orelse.known
        if not isinstance(stmt.body[-1], LEAVING):
            self.known &= then.known
        match stmt.test:
            case ast.Compare(ast.Name(name), [ast.Lt()], [ast.Constant(0)]):
                self.known |= {name} if isinstance(stmt.body[-1], LEAVING) else set()

    def loop(self, stmt: ast.For, index: str) -> None:
        self.known -= set(bound_names(stmt))
        several, self.several = self.several, self.several or _called(stmt.iter) == "prange"
        back = _called(stmt.iter) == "reversed"
        over = stmt.iter.args[0] if back and isinstance(stmt.iter, ast.Call) else stmt.iter
        start = _start(over)
        place = start is not None and (self.is_place(start) or (several and _is_part(start)))
        stmt.body = self.within(stmt.body, *[index] if place else [])
        self.several = several
        if not place or start is None or (isinstance(start, ast.Constant) and not back):
            return
        inner = [node for node in nodes(*stmt.body) if isinstance(node, ast.For | ast.While)]
        if any(_is_added_to(index, loop) for loop in inner):
            bound = ast.Call(_name("max"), [_name(index), ast.Constant(0)], [])
            stmt.body.insert(0, ast.Assign([ast.Name(index, ast.Store())], bound, lineno=1))
        elif not inner and _called(stmt.iter) == "range":
            _go_over_places(stmt, index)

    def is_place(self, value: ast.expr) -> bool:
        """Whether a number is sure not to be negative, where it is one."""
        match value:
            case ast.Constant(int(number)):
                return number >= 0
            case ast.Name(name):
                return name in self.known
            case ast.BinOp(left, ast.Add() | ast.Mult() | ast.FloorDiv(), right):
                return self.is_place(left) and self.is_place(right)
            case ast.Call(ast.Name("max"), parts):
                return any(map(self.is_place, parts))
            case ast.Call(ast.Name("min"), parts):
                return all(map(self.is_place, parts))
            case ast.Call(ast.Name("len")) | ast.Subscript(ast.Attribute(attr="shape")):
                return True
        return False


def _is_added_to(index: str, loop: ast.For | ast.While) -> bool:
    """Whether a loop computes with the index of one around it; where it is an index alone, LLVM
    asks before the loop whether it counts from the end.
    """
    sums = (node for node in nodes(*loop.body) if isinstance(node, ast.BinOp))
    return any(index in names(node) for node in sums)


def _go_over_places(loop: ast.For, index: str) -> None:
    """A loop over unsigned numbers; but where it is a place alone, its index has its sign again."""
    assert isinstance(loop.iter, ast.Call)
    loop.iter.func = _name("_places_between")
    for node in nodes(*loop.body):
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            for part in parts:
                if isinstance(part, ast.Name) and part.id == index:
                    part.id = f"_{index}"
    signed = ast.Call(_name("_signed"), [_name(f"_{index}")], [])
    loop.body.insert(0, ast.Assign([ast.Name(index, ast.Store())], signed, lineno=1))
    loop.target = ast.Name(f"_{index}", ast.Store())


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _start(over: ast.expr) -> ast.expr | None:
    """Where a range begins that counts up by one."""
    if not isinstance(over, ast.Call) or _called(over) not in ("range", "prange"):
        return None
    match over.args:
        case [_]:
            return ast.Constant(0)
        case [start, _]:
            return start
    return None


def _is_part(start: ast.expr) -> bool:
    """Whether a loop is one of several parts of one that began at 0 or later."""
    match start:
        case ast.BinOp(ast.Constant(int(first)), ast.Add(), ast.BinOp(op=ast.FloorDiv())):
            return first >= 0
        case ast.BinOp(op=ast.FloorDiv()):
            return True
    return False
