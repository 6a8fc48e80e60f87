"""``try`` around active code: what its handlers catch is found out first, then it is a branch.

``try: y = f(x)`` with ``except E: y = g(x)`` is

    failed = False
    try:
        f(x)
    except E:
        failed = True
    if failed:
        y = g(x)
    else:
        y = f(x)

which is right on both paths. What is tried is evaluated twice, so it may change nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from adxform.core.trees import Transformer, bound_names, copied, nodes
from adxform.core.types import ANY, BOOL, INT, Type
from adxform.frontend.assignments import assign, load, located
from adxform.frontend.control import Exit, ends, own_exits
from adxform.frontend.item_writes import catches_type_error, require_items
from adxform.frontend.writes import writes_params
from adxform.frontend.writing_calls import WritingCalls

_CHANGING = frozenset({
    "append", "appendleft", "add", "clear", "discard", "extend", "extendleft", "fill", "insert",
    "pop", "popitem", "popleft", "put", "remove", "reverse", "rotate", "send", "setdefault",
    "setflags", "shuffle", "sort", "update", "write", "read", "readline",
})
_IMPURE = frozenset({"next", "input", "open", "exec", "eval", "setattr", "delattr"})
_TELLING = frozenset({"print", "warn", "debug", "info", "warning", "error", "exception", "log"})


class Unable(Exception):
    """Why a statement cannot be said in other words, with the node that is to blame."""

    def __init__(self, reason: str, node: ast.AST, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.node = reason, node
        self.hint = hint or "Compute what is active before the statement, or after it."


@dataclass
class Around:
    """The function around a statement: its tree, its names, and what its calls may write to."""

    tree: ast.FunctionDef
    calls: WritingCalls
    taken: set[str] = field(default_factory=set)

    def unused(self, stem: str) -> str:
        """A name that the function does not use."""
        name, number = stem, 2
        while name in self.taken:
            name, number = f"{stem}_{number}", number + 1
        self.taken.add(name)
        return name


def attempted(stmt: ast.Try, raw: list[ast.stmt], around: Around) -> list[ast.stmt]:
    """A ``try`` without ``finally`` as a trial, and a branch on what it has caught; ``raw`` is its
    body as the user has written it.
    """
    raw = _with_rest(raw)
    _require_repeatable(raw, around)
    _require_settled(stmt, raw, around)
    many = len(stmt.handlers) > 1
    flag = around.unused("caught" if many else "failed")
    trial = _Trial(around, flag, stmt)
    values = [k + 1 if many else True for k in range(len(stmt.handlers))]
    bodies = [trial.handler(h, v) for h, v in zip(stmt.handlers, values, strict=True)]
    branch: list[ast.stmt] = [*stmt.body, *stmt.orelse]
    for value, body in reversed([*zip(values, bodies, strict=True)]):
        test: ast.expr = load(flag)
        if many:
            test = ast.Compare(test, [ast.Eq()], [ast.Constant(value)])
        made = located(ast.If(test, body, branch), stmt)
        if branch[0] is stmt.body[0]:
            made._attempt = stmt  # type: ignore[attr-defined]
        branch = [made]
    return [*trial.statements(raw, many), *branch]


def _with_rest(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements where what follows a branch that leaves is on its other side."""
    for place, stmt in enumerate(body):
        rest = body[place + 1 :]
        if isinstance(stmt, ast.If) and rest and any(True for _ in own_exits([stmt])):
            if ends(stmt.body):
                stmt.orelse, rest = _with_rest([*stmt.orelse, *rest]), []
            elif stmt.orelse and ends(stmt.orelse):
                stmt.body, rest = _with_rest([*stmt.body, *rest]), []
            return [*body[: place + 1], *rest]
    return body


class _Trial:
    """The statements that find out which handler catches what a body raises."""

    def __init__(self, around: Around, flag: str, stmt: ast.Try) -> None:
        self.around, self.flag, self.stmt = around, flag, stmt
        self.error: str | None = None
        self.handlers: list[ast.ExceptHandler] = []

    def handler(self, handler: ast.ExceptHandler, value: Any) -> list[ast.stmt]:
        """What a handler does, as one side of the branch; in the trial it only notes itself."""
        again = [n for s in handler.body for n in nodes(s) if isinstance(n, ast.Raise)]
        again = [n for n in again if n.exc is None]
        named = bool(again) or (handler.name is not None and any(
            isinstance(n, ast.Name) and n.id == handler.name for s in handler.body
            for n in nodes(s)))
        body: list[ast.stmt] = [assign(self.flag, ast.Constant(value), self.stmt)]
        name = None
        if named:
            self.error = self.error or self.around.unused("error")
            name = handler.name or self.around.unused("raised")
            body.append(assign(self.error, load(name), self.stmt))
            rename = _Renamed(handler.name, self.error)
            for stmt in handler.body:
                rename.visit(stmt)
        made = ast.copy_location(ast.ExceptHandler(handler.type, name, body), handler)
        self.handlers.append(made)
        return handler.body

    def statements(self, raw: list[ast.stmt], many: bool) -> list[ast.stmt]:
        first = [assign(self.flag, ast.Constant(0 if many else False), self.stmt)]
        if self.error is not None:
            first.append(assign(self.error, ast.Constant(None), self.stmt))
        body = _tried(raw, last=True)
        if any(map(catches_type_error, self.handlers)):
            body += [located(test, raw[-1]) for test in require_items(raw[-1])]
        made = ast.Try(body, self.handlers, [], [])
        ast.fix_missing_locations(ast.copy_location(made, self.stmt))
        located(made, self.stmt)
        kept: dict[str, Type] = {self.flag: INT if many else BOOL}
        if self.error is not None:
            kept[self.error] = ANY  # it may hold what is active
        made._trial = kept  # type: ignore[attr-defined]
        return [*first, made]


