"""Products, shapes, joins, reductions and matrices, over ranks, axes and places where it is easy to
be wrong: each gradient is compared with central differences, with types known and unknown; and
where types are known, its text with what a person would write.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

from adxform.core.dims import Sym
from adxform.core.types import FLOAT, Array, Scalar, Slicing, Struct, Type
from adxform.errors import UnsupportedError
from adxform.rules import infer
from adxform.rules.einsum import read_subscripts
from tests.rules.deriving import NAMESPACE, Made, derivative_of, leaves, lowered

BOTH = pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).uniform(-1.0, 1.0, shape)


def definite(*shape: int) -> np.ndarray:
    root = numbers(*shape, shape[-1])
    return root @ np.swapaxes(root, -1, -2) + 2.0 * np.eye(shape[-1])


def type_of(name: str, value: Any) -> Type:
    if isinstance(value, np.ndarray):
        dims = (1 if n == 1 else Sym(f"{n}", not_one=True) for n in value.shape)
        return Array(value.dtype.name, tuple(dims))
    return FLOAT if isinstance(value, float) else infer.integer()


def made(expression: str, args: dict[str, Any], mode: str = "reverse", typed: bool = True) -> Made:
    wrt = tuple(n for n, v in args.items() if np.asarray(v).dtype.kind == "f")
    types = {n: type_of(n, v) for n, v in args.items()} if typed else {}
    return derivative_of(lowered(expression, tuple(args)), mode, wrt, types)


def gradient_agrees(expression: str, typed: bool = True, **args: Any) -> str:
    """Compare the reverse function's cotangents with differences; gives its text."""
    found = made(expression, args, typed=typed)
    f = eval(f"lambda {', '.join(args)}: {expression}", dict(NAMESPACE))
    values = leaves(f(**args))
    seeds = [np.random.default_rng(3).normal(size=np.shape(v))[()] for v in values]
    _, bars = found.call(*args.values(), *seeds)
    active = [n for n, v in args.items() if np.asarray(v).dtype.kind == "f"]
    for name, bar in zip(active, bars if len(active) > 1 else (bars,), strict=True):
        assert np.shape(bar) == np.shape(args[name]), found.text
        plain = slopes(f, args, name, seeds)
        np.testing.assert_allclose(bar, plain, rtol=1e-6, atol=1e-7, err_msg=found.text)
    return found.text


def tangent_agrees(expression: str, typed: bool = True, h: float = 1e-6, **args: Any) -> None:
    """Compare the forward function's tangent with differences."""
    found = made(expression, args, "forward", typed)
    f = eval(f"lambda {', '.join(args)}: {expression}", dict(NAMESPACE))
    moves = {n: np.random.default_rng(5).normal(size=v.shape) for n, v in args.items()}
    ahead, behind = (f(**{n: v + s * moves[n] for n, v in args.items()}) for s in (h, -h))
    _, tangent = found.call(*args.values(), *moves.values())
    plain = (np.asarray(ahead) - np.asarray(behind)) / (2 * h)
    np.testing.assert_allclose(tangent, plain, rtol=1e-6, atol=1e-7, err_msg=found.text)


def slopes(f: Any, args: dict[str, Any], name: str, seeds: list[Any], h: float = 1e-6) -> Any:
    x = np.asarray(args[name])
    slope = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        sides = []
        for step in (h, -h):
            moved = np.array(x)
            moved[place] += step
            given = args | {name: moved if np.ndim(x) else float(moved)}
            pairs = zip(leaves(f(**given)), seeds, strict=True)
            sides.append(sum(float(np.sum(v * s)) for v, s in pairs))
        slope[place] = (sides[0] - sides[1]) / (2 * h)
    return slope


def adjoint(text: str) -> str:
    """The statements after the comment that opens the reverse sweep, and the result."""
    return re.split(r"# return .*\n", text)[-1]


# Products of every pair of ranks

VECTORS = {1: (3,), 2: (2, 3), 3: (5, 2, 3), 4: (4, 5, 2, 3)}
OTHERS = {1: (3,), 2: (3, 6), 3: (5, 3, 6), 4: (4, 5, 3, 6)}


