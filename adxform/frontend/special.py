"""Special methods: what operators and indices do with objects.

Python looks them up in the class, and so does this. A class that has none leaves the operator to
the other operand, or to the tuple that a named tuple is.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Sequence
from types import FunctionType, MethodType
from typing import Any

from adxform.core.forms import TUPLE
from adxform.core.ir import Global, Operand, Tuple
from adxform.core.trees import nodes
from adxform.core.types import Scalar, value_of
from adxform.frontend.callables import Bound, Closure, is_followed, object_class
from adxform.frontend.changes import Changes
from adxform.frontend.objects import call_behind
from adxform.frontend.scope import live_function
from adxform.frontend.seen import is_users_function, is_users_object
from adxform.frontend.source import SourceFunction

_BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or",
    ast.BitXor: "xor", ast.LShift: "lshift", ast.RShift: "rshift",
}
_UNARY = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_COMPARED = {
    ast.Lt: ("__lt__", "__gt__"), ast.LtE: ("__le__", "__ge__"), ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"), ast.Eq: ("__eq__", "__eq__"), ast.NotEq: ("__ne__", "__ne__"),
}
_GIVEN = (ast.Call, ast.BinOp, ast.UnaryOp)  # expressions that may make an object


class Special(Changes):
    """Lowers operators of objects as calls of their methods."""

    def iterated(self, held: Tuple, node: ast.expr) -> list[Operand]:
        """The items that going over an object gives."""
        raise NotImplementedError

    # --- what an object's class says ----------------------------------------------------------

    def special(self, held: Operand | None, name: str) -> SourceFunction | None:
        """A special method of an object's class that is written in Python, if it has one."""
        kind = self.class_of(held)
        if kind is None:
            return None
        self.program.watch_attribute(kind, name)
        raw = inspect.getattr_static(kind, name, None)
        return live_function(raw) if isinstance(raw, FunctionType) else None

    def class_of(self, held: Operand | None) -> type | None:
        """The class of an object that is followed, or that is known from outside."""
        kind = object_class(held)
        if kind is not None or held is None or isinstance(held, Tuple):
            return kind
        value = held.value if isinstance(held, Global) else value_of(self.builder.type_of(held))
        return type(value) if is_users_object(value) else None

    def from_outside(self, node: ast.expr) -> Any:
        """The object from outside that an expression means, if its class is written in Python."""
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return None
        value = self._outside(node)
        return value if is_users_object(value) else None

    def _says(self, node: ast.expr, active: bool, *names: str) -> bool:
        """Whether the class of an object from outside has a method in Python for an operator; that
        of a package is its own affair where nothing differentiated meets it.
        """
        value = self.from_outside(node)
        found = [inspect.getattr_static(type(value), n, None) for n in names if value is not None]
        return any(map(is_users_function, found)) or (
            active and any(isinstance(f, FunctionType) for f in found))

    def call_special(
        self, held: Operand, name: str, args: tuple[Operand, ...], node: ast.expr,
        base: str | None = None,
    ) -> Operand | None:
        """What a special method gives; None where the class leaves the matter to others."""
        function = self.special(held, name)
        if function is None:
            return None
        made: Operand = self.user_call(call_behind(node), function, (held, *args), {}, base)
        left = isinstance(made, Global) and made.value is NotImplemented
        return None if left else made

    def held_once(self, node: ast.expr) -> tuple[ast.expr, Operand]:
        """An expression's value, and a name for it under which it is read again."""
        made = self.operand(node)
        return self.held_as(made, node), made

    def held_as(self, value: Operand, node: ast.expr) -> ast.expr:
        """A name for a value."""
        name = self.builder.names.fresh("_held")
        self.env[name] = value
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def may_be_object(self, node: ast.expr) -> bool:
        """Whether an expression may give an object of known attributes, as far as is known before
        it is lowered.
        """
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return object_class(self.container(node)) is not None
            case ast.BinOp(left, _, right):
                return self.may_be_object(left) or self.may_be_object(right)
            case ast.UnaryOp(_, inner):
                return self.may_be_object(inner)
            case ast.Call(ast.Attribute(value, name)) if self.may_be_object(value):
                return name not in ("item", "sum")
            case ast.Call(function):
                meaning = self.meaning(function)
                written = meaning is not None and (
                    meaning.function is not None or isinstance(meaning.value, MethodType))
                known = self.static(function)
                return written or isinstance(known, Closure | Bound) or is_followed(known)
            case _:
                return False

    def _settled(self, *nodes: ast.expr) -> list[tuple[ast.expr, Operand | None]]:
        """Operands of an operator: those that may be objects are lowered, once and in order."""
        if not any(map(self.may_be_object, nodes)):
            return [(node, None) for node in nodes]
        return [
            self.held_once(n) if isinstance(n, _GIVEN) or self._is_read_before(n, nodes[i + 1 :])
            else (n, self.operand(n))
            for i, n in enumerate(nodes)
        ]

    def _is_read_before(self, node: ast.expr, later: Sequence[ast.expr]) -> bool:
        """Whether an element or attribute is read before what may write to it."""
        return isinstance(node, ast.Subscript | ast.Attribute) and any(map(self._calls, later))

    # --- operators ----------------------------------------------------------------------------

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        name = _BINARY[type(node.op)]
        names, active = (f"__{name}__", f"__r{name}__"), self.may_be_active(node)
        if self._says(node.left, active, names[0]) or self._says(node.right, active, names[1]):
            return self._outside_operator(node, names, node.left, node.right, base)
        (first, left), (second, right) = self._settled(node.left, node.right)
        if object_class(left) is None and object_class(right) is None:
            same = first is node.left and second is node.right
            new = node if same else ast.copy_location(ast.BinOp(first, node.op, second), node)
            return super().on_BinOp(new, base)
        assert left is not None and right is not None
        made = self._by_either(left, right, *names, node, base)
        if made is not None:
            return made
        return self._of_tuples(node, left, right)

    def _outside_operator(
        self, node: ast.expr, names: tuple[str, str], first: ast.expr, second: ast.expr,
        base: str | None,
    ) -> Operand:
        """An operator of an object from outside: what its method does, or Python itself."""
        if not self.may_be_active(node):
            return self.opaque(node, base)
        left, right = self.operand(first), self.operand(second)
        made = self._by_either(left, right, *names, node, base)
        if made is not None:
            return made
        kind = self.class_of(left) or self.class_of(right)
        raise self.unsupported(f"{class_name(kind)} has no method for this operator", node)

    def _by_either(
        self, left: Operand, right: Operand, name: str, reflected: str, node: ast.expr,
        base: str | None,
    ) -> Operand | None:
        """What the method of one operand gives, or the reflected one of the other."""
        one, other = self.class_of(left), self.class_of(right)
        sides = [(left, name, right), (right, reflected, left)]
        both = one is not None and other is not None and one is not other
        newer = both and issubclass(other, one)  # type: ignore[arg-type]
        if newer and getattr(other, reflected, None) is not getattr(one, reflected, None):
            sides.reverse()
        if one is None:
            self._require_deferring(left, right, node)
        for held, method, given in sides:
            made = self.call_special(held, method, (given,), node, base)
            if made is not None:
                return made
        return None

    def _require_deferring(self, left: Operand, right: Operand, node: ast.expr) -> None:
        """Refuse an array on the left of an object: NumPy takes the object apart."""
        known, kind = self.builder.type_of(left), self.class_of(right)
        plain = isinstance(known, Scalar) and (
            known.weak or not (hasattr(kind, "__len__") or hasattr(kind, "__array__"))
        )
        if isinstance(left, Tuple) or plain or getattr(kind, "__array_ufunc__", 0) is None:
            return
        raise self.unsupported(
            f"an array on the left of an object of {class_name(kind)} makes an array of objects",
            node,
            "Write the object on the left, or give its class __array_ufunc__ = None.",
        )

    def augment(self, node: ast.expr, name: str | None) -> Operand:
        assert isinstance(node, ast.BinOp)
        if not self.may_be_object(node.left):
            return super().augment(node, name)
        (_, left), (right, value) = self._settled(node.left, node.right)
        assert left is not None and value is not None
        made = self.call_special(left, f"__i{_BINARY[type(node.op)]}__", (value,), node, name)
        if made is not None:
            return made
        plain = ast.copy_location(ast.BinOp(node.left, node.op, right), node)
        return self.on_BinOp(plain, name)

    def _of_tuples(self, node: ast.BinOp, left: Operand, right: Operand) -> Operand:
        """``+`` and ``*`` of named tuples, which are tuples."""
        first, second = self._as_tuple(left), self._as_tuple(right)
        if isinstance(node.op, ast.Add) and isinstance(first, Tuple) and isinstance(second, Tuple):
            return Tuple((*first.items, *second.items), TUPLE)
        for held, times in ((first, second), (second, first)):
            count = self.known_value(times)
            if isinstance(node.op, ast.Mult) and isinstance(held, Tuple) and type(count) is int:
                return Tuple(held.items * count, TUPLE)
        kind = object_class(left) or object_class(right)
        raise self.unsupported(f"{class_name(kind)} has no method for this operator", node)

    def _as_tuple(self, held: Operand) -> Operand:
        kind = object_class(held)
        named = isinstance(held, Tuple) and kind is not None and issubclass(kind, tuple)
        return Tuple(held.items, TUPLE) if named else held  # type: ignore[union-attr]

    def on_UnaryOp(self, node: ast.UnaryOp, base: str | None) -> Operand:
        name = _UNARY.get(type(node.op))
        names = ("__bool__", "__len__") if name is None else (name,)
        if self._says(node.operand, False, *names):
            return self.opaque(node, base)
        if name is None or not self.may_be_object(node.operand):
            return super().on_UnaryOp(node, base)
        operand, held = self.held_once(node.operand)
        made = self.call_special(held, name, (), node, base)
        if made is not None:
            return made
        if object_class(held) is not None:
            raise self.unsupported(f"{class_name(object_class(held))} has no {name}", node)
        return super().on_UnaryOp(ast.copy_location(ast.UnaryOp(node.op, operand), node), base)

    def on_Compare(self, node: ast.Compare, base: str | None) -> Operand:
        if len(node.ops) != 1:
            return self._chained(node, base)
        first, second, names = node.left, node.comparators[0], _COMPARED.get(type(node.ops[0]))
        active = self.may_be_active(node)
        if names is not None and (
            self._says(first, active, names[0]) or self._says(second, active, names[1])
        ):
            return self._outside_operator(node, names, first, second, base)
        if names is None and self._says(second, False, "__contains__"):
            return self.opaque(node, base)
        (first, left), (second, right) = self._settled(node.left, node.comparators[0])
        objects = object_class(left) is not None or object_class(right) is not None
        if names is not None and objects:
            assert left is not None and right is not None
            made = self._by_either(left, right, *names, node, base)
            if made is not None:
                return made
        if isinstance(node.ops[0], ast.In | ast.NotIn) and right is not None:
            assert left is not None
            made = self.call_special(right, "__contains__", (left,), node, base)
            if made is not None:
                positive = isinstance(node.ops[0], ast.In)
                return made if positive else self.emit("op.Not", made, base=base)
        if first is not node.left or second is not node.comparators[0]:
            node = ast.copy_location(ast.Compare(first, node.ops, [second]), node)
        return super().on_Compare(node, base)

    def _chained(self, node: ast.Compare, base: str | None) -> Operand:
        """``a < b < c``, as ``a < b and b < c`` where objects are in it; b is evaluated once."""
        if not self.reads_object(node):
            return super().on_Compare(node, base)
        pairs: list[ast.expr] = []
        left = node.left
        for op, right in zip(node.ops[:-1], node.comparators[:-1], strict=True):
            if pairs and not isinstance(right, ast.Name | ast.Constant):
                raise self.unsupported("this chain of comparisons is too long here", node)
            middle = right
            if not isinstance(right, ast.Name | ast.Constant):
                left, _ = self.held_once(left)
                middle, _ = self.held_once(right)
            pairs.append(ast.copy_location(ast.Compare(left, [op], [middle]), node))
            left = middle
        last = ast.Compare(left, [node.ops[-1]], [node.comparators[-1]])
        pairs.append(ast.copy_location(last, node))
        return self.operand(ast.copy_location(ast.BoolOp(ast.And(), pairs), node), base)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        if self.may_be_active(node.slice) and self._says(node.value, True, "__getitem__"):
            made = self.call_special(
                self.operand(node.value), "__getitem__", (self.operand(node.slice),), node, base)
            assert made is not None
            return made
        held = self.container(node.value)
        kind = object_class(held)
        if held is None or kind is None:
            return super().on_Subscript(node, base)
        if getattr(node, "_unpacked", False) or getattr(node, "_element", False):
            return self._unpacked(held, node)
        made = self.call_special(held, "__getitem__", (self.operand(node.slice),), node, base)
        if made is not None:
            return made
        if not issubclass(kind, tuple):
            raise self.unsupported(f"{class_name(kind)} has no __getitem__", node)
        return super().on_Subscript(node, base)

    def _unpacked(self, held: Tuple, node: ast.Subscript) -> Operand:
        items, place = self.iterated(held, node.value), self.static(node.slice)
        count = getattr(node, "_unpacked", None)
        if count is not None and not count.fits(len(items)):
            raise self.unsupported(count.misfit(len(items)), node)
        if type(place) is not int or place >= len(items):
            raise self.unsupported("how many values this gives is not known", node)
        return items[place]

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        """What a display holds that calls something is lowered once, however often it is asked; so
        is what is asked for an attribute, an item or a method, if it may be an object.
        """
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            return super().operand(self._from_object(node), base)
        displayed = isinstance(node, ast.Tuple | ast.List | ast.Dict)
        if not displayed or not any(isinstance(part, ast.Call) for part in nodes(node)):
            return super().operand(node, base)
        key = id(node), id(self.builder), self.epoch
        if key not in self.program.displays:
            self.program.displays[key] = super().operand(node, base), node, self.builder
        return self.present(self.program.displays[key][0])

    def _from_object(self, node: ast.expr) -> ast.expr:
        """``f(x).a[0].b`` with a name for what ``f(x)`` gives, if that may be an object."""
        path: list[ast.expr] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute | ast.Subscript) or (
            isinstance(inner, ast.Call) and not isinstance(inner.func, ast.Name)
        ):
            path.append(inner)
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
            if isinstance(inner, _GIVEN) and self.may_be_object(inner):
                break
        else:
            return node
        if not path:
            return node
        made, _ = self.held_once(inner)
        for part in reversed(path):
            new = copy.copy(part)
            if isinstance(new, ast.Call):
                new.func = made
            else:
                new.value = made  # type: ignore[attr-defined]
            made = new
        return made


def class_name(kind: type | None) -> str:
    """What messages call a class."""
    return "the object" if kind is None else kind.__name__
