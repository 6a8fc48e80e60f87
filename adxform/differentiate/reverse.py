"""Reverse mode: the statements of the reverse sweep, from the last of the function to the first.

Each statement ``w = f(x)`` gives ``x_bar += f'(x) w_bar`` (Griewank and Walther 2008, table 3.6).
Branches and loops are mirrored, and refer to the forward sweep's values by name; how those values
get there is decided afterwards, in ``record``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adxform.analysis.activity import Activity
from adxform.analysis.appending import growing
from adxform.analysis.changed import changed_names
from adxform.analysis.types import Types, has_narrow
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Origin,
    Primitive,
    Stmt,
    Tuple,
    Var,
    While,
    blocks_of,
    names_in,
    walk,
)
from adxform.core.types import (
    ANY,
    FLOAT,
    Array,
    ListOf,
    Scalar,
    Slicing,
    Struct,
    Taped,
    Type,
    is_narrow,
    is_number,
    rank,
)
from adxform.differentiate.common import (
    as_role,
    elementwise_term,
    holds_lists,
    holds_tapes,
    may_stretch,
    names_for,
    placed,
    primitive,
    zeros,
)
from adxform.differentiate.conjugates import is_of_complex, pulled_back
from adxform.differentiate.gaps import Gaps, gaps_of
from adxform.differentiate.increments import increment, increment_bar
from adxform.differentiate.lists import lists_as_arrays
from adxform.differentiate.masks import Masks
from adxform.differentiate.mirrors import Mirrors
from adxform.differentiate.stacks import Mark
from adxform.differentiate.sweeps import Bars, PullbackOf, Sweeps, whole
from adxform.differentiate.tuples import only_item, replaced_item, tuple_sum, with_item
from adxform.errors import AdxformError
from adxform.rules.formulas import expand, takes_items
from adxform.rules.table import RULES, Rule


def reverse(
    function: Function,
    wrt: tuple[str, ...],
    outputs: tuple[Operand, ...],
    activity: Activity,
    types: Types,
    pullback_of: PullbackOf,
    *,
    unit: bool = False,
    added: tuple[str, ...] = (),
) -> Sweeps:
    """The two sweeps of a function; ``outputs`` are the results that get a seed. One that is a
    ``unit`` is Python's number 1.0, or NumPy's where narrower numbers would round a Python one.
    The cotangents of the parameters ``added`` are given, and added to.
    """
    builder = Builder(names_for(function), types, dict(function.bases))
    params = tuple(p.name for p in function.params)
    mode = Reverse(builder, activity, pullback_of, gaps_of(function.body, params, types, activity))
    mode.growing = growing(function.body)
    mode.changed = changed_names(function.body, types)
    mode.made_by = {s.target: s for s in walk(function.body) if isinstance(s, Let)}
    bars: Bars = {}
    seeds = []
    for output in outputs:
        base = builder.bases.get(output.name) if isinstance(output, Var) else None
        seed = builder.name(f"{base or 'out'}_bar")
        known = builder.type_of(output)
        if unit and isinstance(known, Scalar):
            known = replace(FLOAT, weak=is_narrow(known) or not has_narrow(function, types))
        builder.types[seed] = known
        seeds.append(seed)
        if isinstance(output, Var) and output.name in activity:
            mode.seed(bars, output.name, mode.as_array(output, Var(seed)))
    loops = (s for s in walk(function.body) if isinstance(s, For | While))
    given = {p: mode.bar_name(p) for p in added}
    bars |= {p: Var(bar) for p, bar in given.items()}
    mode.looped = {s for loop in loops for block in blocks_of(loop) for s in walk(block)}
    mode.block(function.body, bars)
    results = []
    for p in wrt:
        results.append(mode.whole_bar(bars, p) or zeros(builder, Var(p), f"{p}_bar"))
    return Sweeps(
        builder,
        params,
        function.body,
        builder.block,
        function.result,
        tuple(seeds),
        tuple(results),
        tuple(given.values()),
        mode.replaced,
        mode.counters,
    )


class Reverse(Mirrors):
    """Walks blocks backward; ``bars`` holds the cotangent of each name that has one by then."""

    def __init__(
        self, builder: Builder, activity: Activity, pullback_of: PullbackOf, gaps: Gaps
    ) -> None:
        super().__init__(builder, activity, gaps)
        self.pullback_of = pullback_of
        self.replaced: dict[Stmt, Stmt] = {}
        self.masks = Masks()
        self.looped: set[Stmt] = set()
        self.of_complex = False  # whether the operation at hand is one on complex numbers

    def as_array(self, output: Var, seed: Var) -> Operand:
        """The seed of what may be an array of rank 0 that has been written to: an array, too."""
        types, update = self.builder.types, primitive("update")
        changed = any(s.op == update and _may_be_number(types.get(n, ANY))
                      for n, s in self.made_by.items())
        if not changed or not _may_be_number(types.get(output.name, ANY)):
            return seed
        return self.builder.emit(primitive("np.full_like"), (output, seed, Const(None)), seed.name)

    # --- statements ---------------------------------------------------------------------------

    def block(self, block: Block, bars: Bars) -> None:
        before: Origin | None = None  # of which the last adjoint is
        adjoint: Origin | None = None
        for stmt in reversed(block):
            origin = stmt.origin
            if origin is not before:
                before, adjoint = origin, as_role(origin, "adjoint")
            self.builder.origin = adjoint
            match stmt:
                case Let():
                    self.let(stmt, bars)
                case If():
                    self.builder.origin = None
                    self.branch(stmt, bars)
                case For() | While():
                    self.builder.origin = None
                    self.loop(stmt, bars)

    def let(self, stmt: Let, bars: Bars) -> None:
        """Hand a result's cotangent back, if it has one."""
        if isinstance(stmt.op, Callee):
            self.call(stmt, bars)
            return
        self.mark(stmt)
        bar = self.whole_bar(bars, stmt.target)
        if bar is not None:
            try:
                self.operation(stmt, bar, bars)
            except AdxformError as error:
                raise placed(error, stmt.origin) from error.__cause__

    def mark(self, stmt: Let) -> None:
        """Mark where a write may be undone."""
        if isinstance(stmt.op, Primitive) and stmt.op.name in ("update", "keep"):
            self.builder.emit(primitive("put_back"), (Var(stmt.target), stmt.args[1]))

    def operation(self, stmt: Let, out_bar: Operand, bars: Bars) -> None:
        """Hand the cotangent of an operation's result to its operands."""
        assert isinstance(stmt.op, Primitive)
        rule = RULES[stmt.op.name]
        args = dict(zip(stmt.op.params, stmt.args, strict=True))
        if stmt.op.name == "[]" and isinstance(args[stmt.op.params[0]], Var):
            self.read(stmt, out_bar, bars)
            return
        step = increment(stmt, self.made_by, self.builder.types)
        if step is not None:
            self.increment(stmt, step, out_bar, bars)
            return
        self.of_complex = is_of_complex(self.builder, stmt)
        for param in rule.pull:
            if self.activity.operand(args[param]):
                self.pull(stmt, rule, args, param, out_bar, bars)

    def read(self, stmt: Let, out_bar: Operand, bars: Bars) -> None:
        """``w = x[i]`` gives ``x_bar[i] += w_bar``."""
        x, index = stmt.args
        assert isinstance(x, Var)
        known, place = map(self.builder.type_of, stmt.args)
        if x.name not in self.activity:
            return
        if isinstance(known, Struct) and isinstance(index, Const):
            size = len(known.items)
            part = only_item(out_bar, index.value, size)
            bars[x.name] = tuple_sum(self.builder, bars.get(x.name), part, size)
        elif isinstance(known, Taped) and isinstance(index, Const):
            adding = self.adding(self.builder.type_of(Var(stmt.target)))
            bars[x.name] = with_item(
                self.builder, bars.get(x.name), index.value, out_bar, known, adding
            )
        elif rank(known) == 0:  # all of it, with as many axes as the index gives it
            summed = rank(self.builder.type_of(Var(stmt.target))) != 0
            self.add(bars, x, self._summed(out_bar) if summed else out_bar)
        elif (back := whole(index)) is not None:
            base = None if x.name in bars else self.base(x.name)
            self.add(bars, x, self.builder.emit(primitive("[]"), (out_bar, back), base))
        elif isinstance(known, ListOf) and isinstance(place, Slicing):  # += would extend the list
            parts = zeros(self.builder, x), index, out_bar
            self.add(bars, x, self.builder.emit(primitive("update"), parts, self.base(x.name)))
        else:
            base = self.base(x.name)
            bar = self.whole_bar(bars, x.name) or zeros(self.builder, x, base)
            given = bar, index, out_bar
            either = isinstance(known, ListOf) and not is_number(place)  # it may be a slice
            if holds_tapes(known) or holds_lists(known) or either:
                adding = primitive("add_tapes" if holds_tapes(known) else "add_values")
                bars[x.name] = replaced_item(self.builder, adding, given, base)
            else:
                bars[x.name] = self.builder.emit(primitive("accumulate_at"), given, base)
                self.note(bars[x.name], x.name)

    def _summed(self, out_bar: Operand) -> Operand:
        op = primitive("np.sum")
        rest = (default for _, default in op.defaults)
        return self.builder.emit(op, (out_bar, *rest))

    def increment(
        self, stmt: Let, step: tuple[Operand, int], out_bar: Operand, bars: Bars
    ) -> None:
        """``x[i] += v`` gives ``v_bar += x_bar[i]``; x_bar stays."""
        added, sign = step
        if self.activity.operand(added):
            named = isinstance(added, Var) and added.name not in bars
            base = self.base(added.name) if isinstance(added, Var) and named else None
            bar = increment_bar(self.builder, stmt, added, sign, out_bar, base)
            self.add(bars, added, bar)
        self.add_quietly(bars, stmt.args[0], out_bar)

    def pull(
        self,
        stmt: Let,
        rule: Rule,
        args: dict[str, Operand],
        param: str,
        out_bar: Operand,
        bars: Bars,
    ) -> None:
        """Add to one operand's cotangent what its rule says."""
        operand = args[param]
        if rule.primitive.name == "append" and param == "x" and stmt.target in self.growing:
            self.add(bars, operand, out_bar)
            return
        env = lists_as_arrays(self.builder, rule, args) | {"out": Var(stmt.target)}
        if isinstance(operand, Tuple) and takes_items(rule.pull[param], rule.primitive.params):
            for place, item in enumerate(operand.items):
                if self.activity.operand(item):
                    its = env[param].items[place]  # type: ignore[union-attr]
                    extra = {"item": its, "index": Const(place), "out_bar": out_bar}
                    self.add(bars, item, self.pulled(stmt, rule, param, env | extra, item, None))
            return
        wide = self.masks.before_sum(rule, out_bar)
        out_bar = out_bar if wide is None else wide
        stretched = rule.broadcasts and may_stretch(self.builder, operand, stmt)
        stretched = stretched or wide is not None
        named = (
            None
            if not isinstance(operand, Var) or operand.name in bars
            else (self.base(operand.name))
        )
        base = None if stretched else named
        value = self.pulled(stmt, rule, param, env | {"out_bar": out_bar}, operand, base)
        if stretched:
            summed = self.builder.emit(primitive("unbroadcast"), (value, operand), named)
            self.masks.remember(rule, wide is not None, summed, value)
            value = summed
        self.add(bars, operand, value)

    def pulled(
        self,
        stmt: Let,
        rule: Rule,
        param: str,
        env: dict[str, Operand],
        operand: Operand,
        base: str | None,
    ) -> Operand:
        """What a rule's formula hands back to an operand, before it is summed to its shape."""
        if self.of_complex:
            return pulled_back(self.builder, rule, param, env, operand, base)
        if rule.kind == "elementwise":
            bar = env.pop("out_bar")
            return elementwise_term(
                self.builder, rule.pull[param], env, bar, partial_first=False, base=base
            )
        return expand(self.builder, rule.pull[param], env, base)

    # --- functions ----------------------------------------------------------------------------

    def call(self, stmt: Let, bars: Bars) -> None:
        """A user's function was recorded on the way there, and is pulled back on the way back."""
        bars_of = {i: self.whole_bar(bars, t) for i, t in enumerate(stmt.targets)}
        given = {i: bar for i, bar in bars_of.items() if bar is not None}
        if not given:
            return
        assert isinstance(stmt.op, Callee)
        active = tuple(i for i, arg in enumerate(stmt.args) if self.activity.operand(arg))
        types = [self.builder.type_of(arg) for arg in stmt.args]
        pullback = self.pullback_of(stmt.op, active, types, stmt in self.looped)
        seeds = [given.get(i) or zeros(self.builder, Var(stmt.targets[i])) for i in pullback.pulled]
        if pullback.stacked:  # the call of the pullback has the mark of the call it belongs to
            mark = Const(Mark(f"{stmt.target} {len(self.replaced)}"))
            self.record(stmt, stmt.op, pullback.record, (), mark)
            handed: tuple[Operand, ...] = (*stmt.args, mark)
        else:
            names = tuple(self.builder.name(b) for b in pullback.labels)
            self.builder.types.update(zip(names, pullback.handed, strict=True))
            if pullback.record is not pullback.pull:
                self.record(stmt, stmt.op, pullback.record, names)
            handed = (*(stmt.args[i] for i in pullback.kept), *map(Var, names))
        of = {i: next(names_in(stmt.args[i])) for i in active}
        whole = {i for i in pullback.added if i == next(j for j in active if of[j] == of[i])}
        memory = [self.memory(stmt.args[i], of[i] if i in whole else None, bars)
                  for i in pullback.added]
        bases = [self.base(n) if i in whole or n not in bars else None for i, n in of.items()]
        results = self.builder.call(pullback.pull, [*handed, *seeds, *memory], bases)
        for (i, name), result in zip(of.items(), results, strict=True):
            if name in self.builder.types:
                self.builder.types[result.name] = self.builder.types[name]
            if i in pullback.added:
                self.note(result, name)
            if i in whole:
                bars[name] = result
            else:
                self.add(bars, Var(name), result)

    def memory(self, arg: Operand, name: str | None, bars: Bars) -> Operand:
        """Memory for the cotangent of an argument, to be added to: that of the variable that has
        a certain name, or zeros.
        """
        base = self.base(name) if name else None
        bar = self.whole_bar(bars, name) if name else None
        bar = bar or zeros(self.builder, arg, base)
        own = self.builder.emit(primitive("own"), (bar,), base)
        self.note(own, *names_in(arg))
        return own

    def record(
        self, stmt: Let, called: Callee, record: Callee, handed: Sequence[str] = (),
        *more: Operand,
    ) -> None:
        """Call what records in the place of a function, with ``more`` behind its arguments."""
        for target in stmt.targets:
            self.builder.bases.setdefault(target, f"{called.name}_value")
        args = (*stmt.args, *more)
        self.replaced[stmt] = Let((*stmt.targets, *handed), record, args, stmt.origin)


def _may_be_number(t: Type) -> bool:
    """Whether a value may be an array without axes, as far as is known."""
    return t == ANY or (isinstance(t, Array) and not t.dims)
