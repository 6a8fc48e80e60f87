"""What names mean: in a live function's closure and globals, or in a file that is never run."""

from __future__ import annotations

import ast
import builtins
import sys
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Protocol

import numpy as np

from adxform.core.ir import UNKNOWN
from adxform.core.trees import bound_names, nodes
from adxform.core.values import attribute_of
from adxform.errors import AdxformError, SourceNotFoundError, SourceSyntaxError
from adxform.frontend.asked import Derived
from adxform.frontend.decorators import Decorators
from adxform.frontend.equivalents import equivalent
from adxform.frontend.source import SourceFunction, Text, find_source, parse_file
from adxform.frontend.spellings import canonical, find_object, spelling_of, without_autograd
from adxform.frontend.watching import is_computed, is_instance
from adxform.rules.table import RULES

_COMPATIBLE = "array_api_compat.numpy"  # NumPy under the array API's names
NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a (dotted) name stands for.

    ``dotted`` is the canonical name of a module or of something in one (``np.sin``);
    ``function`` is a user's function, ``derived`` a gradient of one, ``module`` the top of a user's
    file; otherwise it is a value, perhaps known.
    """

    text: str
    dotted: str | None = None
    function: SourceFunction | None = None
    value: Any = UNKNOWN
    derived: Any = None
    module: FileScope | None = None


class Scope(Protocol):
    """Answers what names from outside a function mean."""

    def lookup(self, name: str) -> Meaning | None:
        """The meaning of a plain name, or None where nothing binds it."""

    def attribute(self, owner: Meaning, name: str) -> Meaning | None:
        """The meaning of an attribute of a module (None for anything else)."""


class LiveScope:
    """The closure and globals of a function that exists; values are those of now."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        free, cells = function.__code__.co_freevars, function.__closure__ or ()
        self.cells = dict(zip(free, cells, strict=True))
        self.seen: dict[str, tuple[Any, Meaning]] = {}
        self.attributes: dict[tuple[str, str | None, str], tuple[Any, Meaning]] = {}

    def lookup(self, name: str) -> Meaning | None:
        value = self.current(name)
        if value is NOTHING:
            return None
        if name not in self.seen or self.seen[name][0] is not value:
            text = value.__name__ if name == "__class__" else name
            self.seen[name] = value, describe(text, value)
        return self.seen[name][1]

    def shares(self, other: LiveScope, name: str) -> bool:
        """Whether a name is the same global for both functions."""
        if name in self.cells or name in other.cells:
            return self.current(name) is other.current(name)
        return self.function.__globals__ is other.function.__globals__

    def current(self, name: str) -> Any:
        """What a name stands for at this moment."""
        if name in self.cells:
            try:
                return self.cells[name].cell_contents
            except ValueError:
                return NOTHING
        found = self.function.__globals__.get(name, NOTHING)
        return vars(builtins).get(name, NOTHING) if found is NOTHING else found

    def watched(self) -> Iterable[tuple[str, Any]]:
        """The names that lowering has relied on, and their values."""
        for name, (value, _) in self.seen.items():
            yield name, value

    def kept(self, name: str) -> tuple[Any, str]:
        """Where a name's value is kept: a cell of the closure, or a namespace and its key there."""
        if name in self.cells:
            return self.cells[name], ""
        return self.function.__globals__, name

    def attribute(self, owner: Meaning, name: str) -> Meaning | None:
        if is_instance(owner.value) and is_computed(owner.value, name):
            return None
        value = attribute_of(owner.value, name, NOTHING)
        if value is NOTHING:
            return None
        key = owner.text, owner.dotted, name
        seen, found = self.attributes.get(key, (NOTHING, None))
        if found is None or seen is not value:
            found = _attribute(owner, name, value)
            if found.function is None:
                self.attributes[key] = value, found
        return found


def _attribute(owner: Meaning, name: str, value: Any) -> Meaning:
    """What an attribute of a live module is; one of the array API is NumPy's."""
    plain = f"np.{name}"
    if plain in RULES and owner.dotted is not None and owner.dotted.endswith(_COMPATIBLE):
        return Meaning(f"{owner.text}.{name}", plain, value=find_object(plain))
    return describe(f"{owner.text}.{name}", value)


