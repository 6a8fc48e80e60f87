"""A function of a file, printed as Python at one stage of its way through the compiler."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

from adxform.analysis.types import Types
from adxform.backends.numba.inlining import inlined
from adxform.backends.numba.kernel import kernel_of
from adxform.backends.numba.lower import lowered
from adxform.compiler import Request, derive, deriving, differentiable_params
from adxform.core.builder import Names
from adxform.core.ir import Function
from adxform.core.types import Type
from adxform.emit.module import definitions_of
from adxform.emit.printer import to_source
from adxform.errors import ArgumentError
from adxform.frontend.assignments import AUGMENT, UPDATE
from adxform.frontend.calls import outer_names
from adxform.frontend.desugar import desugar
from adxform.frontend.lower import lower
from adxform.frontend.program import Program, params_of
from adxform.frontend.scope import FileScope
from adxform.frontend.source import SourceFunction, parse_file
from adxform.frontend.ssa import PHI, UNDEFINED, to_ssa
from adxform.options import Options
from adxform.parts import reachable, written_parts
from adxform.signatures import annotated_params, annotated_types
from adxform.transform.selection import find_function, places

STAGES = {
    "source": "as it is written",
    "desugared": "in the Python that the compiler understands",
    "ssa": "each name assigned once; phi(a, b) is the value from the path that was taken",
    "forward": "values and tangents, as differentiated",
    "reverse": "the forward and the reverse sweep, as differentiated",
    "optimized": "the derivative as it is written out",
    "numba": "the same for Numba: array operations as loop nests, where types are known",
}
DERIVED = ("forward", "reverse")
_READABLE = {PHI: "phi", UNDEFINED: "undefined", UPDATE: "update"}


def at_stage(
    source: str, file: str, name: str, stage: str, mode: str, wrt: tuple[str, ...]
) -> str:
    """The text of a function at a stage.

    Raises
    ------
    AdxformError
        If there is no such function, or it does not reach the stage.
    """
    tree, text = parse_file(source.removeprefix("\ufeff"), file)
    node = find_function(tree, name, file)
    if stage == "source":
        return "\n".join(text.lines[node.lineno - 1 : node.end_lineno]) + "\n"
    function = SourceFunction(node, text, FileScope(tree, text))
    if stage == "desugared":
        return _readable(desugar(node, text, function.scope))
    if stage == "ssa":
        return _readable(_in_ssa(function))
    return _derived(*chosen(tree, function, wrt), stage, mode)


def chosen(
    tree: ast.Module,
    source: SourceFunction,
    wrt: tuple[str, ...],
    given: Mapping[str, Type] = MappingProxyType({}),
) -> tuple[Function, tuple[str, ...], dict[str, Type]]:
    """A function in Core, the parameters to differentiate it in (those in ``wrt``, those that its
    decorator names, or all that can have a derivative), and the types of all: those given, or by
    annotations.

    Raises
    ------
    AdxformError
        If there are none, or it cannot be lowered.
    """
    node, text = source.node, source.text
    decoration = source.scope.decorators.decoration(node)
    known = annotated_params(params_of(source.node))
    core = lower(source, deriving(Program()), {**known, **given})
    types = {**annotated_types(core), **given}
    names = [p.name for p in core.params]
    if wrt:
        found = places(node, wrt, text, node)
    elif decoration is not None:
        found = places(node, decoration.argnums, text, decoration.node)
    else:
        found = tuple(names.index(p) for p in differentiable_params(core, types))
    if not found:
        raise ArgumentError(f"{node.name} has no parameter that can have a derivative")
    return core, tuple(names[i] for i in found), types


def _derived(
    function: Function, wrt: tuple[str, ...], types: dict[str, Type], stage: str, mode: str
) -> str:
    seen: dict[str, tuple[Function, Types]] = {}

    def observe(stage: str, made: Function, types: Types) -> None:
        seen[stage] = made, dict(types)

    options = Options(backend="numba") if stage == "numba" else None
    derive(function, Request(mode, wrt), types, options, observe)
    if stage == "numba":
        kernel, _ = kernel_of(*seen["optimized"])
        parts = [lowered(*part) for part in reachable(*inlined(kernel, seen["optimized"][1]))]
    else:
        parts = written_parts(*seen[stage])
    return to_source(ast.Module([*definitions_of(parts)], []))


def _in_ssa(function: SourceFunction) -> ast.FunctionDef:
    tree = desugar(function.node, function.text, function.scope)
    body, _ = to_ssa(tree, Names(outer_names(tree)))
    tree.body = body
    return tree


def _readable(tree: ast.FunctionDef) -> str:
    tree.decorator_list = []
    return to_source(ast.Module([_Readable().visit(tree)], []))


class _Readable(ast.NodeTransformer):
    """Spells the compiler's own functions as the documents do."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(_READABLE.get(node.id, node.id), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        marked = isinstance(node.func, ast.Name) and node.func.id == AUGMENT
        return node.args[0] if marked else node


