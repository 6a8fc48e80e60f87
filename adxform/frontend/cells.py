"""Variables that functions inside assign, or change, as attributes of one object.

``nonlocal total; total += x`` is ``shared.total += x``, where ``shared`` is an object that the
function around makes first. So is a list or a dictionary that a function inside changes.
"""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.trees import Transformer, bound_names, copied, nodes, nodes_around
from adxform.frontend.lending import lent_variables
from adxform.frontend.ssa import all_args

CELL = "__cell__"
_CHANGING = frozenset({"append", "extend", "insert", "pop", "clear", "reverse", "update",
                       "setdefault", "popitem", "remove"})
_DISPLAYS = (ast.List, ast.Dict, ast.ListComp, ast.DictComp)
_TAKING = frozenset({"popitem", "setdefault"})
_MAKERS = frozenset({"list", "dict", "defaultdict", "Counter", "deque", "OrderedDict"})
_FUNCTIONS = frozenset({ast.FunctionDef, ast.Lambda})
Assigned = list[tuple[ast.expr, ast.expr | None]]
_OF_CONTAINERS = (ast.Call, ast.Subscript, ast.Assign)


class Cell:
    """The variables of a function that functions inside it assign."""


def celled(
    node: ast.FunctionDef, scope: Any, lent: frozenset[str] = frozenset()
) -> ast.FunctionDef:
    """A function with the variables that functions inside it change in a cell, and the containers
    that functions change to which it hands them; itself if there are none. ``lent`` are parameters
    that are its caller's containers.
    """
    every = nodes(*node.body)
    inner: list[Any] = [n for n in every if type(n) in _FUNCTIONS]
    around = nodes_around(node.body, _FUNCTIONS) if inner else every
    assigned = _assigned(around)
    containers = _containers(assigned)
    taken = _taken_from(around, assigned, containers) | lent
    if containers:
        bound = set(bound_names(*node.body))
        taken |= lent_variables(node, scope, containers & bound)
    if not inner and not taken:
        return node
    params = [a.arg for a in all_args(node.args)]
    own = {*params, *bound_names(*node.body)} - _foreign(node)
    shared = {n for f in inner for n in _changed_in(f, containers) if n in own} | (taken & own)
    shared -= _bound_otherwise(node)
    if not shared:
        return node
    made = copied(node)
    name = f"_shared_{node.lineno}_{node.col_offset}"
    rewrite = _Rewritten(shared, name)
    body = [rewrite.visit(stmt) for stmt in made.body]
    place = made.body[0]
    first: list[ast.stmt] = [_assign(ast.Name(name, ast.Store()), ast.Call(
        ast.Name(CELL, ast.Load()), [], []), place)]
    for param in (p for p in params if p in shared):
        target = ast.Attribute(ast.Name(name, ast.Load()), param, ast.Store())
        first.append(_assign(target, ast.Name(param, ast.Load()), place))
    document = ast.get_docstring(made) is not None
    made.body = [*body[:document], *first, *body[document:]]
    return made


def _assign(target: ast.expr, value: ast.expr, place: ast.stmt) -> ast.stmt:
    made = ast.copy_location(ast.Assign([target], value), place)
    return ast.fix_missing_locations(made)


def _taken_from(scope: list[ast.AST], assigned: Assigned, containers: set[str]) -> set[str]:
    """The containers of a function's own that it changes in expressions, by ``del``, in depth."""
    if not containers:
        return set()
    found: set[str] = set()
    plain = {id(s.value) for s in scope if type(s) is ast.Expr}
    for node in scope:
        if type(node) not in _OF_CONTAINERS:
            continue
        match node:
            case ast.Call(ast.Attribute(ast.Name(name), method)) if (
                method in _TAKING or (method in _CHANGING and id(node) not in plain)
            ):
                found.add(name)
            case ast.Call(ast.Attribute(ast.Subscript() as value, method)) if method in _CHANGING:
                found.add(_root(value))
            case ast.Subscript(value, ctx=ast.Del()):
                found.add(_root(value))
    for target, given in assigned:
        if isinstance(given, ast.Call) and _called(given) in ("defaultdict", "Counter"):
            found.add(_root(target))
    return found & containers


