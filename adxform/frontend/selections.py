"""Loops over ``itertools``: which items they take is known without them, by their places.

``for a, b in combinations(x, 2)`` goes over the combinations of ``range(len(x))``, which no active
value flows through, and takes ``a`` and ``b`` from ``x``.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

from adxform.core.trees import Transformer, copied
from adxform.frontend.assignments import Fresh, assign, load
from adxform.frontend.contexts import dotted
from adxform.frontend.writing_calls import WritingCalls

POOL = "__pool__"
_CHOSEN = ("product", "combinations", "combinations_with_replacement", "permutations")
_ENDLESS = ("cycle", "count", "repeat")


def over_places(
    node: ast.For, dotted: Callable[[ast.expr], str | None], fresh: Fresh
) -> list[ast.stmt]:
    """Make a loop over what ``itertools`` gives one over places; what is to be done before it."""
    call = node.iter
    if not isinstance(call, ast.Call) or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    made = _Places(node, fresh, dotted)
    name = dotted(call.func) or ""
    if name == "zip":
        done = made.zipped(call)
    else:
        done = name.startswith("itertools.") and made.selected(name.partition(".")[2], call)
    return made.before if done else []


class Selections(Transformer):
    """Says the loops of one function by places."""

    def __init__(self, fresh: Fresh, calls: WritingCalls) -> None:
        self.fresh, self.calls = fresh, calls

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        self.generic_visit(node)
        return [*over_places(node, self._dotted, self.fresh), node]

    def _dotted(self, node: ast.expr) -> str | None:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.calls.own:
            return None
        return dotted(node, self.calls.scope)


class _Places:
    """One loop that is said by places."""

    def __init__(
        self, node: ast.For, fresh: Fresh, dotted: Callable[[ast.expr], str | None]
    ) -> None:
        self.node, self.fresh, self.dotted = node, fresh, dotted
        self.before: list[ast.stmt] = []
        self.pools: list[str] = []

    @functools.cached_property
    def index(self) -> str:
        """The place at hand."""
        return self.fresh("k")

    def selected(self, name: str, call: ast.Call) -> bool:
        given: dict[str | None, ast.expr] = {k.arg: k.value for k in call.keywords}
        match name, call.args:
            case "pairwise", [over] if not given:
                pool = self.pool(over)
                ahead = ast.BinOp(load(self.index), ast.Add(), ast.Constant(1))
                count = ast.BinOp(_length(pool), ast.Sub(), ast.Constant(1))
                return self.say(_range(count), _pair([self.item(pool), _at(pool, ahead)]))
            case "islice", [over, *bounds] if not given and 1 <= len(bounds) <= 3:
                pool = self.pool(over)
                part = ast.Slice(None, bounds[0]) if len(bounds) == 1 else ast.Slice(*bounds)
                places = ast.Subscript(_range(_length(pool)), part, ast.Load())
                return self.say(places, self.item(pool))
            case "product", overs if overs and given.keys() <= {"repeat"}:
                times = given.get("repeat", ast.Constant(1))
                if not isinstance(times, ast.Constant) or type(times.value) is not int:
                    return False
                pools = [self.pool(over) for over in overs]
                return self.chosen(call, pools, pools * times.value, call.keywords)
            case _, [over, ast.Constant(int(count))] if name in _CHOSEN[1:] and not given:
                pool = self.pool(over)
                return self.chosen(call, [pool], [pool] * count, [], call.args[1:])
            case "zip_longest", overs if len(overs) > 1 and given.keys() <= {"fillvalue"}:
                return self.longest(overs, given.get("fillvalue", ast.Constant(None)))
            case _:
                return False

    def zipped(self, call: ast.Call) -> bool:
        """``zip(x, cycle([1, -1]))``, ``zip(count(1), x)``: as long as the others are."""
        kinds = [self.endless(arg) for arg in call.args]
        if not any(kinds) or all(kinds) or call.keywords:
            return False
        items: list[ast.expr] = []
        lengths: list[ast.expr] = []
        for arg, kind in zip(call.args, kinds, strict=True):
            if not kind:
                pool = self.pool(arg)
                lengths.append(_length(pool))
                items.append(self.item(pool))
                continue
            assert isinstance(arg, ast.Call)
            items.append(self.endless_item(kind, arg))
        least = lengths[0] if len(lengths) == 1 else ast.Call(load("min"), lengths, [])
        return self.say(_range(least), _pair(items))

    def endless(self, node: ast.expr) -> str:
        """Which of the iterators that never end an expression makes."""
        name = self.dotted(node.func) if isinstance(node, ast.Call) and not node.keywords else None
        kind = (name or "").removeprefix("itertools.")
        ends = kind == "repeat" and len(node.args) > 1  # type: ignore[attr-defined]
        return kind if kind in _ENDLESS and name != kind and not ends else ""

    def endless_item(self, kind: str, node: ast.Call) -> ast.expr:
        if kind == "cycle":
            pool = self.pool(node.args[0])
            return _at(pool, ast.BinOp(load(self.index), ast.Mod(), _length(pool)))
        if kind == "repeat":
            held: ast.expr = self.named("item", node.args[0])
            return held
        start, step = [*node.args, *[ast.Constant(0), ast.Constant(1)][len(node.args):]][:2]
        ahead = ast.BinOp(load(self.index), ast.Mult(), self.named("step", step))
        return ast.BinOp(self.named("start", start), ast.Add(), ahead)

    def chosen(
        self,
        call: ast.Call,
        pools: list[ast.Name],
        items: list[ast.Name],
        keywords: list[ast.keyword],
        rest: list[ast.expr] | None = None,
    ) -> bool:
        args = [_range(_length(pool)) for pool in pools]
        places = ast.Call(call.func, [*args, *(rest or [])], keywords)
        each = [
            _at(pool, ast.Subscript(load(self.index), ast.Constant(k), ast.Load()))
            for k, pool in enumerate(items)
        ]
        return self.say(places, _pair(each))

    def longest(self, overs: list[ast.expr], fill: ast.expr) -> bool:
        pools = [self.pool(over) for over in overs]
        filled = self.named("fill", fill)
        most = ast.Call(load("max"), [_length(pool) for pool in pools], [])
        items: list[ast.expr] = [
            ast.IfExp(
                ast.Compare(load(self.index), [ast.Lt()], [_length(pool)]), self.item(pool),
                copied(filled),
            )
            for pool in pools
        ]
        return self.say(_range(most), _pair(items))

    def say(self, places: ast.expr, item: ast.expr) -> bool:
        """The loop over places; its body begins with the item that the user has named."""
        targets = self.node.target
        pairs = [(targets, item)]
        if isinstance(targets, ast.Tuple) and isinstance(item, ast.Tuple) and len(
            targets.elts
        ) == len(item.elts) and not any(isinstance(t, ast.Starred) for t in targets.elts):
            pairs = [*zip(targets.elts, item.elts, strict=True)]
        first: list[ast.stmt] = []
        for target, value in pairs:
            made = ast.Assign([target], value)
            made._origin = self.node._origin  # type: ignore[attr-defined]
            first.append(ast.fix_missing_locations(ast.copy_location(made, self.node.iter)))
        self.node.iter = ast.fix_missing_locations(ast.copy_location(places, self.node.iter))
        self.node.target = ast.copy_location(ast.Name(self.index, ast.Store()), self.node.iter)
        self.node.body = [*first, *self.node.body]
        self.node._pools = dict.fromkeys(self.pools)  # type: ignore[attr-defined]
        return True

    def pool(self, over: ast.expr) -> ast.Name:
        """What items are taken from, under a name."""
        made: ast.Name = self.named("over", ast.Call(load(POOL), [over], []))
        self.pools.append(made.id)
        return made

    def named(self, stem: str, value: ast.expr) -> Any:
        name = self.fresh(stem)
        self.before.append(assign(name, value, self.node))
        return load(name)

    def item(self, pool: ast.Name) -> ast.expr:
        return _at(pool, load(self.index))


def _at(pool: ast.Name, index: ast.expr) -> ast.expr:
    return ast.Subscript(load(pool.id), index, ast.Load())


def _pair(items: list[ast.expr]) -> ast.expr:
    return ast.Tuple(items, ast.Load())


def _length(pool: ast.Name) -> ast.expr:
    return ast.Call(load("len"), [load(pool.id)], [])


def _range(count: ast.expr) -> ast.expr:
    return ast.Call(load("range"), [count], [])
