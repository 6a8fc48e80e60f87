"""``with`` and ``try`` around active code, where they do not change what is computed.

The body of ``with np.errstate(...)`` or ``warnings.catch_warnings()`` computes the same without
it: NumPy may warn, and that is all. Where every handler of a ``try`` raises, a result comes from
its body or not at all: a derivative that meets the exception raises it as it is.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable
from typing import Any

from adxform.core.trees import copied, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import located
from adxform.frontend.attempts import Around, Unable, attempted, closed
from adxform.frontend.control import last_of, own_exits
from adxform.frontend.managers import entered, held_open, is_steady
from adxform.frontend.scope import LiveScope, Meaning
from adxform.frontend.source import Text

_QUIET = frozenset({"np.errstate", "warnings.catch_warnings", "contextlib.nullcontext"})
_FILTERS = frozenset({"warnings.simplefilter", "warnings.filterwarnings", "warnings.resetwarnings"})
_LOUD = ("raise", "call", "log")
_IMPORTS = ("ImportError", "ModuleNotFoundError", "Exception")


class Openings:
    """Opens the ``with`` and ``try`` statements of one function.

    ``asked`` are the places of those that active values may go through, and why one of them cannot
    be said otherwise.
    """

    def __init__(self, around: Around, text: Text, scope: Any, asked: dict[Any, Any]) -> None:
        self.around, self.text, self.scope, self.asked = around, text, scope, asked

    def block(self, body: list[ast.stmt], asked: bool = False) -> list[ast.stmt]:
        """Statements with those of transparent ``with`` and ``try`` statements in their place; all
        of them if what is around them is ``asked`` for.
        """
        result: list[ast.stmt] = []
        for stmt in body:
            raw: list[ast.stmt] = []
            wanted = asked
            if isinstance(stmt, ast.With | ast.Try):
                raw = [copied(s) for s in stmt.body]
                wanted = asked or _must_open(stmt) or self.text.place(stmt) in self.asked
            for held in (stmt, *getattr(stmt, "handlers", ())):
                for field in ("body", "orelse", "finalbody"):
                    inner = getattr(held, field, None)
                    if isinstance(inner, list) and not isinstance(stmt, _SCOPES):
                        setattr(held, field, self.block(inner, wanted))
            result.extend(self._opened(stmt, raw, wanted))
        return result

    def _opened(self, stmt: ast.stmt, raw: list[ast.stmt], asked: bool) -> list[ast.stmt]:
        match stmt:
            case ast.With() if all(_is_quiet(item, self.scope) for item in stmt.items):
                filters = [s for s in stmt.body if _is_call_of(s, _FILTERS, self.scope)]
                if not any("error" in ast.unparse(s) for s in filters):
                    kept = [s for s in stmt.body if s not in filters]
                    return kept or [ast.copy_location(ast.Pass(), stmt)]
            case ast.Try(finalbody=[]) if stmt.handlers and all(
                _raises(h.body) for h in stmt.handlers
            ):
                return [*stmt.body, *stmt.orelse]
            case ast.Try(finalbody=[]) if all(isinstance(s, _IMPORT) for s in stmt.body):
                return _imported(stmt, self.scope)
        match stmt:
            case ast.With([_, _, *_]):
                inner = ast.copy_location(ast.With(stmt.items[1:], stmt.body), stmt)
                inner._origin = stmt._origin  # type: ignore[attr-defined]
                opened = self._opened(inner, raw, asked)
                outer = ast.copy_location(ast.With(stmt.items[:1], opened), stmt)
                outer._origin = stmt._origin  # type: ignore[attr-defined]
                made = self._opened(outer, raw, asked)
                return [stmt] if made == [outer] else made
            case ast.With([item]):
                made = entered(stmt, item, _class_of(item, self.scope), self.around)
                return self._said(stmt, self._kept, raw, asked) if made == [stmt] else made
            case ast.Try():
                return self._said(stmt, self._tried, raw, asked)
            case _:
                return [stmt]

    def _said(
        self, stmt: Any, say: Callable[..., list[ast.stmt]], raw: list[ast.stmt], asked: bool
    ) -> list[ast.stmt]:
        """What a statement is in other words, if active values may go through it; else itself."""
        place = self.text.place(stmt)
        reason = self.asked.get(place)
        if reason is None and asked:
            try:
                return say(stmt, raw)
            except Unable as error:
                reason = Diagnostic(error.reason, self.text.location(error.node), error.hint)
                self.asked[place] = reason
        if reason is not None and _must_open(stmt):
            raise UnsupportedError(reason)
        return [stmt]

    def _tried(self, stmt: ast.Try, raw: list[ast.stmt]) -> list[ast.stmt]:
        body = [*stmt.body, *stmt.orelse]
        if not all(_raises(h.body) for h in stmt.handlers):
            body = attempted(stmt, raw, self.around)
        return closed(body, stmt.finalbody, self.around) if stmt.finalbody else body

    def _kept(self, stmt: ast.With, raw: list[ast.stmt]) -> list[ast.stmt]:
        item = stmt.items[0]
        swallowed = _swallowed(item, self.scope)
        if swallowed is not None:
            kinds = ast.copy_location(ast.Tuple(swallowed, ast.Load()), stmt)
            passing = [located(ast.Pass(), stmt)]
            handler = ast.copy_location(ast.ExceptHandler(kinds, None, passing), stmt)
            made = located(ast.Try(stmt.body, [handler], [], []), stmt)
            assert isinstance(made, ast.Try)
            return attempted(made, raw, self.around)
        value = _value_of(item.context_expr, self.scope)
        if not is_steady(item.context_expr, value, self.around):
            raise Unable("what this context manager does with exceptions is not known",
                         item.context_expr)
        return held_open(stmt, self.around)


def _must_open(stmt: ast.stmt) -> bool:
    """Whether a statement has exits of which it could not be told later that they were taken."""
    last = last_of(stmt)
    return any(isinstance(e, ast.Return) or e not in last for e in own_exits([stmt]))


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _swallowed(item: ast.withitem, scope: Any) -> list[ast.expr] | None:
    """The exceptions that ``contextlib.suppress(...)`` swallows."""
    call = item.context_expr
    plain = isinstance(call, ast.Call) and not call.keywords and item.optional_vars is None
    if not plain or dotted(call.func, scope) != "contextlib.suppress":  # type: ignore[attr-defined]
        return None
    return call.args  # type: ignore[attr-defined,no-any-return]


def _value_of(node: ast.expr, scope: Any) -> Any:
    """What an expression from outside stands for, or what it calls."""
    found = _meaning(node.func if isinstance(node, ast.Call) else node, scope.lookup,
                     scope.attribute)
    return None if found is None else found.value


_IMPORT = (ast.Import, ast.ImportFrom)


def _is_quiet(item: ast.withitem, scope: Any) -> bool:
    """Whether a context decides only about warnings."""
    call = item.context_expr
    if item.optional_vars is not None or not isinstance(call, ast.Call):
        return False
    if dotted(call.func, scope) not in _QUIET or call.args:
        return False
    given = [k.value for k in call.keywords]
    return all(isinstance(v, ast.Constant) and v.value not in _LOUD for v in given)


def _class_of(item: ast.withitem, scope: Any) -> Any:
    """The class of which a context manager is made there."""
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return None
    found = _meaning(call.func, scope.lookup, scope.attribute)
    return None if found is None else found.value


def _is_call_of(stmt: ast.stmt, names: frozenset[str], scope: Any) -> bool:
    match stmt:
        case ast.Expr(value=ast.Call(func=func)):
            return dotted(func, scope) in names
        case _:
            return False


def _raises(body: list[ast.stmt]) -> bool:
    """Whether a handler ends by raising, whatever it does before."""
    inner = nodes(*body)
    return isinstance(body[-1], ast.Raise) and not any(isinstance(n, ast.Return) for n in inner)


def _imported(stmt: ast.Try, scope: Any) -> list[ast.stmt]:
    """What is left of ``try: import ...``: one side, as the modules are there or not."""
    if not isinstance(scope, LiveScope):
        return [stmt]
    there = all(_is_there(s, scope) for s in stmt.body)
    if there:
        return [*stmt.body, *stmt.orelse]
    for handler in stmt.handlers:
        if handler.type is None or ast.unparse(handler.type) in _IMPORTS:
            return handler.body
    return [stmt]


def _is_there(stmt: ast.stmt, scope: LiveScope) -> bool:
    names = [a.name for a in stmt.names] if isinstance(stmt, ast.Import) else []
    if isinstance(stmt, ast.ImportFrom):
        names = ["." * stmt.level + (stmt.module or "")]
    package = scope.function.__globals__.get("__package__")
    try:
        return all(importlib.util.find_spec(name, package) is not None for name in names)
    except (ImportError, ValueError):
        return False


def dotted(node: ast.expr, scope: Any) -> str | None:
    """The canonical name of what an expression from outside a function means."""
    found = _meaning(node, scope.lookup, scope.attribute)
    if found is None or found.dotted is not None or not callable(found.value):
        return None if found is None else found.dotted
    return f"{found.value.__module__}.{getattr(found.value, '__qualname__', '')}"


def _meaning(
    node: ast.expr, lookup: Callable[[str], Meaning | None], attribute: Any
) -> Meaning | None:
    match node:
        case ast.Name(id=name):
            return lookup(name)
        case ast.Attribute(value=value, attr=name):
            owner = _meaning(value, lookup, attribute)
            return None if owner is None else attribute(owner, name)
        case _:
            return None