def describe(text: str, value: Any) -> Meaning:
    """What a live value is to the compiler."""
    value = without_autograd(value)
    if isinstance(value, ModuleType):
        return Meaning(text, canonical(value.__name__), value=value)
    known = spelling_of(value)
    if known is not None:
        return Meaning(text, known, value=value)
    if hasattr(value, "__adxform__"):
        return Meaning(text, value=value, derived=value)
    if isinstance(value, FunctionType):
        return Meaning(text, function=live_function(value), value=value)
    owner = getattr(value, "__self__", None)
    if isinstance(owner, np.ufunc):  # np.add.reduce: another object each time it is looked up
        return Meaning(text, f"np.{owner.__name__}.{value.__name__}", value=value)
    if isinstance(value, BuiltinFunctionType | type) or (
        callable(value) and hasattr(value, "__name__")  # not an object of a class that has a name
    ):
        module = getattr(value, "__module__", None) or ""
        name = getattr(value, "__qualname__", getattr(value, "__name__", text))
        dotted = name if module in ("builtins", "") else f"{canonical(module)}.{name}"
        return Meaning(text, dotted, value=value)
    return Meaning(text, value=value)


def live_function(function: FunctionType) -> SourceFunction | None:
    """A live function's definition, or None where it has no readable source."""
    function = equivalent(function)
    try:
        node, text = find_source(function)
    except SourceNotFoundError:
        return None
    return SourceFunction(node, text, LiveScope(function), function)


def readable(function: Any) -> SourceFunction:
    """The definition of a function whose source is there: our own, or a library's in Python."""
    found = live_function(function)
    assert found is not None
    return found


class FileScope:
    """The top level of a file, read and never run.

    A name bound once means what its import, definition or literal says; a name bound in any
    other way is only known to exist.
    """

    def __init__(self, tree: ast.Module, text: Text) -> None:
        self.text = text
        self.bindings: dict[str, ast.stmt | None] = {}
        self.importing: set[str] = set()
        self.functions: dict[str, SourceFunction] = {}
        star = any(
            isinstance(s, ast.ImportFrom) and s.module == "adxform" and s.names[0].name == "*"
            for s in tree.body
        )
        self.decorators = Decorators(self.dotted, text, star)
        for stmt in tree.body:
            self._bind(stmt, top=True)
        for node in nodes(tree):
            if isinstance(node, ast.Global):  # a function may bind these when it runs
                self.bindings.update(dict.fromkeys(node.names))

    def _bind(self, stmt: ast.stmt, *, top: bool) -> None:
        for name in bound_names(stmt):
            plain = top and isinstance(
                stmt, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.Assign | ast.AnnAssign
            )
            old = self.bindings.get(name)
            seen = name in self.bindings and not _same_module(old, stmt)
            self.bindings[name] = stmt if plain and not seen else None
            made = imports_within(stmt, name)
            first = old if seen else made[0] if made and _certain(stmt) else None
            if made and all(_alike(first, other) for other in made):
                self.bindings[name] = first

    def lookup(self, name: str) -> Meaning | None:
        if name not in self.bindings:
            known = name in vars(builtins)
            return Meaning(name, name, value=getattr(builtins, name)) if known else None
        stmt = self.bindings[name]
        match stmt:
            case ast.Import():
                return self._import(stmt, name)
            case ast.ImportFrom():
                return self._import_from(stmt, name)
            case ast.FunctionDef():
                return self._function(stmt, name)
            case (
                ast.Assign(targets=[ast.Name()], value=value)
                | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)
            ):
                return Meaning(name, value=_literal(value))
            case _:
                return Meaning(name)

    def dotted(self, node: ast.expr) -> str | None:
        """The canonical name of what a name, or an attribute of a module, means here."""
        meaning = self._meaning(node)
        return None if meaning is None else meaning.dotted

    def _meaning(self, node: ast.expr) -> Meaning | None:
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._meaning(node.value)
            return None if owner is None else self.attribute(owner, node.attr)
        return None

    def _function(self, stmt: ast.FunctionDef, name: str) -> Meaning:
        """A function, or the gradient of one; with other decorators it may be anything. What is
        read of it is the value that stands for it where it is handed over.
        """
        source = self.functions.setdefault(name, SourceFunction(stmt, self.text, self))
        if not stmt.decorator_list:
            return Meaning(name, function=source, value=source)
        try:
            asked = self.decorators.decoration(stmt)
        except AdxformError:
            return Meaning(name)
        if asked is None or len(stmt.decorator_list) > 1:
            return Meaning(name)
        return Meaning(name, derived=Derived(asked.name, source, asked.argnums, asked.has_aux))

    def _import(self, stmt: ast.Import, name: str) -> Meaning:
        for item in stmt.names:
            if item.asname == name:
                return Meaning(name, canonical(item.name))
            if item.asname is None and item.name.split(".")[0] == name:
                return Meaning(name, canonical(name))
        raise AssertionError(name)

    def _import_from(self, stmt: ast.ImportFrom, name: str) -> Meaning:
        original = next(i.name for i in stmt.names if (i.asname or i.name) == name)
        dotted = f"{'.' * stmt.level}{canonical(stmt.module or '')}"
        found = self._imported(self._module(dotted), original)
        if found is not None:
            return replace(found, text=name)
        dotted += original if dotted.endswith(".") else f".{original}"
        module = self._module(dotted)
        return Meaning(name, dotted, value=_standard_constant(dotted), module=module)

    def attribute(self, owner: Meaning, name: str) -> Meaning | None:
        if owner.dotted is None:
            return None
        text, dotted = f"{owner.text}.{name}", f"{owner.dotted}.{name}"
        found = self._imported(owner.module or self._module(owner.dotted), name)
        if found is not None:
            return replace(found, text=text)
        return Meaning(text, dotted, value=_standard_constant(dotted))

    def _imported(self, module: FileScope | None, name: str) -> Meaning | None:
        """What a module binds a name to, unless that leads round in a circle of imports."""
        if module is None or name not in module.bindings or name in module.importing:
            return None
        module.importing.add(name)
        try:
            return module.lookup(name)
        finally:
            module.importing.remove(name)

    def _module(self, dotted: str) -> FileScope | None:
        """The scope of a module that is a file: beside this one, or in the package around it."""
        relative = dotted.lstrip(".")
        folder = Path(self.text.file).resolve().parent
        if level := len(dotted) - len(relative):
            folders = [[folder, *folder.parents][level - 1]]
        elif dotted.split(".")[0] in sys.stdlib_module_names | {"adxform", "np", "scipy"}:
            return None
        else:
            folders = [folder, _above_packages(folder)]
        for start in folders:
            path = start.joinpath(*relative.split("."))
            plain = [path.with_name(f"{path.name}.py")] if relative else []
            for candidate in (*plain, path / "__init__.py"):
                if candidate.is_file():
                    return file_scope(str(candidate))
        return None


