"""The table: a block of lines for each workload and size, a line for each tool."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from adxform import AdxformError, BackendWarning
from examples.gradbench.measuring import Measured, TimeLimitError, flat, limited, measured
from examples.gradbench.tools import Call, Tool
from examples.gradbench.workloads import Size, comparable, label, sizes, unfit, workload

HEAD = (
    f"{'workload':10}{'size':42}{'tool':16}{'primal, ms':>12}{'derivative, ms':>16}"
    f"{'ratio':>8}{'peak, MB':>10}"
)
COMPILING = 5.0  # how many times the limit a first call may take


class Line(NamedTuple):
    """What one tool needs for one workload at one size; ``note`` says what went otherwise."""

    workload: str
    size: str
    tool: str
    primal: Measured | None
    derivative: Measured | None
    note: str

    @property
    def ratio(self) -> float | None:
        if self.primal is None or self.derivative is None:
            return None
        return self.derivative.seconds / self.primal.seconds

    def __str__(self) -> str:
        peak = None if self.derivative is None else self.derivative.peak
        return (
            f"{self.workload:10}{self.size:42}{self.tool:16}"
            f"{_number(self.primal and 1e3 * self.primal.seconds, 12)}"
            f"{_number(self.derivative and 1e3 * self.derivative.seconds, 16)}"
            f"{_number(self.ratio, 8)}{_number(peak and peak / 1e6, 10)}  {self.note}"
        ).rstrip()


def _number(value: float | None, width: int) -> str:
    if value is None:
        return f"{'-':>{width}}"
    digits = 4 if value < 0.1 else 2 if value < 100.0 else 0
    return f"{value:{width}.{digits}f}"


def lines(names: Sequence[str], which: str, tools: Sequence[Tool], limit: float) -> Iterator[Line]:
    """Measure every tool on every workload, once its results agree with the first tool's."""
    for name in names:
        for size in sizes(name, which):
            expected = None
            for tool in tools:
                line, found = measure(name, size, tool, limit, expected)
                expected = found if expected is None else expected
                yield line


def measure(
    name: str, size: Size, tool: Tool, limit: float, expected: Any
) -> tuple[Line, np.ndarray | None]:
    """A tool's line, and its results at the size where results are compared. A peer whose results
    differ is not measured; where ours do, that is an error.
    """
    about = name, label(size), tool.name
    primal = derivative = found = None
    note = unfit(name, tool.name, size) or ""
    try:
        found, said = _compared(name, size, tool, limit, expected)
        if found is None:
            return Line(*about, None, None, "no such form"), None
        if note:
            return Line(*about, None, None, note), found
        note = said
        calls = tool.calls(name, workload(name).inputs(**size))
        if calls is not None:
            primal = _measured(calls.primal, limit)
            derivative = _measured(calls.derivative, limit)
    except TimeLimitError:
        note = f"over {limit:g} s"
    except (AdxformError, NotImplementedError, MemoryError) as error:
        note = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    except AssertionError:  # of a result that is compared
        if tool.name.startswith("adxform"):
            raise
        return Line(*about, None, None, "another result"), expected
    return Line(*about, primal, derivative, note), found


def _measured(call: Call, limit: float) -> Measured:
    with limited(COMPILING * limit):
        call()
    with limited(COMPILING * limit):
        return measured(call)


def _compared(
    name: str, size: Size, tool: Tool, limit: float, expected: np.ndarray | None
) -> tuple[np.ndarray | None, str]:
    """The derivative at the size for comparison, and what Numba does not compile of it."""
    calls = tool.calls(name, workload(name).inputs(**comparable(name, size)))
    if calls is None:
        return None, ""
    with warnings.catch_warnings(record=True) as caught, limited(COMPILING * limit):
        warnings.simplefilter("always", BackendWarning)
        found = flat(calls.derivative())
    fallen = any(issubclass(w.category, BackendWarning) for w in caught)
    check(found, expected, f"{name} {label(size)}, {tool.name}")
    return found, "runs in NumPy" if fallen else ""


def check(found: np.ndarray, expected: np.ndarray | None, what: str) -> None:
    """Refuse results that differ from the first tool's, or that are zero throughout."""
    if not np.any(found):
        raise SystemExit(f"{what}: the derivative is zero")
    if expected is not None:
        np.testing.assert_allclose(
            found, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max(), err_msg=what
        )


def summary(found: Sequence[Line]) -> Iterator[str]:
    """Geometric means of ratios, and the best of ours beside the best of the others."""
    for tool in dict.fromkeys(line.tool for line in found):
        ratios = [x.ratio for x in found if x.tool == tool and x.ratio is not None]
        if ratios:
            mean = float(np.exp(np.mean(np.log(ratios))))
            yield f"derivative / primal, {tool}: {mean:.2f} (geometric mean of {len(ratios)} rows)"
    for place in dict.fromkeys((x.workload, x.size) for x in found):
        here = [x for x in found if (x.workload, x.size) == place and x.derivative is not None]
        ours = [x for x in here if x.tool.startswith("adxform")]
        others = [x for x in here if x not in ours]
        if ours and others:
            one, other = (min(xs, key=lambda x: x.derivative.seconds) for xs in (ours, others))
            times = other.derivative.seconds / one.derivative.seconds
            yield f"{' '.join(place)}: {one.tool} {times:.2f} times as fast as {other.tool}"
