"""Dual numbers against the complex step, central differences, and the lecture."""

from __future__ import annotations

import copy
import itertools
import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from adxform.dual import Dual, derivative, gradient, hessian, jacobian, logsumexp
from adxform.dual.elementwise import BILINEAR, BOOLEAN, PARTIALS
from adxform.dual.functions import DISCRETE, array
from adxform.dual.lifting import leaves as leaves_of
from adxform.dual.number import FUNCTIONS
from adxform.dual.special import special_partials

special = pytest.importorskip("scipy.special")

RNG = np.random.default_rng(7)
SHAPES = ((), (3,), (2, 3), (1, 3), (2, 1))
REAL, POSITIVE, UNIT, OVER_ONE = (-2.0, 2.0), (0.3, 3.0), (-0.9, 0.9), (1.1, 3.0)
PROBABILITY = (0.1, 0.9)

# Where each ufunc is differentiable, operand by operand: real numbers where nothing is said.
DOMAINS = {
    np.divide: (REAL, POSITIVE),
    np.floor_divide: (REAL, POSITIVE),
    np.remainder: (REAL, POSITIVE),
    np.fmod: (REAL, POSITIVE),
    np.power: (POSITIVE, REAL),
    np.float_power: (POSITIVE, REAL),
    **dict.fromkeys([np.sqrt, np.cbrt, np.reciprocal, np.log, np.log2, np.log10], (POSITIVE,)),
    **dict.fromkeys([np.log1p, np.tan, np.arcsin, np.arccos, np.arctanh], (UNIT,)),
    np.arccosh: (OVER_ONE,),
    np.arctan2: (REAL, POSITIVE),
    **dict.fromkeys([special.gamma, special.gammaln, special.loggamma], (POSITIVE,)),
    special.digamma: (POSITIVE,),
    special._ufuncs._zeta: (OVER_ONE, POSITIVE),
    special.betaln: (POSITIVE, POSITIVE),
    special.erfinv: (UNIT,),
    special.logit: (PROBABILITY,),
    special.ndtri: (PROBABILITY,),
    special.xlogy: (REAL, POSITIVE),
    special.xlog1py: (REAL, UNIT),
    special.entr: (POSITIVE,),
}
TABLE = {**PARTIALS, **special_partials()}
NOT_ANALYTIC = {np.conjugate, np.absolute, np.sign}
by_name = {"ids": lambda ufunc: getattr(ufunc, "__name__", None)}
each_ufunc = pytest.mark.parametrize("ufunc", TABLE, **by_name)


def sample(ufunc, *shapes):
    """Operands where the ufunc is differentiable; an exponent of ldexp is an integer."""
    domains = DOMAINS.get(ufunc, (REAL,) * ufunc.nin)
    operands = [RNG.uniform(*domain, shape) for domain, shape in zip(domains, shapes, strict=True)]
    if ufunc is np.ldexp:
        operands[1] = np.asarray(RNG.integers(-3, 4, shapes[1]))
    return operands


def active_operands(ufunc):
    """The operands for which there is a partial, and whose changes the ufunc accepts."""
    last = 1 if ufunc is np.ldexp else ufunc.nin
    return [i for i in range(last) if TABLE[ufunc][i] is not None]


def difference(f, args, directions, h=1e-6):
    """The central difference of ``f`` along ``directions`` (None: constant)."""

    def moved(step):
        pairs = zip(args, directions, strict=True)
        return f(*(arg if d is None else arg + step * d for arg, d in pairs))

    return (moved(h) - moved(-h)) / (2 * h)


def reference(ufunc, args, directions):
    """The tangent, and how far it may be trusted: by the complex step where there is one."""
    analytic = any(set(loop) <= set("D->") for loop in ufunc.types) and ufunc not in NOT_ANALYTIC
    if not analytic:
        return difference(ufunc, args, directions), 2e-7
    pairs = zip(args, directions, strict=True)
    steps = [arg if d is None else arg + 1e-30j * d for arg, d in pairs]
    return ufunc(*steps).imag / 1e-30, 1e-12


def shapes_for(ufunc):
    return itertools.product(SHAPES, repeat=ufunc.nin)


def directions_for(args, active):
    return tuple(RNG.normal(size=np.shape(a)) if i in active else None for i, a in enumerate(args))


# Ufuncs


@each_ufunc
def test_ufunc_has_the_tangent_of_its_differences(ufunc):
    active = active_operands(ufunc)
    subsets = [active] if len(active) == 1 else [active, *([i] for i in active)]
    for shapes, chosen in itertools.product(shapes_for(ufunc), subsets):
        args = sample(ufunc, *shapes)
        directions = directions_for(args, chosen)
        value, tangent = derivative(ufunc, *args, direction=directions)
        expected, tolerance = reference(ufunc, args, directions)
        assert np.shape(tangent) == np.shape(value) == np.broadcast_shapes(*shapes)
        assert_allclose(value, ufunc(*args), rtol=1e-15)
        assert_allclose(tangent, expected, rtol=tolerance, atol=tolerance)


@each_ufunc
def test_ufunc_has_second_derivatives(ufunc):
    shapes = [(3,), (2, 1)][: ufunc.nin]
    args = sample(ufunc, *shapes)
    directions = directions_for(args, active_operands(ufunc))

    def first(*points):
        return derivative(ufunc, *points, direction=directions)[1]

    _, second = derivative(first, *args, direction=directions)
    assert_allclose(second, difference(first, args, directions), rtol=2e-6, atol=2e-6)


