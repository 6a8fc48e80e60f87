"""What is called in NumPy's stead where Numba does not compile a call as it is written."""

from __future__ import annotations

import ast
from typing import TypeGuard

from adxform.emit.module import helper, known_helpers

OURS = {
    "_matmul": ("products", "matmul"),
    "_tensordot": ("products", "tensordot"),
    "_einsum": ("products", "einsum"),
    "_reshape": ("stretching", "reshape"),
    "_as_like": ("stretching", "as_like"),
    "_broadcast_like": ("stretching", "broadcast_like"),
    "_unbroadcast": ("stretching", "unbroadcast"),
    "_spread": ("stretching", "spread"),
    "_last_written": ("places", "last_written"),
    "_add_at": ("places", "add_at"),
    "_scatter_along": ("places", "scatter_along"),
    "_take": ("places", "take"),
    "_on_large_pages": ("pages", "on_large_pages"),
}  # where they are, by the names under which a text calls them
HELPERS = frozenset(known_helpers()).intersection(name for _, name in OURS.values())


def with_counterparts(tree: ast.Module) -> ast.Module:
    """A text that calls our own functions of arrays where Numba lacks NumPy's.

    >>> print(ast.unparse(with_counterparts(ast.parse("y = np.tensordot(a @ b, c, axes=1)"))))
    y = _tensordot(_matmul(a, b), c, '1')
    """
    replaced = {stmt.name for stmt in tree.body if _is_helper(stmt)}
    kept = [stmt for stmt in tree.body if getattr(stmt, "name", None) not in replaced]
    made: ast.Module = _Counterparts(replaced).visit(ast.Module(kept, tree.type_ignores))
    return made


def _is_helper(stmt: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether a statement defines a helper that Numba takes in other words."""
    if not isinstance(stmt, ast.FunctionDef) or stmt.name not in HELPERS:
        return False
    return ast.unparse(stmt) == ast.unparse(helper(stmt.name))


class _Counterparts(ast.NodeTransformer):
    def __init__(self, replaced: set[str]) -> None:
        self.replaced = replaced

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(f"_{node.id}", node.ctx) if node.id in self.replaced else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _call("matmul", node.left, node.right) if isinstance(node.op, ast.MatMult) else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        given: dict[str | None, ast.expr] = {k.arg: k.value for k in node.keywords}
        match _function(node):
            case "matmul", [a, b] if not given:
                return _call("matmul", a, b)
            case "empty", _:
                return _call("on_large_pages", node)
            case "tensordot", [a, b, *rest] if given.keys() <= {"axes"}:
                axes = [*rest, *given.values()] or [ast.Constant(2)]
                return _call("tensordot", a, b, ast.Constant(ast.unparse(axes[0])))
            case "einsum", [ast.Constant(str()), *_] if given.keys() <= {"optimize"}:
                return _call("einsum", *node.args)
            case "add.at", [a, index, value]:
                lead, index = _unsliced(index)
                return _call("add_at", a, index, value, ast.Constant(lead))
            case "take", [a, index, *rest] if given.keys() <= {"axis"}:
                axis = [*rest, *given.values()] or [ast.Constant(None)]
                return _call("take", a, index, axis[0])
            case "concatenate" | "stack" | "vstack" | "hstack" | "dstack", [ast.List(), *_]:
                parts = ast.Tuple(node.args[0].elts, ast.Load())  # type: ignore[attr-defined]
                return ast.Call(node.func, [parts, *node.args[1:]], node.keywords)
            case "reshape", [a, *rest] if len(rest) + len(given) == 1 and given.keys() <= {"shape"}:
                return _call("reshape", a, *rest, *given.values())
        return node


def _function(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """What is called, by its name in NumPy, and with what; no name if it is nothing of NumPy."""
    match node.func:
        case ast.Attribute() if any(isinstance(arg, ast.Starred) for arg in node.args):
            return "", []
        case ast.Attribute(ast.Name("np" | "numpy"), name):
            return name, node.args
        case ast.Attribute(ast.Attribute(ast.Name("np" | "numpy"), "add"), "at"):
            return "add.at", node.args
        case ast.Attribute(array, "reshape"):
            sizes = node.args[0] if len(node.args) == 1 else ast.Tuple(node.args, ast.Load())
            return "reshape", [array, sizes]
    return "", []


def _unsliced(index: ast.expr) -> tuple[int, ast.expr]:
    """How many ``:`` an index like ``np.s_[:, i]`` begins with, and the rest of it."""
    match index:
        case ast.Subscript(ast.Attribute(ast.Name("np" | "numpy"), "s_"), ast.Tuple(parts)):
            whole = [ast.unparse(part) == ":" for part in parts]
            lead = whole.index(False) if False in whole else 0
            rest = parts[lead:]
            if not any(isinstance(part, ast.Slice) for part in rest):
                return lead, rest[0] if len(rest) == 1 else ast.Tuple(rest, ast.Load())
        case ast.Subscript(ast.Attribute(ast.Name("np" | "numpy"), "s_"), part):
            if not isinstance(part, ast.Slice | ast.Tuple):
                return 0, part
    return 0, index


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(f"_{name}", ast.Load()), list(args), [])
