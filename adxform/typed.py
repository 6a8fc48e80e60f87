"""Functions with the types of their names, and in the form that types decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adxform.analysis.pythons import MaybePythons
from adxform.analysis.types import Types, has_narrow, infer
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import Callee, Function
from adxform.core.types import Type
from adxform.differentiate.common import names_for
from adxform.differentiate.refuse_writes import check_callee
from adxform.optimize.augmented_dtypes import AugmentedDtypes
from adxform.optimize.elements_of_rows import elements_of_rows
from adxform.optimize.fractions import POWERS, Fractions, may_make_fractions
from adxform.optimize.list_lengths import ListLengths
from adxform.optimize.python_booleans import PythonBooleans, computes_with_booleans
from adxform.optimize.second_names import SecondNames
from adxform.optimize.walk import Rewriter


def by_name(function: Function, types: Sequence[Type]) -> dict[str, Type]:
    """The types of a function's parameters, given in their order."""
    return dict(zip((p.name for p in function.params), types, strict=True))


def typed_callee(callee: Callee, types: Sequence[Type]) -> tuple[Function, Types]:
    """The function that a callee stands for, with the types of its names; refused if it changes
    what its caller gives it.
    """
    assert callee.function is not None
    function, found = typed(callee.function, by_name(callee.function, types), given=False)
    check_callee(function, found)
    return function, found


def typed(
    function: Function, params: dict[str, Type], *, given: bool = True
) -> tuple[Function, Types]:
    """A function with the types of its names; in-place operations in the dtypes they have, lengths
    of lists counted, numbers under one name, elements of rows read from the arrays. Parameters are
    what their types say if these are ``given`` by the caller.
    """
    types = infer(function, params)
    done = index(function.body).names
    if "append" in done:
        function = _rewritten(function, ListLengths(_builder(function, types)))
    if "copy" in done:
        function = _rewritten(function, SecondNames(_builder(function, types)))
    if "[]" in done:
        function = elements_of_rows(function, types)
    if computes_with_booleans(function, types):
        maybe = MaybePythons(function, types, given)
        function = _rewritten(function, PythonBooleans(_builder(function, types), maybe))
        types = infer(function, params)
    if powers := may_make_fractions(function, types) if done & POWERS else set():
        function = _rewritten(function, Fractions(_builder(function, types), powers))
        types = infer(function, params)
    if any(name.startswith("augment.") for name in done):
        narrow = has_narrow(function, types)
        function = _rewritten(function, AugmentedDtypes(_builder(function, types), narrow))
        types = infer(function, params)
    return function, types


def _builder(function: Function, types: Types) -> Builder:
    return Builder(names_for(function), types, dict(function.bases))


def _rewritten(function: Function, rewriter: Rewriter) -> Function:
    rewriter.block(function.body)
    made, bases = rewriter.builder.block, rewriter.builder.bases
    return replace(function, body=made, bases=bases, result=rewriter.sub(function.result))
