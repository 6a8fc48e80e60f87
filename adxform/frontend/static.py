"""What is known while a function is lowered: tests and values that the signature decides.

``isinstance(x, float)``, ``x is None``, ``method == "fast"`` and the like have one answer for all
arguments of a signature; the branch that is not taken need not even be understood.
"""

from __future__ import annotations

import ast
import enum
import functools
import operator
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN, Const, Global, Operand, Tuple, Var
from adxform.core.types import Array, ListOf, Scalar, Struct, Type, is_numeric, rank, value_of
from adxform.frontend.callables import Bound, Closure, unwrapped
from adxform.frontend.matching import KIND, KINDS
from adxform.frontend.outside import Outside
from adxform.frontend.sets_written import as_set
from adxform.frontend.source import SourceFunction
from adxform.frontend.standins import Typed, fact, stand_in
from adxform.frontend.texts import text_of
from adxform.frontend.watching import HEAP_TYPE

SIMPLE = (str, bytes, bool, int, float, complex, type(None), type, np.dtype, type(Ellipsis))
STEADY = (
    *SIMPLE, FunctionType, BuiltinFunctionType, ModuleType, SourceFunction, np.ufunc, type(np.ndim),
    enum.Enum,
)
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_COUNT: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_DIVISIONS = (operator.floordiv, operator.mod)
_PYTHON = {"float64": float, "int64": int, "bool": bool, "complex128": complex}
_MADE_INSIDE: dict[type, type] = {Closure: FunctionType, Bound: functools.partial}
_STRING_METHODS = frozenset({
    "lower", "upper", "strip", "startswith", "endswith", "replace", "isdigit", "isalpha", "isupper",
    "islower", "isidentifier", "count", "find", "removeprefix", "removesuffix",
})

_CONTAINERS: dict[str, type] = {"tuple": tuple, "list": list, "dict": dict}


def class_of(t: Type) -> type | None:
    """The class of the values of a type, or None where it is not certain."""
    match t:
        case Scalar(dtype, weak=True):
            return _PYTHON.get(dtype)
        case Scalar(dtype):
            return np.dtype(dtype).type
        case Array(dims=dims) if dims != ():
            return np.ndarray
        case Struct(form=form) if form.kind == "object":
            kind = form.maker.value
            return kind if isinstance(kind, type) else None
        case Struct(form=form) if form.kind in _CONTAINERS:
            return _CONTAINERS[form.kind]
        case Struct(form=form):
            kind = getattr(form.maker, "value", None)
            return kind if isinstance(kind, type) else None
        case ListOf():
            return list
        case _:
            value = value_of(t)
            return None if value is UNKNOWN else type(value)


