"""What a call is given from containers outside, and calls of compiled methods, as users write them."""

from __future__ import annotations

import numpy as np
import numpy.random as npr
import pytest

from adxform import ArgumentError, UnsupportedError, check_grads, grad, jacobian, source

M = np.array([[0.3, 0.7, 1.1], [1.6, -0.4, 0.2]])
SHAPE = (3, 2)
OPTIONS = {"axis": 0, "keepdims": True}
SCALES = [2.0, 3.0]


def by_name(*args):
    return np.mean(*args, **OPTIONS) ** 2


def with_options(f, **kwargs):
    return lambda *args: f(*args, **kwargs)


def of_a_shape(x):
    return x.reshape(*SHAPE) ** 2


def plus(x, a, b):
    return a * x + b * x * x


def of_a_part(x):
    return plus(x, *SHAPE[1:], *SCALES[:1])


def of_numbers(x):
    return plus(x, *SCALES)


class Model:
    def __init__(self):
        self.options = {"axis": 1}

    def loss(self, x):
        return np.sum(np.sum(x, **self.options) ** 2)


@pytest.mark.parametrize(
    "f", [by_name, with_options(np.sum, axis=1), with_options(np.sum), of_a_shape, of_a_part, of_numbers,
          Model().loss], ids=range(7))
def test_items_of_containers_outside_are_arguments(f):
    check_grads(f, (M,))


def test_containers_outside_that_change_are_read_anew():
    options, scales, model = {"axis": 0}, [2.0, 3.0], Model()

    def f(x):
        return np.sum(np.sum(x, **options) ** 2) + np.sum(plus(x, *scales))

    derivative, of_model = grad(f), grad(model.loss)
    derivative(M), of_model(M)
    options["axis"], scales[1], model.options["axis"] = 1, 4.0, 0
    assert np.allclose(derivative(M), 2 * np.sum(M, axis=1, keepdims=True) + 2 + 8 * M)
    assert np.allclose(of_model(M), np.broadcast_to(2 * np.sum(M, axis=0), M.shape))
    options["keepdims"] = True
    check_grads(f, (M,))
    scales.append(1.0)
    with pytest.raises(Exception, match="plus takes 3 arguments"):
        derivative(M)


def test_flags_are_written_out_and_numbers_are_read():
    def f(x):
        return np.sum(plus(np.sum(x, **OPTIONS), *SCALES))

    text = source(f, args=(M,))
    assert "axis=0, keepdims=True" in text
    assert "SCALES[0]" in text


def test_a_container_that_the_function_changes_is_not_spread():
    options = {"axis": 0}

    def f(x):
        options["axis"] = 1
        return np.sum(np.sum(x, **options) ** 2)

    with pytest.raises(Exception, match=r"options, .* is changed in place"):
        grad(f)(M)


def test_random_numbers_of_every_kind_are_carried():
    rng = np.random.default_rng(0)
    state = np.random.RandomState(0)

    def f(x):
        noise = npr.randn(2, 3) + np.random.normal(0.0, 1.0, (2, 3))
        noise = noise + rng.normal(size=(2, 3)) + state.rand(2, 3)
        return np.sum(x * x) + np.sum(0.0 * noise)

    assert np.array_equal(grad(f)(M), 2 * M)


def test_universal_functions_are_checked_by_their_operands():
    check_grads(np.matmul, (M, M.T.copy()))
    check_grads(np.multiply, (M, M))
    assert jacobian(np.multiply, 0)(2.0, 3.0) == 3.0
    with pytest.raises(ArgumentError, match="matmul"):
        check_grads(np.matmul, (M,))


# Arrays of known length


def by_default(a, b=2.0, c=3.0):
    return a * b + c * a * a


def written_out(x):
    A = np.array([[x[0], x[1]], [x[2], 1.0]])
    return by_default(*A[0]) * np.hypot(*A[1]) + (lambda *a: a[0] * a[2])(*(2.0 * np.stack([x[0], x[1], x[2]])))


def on_a_grid(x):
    return np.sum(np.fromfunction(lambda i, j: x[0] * i + j * x[1], (2, 3)) ** 2)


@pytest.mark.parametrize("f", [written_out, on_a_grid])
def test_arrays_whose_length_is_known(f):
    check_grads(f, (np.array([0.3, 0.7, 0.9]),))


# Functions that loops make


def one_each(x):
    powers = []
    for k in range(3):
        powers.append(lambda t, k=k: t**k * x)
    return sum(f(x) for f in powers) * powers[-1](x)


def of_one_value(x):
    held, scale = [], x * x
    for k in range(1, 4):
        y = scale * k
        held.append(lambda t, y=y: t * y + scale)
    return sum(f(x) for f in held)


def seen_late(x):
    held, a = [], x
    for _ in range(3):
        a = a * x
        held.append(lambda t: t * a)
    return sum(f(x) for f in held)


def test_lambdas_that_a_loop_makes():
    for f in (one_each, of_one_value):
        check_grads(f, (0.7,))
    with pytest.raises(UnsupportedError, match="a lambda over an active value"):
        grad(seen_late)(0.7)
