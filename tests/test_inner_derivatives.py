"""Derivatives that are called inside functions which are differentiated: none is taken for another."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

import adxform
from adxform import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from adxform.errors import AdxformError, UnsupportedError
from adxform.transform import transform
from tests.test_regressions import agrees


def g(y):
    return np.sin(y) * y


def big(y, w):
    s = y
    for i in range(3):
        s = np.sin(s) * w + y
    t = s * w
    u = t + y
    v = u * s
    return v


def direct(x):
    return grad(g)(x) * x


def named(x):
    d = grad(g)
    return d(x) * x + d(2.0 * x)


def confusion(x):
    return x * grad(lambda y: x * y)(2.0)


def nested3(x):
    def inner(y):
        return x * y * grad(lambda z: z * z * y * x)(y)
    return x * grad(inner)(x)


def bigg(x, w):
    return grad(big)(x, w) + grad(big, 1)(x, w) * x + big(w, x)


def bigboth(x, w):
    a, b = grad(big, (0, 1))(x, w)
    return a * b


def vag(x, w):
    v, d = value_and_grad(big)(x, w)
    return v * d


def gg(x):
    return grad(grad(g))(x) * x


def step(x, w):
    def loss(p):
        return (np.sin(p) * w - x) ** 2
    p = w - 0.1 * grad(loss)(w)
    return loss(p)


def steps(x, w):
    def loss(p):
        return (np.sin(p) * w - x) ** 2
    p = w
    for i in range(4):
        p = p - 0.1 * grad(loss)(p)
    return loss(p)


def stepv(A, b):
    def loss(p):
        r = A @ p - b
        return np.sum(r * r)
    p = b * 0.5
    for i in range(3):
        p = p - 0.05 * grad(loss)(p)
    return loss(p)


def newton(A, b):
    def loss(p):
        r = A @ p - b
        return np.sum(r ** 2) + np.sum(p ** 4)
    p = b * 0.5
    H = hessian(loss)(p)
    p = p - np.linalg.solve(H, grad(loss)(p))
    return loss(p)


def scalarnewton(x):
    def f(p):
        return np.exp(p) - x * p * p

    p = 0.3 * x
    p = p - grad(f)(p) / hessian(f)(p)
    return p


def tangent(x, v):
    val, dot = jvp(g, (x,), (v,))
    return val * dot


def tangent2(x, w):
    val, dot = jvp(big, (x, w), (None, x))
    return val * dot


def hv(A, b):
    def loss(p):
        return np.sum((A @ p) ** 4) * b[0]
    return np.sum(hvp(loss, (b,), (A[0],)) * b)


def jac(A, b):
    def f(p):
        return np.sin(A @ p) * b

    J = jacobian(f)(b)
    return np.sum(J ** 2)


def jac2(A, b):
    def f(p):
        return np.sum(np.sin(A @ p))

    return np.sum(jacobian(f)(b) ** 2)


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def gradrec(x):
    return grad(power)(x, 4) + x


def recgrad(x, n):
    if n == 0:
        return x
    return np.sin(grad(g)(recgrad(x, n - 1)))


dg = grad(g)
ddg = grad(dg)
half = functools.partial(grad(big), w=0.5)
dbig = value_and_grad(big, argnums=(1,))


def obj(x):
    return dg(x) * x


def obj2(x, w):
    v, (d,) = dbig(x, w)
    return v * d + grad(big, 1)(x, w)


def kw(x, w):
    return grad(big, argnums="w")(x, w=w)


def aux(x):
    def f(y):
        return y * y * x, y + 1

    d, a = grad(f, has_aux=True)(x)
    return d * a


R = np.random.default_rng(2)
A, B = R.normal(size=(3, 3)), R.normal(size=3)
CASES = [
    (direct, (0.7,)), (named, (0.7,)), (confusion, (1.3,)), (nested3, (1.3,)),
    (bigg, (0.4, 0.6)), (bigboth, (0.4, 0.6)), (vag, (0.4, 0.6)), (gg, (0.5,)),
    (step, (0.4, 0.6)), (steps, (0.4, 0.6)), (stepv, (A, B)), (newton, (A, B)),
    (scalarnewton, (0.9,)), (tangent, (0.4, 0.7)), (tangent2, (0.4, 0.7)), (hv, (A, B)),
    (jac, (A, B)), (jac2, (A, B)), (gradrec, (1.2,)), (recgrad, (0.6, 2)), (obj, (0.6,)),
    (obj2, (0.3, 0.6)), (kw, (0.3, 0.6)), (aux, (0.7,)),
]
each_case = pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", ""))


@each_case
def test_inner_derivatives_agree_with_differences(f, args):
    agrees(f, *args)


@each_case
def test_second_derivatives(f, args):
    x = args[0]
    v = np.random.default_rng(3).normal(size=np.shape(x)) if np.shape(x) else 0.7

    def gradient(x):
        return np.asarray(grad(f)(x, *args[1:]))

    expected = (gradient(x + 1e-5 * v) - gradient(x - 1e-5 * v)) / 2e-5
    found = hvp(f, args, [v, *[None] * (len(args) - 1)])
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)


def twice_from_outside(x):
    return ddg(x) * x


def partial_from_outside(x):
    return half(x) * x


@pytest.mark.parametrize("f", [twice_from_outside, partial_from_outside])
def test_gradients_that_exist_already(f):
    adxform.check_grads(f, (0.7,), order=2)


def test_perturbations_are_not_confused():
    assert grad(confusion)(1.3) == 2.6  # d/dx x d/dy (x y) = 2 x
    assert "2.0 * out_bar * x" in adxform.source(confusion, args=(1.3,))


def integer(x):
    def f(n):
        return x * n

    return grad(f)(3)


def vector(x):
    return np.sum(grad(lambda y: y * x)(x))


def unknown(x, f=None):
    return grad(f)(x)


def pulled(x):
    return vjp(g, x)[0]


def misshapen(x):
    return jvp(lambda y: np.sum(y * y), (x,), (1.0,))[1]


def rebound(x):
    w = x

    def f(y):
        return w * y

    w = 2.0 * x
    return grad(f)(x) * w


def test_a_function_inside_is_differentiated_with_its_variables_of_now():
    assert grad(rebound)(0.5) == 4.0


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (integer, 0.5, "no real number"),
        (vector, np.ones(2), "one real result"),
        (unknown, 0.5, "cannot be told"),
        (pulled, 0.5, "vjp is not supported"),
        (misshapen, np.ones(2), "not the shape"),
    ],
)
def test_refused(f, x, words):
    with pytest.raises(UnsupportedError, match=words) as caught:
        grad(f)(x)
    assert caught.value.diagnostics[0].location is not None
    assert isinstance(caught.value, AdxformError)


FILE = """import numpy as np
from adxform import grad, jvp
import adxform as ad


