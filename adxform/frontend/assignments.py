"""Assignments with one target each: tuples unpacked, ``x[i] = v`` as a value."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from adxform.core.trees import Transformer, copied, names, nodes
from adxform.frontend.counts import Count

UPDATE = "__update__"
STORE = "__store__"
NEST = "__nest__"
CHANGE = "__change__"
CHANGING = frozenset({"append", "extend", "insert", "pop", "clear", "reverse", "sort",
                      "update"})
AUGMENT = "__augment__"
_PURE = frozenset({"int", "len", "round", "min", "max", "abs", "slice", "sum", "tuple", "list"})


class Fresh:
    """Names for the compiler's own variables."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, stem: str) -> str:
        self.count += 1
        return f"_{stem}{self.count}"


def located(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    """Give a made statement the place and the quoted text of the one it came from."""
    for node in nodes(new):
        if not hasattr(node, "lineno") and isinstance(node, ast.stmt | ast.expr):
            ast.copy_location(node, old)
        if isinstance(node, ast.stmt) and not hasattr(node, "_origin"):
            node._origin = old._origin  # type: ignore[attr-defined]
    return new


def assign(name: str, value: ast.expr, old: ast.stmt) -> ast.stmt:
    """``name = value``."""
    return located(ast.Assign([ast.Name(name, ast.Store())], value), old)


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, ast.Load())


