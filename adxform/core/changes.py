"""What is known by name of what calls change in place: NumPy's functions, Python's methods."""

from __future__ import annotations

ANY_ATTRIBUTE = "*"  # of objects: what is called may change the arrays of any
WRITING_CALLS = frozenset({"copyto", "put", "place", "putmask", "fill_diagonal", "shuffle", "at"})
LOOKING_METHODS = frozenset({  # of strings and of Python's containers
    "count", "decode", "encode", "endswith", "get", "index", "isalpha", "isdigit", "items",
    "keys", "lower", "lstrip", "most_common", "partition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "upper", "values",
})
