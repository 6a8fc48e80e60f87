"""Functions that call themselves, or each other: every mode, to second order.

Each case is checked by `agrees` (differences, forward, reverse, text), and its second derivative
by differences, forward over reverse and reverse over reverse.
"""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

import adxform
from adxform import grad, hvp, vjp
from adxform.errors import MissingRuleError, UnsupportedError
from adxform.transform import transform
from tests.test_regressions import agrees


def power(x: float, n: int) -> float:
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    if n % 2 == 1:
        return half * half * x
    return half * half


def total(x):
    if len(x) == 1:
        return x[0] * x[0]
    half = len(x) // 2
    return total(x[:half]) + np.sin(total(x[half:]))


def fact(x, n):
    return 1.0 if n == 0 else x * fact(x, n - 1)


def even(x, n):
    if n == 0:
        return x
    return np.sin(odd(x, n - 1))


def odd(x, n):
    if n == 0:
        return 0.5 * x
    return np.cos(even(x, n - 1)) * x


def legendre(n, x):
    if n == 0:
        return 1.0
    if n == 1:
        return x
    return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n


def pair(x, n):
    if n == 0:
        return x, x * x
    a, b = pair(x * 0.5, n - 1)
    return a * b, a + np.sin(b)


def usepair(x, n):
    a, b = pair(x, n)
    return a - 2 * b


def minors(a):
    n = a.shape[0]
    if n == 1:
        return a[0, 0]
    total = 0.0
    for j in range(n):
        minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
        total += (-1.0) ** j * a[0, j] * minors(minor)
    return total


def simpson(f, a, b, depth):
    m = 0.5 * (a + b)
    whole = (b - a) / 6 * (f(a) + 4 * f(m) + f(b))
    if depth == 0:
        return whole
    return simpson(f, a, m, depth - 1) + simpson(f, m, b, depth - 1)


def integral(a, b):
    return simpson(np.sin, a, b, 3)


def gauss(x):
    return np.exp(-x * x)


def integral2(a, b):
    return simpson(gauss, a, b, 2)


def adaptive(a, b, tol):
    m = (a + b) / 2
    s1 = (b - a) * gauss(m)
    s2 = (m - a) * gauss((a + m) / 2) + (b - m) * gauss((m + b) / 2)
    if abs(s1 - s2) < tol:
        return s2
    return adaptive(a, m, tol / 2) + adaptive(m, b, tol / 2)


def adapt(a, b):
    return adaptive(a, b, 1e-2)


def depth(x):
    if x < 1.0:
        return x * x
    return depth(x / 2.0) * np.sin(x)


def in_loop(x, n):
    s = 0.0
    for i in range(n):
        s += depth(x * (i + 1)) * x
    return s


def in_while(x):
    s = x
    k = 0
    while s < 5.0:
        s = s + depth(s) + 1.0
        k += 1
    return s * k


def mergesorted(x):
    n = len(x)
    if n <= 1:
        return x
    h = n // 2
    return np.concatenate([mergesorted(x[h:]), np.sin(mergesorted(x[:h]))])


def summerge(x):
    return np.sum(mergesorted(x) ** 2)


def acc(x, n, total=0.0):
    if n == 0:
        return total
    return acc(x, n - 1, total=total + np.sin(x * n))


def accvec(x, n, total):
    if n == 0:
        return total
    return accvec(x, n - 1, total * 0.5 + x)


def startvec(x, n):
    return np.sum(accvec(x, n, 0.0) ** 2)


def startvec2(x, n):
    return np.sum(accvec(x, n, np.zeros(len(x))) ** 2)


def tree(t, x):
    if isinstance(t, tuple):
        return np.sin(tree(t[0], x)) * tree(t[1], x)
    return t * x


def usetree(a, b, x):
    return tree(((a, b), (a, (b, a))), x)


def inplace(x, k):
    y = x.copy()
    if k == len(x):
        return np.sum(y)
    y[k] = y[k] * y[k - 1]
    return inplace(y, k + 1) + y[k]


def nested_calls(x, n):
    if n <= 0:
        return np.sin(x)
    return nested_calls(nested_calls(x, n - 1), n - 2)


def total_nd(x):
    if x.ndim == 0 or x.ndim == 1:
        return np.sum(np.sin(x))
    s = 0.0
    for i in range(x.shape[0]):
        s = s + total_nd(x[i]) * (i + 1)
    return s


def three(x, n):
    if n == 0:
        return {"a": x, "b": 2.0 * x}
    d = three(x * 0.9, n - 1)
    return {"a": d["b"] * x, "b": d["a"] + d["b"]}


def usethree(x, n):
    d = three(x, n)
    return d["a"] * d["b"]


