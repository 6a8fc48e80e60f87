"""Calls of the methods of SciPy's distributions, read as plain functions (see ``densities``)."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN, Const, Global, Operand, Tuple
from adxform.core.types import Array, Scalar
from adxform.frontend import densities
from adxform.frontend.arguments import Keywords
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.frontend.libraries import Libraries
from adxform.frontend.scope import readable
from adxform.frontend.source import SourceFunction
from adxform.frontend.spellings import find_object

# What each method gives below and above the support.
_CONTINUOUS: dict[str, tuple[float, ...]] = {
    "pdf": (0.0, 0.0), "logpdf": (-np.inf, -np.inf), "cdf": (0.0, 1.0), "sf": (1.0, 0.0),
    "logcdf": (-np.inf, 0.0), "logsf": (0.0, -np.inf), "ppf": (), "isf": (),
}
SEVERAL = ("multivariate_normal", "dirichlet")
_DISCRETE = {"pmf": (0.0,), "logpmf": (-np.inf,)}


def method_of(owner: Any, inner: Any) -> str | None:
    """The name of a distribution's method that SciPy defines for all of them."""
    stats = sys.modules.get("scipy.stats")
    name = getattr(inner, "__name__", "")
    if stats is None:
        return None
    for kind, names in ((stats.rv_continuous, _CONTINUOUS), (stats.rv_discrete, _DISCRETE)):
        if isinstance(owner, kind) and name in names and inner is getattr(kind, name):
            return name
    return None


def of_several(owner: Any, method: str) -> Any:
    """What is read for a method of a distribution of several variables."""
    stats = sys.modules.get("scipy.stats")
    names = [n for n in SEVERAL if owner is not None and owner is getattr(stats, n, None)]
    found = EQUIVALENTS.get(f"scipy.stats.{names[0]}.{method}") if names else None
    return None if found is None else found.function


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    """A distribution with its parameters given: ``stats.norm(m, s)``."""

    owner: Any
    args: tuple[Operand, ...]
    keywords: Keywords


