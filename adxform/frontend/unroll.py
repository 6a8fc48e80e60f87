"""Loops over containers: the body once for each item, as their items are known one by one."""

from __future__ import annotations

import ast
import copy
from typing import Any

from adxform.core.ir import Const
from adxform.frontend.joins import Joins, split_phis

MOST_ITEMS = 256


class Unrolled(Joins):
    """Lowers loops whose number of iterations the signature decides, if they go over containers."""

    def block(self, body: list[ast.stmt]) -> None:
        """Lower statements one after the other."""
        raise NotImplementedError

    def unrolled(self, stmt: ast.For) -> bool:
        """Lower a loop as often as it runs, or say that it stays a loop."""
        assert isinstance(stmt.iter, ast.Call)
        if not getattr(stmt, "_over", False):
            return False
        count = self.static(stmt.iter.args[0])
        if not isinstance(count, int):
            return False
        if count > MOST_ITEMS:
            raise self.unsupported(
                f"this loop goes over {count} items one by one; {MOST_ITEMS} are the most", stmt
            )
        assert isinstance(stmt.target, ast.Name)
        headers, body = split_phis(stmt.body)
        current = {target: self.value(before) for target, before, _ in headers}
        for place in range(count):
            renaming = self._renaming(body)
            self.env.update(current)
            self.env[stmt.target.id] = Const(place)
            self.block([renamed(inner, renaming) for inner in body])
            ends = ((target, renaming.get(after, after)) for target, _, after in headers)
            current = {target: self.value(after) for target, after in ends}
        self.env.update(current)
        return True

    def _renaming(self, body: list[ast.stmt]) -> dict[str, str]:
        """New names for what one run of the body binds."""
        found: dict[str, str] = {}
        for stmt in body:
            for old in _bound_versions(stmt):
                base = self.builder.bases.get(old)
                found[old] = self.builder.names.fresh(base or old)
                if base is not None:
                    self.builder.bases[found[old]] = base
                if old in self.changed:
                    self.changed.add(found[old])
        self.locals.update(found.values())
        return found


def _bound_versions(stmt: ast.stmt) -> list[str]:
    found: list[str] = []
    for node in ast.walk(stmt):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        found.extend(getattr(node, "_writes", {}).values())
    return list(dict.fromkeys(found))


def renamed(node: Any, names: dict[str, str]) -> Any:
    """A copy of a tree with variables renamed; what was noted beside its nodes is kept."""
    if isinstance(node, list):
        return [renamed(item, names) for item in node]
    if not isinstance(node, ast.AST):
        return node
    made = copy.copy(node)
    for field, value in ast.iter_fields(node):
        setattr(made, field, renamed(value, names))
    if isinstance(made, ast.Name):
        made.id = names.get(made.id, made.id)
    for noted in ("_reads", "_writes"):
        if hasattr(made, noted):
            old: dict[str, str] = getattr(made, noted)
            setattr(made, noted, {k: names.get(v, v) for k, v in old.items()})
    return made


