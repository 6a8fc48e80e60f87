"""The verifier: what every function of Core must satisfy, checked after each stage.

Each name is bound once and before it is used; a phi's operands are bound where control comes from;
a branch's and a loop's own names are not used outside it, except those of its phis. What ends a
loop early is known at the end of its body, and a loop over a reversed range never ends early.
"""

from __future__ import annotations

from adxform.core.index import Index, index
from adxform.core.ir import (
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Opaque,
    Operand,
    Stmt,
    While,
    uses,
)
from adxform.errors import InternalError


def verify(function: Function, stage: str = "") -> Function:
    """The function itself, if it is well formed.

    Raises
    ------
    InternalError
        Naming the stage, the rule that is broken and the name concerned.
    """
    checker = _Checker(stage or function.name)
    for param in function.params:
        checker.bind(param.name)
    checker.operations(index(function.body))
    checker.block(function.body)
    checker.operands([function.result])
    return function


class _Checker:
    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.bound: set[str] = set()  # every name ever bound
        self.visible: set[str] = set()  # those that may be used here
        self.scopes: list[list[str]] = [[]]

    def fail(self, reason: str) -> None:
        raise InternalError(f"after stage {self.stage}: {reason}; please report this")

    def bind(self, name: str) -> None:
        if name in self.bound:
            self.fail(f"{name} is bound twice")
        self.bound.add(name)
        self.visible.add(name)
        self.scopes[-1].append(name)

    def operands(self, operands: list[Operand] | tuple[Operand, ...]) -> None:
        for name in uses(operands):
            if name not in self.visible:
                where = (
                    "used outside its block" if name in self.bound else "used before it is bound"
                )
                self.fail(f"{name} is {where}")

    def block(self, block: Block) -> None:
        bound, visible, here = self.bound, self.visible, self.scopes[-1]
        for stmt in block:
            if type(stmt) is not Let:
                self.statement(stmt)
                continue
            if not visible.issuperset(stmt.reads):
                self.operands(stmt.args)
            targets = stmt.targets
            if len(targets) == 1 and targets[0] not in bound:  # as most are
                bound.update(targets)
                visible.update(targets)
                here += targets
                continue
            for target in targets:
                self.bind(target)

    def open(self) -> None:
        self.scopes.append([])

    def close(self) -> None:
        self.visible.difference_update(self.scopes.pop())

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case Effect():
                self.operands([operand for _, operand in stmt.reads])
                for _, name in stmt.writes:
                    self.bind(name)

    def operations(self, held: Index) -> None:
        for op, lets in held.primitives.items():
            if {len(op.params)} != {len(stmt.args) for stmt in lets}:
                self.fail(f"{op.name} takes {len(op.params)} operands")
            if {1} != {len(stmt.targets) for stmt in lets}:
                self.fail(f"{op.name} gives one value")
        for stmt in held.special:
            if isinstance(stmt.op, Opaque) and len(stmt.args) != len(stmt.op.reads):
                self.fail("an opaque expression has an operand for each name that it reads")

    def branch(self, stmt: If) -> None:
        self.operands([stmt.test])
        for side, block in enumerate((stmt.then, stmt.orelse)):
            self.open()
            self.block(block)
            self.operands([(phi.first, phi.second)[side] for phi in stmt.phis])
            self.close()
        for phi in stmt.phis:
            self.bind(phi.target)

    def loop(self, stmt: For | While) -> None:
        self.operands([phi.first for phi in stmt.phis])
        if isinstance(stmt, For):
            self.operands(stmt.bounds)
        for phi in stmt.phis:
            self.bind(phi.target)
        self.open()
        if isinstance(stmt, For):
            self.bind(stmt.index)
        else:
            self.block(stmt.head)
            self.operands([stmt.test])
        self.block(stmt.body)
        self.operands([phi.second for phi in stmt.phis])
        if stmt.stop is not None:
            self.operands([stmt.stop])
            if isinstance(stmt, For) and stmt.reverse:
                self.fail(f"the reversed loop over {stmt.index} ends early")
        self.close()
