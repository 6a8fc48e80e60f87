"""What functions assign outside themselves: attributes of modules, classes and objects."""

from __future__ import annotations

import ast
import collections
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from adxform.core.changes import ANY_ATTRIBUTE, REBOUND
from adxform.core.ir import UNKNOWN
from adxform.core.trees import bound_names, nodes
from adxform.frontend.callables import is_library
from adxform.frontend.held_arrays import IN_PLACE, changed_attributes
from adxform.frontend.reach import reached, runs_by_text
from adxform.frontend.scope import live_function
from adxform.frontend.seen import Fresh, Seen
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args
from adxform.frontend.static import Static

ANYTHING: Any = object()  # what has an attribute assigned, where that is not known
CONTAINERS = (list, dict, set, collections.deque)


class Written(Static):
    """Notes the attributes that statements carried verbatim assign: they are no facts."""

    def refuse_changed_table(self, node: ast.AST) -> None:
        """Refuse what may change a container from outside whose functions are followed."""
        raise NotImplementedError

    def note_changes(self, stmt: ast.stmt) -> None:
        """Note what a statement that is carried verbatim may change of what is outside."""
        self.refuse_changed_table(stmt)
        for part in nodes(stmt):
            if isinstance(part, ast.Call):
                self._note_written_by(part.func)

    def note_assigned(self, tree: ast.AST) -> frozenset[str]:
        """The attributes and variables that what is carried verbatim assigns, or may by what it
        runs, as Core says it: they are noted, for they are no facts.
        """
        found = set()
        here = Seen(tree, self._outside, installed=is_library(self.source.text.file))
        for seen in reached(here, self.program.reached):
            if seen.assigned is None:
                seen.assigned = [*assigned(seen)]
            for owner, name in seen.assigned:
                self.program.written[id(owner), name] = owner
                found.add(REBOUND + name)
        return frozenset(found)

    def _note_written_by(self, called: ast.expr) -> None:
        """Note the containers that a function or method changes, which is called verbatim."""
        meaning = self.meaning(called)
        function = None if meaning is None else meaning.function
        if function is None and isinstance(called, ast.Attribute):
            receiver = self._outside(called.value)
            raw = inspect.getattr_static(receiver, called.attr, None)
            function = live_function(raw) if isinstance(raw, FunctionType) else None
        if function is None:
            return
        for value in changed_outside(function):
            if id(value) in self.program.objects:
                raise self.unsupported(
                    f"{function.name} changes a list or dictionary whose items the derivative "
                    "follows", called, "Do it before the derivative is called.")
            self.program.note_written(value)

    def changes(self, tree: ast.AST) -> frozenset[str]:
        return self.note_assigned(tree).union(changed_attributes(tree, self._outside))

    def is_changed(self, value: Any) -> bool:
        """Whether a value is a container from outside that the functions at hand change."""
        functions = (self.source, self.program.root) if isinstance(value, CONTAINERS) else ()
        return any(value is one for f in functions if f is not None for one in changed_outside(f))

    def _is_pure(self, node: ast.AST) -> bool:
        asked = isinstance(node, ast.Name) and self.is_changed(self._outside(node))
        return not asked and super()._is_pure(node)

    def _outside(self, node: ast.expr) -> Any:
        """The module, class or object that an expression stands for, or UNKNOWN."""
        found = self.static(node)
        meaning = self.meaning(node) if found is UNKNOWN else None
        return found if meaning is None else meaning.value

    def _is_written(self, node: ast.Attribute) -> bool:
        """Whether the functions at hand have written to an attribute: it is no fact."""
        written = self.program.written
        if not written:
            return False
        owner = self._outside(node.value)
        kinds = (owner if isinstance(owner, type) else type(owner)).__mro__
        owners = () if owner is UNKNOWN else (owner, *kinds)
        return any(
            (id(one), name) in written
            for one in (ANYTHING, *owners) for name in (node.attr, ANY_ATTRIBUTE)
        )


def assigned(seen: Seen) -> Iterator[tuple[Any, str]]:
    """What a tree assigns outside itself: an object or a class and an attribute, or where a
    variable is kept and its name there; ANYTHING and a name where it is not known whose. What a
    package assigns so is its own.
    """
    for node in nodes(seen.tree):
        for owner, called in _assigned(node):
            held, name = seen.value(owner), seen.value(called)
            known = held is not UNKNOWN or not seen.installed
            if known and not isinstance(held, Fresh):
                whose = ANYTHING if held is UNKNOWN else held
                yield whose, name if isinstance(name, str) else ANY_ATTRIBUTE
        match node:
            case ast.Name(name, ast.Store() | ast.Del()) if name in seen.declared:
                assert seen.scope is not None
                yield seen.scope.kept(name)
    if runs_by_text(seen.tree) and not seen.installed:
        yield ANYTHING, ANY_ATTRIBUTE


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a node assigns an attribute of, and what that is called."""
    match node:
        case ast.Attribute(owner, name, ast.Store() | ast.Del()):
            yield owner, ast.Constant(name)
        case ast.Call(ast.Name("setattr" | "delattr"), [owner, name, *_]):
            yield owner, name
        case ast.Subscript(held, name, ast.Store() | ast.Del()) | ast.Call(
            ast.Attribute(held, "update" | "pop" | "setdefault" | "clear" | "popitem") as name
        ):
            match held:
                case ast.Attribute(owner, "__dict__") | ast.Call(ast.Name("vars"), [owner]):
                    yield owner, name


def changed_outside(function: SourceFunction, met: tuple[ast.AST, ...] = ()) -> Iterator[Any]:
    """The containers from outside that a function changes, or one that it calls."""
    if function.node in met or is_library(function.text.file):
        return
    body = function.node.body
    own = {a.arg for a in all_args(function.node.args)} | {n for s in body for n in bound_names(s)}
    own -= {n for part in nodes(*body) if isinstance(part, ast.Global) for n in part.names}
    for part in nodes(*body):
        changed: list[ast.expr] = []
        match part:
            case ast.Call(ast.Attribute(held, name)) if name in IN_PLACE:
                changed.append(held)
            case ast.Subscript(held, _, ast.Store() | ast.Del()) | ast.AugAssign(target=held):
                changed.append(held)
            case ast.Call(ast.Name(name)) if name not in own:
                found = function.scope.lookup(name)
                if found is not None and found.function is not None:
                    yield from changed_outside(found.function, (*met, function.node))
        for held in changed:
            outside = isinstance(held, ast.Name) and held.id not in own
            found = function.scope.lookup(held.id) if outside else None  # type: ignore[attr-defined]
            if found is not None and isinstance(found.value, CONTAINERS):
                yield found.value
