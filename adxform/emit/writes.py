"""Writes in place: where memory is the function's own, and how a write to it is spelled."""

from __future__ import annotations

import ast

from adxform.analysis.aliasing import REPLACING, may_repeat
from adxform.analysis.liveness import Liveness
from adxform.analysis.types import Types
from adxform.core.ir import Let, Operand, Primitive, Stmt, Var
from adxform.core.types import ANY, CARRIED, ListOf, Scalar
from adxform.differentiate.common import primitive
from adxform.emit.expressions import load
from adxform.emit.iterations import Iterations

AUGMENTED = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}
UPDATE = primitive("update")


class Writes(Iterations):
    """Writes what changes the memory of an operand; ``shallow`` are copies that have the very items
    of what they were copied from, ``held`` arrays that lists hold.
    """

    types: Types
    live: Liveness
    fresh: set[str]
    shallow: set[str]
    held: set[str]

    def augmented(self, stmt: Let, value: ast.expr) -> ast.stmt | None:
        """``x += y`` where it says the same as ``x = x + y``: on numbers, or memory of our own."""
        if not isinstance(value, ast.BinOp) or not isinstance(stmt.op, Primitive):
            return None
        user = stmt.op.augments
        if type(value.op).__name__ not in AUGMENTED and not user:
            return None
        if not user and stmt.origin is not None and stmt.origin.role == "primal":
            return None
        own = self.variable[stmt.target]
        left, right = value.left, value.right
        if isinstance(value.op, ast.Mult | ast.Add) and is_name(right, own) and not user:
            left, right = right, left
        if not is_name(left, own) or not self.may_overwrite(stmt, user):
            return None
        return ast.AugAssign(self.store(stmt.target), value.op, right)

    def may_overwrite(self, stmt: Let, user: bool) -> bool:
        """Whether a Let may write into the memory of what it replaces, as the ``user`` wrote it or
        because that is known to take the result.
        """
        known = self.types.get(stmt.target, ANY)
        if isinstance(known, Scalar):
            return True
        first = stmt.args[0]
        return (
            isinstance(first, Var)
            and self.variable.get(first.name) == self.variable[stmt.target]
            and self.owns(stmt)
            and first.name not in self.held
            and (user or (self.types.get(first.name, ANY) == known and known not in (ANY, CARRIED)))
        )

    def write(self, stmt: Let, op: Primitive) -> list[ast.stmt]:
        """Operations on the memory of their first operand."""
        bar = stmt.args[0]
        if op.name == "accumulate":
            return self.accumulate(stmt)
        own = self.variable[stmt.target]
        before: list[ast.stmt] = []
        source = self.operand(bar)
        if self.begins_with_copy(stmt):
            copied = ast.Call(ast.Attribute(source, "copy", ast.Load()), [], [])
            before = [ast.Assign([ast.Name(own, ast.Store())], copied, lineno=1)]
        elif isinstance(source, ast.Name) and source.id != own and self.reads(stmt.args[1:], own):
            moved = ast.Assign([ast.Name(own, ast.Store())], source, lineno=1)
            return [self.written(stmt, op, source.id), moved]
        elif not is_name(source, own):
            before = [ast.Assign([ast.Name(own, ast.Store())], source, lineno=1)]
        return before if op.name == "own" else [*before, self.written(stmt, op, own)]

    def begins_with_copy(self, stmt: Stmt) -> bool:
        """Whether a write needs memory of its own first."""
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        return stmt.op.name in REPLACING and not self.owns(stmt)

    def owns(self, stmt: Let) -> bool:
        """Whether the memory of a Let's first operand is ours, and nothing else needs it."""
        first = stmt.args[0]
        return (
            isinstance(first, Var) and first.name in self.fresh and stmt in self.live.exclusive
        )

    def reads(self, operands: tuple[Operand, ...], variable: str) -> bool:
        """Whether operands, written out, read a variable."""
        trees = [self.operand(operand) for operand in operands]
        return any(is_name(n, variable) for t in trees for n in ast.walk(t))  # type: ignore[arg-type]

    def written(self, stmt: Let, op: Primitive, own: str) -> ast.stmt:
        """The write itself."""
        whole = stmt.target not in self.shallow  # what the elements refer to is ours, too
        again = self.augmented_element(stmt, own) if whole else None
        if again is not None:
            return again
        value = self.operand(stmt.args[-1])
        if op.name in ("append", "extend"):
            return ast.Expr(ast.Call(ast.Attribute(load(own), op.name, ast.Load()), [value], []))
        index = self.operand(stmt.args[1])
        a_list = isinstance(self.types.get(stmt.target), ListOf)  # an item is one
        if op.name == "accumulate_at" and not a_list and may_repeat(stmt.args[1], self.types):
            at = ast.parse(self.spell("np.add.at"), mode="eval").body
            if any(isinstance(n, ast.Slice) for n in ast.walk(index)):  # elsewhere no index
                s_ = ast.parse(self.spell("np.s_"), mode="eval").body
                index = ast.Subscript(s_, index, ast.Load())
            return ast.Expr(ast.Call(at, [load(own), index, value], []))
        place = ast.Subscript(load(own), index, ast.Store())
        if op.name in ("update", "keep"):
            return ast.Assign([place], value, lineno=1)
        if not whole:  # the copy of a list has the very items of the list
            element = ast.Subscript(load(own), index, ast.Load())
            return ast.Assign([place], ast.BinOp(element, ast.Add(), value), lineno=1)
        minus, value = signed(value)
        return ast.AugAssign(place, ast.Sub() if minus else ast.Add(), value)

    def augmented_element(self, stmt: Let, own: str) -> ast.stmt | None:
        """``x[i] += v``, as the user wrote it, where the sum is needed nowhere else.

        An array in a list may be another's, too: it is replaced, not changed.
        """
        x, index, value = stmt.args
        known = self.types.get(stmt.target)
        if isinstance(known, ListOf) and not isinstance(known.item, Scalar):
            return None
        total = self.nested.get(value.name) if isinstance(value, Var) else None
        if total is None or not isinstance(total.op, Primitive) or stmt.op is not UPDATE:
            return None
        old = self.nested.get(total.args[0].name) if isinstance(total.args[0], Var) else None
        sign = AUGMENTED.get(total.op.text)
        written = "" if stmt.origin is None else stmt.origin.text.partition("=")[0]
        if old is None or not isinstance(old.op, Primitive) or old.op.name != "[]":
            return None
        place, read = self.operand(index), self.operand(old.args[1])
        if old.args[0] != x or ast.dump(read) != ast.dump(place):
            return None
        if sign is None or not written.endswith(sign):
            return None
        operator = getattr(ast, total.op.text)()
        element = ast.Subscript(load(own), place, ast.Store())
        return ast.AugAssign(element, operator, self.operand(total.args[1]))

    def accumulate(self, stmt: Let) -> list[ast.stmt]:
        """``x_bar += value`` in place if the memory is ours alone, else a new sum."""
        bar, value = stmt.args
        own = self.variable[stmt.target]
        source, added = self.operand(bar), self.operand(value)
        minus, added = signed(added)
        op: ast.operator = ast.Sub() if minus else ast.Add()
        known = self.types.get(stmt.target, ANY)
        ours = isinstance(bar, Var) and bar.name in self.fresh and stmt in self.live.exclusive
        if is_name(source, own) and (isinstance(known, Scalar) or ours):
            return [ast.AugAssign(self.store(stmt.target), op, added)]
        return [ast.Assign([self.store(stmt.target)], ast.BinOp(source, op, added), lineno=1)]


def signed(value: ast.expr) -> tuple[bool, ast.expr]:
    """Whether a minus comes before a product or quotient, and that without it."""
    if hasattr(value, "_wraps"):  # minus an unsigned number is a large one
        return False, value
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        minus, value = signed(value.operand)
        return not minus, value
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div | ast.MatMult):
        minus, left = signed(value.left)
        return minus, ast.BinOp(left, value.op, value.right) if minus else value
    return False, value


def is_name(node: ast.expr, name: str) -> bool:
    """Whether an expression is a variable alone."""
    return isinstance(node, ast.Name) and node.id == name