@BOTH
@pytest.mark.parametrize("function, ranks", [
    *(("x @ y", pair) for pair in itertools.product(VECTORS, OTHERS)),
    *(("np.dot(x, y)", pair) for pair in itertools.product((1, 2, 3), repeat=2)),
    ("np.matmul(x, y)", (3, 2)), ("x.dot(y)", (2, 1)),
], ids=str)
def test_products(function: str, ranks: tuple[int, int], typed: bool) -> None:
    x, y = numbers(*VECTORS[ranks[0]]), numbers(*OTHERS[ranks[1]])
    gradient_agrees(function, typed, x=x, y=y)


@BOTH
@pytest.mark.parametrize("shapes", [((1, 2, 3), (5, 3, 6)), ((4, 1, 2, 3), (5, 3, 6)),
                                    ((5, 2, 3), (1, 3, 6)), ((4, 1, 2, 3), (1, 5, 3, 6))])
def test_stacks_of_matrices_broadcast(shapes: Any, typed: bool) -> None:
    gradient_agrees("x @ y", typed, x=numbers(*shapes[0]), y=numbers(*shapes[1]))


@BOTH
@pytest.mark.parametrize("axes", ["0", "1", "2", "((0, 1), (1, 0))", "((1,), (0,))", "(0, 1)",
                                  "([-1, 0], [0, 1])"])
def test_tensordot(axes: str, typed: bool) -> None:
    x, y = numbers(3, 3), numbers(3, 3, 2)
    gradient_agrees(f"np.tensordot(x, y, axes={axes})", typed, x=x, y=y)


@BOTH
@pytest.mark.parametrize("expression, shapes", [
    ("np.inner(x, y)", [(2, 3), (4, 3)]), ("np.inner(x, y)", [(3,), (3,)]),
    ("np.outer(x, y)", [(2, 2), (3,)]), ("np.vdot(x, y)", [(2, 3), (6,)]),
    ("np.kron(x, y)", [(2, 1), (3,)]), ("np.kron(x, y)", [(2, 2, 2), (2, 3)]),
    ("np.cross(x, y)", [(2, 3), (3,)]), ("np.cross(x, y)", [(1, 3), (2, 3)]),
])
def test_other_products(expression: str, shapes: Any, typed: bool) -> None:
    gradient_agrees(expression, typed, x=numbers(*shapes[0]), y=numbers(*shapes[1], seed=1))


def test_inner_product_with_a_number() -> None:
    gradient_agrees("np.inner(x, y)", x=0.7, y=numbers(3))
    gradient_agrees("np.dot(x, y)", x=numbers(2, 3), y=0.7)


SUBSCRIPTS = [
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 4)]), ("ij,kj->ik", [(2, 3), (4, 3)]),
    ("i,i", [(3,), (3,)]), ("i,j->ji", [(2,), (3,)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]),
    ("iji->j", [(3, 2, 3)]), ("ij->", [(2, 3)]), ("ij->j", [(2, 3)]), ("ijk->ki", [(2, 3, 4)]),
    ("i,ij,j->", [(2,), (2, 3), (3,)]), ("ij,ij,ij->i", [(2, 3)] * 3),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]), ("...i->...", [(2, 5, 3)]),
    ("i...,i...->...", [(3, 2), (3, 2)]), ("...,i->i...", [(2, 4), (3,)]),
    ("ij,jk->ik", [(1, 3), (3, 4)]), ("ij,ij->ij", [(1, 3), (2, 3)]),
    ("bi,bj->bij", [(4, 2), (4, 3)]),
    (" i j , j -> i ", [(2, 3), (3,)]),
]


@BOTH
@pytest.mark.parametrize("subscripts, shapes", SUBSCRIPTS)
def test_einsum(subscripts: str, shapes: Any, typed: bool) -> None:
    args = {f"x{i}": numbers(*shape, seed=i) for i, shape in enumerate(shapes)}
    expression = f"np.einsum({subscripts!r}, {', '.join(args)})"
    hidden = any("..." in part.strip()[1:] for part in subscripts.split("->")[0].split(","))
    if hidden and not typed:
        with pytest.raises(UnsupportedError, match="rank"):
            gradient_agrees(expression, typed, **args)
    else:
        gradient_agrees(expression, typed, **args)


