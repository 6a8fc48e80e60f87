"""What going over an expression gives, where that is known item by item."""

from __future__ import annotations

import ast

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import Const, Operand, Tuple
from adxform.core.types import Struct
from adxform.frontend.derivatives import Derivatives
from adxform.frontend.static import known_items
from adxform.frontend.texts import words_of

VIEWS = ("items", "keys", "values")
_SPLITTING = frozenset({"np.split", "np.array_split", "np.hsplit", "np.vsplit", "np.dsplit"})


class Sequences(Derivatives):
    """Lowers what is gone over, item by item."""

    def on_Set(self, node: ast.Set, base: str | None) -> Operand:
        """A set that is only gone over, as a tuple: that has an order of its own."""
        items = known_items(self.static(node)) if hasattr(node, "_iterated") else None
        return self.other(node, base) if items is None else Tuple(tuple(items))

    def _sequences(self, nodes: list[ast.expr]) -> list[list[Operand] | None]:
        """What going over each of several arguments gives; of ``*rows``, over each of the rows."""
        found: list[list[Operand] | None] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                found.append(self.sequence(node))
                continue
            rows = self.sequence(node.value)
            known = rows is not None and all(
                isinstance(row, Tuple) and row.form in (TUPLE, LIST) for row in rows
            )
            found += [list(row.items) for row in rows or () if isinstance(row, Tuple)]
            found += [] if known else [None]
        return found

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        words = words_of(node, self.static)
        if words is not None:
            return Tuple(tuple(map(Const, words)), LIST)
        return super().on_Call(node, base)

    def sequence(self, node: ast.expr) -> list[Operand] | None:
        """The items that going over an expression gives, where they are known one by one."""
        if isinstance(node, ast.Call) and not node.keywords:
            function = self.static(node.func)
            counts = [self.static(a) for a in node.args]
            if function is range and counts and all(type(c) is int for c in counts):
                return [Const(i) for i in range(*counts)]
        if isinstance(node, ast.Call | ast.ListComp | ast.GeneratorExp | ast.Tuple | ast.List):
            if isinstance(node, ast.Call) and not self._gives_container(node):
                return None
            found: Operand | None = self.operand(node)
        else:
            found = self.container(node)
        if not isinstance(found, Tuple):
            return self._parts(node, found) or known_items(self.static(node))
        if found.form.kind == "dict":
            return [Const(key) for key in found.form.keys]
        return list(found.items)

    def _parts(self, node: ast.expr, made: Operand | None) -> list[Operand] | None:
        """The items of what one function gives several of, such as the parts of an array."""
        if made is None and isinstance(self.known_type(node), Struct):
            made = self.operand(node)
        known = None if made is None else self.builder.type_of(made)
        if not isinstance(known, Struct) or known.form not in (TUPLE, LIST):
            return None
        assert made is not None
        return [self.emit("[]", made, Const(i)) for i in range(len(known.items))]

    def _gives_container(self, node: ast.Call) -> bool:
        function = self.static(node.func)
        if self.resolve(node.func) in _SPLITTING or words_of(node, self.static) is not None:
            return True
        if function in (zip, enumerate, reversed, map, filter, sorted, list, tuple):
            over = node.args[:1] if function is enumerate else node.args
            columns = self._sequences(over[function in (map, filter) :])
            if function is zip and self.has_names(columns):
                return True
            return bool(node.args) and None not in columns
        if isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS:
            return self.container(node.func.value) is not None
        return False
