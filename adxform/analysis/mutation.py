"""Writes that other names can see: found, so that they are refused and never ignored.

Core gives an array that is written in place a new name. That is the same program only if no other
name for the same memory is used afterwards.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from adxform.analysis.activity import Activity
from adxform.analysis.aliasing import Aliases, Flows, has_memory
from adxform.analysis.held import attributes_behind, changes_held, outside_in
from adxform.analysis.liveness import liveness
from adxform.analysis.types import Types
from adxform.core.again import known_again
from adxform.core.changes import ANY_ATTRIBUTE, LOOKING_METHODS, WRITING_CALLS
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Effect,
    For,
    Function,
    Global,
    If,
    Let,
    Opaque,
    Operand,
    Origin,
    Primitive,
    Stmt,
    Var,
    While,
    blocks_of,
    names_in,
    walk,
)
from adxform.core.trees import nodes
from adxform.core.types import ANY
from adxform.core.unread import unread_phis, without

WRITES = frozenset({"update", "accumulate_at"})
LOOKING = frozenset({
    "abs", "ascii", "bin", "bool", "bytes", "callable", "chr", "complex", "dict", "divmod",
    "enumerate", "float", "format", "frozenset", "hasattr", "hash", "hex", "id", "int",
    "isinstance", "issubclass", "len", "list", "oct", "ord", "pow", "print", "range", "repr",
    "reversed", "round", "set", "slice", "str", "tuple", "type", "zip",
    *(f"{home}.bisect{way}" for home in ("bisect", "_bisect") for way in ("", "_left", "_right")),
})
ORDERING = frozenset({"all", "any", "max", "min", "sorted", "sum"})
LOOKING_MODULES = frozenset({
    "np", "math", "scipy", "itertools", "datetime", "json", "os", "re", "string", "time",
})
WRITING_MODULES = frozenset({"scipy.linalg.blas", "scipy.linalg.lapack"})


@dataclass(frozen=True, slots=True)
class Conflict:
    """A write to ``name`` at ``origin``; ``other`` is what shows that it would be seen."""

    name: str
    origin: Origin | None
    other: str
    other_origin: Origin | None


def writes_in_place(stmt: Stmt) -> bool:
    """Whether a statement of the user's changes its first operand in place, if it is an array."""
    return (
        isinstance(stmt, Let)
        and isinstance(stmt.op, Primitive)
        and stmt.origin is not None
        and stmt.origin.role == "primal"
        and _may_change(stmt.op)
    )


def _may_change(op: Primitive) -> bool:
    return op.name in WRITES or op.augments


@known_again
def visible_writes(function: Function, types: Types) -> list[Conflict]:
    """In-place writes after which another name for the same memory is used."""
    written = [s for s in index(function.body).where(_may_change) if writes_in_place(s)]
    if not written:
        return []
    unread = unread_phis(function.body, function.result)
    body = without(function.body, unread) if unread else function.body
    body = _without_tests(body)
    aliases = Aliases(body, types)
    params = [p.name for p in function.params]
    live = liveness(params, body, function.result, aliases=aliases)
    found = []
    for stmt in written:
        assert isinstance(stmt, Let)
        name = next(iter(names_in(stmt.args[0])), None)
        if name is None or not has_memory(types.get(name, ANY)) or stmt in live.exclusive:
            continue
        found.append(_conflict(function, stmt, name, aliases))
    return found


def _without_tests(block: Block) -> Block:
    """A block whose tests of whether a value is an array, or is none, read nothing: they do not
    mind what is written to it.
    """
    if index(block).names.isdisjoint(("number", "is_kind")):
        return block
    made: list[Stmt] = []
    for stmt in block:
        match stmt:
            case Let(op=Primitive(name="number" | "is_kind")):
                made.append(replace(stmt, args=()))
            case If():
                then, orelse = map(_without_tests, (stmt.then, stmt.orelse))
                made.append(replace(stmt, then=then, orelse=orelse))
            case For():
                made.append(replace(stmt, body=_without_tests(stmt.body)))
            case While():
                head, body = map(_without_tests, (stmt.head, stmt.body))
                made.append(replace(stmt, head=head, body=body))
            case _:
                made.append(stmt)
    return tuple(made)


