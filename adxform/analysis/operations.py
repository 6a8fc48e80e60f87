"""How much a function does, in operations: what the cost of a derivative is told in."""

from __future__ import annotations

from adxform.core.ir import Block, Callee, Function, If, Let, Primitive, Stmt, blocks_of

TRIPS = 10  # how many iterations a loop counts for
FREE = frozenset({"rename", "copy"})


def operations(function: Function) -> int:
    """The operations of a function and of those that it calls: one for each operation on numbers
    or arrays, each test and each iteration; a loop counts for ``TRIPS`` iterations.
    """
    return _of_block(function.body, ())


def _of_block(block: Block, inside: tuple[Callee, ...]) -> int:
    return sum(_of_statement(stmt, inside) for stmt in block)


def _of_statement(stmt: Stmt, inside: tuple[Callee, ...]) -> int:
    if isinstance(stmt, Let):
        return _of_operation(stmt, inside)
    parts = [_of_block(block, inside) for block in blocks_of(stmt)]
    if isinstance(stmt, If):
        return 1 + max(parts)
    return TRIPS * (1 + sum(parts)) if parts else 1


def _of_operation(stmt: Let, inside: tuple[Callee, ...]) -> int:
    op = stmt.op
    if isinstance(op, Primitive):
        return 0 if op.name in FREE else 1
    if not isinstance(op, Callee) or op.function is None or op in inside:
        return 1
    return 1 + _of_block(op.function.body, (*inside, op))