@each_ufunc
def test_ufunc_keeps_float32(ufunc):
    args = [a if a.dtype == int else a.astype("f4") for a in sample(ufunc, *[(3,)] * ufunc.nin)]
    for i in active_operands(ufunc):
        x = Dual(args[i], np.ones(3))
        out = ufunc(*args[:i], x, *args[i + 1 :])
        assert out.dtype == out.tangent.dtype == ufunc(*args).dtype


@each_ufunc
def test_several_components_are_several_directions(ufunc):
    args = sample(ufunc, *[(2, 3), (3,)][: ufunc.nin])
    first = active_operands(ufunc)[0]
    directions = RNG.normal(size=(4, *args[first].shape))

    def at(x):
        return ufunc(*args[:first], x, *args[first + 1 :])

    out = at(Dual.seed(args[first], *directions))
    assert out.tangent.shape == (*out.shape, 4)
    for k, direction in enumerate(directions):
        assert_array_equal(out.tangent[..., k], at(Dual(args[first], direction)).tangent)


def test_every_float_ufunc_of_numpy_is_spoken_for():
    ufuncs = {u for u in vars(np).values() if isinstance(u, np.ufunc)}
    of_floats = {u for u in ufuncs if any(t.startswith(("d", "dd")) for t in u.types)}
    refused = {np.nextafter, np.spacing, np.modf, np.frexp}
    assert of_floats - {np.divmod, *BILINEAR, *BOOLEAN, *PARTIALS} == refused
    for ufunc in refused:
        with pytest.raises(TypeError, match=ufunc.__name__):
            ufunc(*[Dual(1.5)] * ufunc.nin)


@pytest.mark.parametrize("ufunc", sorted(BOOLEAN, key=str), **by_name)
def test_truths_have_no_tangents(ufunc):
    args = [np.array([0.0, 1.0, np.nan]), np.array([1.0, 1.0, 1.0])][: ufunc.nin]
    result = ufunc(*[Dual(arg, 1.0) for arg in args])
    assert isinstance(result, np.ndarray)
    assert_array_equal(result, ufunc(*args))


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.minimum, np.logaddexp])
def test_reduce_is_along_the_first_axis(ufunc):
    a, d = RNG.normal(size=(2, 3, 4))
    for kwargs in ({}, {"axis": 1}, {"axis": 0, "keepdims": True}):
        expected = difference(lambda x: ufunc.reduce(x, **kwargs), [a], [d])
        assert_allclose(ufunc.reduce(Dual(a, d), **kwargs).tangent, expected, rtol=1e-6)


def test_outer_is_elementwise_on_all_pairs():
    x, y, dx, dy = RNG.uniform(0.5, 1.5, (4, 3))
    f = np.arctan2.outer
    value, tangent = derivative(f, x, y, direction=(dx, dy))
    assert_array_equal(value, f(x, y))
    assert_allclose(tangent, difference(f, [x, y], [dx, dy]), rtol=1e-6)


@pytest.mark.parametrize("name", ["matmul", "vecdot", "matvec", "vecmat"])
@pytest.mark.parametrize("active", [(0,), (1,), (0, 1)])
def test_matrix_products_follow_the_product_rule(name, active):
    if (f := getattr(np, name, None)) is None:
        pytest.skip("younger than this NumPy")
    shapes = {"matmul": ((2, 3, 4), (4, 2)), "matvec": ((2, 3), (5, 3)), "vecmat": ((3,), (3, 2))}
    args = [RNG.normal(size=shape) for shape in shapes.get(name, ((2, 3), (3,)))]
    directions = directions_for(args, active)
    _, tangent = derivative(f, *args, direction=directions)
    assert_allclose(tangent, difference(f, args, directions), rtol=1e-6, atol=1e-8)


# The lecture

numbers = st.floats(-3, 3)


@given(st.lists(numbers, min_size=1, max_size=6), numbers, numbers)
def test_lecture_polynomial(coefficients, x, x_dot):
    def horner(p, x):
        result = 0.0 * x
        for c in reversed(p):
            result = result * x + c
        return result

    slope = horner([k * c for k, c in enumerate(coefficients)][1:], x)
    out = horner(coefficients, Dual(x, x_dot))
    assert out.value == horner(coefficients, x)
    assert_allclose(out.tangent, slope * x_dot, rtol=1e-12, atol=1e-9)
    powers = sum((c * Dual(x, x_dot) ** k for k, c in enumerate(coefficients)), 0.0)
    assert_allclose(powers.tangent, slope * x_dot, rtol=1e-12, atol=1e-9)


@given(numbers, numbers, numbers, numbers)
def test_lecture_arithmetic(x, x_dot, y, y_dot):
    a, b = Dual(x, x_dot), Dual(y, y_dot)
    assert ((a + b).value, (a + b).tangent) == (x + y, x_dot + y_dot)
    assert ((a * b).value, (a * b).tangent) == (x * y, x * y_dot + x_dot * y)
    assert ((-a).value, (-a).tangent) == (-x, -x_dot)
    if abs(x) > 1e-3:
        assert_allclose((1 / a).tangent, -x_dot / x**2, rtol=1e-14)


