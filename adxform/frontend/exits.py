"""``break``, ``continue`` and ``return`` inside loops, and ``else`` after them, said by conditions.

After this a loop is left early in one way only, ``if test: break`` as its body's last statement.
What follows an exit in its iteration moves to the other side of the branch around the exit. What
is done on the way out (``x = ...; break``, ``return x``) is done after the loop, where every
variable is what it was at the exit: then the loop has one way through it for the reverse sweep.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass, field

from adxform.core.trees import Transformer, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import Fresh, assign, load, located
from adxform.frontend.control import (
    Exit,
    Loop,
    ends,
    has_exits,
    last_of,
    names_in,
    own_exits,
    returns,
    tuples_in,
)
from adxform.frontend.hoist import gives_boolean
from adxform.frontend.source import Text

When = bool | str  # always, never, or where the variable of this name is true



@dataclass
class WayOut:
    """What is done after a loop that was left where ``flag`` became true."""

    flag: str
    body: list[ast.stmt]


@dataclass
class Part:
    """Statements without exits, and when they leave the loop (``stop``) or only the iteration."""

    body: list[ast.stmt]
    stop: When = False
    over: When = False


@dataclass
class Test:
    """A branch's condition and the variable that holds it; no ``value`` where one does already."""

    name: str
    value: ast.expr | None = None


@dataclass
class Open:
    """The loop that is being rewritten; ``orelse`` tells whether it has an else."""

    orelse: bool
    tuples: set[str] = field(default_factory=set)
    ways: list[WayOut] = field(default_factory=list)


