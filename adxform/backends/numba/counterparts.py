"""What is called in NumPy's stead where Numba does not compile a call as it is written."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, TypeGuard

from adxform.core.trees import may_be_set
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
    "_places_between": ("places", "places_between"),
    "_signed": ("places", "signed"),
    "_place_in": ("places", "place_in"),
    "_add_at": ("places", "add_at"),
    "_scatter_along": ("places", "scatter_along"),
    "_take": ("places", "take"),
    "_on_large_pages": ("pages", "on_large_pages"),
    "_inner": ("products", "inner"),
    "_dot": ("products", "dot"),
    **{f"_{name}": ("moving", name)
       for name in ("roll", "diff", "undiff", "tile", "untile", "repeat", "pad")},
    **{f"_{name}": ("joining", name)
       for name in ("array", "stack", "full_like", "meshgrid", "where", "least", "largest")},
    **{f"_{name}": ("along", name)
       for name in ("products_before", "product_of_others", "carried", "median_weights",
                    "quantile_weights", "mean", "polyval", "diagonal", "scatter_diagonal",
                    "undiag")},
    **{f"_{name}": ("lines", name)
       for name in ("prod", "median", "percentile", "quantile", "cumprod", "sort", "argsort",
                    "flip", "take_along_axis", "unravel_index", "gradient", "ungradient")},
    **{f"_{name}": ("special", name)
       for name in ("expit", "log_expit", "erf", "erfc", "gammaln", "ndtr", "digamma", "logsumexp",
                    "math_polygamma")},
}  # where they are, by the names under which a text calls them
TAKES: dict[str, dict[str, Any]] = {
    "roll": {"a": ..., "shift": ..., "axis": None},
    "diff": {"a": ..., "n": 1, "axis": -1},
    "tile": {"A": ..., "reps": ...},
    "repeat": {"a": ..., "repeats": ..., "axis": None},
    "pad": {"array": ..., "pad_width": ..., "mode": "constant", "constant_values": 0},
    "stack": {"arrays": ..., "axis": 0},
    "array": {"object": ...},
    "full_like": {"a": ..., "fill_value": ...},
    "inner": {"a": ..., "b": ...},
    "mean": {"a": ..., "axis": None},
    "prod": {"a": ..., "axis": None, "keepdims": False},
    "median": {"a": ..., "axis": None, "keepdims": False},
    "percentile": {"a": ..., "q": ..., "axis": None, "keepdims": False},
    "quantile": {"a": ..., "q": ..., "axis": None, "keepdims": False},
    "cumprod": {"a": ..., "axis": None},
    "sort": {"a": ..., "axis": -1},
    "argsort": {"a": ..., "axis": -1},
    "flip": {"m": ..., "axis": None},
    "unravel_index": {"indices": ..., "shape": ...},
    "take_along_axis": {"arr": ..., "indices": ..., "axis": ...},
    "dot": {"a": ..., "b": ...},
    "polyval": {"p": ..., "x": ...},
    "diagonal": {"a": ..., "offset": 0, "axis1": 0, "axis2": 1},
    "where": {"condition": ..., "x": ..., "y": ...},
    "meshgrid": {"x": ..., "y": ..., "indexing": "xy"},
}  # what calls give that are ours altogether, and what is meant where they do not
OF_GRADIENT = {"axis": None, "edge_order": 1}
SPECIAL: dict[str, dict[str, Any]] = {
    **{name: {"x": ...} for name in ("expit", "log_expit", "erf", "erfc", "ndtr")},
    **{name: {"z": ...} for name in ("gammaln", "digamma")},
    "logsumexp": {"a": ..., "axis": None, "keepdims": False},
}  # the same of scipy.special
TAKES |= SPECIAL
LISTED = ("stack", "array")  # of lists: those of parts written out Numba takes as tuples
JOINING = ("concatenate", "stack", "vstack", "hstack", "dstack", "column_stack")
DTYPES = {"float": "float64", "int": "int64", "bool": "bool_", "complex": "complex128"}
HELPERS = frozenset(known_helpers()).intersection(name for _, name in OURS.values())


def with_counterparts(
    tree: ast.Module, values: Mapping[str, Any] | None = None
) -> ast.Module:
    """A text that calls our own functions of arrays where Numba lacks NumPy's; ``values`` are what
    its names from outside mean.

    >>> print(ast.unparse(with_counterparts(ast.parse("y = np.tensordot(a @ b, c, axes=1)"))))
    y = _tensordot(_matmul(a, b), c, '1')
    """
    replaced = {stmt.name for stmt in tree.body if _is_helper(stmt)}
    kept = [stmt for stmt in tree.body if getattr(stmt, "name", None) not in replaced]
    imported = {a.asname or a.name: a.name for stmt in kept for a in _from_numpy(stmt)}
    walk = _Counterparts(replaced, values or {}, imported)
    made: ast.Module = walk.visit(ast.Module(kept, tree.type_ignores))
    return made


def _from_numpy(stmt: ast.stmt) -> list[ast.alias]:
    """What a statement imports from NumPy."""
    return stmt.names if isinstance(stmt, ast.ImportFrom) and stmt.module == "numpy" else []


def _is_helper(stmt: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether a statement defines a helper that Numba takes in other words."""
    if not isinstance(stmt, ast.FunctionDef) or stmt.name not in HELPERS:
        return False
    return ast.unparse(stmt) == ast.unparse(helper(stmt.name))


