"""Which functions of Core call which, and which are the same."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Callee,
    Effect,
    For,
    Function,
    If,
    Let,
    Op,
    Opaque,
    Operand,
    Phi,
    Stmt,
    Tuple,
    Var,
    While,
    blocks_of,
    leaves,
    phis_of,
    walk,
)


def callees(function: Function) -> list[Callee]:
    """What a function calls itself, once each, in the order of the calls."""
    called = [stmt.op for stmt in index(function.body).special]
    return list(dict.fromkeys([op for op in called if isinstance(op, Callee)]))


def reachable_callees(
    function: Function, opaque: Callable[[Callee], bool] = lambda callee: False
) -> list[Callee]:
    """What a function calls, directly or through others; each after those that it calls first.

    What ``opaque`` ones call does not count.
    """
    found: dict[Callee, None] = {}
    seen: set[Callee] = set()

    def visit(current: Function) -> None:
        for callee in callees(current):
            if callee not in seen:
                seen.add(callee)
                if callee.function is not None and not opaque(callee):
                    visit(callee.function)
                found[callee] = None

    visit(function)
    return list(found)


def calls(callee: Callee, other: Callee) -> bool:
    """Whether a call of one function may lead to a call of another."""
    return callee.function is not None and other in reachable_callees(callee.function)


def is_recursive(callee: Callee) -> bool:
    """Whether a call of a function may lead to another call of it."""
    return calls(callee, callee)


def own_callee(function: Function) -> Callee | None:
    """What a function calls where it calls itself, if that is the very same function."""
    reached = reachable_callees(function)
    return next((c for c in reached if c.function and alike(function, c.function)), None)


def calling_itself(function: Function) -> Function:
    """A function that calls itself as one that only makes the first of these calls."""
    callee = own_callee(function)
    plain = all(isinstance(shape, Var) for _, shape in function.given)
    if callee is None or not plain or isinstance(function.result, Tuple):
        return function
    out = "out" if all(p.name != "out" for p in function.params) else "out_"
    call = Let((out,), callee, tuple(Var(p.name) for p in function.params))
    return replace(function, body=(call,), result=Var(out), bases={**function.bases, out: out})


def alike(first: Function, second: Function) -> bool:
    """Whether two functions say the same, word for word."""
    names = [[p.name for p in f.params] for f in (first, second)]
    same = first.name == second.name and names[0] == names[1] and first.result == second.result
    return same and _same_block(first.body, second.body)


def _same_block(first: Block, second: Block) -> bool:
    return len(first) == len(second) and all(map(_same_statement, first, second))


def _same_statement(first: Stmt, second: Stmt) -> bool:
    return (
        type(first) is type(second)
        and _parts(first) == _parts(second)
        and list(map(_merged, phis_of(first))) == list(map(_merged, phis_of(second)))
        and all(map(_same_block, blocks_of(first), blocks_of(second)))
    )


def _merged(phi: Phi) -> tuple[str, Operand, Operand]:
    return phi.target, phi.first, phi.second


def _parts(stmt: Stmt) -> tuple[object, ...]:
    """What a statement says besides its phis and blocks."""
    match stmt:
        case Let(targets, op, args):
            return targets, _meaning(op), args
        case If(test):
            return (test,)
        case For(index, bounds, stop=stop, reverse=reverse):
            return index, bounds, stop, reverse
        case While(test=test, stop=stop):
            return test, stop
        case Effect(tree, reads, writes):
            return ast.dump(tree), reads, writes


def _meaning(op: Op) -> object:
    return (ast.dump(op.tree), op.reads) if isinstance(op, Opaque) else op


def giving_leaves(function: Function) -> Function:
    """A function that gives what its result holds one by one, as calls in Core take it."""
    held = leaves(function.result)
    return replace(function, result=held[0] if len(held) == 1 else Tuple(tuple(held)))


def takes_and_gives_leaves(function: Function) -> bool:
    """Whether a user's function is called in Core as it is in Python: without containers, but for
    a tuple or list of results that is unpacked.
    """
    result = function.result
    if isinstance(result, Tuple):
        unpacked = len(result.items) > 1 and result.form.kind in ("tuple", "list")
        if not unpacked or any(isinstance(item, Tuple) for item in result.items):
            return False
    return not any(isinstance(shape, Tuple) for _, shape in function.given)


def is_foreign(stmt: Stmt) -> bool:
    """Whether a statement, or the function that it calls, does what the compiler cannot follow."""
    if isinstance(stmt, Let) and isinstance(stmt.op, Callee) and stmt.op.function is not None:
        called = (stmt.op, *reachable_callees(stmt.op.function))
        bodies = (callee.function.body for callee in called if callee.function is not None)
        return any(_is_foreign(inner) for body in bodies for inner in walk(body))
    return _is_foreign(stmt)


def _is_foreign(stmt: Stmt) -> bool:
    match stmt:
        case Effect(harmless=harmless):
            return not harmless
        case Let(op=Opaque(callee=callee, boolean=boolean)):
            return bool(callee) and not boolean
        case _:
            return False
