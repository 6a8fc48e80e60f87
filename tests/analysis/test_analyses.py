"""Facts about functions: what is active, of which type values are, which names may be one variable."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import numpy as np
import pytest

from adxform.analysis.activity import analyze
from adxform.analysis.aliasing import Aliases, fresh_names
from adxform.analysis.types import infer
from adxform.core.ir import Function
from adxform.core.types import Array, Scalar, Type
from adxform.emit.naming import disjoint, overlap
from adxform.emit.printer import to_source
from adxform.emit.python import to_python
from adxform.frontend.lower import lower
from adxform.frontend.scope import FileScope
from adxform.frontend.source import SourceFunction, parse_file
from adxform.signatures import annotated_types, key_of, type_of_annotation, type_of_argument

SIGNATURE = 'x: float, y: float, v: Float[np.ndarray, "k"], m: Float[np.ndarray, "j k"], n: int'


def core(body: str, signature: str = SIGNATURE) -> Function:
    source = f"import numpy as np\ndef f({signature}):\n{indent(dedent(body).strip(), '    ')}\n"
    tree, text = parse_file(source, "m.py")
    return lower(SourceFunction(tree.body[-1], text, FileScope(tree, text)))  # type: ignore[arg-type]


# Activity


def active(body: str, *wrt: str) -> set[str]:
    """The user's variables that are active."""
    function = core(body)
    found = analyze(function, wrt, infer(function, annotated_types(function)))
    return {base for name, base in function.bases.items() if name in found}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = x * y\nb = np.sin(y)\nreturn a + b", {"x", "a"}),  # b does not vary
        ("a = x * y\nb = np.sin(x)\nreturn a", {"x", "a"}),  # b is of no use
        ("a = np.floor(x)\nreturn a * y", set()),  # a has no derivative
        ("a = x > y\nreturn y if a else x", {"x"}),
        ("a = y\nfor i in range(n):\n    a = a * x\nreturn a", {"x", "a"}),
        ("a = y\nb = y\nfor i in range(n):\n    a = b\n    b = x\nreturn a", {"x", "a", "b"}),
        ("k = 0\nwhile k < n:\n    k = k + 1\nreturn x * k", {"x"}),
        ("if y > 0:\n    a = x\nelse:\n    a = y\nreturn a", {"x", "a"}),
        ("return y * n", set()),
    ],
)
def test_active_variables(body: str, expected: set[str]) -> None:
    assert active(body, "x") - {"out"} == expected


# Types


def result(expression: str) -> Type:
    function = core(f"a = {expression}\nreturn a")
    types = infer(function, annotated_types(function))
    (name,) = (n for n, base in function.bases.items() if base == "a")
    return types[name]


@pytest.mark.parametrize(
    ("expression", "rank"),
    [
        ("v + x", 1), ("v * m", 2), ("m @ v", 1), ("v @ v", 0), ("m.T", 2), ("m[0]", 1),
        ("m[:, None, 0]", 2), ("m[..., None]", 3), ("np.sum(m, axis=0)", 1), ("np.sum(m)", 0),
        ("np.mean(m, axis=1, keepdims=True)", 2), ("np.stack([v, v])", 2), ("v[1:]", 1),
        ("np.outer(v, v)", 2), ("np.where(v > x, v, x)", 1), ("np.zeros(n)", 1), ("v[0]", 0),
        ("np.sin(x)", 0), ("np.einsum('jk,k->j', m, v)", 1), ("np.concatenate([v, v])", 1),
    ],
)
def test_ranks_are_inferred(expression: str, rank: int) -> None:
    found = result(expression)
    assert isinstance(found, Array | Scalar)
    assert rank == (0 if isinstance(found, Scalar) else len(found.dims or ()))
    assert found.dtype == "float64"


def test_types_of_annotations_and_arguments() -> None:
    assert isinstance(type_of_annotation("float"), Scalar)
    assert type_of_annotation('Float[np.ndarray, "n 3"]').dims[1] == 3  # type: ignore[attr-defined]
    assert type_of_annotation('Float32[np.ndarray, "n"]').dtype == "float32"  # type: ignore[attr-defined]
    assert type_of_annotation("npt.NDArray[np.float32]").dtype == "float32"  # type: ignore[attr-defined]
    assert type_of_annotation('Float[np.ndarray, "... d"]').dims is None  # type: ignore[attr-defined]
    assert type_of_annotation("no such ]") == type_of_annotation(None)
    known = type_of_argument("x", np.zeros((2, 1), np.float32))
    assert isinstance(known, Array) and known.dtype == "float32"
    assert known.dims is not None and known.dims[1] == 1 and known.dims[0] != 1


