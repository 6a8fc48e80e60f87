"""Journals: dictionaries and sets that can go back to what they were, of which no copies are made.

What changes is noted, and a mark says how much was noted so far. A mark is good until its journal
goes back to an earlier one.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Hashable, Iterator, MutableSet
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Journal(UserDict[K, V]):
    """A dictionary that notes each key that is set or deleted, and its value before if any."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: list[tuple[K, V | None]] = []

    def __setitem__(self, key: K, value: V) -> None:
        self._noted.append((key, self.data.get(key)))
        self.data[key] = value

    def __delitem__(self, key: K) -> None:
        self._noted.append((key, self.data.pop(key)))

    def mark(self) -> int:
        """How much has been noted so far."""
        return len(self._noted)

    def before(self, mark: int) -> dict[K, V | None]:
        """The keys that were set or deleted since a mark, and what they were then."""
        return dict(reversed(self._noted[mark:]))

    def back(self, mark: int) -> dict[K, V | None]:
        """Go back to a mark; the keys that were set or deleted, and what they had become."""
        olds = self.before(mark)
        news = {key: self.data.get(key) for key in olds}
        del self._noted[mark:]
        for key, old in olds.items():
            if old is None:
                self.data.pop(key, None)
            else:
                self.data[key] = old
        return news


class JournalSet(MutableSet[K]):
    """A set that notes what is added and discarded."""

    def __init__(self) -> None:
        self.held: Journal[K, bool] = Journal()

    def __contains__(self, item: object) -> bool:
        return item in self.held.data

    def __iter__(self) -> Iterator[K]:
        return iter(self.held.data)

    def __len__(self) -> int:
        return len(self.held.data)

    def add(self, item: K) -> None:
        if item not in self.held.data:
            self.held[item] = True

    def discard(self, item: K) -> None:
        if item in self.held.data:
            del self.held[item]
