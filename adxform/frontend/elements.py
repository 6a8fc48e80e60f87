"""Elements of arrays by other words: ``a.flat``, ``a.tolist()``, ``a.item(i, j)``."""

from __future__ import annotations

import ast
import copy
from typing import Any

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import UNKNOWN, Const, Operand, Tuple
from adxform.core.trees import names, nodes
from adxform.core.types import ANY, Array, Known, ListOf, Number, Scalar, rank
from adxform.frontend.equivalents.sorting import floats_of, items_of
from adxform.frontend.holding import indices
from adxform.frontend.lending import lent_variables
from adxform.frontend.sayable import Sayable
from adxform.frontend.scope import readable
from adxform.frontend.writes import changes_any

_COPYING = (copy.copy, copy.deepcopy)


class Elements(Sayable):
    """Reads and writes elements of arrays, one after the other."""

    def _rank(self, node: ast.expr) -> int | None:
        """The rank of an array that an expression is, if that is known before it is lowered."""
        known = self.known_type(node)
        return rank(known) if isinstance(known, Array) else None

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        if node.attr == "flat" and self.meaning(node) is None:
            value, held = self.held_once(node.value)
            if isinstance(self.builder.type_of(held), Array):
                return self.operand(_flat(value, node), base)
            node = ast.copy_location(ast.Attribute(value, node.attr, ast.Load()), node)
        return super().on_Attribute(node, base)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """``t[i][j]`` of a table of numbers that are written out: Python's own list of lists."""
        places = indices(node)
        table: ast.expr = node
        for _ in places:
            assert isinstance(table, ast.Subscript)
            table = table.value
        found = [self.static(place) for place in places]
        if len(places) > 1 and any(f is UNKNOWN for f in found):
            held = self.container(table)
            if held is not None and _is_table(held, len(places)):
                made: Operand = held
                for place in self.operands(places):
                    made = self.emit("[]", made, place, base=base)
                return made
        return super().on_Subscript(node, base)

    def _chosen(self, held: Tuple, node: ast.Subscript, base: str | None, kind: str) -> Operand:
        rows = any(isinstance(i, Tuple) and i.form.kind in ("list", "dict") for i in held.items)
        if rows and self._changes_row(node.value):
            raise self.unsupported(
                f"which of the items of this {kind} is changed is not known before it runs", node,
                "Make an array of two axes, by np.zeros((m, n)).")
        return super()._chosen(held, node, base, kind)

    def _changes_row(self, table: ast.expr) -> bool:
        """Whether a variable that is an item of a table is changed somewhere in the function."""
        name, rows = self._name_of(table), set[str]()
        for part in nodes(*self.source.node.body):
            match part:
                case ast.Assign([ast.Name(row)], ast.Subscript(of)) if self._name_of(of) == name:
                    rows.add(row)
                case ast.For(target, over) if name in names(over):
                    rows.update(names(target))
        lent = lent_variables(self.source.node, self.source.scope, rows) if rows else ()
        return bool(lent) or changes_any(self.source.node, rows)

    def _name_of(self, node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return self.builder.bases.get(name, name)
            case ast.Attribute(attr=name):
                return name
            case _:
                return ""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        match node:
            case ast.Call(ast.Name("__pool__"), [value], []):
                return self._pool(value, node, base)
            case ast.Call(func, [value], []) if _copies(self.static(func)):
                if self.may_be_active(value) or self.container(value) is not None:
                    return self._copied(self.operand(value), self.static(func) is copy.deepcopy)
            case ast.Call(ast.Attribute(value, "tolist"), [], []) if self.meaning(value) is None:
                name, held = self.held_once(value)
                known = self.builder.type_of(held)
                if isinstance(known, Array) and rank(known) == 1:
                    floating = (known.dtype or "").startswith("float")
                    items = readable(floats_of if floating else items_of)
                    made: Operand = self.user_call(node, items, (held,), {}, base)
                    return made
                function = ast.Attribute(name, "tolist", ast.Load())
                node = ast.copy_location(ast.Call(function, [], []), node)
            case ast.Call(ast.Attribute(value, "item"), [first, *rest], []):
                return self._item_at(value, first, rest, node, base)
        return super().on_Call(node, base)

    def _copied(self, held: Operand, deep: bool) -> Operand:
        """``copy.copy`` and ``copy.deepcopy`` of arrays, numbers, and containers of such."""
        known = self.builder.type_of(held)
        if isinstance(held, Tuple) and held.form.kind in ("tuple", "list", "dict"):
            items = [self._copied(item, True) for item in held.items] if deep else held.items
            return Tuple(tuple(items), held.form)
        if isinstance(known, Array):
            return self.emit(".copy()", held)
        if isinstance(known, Scalar | Number | Known):
            return held
        raise self.unsupported("what is copied here is no array, and no container of arrays",
                               None, "Copy the arrays it holds, by x.copy().")

    def _pool(self, value: ast.expr, node: ast.Call, base: str | None) -> Operand:
        """What items are taken from by their places: what has none is listed."""
        held = self.operand(value, base)
        if isinstance(held, Tuple) and held.form.kind in ("tuple", "list"):
            return held
        known = self.builder.type_of(held)
        plain = known is ANY and not isinstance(held, Tuple) and self.may_be_active(value)
        if isinstance(known, Array | ListOf) or plain:
            return held
        listed = ast.copy_location(ast.Call(ast.Name("list", ast.Load()), [value], []), node)
        return self.operand(ast.fix_missing_locations(listed), base)

    def _item_at(
        self, value: ast.expr, first: ast.expr, rest: list[ast.expr], node: ast.Call,
        base: str | None,
    ) -> Operand:
        """``a.item(i)`` counts through the whole array, ``a.item(i, j)`` along its axes."""
        name, held = self.held_once(value)
        if not isinstance(self.builder.type_of(held), Array):
            function = ast.Attribute(name, "item", ast.Load())
            return super().on_Call(
                ast.copy_location(ast.Call(function, [first, *rest], []), node), base)
        index = ast.Tuple([first, *rest], ast.Load()) if rest else first
        whole = name if rest or isinstance(first, ast.Tuple) else _flat(name, node)
        item = ast.copy_location(ast.Subscript(whole, index, ast.Load()), node)
        return self.operand(ast.fix_missing_locations(item), base)

    def item_store(self, target: ast.expr, index: ast.expr, value: ast.expr) -> bool:
        """``a.flat[i] = v`` of an array of which the elements lie in order, or of one axis."""
        if not isinstance(target, ast.Attribute) or target.attr != "flat":
            return super().item_store(target, index, value)
        if self._rank(target.value) == 1:
            return super().item_store(target.value, index, value)
        whole = self.operand(target.value)
        view = self.memory.view(whole, self.builder)
        if view is None or view.path or not self.memory.roots[view.root].contiguous:
            raise self.unsupported(
                "which elements .flat means here is not known", target,
                "Write to a[i, j], or to a reshaped array that is made here.",
            )
        return super().item_store(_flat(target.value, target), index, value)

    def attribute_assigned(self, stmt: ast.Assign | ast.AugAssign) -> bool:
        match stmt:
            case ast.Assign([ast.Attribute(value, "flat") as target], given):
                held = self.operand(value)
                if not isinstance(self.builder.type_of(held), Array):
                    return super().attribute_assigned(stmt)
                made = self.operand(given)
                if isinstance(made, Tuple) or rank(self.builder.type_of(made)) != 0:
                    shape = self.emit(".shape", held)
                    flat = self.emit("np.asarray", made, Const(None))
                    reshape = self.primitive_named("np.reshape")
                    assert reshape is not None
                    made = self.emit_call(reshape, (flat, shape), {}, None)
                self.writer.update(self.operand(target.value), Const(Ellipsis), made, None)
                return True
        return super().attribute_assigned(stmt)



def _copies(function: Any) -> bool:
    """Whether a value is a function of the standard library's that copies."""
    return any(function is known for known in _COPYING)


def _flat(value: ast.expr, node: ast.expr) -> ast.expr:
    """All elements of an array, in order."""
    axis = ast.UnaryOp(ast.USub(), ast.Constant(1))
    made = ast.Call(ast.Attribute(value, "reshape", ast.Load()), [axis], [])
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _is_table(held: Operand, depth: int) -> bool:
    """Whether rows of rows ... hold numbers that are written out."""
    if depth == 0:
        return isinstance(held, Const) and isinstance(held.value, int | float)
    plain = isinstance(held, Tuple) and held.form in (TUPLE, LIST)
    return plain and all(_is_table(item, depth - 1) for item in held.items)  # type: ignore[union-attr]