def argument_writes(function: Function, types: Types) -> list[Conflict]:
    """In-place writes to the memory of parameters, which a caller would see."""
    written = _written(function, types)
    if not written:
        return []
    flows = Flows(function.body, types)
    return [
        Conflict(name, stmt.origin, p.name, None)
        for stmt, name in written
        for p in function.params
        if flows.lead(p.name, name)
    ]


def captured_writes(function: Function, types: Types) -> list[Conflict]:
    """In-place writes to arrays that the function has from outside, or that objects hold whose
    attributes are read as they are: what is written is in no other read.
    """
    written = _written(function, types)
    if not written:
        return []
    taken = {
        stmt: text
        for stmt in walk(function.body)
        if type(stmt) is Let and has_memory(types.get(stmt.target, ANY))
        for text in [_held_outside(function, stmt)]
        if text is not None
    }
    if not taken:
        return []
    flows = Flows(function.body, types)
    found = []
    for stmt, name in written:
        source = next((s for s in taken if flows.lead(s.target, name)), None)
        if source is not None:
            found.append(Conflict(name, stmt.origin, taken[source], source.origin))
    return found


def _held_outside(function: Function, stmt: Let) -> str | None:
    """What an operation reads that is not the function's own: a part of a value from outside, or an
    attribute of an object.
    """
    match stmt:
        case Let(op=Primitive(fresh=False), args=(Global(text), *_)):
            return f"{text}, defined outside the function,"
        case Let(op=Opaque(tree=ast.Attribute() | ast.Subscript() as tree, callee="") as op):
            pairs = zip(op.reads, stmt.args, strict=True)
            labels = {n: _label(function, arg) for n, arg in pairs}
            return f"{_spelled(tree, labels)}, held by an object,"
    return None


def _label(function: Function, operand: Operand) -> str:
    if isinstance(operand, Global):
        return operand.text
    return function.bases.get(operand.name, operand.name) if isinstance(operand, Var) else "_"


def _spelled(tree: ast.expr, labels: dict[str, str]) -> str:
    """An expression as text, with variables under other names."""
    made = copy.deepcopy(tree)
    for node in nodes(made):
        if isinstance(node, ast.Name):
            node.id = labels.get(node.id, node.id)
    return ast.unparse(made)


def _written(function: Function, types: Types) -> list[tuple[Let, str]]:
    """The in-place writes of a function, and what they write to."""
    return [
        (stmt, name)
        for stmt in walk(function.body)
        if isinstance(stmt, Let) and writes_in_place(stmt)
        for name in names_in(stmt.args[0])
        if has_memory(types.get(name, ANY))
    ]


def late_effects(function: Function, types: Types, activity: Activity) -> list[Conflict]:
    """Verbatim statements that may change what a derivative needs from before them."""
    stmts = walk(function.body)
    if not any(may_change(s) or changes_held(s) for s in stmts
               if type(s) is not Let or type(s.op) is not Primitive):
        return []
    aliases = Aliases(function.body, types)
    held = attributes_behind(stmts)
    needed: dict[str, Let] = {}
    found: list[Conflict] = []

    def visit(block: Block) -> None:
        for stmt in block:
            if isinstance(stmt, Let) and stmt.target in activity:
                keys = outside_in(stmt)
                for name in stmt.reads:
                    if name not in activity and has_memory(types.get(name, ANY)):
                        needed.setdefault(aliases.of(name), stmt)
                        keys.update(held.get(name, ()))
                for key in keys:
                    needed.setdefault(f".{key}", stmt)
            for name, place in _may_be_seen(stmt, needed, aliases, types):
                origin = getattr(stmt, "origin", None)
                found.append(Conflict(name, origin, name, needed[place].origin))
            for inner in blocks_of(stmt):
                visit(inner)
                if isinstance(stmt, For | While):
                    visit(inner)  # an effect comes after what later statements needed

    visit(function.body)
    unique = {(c.name, c.origin): c for c in found}
    return list(unique.values())