class _Counterparts(ast.NodeTransformer):
    def __init__(
        self, replaced: set[str], values: Mapping[str, Any], imported: Mapping[str, str]
    ) -> None:
        self.replaced = replaced
        self.values = values
        self.imported = imported  # from NumPy, by the names that the text has for it

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(f"_{node.id}", node.ctx) if node.id in self.replaced else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _call("matmul", node.left, node.right) if isinstance(node.op, ast.MatMult) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        return ast.Subscript(node.value, _listed(node.slice), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        _name_dtypes(node)
        given: dict[str | None, ast.expr] = {k.arg: k.value for k in node.keywords}
        name, args = _function(node)
        if isinstance(node.func, ast.Name) and node.func.id in self.imported:
            name, args = self.imported[node.func.id], node.args
        special = sys.modules.get("scipy.special")
        if special is not None and (meant := self.meant(node.func)) is not None:
            name = next((n for n in SPECIAL if getattr(special, n, None) is meant), name)
            args = node.args if name in SPECIAL else args
        if name in TAKES and (whole := _taken(name, args, given)):
            return _call(name, *whole)
        match name, args:
            case "zip", _ if given.keys() == {"strict"} and not may_be_set(node, "strict"):
                return ast.Call(node.func, node.args, [])
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
                return _call("add_at", a, _listed(index), value, ast.Constant(lead))
            case "gradient", [f, *spacing] if (
                len(spacing) < 2 and given.keys() <= OF_GRADIENT.keys()
            ):
                distance = spacing[0] if spacing else ast.Constant(1.0)
                rest = [given.get(name, ast.Constant(v)) for name, v in OF_GRADIENT.items()]
                return _call("gradient", f, distance, *rest)
            case "take", [a, index, *rest] if given.keys() <= {"axis"}:
                axis = [*rest, *given.values()] or [ast.Constant(None)]
                return _call("take", a, _listed(index), axis[0])
            case name, [ast.List() | ast.Tuple() as parts, *rest] if name in JOINING:
                joined = ast.Tuple([_listed(part) for part in parts.elts], ast.Load())
                return ast.Call(node.func, [joined, *rest], node.keywords)
            case "min" | "max", [items] if not given:
                return _call("least" if name == "min" else "largest", items)
            case "last_written", [g, index]:
                return ast.Call(node.func, [g, _listed(index)], [])
            case "math.fmod", [a, b]:
                fmod = ast.Attribute(ast.Name("np", ast.Load()), "fmod", ast.Load())
                return ast.Call(fmod, [a, b], [])
            case "linalg.svd", [a] if ast.unparse(node).endswith("compute_uv=False)"):
                svd = ast.Call(node.func, [a, ast.Constant(False)], [])
                return ast.Subscript(svd, ast.Constant(1), ast.Load())
            case "reshape", [a, *rest] if len(rest) + len(given) == 1 and given.keys() <= {"shape"}:
                return _call("reshape", a, *rest, *given.values())
        return node

    def meant(self, func: ast.expr) -> Any:
        """What is called, if it is something from outside."""
        match func:
            case ast.Name(name):
                return self.values.get(name, sys.modules.get(name))
            case ast.Attribute(whole, name) if isinstance(self.meant(whole), ModuleType):
                return getattr(self.meant(whole), name, None)
        return None


def _function(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """What is called, by its name in NumPy, and with what; no name if it is nothing of NumPy."""
    match node.func:
        case ast.Attribute() if any(isinstance(arg, ast.Starred) for arg in node.args):
            return "", []
        case ast.Attribute(ast.Name("np" | "numpy"), name):
            return name, node.args
        case ast.Attribute(ast.Name("math"), name):
            return f"math.{name}", node.args
        case ast.Name("zip"):
            return "zip", node.args
        case ast.Attribute(ast.Attribute(ast.Name("np" | "numpy"), "add"), "at"):
            return "add.at", node.args
        case ast.Attribute(ast.Attribute(ast.Name("np" | "numpy"), "linalg"), name):
            return f"linalg.{name}", node.args
        case ast.Attribute(array, "mean" | "prod" | "cumprod" as name):
            return name, [array, *node.args]
        case ast.Name("_last_written"):
            return "last_written", node.args
        case ast.Attribute(array, "reshape"):
            sizes = node.args[0] if len(node.args) == 1 else ast.Tuple(node.args, ast.Load())
            return "reshape", [array, sizes]
    return "", []


def _taken(
    name: str, args: list[ast.expr], given: dict[str | None, ast.expr]
) -> list[ast.expr] | None:
    """All that a call gives to a function of ours, in order; None if it is not for that."""
    takes = TAKES[name]
    whole: dict[Any, ast.expr] = {**dict(zip(takes, args, strict=False)), **given}
    fits = len(args) <= len(takes) and whole.keys() <= takes.keys()
    missing = takes.keys() - whole.keys()
    if not fits or len(whole) < len(args) + len(given) or any(takes[n] is ... for n in missing):
        return None
    if name in LISTED and not isinstance(args[0] if args else None, ast.Name | ast.ListComp):
        return None
    if name == "polyval":
        whole["p"] = _listed(whole["p"])
    return [whole.get(n, ast.Constant(takes[n])) for n in takes]


def _listed(part: ast.expr) -> ast.expr:
    """A list of numbers that is written out, as an array; in a tuple, too."""
    match part:
        case ast.List([_, *_]):
            call = ast.Attribute(ast.Name("np", ast.Load()), "array", ast.Load())
            return ast.Call(call, [part], [])
        case ast.Tuple(parts, context):
            return ast.Tuple([_listed(p) for p in parts], context)
    return part


def _name_dtypes(node: ast.Call) -> None:
    """Have a call name Python's dtypes as NumPy does, for Numba knows these."""
    for keyword in node.keywords:
        if keyword.arg == "dtype":
            keyword.value = _dtype(keyword.value)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
        node.args[:1] = map(_dtype, node.args[:1])


def _dtype(kind: ast.expr) -> ast.expr:
    if not isinstance(kind, ast.Name) or kind.id not in DTYPES:
        return kind
    return ast.Attribute(ast.Name("np", ast.Load()), DTYPES[kind.id], ast.Load())


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