def test_einsum_labels() -> None:
    assert read_subscripts("ba,cb", (2, 2)).result == "ac"
    assert read_subscripts("i...j", (4,)).operands == ("izyj",)
    assert read_subscripts("i...,...", (None, 2)).operands == ("i.", ".")


# Texts


@pytest.mark.parametrize("expression, shapes, wanted", [
    ("x @ y", [(2, 3), (3, 4)], ["out_bar @ y.T", "x.T @ out_bar"]),
    ("x @ y", [(2, 3), (3,)], ["np.outer(out_bar, y)", "x.T @ out_bar"]),
    ("x @ y", [(3,), (3, 4)], ["y @ out_bar", "np.outer(x, out_bar)"]),
    ("x @ y", [(3,), (3,)], ["out_bar * y", "out_bar * x"]),
    ("x @ y", [(5, 2, 3), (5, 3, 4)],
     ["out_bar @ np.swapaxes(y, 1, 2)", "np.swapaxes(x, 1, 2) @ out_bar"]),
    ("x @ y", [(5, 2, 3), (3, 4)], ["out_bar @ y.T", "np.tensordot(x, out_bar"]),
    ("np.einsum('ij,jk->ik', x, y)", [(2, 3), (3, 4)],
     ['np.einsum("ik,jk->ij", out_bar, y)', 'np.einsum("ik,ij->jk", out_bar, x)']),
    ("np.einsum('ij,ij->', x, y)", [(2, 3), (2, 3)], ["out_bar * y", "out_bar * x"]),
    ("np.concatenate([x, y])", [(2,), (3,)], ["out_bar[:len", "out_bar[len"]),
    ("np.linalg.solve(x, y)", [(3, 3), (3,)],
     ["np.linalg.solve(x.T, out_bar)", "np.outer(y_bar, out)"]),
    ("np.stack([x, y], axis=1)", [(3,), (3,)], ["out_bar[:, 0]", "out_bar[:, 1]"]),
])
def test_texts_of_pairs(expression: str, shapes: Any, wanted: list[str]) -> None:
    args = {"x": numbers(*shapes[0]), "y": numbers(*shapes[1])}
    text = adjoint(made(expression, args).text)
    for part in wanted:
        assert part in text, text
    assert "unbroadcast" not in text


@pytest.mark.parametrize("expression, shape, wanted", [
    ("np.transpose(x, (1, 2, 0))", (2, 3, 4), "np.transpose(out_bar, axes=(2, 0, 1))"),
    ("x.reshape(3, 2)", (2, 3), "np.reshape(out_bar, x.shape)"),
    ("np.linalg.inv(x)", (3, 3), "-out.T @ out_bar @ out.T"),
    ("np.linalg.norm(x)", (3,), "out_bar / (out + (out == 0)) * x"),
    ("np.max(x, axis=0)", (2, 3), "x == out"),
    ("np.trace(x)", (3, 3), "out_bar * np.eye(len(x))"),
    ("np.pad(x, ((1, 0), (0, 2)))", (2, 3), "out_bar[1:, :-2]"),
    ("np.cumsum(x)", (3,), "np.cumsum(out_bar[::-1])[::-1]"),
    ("np.mean(x, axis=1)", (2, 3), "out_bar / x.shape[1]"),
])
def test_texts(expression: str, shape: Any, wanted: str) -> None:
    text = adjoint(made(expression, {"x": numbers(*shape)}).text)
    assert wanted in text, text
    assert "kept(" not in text and "spread(" not in text, text


# Shapes and joins


