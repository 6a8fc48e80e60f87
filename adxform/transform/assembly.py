"""Generated functions as definitions for a file: each once, and nothing named twice."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from adxform.compiler import Part
from adxform.core.ir import Callee, Function, Let, walk
from adxform.core.trees import bound_names, called_names
from adxform.emit.module import helper, known_helpers, used_helpers
from adxform.emit.printer import to_source
from adxform.emit.python import to_python
from adxform.errors import Diagnostic, InternalError, UnsupportedError
from adxform.frontend.ssa import all_args

_MODULES = {"np": "numpy", "math": "math"}


class Clash(Exception):
    """A name that a generated definition wants is that of another definition in the file."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Assembly:
    """Prints generated functions; remembers what is defined already.

    ``kept`` are the definitions of former runs that stay in the file, and ``taken`` all other
    names that the file uses.
    """

    taken: set[str]
    kept: dict[str, ast.FunctionDef]
    made: dict[str, ast.FunctionDef] = field(default_factory=dict)
    texts: dict[int, tuple[ast.FunctionDef, str]] = field(default_factory=dict)

    def definition(self, part: Part, present: dict[str, str]) -> ast.FunctionDef:
        """A generated function's tree; ``present`` says what it calls users' functions."""
        function, types = part
        function = replace(function, spellings={**self._helper_names(), **function.spellings})
        called = {
            stmt.op.name
            for stmt in walk(function.body)
            if isinstance(stmt, Let) and isinstance(stmt.op, Callee)
        }
        tree = to_python(function, types, reserved=called | set(self._helper_names().values()))
        return _Dotted(present).visit(tree)  # type: ignore[no-any-return]

    def _helper_names(self) -> dict[str, str]:
        """Run-time helpers under names that the file does not use."""
        return {name: self._free(name) for name in known_helpers()}

    def _free(self, name: str) -> str:
        return name if name not in self.taken else self._free(f"_{name}")

    def helpers(self, trees: Iterable[ast.FunctionDef], numpy: str) -> list[ast.FunctionDef]:
        """The run-time helpers that trees call, in the file's names."""
        own = self._helper_names()
        mentioned = {*called_names(*trees)}
        called = [old for old, new in own.items() if new in mentioned]
        renamed = _Renamed({**own, "np": numpy})
        return [renamed.visit(copy.deepcopy(helper(name))) for name in used_helpers(called)]

    def text(self, tree: ast.FunctionDef) -> str:
        """A definition's text, without a line end."""
        if id(tree) not in self.texts:
            self.texts[id(tree)] = tree, to_source(tree).rstrip("\n")
        return self.texts[id(tree)][1]

    def says(self, tree: ast.FunctionDef) -> str:
        """What a definition says, whatever its name and docstring are."""
        (copied,) = ast.parse(self.text(tree)).body
        assert isinstance(copied, ast.FunctionDef)
        copied.name = "_"
        if ast.get_docstring(copied) is not None:
            copied.body = copied.body[1:]
        return ast.dump(copied)

    def missing(self, tree: ast.FunctionDef) -> bool:
        """Whether a definition is not there yet; from now on it is.

        Raises
        ------
        Clash
            If something else is defined under its name.
        """
        before = self.kept.get(tree.name, self.made.get(tree.name))
        if before is None:
            self.made[tree.name] = tree
            return True
        if ast.dump(ast.parse(self.text(before))) != ast.dump(ast.parse(self.text(tree))):
            raise Clash(tree.name)
        return False


def imports_needed(
    trees: Iterable[ast.FunctionDef], spellings: dict[str, str], bound: set[str]
) -> list[str]:
    """Import statements for the modules that trees name and the file does not import."""
    meaning = {spelled: canonical for canonical, spelled in spellings.items()}
    made: list[str] = []
    for tree in trees:
        for root, *rest in _dotted_names(tree):
            canonical = meaning.get(root, root)
            if root in bound:
                continue
            if canonical in _MODULES:
                module = _MODULES[canonical]
                made.append(f"import {module}" + (f" as {root}" if root != module else ""))
            elif root == "scipy":
                made.append(f"import {'.'.join((root, *rest[:-1]))}")
    return list(dict.fromkeys(made))


def check_names(tree: ast.FunctionDef, known: set[str], function: Function, file: str) -> None:
    """Refuse a generated function that names something which the file does not know.

    Raises
    ------
    UnsupportedError
        Naming it: it comes from another file.
    """
    unknown = [n for n in free_names(tree) if n not in known and n not in vars(builtins)]
    if unknown:
        where = function.origin.location if function.origin else None
        raise UnsupportedError(Diagnostic(
            f"the derivative of {function.name} needs {unknown[0]}, which {file} does not define",
            where, f"Define or import {unknown[0]} in this file."))


def free_names(tree: ast.FunctionDef) -> list[str]:
    """The names that a definition takes from outside, in the order in which it mentions them."""
    own = {a.arg for a in all_args(tree.args)}
    own.update(n for stmt in tree.body for n in bound_names(stmt))
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension):
            own.update(bound_names(node.target))
        elif isinstance(node, ast.Lambda | ast.FunctionDef):
            own.update(a.arg for a in all_args(node.args))
    loads = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    return [n for n in dict.fromkeys(loads) if n not in own]


def check_parameters(tree: ast.FunctionDef, function: Function) -> None:
    """A replaced function's header is the user's text: its body must use these names."""
    if [a.arg for a in all_args(tree.args)] != [p.name for p in function.params]:
        raise InternalError(
            f"the parameters of {function.name} were renamed: please report this function"
        )


def _dotted_names(tree: ast.AST) -> Iterator[list[str]]:
    """Each name, with the attributes that are read from it."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if id(node) in inner or not isinstance(node, ast.Attribute | ast.Name):
            continue
        rest: list[str] = []
        at: ast.expr = node
        while isinstance(at, ast.Attribute):
            rest.insert(0, at.attr)
            at = at.value
            inner.add(id(at))
        if isinstance(at, ast.Name):
            yield [at.id, *rest]


class _Dotted(ast.NodeTransformer):
    """Calls users' functions as the file can: ``helpers.f``."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = {name: dotted for name, dotted in names.items() if name != dotted}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self.names[node.id], mode="eval").body if node.id in self.names else node


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node
