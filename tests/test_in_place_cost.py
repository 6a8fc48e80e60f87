"""What derivatives of in-place writes cost and record: as much as is written, never the array."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import adxform
from adxform.compiler import Request, build, derive, lower_live, namespace_of
from adxform.core.types import ANY, Array
from adxform.signatures import type_of_argument

V = np.linspace(0.5, 1.1, 7) ** 2
SPD = np.cov(np.random.default_rng(0).standard_normal((4, 9))) + np.eye(4)


def step(u, a, n):
    u = u.copy()
    for t in range(n):
        u[1:-1] += a * u[2:] * u[:-2]
    return u


def heat(u0, k, n):
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += k * (u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2])
    return np.sum(u[n] ** 2)


def burgers(u0, k, n):
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1, 1:-1] = u[t, 1:-1] - k * u[t, 1:-1] * (u[t, 2:] - u[t, :-2])
    return np.sum(u[n] ** 2)


def gauss_seidel(u, f, sweeps):
    u = u.copy()
    for k in range(sweeps):
        for i in range(1, len(u) - 1):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + f[i] * u[i] ** 2
    return np.sum(u**2)


def lu(A):
    A = A.copy()
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    return A


def cholesky(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for j in range(n):
        s = A[j, j]
        for k in range(j):
            s = s - L[j, k] ** 2
        L[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            s = A[i, j]
            for k in range(j):
                s = s - L[i, k] * L[j, k]
            L[i, j] = s / L[j, j]
    return L


def cumulative_product(x):
    p = np.empty(len(x))
    p[0] = x[0]
    for i in range(1, len(x)):
        p[i] = p[i - 1] * x[i]
    return np.sum(p)


def thomas(a, b, c, d):
    n = len(d)
    cp = np.zeros(n)
    dp = np.zeros(n)
    x = np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x[n - 1] = dp[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


def work_array(x, n):
    c = np.zeros(len(x))
    s = 0.0
    for i in range(n):
        c[:] = 0
        c[1:] += x[:-1] * x[1:]
        c *= c
        s += np.sum(c * x) * (i + 1)
    return s


CASES: tuple[tuple[Callable[..., Any], tuple[Any, ...]], ...] = (
    (step, (V, 0.1, 3)),
    (heat, (V, 0.1, 4)),
    (burgers, (V, 0.1, 4)),
    (gauss_seidel, (V, V / 9, 2)),
    (lu, (SPD + 0.1 * np.arange(16.0).reshape(4, 4),)),
    (cholesky, (SPD,)),
    (cumulative_product, (V,)),
    (thomas, (V, V + 2, V, V**2)),
    (work_array, (V, 3)),
)


def known(f: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    names = [p.name for p in lower_live(f).function.params]
    return {n: type_of_argument(n, a) for n, a in zip(names, args, strict=True)}


def unranked(f: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    types = known(f, args)
    return {n: Array(t.dtype, None) if isinstance(t, Array) else t for n, t in types.items()}


def untyped(f: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    return dict.fromkeys(known(f, args), ANY)


def reverse(f: Callable[..., Any], args: tuple[Any, ...], types: dict[str, Any]) -> Any:
    """The reverse function for arguments of these types, and its text."""
    lowered = lower_live(f, types=list(types.values()))
    pairs = zip(lowered.function.params, args, strict=True)
    wrt = tuple(p.name for p, a in pairs if isinstance(a, np.ndarray | float))
    made, found = derive(lowered.function, Request("reverse", wrt), types)
    return build(made, found, namespace_of(f)), wrt


def in_loops(text: str) -> Iterator[str]:
    """The statements inside the loops of a text."""
    for loop in ast.walk(ast.parse(text)):
        if isinstance(loop, ast.For | ast.While):
            for stmt in ast.walk(loop):
                if isinstance(stmt, ast.stmt) and not isinstance(stmt, ast.For | ast.While):
                    yield ast.unparse(stmt)


@pytest.mark.parametrize("knowledge", [known, unranked, untyped])
@pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", None))
def test_in_place_writes_stay_in_place(f, args, knowledge):
    """No array and no tape is copied in a loop; values, arguments and derivatives are right."""
    compiled, wrt = reverse(f, args, knowledge(f, args))
    assert not [s for s in in_loops(compiled.text) if s.endswith(".copy()")], compiled.text
    kept = [np.copy(a) for a in args]
    expected = f(*args)
    seed = np.cos(np.arange(np.size(expected))).reshape(np.shape(expected))[()]
    given = np.copy(seed)[()]
    (value, bars), (again, bars_again) = compiled.call(*args, given), compiled.call(*args, given)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(again, expected)
    np.testing.assert_array_equal(given, seed)
    for a, b in zip(args, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    bars, bars_again = ((b,) if len(wrt) == 1 else b for b in (bars, bars_again))
    names = [p.name for p in lower_live(f).function.params]
    for name, bar, bar_again in zip(wrt, bars, bars_again, strict=True):
        np.testing.assert_array_equal(bar, bar_again)
        place = names.index(name)
        direction = np.cos(3.0 * np.arange(np.size(args[place]))).reshape(np.shape(args[place]))
        up, down = (
            np.sum(seed * f(*args[:place], args[place] + h * direction, *args[place + 1 :]))
            for h in (1e-6, -1e-6)
        )
        np.testing.assert_allclose(np.sum(bar * direction), (up - down) / 2e-6, rtol=1e-6, atol=1e-8)


def twice_used(x):
    u, v = x * 0.5, x * 0.3
    s = 0.0
    for i in range(3):
        s += u[i] / (2.0 + v[i - 1] * v[i - 1])
    return s + np.sum(u * u)


def test_what_was_added_to_an_element_is_not_read_from_it():
    """In the gradient ``u_bar[i] += value``: afterwards the element holds a sum."""
    gradient, direction = adxform.grad(twice_used), np.cos(np.arange(7.0))
    _, expected = adxform.jvp(gradient, (V,), (direction,))
    _, pullback = adxform.vjp(gradient, V)
    np.testing.assert_allclose(pullback(direction)[0], expected, rtol=1e-12)


def nested_bounds(x):
    s = 0.0
    for i in range(1, len(x)):
        for j in range(i, len(x)):
            for k in range(j, len(x)):
                s = np.sin(s) + x[k] * x[min(j, k)]
    return s


def test_a_loop_from_an_outer_loops_place_is_recorded():
    """The place on a tape is ``k - j``: j was sought on a tape of its own."""
    direction = np.cos(np.arange(7.0))
    _, tangent = adxform.jvp(nested_bounds, (V,), (direction,))
    np.testing.assert_allclose(adxform.grad(nested_bounds)(V) @ direction, tangent, rtol=1e-12)


def whole_and_masked(x):
    y = x * 1.0
    for k in range(3):
        y[:] = np.sin(y) * x[k]
        y[x > 0.5] = y[0] * x[x > 0.5]
        y[...] = y * y
    return np.sum(y)


def test_cotangents_of_whole_arrays_and_of_masked_ones_are_not_copied(all_agree):
    """What is overwritten as a whole has a cotangent of zeros; a mask gives a copy already."""
    all_agree(whole_and_masked, V)
    assert "np.copy" not in adxform.source(whole_and_masked, args=(V,))


def inner(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def filled_apart(x):
    a, b = np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        a[i] = 2.0 * x[i]
        b[i] = x[i] * x[i]
    return inner(a, b)


def one_of(a, b, n):
    for _ in range(n):
        a, b = b, a
    return a


def filled_and_handed_on(x):
    a, b = x * 1.0, x * 2.0
    c = one_of(a, b, len(x))
    b[0] = x[1]
    return np.sum(c * a)


def test_arrays_that_a_function_is_given_together_are_filled_in_place():
    assert ".copy()" not in adxform.source(filled_apart, args=(V,))
    adxform.check_grads(filled_apart, (V,), order=2)


def test_what_a_function_may_hand_on_is_not_written_to():
    with pytest.raises(adxform.UnsupportedError, match="b is changed in place here"):
        adxform.grad(filled_and_handed_on)(V)