def g(y: float, w: float) -> float:
    s = y
    for i in range(3):
        s = np.sin(s) * w + y
    return s


def f(x: float, w: float) -> float:
    d = grad(g)

    def loss(p):
        return (g(p, w) - x) ** 2

    p = w - 0.1 * grad(loss)(w)
    return d(p, w) * x + ad.hvp(loss, (p,), (x,)) + jvp(loss, (x,), (1.0,))[1]
"""


def test_what_is_transformed_needs_no_adxform(tmp_path):
    made = transform(FILE, "m.py", functions=("f",), mode="both").text
    assert transform(made, "m.py", functions=("f",), mode="both").text == made
    (tmp_path / "m.py").write_text(made.replace("from adxform import", "pass  #").replace(
        "import adxform as", "pass  #"))
    scope: dict = {}
    (tmp_path / "whole.py").write_text(FILE)
    exec(compile(FILE, str(tmp_path / "whole.py"), "exec"), scope)
    f = scope["f"]
    dx = (f(0.4 + 1e-6, 0.6) - f(0.4 - 1e-6, 0.6)) / 2e-6
    dw = (f(0.4, 0.6 + 1e-6) - f(0.4, 0.6 - 1e-6)) / 2e-6
    test = (
        "import sys; sys.modules['adxform'] = None; import numpy as np; from m import *\n"
        f"assert np.allclose(f_reverse(0.4, 0.6)[1], ({dx}, {dw}), rtol=1e-6)\n"
        f"assert np.isclose(f_forward(0.4, 0.6, 1.0, 0.0)[1], {dx}, rtol=1e-6)\n"
    )
    subprocess.run([sys.executable, "-c", test], cwd=tmp_path, check=True)


OTHER = """from adxform import grad

