"""Arrays on the paths through branches and loops: what was known before, and what holds on all."""

from __future__ import annotations

from dataclasses import dataclass, field

from adxform.frontend.journal import Journal, JournalSet
from adxform.frontend.unsure import Unsure
from adxform.frontend.views import Root, View


@dataclass(frozen=True, slots=True)
class Marks:
    """A moment, as marks of the journals of what is known."""

    views: int
    roots: int
    unsure: int
    arrays: int


@dataclass(frozen=True, slots=True)
class Path:
    """What has changed on a path, and what it is at its end; None where it is no more."""

    roots: dict[int, Root | None] = field(default_factory=dict)
    unsure: dict[str, bool | None] = field(default_factory=dict)
    arrays: dict[int, bool | None] = field(default_factory=dict)


NO_CHANGES = Path()


class Known:
    """What names stand for, what arrays are, and what is known of values of unknown type."""

    def __init__(self) -> None:
        self.views: Journal[str, View] = Journal()
        self.roots: Journal[int, Root] = Journal()
        self.unsure = Unsure()  # names of what may be a number: an element, not a row
        self.arrays: JournalSet[int] = JournalSet()  # roots that are no lists: arrays, or numbers

    def marks(self) -> Marks:
        """What is known now."""
        unsure, arrays = self.unsure.names.held, self.arrays.held
        return Marks(self.views.mark(), self.roots.mark(), unsure.mark(), arrays.mark())

    def back(self, marks: Marks) -> Path:
        """Know what was known before, but for views; what was known instead."""
        roots, unsure = self.roots.back(marks.roots), self.unsure.back(marks.unsure, self.views)
        return Path(roots, unsure, self.arrays.held.back(marks.arrays))

    def changed(self, mark: int) -> set[int]:
        """The arrays that are not what they were at a mark of theirs, or not known any more."""
        before = self.roots.before(mark)
        return {n for n, old in before.items() if old is not None and self.roots.get(n) != old}

    def weaken(self, marks: Marks, other: Path = NO_CHANGES) -> None:
        """Know no more than what was known on another path, from the same moment on."""
        before = self.unsure.names.held.before(marks.unsure)
        unsure = {n for n, old in before.items() if old and other.unsure.get(n, True)}
        unsure.update(n for n, found in other.unsure.items() if found)
        for name in unsure:
            if name not in self.unsure:
                self.unsure.add(name, self.views)
        arrays = self.arrays.held.before(marks.arrays)
        self.arrays -= {n for n, old in arrays.items() if not old and not other.arrays.get(n)}
        self.arrays -= {n for n, found in other.arrays.items() if not found}
