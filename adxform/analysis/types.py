"""Type inference: what is known of each name's value, from the types of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

from adxform.analysis.signature_types import (
    canonical,
    covering,
    covering_result,
    instantiated,
    outside,
    result_of,
)
from adxform.core.again import known_again
from adxform.core.builder import result_types, type_of
from adxform.core.calls import calls, is_recursive, reachable_callees
from adxform.core.dims import Dim, Sym, may_be_one
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Callee,
    For,
    Function,
    Global,
    If,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    leaves,
    walk,
)
from adxform.core.types import ANY, INT, Array, ListOf, Scalar, Type, is_narrow, join, unvalued

Types = dict[str, Type]
CALLS = 20  # rounds after which functions that call each other are given up: anything may be
ROUNDS = 2  # a loop's types settle after two rounds; what moves after that is taken to be any


def infer(function: Function, params: dict[str, Type]) -> Types:
    """The type of every name in a function."""
    return dict(_all_types(function, {p.name: params.get(p.name, ANY) for p in function.params}))


@known_again
def _all_types(function: Function, params: dict[str, Type]) -> Types:
    return _inferred(function, [*params.values()], "", Calls()).types


def _inferred(
    function: Function, params: Sequence[Type], scope: str, calls: Calls,
    circle: Circle | None = None,
) -> _Inference:
    made = _Inference({}, scope, calls, circle)
    for p, t in zip(function.params, params, strict=True):
        made.types[p.name] = made.symbolic(p.name, t)
    made.block(function.body)
    return made


class Calls:
    """What calls give that are met while a function's types are inferred: each asked once."""

    def __init__(self) -> None:
        self.results: dict[tuple[int, tuple[Type, ...]], list[Type]] = {}
        self.circles: dict[tuple[int, tuple[Type, ...]], Circle] = {}
        self.recursive: dict[int, bool] = {}

    def of(self, callee: Callee, args: list[Type]) -> list[Type]:
        """The types of a function's results for certain arguments."""
        assert callee.function is not None
        key = id(callee), tuple(map(unvalued, args))
        if key[0] not in self.recursive:
            self.recursive[key[0]] = is_recursive(callee)
        if self.recursive[key[0]]:
            if key not in self.circles:
                self.circles[key] = Circle(callee, key[1], self)
            found = self.circles[key].result(callee, key[1])
            return [ANY if t is None else t for t in found]
        scope = f"{callee.name}:"
        if key not in self.results:
            inner = _inferred(callee.function, key[1], scope, self).types
            self.results[key] = [type_of(leaf, inner) for leaf in leaves(callee.function.result)]
        named = {f"{scope}{p.name}": a for p, a in zip(callee.function.params, args, strict=True)}
        return outside(self.results[key], scope, named)


def settled(callee: Callee, args: Sequence[Type]) -> list[Type]:
    """Types of parameters for all calls that a function's call with certain arguments leads to."""
    if not is_recursive(callee):
        return list(args)
    return Circle(callee, args, Calls()).params[callee]


def result_type(function: Function, types: Types) -> Type:
    """The type of a function's result."""
    return type_of(function.result, types)


class Circle:
    """The types of functions that call each other, found in rounds.

    ``params`` and ``results`` cover all calls met so far; a result is None while no path is known
    that returns.
    """

    def __init__(self, head: Callee, args: Sequence[Type], others: Calls) -> None:
        assert head.function is not None
        self.others = others
        reached = reachable_callees(head.function)
        self.members = {c for c in reached if c is head or calls(c, head)}
        self.params: dict[Callee, list[Type]] = {}
        self.results: dict[Callee, list[Type | None]] = {}
        self.moved = False
        self.meet(head, args)
        rounds = 0
        while self.moved:
            self.moved, rounds = False, rounds + 1
            if rounds > CALLS:
                self.params = {c: [ANY] * len(p) for c, p in self.params.items()}
            for member in list(self.params):
                self.go_round(member)
            if rounds > CALLS:
                self.results = {c: [ANY] * len(r) for c, r in self.results.items()}
                self.moved = False

    def meet(self, callee: Callee, args: Sequence[Type]) -> list[str]:
        """Note a call."""
        assert callee.function is not None
        names = [p.name for p in callee.function.params]
        found, old = canonical(names, args), self.params.get(callee)
        found = found if old is None else covering(names, old, found)
        if found != old:
            self.params[callee], self.moved = found, True
        return names

    def call(self, callee: Callee, args: Sequence[Type]) -> list[Type | None]:
        """Note a call; what its results are, as far as is known."""
        self.meet(callee, args)
        return self.result(callee, args)

    def result(self, callee: Callee, args: Sequence[Type]) -> list[Type | None]:
        """What the results of a call are, as far as is known."""
        assert callee.function is not None
        count = len(leaves(callee.function.result))
        known = self.results.get(callee, [None] * count)
        params = self.params[callee]
        return [None if t is None else instantiated(t, params, args) for t in known]

    def go_round(self, member: Callee) -> None:
        """Infer a function's types with what is known of all results."""
        assert member.function is not None
        params = self.params[member]
        made = _inferred(member.function, params, f"{member.name}:", self.others, self)
        found = [
            None if made.is_empty(leaf) else result_of(params, type_of(leaf, made.types))
            for leaf in leaves(member.function.result)
        ]
        old = self.results.get(member, [None] * len(found))
        merged = list(map(covering_result, old, found))
        if merged != old:
            self.results[member], self.moved = merged, True


