"""From a callable to the callables of its derivatives: lowering, specialising, compiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType
from typing import Any

from adxform.analysis.activity import analyze
from adxform.analysis.types import Types, infer
from adxform.backends.python import compile_text
from adxform.core.ir import Callee, Const, Function, Let, Operand, Tuple, walk
from adxform.core.types import ANY, Type, differentiable
from adxform.emit.module import module_text, outside_values
from adxform.errors import Diagnostic, SourceNotFoundError
from adxform.frontend.lower import lower
from adxform.frontend.program import Program
from adxform.frontend.scope import LiveScope
from adxform.frontend.source import SourceFunction, find_source
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.pipeline import Derivation, Observer, Options

Part = tuple[Function, Types]
Watch = tuple[LiveScope, str, Any]


@dataclass(frozen=True, slots=True)
class Lowered:
    """A live function in Core; ``watched`` are the outer values that it was lowered with."""

    function: Function
    watched: tuple[Watch, ...]
    namespace: dict[str, Any] = field(repr=False)

    def stale(self) -> bool:
        """Whether a name from outside means something else than when this was lowered."""
        return any(scope.current(name) is not value for scope, name, value in self.watched)


def lower_live(function: Callable[..., Any], program: Program | None = None) -> Lowered:
    """The Core of a live Python function.

    Raises
    ------
    SourceNotFoundError
        If it is not a Python function whose source can be read.
    UnsupportedError
        If it uses Python that is not supported, with the place.
    """
    plain = plain_function(function)
    node, text = find_source(plain)
    scope = LiveScope(plain)
    made = lower(SourceFunction(node, text, scope, plain), program)
    namespace = {**plain.__globals__, **_closure(plain)}
    return Lowered(made, tuple(scope.watched()), namespace)


def plain_function(function: Callable[..., Any]) -> FunctionType:
    """The function written with ``def`` that is behind a callable."""
    inner: Any = function.__func__ if isinstance(function, MethodType) else function
    if isinstance(inner, FunctionType):
        return inner
    name = getattr(function, "__name__", type(function).__name__)
    raise SourceNotFoundError(
        Diagnostic(
            f"{name} is not a function written in Python",
            hint="Wrap it in a function written with def.",
        )
    )


def _closure(function: FunctionType) -> dict[str, Any]:
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a function: a mode and the parameters to differentiate in.

    ``kind`` is ``"forward"``, ``"reverse"`` or ``"pair"``; ``seeded`` says that the only cotangent
    is 1, so that it is no parameter.
    """

    kind: str
    wrt: tuple[str, ...]


