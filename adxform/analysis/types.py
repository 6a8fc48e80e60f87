"""Type inference: what is known of each name's value, from the types of the parameters."""

from __future__ import annotations

from adxform.core.builder import result_types, type_of
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Callee,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    leaves,
)
from adxform.core.types import ANY, INT, Array, ListOf, Scalar, Sym, Type, join, unvalued

Types = dict[str, Type]
ROUNDS = 2  # a loop's types settle after two rounds; what moves after that is taken to be any


def infer(function: Function, params: dict[str, Type]) -> Types:
    """The type of every name in a function."""
    types: Types = {}
    for p in function.params:
        types[p.name] = _symbolic(p.name, params.get(p.name, ANY))
    _Inference(types).block(function.body)
    return types


def _symbolic(name: str, t: Type) -> Type:
    """An integer whose value is not known is known by its name, if it never changes."""
    if isinstance(t, Scalar) and t.dtype == "int64" and t.value is None:
        return Scalar(t.dtype, t.weak, Sym(name))
    return t


def result_type(function: Function, types: Types) -> Type:
    """The type of a function's result."""
    return type_of(function.result, types)


class _Inference:
    def __init__(self, types: Types) -> None:
        self.types = types
        self.in_loop = False
        self.empty: set[str] = set()  # names that nothing has been put in yet

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let(op=Callee()):
                for target, found in zip(stmt.targets, self.call(stmt), strict=True):
                    self.types[target] = found
            case Let():
                found = result_types(stmt, self.types)[0]
                self.types[stmt.target] = found if self.in_loop else _symbolic(stmt.target, found)
            case If(then=then, orelse=orelse, phis=phis):
                self.block(then)
                self.block(orelse)
                for phi in phis:
                    self.types[phi.target] = self.merged(phi)
            case For(index=index, phis=phis, body=body):
                self.types[index] = INT
                self.loop(phis, (body,))
            case While(phis=phis, head=head, body=body):
                self.loop(phis, (head, body))
            case _:
                for _, name in stmt.writes:
                    self.types[name] = ANY

    def call(self, stmt: Let) -> list[Type]:
        """The types of a user's function's results, from those of its arguments."""
        assert isinstance(stmt.op, Callee) and stmt.op.function is not None
        function = stmt.op.function
        args = {
            p.name: unvalued(type_of(a, self.types))
            for p, a in zip(function.params, stmt.args, strict=True)
        }
        inner = infer(function, args)
        return [type_of(leaf, inner) for leaf in leaves(function.result)]

    def merged(self, phi: Phi) -> Type:
        known = [type_of(o, self.types) for o in (phi.first, phi.second) if not self.is_empty(o)]
        self.empty.discard(phi.target)
        if not known:
            self.empty.add(phi.target)
        if len(known) == 2:
            return unvalued(join(known[0], known[1]))
        return known[0] if known else ANY

    def is_empty(self, operand: Operand) -> bool:
        """Whether an operand has no value on any path seen so far."""
        return operand == UNDEFINED or (isinstance(operand, Var) and operand.name in self.empty)

    def loop(self, phis: tuple[Phi, ...], blocks: tuple[Block, ...]) -> None:
        """A header's type covers its value before the loop and after each iteration."""
        for phi in phis:
            before = ANY if self.is_empty(phi.first) else type_of(phi.first, self.types)
            (self.empty.add if self.is_empty(phi.first) else self.empty.discard)(phi.target)
            self.types[phi.target] = unvalued(before)
        outer, self.in_loop = self.in_loop, True
        moved, rounds = True, 0
        while moved:
            for block in blocks:
                self.block(block)
            moved, rounds = False, rounds + 1
            for phi in phis:
                old = None if phi.target in self.empty else self.types[phi.target]
                new = self.merged(phi)
                if rounds > ROUNDS and new != old:
                    new = _widest(new)
                if new != old and phi.target not in self.empty:
                    moved = True
                    self.types[phi.target] = new
        self.in_loop = outer


def _widest(t: Type) -> Type:
    """What is left of a type that does not settle: a list's stays that of a list."""
    if not isinstance(t, ListOf):
        return ANY
    return ListOf(Array(t.item.dtype, None) if isinstance(t.item, Array) else ANY)
