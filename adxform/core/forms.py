"""The forms of values that hold several others: tuples, lists, dictionaries, objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What holds several values: a tuple, a list, a dictionary, or an object by its fields.

    ``keys`` are a dictionary's, or the names of an object's fields; ``maker`` is its class, which
    may have the name of another.
    """

    kind: str
    keys: tuple[Any, ...] = ()
    maker: Any = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Form) and self._key() == other._key())

    def __hash__(self) -> int:
        return hash(self._key())

    def with_key(self, key: Any) -> Form:
        """The form of what has one more item, under a key."""
        return Form(self.kind, (*self.keys, key), self.maker)

    def _key(self) -> tuple[Any, ...]:
        return self.kind, self.keys, self.maker, id(getattr(self.maker, "value", None))

    def place(self, key: Any, length: int) -> int | None:
        """Where the item stands that a key, a field's name or an index means."""
        if self.kind == "dict" or (self.kind == "object" and isinstance(key, str)):
            try:  # found as Python finds it: True is 1, and a string of NumPy's is a string
                return {k: place for place, k in enumerate(self.keys)}.get(key)
            except TypeError:
                return None  # nothing is found under what cannot be hashed
        if isinstance(key, int | np.integer) and -length <= key < length:
            return int(key) % length
        return None


TUPLE, LIST = Form("tuple"), Form("list")
