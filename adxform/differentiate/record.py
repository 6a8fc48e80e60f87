"""Recording: how the forward sweep's values reach the reverse sweep.

A value still in scope is used as it is. One that a branch defined leaves the branch by a phi. One
that each iteration of a loop defines anew is computed again where that is cheap, and is otherwise
recorded on a tape: an array allocated before the loop and indexed by the iteration, or a list
where neither the shape nor the trip count is known.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.ir import (
    UNDEFINED,
    Block,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    blocks_of,
    phis_of,
    reads_of,
    substitute,
    uses,
    walk,
)
from adxform.core.types import ANY
from adxform.differentiate.common import primitive
from adxform.differentiate.rebuild import Rebuild
from adxform.differentiate.recording import Recording
from adxform.differentiate.sweeps import Sweeps
from adxform.differentiate.tapes import Definition, Path

RECOMPUTE_DEPTH = 4


def link(sweeps: Sweeps, absent: Operand = UNDEFINED) -> tuple[Block, Block]:
    """The forward and the reverse sweep with every value of the one within reach of the other.

    ``absent`` stands for a branch's value where another branch is taken.
    """
    return Link(sweeps, absent).run()


class Link(Recording):
    """Joins the sweeps: rewrites the reverse one, and has the forward one rebuilt."""

    def run(self) -> tuple[Block, Block]:
        self.wanted = self._mentioned(self.sweeps.reverse)
        backward = self.reverse_block(self.sweeps.reverse, (), {})
        forward = Rebuild(self).block(self.sweeps.forward)
        return forward, backward

    def _mentioned(self, block: Block) -> set[str]:
        found: set[str] = set()
        for stmt in walk(block):
            found.update(reads_of(stmt))
            for phi in getattr(stmt, "phis", ()):
                found.update(uses((phi.first, phi.second)))
        return found

    # --- the reverse sweep --------------------------------------------------------------------

    def reverse_block(self, block: Block, path: Path, env: dict[str, Operand]) -> Block:
        """A block of the reverse sweep whose names are all within reach.

        ``path`` is the place in the forward sweep that it mirrors, ``env`` what names of the
        forward sweep are called here.
        """
        inner = Builder(self.names, self.types, self.builder.bases)
        for stmt in block:
            inner.origin = getattr(stmt, "origin", None)
            needed = set(reads_of(stmt)) | {
                n for phi in getattr(stmt, "phis", ()) for n in _outer_reads(stmt, phi)
            }
            if isinstance(stmt, For):
                needed |= self.invariant(stmt, path)
            self.fetch(sorted(needed), path, env, inner)
            match stmt:
                case Let():
                    args = tuple(substitute(a, env) for a in stmt.args)
                    inner.append(replace(stmt, args=args))
                case If():
                    inner.append(self.reverse_branch(stmt, path, env))
                case For():
                    inner.append(self.reverse_loop(stmt, path, env))
                case _:
                    inner.append(stmt)
        return inner.block

    def invariant(self, loop: For, path: Path) -> set[str]:
        """What a reverse loop needs from outside the loop that it mirrors: fetched before it."""
        found = self._mentioned((loop,))
        return {
            n
            for n in found
            if n in self.defined
            and n not in self.gaps
            and 0 < len(self.visible(n, path).path) <= len(path)
            and all(around is not loop.mirror for around, _ in self.defined[n].path)
            and self.visible(n, path).path == path[: len(self.visible(n, path).path)]
        }

    def reverse_branch(self, stmt: If, path: Path, env: dict[str, Operand]) -> Stmt:
        sides = []
        for place, block in enumerate(blocks_of(stmt)):
            side_env = dict(env)
            side_path = path if stmt.mirror is None else (*path, (stmt.mirror, place))
            phi_reads = {n for phi in stmt.phis for n in uses(((phi.first, phi.second)[place],))}
            made = self._with_results(block, side_path, side_env, phi_reads)
            sides.append((made, side_env))
        phis = tuple(
            Phi(p.target, substitute(p.first, sides[0][1]), substitute(p.second, sides[1][1]))
            for p in stmt.phis
        )
        test = substitute(stmt.test, env)
        return replace(stmt, test=test, then=sides[0][0], orelse=sides[1][0], phis=phis)

    def _with_results(
        self, block: Block, path: Path, env: dict[str, Operand], results: set[str]
    ) -> Block:
        """A block, and the names that a phi takes from its end."""
        made = self.reverse_block(block, path, env)
        tail = Builder(self.names, self.types, self.builder.bases)
        self.fetch(sorted(results), path, env, tail)
        return (*made, *tail.block)

    def reverse_loop(self, stmt: For, path: Path, env: dict[str, Operand]) -> Stmt:
        carried = {phi.target for phi in phis_of(stmt.mirror)} if stmt.mirror else set()
        inner_env = {n: o for n, o in env.items() if n not in carried}  # outside: the last values
        inner_path = path
        if isinstance(stmt.mirror, For):
            inner_env[stmt.mirror.index] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 0))
        elif isinstance(stmt.mirror, While):
            inner_env[self.sweeps.counters[stmt.mirror]] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 1))
        results = {n for phi in stmt.phis for n in uses((phi.second,))}
        body = self._with_results(stmt.body, inner_path, inner_env, results)
        phis = tuple(
            Phi(p.target, substitute(p.first, env), substitute(p.second, inner_env))
            for p in stmt.phis
        )
        bounds = tuple(substitute(b, env) for b in stmt.bounds)
        return replace(stmt, bounds=bounds, phis=phis, body=body)

    # --- fetching one value -------------------------------------------------------------------

    def fetch(
        self, names: list[str], path: Path, env: dict[str, Operand], builder: Builder
    ) -> None:
        """Bring names of the forward sweep within reach, at the end of what is built so far."""
        for name in names:
            if name in env or name not in self.defined:
                continue
            definition = self.where_read(name, path)
            if not definition.path:
                continue
            if self.counts(name) and definition.stmt is None:
                loop = definition.path[-1][0]
                assert isinstance(loop, For | While)
                env[name] = substitute(self.position(loop, builder, env), env)
                continue
            bound = definition.stmt is not None or definition.path != path
            if bound and self.recomputable(name, path, env, RECOMPUTE_DEPTH):
                self.recompute(name, path, env, builder)
            else:
                env[name] = self.transport(name, definition, path, env, builder)

    def recompute(self, name: str, path: Path, env: dict[str, Operand], builder: Builder) -> None:
        """Repeat a cheap operation, and what it reads, in the reverse sweep."""
        stmt = self.visible(name, path).stmt
        assert isinstance(stmt, Let) and isinstance(stmt.op, Primitive)
        self.fetch(uses(stmt.args), path, env, builder)
        base = self.builder.bases.get(name)
        origin, builder.origin = builder.origin, None
        env[name] = builder.emit(stmt.op, [substitute(a, env) for a in stmt.args], base)
        builder.origin = origin

    def transport(
        self,
        name: str,
        definition: Definition,
        path: Path,
        env: dict[str, Operand],
        builder: Builder,
    ) -> Operand:
        """Record a value in the loop around it, or let it leave the branches around it."""
        place = max(
            (i for i, (s, _) in enumerate(definition.path) if isinstance(s, For | While)),
            default=None,
        )
        if place is None:
            return Var(self.export(name, definition.path))
        place, loops = self.nest(name, definition, place)
        tape = self.tape(name, loops, definition)
        outer = Definition(definition.path[:place], loops[0])
        source: Operand = Var(tape.name)
        if outer.path:
            self.defined.setdefault(tape.name, outer)
            self.fetch([tape.name], path, env, builder)
            source = env.get(tape.name, source)
        origin, builder.origin = builder.origin, None
        index = substitute(self.place(tape, builder, env), env)
        read = builder.emit(primitive("[]"), (source, index), self.builder.bases.get(name))
        builder.origin = origin
        self.types[read.name] = self.types.get(name, ANY)
        return read


def _outer_reads(stmt: Stmt, phi: Phi) -> list[str]:
    """What a phi reads outside the blocks of its statement."""
    return uses((phi.first,)) if isinstance(stmt, For | While) else []
