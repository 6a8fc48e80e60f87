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
    "for v in xs:\n    s = s + v\n    if s > x: break":
        "for _i2 in range(len(xs)):\n    v = xs[_i2]\n    s = s + v\n    if s > x:\n        break",
    "while s < x:\n    if n: continue\n    s = s * y":
        "while s < x:\n    if n:\n        pass\n    else:\n        s = s * y",
    "for i in range(n):\n    if s > x: break\n    s = s * y":
        "for i in range(n):\n    _stop1 = s > x\n    if _stop1:\n        pass\n    else:\n"
        "        s = s * y\n    if _stop1:\n        break",
    "for i in range(n):\n    if s > x:\n        s = y\n        break\nelse:\n    s = x":
        "stopped = False\nfor i in range(n):\n    stopped = s > x\n    if stopped:\n        break\n"
        "if stopped:\n    s = y\nelse:\n    s = x",
    "while True:\n    s = s * y\n    if s > x: return s":
        "while True:\n    s = s * y\n    if s > x:\n        break\nreturn s",
    "for a in (x, y):\n    if s > a: break\n    s = s + a":
        "a = x\n_stop1 = s > a\nif _stop1:\n    pass\nelse:\n    s = s + a\nif _stop1:\n    pass\n"
        "else:\n    a = y\n    _stop1 = s > a\n    if _stop1:\n        pass\n    else:\n"
        "        s = s + a\n    if _stop1:\n        pass",
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


def test_a_return_in_a_loop_happens_after_it():
    body = "for i in range(n):\n    if s > x: return s\n    s = s * y\nreturn x"
    assert stage("desugared", body) == dedent("""
        returned = False
        for i in range(n):
            returned = s > x
            if returned:
                pass
            else:
                s = s * y
            if returned:
                break
        if returned:
            out = s
        else:
            out = x
        return out
    """).strip()


def test_ssa_of_a_loop_that_ends_early():
    body = "for i in range(n):\n    s = s * y\n    if s > x: break\nreturn s"
    assert stage("ssa", body) == dedent("""
        for i_2 in range(n):
            i = phi(undefined, i_2)
            s_2 = phi(s, s_3)
            s_3 = s_2 * y
            if s_3 > x:
                break
        return s_2
    """).strip()
