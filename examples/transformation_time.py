"""How long the transformation takes for 100, 1,000 and 10,000 straight-line statements."""

import linecache
import sys
import time

from adxform import source

SIZES = (100, 1_000, 10_000)


def straight_line(statements: int) -> str:
    """The text of a function of two numbers with so many statements."""
    lines = ["import numpy as np", "", "def f(x: float, y: float) -> float:", "    a, b = x, y"]
    for _ in range((statements - 3) // 4):
        lines += [
            "    a = a * 0.999 + np.sin(b)",
            "    b = b + a * x",
            "    c = np.cos(a) - b",
            "    b = b * 0.5 + c / 3.0",
        ]
    return "\n".join([*lines, "    return a + b", ""])


def seconds(statements: int, mode: str) -> float:
    """The time from a live function to the text of its derivative."""
    text = straight_line(statements)
    file = f"<straight line {statements} {mode}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, object] = {}
    exec(compile(text, file, "exec"), namespace)
    start = time.perf_counter()
    source(namespace["f"], mode)
    return time.perf_counter() - start


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print a table; the last column is constant where time grows linearly."""
    titles = ("forward, s", "reverse, s", "reverse, ms per statement")
    print(f"{'statements':>10s} {titles[0]:>11s} {titles[1]:>11s} {titles[2]:>26s}")
    for size in sizes:
        forward, reverse = seconds(size, "forward"), seconds(size, "reverse")
        print(f"{size:10d} {forward:11.2f} {reverse:11.2f} {1000 * reverse / size:26.2f}")


if __name__ == "__main__":
    main(tuple(int(a) for a in sys.argv[1:]) or SIZES)
