# ruff: noqa: F722
"""The data that the examples and tests of Gaussian mixtures use."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def old_faithful() -> Float[np.ndarray, "272 2"]:
    """Eruptions of the Old Faithful geyser in Yellowstone National Park.

    Returns
    -------
    ndarray, shape (272, 2)
        One eruption a row: its duration, and the waiting time until the next, both in minutes.

    References
    ----------
    A. Azzalini and A. W. Bowman (1990), "A look at some data on the Old Faithful geyser",
    Applied Statistics 39, 357-365. In R the data are ``datasets::faithful``.
    """
    with (files("gmm") / "data" / "old_faithful.csv").open(encoding="utf-8") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1)
