"""``backend="numba"``: the numbers of NumPy, from machine code that is found again on disk."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adxform
from adxform import ArgumentError, BackendWarning
from adxform.structures import leaves_of
from tests.backends.plainly import loop_nests_in_python

numba = pytest.importorskip("numba")

RNG = np.random.default_rng(0)
V = RNG.normal(size=5)
M = RNG.normal(size=(4, 3))
X = RNG.normal(size=(4, 5))
OUTSIDE = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ADXFORM_CACHE_DIR", str(tmp_path / "kept"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        yield


# Functions whose derivatives are loop nests

FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}


def function(*args: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[f.__name__] = f, args
        return f

    return register


@function(M)
def log_sum_exp(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(x - m), axis=1)) + m[:, 0])


@function(M, X[:3])
def squared_distances(x, y):
    d = np.sum((x[:, None, :] - y.T[None, :, :]) ** 2, axis=2)
    return np.sum(np.min(d, axis=1))


@function(M)
def along_first_axes(x):
    centred = x - np.mean(x, axis=0)
    return np.sum(np.sqrt(np.mean(centred**2, axis=0) + 1.0)) * np.sum(np.max(x, axis=0))


@function(M, RNG.normal(size=3))
def rows_filled_in_a_loop(x, w):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = np.tanh(x[i] * w)
        y[i] += x[i] ** 2 * w
        y[i] = y[i] * y[0] + 1.0
    return np.sum(y * y)


@function(M, RNG.normal(size=3), X)
def layer(w, b, x):
    return np.mean(np.tanh(x.T @ w + b) ** 2)


@function(X[:, :4] + 4 * np.eye(4))
def determinant(a):
    a = a.copy()
    d = 1.0
    for i in range(len(a)):
        d = d * a[i, i]
        for j in range(i + 1, len(a)):
            f = a[j, i] / a[i, i]
            for k in range(i, len(a)):
                a[j, k] -= f * a[i, k]
    return d


@function(V, 0.2, 12)
def heat(u0, k, n):
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += k * (u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2])
    return np.sum(u[-1] ** 2)


@function(V)
def with_outside(x):
    return np.sum(np.exp(-x) * OUTSIDE)


@function(V)
def bounded(x):
    return np.sum(np.clip(x, -0.5, 0.5) * np.where(x > 0.0, x, 2.0 * x))


@function({"scale": 2.0, "weights": (V, [M])}, V)
def containers(parameters, x):
    weights, (matrix,) = parameters["weights"]
    return parameters["scale"] * np.sum(weights * x) + np.sum(matrix**2)


@dataclass
class Spring:
    stiffness: float
    rest: np.ndarray


@function(Spring(2.0, V), V + 1.0)
def of_object(spring, x):
    return 0.5 * spring.stiffness * np.sum((x - spring.rest) ** 2)


class Model:
    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        return np.exp(-np.sum(self.weights * x))


@function(V, Model(np.ones(5)))
def of_callable(x, model):
    return model(x) * x[0]


@function(V, 3)
def looped(x, n):
    y = x
    for i in range(n):
        y = y * np.sin(x) + x[i]
        if np.sum(y) > 3.0:
            y = y / 2.0
    return np.sum(y)


@function(V)
def empty_sums(x):
    return np.sum(x[5:] ** 2) + np.sum(x)


def stepped(x):
    for _ in reversed(2.0 * np.array([0.3, -0.7, 1.1])):
        x = 0.25
    steps = np.full(3, x)
    return steps[0], steps


@function(0.5)
def length_of_what_is_never_made(x):
    return stepped(x)[0] * x


EACH = pytest.mark.parametrize("name", FUNCTIONS)


def numbers(value: Any) -> list[np.ndarray]:
    return [np.asarray(v, float) for v in leaves_of(value) if v is not None]


def same(found: Any, expected: Any) -> None:
    for mine, plain in zip(numbers(found), numbers(expected), strict=True):
        assert mine.shape == plain.shape
        np.testing.assert_allclose(mine, plain, rtol=1e-11, atol=1e-13)


@EACH
def test_loop_nests_give_the_numbers_of_numpy(name: str) -> None:
    f, args = FUNCTIONS[name]
    with loop_nests_in_python():
        same(adxform.value_and_grad(f, backend="numba")(*args), adxform.value_and_grad(f)(*args))
        tangents = (args[0], *(None for _ in args[1:]))
        same(
            adxform.jvp(f, args, tangents, backend="numba"),
            adxform.jvp(f, args, tangents),
        )
        same(adxform.hvp(f, args, tangents, backend="numba"), adxform.hvp(f, args, tangents))


@pytest.mark.slow
@EACH
def test_machine_code_gives_the_numbers_of_numpy(name: str) -> None:
    f, args = FUNCTIONS[name]
    fast = adxform.value_and_grad(f, backend="numba")
    expected = adxform.value_and_grad(f)(*args)
    same(fast(*args), expected)
    same(fast(*args), expected)


def test_every_product_takes_a_backend() -> None:
    def f(x):
        return np.sum(x**3)

    def g(x):
        return x**2 * np.sum(x)

    with loop_nests_in_python():
        same(adxform.hessian(f, backend="numba")(V), adxform.hessian(f)(V))
        same(adxform.jacobian(g, backend="numba")(V), adxform.jacobian(g)(V))
        value, pullback = adxform.vjp(g, V, backend="numba")
        same((value, pullback(V)), (g(V), adxform.vjp(g, V)[1](V)))
        same(adxform.forward(g, backend="numba")(V, V), adxform.forward(g)(V, V))
        same(adxform.reverse(f, backend="numba")(V), adxform.reverse(f)(V))


# What must not be frozen, lost or hidden


def test_arrays_from_outside_may_change_between_calls() -> None:
    with loop_nests_in_python():
        slope = adxform.grad(with_outside, backend="numba")
        before = slope(V)
        OUTSIDE[0] += 1.0
        try:
            same(slope(V), adxform.grad(with_outside)(V))
            assert slope(V)[0] != before[0]
        finally:
            OUTSIDE[0] -= 1.0


def test_an_array_that_an_inner_function_reads_is_not_frozen() -> None:
    def inner(x, n):
        return inner(x, n - 1) * OUTSIDE[n] if n > 0 else x

    def f(x):
        return inner(x, 3)

    slope = adxform.grad(f, backend="numba")
    with pytest.warns(BackendWarning, match="reads the array OUTSIDE"):
        same(slope(2.0), 24.0)


@pytest.mark.parametrize("interpreted", [True, False])
def test_shapes_that_do_not_fit_are_refused(interpreted: bool) -> None:
    def f(x, y):
        return np.sum(np.exp(x - y) ** 2)

    slope = adxform.grad(f, backend="numba")
    if interpreted:
        with loop_nests_in_python(), pytest.raises(ValueError, match="broadcast"):
            slope(V, np.ones(4))
    else:
        with pytest.raises(ValueError, match="broadcast"):
            slope(V, np.ones(4))


def test_an_index_out_of_bounds_raises() -> None:
    def f(x, i):
        return x[i] * x[0]

    slope = adxform.grad(f, backend="numba")
    same(slope(V, 4), adxform.grad(f)(V, 4))
    with pytest.raises(IndexError):
        slope(V, 5)


def test_the_largest_of_nothing_is_refused() -> None:
    def f(x):
        return np.max(x) + np.sum(x)

    with loop_nests_in_python(), pytest.raises(ValueError, match="zero-size"):
        adxform.grad(f, backend="numba")(np.zeros(0))


def test_what_numba_does_not_compile_runs_in_numpy_with_one_warning() -> None:
    def f(x):
        return np.sum(np.abs(np.fft.fft(x)) ** 2)

    slope = adxform.grad(f, backend="numba")
    with pytest.warns(BackendWarning, match="f_gradient: plain NumPy runs") as caught:
        found = slope(V)
    assert len(caught) == 1
    same(found, 2 * len(V) * V)
    same(slope(V), 2 * len(V) * V)  # without another


def test_backends_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="backend is 'numpy' or 'numba'"):
        adxform.grad(np.sin, backend="fortran")
    monkeypatch.setattr("adxform.backends.numba.compiling.find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r"pip install 'adxform\[numba\]'"):
        adxform.grad(lambda x: x * x, backend="numba")(2.0)


# On disk

SCRIPT = """
import sys
import adxform
from adxform.backends.numba import compiling

