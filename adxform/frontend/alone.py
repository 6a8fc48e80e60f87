"""Whether a list or a dictionary has one holder: else others see what is changed in it, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adxform.core.ir import Operand, Tuple, Var
from adxform.frontend.heap import is_reference
from adxform.frontend.holding import Key, holds, named, same_container, times
from adxform.frontend.in_place import InPlace


class Alone(InPlace):
    """Refuses changes of containers that other variables or containers hold."""

    def _require_alone(
        self,
        held: Tuple,
        name: str,
        root: Operand | None = None,
        *,
        again: bool = False,
        owner: int | None = None,
        followed: bool = True,
    ) -> None:
        """Refuse to change a container that another variable, or another container, holds; what
        ``root``, which the variable is, holds once is its own. ``again``: in another iteration of
        the loop at hand. ``owner`` is the object whose attribute the container is: other objects
        that hold the same one have it as it is afterwards, if that is ``followed``.
        """
        self.program.changed.append(held.tokens)
        own = self.builder.bases.get(name, name)
        if root is not None and times(root, held.tokens) > 1:
            raise self.unsupported(f"{own} holds what is changed in place here twice", None,
                                   "Work on copies, made by list(...) or dict(...).")
        if any(holds(default, held.tokens) for default in self.program.defaults):
            raise self.unsupported(
                f"{own} may be the default of a parameter, or held by a partial, which keeps "
                "what is changed in it",
                None,
                "Make it in the function, where the argument is None, or pass a copy.",
            )
        if any(holds(table, held.tokens) for table in self.program.tables.values()):
            raise self.unsupported(
                f"{own}, whose items the derivative follows, is changed in place here", None,
                "Do it before the derivative is called.",
            )
        if not held.tokens.isdisjoint(self.heap.stored):
            raise self.unsupported(
                f"{own} is changed in place here while a list that is filled holds it", None,
                "Put it into the list when all is in it.")
        other = self.other_holder(held.tokens, own, again, owner, followed and owner is not None)
        if other:
            raise self.unsupported(
                f"{own} is changed in place here while {other} holds it, too",
                None,
                f"Work on a copy, e.g. {own} = list({own}) before.",
            )

    def require_one_name(self, old: Operand, name: str, owner: int | None = None) -> None:
        """Refuse a list of any length that is another afterwards where a variable has it, too."""
        if not isinstance(old, Var):
            return
        own = self.builder.bases.get(name, name)
        names = self.heap.names_of_list(old.name)
        inside = owner is not None
        other = (
            self.other_holder({old.name}, own, again=True, owner=owner, followed=inside)
            or self.other_holder(names - {old.name}, own, again=True, owner=None, followed=False)
            or self._variable_of(names, "" if inside else own)
        )
        if other:
            raise self.unsupported(
                f"{own} is changed in place here while {other} holds it, too", None,
                f"Work on a copy, e.g. {own} = list({own}) before.")

    def _variable_of(self, names: set[str], own: str) -> str:
        """A variable other than ``own`` that is one of some names, and may be read later."""
        for lowerer in self.program.lowerers:
            later = self._read_later(lowerer, True)
            for name in sorted(names & lowerer.locals):
                base: str = self.builder.bases.get(name, name)
                if base in later and base[0] != "_" and not (lowerer is self and base == own):
                    return base
        return ""

    def other_holder(
        self, key: Key, own: str, again: bool, owner: int | None, followed: bool
    ) -> str:
        """What holds a container besides the variable or object that is its own; else empty."""
        for token, other in self.heap.now.items():
            if token != owner and any(
                holds(item, key) and not (followed and same_container(item, key))
                for item in other.items
            ):
                return "an object"
        if any(holds(kept, key) for kept in self._kept_by_closures()):
            return "a function made inside"
        for lowerer in self.program.lowerers:
            later = self._read_later(lowerer, again or lowerer is not self)
            for name, value in lowerer.env.items():
                base = self.builder.bases.get(name, name)
                same = lowerer is self and base == own and owner is None
                passing = name not in lowerer.gone_over and (base[0] == "_" or base not in later)
                if not same and not passing and holds(value, key):
                    return named(base)
        return ""

    def _read_later(self, lowerer: Any, now: bool) -> set[str]:
        """The variables of a function, or of one around, that may be read after this statement,
        or in it.
        """
        found = lowerer.spots.read_later(now=now)
        for closure in self.program.closures:
            if closure.home is lowerer:
                found.update((*closure.reads, *closure.reads.values()))
        return {self.builder.bases.get(name, name) for name in found}

    def _kept_by_closures(self) -> Iterator[Operand]:
        """What the variables are of calls that are over, and in which functions were made."""
        for closure in self.program.closures:
            home = closure.home
            yield from home.captured.values()
            if home not in self.program.lowerers:
                yield from map(home.value, closure.reads.values())

    def require_alone_again(
        self,
        head: Operand,
        end: Operand,
        name: str,
        since: int,
        root: Operand | None = None,
        owner: int | None = None,
    ) -> None:
        """What a loop changes is another container the next time round, maybe: the one that the
        variable has at the loop's end. ``since`` is how many changes came before the loop.
        """
        if not isinstance(head, Tuple) or not isinstance(end, Tuple) or is_reference(head):
            return
        if not all(map(head.tokens.isdisjoint, self.program.changed[since:])):
            self._require_alone(
                end, name, root or end, again=True, owner=owner,
                followed=head.tokens == end.tokens,
            )
        for first, last in zip(head.items, end.items, strict=False):
            self.require_alone_again(first, last, name, since, root or end, owner)
