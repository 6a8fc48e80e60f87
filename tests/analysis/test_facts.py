"""Activity, types, aliasing and naming: what is known about Core, on small functions."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform.analysis.activity import analyze
from adxform.analysis.aliasing import Aliases
from adxform.analysis.types import infer, result_type
from adxform.compiler import lower_live
from adxform.core.dims import Sym
from adxform.core.types import FLOAT, INT, Array, Known, Scalar, broadcast_dims, join
from adxform.signatures import key_of, type_of_annotation, type_of_argument

N, M = Sym("n", not_one=True), Sym("m", not_one=True)


def core(f):
    return lower_live(f).function


def users(names, function):
    """Names as the user calls them; the compiler's own are left out."""
    return {function.bases[n] for n in names if n in function.bases}


# --- activity -------------------------------------------------------------------------------------


def mixed_activity(x, y, n):
    a = x * 2.0
    b = y + 1.0
    c = len(x) * 3
    d = a * b
    unused = np.sin(a)
    e = np.floor(a)
    return np.sum(d) + c + np.sum(e) + n


def test_activity_is_varied_and_useful():
    f = core(mixed_activity)
    vector = Array("float64", (N,))
    types = infer(f, {"x": vector, "y": vector, "n": INT})
    found = analyze(f, ("x",), types)
    varied, useful = users(found.varied, f), users(found.useful, f)
    assert {"x", "a", "d", "unused"} <= varied
    assert not {"y", "b", "c", "n"} & varied
    assert {"a", "b", "d"} <= useful
    assert "unused" not in useful
    assert "e" not in varied  # a step function passes no derivative


def carried_round(x, n):
    a = 0.0
    b = 0.0
    c = 0.0
    for _ in range(n):
        c = b
        b = a
        a = x * 1.0
    return c


def test_activity_goes_round_loops_until_it_settles():
    f = core(carried_round)
    found = analyze(f, ("x",), infer(f, {"x": FLOAT, "n": INT}))
    assert {"a", "b", "c"} <= users(found.varied, f) & users(found.useful, f)
    assert adxform.grad(carried_round)(1.5, 2) == 0.0
    assert adxform.grad(carried_round)(1.5, 3) == 1.0


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(N,), (N,)], (N,)),
        ([(N, 1), (M,)], (N, M)),
        ([(N, 1), (1, M)], (N, M)),
        ([(), (N,)], (N,)),
        ([(1,), (1, 1)], (1, 1)),
        ([(3, 1), (N,)], (3, N)),
        ([(N,), None], None),
    ],
)
def test_broadcasting(shapes, expected):
    assert broadcast_dims(shapes) == expected


def sums(x, w):
    return (x * w)[0] + np.sum(x, axis=1)


def test_inferred_types():
    f = core(sums)
    x, w = Array("float32", (N, M)), Array("float64", (M,))
    g = core(row_sums)
    assert result_type(g, infer(g, {"x": x})) == Array("float32", (N,))


def row_sums(x):
    return np.sum(x * 2.0, axis=1)


def grows(x, n):
    y = x
    for _ in range(n):
        y = np.stack([y, y])
    return y


def test_a_rank_that_grows_in_a_loop_is_not_known():
    f = core(grows)
    found = result_type(f, infer(f, {"x": Array("float64", (N,)), "n": INT}))
    assert not isinstance(found, Array) or found.dims is None


def widens(x, n):
    s = 0
    for i in range(n):
        s = s + x[i]
    return s


def test_a_type_that_widens_in_a_loop_covers_both():
    f = core(widens)
    found = result_type(f, infer(f, {"x": Array("float64", (N,)), "n": INT}))
    assert isinstance(found, Scalar) and found.dtype == "float64"


def test_joins():
    assert join(FLOAT, FLOAT) == FLOAT
    assert join(INT, FLOAT).dtype == "float64"
    joined = join(Array("float64", (N, 1)), Array("float32", (N, M)))
    assert joined.dtype is None and joined.dims[0] == N and joined.dims[1] not in (1, M)
    assert join(Array("int64", (N,)), Array("float64", (N,))).dtype is None
    assert join(Array("float64", (N,)), Array("float64", (N, M))).dims is None


