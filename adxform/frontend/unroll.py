"""Loops over containers: the body once for each item, as their items are known one by one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import UNKNOWN, Const, Let, Opaque, Operand, Tuple, Var
from adxform.core.trees import SCOPES, bound_names, children, copied, names, nodes
from adxform.core.types import Scalar
from adxform.frontend.choices import Choices
from adxform.frontend.control import ending, tested
from adxform.frontend.joins import split_phis
from adxform.frontend.program import Again
from adxform.frontend.ssa import free_names

MOST_ITEMS = 256
MOST_KEYS = 32
PLACES = "places"  # what is asked for: that loops over places of different items are written out
WHILES = "whiles"  # the same of ``while``, where it is known how often it runs


class Unrolled(Choices):
    """Lowers loops whose number of iterations the signature decides, if they go over containers."""

    unrolling = 0  # loops at hand that are written out
    copies = 1  # of what is lowered now, by loops over places

    def block(self, body: list[ast.stmt]) -> None:
        """Lower statements one after the other."""
        raise NotImplementedError

    def unrolled(self, stmt: ast.For) -> bool:
        """Lower a loop as often as it runs, or say that it stays a loop."""
        assert isinstance(stmt.iter, ast.Call)
        if not getattr(stmt, "_over", False):
            return self._over_keys(stmt)
        count = self._trips_of(stmt.iter.args[0])
        if not isinstance(count, int):
            return False
        if count > MOST_ITEMS:
            raise self.unsupported(
                f"this loop goes over {count} items one by one; {MOST_ITEMS} are the most", stmt
            )
        self._written_out(stmt, range(count))
        return True

    def _over_keys(self, stmt: ast.For) -> bool:
        """Lower a loop over few numbers as often as it runs, where these are keys or places."""
        assert isinstance(stmt.iter, ast.Call)
        bounds = [self.static(bound) for bound in stmt.iter.args]
        if not all(type(bound) is int for bound in bounds) or 0 in bounds[2:]:
            return False
        places = range(*bounds)
        copies = self.copies * max(len(places), 1)
        keys = len(places) <= MOST_KEYS and self._carries_dictionary(stmt) and self.names_met()
        inside = [] if keys else nodes(*stmt.body)
        asked = keys or _keeps_functions(stmt, inside) or self._over_places(stmt, inside)
        if not asked or (copies > MOST_ITEMS and not keys):
            return False
        before, self.copies = self.copies, copies
        self._written_out(stmt, places)
        self.copies = before
        return True

    def _over_places(self, stmt: ast.For, inside: list[ast.AST]) -> bool:
        """Whether the items that a loop takes by its numbers differ, and these are asked for."""
        assert isinstance(stmt.target, ast.Name)
        items = [node for node in inside if isinstance(node, ast.Subscript)]
        if not items:
            return False
        following = _following(stmt, self._counters(stmt))
        taken = (node for node in items if not following.isdisjoint(names(node.slice)))
        if not any(map(self._of_different_items, taken)):
            return False
        self.program.met.add(PLACES)
        return PLACES in self.program.contexts

    def _counters(self, stmt: ast.For) -> set[str]:
        """The variables that a loop carries which begin as a known integer."""
        headers, _ = split_phis(stmt.body)
        begun = {target: self.known_value(self.value(before)) for target, before, _ in headers}
        return {target for target, value in begun.items() if type(value) is int}

    def _of_different_items(self, node: ast.Subscript) -> bool:
        """Whether an item cannot be taken by a number, or a key, that only running tells."""
        if not isinstance(node.value, ast.Name | ast.Attribute):
            return False
        held = self.container(node.value)
        if held is None or (held.form not in (TUPLE, LIST) and held.form.kind != "dict"):
            return False
        types = [self.builder.type_of(item) for item in held.items]
        kinds = {t.dtype if isinstance(t, Scalar) else None for t in types}
        return None in kinds or len(kinds) > 1

    def opaque_call(self, node: ast.Call, base: str | None, reason: str) -> Operand:
        """A call carried along; if active values go through it, loops are written out first."""
        made = super().opaque_call(node, base, reason)
        met, asked = self.program.met, self.program.contexts
        last = self.builder.stmts[-1] if self.builder.stmts else None
        if isinstance(last, Let) and isinstance(last.op, Opaque) and Var(last.target) == made:
            first = next((a for a in (PLACES, WHILES) if a in met and a not in asked), None)
            last.op.tree._place = first  # type: ignore[attr-defined]
        return made

    def _carries_dictionary(self, stmt: ast.For) -> bool:
        """Whether a loop changes a dictionary of known keys, or an object that holds one."""
        headers, _ = split_phis(stmt.body)
        found = [self.value(before) for _, before, _ in headers]
        found += [item for held in self.heap.now.values() for item in held.items]
        return any(isinstance(o, Tuple) and o.form.kind == "dict" for o in found)

    def _written_out(self, stmt: ast.For, places: range) -> None:
        headers, body = split_phis(stmt.body)
        current = {target: self.value(before) for target, before, _ in headers}
        held = {name for name in names(stmt.iter) if name.startswith("_")} - self.gone_over
        self.gone_over |= held
        self.unrolling += 1
        ends = self._iterations(stmt, headers, ending(body), places, current)
        self.unrolling -= 1
        self.gone_over -= held
        self.env.update(ends)  # which a loop inside may have begun anew

    def unrolled_while(self, stmt: ast.While) -> bool:
        """Lower a ``while`` as often as it runs, where that is known and asked for."""
        place = WHILES, self.source.text.place(stmt)
        headers, body = split_phis(stmt.body)
        current = {target: self.value(before) for target, before, _ in headers}
        if isinstance(stmt.test, ast.Constant) or place in self.program.contexts:
            return False
        outer = {target: self.env[target] for target in current if target in self.env}
        self.env.update(current)
        if self.truth(stmt.test) is None or not self._whiles_asked():
            for target in current:
                self.env.pop(target)
            self.env.update(outer)
            return False
        self.unrolling += 1
        ends = self._rounds(stmt, headers, ending(body), current)
        self.unrolling -= 1
        if ends is None:
            self.program.contexts[place] = None  # it stays a loop
            raise Again
        self.env.update(ends)
        return True

    def _whiles_asked(self) -> bool:
        self.program.met.add(WHILES)
        return WHILES in self.program.contexts

    def _rounds(
        self,
        stmt: ast.While,
        headers: list[tuple[str, str, str]],
        parts: tuple[list[ast.stmt], ast.expr | None],
        current: dict[str, Operand],
    ) -> dict[str, Operand] | None:
        """What a ``while`` carries after it has run; None if it is not known how often it does."""
        body, stop = parts
        for _ in range(MOST_KEYS + 1):
            renaming = self._renaming(body)
            self.env.update(current)
            goes_on = self.truth(stmt.test)
            if not goes_on:
                return None if goes_on is None else current
            self.block([renamed(inner, renaming) for inner in body])
            ends = ((target, renaming.get(after, after)) for target, _, after in headers)
            current = {target: self.value(after) for target, after in ends}
            left = False if stop is None else self.truth(renamed(stop, renaming))
            if left is not False:
                return current if left else None
        return None

    def _trips_of(self, length: ast.expr) -> Any:
        """How many items a loop goes over, if that is known; of ``zip(names, x)`` all names."""
        found = self.static(length)
        if isinstance(found, int) or not isinstance(length, ast.Call):
            return found
        match length:
            case ast.Call(ast.Name("len"), [over]):
                held = self.names_in(over)
                return UNKNOWN if held is None else len(held.items)
            case ast.Call(ast.Name("min"), lengths):
                counts = [count for count in map(self._trips_of, lengths) if type(count) is int]
                named = any(self.names_in(n.args[0]) for n in lengths if _is_length(n))  # type: ignore[attr-defined]
                if counts and not named:
                    self.program.met.add(PLACES)
                    named = PLACES in self.program.contexts
                return min(counts) if named or len(counts) == len(lengths) else UNKNOWN
        return UNKNOWN

    def _iterations(
        self,
        stmt: ast.For,
        headers: list[tuple[str, str, str]],
        parts: tuple[list[ast.stmt], ast.expr | None],
        places: range,
        current: dict[str, Operand],
    ) -> dict[str, Operand]:
        """What the loop carries after it has run for the items at ``places``."""
        assert isinstance(stmt.target, ast.Name)
        body, stop = parts
        for place in places:
            renaming = self._renaming(body)
            self.env.update(current)
            self.env[stmt.target.id] = Const(place)
            self.block([renamed(inner, renaming) for inner in body])
            ends = ((target, renaming.get(after, after)) for target, _, after in headers)
            current = {target: self.value(after) for target, after in ends}
            left = False if stop is None else self.truth(renamed(stop, renaming))
            if left:
                return current
            if left is None:
                test = self.checked(tested(renamed(stop, renaming)), None)
                rest = places[places.index(place) + 1 :]
                return self._unless(
                    test, current, lambda c, rest=rest: self._iterations(  # type: ignore[misc]
                        stmt, headers, parts, rest, c)
                )
        return current

    def _unless(
        self,
        test: Operand,
        current: dict[str, Operand],
        rest: Callable[[dict[str, Operand]], dict[str, Operand]],
    ) -> dict[str, Operand]:
        """What is carried after the rest of a loop, which runs unless it was left."""
        now = {t: self.present(v) for t, v in current.items()}
        def others() -> dict[str, Operand]:
            return {t: self.present(v) for t, v in rest(current).items()}

        _, after = self.branched(test, dict[str, Operand], others, self.builder.origin)
        found: dict[str, Operand] = {}
        for target, before in now.items():
            merged = self.builder.name(self.builder.bases.get(target))
            self.phi_after_branch(merged, before, after[target])
            self.locals.add(merged)
            found[target] = self.value(merged)
        return found

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


def _following(stmt: ast.For, counters: set[str]) -> set[str]:
    """The variables in a loop that its number, or what it counts, decides."""
    assert isinstance(stmt.target, ast.Name)
    found = {stmt.target.id, *counters}
    for node in nodes(*stmt.body):
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.For(ast.Name(name), value):
                if not found.isdisjoint(names(value)):
                    found.add(name)
    return found


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _bound_versions(stmt: ast.stmt) -> list[str]:
    """The versions that a statement binds; what is in a scope of its own has other names."""
    found: list[str] = []
    visit: list[ast.AST] = [stmt]
    for node in visit:  # which grows on the way
        written: dict[str, str] | None = getattr(node, "_writes", None)
        if written is not None:
            found.extend(written.values())
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        elif not isinstance(node, SCOPES):
            visit.extend(children(node))
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
    if hasattr(made, "_renamed"):
        made._renamed = renamed(made._renamed, names)
    for noted in ("_reads", "_writes", "_late", "_seen", "_again", "_pools"):
        if hasattr(made, noted):
            old: dict[str, str] = getattr(made, noted)
            setattr(made, noted, {k: names.get(v, v) for k, v in old.items()})
    return made


def _keeps_functions(stmt: ast.For, inside: list[ast.AST]) -> bool:
    """Whether a loop adds lambdas to a list, none of which reads variables that the loop assigns:
    these are the same for all of them when they are called.
    """
    kept: list[ast.Lambda] = []
    for node in inside:
        match node:
            case ast.Call(ast.Attribute(_, "append"), [ast.Lambda() as made]) | ast.Call(
                ast.Name("__change__"), [_, ast.Constant("append"), ast.Lambda() as made]
            ):
                kept.append(made)
    if not kept:
        return False
    own = {*bound_names(*stmt.body), *names(stmt.target)}
    return all(own.isdisjoint(_read_later(made)) for made in kept)


def _read_later(function: ast.Lambda) -> list[str]:
    """What a lambda reads when it is called, and not when it is made, as its defaults do."""
    bare = copied(function)
    bare.args.defaults, bare.args.kw_defaults = [], [None] * len(bare.args.kwonlyargs)
    return [*free_names(bare)]
