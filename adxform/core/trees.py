"""Python's own trees walked, copied and transformed, faster than by ``ast`` and ``copy``."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)

_NO_NODES = frozenset(  # fields that hold no node, or only whether a name is read or written
    {"ctx", "id", "attr", "arg", "kind", "type_comment", "type_ignores", "level", "conversion"}
)
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: ()}
_SHARED = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)  # all are alike
_ALIKE = frozenset({k for s in _SHARED for k in s.__subclasses__()})
_LEAVES = frozenset({ast.Name, ast.Constant, *_ALIKE})


def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold other nodes."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(name for name in kind._fields if name not in _NO_NODES)
    return _FIELDS[kind]


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly inside a node; what says that a name is read or written is left out."""
    found: list[ast.AST] = []
    fields = vars(node)
    for name in _FIELDS.get(type(node)) or fields_of(type(node)):
        held = fields.get(name)
        if type(held) is list:
            found.extend([item for item in held if isinstance(item, ast.AST)])
        elif isinstance(held, ast.AST):
            found.append(held)
    return found


def nodes(*trees: ast.AST) -> list[ast.AST]:
    """Every node of trees, level by level, as `children` gives them.

    >>> [type(node).__name__ for node in nodes(ast.parse("x + 1", mode="eval"))]
    ['Expression', 'BinOp', 'Name', 'Add', 'Constant']
    """
    found = list(trees)
    for node in found:  # which grows on the way
        kind = type(node)
        if kind in _LEAVES:
            continue
        held = vars(node)  # as in `children`, which would be called for every node
        for name in _FIELDS.get(kind) or fields_of(kind):
            inner = held.get(name)
            if type(inner) is list:
                found += [item for item in inner if isinstance(item, ast.AST)]
            elif isinstance(inner, ast.AST):
                found.append(inner)
    return found


def names(*trees: ast.AST) -> list[str]:
    """The names in trees, read or written, as often as they stand there."""
    return [node.id for node in nodes(*trees) if type(node) is ast.Name]


def called_names(*trees: ast.AST) -> list[str]:
    """The names that trees call as functions."""
    return called_among(nodes(*trees))


def called_among(found: Iterable[ast.AST]) -> list[str]:
    """The names that some of the nodes call as functions."""
    calls = [node.func for node in found if type(node) is ast.Call]
    return [func.id for func in calls if type(func) is ast.Name]


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMING = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(stmt: ast.AST) -> list[str]:
    """The names that a statement binds in its own scope, nested statements included."""
    found: list[str] = []
    visit: list[ast.AST] = [stmt]
    for node in visit:  # which grows on the way
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load:  # type: ignore[attr-defined]
                found.append(node.id)  # type: ignore[attr-defined]
        elif kind in _LEAVES or kind in SCOPES:
            continue
        elif isinstance(node, _DEFINITIONS):
            found.append(node.name)
        elif isinstance(node, ast.alias):
            found.append(node.asname or node.name.split(".")[0])
        else:
            if isinstance(node, _NAMING) and node.name:
                found.append(node.name)
            visit.extend(children(node))
    return list(dict.fromkeys(found))


def copied(node: _Node) -> _Node:
    """A copy of a tree, with whatever is noted on its nodes, that can be changed by itself."""
    kind = type(node)
    if kind in _ALIKE:
        return node
    made = node.__new__(kind)
    held = vars(made)
    for name, value in vars(node).items():
        if isinstance(value, ast.AST):
            value = copied(value)
        elif type(value) is list:
            value = [copied(item) if isinstance(item, ast.AST) else item for item in value]
        held[name] = value
    return made


class Transformer(ast.NodeTransformer):
    """What ``ast.NodeTransformer`` is, looking only where nodes can be."""

    def visit(self, node: ast.AST) -> Any:
        method = getattr(self, f"visit_{type(node).__name__}", None)
        return self.generic_visit(node) if method is None else method(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in _FIELDS.get(type(node)) or fields_of(type(node)):
            held = getattr(node, name, None)
            if type(held) is list:
                held[:] = self._visited(held)
            elif isinstance(held, ast.AST) and not isinstance(held, _SHARED):
                new = self.visit(held)
                if new is None:
                    delattr(node, name)
                else:
                    setattr(node, name, new)
        return node

    def _visited(self, items: list[Any]) -> list[Any]:
        """What becomes of the nodes of a list: each of one node, of several or of none."""
        found: list[Any] = []
        for item in items:
            new = self.visit(item) if isinstance(item, ast.AST) else item
            if isinstance(new, list):
                found.extend(new)
            elif new is not None or item is None:
                found.append(new)
        return found
