"""Ternaries and value-giving ``and``/``or`` inside expressions become ``if`` statements before.

So do tests that call what writes to arrays. What Python evaluates before them in the same
statement is evaluated before them here, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from adxform.core.trees import Transformer, children, nodes
from adxform.core.types import ANY, CARRIED, INERT, INT, Inert, ListOf, Slicing, Type
from adxform.frontend.writing_calls import WritingCalls

TESTS = frozenset({"isinstance", "issubclass", "hasattr", "callable", "bool", "any", "all"})
WRITERS = frozenset({"fill", "copyto", "at"})

_SLICE = Slicing(ANY, ANY, ANY)
_ITERATORS = frozenset({"np.ndindex", "np.ndenumerate", "np.nditer", "np.broadcast"})
_FILES = frozenset({"open", "io.open", "io.StringIO", "csv.reader", "csv.DictReader", "gzip.open"})
_GENERATORS = (".default_rng", ".RandomState", ".Random")  # of random numbers


def type_by_form(node: ast.expr, callee: str) -> Type | None:
    """What the form of an expression carried verbatim tells of its value: that it is a number of a
    range, or that its items have numbers.
    """
    match node:
        case ast.Call(ast.Name("max" | "min"), [ast.Call(ast.Name("range"))], [_, *_]):
            return INT
        case ast.Call(ast.Name("list"), [ast.Call(ast.Name("range"))], []):
            return ListOf(INT)
        case ast.Call(ast.Name("list" | "sorted" | "tuple")):
            return ANY
        case ast.Call(ast.Name("slice")):
            return _SLICE
        case ast.Call(ast.Attribute(_, "split" | "rsplit" | "splitlines" | "tolist")):
            return ANY
        case ast.ListComp() | ast.List() | ast.Tuple():
            return ANY
    if callee in _FILES:  # their lines have no numbers
        return Inert(numbered=False)
    if callee.startswith(("np.random.", "random.")) and callee.endswith(_GENERATORS):
        return INERT
    return ANY if callee.startswith("np.") and callee not in _ITERATORS else None


def types_bound(
    stmt: ast.stmt, bound: Iterable[str], resolve: Callable[[ast.expr], str | None]
) -> dict[str, Type]:
    """The types of what a statement carried verbatim binds, as far as they are known."""
    found: Type | None = None
    if isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Call):
        found = type_by_form(stmt.value, resolve(stmt.value.func) or "")
    return {**dict.fromkeys(bound, found or CARRIED), **getattr(stmt, "_trial", {})}


def gives_boolean(node: ast.expr) -> bool:
    """Whether an expression's value is a boolean by its form."""
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value):
            return isinstance(value, bool)
        case ast.BoolOp(values=values):
            return all(gives_boolean(v) for v in values)
        case ast.Call(func=ast.Name(name)):
            return name in TESTS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ("any", "all", "isscalar", "array_equal", "allclose", "startswith")
        case _:
            return False


def _writes(node: ast.expr) -> bool:
    """Whether a statement that is this expression says to write to an array: it is followed."""
    if not isinstance(node, ast.Call):
        return False
    named = isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS
    return named or any(keyword.arg == "out" for keyword in node.keywords)


_PLAIN = frozenset({ast.Name, ast.Constant, *ast.operator.__subclasses__()})
_UNCONDITIONAL = frozenset({ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Subscript, ast.Tuple})