def test_lecture_d_squared_is_zero():
    d = Dual(0.0, 1.0)
    assert ((d * d).value, (d * d).tangent) == (0.0, 0.0)
    d1, d2 = Dual.basis(0.0, 0.0)
    assert (d1 * d2).tangent.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.sin, np.cos),
        (np.cos, lambda x: -np.sin(x)),
        (np.exp, np.exp),
        (np.log, lambda x: 1 / x),
        (np.sqrt, lambda x: 1 / (2 * np.sqrt(x))),
    ],
)
@given(x=st.floats(0.1, 5), x_dot=numbers)
def test_lecture_functions(f, slope, x, x_dot):
    out = f(Dual(x, x_dot))
    assert out.value == f(x)
    assert_allclose(out.tangent, slope(x) * x_dot, rtol=1e-14)


def test_lecture_two_variables():
    def f(x1, x2):
        return x1 * x2 + np.sin(x1)

    x1, x2 = 3.0, 2.0
    both = f(Dual(x1, [5.0, 0.0], components=2), Dual(x2, [0.0, 7.0], components=2))
    assert_allclose(both.tangent, [(x2 + np.cos(x1)) * 5.0, x1 * 7.0], rtol=1e-15)
    assert f(Dual(x1, 0.0), Dual(x2, 1.0)).tangent == x1
    assert gradient(f, x1, x2) == (x2 + np.cos(x1), x1)
    assert_allclose(derivative(f, x1, x2, direction=(1.0, 1.0))[1], x2 + np.cos(x1) + x1)


def test_lecture_newton():
    x = 2.0
    for _ in range(6):
        value, slope = derivative(lambda x: x**3 - 2, x)
        x = x - value / slope
    assert_allclose(x, 2 ** (1 / 3), rtol=1e-15)


# NumPy's functions: in each case every float array is active

V, W = RNG.normal(size=(2, 4))
A, B, C = RNG.normal(size=(3, 3, 4))
SQUARE = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
SQUARES = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
SPD = SQUARES @ np.swapaxes(SQUARES, -1, -2)
CUBE = RNG.normal(size=(2, 3, 4))
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
WITH_ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5]])
MASK = A > 0
INDEX = np.argsort(A, axis=1)


def cases():
    """(function, args, kwargs): every function that has a rule is here."""
    for f in (np.sum, np.mean, np.prod, np.max, np.amax, np.min, np.amin, np.var, np.std, np.ptp):
        for kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}):
            yield f, (CUBE,), kwargs
        yield f, (V,), {}
        if f is not np.ptp:
            yield f, (CUBE,), {"axis": (0, 2)}
    for f in (np.var, np.std):
        yield f, (CUBE,), {"axis": 1, "ddof": 1}
    yield from [(np.prod, (WITH_ZEROS,), {}), (np.prod, (WITH_ZEROS,), {"axis": 1})]
    yield from [(np.cumprod, (WITH_ZEROS,), {}), (np.cumprod, (CUBE,), {"axis": 1})]
    yield from [(np.cumsum, (A,), {}), (np.cumsum, (A,), {"axis": 1})]
    yield from [(np.trace, (SQUARES,), {"axis1": 1, "axis2": 2}), (np.trace, (A,), {"offset": 1})]
    yield from [(np.sum, (A,), {"where": MASK}), (np.mean, (A,), {"where": MASK})]
    yield from shape_cases()
    yield from joining_cases()
    yield from product_cases()
    yield from linalg_cases()


def shape_cases():
    yield from [(np.reshape, (A, (2, 6)), {}), (np.reshape, (A, -1), {"order": "F"})]
    yield from [(np.ravel, (A,), {}), (np.squeeze, (A[:, None],), {}), (np.copy, (A,), {})]
    yield from [(np.expand_dims, (A, 1), {}), (np.broadcast_to, (V, (3, 4)), {})]
    yield from [(np.transpose, (CUBE,), {}), (np.transpose, (CUBE, (1, 0, 2)), {})]
    yield from [(np.swapaxes, (CUBE, 0, 2), {}), (np.moveaxis, (CUBE, 0, -1), {})]
    yield from [(np.rollaxis, (CUBE, 2), {}), (np.flip, (A,), {}), (np.flip, (A,), {"axis": 1})]
    yield from [(np.fliplr, (A,), {}), (np.flipud, (A,), {}), (np.rot90, (A,), {})]
    yield from [(np.roll, (A, 2), {}), (np.roll, (A, 1), {"axis": 1}), (np.real, (A,), {})]
    yield from [(np.imag, (A,), {}), (np.angle, (A,), {}), (np.angle, (A,), {"deg": True})]
    transforms = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftshift", "ifftshift")
    over = (f"{kind}fft{size}" for kind in ("", "i", "r", "ir") for size in ("2", "n"))
    yield from [(getattr(np.fft, name), (A,), {}) for name in (*transforms, *over)]
    yield from [(np.tile, (A, (2, 1)), {}), (np.repeat, (A, 2), {"axis": 0})]
    yield from [(np.pad, (A, 1), {}), (np.pad, (A, 1), {"mode": "reflect"})]
    yield from [(np.diag, (V,), {}), (np.diag, (A,), {"k": 1}), (np.diagflat, (V,), {})]
    yield from [(np.diagonal, (A,), {"offset": -1}), (np.tril, (A,), {}), (np.triu, (A, 1), {})]
    yield from [(np.take, (A, [2, 0]), {"axis": 1}), (np.take_along_axis, (A, INDEX, 1), {})]
    yield from [(np.delete, (A, 1, 0), {}), (np.compress, ([True, False, True], A, 0), {})]
    yield from [(np.diff, (V,), {}), (np.diff, (A,), {"n": 2, "axis": 0})]
    yield from [(np.diff, (V,), {"prepend": 1.0}), (np.sort, (A,), {}), (np.sort, (A, None), {})]
    yield from [(np.split, (V, 2), {}), (np.array_split, (V, 3), {}), (np.hsplit, (A, 2), {})]
    yield from [(np.vsplit, (A, 3), {}), (np.dsplit, (CUBE, 2), {})]
    yield from [(np.clip, (A, -0.5, 0.5), {}), (np.clip, (A, None, B), {})]
    yield from [(np.zeros_like, (A,), {}), (np.ones_like, (A,), {}), (np.full_like, (A, 2.0), {})]
    yield from [(np.round, (A, 1), {}), (np.around, (A,), {}), (np.zeros_like, (A, None, "C"), {})]
    for name in ("trapezoid", "trapz", "matrix_transpose", "linalg.matrix_transpose"):
        yield from young(name, A)
    yield from young("linalg.diagonal", CUBE)
    yield from young("linalg.trace", CUBE)


