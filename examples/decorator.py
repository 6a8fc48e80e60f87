"""Derivatives by decoration: a function that is its own gradient."""

import numpy as np

from adxform import grad, value_and_grad


@grad
def slope(x: float) -> float:
    """Slope of exp(-x) * sin(x)."""
    return np.exp(-x) * np.sin(x)


@grad(argnums=(0, 1))
def force(x: float, y: float, stiffness: float) -> float:
    """Gradient, in x and y, of the energy of a spring of length one that is tied to the origin."""
    stretch = np.hypot(x, y) - 1.0
    return 0.5 * stiffness * stretch * stretch


@value_and_grad
def rosenbrock(x: float, y: float) -> float:
    """Value of Rosenbrock's function, with its derivative in x."""
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


@value_and_grad(argnums="y")
def distance(x: float, y: float) -> float:
    """Value of the distance from the origin, with its derivative in y, an argument by its name."""
    return np.sqrt(x * x + y * y)


def main() -> None:
    """Print each derivative, and what it should be."""
    print(f"slope(0.5)            {slope(0.5):.12f}")
    print(f"  by hand             {np.exp(-0.5) * (np.cos(0.5) - np.sin(0.5)):.12f}")
    print(f"force(3, 4, 2)        {tuple(float(part) for part in force(3.0, 4.0, 2.0))}")
    print(f"  by hand             {(2.0 * 4.0 * 3.0 / 5.0, 2.0 * 4.0 * 4.0 / 5.0)}")
    value, derivative = rosenbrock(-1.2, 1.0)
    print(f"rosenbrock(-1.2, 1)   {value:.12g}, derivative in x {derivative:.12g}")
    value, derivative = distance(3.0, 4.0)
    print(f"distance(3, 4)        {value:.12g}, derivative in y {derivative:.12g}")


if __name__ == "__main__":
    main()
