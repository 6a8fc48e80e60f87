"""The methods of arrays, for dual numbers: each is the NumPy function of the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = function.__name__
    method.__doc__ = f"As ``numpy.{function.__name__}`` of this array."
    return method


def _shape(sizes: tuple[Any, ...]) -> Any:
    """What ``reshape(2, 3)``, ``reshape((2, 3))`` and ``reshape(-1)`` mean alike."""
    return sizes[0] if len(sizes) == 1 else sizes


class ArrayMethods:
    """What an ndarray offers as methods, by ``__array_function__``."""

    __slots__ = ()

    sum, mean, prod = _method(np.sum), _method(np.mean), _method(np.prod)
    max, min = _method(np.max), _method(np.min)
    var, std = _method(np.var), _method(np.std)
    cumsum, cumprod = _method(np.cumsum), _method(np.cumprod)
    dot, trace, diagonal = _method(np.dot), _method(np.trace), _method(np.diagonal)
    ravel, squeeze, swapaxes = _method(np.ravel), _method(np.squeeze), _method(np.swapaxes)
    repeat, take, round = _method(np.repeat), _method(np.take), _method(np.round)
    clip = _method(np.clip)
    conj = conjugate = _method(np.conjugate)
    any, all = _method(np.any), _method(np.all)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    nonzero = _method(np.nonzero)

    @property
    def real(self) -> Any:
        """As ``numpy.real``."""
        return np.real(self)

    @property
    def imag(self) -> Any:
        """As ``numpy.imag``."""
        return np.imag(self)

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return self.transpose()

    def reshape(self, *sizes: Any, order: Any = "C") -> Any:
        """As ``numpy.reshape``; the new shape in one tuple or size by size."""
        function: Any = np.reshape
        return function(self, _shape(sizes), order=order)

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.transpose``; the axes in one tuple, one by one, or none at all."""
        function: Any = np.transpose
        return function(self, _shape(axes) if axes else None)

    def flatten(self) -> Any:
        """A copy in one dimension."""
        function: Any = np.ravel
        return function(self).copy()

    def item(self, *index: int) -> Any:
        """The only element, or the one at ``index``: a dual number of shape ``()``."""
        flat: Any = self.reshape(-1)
        if index:
            return flat[index[0]] if len(index) == 1 else self[index]  # type: ignore[index]
        if flat.size != 1:
            raise ValueError("can only convert an array of size 1 to a scalar")
        return flat[0]
