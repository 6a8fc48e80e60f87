"""What is called in NumPy's stead where LLVM computes an operation for several elements at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adxform.core.ir import Const, Let, Primitive, Stmt
from adxform.core.trees import names

ALWAYS = frozenset({"maximum", "minimum"})
IN_VECTORS = frozenset({"exp", "log", "tanh"})  # slower than the C library one by one
OURS = {name: f"_vector_{name}" for name in (*ALWAYS, *IN_VECTORS)}
INLINE = frozenset(
    {
        "np.sqrt", "np.abs", "np.absolute", "abs", "np.exp", "np.log", "np.tanh", "np.maximum",
        "np.minimum", "np.square", "np.where", "np.float64", "np.float32", "np.negative", "np.add",
        "np.subtract", "np.multiply", "np.divide", "summed", "np.sign", "np.isnan", "np.isfinite",
        "np.isinf", "np.floor", "np.ceil", "np.trunc", "np.rint", "np.outer",
        "update", "accumulate_at", "accumulate", "rename",
    }
)  # what LLVM writes out
FREE_ORDER = frozenset({"summed", *(OURS[name] for name in ALWAYS)})


def with_vectors(tree: ast.Module) -> ast.Module:
    """A text that calls our own functions of numbers where they are faster than NumPy's."""
    made: ast.Module = _Vectors().visit(tree)
    return made


class _Vectors(ast.NodeTransformer):
    def __init__(self) -> None:
        self.inside = False

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        if independent(node):
            self.inside = True
            self.generic_visit(node)
            self.inside = False
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        numpys = isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
        if numpys and (node.attr in ALWAYS or (self.inside and node.attr in IN_VECTORS)):
            return ast.Name(OURS[node.attr], node.ctx)
        return node


def calls_library(stmt: Stmt) -> bool:
    """Whether a statement calls a function of numbers that is not computed for several at once."""
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return False
    if stmt.op.name == "op.Pow":
        return not (isinstance(stmt.args[1], Const) and type(stmt.args[1].value) is int)
    return stmt.op.style in ("call", "method") and stmt.op.name not in INLINE


def independent(loop: ast.For) -> bool:
    """Whether a loop's iterations can be made side by side: an innermost one without branches,
    which hands no value on but in sums, maxima and minima, and stores at places of its own.
    """
    if not isinstance(loop.target, ast.Name) or loop.orelse:
        return False
    known = {loop.target.id}
    assigned = {n.id for n in _names(loop) if isinstance(n.ctx, ast.Store)}
    places: dict[str, set[str]] = {}
    for stmt in loop.body:
        if not isinstance(stmt, ast.Assign | ast.AugAssign):
            return False
        target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            if loop.target.id not in names(target.slice):
                return False
            places.setdefault(target.value.id, set()).add(ast.unparse(target.slice))
        elif not isinstance(target, ast.Name) or isinstance(stmt, ast.AugAssign):
            return False
        read = {n.id for n in _names(stmt) if isinstance(n.ctx, ast.Load)}
        carried = (read & assigned) - known
        if carried and not (_in_any_order(stmt) and carried == {ast.unparse(target)}):
            return False
        if not carried and isinstance(target, ast.Name):
            known.add(target.id)
    return all(_is_own(node, places) for node in ast.walk(loop) if isinstance(node, ast.Subscript))


def _names(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))


def _in_any_order(stmt: ast.Assign | ast.AugAssign) -> bool:
    call = stmt.value
    return isinstance(call, ast.Call) and ast.unparse(call.func) in FREE_ORDER


def _is_own(node: ast.Subscript, places: dict[str, set[str]]) -> bool:
    """Whether an element of an array that a loop writes to is the one that it writes."""
    stored = places.get(ast.unparse(node.value))
    return stored is None or stored == {ast.unparse(node.slice)}
