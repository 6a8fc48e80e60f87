"""Names and what they mean: variables, values from outside, Python carried verbatim."""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from adxform.core.forms import LIST, TUPLE
from adxform.core.ir import (
    UNDEFINED,
    UNKNOWN,
    Const,
    Global,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Tuple,
    Var,
    names_in,
    uses,
)
from adxform.core.trees import nodes
from adxform.core.values import plain
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.asked_sizes import with_sizes_named
from adxform.frontend.control import tested
from adxform.frontend.hoist import gives_boolean, type_by_form
from adxform.frontend.later import Spots
from adxform.frontend.meanings import Meanings
from adxform.frontend.memory import Remembering
from adxform.frontend.operators import operation
from adxform.frontend.program import MIXED, Program
from adxform.frontend.scope import LiveScope, Meaning
from adxform.frontend.seen import is_users_object
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import UNDEFINED as UNBOUND
from adxform.frontend.ssa import free_names
from adxform.rules.expressions import BindError
from adxform.rules.table import RULES

_numbers = itertools.count(1)


class Outside(Meanings):
    """Lowers expressions of one function; ``env`` holds what is not a Core name: tuples, copies."""

    def __init__(
        self,
        source: SourceFunction,
        builder: Remembering,
        program: Program,
        env: dict[str, Operand],
    ) -> None:
        super().__init__(source, builder, program, env)
        self.depth = 0
        self.result_name: str | None = "out"
        self.number = next(_numbers)  # tells the variables of one function from those of others
        self.spots = Spots()
        self.gone_over: set[str] = set()  # names of what loops at hand go over
        self.captured: dict[str, Operand] = {}  # variables of the functions around this one
        self.read: set[str] = set()
        self.merged: dict[str, tuple[str, ...]] = {}  # the names that each phi merges
        self.attributes: list[Any] = []  # what the loops at hand do to objects

    def rooted(self, node: ast.expr, name: str | None) -> Operand:
        """Lower an assignment's right side, so that its last operation takes ``name``."""
        raise NotImplementedError

    def checked(self, node: ast.expr, base: str | None) -> Operand:
        """Lower an expression; an argument list that no rule knows is reported at its line."""
        try:
            return self.rooted(node, base)
        except BindError as error:
            raise self.unsupported(str(error), node) from None

    def name(self, node: ast.Name) -> Operand:
        if node.id == UNBOUND:
            return UNDEFINED
        if node.id in self.locals or node.id in self.env:
            return self.used(node.id, node)
        meaning = self.lookup(node.id)
        if meaning is None:
            raise self.unsupported(f"the name {node.id} is not defined", node)
        return self.outer(meaning, node)

    def used(self, version: str, node: ast.AST, at: Remembering | None = None) -> Operand:
        """What a version of a variable is where a statement reads it: here, or ``at`` a block
        inside.
        """
        found = self.value(version)
        if found is MIXED:
            raise self.unsupported(
                "this variable is a tuple on one path and something else on another", node
            )
        found = self.builder.memory.now(found, at or self.builder)
        self.mark_read(names_in(found))
        return found

    def present(self, operand: Operand) -> Operand:
        """An operand with the arrays and the objects that it stands for as they are now."""
        return self.builder.memory.now(operand, self.builder)

    def mark_read(self, names: Iterable[str]) -> None:
        """Note names as read, and what phis have merged into them."""
        waiting = [name for name in names if name not in self.read]
        while waiting:
            name = waiting.pop()
            if name not in self.read:
                self.read.add(name)
                waiting.extend(self.merged.get(name, ()))

    def note_merge(self, phi: Phi) -> None:
        """Remember what a phi merges: it is read where the phi's target is."""
        self.merged[phi.target] = sources = tuple(uses((phi.first, phi.second)))
        if phi.target in self.read:
            self.mark_read(sources)

    def value(self, version: str) -> Operand:
        if version == UNBOUND:
            return UNDEFINED
        return self.env.get(version, Var(version))

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        meaning = self.meaning(node)
        field = None if meaning is not None else self._named_result(node)
        if field is not None:
            return self.emit("[]", self.operand(node.value), Const(field), base=base)
        if meaning is None:
            return super().on_Attribute(node, base)
        if meaning.dotted is not None:
            self._remember_spelling(meaning, node)
        return self.outer(meaning, node)

    def _named_result(self, node: ast.Attribute) -> int | None:
        """The place of a named result, as in ``np.linalg.slogdet(a).logabsdet``."""
        if node.attr not in _NAMES_OF_RESULTS:
            return None
        name = self.resolve(node.value.func) if isinstance(node.value, ast.Call) else None
        held = node.value.id if isinstance(node.value, ast.Name) else ""
        if held in self.locals or held in self.env:
            made = [s for s in self.builder.stmts if isinstance(s, Let)]
            ops = [s.op for s in made if Var(s.target) == self.value(held)]
            name = ops[-1].name if ops and isinstance(ops[-1], Primitive) else None
        fields = _NAMED_RESULTS.get(name or "", ())
        return fields.index(node.attr) if node.attr in fields else None

    def foreign(self, name: str) -> bool:
        """Whether a name means something in this function's module only, not in the root's."""
        assert self.program.root is not None
        root, own = self.program.root.scope, self.source.scope
        if own is root:
            return False
        return not (
            isinstance(own, LiveScope) and isinstance(root, LiveScope) and own.shares(root, name)
        )

    def outer(self, meaning: Meaning, node: ast.expr) -> Operand:
        """A value from outside the function, under a name that means the same in the output."""
        head = meaning.text.split(".")[0]
        if not plain(meaning.value):
            kind = type(meaning.value).__name__
            reason = f"{meaning.text} is a {kind}, which computes in its own way: not supported"
            raise self.unsupported(reason, node, "Use a plain array, and weights of 0 for a mask.")
        if meaning.value is None or meaning.dotted == "np.newaxis":
            return Const(None)
        local = self.is_local(head)
        if meaning.dotted is not None and meaning.dotted.split(".")[0] in ("np", "math"):
            if local or self.foreign(head):
                return Global(meaning.dotted, meaning.value, canonical=True)
            return Global(meaning.text, meaning.value)
        if not local and not self.foreign(head):
            return Global(meaning.text, meaning.value)
        if isinstance(meaning.value, int | float | complex | str | None):
            return Const(meaning.value)
        if meaning.value is UNKNOWN and local and meaning.dotted is not None:
            return Global(meaning.dotted, canonical=True)
        if meaning.value is UNKNOWN:
            raise self.unsupported(
                f"{meaning.text} in {self.source.text.file} is not known without running the file",
                node,
                "Pass it as an argument.",
            )
        return Global(self._unique(meaning), meaning.value)

    def _unique(self, meaning: Meaning) -> str:
        """A name in the output for a value of another module's."""
        text = meaning.text.replace(".", "_")
        number = 1
        name = f"_{text}"
        while self.program.outer.setdefault(name, meaning.value) is not meaning.value:
            number += 1
            name = f"_{text}_{number}"
        return name

    def on_UnaryOp(self, node: ast.UnaryOp, base: str | None) -> Operand:
        if isinstance(node.op, ast.Not):
            tested(node.operand)
        return super().on_UnaryOp(node, base)

    def on_BoolOp(self, node: ast.BoolOp, base: str | None) -> Operand:
        return self.other(node, base)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        if isinstance(node.value, ast.Call) and self.resolve(node.value.func) == "range":
            return self.opaque(node, base)
        called = self._called_by_index(node.value)
        if called is not None:
            return self.opaque(node, base, called)
        try:
            return super().on_Subscript(node, base)
        except IndexError:
            raise self.unsupported("this index is outside the tuple", node) from None

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        """Lists and tuples whose items are known are joined and repeated at compile time."""
        match node.left, node.op:
            case ast.Constant(str() | bytes()) | ast.JoinedStr(), ast.Mod() | ast.Add():
                return self.opaque(node, base)  # a text that says what is active
        left, right = self.operand(node.left), self.operand(node.right)
        match node.op, left, right:
            case ast.Add(), Tuple(a, form), Tuple(b, same) if form == same and form in _SEQUENCES:
                return Tuple(a + b, form)
            case (ast.Mult(), Tuple(items, form), Const(int(times))) | (
                ast.Mult(), Const(int(times)), Tuple(items, form)
            ) if form in _SEQUENCES:
                return Tuple(items * times, form)
            case _, Const(int()), Const(int()) if any(type(n) is ast.Name for n in nodes(node)):
                count = self.static(node)
                if type(count) is int:
                    return Const(count)
        return self.emit(*operation(node.op, left, right, self.builder), base=base)

    def _called_by_index(self, node: ast.expr) -> str | None:
        """The name of something from outside that computes when it is indexed: ``np.r_``."""
        meaning = self.meaning(node)
        if meaning is None or (meaning.dotted is None and meaning.value is UNKNOWN):
            return None
        plain = isinstance(meaning.value, np.ndarray | list | tuple | dict | str)
        return None if plain else (meaning.dotted or meaning.text)

    def other(self, node: ast.expr, base: str | None) -> Operand:
        if isinstance(node, ast.Call):
            return self.opaque_call(node, base, "")
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
            raise self.unsupported(f"{type(node).__name__.lower()} is not supported yet", node)
        return self.opaque(node, base)

    def opaque_call(self, node: ast.Call, base: str | None, reason: str) -> Operand:
        meaning = self.meaning(node.func)
        name = (meaning.dotted or meaning.text) if meaning else ast.unparse(node.func)
        if name in ("eval", "exec", "locals") or (name == "vars" and not node.args):
            reason = f"what {name} reads cannot be seen"
            raise self.unsupported(reason, node, "Write the expression out.")
        made = self.opaque(node, base, name, reason)
        self._check_lists(node, name)
        return made

    def _check_lists(self, node: ast.Call, name: str) -> None:
        """Refuse to hand a list whose items are followed to a function that may change it."""
        known = name in vars(builtins) or name.split(".")[0] in ("np", "math", "scipy")
        known = known or (name.startswith(("bisect.", "_bisect.")) and "insort" not in name)
        known = known or (isinstance(node.func, ast.Attribute) and isinstance(
            node.func.value, ast.Constant | ast.JoinedStr))  # ", ".join(names)
        for arg in node.args:
            if not known and isinstance(arg, ast.Name) and arg.id in (self.locals | set(self.env)):
                value = self.value(arg.id)
                if isinstance(value, Tuple) and value.may_grow:
                    raise self.unsupported(
                        f"{name} may change a {value.form.kind} whose items the derivative follows",
                        node, "Use an array, or pass a copy made by list(...).",
                    )

    def opaque(
        self, node: ast.expr, base: str | None, callee: str = "", reason: str = ""
    ) -> Operand:
        """An expression carried verbatim."""
        node = with_sizes_named(self, node)
        named = next((n for n in nodes(node) if isinstance(n, ast.NamedExpr)), None)
        if named is not None:
            raise self.unsupported("an assignment expression is not supported yet", named)
        reads = tuple(n for n in free_names(node) if self._is_read(n))
        changes = (self.changes if isinstance(node, ast.Call) else self.note_assigned)(node)
        op = Opaque(
            node,
            reads,
            pure=self._is_pure(node) and not changes,
            boolean=gives_boolean(node) or getattr(node, "_tested", False),
            callee=callee,
            reason=reason,
            known=type_by_form(node, callee),
            changes=changes,
        )
        self._located_opaque(node)
        values = [self.name(ast.copy_location(ast.Name(n, ast.Load()), node)) for n in reads]
        self.forget_parts(node, uses(values))
        return self.builder.emit(op, values, base)

    def note_assigned(self, tree: ast.AST) -> frozenset[str]:
        """Note the attributes that a tree carried verbatim may assign."""
        raise NotImplementedError

    def changes(self, tree: ast.AST) -> frozenset[str]:
        """The attributes of objects whose arrays a tree carried verbatim may change in place."""
        raise NotImplementedError

    def _is_pure(self, node: ast.AST) -> bool:
        """Whether an expression does no more than to compute, by what is known."""
        if isinstance(node, ast.Call):
            name = self.resolve(node.func) or ""
            known = name in RULES and (RULES[name].by_element or name.startswith(_QUESTIONS))
            plain = (known or name in _PURE_CALLS) and not node.keywords
            return plain and all(map(self._is_pure, node.args))
        if isinstance(node, ast.Name) and is_users_object(self.static(node)):
            return False  # an operator may be a method of it
        return isinstance(node, _PURE) and all(map(self._is_pure, ast.iter_child_nodes(node)))

    def _is_read(self, name: str) -> bool:
        """Whether a name in an expression carried verbatim is one that the output may lack."""
        if name in self.locals or name in self.env:
            return True
        meaning = self.lookup(name)
        return (
            meaning is not None
            and name not in vars(builtins)
            and (meaning.function is None or self.foreign(name))
        )

    def _located_opaque(self, node: ast.expr) -> None:
        node._location = self.source.text.location(node)  # type: ignore[attr-defined]

    def unsupported(
        self, reason: str, node: ast.AST | None = None, hint: str = ""
    ) -> UnsupportedError:
        origin = self.builder.origin
        location = (
            self.source.text.location(node)
            if node is not None
            else (origin.location if origin else None)
        )
        return UnsupportedError(Diagnostic(reason, location, hint))


_SEQUENCES = (TUPLE, LIST)
_NAMED_RESULTS = {
    "np.linalg.eigh": ("eigenvalues", "eigenvectors"),
    "np.linalg.qr": ("Q", "R"),
    "np.linalg.slogdet": ("sign", "logabsdet"),
    "np.linalg.svd": ("U", "S", "Vh"),
}
_NAMES_OF_RESULTS = frozenset(name for fields in _NAMED_RESULTS.values() for name in fields)
_PURE_CALLS = frozenset({"abs", "bool", "float", "int", "len", "max", "min", "round"})
_QUESTIONS = ("np.is", "math.is")
_PURE = (
    ast.Compare,
    ast.BoolOp,
    ast.UnaryOp,
    ast.BinOp,
    ast.Name,
    ast.Constant,
    ast.operator,
    ast.cmpop,
    ast.boolop,
    ast.unaryop,
    ast.expr_context,
    ast.Tuple,
    ast.Subscript,
)
