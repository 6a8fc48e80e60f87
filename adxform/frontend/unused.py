"""Functions defined inside: where all their calls were lowered, nothing is left to carry along."""

from __future__ import annotations

import ast

from adxform.core.ir import (
    Block,
    Effect,
    Let,
    Opaque,
    Operand,
    Primitive,
    Stmt,
    Tuple,
    binds_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.trees import nodes
from adxform.core.types import Object, Type
from adxform.core.unread import without
from adxform.errors import Diagnostic, Location, UnsupportedError
from adxform.frontend.writes import changes_any

_NOT_FOLLOWED = "this function changes variables around it, and not all of its calls are followed"
_CALL_IT = "Call it in statements of their own."


def drop_unused_functions(block: Block, result: Operand, types: dict[str, Type]) -> Block:
    """A block without the functions, and phis of functions, that no other statement reads.

    Raises
    ------
    UnsupportedError
        If one that stays may change a list, or an array.
    """
    left = _without_unused(block, result, types)
    for stmt in walk(left):
        match stmt:
            case Effect(tree=ast.FunctionDef() as tree, reads=reads, origin=origin):
                where = origin.location if origin else None
                if any(isinstance(read, Tuple) and (read.is_list or changes_any(tree, {name}))
                       for name, read in reads):
                    raise may_change_a_list(where)
                if any(isinstance(part, ast.Nonlocal) for part in nodes(tree)):
                    raise UnsupportedError(Diagnostic(_NOT_FOLLOWED, where, _CALL_IT))
            case Let(op=Opaque(tree=ast.Lambda(), reason=str(reason)), origin=origin) if reason:
                where, hint = origin.location if origin else None, "Write to a copy in it."
                raise UnsupportedError(Diagnostic(reason, where, hint))
    return left


def may_change_a_list(location: Location | None) -> UnsupportedError:
    """The error for a statement that is carried verbatim, and reads a list."""
    reason = "this statement may change a list or a dictionary whose items the derivative follows"
    hint = "Use an array, or pass a copy made by list(...)."
    return UnsupportedError(Diagnostic(reason, location, hint))


def _without_unused(block: Block, result: Operand, types: dict[str, Type]) -> Block:
    made = {n for stmt in walk(block) for n in binds_of(stmt) if _is_function(stmt, n, types)}
    phis = {phi.target: phi for stmt in walk(block) for phi in phis_of(stmt)}
    if not made:
        return block
    sources = {n: uses((phi.first, phi.second)) for n, phi in phis.items()}
    carried = {n for n, found in sources.items() if made.intersection(found)}
    while grown := {n for n, f in sources.items() if n not in carried and carried.intersection(f)}:
        carried |= grown
    live = set(names_in(result))
    for stmt in walk(block):
        function = isinstance(stmt, Let | Effect) and bool(binds_of(stmt))
        if not function or not made.issuperset(binds_of(stmt)):
            live.update(reads_of(stmt))
        live.update(tests_of(stmt))
        live.update(n for phi in phis_of(stmt) if phi.target not in carried
                    for n in sources[phi.target])
    work = list(live & (made | carried))
    owners = {n: stmt for stmt in walk(block) for n in binds_of(stmt) if n in made}
    while work:
        name = work.pop()
        for source in sources[name] if name in sources else reads_of(owners[name]):
            if source not in live:
                live.add(source)
                if source in made or source in carried:
                    work.append(source)
    return without(block, (made | carried) - live)


def _is_function(stmt: Stmt, name: str, types: dict[str, Type]) -> bool:
    match stmt:
        case Effect(tree=ast.FunctionDef() as tree):
            return not tree.decorator_list  # those are run where it is defined
        case Let(op=Opaque() | Primitive(name="copy")):
            return isinstance(types.get(name), Object)
        case _:
            return False
