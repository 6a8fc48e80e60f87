"""Complex numbers: differentiated right or refused, never taken for real ones.

Each function of real arguments is checked by `check_grads` in both modes and both orders, against
differences and where overloading goes against dual numbers, and so is each of complex arguments.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from adxform import check_grads, grad, hessian, hvp, jacobian, jvp, source, value_and_grad, vjp
from adxform.errors import AdxformError, ArgumentError, UnsupportedError

X = np.array([0.7, -1.3])
C = np.array([1.0 + 2.0j, -0.5 + 0.3j])
Y = np.array([0.4, 1.2, -0.7, 2.0])
M = np.array([[1.0 + 0.5j, 0.2], [-0.3j, 1.5 - 0.2j]])


# Real arguments, complex on the way, real results


def turned(x):
    return np.abs(x * 1j)


def waves(x):
    return np.sum(np.abs(np.exp(1j * x) + x) ** 2)


def captured(x):
    return np.sum(np.abs(x - C) ** 2)


def power(x):
    return ((-2.0) ** x).real


def parts(x):
    z = np.sin(x * C) / (1.0 + x * 1j)
    return np.sum(z.real * z.imag + np.angle(z))


def written(x):
    z = np.zeros(2, dtype=complex)
    z[0] = x[0]
    z[1] = x[1] * np.exp(1j * x[0])
    z *= 1j
    return np.sum(np.abs(z - z[0] * C) ** 2)


def recurrence(x):
    z, total = 0j, 0.0
    for i in range(len(x)):
        z = z * np.exp(1j * x[i]) + x[i]
        total += abs(z) ** 2
    return total


def halves(x):
    w = x * (1.0 + 2.0j) / 2j
    return np.sum(np.real(w * 2.0))


def branch(x):
    z = x[0] if x[1] > 5 else x[0] * (1 + 2j)
    return (z * z).imag


def matrices(x):
    a = M + np.outer(x, x)
    return np.linalg.norm(np.linalg.solve(a, x)) + np.abs(np.linalg.det(np.linalg.inv(a)))


def expectation(x):
    psi = np.array([np.cos(x[0]) + 0j, np.exp(1j * x[1]) * np.sin(x[0])])
    return np.real(np.conj(psi) @ (M + M.conj().T) @ psi)


def einsums(x):
    return np.einsum("ij,j,i->", M, x * C, np.conj(x * C)).real + np.vdot(C * x, x).imag


def spectrum(x):
    return np.sum(np.abs(np.fft.fft(x)) ** 4)


def smoothed(x):
    k = 2 * np.pi * np.fft.fftfreq(4)
    slope = np.fft.ifft(1j * k * np.fft.fft(x)).real
    return np.sum(slope**3) + np.sum(np.fft.irfft(np.fft.rfft(x) ** 2, n=len(x)) ** 2)


def split_step(x):
    u = x.astype(complex)
    k = 2 * np.pi * np.fft.fftfreq(4)
    for _ in range(3):
        u = np.fft.ifft(np.exp(-0.5j * k**2) * np.fft.fft(u))
        u = u * np.exp(-0.1j * np.abs(u) ** 2)
    return np.sum(np.abs(u[:2]) ** 2)


def made_of_parts(x):
    return abs(complex(x[0], x[1]) ** 3) + np.abs(np.complex128(x[0]) * (1 + 1j))


def of_text(x):
    return np.sum(np.abs(x * np.array([complex(word) for word in ("1j", "2")])))


def joined(x):
    z = np.concatenate([x, x * C])
    return np.sum(np.abs(np.where(z.real > 0, z, 2.0)[::-1] * np.stack([x, C]).ravel()) ** 2)


def two_parts(x):
    z = np.sin(x) * (1 + 0j)
    return np.sum(np.real(z * C)) + np.sum(np.imag(z))


def of_real_numbers(x):
    return np.sum(x.imag + np.imag(x) + np.angle(x) + np.conj(x) * np.real_if_close(x))


OF_REALS = [
    (turned, 2.0), (waves, X), (captured, X), (parts, X), (written, X), (recurrence, Y),
    (halves, X), (branch, X), (matrices, X), (expectation, X), (einsums, X), (spectrum, Y), (smoothed, Y),
    (split_step, Y), (made_of_parts, X), (joined, X), (of_text, X),
    (two_parts, X), (of_real_numbers, X),
]
each = pytest.mark.parametrize(("f", "x"), OF_REALS, ids=lambda v: getattr(v, "__name__", ""))


@each
def test_functions_of_real_numbers(f: Any, x: Any) -> None:
    check_grads(f, (x,))


@each
def test_compiled_or_not(f: Any, x: Any) -> None:
    pytest.importorskip("numba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = grad(f, backend="numba")(x)
    np.testing.assert_allclose(found, grad(f)(x), rtol=1e-12, atol=1e-14)


def test_a_power_of_a_negative_number() -> None:
    slope = ((-2.0) ** 2.5 * np.log(-2.0 + 0j)).real
    assert grad(power)(2.5) == pytest.approx(slope)
    assert jvp(power, (2.5,), (1.0,))[1] == pytest.approx(slope)


def test_single_precision_stays() -> None:
    for f, x in ((waves, X), (captured, X), (spectrum, Y)):
        x = x.astype(np.float32)
        assert grad(f)(x).dtype == np.float32
        np.testing.assert_allclose(grad(f)(x), grad(f)(x.astype(float)), rtol=1e-5, atol=1e-5)
    text = source(lambda x: np.abs(np.sum(np.exp(np.complex64(1j) * x))), args=(np.ones(3, "f4"),))
    assert "complex128" not in text


def test_complex_results_by_both_modes() -> None:
    def f(x):
        return np.exp(1j * x) * C

    value, pullback = vjp(f, X)
    np.testing.assert_allclose(value, f(X))
    np.testing.assert_allclose(pullback(C)[0], np.real(np.conj(1j * f(X)) * C))
    np.testing.assert_allclose(jvp(f, (X,), (X,))[1], 1j * f(X) * X)
    np.testing.assert_allclose(jacobian(f)(X), np.diag(1j * f(X)))


def test_hessian_through_a_spectrum() -> None:
    np.testing.assert_allclose(hessian(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(Y),
                               8.0 * np.eye(4), atol=1e-12)


# Complex arguments


def energy(z):
    return np.sum(np.abs(z) ** 2)


def mixed(z, x):
    return np.real(np.vdot(z, M @ z)) * np.sum(x) + np.sum(np.angle(z) * np.abs(z * x))


def holomorphic_values(z, x):
    return np.exp(z) * np.fft.fft(z * x)


def of_a_matrix(a):
    return np.abs(np.linalg.det(a)) + np.linalg.norm(np.linalg.inv(a))


def number(z):
    return abs(z) * z.real + z.imag**2


@pytest.mark.parametrize(
    ("f", "args"),
    [(energy, (C,)), (mixed, (C, X)), (mixed, (C, C.real)), (holomorphic_values, (C, X)),
     (of_a_matrix, (M,)), (number, (1.0 + 2.0j,)), (np.einsum, ("ij,jk->ik", X[None], M)),
     (energy, (C.astype(np.complex64),)), (mixed, (C, C))],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_functions_of_complex_numbers(f: Any, args: Any) -> None:
    if f is mixed and np.iscomplexobj(args[1]):
        with pytest.raises(ArgumentError, match="complex"):
            grad(f)(*args)
        return
    check_grads(f, args)


def test_gradients_point_uphill() -> None:
    assert grad(number)(1.0 + 2.0j) == pytest.approx(complex(
        (number(1.0 + 1e-6 + 2.0j) - number(1.0 - 1e-6 + 2.0j)) / 2e-6,
        (number(1.0 + 2.000001j) - number(1.0 + 1.999999j)) / 2e-6))
    assert type(grad(number)(1.0 + 2.0j)) is complex
    np.testing.assert_allclose(grad(energy)(C), 2.0 * C)
    assert grad(energy)(C.astype(np.complex64)).dtype == np.complex64
    np.testing.assert_allclose(hvp(energy, (C,), (1j * C,)), 2j * C)


def test_containers_of_complex_numbers() -> None:
    def f(p):
        return np.sum(np.abs(p["z"] * p["x"]) ** 2)

    bars = grad(f)({"z": C, "x": X, "name": "p"})
    np.testing.assert_allclose(bars["z"], 2.0 * C * X**2)
    np.testing.assert_allclose(bars["x"], 2.0 * np.abs(C) ** 2 * X)
    assert bars["name"] is None
    check_grads(f, ({"z": C, "x": X},))


def test_seeds_are_of_the_kind_of_their_values() -> None:
    def f(z):
        out = np.zeros(2, dtype=complex)
        out[:1] = z[:1] * 1j
        return out

    _, pullback = vjp(f, C)
    np.testing.assert_allclose(pullback(np.ones(2))[0], [-1j, 0.0])
    with pytest.raises(ArgumentError, match="complex"):
        vjp(captured, X)[1](1j)
    with pytest.raises(ArgumentError, match="complex"):
        jvp(captured, (X,), (C,))
    np.testing.assert_allclose(jvp(f, (C,), (X,))[1], [0.7j, 0.0])


def test_the_jacobian_of_complex_arguments_is_refused() -> None:
    with pytest.raises(ArgumentError, match="real and imaginary parts"):
        jacobian(energy)(C)


# What is refused


def sign(x):
    return np.sum(np.abs(np.sign(x * C)))


def largest(x):
    return np.abs(np.max(x * C))


def sorted_values(x):
    return np.sum(np.abs(np.sort(x * C)))


def written_to_reals(x):
    y = np.zeros(2)
    y[:] = x * C
    return np.sum(y)


def cut_to_reals(x):
    return np.sum((x * C).astype(float))


def interpolated(x):
    return np.sum(np.real(np.interp(x, np.array([-2.0, 2.0]), C)))


def eigenvalues(x):
    values, _ = np.linalg.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    return np.sum(np.abs(x * values))


def roots(x):
    return np.sum(np.abs(x * np.emath.sqrt(-np.ones(2))))


def carried(x):
    z = x
    for _ in range(2):
        z = z * 1j
    return np.sum(np.abs(z))


REFUSED = [sign, largest, sorted_values, written_to_reals, cut_to_reals, interpolated, eigenvalues,
           roots, carried]


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_has_no_rule_for_complex_numbers_is_refused(f: Any) -> None:
    for ask in (lambda: grad(f)(X), lambda: jvp(f, (X,), (X,)), lambda: vjp(f, X)[1](1.0)):
        with pytest.raises((AdxformError, TypeError)):
            ask()


def test_the_refusal_shows_the_line() -> None:
    with pytest.raises(UnsupportedError, match=r"np\.max\(x \* C\)[^§]*real and imaginary parts"):
        grad(largest)(X)
    with pytest.raises(UnsupportedError, match=r"array of real numbers[^§]*y\[:\] = x \* C"):
        grad(written_to_reals)(X)
    with pytest.raises(UnsupportedError, match=r"drops the imaginary part[^§]*np\.real"):
        grad(cut_to_reals)(X)
    with pytest.raises(UnsupportedError, match=r"type is not known[^§]*astype\(complex\)"):
        grad(carried)(X)


def test_what_no_type_tells_shows_in_the_derivative() -> None:
    def root(x):
        return (x**0.5).real

    with pytest.raises(UnsupportedError, match="came out complex"):
        grad(root)(-2.0)


def test_a_complex_result_is_no_number_to_take_the_gradient_of() -> None:
    def unknown(x):
        return x * eval("1j")

    def known(x):
        return x * 1j

    for f in (unknown, known):
        with pytest.raises(AdxformError):
            value_and_grad(f)(2.0)


def test_without_types_the_text_is_not_taken_for_real() -> None:
    def f(x):
        return np.abs(np.fft.fft(x))

    with pytest.raises(UnsupportedError, match="type is not known"):
        source(f)


def annotated(z: complex) -> float:
    return abs(z * z)


def test_annotations_tell_where_the_numbers_of_a_text_are_complex() -> None:
    space: dict[str, Any] = {}
    exec(source(annotated), space)
    z = 1.5 - 0.7j
    np.testing.assert_allclose(space["annotated_reverse"](z), (abs(z * z), 2 * z))
