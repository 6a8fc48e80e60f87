"""From Python to Core: what each stage writes, and that the order of evaluation is Python's."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest

import adxform
from adxform.cli.stages import at_stage


def stage(text: str, name: str) -> str:
    return at_stage(dedent(text), "<text>", "f", name, "reverse", ()).strip()


DESUGARED = [
    (
        """
        def f(x):
            a, b = x, 2.0
            a, b = b, a
            return a * b
        """,
        """
        def f(x):
            a = x
            b = 2.0
            _t1 = b
            _t2 = a
            a = _t1
            b = _t2
            return a * b
        """,
    ),
    (
        """
        def f(x):
            if x > 0.0:
                return x * 2.0
            y = x + 1.0
            return y
        """,
        """
        def f(x):
            if x > 0.0:
                out = x * 2.0
            else:
                y = x + 1.0
                out = y
            return out
        """,
    ),
    (
        """
        def f(x):
            x[0] = 1.0
            x[1] += 2.0
            return x
        """,
        """
        def f(x):
            x = update(x, 0, 1.0)
            x = update(x, 1, x[1] + 2.0)
            return x
        """,
    ),
    (
        """
        def f(x):
            y = x if x > 0.0 else -x
            return y
        """,
        """
        def f(x):
            if x > 0.0:
                y = x
            else:
                y = -x
            return y
        """,
    ),
    (
        """
        def f(x):
            s = 0.0
            for v in x:
                s += v
            return s
        """,
        """
        def f(x):
            s = 0.0
            for _i1 in range(len(x)):
                v = x[_i1]
                s = s + v
            return s
        """,
    ),
]


@pytest.mark.parametrize(("before", "after"), DESUGARED)
def test_desugared(before, after):
    assert stage(before, "desugared") == dedent(after).strip()


def test_static_single_assignment():
    text = """
    def f(x, n):
        s = x
        for i in range(n):
            if s > 1.0:
                s = s * 0.5
        return s
    """
    found = stage(text, "ssa")
    targets = [
        line.split("=")[0].strip() for line in found.splitlines() if " = " in line
    ]
    assert len(targets) == len(set(targets))
    assert found.count("phi(") >= 2
    with_branch = """
    def f(x):
        if x > 0.0:
            y = x
        else:
            y = -x
        return y
    """
    assert stage(with_branch, "ssa") == (
        "def f(x):\n    if x > 0.0:\n        y = x\n    else:\n        y_2 = -x\n"
        "    y_3 = phi(y, y_2)\n    return y_3"
    )


# --- the order of evaluation ----------------------------------------------------------------------

CALLED: list[str] = []


def note(name: str) -> float:
    CALLED.append(name)
    return float(len(name))


def ternary_after_call(x):
    return note("a") * (x if x > 0.0 else -x * note("bb")) + note("ccc")


def ternary_in_arguments(x):
    return np.arctan2(note("a") * x, (note("bb") if x > 0.0 else note("ccc")) * x * x)


def short_circuits(x):
    y = x * 1.0
    if x > 0.0 and note("a") > 0.0:
        y = y * 2.0
    if x > 0.0 or note("bb") > 0.0:
        y = y * 3.0
    return y


def value_of_or(x):
    a = (x if x > 0.0 else 0.0) or note("a") * x
    return a * note("bb")


def nested_ternaries(x):
    return x * 2.0 if x > 1.0 else (note("a") * x if x > 0.0 else x * x * note("bb"))


def chained(x):
    y = x
    if 0.0 < note("a") * x < note("bb"):
        y = x * 5.0
    return y


@pytest.mark.parametrize(
    "f",
    [ternary_after_call, ternary_in_arguments, short_circuits, value_of_or, nested_ternaries,
     chained],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("x", [-1.3, 0.4, 3.0])
def test_conditional_expressions_keep_the_order_of_evaluation(f, x):
    CALLED.clear()
    expected = f(x)
    order = list(CALLED)
    step = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    derivative = adxform.value_and_grad(f)
    derivative(x)
    CALLED.clear()
    value, slope = derivative(x)
    assert CALLED == order
    assert value == expected
    assert slope == pytest.approx(step, rel=1e-7)


# --- loops ----------------------------------------------------------------------------------------


def zipped(x, y):
    s = 0.0
    for a, b in zip(x, y):
        s += a * b * b
    return s


def enumerated(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y), 2):
        s += a * b * i
    return s


def enumerated_from_zero(x, y):
    s = 0.0
    for i, a in enumerate(x):
        s += a * i * y[i]
    return s + i


def backwards(x, y):
    s = 1.0
    for a in reversed(x):
        s = s * 0.5 + a * y[0]
    return s


def backwards_range(x, y):
    s = 1.0
    for i in reversed(range(1, len(x), 2)):
        s = s * 0.5 + x[i] * y[i - 1]
    return s


def stepped_range(x, y):
    s = 1.0
    for i in range(len(x) - 1, -1, -2):
        s = s * y[i] + x[i] ** 2
    return s


def over_rows(x, y):
    s = 0.0
    for row in np.outer(x, y):
        s += np.sum(row ** 2) * row[0]
    return s


def over_a_tuple(x, y):
    s = 0.0
    for k, f in ((1.0, x), (2.0, y), (3.0, x * y)):
        s += k * np.sum(f * f)
    return s


def rebinds_what_it_runs_over(x, y):
    s = 0.0
    for v in x:
        x = y * v
        s += np.sum(x)
    return s + x[0]


def changes_its_bound(x, y):
    n = 2
    s = 0.0
    for i in range(n):
        n = 4
        s += x[i] * n
    return s * n + y[0]


def changes_its_index(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        i = 0
        s += x[i] * y[i]
    return s


def empty_loop(x, y):
    s = x[0]
    for i in range(0):
        s = s * y[i]
    return s * y[0]


X, Y = np.array([0.7, -1.3, 2.1, 0.4]), np.array([1.1, 0.2, -0.6, 0.9])


@pytest.mark.parametrize(
    "f",
    [zipped, enumerated, enumerated_from_zero, backwards, backwards_range, stepped_range,
     over_rows, over_a_tuple, rebinds_what_it_runs_over, changes_its_bound, changes_its_index,
     empty_loop],
    ids=lambda f: f.__name__,
)
def test_loops(f):
    value, bars = adxform.value_and_grad(f, (0, 1))(X, Y)
    assert value == pytest.approx(f(X, Y), rel=1e-14)
    steps = 1e-6 * np.eye(4)
    np.testing.assert_allclose(
        bars[0], [(f(X + e, Y) - f(X - e, Y)) / 2e-6 for e in steps], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        bars[1], [(f(X, Y + e) - f(X, Y - e)) / 2e-6 for e in steps], rtol=1e-6, atol=1e-8)
    _, tangent = adxform.jvp(f, (X, Y), (np.ones(4), np.ones(4)))
    assert tangent == pytest.approx(np.sum(bars[0]) + np.sum(bars[1]), rel=1e-12)
