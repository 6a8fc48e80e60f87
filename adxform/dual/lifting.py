"""How a linear or multilinear function of arrays becomes one of dual numbers."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from adxform.dual.number import Dual, level_of

#: Keywords that make a linear function affine, for which it has no rule here.
AFFINE = frozenset({"initial", "constant_values", "end_values"})


def leaves(tree: Any) -> Iterator[Any]:
    """What lists, tuples and dicts, however nested, hold."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for branch in tree:
            yield from leaves(branch)
    else:
        yield tree


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same nest of lists, tuples and dicts with ``function`` of each leaf."""
    if isinstance(tree, dict):
        return {key: mapped(function, branch) for key, branch in tree.items()}
    if isinstance(tree, list | tuple):
        branches = [mapped(function, branch) for branch in tree]
        return branches if isinstance(tree, list) else tuple(branches)
    return function(tree)


def outermost(*trees: Any) -> Dual:
    """The first dual number of the highest level.

    Raises
    ------
    ValueError
        When another one of that level has other dual components.
    TypeError
        When there is none at all.

    """
    duals = [leaf for leaf in leaves(trees) if isinstance(leaf, Dual)]
    if not duals:
        raise TypeError("there is no Dual among the arguments")
    level = max(dual.level for dual in duals)
    lead, *others = [dual for dual in duals if dual.level == level]
    for other in others:
        lead.require_components(other)
    return lead


def primal(tree: Any, level: int) -> Any:
    """``tree`` with the value of each dual number of ``level``."""

    def value(leaf: Any) -> Any:
        return leaf._value if level_of(leaf) == level else leaf

    return mapped(value, tree)


def tangent(tree: Any, level: int, k: int) -> Any:
    """``tree`` with tangent ``k`` of each dual number of ``level``, and 0 for each constant."""

    def component(leaf: Any) -> Any:
        if level_of(leaf) == level:
            return leaf.tangents[k]
        return np.zeros_like(leaf) if isinstance(leaf, np.ndarray | np.generic | Dual) else 0.0

    return mapped(component, tree)


def assembled(lead: Dual, value: Any, tangents: list[Any]) -> Any:
    """The dual number, or the list or tuple of them, of a function's value and tangents."""
    if isinstance(value, list | tuple):
        items = [
            assembled(lead, item, [parts[i] for parts in tangents]) for i, item in enumerate(value)
        ]
        return items if isinstance(value, list) else tuple(items)
    return lead.like(value, tuple(tangents))


def apply_linear(
    function: Callable[..., Any], places: Collection[int | str] | None, args: Any, kwargs: Any
) -> Any:
    """Apply ``function`` to the value and to each tangent.

    Parameters
    ----------
    function
        Jointly linear in the arguments at ``places``.
    places
        Positions and keywords; None for every position.
    args, kwargs
        The arguments, with at least one dual number among them.

    Raises
    ------
    TypeError
        When a dual number is in another place, or a keyword makes the function affine.

    """
    lead = outermost(args, kwargs)
    level = lead.level
    if affine := AFFINE.intersection(kwargs):
        raise TypeError(f"{function.__name__} of a Dual takes no {min(affine)}=")
    linear = range(len(args)) if places is None else places
    arguments = [*enumerate(args), *kwargs.items()]
    for place, argument in arguments:
        if place not in linear and any(level_of(leaf) == level for leaf in leaves(argument)):
            raise TypeError(
                f"{function.__name__}: no rule for a Dual as argument {place!r}; "
                f"dual numbers go to {sorted(map(str, linear))}"
            )

    def of_tangent(k: int) -> Any:
        moved = [(p, tangent(a, level, k) if p in linear else a) for p, a in arguments]
        positional = [a for p, a in moved if isinstance(p, int)]
        return function(*positional, **{p: a for p, a in moved if isinstance(p, str)})

    value = function(*primal(args, level), **primal(kwargs, level))
    return assembled(lead, value, [of_tangent(k) for k in range(len(lead.tangents))])


def apply_multilinear(
    function: Callable[..., Any], places: Collection[int], args: Any, kwargs: Any
) -> Any:
    """Apply a function that is linear in each argument at ``places``, by the product rule.

    Raises
    ------
    TypeError
        When a dual number is in another place.

    """
    lead = outermost(args, kwargs)
    level = lead.level
    active = [i for i, argument in enumerate(args) if level_of(argument) == level]
    inside = sum(level_of(leaf) == level for leaf in leaves((args, kwargs)))
    if inside > len(active) or not set(active) <= set(places):
        raise TypeError(f"{function.__name__}: a Dual goes to the arguments {sorted(places)}")
    values = primal(args, level)

    def of_tangent(k: int) -> Any:
        terms = [
            function(*values[:i], args[i].tangents[k], *values[i + 1 :], **kwargs) for i in active
        ]
        return functools.reduce(operator.add, terms)

    tangents = [of_tangent(k) for k in range(len(lead.tangents))]
    return assembled(lead, function(*values, **kwargs), tangents)
