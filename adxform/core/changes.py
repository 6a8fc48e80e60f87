"""What is known by name of what calls change in place: NumPy's functions, Python's methods."""

from __future__ import annotations

from typing import Any

from adxform.core.ir import UNKNOWN

ANY_ATTRIBUTE = "*"  # of objects: what is called may change the arrays of any
OUTSIDE = "#"  # before what tells a value from outside from others
REBOUND = "="  # before an attribute that is assigned: what it held stays as it was
WRITING_CALLS = frozenset({"copyto", "put", "place", "putmask", "fill_diagonal", "shuffle", "at"})
LOOKING_METHODS = frozenset({  # of strings and of Python's containers
    "count", "decode", "encode", "endswith", "get", "index", "isalpha", "isdigit", "items",
    "keys", "lower", "lstrip", "most_common", "partition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "upper", "values",
})


def outside_keys(text: str, value: Any) -> set[str]:
    """What tells a value from outside from others, beside attributes: how it is called here, and,
    as it may be called otherwise elsewhere, which it is.
    """
    head, *attributes = text.split(".")
    known = set() if value is UNKNOWN else {f"{OUTSIDE}{id(value)}"}
    return {OUTSIDE + head, *attributes} | known