def joining_cases():
    yield from [(np.concatenate, ([A, B, np.ones((1, 4), int)],), {}), (np.append, (V, W), {})]
    yield from [(np.concatenate, ((A, SQUARE), 1), {}), (np.stack, ([A, B],), {"axis": 1})]
    yield from [(np.vstack, ([A, V],), {}), (np.hstack, ([A, SQUARE],), {})]
    yield from [(np.dstack, ([A, B],), {}), (np.column_stack, ([V, W],), {})]
    yield from [(np.block, ([[A, B], [B, A]],), {}), (np.insert, (A, 1, V, 0), {})]
    yield from [(np.atleast_1d, (V[0], V), {}), (np.atleast_2d, (V,), {})]
    yield from [(np.atleast_3d, (V,), {}), (np.meshgrid, (V, W), {})]
    yield from [(np.broadcast_arrays, (A, V), {}), (np.linspace, (V, W, 5), {})]
    yield from [(np.where, (MASK, A, B), {}), (np.where, (MASK, A, 0.5), {})]
    yield from [(np.where, (MASK, V, B), {}), (np.select, ([MASK, B > 0], [A, B], 1.0), {})]
    yield np.select, ([MASK, B > 0], [A, B]), {}


def product_cases():
    yield from [(np.dot, (A, V), {}), (np.dot, (V, W), {}), (np.inner, (A, B), {})]
    yield from [(np.outer, (V, W), {}), (np.vdot, (A, B), {}), (np.kron, (A, V), {})]
    yield from [(np.tensordot, (A, CUBE), {"axes": (0, 1)}), (np.tensordot, (A, B), {})]
    yield from [(np.cross, (A[:, :3], SQUARE), {}), (np.convolve, (V, W), {"mode": "same"})]
    yield from [(np.correlate, (V, W), {}), (np.einsum, ("ij,ij->i", A, B), {})]
    yield from [(np.einsum, ("ij,jkl,kj->l", A.T[:3, :2], CUBE, SQUARE[:, :2]), {})]
    yield from [(np.einsum, ("ii->i", SQUARE), {}), (np.einsum, ("ij->ji", A), {})]
    for name, args in (("matmul", (A, V)), ("outer", (V, W)), ("tensordot", (A, B))):
        yield from young(f"linalg.{name}", *args)
    yield from young("linalg.vecdot", A, B)
    yield from young("linalg.cross", SQUARE, SQUARE.T)


def linalg_cases():
    la = np.linalg
    for f in (la.inv, la.det, la.slogdet):
        yield from [(f, (SQUARE,), {}), (f, (SQUARES,), {})]
    yield la.det, (SINGULAR,), {}
    yield from [(la.solve, (SQUARE, V[:3]), {}), (la.solve, (SQUARES, A[None]), {})]
    yield from [(la.solve, (SQUARE, CUBE), {}), (la.cholesky, (SPD,), {}), (la.eigh, (SPD,), {})]
    yield from [(la.eigvalsh, (SPD,), {}), (la.eigvalsh, (SPD, "U"), {})]
    yield from [(la.multi_dot, ([A.T, SQUARE, A],), {}), (la.matrix_power, (SQUARE, 3), {})]
    yield from [(la.matrix_power, (SQUARE, -2), {}), (la.matrix_power, (SQUARE, 0), {})]
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        yield la.cholesky, (SPD,), {"upper": True}
    for ord in (None, 1, 2, 3, np.inf, -np.inf, 0, 0.5):
        yield from [(la.norm, (V, ord), {}), (la.norm, (A, ord), {"axis": 1, "keepdims": True})]
    for ord in ("fro", "nuc", 1, 2, -1, -2, np.inf, -np.inf):
        yield la.norm, (A, ord), {}
        yield la.norm, (CUBE, ord), {"axis": (2, 0), "keepdims": True}
    yield la.norm, (CUBE,), {}


def young(name, *args):
    """A case of a function that older or newer versions of NumPy lack."""
    try:
        yield operator.attrgetter(name)(np), args, {}
    except AttributeError:
        pass


def is_active(leaf):
    return isinstance(leaf, np.ndarray | np.float64) and leaf.dtype == np.float64


def replaced(tree, leaves):
    """``tree`` with its active leaves taken from an iterator, and those it has in a list."""
    if isinstance(tree, list | tuple):
        return type(tree)(replaced(branch, leaves) for branch in tree)
    return next(leaves) if is_active(tree) else tree


def flat(out):
    """What a function gives, as one vector, dual or plain."""
    if isinstance(out, list | tuple):
        return np.concatenate([np.ravel(item) for item in out])
    return np.ravel(out)


