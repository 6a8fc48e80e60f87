"""Needless copies: of what is used for nothing else, or before anything is written to it."""

from __future__ import annotations

from collections import Counter

from adxform.analysis.aliasing import IN_PLACE, fresh_names, names_in_lists, writes
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Function,
    Let,
    Operand,
    Primitive,
    Var,
    names_in,
)
from adxform.core.reads import read_counts, readers
from adxform.core.types import Array, rank
from adxform.differentiate.common import names_for
from adxform.differentiate.keeping import Keeping
from adxform.differentiate.tapes import definitions
from adxform.optimize.walk import Rewriter, is_op, is_tidy, is_users, rewritten


def without_needless_copies(function: Function, types: Types) -> Function:
    """``np.copy(a * b)`` is ``a * b``: a derivative that is made before all types are known, and
    called inside, copies what it hands out. ``2.0 * np.copy(v[1:])`` is ``2.0 * v[1:]``.
    """
    copies = index(function.body).of("np.copy")
    if not copies:
        return function
    if not any(stmt.reads for stmt in copies) and is_tidy(function.body):
        return function
    reads = read_counts(function.body, function.result)
    names = names_for(function, types)
    function = rewritten(function, _Copies(Builder(names, types, function.bases), reads))
    last = _last_reads(function, types)
    if not last:
        return function
    return rewritten(function, _Leaving(Builder(names, types, function.bases), last))


def is_new(stmt: Let, types: Types) -> bool:
    """Whether a statement makes an array, and no number, that is nobody else's."""
    if len(stmt.targets) != 1 or not isinstance(stmt.op, Primitive):
        return False
    known = types.get(stmt.target)
    made = stmt.op.fresh and stmt.op.name not in IN_PLACE
    return made and isinstance(known, Array) and bool(known.dims)


class _Copies(Rewriter):
    def __init__(self, builder: Builder, reads: Counter[str]) -> None:
        super().__init__(builder)
        self.reads = reads
        self.new: set[Operand] = set()
        self.passing: set[Let] = set()

    def block(self, block: Block) -> None:
        outer, self.new = self.new, set()  # a copy in a loop is another each time
        self.passing |= self.read_at_once(block)
        super().block(block)
        self.new = outer

    def read_at_once(self, block: Block) -> set[Let]:
        """The copies that are read once, to make something new, before anything is written."""
        found: set[Let] = set()
        made: dict[str, Let] = {}
        for stmt in block:
            if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive) or writes(stmt.op):
                made.clear()
                continue
            if is_new(stmt, self.builder.types):
                found.update(made[name] for name in stmt.reads if name in made)
            copy = is_op(stmt, "np.copy") and self.reads[stmt.target] == 1
            if copy and isinstance(type_of(stmt.args[0], self.builder.types), Array):
                made[stmt.target] = stmt
        return found

    def let(self, stmt: Let) -> None:
        if stmt in self.passing or (is_op(stmt, "np.copy") and stmt.args[0] in self.new):
            self.env[stmt.target] = stmt.args[0]
            return
        if self.reads[stmt.target] == 1 and is_new(stmt, self.builder.types):
            self.new.add(Var(stmt.target))
        self.builder.append(stmt)


def _last_reads(function: Function, types: Types) -> set[Let]:
    """The copies of arrays that are the function's own and that nothing reads afterwards."""
    block = function.body
    copies = [s for s in index(block).of("np.copy") if not is_users(s)]
    copies = [s for s in copies if rank(type_of(s.args[0], types))]  # of an array, and no number
    fresh = fresh_names(function, types) if copies else set()
    copies = [s for s in copies if fresh.issuperset(s.reads)]
    if not copies:
        return set()
    defined = definitions(block)
    keeping = Keeping(block, types, defined)
    held = names_in_lists(block, keeping.aliases)
    late: dict[str, int] = {}  # the last statement that reads of some memory
    for name, stmts in readers(block).items():
        known = keeping.aliases.of(name)
        late[known] = max(late.get(known, 0), *(keeping.ends[stmt] for stmt in stmts))
    for name in names_in(function.result):
        late[keeping.aliases.of(name)] = len(keeping.ends)
    return {
        copy
        for copy in copies
        for name in copy.reads
        if name not in held
        and late[keeping.aliases.of(name)] == keeping.ends[copy]
        and keeping.stays_in(name, defined[copy.target].path)
    }


class _Leaving(Rewriter):
    """Leaves out some copies: what they are of is used in their place."""

    def __init__(self, builder: Builder, copies: set[Let]) -> None:
        super().__init__(builder)
        self.copies = {copy.target for copy in copies}

    def let(self, stmt: Let) -> None:
        if stmt.target in self.copies:
            self.env[stmt.target] = stmt.args[0]
        else:
            self.builder.append(stmt)
