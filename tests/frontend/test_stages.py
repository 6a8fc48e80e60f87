"""Desugaring and SSA, each as what goes in and what comes out."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from adxform.cli.stages import at_stage


def stage(name: str, body: str) -> str:
    """The statements of a function at a stage."""
    source = f"def f(x, y, s, n, xs, ys):\n{indent(dedent(body).strip(), '    ')}\n"
    text = at_stage(source, "m.py", "f", name, "reverse", ())
    return dedent("".join(text.splitlines(True)[1:])).strip()


DESUGARED = {
    "x += y * 2": "x = x + y * 2",
    "a = b = x * y": "a = x * y\nb = a",
    "a: float = x": "a = x",
    "a: float": "pass",
    "a, b = b, a": "_t1 = b\n_t2 = a\na = _t1\nb = _t2",
    "a, b = x, y": "a = x\nb = y",
    "(a, b), c = (x, y), n": "a = x\nb = y\nc = n",
    "a, b = xs": "_t1 = xs\na = _t1[0]\nb = _t1[1]",
    "xs[0] = y": "xs = update(xs, 0, y)",
    "xs[n] *= y": "xs = update(xs, n, xs[n] * y)",
    "s = x if x > y else y": "if x > y:\n    s = x\nelse:\n    s = y",
    "s = x and y": "_t1 = x\nif _t1:\n    _t1 = y\ns = _t1",
    "s = x or y": "_t1 = x\nif not _t1:\n    _t1 = y\ns = _t1",
    "for v in xs: s = s + v":
        "for _i1 in range(len(xs)):\n    v = xs[_i1]\n    s = s + v",
    "for i, (u, v) in enumerate(zip(xs, ys)): s = s + u * v":
        "for i in range(min(len(xs), len(ys))):\n    u = xs[i]\n    v = ys[i]\n    s = s + u * v",
    "for v in reversed(xs): s = s + v":
        "for _i1 in range(len(xs)):\n    v = xs[len(xs) - 1 - _i1]\n    s = s + v",
    "for v in xs: xs = xs * v":
        "_items2 = xs\nfor _i1 in range(len(_items2)):\n    v = _items2[_i1]\n    xs = xs * v",
    "for v in (x, y): s = s + v": "v = x\ns = s + v\nv = y\ns = s + v",
}


@pytest.mark.parametrize(("before", "after"), DESUGARED.items())
def test_desugared(before: str, after: str) -> None:
    found = stage("desugared", f"{before}\nreturn x")
    assert found == ("return x" if after == "pass" else f"{after}\nreturn x")


@pytest.mark.parametrize(
    "body", ["s = x * y", "if x > y:\n    s = x\nelse:\n    s = y", "while x < 5.0:\n    x = x * y",
             "for i in range(n):\n    x = x * y", "assert x > 0\nprint(x)"]
)
def test_desugaring_leaves_plain_statements_alone(body: str) -> None:
    assert stage("desugared", f"{body}\nreturn x") == f"{body}\nreturn x"


def test_a_return_in_a_branch_is_said_once_at_the_end() -> None:
    found = stage("desugared", "if x > 0:\n    return x\nx = x * y\nreturn x")
    assert found == "if x > 0:\n    pass\nelse:\n    x = x * y\nreturn x"
    found = stage("desugared", "if x > 0:\n    return x * x\nreturn y")
    assert found == "if x > 0:\n    out = x * x\nelse:\n    out = y\nreturn out"


def test_ssa_gives_each_assignment_a_name() -> None:
    assert stage("ssa", "x = x * y\nx = x + 1\nreturn x") == "x_2 = x * y\nx_3 = x_2 + 1\nreturn x_3"


def test_ssa_merges_after_a_branch() -> None:
    found = stage("ssa", "if x > 0:\n    s = x\nreturn s")
    assert found == "if x > 0:\n    s_2 = x\ns_3 = phi(s_2, s)\nreturn s_3"


def test_ssa_merges_at_the_top_of_a_loop() -> None:
    found = stage("ssa", "while x < 5.0:\n    x = x * y\nreturn x")
    assert found == "while x_2 < 5.0:\n    x_2 = phi(x, x_3)\n    x_3 = x_2 * y\nreturn x_2"


def test_ssa_takes_no_name_that_the_user_has() -> None:
    found = stage("ssa", "x_2 = y\nx = x * x_2\nreturn x")
    assert found == "x_2 = y\nx_3 = x * x_2\nreturn x_3"
