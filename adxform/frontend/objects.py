"""Objects of the user's classes: their attributes and methods, known by the first one met.

Facts about an object (its class, its strings and flags, what kind of number an attribute is) decide
at compile time; numbers and arrays are read from the object at run time.
"""

from __future__ import annotations

import ast
import enum
import inspect
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from adxform.core.dims import Sym
from adxform.core.ir import UNKNOWN, Const, Global, Opaque, Operand, Tuple
from adxform.core.types import Array, Object, Struct, Type, unvalued
from adxform.core.values import attribute_of, type_of_value
from adxform.frontend.callables import object_class, unwrapped
from adxform.frontend.scope import live_function
from adxform.frontend.seen import is_users_function
from adxform.frontend.static import STEADY
from adxform.frontend.watching import is_computed, is_instance
from adxform.frontend.written import Written

_MISSING: Any = object()
_NUMBERS = (int, float, complex, np.generic, np.ndarray)
_FACTS = (bool, str, bytes, type(None), type, ModuleType, enum.Enum)


def is_object(value: Any) -> bool:
    """Whether a value is an object of a class that is written in Python."""
    kind = type(value)
    if value is UNKNOWN or hasattr(kind, "__adxform__"):
        return False
    return (
        is_instance(value)
        and not isinstance(value, STEADY)
        and not isinstance(value, np.ndarray | np.generic | type | ModuleType)
        and hasattr(value, "__dict__")
        and inspect.getattr_static(kind, "__getattribute__") is object.__getattribute__
    )


def structure(value: Any, *, exact: bool = False, depth: int = 4) -> Any:
    """What of a value decides how code that uses it is differentiated; ``exact``: the numbers, too.

    Two objects with equal structure go through the same branches and have attributes of the same
    kinds.
    """
    if isinstance(value, np.ndarray):
        return type(value), value.dtype, tuple([n == 1 for n in value.shape])
    if isinstance(value, bool | str | bytes | None | type | np.dtype | enum.Enum):
        return value
    if isinstance(value, int | float | complex | np.generic):
        return (type(value), value) if exact else type(value)
    if isinstance(value, tuple | list) and depth:
        return type(value), *[structure(item, exact=exact, depth=depth - 1) for item in value]
    if isinstance(value, dict) and depth:
        items = value.items()
        return dict, *[(k, structure(v, exact=exact, depth=depth - 1)) for k, v in items]
    if is_object(value) and depth and unwrapped(value) is value:
        items = vars(value).items()
        return type(value), *[
            (k, structure(v, exact=exact, depth=depth - 1)) for k, v in items
        ]
    return Object(value)


def call_behind(node: ast.expr) -> ast.Call:
    """The call that an attribute or an operator makes; carried along, it is what stands there."""
    call = ast.copy_location(ast.Call(node, [], []), node)
    call._said = node  # type: ignore[attr-defined]
    return call


