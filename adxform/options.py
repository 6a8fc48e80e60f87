"""What is asked of a derivative beyond what it is of: where it runs, and what is left out of it."""

from __future__ import annotations

from dataclasses import dataclass

from adxform.errors import ArgumentError

BACKENDS = ("numpy", "numba")


@dataclass(frozen=True)
class Options:
    """What runs the generated code, and what may be turned off to compare results.

    ``backend`` is ``"numpy"`` or ``"numba"``; ``parallel`` lets Numba use several threads.
    ``activity`` leaves out of a reverse sweep what is not active, ``tbr`` is the to-be-recorded
    analysis, ``merge`` lets independent iterations go back at once, ``fuse`` lets loops of machine
    code become one, and takes what is called into it.
    """

    optimize: bool = True
    inline: bool = True
    activity: bool = True
    tbr: bool = True
    merge: bool = True
    fuse: bool = True
    backend: str = "numpy"
    parallel: bool = False

    @classmethod
    def running(cls, backend: str, parallel: bool = False) -> Options:
        """The options for a backend.

        Raises
        ------
        ArgumentError
            If there is no such backend.
        """
        if backend not in BACKENDS:
            raise ArgumentError(f"backend is 'numpy' or 'numba', not {backend!r}")
        return cls(backend=backend, parallel=parallel)