class Exits:
    """Rewrites the loops of one function, inner ones first."""

    def __init__(self, body: list[ast.stmt], fresh: Fresh, text: Text) -> None:
        self.fresh = fresh
        self.text = text
        self.body = body
        self.flags: set[str] = set()

    @functools.cached_property
    def used(self) -> set[str]:
        """The names that the function uses."""
        found = nodes(*self.body)
        return {n.id if isinstance(n, ast.Name) else n.arg for n in found
                if isinstance(n, ast.Name | ast.arg)}

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements whose loops have no exits but the last."""
        result: list[ast.stmt] = []
        for stmt in body:
            if isinstance(stmt, Loop):
                result.extend(self.loop(stmt))
                continue
            if isinstance(stmt, ast.If):
                stmt.body, stmt.orelse = self.block(stmt.body), self.block(stmt.orelse)
            result.append(stmt)
        return result

    def loop(self, node: Loop) -> list[ast.stmt]:
        node.body, orelse = self.block(node.body), self.block(node.orelse)
        node.orelse = []
        if not any(has_exits(stmt) for stmt in node.body):
            return [node, *orelse]
        opened = Open(bool(orelse), tuples_in(node.body))
        part = self.part(node.body, opened, False)
        ways = opened.ways
        endless = isinstance(node, ast.While) and _is_true(node.test)
        if endless and len(ways) == 1 and part.stop == ways[0].flag:  # there is no other way out
            name = self.fresh("stop")
            _Rename(part.stop, name).visit(ast.Module(part.body, []))
            node.body = _ending(part.body, name, self.flags, node)
            return [node, *ways[0].body]
        node.body = _ending(part.body, part.stop, self.flags, node)
        first = [assign(way.flag, ast.Constant(False), node) for way in ways]
        after = orelse
        for way in sorted(ways, key=lambda way: any(map(returns, way.body))):  # returns outermost
            body = way.body or [located(ast.Pass(), node)]
            after = [located(ast.If(load(way.flag), body, after), node)]
        return [*first, node, *after]

    # --- one iteration ------------------------------------------------------------------------

    def part(self, body: list[ast.stmt], loop: Open, asked: bool) -> Part:
        """A list of statements without exits; ``asked``: whether it matters when the iteration is
        over.
        """
        done: list[ast.stmt] = []
        for place, stmt in enumerate(body):
            if isinstance(stmt, Exit):
                done.extend(self.leave([], stmt, loop))
                return Part(done, not isinstance(stmt, ast.Continue), True)
            if not has_exits(stmt):
                done.append(stmt)
                continue
            rest = body[place + 1 :]
            if not isinstance(stmt, ast.If):
                before, branch = self.verbatim(stmt, asked or bool(rest))
                done.extend(before)
                if branch is None:
                    return Part(done)
                stmt = branch
            made = self.branch(stmt, rest, loop, asked)
            return Part([*done, *made.body], made.stop, made.over)
        return Part(done)

    def branch(self, stmt: ast.If, rest: list[ast.stmt], loop: Open, asked: bool) -> Part:
        """A branch with an exit in it, and what follows it in the iteration."""
        sides = [list(stmt.body), list(stmt.orelse)]
        for side, other in ((0, 1), (1, 0)):
            if rest and ends(sides[side]):
                sides[other], rest = sides[other] + rest, []
        test = self.hold(stmt, sides[0], loop)
        then = self.side(sides[0], test.name, loop, asked or bool(rest))
        orelse = self.side(sides[1], None, loop, asked or bool(rest))
        made = self.join(test, then, orelse, stmt, asked or bool(rest))
        if not rest:
            return made
        follows = self.part(rest, loop, asked)
        if isinstance(made.over, bool):
            return Part(made.body + follows.body, follows.stop, follows.over)
        left = Part([], made.stop == made.over or made.stop, True)
        joined = self.join(Test(made.over), left, follows, stmt, asked)
        return Part(made.body + joined.body, joined.stop, joined.over)

    def hold(self, stmt: ast.If, then: list[ast.stmt], loop: Open) -> Test:
        """A branch's condition under a name; of a way out, the flag itself."""
        if isinstance(stmt.test, ast.Name) and stmt.test.id in self.flags:
            return Test(stmt.test.id)
        last = _way_out(then)
        named = last is not None and self.needs_flag(then[:-1], last, loop)
        if named and _reads_tuples(then, loop):
            return Test(self.fresh("stop"), stmt.test)
        return Test(self.flag(last) if named else self.fresh("stop"), stmt.test)

    def side(self, body: list[ast.stmt], test: str | None, loop: Open, asked: bool) -> Part:
        """One side of a branch; ``test`` is the variable that is true on it alone."""
        last = _way_out(body)
        if last is None:
            return self.part(body, loop, asked)
        stop = not isinstance(last, ast.Continue)
        if stop and test in self.flags:
            assert test is not None
            loop.ways.append(WayOut(test, _done(body)))
            return Part([], True, True)
        return Part(self.leave(body[:-1], last, loop), stop, True)

    def needs_flag(self, before: list[ast.stmt], last: Exit, loop: Open) -> bool:
        """Whether there is something to do, or to leave out, after a loop was left here."""
        return isinstance(last, ast.Return) or (
            isinstance(last, ast.Break) and (bool(before) or loop.orelse)
        )

    def leave(self, before: list[ast.stmt], last: Exit, loop: Open) -> list[ast.stmt]:
        """What remains inside the loop of the statements of a way out."""
        if not self.needs_flag(before, last, loop):
            return before
        flag = self.flag(last)
        inside: list[ast.stmt] = []
        if _reads_tuples([*before, last], loop):  # they are not carried out of the loop
            inside, before = before, []
            if isinstance(last, ast.Return) and last.value is not None:
                last.value = self.held(last.value, inside, last)
        loop.ways.append(WayOut(flag, _done([*before, last])))
        return [*inside, assign(flag, ast.Constant(True), last)]

    def held(self, value: ast.expr, before: list[ast.stmt], old: ast.stmt) -> ast.expr:
        """A value, of a tuple each item, under a name that is read after the loop."""
        if isinstance(value, ast.Tuple):
            return ast.Tuple([self.held(v, before, old) for v in value.elts], ast.Load())
        name = self.unused("result")
        before.append(assign(name, value, old))
        return load(name)

    def join(self, test: Test, then: Part, orelse: Part, stmt: ast.If, asked: bool) -> Part:
        """Both sides of a branch as one statement, and when it leaves."""
        stop = self.either(test.name, then, orelse, "stop", stmt)
        over: When = False
        if asked:
            same = (then.stop, orelse.stop) == (then.over, orelse.over)
            over = stop if same else self.either(test.name, then, orelse, "over", stmt)
        body: list[ast.stmt] = []
        value: ast.expr = load(test.name)
        if test.value is not None and (test.name in (stop, over) or test.name in self.flags):
            body.append(assign(test.name, _boolean(test.value), stmt))
        elif test.value is not None:
            value = test.value
        if then.body or orelse.body:
            branch = ast.If(value, then.body or [ast.Pass()], orelse.body)
            body.append(located(branch, stmt))
        return Part(body, stop, over)

    def either(self, test: str, then: Part, orelse: Part, kind: str, stmt: ast.stmt) -> When:
        """When either side leaves; a variable of its own where the test does not say it."""
        first, second = getattr(then, kind), getattr(orelse, kind)
        if first is second and isinstance(first, bool):
            return first
        if first is True and second is False:
            return test
        name = self.fresh(kind)
        for part, value in ((then, first), (orelse, second)):
            known = load(value) if isinstance(value, str) else ast.Constant(value)
            part.body = [*part.body, assign(name, known, stmt)]
        return name

    def flag(self, way: ast.stmt | None) -> str:
        """The name of the variable that says how a loop was left."""
        name = self.unused("returned" if isinstance(way, ast.Return) else "stopped")
        self.flags.add(name)
        return name

    def unused(self, stem: str) -> str:
        """A name that the function does not use."""
        name, number = stem, 2
        while name in self.used:
            name, number = f"{stem}_{number}", number + 1
        self.used.add(name)
        return name

    # --- statements that are carried verbatim -------------------------------------------------

    def verbatim(self, stmt: ast.stmt, asked: bool) -> tuple[list[ast.stmt], ast.If | None]:
        """A try, with or match statement whose exits come last on their paths through it: they
        become a variable, tested after it.
        """
        exits = list(own_exits([stmt]))
        wrong = [e for e in exits if isinstance(e, ast.Return) or e not in last_of(stmt)]
        if wrong:
            kind, what = type(stmt).__name__.lower(), type(wrong[0]).__name__.lower()
            raise UnsupportedError(
                Diagnostic(
                    f"{what} inside a {kind} statement is not supported yet",
                    self.text.location(wrong[0]),
                    "Assign to a variable there, and test it after the statement.",
                )
            )
        if not asked and all(isinstance(e, ast.Continue) for e in exits):
            _Replace({e: located(ast.Pass(), e) for e in exits}).visit(stmt)
            return [stmt], None  # the iteration ends here in any case
        before: list[ast.stmt] = []
        test: ast.If | None = None
        for kind_of in dict.fromkeys(map(type, exits)):
            name, same = self.unused("left"), [e for e in exits if type(e) is kind_of]
            before.append(assign(name, ast.Constant(False), stmt))
            _Replace({e: assign(name, ast.Constant(True), e) for e in same}).visit(stmt)
            test = ast.If(load(name), [same[0]], [] if test is None else [test])
            located(test, stmt)
        return [*before, stmt], test


