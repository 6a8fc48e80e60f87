"""Newton's iteration, x_{n+1} = x_n - f(x_n) / f'(x_n), on the cubic that he solved himself."""

from adxform import value_and_grad


def cubic(x: float) -> float:
    return x**3 - 2.0 * x - 5.0


def newton(f, x, tolerance=1e-14, max_steps=50):
    """Yield each iterate with its residual, until that is small or the steps are used up."""
    f_and_slope = value_and_grad(f)
    for _ in range(max_steps):
        residual, slope = f_and_slope(x)
        yield x, residual
        if abs(residual) <= tolerance:
            return
        x = x - residual / slope


def main() -> None:
    """Print the iterates for x^3 - 2 x - 5 = 0; each has about twice the digits of the last."""
    print(" n  x                     f(x)")
    for n, (x, residual) in enumerate(newton(cubic, 2.0)):
        print(f"{n:2d}  {x:.16f}  {residual: .3e}")


if __name__ == "__main__":
    main()