class _Renamed(Transformer):
    """The exception that a handler has caught, under another name."""

    def __init__(self, old: str | None, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self.old:
            return node
        return ast.copy_location(ast.Name(self.new, node.ctx), node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if node.exc is None:
            node.exc = ast.copy_location(load(self.new), node)
        return node


def _tried(body: list[ast.stmt], *, last: bool) -> list[ast.stmt]:
    """Statements that raise what others raise, and change nothing but names; ``last``: nothing
    follows them.
    """
    result: list[ast.stmt] = []
    for place, stmt in enumerate(body):
        result.extend(_tried_one(stmt, last and all(map(_is_idle, body[place + 1 :]))))
    return result or [located(ast.Pass(), body[0])]


def _tried_one(stmt: ast.stmt, last: bool) -> list[ast.stmt]:
    match stmt:
        case ast.If():
            stmt.body = _tried(stmt.body, last=last)
            stmt.orelse = _tried(stmt.orelse, last=last) if stmt.orelse else []
            return [stmt]
        case ast.For() | ast.While():
            stmt.body = _tried(stmt.body, last=False)
            return [stmt]
        case ast.With() | ast.Try():
            for held in (stmt, *getattr(stmt, "handlers", ())):
                held.body = _tried(held.body, last=last)
            return [stmt]
        case ast.Return(None) | ast.Break() | ast.Continue() if last:
            return [located(ast.Pass(), stmt)]
        case ast.Return(value) | ast.Assign(value=value) | ast.AnnAssign(value=value) if last:
            assert value is not None
            return [_alone(value, stmt), *_places(stmt)]
        case ast.AugAssign(target, op, value):
            old = copied(target)
            for node in nodes(old):
                if isinstance(node, ast.Name | ast.Subscript | ast.Attribute):
                    node.ctx = ast.Load()
            new = ast.BinOp(old, op, value)
            return [_alone(new, stmt) if last else located(ast.Assign([target], new), stmt)]
        case ast.Expr(ast.Call(func, args, keywords)) if _changes(func) or _tells(func):
            return [_alone(a, stmt) for a in (*args, *(k.value for k in keywords))]
        case _:
            return [stmt]


def _alone(value: ast.expr, stmt: ast.stmt) -> ast.stmt:
    value = value.value if isinstance(value, ast.Starred) else value
    return located(ast.Expr(value), stmt)


def _places(stmt: ast.stmt) -> list[ast.stmt]:
    """What is evaluated to find where an assignment writes to."""
    targets = stmt.targets if isinstance(stmt, ast.Assign) else []
    return [_alone(part, stmt) for t in targets if isinstance(t, ast.Subscript)
            for part in (t.value, t.slice) if not isinstance(part, ast.Slice | ast.Tuple)]


def _changes(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and func.attr in _CHANGING


def _tells(func: ast.expr) -> bool:
    return isinstance(func, ast.Name | ast.Attribute) and (
        func.id if isinstance(func, ast.Name) else func.attr) in _TELLING


def _last(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after which nothing of a body is done that may raise, without those inside
    loops.
    """
    found: list[ast.stmt] = []
    for place, stmt in enumerate(body):
        if all(map(_is_idle, body[place + 1 :])):
            found.append(stmt)
            for held in (stmt, *getattr(stmt, "handlers", ())):
                if isinstance(stmt, ast.If | ast.With | ast.Try):
                    found.extend(_last(held.body))
            found.extend(_last(getattr(stmt, "orelse", [])))
    return found


def _is_idle(stmt: ast.stmt) -> bool:
    """Whether a statement cannot raise."""
    match stmt:
        case ast.Pass() | ast.Break() | ast.Continue():
            return True
        case ast.Return(value):
            return value is None or isinstance(value, ast.Name | ast.Constant)
        case _:
            return False


def _require_repeatable(body: list[ast.stmt], around: Around) -> None:
    """Refuse what may not be done twice, or what leaves in the midst."""
    last = _last(body)
    for leaving in own_exits(body):
        if leaving not in last:
            kind = type(leaving).__name__.lower()
            raise Unable(f"this {kind} is in the midst of a try statement", leaving)
    ending = {id(s) for s in last}
    plain = {id(s.value) for s in last if isinstance(s, ast.Expr)}
    for stmt in body:
        for node in nodes(stmt):
            _require_pure(node, ending, plain, around)


def _require_pure(node: ast.AST, last: set[int], plain: set[int], around: Around) -> None:
    reason = "what is done here may not be done twice, as it would be for this try statement"
    match node:
        case ast.Assign(targets) if id(node) not in last and not all(map(_is_name, targets)):
            raise Unable(reason, node)
        case ast.AugAssign(target) if id(node) not in last and not _is_name(target):
            raise Unable(reason, node)
        case ast.NamedExpr() | ast.Yield() | ast.YieldFrom() | ast.Await() | ast.Delete():
            raise Unable(reason, node)
        case ast.Global() | ast.Nonlocal() | ast.FunctionDef() | ast.ClassDef():
            raise Unable(reason, node)
        case ast.keyword("out"):
            raise Unable(reason, node.value)
        case ast.Call(ast.Name(name)) if name in _IMPURE:
            raise Unable(reason, node)
        case ast.Call(ast.Name(name)) if any(
            _changes_outside(f) for f in nodes(around.tree)
            if isinstance(f, ast.FunctionDef) and f.name == name and f is not around.tree
        ):
            raise Unable(reason, node)
        case ast.Call(ast.Attribute(value) as func) if (
            _changes(func) and id(node) not in plain and _root(value) in around.calls.own
        ):
            raise Unable(reason, node)
        case ast.Call() if around.calls.is_one(node):
            raise Unable(reason, node)


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(map(_is_name, target.elts))
    return isinstance(target, ast.Name | ast.Starred)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changes_outside(function: ast.FunctionDef) -> bool:
    """Whether a function inside may change what is outside it."""
    inner = nodes(*function.body)
    return writes_params(function) or any(
        isinstance(n, ast.Nonlocal | ast.Global)
        or (isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store))
        or (isinstance(n, ast.Call) and _changes(n.func))
        for n in inner
    )


def _require_settled(stmt: ast.Try, raw: list[ast.stmt], around: Around) -> None:
    """Refuse variables that are bound or not when an exception is caught, if they are read then."""
    last = {id(s) for s in _last(raw)}
    early = {n for s in raw for part in nodes(s)
             if isinstance(part, ast.stmt) and id(part) not in last
             for n in _binds(part)}
    if not early:
        return
    inside = {id(n) for s in (*stmt.body, *stmt.orelse) for n in nodes(s)}
    for handler in stmt.handlers:
        reads = [n for s in handler.body for n in nodes(s)]
        sure = {n for s in handler.body if isinstance(s, ast.Assign) for n in bound_names(s)}
        if not ends(handler.body):
            reads += [n for n in nodes(around.tree) if id(n) not in inside
                      and isinstance(n, ast.Name) and n.id not in sure]
        for node in reads:
            if isinstance(node, ast.Name) and node.id in early and isinstance(node.ctx, ast.Load):
                name = node.id
                raise Unable(f"{name} is bound or not when an exception is caught, and is read"
                             " then", node, f"Assign {name} last in the try statement, or before"
                             " it.")


def _binds(stmt: ast.stmt) -> list[str]:
    """The names that a statement binds itself, not by those inside it."""
    match stmt:
        case ast.For(target):
            return bound_names(target)
        case ast.If() | ast.While() | ast.Try():
            return []
        case ast.With(items):
            return [n for i in items if i.optional_vars for n in bound_names(i.optional_vars)]
        case _:
            return bound_names(stmt)


def closed(body: list[ast.stmt], last: list[ast.stmt], around: Around) -> list[ast.stmt]:
    """Statements after which others are done, whatever way control leaves them."""
    result: list[ast.stmt] = []
    for stmt in body:
        result.extend(_Closing(last, around).visited(stmt))
    return result if ends(body) else [*result, *map(copied, last)]


class _Closing(Transformer):
    """Puts what is done last before each exit."""

    def __init__(self, last: list[ast.stmt], around: Around) -> None:
        self.last, self.around = last, around
        self.exits: set[int] = set()

    def visited(self, stmt: ast.stmt) -> list[ast.stmt]:
        self.exits = {id(e) for e in own_exits([stmt])}
        made = self.visit(stmt) if self.exits else stmt
        return made if isinstance(made, list) else [made]

    def visit_Return(self, node: Exit) -> Any:
        if id(node) not in self.exits:
            return node
        first: list[ast.stmt] = []
        if isinstance(node, ast.Return) and node.value is not None:
            name = self.around.unused("result")
            first.append(assign(name, node.value, node))
            node.value = ast.copy_location(load(name), node)
        return [*first, *map(copied, self.last), node]

    visit_Break = visit_Continue = visit_Return