CASES = [*cases()]
NO_SECOND = {("nuc",), (2,), (-2,)}  # matrix norms by singular values
each_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{i}-{function.__name__}" for i, (function, _, _) in enumerate(CASES)]
)


def opened(case):
    """The case as a function of its active leaves alone, and these leaves."""
    function, args, kwargs = case
    leaves = [leaf for leaf in leaves_of(args) if is_active(leaf)]
    return lambda *points: flat(function(*replaced(args, iter(points)), **kwargs)), leaves


@each_case
def test_function_has_the_tangent_of_its_differences(case):
    f, points = opened(case)
    every = range(len(points))
    for active in [every, *([i] for i in every if len(points) > 1)]:
        directions = directions_for(points, active)
        value, tangent = derivative(f, *points, direction=directions)
        assert_allclose(value, f(*points), rtol=1e-12, atol=1e-14)
        expected = difference(f, points, directions)
        assert_allclose(tangent, expected, rtol=1e-6, atol=1e-7)


@each_case
def test_function_has_second_derivatives(case):
    function, args, _ = case
    if function is np.linalg.norm and args[0].ndim > 1 and args[1:] in NO_SECOND:
        pytest.skip("singular values have first derivatives only")
    f, points = opened(case)
    directions = directions_for(points, range(len(points)))

    def first(*points):
        return derivative(f, *points, direction=directions)[1]

    _, second = derivative(first, *points, direction=directions)
    assert_allclose(second, difference(first, points, directions), rtol=1e-5, atol=1e-5)


@each_case
def test_function_keeps_shape_and_float32(case):
    function, args, kwargs = case
    points = [leaf.astype(np.float32) for leaf in leaves_of(args) if is_active(leaf)]
    expected = function(*replaced(args, iter(points)), **kwargs)
    out = function(*replaced(args, iter([Dual(p, 1.0) for p in points])), **kwargs)
    pairs = zip(out, expected, strict=True) if isinstance(out, list | tuple) else [(out, expected)]
    for ours, numpys in pairs:
        assert ours.shape == numpys.shape
        assert ours.dtype == np.asarray(numpys).dtype
        assert not isinstance(ours, Dual) or ours.tangent.shape == ours.shape


def test_every_function_with_a_rule_has_a_case():
    tested = {function for function, _, _ in CASES} | {np.empty_like}  # which has no value
    assert tested | set(DISCRETE) == set(FUNCTIONS)


@pytest.mark.parametrize("function", DISCRETE, ids=lambda f: f.__name__)
def test_discrete_functions_are_those_of_the_values(function):
    two = {np.searchsorted, np.digitize, np.isclose, np.allclose, np.array_equal}
    args = [V, np.sort(W)] if function in two else [V]
    if function is np.searchsorted:
        args.reverse()
    plain, ours = function(*args), function(*[Dual(arg, 1.0) for arg in args])
    assert type(ours) is type(plain)
    assert_array_equal(ours, plain)


@pytest.mark.parametrize(
    "kwargs", [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}, {"b": np.abs(B)}]
)
def test_logsumexp_is_that_of_scipy(kwargs):
    a, d = RNG.normal(size=(2, *CUBE.shape)) if "b" not in kwargs else RNG.normal(size=(2, 3, 4))
    expected = difference(lambda a: special.logsumexp(a, **kwargs), [a], [d])
    value, tangent = derivative(lambda a: logsumexp(a, **kwargs), a, direction=d)
    assert_allclose(value, special.logsumexp(a, **kwargs), rtol=1e-14)
    assert_allclose(logsumexp(a, **kwargs), value, rtol=1e-15)
    assert_allclose(tangent, expected, rtol=1e-6)


def test_logsumexp_at_the_ends():
    assert_array_equal(gradient(logsumexp, np.array([-np.inf, 0.0, 900.0])), [0, 0, 1])
    lost = Dual(np.full(2, -np.inf), np.zeros(2))
    assert (logsumexp(lost).value, logsumexp(lost).tangent) == (-np.inf, 0.0)
    assert_allclose(gradient(lambda b: logsumexp(np.zeros(2), b=b), np.array([1.0, 0.0])), 1.0)


# Kinks


