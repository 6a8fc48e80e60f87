"""What functions change of what is outside while a derivative runs: it is read there no more.

The output reads a name from outside wherever it needs it, in the reverse sweep, too. So variables
of modules, attributes and arrays are refused that are read, and that a function writes to which is
called. What a function assigns once, before it reads it, is no other value later.
"""

from __future__ import annotations

import ast
import dis
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN
from adxform.core.trees import nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.callables import is_library, unwrapped
from adxform.frontend.reach import calls, exactly, nodes_run, own_names, seen_inside
from adxform.frontend.scope import NOTHING, LiveScope, live_function
from adxform.frontend.seen import Called, Fresh, Seen
from adxform.frontend.source import SourceFunction
from adxform.frontend.watching import HEAP_TYPE, is_instance

Key = tuple[int, str]  # of a namespace or an object and a name; of an array and ""
DEPTH = 8
_STORES = ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "STORE_ATTR", "DELETE_ATTR",
           "STORE_SUBSCR")  # fmt: skip
_STORING = frozenset(dis.opmap[name] for name in _STORES)
_LOAD_GLOBAL, _LOAD_NAME = dis.opmap["LOAD_GLOBAL"], dis.opmap["LOAD_NAME"]
_CALLS = frozenset({"fill", "sort", "put", "partition", "setattr", "delattr"})


def refuse_disturbed(source: SourceFunction, scopes: Iterable[Any]) -> None:
    """Raise where a function that was read needs what one that it calls writes to.

    Raises
    ------
    UnsupportedError
        At the place where it is read.
    """
    if not isinstance(source.scope, LiveScope):
        return
    codes = _reachable(source.scope.function)
    written: dict[Key, list[tuple[_Code, ast.AST]]] = {}
    for code in codes:
        for node, key in code.written() if _may_write(code.function.__code__) else ():
            written.setdefault(key, []).append((code, node))
    if not written:
        return
    lowered = {id(s.function): s.function for s in scopes if isinstance(s, LiveScope)}
    others = lowered.keys() - {id(code.function) for code in codes}
    codes = [code for code in codes if id(code.function) in lowered]
    for code in (*codes, *(_Code(Called(lowered[i])) for i in others)):
        for node, key in code.read():
            writes = written.get(key)
            if writes and not key[1]:  # what it changes itself of a container, it follows
                writes = [w for w in writes if w[0].function is not code.function]
            late = writes and code.asked_late(node, key)
            if writes and not (late and _comes_first(writes, code, node)):
                raise _refusal(node, code, writes[0][0])


def _refusal(node: ast.expr, reader: _Code, writer: _Code) -> UnsupportedError:
    text, name = ast.unparse(node), writer.function.__name__
    reason = f"{text}, defined outside the function, is read here, and {name} changes it"
    where = reader.source.text.location(node) if reader.source is not None else None
    hint = f"Pass {text} as an argument."
    return UnsupportedError(Diagnostic(f"{reason} while the function runs", where, hint))