class ConditionalExpressions(Transformer):
    """Hoists conditional expressions out of assignments, returns, tests and calls that write."""

    def __init__(self, fresh: Callable[[str], str], calls: WritingCalls) -> None:
        self.fresh = fresh
        self.calls = calls

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt] | ast.stmt:
        if isinstance(node.value, ast.IfExp) and isinstance(node.targets[0], ast.Name):
            return self._branch(node.value, node.targets[0].id, node)
        return self._hoisted(node, "value")

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt] | ast.stmt:
        return self._hoisted(node, "value")

    def visit_Return(self, node: ast.Return) -> list[ast.stmt] | ast.stmt:
        return self._hoisted(node, "value") if node.value is not None else node

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt] | ast.stmt:
        if isinstance(node.value, ast.IfExp):
            sides = [node.value.body, node.value.orelse]
            then, orelse = ([_place(ast.Expr(v), node)] for v in sides)
            return _place(ast.If(node.value.test, then, orelse), node)
        followed = _writes(node.value) or self._is_method_of_own(node.value)
        return self._hoisted(node, "value") if followed else node

    def _is_method_of_own(self, node: ast.expr) -> bool:
        """Whether an expression calls a method of what a variable of the function's is."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        owner = node.func.value
        while isinstance(owner, ast.Attribute | ast.Subscript):
            owner = owner.value
        return isinstance(owner, ast.Name) and owner.id in self.calls.own

    def visit_If(self, node: ast.If) -> list[ast.stmt] | ast.stmt:
        self.generic_visit(node)
        return self._hoisted(node, "test") if self._is_opened(node.test) else node

    def _is_opened(self, test: ast.expr) -> bool:
        """Whether the conditional parts of a test are moved out: those of ``and`` stay in it."""
        return not isinstance(test, ast.BoolOp) or self.calls.within(test)

    def _conditional(self, node: ast.AST) -> bool:
        value = isinstance(node, ast.BoolOp) and not gives_boolean(node)
        return isinstance(node, ast.IfExp) or value or self.calls.conditional(node)

    def _contains(self, node: ast.AST) -> bool:
        kind = type(node)
        if kind in _PLAIN or kind is ast.Lambda:
            return False
        if isinstance(node, _COMPREHENSIONS):
            return self.calls.may_write_in(node.generators[0].iter)
        if kind not in _UNCONDITIONAL and self._conditional(node):
            return True
        return any(map(self._contains, children(node)))

    def _hoisted(self, node: ast.stmt, field: str) -> list[ast.stmt] | ast.stmt:
        value: ast.expr = getattr(node, field)
        if not self._contains(value):
            return node
        before: list[ast.stmt] = []
        setattr(node, field, self._expression(value, node, before))
        return [*before, node]

    def _expression(self, node: ast.expr, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        """``node`` with its conditional parts moved to statements in ``before``."""
        if isinstance(node, ast.IfExp):
            name = self.fresh("t")
            before.extend(self._branch(node, name, old))
            return ast.Name(name, ast.Load())
        if isinstance(node, ast.BoolOp) and self._conditional(node):
            return self._short_circuit(node, old, before)
        if isinstance(node, ast.Compare) and self._conditional(node):
            return self._chain(node, old, before)
        if not self._contains(node):
            return node
        if isinstance(node, _COMPREHENSIONS):
            first = node.generators[0]
            first.iter = self._called_before(first.iter, old, before)
            return node
        children = list(_children(node))
        moved = [self._contains(child) for _, _, child in children]
        if self.calls.conditional(node):  # the arguments of a partial
            given = (self.calls.within(child) for *_, child in children)
            moved = [a or b for a, b in zip(moved, given, strict=True)]
        last = max(i for i, found in enumerate(moved) if found)
        for i, (owner, place, child) in enumerate(children[: last + 1]):
            if self._contains(child):
                new = self._expression(child, old, before)
            elif moved[i] or (i < last and any(isinstance(p, ast.Call) for p in nodes(child))):
                name = self.fresh("t")
                before.append(_assign(name, child, old))
                new = ast.Name(name, ast.Load())
            else:
                continue
            owner[place] = new
        return node

    def _called_before(
        self, node: ast.expr, old: ast.stmt, before: list[ast.stmt]
    ) -> ast.expr:
        """What a comprehension goes over, with calls that may write to their arguments made once,
        before it.
        """
        if self.calls.may_be_one(node):
            name = self.fresh("t")
            before.extend(self._value(node, name, old))
            return ast.Name(name, ast.Load())
        for owner, place, child in _children(node):
            if self.calls.may_write_in(child):
                owner[place] = self._called_before(child, old, before)
        return node

    def _branch(self, node: ast.IfExp, name: str, old: ast.stmt) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        opened = self._is_opened(node.test)
        test = self._expression(node.test, old, before) if opened else node.test
        then = self._value(node.body, name, old)
        orelse = self._value(node.orelse, name, old)
        branch = ast.If(test, then, orelse)
        return [*before, _place(branch, old)]

    def _value(self, value: ast.expr, name: str, old: ast.stmt) -> list[ast.stmt]:
        made = self.visit_Assign(_assign(name, value, old))
        return made if isinstance(made, list) else [made]

    def _short_circuit(self, node: ast.BoolOp, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        """``a and b`` is ``t = a; if t: t = b``; ``or`` has its branch on the other side."""
        name = self.fresh("t")
        inner = before
        for place, value in enumerate(node.values):
            inner.extend(self._value(value, name, old))
            if place == len(node.values) - 1:
                break
            nested: list[ast.stmt] = []
            test: ast.expr = ast.Name(name, ast.Load())
            if isinstance(node.op, ast.Or):
                test = ast.UnaryOp(ast.Not(), test)
            inner.append(_place(ast.If(test, nested, []), old))
            inner = nested
        return ast.Name(name, ast.Load())


    def _chain(self, node: ast.Compare, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        """``a < b < c`` is ``t = a < b; if t: t = b < c``, b being evaluated once."""
        name = self.fresh("t")
        inner = before
        left = self._kept(node.left, old, inner)
        for place, (op, value) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self._kept(value, old, inner)
            inner.append(_assign(name, ast.Compare(left, [op], [right]), old))
            if place < len(node.ops) - 1:
                nested: list[ast.stmt] = []
                inner.append(_place(ast.If(ast.Name(name, ast.Load()), nested, []), old))
                left, inner = right, nested
        return ast.Name(name, ast.Load())

    def _kept(self, value: ast.expr, old: ast.stmt, before: list[ast.stmt]) -> ast.expr:
        """A value under a name of its own, if it is more than a name or a constant."""
        if isinstance(value, ast.Name | ast.Constant):
            return value
        name = self.fresh("t")
        before.extend(self._value(value, name, old))
        return ast.Name(name, ast.Load())


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _children(node: ast.expr) -> list[tuple[Any, Any, ast.expr]]:
    """The direct subexpressions in the order of evaluation, each with where it is kept."""
    found: list[tuple[Any, Any, ast.expr]] = []
    for name, value in ast.iter_fields(node):
        holder = vars(node)
        if isinstance(value, ast.expr):
            found.append((holder, name, value))
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, ast.expr):
                    found.append((value, place, item))
                elif isinstance(item, ast.keyword):
                    found.append((vars(item), "value", item.value))
    return found


def _assign(name: str, value: ast.expr, old: ast.stmt) -> ast.Assign:
    made = ast.Assign([ast.Name(name, ast.Store())], value)
    _place(made, old)
    return made


def _place(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    for part in nodes(new):
        if isinstance(part, ast.stmt | ast.expr) and not hasattr(part, "lineno"):
            ast.copy_location(part, old)
    new._origin = old._origin  # type: ignore[attr-defined]
    return new
