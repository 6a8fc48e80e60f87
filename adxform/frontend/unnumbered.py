"""What has items but no numbers for them: dictionaries, sets, iterators, and what may be one.

Loops go over items by their numbers. Where a value may have none it is listed first; and a built-in
function of what an expression carried verbatim gives is carried verbatim as well, as is a function
of Python's library that is given nothing with a derivative.
"""

from __future__ import annotations

import ast
import functools
import math
import sys
from typing import Any

from adxform.core.ir import Operand
from adxform.core.trees import nodes
from adxform.core.types import CARRIED, Type, differentiable
from adxform.frontend.containers import Containers, listed
from adxform.frontend.ssa import free_names

#: Built-in functions that go over their arguments.
GOING_OVER: frozenset[Any] = frozenset({
    min, max, sum, sorted, any, all, list, tuple, set, frozenset, zip, map, filter, enumerate,
    reversed, iter, next, math.prod, math.fsum, functools.reduce,
})
#: Modules whose functions give functions, classes and containers that are followed.
FOLLOWED = frozenset({
    "abc", "builtins", "cmath", "collections", "contextlib", "copy", "dataclasses", "enum",
    "functools", "itertools", "math", "operator", "types", "typing",
})


class Unnumbered(Containers):
    """Lists what a loop or an unpacking goes over, if its items may have no numbers."""

    @functools.cached_property
    def listed_as(self) -> dict[Any, str]:
        """By loop, the name of the list of what it goes over."""
        return {}

    def without_numbers(self, node: ast.expr) -> bool:
        return super().without_numbers(node) or self.known_type(node) == CARRIED

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        name = self.listed_as.get(getattr(node, "_element", None))
        if name is None or not self.without_numbers(node.value):
            return super().on_Subscript(node, base)
        item = ast.Subscript(ast.Name(name, ast.Load()), node.slice, node.ctx)
        return self.opaque(ast.fix_missing_locations(ast.copy_location(item, node)), base)

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        if hasattr(node, "_counts") and self.without_numbers(node.args[0]):
            self.require_end(node.args[0])
            name = self.builder.names.fresh("_items")
            self.listed_as[node._counts] = name
            self.env[name] = self.opaque(listed(node.args[0]), "items")
            count = ast.Call(node.func, [ast.Name(name, ast.Load())], [])
            return self.opaque(ast.fix_missing_locations(ast.copy_location(count, node)), base)
        types = self._types_read(node)
        inactive = not any(differentiable(t) for t in types if t != CARRIED)
        if inactive and self._is_carried(node, types):
            return self.opaque_call(node, base, "")
        return super().on_Call(node, base)

    def _types_read(self, node: ast.Call) -> list[Type]:
        read = (n for n in free_names(node) if n in self.locals or n in self.env)
        return [self.builder.type_of(self.value(n)) for n in read]

    def _is_carried(self, node: ast.Call, types: list[Type]) -> bool:
        """Whether a call that can have no derivative is one that nobody is to look into."""
        if any(hasattr(part, "_counts") for part in nodes(node)):
            return False  # the shortest of what a loop goes over
        if CARRIED in types and self.static(node.func) in GOING_OVER:
            return True
        meaning = self.meaning(node.func)
        if meaning is None:
            return False
        home = (meaning.dotted or getattr(meaning.value, "__module__", "") or "").split(".")[0]
        return home in sys.stdlib_module_names and home not in FOLLOWED
