"""What lowering a function and those that it calls has in common: the functions met, signatures."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from adxform.core.ir import (
    Callee,
    Const,
    Global,
    Operand,
    Param,
)
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.source import SourceFunction

MIXED = Global("mixed")  # a variable that is a tuple on one path only: it may not be read


@dataclass
class Program:
    """The functions lowered so far, so that each is lowered once."""

    inline: bool = True
    callees: dict[int, Callee] = field(default_factory=dict)
    open: list[SourceFunction] = field(default_factory=list)
    origins: dict[int, SourceFunction] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    root: SourceFunction | None = None
    outer: dict[str, Any] = field(default_factory=dict)


def check_signature(source: SourceFunction) -> None:
    """Refuse parameters that collect others."""
    args = source.node.args
    for extra, stars in ((args.vararg, "*"), (args.kwarg, "**")):
        if extra is not None:
            raise UnsupportedError(
                Diagnostic(
                    f"{stars}{extra.arg} is not supported yet",
                    source.text.location(extra),
                    "Name the parameters.",
                )
            )


def params_of(source: SourceFunction) -> tuple[Param, ...]:
    """A function's parameters."""
    args = source.node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    pairs = [*zip(positional, [*defaults, *args.defaults], strict=True)]
    keyword = [*zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return tuple(
        Param(
            a.arg,
            None if d is None else _default(d),
            None if a.annotation is None else _annotation(a.annotation),
            i >= len(pairs),
        )
        for i, (a, d) in enumerate([*pairs, *keyword])
    )


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node)


def _default(node: ast.expr) -> Operand:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return Global(ast.unparse(node))
    if isinstance(value, int | float | complex | bool | str | None):
        return Const(value)
    return Global(ast.unparse(node), value)
