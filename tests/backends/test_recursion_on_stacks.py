"""Functions that call themselves under Numba: what they record lies on stacks, lists of numbers.

Values are those of the NumPy backend, which tests/test_recursion.py checks; most texts run as the
Python that they are, some compiled.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from unittest import mock

import numpy as np
import pytest

from adxform import grad, jacobian, jvp, vjp
from adxform.backends.numba.depths import with_depths
from adxform.errors import BackendWarning
from adxform.optimize.whole_calls import Apart
from examples.gradbench import det
from tests.backends.plainly import loop_nests_in_python
from tests.test_recursion import CASES
from tests.test_whole_calls import crossed, of_one

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def never_at_once():
    """No call goes back at once, as tests/test_whole_calls.py has them: all have to record."""
    with mock.patch("adxform.pairs.with_whole_calls", side_effect=Apart):
        yield


def left_out(x, n):
    """The first call's result has no cotangent: nothing is pulled back of it."""
    if n == 0:
        return x
    y = left_out(x * 0.5, n - 1)
    return np.sin(left_out(x * 1.1, n - 1)) + np.floor(y)


def on_one_array(x, n):
    if n == 0:
        return np.sum(x**2)
    y = x * 0.9
    return on_one_array(y, n - 1) + on_one_array(y, n - 1) * 0.3


def leaving_early(x, n):
    s = x
    for _ in range(10):
        if s > 20.0:
            break
        if n > 0:
            s = s + leaving_early(s * 0.3, n - 1)
        s = s * 1.3
    return s


def counting(x, n):
    k = 0
    s = x
    while s < 4.0:
        if n > 0 and k % 2 == 0:
            s = s + np.abs(counting(s * 0.2, n - 1)) + 0.5
        else:
            s = s + 0.7 * np.cos(s) + 0.9
        k += 1
    return s * k


def of_arrays(x, n):
    if n == 0:
        return x
    y = np.tanh(x) * x[::-1]
    return of_arrays(y, n - 1) * y + x


def summed(x, n):
    return np.sum(of_arrays(x, n) ** 2)


def of_matrices(a, n):
    if n == 0:
        return np.sum(a)
    b = a @ a.T * 0.1
    t = of_matrices(b, n - 1)
    for i in range(a.shape[0]):
        t = t + np.sin(b[i, 0]) * t * 0.1
    return t


def written_to(x, n):
    y = x.copy()
    for i in range(1, len(x)):
        y[i] = y[i] * y[i - 1] + np.sin(y[i])
    if n == 0:
        return np.sum(y)
    return written_to(y * 0.5, n - 1) * y[0] + np.sum(y * x)


def descending(x, n):
    if n == 0:
        return np.sum(x)
    return descending(x * x[0], n - 1) + np.sum(x)


def between(v, n):
    return np.sin(summed(v, n)) * v[0] + descending(v, n)


def through_another(x, n):
    s = 0.0
    for i in range(3):
        s = s + between(x * (i + 1) * 0.2, n) * s + between(x, n)
    return s


def two_ways(x, n):
    if n == 0:
        return np.exp(x)
    if x > 0.5:
        u = np.sin(x)
        r = two_ways(u, n - 1) * u
    else:
        u = np.cos(x)
        w = u * x
        r = two_ways(w, n - 1) + u
    return r * x


def both(x, y, n):
    if n == 0:
        return x, y
    a, b = both(y, x * 0.7, n - 1)
    return a * b, np.sin(a) + x


def of_both(x, y, n):
    a, b = both(x, y, n)
    return a + 2.0 * b


def partly(x):
    """A mask is on no stack: tapes take it."""
    if len(x) <= 1:
        return np.sum(x**3)
    less = x[1:][x[1:] < x[0]]
    return partly(less) * 0.5 + x[0] * x[0] + np.sum(np.sin(x))


X = np.array([0.4, 1.2, -0.7, 0.9])
MORE = [
    (left_out, (0.6, 3)), (of_one, (X, 3)), (on_one_array, (X, 2)),
    (leaving_early, (1.3, 2)), (counting, (0.7, 2)), (summed, (X, 3)),
    (of_matrices, (X.reshape(2, 2), 2)), (written_to, (X, 2)), (through_another, (X, 2)),
    (two_ways, (0.7, 4)), (two_ways, (0.2, 4)), (of_both, (0.3, 0.4, 3)), (partly, (X,)),
    (crossed, (X, 2.0 * X, 2)), (det.by_calls, (np.outer(X, X) + np.eye(4),)),
]


def active(args):
    return tuple(i for i, a in enumerate(args) if not isinstance(a, int))


def close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "args"), [*CASES, *MORE], ids=lambda v: getattr(v, "__name__", "")
)
def test_as_without_a_compiler(f, args):
    value = f(*args)
    if isinstance(value, tuple) or np.ndim(value):
        pytest.skip("not one number")
    expected = grad(f, active(args))(*args)
    with loop_nests_in_python():
        derivative = grad(f, active(args), backend="numba")
        close(derivative(*args), expected)
        close(derivative(*args), expected)  # nothing of the first call is left