@dataclass(slots=True)
class Compiled:
    """A generated function and its text; ``scalar`` if its result is known to be a number."""

    call: Callable[..., Any]
    text: str
    function: Function
    types: Types
    scalar: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A function as what records its forward sweep, and what pulls a cotangent back."""

    record: Callable[..., Any]
    pull: Callable[..., Any]
    text: str
    result: Operand
    handed: int
    kept: tuple[int, ...]
    pulled: tuple[int, ...]

    def run(self, args: Sequence[Any]) -> tuple[Any, list[Any], list[Any]]:
        """The value, its leaves, and what the pullback needs besides cotangents."""
        found = self.record(*args)
        if not self.handed:
            values = leaf_values(self.result, found)
            return found, values, [args[i] for i in self.kept]
        values = list(found[: -self.handed])
        handed = list(found[-self.handed :])
        value = refilled(self.result, iter(values))
        return value, values, [*(args[i] for i in self.kept), *handed]


def leaf_values(shape: Operand, value: Any) -> list[Any]:
    """The leaves of a result that has the structure of ``shape``."""
    if not isinstance(shape, Tuple):
        return [value]
    return [v for s, item in zip(shape.items, value, strict=True) for v in leaf_values(s, item)]


def refilled(shape: Operand, values: Any) -> Any:
    """Leaves put back into the structure of ``shape``."""
    if not isinstance(shape, Tuple):
        return next(values)
    items = [refilled(item, values) for item in shape.items]
    return items if shape.is_list else tuple(items)


def derive(
    function: Function,
    request: Request,
    types: dict[str, Type],
    options: Options | None = None,
    observe: Observer | None = None,
    outputs: list[Operand] | None = None,
) -> tuple[Function, Types]:
    """The Core of a derivative; ``outputs`` are the results that get a cotangent (all)."""
    derivation = Derivation(options or Options(), observe)
    derivation.names.add(function.name)
    if request.kind == "forward":
        return derivation.forward(function, request.wrt, types)
    return derivation.reverse(function, request.wrt, types, outputs)


def differentiable_params(function: Function, types: dict[str, Type]) -> tuple[str, ...]:
    """The parameters to differentiate in where none are named: those that can have a derivative;
    one of unknown type only if the result depends on it smoothly.
    """
    possible = tuple(p.name for p in function.params if differentiable(types[p.name]))
    activity = analyze(function, possible, infer(function, types))
    return tuple(p for p in possible if types[p] is not ANY or p in activity.useful)


def reachable(function: Function, types: Types) -> list[Part]:
    """A function and those that it calls, each after what it calls."""
    found: dict[int, Part] = {}

    def visit(current: Function, known: Types) -> None:
        for stmt in walk(current.body):
            if isinstance(stmt, Let) and isinstance(stmt.op, Callee):
                inner = stmt.op.function
                if inner is not None and id(inner) not in found:
                    body = eliminate_dead_code(inner.body, (inner.result,))
                    inner = replace(inner, name=stmt.op.name, body=body)
                    visit(inner, stmt.op.types or infer(inner, {}))
                    found[id(stmt.op.function)] = (inner, stmt.op.types or infer(inner, {}))
        if current is function:
            found[id(current)] = (current, known)

    visit(function, types)
    return list(found.values())


def build(function: Function, types: Types, namespace: dict[str, Any]) -> Compiled:
    """A Core function as a callable."""
    parts = reachable(function, types)
    text = module_text(parts)
    scope = {k: v for k, v in namespace.items() if k not in ("__name__", "__doc__", "__file__")}
    scope["__name__"] = f"adxform.generated.{function.name}"
    for name, value in outside_values([f for f, _ in parts]).items():
        scope.setdefault(name, value)
    return Compiled(compile_text(text, function.name, scope), text, function, types)


def build_pair(
    function: Function, wrt: Sequence[str], types: dict[str, Type], namespace: dict[str, Any]
) -> Pair:
    """A function split into what records and what pulls back."""
    derivation = Derivation()
    derivation.names.add(function.name)
    names = [p.name for p in function.params]
    active = tuple(names.index(p) for p in wrt)
    pair = derivation.pullback_of(
        Callee(function.name, function), active, [types[n] for n in names]
    )
    assert pair.pull.function is not None
    pull = build(pair.pull.function, pair.pull.types or {}, namespace)
    if pair.handed:
        assert pair.record.function is not None
        recorded = build(pair.record.function, pair.record.types or {}, namespace)
    else:
        recorded = build(function, infer(function, types), namespace)
    return Pair(
        recorded.call,
        pull.call,
        f"{recorded.text}\n\n{pull.text}",
        function.result,
        len(pair.handed),
        pair.kept,
        pair.pulled,
    )


def gradient_core(function: Function, *, value: bool) -> Function:
    """A reverse function whose seed is 1: its result is the cotangents (and the value)."""
    seed = function.params[-1].name
    assert isinstance(function.result, Tuple)
    bars = function.result.items[1]
    one = Let((seed,), _copy(), (Const(1.0),))
    return replace(
        function,
        params=function.params[:-1],
        body=(one, *function.body),
        result=function.result if value else bars,
    )


def _copy() -> Any:
    from adxform.rules.table import RULES

    return RULES["rename"].primitive

