"""``adxform explain``: what decides the cost of a function's derivative, by the user's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from adxform.analysis.operations import TRIPS
from adxform.cli.facts import Call, Facts, Loop, Variable, facts_of
from adxform.cli.files import read_source
from adxform.cli.points import literal
from adxform.cli.recorded import Recorded
from adxform.cli.sizes import Extent, size
from adxform.cli.stages import chosen
from adxform.cli.target import Target, names, target
from adxform.core.types import ANY, Struct, Type
from adxform.errors import ArgumentError
from adxform.frontend.program import params_of
from adxform.frontend.scope import FileScope
from adxform.frontend.source import SourceFunction, parse_file
from adxform.signatures import type_of_argument
from adxform.transform.selection import find_function

Row = tuple[str, str]


@click.command()
@click.argument("function", metavar="FILE:FUNC", callback=target)
@click.option("--wrt", metavar="A,B", default="", callback=names,
              help="The parameters to differentiate in.")
@click.option("--at", "given", metavar="NAME=VALUE", multiple=True,
              help="An argument as a literal, for its type, e.g. x=1.5 or 'A=[[1, 2], [3, 4]]'; "
                   "lists become arrays of floats. Other types come from annotations.")
def explain(function: Target, wrt: tuple[str, ...], given: tuple[str, ...]) -> None:
    """Tell what a function's derivative by reverse mode costs, and why.

    Which variables are active, which loops are independent, what is recorded, which calls are
    split, which mode is the better one. FILE is read and never run.
    """
    file, name = function
    tree, text = parse_file(read_source(file).removeprefix("\ufeff"), file)
    node = find_function(tree, name, file)
    source = SourceFunction(node, text, FileScope(tree, text))
    core, wrt, types = chosen(tree, source, wrt, _types(source, given))
    facts = facts_of(tree, node, core, wrt, types)
    click.echo("\n".join(_told(name, file, facts)))
    unknown = [n for n, t in types.items() if t is ANY]
    if unknown:
        click.echo(f"The types of {_listed(unknown)} are not known here, as they are in a call of "
                   "grad: annotate, or give arguments with --at NAME=VALUE.")


def _types(source: SourceFunction, given: Iterable[str]) -> dict[str, Type]:
    """The types of arguments that are given as literals."""
    params = [p.name for p in params_of(source.node)]
    types = {n: type_of_argument(n, value) for n, value in map(literal, given)}
    for name, t in types.items():
        if name not in params:
            raise ArgumentError(f"there is no parameter {name}; there are {', '.join(params)}")
        if isinstance(t, Struct):
            raise ArgumentError(f"{name} cannot be given here: it is neither number nor array")
    return types


def _told(name: str, file: str, facts: Facts) -> Iterator[str]:
    yield f"{name}, differentiated in {_listed(facts.wrt)} by reverse mode"
    sections = {
        "variables": _variables(facts.variables),
        "loops": map(_loop, facts.loops),
        "recorded in loops": map(_tape, facts.tapes),
        "calls": map(_call, facts.calls),
    }
    for heading, rows in sections.items():
        table = [(where.replace(f"{file}:", "line "), what) for where, what in dict.fromkeys(rows)]
        if table:
            width = max(len(where) for where, _ in table)
            yield heading
            yield from (f"  {where:{width}}  {what}" for where, what in table)
    if facts.loops and not facts.tapes:
        yield "recorded in loops: nothing"
    yield f"mode: {_mode(facts)}"
    ratio = facts.derived / max(facts.own, 1)
    yield (f"cost: about {ratio:.1f} times the function, value included, if operations cost alike: "
           f"{facts.derived} to {facts.own}, with {TRIPS} iterations to a loop")


def _listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _variables(variables: list[Variable]) -> Iterator[Row]:
    active = [v for v in variables if not v.passive]
    if active:
        yield "active", ", ".join(map(_name, active))
    for reason in dict.fromkeys(v.passive for v in variables if v.passive):
        same = [_name(v) for v in variables if v.passive == reason]
        yield "not active", f"{', '.join(same)}: {reason}"


def _name(variable: Variable) -> str:
    return variable.name if variable.line is None else f"{variable.name} (line {variable.line})"


def _loop(loop: Loop) -> Row:
    verdict = {
        None: "no derivative passes through it",
        "": "independent: each iteration goes forward and at once back",
    }.get(loop.obstacle, f"not independent: {loop.obstacle}")
    return f"{loop.where.file}:{loop.where.line}", f"{loop.text}  {verdict}"


def _tape(tape: Recorded) -> Row:
    where = None if tape.loop is None else tape.loop.location
    shape = "" if not tape.shape else f"[{', '.join(map(str, tape.shape))}]"
    held = f"{'a list of ' if tape.listed else ''}{tape.dtype or 'values of unknown dtype'}{shape}"
    known = tape.bytes
    cost = "bytes known only when it runs" if known is None else f"{known} bytes an iteration"
    line = "" if where is None else f"{where.file}:{where.line}"
    return line, f"{tape.tape}: {tape.variable}, {held}, {cost}"


def _call(call: Call) -> Row:
    handed = f"hands over {_listed(call.handed) if call.handed else 'nothing'}"
    line = "" if call.where is None else f"{call.where.file}:{call.where.line}"
    if call.pull is None:
        return line, f"{call.text}  {call.record}, forward and at once back; {handed}"
    return line, f"{call.text}  {call.record} and {call.pull}; {handed}"


# The better mode


def _mode(facts: Facts) -> str:
    """Which mode takes fewer runs: forward one for each input, reverse one for each output."""
    inputs, outputs = _count(facts.inputs), _count(facts.outputs)
    runs = (f"forward takes {_runs(inputs, _listed(facts.wrt))}, "
            f"reverse {_runs(outputs, 'the result')}")
    if isinstance(inputs, int) and isinstance(outputs, int) and inputs != outputs:
        return f"{'forward' if inputs < outputs else 'reverse'}; {runs}"
    if inputs == 1:
        return f"{'either' if outputs == 1 else 'forward'}; {runs}"
    if outputs == 1:
        return f"reverse; {runs}"
    return f"the one with fewer runs; {runs}"


def _count(types: list[Type]) -> Extent | None:
    """How many numbers some values hold together."""
    sizes = [size(t) for t in types]
    known = [s for s in sizes if s is not None]
    if len(known) < len(sizes):
        return None
    number = sum(s for s in known if isinstance(s, int))
    named = [s for s in known if not isinstance(s, int)]
    return " + ".join([*named, *([str(number)] if number else [])]) if named else number


def _runs(count: Extent | None, of: str) -> str:
    if count is None:
        return f"one run for each number of {of}"
    return "one run" if count == 1 else f"{count} runs"
