"""Tables made as lists of lists, whose entries are written at places that only running tells."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adxform
from adxform import AdxformError, check_grads, grad

V = np.array([0.65, 0.35, 1.05])


def dynamic_programming(x, n=4):
    t = [[0.0] * n for _ in range(3)]
    for j in range(n):
        t[0][j] = x * j
    for i in range(1, 3):
        t[i][0] = x
        for j in range(1, n):
            t[i][j] = x * t[i - 1][j] + t[i][j - 1]
    return t[2][3]


def bernstein(x, n=5):
    beta = [[0.0] * n for _ in range(n)]
    for i in range(n):
        beta[0][i] = x ** (i + 1)
    for j in range(1, n):
        for i in range(n - j):
            beta[j][i] = beta[j - 1][i] * (1 - x) + beta[j - 1][i + 1] * x
    return beta[n - 1][0]


def whole_numbers_first(x, n=3):
    t = [[0] * n for _ in range(n)]
    t[0][0] = 1
    for i in range(1, n):
        t[i][0] = i
        for j in range(n):
            t[i][j] = x * t[i - 1][j] + t[i][j - 1]
    return t[n - 1][n - 1]


def from_the_end(x):
    t = [[2.0] * 3 for _ in range(2)]
    t[-1][-1] = x * x
    t[0][1] = x
    return t[1][2] * t[0][-2] * t[0][0]


def by_a_truth(x):
    t = [[0.0] * 2 for _ in range(2)]
    k = x > 1
    t[k][k] = x * x
    t[0][0] = x
    return t[1][1] * t[False][0]


def a_row_with_a_name(x):
    t = [[0.0] * 3 for _ in range(3)]
    r = t[0]
    for j in range(3):
        r[j] = x * j
    t[0][1] = x * x * x
    t[1][0] = r[1] * r[2]
    r = t[1]
    return t[0][1] * t[0][2] + r[0]


def _of_size(x, n):
    t = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            t[i][j] = x * (i + j) + (t[i - 1][j] * x if i else 0.0)
    return t[n - 1][n - 1]


def in_a_function(x):
    return _of_size(x, 3) * _of_size(x * x, 2)


def infinite_at_first(x, n=3):
    cost = [[math.inf] * (n + 1) for _ in range(n + 1)]
    least = [[-float("inf") for _ in range(n)] for _ in range(n)]
    cost[0][0] = 0
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            step = (x * i - j) ** 2
            cost[i][j] = step + min(cost[i - 1][j], cost[i][j - 1], cost[i - 1][j - 1])
            least[i - 1][j - 1] = max(least[i - 1][j - 1], step)
    return cost[n][n] + least[1][2]


def negative_at_first(x):
    t = [[-1] * 3 for _ in range(2)]
    t[0][1], t[1][2] = x, x * x
    return sum([t[i][j] ** 2 * (i + 2 * j) for i in range(2) for j in range(3)])


NUMBERS = (infinite_at_first, negative_at_first, dynamic_programming, bernstein, whole_numbers_first, from_the_end, by_a_truth,
           a_row_with_a_name, in_a_function)


def determinant(x):
    n = len(x)
    a = [[0.0 for _ in range(n)] for _ in range(n)]
    for i in range(n):
        for j in range(n):
            a[i][j] = np.exp(x[i] * x[j])
            if i == j:
                a[i][j] += 2.0
            elif i > j:
                a[i][j] /= 3.0
    d = 1.0
    for k in range(n):
        d *= a[k][k]
        for i in range(k + 1, n):
            f = a[i][k] / a[k][k]
            for j in range(k, n):
                a[i][j] -= f * a[k][j]
    return d


def rows_gone_over(x):
    n = len(x)
    t = [[1] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            t[i][j] = t[i][j - 1] * x[j] + x[i]
    s = 0.0
    for row in t:
        s = s + sum(row) * len(t)
    for row in t:
        for v in row:
            s = s * 0.5 + v
    return s


def mixture(zs):
    n = len(zs)
    a = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row = a[i]
        for j in range(n):
            row[j] = zs[i] * zs[j]
    s = 0.0
    for i, z in enumerate(zs):
        for j in range(n):
            s += a[i][j] * z
    return s


def entries_change_places(x):
    n = len(x)
    t = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            t[i][j] = x[i] * j
    t[0][1], t[1][2] = t[1][2], t[0][1] * 2
    return t[0][1] ** 2 + t[1][2]


VECTORS = (determinant, rows_gone_over, mixture, entries_change_places)


def shortest_paths(x):
    n = len(x)
    d = [[abs(x[i] - x[j]) ** 1.5 for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if d[i][k] + d[k][j] < d[i][j]:
                    d[i][j] = d[i][k] + d[k][j]
    return d[0][n - 1] + d[1][3]


def edit_distance(p, s="kitten", t="sitting"):
    m, n = len(s), len(t)
    d = [[p[3] * i if j == 0 else (p[0] * j if i == 0 else 0.0) for j in range(n + 1)]
         for i in range(m + 1)]
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            c = 0.0 if s[i - 1] == t[j - 1] else abs(p[2])
            d[i][j] = min(d[i - 1][j] + p[3], d[i][j - 1] + p[0], d[i - 1][j - 1] + c)
    return d[m][n]


def made_again_in_a_loop(x):
    total, i = 0.0, 2
    for k in range(3):
        t = [[x[i] * x[j] + k for j in range(3)] for i in range(3)]
        t[k][0] *= x[i]
        total += t[k][0] * t[1][2]
    return total * i


COMPUTED = [shortest_paths, edit_distance, made_again_in_a_loop]


@pytest.mark.parametrize("f", COMPUTED, ids=lambda f: f.__name__)
def test_entries_that_are_computed(f):
    x = np.array([0.3, 1.1, -0.4, 2.0])
    value, _ = adxform.vjp(f, x)
    assert value == f(x)
    check_grads(f, (x,), order=1)


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_of_a_number(f):
    check_grads(f, (1.3,))
    assert grad(f)(1.3) != 0.0
    slope = (f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6
    assert grad(f)(1.3) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("f", VECTORS, ids=lambda f: f.__name__)
def test_of_a_vector(f):
    check_grads(f, (V,))
    step = np.eye(len(V)) * 1e-6
    slopes = [(f(V + h) - f(V - h)) / 2e-6 for h in step]
    assert grad(f)(V) == pytest.approx(slopes, rel=1e-6)


def test_of_a_list():
    assert grad(mixture)([1.0, 2.0, 3.0]) == pytest.approx(grad(mixture)(np.array([1.0, 2.0, 3.0])))


def test_the_second_derivative():
    h = 1e-5
    slope = (grad(bernstein)(0.3 + h) - grad(bernstein)(0.3 - h)) / (2 * h)
    assert grad(grad(bernstein))(0.3) == pytest.approx(slope, rel=1e-6)


def test_it_becomes_an_array():
    derivative = grad(dynamic_programming)
    derivative(1.3)
    assert "t = np.zeros((3, n))" in derivative.source
    assert "t[i, j] = x * t[i - 1, j] + t[i, j - 1]" in derivative.source


def test_a_table_of_whole_numbers_stays_one():
    """What it holds is a number of times to go round."""
    def longest(x):
        n = len(x)
        c = [[0] * (n + 1) for _ in range(n + 1)]
        for i in range(n):
            for j in range(n):
                c[i + 1][j + 1] = c[i][j] + 1 if x[i] > x[j] else max(c[i][j + 1], c[i + 1][j])
        s = x[0]
        for k in range(c[n][n]):
            s = s + x[k] ** 2
        return s

    check_grads(longest, (V,))


def test_a_place_that_there_is_not_is_an_error():
    def outside(x, k=3):
        t = [[0.0] * 3 for _ in range(3)]
        for i in range(3):
            t[i][i] = x * i
        return t[0][k] * x

    with pytest.raises(IndexError):
        grad(outside)(1.3)


def one_row_thrice(x, n=3):
    t = [[0.0] * 2] * n
    for i in range(n):
        t[i][0] = x * i
    return t[0][0]


def a_row_stands_twice(x):
    t = [[0.0] * 3 for _ in range(3)]
    for j in range(3):
        t[j][0] = x * j
    t[0] = t[1]
    t[1][0] = x
    return t[0][0]


def in_single_precision(x):
    t = [[0.0] * 2 for _ in range(2)]
    for i in range(2):
        t[i][i] = np.float32(x) * i
    return t[1][1]


def complex_entries(x):
    t = [[0.0] * 2 for _ in range(2)]
    for i in range(2):
        t[i][i] = (1j * x) * i + x
    return abs(t[1][1])


def arrays_as_entries(x):
    t = [[0.0] * 2 for _ in range(2)]
    for i in range(2):
        t[i][i] = np.array([x]) * i
    return t[1][1].sum()


def slices_of_rows(x):
    t = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        t[i][1] = x * i
    a, b = t[2][1:], t[2]
    b[1] = 0.0
    return a[0]


def filled_by_a_function_inside(x):
    t = [[0.0] * 3 for _ in range(3)]

    def put(i):
        t[i][i] = x

    for i in range(3):
        put(i)
    return t[1][1]


def an_exception_chooses(x):
    t = [[0.0] * 2 for _ in range(2)]
    for i in range(2):
        t[i][0] = x
    try:
        y = t[0][0] / t[0][1]
    except ZeroDivisionError:
        y = 3.0 * x
    return y


REFUSED = (one_row_thrice, a_row_stands_twice, in_single_precision, complex_entries,
           arrays_as_entries, slices_of_rows, filled_by_a_function_inside, an_exception_chooses)


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_right_or_refused(f):
    try:
        found = adxform.jvp(f, (1.3,), (1.0,))[1]
    except AdxformError:
        return
    assert found == pytest.approx((f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6, rel=1e-5)


WEIGHTS = [[], [0.5], [0.0, 0.5], [0, 0, 1]]


def runge_kutta(f, y, h, tableau, weights):
    slopes = []
    for i in range(len(weights)):
        inner = y
        for j in range(i):
            inner = inner + h * tableau[i][j] * slopes[j]
        slopes.append(f(inner))
    for i in range(len(weights)):
        y = y + h * weights[i] * slopes[i]
    return y


def test_tables_of_numbers_that_are_written_out():
    """`tableau[i][j]` of a list of lists of constants, also as an argument, by counters of loops."""
    def ragged(x):
        tableau = [[], [0.5], [0.0, 0.5], [0, 0, 1]]
        return np.sum(runge_kutta(lambda y: -y * y, x, 0.1, tableau, [1 / 6, 1 / 3, 1 / 3, 1 / 6]) ** 2)

    def outside(x):
        return np.sum(runge_kutta(np.sin, x, 0.1, WEIGHTS, (0.5, 0.25, 0.125, 0.125)))

    def square(x):
        table, s = [[0.5, 1], [2, 0.25]], 0.0
        for i in range(2):
            for j in range(2):
                s += table[i][j] * x[i] * x[j]
        return s

    for f in (ragged, outside, square):
        check_grads(f, (np.array([0.7, 1.3]),), order=2)


def rows_that_change(x):
    rows = [[0, 0], [0, 0]]
    for i in range(2):
        row = rows[i]
        row[0] = i + 1
    return sum(rows[i][0] * x[i] for i in range(2))


def a_table_that_changes_meanwhile(x):
    table, s = [[1.0, 2.0], [3.0, 4.0]], 0.0
    for _ in range(2):
        for i in range(2):
            for j in range(2):
                s += table[i][j] * x[i]
        table[0][1] = 5.0
    return s


@pytest.mark.parametrize("f", (rows_that_change, a_table_that_changes_meanwhile))
def test_rows_of_a_table_that_change_are_refused(f):
    """Which row it is is not known, or it has a second name: it was a copy that changed."""
    with pytest.raises(AdxformError, match=r"is not known before it runs|while rows holds it, too"):
        grad(f)(V)


def a_choice_as_entry(a):
    n = len(a)
    t = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            t[i][j] = np.sqrt(a[i][i]) if i == j else a[i][j] / t[j][j]
    return t[1][0] * t[2][2]


def test_an_entry_may_be_chosen():
    check_grads(a_choice_as_entry, (np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 5.0]]),),
                order=1)
