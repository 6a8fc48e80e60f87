"""Loops over arrays, ``zip``, ``enumerate`` and ``reversed``, said as loops over ``range``."""

from __future__ import annotations

import ast

from adxform.core.raising import raising
from adxform.core.trees import Transformer, bound_names, copied, may_be_set, names, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import (
    CHANGE,
    NEST,
    UPDATE,
    Assignments,
    Fresh,
    assign,
    load,
    located,
)
from adxform.frontend.contexts import dotted
from adxform.frontend.control import ending
from adxform.frontend.source import Text
from adxform.frontend.ssa import all_args
from adxform.frontend.writing_calls import WritingCalls


class Loops(Transformer):
    """Loops over arrays, ``zip``, ``enumerate`` and ``reversed`` become loops over ``range``."""

    def __init__(self, fresh: Fresh, text: Text, calls: WritingCalls) -> None:
        self.fresh = fresh
        self.text = text
        self.calls = calls

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        if isinstance(node.iter, ast.Tuple | ast.List) and not any(
            isinstance(e, ast.Starred) for e in node.iter.elts
        ):
            return self._unroll(node, node.iter.elts)
        self.generic_visit(node)
        before: list[ast.stmt] = []
        node.iter = self._over_grid(node.iter, before, node)
        if before:
            return [*before, *self._over_index(node)]
        if isinstance(node.target, ast.Name):
            node.iter = _backward(node.iter)
            if _is_call(node.iter, "range"):
                return node
        return self._over_index(node)

    def _over_grid(self, over: ast.expr, before: list[ast.stmt], old: ast.For) -> ast.expr:
        """``np.ndenumerate(a)`` and ``np.ndindex(shape)`` said by shapes alone."""
        name = self._numpy_call(over)
        if name == "np.ndindex":
            assert isinstance(over, ast.Call)
            over.args = [self._named("shape", arg, before, old) for arg in over.args]
        elif name == "np.ndenumerate":
            assert isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute)
            array = self._named("over", over.args[0], before, old)
            shape = self._named("shape", ast.Attribute(array, "shape", ast.Load()), before, old)
            numpy = over.func.value
            places = ast.Call(ast.Attribute(numpy, "ndindex", ast.Load()), [shape], [])
            flat = ast.Call(ast.Attribute(copied(array), "ravel", ast.Load()), [], [])
            zipped = ast.Call(load("zip"), [places, flat], [])
            return ast.fix_missing_locations(ast.copy_location(zipped, over))
        return over

    def _numpy_call(self, node: ast.expr) -> str:
        """The name of NumPy's function that an expression calls with arguments by place."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return ""
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id in self.calls.own:
            return ""
        plain = node.args and not node.keywords
        return (dotted(node.func, self.calls.scope) or "") if plain else ""

    def _named(
        self, stem: str, value: ast.expr, before: list[ast.stmt], old: ast.stmt
    ) -> ast.expr:
        name = self.fresh(stem)
        before.append(assign(name, value, old))
        return load(name)

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
        if hasattr(node, "_pools"):
            loop._pools = node._pools  # type: ignore[attr-defined]
        return [*before, located(loop, node)]

    def _sequence(
        self, node: ast.expr, index: ast.expr, before: list[ast.stmt], old: ast.stmt
    ) -> tuple[ast.expr, ast.expr]:
        """The length of an iterable and its element number ``index``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id == "zip":
                parts = [self._sequence(a, index, before, old) for a in node.args]
                lengths = [length for length, _ in parts]
                strict = may_be_set(node, "strict") and len(lengths) > 1
                if strict:
                    before.append(located(_require_equal(lengths), old))
                alone = strict or len(lengths) == 1
                shortest = lengths[0] if alone else ast.Call(load("min"), lengths, [])
                return shortest, ast.Tuple([e for _, e in parts], ast.Load())
            if node.func.id == "enumerate":
                length, element = self._sequence(node.args[0], index, before, old)
                start = node.args[1:] or [kw.value for kw in node.keywords]
                count: ast.expr = index
                if start:
                    count = ast.BinOp(index, ast.Add(), start[0])
                return length, ast.Tuple([count, element], ast.Load())
            if node.func.id == "reversed":
                inner = self._bounded(node.args[0], before, old)
                if not _is_call(inner, "range"):
                    inner = self._held(inner, before, old)
                length, first = self._sequence(inner, index, before, old)
                one = ast.BinOp(copied(length), ast.Sub(), ast.Constant(1))
                back = ast.BinOp(one, ast.Sub(), index)
                last = self._sequence(inner, back, before, old)[1]
                last._element = getattr(first, "_element", None)  # type: ignore[attr-defined]
                return length, last
            if node.func.id == "range":
                node = self._bounded(node, before, old)
                length = ast.Call(load("len"), [node], [])
                return length, _number(node, index)
        node = self._held(node, before, old)
        counted = node.func.value if isinstance(node, ast.Call) else node  # type: ignore[attr-defined]
        element = ast.Subscript(copied(node), index, ast.Load())
        loop = object()  # of a dictionary, an element is a key; of an iterator, its items count
        element._element = loop  # type: ignore[attr-defined]
        length = ast.Call(load("len"), [counted], [])
        length._counts = loop  # type: ignore[attr-defined]
        return length, element

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

    def _held(self, node: ast.expr, before: list[ast.stmt], old: ast.stmt) -> ast.expr:
        """What a loop runs over, under a name that the loop does not assign (or only to say that
        what it stands for is changed).
        """
        if isinstance(node, ast.Name) and not _assigned(node.id, old):
            return node
        if _is_view_of_own(node, old):
            return node  # it shows what the loop changes
        _refuse_late(node, old, self.text)
        node._iterated = True  # type: ignore[attr-defined]
        name = self.fresh("items")
        before.append(assign(name, node, old))
        return load(name)


    def _bounded(self, node: ast.expr, before: list[ast.stmt], old: ast.stmt) -> ast.expr:
        """A range whose bounds are what they are before the loop, which may change variables."""
        if not _is_call(node, "range"):
            return node
        assert isinstance(node, ast.Call)
        own, bounds = set(bound_names(old)), []
        for bound in node.args:
            if not own.isdisjoint(names(bound)):
                name = self.fresh("bound")
                before.append(assign(name, bound, old))
                bound = load(name)
            bounds.append(bound)
        return ast.copy_location(ast.Call(node.func, bounds, []), node)


