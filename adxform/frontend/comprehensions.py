"""Comprehensions: item by item over containers, a loop that fills a list over anything else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adxform.core.forms import LIST
from adxform.core.ir import Const, For, If, Operand, Phi, Tuple, Var
from adxform.core.trees import copied, names, nodes
from adxform.core.types import INT, Array, ListOf, differentiable
from adxform.frontend.as_generators import as_comprehension
from adxform.frontend.control import tested
from adxform.frontend.counted import Counted
from adxform.frontend.counts import Count
from adxform.frontend.equivalents.iterables import require_equal
from adxform.frontend.heap import Contents, changed_fields
from adxform.frontend.of_containers import dictionary
from adxform.frontend.renaming import Renamed
from adxform.frontend.scope import readable
from adxform.frontend.ssa import free_names

Comprehension = ast.ListComp | ast.GeneratorExp
Action = Callable[[Operand], Operand]  # from what is carried so far to what it becomes


class Comprehensions(Counted):
    """Lowers comprehensions over active values; others are carried verbatim."""

    depth: int
    kept: tuple[str, ...] = ()  # variables of comprehensions that functions read
    place: Operand  # the number of the iteration of the innermost loop

    def on_ListComp(self, node: Comprehension, base: str | None) -> Operand:
        node = self._with_own_names(node)
        items = self._rows(node.generators, node.elt)
        if items is not None:
            return Tuple(tuple(items), LIST)
        return self._filled(node, base) if self.may_be_active(node) else self.other(node, base)

    on_GeneratorExp = on_ListComp

    def on_List(self, node: ast.List, base: str | None) -> Operand:
        """``[a, *x, b]`` of an array or a list of any length: lists that are joined."""
        node = self._with_listed(node)
        loose = [isinstance(part, ast.Starred) and isinstance(
            self.builder.type_of(self.operand(part.value)), Array | ListOf) for part in node.elts]
        if not any(loose) or not self.may_be_active(node):
            return super().on_List(node, base)
        joined: ast.expr | None = None
        for parts in _runs(node.elts, loose):
            joined = parts if joined is None else ast.BinOp(joined, ast.Add(), parts)
        assert joined is not None
        return self.operand(ast.fix_missing_locations(ast.copy_location(joined, node)), base)

    def _with_listed(self, node: ast.List) -> ast.List:
        """``[*map(f, x)]`` with a list in the place of an iterator over what may be active."""
        parts: list[ast.expr] = []
        for part in node.elts if any(isinstance(e, ast.Starred) for e in node.elts) else ():
            over = as_comprehension(self, part.value) if isinstance(part, ast.Starred) else None
            if over is not None and self.may_be_active(over) and self.sequence(over) is None:
                listed = ast.ListComp(over.elt, over.generators)
                name = self.builder.names.fresh("_listed")
                self.env[name] = self.operand(ast.copy_location(listed, part))
                part = ast.Starred(ast.Name(name, ast.Load()), ast.Load())
            parts.append(part)
        if parts == node.elts or not parts:
            return node
        return ast.fix_missing_locations(ast.copy_location(ast.List(parts, ast.Load()), node))

    def on_DictComp(self, node: ast.DictComp, base: str | None) -> Operand:
        node = self._with_own_names(node)
        pair = ast.Tuple([node.key, node.value], ast.Load())
        ast.copy_location(pair, node)
        rows = self._rows(node.generators, pair)
        if rows is None:
            rows = self.with_names(node, lambda: self._rows(node.generators, pair))
        if rows is None:
            return self.other(node, base)
        found = {}
        for row in rows:
            assert isinstance(row, Tuple)
            key = self.known_value(row.items[0])
            if not isinstance(key, str | int | bool | None | tuple):
                return self.other(node, base)
            found[key] = row.items[1]
        return dictionary(found)

    def _with_own_names(self, node: Any) -> Any:
        """A comprehension in which functions are made, its variables under names that no other has:
        the functions read them after it.
        """
        if not any(isinstance(part, ast.Lambda) for part in nodes(node)):
            return node
        targets = dict.fromkeys(n for g in node.generators for n in names(g.target))
        own = {name: self.builder.names.fresh(f"_{name}") for name in targets}
        self.kept = (*self.kept, *own.values())
        return Renamed(own).comprehension(copied(node))

    def _forget(self, kept: dict[str, Operand]) -> None:
        """Variables are what they were before a comprehension, but those that functions read."""
        left = {name: self.env[name] for name in self.kept if name in self.env}
        self.env = kept | left

    # --- over containers ------------------------------------------------------------------------

    def _rows(
        self, generators: list[ast.comprehension], elt: ast.expr
    ) -> list[Operand] | None:
        """The items, where each ``for`` goes over a container and each ``if`` is decided."""
        if not generators:
            return [self.operand(elt)]
        first, *rest = generators
        items = None if first.is_async else self.sequence(first.iter)
        if items is None:
            return None
        found: list[Operand] = []
        kept = dict(self.env)
        for item in items:
            self.bind_target(first.target, item)
            held = [self.truth(test) for test in first.ifs]
            if None in held:
                self._forget(kept)
                return None
            if all(held):
                inner = self._rows(rest, elt)
                if inner is None:
                    self._forget(kept)
                    return None
                found.extend(inner)
        self._forget(kept)
        return found

    def bind_target(self, target: ast.expr, value: Operand) -> None:
        """Give the names of a ``for`` their values."""
        self.epoch += 1
        match target:
            case ast.Name(name):
                self.env[name] = value
            case ast.Tuple(parts) | ast.List(parts):
                self.require_count(Count(len(parts)), value, target)
                for place, part in enumerate(parts):
                    self.bind_target(part, self._part(value, place))
            case _:
                raise self.unsupported("this target of a comprehension is not supported", target)

    def _part(self, value: Operand, place: int) -> Operand:
        if isinstance(value, Tuple):
            return value.items[place]
        return self.emit("[]", value, Const(place))

    # --- over anything else ---------------------------------------------------------------------

    def may_be_active(self, node: ast.expr) -> bool:
        """Whether what is read may have a derivative; if not, Python evaluates it as it stands."""
        names = [n for n in free_names(node) if n in self.locals or n in self.env]
        return any(differentiable(self.builder.type_of(self.value(n))) for n in names)

    def _filled(self, node: Comprehension, base: str | None) -> Operand:
        """A list that loops fill, one item after the other."""
        name = base or "items"
        each = len(node.generators) == 1 and not node.generators[0].ifs

        def append(items: Operand) -> Operand:
            place = self.place if each else self.emit("len", items)
            item = self.operand(node.elt)
            if isinstance(item, Tuple) and item.form.kind not in ("tuple", "list"):
                raise self.unsupported(
                    "a dictionary or an object is put into a list for each item here", node.elt,
                    "Make a list for each of the things that it holds.")
            if isinstance(item, Tuple):
                item = self.emit("row", item, Const(None))
                self.program.rows = True
            return self.emit("append", items, place, item, base=name)

        result = self.builder.name(name)
        empty = self.emit("empty_list", base=name)
        return self._fold(node.generators, empty, append, name, result)

    def summed(self, node: Comprehension, start: Operand, base: str | None) -> Operand:
        """``sum`` of a comprehension: a loop that adds up."""
        name = base or "total"

        def add(total: Operand) -> Operand:
            return self.emit("op.Add", total, self.operand(node.elt), base=name)

        return self._fold(node.generators, start, add, name, self.builder.name(name))

    def _fold(
        self,
        generators: list[ast.comprehension],
        carried: Operand,
        action: Action,
        base: str,
        result: str | None = None,
    ) -> Operand:
        """What is carried through the loops of a comprehension, innermost last."""
        if not generators:
            return action(carried)
        first, *rest = generators
        kept = dict(self.env)
        items = self.sequence(first.iter)
        if items is not None:
            for item in items:
                self.bind_target(first.target, item)
                carried = self._where(
                    first.ifs, carried, lambda c: self._fold(rest, c, action, base), base
                )
            self._forget(kept)
            return carried
        target = result or self.builder.name(base)
        index = self.builder.name("ijklm"[min(self.depth, 4)])
        count, element = self._source(first.iter, Var(index))
        outer, seen = self.builder, self._seen_now()
        self.builder = outer.nested()
        self.builder.types[index] = INT
        self.place = Var(index)
        if isinstance(self.builder.type_of(carried), ListOf):
            self.builder.types[target] = ListOf(None)
        self.depth += 1
        self.bind_target(first.target, element())
        after = self._where(
            first.ifs, Var(target), lambda c: self._fold(rest, c, action, base), base
        )
        self.depth -= 1
        self._forget(kept)
        self._refuse_writes(seen, first.iter)
        body, self.builder = self.builder.block, outer
        phi = Phi(target, carried, after)
        self.builder.append(For(index, (count,), (phi,), body, origin=self.builder.origin))
        self.note_merge(phi)
        return Var(target)

    def _seen_now(self) -> tuple[int, Contents]:
        """The arrays and the objects that there are."""
        memory = self.builder.memory
        return memory.roots.mark(), dict(memory.heap.now)

    def _refuse_writes(self, before: tuple[int, Contents], node: ast.expr) -> None:
        """Refuse a comprehension whose calls write to arrays or objects from outside it."""
        mark, objects = before
        memory = self.builder.memory
        written = bool(memory.changed(mark))
        if written or changed_fields(objects, memory.heap.now):
            kind = "an array" if written else "an object"
            raise self.unsupported(
                f"a call in this comprehension writes to {kind}", node, "Say it with a loop."
            )

    def _where(
        self, tests: list[ast.expr], carried: Operand, action: Action, base: str
    ) -> Operand:
        """The action, where the conditions hold."""
        if not tests:
            return action(carried)
        held = self.truth(tests[0])
        if held is not None:
            return self._where(tests[1:], carried, action, base) if held else carried
        test = self.operand(tested(tests[0]))
        outer, seen = self.builder, self._seen_now()
        self.builder = outer.nested()
        after = self._where(tests[1:], carried, action, base)
        self._refuse_writes(seen, tests[0])
        then, self.builder = self.builder.block, outer
        target = self.builder.name(base)
        if isinstance(self.builder.type_of(carried), ListOf):
            self.builder.types[target] = ListOf(None)
        phi = Phi(target, after, carried)
        self.builder.append(If(test, then, (), (phi,), self.builder.origin))
        self.note_merge(phi)
        return Var(target)

    def _source(self, node: ast.expr, index: Operand) -> tuple[Operand, Callable[[], Operand]]:
        """How many items an iterable gives, and a function that gives the one at ``index``."""
        if isinstance(node, ast.Call):
            function = self.static(node.func)
            if function is range:
                return self._range(node, index)
            if function is enumerate and node.args:
                starts = [*node.args[1:], *(k.value for k in node.keywords)]
                first = self.operand(starts[0]) if starts else Const(0)
                count, inner = self._source(node.args[0], index)
                if first == Const(0):
                    return count, lambda: Tuple((index, inner()))
                return count, lambda: Tuple((self.emit("op.Add", index, first), inner()))
            if function is zip:
                made = [self._source(a, index) for a in node.args]
                counts = [count for count, _ in made]
                strict = any(k.arg == "strict" and self.static(k.value) for k in node.keywords)
                least = self.equal(counts, node) if strict else self._least(counts)
                return least, lambda: Tuple(tuple(inner() for _, inner in made))
            chosen = self.chosen_by_place(node, index)
            if chosen is not None:
                return chosen
        held = self.items_of(node, None)
        return self.emit("len", held), lambda: self.emit("[]", held, index)

    def chosen_by_place(
        self, node: ast.Call, index: Operand
    ) -> tuple[Operand, Callable[[], Operand]] | None:
        """What ``itertools`` takes from an array, by places that no active value flows through."""
        name = self.resolve(node.func) or ""
        match name, node.args:
            case "itertools.pairwise", [over]:
                pool = self.items_of(over, None)
                count = self.emit("op.Sub", self.emit("len", pool), Const(1))
                pair = lambda: Tuple(tuple(  # noqa: E731
                    self.emit("[]", pool, self.emit("op.Add", index, Const(k))) for k in (0, 1)))
                return count, pair
            case _, [over, ast.Constant(int(size))] if name in _CHOSEN:
                pools = [self.items_of(over, None)] * size
            case "itertools.product", overs if not node.keywords:
                pools = [self.items_of(over, None) for over in overs]
            case _:
                return None
        lengths = list(dict.fromkeys(pools))
        counted = [self.builder.names.fresh("_count") for _ in lengths]
        for count_name, pool in zip(counted, lengths, strict=True):
            self.env[count_name] = self.emit("len", pool)
        ranges = ", ".join(f"range({n})" for n in (counted if size_given(node) else [
            counted[lengths.index(pool)] for pool in pools]))
        rest = "".join(f", {ast.unparse(arg)}" for arg in node.args[1:] if size_given(node))
        places = ast.parse(f"list({ast.unparse(node.func)}({ranges}{rest}))", mode="eval").body
        for part in ast.walk(places):
            ast.copy_location(part, node)
        rows = self.opaque(places, "places", "list")
        return self.emit("len", rows), lambda: Tuple(tuple(
            self.emit("[]", pool, self.emit("[]", self.emit("[]", rows, index), Const(k)))
            for k, pool in enumerate(pools)))

    def equal(self, counts: list[Operand], node: ast.Call) -> Operand:
        """A number that is several times the same, or an error."""
        first, *rest = counts
        for count in rest:
            self.user_call(node, readable(require_equal), (first, count), {}, None)
        return first

    def _least(self, counts: list[Operand]) -> Operand:
        least, *rest = counts
        for count in rest:
            least = self.emit("min", least, count)
        return least

    def _range(self, node: ast.Call, index: Operand) -> tuple[Operand, Callable[[], Operand]]:
        bounds = [self.operand(a) for a in node.args]
        if len(bounds) == 1:
            return bounds[0], lambda: index
        if len(bounds) == 2:
            first, last = bounds
            count = self.emit("max", Const(0), self.emit("op.Sub", last, first))
            return count, lambda: self.emit("op.Add", first, index)
        names = [self.builder.names.fresh("_bound") for _ in bounds]
        self.env.update(zip(names, bounds, strict=True))
        places = ast.parse(f"len(range({', '.join(names)}))", mode="eval").body
        for part in nodes(places):
            ast.copy_location(part, node)
        count = self.opaque(places, "count", "len")
        first, _, step = bounds
        return count, lambda: self.emit("op.Add", first, self.emit("op.Mult", index, step))


_CHOSEN = frozenset({"itertools.combinations", "itertools.permutations",
                     "itertools.combinations_with_replacement"})


def size_given(node: ast.Call) -> bool:
    """Whether a call of ``itertools`` says how many items it takes at once."""
    return len(node.args) == 2 and isinstance(node.args[1], ast.Constant)


def _runs(parts: list[ast.expr], loose: list[bool]) -> list[ast.expr]:
    """The lists of a display: what is spread, and what stands between."""
    found: list[ast.expr] = []
    for part, spread in zip(parts, loose, strict=True):
        if spread:
            assert isinstance(part, ast.Starred)
            item = ast.comprehension(ast.Name("_item", ast.Store()), part.value, [], 0)
            found.append(ast.ListComp(ast.Name("_item", ast.Load()), [item]))
        elif found and isinstance(found[-1], ast.List):
            found[-1].elts.append(part)
        else:
            found.append(ast.List([part], ast.Load()))
    return found
