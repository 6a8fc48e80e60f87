"""``with`` and ``try`` statements that active values may go through: these are said otherwise.

Which they are shows when they are lowered; then all is lowered again. One that cannot be said
otherwise is carried along, and refused where it matters, with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from adxform.core.calls import is_foreign
from adxform.core.ir import Callee, Effect, If, Let, Opaque, Operand, Stmt, leaves, walk
from adxform.core.trees import nodes
from adxform.core.types import differentiable
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.entries import Entries
from adxform.frontend.instances import QUEUES
from adxform.frontend.names_outside import NAMES
from adxform.frontend.program import Again
from adxform.frontend.telling import only_tells
from adxform.frontend.unroll import PLACES

_REPEATABLE = ("np.", "math.", "scipy.", "operator.")
_CHANGING = ("random", "next", "input", "open", "print", "iter", "setattr", "delattr")


class Trials(Entries):
    """Asks for other words, and sees to it that what is tried may be done twice."""

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        """Lower an expression; where the lowering of a call begins is noted."""
        if not isinstance(node, ast.Call):
            return super().operand(node, base)
        self.begun[id(node)] = self.builder.stmts, len(self.builder.stmts)
        try:
            return super().operand(node, base)
        finally:
            self.begun.pop(id(node), None)

    def note_context(self, stmt: ast.stmt, operands: dict[str, Operand]) -> None:
        """Note a statement that is carried along, and through which active values may go."""
        if isinstance(stmt, ast.Assign | ast.AugAssign):
            self.ask_for_grids(stmt)
        if not isinstance(stmt, ast.With | ast.Try) or hasattr(stmt, "_trial"):
            entries = [n._entry for n in nodes(stmt) if hasattr(n, "_entry")]
            for asked in (QUEUES, NAMES, PLACES, *entries):
                if asked in self.program.met and asked not in self.program.contexts:
                    stmt._place = asked  # type: ignore[attr-defined]  # it may be another then
            call = stmt.value if isinstance(stmt, ast.Expr) else None
            asked = hasattr(stmt, "_place") or not isinstance(call, ast.Call)
            if not asked and not only_tells(self, call) and self.reads_call(call):  # type: ignore[arg-type]
                stmt._place = self.call_asked(call)  # type: ignore[arg-type, attr-defined]
            return
        place = self.source.text.place(stmt)
        types = [self.builder.type_of(leaf) for o in operands.values() for leaf in leaves(o)]
        if any(map(differentiable, types)):
            self.program.met.add(place)
        stmt._place = place  # type: ignore[union-attr]
        stmt._why = self.program.contexts.get(place)  # type: ignore[union-attr]

    @contextmanager
    def trying(self, tried: ast.stmt | None) -> Iterator[None]:
        """Lower the branch that a ``try`` statement has become, or give that up."""
        if tried is None:
            yield
            return
        try:
            yield
        except UnsupportedError as error:
            self._give_up(tried, error.diagnostics[0])
        last = self.builder.stmts[-1]
        assert isinstance(last, If)
        for stmt in walk(last.orelse):
            if is_foreign(stmt) and not _is_repeatable(stmt):
                where = stmt.origin.location if stmt.origin else None
                reason = "what is called here may not be called twice, as it would be for this try"
                hint = "Call it before the try statement."
                self._give_up(tried, Diagnostic(reason, where, hint))

    def _give_up(self, tried: ast.stmt, reason: Diagnostic) -> None:
        self.program.contexts[self.source.text.place(tried)] = reason
        raise Again


def _is_repeatable(stmt: Stmt) -> bool:
    """Whether a statement that is carried verbatim may be done twice, as far as its name tells."""
    if isinstance(stmt, Let) and isinstance(stmt.op, Callee):
        inner = stmt.op.function
        return inner is not None and all(
            _is_repeatable(s) for s in walk(inner.body) if is_foreign(s)
        )
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Opaque):
        return isinstance(stmt, Effect) and hasattr(stmt.tree, "_manager")
    name = stmt.op.callee
    known = name.startswith(_REPEATABLE) or "." not in name
    return known and not any(part in name for part in _CHANGING)
