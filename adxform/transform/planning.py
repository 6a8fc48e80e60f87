"""What is defined where: above and below each chosen function, and in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from adxform.compiler import Part
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
    plain = all(one.chosen.decoration is None for one in made)
    prints = _Prints(generator, assembly, sharing=plain and len(made) > 1)
    lasting = {
        needed.tree.name
        for one in made
        if one.chosen.decoration is not None
        for root in one.roots
        for needed in prints.all(root)[:-1]
    }
    return [_piece(one, prints, lasting) for one in made]


class _Prints:
    """Generated functions as trees; parts that read the same are one.

    With ``sharing`` a part may be a derivative function that was asked for, too; not where
    something that stays in the file could come to rely on what the next run writes anew.
    """

    def __init__(self, generator: Generator, assembly: Assembly, *, sharing: bool) -> None:
        self.generator = generator
        self.assembly = assembly
        self.sharing = sharing and not assembly.kept
        self.known: dict[int, list[_Definition]] = {}
        kept = assembly.kept.values()
        self.seen = {assembly.says(tree): _Definition(tree, None) for tree in kept}

    def all(self, root: Part) -> list[_Definition]:
        """A generated function after the helpers and parts that it calls."""
        if id(root[0]) not in self.known:
            *parts, last = self.generator.parts(root)
            shared = {id(one.tree): one for one in map(self._shared, parts)}
            own = self._printed(last)
            if self.sharing:
                self.seen.setdefault(self.assembly.says(own.tree), own)
            found = [*shared.values(), own]
            helpers = self.assembly.helpers(
                [one.tree for one in found], self.generator.spellings["np"]
            )
            self.known[id(root[0])] = [*(_Definition(h, None) for h in helpers), *found]
        return self.known[id(root[0])]

    def _shared(self, part: Part) -> _Definition:
        made = self._printed(part)
        found = self.seen.setdefault(self.assembly.says(made.tree), made)
        self.generator.parts_called[made.tree.name].name = found.tree.name
        return found

    def _printed(self, part: Part) -> _Definition:
        origin = part[0].origin
        tree = self.assembly.definition(part, self.generator.present)
        return _Definition(tree, None if origin is None else origin.text)


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
