"""Which functions of a file are differentiated, and how their decorators ask for it."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adxform.errors import AdxformError, ArgumentError, Diagnostic, UnsupportedError
from adxform.frontend.decorators import Decoration, called
from adxform.frontend.scope import FileScope
from adxform.frontend.source import Text


@dataclass(frozen=True, slots=True)
class Chosen:
    """A function to differentiate; ``path`` leads to its node from the module's body."""

    node: ast.FunctionDef
    path: tuple[int, ...]
    name: str
    decoration: Decoration | None = None
    explicit: bool = True

    @property
    def is_method(self) -> bool:
        """Whether the first parameter is the receiver."""
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod"
                     for d in self.node.decorator_list)
        return len(self.path) > 1 and not static


def definitions(tree: ast.Module) -> Iterator[tuple[str, tuple[int, ...], ast.FunctionDef]]:
    """The functions at the top of a file and the methods of the classes there.

    Each comes with its (dotted) name and the way to it.
    """
    for place, stmt in enumerate(tree.body):
        if isinstance(stmt, ast.FunctionDef):
            yield stmt.name, (place,), stmt
        elif isinstance(stmt, ast.ClassDef):
            for inner, member in enumerate(stmt.body):
                if isinstance(member, ast.FunctionDef):
                    yield f"{stmt.name}.{member.name}", (place, inner), member


def find_function(tree: ast.Module, name: str, file: str) -> ast.FunctionDef:
    """The last definition of a function or method of this name.

    Raises
    ------
    ArgumentError
        If there is none; close names are suggested.
    """
    known = {found: node for found, _, node in definitions(tree)}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else (
            f"There are {', '.join(known)}." if known else "It defines no function.")
        raise ArgumentError(Diagnostic(f"{file} has no function {name}", hint=hint))
    return known[name]


class Selection:
    """Reads the decorators of a file's functions, and chooses; ``errors`` are what is wrong."""

    def __init__(self, tree: ast.Module, text: Text, scope: FileScope) -> None:
        self.tree = tree
        self.text = text
        self.scope = scope
        self.decorators = scope.decorators
        self.errors: list[AdxformError] = []

    def chosen(self, names: Sequence[str], *, skip: Iterable[ast.stmt] = ()) -> list[Chosen]:
        """The decorated functions, and those named or, where there is neither, all.

        ``skip`` are functions that took the place of decorated ones.
        """
        asked = [self._named(name) for name in dict.fromkeys(names)]
        made = [*self._decorated()]
        skipped = list(skip)
        wanted = [node for node in asked if node is not None]
        implicit = not (names or made or skipped or self.errors)
        replaced = [c.node for c in made]
        last = {name: node for name, _, node in definitions(self.tree)}
        for name, path, node in definitions(self.tree):
            if node in replaced or node in skipped or last[name] is not node:
                continue
            if node in wanted or (implicit and len(path) == 1 and not self._overload(node)):
                self._refuse_decorators(node)
                made.append(Chosen(node, path, name, explicit=node in wanted))
        if not made and not skipped and not self.errors:
            self.errors.append(
                ArgumentError(f"{self.text.file} defines no function to differentiate")
            )
        return sorted(made, key=lambda c: c.path)

    def _named(self, name: str) -> ast.FunctionDef | None:
        try:
            node = find_function(self.tree, name, self.text.file)
        except ArgumentError as error:
            self.errors.append(error)
            return None
        if "." in name and self.decorators.decoration(node) is None:
            self.errors.append(UnsupportedError(Diagnostic(
                f"{name} is a method; only a decorated one can be transformed",
                self.text.location(node), "Write it as a function.")))
            return None
        return node

    # --- decorators -----------------------------------------------------------------------------

    def _decorated(self) -> Iterator[Chosen]:
        seen: list[ast.AST] = []
        for name, path, node in definitions(self.tree):
            seen.append(node)
            try:
                found = self.decorators.decoration(node)
            except AdxformError as error:
                self.errors.append(error)
                continue
            if found is not None:
                self._refuse_decorators(node)
                yield Chosen(node, path, name, found)
        for inner in ast.walk(self.tree):
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner not in seen:
                self.errors.extend(self._nested(inner))

    def _nested(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[AdxformError]:
        for decorator in node.decorator_list:
            if self.decorators.asks(decorator):
                yield UnsupportedError(Diagnostic(
                    f"@{ast.unparse(decorator)} on a function inside another one (or async)",
                    self.text.location(decorator),
                    "Only functions at the top of a file, and methods of classes there, "
                    "can be replaced.",
                ))

    def _refuse_decorators(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            if self.decorators.asks(decorator) or self.decorators.harmless(decorator):
                continue
            self.errors.append(UnsupportedError(Diagnostic(
                f"@{ast.unparse(called(decorator))} may change what {node.name} computes",
                self.text.location(decorator),
                "Differentiate a function without this decorator.",
            )))

    def _overload(self, node: ast.FunctionDef) -> bool:
        overloads = ("typing.overload", "overload")
        return any(self.scope.dotted(d) in overloads for d in node.decorator_list)


def places(node: ast.FunctionDef, argnums: Any, text: Text, at: ast.AST) -> tuple[int, ...]:
    """Places of parameters, given by number or name as in ``grad(argnums=...)``."""
    args = node.args
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    found = []
    for item in argnums if isinstance(argnums, tuple) else (argnums,):
        if isinstance(item, str) and item in names:
            found.append(names.index(item))
        elif isinstance(item, int) and not isinstance(item, bool) and (
            -len(names) <= item < len(names)
        ):
            found.append(item % len(names))
        else:
            raise ArgumentError(Diagnostic(
                f"{node.name} has no parameter {item!r}; there are {', '.join(names) or 'none'}",
                text.location(at)))
    if len(set(found)) < len(found):
        raise ArgumentError(Diagnostic(f"a parameter is named twice: {argnums!r}",
                                       text.location(at)))
    return tuple(found)
