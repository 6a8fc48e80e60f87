"""The walls of the house: who imports whom, how long things are, what lies at the top.

Each wall is a function from source texts, keyed by path, to complaints ``path:line: reason``. It
reads text only and imports nothing of the packages; each is also shown able to fall.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("adxform", "gmm")
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400

# Left to right: a module imports from its own room and from rooms to its left.
ROOMS = (
    "errors",
    "dual",  # stands alone: the compiler is checked against it
    "core",
    "rules",
    "frontend",
    "analysis",
    "differentiate",
    "optimize",
    "emit",
    "backends",
    "faces",  # every other module directly in adxform/, and the command line
)
FACE_FOLDERS = ("cli", "transform")
MAY_IMPORT_DUAL = ("adxform.dual", "adxform.check", "adxform.cli")
EXPORTS_DUAL = "adxform"  # the package itself hands it to its users
TOP_LEVEL = frozenset(
    "pyproject.toml README.md LICENSE CHANGELOG.md CONTRIBUTING.md .gitignore "
    ".pre-commit-config.yaml .ci adxform gmm tests examples".split()
)

Sources = Mapping[str, str]


class Import(NamedTuple):
    """One module that another imports, as far as names tell."""

    path: str
    line: int
    importer: str
    target: str

    def complain(self, reason: str) -> str:
        return f"{self.path}:{self.line}: {reason}"


# What the source texts say


def module_of(path: str) -> str:
    """The dotted name of the module in a file."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def modules_and_packages(sources: Sources) -> set[str]:
    known = set()
    for path in sources:
        parts = module_of(path).split(".")
        known |= {".".join(parts[: i + 1]) for i in range(len(parts))}
    return known


def imports(sources: Sources) -> Iterator[Import]:
    """Every import of every module, those inside functions and under TYPE_CHECKING included."""
    known = modules_and_packages(sources)
    for path, text in sources.items():
        for node in ast.walk(ast.parse(text, path)):
            if isinstance(node, ast.stmt | ast.expr):
                for target in targets(node, path, known):
                    yield Import(path, node.lineno, module_of(path), target)


def targets(node: ast.AST, path: str, known: set[str]) -> Iterator[str]:
    """The modules that one node imports; ``from a import b`` is ``a.b`` where that is a module."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(names=names):
            base = absolute_base(node, path)
            for alias in names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base
        case ast.Call(
            func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(str(name)), *_],
        ):
            yield name


def absolute_base(node: ast.ImportFrom, path: str) -> str:
    """The module after ``from``, with leading dots resolved."""
    above = PurePosixPath(path).parts[: -node.level] if node.level else ()
    return ".".join([*above, *([node.module] if node.module else [])])


def room_of(module: str) -> str | None:
    """The room of a module of adxform; None for a folder that the design does not know."""
    parts = module.split(".")
    if len(parts) > 1 and parts[1] in ROOMS:
        return parts[1]
    return "faces" if len(parts) <= 2 or parts[1] in FACE_FOLDERS else None


# The walls


def rooms_import_to_the_left(sources: Sources) -> list[str]:
    complaints = []
    for found in imports(sources):
        if not (within(found.importer, "adxform") and found.target.startswith("adxform.")):
            continue
        here, there = room_of(found.importer), room_of(found.target)
        if here and there and ROOMS.index(there) > ROOMS.index(here):
            complaints.append(found.complain(f"{here} imports {found.target}, to its right"))
    return complaints


def folders_are_rooms(sources: Sources) -> list[str]:
    return [
        f"{path}:1: {path.split('/')[1]}/ is no room of the design"
        for path in sources
        if within(module_of(path), "adxform") and room_of(module_of(path)) is None
    ]


def dual_stands_alone(sources: Sources) -> list[str]:
    complaints = []
    for found in imports(sources):
        from_dual = within(found.importer, "adxform.dual")
        to_dual = within(found.target, "adxform.dual")
        if from_dual and within(found.target, "adxform") and not to_dual:
            complaints.append(found.complain(f"dual stands alone, but imports {found.target}"))
        allowed = found.importer == EXPORTS_DUAL or any(
            within(found.importer, name) for name in MAY_IMPORT_DUAL
        )
        if to_dual and not allowed:
            complaints.append(found.complain(f"{found.importer} leans on dual, its own check"))
    return complaints


def nobody_inside_imports_the_whole(sources: Sources) -> list[str]:
    return [
        found.complain("imports the whole of adxform from inside: name the module that is meant")
        for found in imports(sources)
        if within(found.importer, "adxform") and found.target == "adxform"
    ]


def adxform_ignores_gmm(sources: Sources) -> list[str]:
    return [
        found.complain(f"adxform does not know gmm, but imports {found.target}")
        for found in imports(sources)
        if within(found.importer, "adxform") and within(found.target, "gmm")
    ]


def gmm_uses_the_public_top(sources: Sources) -> list[str]:
    return [
        found.complain(f"gmm uses adxform's public names only, but imports {found.target}")
        for found in imports(sources)
        if within(found.importer, "gmm") and found.target.startswith("adxform.")
    ]


def imports_have_no_cycle(sources: Sources) -> list[str]:
    """The first cycle there is, one line per import on the way round."""
    edges = {(found.importer, found.target): found for found in reversed([*imports(sources)])}
    modules = {module_of(path) for path in sources}
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for importer, target in edges:
        if target in modules:
            graph[importer].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = error.args[1][::-1]  # graphlib names the imported before its importer
        return [edges[step].complain(f"cycle: {' imports '.join(step)}") for step in pairwise(way)]
    return []


def modules_say_what_they_are(sources: Sources) -> list[str]:
    """The docstring's first line is a sentence, and stands alone."""
    complaints = []
    for path, text in sources.items():
        docstring = ast.get_docstring(ast.parse(text, path), clean=False)
        first, *rest = (docstring or "").split("\n")
        if docstring is None:
            complaints.append(f"{path}:1: no docstring")
        elif not first.strip().endswith(".") or (rest and rest[0].strip()):
            complaints.append(f"{path}:1: the docstring's first line is not one whole sentence")
    return complaints