def varres(x, n):
    r = (x, x * x)
    if n > 0:
        p, q = varres(np.sin(x), n - 1)
        r = (p * q, q)
    return r


def usevar(x, n):
    a, b = varres(x, n)
    return a + b


def hanoi(x, n, flag=True):
    if n == 0:
        return x
    if flag:
        return np.sin(hanoi(x, n - 1, False))
    return hanoi(x, n - 1, True) * x


def long_even(x, n):
    y = x
    for i in range(2):
        y = np.sin(y) + x
    if n == 0:
        return y
    z = long_odd(y, n - 1)
    w = z * y
    v = w + 1
    u = v * 2
    return np.cos(u) + z


def long_odd(x, n):
    y = x
    for i in range(2):
        y = np.cos(y) * x
    if n == 0:
        return y
    z = long_even(y, n - 1)
    w = z - y
    v = w * 1.5
    u = v * 2
    return np.sin(u) * z


def float_n(x, n):
    if n <= 0.5:
        return x
    return x * float_n(x, n - 1.0)


def polydeg(c, x):
    if len(c) == 0:
        return 0.0
    return c[0] + x * polydeg(c[1:], x)


def chol(a):
    n = len(a)
    if n == 1:
        return np.sqrt(a)
    l = np.sqrt(a[0, 0])
    v = a[1:, 0] / l
    rest = chol(a[1:, 1:] - np.outer(v, v))
    out = np.zeros((n, n))
    out[0, 0] = l
    out[1:, 0] = v
    out[1:, 1:] = rest
    return out


def usechol(b):
    a = b @ b.T + 3 * np.eye(len(b))
    return np.sum(np.sin(chol(a)))


def nested(x, n):
    def go(k):
        return 1.0 if k == 0 else x * go(k - 1)
    return go(n)


def nested2(x, w, n):
    y = x * w
    def scaled(v):
        return np.sin(v) * y
    def go(k, acc=0.5):
        if k == 0:
            return acc * w
        return scaled(go(k - 1, acc)) + x
    return go(n) + go(n - 1, y)


def nestvec(x):
    h = np.sum(x)
    def part(lo, hi):
        if hi - lo == 1:
            return x[lo] * h
        mid = (lo + hi) // 2
        return np.sin(part(lo, mid)) + part(mid, hi)
    return part(0, len(x))


def nested_mutual(x, n):
    def even(k):
        return x if k == 0 else np.sin(odd(k - 1))
    def odd(k):
        return x * 0.5 if k == 0 else np.cos(even(k - 1)) * x
    return even(n)


def nested_lambda(x, n):
    fib = lambda k: x if k < 2 else fib(k - 1) * 0.5 + fib(k - 2)
    return fib(n)


def inlined(x, n):
    def outer(y):
        def go(k):
            return y if k == 0 else np.sin(go(k - 1)) * x
        return go(n) * y
    return outer(x * 2) + outer(x + 1)


def falling_sum(x):
    """A list of one: what calls it takes the item."""
    if len(x) == 1:
        return [x[0]]
    return [falling_sum(x[1:])[0] + 2.0 * x[0]]


def of_falling_sum(x):
    return falling_sum([x, 2.0 * x, x])[0]


def tripled(x, n):
    if n == 0:
        return (3.0 * x,)
    return (tripled(2.0 * x, n - 1)[0],)


def of_tripled(x):
    return tripled(x, 2)[0] * x


def parts(x, n):
    if n == 0:
        return x, (2.0 * x, [x])
    a, (b, c) = parts(x * 0.5, n - 1)
    return a + b, (b - c[0], [c[0]])


def of_parts(x):
    a, (b, c) = parts(x, 2)
    return a + 3.0 * b - c[0]


