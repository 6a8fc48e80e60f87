"""Results that are an argument's own memory are not returned: what is called changes it in place.

In Core a function that adds to a cotangent, or puts values on a stack, gives a new one. In a text
both are one object, and it need not be handed back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from adxform.core.calls import callees
from adxform.core.ir import Function
from adxform.core.trees import nodes

Taken = dict[str, dict[int, int]]  # by a function's name, the places of results and of arguments


def taken_over(functions: Iterable[Function]) -> Taken:
    """What the functions that others call take over, of their arguments."""
    called = [callee for function in functions for callee in callees(function)]
    return {callee.name: dict(callee.takes) for callee in called if callee.takes}


def without_taken_over(trees: list[ast.FunctionDef], taken: Taken) -> None:
    """Leave out of trees the results that are the very objects that were given."""
    if not taken:
        return
    taken = dict(taken)
    while failing := [t.name for t in trees if t.name in taken and not _hands_back(t, taken)]:
        for name in failing:
            del taken[name]
    for tree in trees:
        tree.body = _rewritten(tree.body, taken, _unread(tree))
        if tree.name in taken:
            _shorten_return(tree, taken[tree.name])


def _hands_back(tree: ast.FunctionDef, taken: Taken) -> bool:
    """Whether a function returns what it takes over, and never another object in its place."""
    params = [arg.arg for arg in tree.args.args]
    pairs = taken[tree.name]
    end = tree.body[-1]
    if not isinstance(end, ast.Return) or not isinstance(end.value, ast.Tuple):
        return False
    returned = [e.id if isinstance(e, ast.Name) else "" for e in end.value.elts]
    own = {params[argument] for argument in pairs.values()}
    if any(returned[result] != params[argument] for result, argument in pairs.items()):
        return False
    bound = [n for n in nodes(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    same = {id(target) for stmt in _calls(tree, taken) for target, given in _pairs(stmt, taken)
            if isinstance(given, ast.Name) and given.id == target.id}
    return all(node.id not in own or id(node) in same for node in bound)


def _calls(tree: ast.AST, taken: Taken) -> Iterator[ast.Assign]:
    """The assignments of what such functions give."""
    for node in nodes(tree):
        if isinstance(node, ast.Assign) and _callee(node.value) in taken:
            yield node


def _callee(value: ast.expr) -> str:
    named = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    return value.func.id if named else ""  # type: ignore[attr-defined]


def _pairs(stmt: ast.Assign, taken: Taken) -> list[tuple[ast.Name, ast.expr]]:
    """The targets of an assignment that are arguments of its call, with these."""
    (targets,), call = stmt.targets, stmt.value
    assert isinstance(targets, ast.Tuple) and isinstance(call, ast.Call)
    pairs = taken[_callee(call)].items()
    return [(targets.elts[result], call.args[arg]) for result, arg in pairs]  # type: ignore[misc]


def _rewritten(body: list[ast.stmt], taken: Taken, unread: set[str]) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    for stmt in body:
        for field in ("body", "orelse"):
            if getattr(stmt, field, None):
                setattr(stmt, field, _rewritten(getattr(stmt, field), taken, unread))
        if isinstance(stmt, ast.Assign) and _callee(stmt.value) in taken:
            made += _without_results(stmt, taken, unread)
        else:
            made.append(stmt)
    return made


def _without_results(stmt: ast.Assign, taken: Taken, unread: set[str]) -> list[ast.stmt]:
    """A call that takes objects over which have a name, and keep it."""
    (targets,), call = stmt.targets, stmt.value
    assert isinstance(targets, ast.Tuple) and isinstance(call, ast.Call)
    pairs = taken[_callee(call)]
    left = [target for place, target in enumerate(targets.elts) if place not in pairs]
    bound = {target.id for target in left if isinstance(target, ast.Name)}
    before: list[ast.stmt] = []
    after: list[ast.stmt] = []
    for result, argument in pairs.items():
        target, given = targets.elts[result], call.args[argument]
        assert isinstance(target, ast.Name)
        if isinstance(given, ast.Name) and given.id not in bound:
            own = given.id
        else:
            read = {n.id for n in nodes(call) if isinstance(n, ast.Name)}
            own = f"{target.id}_" if target.id in read else target.id
            before.append(_assigned(own, given))
            call.args[argument] = ast.Name(own, ast.Load())
        if own != target.id:
            after.append(_assigned(target.id, ast.Name(own, ast.Load())))
    if not left or (len(left) == 1 and bound <= unread):
        return [*before, ast.Expr(call), *after]
    whole = left[0] if len(left) == 1 else ast.Tuple(left, ast.Store())
    return [*before, ast.Assign([whole], call, lineno=1), *after]


def _assigned(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=1)


def _shorten_return(tree: ast.FunctionDef, pairs: Mapping[int, int]) -> None:
    end = tree.body[-1]
    assert isinstance(end, ast.Return) and isinstance(end.value, ast.Tuple)
    left = [item for place, item in enumerate(end.value.elts) if place not in pairs]
    end.value = left[0] if len(left) == 1 else ast.Tuple(left, ast.Load())


def _unread(tree: ast.FunctionDef) -> set[str]:
    """The variables that a function never reads."""
    named = [node for node in nodes(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in named if isinstance(node.ctx, ast.Store)}
    return bound - {node.id for node in named if isinstance(node.ctx, ast.Load)}
