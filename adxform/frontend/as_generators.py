"""What lists and iterators give, said as a generator expression."""

from __future__ import annotations

import ast
from typing import Any

from adxform.frontend.filters import asked_of


def items_of(node: ast.expr) -> ast.GeneratorExp:
    """The items of what is gone over, one by one."""
    generator = ast.comprehension(ast.Name("_item", ast.Store()), node, [], 0)
    made = ast.GeneratorExp(ast.Name("_item", ast.Load()), [generator])
    return ast.fix_missing_locations(ast.copy_location(made, node))


def groups_listed(call: ast.Call) -> ast.ListComp:
    """``itertools.groupby(...)`` as a list: a group is there only until the next one is."""
    key, group = (ast.Name(name, ast.Load()) for name in ("key", "group"))
    pair = ast.Tuple([key, ast.Call(ast.Name("list", ast.Load()), [group], [])], ast.Load())
    targets = ast.Tuple([ast.Name("key", ast.Store()), ast.Name("group", ast.Store())], ast.Store())
    made = ast.ListComp(pair, [ast.comprehension(targets, call, [], 0)])
    return ast.fix_missing_locations(ast.copy_location(made, call))


def as_comprehension(lower: Any, node: ast.expr) -> ast.GeneratorExp | None:
    """A generator, or what ``map``, ``filter``, ``zip`` or ``enumerate`` gives, as a generator."""
    if isinstance(node, ast.GeneratorExp):
        return node
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    function, over = lower.static(node.func), node.args
    if function is filter and len(over) == 2:
        return _filtered(lower, node)
    over = [_listed_if_filtered(lower, part) for part in over]
    if function is map and len(over) > 1:
        given = [f"_item{k}" for k in range(len(over) - 1)] if len(over) > 2 else ["_item"]
        elt: ast.expr = ast.Call(over[0], [ast.Name(n, ast.Load()) for n in given], [])
        source = ast.Call(ast.Name("zip", ast.Load()), over[1:], []) if len(over) > 2 else over[1]
    elif (function is zip and over) or (function is enumerate and over):
        given = [f"_item{k}" for k in range(len(over) if function is zip else 2)]
        elt = ast.Tuple([ast.Name(n, ast.Load()) for n in given], ast.Load())
        source = ast.Call(node.func, over, node.keywords)
    else:
        return None
    made = ast.GeneratorExp(elt, [ast.comprehension(_targets(given, elt), source, [], 0)])
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _filtered(lower: Any, node: ast.Call) -> ast.GeneratorExp:
    """``filter(function, items)`` as a generator."""
    function, over = node.args
    test = asked_of(function, "_item", nothing=lower.static(function) is None)
    generator = ast.comprehension(ast.Name("_item", ast.Store()), over, [test], 0)
    made = ast.GeneratorExp(ast.Name("_item", ast.Load()), [generator])
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _listed_if_filtered(lower: Any, node: ast.expr) -> ast.expr:
    """What is gone over; what a filter lets through, as a list."""
    filters = isinstance(node, ast.Call) and lower.static(node.func) is filter
    if not isinstance(node, ast.Call) or not filters or len(node.args) != 2:
        return node
    made = _filtered(lower, node)
    return ast.copy_location(ast.ListComp(made.elt, made.generators), node)


def _targets(given: list[str], elt: ast.expr) -> ast.expr:
    """The names that an item is taken apart to; a call of one argument takes it whole."""
    each: list[ast.expr] = [ast.Name(name, ast.Store()) for name in given]
    return ast.Tuple(each, ast.Store()) if len(each) > 1 or isinstance(elt, ast.Tuple) else each[0]
