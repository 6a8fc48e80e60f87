"""The generated functions of the lecture's example, used as they are: one forward, one reverse."""

from function import f

from adxform import forward, reverse

X1, X2 = 2.0, 3.0


def main() -> None:
    """Print both partial derivatives from two forward runs and from one reverse run."""
    f_forward, f_reverse = forward(f), reverse(f)
    value, in_x1 = f_forward(X1, X2, 1.0, 0.0)
    _, in_x2 = f_forward(X1, X2, 0.0, 1.0)
    print(f"f({X1}, {X2}) = {value:.6f}")
    print(f"forward, twice: {in_x1:.6f} {in_x2:.6f}")
    _, (x1_bar, x2_bar) = f_reverse(X1, X2)
    print(f"reverse, once:  {x1_bar:.6f} {x2_bar:.6f}")
    print(f_reverse.source)


if __name__ == "__main__":
    main()
