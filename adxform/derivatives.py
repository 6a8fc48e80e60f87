"""Derivatives as callables: each specialises its generated function to the arguments it meets."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MethodType
from typing import Any

import numpy as np

from adxform.adapters import adapted
from adxform.analysis.types import Types
from adxform.arguments import (
    Argnums,
    collected_items,
    item_given,
    like_argument,
    number,
    require_float,
    resolve_argnums,
)
from adxform.binding import Binder
from adxform.compiler import (
    Compiled,
    build,
    derive,
)
from adxform.core.builder import type_of
from adxform.core.ir import NONE, Function, Tuple, leaves
from adxform.core.types import Array, Scalar, Type, differentiable, is_complex, rank
from adxform.errors import ArgumentError, Diagnostic
from adxform.generated import source_text
from adxform.in_one_number import forward_in, records
from adxform.options import Options
from adxform.signatures import keys_of
from adxform.specialised import receivers, request_for, specialised_for
from adxform.structures import leaf_types


class Derivative:
    """The gradient of a function with one real result, called like the function.

    Attributes
    ----------
    primal : callable
        The function that is differentiated.
    source : str
        The text of the generated reverse function (of the last call, or by annotations).
    """

    __adxform__ = True

    def __init__(
        self,
        primal: Callable[..., Any],
        argnums: Argnums = 0,
        *,
        value: bool = False,
        has_aux: bool = False,
        options: Options | None = None,
    ) -> None:
        if not callable(primal):
            raise ArgumentError(f"a function is needed, not {type(primal).__name__}")
        self.primal = primal
        self.function = adapted(primal)
        self.bound = receivers(self.function)
        self.argnums = argnums
        self.value = value
        self.has_aux = has_aux
        self.single = isinstance(argnums, str) or not isinstance(argnums, Sequence)
        self.picked = collected_items(self.function, argnums)
        if self.picked is None:
            self.places = resolve_argnums(self.function, argnums)
        else:
            self.places = tuple(dict.fromkeys(place for place, _ in self.picked))
        self.options = options or Options()
        asked = self.places, self.single, value, has_aux
        if self.picked is not None:
            asked = self.places, False, value, has_aux
        self.specialised = specialised_for(self.function, self.options, *asked)
        self.bind = Binder(self.function)
        self.parameters = self.bind.parameters
        functools.update_wrapper(self, primal, updated=())
        self.__wrapped__ = self.function  # whose parameters are asked for: a partial shows more

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.bind.complete:
            args = self.bind(args, kwargs)
        value, bars = self._run(args)
        if not self.has_aux:
            return (value, bars) if self.value else bars
        value, aux = value
        return ((value, aux), bars) if self.value else (bars, aux)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: the receiver is the first argument."""
        return self if instance is None else MethodType(self._method, instance)

    @functools.cached_property
    def _method(self) -> Derivative:
        """What is called with a receiver: parameter 0, that of ``@grad``, is the one after it."""
        if self.argnums != 0 or len(self.parameters) < 2:
            return self
        return self._like(1, value=self.value)

    def _like(self, argnums: Argnums, *, value: bool) -> Derivative:
        """Another derivative of the same function, made in the same way."""
        return Derivative(
            self.primal, argnums, value=value, has_aux=self.has_aux, options=self.options
        )

    def __reduce__(self) -> Any:
        module = inspect.getmodule(self.primal)
        path = getattr(self, "__qualname__", "")
        found: Any = module
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is self:
            return path
        return _rebuild, (self.primal, self.argnums, self.value, self.has_aux, self.options)

    def __repr__(self) -> str:
        what = "value_and_grad" if self.value else "grad"
        return f"<{what} of {getattr(self.primal, '__qualname__', self.primal)}>"

    @property
    def value_and_grad(self) -> Derivative:
        """The same derivative, returned together with the value."""
        return self._like(self.argnums, value=True)

    @property
    def source(self) -> str:
        return self.specialised.last_text() or source_text(self.primal, "reverse", self.argnums)

    # --- making -------------------------------------------------------------------------------

    def _run(self, args: tuple[Any, ...]) -> tuple[Any, Any]:
        whole = (*self.bound, *args) if self.bound else args
        compiled = self.specialised.made(keys_of(args), whole, self._compile, args)
        try:
            found = compiled.call(*whole)
        except Exception:
            if not compiled.scalar:
                self._require_scalar(self.primal(*args))
            raise
        value, bars = found if compiled.valued else (None, found)
        if not compiled.scalar:
            self._require_scalar(value)
        if compiled.numbers:
            if self.single:
                return value, number(bars, self.parameters[self.places[0]].name)
            pairs = zip(bars, self.places, strict=True)
            return value, tuple([number(b, self.parameters[i].name) for b, i in pairs])
        if self.picked is not None:
            return value, self._items(bars, args)
        if self.single:
            place = self.places[0]
            return value, like_argument(bars, args[place], self.parameters[place].name)
        if len(self.places) == 1:
            bars = (bars,)
        pairs = zip(bars, self.places, strict=True)
        return value, tuple([like_argument(b, args[i], self.parameters[i].name) for b, i in pairs])

    def _items(self, bars: Any, args: tuple[Any, ...]) -> Any:
        """The cotangents of arguments that a parameter has collected with others."""
        bars = bars if len(self.places) > 1 else (bars,)
        found = []
        for place, key in self.picked or ():
            name, arg = self.parameters[place].name, args[place]
            bar = bars[self.places.index(place)]
            if key is not None:
                arg, name, bar = item_given(name, arg, key), f"{name}[{key!r}]", bar[key]
            found.append(like_argument(bar, arg, name))
        return found[0] if self.single else tuple(found)

    def _compile(self, args: tuple[Any, ...]) -> Compiled:
        for place in self.places:
            require_float(self.parameters[place].name, args[place], "the gradient")
        given = self.specialised.types((*self.bound, *args))
        function, types = self._derived(given, valued=self.value or self.has_aux)
        function, types = self._in_one_sweep(function, given) or (function, types)
        assert isinstance(function.result, Tuple)
        value, bars = function.result.items
        valued = value != NONE
        if not valued:
            name = function.name.removesuffix("_reverse").removesuffix("_forward")
            function = replace(function, name=f"{name}_gradient", result=bars)
        made = build(function, types, self.specialised.namespace, self.options)
        made.valued = valued
        made.scalar = not valued or rank(type_of(leaves(value)[0], types)) == 0
        floats = [type(args[place]) is float for place in self.places]
        made.numbers = self.picked is None and all(floats) and (self.single or len(floats) > 1)
        return made

    def _derived(self, given: Sequence[Type], *, valued: bool) -> tuple[Function, Types]:
        """The reverse function in Core, with a seed of 1."""
        function = self.specialised.core(given)
        types = leaf_types(function, given)
        offset = len(given) - len(self.parameters)
        request = request_for("reverse", function, [i + offset for i in self.places], types)
        outputs = self._outputs(function)
        made, known = derive(
            function, request, types, self.options, outputs=outputs, unit=True, valued=valued
        )
        self._check_result(function, known)
        return made, known

    def _in_one_sweep(
        self, made: Function, given: Sequence[Type]
    ) -> tuple[Function, Types] | None:
        """The derivative in one number by forward mode, if the reverse function records values for
        which Numba would have to ask memory.
        """
        if not self.single or self.picked is not None or self.has_aux:
            return None
        if self.options.backend != "numba" or not records(made):
            return None
        function = self.specialised.core(given)
        place = self.places[0] + len(given) - len(self.parameters)
        types = leaf_types(function, given)
        param = function.shape_of(place)
        return forward_in(function, param, types, self.options, valued=self.value)

    def _outputs(self, function: Function) -> list[Any]:
        if not self.has_aux:
            return leaves(function.result)
        if not isinstance(function.result, Tuple) or len(function.result.items) != 2:
            raise ArgumentError(
                f"with has_aux=True {function.name} must return (value, aux) by a tuple"
            )
        return leaves(function.result.items[0])

    def _check_result(self, function: Function, types: Types) -> None:
        found = self._outputs(function)
        name = function.name
        if len(found) != 1:
            raise ArgumentError(
                Diagnostic(
                    f"grad needs one real result; {name} returns {len(found)} values",
                    hint="Return one of them, or give has_aux=True for (value, aux).",
                )
            )
        if NONE in found:
            raise ArgumentError(f"grad needs one real result; {name} returns None")
        known = type_of(found[0], types)
        if isinstance(known, Array) and known.dims not in (None, ()):
            raise ArgumentError(
                Diagnostic(
                    f"grad needs one real result; {name} returns an array of rank "
                    f"{len(known.dims or ())}",
                    hint="Return a number (np.sum, np.mean, ...), or ask for the jacobian.",
                )
            )
        if isinstance(known, Scalar) and is_complex(known.dtype):
            raise ArgumentError(_complex_result(name))
        if isinstance(known, Scalar) and not differentiable(known):
            raise ArgumentError(
                f"grad needs one real result; {name} returns a number of type {known.dtype}"
            )

    def _require_scalar(self, value: Any) -> None:
        result = value[0] if self.has_aux else value
        if result is None:
            name = self.__name__  # type: ignore[attr-defined]
            raise ArgumentError(f"grad needs one real result; {name} returned None")
        if isinstance(result, str | bytes):
            name = self.__name__  # type: ignore[attr-defined]
            raise ArgumentError(f"grad needs one real result; {name} returned text")
        if np.iscomplexobj(result):
            raise ArgumentError(_complex_result(self.__name__))  # type: ignore[attr-defined]
        if np.ndim(result) != 0:
            raise ArgumentError(
                Diagnostic(
                    f"grad needs one real result; {self.__name__} returned an array of shape "  # type: ignore[attr-defined]
                    f"{np.shape(result)}",
                    hint="Return a number (np.sum, np.mean, ...), or ask for the jacobian.",
                )
            )

    def core(self, types: Sequence[Type] | None) -> Function:
        """The derivative as a function of Core, to be differentiated again."""
        if types is None:
            raise ArgumentError("the source of a derivative of a derivative needs args=")
        made, _ = self._derived(types, valued=True)
        assert isinstance(made.result, Tuple)
        value, bars = made.result.items
        if self.picked is not None:
            reason = "a derivative in what *args or **kwargs collects is not differentiated again"
            raise ArgumentError(Diagnostic(reason, hint="Name the parameters."))
        if not self.single and len(self.places) == 1:
            bars = Tuple((bars,))
        return replace(made, result=Tuple((value, bars)) if self.value else bars)


def _complex_result(name: str) -> Diagnostic:
    return Diagnostic(
        f"grad needs one real result; {name} returns a complex number",
        hint="Return its real part, its magnitude, ...; or ask for the jvp or vjp.",
    )


def _rebuild(
    primal: Callable[..., Any], argnums: Argnums, value: bool, has_aux: bool, options: Options
) -> Derivative:
    return Derivative(primal, argnums, value=value, has_aux=has_aux, options=options)


