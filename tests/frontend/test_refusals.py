"""What is refused: the kind of error, the line, and what the caret points at."""

from __future__ import annotations

from textwrap import dedent

import pytest

from adxform import forward, grad, jvp
from adxform.cli.stages import at_stage
from adxform.errors import (
    AdxformError,
    ArgumentError,
    MissingRuleError,
    SourceSyntaxError,
    UnsupportedError,
)

REFUSED = {
    # what is written: (error, line, what is marked)
    "with open('f'):\n    if x > 0:\n        return x\nreturn x": (UnsupportedError, 4, "return x"),
    "with g(x):\n    y = x * 2\nreturn y": (UnsupportedError, 2, "g(x)"),
    "try:\n    x[0] = 1.0\n    y = x * 2\nexcept ValueError:\n    y = x\nreturn y": (
        UnsupportedError, 3, "x[0] = 1.0"
    ),
    "return unknown_name * x": (UnsupportedError, 2, "unknown_name"),
    "yield x": (UnsupportedError, 2, "yield x"),
    "global S\nS = x\nreturn x": (UnsupportedError, 2, "global S"),
    "y = np.nextafter(x, 1.0)\nreturn y": (MissingRuleError, 2, "np.nextafter(x, 1.0)"),
    "y = x\nreturn np.sort_complex(y)": (MissingRuleError, 3, "np.sort_complex(y)"),
    "t = (x, x)\nreturn t[2]": (UnsupportedError, 3, "t[2]"),
    "return g(x, 1.0)": (UnsupportedError, 2, "g(x, 1.0)"),
    "return g(z=x)": (UnsupportedError, 2, "g(z=x)"),
    "return g()": (UnsupportedError, 2, "g()"),
    "return x +": (SourceSyntaxError, 2, ""),
    "return np.sum(x, bogus=3)": (AdxformError, 2, "np.sum(x, bogus=3)"),
}


@pytest.mark.parametrize(("body", "expected"), REFUSED.items())
def test_refused(body: str, expected: tuple[type[AdxformError], int, str]) -> None:
    kind, line, marked = expected
    lines = "\n    ".join(dedent(body).splitlines())
    source = f"def f(x: float):\n    {lines}\n\nimport numpy as np\ndef g(a):\n    return a\n"
    with pytest.raises(AdxformError) as caught:
        at_stage(source, "model.py", "f", "optimized", "reverse", ())
    assert isinstance(caught.value, kind), caught.value
    location = caught.value.diagnostics[0].location
    assert location is not None
    assert (location.file, location.line) == ("model.py", line)
    assert location.text[location.column : location.end_column].startswith(marked)
    shown = location.render().splitlines()
    assert shown[0].startswith(f"  model.py:{line}:")
    assert set(shown[1].strip()) == {"^"}


@pytest.mark.parametrize(
    ("signature", "marked"), [("x, *more", "more"), ("x, **more", "more")]
)
def test_signatures_that_are_refused(signature: str, marked: str) -> None:
    source = f"def f({signature}):\n    return x\n"
    with pytest.raises(UnsupportedError) as caught:
        at_stage(source, "model.py", "f", "optimized", "reverse", ())
    location = caught.value.diagnostics[0].location
    assert location is not None
    assert location.text[location.column : location.end_column] == marked


def test_all_missing_rules_of_a_function_are_reported_together() -> None:
    source = (
        "import numpy as np\n"
        "def f(x: float):\n    y = np.nextafter(x, 1.0)\n    return np.ldexp(y, 2) * np.spacing(x)\n"
    )
    with pytest.raises(MissingRuleError) as caught:
        at_stage(source, "model.py", "f", "optimized", "reverse", ())
    lines = [d.location.line for d in caught.value.diagnostics if d.location]
    assert lines == sorted(lines) and len(lines) >= 2


def test_what_is_refused_is_carried_where_nothing_active_flows() -> None:
    source = (
        "def f(x: float, names):\n"
        "    with open(names) as h:\n        n = len(h.read())\n    return x * n\n"
    )
    text = at_stage(source, "model.py", "f", "optimized", "reverse", ("x",))
    assert "    with open(names) as h:\n        n = len(h.read())\n" in text


def test_keys_that_only_arguments_would_tell_have_a_tangent_but_no_cotangent() -> None:
    source = 'def f(p, x):\n    y = x * p["w"]\n    return y * p["b"]\n'
    assert 'dp["w"]' in at_stage(source, "model.py", "f", "optimized", "forward", ())
    with pytest.raises(UnsupportedError, match="the keys of p") as caught:
        at_stage(source, "model.py", "f", "optimized", "reverse", ("p",))
    assert [d.location.line for d in caught.value.diagnostics if d.location] == [2, 3]
    assert "p_bar" not in at_stage(source, "model.py", "f", "optimized", "reverse", ("x",))


def leaks_from_any(x):
    y = 0.0
    if any((y := a) > 1.0 for a in (0.5, 2.0, 3.0)):
        return y * x
    return x


def leaks_from_a_list(x):
    values = [last := a * x for a in (0.5, 2.0)]
    return values[0] + last * x


@pytest.mark.parametrize("f", [leaks_from_any, leaks_from_a_list])
def test_what_a_comprehension_assigns_is_not_used_outside_it(f):
    with pytest.raises(UnsupportedError, match=":= inside a comprehension, and used outside it"):
        grad(f)(2.0)


def sum_of_squares(*args):
    return sum(a * a for a in args)


def test_collected_arguments_are_given_to_a_generated_function_as_a_tuple():
    generated = forward(sum_of_squares)
    assert generated((2.0, 3.0), 1.0, 0.0) == (13.0, 4.0)
    with pytest.raises(ArgumentError, match="args collects arguments"):
        generated(2.0, 3.0)


def memoised(x, n):
    memo = {}

    def fibonacci(k):
        if k < 2:
            return x * k
        if k not in memo:
            memo[k] = fibonacci(k - 1) + fibonacci(k - 2)
        return memo[k]

    return fibonacci(n)


def test_a_container_of_a_function_around_that_is_changed_inside():
    with pytest.raises(UnsupportedError, match="which item is replaced here is not known"):
        grad(memoised)(1.5, 6)


def test_a_dictionary_whose_keys_only_running_tells() -> None:
    def filled(x, n=4):
        d = {i: 0 for i in range(n)}
        for i in range(n):
            d[i] = x * i
        return d[2] * d[3]

    def from_keys(x, n=4):
        d = dict.fromkeys(range(n), 0.0)
        d[1] += x
        return d[1]

    for f in (filled, from_keys):
        with pytest.raises(UnsupportedError, match="which keys this dictionary has"):
            grad(f)(1.3)
        with pytest.raises(UnsupportedError, match="which keys this dictionary has"):
            jvp(f, (1.3,), (1.0,))

    def constant(x, n=4):
        d = {i: 0 for i in range(n)}
        for i in range(n):
            d[i] = i * 2
        return x * d[2]

    assert grad(constant)(1.3) == 4.0
