"""Stacks: how what functions that call themselves record reaches their pullbacks in plain lists.

A tape that holds the tapes of inner calls has no type that a compiler could give it. So a block of
the forward sweep ends by pushing what its mirror needs, and that begins by popping it: the reverse
sweep comes to the blocks in the opposite order, as in Tapenade (Hascoët and Pascual 2013).
"""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Const,
    If,
    Let,
    Operand,
    Primitive,
    Tuple,
    Var,
    uses,
    walk,
)
from adxform.core.types import ANY, Array, Scalar, Type
from adxform.differentiate.common import copying
from adxform.differentiate.record import Link
from adxform.differentiate.sweeps import Sweeps
from adxform.differentiate.tapes import Definition, Path

STACKED = {"float64": "float64", "int64": "int64", "bool": "int64"}  # where numbers go
PUSH = Primitive("push", "call", "push", ("values", "mark"))
POP = Primitive("pop", "call", "pop", ("mark",))


class Mark(str):
    """What stands for the stacks where they are used: the same on the way there and back."""


def is_mark(operand: Operand) -> bool:
    """Whether an argument stands for the stacks."""
    return isinstance(operand, Const) and isinstance(operand.value, Mark)


class Unstackable(Exception):
    """A value that no stack takes: tapes do."""


def stack_of(known: Type) -> str:
    """The dtype of the stack that takes values of a type.

    Raises
    ------
    Unstackable
        If none does.
    """
    match known:
        case Scalar(dtype) if dtype in STACKED:
            return STACKED[dtype]
        case Array("float64" | "int64" as dtype, dims) if dims:
            return dtype
    raise Unstackable


def drop_unpulled(sweeps: Sweeps) -> None:
    """Leave calls whose pullback is not called any more as the user wrote them."""
    lets = (stmt for stmt in walk(sweeps.reverse) if isinstance(stmt, Let))
    pulled = {arg for let in lets for arg in let.args if is_mark(arg)}
    for stmt, record in list(sweeps.replaced.items()):
        marks = [arg for arg in record.args if is_mark(arg)] if isinstance(record, Let) else []
        if marks and not pulled.issuperset(marks):
            del sweeps.replaced[stmt]


class Stacking(Link):
    """Joins sweeps whose forward one leaves all that the reverse one needs of it, but for the
    parameters, on stacks. ``held`` is what each block pushes, and the names it is popped by.
    """

    def __init__(
        self, sweeps: Sweeps, absent: Operand, *, tbr: bool = True, packed: bool = True
    ) -> None:
        super().__init__(sweeps, absent, tbr=tbr, packed=packed)
        self.held: dict[Path, dict[str, str]] = {}
        self.entered: set[Path] = {()}
        self.done: set[Path] = set()
        self.arrays.last = lambda storage: self.at_end(storage.last)

    def run(self) -> tuple[Block, Block]:
        forward, backward = super().run()
        return (*forward, *self.pushed(())), (*self.popped(()), *backward)

    # --- what is pushed, and popped -----------------------------------------------------------

    def pushed(self, path: Path) -> Block:
        """The end of a block of the forward sweep."""
        names = tuple(Var(name) for name in self.held.get(path, ()))
        return (Let((), PUSH, (Tuple(names), self.mark(path))),) if names else ()

    def popped(self, path: Path) -> Block:
        """The beginning of the block of the reverse sweep that mirrors it."""
        names = tuple(self.held.get(path, {}).values())
        return (Let(names, POP, (self.mark(path),)),) if names else ()

    def mark(self, path: Path) -> Const:
        return Const(Mark(f"{id(path[-1][0])} {path[-1][1]}" if path else ""))

    def on_stack(self, name: str, path: Path) -> Operand:
        """A value that the block at ``path`` pushes, as it is called where it was popped."""
        if path not in self.entered:
            raise Unstackable
        held = self.held.setdefault(path, {})
        stack_of(self.types.get(name, ANY))
        if name not in held:
            held[name] = self.builder.name(self.builder.bases.get(name))
            self.types[held[name]] = self.types[name]
        return Var(held[name])

    def at_end(self, name: str) -> Operand:
        """An array as it is at the end of the forward sweep."""
        return self.on_stack(name, ()) if name in self.defined else Var(name)

    # --- in the place of tapes ----------------------------------------------------------------

    def within_reach(self, definition: Definition) -> bool:
        return False

    def _with_results(
        self, block: Block, path: Path, env: dict[str, Operand], results: set[str]
    ) -> Block:
        if path in self.entered:  # a block that mirrors none
            return super()._with_results(block, path, env, results)
        if path in self.done:
            raise Unstackable
        self.entered.add(path)
        made = super()._with_results(block, path, env, results)
        self.entered.remove(path)
        self.done.add(path)
        self.plan.ends[path[-1]].extend(self.pushed(path))
        return (*self.popped(path), *made)

    def transport(
        self,
        name: str,
        definition: Definition,
        path: Path,
        env: dict[str, Operand],
        builder: Builder,
    ) -> Operand:
        depth = len(definition.path)
        if path[:depth] != definition.path:
            raise Unstackable
        while depth < len(path) and isinstance(path[depth][0], If):  # only where it is read
            depth += 1
        return self.on_stack(self.unchanged(name, definition), path[:depth])

    def unchanged(self, name: str, definition: Definition) -> str:
        """The name of a value that is the same at the end of its block."""
        known = self.types.get(name, ANY)
        written = name in self.overwritten or self.keeping.changes(name, definition)
        if isinstance(known, Scalar) or not written:
            return name
        if name not in self.copies:
            made = definition.stmt
            if not isinstance(made, Let):
                raise Unstackable
            after = Builder(self.names, self.types, self.builder.bases)
            self.copies[name] = after.emit(copying(known), (Var(name),))
            early = [lets for lets in self.plan.before.values() if made in lets]
            lets = [stmt for stmt in after.stmts if isinstance(stmt, Let)]
            for found in early:
                at = found.index(made) + 1
                found[at:at] = lets
            if not early:
                self.plan.after[made][:0] = lets
        (copy,) = uses((self.copies[name],))
        return copy
