"""Loops, lowered to Core's: their bounds, their headers, the condition that leaves them early."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import UNKNOWN, Const, For, Let, Operand, Tuple, Var, While
from adxform.core.trees import names
from adxform.core.types import INT
from adxform.frontend.control import ending, tested
from adxform.frontend.holding import appended_in, joined_in, replaced_in
from adxform.frontend.iterators import Iterators
from adxform.frontend.joins import split_phis
from adxform.rules.table import RULES


class Looping(Iterators):
    """Lowers ``for`` and ``while``."""

    def loop(self, stmt: ast.For) -> None:
        origin = self.builder.origin
        self._require_same_length(stmt)
        over = set(names(stmt.iter))
        pools = self._pools(stmt)
        if self.unrolled(stmt):
            self.require_unchanged(over, stmt.iter)
            self._require_same_pools(pools, stmt)
            return
        assert isinstance(stmt.iter, ast.Call) and isinstance(stmt.target, ast.Name)
        bounds = self.operands(stmt.iter.args)
        back = self._backward(bounds)
        if stmt.target.id not in self.builder.bases or self.builder.bases[stmt.target.id] == "_":
            self.builder.bases[stmt.target.id] = "ijklm"[min(self.depth, 4)]
        self.builder.types[stmt.target.id] = INT
        headers, body = split_phis(stmt.body)
        lists = self._open_lists(headers, body)
        self.depth += 1
        (block, stop), phis = self.carried(
            headers, stmt.body, lists, lambda: self._iteration(body, headers)
        )
        self.depth -= 1
        reverse = back is not None and stop is None
        bounds = back if back is not None and stop is None else bounds
        self.builder.append(
            For(stmt.target.id, bounds, phis, block, reverse, origin=origin, stop=stop)
        )
        self.require_unchanged(over, stmt.iter)
        self._require_same_pools(pools, stmt)

    def _backward(self, bounds: tuple[Operand, ...]) -> tuple[Operand, ...] | None:
        """The bounds of a range by -1 as those of a range by 1 that is gone over from its end."""
        if len(bounds) != 3 or bounds[2] != Const(-1):
            return None
        start, stop = (self._plus_one(bound) for bound in bounds[1::-1])
        return (stop,) if start == Const(0) else (start, stop)

    def _plus_one(self, bound: Operand) -> Operand:
        """A number more by 1: of what was made by taking 1 away, what it was taken from."""
        if isinstance(bound, Const):
            return Const(bound.value + 1)
        for stmt in self.builder.stmts[-2:]:
            if not isinstance(stmt, Let) or getattr(stmt.op, "name", "") != "op.Sub":
                continue
            if Var(stmt.target) == bound and stmt.args[1] == Const(1):
                return stmt.args[0]
        return self.builder.emit(RULES["op.Add"].primitive, (bound, Const(1)))

    def _pools(self, stmt: ast.For) -> dict[Any, Any]:
        """The arrays that a loop over places takes items from, as they are before it."""
        held = (self.value(version) for version in stmt._pools.values())  # type: ignore[attr-defined]
        views = (self.memory.view(o, self.builder) for o in held if not isinstance(o, Tuple))
        return {v.root: self.memory.roots.get(v.root) for v in views if v is not None}

    def _require_same_pools(self, pools: dict[Any, Any], stmt: ast.For) -> None:
        if any(self.memory.roots.get(root) != now for root, now in pools.items()):
            raise self.unsupported("this loop changes what it goes over", stmt.iter,
                                   "Go over a copy, made by x.copy().")

    def _require_same_length(self, stmt: ast.For) -> None:
        """Refuse a loop that adds to what it goes over, or takes from it."""
        if not getattr(stmt, "_over", False):
            return
        over = {self.builder.bases.get(name) for name in names(stmt.iter)} - {None}
        changed = {self.builder.bases.get(name) for name in appended_in(stmt.body)}
        if not over.isdisjoint(changed):
            raise self.unsupported(
                "this loop may add to what it goes over, or take from it",
                stmt.iter,
                "Go over a copy, made by list(...).",
            )

    def while_loop(self, stmt: ast.While) -> None:
        origin = self.builder.origin
        if self.unrolled_while(stmt):
            return
        headers, body = split_phis(stmt.body)
        lists = self._open_lists(headers, body)

        def around() -> Any:
            outer = self.builder
            self.builder = outer.nested()
            self.seen = stmt._again  # type: ignore[attr-defined]
            before = dict(self.heap.now)
            test = self.as_test(self.checked(tested(stmt.test), None), stmt.test)
            self.require_same_objects(before, stmt.test)
            head, self.builder = self.builder.block, outer
            return head, test, *self._iteration(body, headers)

        (head, test, block, stop), phis = self.carried(headers, stmt.body, lists, around)
        self.builder.append(While(phis, head, test, block, origin, stop))

    def _open_lists(
        self, headers: list[tuple[str, str, str]], body: list[ast.stmt]
    ) -> dict[str, Operand]:
        """Lists that a loop appends to, or replaces items of, as lists of the generated code."""
        given = [(target, before, self.value(before)) for target, before, _ in headers]
        lists = [(t, b, held) for t, b, held in given if isinstance(held, Tuple) and held.is_list]
        if not lists:
            return {}
        base_of = self.builder.bases.get
        changed = {base_of(name) for name in appended_in(body)}
        changed |= {base_of(n) for n, added in joined_in(body) if base_of(n) == base_of(added)}
        replaced = {
            base_of(name)
            for name, index in replaced_in(body)
            if self.static(index) is UNKNOWN
        }
        made: dict[str, Operand] = {}
        for target, before, held in lists:
            base = base_of(target)
            nested = any(isinstance(item, Tuple) for item in held.items)
            if base in changed or (base in replaced and not nested):
                made[before] = self.listed(target, held)
        return made

    def _iteration(
        self, body: list[ast.stmt], headers: list[tuple[str, str, str]]
    ) -> tuple[tuple[Any, ...], Operand | None]:
        """A loop's block, and the condition at its end under which it is left."""
        body, stop = ending(body)
        outer = self.builder
        self.builder = outer.nested()
        heads = {target: self.value(target) for target, _, _ in headers}
        since, written = len(self.program.changed), frozenset(self.program.written)
        self.block(body)
        self.leave_slots()
        ends = self.settled([after for _, _, after in headers])
        owners = self.slot_owners()
        for target, _, after in headers:
            self.require_alone_again(
                heads[target], ends[after], after, since, owner=owners.get(after)
            )
        before = dict(self.heap.now)
        test = None if stop is None else self.checked(tested(stop), None)
        if stop is not None:
            self.require_same_objects(before, stop)
        self.program.require_facts_since(written)
        made, self.builder = self.builder.block, outer
        self.ends = ends
        return made, test
