"""Functions that mean something to the compiler and do nothing when they run."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """Hold a value constant: its derivative is zero, its value is ``x``.

    Generated source says just ``x``, so it needs no adxform.

    Parameters
    ----------
    x : float or array

    Returns
    -------
    float or array
        ``x`` itself.
    """
    return x