class _Inference:
    def __init__(self, types: Types, scope: str, calls: Calls, circle: Circle | None) -> None:
        self.types = types
        self.scope = scope  # begins the symbols that are this function's own
        self.calls = calls
        self.circle = circle
        self.in_loop = False
        self.empty: set[str] = set()  # names that nothing has been put in yet
        self.moving: set[str] = set()  # symbols of dimensions that may change in each iteration

    def symbolic(self, name: str, t: Type) -> Type:
        """An integer whose value is not known is known by its name, if it never changes."""
        if isinstance(t, Scalar) and t.dtype == "int64" and t.value is None:
            return Scalar(t.dtype, t.weak, Sym(f"{self.scope}{name}"))
        return t

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let() if self.circle is not None and self.waits(stmt):
                self.types.update(dict.fromkeys(stmt.targets, ANY))
            case Let(op=Callee()):
                for target, found in zip(stmt.targets, self.call(stmt), strict=True):
                    self.types[target] = ANY if found is None else found
                    if found is None:
                        self.empty.add(target)
            case Let():
                found = result_types(stmt, self.types)[0]
                self.types[stmt.target] = (
                    found if self.in_loop else self.symbolic(stmt.target, found)
                )
            case If(then=then, orelse=orelse, phis=phis):
                self.block(then)
                self.block(orelse)
                for phi in phis:
                    self.types[phi.target] = self.merged(phi)
            case For(index=index, phis=phis, body=body):
                self.types[index] = INT
                self.loop(phis, (body,))
            case While(phis=phis, head=head, body=body):
                self.loop(phis, (head, body))
            case _:
                for _, name in stmt.writes:
                    self.types[name] = ANY
                self.types.update(stmt.known)

    def waits(self, stmt: Let) -> bool:
        """Whether a statement reads the result of a call that is not known to return yet."""
        waiting = not self.empty.isdisjoint(stmt.reads)
        (self.empty.update if waiting else self.empty.difference_update)(stmt.targets)
        return waiting

    def call(self, stmt: Let) -> Sequence[Type | None]:
        """The types of a user's function's results, from those of its arguments."""
        callee = stmt.op
        assert isinstance(callee, Callee) and callee.function is not None
        args = [type_of(a, self.types) for a in stmt.args]
        if self.circle is not None and callee in self.circle.members:
            return self.circle.call(callee, list(map(unvalued, args)))
        return self.calls.of(callee, args)

    def merged(self, phi: Phi) -> Type:
        known = [type_of(o, self.types) for o in (phi.first, phi.second) if not self.is_empty(o)]
        self.empty.discard(phi.target)
        if not known:
            self.empty.add(phi.target)
        if len(known) == 2:
            return unvalued(join(known[0], known[1]))
        return known[0] if known else ANY

    def is_empty(self, operand: Operand) -> bool:
        """Whether an operand has no value on any path seen so far."""
        return operand == UNDEFINED or (isinstance(operand, Var) and operand.name in self.empty)

    def loop(self, phis: tuple[Phi, ...], blocks: tuple[Block, ...]) -> None:
        """A header's type covers its value before the loop and after each iteration."""
        for phi in phis:
            before = ANY if self.is_empty(phi.first) else type_of(phi.first, self.types)
            (self.empty.add if self.is_empty(phi.first) else self.empty.discard)(phi.target)
            self.types[phi.target] = unvalued(before)
        outer, self.in_loop = self.in_loop, True
        moved, rounds = True, 0
        while moved:
            for block in blocks:
                self.block(block)
            moved, rounds = False, rounds + 1
            for phi in phis:
                old = None if phi.target in self.empty else self.types[phi.target]
                new = self.merged(phi)
                if self.is_empty(phi.first):
                    new = self.renamed(phi.target, new)
                if rounds > ROUNDS and new != old:
                    new = self.widest(phi.target, old, new)
                if new != old and phi.target not in self.empty:
                    moved = True
                    self.types[phi.target] = new
        self.in_loop = outer

    def widest(self, target: str, old: Type | None, new: Type) -> Type:
        """What is left of a header's type that does not settle: an array of as many dimensions,
        those that change being its own; a list.
        """
        match old, new:
            case Array(first, before), Array(second, after):
                dtype = first if first == second else None
                if before is None or after is None or len(before) != len(after):
                    return Array(dtype, None)
                pairs = enumerate(zip(before, after, strict=True))
                dims = (a if a == b else self.own(target, axis, (a, b)) for axis, (a, b) in pairs)
                return Array(dtype, tuple(dims))
            case _, ListOf(item):
                return ListOf(Array(item.dtype, None) if isinstance(item, Array) else ANY)
            case _:
                return ANY

    def own(self, target: str, axis: int, dims: tuple[Dim, ...]) -> Sym:
        """A header's own symbol for a dimension that may be another in each iteration."""
        name = f"{target}.shape[{axis}]"
        self.moving.add(name)
        return Sym(name, not any(map(may_be_one, dims)))

    def renamed(self, target: str, t: Type) -> Type:
        """A header's type that is that of an iteration before: what may move is another's now."""
        if not isinstance(t, Array) or t.dims is None:
            return t
        dims = (
            self.own(target, axis, (d,)) if isinstance(d, Sym) and d.name in self.moving else d
            for axis, d in enumerate(t.dims)
        )
        return Array(t.dtype, tuple(dims))


def has_narrow(function: Function, types: Types) -> bool:
    """Whether a function knows numbers that have fewer digits than Python's."""
    outside = {a for s in walk(function.body) if isinstance(s, Let) for a in s.args
               if isinstance(a, Global)}  # fmt: skip
    return any(map(is_narrow, [*types.values(), *(type_of(a, types) for a in outside)]))
