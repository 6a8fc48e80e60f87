"""Statements that change an array and assign no name: ``x.fill(0)``, ``np.copyto``, ``out=``."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from adxform.core.ir import Const, Operand, Primitive, Tuple
from adxform.core.trees import nodes
from adxform.core.types import ANY, ListOf, Type, Unknown
from adxform.frontend.callables import Closure
from adxform.frontend.certainty import is_array, of_arrays_only
from adxform.frontend.equivalents import WRITERS
from adxform.frontend.lending import lent_params
from adxform.frontend.objects import is_object
from adxform.frontend.program import signature_of
from adxform.frontend.scope import live_function
from adxform.frontend.storing import Writer
from adxform.frontend.unroll import Unrolled
from adxform.frontend.writes import writes_params
from adxform.rules.table import RULES

_AT = {"np.add": 1, "np.subtract": -1}


class InPlace(Unrolled):
    """Lowers calls for what they write to their arguments."""

    @property
    def writer(self) -> Writer:
        return Writer(self.builder, self.unsupported)

    def written_by(self, node: ast.expr) -> bool:
        """Lower a statement that is a call which writes to an array that is known."""
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("fill", "sort"):
            return self._method_writes(node, node.func)
        dotted = self.resolve(node.func)
        if dotted == "np.copyto" and len(node.args) == 2 and not node.keywords:
            value = self.operand(node.args[1])
            return self._writes_all(node.args[0], value, self.builder.type_of(value))
        if dotted in WRITERS:
            self.operand(node)
            return True
        if isinstance(node.func, ast.Attribute) and node.func.attr == "at" and len(node.args) == 3:
            sign = _AT.get(self.resolve(node.func.value) or "")
            return sign is not None and self._adds_at(node, sign)
        named = self._with_out(node)
        if self._out_of(named) is not None and self.called_primitive(named) is not None:
            self.operand(named)
            return True
        return self._call_writes(node)

    def item_store(self, target: ast.expr, index: ast.expr, value: ast.expr) -> bool:
        """``a.T[i] = v``, ``a[i][j] = v``: a write to what an expression gives, if it is known."""
        if isinstance(target, ast.Attribute) and target.attr != "T" and not self._is_field(target):
            return False
        if isinstance(target, ast.Name) and target.id not in self.locals | set(self.env):
            raise self.unsupported(
                f"{target.id}, which is defined outside the function, is changed in place here",
                target,
                "Work on a copy of it.",
            )
        held = self.operand(target)
        plain = not any(isinstance(part, ast.Call) for part in nodes(index))
        array = plain and of_arrays_only(self.operand(index), self.builder)
        self.memory.prove(held, self.builder, array=array)
        if isinstance(held, Tuple) or self.memory.view(held, self.builder) is None:
            return False
        where, given = self.operands([index, value])
        self.writer.update(held, where, given, None)
        return True

    def _is_field(self, node: ast.Attribute) -> bool:
        owner = self.container(node.value)
        return owner is not None and owner.place(node.attr) is not None

    def _method_writes(self, node: ast.Call, function: ast.Attribute) -> bool:
        if function.attr == "fill" and len(node.args) == 1:
            return self._writes_all(function.value, self.operand(node.args[0]))
        if function.attr == "sort" and all(k.arg == "axis" for k in node.keywords):
            held = self._array(function.value, array=False)
            if held is None:
                return False
            args, keywords = self.arguments(node)
            made = self.emit_call(RULES["np.sort"].primitive, [held, *args], keywords, None)
            return self._writes_all(function.value, made)
        return False

    def _array(self, node: ast.expr, *, array: bool = True) -> Operand | None:
        """An array in memory that is known, or None; what it is used for says that it is an
        ``array``, if its type does not.
        """
        local = isinstance(node, ast.Name) and (node.id in self.locals or node.id in self.env)
        if not (local or isinstance(node, ast.Subscript | ast.Attribute)):
            return None
        held = self.operand(node)
        if array:
            self.memory.prove(held, self.builder, array=True)
        known = is_array(self.builder.type_of(held)) or self.memory.is_numeric(held)
        return held if known and self.memory.view(held, self.builder) is not None else None

    def _writes_all(self, target: ast.expr, value: Operand, given: Type = ANY) -> bool:
        held = self._array(target)
        if held is None:
            return False
        self.writer.require_fit(held, given)
        self.writer.update(held, Const(Ellipsis), value, None)
        return True

    def _adds_at(self, node: ast.Call, sign: int) -> bool:
        held = self._array(node.args[0])
        view = None if held is None else self.memory.view(held, self.builder)
        if held is None or view is None or view.path:
            return False
        index, value = self.operands(node.args[1:])
        if sign < 0:
            value = self.emit("op.USub", value)
        root = self.memory.roots[view.root]
        made = self.builder.emit(
            RULES["accumulate_at"].primitive, (held, index, value), root.base
        )
        self.memory.wrote(view.root, made)
        return True

    # --- out= ---------------------------------------------------------------------------------

    def _out_of(self, node: ast.Call) -> ast.keyword | None:
        found = next((k for k in node.keywords if k.arg == "out"), None)
        none = found is not None and isinstance(found.value, ast.Constant)
        return None if none else found

    def _with_out(self, node: ast.Call) -> ast.Call:
        """A call whose ``out`` is given by its name, also of a ufunc that is given it as the last
        argument, or as a tuple of one.
        """
        found = self._out_of(node)
        if found is not None and isinstance(found.value, ast.Tuple) and len(found.value.elts) == 1:
            rest = [k for k in node.keywords if k is not found]
            out = ast.keyword("out", found.value.elts[0])
            return ast.copy_location(ast.Call(node.func, node.args, [*rest, out]), node)
        ufunc = self._ufunc(node)
        if found is not None or ufunc is None or len(node.args) != ufunc.nin + 1:
            return node
        named = [*node.keywords, ast.keyword("out", node.args[-1])]
        return ast.copy_location(ast.Call(node.func, node.args[:-1], named), node)

    def _ufunc(self, node: ast.Call) -> np.ufunc | None:
        """The ufunc of NumPy's that is called."""
        primitive = self.called_primitive(node)
        dotted = "" if primitive is None else primitive.text
        known = getattr(np, dotted.removeprefix("np."), None) if dotted.startswith("np.") else None
        return known if isinstance(known, np.ufunc) and known.nout == 1 else None

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        node = self._with_out(node)
        out = self._out_of(node)
        primitive = None if out is None else self.called_primitive(node)
        if out is None or primitive is None:
            return super().on_Call(node, base)
        rest = [k for k in node.keywords if k is not out]
        plain = ast.copy_location(ast.Call(node.func, node.args, rest), node)
        if isinstance(out.value, ast.Name) and self.known_value(self.operand(out.value)) is None:
            return super().on_Call(plain, base)
        held = None if self._may_be_none(out.value) else self._written_to(out.value)
        if held is None:
            raise self.unsupported(
                "it is not known what array is written to here",
                out.value,
                "Assign the result instead of giving out=.",
            )
        where = next((k for k in rest if k.arg == "where"), None)
        if where is None or self._ufunc(node) is None:
            made = super().on_Call(plain, None)
        else:
            rest.remove(where)
            plain = ast.copy_location(ast.Call(node.func, node.args, rest), node)
            made = self._where_asked(plain, primitive, self.operand(where.value), held)
        if not isinstance(out.value, ast.Call):
            held = self._array(out.value) or held
        self.writer.require_fit(held, self.builder.type_of(made))
        self.writer.update(held, Const(Ellipsis), made, None)
        return self.memory.fresh(held, self.builder)

    def _written_to(self, node: ast.expr) -> Operand | None:
        """The array that ``out=`` names, or one that is made for it."""
        if not isinstance(node, ast.Call):
            return self._array(node)
        held = self.operand(node)
        self.memory.prove(held, self.builder, array=True)
        return None if self.memory.view(held, self.builder) is None else held

    def _where_asked(
        self, node: ast.Call, primitive: Primitive, where: Operand, held: Operand
    ) -> Operand:
        """A ufunc where a condition holds; elsewhere what is there. No slope of the elements that
        are passed over, such as 1 / 0, is to reach them: another number stands for these.
        """
        args, keywords = self.arguments(node)
        other = Const(2.0 if primitive.name == "np.arccosh" else 0.5)
        safe = [a if isinstance(a, Const) else self.emit("np.where", where, a, other)
                for a in args]
        return self.emit("np.where", where, self.emit_call(primitive, safe, keywords, None), held)

    def _may_be_none(self, node: ast.expr) -> bool:
        """Whether an expression is a parameter that is None unless it is given."""
        plain = node.id if isinstance(node, ast.Name) else ""
        unknown = isinstance(self.known_type(node), Unknown)
        none = (p.name for p in signature_of(self.source) if p.default == Const(None))
        return unknown and plain in none

    # --- functions of the user's ----------------------------------------------------------------

    def _call_writes(self, node: ast.Call) -> bool:
        """A call, as a statement, of a function of the user's that writes to its arguments."""
        meaning = self.meaning(node.func)
        value = self.callable_value(node.func) if meaning is None else meaning.value
        if isinstance(value, Closure):
            self.operand(node)
            return True
        function = meaning.function if meaning is not None else None
        given = (*node.args, *(k.value for k in node.keywords))
        if self.call_asked(node) in self.program.contexts:
            self.operand(node)
            return True
        lent = any(map(self._is_lent, given))
        writes = function is not None and writes_params(function.node)
        if function is None and lent and self.reads_call(node):
            method = self.method(node.func)
            function = None if method is None else live_function(method[0])
        if function is None:
            return False
        if not writes and not (lent and lent_params(function.node, function.scope)):
            return False
        self.operand(node)
        return True

    def call_asked(self, node: ast.Call) -> Any:
        """What is asked for where active values go through a call that gives nothing."""
        return "call", self.source.text.place(node)

    def reads_call(self, node: ast.Call) -> bool:
        """Whether a call is one of a function or a method that can be read."""
        meaning = self.meaning(node.func)
        if meaning is not None and meaning.function is not None:
            return True
        match node.func:
            case ast.Attribute(ast.Call(ast.Name("super"))):
                pass
            case ast.Attribute(owner) if is_object(self.static(owner)):
                pass
            case _:
                return False
        method = self.method(node.func)
        return method is not None and live_function(method[0]) is not None

    def _is_lent(self, node: ast.expr) -> bool:
        """Whether an argument is a container that is made here."""
        held = self.container(node)
        if held is None:
            return isinstance(self.known_type(node), ListOf)
        outside = any(held.tokens & table.tokens for table in self.program.tables.values())
        return held.form.kind in ("list", "dict") and not outside
