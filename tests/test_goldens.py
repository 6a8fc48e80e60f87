"""Golden cases: what is generated for a function, word for word, and that it is right.

Each file of ``goldens/`` is one case. Its first lines say what it proves, then the request:

``# mode:``    reverse (which is what no such line means), forward, or both
``# wrt:``     the parameters to differentiate in; all that can have a derivative without it
``# stage:``   a stage of ``adxform show`` in the place of the text that ``adxform transform`` adds
``# file:``    a file of the repository that holds the function, in the place of one given here
``# function:`` which function, if not the last one
``# absent:``  words that the generated text must not have
``# at:``      arguments to compare derivatives at; one such line for each point

Then come the source, a line ``# output`` and the generated text. The source is not run to generate.
``BLESS=1 pytest tests/test_goldens.py`` writes the outputs anew.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adxform.cli.stages import at_stage
from adxform.differences import directional
from adxform.emit.printer import to_source
from adxform.transform import transform
from adxform.transform.splice import Page, is_derived

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).resolve().parent / "goldens"
PATHS = sorted(FOLDER.glob("*.py"))
OUTPUT = "\n# output\n"
REQUEST = re.compile(r"# (mode|wrt|stage|file|function|absent|at): (.*)")


@dataclass(frozen=True)
class Case:
    """A golden case: the request, the source and the output as they stand in its file."""

    path: Path
    request: dict[str, list[str]]
    source: str
    output: str

    def asked(self, what: str, default: str = "") -> str:
        return self.request.get(what, [default])[0]

    def several(self, what: str) -> tuple[str, ...]:
        return tuple(name for name in self.asked(what).replace(",", " ").split())

    @property
    def function(self) -> str:
        """The function that is differentiated."""
        named = self.asked("function")
        tops = [s.name for s in ast.parse(self.source).body if isinstance(s, ast.FunctionDef)]
        return named or tops[-1]

    @property
    def points(self) -> list[list[Any]]:
        return [list(eval(f"({at},)", {"np": np})) for at in self.request.get("at", [])]


@cache
def case_of(path: Path) -> Case:
    """Read a case from its file."""
    text = path.read_text()
    above, _, output = text.partition(OUTPUT)
    header, _, source = above.partition("\n\n")
    request: dict[str, list[str]] = {}
    for line in header.splitlines():
        assert line.startswith("#"), f"{path.name}: the header ends with an empty line"
        if found := REQUEST.fullmatch(line):
            request.setdefault(found[1], []).append(found[2])
    if "file" in request:
        source = (ROOT / request["file"][0]).read_text()
    return Case(path, request, source.lstrip("\n"), output.lstrip("\n"))


def generated(case: Case, mode: str | None = None) -> str:
    """What the case asks for, made now; its source is not run."""
    mode, wrt = mode or case.asked("mode", "reverse"), case.several("wrt")
    if stage := case.asked("stage"):
        return at_stage(case.source, case.path.name, case.function, stage, mode, wrt)
    made = transform(case.source, str(ROOT / case.asked("file", case.path.name)),
                     functions=(case.function,), mode=mode, wrt=wrt)
    return added(made.text, case.source)


def added(text: str, source: str) -> str:
    """The statements of a transformed file that a run has added: imports, then definitions."""
    page, present = Page(text), {ast.dump(s) for s in ast.parse(source).body}
    tops = ast.parse(text).body
    imports = [s for s in tops
               if isinstance(s, ast.Import | ast.ImportFrom) and ast.dump(s) not in present]
    definitions = [s for s in tops if is_derived(page, s)]
    shown = [*("\n".join(map(_text(page), imports)) for _ in imports[:1]),
             *map(_text(page), definitions)]
    return "\n\n\n".join(shown) + "\n"


def _text(page: Page) -> Callable[[ast.stmt], str]:
    return lambda node: page.text[page.start(node) : page.end(node)]


def blessed(path: Path) -> None:
    """Write the output of a case anew."""
    above, _, _ = path.read_text().rstrip("\n").partition(OUTPUT)
    before = above.rstrip("\n").removesuffix("\n# output")
    path.write_text(f"{before}\n\n{OUTPUT}\n{generated(case_of(path))}")
    case_of.cache_clear()


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> Case:
    """One golden case, blessed first where that is asked for."""
    if os.environ.get("BLESS"):
        blessed(request.param)
    return case_of(request.param)


def test_it_is_generated_word_for_word(case: Case) -> None:
    assert generated(case) == case.output


def test_what_must_be_absent_is_absent(case: Case) -> None:
    for word in case.several("absent"):
        assert word not in case.output


def test_it_is_read_and_printed_again_unchanged(case: Case) -> None:
    assert to_source(ast.parse(case.output)) == _without_comments(case.output)


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True)
                   if not line.lstrip().startswith("#"))


# Derivatives


def run(text: str, scope: dict[str, Any]) -> dict[str, Any]:
    """What a text defines; its annotations are only text. It can be read, for ``grad`` inside."""
    found = dict(scope)
    flags, name = annotations.compiler_flag, f"<golden {hash(text)}>"
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    exec(compile(text, name, "exec", flags, dont_inherit=True), found)
    return found


def floats(value: Any) -> list[Any]:
    """The leaves of a result that have a derivative."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in floats(item)]
    real = isinstance(value, float | np.floating) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f")
    return [value] if real else []


