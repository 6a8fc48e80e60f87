"""Names for temporaries that keep a statement: after what made or what has them as cotangent."""

from __future__ import annotations

from adxform.core.index import index
from adxform.core.ir import UNDEFINED, Function, Let, Primitive, Var, phis_of, uses
from adxform.core.labels import GENERIC, label
from adxform.emit.nesting import Nested

HIGHEST = 3  # bars on a name
LONGEST_BAR = 20  # letters of a name that gets a bar


def name_temporaries(function: Function, nested: Nested) -> dict[str, str]:
    """What every name is to be called, temporaries included."""
    return _Labels(function, nested).bases


class _Labels:
    """``bases`` is what each name is called, before numbers keep apart what is called the same;
    ``plain`` is what the user's names are called.
    """

    def __init__(self, function: Function, nested: Nested) -> None:
        params = {p.name: p.name for p in function.params}
        self.bases = dict(function.bases)
        self.plain = params | function.bases
        self.cotangents = function.cotangents
        held = index(function.body)
        self.made = held.made_by
        self.primals = {p for bar, p in self.cotangents.items() if bar not in nested}
        self.users = frozenset(self.plain.values())
        self.used = set(self.users)
        self.numbers: dict[str, int] = {}  # the first that may be free after each word
        for stmt in held.others:
            stop = getattr(stmt, "stop", None)
            if isinstance(stop, Var):
                self.bases.setdefault(stop.name, "stop")
        own = [
            (t, s) for s in held.lets for t in s.targets if t not in nested and t not in self.bases
        ]
        for target, let in own:  # cotangents second: after what they are cotangents of
            if target not in self.cotangents:
                self.bases[target] = self.called(target, let)
        for target, let in own:
            if target in self.cotangents:
                self.bases[target] = self.cotangent(target) or self.called(target, let)
        for stmt in reversed(held.others):  # inner branches first
            for phi in phis_of(stmt):
                merged = uses((phi.first, phi.second))
                known = {self.bases[name] for name in merged if name in self.bases}
                only = known.pop() if len(known) == 1 else None
                bar = self.cotangent(phi.target)
                if UNDEFINED in (phi.first, phi.second):  # no name of its own: it may be unbound
                    only, bar = bar, only
                self.bases.setdefault(phi.target, bar or only or "value")

    def called(self, target: str, stmt: Let) -> str:
        """What a temporary is called; one that has a cotangent shares its name with no other."""
        known = word = label(stmt, self.bases, self.users)
        if target in self.primals and word in GENERIC:
            number = self.numbers.get(word, 2)
            while known in self.used:
                known, number = f"{word}_{number}", number + 1
            self.numbers[word] = number
        self.used.add(known)
        return known

    def cotangent(self, name: str, order: int = 1) -> str | None:
        """``product_bar`` for the cotangent of what is called ``product``, if it is one; up to an
        ``order``.
        """
        primal = self.cotangents.get(name)
        if primal is None or name == primal or order > HIGHEST:
            return None
        known, made = self.bases.get(primal), self.made.get(primal)
        if known is None and made is not None:
            own = self.made.get(name)
            if own is not None and isinstance(own.op, Primitive) and own.op.name == "[]":
                return None  # called as the element that it is
            known = self.cotangent(primal, order + 1) or label(made, self.plain, self.users)
            known = None if known in GENERIC and known in self.used else known
        return None if known is None or len(known) > LONGEST_BAR else f"{known}_bar"
