# ruff: noqa: F821, UP037
"""Loops and branches over plain numbers, each differentiated as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adxform import value_and_grad

if TYPE_CHECKING:
    from jaxtyping import Float


def nested_sines(x: Float[np.ndarray, "n"], n: int) -> float:
    """Each step needs the last: s <- sin(s) + x[i]^2."""
    s = 0.0
    for i in range(n):
        s = np.sin(s) + x[i] ** 2
    return s


def square_root(a: float) -> float:
    """Newton's iteration for x^2 = a, for as long as it takes."""
    x = 0.5 * (1.0 + a)
    while abs(x * x - a) > 1e-14 * a:
        x = 0.5 * (x + a / x)
    return x


def horner(coefficients: Float[np.ndarray, "n"], x: float) -> float:
    """Evaluate the polynomial whose coefficients are given from the constant upwards."""
    p = 0.0
    for i in range(len(coefficients) - 1, -1, -1):
        p = p * x + coefficients[i]
    return p


def logistic_map(x: float, r: float, n: int) -> float:
    """The population after n years: x <- r x (1 - x)."""
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def pendulum(theta: float, omega: float, step: float, n: int) -> float:
    """The angle after n steps of the symplectic Euler method for theta'' = -sin(theta)."""
    for _ in range(n):
        omega = omega - step * np.sin(theta)
        theta = theta + step * omega
    return theta


def huber(residuals: Float[np.ndarray, "n"], width: float) -> float:
    """Sum of squares of small residuals, of absolute values of large ones."""
    loss = 0.0
    for i in range(len(residuals)):
        size = abs(residuals[i])
        if size <= width:
            loss += 0.5 * size * size
        else:
            loss += width * (size - 0.5 * width)
    return loss


def escape_radius(c: float, bound: float, n: int) -> float:
    """The first iterate of z <- z^2 + c beyond a bound, or the last of n."""
    z = 0.0
    k = 0
    while abs(z) <= bound and k < n:
        z = z * z + c
        k += 1
    return z


CALLS = (
    (nested_sines, "x", (np.array([0.5, -1.0, 1.5]), 3)),
    (square_root, "a", (2.0,)),
    (horner, "coefficients", (np.array([1.0, -2.0, 0.0, 4.0]), 0.5)),
    (horner, "x", (np.array([1.0, -2.0, 0.0, 4.0]), 0.5)),
    (logistic_map, "r", (0.2, 3.2, 10)),
    (pendulum, "theta", (1.0, 0.0, 0.01, 300)),
    (huber, "residuals", (np.array([0.3, -2.0, 1.5, -0.1]), 1.0)),
    (escape_radius, "c", (0.4, 2.0, 50)),
)


def main() -> None:
    """Print each function's value, and its derivative in one argument."""
    for f, argument, values in CALLS:
        value, derivative = value_and_grad(f, argnums=argument)(*values)
        print(f"{f.__name__:14s}{value:10.6f}   in {argument}: {np.round(derivative, 6)}")


if __name__ == "__main__":
    main()
