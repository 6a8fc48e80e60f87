"""Python's own trees walked, copied and transformed, faster than by ``ast`` and ``copy``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)

_NO_NODES = frozenset(  # fields that hold no node, or only whether a name is read or written
    {"ctx", "id", "attr", "arg", "kind", "type_comment", "type_ignores", "level", "conversion"}
)
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: ()}
_SHARED = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)  # all are alike
_ALIKE = frozenset({k for s in _SHARED for k in s.__subclasses__()})
_LEAVES = frozenset({ast.Name, ast.Constant, *_ALIKE})
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")  # fields with statements inside
_PLAIN = 6  # what there is on a leaf: two fields and where it stands


def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold other nodes."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(name for name in kind._fields if name not in _NO_NODES)
    return _FIELDS[kind]


def _inside(node: ast.AST) -> list[ast.AST]:
    """The nodes directly inside a node of any kind."""
    found: list[ast.AST] = []
    fields = vars(node)
    for name in _FIELDS.get(type(node)) or fields_of(type(node)):
        held = fields.get(name)
        if type(held) is list:
            found.extend([item for item in held if isinstance(item, ast.AST)])
        elif isinstance(held, ast.AST):
            found.append(held)
    return found


def _of_call(node: Any) -> list[ast.AST]:
    return [node.func, *node.args, *node.keywords]


def _of_assignment(node: Any) -> list[ast.AST]:
    return [*node.targets, node.value]


def _of_comparison(node: Any) -> list[ast.AST]:
    return [node.left, *node.ops, *node.comparators]


def _value_of(node: Any) -> tuple[ast.AST]:
    return (node.value,)


#: What is inside of the most frequent nodes, which have all of their fields: as `_inside` says it.
_PARTS: dict[type[ast.AST], Callable[[Any], Sequence[ast.AST]]] = {
    ast.BinOp: attrgetter("left", "op", "right"),
    ast.UnaryOp: attrgetter("op", "operand"),
    ast.Subscript: attrgetter("value", "slice"),
    ast.Tuple: attrgetter("elts"),
    ast.Attribute: _value_of,
    ast.Expr: _value_of,
    ast.Call: _of_call,
    ast.Assign: _of_assignment,
    ast.Compare: _of_comparison,
}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly inside a node; what says that a name is read or written is left out."""
    kind = type(node)
    return [] if kind in _LEAVES else [*_PARTS.get(kind, _inside)(node)]


def nodes(*trees: ast.AST) -> list[ast.AST]:
    """Every node of trees, level by level, as `children` gives them.

    >>> [type(node).__name__ for node in nodes(ast.parse("x + 1", mode="eval"))]
    ['Expression', 'BinOp', 'Name', 'Add', 'Constant']
    """
    found = list(trees)
    for node in found:  # which grows on the way
        kind = type(node)
        if kind not in _LEAVES:
            found += _PARTS.get(kind, _inside)(node)
    return found


def nodes_around(trees: Sequence[ast.AST], closed: AbstractSet[type]) -> list[ast.AST]:
    """Every node of trees, but for what is inside of nodes of ``closed`` kinds."""
    found = list(trees)
    for node in found:  # which grows on the way
        kind = type(node)
        if kind not in _LEAVES and kind not in closed:
            found += _PARTS.get(kind, _inside)(node)
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


def may_be_set(call: ast.Call, flag: str) -> bool:
    """Whether a call may set a flag that is off by itself: what is not written out may be true."""
    return any(
        k.arg == flag and not (isinstance(k.value, ast.Constant) and not k.value.value)
        for k in call.keywords
    )


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMING = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(*stmts: ast.AST) -> list[str]:
    """The names that statements bind in their own scope, nested statements included."""
    found: list[str] = []
    visit: list[ast.AST] = list(stmts)
    for node in visit:  # which grows on the way
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load:  # type: ignore[attr-defined]
                found.append(node.id)  # type: ignore[attr-defined]
        elif kind in _LEAVES or kind in SCOPES:
            continue
        elif kind in _PARTS:  # which binds nothing itself
            visit += _PARTS[kind](node)
        elif isinstance(node, _DEFINITIONS):
            found.append(node.name)
        elif isinstance(node, ast.alias):
            found.append(node.asname or node.name.split(".")[0])
        else:
            if isinstance(node, _NAMING) and node.name:
                found.append(node.name)
            visit += _PARTS.get(kind, _inside)(node)
    return list(dict.fromkeys(found))


def copied(node: _Node) -> _Node:
    """A copy of a tree, with whatever is noted on its nodes, that can be changed by itself."""
    kind = type(node)
    if kind in _ALIKE:
        return node
    made = node.__new__(kind)
    held, given = vars(made), vars(node)
    held.update(given)
    if kind in _LEAVES and len(given) <= _PLAIN:  # nothing is noted on it
        return made
    for name, value in given.items():
        if type(value) is list:
            held[name] = [copied(item) if isinstance(item, ast.AST) else item for item in value]
        elif isinstance(value, ast.AST):
            held[name] = copied(value)
    return made


class Transformer(ast.NodeTransformer):
    """What ``ast.NodeTransformer`` is, looking only where nodes can be."""

    _visitors: ClassVar[dict[type, Callable[[Any, Any], Any] | None]] = {}
    _blocks: ClassVar[bool] = False  # whether all of its methods are for statements

    def __init_subclass__(cls) -> None:
        cls._visitors = {}  # by kind of node, the method of this class for it
        kinds = [kind for kind in vars(ast).values() if isinstance(kind, type)]
        methods = {kind: getattr(cls, f"visit_{kind.__name__}", None) for kind in kinds}
        own = [k for k, m in methods.items() if m not in (None, ast.NodeVisitor.visit_Constant)]
        statements = all(issubclass(kind, ast.stmt) for kind in own)
        cls._blocks = statements and cls.visit is Transformer.visit

    def visit(self, node: ast.AST) -> Any:
        kind = type(node)
        if kind not in self._visitors:
            method = getattr(type(self), f"visit_{kind.__name__}", None)
            plain = method is ast.NodeVisitor.visit_Constant
            self._visitors[kind] = None if plain else method
        visitor = self._visitors[kind]
        return self.generic_visit(node) if visitor is None else visitor(self, node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if type(node) in _LEAVES:
            return node
        if self._blocks:
            for name in _BLOCKS:
                held = getattr(node, name, None)
                if type(held) is list:
                    held[:] = self._visited(held)
            return node
        for name in _FIELDS.get(type(node)) or fields_of(type(node)):
            held = getattr(node, name, None)
            if type(held) is list:
                held[:] = self._visited(held)
            elif isinstance(held, ast.AST) and type(held) not in _ALIKE:
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
