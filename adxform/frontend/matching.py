"""``match`` said as branches: what patterns ask of a value, and names given to its parts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from adxform.core.trees import Transformer
from adxform.frontend.assignments import Fresh, assign, load, located

KIND = "__kind__"  # __kind__(x, "Sequence"): whether x is what a pattern of such matches
KINDS: dict[str, tuple[type, tuple[type, ...]]] = {
    "Sequence": (Sequence, (str, bytes, bytearray)),
    "Mapping": (Mapping, ()),
}
_WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


@dataclass
class Match:
    """The tests of a pattern, each made if those before hold, and the names it binds then."""

    tests: list[ast.expr] = field(default_factory=list)
    binds: list[tuple[str, ast.expr]] = field(default_factory=list)


class UnlikeError(Exception):
    """A pattern is not said otherwise."""


class Matching(Transformer):
    """Rewrites ``match``, but for patterns of classes whose meaning is not known.

    ``meaning`` gives what a class in a pattern is, if that is known.
    """

    def __init__(self, fresh: Fresh, meaning: Callable[[ast.expr], Any]) -> None:
        self.fresh = fresh
        self.meaning = meaning

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        name = self.fresh("subject")
        made: list[ast.stmt] = []
        for case in reversed(node.cases):
            try:
                match = self.pattern(case.pattern, load(name))
            except UnlikeError:
                return node
            made = self.case(case, match, made, node)
        return [located(stmt, node) for stmt in (assign(name, node.subject, node), *made)]

    def case(
        self, case: ast.match_case, match: Match, others: list[ast.stmt], node: ast.Match
    ) -> list[ast.stmt]:
        """A case, and what is done where it does not match."""
        binds = [assign(name, value, node) for name, value in match.binds]
        if case.guard is None or not binds:
            tests = [*match.tests, *([] if case.guard is None else [case.guard])]
            body = [*binds, *case.body]
            return [ast.If(_all(tests), body, others)] if tests else body
        if not match.tests:
            return [*binds, ast.If(case.guard, case.body, others)]
        matches = self.fresh("matches")
        asked = [*binds, assign(matches, case.guard, node)]
        missed = assign(matches, ast.Constant(False), node)
        return [
            ast.If(_all(match.tests), asked, [missed]),
            ast.If(load(matches), case.body, others),
        ]

    def pattern(self, pattern: ast.pattern, value: ast.expr) -> Match:
        """What a pattern asks of a value."""
        match pattern:
            case ast.MatchValue(constant):
                return Match([ast.Compare(deepcopy(value), [ast.Eq()], [constant])])
            case ast.MatchSingleton(constant):
                return Match([ast.Compare(deepcopy(value), [ast.Is()], [ast.Constant(constant)])])
            case ast.MatchOr(patterns):
                return self.any_of([self.pattern(p, value) for p in patterns])
            case ast.MatchAs(inner, name):
                found = Match() if inner is None else self.pattern(inner, value)
                found.binds += [] if name is None else [(name, deepcopy(value))]
                return found
            case ast.MatchSequence(patterns):
                return self.sequence(patterns, value)
            case ast.MatchMapping(keys, patterns, None):
                inside = [ast.Compare(key, [ast.In()], [deepcopy(value)]) for key in keys]
                parts = [_item(value, key) for key in keys]
                return self.parts([_kind(value, "Mapping"), *inside], patterns, parts)
            case ast.MatchClass():
                return self.of_class(pattern, value)
            case _:
                raise UnlikeError

    def any_of(self, found: list[Match]) -> Match:
        """One of some patterns, which bind the same names to the same parts."""
        binds = [[(name, ast.dump(value)) for name, value in match.binds] for match in found]
        if any(bound != binds[0] for bound in binds):
            raise UnlikeError
        if not all(match.tests for match in found):
            return Match([], found[0].binds)
        tests = [_all(match.tests) for match in found]
        return Match([ast.BoolOp(ast.Or(), tests)], found[0].binds)

    def parts(
        self, tests: list[ast.expr], patterns: list[ast.pattern], parts: list[ast.expr]
    ) -> Match:
        """What patterns ask of the parts of a value, once tests hold."""
        found = Match(tests)
        for pattern, part in zip(patterns, parts, strict=True):
            inner = self.pattern(pattern, part)
            found.tests += inner.tests
            found.binds += inner.binds
        return found

    def sequence(self, patterns: list[ast.pattern], value: ast.expr) -> Match:
        """The items of a sequence; a starred name takes a list of those that others leave."""
        stars = [i for i, p in enumerate(patterns) if isinstance(p, ast.MatchStar)]
        first = stars[0] if stars else len(patterns)
        after = len(patterns) - first - 1
        places = [i if i < first else i - len(patterns) for i in range(len(patterns))]
        size = ast.Call(load("len"), [deepcopy(value)], [])
        enough = ast.Compare(size, [ast.GtE() if stars else ast.Eq()],
                             [ast.Constant(len(patterns) - len(stars))])
        plain = [i for i in range(len(patterns)) if i not in stars]
        items = [_item(value, ast.Constant(places[i])) for i in plain]
        found = self.parts([_kind(value, "Sequence"), enough], [patterns[i] for i in plain], items)
        for star in stars:
            name = patterns[star].name  # type: ignore[attr-defined]
            end = ast.Constant(-after) if after else None
            rest = _item(value, ast.Slice(ast.Constant(first), end, None))
            found.binds += [] if name is None else [(name, ast.Call(load("list"), [rest], []))]
        return found

    def of_class(self, pattern: ast.MatchClass, value: ast.expr) -> Match:
        """An object of a class, and its attributes."""
        test = ast.Call(load("isinstance"), [deepcopy(value), pattern.cls], [])
        given, names = pattern.patterns, list(pattern.kwd_attrs)
        if given:
            cls = self.meaning(pattern.cls)
            if not isinstance(cls, type):
                raise UnlikeError
            if cls in _WHOLE and len(given) == 1 and not names:
                return self.parts([test], given, [value])
            named = getattr(cls, "__match_args__", ())
            if len(named) < len(given):
                raise UnlikeError
            names = [*named[: len(given)], *names]
        has = [ast.Call(load("hasattr"), [deepcopy(value), ast.Constant(n)], []) for n in names]
        parts: list[ast.expr] = [ast.Attribute(deepcopy(value), n, ast.Load()) for n in names]
        return self.parts([test, *has], [*given, *pattern.kwd_patterns], parts)


def _all(tests: list[ast.expr]) -> ast.expr:
    """All of some tests, of which those that are decided when it is compiled are left out."""
    if len(tests) == 1:
        return tests[0]
    made = ast.BoolOp(ast.And(), tests)
    made._pattern = True  # type: ignore[attr-defined]
    return made


def _kind(value: ast.expr, kind: str) -> ast.expr:
    return ast.Call(load(KIND), [deepcopy(value), ast.Constant(kind)], [])


def _item(value: ast.expr, place: ast.expr) -> ast.expr:
    return ast.Subscript(deepcopy(value), place, ast.Load())