class Static(Outside):
    """Evaluates at compile time what types and values of the signature decide."""

    def static(self, node: ast.expr) -> Any:
        """The value of an expression, if it is the same for every call; else UNKNOWN.

        Nothing is run but comparisons, attributes of types, and methods of strings.
        """
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return self._named(node, name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.UnaryOp(ast.USub(), inner):
                number = self.static(inner)
                return -number if type(number) is int else UNKNOWN
            case ast.UnaryOp(ast.Not(), inner):
                held = self.truth(inner)
                return UNKNOWN if held is None else not held
            case ast.BoolOp():
                return self._short_circuit(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call(ast.Name("__augment__"), [whole]):
                number = self.static(whole)
                return number if type(number) is int else UNKNOWN
            case ast.Call(ast.Name(name), [value, ast.Constant(str(kind))]) if name == KIND:
                return self._matches(value, kind, node)
            case ast.Call():
                found = UNKNOWN if node.keywords else self._call(node)
                found = text_of(node, self.static) if found is UNKNOWN else found
                return self._fact(node) if found is UNKNOWN else found
            case ast.BinOp():
                found = self._count(node)
                return text_of(node, self.static) if found is UNKNOWN else found
            case ast.JoinedStr():
                return text_of(node, self.static)
            case ast.Subscript(ast.Constant(str(text)), index):
                place = self.static(index)
                known = type(place) is int and -len(text) <= place < len(text)
                return text[place] if known else UNKNOWN
            case ast.Tuple(items) | ast.List(items) | ast.Set(items):
                found = [self.static(item) for item in items]
                if UNKNOWN in _identities(found):
                    return UNKNOWN
                if isinstance(node, ast.Set):
                    return as_set(found, getattr(self.source.live, "__code__", None))
                return tuple(found)
            case _:
                return UNKNOWN

    def truth(self, node: ast.expr) -> bool | None:
        """Whether a test holds, if the signature decides it."""
        t = self.known_type(node)
        if isinstance(t, Struct) and t.form.kind in ("tuple", "list", "dict"):
            return bool(t.items)
        found = self.static(node)
        return bool(found) if found is not UNKNOWN and _has_truth(found) else None

    def known_type(self, node: ast.expr) -> Type | None:
        """The type of a variable, or of an attribute such as ``x.dtype``, if it is known."""
        if isinstance(node, ast.Name) and (node.id in self.locals or node.id in self.env):
            return self.builder.type_of(self.value(node.id))
        return None

    # --- one kind of node each ----------------------------------------------------------------

    def _named(self, node: ast.Name, name: str) -> Any:
        if name in self.locals or name in self.env:
            return self.known_value(self.value(name))
        meaning = self.lookup(name)
        if meaning is None or not _steady(meaning.value):
            return UNKNOWN
        return meaning.value

    def known_value(self, operand: Operand) -> Any:
        """What an operand is at compile time, or UNKNOWN."""
        match operand:
            case Const(value):
                return value
            case Global(value=value):
                return value if _steady(value) else UNKNOWN
            case Var():
                return value_of(self.builder.type_of(operand))
            case Tuple(items, form) if form.kind == "tuple":
                found = [self.known_value(item) for item in items]
                return UNKNOWN if UNKNOWN in _identities(found) else tuple(found)
            case _:
                return UNKNOWN

    def fact(self, node: ast.expr) -> Any:
        """The value of what is known to be an attribute of a module, or None."""
        found = self.meanings.get(id(node))
        known = found is not None and not self.program.written and _steady(found[1].value)
        return found[1].value if known else None  # type: ignore[index]

    def _attribute(self, node: ast.Attribute) -> Any:
        meaning = self.meaning(node)
        if meaning is not None:
            return meaning.value if _steady(meaning.value) else UNKNOWN
        t = self.known_type(node.value)
        if t is None:
            return UNKNOWN
        if isinstance(t, Array | Scalar) and node.attr == "ndim":
            found = rank(t)
            return UNKNOWN if found is None or class_of(t) in _PYTHON.values() else found
        if isinstance(t, Array) and node.attr == "dtype":
            return UNKNOWN if t.dtype is None else np.dtype(t.dtype)
        return UNKNOWN

    def _count(self, node: ast.BinOp) -> Any:
        """What is counted with integers that are known."""
        left, right = self.static(node.left), self.static(node.right)
        count = _COUNT.get(type(node.op))
        if count is None or type(left) is not int or type(right) is not int:
            return UNKNOWN
        return UNKNOWN if right == 0 and count in _DIVISIONS else count(left, right)

    def _short_circuit(self, node: ast.BoolOp) -> Any:
        """The value, if the known operands decide it whatever the others are."""
        ends = isinstance(node.op, ast.Or)
        found: Any = UNKNOWN
        open_end = False
        for value in node.values:
            found = self.static(value)
            if found is UNKNOWN or not (value is node.values[-1] or _has_truth(found)):
                open_end = True
            elif value is not node.values[-1] and bool(found) is ends:
                return found if not open_end else UNKNOWN
        return UNKNOWN if open_end else found

    def _compare(self, node: ast.Compare) -> Any:
        operands = [node.left, *node.comparators]
        if len(operands) == 2 and isinstance(node.ops[0], ast.Is | ast.IsNot):
            found = self._identity(operands[0], operands[1])
            if found is not None:
                return found if isinstance(node.ops[0], ast.Is) else not found
        values = [self._compared(operand) for operand in operands]
        if UNKNOWN in _identities(values) or any(map(_computes, values)):
            return UNKNOWN
        for place, op in enumerate(node.ops):
            try:
                held = _COMPARE[type(op)](values[place], values[place + 1])
            except TypeError:
                return UNKNOWN
            if not held:
                return False
        return True

    def _compared(self, node: ast.expr) -> Any:
        """An operand of a comparison; of a dictionary written out, its keys say what is in it."""
        if not isinstance(node, ast.Dict) or None in node.keys:
            return self.static(node)
        held = [self.static(part) for part in (*node.keys, *node.values) if part is not None]
        return UNKNOWN if UNKNOWN in _identities(held) else dict.fromkeys(held[: len(node.keys)])

    def _identity(self, left: ast.expr, right: ast.expr) -> bool | None:
        """``x is None`` for an x that is a number, an array or a function, or None itself."""
        if not (isinstance(right, ast.Constant) and right.value is None):
            return None
        t = self.known_type(left)
        if t is not None and (is_numeric(t) or isinstance(t, Struct | ListOf)):
            return False
        value = self.static(left)
        return None if value is UNKNOWN else value is None

    def _call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _STRING_METHODS:
            owner, args = self.static(node.func.value), [self.static(a) for a in node.args]
            if isinstance(owner, str) and UNKNOWN not in _identities(args):
                return getattr(owner, node.func.attr)(*args)
        function = self.static(node.func)
        if function is UNKNOWN or not node.args:
            return UNKNOWN
        if function is min:
            counts = [self.static(a) for a in node.args]
            return min(counts) if all(type(c) is int for c in counts) else UNKNOWN
        t = self.known_type(node.args[0])
        value = self.static(node.args[0])
        if function is isinstance and len(node.args) == 2:
            return self._isinstance(t, value, self.static(node.args[1]))
        if function is hasattr and len(node.args) == 2:
            return self._hasattr(t, value, self.static(node.args[1]))
        if function is callable:
            if value is not UNKNOWN:
                return callable(value) or type(value) in _MADE_INSIDE
            return False if t is not None and is_numeric(t) else UNKNOWN
        if function is len and isinstance(value, str):
            return len(value)
        if function is len and isinstance(t, Struct):
            return len(t.items)
        if function is np.ndim and t is not None:
            found = rank(t)
            return UNKNOWN if found is None else found
        if function is np.isscalar and t is not None and class_of(t) is not None:
            return isinstance(t, Scalar)
        return UNKNOWN

    def _fact(self, node: ast.Call) -> Any:
        """What a function gives that asks only for the types of its arguments."""
        function = unwrapped(self.static(node.func))
        if not isinstance(function, FunctionType) or any(k.arg is None for k in node.keywords):
            return UNKNOWN
        args: list[Any] = []
        for argument in node.args:
            starred = isinstance(argument, ast.Starred)
            found = self._typed(argument.value if starred else argument)  # type: ignore[attr-defined]
            if found is UNKNOWN or (starred and not isinstance(found, tuple)):
                return UNKNOWN
            args.extend(found if starred else [found])
        keywords = {k.arg: self._typed(k.value) for k in node.keywords if k.arg is not None}
        if any(value is UNKNOWN for value in keywords.values()):
            return UNKNOWN
        return fact(function, args, keywords, self.program)

    def _typed(self, node: ast.expr) -> Any:
        """An argument's value, or its type where that is known; UNKNOWN where nothing is."""
        value = self.static(node)
        if value is not UNKNOWN:
            return value
        t = self.known_type(node)
        if isinstance(t, Struct) and t.form.kind in ("tuple", "list"):
            values = [value_of(item) for item in t.items]
            pairs = zip(values, t.items, strict=True)
            found = tuple(Typed(i) if v is UNKNOWN else v for v, i in pairs)
            known = all(not isinstance(v, Typed) or stand_in(v.type) is not UNKNOWN for v in found)
            return found if known else UNKNOWN
        return UNKNOWN if t is None or stand_in(t) is UNKNOWN else Typed(t)

    def _isinstance(self, t: Type | None, value: Any, classes: Any) -> Any:
        if classes is UNKNOWN:
            return UNKNOWN
        try:
            if type(value) in _MADE_INSIDE:
                return issubclass(_MADE_INSIDE[type(value)], classes)
            if value is not UNKNOWN and not isinstance(value, int | float | complex):
                return isinstance(value, classes)
            found = None if t is None else class_of(t)
            return UNKNOWN if found is None else issubclass(found, classes)
        except TypeError:
            return UNKNOWN

    def _matches(self, node: ast.expr, kind: str, call: ast.Call) -> bool:
        """Whether a pattern of a sequence or a mapping takes a value."""
        held = self.container(node)  # type: ignore[attr-defined]
        t = self.known_type(node) if held is None else self.builder.type_of(held)
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            t = Struct(()) if isinstance(self.known_type(node.value), Array) else t
        wanted, others = KINDS[kind]
        found = self._isinstance(t, self.static(node), wanted)
        if found is UNKNOWN:
            reason = f"whether this is a {kind.lower()} is not known before it runs"
            raise self.unsupported(reason, call, "Take it apart by assignments and if.")
        return bool(found) and not self._isinstance(t, self.static(node), others)

    def _hasattr(self, t: Type | None, value: Any, name: Any) -> Any:
        if not isinstance(name, str):
            return UNKNOWN
        if type(value) in _MADE_INSIDE:
            return hasattr(_MADE_INSIDE[type(value)], name)
        if value is not UNKNOWN:
            return hasattr(value, name)
        if isinstance(t, Struct) and t.form.kind == "object" and name in t.form.keys:
            return True
        found = None if t is None else class_of(t)
        return UNKNOWN if found is None else hasattr(found, name)


def _has_truth(value: Any) -> bool:
    """Whether a value is true, or is not, for good; a class of the user's may tell anew."""
    kind = type(value)
    asked = hasattr(kind, "__bool__") or hasattr(kind, "__len__")
    return isinstance(value, (*SIMPLE, tuple, frozenset, enum.Enum)) or not asked


def _computes(value: Any) -> bool:
    """Whether a value is an object, or holds one: others of its class compare otherwise."""
    if isinstance(value, tuple):
        return any(map(_computes, value))
    known = _steady(value) or type(value) in _MADE_INSIDE
    return not known and bool(type(value).__flags__ & HEAP_TYPE)


def _steady(value: Any) -> bool:
    """Whether a value from outside may be relied on: it cannot change without being another."""
    if isinstance(value, tuple):
        return all(_steady(item) for item in value)
    return isinstance(value, STEADY) or hasattr(type(value), "__adxform__")


def _identities(values: list[Any]) -> list[Any]:
    """The values that may be compared with UNKNOWN by ``in``: arrays may not."""
    return [value for value in values if value is UNKNOWN]


def known_items(value: Any) -> list[Operand] | None:
    """The items that going over a value gives; texts in a set have no order of their own."""
    ordered = isinstance(value, frozenset) and all(type(item) is int for item in value)
    return [Const(item) for item in value] if ordered or isinstance(value, str | tuple) else None
