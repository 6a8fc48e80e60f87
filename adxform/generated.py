"""Generated forward and reverse functions as callables, and as text."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from adxform.adapters import adapted
from adxform.arguments import (
    Argnums,
    resolve_argnums,
)
from adxform.binding import Binder
from adxform.compiler import (
    Compiled,
    Pair,
    Request,
    build,
    build_pair,
    derive,
    differentiable_params,
    plain_function,
)
from adxform.core.ir import Function
from adxform.core.pause import collection_paused
from adxform.core.types import Type
from adxform.emit.module import module_text
from adxform.errors import ArgumentError, UnsupportedError
from adxform.frontend.nesting import refusing_depth
from adxform.frontend.source import find_source
from adxform.guards import guarded
from adxform.optimizing import Observer
from adxform.options import Options
from adxform.parts import written_parts
from adxform.signatures import annotated_types, keys_of, type_of_argument
from adxform.specialised import Specialised, has_real_leaf, receivers, request_for
from adxform.structures import items_of, leaf_types, varies, with_containers


class Generated:
    """A generated forward or reverse function of its own, specialised when called.

    ``forward``: called with the arguments and a tangent for each differentiable one, returns
    (value, tangent); ``vector`` likewise, a last axis of each tangent being for several directions.
    ``reverse``: called with the arguments and, unless the result is a number, its
    cotangent; returns (value, cotangents).
    """

    def __init__(
        self, primal: Callable[..., Any], kind: str, options: Options | None = None
    ) -> None:
        self.primal = primal
        self.function = adapted(primal)
        self.kind = kind
        self.bind = Binder(self.function)
        self.bound = receivers(self.function)
        self.specialised = Specialised(self.function, options)
        self.refused: set[Any] = set()
        functools.update_wrapper(self, primal, updated=())
        self.__wrapped__ = self.function  # whose parameters are asked for: a partial shows more

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        names = [name for name, _ in self.bind.named]
        args = (*args, *(kwargs.pop(n) for n in names[len(args) :] if n in kwargs))
        count = len(names)
        if len(args) < count:
            raise ArgumentError(f"{self.__name__}: {count} arguments come first")  # type: ignore[attr-defined]
        bound = self.bound
        return self.compiled((*bound, *args[:count])).call(*bound, *args, **kwargs)

    def whole(self, args: Sequence[Any]) -> tuple[Any, ...]:
        """All arguments, defaults and a method's receiver included."""
        if len(args) != self.bind.complete:
            args = self.bind(args, {})
        return (*self.bound, *args)

    def placed(self, places: tuple[int, ...]) -> tuple[int, ...]:
        """Places of arguments among all, a method's receiver included."""
        return tuple([i + len(self.bound) for i in places]) if self.bound else places

    def compiled(self, args: Sequence[Any], places: tuple[int, ...] | None = None) -> Compiled:
        """The generated function for arguments of these types."""
        key = places, keys_of(args)
        made: Compiled = self.specialised.made(key, args, self._whole, args, places)
        return made

    def attempted(self, args: Sequence[Any], places: tuple[int, ...]) -> Compiled | None:
        """The generated function, or None where that is refused."""
        key = places, keys_of(args)
        if key in self.refused:
            return None
        try:
            return self.compiled(args, places)
        except UnsupportedError:
            self.refused.add(key)
            return None

    def pair(self, args: Sequence[Any], primals: Sequence[Any]) -> Pair:
        """The function for arguments of these types as a pair of record and pullback, in those of
        ``primals`` that can have a derivative: the arguments without receiver and defaults.
        """
        key = len(primals), keys_of(args)
        made: Pair = self.specialised.made(key, args, self._pair, args, primals)
        return made

    def _asked(
        self, args: Sequence[Any], places: tuple[int, ...] | None
    ) -> tuple[Function, Request, dict[str, Type]]:
        given = self.specialised.types(args)
        function = self.specialised.core(given)
        types = leaf_types(function, given)
        if places is None:
            places = tuple(i for i in range(len(args)) if has_real_leaf(function, i, types))
        return function, request_for(self.kind, function, places, types), types

    def _whole(self, args: Sequence[Any], places: tuple[int, ...] | None) -> Compiled:
        specialised = self.specialised
        made, known = derive(*self._asked(args, places), specialised.options)
        return build(made, known, specialised.namespace, specialised.options)

    def _pair(self, args: Sequence[Any], primals: Sequence[Any]) -> Pair:
        specialised = self.specialised
        places = tuple([i for i, primal in enumerate(primals) if varies(primal)])
        function, request, types = self._asked(args, self.placed(places))
        made = build_pair(
            function, request.wrt, types, specialised.namespace, specialised.options
        )
        made.places = places
        numbers = made.single and not made.narrow
        made.numbers = numbers and all(type(primal) is float for primal in primals)
        made.plain = all(items_of(primal) is None for primal in primals)
        return made

    @property
    def source(self) -> str:
        return self.specialised.last_text() or source_text(self.primal, self.kind)


@collection_paused
def source_text(
    primal: Callable[..., Any],
    mode: str = "reverse",
    argnums: Argnums | None = None,
    args: Sequence[Any] | None = None,
    observe: Observer | None = None,
) -> str:
    """The text of a generated function; types come from ``args``, else from annotations."""
    primal = adapted(primal)
    specialised = Specialised(primal)
    bound = receivers(primal)
    whole = None if args is None else (*bound, *Binder(primal)(args, {}))
    given = None if whole is None else specialised.types(whole)
    function = specialised.core(given)
    types = annotated_types(function) if given is None else leaf_types(function, given)
    for param, receiver in zip(function.params, bound, strict=False):
        types[param.name] = type_of_argument(param.name, receiver)
    if argnums is None:
        wrt = differentiable_params(function, types)
        count = len(function.given) or len(function.params)
        places = tuple(i for i in range(count) if set(function.leaves_of(i)) & set(wrt))
        request = request_for(mode, function, places, types)
    else:
        places = resolve_argnums(primal, argnums)
        request = request_for(mode, function, [i + len(bound) for i in places], types)
    with refusing_depth(*find_source(plain_function(specialised.root.primal))):
        made, known = derive(function, request, types, None, observe)
        made = with_containers(made)
        if given is not None:
            names = [p.name for p, _ in function.given] or [p.name for p in function.params]
            made = guarded(made, names, given)
        return module_text(written_parts(made, known), specialised.namespace)
