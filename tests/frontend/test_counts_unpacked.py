"""What is unpacked has as many items as there are names, or it is a ValueError, as in Python."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import adxform


def three_names(q):
    a, b, c = q
    return a * b * c


def row(p):
    s = 0.0
    for i in range(p.shape[0]):
        x, y = p[i]
        s += x * y**2
    return s


def each(p):
    s = 0.0
    for x, y in p:
        s += x * y**2
    return s


def numbered(p):
    s = 0.0
    for i, (x, y) in enumerate(p):
        s += i * x * y**2
    return s


def together(p):
    s = 0.0
    for (x1, y1), (x2, y2) in itertools.pairwise(p):
        s += x1 * y2 - x2 * y1
    return s


def comprehended(p):
    return sum(x * y**2 for x, y in p)


def first_and_last(q):
    a, *_, b = q
    return a * b


def inside(q):
    a, (b, c) = q[0], q[1:]
    return a * b * c


def of_list(x):
    made = []
    for v in x:
        made.append(v * v)
    a, b, c = made
    return a * b * c


def derivatives(f, x, **options):
    """Each derivative of f at x."""
    yield lambda: adxform.value_and_grad(f, **options)(x)
    yield lambda: adxform.jvp(f, (x,), (x,), **options)
    yield lambda: adxform.hvp(f, (x,), (x,), **options)


POINTS = np.arange(1.0, 9.0).reshape(4, 2)
LINE = np.arange(1.0, 4.0)
RIGHT = [(three_names, LINE), (row, POINTS), (each, POINTS), (numbered, POINTS), (together, POINTS),
         (comprehended, POINTS), (first_and_last, LINE), (inside, LINE), (of_list, LINE)]
WRONG = [(three_names, np.ones(4)), (three_names, np.ones(2)), (row, np.ones((4, 3))),
         (row, np.ones((4, 1))), (each, np.ones((4, 3))), (numbered, np.ones((4, 3))),
         (together, np.ones((4, 3))), (comprehended, np.ones((4, 3))), (first_and_last, np.ones(1)),
         (inside, np.ones(4)), (of_list, np.ones(4))]


@pytest.mark.parametrize(("f", "x"), RIGHT)
def test_as_many_as_there_are_names(f, x):
    adxform.check_grads(f, (x,))


@pytest.mark.parametrize(("f", "x"), WRONG)
def test_another_number_is_an_error(f, x):
    with pytest.raises(ValueError, match="values to unpack"):
        f(x)
    for run in derivatives(f, x):
        with pytest.raises(ValueError, match="values to unpack"):
            run()


@pytest.mark.parametrize(("f", "x"), WRONG)
def test_another_number_is_an_error_under_numba(f, x):
    pytest.importorskip("numba")
    for run in derivatives(f, x, backend="numba"):
        with pytest.raises(ValueError, match="values to unpack"):
            run()


def test_text_for_unknown_types_says_so():
    source = adxform.source(three_names)
    space: dict = {}
    exec(source, space)
    value, bar = space["three_names_reverse"](LINE)
    assert value == 6.0
    assert np.allclose(bar, [6.0, 3.0, 2.0])
    with pytest.raises(ValueError, match="values to unpack"):
        space["three_names_reverse"](np.ones(4))


def test_what_gives_nothing_is_not_counted():
    assert np.allclose(adxform.grad(row)(np.ones((0, 3))), np.ones((0, 3)))


def test_known_lengths_are_not_asked():
    def pair(x):
        a, b = x[0], x[1]
        c, d = np.array([a * b, a + b])
        m, n = x.reshape(1, -1).shape
        return c * d + m * n

    assert "unpack" not in adxform.source(pair, args=(LINE,))
