"""What is evaluated once is lowered once: what was lowered to see what it is is forgotten again."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

from adxform.core.ir import Effect, Let, Opaque, Stmt, walk
from adxform.core.trees import nodes
from adxform.frontend.callables import Bound, Closure
from adxform.frontend.program import Program
from adxform.rules.expressions import Expressions

_LISTING = ("items", "keys", "values", "get", "copy", "tolist", "flatten", "ravel")
_LATER = (ast.Lambda, ast.Starred, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
Mark = tuple[int, frozenset[Any]]


class Once(Expressions):
    """Remembers where the lowering of each call at hand began."""

    program: Program
    meaning: Any
    static: Any
    held_once: Any
    resolve: Any

    def __init__(self, builder: object) -> None:
        super().__init__(builder)  # type: ignore[arg-type]
        self.begun: dict[int, tuple[list[Stmt], int]] = {}  # by id

    def mark(self) -> Mark:
        """The place where something begins that may be forgotten."""
        return len(self.builder.stmts), frozenset(self.program.displays)

    def with_held(self, node: ast.Call) -> ast.Call:
        """A call whose arguments that call a function of the user's, or a method, have names."""
        calling = [self._calls(arg) for arg in node.args]
        if not any(calling) or any(
            isinstance(arg, _LATER) for arg, calls in zip(node.args, calling, strict=True) if calls
        ):
            return node
        pairs = zip(node.args, calling, strict=True)
        args = [self.held_once(arg)[0] if calls else arg for arg, calls in pairs]
        return ast.copy_location(ast.Call(node.func, args, node.keywords), node)

    def _calls(self, node: ast.expr) -> bool:
        """Whether evaluating an argument may change something."""
        return any(isinstance(part, ast.Call) and self._may_change(part) for part in nodes(node))

    def calls_unknown(self, node: ast.expr) -> bool:
        """Whether evaluating an expression once more might do something."""
        drawn = ("np.random.", "random.")
        return self._calls(node) or any(
            isinstance(p, ast.Call) and (self.resolve(p.func) or "").startswith(drawn)
            for p in nodes(node)
        )

    def _may_change(self, node: ast.Call) -> bool:
        meaning = self.meaning(node.func)
        written = meaning is not None and meaning.function is not None
        written = written or isinstance(self.static(node.func), Closure | Bound)
        method = meaning is None and isinstance(node.func, ast.Attribute)
        listing = method and node.func.attr in _LISTING  # type: ignore[attr-defined]
        is_next = isinstance(node.func, ast.Name) and node.func.id == "next"
        return (written or method or is_next) and not listing

    def forget(self, mark: Mark) -> None:
        """Drop what was lowered since, if it is nothing but values: it is lowered again."""
        place, displays = mark
        since = self.builder.stmts[place:]
        if any(isinstance(s, Let) and isinstance(s.op, Opaque) for s in since) and all(
            isinstance(s, Let) for s in since
        ):
            del self.builder.stmts[place:]
            for key in [k for k in self.program.displays if k not in displays]:
                del self.program.displays[key]

    def drop_impure(self, place: int) -> None:
        """Drop what was lowered since if it may do anything but give values: use up an iterator."""
        if self.is_impure(place):
            del self.builder.stmts[place:]

    def is_impure(self, place: int) -> bool:
        """Whether what was lowered since may do anything but give values."""
        return any(
            isinstance(s, Effect)
            or (isinstance(s, Let) and isinstance(s.op, Opaque) and not s.op.pure)
            for s in walk(tuple(self.builder.stmts[place:]))
        )

    def forget_parts(self, node: ast.expr, used: Collection[str]) -> None:
        """Drop calls inside an expression that is carried along as a whole, and what depends on
        them, but for what is ``used``.
        """
        stmts = self.builder.stmts
        block, begin = self.begun.get(id(node), (stmts, len(stmts)))
        inner = {id(part) for part in nodes(node)}
        dropped: set[str] = set()
        kept: list[Stmt] = []
        for stmt in stmts[begin:] if block is stmts else ():
            if not isinstance(stmt, Let):
                return
            called = isinstance(stmt.op, Opaque) and id(stmt.op.tree) in inner
            if called or not dropped.isdisjoint(stmt.reads):
                dropped.update(stmt.targets)
            else:
                kept.append(stmt)
        if dropped and dropped.isdisjoint(used):
            stmts[begin:] = kept
