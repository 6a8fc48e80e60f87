"""Lists of numbers where NumPy makes arrays of them: in formulas they are arrays by name.

``np.dot([x, y], w)`` has the partial derivative ``out_bar * [x, y]``, which Python reads otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.ir import NONE, Operand, Tuple
from adxform.core.types import Known, Scalar, Struct, Type, rank
from adxform.differentiate.common import primitive
from adxform.rules import infer
from adxform.rules.formulas import takes_items
from adxform.rules.table import Rule


def lists_as_arrays(builder: Builder, rule: Rule, args: dict[str, Operand]) -> dict[str, Operand]:
    """A rule's operands; a list or tuple that the primitive takes for an array is made one."""
    if rule.linear_in:  # these act on lists and on the lists of their tangents alike
        return args
    if Tuple not in map(type, args.values()):  # as most often
        return args
    made = dict(args)
    for name, formula in rule.pull.items():
        operand = args[name]
        if isinstance(operand, Tuple) and takes_items(formula, rule.primitive.params):
            if rule.kind == "bilinear":  # its formulas multiply by the other items
                made[name] = items_as_arrays(builder, operand)
        elif isinstance(operand, Tuple):
            regular = _is_regular(builder.type_of(operand))
            made[name] = as_array(builder, operand) if regular else operand
    return made


def tangents_as_arrays(
    builder: Builder,
    before: dict[str, Operand],
    args: dict[str, Operand],
    tangents: dict[str, Operand],
) -> dict[str, Operand]:
    """The tangents of operands; arrays where the operands have been made arrays."""
    made = dict(tangents)
    for name, tangent in tangents.items():
        if args[name] is not before[name]:
            make = items_as_arrays if isinstance(args[name], Tuple) else as_array
            made[name] = make(builder, tangent)
    return made


def items_as_arrays(builder: Builder, operand: Operand) -> Operand:
    """A list of arrays of which some may be lists."""
    if not isinstance(operand, Tuple):
        return operand
    items = tuple(as_array(builder, item) for item in operand.items)
    return operand if items == operand.items else replace(operand, items=items)


def as_array(builder: Builder, operand: Operand) -> Operand:
    """An array of a list or tuple of numbers."""
    if not isinstance(operand, Tuple):
        return operand
    return builder.emit(primitive("np.array"), (operand, NONE))


def _is_regular(t: Type) -> bool:
    """Whether NumPy would make an array of a tuple: not of (matrix, flag)."""
    if not isinstance(t, Struct):
        return not isinstance(t, Known) and not (isinstance(t, Scalar) and t.dtype == "bool")
    ranks = {rank(infer.as_array(item)) for item in t.items} - {None}
    return len(ranks) <= 1 and all(_is_regular(item) for item in t.items)
