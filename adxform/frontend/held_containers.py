"""Lists and dictionaries that objects hold: what changes them, as statements and in expressions.

``o.items.append(v)``, ``o.rows[i][j] = v``, ``o.d.pop(key)``. The variables of a function that
functions inside it change are attributes, too.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from adxform.core.forms import LIST, Form
from adxform.core.ir import UNKNOWN, Const, Operand, Tuple, Var
from adxform.core.types import ListOf
from adxform.frontend.callables import object_class
from adxform.frontend.changed_lists import METHODS, after_method
from adxform.frontend.heap import Changed, base_of, field, is_reference, token_of
from adxform.frontend.instances import Instances
from adxform.frontend.program import Grows

_CHANGING = frozenset(
    {"append", "extend", "insert", "pop", "clear", "reverse", "update", "setdefault", "popitem"}
)


@dataclass(frozen=True, slots=True)
class Held:
    """A container that an object holds under an attribute, or an item of an item of that."""

    owner: Tuple
    name: str
    keys: list[ast.expr]


class HeldContainers(Instances):
    """Lowers changes of containers that objects hold."""

    def _held_by_object(self, node: ast.expr) -> Held | None:
        """Where an object holds what an expression means; None for anything else."""
        keys: list[ast.expr] = []
        while isinstance(node, ast.Subscript):
            keys.insert(0, node.slice)
            node = node.value
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.container(node.value)
        if owner is None or not is_reference(owner) or owner.place(node.attr) is None:
            return None
        return Held(owner, node.attr, keys)

    def _whole(self, held: Held) -> Operand:
        """What the attribute is now."""
        return field(self.heap.now.get(token_of(held.owner), held.owner), held.name)

    def _inner(self, held: Held) -> Operand | None:
        """The container itself, as it is now; one that a dictionary makes where it has none."""
        found: Operand | None = self._whole(held)
        for key in held.keys:
            if not isinstance(found, Tuple):
                return None
            known = self.static(key)
            if known is UNKNOWN:
                return None
            place = found.place(known)
            found = self.default_of(found) if place is None else found.items[place]
        return found

    def default_of(self, held: Tuple) -> Operand | None:
        """What a ``defaultdict`` gives for a key that it does not have."""
        factory = held.form.maker.value if held.form.kind == "dict" and held.form.maker else None
        if factory in (list, dict, tuple):
            return Tuple((), Form(factory.__name__))
        if factory in (float, int, complex, bool, str):
            return Const(factory())
        return None

    def _replace(self, held: Held, made: Operand, node: ast.expr) -> None:
        """The object holds the container as it is after a change, and so do others."""
        old, instead = self._inner(held), Changed()
        if isinstance(old, Tuple) and len(old.tokens) == 1:
            instead[old.tokens] = made
        elif isinstance(old, Var) and isinstance(self.builder.type_of(old), ListOf):
            instead[old.name] = made
        value = self._with(self._whole(held), held.keys, made, node)
        self.write_attribute(held.owner, held.name, value, node, instead)

    def _with(self, whole: Operand, keys: list[ast.expr], made: Operand, node: ast.expr) -> Operand:
        if not keys:
            return made
        assert isinstance(whole, Tuple)
        known = self.static(keys[0])
        place = whole.place(known)
        if place is None:
            inner = self._with(self.default_of(whole) or Const(None), keys[1:], made, node)
            return Tuple((*whole.items, inner), whole.form.with_key(known), whole.tokens)
        inner = self._with(whole.items[place], keys[1:], made, node)
        return whole.with_items((*whole.items[:place], inner, *whole.items[place + 1 :]))

    # --- calls of methods -----------------------------------------------------------------------

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        match node:
            case ast.Call(ast.Attribute(value, method)) if method in _CHANGING:
                held = self._held_by_object(value)
                if held is not None and self._is_followed_list(held, method):
                    return self.changing(node, lambda: self._changed(held, method, node))
                self._refuse_change(value, method, node)
        return super().on_Call(node, base)

    def _refuse_change(self, value: ast.expr, method: str, node: ast.Call) -> None:
        """Refuse to change a container that is followed in an expression."""
        held = self.container(value)
        kinds = ("list", "dict")
        if held is not None and held.form.kind in kinds and not hasattr(node, "_followed"):
            raise self.unsupported(
                f"{method} changes a {held.form.kind} in an expression", node,
                "Call it in a statement of its own.",
            )

    def written_by(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(ast.Attribute(
                ast.Call(ast.Attribute(value, "setdefault"), [key, _]) as inner, method
            )) if method in _CHANGING and self._held_by_object(value) is not None:
                self.operand(inner)
                item = ast.copy_location(ast.Subscript(value, key, ast.Load()), inner)
                called = ast.copy_location(ast.Attribute(item, method, ast.Load()), inner)
                return self.written_by(ast.copy_location(
                    ast.Call(called, node.args, node.keywords), node))
            case ast.Call(ast.Attribute(value, method)) if method in _CHANGING:
                held = self._held_by_object(value)
                if held is not None and self._is_followed_list(held, method):
                    self._changed(held, method, node)
                    return True
        return super().written_by(node)

    def _is_followed_list(self, held: Held, method: str) -> bool:
        """Whether a container is known item by item, or a list of the generated code."""
        inner = self._inner(held)
        if isinstance(inner, Tuple):
            return inner.form.kind in ("list", "dict")
        if inner is None or held.keys or method not in METHODS:
            return False
        return isinstance(self.builder.type_of(inner), ListOf)

    def _changed(self, held: Held, method: str, node: ast.Call) -> Operand:
        """What a method gives that changes a container."""
        with self.following(held.owner):
            args, keywords = self.arguments(node)
            inner = self._inner(held)  # which the arguments may have changed
            if not isinstance(inner, Tuple):
                return self._list_changed(held, method, args, node)
            name = base_of(held.name)
            self._require_alone(inner, name, self._whole(held), owner=token_of(held.owner))
            if method == "pop" and inner.is_list and not inner.items:
                self._require_length(held)
            gives = self._taken(inner, method, args, node)
            self._replace(held, self._after(inner, method, args, keywords), node)
            return gives

    def _list_changed(
        self, held: Held, method: str, args: tuple[Operand, ...], node: ast.expr
    ) -> Operand:
        """``o.items.append(v)``, ``o.items.pop(0)`` of a list of the generated code."""
        old, name = self._whole(held), base_of(held.name)
        if method != "append":
            self.require_one_name(old, name, token_of(held.owner))
        found = after_method(self, old, method, args, name)
        if found is None:
            raise self.unsupported(f"{method} of this list is not supported here", node,
                                   "Say it by slices that are joined: q = q[:i] + [v] + q[i:].")
        gives, made = found
        self._replace(held, made, node)
        return gives

    def _taken(
        self, held: Tuple, method: str, args: tuple[Operand, ...], node: ast.expr
    ) -> Operand:
        """What a call of a method gives that changes a container."""
        if method == "popitem":
            if not held.items:
                raise self.unsupported("popitem of an empty dictionary", node)
            return Tuple((Const(held.form.keys[-1]), held.items[-1]))
        if method not in ("pop", "setdefault"):
            return Const(None)
        key = self.known_value(args[0]) if args else -1
        place = None if key is UNKNOWN else held.place(key)
        if place is not None:
            return held.items[place]
        if key is UNKNOWN or (len(args) < 2 and method == "pop"):
            raise self.unsupported("which item is meant here is not known", node)
        return args[1] if len(args) > 1 else Const(None)

    # --- items ----------------------------------------------------------------------------------

    def stored_in_object(self, target: ast.expr, index: ast.expr, value: ast.expr) -> bool:
        """``o.rows[i][j] = v`` where what o holds is known item by item; ``o[i] = v``."""
        found = self.container(target)
        if found is not None and is_reference(found):
            return self._item_set(found, index, value)
        held = self._held_by_object(target)
        old = None if held is None else self._inner(held)
        if held is None or not (isinstance(old, Tuple) or self._is_list(old)):
            return False
        with self.following(held.owner):
            name, owner = base_of(held.name), token_of(held.owner)
            given = self.given(value, name, owner)
            inner = self._inner(held)
            if not isinstance(inner, Tuple) or self._any_item(inner, index):
                self._store_in_list(held, self.operand(index), given, index)
                return True
            whole = self._whole(held)
            assert isinstance(whole, Tuple)
            made = self._with_item(inner, [], index, given, whole, name, owner)
            self._replace(held, made, index)
        return True

    def _is_list(self, inner: Operand | None) -> bool:
        return inner is not None and isinstance(self.builder.type_of(inner), ListOf)

    def _store_in_list(
        self, held: Held, where: Operand, value: Operand, node: ast.expr
    ) -> None:
        """``o.items[i] = v`` of a list of the generated code."""
        name, inner = base_of(held.name), self._inner(held)
        if isinstance(inner, Tuple):
            inner = self.listed(name, inner, token_of(held.owner))
        assert inner is not None
        self._replace(held, self.writer.update(inner, where, value, name), node)

    def deleted(self, target: ast.expr) -> bool:
        """``del o.d[key]``."""
        held = self._held_by_object(target.value) if isinstance(target, ast.Subscript) else None
        inner = None if held is None else self._inner(held)
        if held is None or inner is None or not isinstance(target, ast.Subscript):
            return False
        if not isinstance(inner, Tuple):
            if held.keys or not self._is_list(inner) or isinstance(target.slice, ast.Slice):
                return False
            self._list_changed(held, "pop", (self.operand(target.slice),), target)
            return True
        with self.following(held.owner):
            name, owner = base_of(held.name), token_of(held.owner)
            self._require_alone(inner, name, self._whole(held), owner=owner)
            self._replace(held, self._without(inner, self.static(target.slice), target), target)
        return True

    def _without(self, held: Tuple, key: Any, node: ast.expr) -> Tuple:
        place = None if key is UNKNOWN else held.place(key)
        if place is None:
            raise self.unsupported("which item is deleted here is not known", node)
        items = (*held.items[:place], *held.items[place + 1 :])
        keys = held.form.keys[:place] + held.form.keys[place + 1 :]
        form = LIST if held.is_list else Form(held.form.kind, keys, held.form.maker)
        return Tuple(items, form, held.tokens)

    def item_assignment(self, name: str, args: list[ast.expr]) -> None:
        held = self.container(args[0])
        if held is None or object_class(held) is None:
            super().item_assignment(name, args)
        else:
            self._item_set(held, args[1], args[2])
            self.env[name] = held

    def _item_set(self, held: Tuple, index: ast.expr, value: ast.expr) -> bool:
        args = self.operand(index), self.operand(value)
        if self.call_special(held, "__setitem__", args, index) is None:
            raise self.unsupported("this object has no __setitem__", index)
        return True

    def _require_length(self, held: Held | None) -> None:
        """What is asked of a list that is too short may come in a later iteration of a loop."""
        if held is not None and not held.keys and self.grows(token_of(held.owner), held.name):
            raise Grows(token_of(held.owner), held.name)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """``d[key]`` of a ``defaultdict`` puts what is missing there."""
        held = self.container(node.value)
        if held is not None and held.is_list:
            place = self.static(node.slice)
            if type(place) is int and held.place(place) is None:
                self._require_length(self._held_by_object(node.value))
        key = UNKNOWN if held is None or held.form.maker is None else self.static(node.slice)
        if held is None or key is UNKNOWN or held.place(key) is not None:
            return super().on_Subscript(node, base)
        made, place = self.default_of(held), self._held_by_object(node.value)
        if made is None or place is None:
            return super().on_Subscript(node, base)
        self._replace(Held(place.owner, place.name, [*place.keys, node.slice]), made, node)
        return made