class _Rename(Transformer):
    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new, node.ctx) if node.id == self.old else node


class _Replace(Transformer):
    def __init__(self, new: dict[Exit, ast.stmt]) -> None:
        self.new = new

    def visit_Break(self, node: ast.Break | ast.Continue) -> ast.stmt:
        return self.new.get(node, node)

    visit_Continue = visit_Break


def _way_out(body: list[ast.stmt]) -> Exit | None:
    """The exit that a block ends with, if it has no other."""
    last = body[-1] if body else None
    return last if isinstance(last, Exit) and not any(map(has_exits, body[:-1])) else None


def _done(body: list[ast.stmt]) -> list[ast.stmt]:
    """What is done after the loop by a way out of it."""
    return body if isinstance(body[-1], ast.Return) else body[:-1]


def _ending(
    body: list[ast.stmt], stop: When, flags: set[str], loop: ast.stmt
) -> list[ast.stmt]:
    """A loop's body with ``if stop: break`` at its end."""
    nothing = [located(ast.Pass(), loop)]
    if stop is False:
        return body or nothing
    test: ast.expr = load(stop) if isinstance(stop, str) else ast.Constant(True)
    match body:
        case [*before, ast.Assign([ast.Name(name)], value) as last] if name == stop:
            if name not in flags:  # only the end of the iteration asks for it
                return [*before, located(ast.If(_plain(value), [ast.Break()], []), last)]
    return [*body, located(ast.If(test, [ast.Break()], []), body[-1] if body else loop)]


def _boolean(test: ast.expr) -> ast.expr:
    """A condition's truth now, whatever happens later to what it reads."""
    if gives_boolean(test):
        return test
    return ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), test))


def _plain(test: ast.expr) -> ast.expr:
    """A condition that is only tested, without ``not not``."""
    match test:
        case ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), inner)):
            return inner
        case _:
            return test


def _reads_tuples(body: list[ast.stmt], loop: Open) -> bool:
    """Whether a way out reads what the loop makes a tuple before."""
    return bool((loop.tuples - tuples_in(body)) & names_in(body))


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)
