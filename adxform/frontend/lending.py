"""Lists and dictionaries that a function hands to others, which change them.

``advance(state, dt)`` changes what the caller's ``state`` is. Both keep it in an object (see
``cells``), so that what the one writes the other reads.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from types import FunctionType
from typing import Any

from adxform.core.trees import nodes
from adxform.frontend.private import class_of_method
from adxform.frontend.scope import LiveScope, live_function, meaning_of
from adxform.frontend.watching import is_instance
from adxform.frontend.writes import changed_params

_OWN = (ast.FunctionDef, ast.Lambda)


def lent_variables(node: ast.FunctionDef, scope: Any, among: Container[str]) -> set[str]:
    """The variables, ``among`` some, that a function hands to functions which may change them."""
    return set(_handed_on(node, scope, among, ()))


def lent_params(node: ast.FunctionDef, scope: Any, met: tuple[ast.AST, ...] = ()) -> set[str]:
    """The parameters of a function that it, or a function that it calls, may change."""
    if node in met or not isinstance(node, ast.FunctionDef):
        return set()
    own = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    return {*changed_params(node), *_handed_on(node, scope, own, (*met, node))}


def _handed_on(
    node: ast.FunctionDef, scope: Any, among: Container[str], met: tuple[ast.AST, ...]
) -> Iterator[str]:
    """The variables that are handed to functions which may change them."""
    inner = nodes(*node.body)
    own = {part.name: part for part in inner if isinstance(part, ast.FunctionDef)}
    for call in inner:
        given = list(_given(call, among)) if isinstance(call, ast.Call) else []
        if not given:
            continue
        called, around, first = _called(call.func, own, scope, node)  # type: ignore[attr-defined]
        if called is None:
            continue
        changed = lent_params(called, around, met)
        places = [a.arg for a in (*called.args.posonlyargs, *called.args.args)][first:]
        for key, name in given:
            param = key if isinstance(key, str) else dict(enumerate(places)).get(key)
            if param in changed:
                yield name


def _given(call: ast.Call, among: Container[str]) -> Iterator[tuple[int | str, str]]:
    """The variables that a call is given, each with its place or the name of its parameter."""
    for place, arg in enumerate(call.args):
        if isinstance(arg, ast.Name) and arg.id in among:
            yield place, arg.id
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name) and keyword.value.id in among and keyword.arg:
            yield keyword.arg, keyword.value.id


def _called(
    node: ast.expr, own: dict[str, ast.FunctionDef], scope: Any, inside: ast.FunctionDef
) -> tuple[ast.FunctionDef | None, Any, int]:
    """The function that an expression means ``inside`` another, its scope, and how many parameters
    stand before those that it is given.
    """
    if isinstance(node, ast.Name) and node.id in own:
        return own[node.id], scope, 0
    found = meaning_of(node, scope)
    function = None if found is None else found.function
    first = 0
    if function is None and isinstance(node, ast.Attribute) and isinstance(scope, LiveScope):
        kinds = _kinds_of(node.value, scope, inside)
        raw = next((vars(k)[node.attr] for k in kinds if node.attr in vars(k)), None)
        first = 0 if isinstance(raw, staticmethod) else 1
        raw = getattr(raw, "__func__", raw)
        function = live_function(raw) if isinstance(raw, FunctionType) else None
    return (None, scope, 0) if function is None else (function.node, function.scope, first)


def _kinds_of(node: ast.expr, scope: LiveScope, inside: ast.FunctionDef) -> tuple[Any, ...]:
    """The class of an object from outside, or of that which a method has as its first argument, and
    those that it inherits from.
    """
    params = [a.arg for a in (*inside.args.posonlyargs, *inside.args.args)]
    around = class_of_method(scope.function)
    match node:
        case ast.Call(ast.Name("super")):
            return () if around is None else around.__mro__[1:]
        case ast.Name(name) if name in params:
            return () if around is None or name != params[0] else around.__mro__
    found = meaning_of(node, scope)
    return () if found is None or not is_instance(found.value) else type(found.value).__mro__
