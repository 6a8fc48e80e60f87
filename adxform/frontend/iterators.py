"""Iterators that have a name: gone over once, and what they read does not change before.

``zip``, ``enumerate``, ``reversed``, ``map``, ``filter`` and generator expressions give their items
as they are asked for, once. Where an item is known when the iterator is made, it is taken then;
that is right where the iterator is used up before anything that it reads is another.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from adxform.core.ir import UNKNOWN, Const, Let, Opaque, Operand, Tuple, Var
from adxform.core.trees import bound_names, children, names, nodes
from adxform.core.types import ANY, CARRIED, INT, ListOf, Struct
from adxform.frontend.as_generators import groups_listed
from adxform.frontend.containers import listed
from adxform.frontend.control import SCOPES
from adxform.frontend.generating import Generating
from adxform.frontend.hoist import type_by_form
from adxform.frontend.ssa import free_names

_DICTIONARIES = frozenset({"dict", "collections.defaultdict", "collections.OrderedDict",
                           "collections.Counter"})
ITERATORS = frozenset({zip, enumerate, reversed, map, filter})
_LATER = (*SCOPES, ast.Lambda)


class Iterators(Generating):
    """Lowers assignments of iterators to variables, and iterators as arguments."""

    def kept_iterator(self, name: str, value: ast.expr, made: Operand) -> Operand:
        """An iterator under a name; it holds what it goes over, and that may not change."""
        if not self.gives_iterator(value):
            return made
        base = self.builder.bases.get(name, name)
        if base in names(self.source.node) and not _used_up(self.source.node, base):
            raise self.unsupported(
                f"{base} is an iterator, which gives its items once, and may not be used up by "
                "the time that what it reads changes",
                value,
                f"Make a list of it: {base} = list(...).",
            )
        return self.holding(value, made)

    def assigned(self, name: str, value: ast.expr, base: str | None) -> Operand:
        """What an assignment's right side gives."""
        self.nothing_asked()
        counted = self.static(value) if self.copies > 1 else UNKNOWN
        if type(counted) is int:
            return Const(counted)  # a place of an item, in a loop that is written out
        made = self._assigned(name, value, base)
        if self.last_asked is not None and self.generator_of(value) is not None:
            self.asked[name] = self.last_asked
        return made

    def _assigned(self, name: str, value: ast.expr, base: str | None) -> Operand:
        if isinstance(value, ast.List) and name in self.changed:
            return self.opaque(value, base)
        if isinstance(value, ast.Dict | ast.Call) and self._makes_plain(name, value):
            return self.opaque(value, base, "dict")
        made = (self.items_of if hasattr(value, "_iterated") else self.checked)(value, base)
        if hasattr(value, "_count"):
            self.require_count(value._count, made, value)
        return made

    def plain_place(self, name: str) -> tuple[str, str, str]:
        """What tells that a variable's dictionary is Python's own: its keys only running tells."""
        return "plain", self.source.node.name, self.builder.bases.get(name, name)

    def _makes_plain(self, name: str, value: ast.expr) -> bool:
        made = isinstance(value, ast.Call) and self.resolve(value.func) in _DICTIONARIES
        display = made or isinstance(value, ast.Dict)
        return display and self.plain_place(name) in self.program.contexts

    def items_of(self, node: ast.expr, base: str | None) -> Operand:
        """What a loop goes over by numbers: of what is not understood, a list."""
        node = self.goes_over(node)
        self.require_end(node)
        if isinstance(node, ast.Call) and self.resolve(node.func) == "itertools.groupby":
            node = node if self.may_be_active(node) else groups_listed(node)
        count, callee, reason = len(self.builder.stmts), "", ""
        made = self.checked(node, base)
        last = self.builder.stmts[-1] if len(self.builder.stmts) > count else None
        if isinstance(last, Let) and isinstance(last.op, Opaque) and made == Var(last.target):
            del self.builder.stmts[count:]
            callee, reason = last.op.callee, last.op.reason
        elif self.builder.type_of(made) == CARRIED:
            node = self.held_as(made, node)
        elif not self.without_numbers(node):
            return made
        if type_by_form(node, callee) is ANY:  # it has numbers for its items
            return self.opaque(node, base, callee, reason)
        whole = listed(node)
        whole._gone_over = node  # type: ignore[attr-defined]  # an error speaks of this
        items = self.opaque(whole, base, callee, reason)
        if callee == "np.ndindex" and isinstance(node, ast.Call) and isinstance(items, Var):
            self._places_known(items, node.args)
        return items

    def _places_known(self, items: Var, shape: list[ast.expr]) -> None:
        """What ``np.ndindex(shape)`` gives has a place along each axis."""
        known = self.known_type(shape[0]) if len(shape) == 1 else None
        last = self.builder.stmts[-1]
        if isinstance(known, Struct) and isinstance(last, Let) and isinstance(last.op, Opaque):
            places = ListOf(Struct((INT,) * len(known.items)))
            self.builder.types[items.name] = places
            self.builder.stmts[-1] = replace(last, op=replace(last.op, known=places))

    def require_none_kept(self, values: Iterable[ast.expr]) -> None:
        """Refuse an iterator among what is returned or put into a container: it gives all once."""
        for value in values:
            if self.gives_iterator(value):
                raise self.unsupported(
                    "an iterator gives its items once, and this one is kept to be gone over later",
                    value,
                    "Make a list of it: list(...).",
                )

    def holding(self, value: ast.expr, made: Operand) -> Operand:
        """What goes over containers holds them."""
        if not isinstance(made, Tuple):
            return made
        held = (self.value(n) for n in free_names(value) if n in self.locals or n in self.env)
        return replace(made, tokens=made.tokens.union(*map(_tokens, held)))

    def gives_iterator(self, node: ast.expr) -> bool:
        """Whether an expression gives an iterator."""
        if isinstance(node, ast.GeneratorExp):
            return True
        function = self.static(node.func) if isinstance(node, ast.Call) else None
        made = isinstance(function, type) and function in ITERATORS
        return made or self.generator_of(node) is not None

    def require_used_up(self, node: ast.Call, function: ast.FunctionDef, names: list[str]) -> None:
        """Refuse an iterator as the argument of a function that may go over it twice."""
        given = [*zip(names, node.args, strict=False), *((k.arg, k.value) for k in node.keywords)]
        for name, value in given:
            if not isinstance(name, str) or not self.gives_iterator(value):
                continue
            if not _once(function.body, name):
                raise self.unsupported(
                    f"{function.name} may go over the iterator {name} more than once",
                    value,
                    "Hand it a list: list(...).",
                )


