"""stop_gradient: the value itself, and a derivative of zero."""

from __future__ import annotations

import numpy as np

import adxform
from adxform import grad, hessian, jvp, source, stop_gradient, vjp
from adxform.transform import transform


def scaled(x):
    return np.sum(x * stop_gradient(np.sin(x)))


def named(x: float, y: float) -> float:
    z = adxform.stop_gradient(x) * x + stop_gradient(y)
    w = stop_gradient(z)
    return z * w


def branched(x: float) -> float:
    if stop_gradient(x) > 1.0:
        s = stop_gradient(x) ** 2
    else:
        s = x
    for _ in range(3):
        s = s * stop_gradient(s)
    return s


def test_the_value_is_the_argument_itself() -> None:
    x = np.ones(3)
    assert stop_gradient(x) is x


def test_the_derivative_is_zero() -> None:
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(grad(scaled)(x), np.sin(x))
    np.testing.assert_allclose(jvp(scaled, (x,), (np.ones(2),))[1], np.sum(np.sin(x)))
    np.testing.assert_allclose(vjp(scaled, x)[1](1.0)[0], np.sin(x))
    assert grad(named, argnums=(0, 1))(2.0, 3.0) == (14.0, 0.0)
    assert (grad(branched)(0.5), grad(branched)(1.5)) == (0.5**7, 0.0)


def test_it_holds_in_derivatives_of_derivatives() -> None:
    np.testing.assert_array_equal(hessian(scaled)(np.ones(2)), np.zeros((2, 2)))


def test_generated_source_says_the_value_alone() -> None:
    for mode in ("forward", "reverse"):
        body = "\n".join(
            line for line in source(named, mode).splitlines() if not line.lstrip().startswith("#")
        )
        assert "stop_gradient" not in body and "adxform" not in body
        assert "z = x * x + y\n" in body


def test_a_file_may_call_it_by_any_name() -> None:
    for head, call in (
        ("from adxform import stop_gradient\n", "stop_gradient"),
        ("from adxform import stop_gradient as sg\n", "sg"),
        ("import adxform\n", "adxform.stop_gradient"),
        ("import adxform as ad\n", "ad.stop_gradient"),
        ("from adxform.markers import stop_gradient\n", "stop_gradient"),
    ):
        text = f"{head}def f(x: float):\n    return x * {call}(x)\n"
        made = transform(text, mode="reverse").text
        assert "    x_bar = out_bar * x\n    return out, x_bar\n" in made, made