class Assignments(Transformer):
    """One target per assignment; tuples unpacked; ``x[i] = v`` a call that gives the new ``x``."""

    def __init__(self, fresh: Fresh, own: frozenset[str] = frozenset()) -> None:
        self.fresh = fresh
        self.own = own  # the function's own variables

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if node.value is None:
            return []
        return list(self._assign([node.target], node.value, node))

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            return [node]
        return list(self._assign(node.targets, node.value, node))

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        """``x += y`` as ``x = x + y``, but for attributes: what they hold may change in place."""
        before: list[ast.stmt] = []
        self._called_once(node.target, node, before)
        value = ast.BinOp(_read(node.target), node.op, node.value)
        if isinstance(node.target, ast.Name):
            marked = ast.Call(load(AUGMENT), [value], [])
            return [assign(node.target.id, marked, node)]
        if isinstance(node.target, ast.Attribute):
            return [node]
        value._in_place = True  # type: ignore[attr-defined]  # what an item is may change itself
        return [*before, *self._assign([node.target], value, node)]

    def _called_once(self, target: ast.expr, old: ast.stmt, before: list[ast.stmt]) -> None:
        """Name the parts of indices that call something: an item is read there, and written."""
        if isinstance(target, ast.Subscript):
            self._called_once(target.value, old, before)
            target.slice = self._named(target.slice, old, before)

    def _named(self, index: ast.expr, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        if not _calls(index):
            return index
        match index:
            case ast.Tuple(parts):
                index.elts = [self._named(part, old, before) for part in parts]
                return index
            case ast.Slice(lower, upper, step):
                index.lower, index.upper, index.step = (
                    None if part is None else self._named(part, old, before)
                    for part in (lower, upper, step)
                )
                return index
        return self._kept(index, old, before)

    def _kept(self, value: ast.expr, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        """The name of a value that is computed before."""
        name = self.fresh("t")
        before.append(assign(name, value, old))
        return load(name)

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt] | ast.stmt:
        """``x.append(v)`` gives a new x, as an assignment does."""
        match node.value:
            case ast.Call(ast.Attribute(ast.Name(name), method), args, keywords) if (
                name in self.own and method in CHANGING
            ):
                changed = [load(name), ast.Constant(method), *args]
                return [assign(name, ast.Call(load(CHANGE), changed, keywords), node)]
            case _:
                return node

    def _assign(
        self, targets: list[ast.expr], value: ast.expr, old: ast.stmt
    ) -> Iterable[ast.stmt]:
        if len(targets) == 1:
            yield from self._single(targets[0], value, old)
            return
        shared = value
        if not isinstance(value, ast.Name | ast.Constant):
            first = targets[0]
            name = first.id if isinstance(first, ast.Name) else self.fresh("t")
            yield assign(name, value, old)
            shared, targets = load(name), targets[1:] if isinstance(first, ast.Name) else targets
        for target in targets:
            yield from self._single(target, copied(shared), old)

    def _single(self, target: ast.expr, value: ast.expr, old: ast.stmt) -> Iterable[ast.stmt]:
        if isinstance(target, ast.Subscript) and _calls(target.slice):
            before: list[ast.stmt] = []  # the value comes before the index
            if not isinstance(value, ast.Name | ast.Constant):
                value = self._kept(value, old, before)
            self._called_once(target, old, before)
            yield from before
        match target:
            case ast.Name(name):
                yield assign(name, value, old)
            case ast.Tuple(parts) | ast.List(parts):
                yield from self._unpack(parts, value, old)
            case ast.Subscript(ast.Name(name), index) if name in self.own:
                call = ast.Call(load(UPDATE), [load(name), index, value], [])
                yield assign(name, call, old)
            case ast.Subscript(
                ast.Name() | ast.Subscript() | ast.Attribute() as container, index
            ):
                given = [_read(container), index, value]
                held = variable_of(container)
                if held in self.own:  # it holds what is changed, if they are containers
                    yield assign(held, ast.Call(load(NEST), [load(held), *given], []), old)
                else:
                    yield assign(self.fresh("t"), ast.Call(load(STORE), given, []), old)
            case _:
                yield located(ast.Assign([target], value), old)

    def _unpack_rest(
        self, targets: list[ast.expr], value: ast.expr, old: ast.stmt
    ) -> Iterable[ast.stmt]:
        """``first, *rest, last = items``."""
        name = self.fresh("t")
        count = Count(len(targets) - 1, rest=True)
        yield assign(name, _listed(value, count), old)
        (star,) = (i for i, t in enumerate(targets) if isinstance(t, ast.Starred))
        for place, target in enumerate(targets):
            if isinstance(target, ast.Starred):
                rest = _rest_of(name, star, len(targets) - 1 - star)
                yield from self._single(target.value, rest, old)
            else:
                index = place if place < star else place - len(targets)
                yield from self._single(target, _part_of(name, index, count), old)

    def _unpack(
        self, targets: list[ast.expr], value: ast.expr, old: ast.stmt
    ) -> Iterable[ast.stmt]:
        if any(isinstance(t, ast.Starred) for t in targets):
            yield from self._unpack_rest(targets, value, old)
            return
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
            values = value.elts
            written = {n for t in targets for n in _names(t)}
            if any(written & set(_names(v)) for v in values[1:]):
                kept = [self.fresh("t") for _ in values]
                for name, item in zip(kept, values, strict=True):
                    yield assign(name, item, old)
                values = [load(name) for name in kept]
        else:
            name = self.fresh("t")
            count = Count(len(targets))
            yield assign(name, _listed(value, count), old)
            values = [_part_of(name, i, count) for i in range(len(targets))]
        for target, item in zip(targets, values, strict=True):
            yield from self._single(target, item, old)


def variable_of(node: ast.expr) -> str:
    """The variable of which an expression is an item of an item of ..., "" if of none."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _listed(value: ast.expr, count: Count) -> ast.expr:
    """What is unpacked: an iterator has items by number as a list, and as many as are named."""
    match value:
        case ast.Call(ast.Name("map")):
            value = ast.copy_location(ast.Call(load("list"), [value], []), value)
    value._iterated = True  # type: ignore[attr-defined]
    value._count = count  # type: ignore[attr-defined]
    return value


def _part_of(name: str, place: int, count: Count) -> ast.expr:
    """One of so many items."""
    number: ast.expr = ast.Constant(abs(place))
    index = number if place >= 0 else ast.UnaryOp(ast.USub(), number)
    part = ast.Subscript(load(name), index, ast.Load())
    part._unpacked = count  # type: ignore[attr-defined]  # whatever an index of an object gives
    return part


def _read(target: ast.expr) -> ast.expr:
    """What is assigned to, as an expression that is read."""
    read = copied(target)
    if isinstance(read, ast.Name | ast.Subscript | ast.Attribute):
        read.ctx = ast.Load()
    return read


def _calls(index: ast.expr) -> bool:
    """Whether an index calls what may change something."""
    return any(isinstance(node, ast.Call) and _may_change(node) for node in nodes(index))


def _may_change(call: ast.Call) -> bool:
    """Whether a call may be of what gives something else the next time, or changes something."""
    match call.func:
        case ast.Name(name):
            return name not in _PURE
        case ast.Attribute(ast.Name("np" | "math" | "numpy")):
            return False
    return True


def _rest_of(name: str, first: int, after: int) -> ast.expr:
    """The items from number ``first`` on but for the last ``after``, as a list."""
    last = ast.UnaryOp(ast.USub(), ast.Constant(after)) if after else None
    part = ast.Subscript(load(name), ast.Slice(ast.Constant(first), last), ast.Load())
    item = ast.comprehension(ast.Name("_item", ast.Store()), part, [], 0)
    return ast.ListComp(load("_item"), [item])


def _names(node: ast.AST) -> list[str]:
    return names(node)