@BOTH
@pytest.mark.parametrize("expression", [
    "x.reshape(6)", "x.reshape(-1, 2)", "x.reshape((3, 2))", "x.reshape(3, -1, order='F')",
    "np.reshape(x, (1, 6))", "x.ravel()", "x.flatten('F')", "x.T", "x.transpose(1, 0)",
    "x.transpose((1, 0))", "x.transpose()", "np.transpose(x, (-1, 0))", "np.moveaxis(x, 0, -1)",
    "np.squeeze(x[None])", "np.squeeze(x[:, None], 1)", "np.expand_dims(x, (0, -1))",
    "np.flip(x)", "np.flip(x, (0, 1))", "np.roll(x, (1, 1), axis=(0, 1))", "np.roll(x, -4)",
    "np.rot90(x, 3)", "np.tile(x, (2, 1, 2))", "np.repeat(x, [1, 2, 0], axis=1)",
    "np.repeat(x, 2, axis=-1)", "np.diff(x, 2)", "np.diff(x, axis=0)", "np.diagonal(x, 1)",
    "np.diag(x)", "np.diag(x, -1)", "np.tril(x, 1)", "np.triu(x)", "np.trace(x, 1)",
    "np.take(x, [0, 0, 5])", "np.take(x, [[1, 1], [0, 2]], axis=1)", "x.take([2], axis=-1)",
    "np.sort(x)", "np.sort(x, axis=0)", "np.sort(x, axis=None)", "x.copy()", "np.array(x)",
    "np.atleast_2d(x)", "np.broadcast_to(x, (4, 2, 3))", "np.hstack([x, x[:, :1], 2 * x])",
    "np.vstack([x[0], x, x[1] ** 2])", "np.column_stack([x[:, 0], x, x[:, 1]])",
    "np.concatenate([x, x * x], axis=-1)", "np.concatenate([x, x[0]], axis=None)",
    "np.stack([x, x * x], axis=-2)", "np.stack([x, x * x], axis=2)", "np.append(x, x[0])",
    "np.append(x, x, axis=1)", "np.array([x[0], x[1] * x[0]])",
    "np.array([[x[0, 0], 1.0], x[1, :2]])",
])
def test_moved_elements(expression: str, typed: bool) -> None:
    gradient_agrees(expression, typed, x=numbers(2, 3))


@BOTH
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_scatter_takes_repeated_places(axis: int | None, typed: bool) -> None:
    args = {"x": numbers(2, 3), "i": np.array([[0, 0], [1, 0]])}
    if axis is None:
        args["i"] = np.array([0, 0, 5])
    if axis == 0:
        args["i"] = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 0]])
    gradient_agrees(f"np.take_along_axis(x, i, {axis})", typed, **args)


@BOTH
def test_interpolation(typed: bool) -> None:
    grid = np.array([-1.0, 0.0, 0.5, 2.0])
    x = np.array([-3.0, -0.7, 0.2, 1.9, 5.0])
    gradient_agrees("np.interp(x, xp, fp)", typed, x=x, xp=grid, fp=numbers(4))


# Reductions, and the places where they are not smooth


@BOTH
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var", "std", "ptp",
                                  "median"])
@pytest.mark.parametrize("options", ["", "axis=-1", "axis=(0, 2)", "axis=1, keepdims=True",
                                     "keepdims=True"])
def test_reductions(name: str, options: str, typed: bool) -> None:
    call = f"np.{name}(x, {options})".replace(", )", ")")
    gradient_agrees(call, typed, x=numbers(2, 3, 2))


@pytest.mark.parametrize("which", ["'nuc'", "2", "-2", "1", "-1", "np.inf"])
def test_norms_of_a_matrix_as_a_whole(which: str) -> None:
    gradient_agrees(f"np.linalg.norm(x, {which})", x=numbers(3, 2))
    tangent_agrees(f"np.linalg.norm(x, {which})", x=numbers(3, 2))
    tied = made(f"np.linalg.norm(x, {which})", {"x": numbers(3, 2)}, "reverse")
    assert "as_vector" not in tied.text


def gradient(expression: str, typed: bool = True, **args: Any) -> Any:
    return made(expression, args, typed=typed).call(*args.values(), 1.0)[1]


