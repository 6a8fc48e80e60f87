"""Lists and dictionaries that are changed: ``append``, ``d[key] = value``, ``del``, and the like.

While its items are known one by one, a changed container is the same one with other items, under
the one variable that changes it; that is right only if nothing else holds it, which is checked.
A list that a loop appends to is a list in the generated code, too.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from dataclasses import replace
from types import NoneType
from typing import Any

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import UNKNOWN, Const, If, Operand, Phi, Tuple, Var
from adxform.core.types import ListOf, is_number
from adxform.frontend.alone import Alone
from adxform.frontend.changed_lists import after_method
from adxform.frontend.heap import is_reference
from adxform.frontend.holding import (
    changed_names,
    indices,
)
from adxform.frontend.ssa import free_names
from adxform.frontend.views import View
from adxform.rules.table import RULES


class Changes(Alone):
    """Lowers changes of containers."""

    plain_place: Any

    def changed_by(self, name: str, node: ast.Call) -> bool:
        """``x.append(v)`` and the like, said as ``x = __change__(x, "append", v)``."""
        held_node, method, *rest = node.args
        assert isinstance(method, ast.Constant) and isinstance(method.value, str)
        held = self.operand(held_node)
        if is_reference(held):
            called = ast.Attribute(held_node, method.value, ast.Load())
            whole = ast.copy_location(ast.Call(called, rest, node.keywords), node)
            self.operand(ast.fix_missing_locations(whole))
            self.env[name] = held
            return True
        if method.value == "sort":
            return self._sorted_in_place(name, held, node)
        call = ast.copy_location(ast.Call(held_node, rest, node.keywords), node)
        args, keywords = self.arguments(call)
        if isinstance(held, Tuple):
            self._require_alone(held, name)
            self.env[name] = self._after(held, method.value, args, keywords)
            return True
        added = args[0].items if method.value == "extend" and isinstance(args[0], Tuple) else args
        known = method.value == "append" or (added and added is not args)
        if known and isinstance(self.builder.type_of(held), ListOf):
            self.env[name] = self._longer(name, held, added)
            return True
        if not isinstance(self.builder.type_of(held), ListOf) or keywords:
            return False
        self.require_one_name(held, name)
        base = self.builder.bases.get(name, name)
        found = after_method(self, held, method.value, args, base)
        if found is not None:
            self.env[name] = found[1]
        return found is not None

    def _sorted_in_place(self, name: str, held: Operand, node: ast.Call) -> bool:
        """``x.sort(key=f)`` of a list as ``x = sorted(x, key=f)``."""
        if isinstance(held, Tuple) and held.is_list:
            self._require_alone(held, name)
        elif isinstance(self.builder.type_of(held), ListOf):
            self.require_one_name(held, name)
        else:
            return False
        call = ast.Call(ast.Name("sorted", ast.Load()), node.args[:1], node.keywords)
        made = self.operand(ast.fix_missing_locations(ast.copy_location(call, node)))
        if isinstance(made, Tuple) and isinstance(held, Tuple):
            made = held.with_items(made.items)
        self.env[name] = made
        return True

    def _longer(self, name: str | None, held: Operand, added: tuple[Operand, ...]) -> Operand:
        """A list of the generated code after items are appended to it."""
        base = self.builder.bases.get(name or "")
        for item in added[:-1]:
            held = self.emit("append", held, self.emit("len", held), item, base=base)
        count = self.emit("len", held)
        with self.builder.declaring(name or "") as base:
            return self.emit("append", held, count, added[-1], base=base)

    def seen_around(self, stmt: ast.stmt, own: Collection[str]) -> dict[str, Operand]:
        """What a statement that is carried along reads of the variables of functions around."""
        found: dict[str, Operand] = {}
        for name in free_names(stmt):
            if name in own or name in vars(builtins):
                continue
            if name in self.env:
                found[name] = self.used(name, stmt)
            elif self.lookup(name) is None and not isinstance(stmt, ast.FunctionDef):
                raise self.unsupported(
                    f"this statement is carried along, and does not see {name}", stmt,
                    "Return what it makes instead of keeping it.",
                )
            held = found.get(name)
            if isinstance(held, Tuple) and not is_reference(held) and name in changed_names(stmt):
                raise self.unsupported(
                    f"{name}, which a function around this one made, is changed here", stmt,
                    "Return the new items instead.",
                )
        return found

    def item_assignment(self, name: str, args: list[ast.expr]) -> None:
        """``x[i] = v``: a new value of x, or of what x is a view of."""
        held = self.operand(args[0])
        if isinstance(held, Tuple) and self._any_item(held, args[1]):
            held = self.listed(name, held)
        if isinstance(held, Tuple):
            self.item_replaced(name, held, args[1], self.given(args[2], name))
            return
        index, value = self.operands(args[1:])
        with self.builder.declaring(name) as base:
            made = self.writer.update(held, index, value, base)
        if made != Var(name):
            self.env[name] = made

    def _any_item(self, held: Tuple, index: ast.expr) -> bool:
        """Whether it is a list of numbers and arrays, of which an index may name any."""
        of_values = held.is_list and not any(isinstance(item, Tuple) for item in held.items)
        return of_values and not isinstance(index, ast.Slice) and self.static(index) is UNKNOWN

    def given(self, node: ast.expr, name: str, owner: int | None = None) -> Operand:
        """What an item becomes: after ``d[key] += v`` an array, or a list, is the same one."""
        if not hasattr(node, "_in_place") or not isinstance(node, ast.BinOp):
            return self.operand(node)
        old = self.operand(node.left)
        if isinstance(old, Tuple) and (old.is_list or old.form.kind == "dict"):
            return self.extended(name, old, self.operand(node.right), node, owner)
        number = is_number(self.builder.type_of(old))
        return self.operand(node) if number or isinstance(old, Tuple) else self.augment(node, None)

    def item_replaced(self, name: str, held: Tuple, index: ast.expr, value: Operand) -> None:
        """``x[key] = value`` where the items of x are known one by one."""
        self.env[name] = self._with_item(held, [], index, value, held, name)

    def nested_item_replaced(self, name: str, args: list[ast.expr]) -> bool:
        """``x[i][key] = value`` where the items of x, and those of its item i, are known."""
        variable, target, index, value = args
        keys = indices(target)
        if not isinstance(self._item(self.operand(variable), keys), Tuple):
            return False
        given = self.given(value, name)
        held = self.operand(variable)
        assert isinstance(held, Tuple)
        self.env[name] = self._with_item(held, keys, index, given, held, name)
        return True

    def _item(self, held: Operand, keys: list[ast.expr]) -> Operand | None:
        """An item of an item of ... a container, if it is known."""
        for node in keys:
            place = held.place(self.static(node)) if isinstance(held, Tuple) else None
            if place is None:
                return None
            assert isinstance(held, Tuple)
            held = held.items[place]
        return held

    def _with_item(
        self, held: Tuple, keys: list[ast.expr], index: ast.expr, value: Operand, root: Tuple,
        name: str, owner: int | None = None,
    ) -> Tuple:
        """A container with another item, or with an item that has: of the variable ``name``, which
        holds it somewhere in ``root``.
        """
        key = self.static(keys[0] if keys else index)
        place = None if key is UNKNOWN else held.place(key)
        if keys:
            assert place is not None
            inner = held.items[place]
            assert isinstance(inner, Tuple)
            item: Operand = self._with_item(
                inner, keys[1:], index, value, root, name, owner
            )
        elif isinstance(index, ast.Slice) and (
            items := self._sliced(held, index, value)
        ) is not None:
            self._require_alone(held, name, root, owner=owner)
            return held.with_items(items)
        elif key is UNKNOWN:
            self._ask_for_plain(name, root)
            raise self.unsupported(
                "which item is replaced here is not known", index,
                "Keep numbers in an array, by their places.",
            )
        else:
            self._require_alone(held, name, root, owner=owner)
            item = value
        if place is not None:
            return held.with_items((*held.items[:place], item, *held.items[place + 1 :]))
        if held.form.kind != "dict":
            raise self.unsupported("this index is outside the list", index)
        form = replace(held.form, keys=(*held.form.keys, key))
        return Tuple((*held.items, item), form, held.tokens)

    def _sliced(
        self, held: Tuple, index: ast.Slice, value: Operand
    ) -> tuple[Operand, ...] | None:
        """The items of a list of which a slice is replaced; None where that cannot be said."""
        parts = index.lower, index.upper, index.step
        bounds = [None if b is None else self.static(b) for b in parts]
        given = value if isinstance(value, Tuple) and value.form in (TUPLE, LIST) else None
        if not held.is_list or given is None or not all(type(b) in (int, NoneType) for b in bounds):
            return None
        items = list(held.items)
        try:
            items[slice(*bounds)] = given.items
        except ValueError:
            return None
        return tuple(items)

    def _ask_for_plain(self, name: str, held: Tuple) -> None:
        """Have all lowered again, with a dictionary as Python's own, if nothing else helps."""
        waiting = any(place not in self.program.contexts for place in self.program.met)
        if held.form.kind == "dict" and not waiting:
            self.program.met.add(self.plain_place(name))

    def _after(
        self, held: Tuple, method: str, args: tuple[Operand, ...], keywords: dict[str, Operand]
    ) -> Operand:
        """A container after a call of one of its methods."""
        items = list(held.items)
        if method in ("setdefault", "pop", "insert") and args:
            key = self.known_value(args[0])
            args = (args[0] if key is UNKNOWN else Const(key), *args[1:])
        match method, args:
            case "append", (item,) if held.is_list:
                items.append(item)
            case "extend", (Tuple() as more,) if held.is_list and more.form.kind != "object":
                keys = more.form.keys if more.form.kind == "dict" else None
                items.extend(more.items if keys is None else map(Const, keys))
            case "insert", (Const(int(place)), item) if held.is_list:
                items.insert(place, item)
            case "reverse", () if held.is_list:
                items.reverse()
            case "clear", ():
                return Tuple((), replace(held.form, keys=()), held.tokens)
            case "setdefault", (Const(key), *_):
                rest = args[1] if len(args) > 1 else Const(None)
                return held if held.place(key) is not None else self._updated_with(held, key, rest)
            case "popitem", () if items and not keywords:
                return self._without_item(held, len(items) - 1)
            case "pop", (Const(key), *_) if held.form.kind == "dict":
                at = held.place(key)
                return held if at is None else self._without_item(held, at)
            case "pop", _ if held.is_list and items:
                place = args[0].value if args and isinstance(args[0], Const) else -1
                items.pop(place)
            case "update", _ if held.form.kind == "dict":
                return self._updated(held, args, keywords)
            case _:
                raise self.unsupported(
                    f"{method} of a {held.form.kind} whose items the derivative follows is not "
                    "supported here"
                )
        return held.with_items(items)

    def _updated_with(self, held: Tuple, key: Any, value: Operand) -> Tuple:
        return Tuple((*held.items, value), held.form.with_key(key), held.tokens)

    def _without_item(self, held: Tuple, place: int) -> Tuple:
        keys = held.form.keys[:place] + held.form.keys[place + 1 :]
        items = (*held.items[:place], *held.items[place + 1 :])
        return Tuple(items, replace(held.form, keys=keys), held.tokens)

    def _updated(
        self, held: Tuple, args: tuple[Operand, ...], keywords: dict[str, Operand]
    ) -> Operand:
        found: dict[Any, Operand] = dict(zip(held.form.keys, held.items, strict=True))
        for other in args:
            if not isinstance(other, Tuple) or other.form.kind != "dict":
                raise self.unsupported("a dictionary is updated by what is not known to be one")
            found.update(zip(other.form.keys, other.items, strict=True))
        found.update(keywords)
        form = replace(held.form, keys=tuple(found))
        return Tuple(tuple(found.values()), form, held.tokens)

    def augment(self, node: ast.expr, name: str | None) -> Operand:
        """``x += y`` as ``x + y``, marked so that other names for the same array are noticed."""
        assert isinstance(node, ast.BinOp)
        old, value = self.operand(node.left), self.operand(node.right)
        if isinstance(old, Tuple) and (old.is_list or old.form.kind == "dict"):
            assert name is not None
            return self.extended(name, old, value, node)
        if isinstance(old, Tuple):
            return self.on_BinOp(node, name)
        listed = isinstance(self.builder.type_of(old), ListOf) and isinstance(node.op, ast.Add)
        if listed and isinstance(value, Tuple) and value.items and value.form in (LIST, TUPLE):
            return self._longer(name, old, value.items)
        view = self.memory.view(old, self.builder)
        plain = f"op.{type(node.op).__name__}"
        if view is not None:
            self.writer.require_fit(old, self.builder.would_be(plain, (old, value)))
        if view is not None and view.path:
            return self.writer.replace(old, self.emit(plain, old, value))
        place = self.memory.known_place(old)
        if view is None and place is not None:
            self.memory.doubtful = True
            if self.memory.dispatching and place.path and place.root in self.memory.arrays:
                return self._augmented_item(old, place, plain, value, name)
        primitive = RULES[f"augment.{type(node.op).__name__}"].primitive
        changed = self.builder.emit(primitive, (old, value), name)
        if view is not None:
            self.memory.wrote(view.root, changed)
        elif place is not None and self.memory.dispatching and not place.path:
            self.memory.may_have_written(place.root, changed)
        return changed

    def _augmented_item(
        self, old: Operand, place: View, plain: str, value: Operand, name: str | None
    ) -> Operand:
        """``x += y`` of what may be a row of an array, which changes, or an element."""
        outer, mark = self.builder, self.memory.roots.mark()
        root = self.memory.roots[place.root]
        test = self.memory.is_an_array(old, outer)
        self.builder = then = outer.nested()
        self.writer.store(place, place.path, self.emit(plain, old, value))
        seen = self.memory.shown(place, then, None)
        after = self.memory.roots[place.root].current
        before = self.memory.roots.before(mark)
        self.memory.roots.put((n, old) for n, old in before.items() if old is not None)
        self.builder = orelse = outer.nested()
        other = self.emit(plain, self.memory.number(old, orelse), value)
        self.builder = outer
        whole, made = outer.name(root.base), outer.name(name)
        phis = Phi(whole, after, root.current), Phi(made, seen, other)
        outer.append(If(test, then.block, orelse.block, phis, outer.origin))
        outer.types[whole], outer.types[made] = outer.type_of(after), outer.type_of(old)
        for phi in phis:
            self.note_merge(phi)
        self.memory.merged(place.root, Var(whole), (after, root.current))
        self.memory.stands_for(made, place)
        return Var(made)

    def extended(
        self, name: str, old: Tuple, value: Operand, node: ast.BinOp, owner: int | None = None
    ) -> Operand:
        """``x += [...]`` and ``x *= 2`` of a list, ``x |= {...}`` change the container itself."""
        self._require_alone(old, name, owner=owner)
        if isinstance(node.op, ast.BitOr) and old.form.kind == "dict":
            return self._updated(old, (value,), {})
        count = self.known_value(value)
        if isinstance(node.op, ast.Add) and isinstance(value, Tuple) and not value.form.keys:
            return old.with_items((*old.items, *value.items))
        if isinstance(node.op, ast.Mult) and type(count) is int:
            return old.with_items(old.items * count)
        raise self.unsupported("what is added to a list here is not known item by item", node)

    def listed(self, name: str, held: Tuple, owner: int | None = None) -> Operand:
        """A list of known items as a list of the generated code, for a loop to append to."""
        self._require_alone(held, name, again=True, owner=owner)
        base = self.builder.bases.get(name)
        alike = len({repr(item) for item in held.items}) == 1 < len(held.items)
        if alike and isinstance(held.items[0], Const):
            one = Tuple(held.items[:1], LIST)
            return self.emit("repeated_numbers", one, Const(len(held.items)), base=base)
        made = self.emit("empty_list", base=base)
        for item in held.items:
            made = self.emit("append", made, self.emit("len", made), item, base=base)
        return made
