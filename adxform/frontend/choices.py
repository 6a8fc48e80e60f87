"""Conditional expressions where no statement can say them: in comprehensions and lambdas."""

from __future__ import annotations

import ast

from adxform.core.ir import Operand
from adxform.frontend.carried import Carried
from adxform.frontend.control import tested
from adxform.frontend.hoist import gives_boolean


class Choices(Carried):
    """Lowers ``a if test else b``, and ``a and b`` and ``a or b`` for the value that they give."""

    def reads_object(self, node: ast.AST) -> bool:
        """Whether something reads a variable that holds objects which are followed."""
        raise NotImplementedError

    def on_IfExp(self, node: ast.IfExp, base: str | None) -> Operand:
        taken = self.truth(node.test)
        if taken is not None:
            return self.operand(node.body if taken else node.orelse, base)
        if not self.may_be_active(node):
            return self.other(node, base)
        first, second = self.branched(
            self.operand(tested(node.test)),
            lambda: self.present(self.operand(node.body)),
            lambda: self.present(self.operand(node.orelse)),
            self.builder.origin,
        )
        return self._either(first, second, base)

    def on_BoolOp(self, node: ast.BoolOp, base: str | None) -> Operand:
        if getattr(node, "_pattern", False):  # what is certain of a value is not asked again
            open_tests = [v for v in node.values[:-1] if self.truth(v) is not True]
            node = ast.copy_location(ast.BoolOp(node.op, [*open_tests, node.values[-1]]), node)
            if not open_tests:
                return self.operand(node.values[-1], base)
        plain = gives_boolean(node) or getattr(node, "_tested", False)
        plain = plain and not self.reads_object(node)
        if plain or not (self.may_be_active(node) or self.reads_object(node)):
            return super().on_BoolOp(node, base)
        first, *others = node.values
        rest = others[0] if len(others) == 1 else ast.copy_location(
            ast.BoolOp(node.op, others), node)
        taken = self.truth(first)
        if taken is not None:
            return self.operand(first if taken is isinstance(node.op, ast.Or) else rest, base)
        value = self.operand(first)
        kept, other = (lambda: value), (lambda: self.present(self.operand(rest)))
        sides = (kept, other) if isinstance(node.op, ast.Or) else (other, kept)
        return self._either(*self.branched(value, *sides, self.builder.origin), base)

    def _either(self, first: Operand, second: Operand, base: str | None) -> Operand:
        """What the branch just lowered gives."""
        name = self.builder.name(base)
        self.phi_after_branch(name, first, second)
        return self.value(name)
