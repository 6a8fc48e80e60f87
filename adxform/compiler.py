"""From a callable to the callables of its derivatives: lowering, specialising, compiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from adxform.analysis.activity import analyze
from adxform.analysis.conflicts import conflicting
from adxform.analysis.contexts import passed_contexts
from adxform.analysis.types import Types, has_narrow, infer
from adxform.backends.python import compile_text
from adxform.core.calls import own_callee, reachable_callees
from adxform.core.ir import Callee, Function, Operand, Param, Tuple
from adxform.core.types import ANY, Type, differentiable
from adxform.differentiate.forward import Forward
from adxform.differentiate.sweeps import with_unit_seed
from adxform.differentiate.vector import Vector
from adxform.emit.module import module_text, outside_values, with_defaults
from adxform.errors import Diagnostic, SourceNotFoundError
from adxform.frontend.asked import Asked
from adxform.frontend.callables import unwrapped
from adxform.frontend.lower import lower
from adxform.frontend.objects import structure
from adxform.frontend.program import Program, signature_of
from adxform.frontend.scope import LiveScope
from adxform.frontend.source import SourceFunction, find_source
from adxform.frontend.watching import ABSENT, Place
from adxform.optimizing import Observer
from adxform.options import Options
from adxform.parts import reachable, written_parts
from adxform.pipeline import Derivation
from adxform.signatures import annotated_params
from adxform.structures import all_structured, grouped, refilled, structured, with_containers

Part = tuple[Function, Types]
TANGENTS: dict[str, type[Forward]] = {"forward": Forward, "vector": Vector}


@dataclass(frozen=True, slots=True)
class Lowered:
    """A live function in Core, and the outer values that it was lowered with: each with where it
    is kept, in a namespace (of a module, class or object) or a cell of a closure, and the state of
    the objects among them.
    """

    function: Function
    names: tuple[Place, ...] = ()
    cells: tuple[tuple[CellType, Any], ...] = ()
    objects: tuple[tuple[Any, Any], ...] = ()
    settings: tuple[tuple[dict[Any, Any], str, Any], ...] = ()

    def stale(self) -> bool:
        """Whether a name from outside means something else than when this was lowered."""
        for namespace, name, value in self.names:
            if namespace.get(name, ABSENT) is not value:
                return True
        for cell, value in self.cells:
            if cell.cell_contents is not value:
                return True
        if any(structure(held.get(key)) != known for held, key, known in self.settings):
            return True
        return any(structure(v, exact=True) != known for v, known in self.objects)


def watched(function: Function, program: Program) -> Lowered:
    """A function in Core with what it, and what it calls, was lowered with."""
    names: dict[tuple[int, str], Place] = {}
    cells: dict[int, tuple[CellType, Any]] = {}
    for scope in program.scopes.values():
        for name, value in scope.watched():
            place, key = scope.kept(name)
            if isinstance(place, CellType):
                cells[id(place)] = place, value
            else:
                names[id(place), key] = place, key, value if key in place else ABSENT
    attributes = [place for places in program.attributes.values() for place in places]
    seen = tuple((value, structure(value, exact=True)) for value in program.objects.values())
    settings = tuple((h, key, structure(h[key])) for (_, key), h in program.settings.items())
    return Lowered(function, (*names.values(), *attributes), tuple(cells.values()), seen, settings)


def lower_live(
    function: Callable[..., Any],
    program: Program | None = None,
    types: Sequence[Type] | None = None,
) -> Lowered:
    """The Core of a live Python function, for arguments of some types or by its annotations.

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
    source = SourceFunction(node, text, scope, plain)
    params = signature_of(source)
    if types is None:
        known = annotated_params(params)
    else:
        known = dict(zip((p.name for p in params), types, strict=True))
    program = deriving(program or Program())
    made = lower(source, program, known)
    return watched(made, program)