def _backward(node: ast.expr) -> ast.expr:
    """``reversed(range(n))``, or ``range(n)[::-1]``, as ``range(n - 1, -1, -1)``."""
    match node:
        case (
            ast.Call(ast.Name("reversed"), [ast.Call(ast.Name("range"), bounds, [])], [])
            | ast.Subscript(
                ast.Call(ast.Name("range"), bounds, []),
                ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1))),
            )
        ) if len(bounds) in (1, 2):
            start, stop = (ast.Constant(0), *bounds)[-2:]
            first, last = (_less_one(bound) for bound in (stop, start))
            minus = ast.UnaryOp(ast.USub(), ast.Constant(1))
            back = ast.Call(load("range"), [first, last, minus], [])
            return ast.fix_missing_locations(ast.copy_location(back, node))
        case _:
            return node


def _less_one(bound: ast.expr) -> ast.expr:
    if isinstance(bound, ast.Constant) and bound.value == 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(1))
    return ast.BinOp(bound, ast.Sub(), ast.Constant(1))


def _number(node: ast.expr, index: ast.expr) -> ast.expr:
    """The number at some place of a range."""
    match node:
        case ast.Call(_, [_], []):
            return index
        case ast.Call(_, [start, _], []):
            return ast.BinOp(copied(start), ast.Add(), index)
        case _:
            return ast.Subscript(node, index, ast.Load())


def _assigned(name: str, loop: ast.stmt) -> bool:
    """Whether a loop assigns another value to a variable, not only changes the one that it has."""
    changes = {
        id(node.targets[0])
        for node in nodes(loop)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in (UPDATE, CHANGE, NEST)
    }
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and not isinstance(node.ctx, ast.Load)
        and id(node) not in changes
        for node in nodes(loop)
    )


def _is_view_of_own(node: ast.expr, loop: ast.stmt) -> bool:
    """``d.items()`` and the like of what the loop changes."""
    match node:
        case ast.Call(ast.Attribute(ast.Name(name), "items" | "values" | "keys"), [], []):
            return name in bound_names(loop) and not _assigned(name, loop)
        case _:
            return False


def _refuse_late(node: ast.expr, loop: ast.stmt, text: Text) -> None:
    """Refuse to go over what is computed as the loop asks for it, from what the loop assigns."""
    later = [n for n in nodes(node) if isinstance(n, ast.GeneratorExp | ast.Lambda)]
    changed = set(names(*later)).intersection(bound_names(loop)) - {
        n for part in later for n in _own_names(part)
    }
    if changed:
        raise UnsupportedError(
            Diagnostic(
                f"{min(changed)} is assigned in this loop, and read as the loop goes on",
                text.location(node),
                "Make a list before the loop.",
            )
        )


def _own_names(node: ast.expr) -> list[str]:
    """The variables of a generator expression or a lambda."""
    if isinstance(node, ast.Lambda):
        return [a.arg for a in all_args(node.args)]
    assert isinstance(node, ast.GeneratorExp)
    return [n for g in node.generators for n in names(g.target)]


def _rename(node: ast.expr, old: str, new: ast.Name) -> ast.expr:
    for part in nodes(node):
        if isinstance(part, ast.Name) and part.id == old:
            part.id = new.id
    return node


def _require_equal(lengths: list[ast.expr]) -> ast.stmt:
    """Fail as ``zip`` does where lengths differ."""
    first, *others = map(copied, lengths)
    equal = ast.Compare(first, [ast.Eq()] * len(others), others)
    failing = raising("ValueError", "zip() arguments have different lengths")
    return ast.If(ast.UnaryOp(ast.Not(), equal), [failing], [])


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