@pytest.mark.parametrize(
    ("f", "x", "slopes"),
    [
        (np.abs, (0.0,), [0]),
        (np.fabs, (-0.0,), [0]),
        (np.sign, (0.0,), [0]),
        (np.floor, (2.0,), [0]),
        (np.maximum, (1.0, 1.0), [0.5, 0.5]),
        (np.minimum, (1.0, 1.0), [0.5, 0.5]),
        (np.fmax, (1.0, 1.0), [0.5, 0.5]),
        (np.fmax, (1.0, np.nan), [1, 0]),
        (np.fmin, (np.nan, 1.0), [0, 1]),
        (np.maximum, (1.0, np.nan), [np.nan, np.nan]),
        (np.power, (0.0, 0.0), [0, 0]),
        (np.power, (0.0, 1.0), [1, 0]),
        (np.power, (0.0, 2.0), [0, 0]),
        (np.power, (0.0, 0.5), [np.inf, 0]),
        (np.power, (-2.0, 0.0), [0, np.nan]),
        (np.sqrt, (0.0,), [np.inf]),
        (np.hypot, (0.0, 0.0), [0, 0]),
        (np.heaviside, (0.0, 0.5), [0, 1]),
        (np.logaddexp, (-np.inf, 1.0), [0, 1]),
        (np.logaddexp, (-np.inf, -np.inf), [0, 0]),
        (special.xlogy, (0.0, 2.0), [np.log(2), 0]),
        (lambda x: np.clip(x, 1.0, 2.0), (1.0,), [0.5]),
        (lambda x: np.clip(x, 1.0, 2.0), (3.0,), [0]),
        (lambda x: x**3, (0.0,), [0]),
        (lambda x: x**2, (-3.0,), [-6]),
        (lambda x: x ** np.int64(-1), (-2.0,), [-0.25]),
        (lambda x: 2 ** (0 * x), (1.0,), [0]),
    ],
)
def test_slope_at_a_kink(f, x, slopes):
    for i, slope in enumerate(slopes):
        args = [Dual(arg, 3.0) if i == j else arg for j, arg in enumerate(x)]
        assert_array_equal(f(*args).tangent, 3.0 * slope)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (np.max, [2.0, 1.0, 2.0], [0.5, 0, 0.5]),
        (np.min, [1.0, 1.0, 1.0, 1.0], [0.25] * 4),
        (np.max, [1.0, np.nan], [np.nan, np.nan]),
        (np.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
        (np.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
        (np.std, [5.0, 5.0], [0, 0]),
        (np.linalg.norm, [0.0, 0.0], [0, 0]),
        (lambda x: np.linalg.norm(x, 3), [0.0, 0.0], [0, 0]),
        (lambda x: np.sum(np.sqrt(x)), [0.0, 4.0], [np.inf, 0.25]),
    ],
)
def test_gradient_at_a_kink(f, x, expected):
    assert_array_equal(gradient(f, np.array(x)), expected)


def test_a_zero_tangent_stays_zero_where_the_slope_is_infinite():
    assert np.sqrt(Dual(0.0, 0.0)).tangent == 0
    assert hessian(lambda x: np.sum(x**2) ** 2, np.zeros(2)).tolist() == [[0, 0], [0, 0]]
    assert hessian(lambda x: np.sum(x**2), np.zeros(2)).tolist() == [[2, 0], [0, 2]]


# A dual number is like an array


def test_construction_checks_shapes_and_kinds():
    assert Dual(np.ones((2, 3)), np.ones((2, 3, 4)), components=4).tangent.shape == (2, 3, 4)
    assert Dual(np.arange(3)).dtype == Dual(True).dtype == np.float64
    assert Dual(np.ones(2, np.float32), np.ones(2)).tangent.dtype == np.float32
    assert Dual(np.ones(2), components=0).tangent.shape == (2, 0)
    for bad in (lambda: Dual(1.0, [1.0]), lambda: Dual(np.ones((2, 3)), np.ones(3))):
        with pytest.raises(ValueError, match="tangent's shape"):
            bad()
    with pytest.raises(ValueError, match="direction's shape"):
        Dual.seed(np.ones(3), np.ones(2))
    for value in ("text", None):
        with pytest.raises(TypeError, match="a number"):
            Dual(value)
    with pytest.raises(TypeError, match="real"):
        Dual(1.0, 1j)


def test_construction_copies():
    value, tangent = np.ones(2), np.ones(2)
    x = Dual(value, tangent)
    x *= 5
    assert value.tolist() == tangent.tolist() == [1, 1]


def test_basis_counts_through_all_elements():
    x, y = Dual.basis(np.ones((2, 2)), 3.0)
    assert_array_equal(x.tangent.reshape(4, 5), np.eye(5)[:4])
    assert_array_equal(y.tangent, np.eye(5)[4])


@pytest.mark.parametrize(
    "operation",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
    + [operator.mod, operator.floordiv, lambda x, y: divmod(x, y)[1]],
)
def test_operators_with_plain_operands_on_either_side(operation):
    a, b = RNG.uniform(0.5, 2, (2, 3))
    for x, other in ((a, b), (a, 2), (a[0], b), (a[0], 1.5), (a, [1, 2, 3])):
        for f in (lambda x: operation(x, other), lambda x: operation(other, x)):
            value, tangent = derivative(f, x)
            assert_allclose(value, f(x), rtol=1e-15)
            assert_allclose(tangent, difference(f, [x], [1.0]), rtol=1e-6, atol=1e-7)


def test_unary_operators_comparisons_and_truth():
    x = Dual(np.array([-1.0, 2.0]), np.array([3.0, 5.0]))
    assert (-x).tangent.tolist() == [-3, -5]
    assert (+x).tangent.tolist() == [3, 5]
    assert abs(x).tangent.tolist() == [-3, 5]
    assert (
        (x > 0).tolist() == (x == [0, 2]).tolist() == (0 != x - [-1, 0]).tolist() == [False, True]
    )
    assert max(x[0], x[1]).tangent == 5
    assert bool(x[0]) and not Dual(0.0, 1.0)
    assert (int(x[1]), round(x[1]), math.floor(x[0]), math.ceil(x[0])) == (2, 2, -1, -1)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


INDICES = [0, -1, slice(1, None), (slice(None), 1), (0, 2), Ellipsis, (Ellipsis, None)]
INDICES += [[2, 0], (slice(None), [1, 1]), MASK, (0, [1, 2]), np.array([0, 1]), ([0, 1], [2, 3])]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indexing_reads_and_writes(index):
    x = Dual.seed(A, B, C)
    assert_array_equal(x[index].value, A[index])
    assert_array_equal(x[index].tangent, np.stack([B[index], C[index]], -1))
    x[index] = 2.0 * x[index]
    expected = [copy.copy(m) for m in (A, B, C)]
    for m in expected:
        m[index] *= 2.0
    assert_array_equal(x.value, expected[0])
    assert_array_equal(x.tangent, np.stack(expected[1:], -1))
    x[index] = 7.0
    assert (x[index].value == 7).all() and not x[index].tangent.any()