def namespace_of(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function's names from outside stand for now."""
    plain = plain_function(function)
    return {**plain.__globals__, **_closure(plain)}


def plain_function(function: Callable[..., Any]) -> FunctionType:
    """The function written with ``def`` that is behind a callable."""
    inner: Any = unwrapped(function)
    inner = inner.__func__ if isinstance(inner, MethodType) else inner
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

    ``kind`` is ``"forward"``, ``"vector"`` (forward, in several directions) or ``"reverse"``;
    ``shapes`` are the structures of the user's parameters that hold those in ``wrt``.
    """

    kind: str
    wrt: tuple[str, ...]
    shapes: tuple[Operand, ...] = ()


@dataclass(slots=True)
class Compiled:
    """A generated function and its text; ``scalar`` if its result is known to be a number,
    ``valued`` if it returns the value beside the derivative.

    ``written`` are the places, among what the parameters hold, of arrays that the primal writes to;
    ``numbers`` says that all arguments in question are plain floats.
    """

    call: Callable[..., Any]
    text: str
    function: Function
    types: Types
    scalar: bool = False
    valued: bool = True
    written: tuple[int, ...] = ()
    numbers: bool = False


@dataclass(slots=True)
class Pair:
    """A function as what records its forward sweep, and what pulls a cotangent back.

    ``given`` are the structures of its arguments: ``flat`` if none is a container, as ``single``
    says of the result. ``places`` are those of the arguments that get a cotangent; ``numbers`` says
    that all arguments and the result are single numbers, and none of them ``narrow``, as some of
    its own may be; ``plain`` that no argument is a container.
    """

    record: Callable[..., Any]
    pull: Callable[..., Any]
    text: str
    result: Operand
    handed: int
    kept: tuple[int, ...]
    pulled: tuple[int, ...]
    given: tuple[Operand, ...]
    written: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    numbers: bool = False
    plain: bool = False
    narrow: bool = False
    flat: bool = field(init=False)
    single: bool = field(init=False)

    def __post_init__(self) -> None:
        self.flat = not any(isinstance(shape, Tuple) for shape in self.given)
        self.single = not isinstance(self.result, Tuple)

    def run(self, args: Sequence[Any]) -> tuple[Any, Sequence[Any], list[Any]]:
        """The value, its leaves, and what the pullback needs besides cotangents."""
        if not self.flat:
            args = all_structured(self.given, args)
        found = self.record(*args)
        kept = [args[i] for i in self.kept]
        if not self.handed:
            return found, (found,) if self.single else structured(self.result, found), kept
        values = found[: -self.handed]
        kept.extend(found[-self.handed :])
        value = values[0] if self.single else refilled(self.result, iter(values))
        return value, values, kept


def derive(
    function: Function,
    request: Request,
    types: dict[str, Type],
    options: Options | None = None,
    observe: Observer | None = None,
    outputs: list[Operand] | None = None,
    *,
    unit: bool = False,
    valued: bool = True,
) -> tuple[Function, Types]:
    """The Core of a derivative; ``outputs`` are the results that get a cotangent (all), ``unit``
    says that it is 1, and no parameter. Without ``valued`` a number as value may be None.
    """
    derivation = Derivation(options or Options(), observe)
    derivation.names.add(function.name)
    return _derived(derivation, function, request, types, outputs, unit=unit, valued=valued)


def deriving(program: Program) -> Program:
    """A program whose functions may call derivatives of functions."""
    program.derive = partial(derive_inside, program)
    program.conflicts, program.passed = conflicting, passed_contexts
    return program


def derive_inside(
    program: Program,
    asked: Asked,
    function: Function,
    types: dict[str, Type],
) -> Callee:
    """A function's derivative (or the function itself), to be called inside another."""
    key = (asked, id(function), tuple(types.items()))
    if key in program.derived:
        found: Callee = program.derived[key][1]
        return found
    derivation = Derivation(names=program.names)
    if asked.kind == "primal":
        made, known = function, infer(function, types)
    else:
        request = Request(asked.kind, asked.wrt, asked.shapes)
        unit, outputs = asked.kind == "reverse", list(asked.outputs)
        made, known = _derived(derivation, function, request, types, outputs, unit=unit)
    if asked.kind == "reverse":
        made = replace(made, result=asked.arranged(made.result))
        made = derivation.optimized(made, known)
    words = {"primal": "", "reverse": "_gradient", "forward": "_tangent"}
    name = derivation.unique(f"{function.name}{words[asked.kind]}")
    program.derived[key] = function, Callee(name, replace(made, name=name), known)
    return derive_inside(program, asked, function, types)


def _derived(
    derivation: Derivation,
    function: Function,
    request: Request,
    types: dict[str, Type],
    outputs: list[Operand] | None,
    *,
    unit: bool,
    valued: bool = True,
) -> tuple[Function, Types]:
    if request.kind in TANGENTS:
        how = TANGENTS[request.kind]
        made, known = derivation.forward(function, request.wrt, types, how, alone=unit)
        if unit:  # which takes no direction, as inner calls give
            made = derivation.optimized(with_unit_seed(made, known), known)
        return made, known
    made, known = derivation.reverse(
        function, request.wrt, types, outputs, unit=unit, valued=valued
    )
    if any(isinstance(shape, Tuple) for shape in request.shapes):
        assert isinstance(made.result, Tuple)
        value, bars = made.result.items
        flat = bars.items if len(request.wrt) > 1 and isinstance(bars, Tuple) else (bars,)
        made = replace(made, result=Tuple((value, grouped(flat, request.wrt, request.shapes))))
    return made, known


def differentiable_params(function: Function, types: dict[str, Type]) -> tuple[str, ...]:
    """The parameters to differentiate in where none are named: those that can have a derivative;
    one of unknown type only if the result depends on it smoothly.
    """
    possible = tuple(p.name for p in function.params if differentiable(types[p.name]))
    if all(types[p] is not ANY for p in possible):
        return possible
    activity = analyze(function, possible, infer(function, types))
    return tuple(p for p in possible if types[p] is not ANY or p in activity.useful)


def build(
    function: Function, types: Types, namespace: dict[str, Any], options: Options | None = None
) -> Compiled:
    """A Core function as a callable that takes the user's own parameters, all by place."""
    if options is not None and options.backend == "numba":
        from adxform.kernels import kernel_call  # what NumPy's backend does without

        made = kernel_call(function, types, namespace, reachable, options)
        return Compiled(*made, function, types)
    function = with_containers(function)
    function = with_defaults(function, namespace)
    parts = written_parts(function, types)
    text = module_text(parts)
    scope = {k: v for k, v in namespace.items() if k not in ("__name__", "__doc__", "__file__")}
    scope["__name__"] = f"adxform.generated.{function.name}"
    for name, value in outside_values([f for f, _ in parts]).items():
        scope.setdefault(name, value)
    return Compiled(compile_text(text, function.name, scope), text, function, types)


def build_pair(
    function: Function,
    wrt: Sequence[str],
    types: dict[str, Type],
    namespace: dict[str, Any],
    options: Options | None = None,
) -> Pair:
    """A function split into what records and what pulls back."""
    shapes = function.shapes
    params = tuple(Param(p.name) for p in function.params)  # what containers hold, by place
    function = replace(function, params=params, given=())
    derivation = Derivation(options or Options())
    derivation.names.add(function.name)
    names = [p.name for p in function.params]
    active = tuple(names.index(p) for p in wrt)
    pair = derivation.pair(function, active, [types[n] for n in names])
    assert pair.pull.function is not None
    pull = build(pair.pull.function, pair.pull.types or {}, namespace, options)
    if pair.handed:
        assert pair.record.function is not None
        recorded = build(pair.record.function, pair.record.types or {}, namespace, options)
    else:
        taken = function.name in {callee.name for callee in reachable_callees(function)}
        if taken and own_callee(function) is None:  # by itself for other arguments
            function = replace(function, name=derivation.unique(function.name))
        recorded = build(function, infer(function, types), namespace, options)
    return Pair(
        recorded.call,
        pull.call,
        f"{recorded.text}\n\n{pull.text}",
        function.result,
        len(pair.handed),
        pair.kept,
        pair.pulled,
        shapes,
        narrow=has_narrow(function, pair.pull.types or {}),
    )
