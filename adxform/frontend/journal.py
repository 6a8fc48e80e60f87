"""Journals: dictionaries and sets that can go back to what they were, of which no copies are made.

What changes is noted, and a mark says how much was noted so far. A mark is good until its journal
goes back to an earlier one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, MutableSet
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Journal(dict[K, V]):
    """A dictionary that notes each key that is set or deleted, and its value before if any.

    It is changed by the methods below alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._noted: list[tuple[K, V | None]] = []

    def __setitem__(self, key: K, value: V) -> None:
        self._noted.append((key, self.get(key)))
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        self._noted.append((key, super().pop(key)))

    def drop(self, key: K) -> None:
        """Delete a key if it is there."""
        if key in self:
            del self[key]

    def put(self, items: Iterable[tuple[K, V]]) -> None:
        """Set several keys."""
        for key, value in items:
            self[key] = value

    def mark(self) -> int:
        """How much has been noted so far."""
        return len(self._noted)

    def before(self, mark: int) -> dict[K, V | None]:
        """The keys that were set or deleted since a mark, and what they were then."""
        return dict(reversed(self._noted[mark:]))

    def back(self, mark: int) -> dict[K, V | None]:
        """Go back to a mark; the keys that were set or deleted, and what they had become."""
        olds = self.before(mark)
        news = {key: self.get(key) for key in olds}
        del self._noted[mark:]
        for key, old in olds.items():
            if old is None:
                super().pop(key, None)
            else:
                super().__setitem__(key, old)
        return news


class JournalSet(MutableSet[K]):
    """A set that notes what is added and discarded."""

    def __init__(self) -> None:
        self.held: Journal[K, bool] = Journal()

    def __contains__(self, item: object) -> bool:
        return item in self.held

    def __iter__(self) -> Iterator[K]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def add(self, item: K) -> None:
        if item not in self.held:
            self.held[item] = True

    def discard(self, item: K) -> None:
        if item in self.held:
            del self.held[item]
