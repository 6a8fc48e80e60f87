"""Functions that are nested more deeply than Python's recursion goes."""

from __future__ import annotations

import importlib.util

import pytest

from adxform import grad, source
from adxform.errors import UnsupportedError

SUM = "    return " + " + ".join(["x"] * 900)
CHAIN = "    if x < 0:\n        y = x\n" + "".join(
    f"    elif x < {i}:\n        y = {i} * x\n" for i in range(1, 300)
) + "    return y"


def made(tmp_path, text):
    path = tmp_path / "deep.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("deep", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


@pytest.mark.parametrize(("body", "line"), [(SUM, "return x"), (CHAIN, "if x < 0:")])
def test_what_is_nested_too_deeply_is_refused_at_its_line(body, line, tmp_path) -> None:
    f = made(tmp_path, f"def f(x: float) -> float:\n{body}\n")
    for asked in (lambda: grad(f)(2.0), lambda: source(f)):
        with pytest.raises(UnsupportedError, match="nested too deeply") as raised:
            asked()
        assert "deep.py:2:5" in str(raised.value) and line in str(raised.value)


def test_a_function_that_calls_what_is_nested_too_deeply_is_refused(tmp_path) -> None:
    f = made(tmp_path, f"def f(x):\n    return g(x)\n\n\ndef g(x):\n{SUM}\n")
    with pytest.raises(UnsupportedError, match="or a function that it calls, is nested too deeply"):
        grad(f)(2.0)


def test_a_long_sum_is_differentiated(tmp_path) -> None:
    f = made(tmp_path, "def f(x):\n    return " + " + ".join(["x * x"] * 100) + "\n")
    assert grad(f)(3.0) == 600.0
