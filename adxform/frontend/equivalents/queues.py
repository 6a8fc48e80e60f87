"""``collections.deque`` in other words: an object that holds a list."""

from __future__ import annotations

from typing import Any


class Queue:
    """A queue of two ends."""

    def __init__(self, iterable: Any = (), maxlen: int | None = None) -> None:
        self.maxlen = maxlen
        self.items: list[Any] = []
        for item in iterable:
            self.append(item)

    def append(self, item: Any) -> None:
        self.items.append(item)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            self.items.pop(0)

    def appendleft(self, item: Any) -> None:
        self.items.insert(0, item)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            self.items.pop()

    def extend(self, iterable: Any) -> None:
        for item in iterable:
            self.append(item)

    def pop(self) -> Any:
        return self.items.pop()

    def popleft(self) -> Any:
        return self.items.pop(0)

    def clear(self) -> None:
        self.items.clear()

    def reverse(self) -> None:
        self.items.reverse()

    def rotate(self, steps: int = 1) -> None:
        if len(self.items) > 0:
            for _ in range(steps):
                self.items.insert(0, self.items.pop())
            for _ in range(-steps):
                self.items.append(self.items.pop(0))

    def insert(self, place: int, item: Any) -> None:
        self.items.insert(place, item)

    def copy(self) -> Queue:
        return Queue(self.items, self.maxlen)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Any:
        return self.items[place]

    def __setitem__(self, place: int, item: Any) -> None:
        self.items[place] = item
