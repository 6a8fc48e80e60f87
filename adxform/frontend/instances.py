"""Objects that a function makes: their attributes are followed one by one, and their methods.

``v = Vec(x, y)`` runs the class's ``__init__`` in its place; ``v.x`` is whatever was last assigned
to it. An object that something needs as a whole that is not understood is made as the user wrote
it, and nothing of it is followed: all is lowered again.
"""

from __future__ import annotations

import ast
import collections
import dataclasses
import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, MemberDescriptorType
from typing import Any

from adxform.core.forms import Form
from adxform.core.ir import NOT_FOLLOWED, UNDEFINED, Global, Opaque, Operand, Tuple
from adxform.core.types import Object
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import AUGMENT
from adxform.frontend.callables import (
    Bound,
    Closure,
    fields_of,
    is_followed,
    object_class,
    positional_fields,
)
from adxform.frontend.cells import CELL, Cell
from adxform.frontend.equivalents.queues import Queue
from adxform.frontend.heap import (
    Changed,
    base_of,
    cell_site,
    field,
    holds_object,
    is_reference,
    references,
    token_of,
)
from adxform.frontend.names_outside import NAMES
from adxform.frontend.object_calls import ObjectCalls
from adxform.frontend.object_loops import with_field
from adxform.frontend.objects import call_behind
from adxform.frontend.program import MIXED, Again, Grows
from adxform.frontend.scope import live_function
from adxform.frontend.set_by_name import attributes_given
from adxform.rules.expressions import BindError

_MISSING: Any = object()
QUEUES = "collections.deque"  # what is asked for: that queues are objects which hold lists

