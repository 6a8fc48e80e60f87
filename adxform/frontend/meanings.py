"""What names from outside a function, and attributes of modules, mean where it is lowered."""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

from adxform.core.ir import UNKNOWN, Operand
from adxform.frontend.memory import Remembering
from adxform.frontend.once import Once
from adxform.frontend.program import Program
from adxform.frontend.scope import Meaning, describe
from adxform.frontend.source import SourceFunction


class Meanings(Once):
    """Finds what (dotted) names mean; ``env`` holds what is not a Core name."""

    value: Any

    def __init__(
        self,
        source: SourceFunction,
        builder: Remembering,
        program: Program,
        env: dict[str, Operand],
    ) -> None:
        super().__init__(builder)
        self.builder: Remembering = builder
        self.source = source
        self.program = program
        self.env = env
        self.locals: set[str] = set()
        self.imports: dict[str, Meaning] = {}  # what imports inside the function bind
        self.meanings: dict[int, tuple[ast.Attribute, Meaning]] = {}  # by id of the node

    def lookup(self, name: str) -> Meaning | None:
        found: Meaning | None = self.source.scope.lookup(name)
        return found

    def meaning(self, node: ast.expr) -> Meaning | None:
        """What a (dotted) name from outside the function means."""
        if isinstance(node, ast.Name):
            local = node.id in self.locals or node.id in self.env
            return self.held_meaning(node.id) if local else self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            known = self.meanings.get(id(node))
            return self._attribute_of(node) if known is None else known[1]
        return None

    def _attribute_of(self, node: ast.Attribute) -> Meaning | None:
        """What an attribute of something from outside means."""
        owner = self.meaning(node.value)
        if owner is None and isinstance(node.value, ast.Attribute):
            owner = self._kept_module(node.value)
        if owner is None:
            return None
        if owner.value is not UNKNOWN:
            self.program.watch_attribute(owner.value, node.attr)
        found: Meaning | None = self.source.scope.attribute(owner, node.attr)
        if found is not None and isinstance(owner.value, ModuleType):
            self._remember(node, found)
        return found

    def _remember(self, node: ast.Attribute, found: Meaning) -> None:
        """Keep what an attribute of a module means: it is asked often."""
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and not self.is_local(root.id):
            self.meanings[id(node)] = node, found

    def held_meaning(self, name: str) -> Meaning | None:
        """What a variable means that holds a module, or what an import has bound."""
        if name in self.imports:
            return self.imports[name]
        found = self.known_value(self.value(name))
        return describe(name, found) if isinstance(found, ModuleType) else None

    def _kept_module(self, node: ast.Attribute) -> Meaning | None:
        """What an attribute of an object means that is a module (``self.xp``)."""
        found = self.static(node)
        return describe(ast.unparse(node), found) if isinstance(found, ModuleType) else None

    def static(self, node: ast.expr) -> Any:
        """The value of an expression, if it is the same for every call; else UNKNOWN."""
        raise NotImplementedError

    def known_value(self, operand: Operand) -> Any:
        """What an operand is at compile time, or UNKNOWN."""
        raise NotImplementedError

    def is_local(self, name: str) -> bool:
        return name in self.locals or name in self.env

    def resolve(self, node: ast.expr) -> str | None:
        meaning = self.meaning(node)
        if meaning is None or meaning.dotted is None:
            return None
        self._remember_spelling(meaning, node)
        return meaning.dotted

    def _remember_spelling(self, meaning: Meaning, node: ast.expr) -> None:
        """Keep how the user spells ``np`` (or ``np.sin``) for the output.

        What a module has from another (``scipy.special.sinc`` is NumPy's) keeps its canonical name.
        """
        assert meaning.dotted is not None
        if self.is_local(meaning.text.split(".")[0]):
            return
        head, _, last = meaning.dotted.rpartition(".")
        spelled, _, spelled_last = meaning.text.rpartition(".")
        owner = self.meaning(node.value) if isinstance(node, ast.Attribute) else None
        if owner is not None and head and owner.dotted != head:
            return
        if owner is not None and last != spelled_last:
            self.program.spell(head, spelled)
        if head.startswith("np.") and head.partition(".")[2] == spelled.partition(".")[2]:
            head, spelled = head.partition(".")[0], spelled.partition(".")[0]
        if head and spelled and last == spelled_last:
            meaning_of_head = (head, spelled)
        else:
            meaning_of_head = (meaning.dotted, meaning.text)
        self.program.spell(*meaning_of_head)
