"""Calls of libraries' functions: read in other words, and shown where the user calls them."""

from __future__ import annotations

import ast
import sysconfig
from functools import cache
from pathlib import Path

from adxform.core.ir import NONE, Operand
from adxform.frontend.arguments import Keywords
from adxform.frontend.calls import Calls
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.frontend.scope import live_function
from adxform.frontend.source import SourceFunction
from adxform.rules.expressions import BindError, bind


class Libraries(Calls):
    """Lowers calls of functions that are not the user's."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        function = self._other_words(node)
        if function is None:
            return super().on_Call(node, base)
        return self.user_call(node, function, *self.arguments(node), base)

    def _other_words(self, node: ast.Call) -> SourceFunction | None:
        """What is read in place of a library's function, where it has no rule for its arguments."""
        meaning = self.meaning(node.func)
        found = EQUIVALENTS.get(meaning.dotted or "") if meaning is not None else None
        if found is None or self._has_rule(found.name, node) or not self.may_be_active(node):
            return None
        return live_function(found.function)

    def _has_rule(self, name: str, node: ast.Call) -> bool:
        primitive = self.primitive_named(name)
        if primitive is None:
            return False
        try:
            bind(primitive, [NONE] * len(node.args), {k.arg or "": NONE for k in node.keywords})
        except BindError:
            return False
        return True

    def may_be_active(self, node: ast.expr) -> bool:
        """Whether what an expression reads may have a derivative."""
        raise NotImplementedError

    def user_call(
        self,
        node: ast.Call,
        function: SourceFunction,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        if is_library(function.text.file):
            here = self.source.text
            if here.called is not None:
                function = function.called_from(here.called)
            elif not is_library(here.file):
                function = function.called_from(here.place(node))
        return super().user_call(node, function, args, keywords, base)


@cache
def is_library(file: str) -> bool:
    """Whether a file belongs to Python, to an installed package, or to what is read in its place."""
    path = Path(file)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    standard = Path(sysconfig.get_path("stdlib"))
    return standard in path.parents or Path(__file__).parent / "equivalents" in path.parents
