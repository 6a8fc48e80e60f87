"""Helpers for the order of rows; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def permutation_of(piv: Any) -> Any:
    """The order that rows are in after each has changed places with that which ``piv`` names."""
    order = np.arange(len(piv))
    for row, other in enumerate(piv):
        order[[row, other]] = order[[other, row]]
    return order
