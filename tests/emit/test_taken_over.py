"""Results that are an argument's own object are left out of a text, where they are that for sure."""

from __future__ import annotations

import ast

from adxform.emit.taken_over import without_taken_over


def left(text: str, taken: dict[str, dict[int, int]]) -> str:
    trees = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    without_taken_over(trees, taken)
    return "\n".join(ast.unparse(ast.fix_missing_locations(tree)) for tree in trees)


FILLING = """
def fill(n, items):
    items.append(n)
    if n > 0:
        value, items = fill(n - 1, items)
        items.append(value)
    return n * 2, items
"""


def test_what_calls_itself_hands_nothing_back():
    assert left(FILLING, {"fill": {1: 1}}) == (
        "def fill(n, items):\n"
        "    items.append(n)\n"
        "    if n > 0:\n"
        "        value = fill(n - 1, items)\n"
        "        items.append(value)\n"
        "    return n * 2"
    )


def test_an_expression_gets_a_name_first():
    text = FILLING + "def start(n):\n    value, items = fill(n, [])\n    return value, len(items)\n"
    assert left(text, {"fill": {1: 1}}).endswith(
        "def start(n):\n    items = []\n    value = fill(n, items)\n    return (value, len(items))"
    )


def test_a_name_that_the_call_reads_stays():
    text = FILLING + "def start(items):\n    value, items = fill(items, [])\n    return value, items\n"
    assert left(text, {"fill": {1: 1}}).endswith(
        "    items_ = []\n    value = fill(items, items_)\n    items = items_\n    return (value, items)"
    )


def test_another_name_for_what_was_given():
    text = FILLING + "def start(n, own):\n    value, items = fill(n, own)\n    return value, items\n"
    assert "    value = fill(n, own)\n    items = own\n" in left(text, {"fill": {1: 1}})


def test_a_result_that_nobody_reads():
    text = FILLING + "def start(n, items):\n    value, items = fill(n, items)\n    return items\n"
    assert "    fill(n, items)\n    return items" in left(text, {"fill": {1: 1}})


def test_another_object_is_handed_back():
    text = FILLING.replace("items.append(n)", "items = items + [n]")
    assert left(text, {"fill": {1: 1}}) == left(text, {})


def test_what_calls_such_a_function_takes_its_result():
    text = FILLING.replace("items.append(n)", "items = items + [n]")
    outer = "def outer(n, items):\n    value, items = fill(n, items)\n    return value, items\n"
    taken = {"fill": {1: 1}, "outer": {1: 1}}
    assert "return (value, items)" in left(text + outer, taken)
    assert "return value" in left(FILLING + outer, taken).splitlines()[-1]
