"""The derivatives of a file's functions in Core, with names that fit into the file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from adxform.analysis.types import Types, infer
from adxform.compiler import Part, deriving, differentiable_params
from adxform.core.builder import type_of
from adxform.core.calls import giving_leaves, reachable_callees, takes_and_gives_leaves
from adxform.core.ir import Callee, Const, Function, Operand, Tuple, leaves
from adxform.core.types import Array, Scalar, differentiable
from adxform.errors import AdxformError, ArgumentError, Diagnostic, UnsupportedError
from adxform.frontend.decorators import Decoration
from adxform.frontend.lower import lower
from adxform.frontend.program import Program, params_of
from adxform.frontend.scope import FileScope
from adxform.frontend.source import SourceFunction, Text
from adxform.pipeline import Derivation
from adxform.signatures import annotated_params, annotated_types
from adxform.transform.selection import Chosen, places

MODULES = frozenset({"np", "np.linalg", "math", "scipy", "scipy.special", "scipy.linalg"})
_NEEDED = ("np", "math")


def module_spellings(scope: FileScope) -> dict[str, str]:
    """How a file spells the modules that derivatives may need: ``{"np": "xp", ...}``.

    Raises
    ------
    UnsupportedError
        If ``np`` or ``math`` is something else in it.
    """
    found: dict[str, str] = {}
    for name in scope.bindings:
        meaning = scope.lookup(name)
        if meaning is not None and meaning.dotted in MODULES:
            found.setdefault(meaning.dotted, name)
        elif name in _NEEDED:
            raise UnsupportedError(Diagnostic(
                f"{name} is something else than the module in {scope.text.file}",
                hint="Give it another name: derivatives call the module so."))
    return {**{name: name for name in _NEEDED}, **found}


@dataclass
class Made:
    """What was generated for a chosen function: derivative functions, or what replaces it."""

    chosen: Chosen
    function: Function
    roots: list[Part]


class Generator:
    """Differentiates functions of one file; what their derivatives share is made once.

    ``present`` maps the names that calls of users' functions have in Core to those that they have
    in the file, which may be dotted.
    """

    def __init__(self, scope: FileScope, text: Text, taken: Iterable[str]) -> None:
        self.scope = scope
        self.text = text
        self.spellings = module_spellings(scope)
        self.program = deriving(Program())
        self.derivation = Derivation(names=set(taken))
        self.program.names = self.derivation.names
        self.present: dict[str, str] = {}
        self.named: set[int] = set()
        self.parts_called: dict[str, Callee] = {}

    # --- functions of the user's ----------------------------------------------------------------

    def lowered(self, node: ast.FunctionDef) -> Function:
        """A function of the file in Core."""
        self.program.spelled = dict(self.spellings)
        source = SourceFunction(node, self.text, self.scope)
        types = annotated_params(params_of(source.node))
        function = self._fitting(lower(source, self.program, types))
        for key, callee in self.program.callees.items():
            if key not in self.named:
                self.named.add(key)
                self._name(callee, self.program.origins[key])
        return function

    def _fitting(self, function: Function) -> Function:
        """A function spelled so that its names mean in this file what they mean in its own."""
        kept = {c: s for c, s in function.spellings.items() if self._means(s) == c}
        return replace(function, spellings={**kept, **self.spellings})

    def _means(self, spelled: str) -> str | None:
        head, *rest = spelled.split(".")
        meaning = self.scope.lookup(head)
        for name in rest:
            meaning = None if meaning is None else self.scope.attribute(meaning, name)
        return None if meaning is None else meaning.dotted

    def _name(self, callee: Callee, source: SourceFunction) -> None:
        """Call a user's function by its name in this file, or else define it here."""
        assert callee.function is not None
        callee.function = self._fitting(callee.function)
        plain = takes_and_gives_leaves(callee.function)
        found = next(self._names_of(source), None) if plain else None
        if found is None or "." in found:
            callee.name = self.derivation.unique(source.name)
        else:
            callee.name = found
        if found is not None:
            self.present[callee.name] = found

    def _names_of(self, source: SourceFunction) -> Iterator[str]:
        for name in self.scope.bindings:
            meaning = self.scope.lookup(name)
            if meaning is None:
                continue
            if meaning.function is not None and meaning.function.node is source.node:
                yield name
            elif meaning.dotted is not None and meaning.function is None:
                inner = self.scope.attribute(meaning, source.name)
                if inner is not None and inner.function is not None and (
                    inner.function.node is source.node
                ):
                    yield f"{name}.{source.name}"

    # --- derivatives ----------------------------------------------------------------------------

    def made(self, chosen: Chosen, mode: str, named: tuple[str, ...]) -> Made | None:
        """The derivatives of a chosen function; None if it has none and nobody asked for it.

        Raises
        ------
        AdxformError
            For all that stands in the way.
        """
        function = self.lowered(chosen.node)
        types = annotated_types(function)
        wrt = self._wrt(chosen, function, types, named)
        if not wrt or not self._has_derivative(function, types):
            if not chosen.explicit:
                return None
            what = "no parameter" if not wrt else "no result"
            raise self._error(function, f"{chosen.name} has {what} that can have a derivative")
        for name in wrt:
            if not differentiable(types[name]):
                raise self._error(function, f"{name} of {chosen.name} can have no derivative: it "
                                            "is no floating-point number or array of them")
        if chosen.decoration is not None:
            return Made(chosen, function, [self.gradient(chosen, function, wrt)])
        return Made(chosen, function, self.derivatives(function, wrt, mode))

    def _wrt(
        self, chosen: Chosen, function: Function, types: Types, named: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The parameters to differentiate a chosen function in."""
        names = [p.name for p in function.params]
        decoration = chosen.decoration
        if decoration is not None:
            found = places(chosen.node, decoration.argnums, self.text, decoration.node)
            if chosen.is_method and decoration.argnums == 0 and len(names) > 1:
                found = (1,)  # the receiver cannot be meant
            if chosen.is_method and 0 in found:
                raise ArgumentError(Diagnostic(
                    f"parameter 0 is {names[0]}, which has no derivative",
                    self.text.location(decoration.node),
                    f"Say which one is meant: @{decoration.name}(argnums=1)."))
            return tuple(names[i] for i in found)
        if named:
            return tuple(name for name in named if name in names)
        return differentiable_params(function, types)

    def _has_derivative(self, function: Function, types: Types) -> bool:
        known = infer(function, types)
        return any(
            differentiable(type_of(leaf, known)) and not isinstance(leaf, Const)
            for leaf in leaves(function.result)
        )

    def derivatives(self, function: Function, wrt: tuple[str, ...], mode: str) -> list[Part]:
        """The forward function, the reverse function, or both."""
        types = annotated_types(function)
        made = []
        if mode in ("forward", "both"):
            made.append(self.derivation.forward(function, wrt, types))
        if mode in ("reverse", "both"):
            made.append(self.derivation.reverse(function, wrt, types))
        return made

    def gradient(self, chosen: Chosen, function: Function, wrt: tuple[str, ...]) -> Part:
        """A function that gives what the decorated one gave, to take its place."""
        decoration = chosen.decoration
        assert decoration is not None
        outputs = self._outputs(function, decoration)
        made, types = self.derivation.reverse(
            function, wrt, annotated_types(function), outputs, unit=True
        )
        self._check_output(function, outputs, types)
        result = _arranged(made.result, decoration)
        params = function.params
        made = replace(made, name=function.name, result=result, params=params, doc=None)
        return self.derivation.optimized(made, types), types

    def _outputs(self, function: Function, decoration: Decoration) -> list[Operand]:
        if not decoration.has_aux:
            return leaves(function.result)
        if not isinstance(function.result, Tuple) or len(function.result.items) != 2:
            raise self._error(function, "with has_aux=True it must return (value, aux)")
        return leaves(function.result.items[0])

    def _check_output(self, function: Function, outputs: list[Operand], types: Types) -> None:
        """One number, as far as types tell."""
        asked = "grad needs one real result"
        if len(outputs) != 1:
            raise self._error(function, f"{asked}; {function.name} returns {len(outputs)} values")
        known = type_of(outputs[0], types)
        if isinstance(known, Array) and known.dims not in (None, ()):
            rank = len(known.dims or ())
            raise self._error(function, f"{asked}; {function.name} returns an array of rank {rank}")
        if isinstance(known, Scalar) and not differentiable(known):
            raise self._error(function, f"{asked}; {function.name} returns {known.dtype}")

    def _error(self, function: Function, reason: str) -> AdxformError:
        where = function.origin.location if function.origin else None
        return ArgumentError(Diagnostic(reason, where))

    def parts(self, root: Part) -> list[Part]:
        """What must be defined for a generated function, each after what it calls."""
        found: list[Part] = []
        for callee in reachable_callees(root[0], self._defined):
            inner = callee.function
            if callee.name == root[0].name:
                continue
            if inner is not None and not self._defined(callee):
                named = replace(giving_leaves(inner), name=callee.name)
                self.parts_called[callee.name] = callee
                found.append((named, callee.types or infer(named, {})))
        return [*found, root]

    def _defined(self, callee: Callee) -> bool:
        """Whether the file defines a function that is called."""
        return callee.name in self.present


def _arranged(result: Operand, decoration: Decoration) -> Operand:
    """``(value, gradient)``, ``gradient``, or these with the auxiliary result beside them."""
    assert isinstance(result, Tuple)
    value, bars = result.items
    if not decoration.single and len(decoration.argnums) == 1:
        bars = Tuple((bars,))
    if decoration.value:
        return Tuple((value, bars))
    if decoration.has_aux:
        assert isinstance(value, Tuple)
        return Tuple((bars, value.items[1]))
    return bars
