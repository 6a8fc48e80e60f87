"""What derivatives cost: the transformation in time, the gradient in multiples of the function.

Every figure is a ratio of two times of one run, so that the machine does not matter.
"""

from __future__ import annotations

import gc
import importlib.util
import linecache
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

import adxform
from gmm import density


def straight_line(statements: int) -> str:
    lines = ["import numpy as np", "", "def f(x: float, y: float) -> float:", "    a, b = x, y"]
    for _ in range((statements - 3) // 4):
        lines += [
            "    a = a * 0.999 + np.sin(b)",
            "    b = b + a * x",
            "    c = np.cos(a) - b",
            "    b = b * 0.5 + c / 3.0",
        ]
    return "\n".join([*lines, "    return a + b", ""])


def many_loops(statements: int) -> str:
    lines = ["import numpy as np", "", "def f(x: float, y: float) -> float:", "    a, b = x, y"]
    for _ in range(statements // 4):
        lines += [
            "    for i in range(3):",
            "        a = a * 0.5 + np.sin(b)",
            "        if a > b:",
            "            b = b + a * x",
        ]
    return "\n".join([*lines, "    return a + b", ""])


def one_array_written(statements: int) -> str:
    lines = [
        "import numpy as np", "", "def f(x: float, y: float) -> float:",
        "    a = np.zeros(3)", "    a[0] = x",
    ]
    for _ in range(statements // 2):
        lines += ["    a[1] = a[0] * y + np.sin(a[2])", "    a[2] += a[1] * 0.5"]
    return "\n".join([*lines, "    return a[2]", ""])


def live(text: str, file: str) -> Callable[..., Any]:
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec"), namespace)
    return namespace["f"]


def seconds(f: Callable[..., Any]) -> float:
    """The processor time from a live function to the text of its derivative."""
    gc.collect()
    start = time.process_time()
    adxform.source(f, "reverse")
    return time.process_time() - start


ROUNDS = 6


def growth(make: Callable[[int], str], sizes: tuple[int, int], limit: float) -> float:
    """The time for a statement in the larger size, in multiples of that in the smaller: of the
    least times of runs in turn, of which there are as many as it takes to be below a limit. What
    slows the machine down for a while slows both.
    """
    first, *both = (live(make(n), f"<{make.__name__} {n}>") for n in (40, *sizes))
    seconds(first)  # imports, caches
    least, found = [np.inf, np.inf], np.inf
    for _ in range(ROUNDS):
        for place in (0, 1, 0):
            least[place] = min(least[place], seconds(both[place]))
        found = least[1] / sizes[1] / (least[0] / sizes[0])
        if found < limit:
            break
    return found


@pytest.mark.parametrize("make", [straight_line, many_loops, one_array_written])
def test_transformation_time_grows_with_the_number_of_statements(make):
    assert growth(make, (100, 400), 2.0) < 2.0


SHAPES = (
    "straight_line", "many_variables", "long_body", "branches", "calls", "recomputed", "tapes",
    "independent", "wide_tuple", "writes", "array_loops", "array_branches", "array_slices",
    "array_shapes", "comprehensions", "appends", "dictionary", "sums_in_loops",
)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_transformation_time_of_long_functions(shape):
    make = getattr(transformation_time(), shape)
    assert growth(make, (250, 1000), 1.6) < 1.6


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "x"), [
    ("recomputed", 0.3), ("independent", np.linspace(0.1, 0.2, 3)),
])  # fmt: skip
def test_a_long_body_of_a_loop_is_no_deep_nesting(shape, x):
    """What a loop computes again, or compares, it follows through all of its statements."""
    f = live(getattr(transformation_time(), shape)(220), f"<{shape} in full>")
    _, tangent = adxform.jvp(f, (x, 0.5), (np.ones_like(x)[()], 1.0))
    x_bar, y_bar = adxform.grad(f, (0, 1))(x, 0.5)
    assert np.sum(x_bar) + y_bar == pytest.approx(tangent, rel=1e-9)


def transformation_time() -> Any:
    path = Path(__file__).parent.parent / "examples" / "transformation_time.py"
    spec = importlib.util.spec_from_file_location("examples_transformation_time", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ratio(f: Callable[..., Any], gradient: Callable[..., Any], args: tuple[Any, ...]) -> float:
    """The median over pairs of runs of the gradient's time to the function's."""
    gradient(*args)
    f(*args)
    found = []
    for _ in range(41):
        start = time.process_time()
        f(*args)
        middle = time.process_time()
        gradient(*args)
        found.append((time.process_time() - middle) / (middle - start))
    return median(found)


def mixture_arguments(n: int, d: int, k: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    factors = np.tril(0.1 * rng.standard_normal((k, d, d)))
    return rng.standard_normal(k), rng.standard_normal((k, d)), factors, (
        rng.standard_normal((n, d)))


def test_the_gradient_of_a_mixture_costs_a_few_evaluations():
    f = density.log_likelihood_full
    gradient = adxform.value_and_grad(f, argnums=(0, 1, 2))
    assert ratio(f, gradient, mixture_arguments(2000, 5, 4)) < 6.0


def recurrence(x):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = np.sin(y[i - 1]) + x[i] * y[i - 1]
    return y[-1]


def test_a_write_costs_the_same_in_a_long_array():
    """O(1) for each in-place write: the ratio to the function does not grow with the array."""
    gradient = adxform.grad(recurrence)
    short, long = (ratio(recurrence, gradient, (np.linspace(0.1, 0.5, n),)) for n in (200, 3000))
    assert long < 2.0 * short
    assert long < 10.0


def relaxed(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        for i in range(1, 20):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + 0.1 * u[i] ** 2
    return u[1] + u[10]


def test_what_is_put_back_costs_as_much_as_was_overwritten():
    """A sweep over 19 elements costs the same in an array that is a hundred times as long."""
    gradient = adxform.grad(relaxed)
    short, long = (ratio(relaxed, gradient, (np.linspace(0.1, 0.5, n), 60)) for n in (300, 30000))
    assert long < 2.0 * short
    assert long < 10.0


def test_no_step_of_a_history_is_recorded_twice():
    """The memory of a gradient is a few times that of the array that the function fills."""
    points, steps = 200, 500
    conductivity = np.full(points, 0.2)
    start = np.sin(np.linspace(0.0, 3.0, points))
    gradient = adxform.grad(diffused, argnums=("conductivity", "start"))
    gradient(conductivity, start, 2)
    tracemalloc.start()
    gradient(conductivity, start, steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * 8 * points * steps  # the history and its cotangent


def diffused(conductivity, start, steps):
    u = np.zeros((steps + 1, len(start)))
    u[0] = start
    for t in range(steps):
        u[t + 1, 1:-1] = u[t, 1:-1] + conductivity[1:-1] * u[t, 1:-1] * (
            u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2]
        )
    return np.sum(u[steps] ** 2)


def test_the_gradient_of_a_time_stepping_loop_costs_a_few_evaluations():
    gradient = adxform.value_and_grad(diffused, argnums=("conductivity", "start"))
    arguments = np.full(2000, 0.2), np.sin(np.linspace(0.0, 3.0, 2000))
    short, long = (ratio(diffused, gradient, (*arguments, steps)) for steps in (20, 200))
    assert long < 1.6 * short
    assert long < 6.0