R = np.random.default_rng(1)
CASES = [
    (of_falling_sum, (0.7,)), (of_tripled, (0.7,)), (of_parts, (0.7,)),
    (power, (1.3, 5)), (power, (1.3, 0)), (fact, (1.2, 4)), (float_n, (1.1, 3.0)),
    (total, (R.normal(size=5),)), (total, (R.normal(size=1),)),
    (even, (0.7, 5)), (odd, (0.7, 5)), (odd, (0.7, 0)),
    (long_even, (0.5, 3)), (long_odd, (0.5, 0)),
    (legendre, (4, 0.3)), (pair, (0.6, 3)), (usepair, (0.6, 3)),
    (minors, (R.normal(size=(4, 4)),)), (minors, (R.normal(size=(1, 1)),)),
    (integral, (0.3, 1.2)), (integral2, (0.3, 1.2)), (adapt, (0.1, 2.0)),
    (depth, (7.3,)), (depth, (0.3,)), (in_loop, (1.3, 4)), (in_while, (0.7,)),
    (summerge, (R.normal(size=7),)), (mergesorted, (R.normal(size=5),)),
    (acc, (0.7, 3, 0.1)), (acc, (0.7, 0, 0.1)),
    (accvec, (R.normal(size=3), 3, R.normal(size=3))),
    (startvec, (R.normal(size=3), 3)), (startvec2, (R.normal(size=3), 3)),
    (usetree, (0.3, 0.5, 0.7)), (inplace, (R.normal(size=4), 1)), (nested_calls, (0.4, 4)),
    (total_nd, (R.normal(size=(2, 3, 2)),)), (usethree, (0.8, 3)), (usevar, (0.8, 3)),
    (hanoi, (0.6, 4, True)), (polydeg, (R.normal(size=4), 0.7)),
    (nested, (0.5, 3)), (nested2, (0.5, 0.7, 3)), (nestvec, (R.normal(size=5),)),
    (nested_mutual, (0.6, 3)), (nested_lambda, (0.4, 5)), (inlined, (0.4, 3)),
    (usechol, (R.normal(size=(3, 3)),)),
]
each_case = pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", ""))


@each_case
def test_recursion_agrees_with_differences(f, args):
    agrees(f, *args)


@each_case
def test_second_derivatives(f, args):
    if isinstance(f(*args), tuple) or np.ndim(f(*args)):
        pytest.skip("not one number")
    place = next(i for i, a in enumerate(args) if not isinstance(a, int))
    rng = np.random.default_rng(3)
    x, shape = args[place], np.shape(args[place])
    v, w = (rng.normal(size=shape) if shape else float(rng.normal()) for _ in range(2))

    def gradient(x):
        return np.asarray(grad(f, place)(*args[:place], x, *args[place + 1 :]))

    expected = (gradient(x + 1e-6 * v) - gradient(x - 1e-6 * v)) / 2e-6
    tangents = [v if i == place else None for i in range(len(args))]
    assert np.allclose(hvp(f, args, tangents), expected, rtol=1e-5, atol=1e-6)
    _, pullback = vjp(grad(f, place), *args)
    assert np.isclose(np.sum(pullback(w)[place] * v), np.sum(expected * w), rtol=1e-5, atol=1e-6)


class Node:
    def __init__(self, weight):
        self.weight = weight

    def apply(self, x, n):
        if n == 0:
            return x
        return self.weight * np.sin(self.apply(x, n - 1))


NODE = Node(0.7)


def use_node(x):
    return NODE.apply(x, 3)


def test_methods():
    agrees(use_node, 0.5)


def single(x, n):
    return x if n == 0 else np.sin(single(x * x, n - 1))


def test_single_precision_stays():
    x = np.float32(0.5)
    assert grad(single)(x, 3).dtype == np.float32
    assert np.isclose(grad(single)(x, 3), grad(single)(0.5, 3), rtol=1e-5)


def test_one_pair_serves_all_depths():
    text = adxform.source(total, args=(np.ones(4),))
    assert text.count("def ") == 3
    text = adxform.source(fact, "forward", args=(1.2, 4))
    assert text.count("def ") == 1


def test_memory_and_time_are_linear_in_the_depth():
    assert np.isclose(grad(fact)(1.001, 200), 200 * 1.001**199)


# --- what is refused ------------------------------------------------------------------------------


def grows(x, n):
    if n == 0:
        return [x]
    return [x] + grows(np.sin(x), n - 1)


def use_grows(x):
    return sum(grows(x, 3))


def fills(x, n, found):
    if n == 0:
        return x
    found.append(x)
    return fills(x * x, n - 1, found) + found[0]


def use_fills(x):
    return fills(x, 3, [])


def deeper(t, x, n):
    if n == 0:
        return x
    return deeper((t, x), x * x, n - 1)


def use_deeper(x):
    return deeper((), x, 3)


def changes(x, k):
    if k == len(x) - 1:
        return x
    x[k] = x[k] * x[k + 1]
    return changes(x, k + 1)


def use_changes(x):
    y = x.copy()
    return np.sum(changes(y, 0)) + y[0]


def apply(f, x, n):
    return x if n == 0 else f(apply(f, x, n - 1))


def with_lambda(x):
    return apply(lambda v: v * x, x, 3)


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (use_grows, 0.5, "tuple on one path"),
        (use_fills, 0.5, "may change found in place"),
        (with_lambda, 0.5, "function made inside another"),
        (use_deeper, 0.5, "ever other arguments"),
        (use_changes, np.ones(3), "an argument of its caller's"),
    ],
)
def test_refused(f, x, words):
    with pytest.raises(UnsupportedError, match=words) as caught:
        grad(f)(x)
    assert caught.value.diagnostics[0].location is not None