SCALE = 3.0


def g(y):
    s = y
    for i in range(2):
        s = s * SCALE + y * y
    return s


gradient = grad(g)
"""

USES = """from other_of_inner_derivatives import gradient

SCALE = 10.0


def f(x):
    return gradient(x) * x * SCALE
"""


def test_a_gradient_of_another_file_keeps_its_own_globals(tmp_path, monkeypatch):
    (tmp_path / "other_of_inner_derivatives.py").write_text(OTHER)
    (tmp_path / "uses_inner_derivatives.py").write_text(USES)
    monkeypatch.syspath_prepend(tmp_path)
    from uses_inner_derivatives import f

    agrees(f, 0.7)


@pytest.mark.parametrize("x", [0.3, np.float32(0.3), np.float64(0.3)])
def test_a_gradient_inside_has_the_dtype_of_its_argument(x):
    def f(x, m):
        return grad(lambda e: np.sin(e) * np.minimum(x, x))(np.sum(m))

    m = np.full((2, 2), 0.3, np.float32)
    value, tangent = jvp(f, (x, m), (1.0, np.ones_like(m)))
    assert np.asarray(f(x, m)).dtype == np.float32
    assert value == f(x, m)
    assert np.isclose(tangent, np.cos(1.2) - 4 * 0.3 * np.sin(1.2), rtol=1e-5)


def loss_of(w, b):
    return np.sum(np.tanh(w @ b) ** 2) + np.sum(b * b)


def clipped(w, b):
    for _ in range(3):
        in_w, in_b = adxform.grad(loss_of, argnums=(0, 1))(w, b)
        in_w *= 0.5
        in_b[0] = 0.1 * in_b[0]
        in_w[:, 1] += in_b
        w = w - 0.1 * in_w
        b = b - 0.1 * in_b
    return np.sum(w * w) + np.sum(b)


def with_velocity(w, b):
    v = np.zeros_like(b)
    for _ in range(3):
        value, (in_w, in_b) = adxform.value_and_grad(loss_of, argnums=(0, 1))(w, b)
        v *= 0.9
        v += in_b
        in_b *= value
        in_w += np.outer(v, in_b)
        w, b = w - 0.1 * in_w, b - 0.1 * v
    return np.sum(np.sin(w)) + b @ b


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [clipped, with_velocity])
def test_gradients_are_written_to_in_place(f, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    w, b = np.cos(np.arange(9.0)).reshape(3, 3), np.array([0.3, -0.8, 0.5])
    kept = w.copy(), b.copy()
    found = adxform.grad(f, argnums=(0, 1), backend=backend)(w, b)
    assert np.array_equal(w, kept[0]) and np.array_equal(b, kept[1])
    h = 1e-6
    for place, step in ((0, np.eye(9)[4].reshape(3, 3)), (0, np.ones((3, 3))), (1, np.ones(3))):
        ahead, behind = ([a + s * h * step if i == place else a for i, a in enumerate((w, b))]
                         for s in (1, -1))
        expected = (f(*ahead) - f(*behind)) / (2 * h)
        assert np.sum(found[place] * step) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def with_a_row(w, b):
    in_w, in_b = adxform.grad(loss_of, argnums=(0, 1))(w, b)
    row, other = in_w[0], in_w
    in_w[0] = in_b
    return np.sum(row * other)


def test_other_names_for_a_gradient_show_what_is_written():
    w, b = np.eye(3) + 0.1, np.array([0.3, -0.8, 0.5])
    steps, h = np.eye(9).reshape(9, 3, 3), 1e-6
    expected = [(with_a_row(w + h * e, b) - with_a_row(w - h * e, b)) / (2 * h) for e in steps]
    assert np.allclose(adxform.grad(with_a_row)(w, b).ravel(), expected, atol=1e-8)