def _tokens(value: Operand) -> frozenset[int]:
    if not isinstance(value, Tuple):
        return frozenset()
    return value.tokens.union(*map(_tokens, value.items))


def _used_up(function: ast.FunctionDef, name: str) -> bool:
    """Whether a variable that is assigned an iterator is read once, before anything changes that
    the iterator reads.
    """
    blocks = [b for n in nodes(function) for b in _blocks(n)]
    stored = [(b, i) for b in blocks for i, s in enumerate(b) if _assigns(s, name)]
    if len(stored) != 1 or names(function).count(name) != 2:
        return False
    ((block, place),) = stored
    read = set(names(block[place])) - {name}
    for stmt in block[place + 1 :]:
        written = {n.value.id for n in nodes(stmt) if isinstance(n, ast.Subscript)
                   and isinstance(n.value, ast.Name) and not isinstance(n.ctx, ast.Load)}
        if not read.isdisjoint(written.union(bound_names(stmt))):
            return False
        if name in names(stmt):
            return _once([stmt], name)
    return False


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield block


def _assigns(stmt: ast.stmt, name: str) -> bool:
    return isinstance(stmt, ast.Assign | ast.AnnAssign) and name in bound_names(stmt)


def _once(body: list[ast.stmt], name: str) -> bool:
    """Whether statements read a name once, and not in what is done again or later."""
    again = [part for stmt in body for part in _repeated(stmt)]
    kept = [part for part in kept_expressions(*body) if isinstance(part, ast.Name)]
    return names(*body).count(name) == 1 and name not in names(*again, *kept)


def kept_expressions(*trees: ast.AST) -> list[ast.expr]:
    """The expressions whose value is returned, put into a container or given another name."""
    found: list[ast.expr] = []
    for node in trees:
        _keep(node, found)
    return found


def kept_in(function: ast.FunctionDef) -> list[ast.expr]:
    """Those in the body of a function."""
    return kept_expressions(*function.body)


_HOLDING_NONE = frozenset({ast.Name, ast.Constant, *ast.operator.__subclasses__()})
_ASSIGNED = frozenset({ast.Name, ast.Tuple})
_PASSING = _HOLDING_NONE | {ast.BinOp, ast.UnaryOp, ast.Subscript}


def _keep(node: ast.AST, found: list[ast.expr]) -> None:
    match node:
        case _ if type(node) in _PASSING:  # most are
            pass
        case ast.Assign(value=value) if type(value) not in _ASSIGNED:  # as most often
            pass
        case ast.Return(ast.expr() as value):
            found.append(value)
        case ast.Assign([ast.Tuple()], ast.Tuple(values)):  # as assignments of one each
            for value in values:
                _keep(value, found)
            return
        case ast.Tuple(values) | ast.List(values) | ast.Dict(_, values) | ast.BoolOp(_, values):
            found.extend(values)
        case ast.IfExp(_, first, second):
            found.extend((first, second))
        case ast.Assign(_, ast.Name() as value) | ast.NamedExpr(_, value):
            found.append(value)
        case ast.ListComp(value) | ast.GeneratorExp(value) | ast.DictComp(_, value):
            found.append(value)
        case ast.Call(ast.Attribute(_, "append" | "insert" | "setdefault" | "partial"), values):
            found.extend(values)
        case ast.Call(ast.Name("partial"), values):
            found.extend(values)
        case ast.keyword(_, value):
            found.append(value)
        case ast.FunctionDef(args=args) | ast.Lambda(args):
            found.extend(d for d in (*args.defaults, *args.kw_defaults) if d is not None)
    if not isinstance(node, _LATER):
        for child in children(node):
            if type(child) not in _HOLDING_NONE:
                _keep(child, found)


def _repeated(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a tree that may be evaluated more than once, or later."""
    match node:
        case ast.While():
            yield node
        case ast.For():
            yield from node.body
            yield from _repeated(node.iter)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            first = node.generators[0].iter
            yield from (c for c in nodes(*children(node)) if isinstance(c, ast.Name)
                        and not any(c is n for n in nodes(first)))
            yield from _repeated(first)
        case _ if isinstance(node, _LATER):
            yield node
        case _:
            for child in children(node):
                yield from _repeated(child)
