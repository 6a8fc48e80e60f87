"""How deep functions call themselves is counted: machine code has no limit but the end of memory.

Where Python would raise a RecursionError, so does what is compiled; else the process would break.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

from adxform.core.raising import raising
from adxform.core.reads import reached
from adxform.core.trees import nodes

DEPTH = "_depth"
REASON = "maximum recursion depth exceeded"


def with_depths(tree: ast.Module, entry: str, limit: int) -> ast.Module:
    r"""A text whose functions that call themselves, or each other, are given how deep they are;
    what is called from outside, ``entry``, is not.

    >>> text = "def f(n):\n    return 0 if n == 0 else f(n - 1)"
    >>> print(ast.unparse(with_depths(ast.parse(text), "f", 1000)))
    def f_counted(n, _depth):
        if _depth > 1000:
            raise RecursionError('maximum recursion depth exceeded')
        return 0 if n == 0 else f_counted(n - 1, _depth + 1)
    <BLANKLINE>
    def f(n):
        return f_counted(n, 0)
    """
    functions = [stmt for stmt in tree.body if isinstance(stmt, ast.FunctionDef)]
    circular = _circular({f.name: _called(f) for f in functions})
    for function in functions if circular else ():
        within = function.name in circular
        for call in nodes(*function.body):
            if isinstance(call, ast.Call) and _name(call) in circular:
                call.args.append(_deeper() if within else ast.Constant(0))
        if within:
            function.args.args.append(ast.arg(DEPTH))
            documented = int(ast.get_docstring(function) is not None)
            function.body.insert(documented, _check(limit))
    if entry in circular:
        _enter(tree, entry)
    return ast.fix_missing_locations(tree)


def _enter(tree: ast.Module, entry: str) -> None:
    """Call a function that is counted by one that has its name."""
    counted = f"{entry}_counted"
    function = next(f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == entry)
    given = [arg.arg for arg in function.args.args[:-1]]
    for node in nodes(tree):
        if isinstance(node, ast.Name) and node.id == entry:
            node.id = counted
    function.name = counted
    args: list[ast.expr] = [*(ast.Name(name, ast.Load()) for name in given), ast.Constant(0)]
    call = ast.Return(ast.Call(ast.Name(counted, ast.Load()), args, []))
    params = ast.arguments([], [ast.arg(name) for name in given], None, [], [], None, [])
    tree.body.append(ast.FunctionDef(entry, params, [call], [], None, None, lineno=1))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _called(function: ast.FunctionDef) -> set[str]:
    return {_name(node) for node in nodes(*function.body) if isinstance(node, ast.Call)}


def _circular(calls: dict[str, set[str]]) -> set[str]:
    """The functions from which a way of calls leads back to them."""
    left = {name: called & calls.keys() for name, called in calls.items()}
    try:
        TopologicalSorter(left).prepare()
    except CycleError:
        return {name for name in left if name in reached(left[name], left)}
    return set()


def _deeper() -> ast.expr:
    return ast.BinOp(ast.Name(DEPTH, ast.Load()), ast.Add(), ast.Constant(1))


def _check(limit: int) -> ast.stmt:
    test = ast.Compare(ast.Name(DEPTH, ast.Load()), [ast.Gt()], [ast.Constant(limit)])
    return ast.If(test, [raising("RecursionError", REASON)], [])