class Objects(Written):
    """Resolves attributes of objects, and methods."""

    def known_value(self, operand: Operand) -> Any:
        if isinstance(operand, Global) and is_object(operand.value):
            self.program.watch(operand.value)
            return operand.value
        return super().known_value(operand)

    def _named(self, node: ast.Name, name: str) -> Any:
        found = super()._named(node, name)
        if found is UNKNOWN and name not in self.locals and name not in self.env:
            meaning = self.lookup(name)
            if meaning is not None and is_object(meaning.value):
                self.program.watch(meaning.value)
                return meaning.value
        return found

    def _attribute(self, node: ast.Attribute) -> Any:
        """An attribute's value where it is a fact about the object, not a number or an array."""
        if self._is_written(node):
            return UNKNOWN
        owner = self.static(node.value)
        if is_object(owner):
            self.program.watch_attribute(owner, node.attr)
            behind = _plain_property(owner, node.attr)
            if behind is not None:
                renamed = ast.Attribute(node.value, behind, node.ctx)
                return self._attribute(ast.copy_location(renamed, node))
            found = inspect.getattr_static(owner, node.attr, _MISSING)
            fact = isinstance(found, _FACTS) or is_object(found) or callable(found)
            return found if fact and not is_computed(owner, node.attr) else UNKNOWN
        return super()._attribute(node)

    def method(self, node: ast.expr) -> tuple[Any, tuple[Operand, ...]] | None:
        """The function that ``a.b`` calls where a is an object, and its receiver if it has one."""
        if not isinstance(node, ast.Attribute):
            return None
        owner, receiver = self._owner(node.value)
        if owner is None:
            return self._inherited(node)
        self.program.watch_attribute(owner, node.attr)
        if self._is_written(node):
            raise self.unsupported(f"{ast.unparse(node)} is called after it is changed here", node)
        raw = inspect.getattr_static(owner, node.attr, None)
        if isinstance(raw, staticmethod):
            return raw.__func__, ()
        if isinstance(raw, classmethod):
            kind = owner if isinstance(owner, type) else type(owner)
            return raw.__func__, (Global(kind.__name__, kind),)
        if isinstance(raw, FunctionType):
            if receiver is not None:
                return raw, (receiver,)
            if isinstance(owner, type) or node.attr in vars(owner):
                return raw, ()
            return raw, (self.operand(node.value),)
        return None

    def _inherited(self, node: ast.Attribute) -> tuple[Any, tuple[Operand, ...]] | None:
        """The method that ``super().name`` means in a method of an object that is known."""
        match node.value:
            case ast.Call(ast.Name("super"), [said, ast.Name(name)]):
                home, first = self.static(said), self.value(name)
            case _:
                return None
        owner = self.known_value(first)
        made = object_class(first) or (first.value if isinstance(first, Global) else None)
        kind = type(owner) if is_object(owner) else made
        order = kind.__mro__ if isinstance(kind, type) else ()
        if home not in order:
            return None
        for kind in order[order.index(home) + 1 :]:
            self.program.watch_attribute(kind, node.attr)
            if node.attr in vars(kind):
                raw = vars(kind)[node.attr]
                raw = raw.__func__ if isinstance(raw, classmethod) else raw
                return (raw, (first,)) if isinstance(raw, FunctionType) else None
        return None

    def _owner(self, node: ast.expr) -> tuple[Any, Operand | None]:
        """The object or class that has an attribute; a container with fields by its class."""
        held = self.container(node)
        if held is not None and held.form.kind == "object":
            kind = held.form.maker.value
            return (kind if isinstance(kind, type) else None), held
        owner = self.static(node)
        if is_object(owner) or (isinstance(owner, type) and owner.__module__ != "numpy"):
            return owner, None
        return None, None

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        if isinstance(node.value, ast.Call):
            limit = self._limit(node.value, node.attr)
            if limit is not None:
                return Const(limit)
        owner = self.static(node.value)
        if not is_object(owner):
            self._require_here(node)
            return self._field(node, base)
        made = self.property_of(type(owner), node, base)
        if made is not None:
            return made
        fact = self._attribute(node)
        if isinstance(fact, bool | str | None):
            return Const(fact)
        table = self.table_of(node)
        if table is not None:
            return table
        found = UNKNOWN if self._changes(node) else attribute_of(owner, node.attr, UNKNOWN)
        computed = is_computed(owner, node.attr) and not isinstance(found, _NUMBERS)
        if computed or self._is_written(node):  # what is written may be of another type
            found = UNKNOWN
        known = Object(fact) if fact is not UNKNOWN else kind_of(ast.unparse(node), found)
        return self._read(node, base, known)

    def _changes(self, node: ast.Attribute) -> bool:
        """Whether what gives an attribute changes something: it runs once where the user runs."""
        owner = self.static(node.value)
        found = inspect.getattr_static(owner, node.attr, _MISSING)
        asked = found is _MISSING or is_computed(owner, node.attr)
        return asked and bool(self.note_assigned(node))

    def _asks(self, node: ast.Attribute) -> bool:
        """Whether a method of the user's own gives an attribute: it is called where it stands."""
        owner = self.static(node.value)
        found = inspect.getattr_static(type(owner), node.attr, _MISSING)
        missing = found is _MISSING and node.attr not in vars(owner)
        kind, name = (type(owner), "__getattr__") if missing else (type(found), "__get__")
        return is_users_function(inspect.getattr_static(kind, name, None))

    def property_of(self, kind: type, node: ast.Attribute, base: str | None) -> Operand | None:
        """What a property of a class gives of an object of it; None for any other attribute."""
        self.program.watch_attribute(kind, node.attr)
        raw = inspect.getattr_static(kind, node.attr, None)
        if not isinstance(raw, property):
            return None
        function = live_function(raw.fget) if isinstance(raw.fget, FunctionType) else None
        if function is None:
            raise self.unsupported(f"the property {node.attr} has no source", node)
        call = call_behind(node)
        made: Operand = self.user_call(call, function, (self.operand(node.value),), {}, base)
        return made

    def _require_here(self, node: ast.Attribute) -> None:
        """Refuse to read what has changed where the output has only what it was."""
        meaning = self.meaning(node) if self._is_written(node) else None
        if meaning is not None and self.foreign(meaning.text.split(".")[0]):
            raise self.unsupported(f"{meaning.text} is read after it is changed here", node)

    def _limit(self, node: ast.Call, name: str) -> Any:
        """``np.finfo(x.dtype).eps`` for a dtype that is known."""
        asked = self.static(node.func)
        dtype = self.static(node.args[0]) if len(node.args) == 1 else UNKNOWN
        if asked not in (np.finfo, np.iinfo) or dtype is UNKNOWN:
            return None
        found = getattr(asked(dtype), name, None)
        return found.item() if isinstance(found, np.generic) else found

    def _read(self, node: ast.Attribute, base: str | None, known: Type) -> Operand:
        """An attribute that is read at run time."""
        receiver = self.operand(node.value)
        tree = ast.copy_location(
            ast.Attribute(ast.Name("self", ast.Load()), node.attr, ast.Load()), node
        )
        self._located_opaque(tree)
        op = Opaque(tree, ("self",), pure=not self._asks(node), known=known,
                    changes=self.note_assigned(node))
        return self.builder.emit(op, (receiver,), base)

    def _field(self, node: ast.Attribute, base: str | None) -> Operand:
        """A field of a container whose items are known, else whatever attribute it is."""
        owner = self.container(node.value)
        if owner is not None and owner.form.kind == "object":
            place = owner.place(node.attr)
            if place is not None:
                return owner.items[place]
        if isinstance(node.value, ast.Call) and self.meaning(node) is None:
            name = self.builder.names.fresh("_held")  # the call is lowered once
            self.env[name] = self.operand(node.value)
            held = ast.copy_location(ast.Name(name, ast.Load()), node.value)
            if isinstance(self.env[name], Tuple):
                return self._field(
                    ast.copy_location(ast.Attribute(held, node.attr, ast.Load()), node), base
                )
            node = ast.copy_location(ast.Attribute(held, node.attr, ast.Load()), node)
        return super().on_Attribute(node, base)

    def container(self, node: ast.expr) -> Tuple | None:
        """The container whose items are known that a path (``p``, ``p.a``, ``p["a"][0]``) means."""
        found = self.held(node)
        if type(node) is ast.Name and found is not None and node.id not in self.imports:
            return found if isinstance(found, Tuple) else None  # a variable's value, as most are
        return found if isinstance(found, Tuple) else self.table_of(node)

    def table_of(self, node: ast.expr) -> Tuple | None:
        """A container of functions or objects that is not made here."""
        raise NotImplementedError

    def outer_value(self, text: str, value: Any) -> Operand:
        """An operand for a value from outside."""
        raise NotImplementedError

    def static(self, node: ast.expr) -> Any:
        if type(node) is ast.Name or type(node) is ast.Constant:
            return super().static(node)
        match node:
            case ast.Attribute(value, "__class__") | ast.Call(ast.Name("type"), [value], []):
                kind = object_class(self.container(value))
                if kind is not None:
                    return kind
        found = super().static(node)
        if found is UNKNOWN and isinstance(node, ast.Subscript | ast.Attribute):
            item = self.held(node)
            return UNKNOWN if item is None else self.known_value(item)
        return found

    def known_type(self, node: ast.expr) -> Type | None:
        found = super().known_type(node)
        if found is None and isinstance(node, ast.Attribute | ast.Subscript):
            held = self.held(node)
            if held is None and isinstance(node, ast.Attribute):
                return self._number_type(node)
            return None if held is None else self.builder.type_of(held)
        return found

    def _number_type(self, node: ast.Attribute) -> Type | None:
        """The type of a number or an array that an object holds."""
        owner = self.static(node.value)
        if not is_object(owner) or self._is_written(node):
            return None
        value = vars(owner).get(node.attr)
        if isinstance(value, bool) or not isinstance(value, _NUMBERS):
            return None
        self.program.watch_attribute(owner, node.attr)
        return kind_of(ast.unparse(node), value)

    def _compare(self, node: ast.Compare) -> Any:
        """Comparisons; ``key in d`` where the keys of d are known."""
        match node:
            case ast.Compare(left, [ast.In() | ast.NotIn() as op], [right]):
                held, key = self.container(right), self.static(left)
                if held is not None and held.form.kind == "dict" and key is not UNKNOWN:
                    return (key in held.form.keys) is isinstance(op, ast.In)
        return super()._compare(node)

    def held(self, node: ast.expr) -> Operand | None:
        """What a path through containers whose items are known leads to."""
        found: Operand | None = None
        match node:
            case ast.Name(name) if name in self.locals or name in self.env:
                found = self.builder.memory.heap.current(self.value(name))
            case ast.Attribute(value, attr):
                found = _item(self.container(value), attr)
            case ast.Subscript(value, ast.Slice() as part):
                found = self._slice(self.container(value), part)
            case ast.Subscript(value, index):
                key = self.static(index)
                found = None if key is UNKNOWN else _item(self.container(value), key)
        return found

    def _slice(self, held: Tuple | None, part: ast.Slice) -> Tuple | None:
        """A slice of a container, if its bounds are known."""
        if held is None or held.form.keys:
            return None
        nodes = (part.lower, part.upper, part.step)
        bounds = [None if n is None else self.static(n) for n in nodes]
        if not all(b is None or type(b) is int for b in bounds):
            return None
        return Tuple(held.items[slice(*bounds)], held.form)

    def user_call(self, node: ast.Call, function: Any, args: Any, keywords: Any, base: Any) -> Any:
        """A call of a function of the user's."""
        raise NotImplementedError


