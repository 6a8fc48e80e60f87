"""What a call of a derivative costs beyond its arithmetic; every figure is a ratio of one run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adxform.structures import leaves_of

PATH = Path(__file__).parent.parent / "examples" / "overhead.py"
LIGHT = (
    "scipy", "numba", "click", "rich", "matplotlib", "autograd",
    "adxform.dual", "adxform.check", "adxform.kernels",
)


def example():
    spec = importlib.util.spec_from_file_location("examples_overhead", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its functions are found when they are differentiated
    spec.loader.exec_module(module)
    return module


OVERHEAD = example()
ROWS = {row.title: row for row in (
    *OVERHEAD.scalars(), *OVERHEAD.containers(), *OVERHEAD.arrays())}


@pytest.mark.parametrize("title", ROWS)
def test_all_ways_of_a_row_agree(title):
    row = ROWS[title]
    ways = [way for way in (row.adxform, row.autograd) if way is not None]
    expected = list(leaves_of(row.by_hand()))
    for way in ways:
        found = list(leaves_of(way()))
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("title", [t for t, row in ROWS.items() if row.autograd is not None])
def test_a_call_costs_less_than_one_of_autograd(title):
    own, theirs = OVERHEAD.seconds([ROWS[title].adxform, ROWS[title].autograd])
    assert own < theirs / 2.0


@pytest.mark.parametrize("title", ["grad(f)(x)", "value_and_grad(f)(x)", "grad(f)(np.float64)"])
def test_a_gradient_of_one_number_costs_a_few_of_those_by_hand(title):
    own, by_hand = OVERHEAD.seconds([ROWS[title].adxform, ROWS[title].by_hand])
    assert own < 40.0 * by_hand


@pytest.mark.parametrize("text", [
    "import adxform",
    "import adxform, ordinary; adxform.grad(ordinary.f)(2.0)",
])  # fmt: skip
def test_nothing_is_imported_before_it_is_needed(text, tmp_path):
    (tmp_path / "ordinary.py").write_text(
        "import numpy as np\n\ndef f(x):\n    return np.sin(x) * x\n", encoding="utf-8")
    check = f"import sys; {text}; print([m for m in {LIGHT} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {check}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
