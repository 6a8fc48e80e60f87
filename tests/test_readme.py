"""README is right: each of its code blocks is run, and what it shows is what comes out."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from adxform.cli import main
from examples.gradbench.__main__ import main as gradbench_main
from gmm.cli import main as gmm_main

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    "adxform": main,
    "python -m gmm": gmm_main,
    "python -m examples.gradbench": gradbench_main,
}
COMMENT = re.compile(r"<!-- command: (\w+) -->\n\Z")


class Block(NamedTuple):
    """A fenced block; ``command`` is what the comment directly above calls it."""

    language: str
    text: str
    line: int
    command: str | None


def blocks() -> list[Block]:
    text = (ROOT / "README.md").read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        above = COMMENT.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(match[1], match[2], line, above[1] if above else None))
    return found


def matches(expected: str, actual: str) -> bool:
    """Whether texts agree: ``...`` stands for anything, alone for any lines; spaces may be many."""
    return _agree(expected.rstrip("\n").split("\n"), actual.rstrip("\n").split("\n"))


def _agree(expected: list[str], actual: list[str]) -> bool:
    if not expected:
        return not actual
    first, *rest = expected
    if first == "...":
        return any(_agree(rest, actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and _line_agrees(first, actual[0]) and _agree(rest, actual[1:])


def _line_agrees(expected: str, actual: str) -> bool:
    indent = len(expected) - len(expected.lstrip())
    words = (
        ".*" if word == "..." else re.escape(word).replace(r"\.\.\.", r"\S*")
        for word in expected.split()
    )
    return re.fullmatch(" " * indent + r"\s+".join(words), actual.rstrip()) is not None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with examples and data, where README's files are written and its commands run."""
    for name in ("examples", "gmm/data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_python_blocks_print_what_is_shown(folder: Path) -> None:
    namespace: dict[str, object] = {"__name__": "readme"}
    printed: str | None = None
    for block in blocks():
        if block.language == "text":
            assert printed is not None, f"README.md:{block.line}: nothing printed this"
            assert matches(block.text, printed), f"README.md:{block.line}: printed\n{printed}"
        elif block.language == "python" and not block.text.startswith("# "):
            printed = execute(block, namespace, folder)
            continue
        assert not printed or block.language == "text", f"README.md:{block.line}: not shown above"
        printed = None


def execute(block: Block, namespace: dict[str, object], folder: Path) -> str:
    """Run a block as a file, for adxform reads the functions' source, and give what it prints."""
    file = folder / f"readme_{block.line}.py"
    file.write_text(block.text, "utf-8")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block.text, str(file), "exec"), namespace)
    return out.getvalue()


def test_commands_print_what_is_shown(folder: Path) -> None:
    for block in blocks():
        if block.language == "python" and block.text.startswith("# "):
            name, _, text = block.text.removeprefix("# ").partition("\n")
            (folder / name).write_text(text, "utf-8")
        elif block.language == "console":
            for command, expected in commands(block):
                actual = run(command)
                assert matches(expected, actual), f"README.md: {command} printed\n{actual}"


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what is shown below it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def run(command: str) -> str:
    """What a command prints on stdout and stderr."""
    program, words = next(item for item in PROGRAMS.items() if command.startswith(item[0]))
    args = shlex.split(command.removeprefix(program))
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        with pytest.raises(SystemExit) as caught:
            words(args, prog_name=program)
    out.seek(0)
    printed = out.read()
    assert int(caught.value.code or 0) == (2 if printed.startswith("error: ") else 0), printed
    return printed


def test_the_two_commands_are_as_ci_expects_them(folder: Path) -> None:
    found = {b.command: b for b in blocks() if b.command is not None}
    assert set(found) == {"run", "test"}
    assert all(b.language == "bash" and b.text.count("\n") == 1 for b in found.values())
    install, _, command = found["run"].text.strip().partition(" && ")
    assert install == "pip install ."
    assert "def f_reverse" in run(command)
    install, _, command = found["test"].text.strip().partition(" && ")
    assert (install, command) == ("pip install '.[test]'", "pytest -q -n auto")


def test_every_block_is_of_a_kind_that_is_run() -> None:
    for block in blocks():
        known = block.language in ("python", "text", "console") or block.command is not None
        assert known, f"README.md:{block.line}: a block that no test runs"


def test_dots_stand_for_anything() -> None:
    assert matches("a\n...\nz", "a\nb\nc\nz\n") and matches("a ... z", "a b z")
    assert matches("a\n...", "a") and matches("    a", "    a") and matches("", "")
    assert not matches("a\n...\nz", "a\nb\n") and not matches("a", "b") and not matches("", "b")
