"""What functions assign outside themselves: attributes of modules, classes and objects."""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import Any

from adxform.core.ir import UNKNOWN
from adxform.core.trees import nodes
from adxform.frontend.scope import live_function
from adxform.frontend.static import Static


class Written(Static):
    """Notes the attributes that statements carried verbatim assign: they are no facts."""

    def refuse_changed_table(self, node: ast.AST) -> None:
        """Refuse what may change a container from outside whose functions are followed."""
        raise NotImplementedError

    def note_changes(self, stmt: ast.stmt) -> None:
        """Note what a statement that is carried verbatim may change of what is outside."""
        self.refuse_changed_table(stmt)
        for part in nodes(stmt):
            match part:
                case ast.Attribute(owner, name, ast.Store() | ast.Del()):
                    self._note_written(owner, name)
                case ast.Call(
                    ast.Name("setattr" | "delattr"), [owner, ast.Constant(str(name)), *_]
                ):
                    self._note_written(owner, name)
                case ast.Call(called):
                    self._note_written_by(called)

    def _note_written(self, node: ast.expr, name: str) -> None:
        owner = self._outside(node)
        if owner is not UNKNOWN:
            self.program.written[id(owner), name] = owner

    def _note_written_by(self, called: ast.expr) -> None:
        """Note the attributes that a function or method assigns, which is called verbatim."""
        meaning = self.meaning(called)
        function, given = None if meaning is None else meaning.function, {}
        if function is None and isinstance(called, ast.Attribute):
            receiver = self._outside(called.value)
            raw = inspect.getattr_static(receiver, called.attr, None)
            function = live_function(raw) if isinstance(raw, FunctionType) else None
            if function is not None and function.node.args.args:
                given = {function.node.args.args[0].arg: receiver}
        if function is None:
            return
        for part in nodes(function.node):
            match part:
                case ast.Attribute(ast.Name(owner), name, ast.Store() | ast.Del()):
                    found = None if owner in given else function.scope.lookup(owner)
                    value = given.get(owner, UNKNOWN) if found is None else found.value
                    if value is not UNKNOWN:
                        self.program.written[id(value), name] = value

    def _outside(self, node: ast.expr) -> Any:
        """The module, class or object that an expression stands for, or UNKNOWN."""
        found = self.static(node)
        meaning = self.meaning(node) if found is UNKNOWN else None
        return found if meaning is None else meaning.value

    def _is_written(self, node: ast.Attribute) -> bool:
        """Whether the functions at hand have written to an attribute: it is no fact."""
        written = self.program.written
        return bool(written) and (id(self._outside(node.value)), node.attr) in written
