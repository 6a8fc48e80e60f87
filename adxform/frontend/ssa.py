"""Static single assignment: every assignment gets a name of its own, and phis merge them.

After an ``if``, and at the top of a loop's body, ``x_3 = phi(x, x_2)`` says which value counts.
"""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.builder import Names
from adxform.core.trees import Transformer, bound_names, children, copied, nodes
from adxform.frontend.control import ending

PHI = "__phi__"
UNDEFINED = "__undefined__"
_OF_VALUES = ("_iterated", "_count")  # noted on what is assigned
Env = dict[str, str]


def to_ssa(node: ast.FunctionDef, names: Names) -> tuple[list[ast.stmt], dict[str, str]]:
    """The body of a desugared function in SSA form, and the user's name of each new name.

    Parameters keep their names.
    """
    return Ssa(node, names).run()


_PLAIN = (  # what they bind they bind always
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Delete,
)


_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})


class Ssa(Transformer):
    """Renames by one walk in the order of execution; ``env`` is what each variable is now."""

    def __init__(self, node: ast.FunctionDef, names: Names) -> None:
        self.node = node
        self.names = names
        params = [a.arg for a in all_args(node.args)]
        self.locals = {*params, *bound_names(*node.body)}
        self.bases: dict[str, str] = {}
        self.env: Env = {}
        self.functions: list[ast.AST] = []  # those defined so far inside this one
        self.nested = any(type(n) in _FUNCTIONS for n in nodes(*node.body))
        for name in params:
            self.bases[name] = name
            self.env[name] = name
        names.reserve(params)
        names.keep(self.locals)

    def run(self) -> tuple[list[ast.stmt], dict[str, str]]:
        return self.block(self.node.body), self.bases

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for stmt in body:
            before = dict(self.env) if self.nested else {}
            visited = self.visit(stmt)
            made = visited if isinstance(visited, list) else [visited]
            seen = self._seen(before)
            for new in made:
                new._seen = seen  # what functions inside read where the statement begins
            result.extend(made)
        return result

    def _seen(self, env: Env) -> Env:
        """What functions inside read."""
        free = {n for function in self.functions for n in function._free}  # type: ignore[attr-defined]
        return {n: env[n] for n in free if n in env}

    def define(self, name: str) -> str:
        """A new version of a variable."""
        version = self.names.fresh(name)
        self.bases[version] = name
        self.env[name] = version
        for function in self.functions:
            if name in function._free:  # type: ignore[attr-defined]
                late: Env = function._late  # type: ignore[attr-defined]
                if name in function._bound or name in late:  # type: ignore[attr-defined]
                    function._rebound.add(name)  # type: ignore[attr-defined]
                late[name] = version
        return version

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id not in self.locals:
            return node
        return ast.copy_location(ast.Name(self.env.get(node.id, UNDEFINED), node.ctx), node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        if hasattr(node, "_carried"):
            return self.visit_other(node)
        target = node.targets[0]
        if not isinstance(target, ast.Name):
            return self._attribute_assigned(node, target)
        if isinstance(node.value, ast.Lambda) and target.id in free_names(node.value):
            return self.visit_FunctionDef(_defined(node, node.value, target.id))
        noted = {mark: vars(node.value)[mark] for mark in _OF_VALUES if mark in vars(node.value)}
        node.value = self.visit(node.value)
        vars(node.value).update(noted)
        node.targets = [ast.copy_location(ast.Name(self.define(target.id), ast.Store()), target)]
        return node

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        node.test = self.visit(node.test)
        before = dict(self.env)
        node.body = self.block(node.body)
        then, self.env = self.env, dict(before)
        node.orelse = self.block(node.orelse)
        orelse = self.env
        self.env = before
        phis: list[ast.stmt] = []
        for name in {**then, **orelse}:
            first, second = then.get(name, UNDEFINED), orelse.get(name, UNDEFINED)
            if first != second:
                phis.append(self._phi(self.define(name), first, second, node))
            else:
                self.env[name] = first
        return [node, *phis]

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        node.iter = self.visit(node.iter)
        assert isinstance(node.target, ast.Name)
        pools: Env = getattr(node, "_pools", {})
        node._pools = {n: self.env[n] for n in pools}  # type: ignore[attr-defined]
        changed = [node.target.id, *(n for s in node.body for n in bound_names(s))]
        headers = self._headers(changed)
        node.target = ast.Name(self.define(node.target.id), ast.Store())
        node.body = self._loop(node.body, headers, node)
        return [node]

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        headers = self._headers([n for s in node.body for n in bound_names(s)])
        node.test = self.visit(node.test)
        node._again = self._seen(self.env)  # type: ignore[attr-defined]
        node.body = self._loop(node.body, headers, node)
        return [node]

    def _headers(self, changed: list[str]) -> dict[str, tuple[str, str]]:
        """A phi for each variable that the loop assigns: its target and the value before."""
        headers: dict[str, tuple[str, str]] = {}
        for name in dict.fromkeys(changed):
            before = self.env.get(name, UNDEFINED)
            headers[name] = (self.define(name), before)
        return headers

    def _loop(
        self, body: list[ast.stmt], headers: dict[str, tuple[str, str]], node: ast.stmt
    ) -> list[ast.stmt]:
        body, stop = ending(body)
        inner = self.block(body)
        if stop is not None:
            end = ast.If(self.visit(stop), [ast.Break()], [])
            end._origin = node._origin  # type: ignore[attr-defined]
            inner.append(ast.fix_missing_locations(ast.copy_location(end, node)))
        phis = [
            self._phi(target, before, self.env[name], node)
            for name, (target, before) in headers.items()
        ]
        self.env.update({name: target for name, (target, _) in headers.items()})
        return [*phis, *inner]

    def _phi(self, target: str, first: str, second: str, node: ast.stmt) -> ast.stmt:
        read, read_next = ast.Name(first, ast.Load()), ast.Name(second, ast.Load())
        made, bound = ast.Name(PHI, ast.Load()), ast.Name(target, ast.Store())
        call = ast.Call(made, [read, read_next], [])
        phi = ast.Assign([bound], call)
        for part in (read, read_next, made, bound, call, phi):
            ast.copy_location(part, node)
        phi._origin = node._origin  # type: ignore[attr-defined]
        return phi

    def visit_other(self, node: ast.stmt) -> ast.stmt:
        """A statement that stays as it is: what it reads and binds is noted beside it.

        What it may bind only on some path through it keeps its value on the others.
        """
        bound = bound_names(node)
        kept = [] if isinstance(node, _PLAIN) else bound
        reads = {n: self.env[n] for n in (*free_names(node), *kept) if n in self.env}
        writes = {n: self.define(n) for n in bound}
        node._reads, node._writes = reads, writes  # type: ignore[attr-defined]
        return node

    def visit_Delete(self, node: ast.Delete) -> ast.stmt | list[ast.stmt]:
        """Nothing, for names: none of them is read again."""
        names = all(isinstance(t, ast.Name) for t in node.targets)
        node._renamed = self.generic_visit(copied(node))  # type: ignore[attr-defined]
        return [] if names else self.visit_other(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """A function inside: the versions that its free names have here are noted beside it."""
        for field in ("decorator_list", "defaults", "kw_defaults"):
            holder = node if field == "decorator_list" else node.args
            setattr(holder, field, [d and self.visit(d) for d in getattr(holder, field)])
        self.visit_other(node)
        self._note_function(node, free_names(node))
        return node

    def _note_function(self, node: ast.AST, free: list[str]) -> None:
        """Remember what a function inside may read: what is bound by now, and what will be."""
        node._free, node._rebound, node._late = set(free), set(), {}  # type: ignore[attr-defined]
        node._bound = {n for n in free if n in self.env}  # type: ignore[attr-defined]
        self.functions.append(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_other
    visit_TryStar = visit_With = visit_AsyncWith = visit_AsyncFor = visit_other

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        """Carried as it is; of a trial only what it finds out is known after it."""
        before = dict(self.env)
        made = self.visit_other(node)
        kept = getattr(node, "_trial", None)
        if kept is not None:
            self.env = {**before, **{name: self.env[name] for name in kept}}
        return made

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """An expression by itself stays as it is; beside it, what it is in versions."""
        node._renamed = self.visit(copied(node.value))  # type: ignore[attr-defined]
        return self.visit_other(node)

    def _attribute_assigned(self, node: Any, target: ast.expr) -> ast.stmt:
        """``o.x = v`` stays as it is; beside it, what it is in versions."""
        if isinstance(target, ast.Attribute):
            inner = copied(target)
            inner.value = self.visit(inner.value)
            made = copied(node)
            made.value = self.visit(made.value)
            if isinstance(made, ast.AugAssign):
                made.target = inner
            else:
                made.targets = [inner]
            node._renamed = made
        return self.visit_other(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        return self._attribute_assigned(node, node.target)

    visit_Assert = visit_Raise = visit_Match = visit_other
    visit_Import = visit_ImportFrom = visit_Global = visit_Nonlocal = visit_other
    visit_AnnAssign = visit_other

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        free = [n for n in free_names(node) if n in self.env]
        node._reads = {n: self.env[n] for n in free}  # type: ignore[attr-defined]
        args = node.args
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]
        outer = self.env, self.locals
        own = {a.arg for a in all_args(args)}
        self.env = {k: v for k, v in self.env.items() if k not in own}
        self.locals = self.locals - own
        node.body = self.visit(node.body)
        self.env, self.locals = outer
        self._note_function(node, free)
        return node

    def visit_ListComp(self, node: Any) -> Any:
        """Variables of its own that have the name of one of the function's get another."""
        own = {n for g in node.generators for n in bound_names(g.target)} & self.locals
        first = self.visit(node.generators[0].iter)  # outside of it still
        outer, self.env = self.env, {**self.env, **{n: self.names.fresh(n) for n in sorted(own)}}
        node.generators[0].iter = ast.Constant(None)
        self.generic_visit(node)
        node.generators[0].iter = first
        self.env = outer
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


def _defined(stmt: ast.Assign, node: ast.Lambda, name: str) -> ast.FunctionDef:
    """``f = lambda x: ...`` that calls itself, as a definition."""
    body = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.copy_location(ast.FunctionDef(name, node.args, [body], []), node)
    made._origin = stmt._origin  # type: ignore[attr-defined]
    return made


def all_args(args: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function."""
    extra = [a for a in (args.vararg, args.kwarg) if a is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def free_names(node: ast.AST) -> list[str]:
    """The names that a tree may read from outside itself."""
    found: set[str] = set()
    _free(node, frozenset(), found)
    loads = (n.id for n in nodes(node) if isinstance(n, ast.Name))
    return [n for n in dict.fromkeys(loads) if n in found]


_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _free(node: ast.AST, bound: frozenset[str], found: set[str]) -> None:
    """Add the names that are read where ``bound`` are a surrounding scope's own."""
    inner: list[ast.AST] = []  # what is within a scope of its own
    own: set[str] = set()
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id not in bound:
            found.add(node.id)
        return
    if isinstance(node, ast.Lambda):
        inner, own = [node.body], {a.arg for a in all_args(node.args)}
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        inner = list(node.body)
        own = {a.arg for a in all_args(node.args)} | {n for s in node.body for n in bound_names(s)}
    elif isinstance(node, _Comprehension):
        own = {n for g in node.generators for n in bound_names(g.target)}
        _free(node.generators[0].iter, bound, found)
        first = node.generators[0]
        inner = [first.target, *first.ifs, *node.generators[1:]]
        inner += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    for part in inner:
        _free(part, bound | own, found)
    if not isinstance(node, _Comprehension):
        for child in children(node):
            if not any(child is part for part in inner):
                _free(child, bound, found)
