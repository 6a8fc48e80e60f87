"""Containers whose items are known one by one: displays, built-in functions of them, methods."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from adxform.core.forms import LIST, TUPLE, Form
from adxform.core.ir import UNKNOWN, Const, Global, Let, Opaque, Operand, Primitive, Tuple, Var
from adxform.core.trees import bound_names, nodes
from adxform.core.types import ListOf, Scalar, Slicing, differentiable, rank
from adxform.frontend.callables import fields_of, positional_fields
from adxform.frontend.dataclass_calls import FUNCTIONS, of_dataclass, replaced
from adxform.frontend.defaults import essential
from adxform.frontend.held_arrays import IN_PLACE
from adxform.frontend.of_containers import BUILTIN, BUILTINS, OPERATORS, dictionary
from adxform.frontend.sequences import VIEWS, Sequences
from adxform.rules.expressions import BindError

_JOINING = ("concatenate", "concat", "stack", "vstack", "hstack", "column_stack", "dstack")
_OF_LISTS = frozenset(
    {"len", "bool", "np.array", "np.asarray", "append", "[]", *(f"np.{name}" for name in _JOINING)}
)

_OF_SETS = (ast.BitOr, ast.BitAnd, ast.BitXor)
_READING = frozenset({*VIEWS, "get", "copy", "index", "count"})
_ENDLESS = frozenset({"itertools.count", "itertools.cycle"})


class Containers(Sequences):
    """Lowers what is done with tuples, lists and dictionaries while their items are known."""

    # --- displays -----------------------------------------------------------------------------

    def on_Dict(self, node: ast.Dict, base: str | None) -> Operand:
        found: dict[Any, Operand] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            item = self.operand(value)
            if key is None:
                if not isinstance(item, Tuple) or item.form.kind != "dict":
                    return self.other(node, base)
                found.update(zip(item.form.keys, item.items, strict=True))
                continue
            name = self.static(key)
            if not isinstance(name, str | int | bool | None | tuple):
                return self.other(node, base)
            found[name] = item
        return dictionary(found)

    def on_Tuple(self, node: ast.Tuple, base: str | None) -> Operand:
        return Tuple(self.arguments_of(node.elts, node))

    def on_List(self, node: ast.List, base: str | None) -> Operand:
        return Tuple(self.arguments_of(node.elts, node), LIST)

    def arguments_of(self, nodes: list[ast.expr], node: ast.expr) -> tuple[Operand, ...]:
        """Items of a display, ``*items`` of known length spread."""
        call = ast.copy_location(ast.Call(ast.Name("tuple", ast.Load()), nodes, []), node)
        return self.arguments(call)[0]

    # --- operators ----------------------------------------------------------------------------

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        left, right = self.container(node.left), self.container(node.right)
        joined = isinstance(node.op, ast.Add) and left is not None and right is not None
        if joined and left.form == right.form and left.form in (TUPLE, LIST):  # type: ignore[union-attr]
            return Tuple((*left.items, *right.items), left.form)  # type: ignore[union-attr]
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List | ast.Tuple):
            count = self.static(node.right)
            held = self.operand(node.left)
            if type(count) is int and isinstance(held, Tuple):
                return Tuple(held.items * count, held.form)
        if isinstance(node.op, ast.BitOr) and left is not None and right is not None:
            both = ast.Dict([None, None], [node.left, node.right])
            return self.operand(ast.copy_location(both, node), base)
        if isinstance(node.op, _OF_SETS) and (left is not None or right is not None):
            return self.other(node, base)
        return super().on_BinOp(node, base)

    def container(self, node: ast.expr) -> Tuple | None:
        if type(node) is ast.Name or type(node) is ast.Constant:
            return super().container(node)
        if isinstance(node, ast.Tuple | ast.List | ast.Dict):
            held = self.operand(node)
            return held if isinstance(held, Tuple) else None
        match node:
            case ast.Call(ast.Attribute(value, name), [], []) if name in VIEWS:
                viewed = self.container(value)
                made = None if viewed is None else self._method(viewed, name, node)
                return made if isinstance(made, Tuple) else None
        return super().container(node)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        node = _with_colons(node)
        held = self.container(node.value)
        if held is not None:
            key = self.static(node.slice)
            if held.form.kind == "dict" and getattr(node, "_element", False) and type(key) is int:
                return Const(held.form.keys[key])  # whatever is under a key that is that number
            place = None if key is UNKNOWN else held.place(key)
            if place is not None:
                return held.items[place]
            if key is not UNKNOWN:
                raise self.unsupported(f"{key!r} is not in this {held.form.kind}", node)
            if held.form in (TUPLE, LIST) and not isinstance(node.slice, ast.Slice):
                return self._chosen(held, node, base, held.form.kind)
            if held.form.kind == "dict" and any(map(self._may_vary, held.items)):
                return self._by_key(held, node, base)
        place = self.static(node.slice)
        if type(place) is int and place < 0 and isinstance(self.known_type(node.value), ListOf):
            grown = self.operand(node.value)  # from its end as it is now: it may grow
            index = self.emit("op.Add", self.emit("len", grown), Const(place))
            return self.emit("[]", grown, index, base=base)
        return super().on_Subscript(node, base)

    def _by_key(self, held: Tuple, node: ast.Subscript, base: str | None) -> Operand:
        """An item of a dictionary under a key that is known only at run time."""
        keys, numbers = held.form.keys, range(len(held.items))
        places = ast.Dict([*map(ast.Constant, keys)], [*map(ast.Constant, numbers)])
        place = ast.Subscript(places, node.slice, ast.Load())
        made = ast.copy_location(ast.Subscript(node.value, place, node.ctx), node)
        items = Tuple(held.items, TUPLE, held.tokens)
        return self._chosen(items, ast.fix_missing_locations(made), base, "dict")

    def _chosen(self, held: Tuple, node: ast.Subscript, base: str | None, kind: str) -> Operand:
        """An item whose place is known only at run time: that of an array of them all."""
        if not any(map(self._may_vary, held.items)):
            return super().on_Subscript(node, base)
        if isinstance(self.builder.type_of(self.operand(node.slice)), Slicing):
            raise self.unsupported(f"which items of this {kind} are meant is not known", node,
                                   "Write the slice where it is used: items[a:b].")
        types = [self.builder.type_of(item) for item in held.items]
        if len({getattr(t, "dtype", None) for t in types if isinstance(t, Scalar)}) != 1 or not all(
            isinstance(t, Scalar) for t in types
        ):
            raise self.unsupported(
                f"which item of this {kind} is meant is not known before it runs", node,
                "Make one array of the items, or go over them by for.",
            )
        array = self.emit("np.array", Tuple(held.items, LIST), Const(None))
        place = self.operand(node.slice)
        known = self.builder.type_of(place)
        if kind != "dict" and getattr(known, "dtype", None) in (None, "bool"):
            place = self.emit("int", place)  # a boolean would be a mask
        return self.emit("[]", array, place, base=base)

    def _may_vary(self, item: Operand) -> bool:
        return differentiable(self.builder.type_of(item))

    # --- calls --------------------------------------------------------------------------------

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        if isinstance(node.func, ast.Attribute):
            held = self.container(node.func.value)
            if held is not None:
                made = self._method(held, node.func.attr, node)
                if made is not None:
                    return made
                if node.func.attr not in _READING:
                    self.refuse_changed_table(node.func)
        function = self.static(node.func)
        match node.args:
            case [ast.Call(counted, [bound], [])] if function is list and (
                self.static(counted) is range and not isinstance(bound, ast.Starred)
            ):
                numbers = ast.Call(counted, [self.held_once(bound)[0]], [])
                range_list = ast.copy_location(ast.Call(node.func, [numbers], []), node)
                return self.opaque(ast.fix_missing_locations(range_list), base, "list")
        if any(function is known for known in FUNCTIONS):
            held = self.container(node.args[0]) if node.args else None
            known = held is not None and held.form.kind == "object"
            made = of_dataclass(self, function, held, node) if known else None  # type: ignore[arg-type]
            if made is not None:
                return made
        names = None if function is UNKNOWN else fields_of(function)
        if names is not None:
            return self._constructed(function, names, node)
        symbol = OPERATORS.get(function) if isinstance(function, BUILTIN) else None
        if symbol is not None and len(node.args) == 2:
            whole = ast.copy_location(ast.BinOp(node.args[0], symbol, node.args[1]), node)
            return self.operand(whole, base)
        handler = BUILTINS.get(function) if isinstance(function, type | BUILTIN) else None
        if handler is not None and (node.args or handler is BUILTINS[dict]):
            node, mark = self.with_held(node), self.mark()
            held_args = self._sequences(node.args)
            made = handler(self, held_args, node, base)
            if made is not None:
                return made
            self.forget(mark)
        return super().on_Call(node, base)

    def emit_call(
        self,
        primitive: Primitive,
        args: Sequence[Operand],
        keywords: dict[str, Operand],
        base: str | None,
    ) -> Operand:
        """A call of a primitive; a list that loops have filled is made an array, as NumPy does."""
        if primitive.name not in _OF_LISTS:
            args = [self._as_array(arg) for arg in args]
            keywords = {name: self._as_array(arg) for name, arg in keywords.items()}
        if primitive.name in ("np.array", "np.asarray"):
            primitive, keywords, ranks = self._plain_array(primitive, args, keywords)
        else:
            ranks = False
        named = None if ranks else base
        try:
            made = super().emit_call(primitive, args, keywords, named)
        except BindError:
            if args and isinstance(args[0], Var) and args[0].name not in self.builder.bases:
                # an array that has no name is nobody's to miss
                keywords = {k: v for k, v in keywords.items() if k != "overwrite_input"}
            found = essential(primitive, args, keywords, self.known_value, self.builder.type_of)
            found = found or (list(args), keywords)
            made = super().emit_call(primitive, *found, named)
        return self.emit("np.atleast_1d", made, base=base) if ranks else made

    def _is_range(self, operand: Operand) -> bool:
        """Whether an operand is a range, which is written where an array is meant."""
        last = self.builder.stmts[-1] if self.builder.stmts else None
        made = last if isinstance(last, Let) and operand == Var(last.targets[0]) else None
        return made is not None and isinstance(made.op, Opaque) and made.op.callee == "range"

    def _plain_array(
        self, primitive: Primitive, args: Sequence[Operand], keywords: dict[str, Operand]
    ) -> tuple[Primitive, dict[str, Operand], bool]:
        """``np.array(x, ndmin=1, copy=None)`` without what decides nothing, or only the rank.

        Where nothing is to be copied it is ``np.asarray``, whose result may be its argument.
        """
        known = {name: self.known_value(value) for name, value in keywords.items()}
        copied = known.get("copy", primitive.name == "np.array")
        found = rank(self.builder.type_of(args[0])) if args else None
        listed = bool(args) and isinstance(args[0], Tuple)
        least = known.get("ndmin", 0)
        plain = least == 0 or (found is not None and found >= least) or (listed and least == 1)
        if copied is UNKNOWN or not (plain or (found == 0 and least == 1)):
            return primitive, keywords, False
        rest = {name: v for name, v in keywords.items() if name not in ("copy", "ndmin")}
        if "copy" in known:
            name = "np.array" if copied is True else "np.asarray"  # it may be an if-needed
            primitive = self.primitive_named(name) or primitive
        return primitive, rest, not plain

    def _as_array(self, operand: Operand) -> Operand:
        if not isinstance(self.builder.type_of(operand), ListOf) and not self._is_range(operand):
            return operand
        return self.emit("np.array", operand, Const(None))

    def require_end(self, node: ast.expr) -> None:
        """Refuse what goes on without end, by itself or by its name, where a list of it would be
        made.
        """
        base = self.builder.bases.get(node.id, node.id) if isinstance(node, ast.Name) else None
        values = [node]
        for stmt in nodes(self.source.node) if base is not None else ():
            if isinstance(stmt, ast.Assign | ast.AnnAssign | ast.NamedExpr):
                targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
                values += [stmt.value] if stmt.value and base in bound_names(*targets) else []
        if any(isinstance(value, ast.Call) and self._is_endless(value) for value in values):
            raise self.unsupported(
                f"{base or ast.unparse(node)} gives items without end, which are not listed",
                node,
                "Make it where a for statement goes over it: for a, b in zip(x, count()).",
            )

    def _is_endless(self, node: ast.Call) -> bool:
        name = self.resolve(node.func)
        once = len(node.args) == 1 and not node.keywords
        return name in _ENDLESS or (name == "itertools.repeat" and once)

    def opaque(
        self, node: ast.expr, base: str | None, callee: str = "", reason: str = ""
    ) -> Operand:
        """An expression carried verbatim; none that hands over a method which changes a list."""
        called = {id(n.func) for n in nodes(node) if isinstance(n, ast.Call)}
        for part in nodes(node):
            if isinstance(part, ast.Attribute) and id(part) not in called and (
                part.attr in IN_PLACE
                and (held := self.container(part.value)) is not None and held.may_grow
            ):
                raise self.unsupported(
                    f"{ast.unparse(part)}, which is handed over, changes what the derivative "
                    "follows", part, "Call it here, or in a function.")
        return super().opaque(node, base, callee, reason)

    def _method(self, held: Tuple, name: str, node: ast.Call) -> Operand | None:
        if held.form.kind == "dict":
            keys = held.form.keys
            match name:
                case "items":
                    pairs = zip(keys, held.items, strict=True)
                    return Tuple(tuple(Tuple((Const(k), v)) for k, v in pairs), TUPLE, held.tokens)
                case "keys":
                    return Tuple(tuple(Const(k) for k in keys), TUPLE, held.tokens)
                case "values":
                    return Tuple(held.items, TUPLE, held.tokens)
                case "get":
                    return self._get(held, node)
        if name == "copy" and held.form.kind in ("dict", "list"):
            return Tuple(held.items, held.form)
        if name == "_replace" and held.form.kind == "object":
            return replaced(self, held, node)
        if name == "_asdict" and held.form.kind == "object":
            return Tuple(held.items, Form("dict", held.form.keys))
        return None

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        held = self.container(node.value)
        if held is not None and held.form.kind == "object" and node.attr not in held.form.keys:
            kind = held.form.maker.value
            made = self.property_of(kind, node, base) if isinstance(kind, type) else None
            if made is not None:
                return made
        return super().on_Attribute(node, base)

    def _get(self, held: Tuple, node: ast.Call) -> Operand | None:
        key = self.static(node.args[0])
        if key is UNKNOWN:
            return None
        place = held.place(key)
        if place is not None:
            return held.items[place]
        return self.operand(node.args[1]) if len(node.args) > 1 else Const(None)

    def _constructed(self, made: Any, names: tuple[str, ...], node: ast.Call) -> Operand:
        """An object of a class that is its fields: a named tuple, a dataclass."""
        args, keywords = self.arguments(node)
        self.require_none_kept(node.args)
        placed = positional_fields(made)
        given = {**dict(zip(placed, args, strict=False)), **keywords}
        defaults = _class_defaults(made)
        given = {**_made_defaults(made), **given}
        missing = [n for n in names if n not in given and n not in defaults]
        if missing or len(args) > len(placed) or not set(given) <= set(names):
            raise self.unsupported(f"{made.__name__} is not made from these arguments", node)
        items = [
            given[n] if n in given else self.outer_value(n, defaults[n]) for n in names
        ]
        held = Tuple(tuple(items), Form("object", names, Global(ast.unparse(node.func), made)))
        self.builder.memory.heap.add(held)
        return held

    def require_none_kept(self, values: Iterable[ast.expr]) -> None:
        """Refuse iterators among what is kept."""
        raise NotImplementedError

    def items_of(self, node: ast.expr, base: str | None) -> Operand:
        """What a loop goes over by numbers."""
        raise NotImplementedError

    def summed(self, node: Any, start: Operand, base: str | None) -> Operand:
        """The sum of a comprehension."""
        raise NotImplementedError

    def called_with(self, function: ast.expr, args: list[Operand], node: ast.Call) -> Operand:
        """A call of an expression's function with operands."""
        names = [self.builder.names.fresh("_item") for _ in args]
        self.env.update(zip(names, args, strict=True))
        loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
        call = ast.copy_location(ast.Call(function, loads, []), node)
        return self.operand(ast.fix_missing_locations(call))


