"""Decorators that ask for a derivative: what ``@grad(argnums=1)`` says, from a file's text."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adxform.errors import ArgumentError, Diagnostic, UnsupportedError
from adxform.frontend.source import Text

# Decorators that leave what a function computes as it is.
HARMLESS = frozenset({
    "functools.cache", "functools.lru_cache", "numba.njit", "numba.jit", "jaxtyping.jaxtyped",
    "beartype.beartype", "typing.final", "typing.no_type_check", "staticmethod",
})
_ASKING = {"grad": False, "value_and_grad": True}


@dataclass(frozen=True, slots=True)
class Decoration:
    """``@grad(...)`` or ``@value_and_grad(...)``, with its arguments."""

    node: ast.expr
    name: str
    argnums: Any = 0
    has_aux: bool = False

    @property
    def value(self) -> bool:
        """Whether the value is returned beside the gradient."""
        return _ASKING[self.name]

    @property
    def single(self) -> bool:
        """Whether the gradient is returned by itself, not in a tuple."""
        return isinstance(self.argnums, int | str)


@dataclass(frozen=True, slots=True)
class Decorators:
    """Reads the decorators of a file's functions.

    ``dotted`` gives the canonical name of what an expression means in the file; ``star`` says that
    the file has all names of adxform.
    """

    dotted: Callable[[ast.expr], str | None]
    text: Text
    star: bool = False

    def asks(self, decorator: ast.expr) -> str | None:
        """``"grad"`` or ``"value_and_grad"`` where a decorator is that of adxform."""
        function = called(decorator)
        dotted = self.dotted(function)
        if dotted is None and self.star and isinstance(function, ast.Name):
            dotted = f"adxform.{function.id}"
        head, _, name = (dotted or "").rpartition(".")
        return name if head in ("adxform", "adxform.api") and name in _ASKING else None

    def harmless(self, decorator: ast.expr) -> bool:
        """Whether a decorator leaves what a function computes as it is."""
        return self.dotted(called(decorator)) in HARMLESS

    def decoration(self, node: ast.FunctionDef) -> Decoration | None:
        """What the decorators of a function ask of adxform, if anything.

        Raises
        ------
        UnsupportedError, ArgumentError
            If the arguments are not literals, or not those of ``grad``.
        """
        found = [(name, d) for d in node.decorator_list if (name := self.asks(d)) is not None]
        if not found:
            return None
        name, decorator = found[0]
        if len(found) > 1:
            raise UnsupportedError(Diagnostic(
                f"{node.name} is decorated twice: a derivative of a derivative",
                self.text.location(found[1][1]), "Give each its own function."))
        if not isinstance(decorator, ast.Call):
            return Decoration(decorator, name)
        given = dict(zip(("f", "argnums"), decorator.args, strict=False))
        given |= {keyword.arg or "**": keyword.value for keyword in decorator.keywords}
        unknown = given.keys() - {"f", "argnums", "has_aux"}
        function = given.pop("f", None)
        plain = function is None or (isinstance(function, ast.Constant) and function.value is None)
        if unknown or len(decorator.args) > 2 or not plain:
            raise ArgumentError(Diagnostic(
                f"{name} takes argnums= and has_aux= here", self.text.location(decorator)))
        literal = {key: self._literal(value) for key, value in given.items()}
        argnums = literal.get("argnums", 0)
        argnums = argnums if isinstance(argnums, int | str) else tuple(argnums)
        return Decoration(decorator, name, argnums, bool(literal.get("has_aux", False)))

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            raise UnsupportedError(Diagnostic(
                "this argument is not a literal, and the file is not run",
                self.text.location(node), "Write the numbers or names of the parameters here.",
            )) from None


def called(decorator: ast.expr) -> ast.expr:
    """What decorates: ``grad`` of ``@grad`` and of ``@grad(argnums=1)``."""
    return decorator.func if isinstance(decorator, ast.Call) else decorator