def functions_are_short(sources: Sources) -> list[str]:
    complaints = []
    for path, text in sources.items():
        for node in ast.walk(ast.parse(text, path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    reason = f"{node.name} has {length} lines, over {MAX_FUNCTION_LINES}"
                    complaints.append(f"{path}:{node.lineno}: {reason}")
    return complaints


def files_are_short(sources: Sources) -> list[str]:
    lengths = {path: len(text.splitlines()) for path, text in sources.items()}
    return [
        f"{path}:{length}: the file has {length} lines, over {MAX_FILE_LINES}"
        for path, length in lengths.items()
        if length > MAX_FILE_LINES
    ]


def strangers_at_the_top(tracked: Sequence[str]) -> list[str]:
    """The first tracked file of each entry of the top level that does not belong there."""
    strangers: dict[str, str] = {}
    for path in tracked:
        entry = path.split("/")[0]
        if entry not in TOP_LEVEL:
            strangers.setdefault(entry, path)
    return [f"{path}:1: {entry} does not belong at the top" for entry, path in strangers.items()]


WALLS = (
    rooms_import_to_the_left,
    folders_are_rooms,
    dual_stands_alone,
    nobody_inside_imports_the_whole,
    adxform_ignores_gmm,
    gmm_uses_the_public_top,
    imports_have_no_cycle,
    modules_say_what_they_are,
    functions_are_short,
    files_are_short,
)
Wall = Callable[[Sources], list[str]]
each_wall = pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.__name__)


# The house as it stands


@pytest.fixture(scope="module")
def sources() -> Sources:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(paths) > 1
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


@each_wall
def test_wall_stands(wall: Wall, sources: Sources) -> None:
    complaints = wall(sources)
    assert not complaints, "\n" + "\n".join(complaints)


def test_top_level_holds_only_what_belongs_there() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        [git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    complaints = strangers_at_the_top([path for path in listed.stdout.split("\0") if path])
    assert not complaints, "\n" + "\n".join(complaints)


# The walls can fall

LONG_FUNCTION = "def f():\n" + "    pass\n" * MAX_FUNCTION_LINES
BROKEN: dict[Wall, list[tuple[str, Sources]]] = {
    rooms_import_to_the_left: [
        ("core/ir.py:2", {"adxform/core/ir.py": "\nimport adxform.emit.names"}),
        ("rules/a.py:1", {"adxform/rules/a.py": "from adxform.emit import x"}),
        ("errors.py:1", {"adxform/errors.py": "from adxform import api", "adxform/api.py": ""}),
        ("core/ir.py:1", {"adxform/core/ir.py": "from ..emit import x"}),
        ("core/__init__.py:1", {"adxform/core/__init__.py": "from ..analysis.types import x"}),
        ("emit/a.py:2", {"adxform/emit/a.py": "def f():\n    import adxform.backends.numba"}),
        ("emit/a.py:1", {"adxform/emit/a.py": "import_module('adxform.backends.numba')"}),
        ("emit/a.py:1", {"adxform/emit/a.py": "importlib.import_module('adxform.cli')"}),
    ],
    folders_are_rooms: [("utils/strings.py:1", {"adxform/utils/strings.py": ""})],
    dual_stands_alone: [
        ("dual.py:1", {"adxform/dual.py": "from adxform.errors import E"}),
        ("dual/numbers.py:1", {"adxform/dual/numbers.py": "import adxform"}),
        ("rules/a.py:1", {"adxform/rules/a.py": "import adxform.dual"}),
        ("api.py:1", {"adxform/api.py": "from adxform.dual import Dual"}),
    ],
    nobody_inside_imports_the_whole: [
        ("api.py:2", {"adxform/api.py": "x = 1\nimport adxform"}),
        ("api.py:1", {"adxform/api.py": "from adxform import grad"}),
        ("core/ir.py:1", {"adxform/core/ir.py": "from .. import grad"}),
    ],
    adxform_ignores_gmm: [("api.py:1", {"adxform/api.py": "from gmm.model import Mixture"})],
    gmm_uses_the_public_top: [
        ("gmm/fit.py:1", {"gmm/fit.py": "from adxform.api import grad"}),
        ("gmm/fit.py:1", {"gmm/fit.py": "from adxform import core", "adxform/core/ir.py": ""}),
    ],
    imports_have_no_cycle: [
        (
            "core/b.py:3: cycle: adxform.core.b imports adxform.core.c",
            {
                "adxform/core/a.py": "from adxform.core.b import x",
                "adxform/core/b.py": "\n\nfrom adxform.core import c",
                "adxform/core/c.py": "def f():\n    from .a import x",
            },
        ),
        (
            "core/ir.py:1: cycle",
            {
                "adxform/core/__init__.py": "from adxform.core.ir import Block",
                "adxform/core/ir.py": "from adxform.core import Block",
            },
        ),
        ("gmm/fit.py:1: cycle", {"gmm/fit.py": "import gmm.fit"}),
    ],
    modules_say_what_they_are: [
        ("gmm/fit.py:1: no docstring", {"gmm/fit.py": "x = 1"}),
        ("gmm/__init__.py:1: no docstring", {"gmm/__init__.py": ""}),
        ("gmm/fit.py:1", {"gmm/fit.py": '"""Fitting"""'}),
        ("gmm/fit.py:1", {"gmm/fit.py": '"""\nFitting.\n"""'}),
        ("gmm/fit.py:1", {"gmm/fit.py": '"""Fitting.\nAnd more.\n"""'}),
    ],
    functions_are_short: [
        ("gmm/fit.py:2: f has 61 lines", {"gmm/fit.py": "\n" + LONG_FUNCTION}),
        ("gmm/fit.py:1", {"gmm/fit.py": "async " + LONG_FUNCTION}),
    ],
    files_are_short: [("gmm/fit.py:401", {"gmm/fit.py": "\n" * (MAX_FILE_LINES + 1)})],
}


@pytest.mark.parametrize(
    ("wall", "expected", "broken"),
    [(wall, *case) for wall, cases in BROKEN.items() for case in cases],
)
def test_wall_falls(wall: Wall, expected: str, broken: Sources) -> None:
    complaints = wall(broken)
    assert any(expected in complaint for complaint in complaints), complaints
    assert all(re.match(r"[\w/]+\.py:\d+: ", complaint) for complaint in complaints)


def test_every_wall_is_shown_to_fall() -> None:
    assert set(BROKEN) == set(WALLS)


@each_wall
def test_walls_leave_a_sound_house_alone(wall: Wall) -> None:
    sound = {
        "adxform/__init__.py": '"""The public names."""\nfrom adxform.api import grad',
        "adxform/__main__.py": '"""Runs the command line."""\nfrom adxform.cli import main',
        "adxform/api.py": '"""The faces.\n\nAll of them.\n"""\nfrom adxform.emit import names',
        "adxform/check.py": '"""Checks."""\nfrom adxform.dual import Dual',
        "adxform/cli/__init__.py": '"""Commands."""\nimport adxform.dual\nfrom . import show',
        "adxform/cli/show.py": '"""Shows."""\nfrom ..api import grad',
        "adxform/dual.py": '"""Dual numbers."""\nimport numpy as np',
        "adxform/emit/__init__.py": '"""Core to text."""',
        "adxform/emit/names.py": '"""Names."""\nfrom adxform import errors\nfrom ..rules import a',
        "adxform/errors.py": '"""Errors."""\n' + LONG_FUNCTION.replace("    pass\n", "", 1),
        "adxform/rules/a.py": '"""Rules."""' + "\n" * (MAX_FILE_LINES - 1),
        "gmm/fit.py": '"""Fits."""\nimport adxform\nfrom adxform import grad\nfrom gmm import data',
        "gmm/data.py": '"""Reads data."""',
    }
    assert wall(sound) == []


def test_strangers_at_the_top_are_named_once() -> None:
    tracked = ["README.md", ".ci/run", "setup.py", "docs/a.md", "docs/b.md", "gmm/setup.py"]
    assert strangers_at_the_top(tracked) == [
        "setup.py:1: setup.py does not belong at the top",
        "docs/a.md:1: docs does not belong at the top",
    ]