def _root(node: Any) -> str:
    """The variable of whose items an expression is one; empty where it is none."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _foreign(node: ast.FunctionDef) -> set[str]:
    """The names that a function says are others' variables."""
    return {n for s in nodes_around(node.body, _FUNCTIONS)
            if isinstance(s, ast.Global | ast.Nonlocal)
            for n in s.names}


def _changed_in(function: ast.FunctionDef | ast.Lambda, containers: set[str]) -> set[str]:
    """The variables of a function around it that a function assigns, or changes as containers."""
    found: set[str] = set()
    own = {a.arg for a in all_args(function.args)}
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    own.update(n for s in body for n in bound_names(s) if isinstance(s, ast.stmt))
    for node in nodes_around(body, _FUNCTIONS):
        match node:
            case ast.Nonlocal(names):
                found.update(names)
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in _CHANGING:
                found |= ({name} & containers) - own
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                found |= ({_root(node)} & containers) - own
    return found


def _containers(assigned: Assigned) -> set[str]:
    """The variables of a function that are lists or dictionaries, as far as its text tells."""
    return {
        target.id
        for target, value in assigned
        if isinstance(target, ast.Name) and _makes_container(value)
    }


def _assigned(scope: list[ast.AST]) -> Assigned:
    """What the nodes of a function assign to variables and the like, one by one."""
    pairs: Assigned = []
    for node in scope:
        if isinstance(node, ast.AnnAssign):
            pairs.append((node.target, node.value))
        elif isinstance(node, ast.Assign):
            whole, value = node.targets[0], node.value
            unpacked = isinstance(whole, ast.Tuple) and isinstance(value, ast.Tuple)
            if unpacked and len(node.targets) == 1:
                pairs.extend(zip(whole.elts, value.elts, strict=False))  # type: ignore[attr-defined]
            else:
                pairs.extend((target, value) for target in node.targets)
    return pairs


def _makes_container(value: ast.expr | None) -> bool:
    match value:
        case ast.Call():
            return _called(value) in _MAKERS
        case ast.BinOp(ast.List(), ast.Mult()) | ast.BinOp(_, ast.Mult(), ast.List()):
            return True
        case _:
            return isinstance(value, _DISPLAYS)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _bound_otherwise(node: ast.FunctionDef) -> set[str]:
    """The variables that are bound by more than assignments and loops."""
    found: set[str] = set()
    for part in nodes(*node.body):
        match part:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.NamedExpr(ast.Name(name)) | ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.Delete(targets):
                found.update(t.id for t in targets if isinstance(t, ast.Name))
            case ast.Import() | ast.ImportFrom():
                found.update(bound_names(part))
            case ast.With(items):
                targets = [i.optional_vars for i in items if i.optional_vars is not None]
                found.update(n for target in targets for n in bound_names(target))
    return found


class _Rewritten(Transformer):
    """Names of variables as attributes of the cell."""

    def __init__(self, shared: set[str], cell: str) -> None:
        self.shared = shared
        self.cell = cell

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.shared:
            return node
        cell = ast.copy_location(ast.Name(self.cell, ast.Load()), node)
        return ast.copy_location(ast.Attribute(cell, node.id, node.ctx), node)

    def visit_ListComp(self, node: Any) -> Any:
        """Variables of a comprehension's own are no others', but for what it goes over first."""
        first = node.generators[0]
        over = self.visit(first.iter)
        own = {n for g in node.generators for n in bound_names(g.target)}
        first.iter = ast.copy_location(ast.Constant(None), over)
        _Rewritten(self.shared - own, self.cell).generic_visit(node)
        first.iter = over
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        node.simple = int(isinstance(node.target, ast.Name))
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.stmt:
        rest = [n for n in node.names if n not in self.shared]
        made = ast.Nonlocal(rest) if rest else ast.Pass()
        return ast.copy_location(made, node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        own = {n for s in node.body for n in bound_names(s)} - _foreign(node)
        return self._function(node, own, [*node.body])

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node, set(), [node.body])

    def _function(self, node: Any, own: set[str], body: list[Any]) -> ast.AST:
        args = node.args
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]
        hidden = own | {a.arg for a in all_args(args)}
        inner = _Rewritten(self.shared - hidden, self.cell)
        made = [inner.visit(part) for part in body]
        node.body = made if isinstance(node.body, list) else made[0]
        return node  # type: ignore[no-any-return]
