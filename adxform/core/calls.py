"""Which functions of Core call which."""

from __future__ import annotations

from collections.abc import Callable

from adxform.core.ir import Callee, Function, Let, walk


def callees(function: Function) -> list[Callee]:
    """What a function calls itself, once each, in the order of the calls."""
    called = (s.op for s in walk(function.body) if isinstance(s, Let))
    return list(dict.fromkeys(op for op in called if isinstance(op, Callee)))


def reachable_callees(
    function: Function, opaque: Callable[[Callee], bool] = lambda callee: False
) -> list[Callee]:
    """What a function calls, directly or through others; each after those that it calls first.

    What ``opaque`` ones call does not count.
    """
    found: dict[Callee, None] = {}
    seen: set[Callee] = set()

    def visit(current: Function) -> None:
        for callee in callees(current):
            if callee not in seen:
                seen.add(callee)
                if callee.function is not None and not opaque(callee):
                    visit(callee.function)
                found[callee] = None

    visit(function)
    return list(found)


def calls(callee: Callee, other: Callee) -> bool:
    """Whether a call of one function may lead to a call of another."""
    return callee.function is not None and other in reachable_callees(callee.function)


def is_recursive(callee: Callee) -> bool:
    """Whether a call of a function may lead to another call of it."""
    return calls(callee, callee)