def inner(a: list[Any], b: list[Any]) -> float:
    return float(sum(np.sum(np.multiply(x, y, dtype=float)) for x, y in zip(a, b, strict=True)))


def like(value: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the form of a value."""
    drawn = rng.standard_normal(np.shape(value))
    return drawn.astype(value.dtype) if isinstance(value, np.ndarray) else float(drawn)


def copied(args: list[Any]) -> list[Any]:
    return [a.copy() if isinstance(a, np.ndarray) else a for a in args]


def functions(case: Case) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The primal, the forward and the reverse function, each of the golden text if it is there."""
    scope = run(case.source, {"__name__": "golden"})
    whole = run(case.output, scope)
    made = []
    for mode in ("forward", "reverse"):
        name = f"{case.function}_{mode}"
        if name not in whole:
            at = Case(case.path, {k: v for k, v in case.request.items() if k != "stage"},
                      case.source, case.output)
            whole |= run(generated(at, mode), scope)
        made.append(whole[name])
    return scope[case.function], made[0], made[1]


def parameters(case: Case, args: list[Any]) -> list[int]:
    """The places of the parameters that are differentiated in."""
    node = next(s for s in ast.parse(case.source).body
                if isinstance(s, ast.FunctionDef) and s.name == case.function)
    names = [a.arg for a in node.args.args]
    wrt = case.several("wrt")
    return [i for i, (n, a) in enumerate(zip(names, args, strict=True))
            if (n in wrt if wrt else bool(floats(a)))]


def test_each_case_has_a_point(case: Case) -> None:
    assert case.points or case.asked("stage") in ("desugared", "ssa")


def test_forward_mode_agrees_with_differences_and_reverse_mode_with_it(
    case: Case, rng: np.random.Generator
) -> None:
    if not case.points:
        return
    primal, forward, reverse = functions(case)
    for args in case.points:
        places = parameters(case, args)
        narrow = any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in args)
        rtol, exact = (2e-3, 1e-4) if narrow else (1e-6, 1e-10)
        value = primal(*copied(args))
        direction = {i: like(args[i], rng) for i in places}
        found, tangent = forward(*copied(args), *direction.values())
        np.testing.assert_equal(found, value)
        measured = directional(lambda *a: floats(primal(*a)), args,
                               [direction.get(i) for i in range(len(args))])
        for got, expected in zip(floats(tangent), measured, strict=True):
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)
        seeds = [like(leaf, rng) for leaf in floats(value)]
        again, bars = reverse(*copied(args), *seeds)
        np.testing.assert_equal(again, value)
        bars = list(bars) if len(places) > 1 else [bars]
        for bar, place in zip(bars, places, strict=True):
            assert np.shape(bar) == np.shape(args[place])
            assert getattr(bar, "dtype", float) == getattr(args[place], "dtype", float)
        left, right = inner(seeds, floats(tangent)), inner(bars, list(direction.values()))
        np.testing.assert_allclose(left, right, rtol=exact, atol=exact)


# The same in every process


def test_the_text_does_not_depend_on_the_hash_seed() -> None:
    """All cases are generated by one process for each seed."""
    started = [
        subprocess.Popen(
            [sys.executable, __file__], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        for seed in ("1", "2")
    ]
    first, second = (json.loads(process.communicate()[0]) for process in started)
    assert first == second
    assert first.keys() == {path.stem for path in PATHS}


if __name__ == "__main__":
    print(json.dumps({path.stem: generated(case_of(path)) for path in PATHS}))
