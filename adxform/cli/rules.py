"""``adxform rules``: the primitives that can be differentiated, and how."""

from __future__ import annotations

import builtins
import difflib
import fnmatch
import inspect

import click
from rich.console import Console
from rich.table import Table

from adxform.core.ir import Const, Global, Operand, Primitive, Tuple
from adxform.errors import ArgumentError, Diagnostic
from adxform.rules.table import RULES, Formula, Rule, Statements

_INFIX = {
    "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**",
    "MatMult": "@", "BitAnd": "&", "BitOr": "|", "BitXor": "^", "LShift": "<<", "RShift": ">>",
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Is": "is",
    "IsNot": "is not", "In": "in", "NotIn": "not in",
}
_UNARY = {"USub": "-", "UAdd": "+", "Invert": "~", "Not": "not "}


@click.command()
@click.argument("pattern", required=False)
def rules(pattern: str | None) -> None:
    """List what can be differentiated: each function with its kind, whether it holds for complex
    numbers, and its derivative.

    PATTERN is a part of the name (sum), or a pattern with * (np.linalg.*).
    """
    rows = [row for row in map(_row, filter(_is_public, RULES.values())) if _fits(row[0], pattern)]
    if not rows:
        names = [rule.primitive.text for rule in RULES.values()]
        close = difflib.get_close_matches(pattern or "", names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else "Without it, all are listed."
        raise ArgumentError(Diagnostic(f"no rule fits {pattern!r}", hint=hint))
    console = Console()
    if console.is_terminal:
        console.print(_table(rows))
    else:
        width = min(max(len(name) for name, *_ in rows), 60)
        for name, kind, holds, derivative in rows:
            click.echo(f"{name:{width}}  {kind:11}  {holds:7}  {derivative}".rstrip())


def _table(rows: list[tuple[str, ...]]) -> Table:
    table = Table("primitive", "kind", "numbers", "derivative", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    return table


def _is_public(rule: Rule) -> bool:
    """Whether users can write it; the compiler has operations of its own."""
    primitive = rule.primitive
    if primitive.style != "call":
        return not primitive.augments
    said = primitive.style != "call" or primitive.name == primitive.text  # not printed as another
    return said and ("." in primitive.text or hasattr(builtins, primitive.text))


def _fits(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    head = name.partition("(")[0] or name
    if any(c in pattern for c in "*?["):
        return fnmatch.fnmatchcase(head, pattern)
    return pattern.removeprefix("numpy.").lower() in name.lower()


def _row(rule: Rule) -> tuple[str, ...]:
    derivative = "; ".join(f"{name}: {_text(formula)}" for name, formula in rule.pull.items())
    holds = "complex" if rule.holomorphic or rule.of_complex else ""
    return written(rule.primitive), rule.kind, holds, derivative


def _text(formula: Formula) -> str:
    """A formula as it stands in the table, or the first line of what a function says of itself."""
    if isinstance(formula, str):
        return " ".join(formula.split())
    function = formula.function if isinstance(formula, Statements) else formula
    first = (inspect.getdoc(function) or "").partition("\n")[0]
    return f"({first.rstrip('.')})" if first else "(by the operands' types)"


def written(primitive: Primitive) -> str:
    """A use of a primitive, as in its rule: ``np.sum(a, axis=None)``, ``x * y``, ``x.T``."""
    first, *rest = primitive.params or ("",)
    if primitive.style in ("infix", "compare"):
        return f"{first} {_INFIX.get(primitive.text, primitive.text)} {rest[0]}"
    if primitive.style == "unary":
        return f"{_UNARY.get(primitive.text, primitive.text)}{first}"
    if primitive.style == "subscript":
        return f"{first}[{rest[0]}]"
    if primitive.style == "attribute":
        return f"{first}.{primitive.text}"
    if primitive.style == "method":
        return f"{first}.{primitive.text}({_parameters(primitive, tuple(rest))})"
    return f"{primitive.text}({_parameters(primitive, primitive.params)})"


def _parameters(primitive: Primitive, names: tuple[str, ...]) -> str:
    defaults = dict(primitive.defaults)
    shown = []
    for name in names:
        if name in primitive.keyword_only and "*" not in shown and primitive.variadic is None:
            shown.append("*")
        star = "*" if name == primitive.variadic else ""
        default = f"={_value(defaults[name])}" if name in defaults else ""
        shown.append(f"{star}{name}{default}")
    return ", ".join(shown)


def _value(operand: Operand) -> str:
    if isinstance(operand, Const):
        return repr(operand.value)
    if isinstance(operand, Tuple):
        return f"({', '.join(map(_value, operand.items))})"
    return operand.text if isinstance(operand, Global) else "..."


