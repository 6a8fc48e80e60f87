"""A function in Core for each signature of arguments, and what was compiled for it."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NoReturn

import numpy as np

from adxform.analysis.mutation import argument_writes
from adxform.binding import signature_of
from adxform.compiler import (
    Lowered,
    Request,
    lower_live,
    namespace_of,
    plain_function,
)
from adxform.core.ir import Function
from adxform.core.pause import collection_paused
from adxform.core.types import Type, differentiable
from adxform.errors import ArgumentError, Diagnostic
from adxform.frontend.nesting import refusing_depth
from adxform.frontend.program import Program
from adxform.frontend.source import find_source
from adxform.frontend.writes import changed_params
from adxform.options import Options
from adxform.signatures import type_of_argument, type_of_container
from adxform.structures import all_structured, leaf_types
from adxform.typed import typed


def is_derivative(function: Any) -> bool:
    """Whether a callable is a derivative that adxform has made, to be differentiated again."""
    return hasattr(type(function), "__adxform__")


def receivers(function: Any) -> tuple[Any, ...]:
    """The objects that a function's first parameters are bound to, as a method's is."""
    if isinstance(function, MethodType):
        return function.__self__, *receivers(function.__func__)
    return receivers(function.function) if is_derivative(function) else ()


def specialised_for(function: Any, options: Options, *asked: Any) -> Specialised:
    """What is derived of a function: that of the last one of the same text that sees the same
    variables, such as a lambda in a loop, where the same was ``asked``.
    """
    if not isinstance(function, FunctionType) or not _can_stay(function):
        return Specialised(function, options)
    seen = (*(function.__closure__ or ()), *(function.__defaults__ or ()))
    key = function.__code__, id(function.__globals__), tuple(map(id, seen)), options, *asked
    if key not in DERIVED:
        DERIVED[key] = Specialised(function, options)  # which keeps what is seen
    DERIVED.move_to_end(key)
    if len(DERIVED) > MOST_DERIVED:
        DERIVED.popitem(last=False)
    return DERIVED[key]


MOST_DERIVED = 64
DERIVED: OrderedDict[Any, Specialised] = OrderedDict()
_SMALL = (int, float, complex, str, type(None), np.generic, FunctionType, BuiltinFunctionType, type)


def _can_stay(function: FunctionType) -> bool:
    """Whether a function sees nothing that is to be let go of."""
    small = all(isinstance(value, _SMALL) for value in function.__defaults__ or ())
    plain = not vars(function) and not function.__kwdefaults__
    return small and plain and _sees_little(function)


def _sees_little(function: FunctionType) -> bool:
    """Whether the variables around a function are nothing that is to be let go of."""
    try:
        seen = [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:  # a variable that is not bound yet
        return False
    return all(isinstance(value, _SMALL) for value in seen)


def lowered_once(
    function: Callable[..., Any], types: Sequence[Type] | None, inline: bool
) -> Lowered:
    """A function in Core: that which another derivative of it, of the same code for arguments of
    the same types, was made of, until it is stale.
    """
    plain = plain_function(function)
    if not _sees_little(plain):
        return lower_live(plain, Program(inline=inline), types)
    key = plain, plain.__code__, inline, None if types is None else tuple(types)
    found = _LOWERED.pop(key, None)
    if found is None or found.stale():
        found = lower_live(plain, Program(inline=inline), types)
    _LOWERED[key] = found
    if len(_LOWERED) > MOST_LOWERED:
        _LOWERED.popitem(last=False)
    return found


MOST_LOWERED = 64
_LOWERED: OrderedDict[Any, Lowered] = OrderedDict()


class Specialised:
    """A function's derivatives, one for each signature of arguments, made when first needed.

    What is ``compiled`` is kept beside what it was derived from, until that is stale.
    """

    def __init__(self, primal: Callable[..., Any], options: Options | None = None) -> None:
        self.primal = primal
        self.options = options or Options()
        self.compiled: dict[Any, tuple[Any, Lowered]] = {}
        self.lowered: dict[Any, Lowered] = {}

    @property
    def nested(self) -> Any:
        """The derivative that is differentiated again, if it is one."""
        inner = getattr(self.primal, "__func__", self.primal)
        return inner if is_derivative(inner) else None

    @property
    def root(self) -> Specialised:
        """That of the function itself, if this one is a derivative's."""
        return self if self.nested is None else self.nested.specialised.root

    def last_text(self) -> str | None:
        """The text of what was compiled last, if anything was."""
        return next((made.text for made, _ in reversed(self.compiled.values())), None)

    def core(self, types: Sequence[Type] | None = None) -> Function:
        """The function in Core, for arguments of these types (without, by its annotations)."""
        if self.nested is not None:
            made: Function = self.nested.core(types)
            return made
        return self.lower(types).function

    def lower(self, types: Sequence[Type] | None) -> Lowered:
        """The function itself in Core, lowered anew where what it names has a new meaning."""
        key = None if types is None else tuple(types)
        if key not in self.lowered or self.lowered[key].stale():
            self.lowered[key] = lowered_once(self.primal, types, self.options.inline)
        return self.lowered[key]

    @cached_property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """Those of the function itself, the receiver of a method among them."""
        return tuple(signature_of(plain_function(self.root.primal)).parameters.values())

    def types(self, args: Sequence[Any]) -> list[Type]:
        """The types of arguments, the receiver of a method among them."""
        collects = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [
            (type_of_container if p.kind in collects else type_of_argument)(p.name, a)
            for p, a in zip(self.parameters, args, strict=True)
        ]

    def made(self, key: Any, args: Sequence[Any], make: Callable[..., Any], *asked: Any) -> Any:
        """What is compiled for arguments of these types: ``make(*asked)``, when first asked for.

        Raises
        ------
        ArgumentError
            If one of the arguments is written to, and another shares its memory, or it is the
            default of its parameter, which all calls have in common.
        """
        entry = self.compiled.get(key)
        if entry is None or entry[1].stale():
            entry = self._made(key, args, make, asked)
        found = entry[0]
        if self.changed_containers:
            self._require_given(args)
        if found.written:
            self._require_apart(args, found.written)
        return found

    @collection_paused
    def _made(
        self, key: Any, args: Sequence[Any], make: Callable[..., Any], asked: Sequence[Any]
    ) -> tuple[Any, Lowered]:
        types = self.types(args)
        with refusing_depth(*find_source(plain_function(self.root.primal))):
            found = make(*asked)
        found.written = self._written(types)
        self.compiled.pop(key, None)  # the last made comes last
        self.compiled[key] = entry = found, self.root.lower(types)
        return entry

    def _written(self, types: Sequence[Type]) -> tuple[int, ...]:
        """The places, among what the parameters hold, of arrays that the function writes to."""
        function = self.root.core(types)
        function, known = typed(function, leaf_types(function, types))
        names = {seen.other for seen in argument_writes(function, known)}
        return tuple(i for i, p in enumerate(function.params) if p.name in names)

    @cached_property
    def changed_containers(self) -> frozenset[str]:
        """The parameters whose default is a list, dictionary or set that the function changes."""
        held = {p.name for p in self.parameters if isinstance(p.default, list | dict | set)}
        return frozenset(held and held.intersection(
            changed_params(find_source(plain_function(self.root.primal))[0])))

    def _require_given(self, args: Sequence[Any]) -> None:
        """Refuse to change a default, which all calls have in common."""
        for p, value in zip(self.parameters, args, strict=True):
            if value is p.default and p.name in self.changed_containers:
                self._refuse_default(p.name)

    def _refuse_default(self, name: str) -> NoReturn:
        function = plain_function(self.root.primal).__name__
        reason = f"{function} writes to the default of {name}, which later calls see"
        hint = f"Let the default be None, and make {name} inside."
        raise ArgumentError(Diagnostic(reason, hint=hint))

    def _require_apart(self, args: Sequence[Any], written: Sequence[int]) -> None:
        """Refuse arguments that share memory: a derivative gives each a cotangent of its own."""
        function = self.root.core(self.types(args))
        given = all_structured(function.shapes, args)
        for place in written:
            if any(given[place] is p.default for p in self.parameters):
                self._refuse_default(function.params[place].name)
            for other, value in enumerate(given):
                if other != place and shares_memory(given[place], value):
                    one, two = (function.params[i].name for i in (place, other))
                    reason = f"{function.name} writes to {one}, whose memory {two} shares"
                    hint = f"Pass a copy, e.g. {one}.copy()."
                    raise ArgumentError(Diagnostic(reason, hint=hint))

    @property
    def namespace(self) -> dict[str, Any]:
        """What the names of the function from outside stand for now."""
        return namespace_of(self.root.primal)

def shares_memory(one: Any, other: Any) -> bool:
    """Whether two values are arrays with an element in common."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return np.may_share_memory(one, other) and np.shares_memory(one, other)


def has_real_leaf(function: Function, place: int, types: dict[str, Type]) -> bool:
    """Whether the user's parameter at ``place`` is, or holds, something with a derivative."""
    return any(differentiable(types[name]) for name in function.leaves_of(place))


def request_for(
    kind: str, function: Function, places: Sequence[int], types: dict[str, Type]
) -> Request:
    """What is asked of a function: the derivative in the user's parameters at some places."""
    wrt = [n for i in places for n in function.leaves_of(i) if differentiable(types[n])]
    return Request(kind, tuple(wrt), tuple(function.shape_of(i) for i in places))
