"""Names in files that are read and never run: modules of a package, constants, what may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from adxform.errors import SourceSyntaxError
from adxform.transform import transform

PACKAGE = {
    "pkg/__init__.py": "from . import consts\nfrom .consts import drag\n",
    "pkg/consts.py": "RHO = 1.5\ndef drag(v):\n    return RHO * v * v\n",
    "pkg/sub/__init__.py": "from ..consts import RHO\n",
    "pkg/sub/round.py": "from .model import f\n\n\ndef g(x):\n    return f(x)\n",
}
# An import in pkg/sub/model.py, and a use of it.
IMPORTS = {
    "from .. import consts": "consts.drag(x)",
    "from ... import pkg": "pkg.drag(x)",
    "from ..consts import drag as d": "d(x)",
    "from . import RHO": "RHO * x * x",
    "from .. import consts as c": "c.RHO * x * x",
    "from pkg.consts import drag": "drag(x)",
    "from pkg import consts": "consts.drag(x)",
    "from pkg import drag": "drag(x)",
    "import pkg.consts": "pkg.consts.drag(x)",
    "import pkg.consts as pc": "pc.drag(x)",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def derivative(text: str, folder: Path) -> str:
    """The lines of the reverse function of f, in a file of the inner package."""
    made = transform(text, str(folder / "pkg/sub/model.py"), functions=["f"], mode="reverse").text
    return made.partition("def f_reverse")[2]


@pytest.mark.parametrize("statement", IMPORTS)
def test_modules_of_the_package_are_read(folder: Path, statement: str) -> None:
    text = f"{statement}\n\n\ndef f(x: float):\n    return {IMPORTS[statement]}\n"
    made = derivative(text, folder)
    values = {"RHO": 1.5, "c": type("c", (), {"RHO": 1.5})}
    exec(f"def f_reverse{made}", values)
    assert values["f_reverse"](3.0) == (13.5, 9.0)  # type: ignore[operator]


def test_modules_that_import_each_other_do_not_lead_round_in_a_circle(folder: Path) -> None:
    text = "from .round import f as h, g\n\n\ndef f(x: float):\n    return x * x\n"
    assert "x_bar = 2.0 * out_bar * x" in derivative(text, folder)


def test_a_module_is_read_in_its_own_encoding(folder: Path) -> None:
    text = "from .latin import h\n\n\ndef f(x: float):\n    return h(x)\n"
    latin = folder / "pkg/sub/latin.py"
    latin.write_bytes(b"# coding: latin-1\nNAME = '\xe9'\ndef h(x):\n    return x * x\n")
    assert "x_bar = 2.0 * out_bar * x" in derivative(text, folder)
    other = folder / "pkg/sub/other.py"
    other.write_bytes(latin.read_bytes().partition(b"\n")[2])
    with pytest.raises(SourceSyntaxError, match=r"other\.py cannot be read"):
        derivative(text.replace("latin", "other"), folder)


def test_constants_imported_by_name_are_numbers(folder: Path) -> None:
    text = (
        "from math import pi as PI\n\n\ndef f(x: float):\n"
        "    y = x if x < 1.0 else PI\n    y -= x * x\n    return y * PI\n"
    )
    assert "unbroadcast" not in derivative(text, folder)


def test_what_a_function_may_rebind_is_not_taken_for_a_constant(folder: Path) -> None:
    text = (
        "P = 2\n\n\ndef choose(p):\n    global P\n    P = p\n\n\n"
        "def f(x: float):\n    return x ** P\n"
    )
    made = transform(text, str(folder / "model.py"), functions=["f"], mode="reverse").text
    values: dict = {}
    exec(made, values)
    values["choose"](3)
    assert values["f_reverse"](2.0) == (8.0, 12.0)


def test_items_of_a_list_outside_may_change(folder: Path) -> None:
    text = "POWERS = [1, 2]\n\n\ndef f(x: float):\n    p, q = POWERS\n    return x ** q\n"
    made = transform(text, str(folder / "model.py"), mode="reverse").text
    values: dict = {}
    exec(made, values)
    values["POWERS"][1] = 3
    assert values["f_reverse"](2.0) == (8.0, 12.0)
