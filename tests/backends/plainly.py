"""Texts for Numba run as the plain Python that they are: the loop nests without the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from adxform.backends.python import compile_text


class Interpreted:
    """What stands for a function under Numba."""

    def __init__(self, text: str, name: str, values: Any, **options: Any) -> None:
        self.call = compile_text(text, name, dict(values))

    def compile(self, signature: Any) -> None:
        """There is nothing to compile."""

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)


@contextmanager
def loop_nests_in_python() -> Iterator[None]:
    """Within it, ``backend="numba"`` runs its text in Python."""
    with mock.patch("adxform.kernels.jitted", Interpreted):
        yield