def test_slices_are_views_and_share_their_layout():
    x = Dual(A, B)
    y = np.add(x.T, V[:, None]).T
    for view in (y[1], y.T[:, 1], y.reshape(-1)[4:8], np.moveaxis(y, 0, -1)[:, 1], y.ravel()[4:8]):
        view += 1.0
        view *= 2.0
    z = Dual(A + V, B)[1]
    for _ in range(5):
        z = (z + 1.0) * 2.0
    both = [y.reshape(-1)[4:8], y[1]]
    for out in both:
        assert_allclose(out.value, z.value)
        assert_allclose(out.tangent, z.tangent)


def test_in_place_writes_are_seen_under_every_name_except_of_numbers():
    x = Dual(V, W)
    alias = x
    x += Dual(W, V)
    x[1:3] *= 2.0
    np.exp(x, out=x)
    np.add(V, 0.0, out=(constant := np.zeros_like(x) + x))
    assert (constant.value == V).all() and not constant.tangent.any()
    assert alias is x
    once = V + W
    once[1:3] *= 2.0
    assert_allclose(x.value, np.exp(once))
    assert_allclose(x.tangent, np.exp(once) * once)
    number = first = Dual(1.0, 2.0)
    number += 1.0
    assert (first.value, number.value) == (1.0, 2.0)


def test_padding_that_is_not_linear_is_refused():
    for mode in ("maximum", "minimum", "median"):
        with pytest.raises(TypeError, match=mode):
            np.pad(Dual(V, W), 1, mode)
    assert_array_equal(np.pad(Dual(V, W), 1, "mean").tangent, np.pad(W, 1, "mean"))


def test_plain_arrays_cannot_hold_dual_numbers():
    x, buffer = Dual(1.0, 2.0), np.zeros(3)
    with pytest.raises((TypeError, ValueError)):
        buffer[0] = x
    with pytest.raises((TypeError, ValueError)):
        np.array([x, x])
    with pytest.raises(TypeError, match="plain array"):
        np.asarray(x)
    with pytest.raises(TypeError, match="plain array"):
        np.multiply(3.0, Dual(np.ones(3)), out=buffer)
    assert buffer.tolist() == [0, 0, 0]
    name = buffer
    name += Dual(np.ones(3), 2.0)
    assert name.tangent.tolist() == [2, 2, 2]
    assert np.isnan(buffer).all(), "another name must not read on as if nothing had happened"
    with pytest.raises(ValueError, match="broadcast"):
        buffer += Dual(np.ones((2, 3)))


def test_room_for_dual_numbers():
    x = Dual.seed(V, W, V)
    for room in (np.zeros_like(x), np.empty_like(x), Dual.zeros_like(x, (2, 4))):
        room[..., 1] = x[1] * 2
        assert_array_equal(room[..., 1].tangent[..., 0], 2 * W[1])
        assert not room[..., 0].tangent.any()
    assert np.full_like(x, x[0]).tangent.tolist() == [[W[0], V[0]]] * 4
    assert type(np.zeros_like(x, dtype=int)) is np.ndarray
    joined = array([[x[0], 1.0], [2.0, x[1] * x[0]]])
    assert joined.shape == (2, 2)
    assert_allclose(joined.tangent[1, 1], [W[1] * V[0] + V[1] * W[0], 2 * V[0] * V[1]])
    assert type(array([1.0, 2.0])) is np.ndarray


METHODS = [("sum", 1), ("mean",), ("prod",), ("max", 0), ("min",), ("var",), ("std", 1), ("trace",)]
METHODS += [("cumsum", 0), ("cumprod", 1), ("dot", V), ("diagonal", 1), ("ravel",), ("flatten",)]
METHODS += [("reshape", 2, -1), ("reshape", (6, 2)), ("transpose",), ("transpose", 1, 0), ("copy",)]
METHODS += [("squeeze",), ("swapaxes", 0, 1), ("repeat", 2), ("take", [0, 5]), ("clip", -0.5, 0.5)]
METHODS += [("round", 1), ("item", 5), ("item", 1, 2), ("astype", np.float64)]


@pytest.mark.parametrize("name, args", [(m[0], m[1:]) for m in METHODS])
def test_methods(name, args):
    def f(a):
        return getattr(a, name)(*args)

    value, tangent = derivative(f, A, direction=B)
    assert_allclose(value, f(A), rtol=1e-14)
    assert_allclose(tangent, difference(f, [A], [B]), rtol=1e-6, atol=1e-8)


def test_attributes():
    x = Dual.seed(A.astype(np.float32), B, C)
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((3, 4), 2, 12, np.float32, 3)
    assert_array_equal(x.T.tangent, np.swapaxes(x.tangent, 0, 1))
    assert [row.shape for row in x] == [(4,)] * 3
    assert (x.any(), x.argmax(), x.astype(int).dtype) == (True, A.argmax(), int)
    assert x.astype(np.float64).tangent.dtype == np.float64
    assert Dual([[2.0]], [[3.0]]).item().tangent == 3
    assert repr(Dual(np.ones(1), np.zeros(1))) == "Dual(array([1.]), array([0.]))"
    assert "components=2" in repr(x)
    with pytest.raises(ValueError, match="size 1"):
        x.item()
    with pytest.raises(TypeError):
        len(x[0, 0])