def _with_colons(node: ast.Subscript) -> ast.Subscript:
    """``x[slice(a, b)]`` as ``x[a:b]``."""
    match node.slice:
        case ast.Call(ast.Name("slice"), [_, *_] as bounds, []) if len(bounds) <= 3 and not any(
            isinstance(bound, ast.Starred) for bound in bounds
        ):
            part = ast.Slice(*bounds) if len(bounds) > 1 else ast.Slice(None, bounds[0])
            made = ast.Subscript(node.value, ast.copy_location(part, node.slice), node.ctx)
            return ast.copy_location(made, node)
    return node


def listed(node: ast.expr) -> ast.Call:
    """``list(...)`` of an expression, in its place."""
    made = ast.copy_location(ast.Call(ast.Name("list", ast.Load()), [node], []), node)
    return ast.fix_missing_locations(made)


def _made_defaults(made: Any) -> dict[str, Operand]:
    """The fields that a data class gives a new container."""
    fields = dataclasses.fields(made) if dataclasses.is_dataclass(made) else ()
    factories = {f.name: f.default_factory for f in fields}
    return {n: Tuple((), Form(f.__name__)) for n, f in factories.items()
            if f in (list, dict, tuple)}


def _class_defaults(made: Any) -> dict[str, Any]:
    if hasattr(made, "_field_defaults"):
        return dict(made._field_defaults)
    fields = dataclasses.fields(made)
    return {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}
