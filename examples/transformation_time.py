"""How long transformation takes, in programs of 21 shapes.

    python examples/transformation_time.py [STATEMENTS ...]
"""

import linecache
import sys
import time
from collections.abc import Callable

from adxform import source

SIZES = (100, 400)
HEAD = "import numpy as np\n\n"
TWO = HEAD + "def f(x: float, y: float) -> float:\n    a, b = x, y\n"
FOUR = (
    "a = a * 0.999 + np.sin(b)",
    "b = b + a * x",
    "c = np.cos(a) - b",
    "b = b * 0.5 + c / 3.0",
)


def block(lines: tuple[str, ...], times: int, indent: int = 4) -> str:
    return "".join(" " * indent + line + "\n" for line in lines * times)


def straight_line(statements: int) -> str:
    """One statement after the other."""
    return TWO + block(FOUR, statements // 4) + "    return a + b\n"


def many_variables(statements: int) -> str:
    """Each statement reads what the two before it have made."""
    lines = [f"v{i} = np.sin(v{i - 1}) * v{max(i - 2, 0)}" for i in range(1, statements)]
    return TWO + "    v0 = x * y\n" + block(tuple(lines), 1) + f"    return v{statements - 1}\n"


def long_body(statements: int) -> str:
    """One loop with all statements in its body."""
    inner = block(FOUR, statements // 4, indent=8)
    return f"{TWO}    for i in range(10):\n{inner}    return a + b\n"


def loops(statements: int) -> str:
    """Loops one after the other."""
    loop = ("for i in range(3):", "    a = np.sin(a) * x + b", "    b = b * 0.5 + a")
    return TWO + block(loop, statements // 3) + "    return a + b\n"


def nested_loops(statements: int) -> str:
    """Loops in loops, four deep."""
    nest = [" " * (4 * i) + f"for i{i} in range(2):" for i in range(4)]
    nest += [" " * 16 + "a = a * np.sin(b)"]
    return TWO + block(tuple(nest), statements // 5) + "    return a + b\n"


def branches(statements: int) -> str:
    """Branches one after the other."""
    branch = ("if a > b:", "    a = np.sin(a) * x", "else:", "    b = b * 0.5 + a")
    return TWO + block(branch, statements // 4) + "    return a + b\n"


def deep_branches(statements: int) -> str:
    """Branches in branches, five deep."""
    nest = [" " * (4 * i) + f"if a > {i}.0:" for i in range(5)]
    nest += [" " * 20 + "a = a * np.sin(b)"]
    return TWO + block(tuple(nest), statements // 6) + "    return a + b\n"


def calls(statements: int) -> str:
    """Calls of one short function."""
    called = "def g(u: float, v: float) -> float:\n    w = np.sin(u) * v\n    return w * w + u\n\n"
    text = TWO.replace(HEAD, HEAD + called)
    return text + block(("a = g(a, b)", "b = g(b, x)"), statements // 2) + "    return a + b\n"


def recomputed(statements: int) -> str:
    """A loop that reads what it has computed, all the way, without recording it."""
    lines = [f"v{k} = np.sin(v{k - 1}) * v{k - 1} + x" for k in range(1, statements)]
    head = TWO + "    for i in range(10):\n        v0 = a * y\n"
    return head + block(tuple(lines), 1, 8) + f"        a = v{statements - 1} * 0.5\n    return a\n"


def tapes(statements: int) -> str:
    """A loop with a tape for each other statement."""
    lines = [
        line
        for k in range(statements // 2)
        for line in (f"u{k} = np.exp(np.sin(a) * b)", f"a = a + 0.1 * u{k} * u{k}")
    ]
    return TWO + "    for i in range(10):\n" + block(tuple(lines), 1, 8) + "    return a\n"


def independent(statements: int) -> str:
    """A loop of which each iteration only adds to a sum."""
    lines = [f"v{k} = np.exp(np.sin(v{k - 1}) * y)" for k in range(1, statements)]
    head = HEAD + "def f(x: np.ndarray, y: float) -> float:\n    s = 0.0\n"
    head += "    for i in range(len(x)):\n        v0 = x[i] * y\n"
    return head + block(tuple(lines), 1, 8) + f"        s += v{statements - 1}\n    return s\n"


def wide_tuple(statements: int) -> str:
    """A tuple with an item for each statement."""
    count = statements // 2
    lines = [f"v{i} = np.sin(x * {i}.0)" for i in range(count)]
    lines += [f"t = ({', '.join(f'v{i}' for i in range(count))},)"]
    lines += [f"a = a + t[{i}]" for i in range(count)]
    return TWO + block(tuple(lines), 1) + "    return a\n"


def writes(statements: int) -> str:
    """Elements of an array, written one by one."""
    lines = [f"z[{i}] = np.sin(z[{max(i - 1, 0)}]) * y" for i in range(statements)]
    head = HEAD + "def f(x: np.ndarray, y: float) -> float:\n    z = x.copy()\n"
    return head + block(tuple(lines), 1) + "    return np.sum(z)\n"


VECTOR = HEAD + "def f(x: np.ndarray, y: float) -> float:\n"


def array_loops(statements: int) -> str:
    """Loops one after the other that compute an array."""
    loop = ("for i in range(3):", "    a = np.sin(a) * y")
    return f"{VECTOR}    a = x\n{block(loop, statements // 2)}    return np.sum(a)\n"


def sums_in_loops(statements: int) -> str:
    """Loops one after the other that add to one number."""
    loop = ("for i in range(len(x)):", "    s += np.sin(x[i] * y)")
    return f"{VECTOR}    s = 0.0\n{block(loop, statements // 2)}    return s\n"


def array_branches(statements: int) -> str:
    """Branches one after the other that write to an array."""
    branch = ("if y > 0.5:", "    z[0] = z[1] * y")
    return f"{VECTOR}    z = x.copy()\n{block(branch, statements // 2)}    return np.sum(z)\n"


def array_slices(statements: int) -> str:
    """Slices of an array, written one by one."""
    lines = [f"z[{i}:{i + 3}] = z[{i + 1}:{i + 4}] * y" for i in range(statements)]
    return f"{VECTOR}    z = x.copy()\n{block(tuple(lines), 1)}    return np.sum(z)\n"


def array_shapes(statements: int) -> str:
    """Arrays that are asked for their shapes."""
    lines = ("a = a.reshape(-1) * a.shape[0]",)
    return f"{VECTOR}    a = x\n{block(lines, statements)}    return np.sum(a)\n"


def comprehensions(statements: int) -> str:
    """Lists that are filled and summed up."""
    lines = [f"s = s + sum([v * {i}.0 for v in x])" for i in range(statements)]
    return f"{VECTOR}    s = 0.0\n{block(tuple(lines), 1)}    return s\n"


def appends(statements: int) -> str:
    """A list that is appended to."""
    lines = [f"items.append(np.sin(x * {i}.0))" for i in range(statements)]
    return f"{TWO}    items = []\n{block(tuple(lines), 1)}    return items[0] * items[-1]\n"


def dictionary(statements: int) -> str:
    """Entries of a dictionary, changed one by one."""
    lines = ("d['a'] = np.sin(d['a']) * d['b']",)
    head = TWO + "    d = {'a': x, 'b': y}\n"
    return f"{head}{block(lines, statements)}    return d['a']\n"


SHAPES: tuple[Callable[[int], str], ...] = (
    straight_line,
    many_variables,
    long_body,
    loops,
    nested_loops,
    branches,
    deep_branches,
    calls,
    recomputed,
    tapes,
    independent,
    wide_tuple,
    writes,
    array_loops,
    sums_in_loops,
    array_branches,
    array_slices,
    array_shapes,
    comprehensions,
    appends,
    dictionary,
)


def seconds(make: Callable[[int], str], statements: int, mode: str) -> float:
    """The time from a live function to the text of its derivative."""
    text = make(statements)
    file = f"<{make.__name__} {statements} {mode}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, object] = {}
    exec(compile(text, file, "exec"), namespace)
    start = time.perf_counter()
    source(namespace["f"], mode)
    return time.perf_counter() - start


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print a table; in a row of one shape the last column is constant where time is linear."""
    titles = ("forward, s", "reverse, s", "reverse, ms per statement")
    print(f"{'':14s} {'statements':>10s} {titles[0]:>11s} {titles[1]:>11s} {titles[2]:>26s}")
    seconds(straight_line, 20, "reverse")  # what is made once in each run of Python
    for make in SHAPES:
        for size in sizes:
            forward, reverse = seconds(make, size, "forward"), seconds(make, size, "reverse")
            each = 1000 * reverse / size
            print(f"{make.__name__:14s} {size:10d} {forward:11.2f} {reverse:11.2f} {each:26.2f}")


if __name__ == "__main__":
    main(tuple(int(a) for a in sys.argv[1:]) or SIZES)
