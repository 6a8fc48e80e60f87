"""What is defined where: above and below each chosen function, and in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from adxform.compiler import Part
from adxform.core.ir import Function
from adxform.transform.assembly import Assembly, check_names, check_parameters
from adxform.transform.generation import Generator, Made
from adxform.transform.splice import derived_marker, part_marker


@dataclass
class Piece:
    """The definitions that one chosen function gets; ``body`` is what replaces its own."""

    made: Made
    above: list[tuple[str, ast.FunctionDef]] = field(default_factory=list)
    below: list[tuple[str, ast.FunctionDef]] = field(default_factory=list)
    body: ast.FunctionDef | None = None

    def trees(self) -> Iterator[ast.FunctionDef]:
        """Everything generated here."""
        yield from (tree for _, tree in (*self.above, *self.below))
        if self.body is not None:
            yield self.body

    def check(self, known: set[str], file: str) -> None:
        """Refuse what the file could not run."""
        for tree in self.trees():
            check_names(tree, known, self.made.function, file)


@dataclass(frozen=True, slots=True)
class _Definition:
    tree: ast.FunctionDef
    origin: str | None


def plan(made: list[Made], generator: Generator, assembly: Assembly) -> list[Piece]:
    """The pieces, each definition in the first that uses it.

    What a replaced function calls outlives later runs, which no longer know that function; it
    stands above the first user of it, where a later run leaves it.
    """
    prints = _Prints(generator, assembly)
    lasting = {
        needed.tree.name
        for one in made
        if one.chosen.decoration is not None
        for root in one.roots
        for needed in prints.all(root)[:-1]
    }
    return [_piece(one, prints, lasting) for one in made]


class _Prints:
    def __init__(self, generator: Generator, assembly: Assembly) -> None:
        self.generator = generator
        self.assembly = assembly
        self.known: dict[int, list[_Definition]] = {}

    def all(self, root: Part) -> list[_Definition]:
        """A generated function after the helpers and parts that it calls."""
        if id(root[0]) not in self.known:
            parts = [
                _Definition(self.assembly.definition(part), _origin(part[0]))
                for part in self.generator.parts(root)
            ]
            numpy = self.generator.spellings["np"]
            helpers = self.assembly.helpers([p.tree for p in parts], numpy)
            self.known[id(root[0])] = [*(_Definition(h, None) for h in helpers), *parts]
        return self.known[id(root[0])]


def _origin(function: Function) -> str | None:
    return function.origin.text if function.origin else None


def _piece(made: Made, prints: _Prints, lasting: set[str]) -> Piece:
    piece = Piece(made)
    name = made.chosen.name
    for root in made.roots:
        *needed, own = prints.all(root)
        if made.chosen.decoration is not None:
            check_parameters(own.tree, made.function)
            piece.body = own.tree
        else:
            needed.append(own)
        for one in needed:
            if not prints.assembly.missing(one.tree):
                continue
            if one.tree.name in lasting:
                piece.above.append((part_marker(name), one.tree))
            else:
                piece.below.append((derived_marker(one.origin), one.tree))
    return piece
