"""Primitives said in others, written out where they are active."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.activity import Activity, analyze
from adxform.core.builder import Builder
from adxform.core.ir import Function, Let, Operand, Primitive, Var, walk
from adxform.core.types import Type
from adxform.differentiate.common import names_for, placed, primitive
from adxform.errors import AdxformError
from adxform.optimize.walk import Rewriter
from adxform.rules.composition import is_composed
from adxform.rules.formulas import expand
from adxform.rules.table import RULES


def active_in(
    function: Function, wrt: tuple[str, ...], types: dict[str, Type]
) -> tuple[Function, Activity]:
    """A function with what is active in it; active primitives that others say are written out."""
    activity = analyze(function, wrt, types)
    made = write_out(function, activity, types)
    while made is not function:  # one may be said in another
        function, activity = made, analyze(made, wrt, types)
        made = write_out(function, activity, types)
    return function, activity


def write_out(function: Function, activity: Activity, types: dict[str, Type]) -> Function:
    """A function in which no active primitive is left that others say; itself if there is none."""
    found = [s for s in walk(function.body) if isinstance(s, Let) and is_composed(s.op)]
    if not any(s.target in activity for s in found):
        return function
    rewriter = _WrittenOut(Builder(names_for(function), types, dict(function.bases)), activity)
    rewriter.block(function.body)
    made, bases = rewriter.builder.block, rewriter.builder.bases
    return replace(function, body=made, bases=bases, result=rewriter.sub(function.result))


class _WrittenOut(Rewriter):
    def __init__(self, builder: Builder, activity: Activity) -> None:
        super().__init__(builder)
        self.activity = activity

    def let(self, stmt: Let) -> None:
        if is_composed(stmt.op) and stmt.target in self.activity:
            self._write(stmt)
        else:
            self.builder.append(stmt)

    def _write(self, stmt: Let) -> None:
        assert isinstance(stmt.op, Primitive)
        self.builder.origin = stmt.origin
        formula = next(iter(RULES[stmt.op.name].pull.values()))
        env: dict[str, Operand] = dict(zip(stmt.op.params, stmt.args, strict=True))
        with self.builder.declaring(stmt.target) as base:
            try:
                made = expand(self.builder, formula, env, base)
            except AdxformError as error:
                raise placed(error, stmt.origin) from error.__cause__
        if made != Var(stmt.target):
            self.builder.append(Let(stmt.targets, primitive("rename"), (made,), stmt.origin))
