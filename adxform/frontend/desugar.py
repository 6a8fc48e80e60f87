"""The Python that Core leaves out, said in the Python that it keeps.

After these transformers assignments have one name (or one subscript) on the left, loops run over
``range`` and a function returns once, at its end.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable

from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.hoist import ConditionalExpressions
from adxform.frontend.scope import bound_names
from adxform.frontend.source import Text

UPDATE = "__update__"
AUGMENT = "__augment__"


class Fresh:
    """Names for the compiler's own variables; they start with an underscore and a digit-free stem."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, stem: str) -> str:
        self.count += 1
        return f"_{stem}{self.count}"


def desugar(node: ast.FunctionDef, text: Text) -> ast.FunctionDef:
    """A copy of a function in the Python that the rest of the compiler understands."""
    tree = copy.deepcopy(node)
    _refuse_outer_writes(tree, text)
    for stmt in ast.walk(tree):
        if isinstance(stmt, ast.stmt):
            stmt._origin = text.origin(stmt)  # type: ignore[attr-defined]
    fresh = Fresh()
    for transform in pipeline(text, fresh):
        tree.body = transform(tree.body)
    return tree


def _refuse_outer_writes(tree: ast.FunctionDef, text: Text) -> None:
    """``x[i] = v`` binds no ``x``: one from outside the function is not its own to change."""
    own = {n.arg if isinstance(n, ast.arg) else n.id for n in ast.walk(tree)
           if isinstance(n, ast.arg) or (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(ast.Name(name), ctx=ast.Store()) if name not in own:
                raise UnsupportedError(Diagnostic(
                    f"{name}, which is defined outside the function, is changed in place here",
                    text.location(node), "Work on a copy of it."))


def pipeline(
    text: Text, fresh: Fresh
) -> tuple[Callable[[list[ast.stmt]], list[ast.stmt]], ...]:
    """The transformers, in order, each with the reason for its place."""
    return (
        lambda body: single_return(body, text),  # first: the others see one return
        lambda body: _each(Assignments(fresh), body),  # before loops: targets are names
        lambda body: _each(Loops(fresh, text), body),  # makes assignments of one name
        lambda body: _each(ConditionalExpressions(fresh), body),  # last: sees all expressions
    )


def _each(transformer: ast.NodeTransformer, body: list[ast.stmt]) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for stmt in body:
        new = transformer.visit(stmt)
        result.extend(new if isinstance(new, list) else [new] if new is not None else [])
    return result


def located(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    """Give a made statement the place and the quoted text of the one it came from."""
    for node in ast.walk(new):
        if not hasattr(node, "lineno") and isinstance(node, ast.stmt | ast.expr):
            ast.copy_location(node, old)
    for node in ast.walk(new):
        if isinstance(node, ast.stmt) and not hasattr(node, "_origin"):
            node._origin = old._origin  # type: ignore[attr-defined]
    return new


def assign(name: str, value: ast.expr, old: ast.stmt) -> ast.stmt:
    """``name = value``."""
    return located(ast.Assign([ast.Name(name, ast.Store())], value), old)


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


# --- returns -------------------------------------------------------------------------------------


def single_return(body: list[ast.stmt], text: Text) -> list[ast.stmt]:
    """Returns inside branches become the value of one variable, returned at the end.

    What follows a branch that returns moves into the other branch; nothing is repeated.
    """
    inner = [s for s in body if not isinstance(s, ast.Return) and _returns(s)]
    if not inner:
        return body
    for stmt in ast.walk(ast.Module(body, [])):
        if isinstance(stmt, ast.For | ast.While | ast.Try | ast.With) and _returns(stmt):
            where = next(s for s in ast.walk(stmt) if isinstance(s, ast.Return))
            raise UnsupportedError(
                Diagnostic(
                    f"return inside a {type(stmt).__name__.lower()} statement is not supported yet",
                    text.location(where),
                    "Assign the result to a variable and return it after the loop.",
                )
            )
    name = _result_name(body)
    moved = _move(body, name)
    moved.append(located(ast.Return(load(name)), body[-1]))
    return moved


def _result_name(body: list[ast.stmt]) -> str:
    """The variable returned everywhere, if it is always the same one; else ``out``."""
    tree = ast.Module(body, [])
    values = [s.value for s in ast.walk(tree) if isinstance(s, ast.Return)]
    names = {v.id for v in values if isinstance(v, ast.Name)}
    if len(names) == 1 and all(isinstance(v, ast.Name) for v in values):
        return names.pop()
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return "out" if "out" not in used else "_out"


def _returns(stmt: ast.stmt) -> bool:
    if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(stmt, ast.Return):
        return True
    return any(_returns(s) for s in ast.iter_child_nodes(stmt) if isinstance(s, ast.stmt)) or any(
        _returns(s)
        for h in ast.iter_child_nodes(stmt)
        if isinstance(h, ast.ExceptHandler)
        for s in h.body
    )


def _move(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for place, stmt in enumerate(body):
        if isinstance(stmt, ast.Return):
            value = stmt.value if stmt.value is not None else ast.Constant(None)
            if not (isinstance(value, ast.Name) and value.id == name):
                result.append(assign(name, value, stmt))
            return result
        if isinstance(stmt, ast.If) and _returns(stmt):
            rest = body[place + 1 :]
            again = copy.deepcopy(rest)  # both sides may go on
            stmt.body = _move(stmt.body + ([] if _ends(stmt.body) else again), name)
            stmt.orelse = _move(stmt.orelse + ([] if _ends(stmt.orelse) else rest), name)
            stmt.body = stmt.body or [located(ast.Pass(), stmt)]
            result.append(stmt)
            return result
        result.append(stmt)
    return result


def _ends(body: list[ast.stmt]) -> bool:
    """Whether control never passes the end of a block."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


# --- assignments ---------------------------------------------------------------------------------


class Assignments(ast.NodeTransformer):
    """One target per assignment; tuples unpacked; ``x[i] = v`` a call that gives the new ``x``."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if node.value is None:
            return []
        return list(self._assign([node.target], node.value, node))

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return list(self._assign(node.targets, node.value, node))

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        read = copy.deepcopy(node.target)
        for part in ast.walk(read):
            if isinstance(part, ast.Name | ast.Subscript | ast.Attribute):
                part.ctx = ast.Load() if part is read else part.ctx
        value = ast.BinOp(read, node.op, node.value)
        if isinstance(node.target, ast.Name):
            marked = ast.Call(load(AUGMENT), [value], [])
            return [assign(node.target.id, marked, node)]
        return list(self._assign([node.target], value, node))

    def _assign(
        self, targets: list[ast.expr], value: ast.expr, old: ast.stmt
    ) -> Iterable[ast.stmt]:
        if len(targets) == 1:
            yield from self._single(targets[0], value, old)
            return
        shared = value
        if not isinstance(value, ast.Name | ast.Constant):
            first = targets[0]
            name = first.id if isinstance(first, ast.Name) else self.fresh("t")
            yield assign(name, value, old)
            shared, targets = load(name), targets[1:] if isinstance(first, ast.Name) else targets
        for target in targets:
            yield from self._single(target, copy.deepcopy(shared), old)

    def _single(self, target: ast.expr, value: ast.expr, old: ast.stmt) -> Iterable[ast.stmt]:
        match target:
            case ast.Name(name):
                yield assign(name, value, old)
            case ast.Tuple(parts) | ast.List(parts):
                yield from self._unpack(parts, value, old)
            case ast.Subscript(ast.Name(name), index):
                call = ast.Call(load(UPDATE), [load(name), index, value], [])
                yield assign(name, call, old)
            case _:
                yield located(ast.Assign([target], value), old)

    def _unpack(
        self, targets: list[ast.expr], value: ast.expr, old: ast.stmt
    ) -> Iterable[ast.stmt]:
        if any(isinstance(t, ast.Starred) for t in targets):
            yield located(ast.Assign([ast.Tuple(targets, ast.Store())], value), old)
            return
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
            values = value.elts
            written = {n for t in targets for n in _names(t)}
            if any(written & set(_names(v)) for v in values[1:]):
                kept = [self.fresh("t") for _ in values]
                for name, item in zip(kept, values, strict=True):
                    yield assign(name, item, old)
                values = [load(name) for name in kept]
        else:
            name = self.fresh("t")
            yield assign(name, value, old)
            values = [ast.Subscript(load(name), ast.Constant(i), ast.Load())
                      for i in range(len(targets))]
        for target, item in zip(targets, values, strict=True):
            yield from self._single(target, item, old)


def _names(node: ast.AST) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]


# --- loops ---------------------------------------------------------------------------------------


class Loops(ast.NodeTransformer):
    """Loops over arrays, ``zip``, ``enumerate`` and ``reversed`` become loops over ``range``."""

    def __init__(self, fresh: Fresh, text: Text) -> None:
        self.fresh = fresh
        self.text = text

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Try = visit_With = visit_FunctionDef  # type: ignore[assignment]

    def visit_While(self, node: ast.While) -> ast.AST:
        self._refuse_exits(node)
        self.generic_visit(node)
        return node

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self._refuse_exits(node)
        if isinstance(node.iter, ast.Tuple | ast.List) and not any(
            isinstance(e, ast.Starred) for e in node.iter.elts
        ):
            return self._unroll(node, node.iter.elts)
        self.generic_visit(node)
        if _is_call(node.iter, "range") and isinstance(node.target, ast.Name):
            return node
        return self._over_index(node)

    def _refuse_exits(self, node: ast.For | ast.While) -> None:
        what = "else" if node.orelse else None
        where: ast.AST = node
        for inner in _own_statements(node.body):
            if isinstance(inner, ast.Break | ast.Continue):
                what, where = type(inner).__name__.lower(), inner
        if what is not None:
            raise UnsupportedError(
                Diagnostic(
                    f"{what} in a loop is not supported yet",
                    self.text.location(where),
                    "Say the loop's end in its condition, or guard the statements with if.",
                )
            )

    def _unroll(self, node: ast.For, items: list[ast.expr]) -> list[ast.stmt]:
        """A loop over a tuple written out has its body once for each item."""
        unpack = Assignments(self.fresh)
        result: list[ast.stmt] = []
        for item in items:
            result.extend(unpack._single(node.target, item, node))
            for stmt in copy.deepcopy(node.body):
                new = self.visit(stmt)
                result.extend(new if isinstance(new, list) else [new])
        return result

    def _over_index(self, node: ast.For) -> list[ast.stmt]:
        """``for row in A`` becomes ``for i in range(len(A)): row = A[i]``."""
        before: list[ast.stmt] = []
        index = self.fresh("i")
        length, element = self._sequence(node.iter, load(index), before, node)
        target = node.target
        body: list[ast.stmt] = []
        if _is_call(node.iter, "enumerate") and isinstance(target, ast.Tuple):
            counter = target.elts[0]
            starts_at_zero = len(node.iter.args) == 1 and not node.iter.keywords  # type: ignore[attr-defined]
            if isinstance(counter, ast.Name) and starts_at_zero:
                index, target, element = counter.id, target.elts[1], _rename(element, index, counter)
                element = element.elts[1] if isinstance(element, ast.Tuple) else element
        body.extend(Assignments(self.fresh)._single(target, element, node))
        loop = ast.For(
            ast.Name(index, ast.Store()),
            ast.Call(load("range"), [length], []),
            body + node.body,
            [],
        )
        return [*before, located(loop, node)]

    def _sequence(
        self, node: ast.expr, index: ast.expr, before: list[ast.stmt], old: ast.stmt
    ) -> tuple[ast.expr, ast.expr]:
        """The length of an iterable and its element number ``index``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id == "zip":
                parts = [self._sequence(a, index, before, old) for a in node.args]
                lengths = [length for length, _ in parts]
                shortest = lengths[0] if len(lengths) == 1 else ast.Call(load("min"), lengths, [])
                return shortest, ast.Tuple([e for _, e in parts], ast.Load())
            if node.func.id == "enumerate":
                length, element = self._sequence(node.args[0], index, before, old)
                start = node.args[1:] or [kw.value for kw in node.keywords]
                count: ast.expr = index
                if start:
                    count = ast.BinOp(index, ast.Add(), start[0])
                return length, ast.Tuple([count, element], ast.Load())
            if node.func.id == "reversed":
                inner = node.args[0]
                if not _is_call(inner, "range"):
                    inner = self._held(inner, before, old)
                length, _ = self._sequence(inner, index, before, old)
                one = ast.BinOp(length, ast.Sub(), ast.Constant(1))
                back = ast.BinOp(one, ast.Sub(), index)
                return length, self._sequence(inner, back, before, old)[1]
            if node.func.id == "range":
                length = ast.Call(load("len"), [node], [])
                return length, ast.Subscript(node, index, ast.Load())
        node = self._held(node, before, old)
        return ast.Call(load("len"), [node], []), ast.Subscript(node, index, ast.Load())

    def _held(self, node: ast.expr, before: list[ast.stmt], old: ast.stmt) -> ast.Name:
        """What a loop runs over, under a name that the loop does not assign."""
        if isinstance(node, ast.Name) and node.id not in bound_names(old):
            return node
        name = self.fresh("items")
        before.append(assign(name, node, old))
        return load(name)


def _rename(node: ast.expr, old: str, new: ast.Name) -> ast.expr:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == old:
            part.id = new.id
    return node


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _own_statements(body: list[ast.stmt]) -> Iterable[ast.stmt]:
    """The statements of a loop's body, those of loops and functions within left out."""
    for stmt in body:
        yield stmt
        if not isinstance(stmt, ast.For | ast.While | ast.FunctionDef | ast.ClassDef):
            for child in ast.iter_child_nodes(stmt):
                if isinstance(child, ast.stmt):
                    yield from _own_statements([child])