# What is refused


X = Dual(V, W)
REFUSED = [
    (lambda: float(X[0]), TypeError, "lose the tangent"),
    (lambda: math.sin(X[0]), TypeError, "lose the tangent"),
    (lambda: np.linalg.svd(Dual(A)), TypeError, "numpy.linalg.svd has no rule"),
    (lambda: np.median(X), TypeError, "numpy.median has no rule"),
    (lambda: np.multiply.accumulate(X), TypeError, "accumulate has no rule"),
    (lambda: np.add.at(X, 0, 1.0), TypeError, "at has no rule"),
    (lambda: np.subtract.reduce(X), TypeError, "reduce has no rule"),
    (lambda: special.jv(X, 1.0), TypeError, "jv has no rule"),
    (lambda: special.zeta(X, 1.0), TypeError, "zeta has no rule"),
    (lambda: special.logsumexp(X), TypeError, "plain array"),
    (lambda: X & X, TypeError, "bitwise_and"),
    (lambda: np.sum(a=X), TypeError, "argument 'a'"),
    (lambda: np.sum(X, initial=1.0), TypeError, "initial"),
    (lambda: np.max(X, initial=1.0), TypeError, "initial"),
    (lambda: np.sum(X, out=np.zeros(())), TypeError, "out="),
    (lambda: np.prod(X, dtype=np.float32), TypeError, "dtype="),
    (lambda: np.exp(X, where=V > 0), TypeError, "where="),
    (lambda: np.insert(V, X[0], 1.0), TypeError, "argument 1"),
    (lambda: np.einsum(X, [0]), TypeError, "string"),
    (lambda: np.linalg.norm(Dual(A), 5), ValueError, "norm order"),
    (lambda: np.sum(X, axis=3), ValueError, "axis"),
    (lambda: np.var(X, axis=3), ValueError, "axis"),
    (lambda: X + Dual.seed(V, W), ValueError, "components differ"),
    (lambda: np.stack([Dual.seed(V, W), Dual.seed(V, W, W)]), ValueError, "components differ"),
    (lambda: Dual(V).__setitem__(0, Dual.seed(1.0, 1.0)), ValueError, "components differ"),
    (lambda: Dual(V).__setitem__(0, Dual(Dual(1.0))), TypeError, "higher level"),
    (lambda: gradient(np.sin, V), ValueError, "one number"),
    (lambda: derivative(np.multiply, 1.0, 2.0, direction=1.0), ValueError, "1 directions for 2"),
]


@pytest.mark.parametrize("call, error, words", REFUSED, ids=[words for _, _, words in REFUSED])
def test_what_has_no_rule_raises(call, error, words):
    with pytest.raises(error, match=words):
        call()


# Derivatives of programs


def smooth_in_place(u, a):
    u = u.copy()
    for _ in range(3):
        u[1:-1] += a * u[2:] * u[:-2]
    return u


def branching_loop(x):
    s = 0.0
    for i in range(len(x)):
        if s < x[i]:
            s += np.sin(x[i]) ** 2
        else:
            s = s * x[i] - 1
    return s


def mixture(logits, means, x):
    peak = (logits - 0.5 * (x[:, None] - means) ** 2) - logsumexp(logits)
    return np.sum(logsumexp(peak, axis=1))


@pytest.mark.parametrize(
    "f, args",
    [(smooth_in_place, (V, 0.3)), (branching_loop, (V,)), (mixture, (V[:2], W[:2], A[0]))],
)
def test_programs(f, args):
    directions = directions_for(args, range(len(args)))
    value, tangent = derivative(f, *args, direction=directions)
    assert_allclose(value, f(*args), rtol=1e-14)
    assert_allclose(tangent, difference(f, args, directions), rtol=1e-6, atol=1e-8)
    jacobians = jacobian(f, *args)
    total = sum(
        np.tensordot(j, d, np.ndim(d))
        for j, d in zip(jacobians if len(args) > 1 else [jacobians], directions, strict=True)
    )
    assert_allclose(total, tangent, rtol=1e-12)


def test_derivative_takes_constants_and_gives_nests():
    def f(x, n, kind):
        return {"a": (x**n, 5.0), "b": [np.ones(2)]} if kind == "all" else None

    value, tangent = derivative(f, 3.0, 2, "all", direction=(1.0, None, None))
    assert (value["a"], tangent["a"]) == ((9.0, 5.0), (6.0, 0.0))
    assert tangent["b"][0].tolist() == [0, 0]
    assert jacobian(lambda x: np.ones(2), V).tolist() == [[0] * 4] * 2
    assert gradient(lambda x: 1.0, V).tolist() == [0] * 4


def test_nested_derivatives_are_not_confused():
    assert derivative(lambda x: x * derivative(lambda y: x + y, 1.0)[1], 1.0)[1] == 1
    assert derivative(lambda x: derivative(lambda y: x * y**2, 3.0)[1], 2.0)[1] == 6
    third = derivative(lambda x: hessian(lambda z: z**4, x), 2.0)
    assert third == (48.0, 48.0)


def test_hessian_of_an_in_place_program():
    def energy(u):
        return np.sum(smooth_in_place(u, 0.3) ** 3)

    expected = [difference(lambda u: gradient(energy, u), [V], [e]) for e in np.eye(4)]
    assert_allclose(hessian(energy, V), expected, rtol=1e-6, atol=1e-7)
    assert hessian(energy, V).shape == (4, 4)