def _may_be_seen(
    stmt: Stmt, needed: dict[str, Let], aliases: Aliases, types: Types
) -> Iterator[tuple[str, str]]:
    """What a statement may change of what is needed: its name, and its place among that."""
    for name in may_change(stmt):
        if has_memory(types.get(name, ANY)) and aliases.of(name) in needed:
            yield name, aliases.of(name)
    changes = changes_held(stmt)
    seen = [place for place in needed if changes and place[0] == "."
            and not changes.isdisjoint((place[1:], ANY_ATTRIBUTE))]  # fmt: skip
    if seen:
        place = min(seen, key=lambda key: (key[2:].isdigit(), key[1] == "#", key))
        yield place, place


def may_change(stmt: Stmt) -> list[str]:
    """The names of what a statement that is carried verbatim may change."""
    if isinstance(stmt, Effect) and not stmt.harmless:
        return [n for _, operand in stmt.reads for n in names_in(operand)]
    if isinstance(stmt, Let) and isinstance(stmt.op, Opaque) and _writing(stmt.op):
        return stmt.reads
    return []


def _writing(op: Opaque) -> bool:
    """Whether a call may write to its arguments: known functions of NumPy, and Python's own that
    only look at them, do not.
    """
    if op.pure or op.boolean or not op.callee or op.callee in LOOKING or _only_looks(op.tree):
        return False
    head, _, last = op.callee.rpartition(".")
    known = head.split(".")[0] in LOOKING_MODULES and head not in WRITING_MODULES
    return last in WRITING_CALLS if known else True


def _only_looks(tree: ast.expr) -> bool:
    """Whether an expression calls nothing but Python's own functions and methods that look at
    numbers and strings, by keys that are written beside them.
    """
    called = [node for node in nodes(tree) if isinstance(node, ast.Call)]
    keys = [keyword.value for node in called for keyword in node.keywords]
    return all(isinstance(key, ast.Lambda) for key in keys) and all(map(_looks, called))


def _looks(call: ast.Call) -> bool:
    match call:
        case ast.Call(ast.Name("map" | "filter"), [ast.Name(function), *_]):
            return function in LOOKING
        case ast.Call(ast.Name(function)):
            return function in LOOKING | ORDERING
        case ast.Call(ast.Attribute(owner, method)):
            return isinstance(owner, ast.Constant) or method in LOOKING_METHODS or (
                _root_of(owner) in ("np", "numpy", "math") and method not in WRITING_CALLS
                and not any(keyword.arg == "out" for keyword in call.keywords)
            )
    return False


def _root_of(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def unseen_writes(function: Function, types: Types, activity: Activity) -> list[Conflict]:
    """Calls without a rule that may write what is active, or to what is active, by the side of a
    result that no derivative needs.
    """
    calls = [
        stmt
        for stmt in walk(function.body)
        if type(stmt) is Let and type(stmt.op) is Opaque and _writing(stmt.op)
        if stmt.target not in activity.useful and not activity.varied.isdisjoint(stmt.reads)
    ]
    if not calls:
        return []
    aliases = Aliases(without(function.body, {stmt.target for stmt in calls}), types)
    needed = {aliases.of(name) for name in activity.useful}
    found = []
    for stmt in calls:
        active = next(name for name in stmt.reads if name in activity.varied)
        for name in stmt.reads:
            if has_memory(types.get(name, ANY)) and aliases.of(name) in needed:
                found.append(Conflict(name, stmt.origin, active, None))
                break
    return found


def _conflict(function: Function, stmt: Let, name: str, aliases: Aliases) -> Conflict:
    """The other name, and the statement that made it an alias."""
    family = aliases.of(name)
    variable = function.bases.get(name, name)
    for other in _members(function, family, aliases):
        label = function.bases.get(other.target, other.target)
        if label != variable and other is not stmt:
            return Conflict(name, stmt.origin, label, other.origin)
    for other in _members(function, family, aliases):
        for read in other.reads:
            label = function.bases.get(read, read)
            if label != variable and aliases.of(read) == family:
                return Conflict(name, stmt.origin, label, other.origin)
    return Conflict(name, stmt.origin, variable, stmt.origin)


def _members(function: Function, family: str, aliases: Aliases) -> Iterable[Let]:
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and any(aliases.of(t) == family for t in stmt.targets):
            yield stmt
