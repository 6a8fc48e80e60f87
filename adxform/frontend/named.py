"""``:=`` said as a statement before the one that it is in."""

from __future__ import annotations

import ast

from adxform.core.trees import Transformer, children, copied, nodes
from adxform.frontend.assignments import Fresh, assign, load, located

_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.FunctionDef)


Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Named(Transformer):
    """``if (n := f(x)) > 1`` becomes ``n = f(x); if n > 1``."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """The test of a loop with ``:=`` is made anew in each iteration, in its body, and what is
        done when it fails is done there.
        """
        self.generic_visit(node)
        test = node.test
        tests = test.values if _is(test, ast.And) else [test]  # type: ignore[attr-defined]
        outward = any(isinstance(part, ast.Break | ast.Continue) for part in nodes(*node.orelse))
        if outward or not any(map(_named, tests)):
            return node
        inner: list[ast.stmt] = []
        for value in tests:
            done = [*map(copied, node.orelse), ast.Break()]
            leave = located(ast.If(ast.UnaryOp(ast.Not(), value), done, []), node)
            inner += self._hoisted(leave, "test")
        node.test, node.body, node.orelse = ast.Constant(True), [*inner, *node.body], []
        return located(node, node)

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        self.generic_visit(node)
        return self._branched(node)

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        self.generic_visit(node)
        return self._hoisted(node, "value")

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        self.generic_visit(node)
        return [node] if node.value is None else self._hoisted(node, "value")

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        self.generic_visit(node)
        return self._hoisted(node, "value")

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        self.generic_visit(node)
        assigned = {named.target.id for named in _named(node.value)}
        named = isinstance(node.target, ast.Name) and node.target.id not in assigned
        return self._hoisted(node, "value") if named else [node]

    def visit_ListComp(self, node: Comprehension) -> ast.AST:
        """``[y for v in x if (y := f(v))]`` becomes ``[y for v in x for y in [f(v)] if y]``."""
        self.generic_visit(node)
        made: list[ast.comprehension] = []
        for generator in node.generators:
            tests, generator.ifs = generator.ifs, []
            made.append(generator)
            for test in tests:
                made += self._generators(test)
                made[-1].ifs.append(_without(test, _named(test)))
        for part in ("key", "value") if isinstance(node, ast.DictComp) else ("elt",):
            value = getattr(node, part)
            made += self._generators(value)
            setattr(node, part, _without(value, _named(value)))
        node.generators = made
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _generators(self, node: ast.expr) -> list[ast.comprehension]:
        """What ``:=`` assigns in a part of a comprehension, as items of lists of one."""
        found = [
            ast.comprehension(named.target, ast.List([named.value], ast.Load()), [], 0)
            for named in _named(node)
        ]
        return [_placed(generator, node) for generator in found]

    def _branched(self, node: ast.If) -> list[ast.stmt]:
        """``if a and (n := f(x)) > 1`` becomes branches, one in the other."""
        test = node.test
        if not isinstance(test, ast.BoolOp) or not any(map(_kept, test.values[1:])):
            return self._hoisted(node, "test")
        first, *others = test.values
        rest = others[0] if len(others) == 1 else ast.copy_location(
            ast.BoolOp(test.op, others), test)
        ends = isinstance(test.op, ast.Or)
        if not ends and not node.orelse:
            inner = self._branched(_if(rest, node.body, [], node))
            return self._hoisted(_if(first, inner, [], node), "test")
        name = self.fresh("test")
        inner = self._hoisted_test(name, rest, node)
        known = [assign(name, ast.Constant(ends), node)]
        sides = (known, inner) if ends else (inner, known)
        before = self._hoisted(_if(first, *sides, node), "test")
        return [*before, _if(load(name), node.body, node.orelse, node)]

    def _hoisted_test(self, name: str, test: ast.expr, node: ast.If) -> list[ast.stmt]:
        """A test that is made, and kept under a name."""
        yes, no = (assign(name, ast.Constant(held), node) for held in (True, False))
        return self._branched(_if(test, [yes], [no], node))

    def _hoisted(self, node: ast.stmt, field: str) -> list[ast.stmt]:
        value: ast.expr = getattr(node, field)
        found = _named(value)
        if not found:
            return [node]
        before: list[ast.stmt] = []
        for named in found:
            assert isinstance(named.target, ast.Name)
            before.append(assign(named.target.id, named.value, node))
        setattr(node, field, _without(value, found))
        return [*before, node]


def _without(node: ast.expr, found: list[ast.NamedExpr]) -> ast.expr:
    """An expression that reads the names which some ``:=`` in it assign."""
    names = {id(named): named.target.id for named in found}
    made: ast.expr = _Replaced(names).visit(node)
    return made


def _if(test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], old: ast.If) -> ast.If:
    made = ast.If(test, body, orelse)
    located(made, old)
    return made


def _is(node: ast.expr, op: type[ast.boolop]) -> bool:
    return isinstance(node, ast.BoolOp) and isinstance(node.op, op)


def _kept(node: ast.expr) -> bool:
    """Whether an expression has a ``:=``, of its own and not of a comprehension's, at all."""
    if isinstance(node, ast.NamedExpr):
        return True
    return not isinstance(node, _SCOPES) and any(map(_kept, children(node)))  # type: ignore[arg-type]


def _placed(made: ast.comprehension, node: ast.expr) -> ast.comprehension:
    for part in nodes(made):
        if isinstance(part, ast.expr) and not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return made


def _named(node: ast.expr) -> list[ast.NamedExpr]:
    """The ``:=`` of an expression that are evaluated whenever it is, and first; else none."""
    found: list[ast.NamedExpr] = []
    blocked = False

    def visit(part: ast.AST, certain: bool) -> None:
        nonlocal blocked
        if isinstance(part, _SCOPES):
            return
        if isinstance(part, ast.NamedExpr):
            blocked |= not certain or any(isinstance(p, ast.NamedExpr) for p in _within(part.value))
            found.append(part)
        if isinstance(part, ast.BoolOp | ast.IfExp):
            first = part.values[0] if isinstance(part, ast.BoolOp) else part.test
            for child in children(part):
                visit(child, certain and child is first)
            return
        for child in children(part):
            visit(child, certain)

    visit(node, True)
    names = {n.target.id for n in found if isinstance(n.target, ast.Name)}
    seen = 0
    for part in _within(node):  # a name that is read before it is given its value
        if isinstance(part, ast.NamedExpr):
            seen += 1
        elif isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Load):
            blocked |= seen < len(found)
    return [] if blocked else found


def _within(node: ast.AST) -> list[ast.AST]:
    """The nodes of a tree in the order of its text."""
    found = [n for n in nodes(node) if hasattr(n, "lineno")]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))  # type: ignore[attr-defined]


class _Replaced(Transformer):
    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        name = self.names.get(id(node))
        return node if name is None else ast.copy_location(load(name), node)