class Distributions(Libraries):
    """Reads calls of distributions' methods."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        method = self._method_called(node)
        if method is not None:
            return self.user_call(node, *method, base)
        frozen = self._frozen(node)
        if frozen is not None:
            return self._function_value(node, base, frozen)
        return super().on_Call(node, base)

    def _method_called(
        self, node: ast.Call
    ) -> tuple[SourceFunction, tuple[Operand, ...], Keywords] | None:
        """A method of a distribution that is given parameters, or that is known by its name alone,
        and its arguments.
        """
        if not isinstance(node.func, ast.Attribute):
            return None
        frozen = self._frozen(node.func.value)
        owner = self._distribution(node.func.value) if frozen is None else frozen.owner
        several = of_several(owner, node.func.attr)
        method: Any = None if owner is None else getattr(type(owner), node.func.attr, None)
        if several is None and (owner is None or method_of(owner, method) is None):
            return None
        read = readable(several or method)
        args, keywords = self.arguments(node)
        given = args if several is not None else (Global(owner.name, owner), *args)
        if frozen is None:
            return read, given, keywords
        return read, (*given, *frozen.args), {**keywords, **frozen.keywords}

    def _frozen(self, node: ast.expr) -> Frozen | None:
        """The distribution with parameters that an expression means."""
        if not isinstance(node, ast.Call):
            known = self.static(node)
            return known if isinstance(known, Frozen) else None
        owner = self._distribution(node.func)
        return None if owner is None else Frozen(owner, *self.arguments(node))

    def _distribution(self, node: ast.expr) -> Any:
        """The distribution that an expression means, or None."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        found = self._outside(node)
        meaning = self.meaning(node) if found is UNKNOWN else None
        if meaning is not None and (meaning.dotted or "").startswith("scipy.stats."):
            found = find_object(meaning.dotted or "")
        stats = sys.modules.get("scipy.stats")
        if stats is None:
            return None
        known = isinstance(found, stats.rv_continuous | stats.rv_discrete)
        return found if known or any(found is getattr(stats, n, None) for n in SEVERAL) else None

    def user_call(
        self,
        node: ast.Call,
        function: SourceFunction,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        owner = self.known_value(args[0]) if args else None
        name = method_of(owner, function.live)
        if name is None:
            return super().user_call(node, function, args, keywords, base)
        point, loc, scale, shapes = self._parameters(owner, node, args, keywords)
        valid = self._valid(owner, node, None if name == "logpdf" else scale, shapes)
        if name in ("ppf", "isf"):
            return self._quantile(owner, name, node, valid, point, loc, scale, shapes, base)
        z = point if loc is None else self.emit("op.Sub", point, loc, base="z")
        z = z if scale is None else self.emit("op.Div", z, scale, base="z")
        if scale is None or "pdf" not in name:
            return self._standard(owner, name, node, valid, z, shapes, base)
        value = self._standard(owner, name, node, valid, z, shapes, None)
        if name == "logpdf":
            return self.emit("op.Sub", value, self.emit("np.log", scale), base=base)
        return self.emit("op.Div", value, scale, base=base)

    def _quantile(
        self, owner: Any, name: str, node: ast.Call, valid: Operand, q: Operand,
        loc: Operand | None, scale: Operand | None, shapes: list[Operand], base: str | None,
    ) -> Operand:
        plain = densities.quantile_at_number if self._are_numbers(valid, q, *shapes) else (
            densities.quantile_at_array
        )
        low, high, _ = self._support(owner, node, shapes)
        ends = (low, high) if name == "ppf" else (high, low)
        whole = base if loc is None and scale is None else None
        z = self._by_reading(plain, owner, name, node, (valid, q, *ends, *shapes), whole)
        if loc is None:
            return z if scale is None else self.emit("op.Mult", z, scale, base=base)
        z = z if scale is None else self.emit("op.Mult", z, scale, base="z")
        return self.emit("op.Add", z, loc, base=base)

    def _standard(
        self, owner: Any, name: str, node: ast.Call, valid: Operand, z: Operand,
        shapes: list[Operand], base: str | None,
    ) -> Operand:
        """A method of the standard distribution, where it may be outside the support."""
        outside = tuple(map(Const, {**_CONTINUOUS, **_DISCRETE}[name]))
        low, high, middle = self._support(owner, node, shapes)
        if name in _DISCRETE:
            given = (valid, z, low, high, *outside, *shapes)
            return self._by_reading(densities.probability, owner, name, node, given, base)
        if not shapes and (low, high) == (Const(-np.inf), Const(np.inf)):
            return self._everywhere(owner, name, node, valid, z, base)
        plain = densities.at_number if self._are_numbers(valid, z, *shapes) else densities.at_array
        closed = Const("pdf" in name)
        given = (closed, valid, z, low, high, middle, *outside, *shapes)
        return self._by_reading(plain, owner, name, node, given, base)

    def _everywhere(
        self, owner: Any, name: str, node: ast.Call, valid: Operand, z: Operand, base: str | None
    ) -> Operand:
        """A method of a distribution on the whole line, whose scale alone may be invalid."""
        function = readable(getattr(type(owner), f"_{name}"))
        value = super().user_call(node, function, (Global(owner.name, owner), z), {}, base)
        if valid == Const(True):
            return value
        if self._are_numbers(valid, z):
            return self._by_reading(densities.where_valid, owner, name, node, (value, valid), base)
        return self.emit("np.where", valid, value, Const(np.nan), base=base)

    def _by_reading(
        self, plain: Any, owner: Any, name: str, node: ast.Call, given: tuple[Operand, ...],
        base: str | None,
    ) -> Operand:
        read, f = readable(plain), getattr(type(owner), f"_{name}")
        start = Global(owner.name, owner), Global(f.__name__, f)
        return super().user_call(node, read, (*start, *given), {}, base)

    def _are_numbers(self, *operands: Operand) -> bool:
        kinds = [self.builder.type_of(a) for a in operands if a != Const(True)]
        return all(isinstance(kind, Scalar) for kind in kinds)

    def _parameters(
        self, owner: Any, node: ast.Call, args: tuple[Operand, ...], keywords: Keywords
    ) -> tuple[Operand, Operand | None, Operand | None, list[Operand]]:
        """The point, location and scale if they are given, and the shape parameters."""
        first = "k" if hasattr(owner, "pmf") else "x"
        given = dict(keywords)
        rest = args[1:] if len(args) > 1 else (given.pop(first, None) or given.pop("q", None),)
        signature = inspect.signature(owner._parse_args)
        try:
            bound = signature.bind(*rest[1:], **given).arguments
        except TypeError as error:
            raise self.unsupported(f"{ast.unparse(node.func)}: {error}", node) from None
        if rest[0] is None:
            raise self.unsupported(f"{ast.unparse(node.func)} is given no point", node)
        shapes = [bound[name] for name in signature.parameters if name not in ("loc", "scale")]
        return self._double(rest[0]), bound.get("loc"), bound.get("scale"), shapes

    def _double(self, point: Operand) -> Operand:
        """A point in double precision, as SciPy takes all."""
        known = self.builder.type_of(point)
        if isinstance(known, Array | Scalar) and known.dtype == "float64":
            return point
        return self.emit("np.asarray", point, Const("float64"))

    def _valid(
        self, owner: Any, node: ast.Call, scale: Operand | None, shapes: list[Operand]
    ) -> Operand:
        """Whether the parameters are: shapes as the distribution asks, the scale positive."""
        tests: list[Operand] = []
        if not _is_plain(owner, "_argcheck"):
            check = readable(type(owner)._argcheck)
            given = (Global(owner.name, owner), *shapes)
            tests.append(super().user_call(node, check, given, {}, None))
            shapes = []
        positive = [*shapes, *([] if scale is None else [scale])]
        tests.extend(self.emit("op.Gt", a, Const(0)) for a in positive)
        if not tests:
            return Const(True)
        return functools.reduce(lambda a, b: self.emit("op.BitAnd", a, b, base="valid"), tests)

    def _support(
        self, owner: Any, node: ast.Call, shapes: list[Operand]
    ) -> tuple[Operand, Operand, Operand]:
        """The ends of the support, and a point inside."""
        if _is_plain(owner, "_get_support"):
            low, high = float(owner.a), float(owner.b)
            return Const(low), Const(high), Const(_between(low, high))
        read = readable(type(owner)._get_support)
        ends = super().user_call(node, read, (Global(owner.name, owner), *shapes), {}, None)
        if not isinstance(ends, Tuple):
            raise self.unsupported(f"the support of {owner.name} is not known", node)
        low_end, high_end = ends.items
        middle = self.emit("op.Add", low_end, high_end)
        return low_end, high_end, self.emit("op.Mult", Const(0.5), middle)


def _is_plain(owner: Any, name: str) -> bool:
    """Whether a distribution has a method as all have it."""
    stats = sys.modules["scipy.stats"]
    kind = stats.rv_continuous if isinstance(owner, stats.rv_continuous) else stats.rv_discrete
    return getattr(type(owner), name) is getattr(kind, name)


def _between(low: float, high: float) -> float:
    if np.isinf(low):
        return 0.0 if np.isinf(high) else high - 1.0
    return low + 1.0 if np.isinf(high) else (low + high) / 2
