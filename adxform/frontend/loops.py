"""Loops over arrays, ``zip``, ``enumerate`` and ``reversed``, said as loops over ``range``."""

from __future__ import annotations

import ast

from adxform.core.trees import Transformer, bound_names, copied, names, nodes
from adxform.frontend.assignments import Assignments, Fresh, assign, load, located
from adxform.frontend.control import ending


class Loops(Transformer):
    """Loops over arrays, ``zip``, ``enumerate`` and ``reversed`` become loops over ``range``."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        if isinstance(node.iter, ast.Tuple | ast.List) and not any(
            isinstance(e, ast.Starred) for e in node.iter.elts
        ):
            return self._unroll(node, node.iter.elts)
        self.generic_visit(node)
        if _is_call(node.iter, "range") and isinstance(node.target, ast.Name):
            return node
        return self._over_index(node)

    def _unroll(self, node: ast.For, items: list[ast.expr]) -> list[ast.stmt]:
        """A loop over a tuple written out has its body once for each item."""
        unpack = Assignments(self.fresh)
        body, stop = ending(node.body)
        result: list[ast.stmt] = []
        bound = {*bound_names(node)}
        items = [self._kept(item, bound, result, node) for item in items]
        inner = result
        for item in items:
            inner.extend(unpack._single(node.target, item, node))
            for stmt in map(copied, body):
                new = self.visit(stmt)
                inner.extend(new if isinstance(new, list) else [new])
            if stop is not None:  # the next items only if it does not hold
                rest: list[ast.stmt] = []
                test = copied(stop)
                inner.append(located(ast.If(test, [ast.Pass()], rest), node))
                inner = rest
        return result

    def _over_index(self, node: ast.For) -> list[ast.stmt]:
        """``for row in A`` becomes ``for i in range(len(A)): row = A[i]``."""
        before: list[ast.stmt] = []
        index = self.fresh("i")
        length, element = self._sequence(node.iter, load(index), before, node)
        target = node.target
        body: list[ast.stmt] = []
        if _is_call(node.iter, "enumerate") and isinstance(target, ast.Tuple):
            counter = target.elts[0]
            starts_at_zero = len(node.iter.args) == 1 and not node.iter.keywords  # type: ignore[attr-defined]
            if isinstance(counter, ast.Name) and starts_at_zero:
                index, target, element = (
                    counter.id,
                    target.elts[1],
                    _rename(element, index, counter),
                )
                element = element.elts[1] if isinstance(element, ast.Tuple) else element
        body.extend(Assignments(self.fresh)._single(target, element, node))
        loop = ast.For(
            ast.Name(index, ast.Store()),
            ast.Call(load("range"), [length], []),
            body + node.body,
            [],
        )
        loop._over = True  # type: ignore[attr-defined]  # over items, not over numbers
        return [*before, located(loop, node)]

    def _sequence(
        self, node: ast.expr, index: ast.expr, before: list[ast.stmt], old: ast.stmt
    ) -> tuple[ast.expr, ast.expr]:
        """The length of an iterable and its element number ``index``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id == "zip":
                parts = [self._sequence(a, index, before, old) for a in node.args]
                lengths = [length for length, _ in parts]
                shortest = lengths[0] if len(lengths) == 1 else ast.Call(load("min"), lengths, [])
                return shortest, ast.Tuple([e for _, e in parts], ast.Load())
            if node.func.id == "enumerate":
                length, element = self._sequence(node.args[0], index, before, old)
                start = node.args[1:] or [kw.value for kw in node.keywords]
                count: ast.expr = index
                if start:
                    count = ast.BinOp(index, ast.Add(), start[0])
                return length, ast.Tuple([count, element], ast.Load())
            if node.func.id == "reversed":
                inner = node.args[0]
                if not _is_call(inner, "range"):
                    inner = self._held(inner, before, old)
                length, _ = self._sequence(inner, index, before, old)
                one = ast.BinOp(length, ast.Sub(), ast.Constant(1))
                back = ast.BinOp(one, ast.Sub(), index)
                return length, self._sequence(inner, back, before, old)[1]
            if node.func.id == "range":
                length = ast.Call(load("len"), [node], [])
                return length, ast.Subscript(node, index, ast.Load())
        node = self._held(node, before, old)
        return ast.Call(load("len"), [node], []), ast.Subscript(node, index, ast.Load())

    def _kept(
        self, item: ast.expr, bound: set[str], before: list[ast.stmt], old: ast.For
    ) -> ast.expr:
        """An item as it is before the loop, where the loop assigns what the item reads."""
        if isinstance(item, ast.Tuple | ast.List):
            parts = [self._kept(part, bound, before, old) for part in item.elts]
            return ast.copy_location(type(item)(parts, ast.Load()), item)
        if bound.isdisjoint(names(item)):
            return item
        name = self.fresh("item")
        before.append(assign(name, item, old))
        return load(name)

    def _held(self, node: ast.expr, before: list[ast.stmt], old: ast.stmt) -> ast.Name:
        """What a loop runs over, under a name that the loop does not assign."""
        if isinstance(node, ast.Name) and node.id not in bound_names(old):
            return node
        name = self.fresh("items")
        before.append(assign(name, node, old))
        return load(name)


def _rename(node: ast.expr, old: str, new: ast.Name) -> ast.expr:
    for part in nodes(node):
        if isinstance(part, ast.Name) and part.id == old:
            part.id = new.id
    return node


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
