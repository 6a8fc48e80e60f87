"""Attributes by name: ``getattr(np, kind)(x)`` is ``np.tanh(x)`` where the name is known."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import Operand
from adxform.core.types import Type
from adxform.frontend.distributions import Distributions


class NamedAttributes(Distributions):
    """Reads ``getattr`` of a name that is known at compile time as the attribute."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        read = self.read_by_name(node)
        if read is not None:
            return self.operand(read, base)
        function = self.read_by_name(node.func)
        if function is not None:
            node = ast.copy_location(ast.Call(function, node.args, node.keywords), node)
            return self.operand(node, base)
        return super().on_Call(node, base)

    def static(self, node: ast.expr) -> Any:
        read = self.read_by_name(node)
        return super().static(node if read is None else read)

    def known_type(self, node: ast.expr) -> Type | None:
        read = self.read_by_name(node)
        return super().known_type(node if read is None else read)

    def _has(self, owner: ast.expr, name: ast.expr) -> bool:
        """Whether an object has an attribute, so that there is no need of another value."""
        held, known = self.container(owner), self.static(name)
        return held is not None and held.form.kind == "object" and known in held.form.keys

    def read_by_name(self, node: ast.expr) -> ast.Attribute | None:
        """The attribute that ``getattr`` reads, if its name is known."""
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
