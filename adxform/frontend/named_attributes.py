"""Attributes by name: ``getattr(np, kind)(x)`` is ``np.tanh(x)`` where the name is known."""

from __future__ import annotations

import ast

from adxform.core.ir import Operand
from adxform.frontend.distributions import Distributions


class NamedAttributes(Distributions):
    """Reads ``getattr`` of a name that is known at compile time as the attribute."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        read = self._read_by_name(node)
        if read is not None:
            return self.operand(read, base)
        function = self._read_by_name(node.func)
        if function is not None:
            node = ast.copy_location(ast.Call(function, node.args, node.keywords), node)
            return self.operand(node, base)
        return super().on_Call(node, base)

    def _has(self, owner: ast.expr, name: ast.expr) -> bool:
        """Whether an object has an attribute, so that there is no need of another value."""
        held, known = self.container(owner), self.static(name)
        return held is not None and held.form.kind == "object" and known in held.form.keys

    def _read_by_name(self, node: ast.expr) -> ast.Attribute | None:
        match node:
            case ast.Call(ast.Name("getattr"), [owner, name], []) if not self.is_local("getattr"):
                known = self.static(name)
            case ast.Call(ast.Name("getattr"), [owner, name, _], []) if self._has(owner, name):
                known = self.static(name)
            case _:
                return None
        if not isinstance(known, str) or not known.isidentifier():
            return None
        return ast.copy_location(ast.Attribute(owner, known, ast.Load()), node)
