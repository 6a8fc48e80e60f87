"""How functions, methods and arguments are given to the public functions, and what is refused."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from adxform import (
    check_grads,
    forward,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    products,
    reverse,
    source,
    value_and_grad,
    vjp,
)
from adxform.check import leaves
from adxform.errors import AdxformError, ArgumentError, MissingRuleError, SourceNotFoundError


def scaled(x, y=2.0):
    return y * x**3


class Spring:
    """A method, and derivatives that are methods."""

    outside = grad(scaled)

    def __init__(self, k):
        self.k = k

    def energy(self, x, y=2.0):
        return self.k * x**3 * y

    @grad
    def bare(self, x):
        """Bare."""
        return self.k * x**3

    @value_and_grad
    def both(self, x):
        return self.k * x**3

    def unindented(self, x):
        """The text goes on
further left."""
        y = x * x
# and so does this
        return 2.0 * y

    def refused(self, x):
        """The text goes on
further left."""
        return np.unique(x)


SPRING = Spring(5.0)


def test_bare_on_a_method_the_receiver_is_not_meant():
    assert SPRING.bare(2.0) == 60.0
    assert SPRING.both(2.0) == (40.0, 60.0)
    assert (SPRING.bare.__name__, SPRING.bare.__doc__) == ("bare", "Bare.")
    assert str(inspect.signature(SPRING.bare)) == "(x)"
    assert Spring.outside(1.0, 4.0) == 12.0  # called without a receiver, 0 is the first
    with pytest.raises(ArgumentError, match="asked for in self"):
        Spring.bare(SPRING, 2.0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (lambda: grad(SPRING.energy)(2.0), 120.0),
        (lambda: grad(SPRING.energy, "y")(2.0), 40.0),
        (lambda: jvp(SPRING.energy, (2.0,), (1.0,))[1], 120.0),
        (lambda: vjp(SPRING.energy, 2.0, 3.0)[1](1.0), (180.0, 40.0)),
        (lambda: jacobian(SPRING.energy)(2.0), 120.0),
        (lambda: hessian(SPRING.energy)(2.0), 120.0),
        (lambda: hvp(SPRING.energy, (2.0,), (1.0,)), 120.0),
        (lambda: forward(SPRING.energy)(2.0, 3.0, 1.0, 0.0), (120.0, 180.0)),
        (lambda: reverse(SPRING.energy)(2.0, 3.0), (120.0, 180.0, 40.0)),
        (lambda: grad(SPRING.bare)(2.0), 60.0),
        (lambda: jvp(SPRING.bare, (2.0,), (1.0,)), (60.0, 60.0)),
        (lambda: check_grads(SPRING.energy, (2.0,)).passed, True),
        (lambda: check_grads(SPRING.bare, (2.0,)).passed, True),
    ],
)
def test_a_bound_method_is_a_function_like_any_other(asked, expected):
    assert leaves(asked()) == pytest.approx(leaves(expected))


def test_the_source_of_a_method():
    namespace: dict = {}
    exec(source(SPRING.energy, argnums="y"), namespace)
    assert namespace["energy_reverse"](SPRING, 2.0, 3.0)[1] == 40.0


def test_a_definition_with_text_further_left():
    assert grad(SPRING.unindented)(3.0) == 12.0
    with pytest.raises(MissingRuleError, match=r"np\.unique") as caught:
        grad(SPRING.refused)(3.0)
    location = caught.value.diagnostics[0].location
    assert location is not None and location.file == __file__
    with open(__file__, encoding="utf-8") as file:
        line = file.readlines()[location.line - 1]
    assert line[location.column : location.end_column] == "np.unique(x)"
    assert location.text == line.rstrip("\n")


def test_defaults_and_keywords():
    assert jvp(scaled, (2.0,), (1.0,)) == (16.0, 24.0)
    assert vjp(scaled, 2.0)[1](1.0) == (24.0,)
    assert hvp(scaled, (2.0,), (1.0,)) == 24.0
    assert jacobian(scaled)(2.0, y=1.0) == 12.0
    assert hessian(scaled)(x=2.0) == 24.0
    assert reverse(scaled)(2.0, y=1.0, out_bar=2.0) == (8.0, (24.0, 16.0))
    assert forward(scaled)(y=1.0, x=2.0, dy=0.0, dx=1.0) == (8.0, 12.0)
    assert check_grads(scaled, (2.0,)).passed


def test_an_integer_of_numpy_is_a_place():
    assert grad(scaled, np.int64(1))(2.0) == 8.0


@pytest.mark.parametrize(
    ("asked", "error", "reason"),
    [
        (lambda: vjp(scaled), ArgumentError, "missing a required argument: 'x'"),
        (lambda: jvp(scaled, 2.0, 1.0), ArgumentError, "primals is a tuple .* not float"),
        (lambda: hvp(scaled, (2.0,), 1.0), ArgumentError, "tangents is a tuple .* not float"),
        (lambda: check_grads(scaled, np.ones(2)), ArgumentError, "args is a tuple"),
        (lambda: check_grads(scaled, (2, 3)), ArgumentError, "write 1.0 for 1"),
        (lambda: grad(int), SourceNotFoundError, "int is not a function written in Python"),
    ],
)
def test_mistakes_are_said_in_the_terms_of_the_call(asked, error, reason):
    with pytest.raises(error, match=reason):
        asked()


MASKED = np.ma.masked_invalid([1.0, np.nan])


def squares(x, y=0.0):
    return np.sum((x - y) ** 2)


def squares_of_masked(x):
    return np.sum((x - MASKED) ** 2)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: grad(squares)(np.matrix([[1.0, 2.0], [3.0, 4.0]])),
        lambda: grad(squares)(np.ones(2), MASKED),
        lambda: jvp(squares, (MASKED,), (np.ones(2),)),
        lambda: grad(squares_of_masked)(np.ones(2)),
    ],
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays_that_compute_in_their_own_way_are_refused(asked):
    with pytest.raises(AdxformError, match="computes in its own way"):
        asked()


# Paths without a result


def assigned(x):
    y = x * x
    if x > 0.0:
        return y


def explicit(x):
    if x > 0.0:
        return x * x
    return None


def several(x):
    if x > 0.0:
        return x * x
    elif x < -1.0:
        return -x


@pytest.mark.parametrize("f", [assigned, explicit, several])
@pytest.mark.parametrize("face", [grad, value_and_grad])
def test_a_path_without_a_result_has_no_gradient(f, face):
    assert np.ravel(face(f)(3.0))[-1] == 6.0
    with pytest.raises(ArgumentError, match=f"{f.__name__} returned None"):
        face(f)(-0.5)
    assert jvp(f, (-0.5,), (1.0,))[0] is None
    with pytest.raises(ArgumentError, match="returned None"):
        check_grads(f, (-0.5,))


def nothing(x):
    print(x)


def test_a_function_without_a_result_has_no_gradient():
    with pytest.raises(AdxformError, match="nothing returns None"):
        grad(nothing)(1.0)


def test_functions_of_a_moment_are_not_kept_for_ever(monkeypatch):
    def made(a):
        def f(x):
            return a * x

        return f

    monkeypatch.setattr(products, "_CACHE", {})
    monkeypatch.setattr(products, "CACHED", 4)
    assert [jvp(made(a), (1.0,), (1.0,))[1] for a in range(9)] == list(range(9))
    assert len(products._CACHE) == 4
    jvp(SPRING.energy, (1.0,), (1.0,))
    kept = list(products._CACHE)
    jvp(SPRING.energy, (1.0,), (1.0,))  # bound anew, and yet the same
    assert list(products._CACHE) == kept