@pytest.mark.parametrize(
    ("f", "args"), [case for case in MORE if case[0] is not partly][1::3],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_compiled(f, args):
    derivative = grad(f, active(args), backend="numba")
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        close(derivative(*args), grad(f, active(args))(*args))
    assert "stack" in derivative.source


def test_tapes_take_what_stacks_do_not():
    with loop_nests_in_python():
        derivative = grad(partly, backend="numba")
        derivative(X)
    assert "tape" in derivative.source


def test_the_text_is_what_one_writes_by_hand():
    with loop_nests_in_python():
        derivative = grad(det.by_calls, backend="numba")
        derivative(np.eye(3))
    lines = [line.strip() for line in derivative.source.splitlines()]
    at = lines.index("stack.append(minor_value)")
    call = "minor_value = minor_record(a, row + 1, columns - (1 << j), stack)"
    assert lines[at - 1 : at + 2] == [call, "stack.append(minor_value)", "stack.append(sign)"]
    at = lines.index("top -= 2")
    assert lines[at + 1] == "sign = stack[top + 1]"
    assert "top = minor_pullback(" in lines
    assert "minor_pullback(a, 0, difference, stack, len(stack), 1.0, a_bar)" in lines


def until_small(x, n):
    """What the head of the loop gives goes on no stack: the derivative goes forward."""
    if n == 0:
        return x
    y, z = x, 0.0
    while (v := until_small(y * 0.5, n - 1)) > 0.02:
        y = y * 0.5
        z = z + v
    return z * x + until_small(x * 0.9, n - 1)


def test_a_derivative_in_one_number_calls_those_that_take_a_direction():
    with loop_nests_in_python():
        derivative = grad(until_small, backend="numba")
        found = derivative(0.8, 2)
    assert found == pytest.approx(grad(until_small)(0.8, 2), rel=1e-13)
    assert "def until_small_forward" in derivative.source


def test_pullbacks_and_jacobians():
    a = np.random.default_rng(0).normal(size=(4, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        value, pullback = vjp(det.by_calls, a, backend="numba")
    assert value == pytest.approx(np.linalg.det(a))
    expected = np.linalg.det(a) * np.linalg.inv(a).T
    np.testing.assert_allclose(pullback(2.0)[0], 2.0 * expected, rtol=1e-10)
    np.testing.assert_allclose(pullback(1.0)[0], expected, rtol=1e-10)
    with loop_nests_in_python():
        np.testing.assert_allclose(
            jacobian(of_arrays, backend="numba")(X, 2), jacobian(of_arrays)(X, 2), rtol=1e-10
        )


def test_arguments_are_not_changed():
    a = np.random.default_rng(1).normal(size=(4, 4))
    before = a.copy()
    grad(det.by_calls, backend="numba")(a)
    np.testing.assert_array_equal(a, before)


PROGRAM = """
import numpy as np
from adxform import grad, jvp

def falling(x, n):
    return x if n == 0 else np.sin(falling(1.1 * x, n - 1)) * x

print(jvp(lambda x: falling(x, 3), (0.7,), (1.0,), backend="numba")[1],
      grad(falling, backend="numba")(0.7, 3))
"""


def test_a_second_process_does_not_take_such_code_from_disk(tmp_path):
    """Numba breaks down where it takes a function that calls itself from its own cache."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, str(file)], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert found[0] == found[1] and len(found[0].split()) == 2


def falling(x, n):
    if n == 0:
        return x
    return np.sin(falling(x, n - 1)) * 1.1


def endless(x):
    """Of what is no number it never comes to an end."""
    if x < 1.0:
        return x * x
    return endless(x / 2.0 if x > 0.0 else x) * 0.5


@pytest.mark.filterwarnings("ignore::adxform.errors.BackendWarning")
def test_what_is_too_deep_for_python_is_an_error_and_no_end_of_the_process():
    for how in (grad(endless, backend="numba"), lambda x: jvp(endless, (x,), (1.0,), backend="numba")):
        assert np.all(np.isfinite(how(3.0)))
        with pytest.raises(RecursionError):
            how(np.nan)


def test_as_deep_as_python_goes():
    deep = sys.getrecursionlimit() // 2
    derivative = grad(falling, backend="numba")
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        assert derivative(0.5, deep) == pytest.approx(
            jvp(falling, (0.5, deep), (1.0, None), backend="numba")[1], rel=1e-9
        )


def test_functions_that_call_each_other_are_counted_and_no_others():
    text = "def a(n):\n    return b(n)\n\ndef b(n):\n    return a(n - 1) + c(n)\n\ndef c(n):\n    return n\n"
    text += "\ndef d(n):\n    return a(n)\n"
    made = ast.unparse(with_depths(ast.parse(text), "d", 10))
    assert "def a(n, _depth)" in made and "def b(n, _depth)" in made and "def c(n):" in made
    assert "return a(n - 1, _depth + 1) + c(n)" in made and "return a(n, 0)" in made