def _plain_property(owner: Any, name: str) -> str | None:
    """The attribute that a property of an object gives, if that is all that it does."""
    raw = inspect.getattr_static(type(owner), name, None)
    if not isinstance(raw, property) or not isinstance(raw.fget, FunctionType):
        return None
    function = live_function(raw.fget)
    body = [] if function is None else function.node.body
    match body[-1] if body else None:
        case ast.Return(ast.Attribute(ast.Name("self"), attr)) if len(body) == 1 or (
            len(body) == 2 and isinstance(body[0], ast.Expr)
        ):
            return attr if attr in vars(owner) else None
        case _:
            return None


def _item(owner: Tuple | None, key: Any) -> Operand | None:
    place = None if owner is None else owner.place(key)
    return None if owner is None or place is None else owner.items[place]


def kind_of(name: str, value: Any) -> Type:
    """The type of an attribute, whatever its value is in another object."""
    t = type_of_value(value)
    if isinstance(t, Array) and t.dims is not None:
        dims = tuple(
            1 if d == 1 else Sym(f"{name}.shape[{i}]", not_one=True) for i, d in enumerate(t.dims)
        )
        return Array(t.dtype, dims)
    if isinstance(t, Struct):
        return type_of_value(UNKNOWN)
    return unvalued(t)
