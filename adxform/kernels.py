"""Generated functions under Numba, called with the user's own arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from adxform.analysis.types import Types
from adxform.backends.numba.bounds import guarded
from adxform.backends.numba.compiling import Guarded, jitted, require_numba
from adxform.backends.numba.kernel import Layout, kernel_of
from adxform.backends.numba.lower import lowered
from adxform.backends.python import compile_text
from adxform.core.ir import Const, Function, Global, Operand, Var, leaves
from adxform.emit.module import Part, module_text, outside_values
from adxform.errors import UnsupportedError
from adxform.structures import all_structured, refilled

Reach = Callable[[Function, Types], list[Part]]


def kernel_call(
    function: Function,
    types: Types,
    namespace: Mapping[str, Any],
    reach: Reach,
    *,
    parallel: bool = False,
) -> tuple[Callable[..., Any], str]:
    """A Core function under Numba, taking the user's parameters by place; and its text.

    ``reach`` gives a function and those that it calls, in the order of definition.
    """
    require_numba()
    made, layout = kernel_of(function, types)
    parts = reach(made, types)
    name = function.name
    sure = [guarded(*part) for part in parts]
    checked = None in sure
    text = module_text([lowered(*part) for part in (parts if checked else sure) if part])
    values = {**namespace, **outside_values(f for f, _ in parts)}
    values.pop("__name__", None)
    inner = outside_values(f for f, _ in parts[:-1])
    frozen = [k for k, v in inner.items() if isinstance(v, np.ndarray)]

    def fast(keep: bool) -> Any:
        if frozen:
            raise UnsupportedError(f"a function that it calls reads the array {frozen[0]}")
        return jitted(text, name, values, parallel=parallel, checked=checked, keep=keep)

    @cache
    def plain() -> Callable[..., Any]:
        found: Callable[..., Any] = compile_text(module_text(parts), name, dict(values))
        return found

    kernel = Guarded(fast, plain, name)
    return _caller(kernel, function, layout), text


def _caller(kernel: Guarded, function: Function, layout: Layout) -> Callable[..., Any]:
    """What takes the user's arguments, and gives the results in their structure."""
    shapes = function.shapes if function.given else ()
    own = sum(1 for shape in shapes for _ in leaves(shape))
    names = [p.name for p in function.params[own:]]
    ends = [_constant(p.default) for p in function.params[own:]]
    outside = tuple(item.value for item in layout.outside)
    result = function.result
    held = leaves(result)

    def call(*args: Any, **named: Any) -> Any:
        count = len(shapes)
        given = all_structured(shapes, args[:count])
        rest = args[count:]
        if len(rest) < len(names):
            others = zip(names[len(rest) :], ends[len(rest) :], strict=True)
            rest = (*rest, *(named.get(name, end) for name, end in others))
        args = (*given, *rest)
        read = [part(*[args[i] for i in places]) for part, places in layout.read]
        found = kernel.call(*outside, *read, *[args[i] for i in layout.taken])
        values = dict(zip(layout.given, found, strict=True))
        filled = [values[x.name] if isinstance(x, Var) else _constant(x) for x in held]
        return refilled(result, iter(filled))

    return call


def _constant(operand: Operand | None) -> Any:
    return operand.value if isinstance(operand, Const | Global) else None
