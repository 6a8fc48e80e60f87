"""Times of tools for C++ that were measured on another machine, beside ours by a row in common.

They are those of GradBench's tools of these names in 2026, on one thread (CppAD with NDEBUG;
ADOL-C's taping untimed). Machines differ: what is compared are multiples of JAX's time for the
common row, there and here. What took over a minute, or more memory than there was, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from examples.gradbench.table import Line

COMMON = "gmm d=10 k=25 n=1000"
JAX = 0.0042  # seconds for the common row, there
TOOLS = ("hand-written", "Tapenade", "CppAD", "Adept", "ADOL-C")
SECONDS: dict[str, tuple[float | None, ...]] = {
    COMMON: (0.0065, 0.0057, 0.24, 0.19, 0.076),
    "gmm d=64 k=100 n=1000": (0.46, 0.38, None, None, None),
    "ba n=49 m=7776 p=31843": (0.0082, 0.021, 0.22, 0.046, 0.42),
    "ht vertices=544 points=1600 kind=complicated": (0.016, 0.25, None, 0.70, 0.11),
    "lstm l=2 c=4096 b=14": (0.060, 0.050, 0.22, 0.14, 0.084),
    "kmeans k=100 n=10000 d=16": (0.0097, None, 6.9, None, 2.8),
    "kmeans k=1000 n=10000 d=16": (0.098, None, None, None, None),
    "llsq n=4096 m=128": (0.0013, None, 0.091, 0.083, 0.019),
    "lse n=40000": (0.00026, None, 0.0093, 0.0048, 0.0034),
    "ode n=1000 s=100": (None, None, 0.024, 0.071, 0.044),
    "ode n=100000 s=10": (None, None, 0.13, 0.91, 0.60),
    "det ell=10 by=calls": (0.55, None, 0.80, 1.3, 0.52),
}
TITLE = (
    f"C++ by GradBench's tools, measured on another machine, one thread; multiples of JAX's time "
    f"for {COMMON}, there and here:"
)


def beside_others(found: Sequence[Line]) -> Iterator[str]:
    """The best of ours beside tools for C++, if JAX's time for the common row was measured."""
    measured = [x for x in found if x.derivative is not None]
    common = [x for x in measured if x.tool == "jax" and _row(x) == COMMON]
    if not common:
        return
    ours: dict[str, float] = {}
    for line in measured:
        if line.tool.startswith("adxform"):
            seconds = line.derivative.seconds
            ours[_row(line)] = min(seconds, ours.get(_row(line), seconds))
    yield TITLE
    yield from compared(ours, common[0].derivative.seconds)


def _row(line: Line) -> str:
    return f"{line.workload} {line.size}"


def compared(ours: Mapping[str, float], jax: float) -> Iterator[str]:
    """Our times for the rows that others have, theirs, and ours over the best of theirs."""
    yield f"{'':46}{'adxform':>9}" + "".join(f"{tool:>14}" for tool in TOOLS) + f"{'ours/best':>11}"
    for row in (row for row in SECONDS if row in ours):
        own = ours[row] / jax
        others = [None if x is None else x / JAX for x in SECONDS[row]]
        best = min(x for x in others if x is not None)
        cells = "".join(f"{'-' if x is None else f'{x:.3g}':>14}" for x in others)
        yield f"{row:46}{own:9.3g}{cells}{own / best:11.2f}"
