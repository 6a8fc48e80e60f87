"""Generated functions under Numba, called with the user's own arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from adxform.analysis.mutation import argument_writes
from adxform.analysis.types import Types
from adxform.backends.numba.assuming import assumed
from adxform.backends.numba.bounds import guarded
from adxform.backends.numba.compiling import Guarded, jitted, require_numba
from adxform.backends.numba.inlining import inlined
from adxform.backends.numba.kernel import Layout, kernel_of
from adxform.backends.numba.lower import lowered
from adxform.backends.numba.ranks import tuple_of
from adxform.backends.python import compile_text
from adxform.core.calls import is_recursive, reachable_callees
from adxform.core.ir import Const, Function, Global, Operand, Tuple, Var
from adxform.core.types import Scalar
from adxform.emit.module import Part, module_text, outside_values
from adxform.errors import UnsupportedError
from adxform.options import Options

SINGLE = Scalar("float32")
Reach = Callable[[Function, Types], list[Part]]


def kernel_call(
    function: Function,
    types: Types,
    namespace: Mapping[str, Any],
    reach: Reach,
    options: Options,
) -> tuple[Callable[..., Any], str]:
    """A Core function under Numba, taking the user's parameters by place; and its text.

    ``reach`` gives a function and those that it calls, in the order of definition.
    """
    require_numba()
    made, layout = kernel_of(function, types, {**namespace, **outside_values([function])})
    if options.fuse:
        made, types = inlined(made, types)
    parts = reach(made, types)
    name = function.name
    values = {**namespace, **outside_values(f for f, _ in parts)}
    values.pop("__name__", None)
    inner = outside_values(f for f, _ in parts[:-1])
    frozen = [k for k, v in inner.items() if isinstance(v, np.ndarray)]
    circular = any(map(is_recursive, reachable_callees(made)))  # Numba's own cache breaks these
    kept = (False,) if circular else (True, False)

    def made_of(bodies: Sequence[Part]) -> tuple[list[Callable[[], Any]], Callable[[], str]]:
        return _ways(bodies, name, values, options, frozen, kept)

    @cache
    def plain() -> Callable[..., Any]:
        found: Callable[..., Any] = compile_text(module_text(parts), name, dict(values))
        return found

    again = not any(argument_writes(*part) for part in parts)  # what raised can be run once more
    equal = [assumed(*part) if again else None for part in parts]
    ways, text = made_of([found or part for found, part in zip(equal, parts, strict=True)])
    careful = (lambda: made_of(parts)[0]) if any(equal) else None
    kernel = Guarded(ways, plain, name, careful)
    return _caller(kernel, function, layout, types), text()


def _ways(
    parts: Sequence[Part],
    name: str,
    values: Mapping[str, Any],
    options: Options,
    frozen: Sequence[str],
    kept: Sequence[bool],
) -> tuple[list[Callable[[], Any]], Callable[[], str]]:
    """What makes a kernel of functions, the last of which is called, each if none before could:
    in several threads and in one, ``kept`` on disk and not; and the text of the first.
    """
    sure = [guarded(*part) for part in parts]
    checked = None in sure
    bodies = [part for part in (parts if checked else sure) if part]
    threads = [True, False] if options.parallel and not checked else [False]  # no error leaves one

    @cache
    def text(several: bool) -> str:
        return module_text([lowered(*p, parallel=several, fuse=options.fuse) for p in bodies])

    def fast(several: bool, keep: bool) -> Any:
        if frozen:
            raise UnsupportedError(f"a function that it calls reads the array {frozen[0]}")
        way = options.parallel and several is threads[0]
        return jitted(text(several), name, values, parallel=way, checked=checked, keep=keep)

    made: list[Callable[[], Any]] = [partial(fast, t, keep) for t in threads for keep in kept]
    return made, partial(text, threads[0])


def _caller(
    kernel: Guarded, function: Function, layout: Layout, types: Types
) -> Callable[..., Any]:
    """What takes the user's arguments, and gives the results in their structure.

    It is written out, for it is most of what a call of a short kernel takes.
    """
    values: dict[str, Any] = {"kernel": kernel}
    shapes = function.shapes if function.given else ()
    own = [f"a{i}" for i in range(len(shapes))]
    pairs = zip(own, shapes, strict=True)
    given = [text for name, shape in pairs for text in _leaves(name, shape, values)]
    rest = function.params[len(given) :]
    given += [param.name for param in rest]
    ends = [f"{param.name}={_held(_constant(param.default), values)}" for param in rest]
    parts = [
        f"{_held(part, values)}({', '.join(given[i] for i in places)})"
        for part, places in layout.read
    ]
    outside = [_held(item.value, values) for item in layout.outside]
    taken = ", ".join([*outside, *parts, *(given[i] for i in layout.taken)])
    found = {name: f"r{i}" for i, name in enumerate(layout.given)}
    unpacked = f"{', '.join(found.values())}, = " if found else ""
    short = [n for n in found if types.get(n) == SINGLE]  # of which Numba makes Python's floats
    found.update((n, f"{_held(np.float32, values)}({found[n]})") for n in short)
    text = (
        f"def call({', '.join([*own, *ends])}):\n"
        f"    {unpacked}kernel.call({taken})\n"
        f"    return {_arranged(function.result, found, values)}\n"
    )
    made: Callable[..., Any] = compile_text(text, "call", values)
    return made


def _held(value: Any, values: dict[str, Any]) -> str:
    """The name by which a text has a value from outside."""
    name = f"v{len(values)}"
    values[name] = value
    return name


def _leaves(path: str, shape: Operand, values: dict[str, Any]) -> list[str]:
    """The texts of what a value of a structure holds, of which ``path`` is the text."""
    if not isinstance(shape, Tuple):
        return [path]
    kind, keys = shape.form.kind, shape.form.keys or range(len(shape.items))
    paths = [
        f"{path}.{key}" if kind == "object" else f"{path}[{_key(key, values)}]" for key in keys
    ]
    inner = zip(paths, shape.items, strict=True)
    return [text for path, item in inner for text in _leaves(path, item, values)]


def _key(key: Any, values: dict[str, Any]) -> str:
    return repr(key) if type(key) in (str, int) else _held(key, values)


def _arranged(shape: Operand, found: Mapping[str, str], values: dict[str, Any]) -> str:
    """The text of a result, where ``found`` are the texts of its variables."""
    if not isinstance(shape, Tuple):
        return found[shape.name] if isinstance(shape, Var) else _held(_constant(shape), values)
    items = [_arranged(item, found, values) for item in shape.items]
    match shape.form.kind:
        case "list":
            return f"[{', '.join(items)}]"
        case "dict":
            pairs = zip(shape.form.keys, items, strict=True)
            return f"{{{', '.join(f'{_key(key, values)}: {item}' for key, item in pairs)}}}"
        case "object":
            pairs = zip(shape.form.keys, items, strict=True)
            maker = _held(shape.form.maker.value, values)
            return f"{maker}({', '.join(f'{key}={item}' for key, item in pairs)})"
        case _:
            return tuple_of(items)


def _constant(operand: Operand | None) -> Any:
    return operand.value if isinstance(operand, Const | Global) else None