def f(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 3
    return s

made = []
plain = compiling.jitted
import adxform.kernels
adxform.kernels.jitted = lambda *a, **k: made.append(plain(*a, **k)) or made[-1]
import numpy as np
x = np.array([1.0, 2.0])  # which is not what f calls x
print(adxform.grad(f, backend="numba")(x))
print("hits", sum(sum(m.stats.cache_hits.values()) for m in made))
"""


def run(script: Path) -> str:
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_another_process_finds_the_machine_code(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    assert run(script) == "[ 3. 12.]\nhits 0\n"
    assert run(script) == "[ 3. 12.]\nhits 1\n"
    for kept in (tmp_path / "kept").rglob("*.nb*"):
        kept.write_bytes(b"not what Numba wrote")
    assert run(script).startswith("[ 3. 12.]\n")
    assert run(script).startswith("[ 3. 12.]\n")


UNINSTALLED = """
import importlib.metadata
importlib.metadata.entry_points = lambda **_: importlib.metadata.EntryPoints()
import warnings
import numpy as np
import adxform
warnings.simplefilter("error", adxform.BackendWarning)
def f(x):
    s = 0.5
    for i in range(len(x)):
        s = s * s + x[i]
    return s
print(adxform.grad(f, backend="numba")(np.array([1.0, 2.0])))
"""


@pytest.mark.slow
def test_what_is_not_installed_compiles_as_well(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNINSTALLED)
    assert run(script) == "[2.5 1. ]\n"


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file" / "inside"), ""):
        monkeypatch.setenv("ADXFORM_CACHE_DIR", place)
        same(adxform.grad(lambda x: x**3, backend="numba")(2.0), 12.0)


@pytest.mark.slow
def test_several_threads_give_the_same_numbers() -> None:
    f, args = FUNCTIONS["log_sum_exp"]
    many = adxform.value_and_grad(f, backend="numba", parallel=True)
    same(many(*args), adxform.value_and_grad(f)(*args))


def test_a_sum_along_first_axes_of_length_one_is_a_number_written_once() -> None:
    def f(x):
        return np.sum(np.sum(np.exp(x) * x, axis=0) ** 2)

    with loop_nests_in_python():
        x = np.array([[0.5]])
        same(adxform.value_and_grad(f, backend="numba")(x), adxform.value_and_grad(f)(x))


# Indices out of bounds


def weighted(x, w):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i]) * w[i]
    return total


def weighted_while_there_are_weights(x, w):
    total = 0.0
    for i in range(len(x)):
        if i < len(w):
            total += np.sin(x[i]) * w[i]
    return total


def differences(x):
    total = 0.0
    for i in range(1, len(x)):
        total += (x[i] - x[i - 1]) ** 2
    return total


def filled(x, n):
    y = np.zeros((n, len(x)))
    for i in range(n):
        for j in range(len(x)):
            y[i, j] = x[j] * i
    return np.sum(y * y)


def test_loops_are_asked_once_whether_they_stay_in_bounds():
    derivative = adxform.grad(weighted, backend="numba")
    assert np.allclose(derivative(V, V), np.cos(V) * V)
    assert "if len_x > w.shape[0]:" in derivative.source
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        derivative(V, V[:3])
    assert np.allclose(derivative(V, V), np.cos(V) * V)


@pytest.mark.filterwarnings("ignore::adxform.errors.BackendWarning")
@pytest.mark.parametrize("axis", [1, -2])
def test_an_axis_that_is_not_there_is_an_error_as_in_numpy(axis):
    with pytest.raises(np.exceptions.AxisError):
        adxform.grad(lambda x: np.sum(x, axis=axis), backend="numba")(V)


def test_what_a_branch_keeps_in_bounds_is_no_error():
    derivative = adxform.grad(weighted_while_there_are_weights, backend="numba")
    assert np.allclose(derivative(V, V[:3]), np.append(np.cos(V[:3]) * V[:3], [0.0, 0.0]))


def test_no_access_is_checked_twice(monkeypatch):
    from adxform import kernels

    found = {}

    def told(text, name, values, **options):
        found[name] = options["checked"]
        return jitted(text, name, values, **options)

    jitted = kernels.jitted
    monkeypatch.setattr(kernels, "jitted", told)
    for f, args in ((weighted, (V, V)), (weighted_while_there_are_weights, (V, V)),
                    (differences, (V,)), (filled, (V, 3))):
        plain = adxform.grad(f)(*args)
        assert np.allclose(adxform.grad(f, backend="numba")(*args), plain)
    assert found == {
        "weighted_gradient": False,
        "weighted_while_there_are_weights_gradient": False,
        "differences_gradient": False,
        "filled_gradient": False,
    }


def sixth(x):
    return x[5] * np.sum(x)


def ends_written(x):
    z = np.empty(len(x))
    z[:] = 0.5
    z[0] = x[0]
    z[4] = x[-2]
    return np.sum(z * z)


def squares_of_ends(e, w):
    return (e[0] * w + e[-1] ** 2) * np.sin(e[1])


def calls_another(x, w):
    total = 0.0
    for _ in range(2):
        total += squares_of_ends(x * 2.0, w) * squares_of_ends(x, w * w)
    return total


def in_a_branch(x):
    return x[5] * x[0] if len(x) > 5 else x[0] ** 2


@pytest.mark.parametrize("f", [sixth, ends_written])
def test_numbered_places_are_asked_for_too(f):
    derivative = adxform.grad(f, backend="numba")
    x = np.arange(1.0, 9.0)
    assert np.allclose(derivative(x), adxform.grad(f)(x))
    with pytest.raises(IndexError, match="out of bounds"):
        derivative(x[:3])


def test_functions_that_are_called_ask_too():
    derivative = adxform.grad(calls_another, argnums=(0, 1), backend="numba")
    for bar, expected in zip(derivative(V, 0.3), adxform.grad(calls_another, (0, 1))(V, 0.3),
                             strict=True):
        assert np.allclose(bar, expected)


def test_a_numbered_place_in_a_branch_is_no_error():
    derivative = adxform.grad(in_a_branch, backend="numba")
    assert np.allclose(derivative(V), [2 * V[0], 0, 0, 0, 0])


def of_either_size(x, c):
    if c > 0.0:
        w = np.ones(len(x))
    else:
        w = np.ones(2)
    total = 0.0
    for i in range(len(x)):
        total += w[i] * x[i]
    return total


def shorter_from_the_second_step_on(x, c):
    w = np.ones(len(x))
    total = 0.0
    for i in range(len(x)):
        total += w[i] * x[i] * c
        w = np.ones(2)
    return total


def as_long_in_each_step(x, c):
    w = np.ones(len(x))
    total = 0.0
    for i in range(len(x)):
        if x[i] > c:
            w[i] = 2.0
        for j in range(len(x)):
            w[j] += x[i] * x[j]
        total += w[i] * x[i]
    return total


@pytest.mark.parametrize("f", [of_either_size, shorter_from_the_second_step_on])
def test_an_array_that_takes_the_place_of_a_longer_one_is_asked_for_its_own_size(f):
    with pytest.raises(IndexError, match="index 2 is out of bounds for axis 0 with size 2"):
        adxform.grad(f, backend="numba")(V, -1.0)


def test_an_array_that_keeps_its_size_is_asked_before_its_loop():
    derivative = adxform.grad(as_long_in_each_step, backend="numba")
    assert np.allclose(derivative(V, 0.5), adxform.grad(as_long_in_each_step)(V, 0.5))
    assert "IndexError" not in derivative.source


def three_of_a_chain(x, y, w):
    z = x * y + x
    z = z * (y - x) + z * y + w * x
    z = z * (x + 2.0) - z * w - y * w
    z = z * (y + 3.0) / (w - x) + z * x - y
    return np.sum(z * x), np.sum(z * y), np.sum(z * w)


def test_a_long_chain_that_several_nests_need_is_computed_once() -> None:
    args = V, V[::-1].copy(), 2.0 + V**2
    moves = tuple(np.ones(5) for _ in args)
    derivative = adxform.forward(three_of_a_chain)
    expected = derivative(*args, *moves)
    compiled = adxform.forward(three_of_a_chain, backend="numba")
    for found, known in zip(leaves_of(compiled(*args, *moves)), leaves_of(expected), strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-12)
    assert compiled.source.count(" / ") == 3  # of the value, and of its tangent


def of_its_own_memory(x):
    z = x @ x
    z += z.T
    z *= z[0]
    z -= z[::-1]
    return np.sum(z * x)


def test_what_is_written_over_is_not_read_elsewhere_meanwhile() -> None:
    x = np.arange(9.0).reshape(3, 3) / 9.0
    derivative = adxform.grad(of_its_own_memory, backend="numba")
    np.testing.assert_allclose(derivative(x), adxform.grad(of_its_own_memory)(x), rtol=1e-12)


def while_positive(x):
    total, i = 1.0, 0
    while i < len(x) and x[i] > 0.0:
        total = 0.9 * total + np.sin(total * x[i])
        i += 1
    return total * np.sum(x)


def test_a_loop_that_records_nothing_is_no_reason_to_give_up() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", adxform.BackendWarning)
        for x in (-np.ones(3), np.ones(3), np.zeros(0), np.arange(1.0, 4.0)):
            _, pull = adxform.vjp(while_positive, x, backend="numba")
            assert np.allclose(pull(1.0)[0], adxform.vjp(while_positive, x)[1](1.0)[0])


def on_a_torus(s, shifts):
    n, m = s.shape
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += s[i, j] * (s[(i + 1) % n, j] + s[i, (j - 1) % m])
    for k in range(len(shifts)):
        total += s[shifts[k] % n] @ s[shifts[k] % n]
    return total


def beside(x):
    total = 0.0
    for i in range(1, len(x) - 1):
        for j in range(i + 1):
            total += (x[i + 1] - x[i - 1]) * x[j]
    return total


def around(x, n):
    total = 0.0
    for i in range(n):
        total += x[i - 2] * x[i // 2]
    return total


def test_indices_that_are_sure_to_be_in_bounds_are_not_checked():
    x = np.random.default_rng(0).normal(size=6)
    for f, args in ((on_a_torus, (x.reshape(2, 3), np.array([-5, 7]))), (beside, (x,))):
        derivative = adxform.grad(f, backend="numba")
        np.testing.assert_allclose(derivative(*args), adxform.grad(f)(*args), rtol=1e-12)
        assert "IndexError" not in derivative.source
    derivative = adxform.grad(around, backend="numba")
    np.testing.assert_allclose(derivative(x, 2), adxform.grad(around)(x, 2), rtol=1e-12)
    with pytest.raises(IndexError):
        derivative(x, len(x) + 3)


def exchanged_in_turn(u, k):
    for _ in range(4):
        v = u.copy()
        for j in range(1, len(u) - 1):
            v[j] = u[j] + k * (u[j + 1] - 2.0 * u[j] + u[j - 1])
        u = v
    return np.sum(u * u)


def test_arrays_that_change_places_are_not_copied_to_be_added():
    fast = adxform.grad(exchanged_in_turn, backend="numba")
    given = np.array([0.3, -0.7, 1.1, 0.4, -0.2]), 0.1
    np.testing.assert_allclose(fast(*given), adxform.grad(exchanged_in_turn)(*given), rtol=1e-13)
    assert "np.copy" not in fast.source