def test_a_signature_is_dtype_rank_and_which_dimensions_are_one_or_few() -> None:
    a = np.zeros((2, 3))
    assert key_of(a) == key_of(np.ones((5, 4)))
    assert key_of(np.zeros((9, 1))) == key_of(np.ones((70, 1)))
    for other in (np.zeros((2, 1)), np.zeros((2, 9)), np.zeros(2), a.astype(np.float32), 1.0, np.float64(1.0)):
        assert key_of(a) != key_of(other)
    assert key_of("sum") != key_of("mean") and key_of(1) == key_of(2) and key_of(True) != key_of(1)


# Memory


def families(body: str) -> dict[str, str]:
    function = core(body)
    aliases = Aliases(function.body, infer(function, annotated_types(function)))
    return {base: aliases.of(name) for name, base in function.bases.items()}


@pytest.mark.parametrize("view", ["v", "v[1:]", "v.T", "v[None, :]", "np.reshape(v, (-1,))",
                                  "np.ravel(v)", "np.broadcast_to(v, (2, 3))"])
def test_views_may_share_memory(view: str) -> None:
    found = families(f"a = {view}\nreturn a")
    assert found.get("a", found["v"]) == found["v"]


@pytest.mark.parametrize("new", ["v + 0.0", "v.copy()", "np.sin(v)", "np.zeros_like(v)"])
def test_new_arrays_do_not_share_memory(new: str) -> None:
    body = f"a = {new}\nreturn a"
    found = families(body)
    assert found["a"] != found["v"]
    function = core(body)
    fresh = fresh_names(function, infer(function, annotated_types(function)))
    assert any(function.bases.get(name) == "a" for name in fresh)


# Names


def test_ranges_meet_only_where_both_are_needed() -> None:
    assert disjoint([(5, 9), (1, 3), (3, 5)]) == [(1, 9)]
    assert not overlap([(1, 3)], [(3, 5)])
    assert overlap([(1, 4)], [(3, 5)])
    assert overlap([(2, 3)], [(1, 5)]) and overlap([(1, 5)], [(2, 3)])
    assert not overlap([(1, 2), (8, 9)], [(2, 8)])


@pytest.mark.parametrize(
    "body",
    [
        "a = x\nb = a\na = y\nreturn a - b",
        "a = x\nfor i in range(n):\n    b = a\n    a = b * y + x\n    x = b\nreturn a - x",
        "a, b = x, y\nfor i in range(n):\n    a, b = b, a\nreturn a - 2 * b",
        "a, b = x, y\nwhile a < 9.0:\n    a, b = a + b + 1.0, a\nreturn a - 2 * b",
        "if x > y:\n    x, y = y, x\nelse:\n    a = x\n    x = a * y\nreturn x - y",
        "for i in range(n):\n    for j in range(i):\n        x, y = y, x + j\n    y = y * 2.0\nreturn x - y",
        "x_2 = y\nx = x * x_2\nx = x + x_2\nreturn x",
    ],
)
def test_out_of_ssa_and_back_no_value_is_lost(body: str) -> None:
    """Printed from SSA, a function gives what it gave."""
    function = core(body)
    types = infer(function, annotated_types(function))
    scopes: list[dict[str, object]] = []
    printed = to_source(ast.Module([to_python(function, types)], []))
    for text in (printed, f"def f(x, y, v, m, n):\n{indent(body, '    ')}\n"):
        scope: dict[str, object] = {"np": np}
        exec(text, scope)
        scopes.append(scope)
    for x, y, n in ((0.3, 1.7, 3), (2.5, -0.4, 4), (1.0, 2.0, 0)):
        if y < 0 and "while" in body:
            continue
        first, second = (scope["f"](x, y, None, None, n) for scope in scopes)  # type: ignore[operator]
        assert first == second
