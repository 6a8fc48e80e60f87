"""Which functions of a file are differentiated, and how their decorators ask for it."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adxform.errors import AdxformError, ArgumentError, Diagnostic, UnsupportedError
from adxform.frontend.scope import FileScope
from adxform.frontend.source import Text

# Decorators that leave what a function computes as it is.
HARMLESS = frozenset({
    "functools.cache", "functools.lru_cache", "numba.njit", "numba.jit", "jaxtyping.jaxtyped",
    "beartype.beartype", "typing.final", "typing.no_type_check", "staticmethod",
})
_ASKING = {"grad": False, "value_and_grad": True}


@dataclass(frozen=True, slots=True)
class Decoration:
    """``@grad(...)`` or ``@value_and_grad(...)``, with its arguments."""

    node: ast.expr
    name: str
    argnums: Any = 0
    has_aux: bool = False

    @property
    def value(self) -> bool:
        """Whether the value is returned beside the gradient."""
        return _ASKING[self.name]

    @property
    def single(self) -> bool:
        """Whether the gradient is returned by itself, not in a tuple."""
        return isinstance(self.argnums, int | str)


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
        self.star = any(
            isinstance(s, ast.ImportFrom) and s.module == "adxform" and s.names[0].name == "*"
            for s in tree.body
        )
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
        if "." in name and self.decoration(node) is None:
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
                found = self.decoration(node)
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
            if self.asks(decorator):
                yield UnsupportedError(Diagnostic(
                    f"@{ast.unparse(decorator)} on a function inside another one (or async)",
                    self.text.location(decorator),
                    "Only functions at the top of a file, and methods of classes there, "
                    "can be replaced.",
                ))

    def asks(self, decorator: ast.expr) -> str | None:
        """``"grad"`` or ``"value_and_grad"`` where a decorator is that of adxform."""
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        dotted = self.dotted(function)
        if dotted is None and self.star and isinstance(function, ast.Name):
            dotted = f"adxform.{function.id}"
        head, _, name = (dotted or "").rpartition(".")
        return name if head in ("adxform", "adxform.api") and name in _ASKING else None

    def dotted(self, node: ast.expr) -> str | None:
        """The canonical name of what a name, or an attribute of a module, means in the file."""
        meaning = self._meaning(node)
        return None if meaning is None else meaning.dotted

    def _meaning(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self.scope.lookup(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._meaning(node.value)
            return None if owner is None else self.scope.attribute(owner, node.attr)
        return None

    def decoration(self, node: ast.FunctionDef) -> Decoration | None:
        """What the decorators of a function ask of adxform, if anything.

        Raises
        ------
        UnsupportedError, ArgumentError
            If the arguments are not literals, or not those of ``grad``.
        """
        found = [(name, d) for d in node.decorator_list if (name := self.asks(d)) is not None]
        if not found:
            return None
        name, decorator = found[0]
        if len(found) > 1:
            raise UnsupportedError(Diagnostic(
                f"{node.name} is decorated twice: a derivative of a derivative",
                self.text.location(found[1][1]), "Give each its own function."))
        if not isinstance(decorator, ast.Call):
            return Decoration(decorator, name)
        given = dict(zip(("f", "argnums"), decorator.args, strict=False))
        given |= {keyword.arg or "**": keyword.value for keyword in decorator.keywords}
        unknown = given.keys() - {"f", "argnums", "has_aux"}
        function = given.pop("f", None)
        plain = function is None or (isinstance(function, ast.Constant) and function.value is None)
        if unknown or len(decorator.args) > 2 or not plain:
            raise ArgumentError(Diagnostic(
                f"{name} takes argnums= and has_aux= here", self.text.location(decorator)))
        literal = {key: self._literal(value) for key, value in given.items()}
        argnums = literal.get("argnums", 0)
        argnums = argnums if isinstance(argnums, int | str) else tuple(argnums)
        return Decoration(decorator, name, argnums, bool(literal.get("has_aux", False)))

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            raise UnsupportedError(Diagnostic(
                "this argument is not a literal, and the file is not run",
                self.text.location(node), "Write the numbers or names of the parameters here.",
            )) from None

    def _refuse_decorators(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self.asks(decorator) or self.dotted(function) in HARMLESS:
                continue
            self.errors.append(UnsupportedError(Diagnostic(
                f"@{ast.unparse(function)} may change what {node.name} computes",
                self.text.location(decorator),
                "Differentiate a function without this decorator.",
            )))

    def _overload(self, node: ast.FunctionDef) -> bool:
        return any(self.dotted(d) in ("typing.overload", "overload") for d in node.decorator_list)


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
