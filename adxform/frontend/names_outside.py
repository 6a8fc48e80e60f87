"""Names that a list or tuple from outside has: ``NAMES = ["a", "b"]``, for keys of dictionaries.

``dict(zip(NAMES, x))`` has known keys; a loop over such names is written out where it cannot be
lowered otherwise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import UNKNOWN, Const, Operand, Tuple
from adxform.core.types import Array, ListOf, Unknown
from adxform.frontend.objects import is_object
from adxform.frontend.tables_outside import TablesOutside

NAMES = "names"  # what is asked for: that loops over names are written out
MOST_NAMES = 256


class NamesOutside(TablesOutside):
    """Knows the names in lists from outside, where that is asked for."""

    naming = 0  # expressions at hand whose keys are names

    @property
    def names_asked(self) -> bool:
        return bool(self.naming) or NAMES in self.program.contexts

    def names_in_list(self, node: ast.expr) -> Tuple | None:
        """The strings of a list or tuple from outside, as items that are known."""
        value = self._strings(node)
        if value is None or (id(value), "") in self.program.written or not self.names_met():
            return None
        self.program.watch(value)
        if id(value) not in self.program.tables:
            form = LIST if isinstance(value, list) else TUPLE
            self.program.tables[id(value)] = Tuple(tuple(map(Const, value)), form)
        found: Tuple = self.program.tables[id(value)]
        return found

    def names_met(self) -> bool:
        """Whether names are asked for; that they are met is noted."""
        self.program.met.add(NAMES)
        return self.names_asked

    def names_in(self, node: ast.expr) -> Tuple | None:
        """A container of names, from outside or made here, where these are asked for."""
        held = self.container(node)
        return held if held is not None and are_names(held.items) and self.names_met() else None

    def _relied_on(self, node: ast.expr) -> Any:
        found = super()._relied_on(node)
        return self._strings(node) if found is None else found

    def _strings(self, node: ast.expr) -> list[str] | tuple[str, ...] | None:
        meaning = self.meaning(node) if isinstance(node, ast.Name | ast.Attribute) else None
        value: Any = None if meaning is None else meaning.value
        if meaning is None and isinstance(node, ast.Attribute) and not self._is_written(node):
            owner = self.static(node.value)
            value = vars(owner).get(node.attr) if is_object(owner) else None
        if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_NAMES:
            return None
        return value if all(type(item) is str for item in value) else None

    def container(self, node: ast.expr) -> Tuple | None:
        found = super().container(node)
        return self.names_in_list(node) if found is None else found

    def with_names(self, node: ast.expr, made: Callable[[], Any]) -> Any:
        """What something is where names are known, if active values are in it; else None."""
        if not self.may_be_active(node):
            return None
        self.naming += 1
        try:
            return made()
        finally:
            self.naming -= 1

    def may_be_active(self, node: ast.expr) -> bool:
        """Whether what is read may have a derivative."""
        raise NotImplementedError

    def equal(self, counts: list[Operand], node: ast.Call) -> Operand:
        """A number that is several times the same, or an error."""
        raise NotImplementedError

    def has_names(self, columns: list[list[Operand] | None]) -> bool:
        """Whether one of several columns is one of names, and these are asked for, or of functions
        or objects: as many items are taken from arrays beside them.
        """
        given = [column for column in columns if column]
        if any(self.names_asked and are_names(column) for column in given):
            return True
        items = (item for column in given for item in column if not isinstance(item, Const))
        values = map(self.known_value, items)
        return any(is_object(value) or callable(value) for value in values if value is not UNKNOWN)

    def zipped_with_names(
        self, held: list[list[Operand] | None], call: ast.Call, strict: bool
    ) -> list[list[Operand]] | None:
        """The columns of ``zip(names, x)``: of an array as many elements as there are names."""
        if not self.has_names(held):
            return None
        count = min(len(column) for column in held if column is not None)
        columns = []
        for column, node in zip(held, call.args, strict=True):
            if column is None:
                array = self.operand(node)
                if not isinstance(self.builder.type_of(array), Array | ListOf | Unknown):
                    return None
                if strict:
                    self.equal([self.emit("len", array), Const(count)], call)
                column = [self.emit("[]", array, Const(i)) for i in range(count)]
            columns.append(column)
        return columns


def are_names(items: Sequence[Operand]) -> bool:
    """Whether items are strings that are known."""
    return bool(items) and all(isinstance(i, Const) and isinstance(i.value, str) for i in items)