def test_types_of_arguments():
    assert type_of_argument("x", 1.5) == FLOAT
    assert type_of_argument("x", np.float32(1.5)) == Scalar("float32")
    assert type_of_argument("x", "a") == Known("a")
    found = type_of_argument("x", np.ones((2, 1)))
    assert found.dims[1] == 1 and found.dims[0].not_one


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (np.ones(3), np.ones(5), True), (np.ones(3), np.ones(1), False),
        (np.ones(3), np.ones(3, np.float32), False), (np.ones((2, 1)), np.ones((1, 2)), False),
        (1.0, 2.0, True), (1.0, 1, False), (True, False, False), ("a", "b", False),
        (1.0, np.float64(1.0), False), (np.array(1.0), np.float64(1.0), False),
        (1, True, False), (np.ones(0), np.ones(2), True),
    ],
)
def test_keys_tell_specialisations_apart(a, b, same):
    assert (key_of(a) == key_of(b)) is same


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("float", FLOAT), ("int", INT), ('"float"', FLOAT), ("np.ndarray", Array("float64", None)),
        ('Float[np.ndarray, "n 3"]', Array("float64", (Sym("n"), 3))),
        ('Float32[np.ndarray, "... n"]', Array("float32", None)),
        ("npt.NDArray[np.float32]", Array("float32", None)),
        ("np.float32", Scalar("float32")),
    ],
)
def test_annotations(text, expected):
    assert type_of_annotation(text) == expected


# --- aliasing -------------------------------------------------------------------------------------


def views(x):
    a = x * 1.0
    b = a[1:]
    c = a.T
    d = a[np.array([0, 1])]
    e = a + 1.0
    f = e if len(x) > 2 else a
    return b, c, d, e, f


def test_views_are_in_one_class():
    f = core(views)
    types = infer(f, {"x": Array("float64", (N,))})
    aliases = Aliases(f.body, types)
    a, b, c, d, e, g = (
        aliases.of(next(n for n, base in f.bases.items() if base == name)) for name in "abcdef"
    )
    assert a == b == c
    assert d != a
    assert aliases.of("x") != a
    assert e == g == a  # one of them may be the other


# --- names that must not clobber ------------------------------------------------------------------


def fibonacci(x, n):
    a, b = 0.0, x
    for _ in range(n):
        a, b = b, a + b
    return a * b


def rotates(x, n):
    a, b, c = x[0], x[1], x[2]
    for _ in range(n):
        a, b, c = b, c, a * b
    return a + 10.0 * b + 100.0 * c


def last_seen(x):
    v = 0.0
    for i in range(len(x)):
        u = v
        v = x[i] * x[i]
    return u * v + i


def shadows(x):
    y = x
    for x in range(3):
        y = y * 2.0
    return y + x


def index_after(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s = s + x[i] * x[j]
    return s * (i + j)


def old_and_new(x, n):
    old = x
    new = x
    for _ in range(n):
        new = np.sin(old) + new
        old, new = new, old * new
    return old + new


def in_branches(x):
    a, b = x[0], x[1]
    if a < b:
        a, b = b, a
    c = a
    if c > 1.0:
        a = c * b
    return a + c * b


def while_swapped(x):
    a, b = x, 2.0
    k = 0
    while k < 4:
        a, b = b * a, a
        k = k + 1
    return a - b


V = np.array([0.7, 1.3, 2.1])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (fibonacci, (1.5, 6)), (fibonacci, (1.5, 0)), (rotates, (V, 4)), (last_seen, (V,)),
        (shadows, (1.5,)), (index_after, (V,)), (old_and_new, (0.4, 5)), (in_branches, (V,)),
        (in_branches, (-V,)), (while_swapped, (1.1,)),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_values_that_change_places(f, args):
    x = args[0]
    value, bar = adxform.value_and_grad(f)(*args)
    assert value == pytest.approx(f(*args), rel=1e-14)
    steps = [np.asarray(e).reshape(np.shape(x)) for e in np.eye(np.size(x)) * 1e-6]
    expected = [(f(x + e, *args[1:]) - f(x - e, *args[1:])) / 2e-6 for e in steps]
    np.testing.assert_allclose(np.ravel(bar), expected, rtol=1e-7)
    _, tangent = adxform.jvp(f, args, (x * 0.0 + 1.0, *(None for _ in args[1:])))
    np.testing.assert_allclose(tangent, np.sum(bar), rtol=1e-12)
