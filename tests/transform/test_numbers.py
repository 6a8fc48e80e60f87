"""What is added to a file gives the right numbers, where adxform cannot be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adxform.errors import AdxformError
from adxform.transform import transform

ROOT = Path(__file__).resolve().parents[2]

HELPERS = '''\
"""Functions of another file, which spells things its own way."""
import numpy
from scipy.special import gammaln as gl

SCALE = 2.5


def scaled(x):
    return SCALE * x


def looped(x, n):
    s = x
    for _ in range(n):
        s = s * numpy.cos(s)
    return s


def special(x):
    return gl(x)


def outer(x, n):
    t = 1.0
    for _ in range(n):
        t = t * looped(x, n)
    return t
'''

MODEL = '''\
"""Functions of every kind."""
import math

import helpers as hp
import numpy as xp
from helpers import outer, scaled, special as sp
from jaxtyping import Float

SCALE = 7.0


def calls(x: float, y: float) -> float:
    return sp(x) + outer(x, 2) * hp.looped(y, 3) + scaled(y) * SCALE + hp.scaled(x)


def loop(x: Float[xp.ndarray, "n"], n: int) -> float:
    s = 0.0
    for i in range(n):
        s = xp.sin(s) + x[i] ** 2
    return s


def branches(x: float, y: float = 2.0, flag: bool = True) -> float:
    if x > y and flag:
        return math.exp(x) * y
    elif x < 0:
        return -x * y
    return twice(x, 3) / y


def twice(x: float, n: int) -> float:
    for _ in range(n):
        x = x * xp.tanh(x)
    return x


def unknown(a, b):
    spread = xp.max(a) - xp.min(a)
    return xp.sum(a @ b) * spread


def several(a: xp.ndarray, b: float):
    return a * b, xp.sum(a**2)
'''

CHECK = '''\
import sys
sys.modules["adxform"] = None
import numpy as np
import model

rng = np.random.default_rng(1)

def leaves(value):
    return [v for item in value for v in leaves(item)] if isinstance(value, tuple) else [value]

def inner(a, b):
    return sum(float(np.sum(u * v)) for u, v in zip(a, b, strict=True))

for name, args, varied in CASES:
    f, forward, reverse = (getattr(model, name + end) for end in ("", "_forward", "_reverse"))
    v = [rng.standard_normal(np.shape(args[i]))[()] for i in varied]
    def moved(h):
        new = list(args)
        for i, d in zip(varied, v, strict=True):
            new[i] = args[i] + h * d
        return leaves(f(*new))
    slope = [(a - b) / 2e-6 for a, b in zip(moved(1e-6), moved(-1e-6), strict=True)]
    value, tangent = forward(*args, *v)
    u = [rng.standard_normal(np.shape(leaf))[()] for leaf in leaves(value)]
    again, bars = reverse(*args, *u)
    bars = bars if isinstance(bars, tuple) else (bars,)
    for same in (value, again):
        np.testing.assert_allclose(np.hstack([np.ravel(x) for x in leaves(same)]),
                                   np.hstack([np.ravel(x) for x in leaves(f(*args))]))
    np.testing.assert_allclose(inner(u, leaves(tangent)), inner(u, slope), rtol=1e-6)
    np.testing.assert_allclose(inner(bars, v), inner(u, leaves(tangent)), rtol=1e-11)
    print(name)
'''

CASES = (
    "[('calls', (1.5, 0.7), (0, 1)), ('loop', (np.array([0.5, -1.0, 0.3]), 3), (0,)),\n"
    "('branches', (2.5, 2.0, True), (0, 1)), ('branches', (0.5, 2.0, True), (0, 1)),\n"
    "('branches', (-1.5, 2.0, True), (0, 1)), ('twice', (0.9, 4), (0,)),\n"
    "('unknown', (rng.standard_normal((3, 2)), np.ones(2)), (0, 1)),\n"
    "('several', (np.arange(3.0), 2.0), (0, 1))]"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def checked(folder: Path) -> list[str]:
    """The names of the functions whose derivatives are right."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK.replace("CASES", CASES)], cwd=folder, check=False,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_derivatives_in_a_file_are_right_without_adxform(folder: Path) -> None:
    file = str(folder / "model.py")
    made = transform(MODEL, file).text
    assert transform(made, file).text == made
    Path(file).write_text(made)
    assert checked(folder) == "calls loop branches branches branches twice unknown several".split()


def test_functions_of_other_files_are_called_by_their_names_here(folder: Path) -> None:
    made = transform(MODEL, str(folder / "model.py"), functions=["calls"]).text
    assert "import scipy.special\n" in made and "scipy.special.digamma(x)" in made
    assert "\ndef looped_pullback(" in made and "\ndef outer_pullback(" in made
    assert "\ndef looped(" not in made and "\ndef outer(" not in made
    constant = "def g(x: float, y: float):\n    return hp.looped(2.0, 3) * x * y\n"
    made = transform(f"import helpers as hp\n{constant}", str(folder / "m.py")).text
    assert "    looped_value = hp.looped(2.0, 3)\n" in made


def test_decorated_functions_of_the_file_are_not_taken_for_plain_ones() -> None:
    source = (
        "from adxform import grad\n@grad\ndef f(x: float): return x * x\n"
        "def h(x: float): return f(x)\n"
    )
    made = transform(source, functions=["h"], mode="reverse").text
    assert "    # return f(x)\n    x_bar_2 = 2.0 * x_bar_bar\n" in made


def test_conditional_imports_are_not_guessed() -> None:
    source = (
        "import sys\nif sys.argv:\n    from math import sin as g\n"
        "else:\n    from math import cos as g\ndef f(x: float): return g(x)\n"
    )
    with pytest.raises(AdxformError, match="no derivative rule for g"):
        transform(source)


def test_generated_text_is_the_same_under_any_hash_seed(folder: Path) -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-m", "adxform", "transform", "model.py"], cwd=folder, check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
