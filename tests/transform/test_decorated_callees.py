"""Functions that call a decorated one: they call a gradient, as the file's text says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from adxform.errors import AdxformError
from adxform.transform import transform

SLOPES = '''\
import adxform
import numpy as np
from adxform import grad, value_and_grad as vag


@grad
def slope(x: float, k: float = 2.0) -> float:
    return np.sin(k * x) * x


@adxform.grad(argnums="k")
def in_second(x: float, k: float) -> float:
    return np.sin(k * x) * x


@vag(argnums=(0, 1))
def both(x: float, k: float):
    return np.exp(x * k) / (1.0 + x * x)


@vag(has_aux=True)
def with_aux(x: float):
    return x ** 3, np.sin(x)


@grad
def length(v: np.ndarray) -> float:
    total = 0.0
    for i in range(len(v)):
        total = np.sin(total) + v[i] * v[i]
    return total
'''
CALLERS = {
    "bare": "return slope(x) * x",
    "keyword": "return slope(x, k=x * x)",
    "named": "return in_second(x, 1.5) + x",
    "value": "v, (a, b) = both(x, 0.7)\n    return v * a + b",
    "aux": "(v, sine), s = with_aux(x)\n    return v * sine + s",
    "loop": "g = length(np.array([x, 2.0 * x, 1.0]))\n    return g[0] * g[1]",
}


def load(folder: Path, name: str, text: str) -> dict:
    """What a module defines."""
    (folder / f"{name}.py").write_text(text)
    namespace: dict = {"__name__": name}
    exec(compile(text, str(folder / f"{name}.py"), "exec"), namespace)
    return namespace


@pytest.mark.parametrize("name", CALLERS)
def test_derivatives_of_callers_are_those_of_differences(name, tmp_path):
    text = f"{SLOPES}\n\ndef f(x: float) -> float:\n    {CALLERS[name]}\n"
    original = load(tmp_path, "original", text)["f"]
    made = load(tmp_path, "made", transform(text, functions=("f",)).text)
    step, x = 1e-6, 0.8
    expected = (original(x + step) - original(x - step)) / (2 * step)
    value, tangent = made["f_forward"](x, 1.0)
    assert (value, tangent) == pytest.approx((original(x), expected), rel=1e-7)
    value, bar = made["f_reverse"](x)
    assert (value, bar) == pytest.approx((original(x), expected), rel=1e-7)
    assert "adxform" not in made["f_reverse"].__code__.co_names


def test_a_decorated_function_of_another_file(tmp_path, monkeypatch):
    (tmp_path / "slopes_apart.py").write_text(SLOPES)
    path = tmp_path / "caller.py"
    text = "import slopes_apart\nfrom slopes_apart import slope\n\n\n" \
        "def f(x: float) -> float:\n    return slope(x) + slopes_apart.both(x, 0.3)[0]\n"
    path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "slopes_apart", raising=False)
    original = load(tmp_path, "caller", text)["f"]
    made = load(tmp_path, "made", transform(text, str(path), functions=("f",)).text)
    expected = (original(0.8 + 1e-6) - original(0.8 - 1e-6)) / 2e-6
    assert made["f_reverse"](0.8)[1] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "decorators",
    ["@grad\n@grad", "@other\n@grad", "@grad\n@other", "@grad(argnums=WHICH)", "@other"],
)
def test_what_a_decorator_makes_is_not_guessed(decorators):
    text = (
        "from adxform import grad\nfrom somewhere import other\nWHICH = int('0')\n\n"
        f"{decorators}\ndef g(x: float) -> float:\n    return x * x\n\n"
        "def f(x: float) -> float:\n    return g(x)\n"
    )
    with pytest.raises(AdxformError) as caught:
        transform(text, functions=("f",))
    assert "g" in str(caught.value)


def test_a_name_bound_twice_is_no_gradient():
    text = (
        "from adxform import grad\n\n\n@grad\ndef g(x: float) -> float:\n    return x * x\n\n\n"
        "g = abs\n\n\ndef f(x: float) -> float:\n    return g(x) * x\n"
    )
    with pytest.raises(AdxformError) as caught:
        transform(text, functions=("f",))
    assert "g(x)" in str(caught.value)
