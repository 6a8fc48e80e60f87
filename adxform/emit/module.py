"""A module's text: imports, the helpers that are used, and the generated functions."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from adxform.analysis.types import Types
from adxform.core.index import index
from adxform.core.ir import (
    Const,
    Effect,
    For,
    Function,
    Global,
    Operand,
    Param,
    Slice,
    Stmt,
    Tuple,
    Var,
    walk,
)
from adxform.core.pause import collection_paused
from adxform.core.trees import bound_names, called_among, called_names, names, nodes
from adxform.emit.lines import Lined, lined
from adxform.emit.printer import to_source
from adxform.emit.python import to_python
from adxform.emit.standalone import definitions
from adxform.emit.taken_over import taken_over, without_taken_over
from adxform.emit.twins import without_twins
from adxform.rules import runtime

MODULES = {"np": "numpy", "math": "math"}
Part = tuple[Function, Types]


@collection_paused
def module_text(parts: Sequence[Part], values: Mapping[str, Any] | None = None) -> str:
    """The text of a module of generated functions, in the order in which they are defined.

    With ``values``, what they name from outside is defined in it, too.
    """
    trees, helpers, needed, lines = module_parts(parts)
    body: list[ast.stmt] = [*helpers, *trees]
    if values is not None:
        bound = {a.asname or a.name.split(".")[0] for s in needed for a in _aliases(s)}
        bound.update(t.name for t in body if isinstance(t, ast.FunctionDef))
        outer = {**values, **outside_values(function for function, _ in parts)}
        body = [*definitions(body, bound, outer, lines), *body]
        bound.update("np" for s in body if _binds(s, "np"))
        if "np" not in bound and "np" in names(*body):
            needed.append(ast.Import([ast.alias("numpy", "np")]))
    first = [s for s in body if isinstance(s, ast.Import)]
    rest = [lines[s].tree if s in lines else s for s in body if not isinstance(s, ast.Import)]
    return to_source(ast.Module([*needed, *first, *rest], []))


def _aliases(stmt: ast.stmt) -> list[ast.alias]:
    return stmt.names if isinstance(stmt, ast.Import | ast.ImportFrom) else []


def definitions_of(parts: Sequence[Part]) -> list[ast.FunctionDef]:
    """Functions that call each other, as Python definitions."""
    own = {function.name for function, _ in parts}
    written = [to_python(function, types, reserved=own) for function, types in parts]
    without_taken_over(written, taken_over(function for function, _ in parts))
    return written


def module_parts(
    parts: Sequence[Part],
) -> tuple[list[ast.FunctionDef], list[ast.stmt], list[ast.stmt], dict[ast.stmt, Lined[Any]]]:
    """The generated functions' trees, the helpers' and the imports that both need; the functions'
    trees in lines.
    """
    trees = without_twins(definitions_of(parts))
    lines: dict[ast.stmt, Lined[Any]] = {tree: lined(tree) for tree in trees}
    helpers: list[ast.stmt] = []
    if not all(line.names.isdisjoint(known_helpers()) for line in lines.values()):
        found = nodes(*trees)
        used = used_helpers(called_among(found))
        apart = _set_apart(trees, used) if _may_bind(found, used) else []
        if apart:
            lines = {tree: lined(tree) for tree in trees}
        helpers = [*map(helper, used), *apart]
    spellings: dict[str, str] = {}
    for function, _ in parts:
        spellings = {**function.spellings, **spellings}
    named = {name for line in lines.values() for name in line.names}
    needed = imports_for(trees, named, spellings)
    if "prange" in named and any(map(_is_parallel, (s for f, _ in parts for s in walk(f.body)))):
        threads = [ast.alias(name) for name in ("get_num_threads", "prange") if name in named]
        needed.append(ast.ImportFrom("numba", threads, 0))
    if helpers and not any(_binds(stmt, "np") for stmt in needed):
        needed.append(ast.Import([ast.alias("numpy", "np")]))
    return trees, helpers, needed, lines


def _is_parallel(stmt: Stmt) -> bool:
    return isinstance(stmt, For) and stmt.parallel


def _set_apart(trees: list[ast.FunctionDef], used: list[str]) -> list[ast.stmt]:
    """Other names for the helpers that are called where a variable has their name."""
    if not used:
        return []
    bound = {n for t in trees for n in (*_params(t), *(n for s in t.body for n in bound_names(s)))}
    others: dict[str, str] = {}
    for name in bound.intersection(used):
        others[name] = f"{name}_"
        while others[name] in bound:
            others[name] += "_"
    for node in nodes(*trees) if others else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            node.func.id = others.get(node.func.id, node.func.id)
    return [
        ast.Assign([ast.Name(new, ast.Store())], ast.Name(name, ast.Load()), lineno=1)
        for name, new in sorted(others.items())
    ]


def _may_bind(found: list[ast.AST], used: list[str]) -> bool:
    """Whether one of the nodes may bind one of some names."""
    kinds = set(map(type, found))
    bound = {n.id for n in found if type(n) is ast.Name and type(n.ctx) is not ast.Load}
    others = [n for n in found if type(n) is ast.arg or type(n) is ast.FunctionDef]
    bound.update(n.arg if isinstance(n, ast.arg) else n.name for n in others)
    return not bound.isdisjoint(used) or any(issubclass(kind, _NAMING) for kind in kinds)


_NAMING = (ast.AsyncFunctionDef, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.pattern)


def _params(tree: ast.FunctionDef) -> list[str]:
    return [arg.arg for arg in nodes(tree.args) if isinstance(arg, ast.arg)]


@cache
def known_helpers() -> tuple[str, ...]:
    """The names of the run-time helpers, in the order of their definitions."""
    return tuple(name for name, value in vars(runtime).items() if inspect.isfunction(value))


@cache
def helper_source(name: str) -> str:
    """The text of a run-time helper."""
    return inspect.getsource(getattr(runtime, name))


@cache
def helper(name: str) -> ast.stmt:
    """A helper's definition, without annotations, to be printed as it is."""
    tree = _Unannotated().visit(ast.parse(helper_source(name)).body[0])
    assert isinstance(tree, ast.stmt)
    return tree