@BOTH
@pytest.mark.parametrize("expression, x, wanted", [
    ("np.prod(x)", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    ("np.prod(x)", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    ("np.sum(np.cumprod(x))", [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    ("np.max(x)", [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    ("np.min(x)", [1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3]),
    ("np.std(x)", [2.0, 2.0], [0.0, 0.0]),
    ("np.linalg.norm(x)", [0.0, 0.0], [0.0, 0.0]),
    ("np.linalg.norm(x, np.inf)", [2.0, -2.0, 1.0], [0.5, -0.5, 0.0]),
    ("np.linalg.norm(x, 1)", [2.0, -2.0, 0.0], [1.0, -1.0, 0.0]),
    ("np.median(x)", [5.0, 1.0, 2.0, 9.0], [0.5, 0.0, 0.5, 0.0]),
    ("np.sum(np.sort(x)[:1])", [2.0, 1.0, 3.0], [0.0, 1.0, 0.0]),
])
def test_kinks(expression: str, x: list[float], wanted: list[float], typed: bool) -> None:
    np.testing.assert_allclose(gradient(expression, typed, x=np.array(x)), wanted, rtol=1e-15)


@BOTH
@pytest.mark.parametrize("expression", ["np.sum(x)", "np.prod(x)", "np.sum(np.cumsum(x))",
                                        "np.sum(np.cumprod(x))", "np.linalg.norm(x)",
                                        "np.sum(np.sort(x))", "x @ x", "np.sum(np.outer(x, x))",
                                        "np.sum(np.concatenate([x, x]))", "np.sum(x.reshape(0, 2))",
                                        "np.einsum('i,i->', x, x)", "np.sum(np.diff(x))"])
def test_empty_arrays(expression: str, typed: bool) -> None:
    found = gradient(expression, typed, x=np.zeros(0))
    assert np.shape(found) == (0,)


@BOTH
def test_differences_of_one_element(typed: bool) -> None:
    assert gradient("np.sum(np.diff(x))", typed, x=np.ones(1)).tolist() == [0.0]


def test_a_narrow_operand_of_a_wide_product_keeps_its_precision() -> None:
    args = {"x": numbers(2, 3).astype("float32"), "y": numbers(3)}
    for expression in ("x @ y", "x * y", "np.concatenate([x[0], y])"):
        found = made(expression, args)
        value = eval(expression, dict(NAMESPACE), args)
        seeds = np.ones_like(value) if np.ndim(value) else 1.0
        x_bar, y_bar = found.call(*args.values(), seeds)[1]
        assert (x_bar.dtype, y_bar.dtype) == ("float32", "float64"), found.text


# Matrices


@BOTH
@pytest.mark.parametrize("expression", [
    "np.linalg.inv(a)", "np.linalg.det(a)", "np.linalg.slogdet(a)[1]", "np.linalg.solve(a, a @ a)",
    "np.linalg.pinv(a)", "np.linalg.matrix_power(a, 3)",
    "np.linalg.svd(a, compute_uv=False)", "np.linalg.svd(a, full_matrices=False)[1]",
    "np.linalg.qr(a)[0]", "np.linalg.qr(a)[1]", "np.linalg.norm(a, axis=(-2, -1))",
])
@pytest.mark.parametrize("stack", [(), (2,)], ids=["one", "stack"])
def test_matrices(expression: str, stack: Any, typed: bool) -> None:
    gradient_agrees(expression, typed, a=np.eye(3) + 0.3 * numbers(*stack, 3, 3))


@BOTH
@pytest.mark.parametrize("shapes", [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 4)),
                                    ((3, 3), (2, 3, 4)), ((2, 3, 3), (1, 3, 4))])
def test_solve(shapes: Any, typed: bool) -> None:
    a = 2.0 * np.eye(3) + numbers(*shapes[0])
    gradient_agrees("np.linalg.solve(a, b)", typed, a=a, b=numbers(*shapes[1]))


@BOTH
@pytest.mark.parametrize("shapes", [((5, 3), (5,)), ((5, 3), (5, 2)), ((2, 3), (2,)), ((3, 3), (3,))])
def test_least_squares(shapes: Any, typed: bool) -> None:
    a, b = numbers(*shapes[0]), numbers(*shapes[1])
    gradient_agrees("np.linalg.lstsq(a, b)[0]", typed, a=a, b=b)
    tangent_agrees("np.linalg.lstsq(a, b)[0]", typed, a=a, b=b)


@BOTH
@pytest.mark.parametrize("expression", [
    "np.split(x, 2)[1]", "np.split(x, [1], axis=1)[0] * np.split(x, [1], axis=1)[1][:, :1]",
    "np.meshgrid(x[0], x[:, 0])[1]", "np.meshgrid(x[0], x[:, 0], indexing='ij')[0]",
])
def test_parts(expression: str, typed: bool) -> None:
    gradient_agrees(expression, typed, x=numbers(2, 3))
    tangent_agrees(expression, typed, x=numbers(2, 3))


@BOTH
@pytest.mark.parametrize("function", ["np.linalg.cholesky({})", "np.linalg.eigvalsh({})",
                                      "np.linalg.eigh({})[0]", "np.abs(np.linalg.eigh({})[1])"])
@pytest.mark.parametrize("stack", [(), (2,)], ids=["one", "stack"])
def test_symmetric_matrices(function: str, stack: Any, typed: bool) -> None:
    matrix = "(a @ np.swapaxes(a, -1, -2) + 2.0 * np.eye(3))"
    gradient_agrees(function.format(matrix), typed, a=numbers(*stack, 3, 3))


@pytest.mark.parametrize("function", ["np.linalg.cholesky(a)", "np.linalg.eigvalsh(a)"])
def test_the_gradient_of_a_symmetric_matrix_is_symmetric(function: str) -> None:
    a = definite(3)
    value = eval(function, dict(NAMESPACE), {"a": a})
    bar = made(function, {"a": a}).call(a, np.random.default_rng(3).normal(size=value.shape))[1]
    np.testing.assert_allclose(bar, bar.T, rtol=1e-12)


def test_vectors_of_equal_eigenvalues_have_no_derivative_from_each_other() -> None:
    bar = made("np.linalg.eigh(a)[1]", {"a": np.eye(2)}).call(np.eye(2), np.ones((2, 2)))[1]
    assert np.all(bar == 0.0)


def test_unused_results_cost_nothing() -> None:
    text = adjoint(made("np.linalg.eigh(a)[0]", {"a": definite(3)}).text)
    assert "inverse_gaps" not in text
    text = adjoint(made("np.linalg.svd(a, full_matrices=False)[1]", {"a": numbers(3, 2)}).text)
    assert "inverse_gaps" not in text


# Refusals


@pytest.mark.parametrize("expression, shapes, reason", [
    ("np.pad(x, 1, mode='empty')", [(3,)], "only where its mode is known"),
    ("np.pad(x, 1, constant_values=(x[0], 1.0))", [(3,)], "in one constant"),
    ("np.linalg.qr(x, mode='raw')", [(3, 3)], "mode='reduced' and 'r' only"),
    ("np.quantile(x, 0.3, method='closest_observation')", [(4,)], "quantiles of this method"),
    ("np.pad(x, {0: (1, 2)})", [(3,)], "a dictionary of widths"),
    ("np.average(x, axis=(1, 0), weights=x.T)", [(2, 3)], "in order"),
    ("np.linalg.norm(x, 'nuc', axis=(0, 1))", [(3, 3)], "nuc"),
    ("np.linalg.norm(x, 3)", [(3, 3)], "matrix"),
    ("np.cross(x, x)", [(2,)], "plane"),
    ("np.linalg.svd(x)[0]", [(3, 3)], "full_matrices"),
    ("np.linalg.solve(x, y)", [(2, 3, 3), (2, 3)], "NumPy 1 and 2"),
    ("np.linalg.matrix_power(x, -17)", [(3, 3)], "power"),
    ("x.ravel('K')", [(3, 3)], "order"),
])
def test_refusals(expression: str, shapes: Any, reason: str) -> None:
    args = dict(zip("xy", (numbers(*s) for s in shapes), strict=False))
    types = {n: Array("float64", v.shape) for n, v in args.items()}
    with pytest.raises(UnsupportedError, match=reason):
        derivative_of(lowered(expression, tuple(args)), "reverse", tuple(args), types)


# Types


def test_slices_that_drop_as_many_elements_have_one_length() -> None:
    x = Array("float64", (Sym("n"),))
    text = made("np.sum((x[2:] - 2 * x[1:-1] + x[:-2]) ** 2)", {"x": numbers(5)}).text
    assert "unbroadcast" not in text, text
    assert infer.reduction(x, infer.integer(), infer.integer()) == Array("float64", None)


def test_unknown_sizes_are_unlike_each_other() -> None:
    x = Array("float64", (Sym("n"),))
    part = infer.getitem(x, slicing()), infer.getitem(x, slicing())
    assert part[0] != part[1]


def slicing() -> Type:
    return Slicing(None, infer.integer(), None)


def test_an_array_of_pythons_numbers_is_of_double_precision() -> None:
    items = Struct((Scalar("float32"), FLOAT))
    assert infer.as_array(items) == Array("float64", (2,))
