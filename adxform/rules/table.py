"""The rule table, and the declarations that fill it.

A formula is NumPy text over the primitive's own parameters, ``out`` (its result) and

``g``
    in an elementwise rule, the tangent or cotangent that the partial derivative multiplies;
    a formula without ``g`` is the partial derivative itself;
``out_bar``
    in a linear, bilinear or general rule, the cotangent of the result;
``da``
    in a general rule's tangent for parameter ``a``, its tangent;
``item``, ``index``
    for a parameter that takes a list of arrays, the array meant and its place in the list.

An index is said by itself as ``np.s_[:, i]``. Of a primitive with several results, ``out_bar`` is a
tuple, with None for a result that no cotangent came back from.

Formulas are about real numbers. Rules named by ``holomorphic`` hold for complex ones as they are,
and the compiler conjugates them; those named by ``of_complex`` have other formulas for them.

A formula may also be a function from the parameters' types to such text, to say it shorter where
ranks are known; or a function of ordinary NumPy statements marked by ``@statements``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adxform.core.ir import Primitive
from adxform.core.types import Type
from adxform.rules.infer import elementwise as broadcast_result
from adxform.rules.patterns import read_pattern


@dataclass(frozen=True, slots=True)
class Statements:
    """A formula of several statements: the function whose body says it."""

    function: Callable[..., Any]


Formula = str | Callable[..., str] | Statements


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """What is known of a primitive's derivative.

    ``pull`` maps a parameter to the formula of its cotangent, ``push`` to that of the part of
    the result's tangent that it causes. ``linear_in`` names parameters that the primitive is
    jointly linear in: their tangent is the primitive itself, applied to tangents.

    A ``holomorphic`` rule holds for complex numbers as it is; one with formulas ``of_complex`` has
    others for them (a cotangent ``a=`` and a tangent ``da=``). Any other is refused there.
    """

    primitive: Primitive
    kind: str
    pull: dict[str, Formula] = field(default_factory=dict)
    push: dict[str, Formula] = field(default_factory=dict)
    linear_in: tuple[str, ...] = ()
    broadcasts: bool = False
    sample: Any = None
    holomorphic: bool = False
    of_complex: dict[str, Formula] = field(default_factory=dict)

    @property
    def holds_for_complex(self) -> bool:
        """Whether it says what the derivative is where a number is complex."""
        return self.holomorphic or bool(self.of_complex) or not self.pull

    @property
    def by_element(self) -> bool:
        """Whether it broadcasts its operands, and computes each element by itself."""
        return self.broadcasts or self.kind == "elementwise"


RULES: dict[str, Rule] = {}
Lowering = Callable[..., str | None]
LOWERINGS: dict[str, Lowering] = {}


def statements(function: Callable[..., Any]) -> Statements:
    """Mark a function whose body, plain NumPy statements and a return, is a formula."""
    return Statements(function)


def inactive(
    *patterns: str, infer: Callable[..., Type] | None = None, sample: Any = None, **properties: Any
) -> None:
    """Primitives whose result carries no derivative: integers, booleans, shapes, steps."""
    for pattern in patterns:
        _add(pattern, "inactive", infer=infer, sample=sample, **properties)


def elementwise(
    pattern: str,
    *,
    sample: Any = None,
    infer: Any = None,
    broadcasts: bool = True,
    **partials: Formula,
) -> None:
    """A primitive that acts on corresponding elements and broadcasts its operands."""
    primitive = read_pattern(pattern)
    operands = len(primitive.params) - len(primitive.defaults)
    _add(
        pattern,
        "elementwise",
        infer=infer or broadcast_result,
        partials=partials,
        broadcasts=broadcasts and max(len(partials), operands) > 1,
        sample=sample,
    )


def linear(
    pattern: str,
    *,
    infer: Callable[..., Type] | None = None,
    sample: Any = None,
    fresh: bool = True,
    cheap: bool = False,
    broadcasts: bool = False,
    name: str | None = None,
    **transposes: Formula,
) -> None:
    """A primitive jointly linear in the parameters named; each formula is a transpose.

    One that is printed as another one is has a ``name`` of its own.
    """
    own: dict[str, Any] = {} if name is None else {"name": name}
    _add(
        pattern,
        "linear",
        **own,
        infer=infer,
        pull=transposes,
        linear_in=tuple(transposes),
        broadcasts=broadcasts,
        sample=sample,
        fresh=fresh,
        cheap=cheap,
    )


def bilinear(
    pattern: str,
    *,
    infer: Callable[..., Type] | None = None,
    sample: Any = None,
    broadcasts: bool = False,
    fresh: bool = True,
    **transposes: Formula,
) -> None:
    """A primitive linear in each of its parameters by itself, such as a product."""
    _add(pattern, "bilinear", infer=infer, pull=transposes, broadcasts=broadcasts, sample=sample,
         fresh=fresh)


def general(
    pattern: str,
    *,
    infer: Callable[..., Type] | None = None,
    sample: Any = None,
    fresh: bool = True,
    **formulas: Formula,
) -> None:
    """A primitive whose cotangents (``a=``) and tangents (``da=``) are both given."""
    primitive = read_pattern(pattern, infer=infer, fresh=fresh)
    pull = {name: f for name, f in formulas.items() if name in primitive.params}
    push = {name[1:]: f for name, f in formulas.items() if name not in primitive.params}
    if pull.keys() != push.keys():
        raise ValueError(f"{pattern}: give a cotangent and a tangent for each of {set(pull)}")
    _insert(Rule(primitive, "general", pull, push, sample=sample))


def alias(pattern: str, like: str, **properties: Any) -> None:
    """Another spelling of a primitive: ``alias("np.abs(x)", "np.absolute")``, same parameters."""
    model = RULES[like]
    old = model.primitive
    shared = {"infer": old.infer, "fresh": old.fresh, "cheap": old.cheap} | properties
    primitive = read_pattern(pattern, **shared)
    if primitive.params != old.params:
        raise ValueError(f"{pattern}: the parameters of {like} are {', '.join(old.params)}")
    _insert(replace(model, primitive=primitive))


def holomorphic(*names: str) -> None:
    """Rules that hold for complex numbers as they are: each is differentiable in the complex sense
    in its operands. A linear one has real coefficients.
    """
    for name in names:
        RULES[name] = replace(RULES[name], holomorphic=True)


def of_complex(*names: str, **formulas: Formula) -> None:
    """Other formulas of some rules, for complex numbers: cotangents ``a=`` in which nothing is to
    be conjugated any more, and tangents ``da=`` unless the rule is linear.
    """
    for name in names:
        RULES[name] = replace(RULES[name], of_complex=formulas)


def lowers(name: str) -> Callable[[Lowering], Lowering]:
    """Mark how a helper is said in plain NumPy, from its parameters' types.

    The function gives a formula, or None where the types do not tell.
    """

    def mark(lowering: Lowering) -> Lowering:
        LOWERINGS[name] = lowering
        return lowering

    return mark


def insert_composed(
    primitive: Primitive, formula: Formula, of: tuple[str, ...], sample: Any
) -> None:
    """A primitive that others say (see ``composition``)."""
    unknown = set(of) - set(primitive.params)
    if unknown:
        raise ValueError(f"{primitive.name}: no parameter {', '.join(sorted(unknown))}")
    _insert(Rule(primitive, "composed", dict.fromkeys(of, formula), sample=sample))


def _add(
    pattern: str,
    kind: str,
    *,
    partials: dict[str, Formula] | None = None,
    pull: dict[str, Formula] | None = None,
    linear_in: tuple[str, ...] = (),
    broadcasts: bool = False,
    sample: Any = None,
    **properties: Any,
) -> None:
    primitive = read_pattern(pattern, **properties)
    formulas = partials or pull or {}
    unknown = set(formulas) - set(primitive.params)
    if unknown:
        raise ValueError(f"{pattern}: no parameter {', '.join(sorted(unknown))}")
    push = formulas if kind == "elementwise" else {}
    _insert(Rule(primitive, kind, formulas, push, linear_in, broadcasts, sample))


def _insert(rule: Rule) -> None:
    if rule.primitive.name in RULES:
        raise ValueError(f"two rules for {rule.primitive.name}")
    RULES[rule.primitive.name] = rule