class Instances(ObjectCalls):
    """Lowers the making of objects, and assignments of their attributes."""

    # --- making -------------------------------------------------------------------------------

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        if isinstance(node.func, ast.Name) and node.func.id == CELL:
            cell = Tuple((), Form("object", (), Global("cell", Cell)))
            self.heap.made(cell, cell_site(self.source))
            return cell
        kind = self.static(node.func)
        if kind is collections.defaultdict and len(node.args) == 1 and not node.keywords:
            factory = self.static(node.args[0])
            if factory in (list, dict, float, int):
                maker = Global(factory.__name__, factory)
                return Tuple((), Form("dict", (), maker))
        if kind is collections.deque:
            self.program.met.add(QUEUES)
            kind = Queue if QUEUES in self.program.contexts else kind
        followed = isinstance(kind, type) and (kind is Queue or is_followed(kind))
        if followed and fields_of(kind) is None:
            site = self.source.text.place(node)
            if site not in self.program.verbatim:
                return self._made(kind, site, node)
            return self.opaque_call(node, base, NOT_FOLLOWED)
        return super().on_Call(node, base)

    def _made(self, kind: type, site: Any, node: ast.Call) -> Operand:
        """An object of a class, made by what its ``__init__`` says."""
        args, keywords = self.arguments(node)
        made = Tuple((), Form("object", (), Global(kind.__name__, kind)))
        self.heap.made(made, site)
        with self.following(made):
            self.program.watch_attribute(kind, "__init__")
            function = kind.__init__  # type: ignore[misc]
            if dataclasses.is_dataclass(kind) and _is_generated(function):
                self._fill_fields(kind, made, args, keywords, node)
            elif isinstance(function, FunctionType):
                found = live_function(function)
                if found is None:
                    raise self.unsupported(f"{kind.__name__}.__init__ has no source", node)
                self.user_call(node, found, (made, *args), keywords, None)
            elif args or keywords:
                raise self.unsupported(f"{kind.__name__} takes no arguments", node)
        return self.heap.current(made)

    def _fill_fields(
        self, kind: Any, made: Tuple, args: tuple[Operand, ...], keywords: dict[str, Operand],
        node: ast.Call,
    ) -> None:
        """What a data class's own ``__init__`` does."""
        given = {**dict(zip(positional_fields(kind), args, strict=False)), **keywords}
        for each in dataclasses.fields(kind):
            value = given.pop(each.name, None)
            if value is None and each.default is not dataclasses.MISSING:
                value = self.outer_value(each.name, each.default)
            if value is None and each.default_factory is not dataclasses.MISSING:
                call = ast.copy_location(ast.Call(ast.Name("_made", ast.Load()), [], []), node)
                self.env["_made"] = self.outer_value(each.name, each.default_factory)
                value = self._of_factory(each.default_factory, call)
            if value is not None:
                self.set_attribute(made, each.name, value, node)
            elif each.init:
                raise self.unsupported(f"{kind.__name__} needs {each.name}", node)
        if given or len(args) > len(positional_fields(kind)):
            raise self.unsupported(f"{kind.__name__} is not made from these arguments", node)
        after = getattr(kind, "__post_init__", None)
        found = live_function(after) if isinstance(after, FunctionType) else None
        if found is not None:
            self.user_call(node, found, (made,), {}, None)

    def _of_factory(self, factory: Any, call: ast.Call) -> Operand:
        if factory in (list, dict, tuple):
            return Tuple((), Form(factory.__name__))
        return self.operand(call)

    @contextmanager
    def following(self, held: Operand) -> Iterator[None]:
        """What is done with objects; what is not understood leaves them to be made verbatim."""
        try:
            yield
        except (UnsupportedError, BindError) as error:
            if self.program.asks(NAMES):
                raise Again from None
            self.heap.give_up(held, self._said(error))
            raise

    def _said(self, error: UnsupportedError | BindError) -> Diagnostic:
        if isinstance(error, BindError):
            error = self.unsupported(str(error))
        return error.diagnostics[0]

    def user_call(self, node: ast.Call, function: Any, args: Any, keywords: Any, base: Any) -> Any:
        given = Tuple((*args, *keywords.values()))
        call = super().user_call
        if not any(references(given)):
            return self.changing(node, lambda: call(node, function, args, keywords, base))
        with self.following(given):
            return self.changing(node, lambda: call(node, function, args, keywords, base))

    def call_closure(
        self, closure: Closure, node: ast.Call, args: Any, keywords: Any, base: str | None
    ) -> Operand:
        call = super().call_closure
        return self.changing(node, lambda: call(closure, node, args, keywords, base))

    # --- attributes ---------------------------------------------------------------------------

    def attribute_assigned(self, stmt: ast.Assign | ast.AugAssign) -> bool:
        """Lower ``o.x = v`` or ``o.x += v`` where o is an object whose attributes are known."""
        target = stmt.target if isinstance(stmt, ast.AugAssign) else stmt.targets[0]
        assert isinstance(target, ast.Attribute)
        held = self.container(target.value)
        if held is None or not is_reference(held):
            return False
        name = base_of(target.attr)
        if isinstance(stmt, ast.AugAssign):
            read = ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
            whole = ast.copy_location(ast.BinOp(read, stmt.op, stmt.value), target)
            with self.following(held):
                value = self._augmented(held, target.attr, whole, name)
        else:
            value = self.checked(stmt.value, name)
        self.set_attribute(held, target.attr, value, target)
        return True

    def _augmented(self, held: Tuple, attr: str, node: ast.BinOp, name: str) -> Operand:
        if self._is_list_or_dict(held, attr):
            value = self.operand(node.right)  # which may change the list
            old = field(self.heap.now.get(token_of(held), held), attr)
            if isinstance(old, Tuple):
                return self.extended(name, old, value, node, token_of(held))
        call = ast.Call(ast.Name(AUGMENT, ast.Load()), [node], [])
        return self.rooted(ast.copy_location(call, node), name)

    def _is_list_or_dict(self, held: Tuple, attr: str) -> bool:
        old = field(self.heap.now.get(token_of(held), held), attr)
        return isinstance(old, Tuple) and (old.is_list or old.form.kind == "dict")

    def set_attribute(self, held: Tuple, name: str, value: Operand, node: ast.expr) -> None:
        """An object has a value under the name of an attribute."""
        kind: Any = object_class(held)
        with self.following(held):
            self.program.watch_attribute(kind, name)
            raw = inspect.getattr_static(kind, name, None)
            if isinstance(raw, property):
                found = live_function(raw.fset) if isinstance(raw.fset, FunctionType) else None
                if found is None:
                    raise self.unsupported(f"the property {name} cannot be set", node)
                call = ast.copy_location(ast.Call(node, [], []), node)
                self.user_call(call, found, (held, value), {}, None)
                return
            plain = raw is None or isinstance(raw, MemberDescriptorType)
            if not plain and hasattr(type(raw), "__set__"):
                raise self.unsupported(f"{name} is set in its own way", node)
            if kind.__setattr__ is not object.__setattr__:
                raise self.unsupported(f"objects of {kind.__name__} do not change", node)
            self.write_attribute(held, name, value, node)

    def property_of(self, kind: type, node: ast.Attribute, base: str | None) -> Operand | None:
        """What a property gives; one that is cached stays as it was when it was first read."""
        raw = inspect.getattr_static(kind, node.attr, None)
        held = self.container(node.value)
        if not isinstance(raw, functools.cached_property) or held is None or not is_reference(held):
            return super().property_of(kind, node, base)
        self.program.watch_attribute(kind, node.attr)
        function = live_function(raw.func) if isinstance(raw.func, FunctionType) else None
        if function is None:
            raise self.unsupported(f"the property {node.attr} has no source", node)
        call = call_behind(node)

        def kept() -> Operand:
            value: Operand = self.user_call(call, function, (held,), {}, base_of(node.attr))
            self.write_attribute(held, node.attr, value, node)
            return value

        with self.following(held):
            return self.changing(node, kept)

    def write_attribute(
        self, held: Tuple, name: str, value: Operand, node: ast.expr,
        instead: Changed | None = None,
    ) -> None:
        heap, token = self.heap, token_of(held)
        if token in heap.lent:
            what = name if object_class(held) is Cell else f"an object's {name}"
            raise self.unsupported(
                f"a function that calls itself changes {what}, which is from outside of it",
                node, "Return what is new instead.",
            )
        self._require_only_name(held, node)
        if holds_object(heap.current(value), (token,)) or token in {
            token_of(r) for r in references(heap.current(value))
        }:
            raise self.unsupported("an object that holds itself is not supported", node)
        heap.write(with_field(heap.now.get(token, held), name, value), instead)

    def _require_only_name(self, held: Tuple, node: ast.expr) -> None:
        """Refuse to change an object that may be another, too, which is in use."""
        others = self.heap.others(held)
        if not others:
            return
        holders = [(v, holds_object(v, others)) for v in self._in_use(held)]
        if any(found for _, found in holders):
            kind = object_class(held)
            raise self.unsupported(
                f"an object of {kind.__name__ if kind else '?'} is changed here that may be, or "
                "not be, one that is used later",
                node,
                "Change objects where it is certain which they are, or make new ones.",
            )

    def _in_use(self, held: Tuple) -> Iterator[Operand]:
        """What is held by variables that may be read later, and by other objects."""
        for lowerer in self.program.lowerers:
            later = lowerer.spots.read_again()
            for closure in self.program.closures:
                if closure.home is lowerer:
                    later.update((*closure.reads, *closure.reads.values()))
            base = self.builder.bases.get
            bases = {base(n, n) for n in later} if lowerer.unrolling else later
            for name, value in lowerer.env.items():
                if name in later or base(name, name) in bases:
                    yield value
        for token, other in self.heap.now.items():
            if token != token_of(held):
                yield from other.items
        yield from self._kept_by_closures()
        yield from self.program.defaults

    # --- what is called for what it changes -------------------------------------------------------

    def written_by(self, node: ast.expr) -> bool:
        found = attributes_given(self, node)
        if found is not None:
            for name, value in found[1].items():
                held = self.present(found[0])
                assert isinstance(held, Tuple)
                self.set_attribute(held, name, value, node)
            return True
        return self._calls_followed(node) or super().written_by(node)

    def _calls_followed(self, node: ast.expr) -> bool:
        """Lower a statement that calls a method of an object, or a function with one."""
        if not isinstance(node, ast.Call):
            return False
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, ast.Call) and self._of_super(node, owner):
            return True
        if self.is_followed_call(node):
            self.operand(node)
            return True
        return False

    def is_followed_call(self, node: ast.Call) -> bool:
        """Whether a call is one of a method of an object, or of a function with an object."""
        if isinstance(node.func, ast.Attribute) and self._is_object(node.func.value):
            return True
        if self._is_own(node.func) and object_class(self.container(node.func)) is not None:
            return True
        meaning, known = self.meaning(node.func), self.static(node.func)
        followed = meaning is not None and meaning.function is not None
        given = [*node.args, *(k.value for k in node.keywords)]
        called = followed or isinstance(known, Closure | Bound)
        return called and any(map(self._is_object, given))

    def _of_super(self, node: ast.Call, owner: ast.Call) -> bool:
        """Lower ``super().method(...)`` of an object; ``object`` itself does nothing."""
        assert isinstance(node.func, ast.Attribute)
        match owner:
            case ast.Call(ast.Name("super"), [said, ast.Name(name)]):
                held = self.value(name)
            case _:
                return False
        if object_class(held) is None:
            return False
        found = self.method(node.func)
        if found is not None and _is_generated(found[0]):
            given, named = self.arguments(node)
            order = object_class(held).__mro__  # type: ignore[union-attr]
            kinds = order[order.index(self.static(said)) + 1 :]
            kind = next(k for k in kinds if "__init__" in vars(k))
            assert isinstance(held, Tuple)
            self._fill_fields(kind, held, given, named, node)
            return True
        if found is not None:
            self.operand(node)
            return True
        return node.func.attr == "__init__" and not node.args and not node.keywords

    def _is_own(self, node: ast.expr) -> bool:
        """Whether an expression is a variable, or an attribute or item of one."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        return isinstance(node, ast.Name) and self.is_local(node.id)

    def _is_object(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return self.may_be_object(node) and isinstance(node.func, ast.Attribute)
        if not self._is_own(node):
            return False
        found = self.held(node)
        return found is not None and any(references(found))

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        held = self.container(node.value)
        kind = object_class(held)
        if held is None or kind is None:
            return super().on_Attribute(node, base)
        if held.place(node.attr) is not None:
            value = field(held, node.attr)
            if value is MIXED and self.grows(token_of(held), node.attr):
                raise Grows(token_of(held), node.attr)
            if value is MIXED or value == UNDEFINED:
                raise self.unsupported(*self._not_one_thing(kind, node))
            return value
        self.program.watch_attribute(kind, node.attr)
        raw = inspect.getattr_static(kind, node.attr, _MISSING)
        if isinstance(raw, FunctionType | classmethod):
            receiver = held if isinstance(raw, FunctionType) else Global(kind.__name__, kind)
            known = Object(Bound(getattr(raw, "__func__", raw), (receiver,)))
            return self.builder.emit(Opaque(ast.Constant(None), (), pure=True, known=known), ())
        static = isinstance(raw, staticmethod)
        raw = raw.__func__ if static else raw
        described = hasattr(type(raw), "__get__") and not static
        if raw is _MISSING or described or is_immutable(kind):
            return super().on_Attribute(node, base)
        return self.outer_value(f"{kind.__name__}_{node.attr}", raw)

    def _not_one_thing(self, kind: type, node: ast.Attribute) -> tuple[str, ast.AST, str]:
        if isinstance(inspect.getattr_static(kind, node.attr, None), functools.cached_property):
            return f"{node.attr} is cached on one path only", node, "Read it once before."
        return f"{node.attr} is a container on one path and something else on another", node, ""


def is_immutable(kind: type) -> bool:
    """Whether objects of a class are tuples."""
    return issubclass(kind, tuple)


def _is_generated(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename == "<string>"

