"""Functions of a text that differ in their names alone: one of them is enough.

A function is written once for each kind of argument that it is called with, and often the kinds
make no difference to what is written.
"""

from __future__ import annotations

import ast
import re

from adxform.core.trees import called_names, nodes

_NUMBERED = re.compile(r"_\d+(?=\b|_)|\d+$")


def without_twins(trees: list[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The functions, in order, without those that others call and that say what an earlier says."""
    while twins := _twins(trees):
        trees = [tree for tree in trees if tree.name not in twins]
        for node in nodes(*trees):
            if isinstance(node, ast.Name) and node.id in twins:
                node.id = twins[node.id]
    return trees


def _twins(trees: list[ast.FunctionDef]) -> dict[str, str]:
    """By the name of a function, that of the one that stands for it."""
    alike: dict[tuple[str, int], list[ast.FunctionDef]] = {}
    called = set(called_names(*trees)) if len(trees) > 2 else ()
    for tree in trees:
        if tree.name in called:
            key = _NUMBERED.sub("", tree.name), len(tree.body)
            alike.setdefault(key, []).append(tree)
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for group in alike.values():
        for tree in group if len(group) > 1 else ():
            said = first.setdefault(_said(tree), tree.name)
            if said != tree.name:
                found[tree.name] = said
    return found


def _said(tree: ast.FunctionDef) -> str:
    """What a function says, whatever its name is."""
    text = "\n".join(ast.dump(part) for part in (tree.args, *tree.body))
    return text.replace(f"id='{tree.name}'", "id=''")
