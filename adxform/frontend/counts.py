"""How many items are unpacked: for two names, or for two and more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """How many variables there are for items, and whether one takes all others (``a, *rest``)."""

    names: int
    rest: bool = False

    def fits(self, length: int) -> bool:
        """Whether so many items can be unpacked."""
        return length >= self.names if self.rest else length == self.names

    def misfit(self, length: int) -> str:
        """What the refusal says of so many."""
        return f"{self.reason}, got {length}"

    @property
    def reason(self) -> str:
        """What the error says, where they cannot."""
        return f"expected {'at least ' * self.rest}{self.names} values to unpack"
