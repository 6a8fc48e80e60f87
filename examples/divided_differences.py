"""The lecture's accuracy of divided differences, on f(x) = x^3, beside that of the derivative."""

from adxform import grad

POINTS = (0.1, 1.0, 10.0)


def f(x: float) -> float:
    return x**3


def divided_difference(x, h):
    return (f(x + h) - f(x)) / h


def main() -> None:
    """Print |error| for steps from 1 to 1e-16: truncation on one side, rounding on the other."""
    df = grad(f)
    print("h        " + "".join(f"x = {x:<10g}" for x in POINTS))
    for exponent in range(17):
        h = 10.0**-exponent
        errors = [abs(divided_difference(x, h) - 3.0 * x**2) for x in POINTS]
        print(f"1e-{exponent:02d}    " + "".join(f"{error:<14.2e}" for error in errors))
    errors = [abs(df(x) - 3.0 * x**2) for x in POINTS]
    print("adxform  " + "".join(f"{error:<14.2e}" for error in errors))


if __name__ == "__main__":
    main()
