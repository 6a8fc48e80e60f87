"""Names of what may be a number or an array, as it turns out, found by the array that they show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adxform.frontend.journal import Journal, JournalSet
from adxform.frontend.views import View

Views = Journal[str, View]


class Unsure:
    """Such names. ``_places`` holds them by root and by number of steps from it, and some more."""

    def __init__(self) -> None:
        self.names: JournalSet[str] = JournalSet()
        self._places: dict[int, dict[int, set[str]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def add(self, name: str, views: Views) -> None:
        """A name is one of them from here on."""
        self.names.add(name)
        self._note(name, views)

    def discard(self, name: str) -> None:
        """A name is none of them any more."""
        self.names.discard(name)

    def back(self, mark: int, views: Views) -> dict[str, bool | None]:
        """Let the names be what they were at a mark; what changed, and whether it was one then."""
        changed = self.names.held.back(mark)
        for name in changed.keys() & self.names:
            self._note(name, views)
        return changed

    def settle(self, root: int, most: int, sure: Callable[[View], bool], views: Views) -> None:
        """Names that show a root at most so many steps from it are no longer unsure, if it is
        ``sure`` of what they show.
        """
        for steps, held in self._places.get(root, {}).items():
            if steps > most:
                continue
            for name in [*held]:
                view = views.get(name)
                if name not in self.names:
                    held.discard(name)
                elif view and view.root == root and len(view.path) <= most and sure(view):
                    held.discard(name)
                    self.names.discard(name)

    def any_of(self, root: int, views: Views) -> bool:
        """Whether one of the names shows a root."""
        return any(name in views and views[name].root == root for name in self._held(root))

    def _held(self, root: int) -> Iterator[str]:
        for held in self._places.get(root, {}).values():
            yield from (name for name in held if name in self.names)

    def _note(self, name: str, views: Views) -> None:
        view = views.get(name)
        if view is not None:
            steps = self._places.setdefault(view.root, {})
            steps.setdefault(len(view.path), set()).add(name)