def through_asarray(x):
    y = np.asarray(x)
    for _ in range(1):
        y[0] = 5.0 * y[1]
    return np.sum(y)


def use_through_asarray(x):
    x = x * 1.0
    a = through_asarray(x)
    return a + x[0]


def scaled_in_place(x):
    z = x * 1.0

    def scale(k):
        if k > 0:
            z[k] = z[k] * z[k - 1]
            scale(k - 1)

    scale(2)
    return np.sum(z * x)


def scaled_by_halves(x):
    z = x * 1.0

    def scale(part, low, high):
        if high - low > 1:
            part[low] *= x[high - 1]
            scale(part, low, (low + high) // 2)
            scale(part, (low + high) // 2, high)

    scale(z, 0, 3)
    return np.sum(z * z)


@pytest.mark.parametrize("f", [scaled_in_place, scaled_by_halves])
def test_what_a_call_changes_whose_result_nobody_reads_is_not_lost(f):
    with pytest.raises(UnsupportedError, match="an argument of its caller's, in place"):
        grad(f)(np.array([0.5, 1.2, -0.7]))


def test_a_callee_does_not_change_its_arguments_unseen():
    with pytest.raises(UnsupportedError, match="an argument of its caller's"):
        grad(use_through_asarray)(np.ones(2))


# --- files ----------------------------------------------------------------------------------------

FILE = """import numpy as np

def power(x: float, n: int) -> float:
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    return half * half * x if n % 2 == 1 else half * half

def f(x: float) -> float:
    return power(np.sin(x), 5)
"""


@pytest.mark.parametrize("chosen", [("f",), ("power",), ()])
def test_a_file_is_transformed_and_again(chosen, tmp_path):
    made = transform(FILE, "m.py", functions=chosen, mode="both").text
    assert transform(made, "m.py", functions=chosen, mode="both").text == made
    path = tmp_path / "m.py"
    test = (
        "import sys; sys.modules['adxform'] = None; import numpy as np; from m import *\n"
        + ("s = np.sin(0.7); c = np.cos(0.7)\n"
           "assert np.isclose(f_reverse(0.7)[1], 5 * s**4 * c)\n"
           "assert np.isclose(f_forward(0.7, 1.0)[1], 5 * s**4 * c)\n" if "power" not in chosen
           else "assert np.isclose(power_reverse(0.7, 5)[1], 5 * 0.7**4)\n"
           "assert np.isclose(power_forward(0.7, 5, 1.0)[1], 5 * 0.7**4)\n")
    )
    path.write_text(made)
    subprocess.run([sys.executable, "-c", test], cwd=tmp_path, check=True)


IN_LISTS = """from adxform import grad

def falling_sum(x):
    if len(x) == 1:
        return [x[0]]
    return [falling_sum(x[1:])[0] + 2.0 * x[0]]

@grad
def of_falling_sum(x):
    return falling_sum([x, 2.0 * x, x])[0] * x
"""


def test_a_file_whose_functions_take_and_give_lists():
    space: dict = {}
    exec(transform(IN_LISTS, "m.py").text, space)
    assert space["of_falling_sum"](0.7) == pytest.approx(14.0 * 0.7)


def trimmed_twice(x):
    return np.sum(np.trim_zeros(x)) + np.sum(np.trim_zeros(x * 2.0))


def test_what_could_not_be_lowered_is_not_taken_for_a_function_that_calls_itself():
    with pytest.raises(MissingRuleError, match=r"np\.trim_zeros"):
        grad(trimmed_twice)(np.ones((2, 2)))


def halved(x):
    n = len(x)
    if n == 1:
        return x
    e, o = halved(x[0::2]), halved(x[1::2])
    out = [0.0] * n
    for k in range(n // 2):
        out[k] = e[k] + 2.0 * o[k]
        out[k + n // 2] = e[k] - o[k]
    return out


def test_lists_of_numbers_stay_that():
    value, pullback = vjp(halved, [1.0, 2.0])
    assert [np.ndim(v) for v in value] == [0, 0] and value == [5.0, -1.0]
    assert pullback([1.0, 10.0])[0] == [11.0, -8.0]


def of_a_partial(y, p):
    return simpson(functools.partial(np.multiply, p), 0.0, y, 1)


def test_a_partial_that_holds_a_variable_is_made_inside():
    with pytest.raises(UnsupportedError, match="is given a function made inside another"):
        grad(of_a_partial)(0.7, 0.3)