class _Unannotated(ast.NodeTransformer):
    """Takes away what is said of types, which needs names that the output does not define."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        self.generic_visit(node)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value, lineno=node.lineno), node)


@cache
def called_by(name: str) -> tuple[str, ...]:
    """The functions that a helper calls."""
    return tuple(called_names(helper(name)))


def used_helpers(named: Iterable[str]) -> list[str]:
    """The run-time helpers among names, and those that these call, in order of definition."""
    known = known_helpers()
    wanted: set[str] = set()
    work = [name for name in named if name in known]
    while work:
        name = work.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            work.extend(called_by(name))
    return [n for n in known if n in wanted]


def imports_for(
    trees: Iterable[ast.AST], roots: set[str], spellings: dict[str, str]
) -> list[ast.stmt]:
    """Import statements for the modules that trees name, under the user's own names for them."""
    made: list[ast.Import | ast.ImportFrom] = []
    for canonical, spelled in {**{m: m for m in MODULES}, **spellings}.items():
        head = canonical.split(".")[0]
        if spelled.split(".")[0] not in roots or head not in (*MODULES, "scipy"):
            continue
        if "." in spelled and head in MODULES:  # reached through the module's own import
            continue
        module = ".".join([MODULES.get(head, head), *canonical.split(".")[1:]])
        if spelled == module and "." in spelled:
            made.append(ast.Import([ast.alias(module, None)]))
        elif "." in spelled:  # reached through a module that is imported by itself
            continue
        elif canonical in MODULES or _is_module(module):
            alias = None if spelled == module else spelled
            made.append(ast.Import([ast.alias(module, alias)]))
        else:
            owner, _, name = module.rpartition(".")
            alias = None if spelled == name else spelled
            made.append(ast.ImportFrom(owner, [ast.alias(name, alias)], 0))
    if "scipy" in roots:
        made.extend(ast.Import([ast.alias(name)]) for name in _scipy_modules(trees, spellings))
    unique = {ast.dump(stmt): stmt for stmt in made}
    return _together(list(unique.values()))


def _together(made: Sequence[ast.Import | ast.ImportFrom]) -> list[ast.stmt]:
    """What comes from one module, in one statement."""
    found: dict[str, ast.stmt] = {}
    for stmt in made:
        of = stmt.module or "" if isinstance(stmt, ast.ImportFrom) else ast.dump(stmt)
        other = found.setdefault(of, stmt)
        if isinstance(other, ast.ImportFrom) and other is not stmt:
            names = sorted([*other.names, *stmt.names], key=lambda a: (a.name, a.asname or ""))
            found[of] = ast.ImportFrom(other.module, names, 0)
    return list(found.values())


def _scipy_modules(trees: Iterable[ast.AST], spellings: dict[str, str]) -> list[str]:
    """Modules that formulas name in full and that the user has under another name."""
    chains = {
        f"scipy.{node.attr}"
        for node in nodes(*trees)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "scipy"
    }
    return sorted(c for c in chains if spellings.get(c) != c and _is_module(c))


def _is_module(dotted: str) -> bool:
    return dotted in (
        "numpy",
        "numpy.linalg",
        "math",
        "scipy",
        "scipy.special",
        "scipy.linalg",
        "scipy.stats",
    )


def _binds(stmt: ast.stmt, name: str) -> bool:
    return isinstance(stmt, ast.Import) and any((a.asname or a.name) == name for a in stmt.names)


def outside_values(functions: Iterable[Function]) -> dict[str, object]:
    """What functions name from outside, by the first part of the name, where it is known."""
    found: dict[str, object] = {}
    for function in functions:
        stmts = index(function.body)
        held = [arg for let in stmts.lets for arg in let.args if type(arg) not in _PLAIN]
        held += [function.result, *(operand for stmt in stmts.others for operand in _read(stmt))]
        for item in (item for operand in held for item in _globals(operand)):
            if "." not in item.text:
                found[item.text] = item.value
    return found


_PLAIN = frozenset({Var, Const})


def _read(stmt: Stmt) -> list[Operand]:
    """What a statement carried verbatim reads."""
    return [operand for _, operand in stmt.reads] if isinstance(stmt, Effect) else []


def _globals(operand: Operand | None) -> Iterable[Global]:
    if isinstance(operand, Global):
        yield operand
    elif isinstance(operand, Tuple):
        yield from _globals(operand.form.maker)
        for item in operand.items:
            yield from _globals(item)
    elif isinstance(operand, Slice):
        for part in (operand.lower, operand.upper, operand.step):
            yield from _globals(part)


def with_defaults(function: Function, namespace: Mapping[str, Any]) -> Function:
    """A function that is called with all arguments by place, with the defaults that its text can
    say: a variable of the function around it is not there.
    """
    said = all(_is_there(param.default, namespace) for param in function.params)
    params = (p if said and not p.keyword_only else Param(p.name) for p in function.params)
    return replace(function, params=tuple(params))


def _is_there(default: Operand | None, namespace: Mapping[str, Any]) -> bool:
    if not isinstance(default, Global):
        return True
    return all(n in namespace or hasattr(builtins, n) for n in names(ast.parse(default.text)))