def _comes_first(writes: list[tuple[_Code, ast.AST]], reader: _Code, read: ast.expr) -> bool:
    """Whether there is one write, before what is read: the reader's own, or of one that only it
    calls.
    """
    (writer, node), *others = writes
    if others or reader.source is None:
        return False
    if writer.function is not reader.function:
        calls = [n for n in reader.body if isinstance(n, ast.Call)]
        calls = [n for n in calls if reader.may_call(n, writer.function)]
        if len(calls) != 1 or len(writer.callers) != 1:
            return False
        node = calls[0]
    first = next((s for s in reader.source.node.body if node in nodes(s)), None)
    if not isinstance(first, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
        return False
    return read in nodes(first) or (first.end_lineno or 0) < read.lineno


@dataclass
class _Code:
    """A function that is called, and who calls it."""

    called: Called
    callers: set[int] = field(default_factory=set)  # by id
    function: FunctionType = field(init=False)

    def __post_init__(self) -> None:
        self.function = self.called.function

    @cached_property
    def source(self) -> SourceFunction | None:
        return live_function(self.function)

    @cached_property
    def scope(self) -> LiveScope:
        return LiveScope(self.function)

    @cached_property
    def body(self) -> list[ast.AST]:
        return [] if self.source is None else nodes_run(*self.source.node.body)

    @cached_property
    def declared(self) -> frozenset[str]:
        """The names that are said to be of the module, or of a function around."""
        return frozenset() if self.source is None else self.seen.declared

    @cached_property
    def own(self) -> set[str]:
        """The names of the function's own variables."""
        if self.source is None:
            return set()
        return own_names(self.source, nodes(*self.source.node.body), self.declared)

    @cached_property
    def seen(self) -> Seen:
        assert self.source is not None
        return seen_inside(self.called, self.source)

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for from outside, if it is that; no object made inside."""
        found = self.seen.value(node)
        return NOTHING if found is UNKNOWN or isinstance(found, Fresh) else found

    def place(self, name: str) -> Key:
        """Where a variable from outside is kept."""
        place, key = self.scope.kept(name)
        return id(place), key or name  # a cell has no names

    def asked_late(self, node: ast.expr, key: Key) -> bool:
        """Whether what is read is asked for when the output runs: a variable has a value there from
        before, and a number of a class or a module may be an exponent that decided a derivative.
        """
        value = self.value(node)
        number = isinstance(value, int | float | complex | np.generic)
        flag = isinstance(value, bool)
        return not key[1] or (isinstance(node, ast.Attribute) and (flag or not number))

    def written(self) -> Iterator[tuple[ast.AST, Key]]:
        for node in self.body:
            match node:
                case ast.Name(name, ast.Store() | ast.Del()) if name in self.declared:
                    yield node, self.place(name)
                case (
                    ast.Attribute(owner, name, ast.Store() | ast.Del())
                    | ast.Call(
                        ast.Name("setattr" | "delattr"), [owner, ast.Constant(str(name)), *_]
                    )
                ):
                    value = self.value(owner)
                    if value is not NOTHING:
                        yield node, (id(value), name)
                case ast.Subscript(held, _, ast.Store()) | ast.Call(
                    ast.Attribute(held, "fill" | "sort" | "put" | "partition")
                ):
                    value = self.value(held)
                    if isinstance(value, np.ndarray | list | dict):
                        yield node, (id(value), "")

    def read(self) -> Iterator[tuple[ast.expr, Key]]:
        stored = {id(n.value) for n in self.body
                  if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load)}  # fmt: skip
        for node in self.body:
            if id(node) in stored:
                continue
            match node:
                case ast.Name(name, ast.Load()) if name not in self.own:
                    yield node, self.place(name)
                case ast.Attribute(owner, name, ast.Load()):
                    held = self.value(owner)
                    if held is not NOTHING and not is_instance(held):  # what those have, it records
                        yield node, (id(held), name)
                case _:
                    continue
            value = self.value(node)
            asked = isinstance(value, list | dict) and id(node) in self.asked_again
            if isinstance(value, np.ndarray) or asked:
                yield node, (id(value), "")

    @cached_property
    def asked_again(self) -> set[int]:
        """The expressions in tests and in loops, by id: the reverse sweep asks for them, too. What
        is read once elsewhere has a variable.
        """
        again: list[ast.AST] = [n for n in self.body if isinstance(n, ast.For | ast.While)]
        again += [n.test for n in self.body if isinstance(n, ast.If | ast.IfExp)]
        return {id(part) for tree in again for part in nodes(tree)}

    def calling(self) -> Iterator[_Code]:
        """The functions that it may call, and the methods of classes of which it makes objects."""
        if self.source is None:
            found = map(self.scope.current, _names(self.function.__code__))
            found = map(unwrapped, map(inspect.unwrap, found))
            yield from (_Code(Called(value)) for value in found if isinstance(value, FunctionType))
            return
        yield from map(_Code, calls(self.seen, {}))
        for node in self.body:
            kind = self.value(node.func) if isinstance(node, ast.Call) else None
            if isinstance(kind, type) and _is_followed(kind):
                raw = (getattr(v, "__func__", v) for v in vars(kind).values())
                yield from (_Code(Called(v)) for v in raw if isinstance(v, FunctionType))

    def may_call(self, node: ast.Call, function: FunctionType) -> bool:
        """Whether a function, or a method, is what is called."""
        return any(called.function is function for called in exactly(node, self.seen))


def _reachable(root: FunctionType) -> list[_Code]:
    """A function and those that it may call, as far as names and methods of objects tell."""
    seen: dict[tuple[Any, ...], _Code] = {}
    level = [_Code(Called(root))]
    for _ in range(DEPTH):
        following: list[_Code] = []
        for code in level:
            place = code.called.key
            if is_library(code.function.__code__.co_filename):
                continue
            if place in seen:
                seen[place].callers |= code.callers
                continue
            seen[place] = code
            for inner in code.calling():
                inner.callers.add(id(code.function))
                following.append(inner)
        level = following
    return list(seen.values())


@cache
def _may_write(code: CodeType) -> bool:
    """Whether a function stores anything but in variables of its own."""
    if not _CALLS.isdisjoint(code.co_names):
        return True
    stores = not _STORING.isdisjoint(code.co_code[::2])
    return stores or any(_may_write(c) for c in code.co_consts if isinstance(c, CodeType))


@cache
def _names(code: CodeType) -> frozenset[str]:
    """The names from outside that a function reads."""
    found, high = {*code.co_freevars}, 0
    words = iter(code.co_code)
    for operation, low in zip(words, words, strict=True):  # faster than dis.get_instructions
        number = high | low
        high = number << 8 if operation == dis.EXTENDED_ARG else 0
        if operation == _LOAD_GLOBAL:
            found.add(code.co_names[number >> 1])  # the last bit is about how it is called
        elif operation == _LOAD_NAME:
            found.add(code.co_names[number])
    return frozenset(found.union(*(_names(c) for c in code.co_consts if isinstance(c, CodeType))))


def _is_followed(kind: type) -> bool:
    """Whether a class is one that a class statement has made."""
    return bool(kind.__flags__ & HEAP_TYPE)
