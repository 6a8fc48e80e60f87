"""Which numbers typed as NumPy's may be Python's: where paths meet, or lists are kept as arrays."""

from __future__ import annotations

import ast

import numpy as np

from adxform.core.builder import type_of
from adxform.core.ir import (
    UNDEFINED,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Var,
    phis_of,
    walk,
)
from adxform.core.types import Array, Scalar, Type

PYTHONS = frozenset({"op.Not", "op.Is", "op.IsNot", "op.In", "op.NotIn", ".item()", ".tolist()"})
OF_LISTS = frozenset({"np.array", "np.zeros", "np.full"})  # the user's own lists, too, are kept so
OTHERWISE = (ast.Not, ast.Call, ast.Is, ast.IsNot, ast.In, ast.NotIn)
OF_FIRST = frozenset({"[]", "abs", "round", "rename", "copy", "update", "keep", "accumulate"})


class MaybePythons:
    """Answers for one function; its parameters are what their types say if they are ``given``."""

    def __init__(self, function: Function, types: dict[str, Type], given: bool) -> None:
        self.types = types
        self.certain = {p.name for p in function.params if given and _is_numpys(types, p.name)}
        made: dict[str, Let | Phi] = {}
        for stmt in walk(function.body):
            made.update((phi.target, phi) for phi in phis_of(stmt))
            if isinstance(stmt, Let):
                made.update(dict.fromkeys(stmt.targets, stmt))
        self.certain.update(name for name in made if _is_numpys(types, name))
        before = -1
        while before != len(self.certain):
            before = len(self.certain)
            doubtful = {n for n in self.certain & made.keys() if not self.follows(made[n])}
            self.certain -= doubtful

    def is_numpys(self, operand: Operand) -> bool:
        """Whether a number, or what an array holds, is NumPy's on all paths."""
        if isinstance(operand, Global):
            return isinstance(operand.value, np.generic | np.ndarray)
        return isinstance(operand, Var) and operand.name in self.certain

    def follows(self, made: Let | Phi) -> bool:
        """Whether a value is NumPy's, by what is held of those that it is made of."""
        if isinstance(made, Phi):
            ends = [o for o in (made.first, made.second) if o != UNDEFINED]
            return all(map(self.is_numpys, ends))
        op, args = made.op, made.args
        if isinstance(op, Opaque):
            plain = not any(isinstance(n, OTHERWISE) for n in ast.walk(op.tree))
            return op.boolean and plain and bool(args) and all(map(self.is_numpys, args))
        if not isinstance(op, Primitive) or op.name in PYTHONS or op.name in OF_LISTS:
            return False
        if op.name in OF_FIRST:
            return self.is_numpys(args[0])
        if op.name in ("max", "min"):
            return all(map(self.is_numpys, args))
        if op.name.startswith(("op.", "augment.")):
            return any(map(self.is_numpys, args))
        return "." in op.name and not op.name.startswith("math.")


def _is_numpys(types: dict[str, Type], name: str) -> bool:
    known = type_of(Var(name), types)
    return isinstance(known, Array) or (isinstance(known, Scalar) and not known.weak)
