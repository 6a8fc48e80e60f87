"""Complex values: which names stand for complex numbers, or may, as far as types tell."""

from __future__ import annotations

from functools import cache

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import (
    Block,
    For,
    If,
    Let,
    Opaque,
    Operand,
    Primitive,
    Var,
    While,
    names_in,
    walk,
)
from adxform.core.types import ANY, Array, ListOf, Scalar, Struct, Type

# What may give complex numbers of real ones; its result may be of no known type.
_MAKERS = ("np.fft.", "np.emath.", "scipy.fft.", "cmath.")
_ALONE = ("complex", "np.complex128", "np.complex64", "np.roots", "np.linalg.eig",
          "np.linalg.eigvals", "scipy.linalg.eig", "scipy.linalg.eigvals", "scipy.signal.hilbert")


def holds_complex(t: Type) -> bool:
    """Whether a value of a type is complex, or holds something that is."""
    if type(t) is Scalar or type(t) is Array:
        return t.dtype is not None and t.dtype.startswith("complex")
    match t:
        case Struct(items):
            return any(map(holds_complex, items))
        case ListOf(item):
            return item is not None and holds_complex(item)
        case _:
            return False


def is_unsure(t: Type) -> bool:
    """Whether a type does not tell if its values are complex."""
    match t:
        case Array(dtype):
            return dtype is None
        case Struct(items):
            return any(map(is_unsure, items))
        case ListOf(item):
            return item is None or is_unsure(item)
        case Scalar():
            return False
        case _:
            return True


def unsure_names(block: Block, types: Types) -> set[str]:
    """The names that may be complex, because a complex number goes into them, and have no type
    that tells.

    >>> import adxform.rules
    >>> from adxform.core.ir import Const, Var
    >>> from adxform.rules.table import RULES
    >>> by_i = Let(("y",), RULES["op.Mult"].primitive, (Var("x"), Const(1j)))
    >>> unsure_names((by_i,), {})
    {'y'}
    """
    found: set[str] = set()
    before = -1
    while len(found) != before:  # again where a loop carries one back
        before = len(found)
        for stmt in walk(block):
            match stmt:
                case Let() if _gives_complex(stmt, found, types):
                    _note(found, stmt.targets, types)
                case If(phis=phis) | For(phis=phis) | While(phis=phis):
                    for phi in phis:
                        if any(touched(o, found, types) for o in (phi.first, phi.second)):
                            _note(found, (phi.target,), types)
    return found


def touched(operand: Operand, unsure: set[str], types: Types) -> bool:
    """Whether an operand is, or may be, complex."""
    if type(operand) is Var:  # as most are
        return operand.name in unsure or holds_complex(types.get(operand.name, ANY))
    return holds_complex(type_of(operand, types)) or any(n in unsure for n in names_in(operand))


def _gives_complex(stmt: Let, unsure: set[str], types: Types) -> bool:
    if isinstance(stmt.op, Opaque):
        return _makes(stmt.op.callee)
    if isinstance(stmt.op, Primitive) and _makes(stmt.op.name):
        return True
    return any(touched(arg, unsure, types) for arg in stmt.args)


def have_complex(block: Block, types: Types) -> bool:
    """Whether one of the names, or what an operation takes, is known to be complex."""
    if any(map(holds_complex, types.values())):
        return True
    lets = (stmt for stmt in walk(block) if isinstance(stmt, Let))
    others = (arg for stmt in lets for arg in stmt.args if type(arg) is not Var)
    return any(holds_complex(type_of(arg, types)) for arg in others)


@cache
def _makes(function: str) -> bool:
    return function in _ALONE or (function.startswith(_MAKERS) and not function.endswith("freq"))


def _note(found: set[str], names: tuple[str, ...], types: Types) -> None:
    found.update(n for n in names if n not in types or is_unsure(types[n]))