def _above_packages(folder: Path) -> Path:
    """The folder from which the package that a folder is part of is imported."""
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


@cache
def file_scope(file: str) -> FileScope:
    """The scope of another file's top level.

    Raises
    ------
    SourceSyntaxError
        If it is not Python, or not in the encoding that it says.
    """
    try:
        with tokenize.open(file) as source:
            return FileScope(*parse_file(source.read(), file))
    except (UnicodeDecodeError, SyntaxError) as error:
        raise SourceSyntaxError(f"{file} cannot be read: {error}") from None


def _same_module(first: ast.stmt | None, second: ast.stmt) -> bool:
    """Whether two plain imports bind one package: ``import scipy.special``, ``import scipy``."""
    return all(
        isinstance(stmt, ast.Import) and all(item.asname is None for item in stmt.names)
        for stmt in (first, second)
    )


def _alike(first: ast.stmt | None, second: ast.stmt) -> bool:
    same = first is not None and ast.dump(first) == ast.dump(second)
    return same or _same_module(first, second)


def _standard_constant(dotted: str) -> Any:
    """The value of ``np.pi``, ``math.e`` and the like: constants and dtypes by standard name."""
    if dotted.split(".")[0] not in ("np", "math"):
        return UNKNOWN
    value = find_object(dotted)
    return UNKNOWN if value is None or isinstance(value, ModuleType | FunctionType) else value


def _literal(node: ast.expr) -> Any:
    """The value of a literal, or UNKNOWN; nothing is evaluated."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return UNKNOWN


def _certain(stmt: ast.stmt) -> bool:
    """Whether what a statement imports is there: ``try: import ...``, or only for type checkers."""
    return isinstance(stmt, ast.Try) or "TYPE_CHECKING" in ast.unparse(getattr(stmt, "test", stmt))


def imports_within(stmt: ast.stmt, name: str) -> list[ast.stmt]:
    """The imports in a branch or try statement that bind a name, if nothing else there does.

    ``np = None`` after a failed import counts as nothing.
    """
    if not isinstance(stmt, ast.If | ast.Try):
        return []
    found = []
    for inner in nodes(stmt):
        nothing = isinstance(inner, ast.Assign) and ast.unparse(inner.value) == "None"
        compound = isinstance(inner, ast.If | ast.Try)
        if isinstance(inner, ast.stmt) and not (nothing or compound) and name in bound_names(inner):
            found.append(inner)
    return found if all(isinstance(i, ast.Import | ast.ImportFrom) for i in found) else []


def meaning_of(
    node: ast.expr, scope: Any, own: frozenset[str] = frozenset()
) -> Meaning | None:
    """What a (dotted) name means in a scope, unless a variable in ``own`` hides it."""
    match node:
        case ast.Name(name) if name not in own:
            found: Meaning | None = scope.lookup(name)
            return found
        case ast.Attribute(value, name):
            owner = meaning_of(value, scope, own)
            return None if owner is None else scope.attribute(owner, name)
    return None
