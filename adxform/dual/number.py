"""The dual number: a value, and one or several tangents of the value's shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from adxform.dual.methods import ArrayMethods

#: What each NumPy function does with dual numbers: filled by the modules that state the rules.
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
#: What each method of a ufunc (``__call__``, ``reduce``, ``outer``) does with dual numbers.
UFUNC_METHODS: dict[str, Callable[..., Any]] = {}

_HINT = "begin from Dual.zeros_like(x, shape), or join with adxform.dual.array or np.stack"


class Dual(ArrayMethods, NDArrayOperatorsMixin):
    """``value + tangent d``, or ``value + tangent[..., 0] d1 + ... + tangent[..., m-1] dm``.

    Parameters
    ----------
    value
        A number or array of shape S; integers become float64, float32 stays. Copied. It may be a
        Dual itself, whose components are then of lower level: that is how derivatives nest.
    tangent
        With ``components=None`` (one dual component): of shape S. With ``components=m``: of
        shape ``S + (m,)``. A number stands for an array filled with it. Cast to the value's dtype.
    components
        How many dual components there are; None for one that has no axis of its own.
    level
        Which derivative the components belong to: among operands of different levels the lower
        ones are constants. By default one more than the value's.

    Raises
    ------
    ValueError
        When the tangent's shape is none of these.
    TypeError
        When the value is neither a real nor a complex number; when it is real and the tangent
        is complex.

    Operands of one operation must have the same ``components`` (else ValueError). Like arrays,
    slices are views, ``x[i] = v`` and ``x += v`` write in place (except for shape ``()``, which
    behaves like a number), and comparisons compare values and return plain booleans. Floating-point
    warnings (of ``log(0)``, say) are silent: the plain function gives them.
    """

    __slots__ = ("_tangents", "_value", "components", "level")

    _value: Any
    _tangents: tuple[Any, ...]
    components: int | None
    level: int

    def __init__(
        self,
        value: Any,
        tangent: Any = 0.0,
        *,
        components: int | None = None,
        level: int | None = None,
    ) -> None:
        self._value = owned(value)
        self.components = components
        self.level = level_of(value) + 1 if level is None else level
        shape = self.shape if components is None else (*self.shape, components)
        if np.shape(tangent) not in ((), shape):
            raise ValueError(f"the tangent's shape is {np.shape(tangent)}, not {shape}")
        tangent = owned(tangent)
        if components is None:
            parts = [tangent]
        elif tangent.ndim == 0:
            parts = [tangent] * components
        else:
            parts = [tangent[..., k] for k in range(components)]
        self._tangents = tuple(fitted(part, self._value) for part in parts)

    @classmethod
    def seed(cls, value: Any, *directions: Any) -> Dual:
        """``value + directions[0] d1 + directions[1] d2 + ...``.

        Parameters
        ----------
        value
            A number or array of shape S.
        *directions
            One tangent for each dual component: of shape S, or a number.

        Returns
        -------
        Dual
            With ``components == len(directions)`` and a tangent of shape ``S + (m,)``.

        """
        shape = np.shape(value)
        if wrong := [np.shape(d) for d in directions if np.shape(d) not in ((), shape)]:
            raise ValueError(f"a direction's shape is {wrong[0]}, not {shape}")
        seeded = cls(value, components=len(directions))
        seeded._tangents = tuple(fitted(direction, seeded._value) for direction in directions)
        return seeded

    @classmethod
    def basis(cls, *values: Any, level: int | None = None) -> tuple[Dual, ...]:
        """The values, with one dual component for each element of each of them.

        The components count through the elements of the first value, then of the second, and so
        on, so the tangent of a function of all of them is its whole Jacobian.
        """
        sizes = [int(np.size(value)) for value in values]
        total, result, start = sum(sizes), [], 0
        for value, size in zip(values, sizes, strict=True):
            directions = np.eye(size, total, start).reshape((*np.shape(value), total))
            result.append(cls(value, directions, components=total, level=level))
            start += size
        return tuple(result)

    @classmethod
    def zeros_like(cls, x: Dual, shape: Any = None) -> Dual:
        """Zeros with zero tangents that can hold what has ``x``'s components."""
        function: Any = np.zeros_like
        return function(x, shape=shape)  # type: ignore[no-any-return]

    @property
    def value(self) -> Any:
        """The value: an array of shape S, or a NumPy number where S is ``()``."""
        return self._value[()]

    @property
    def tangents(self) -> tuple[Any, ...]:
        """One array of shape S for each dual component."""
        return self._tangents

    @property
    def tangent(self) -> Any:
        """The tangent: of shape S, or ``S + (m,)`` where there are m components."""
        if self.components is None:
            return self._tangents[0][()]
        if not self._tangents:
            return np.zeros((*self.shape, 0), self.dtype)
        return np.stack(self._tangents, axis=-1)

    @property
    def shape(self) -> tuple[int, ...]:
        """The value's shape."""
        return self._value.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes of the value."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of the value."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the value and of every tangent."""
        return self._value.dtype

    def like(self, value: Any, tangents: tuple[Any, ...]) -> Dual:
        """A dual number of these arrays, not copied, with this one's components and level."""
        new = object.__new__(Dual)
        new._value = _as_array(value)
        new._tangents = tuple(_as_array(tangent) for tangent in tangents)
        new.components, new.level = self.components, self.level
        return new

    def push(self, value: Any, jvp: Callable[[Any], Any]) -> Dual:
        """A function of this number: its value, and ``jvp`` of each of our tangents."""
        value = _as_array(value)
        return self.like(value, tuple(fitted(jvp(tangent), value) for tangent in self._tangents))

    def copy(self) -> Dual:
        """A dual number that shares no memory with this one."""
        return self.like(self._value.copy(), tuple(t.copy() for t in self._tangents))

    def astype(self, dtype: Any) -> Any:
        """Value and tangents in another dtype; a plain array where that has no tangents."""
        if np.dtype(dtype).kind not in "fc":
            return plain(self).astype(dtype)
        if is_complex(self) and np.dtype(dtype).kind == "f":
            raise TypeError("astype would lose imaginary parts: write np.real")
        return self.like(self._value.astype(dtype), tuple(t.astype(dtype) for t in self._tangents))

    def __getitem__(self, index: Any) -> Dual:
        """The element, view or selection, as NumPy's."""
        return self.like(self._value[index], tuple(t[index] for t in self._tangents))

    def __setitem__(self, index: Any, new: Any) -> None:
        """Write value and tangents; a constant has tangent 0."""
        if level_of(new) > self.level:
            raise TypeError(f"this array cannot hold a Dual of a higher level: {_HINT}")
        if level_of(new) < self.level:
            self._value[index] = new
            for tangent in self._tangents:
                tangent[index] = 0.0
            return
        self.require_components(new)
        self._value[index] = new._value
        for tangent, new_tangent in zip(self._tangents, new._tangents, strict=True):
            tangent[index] = new_tangent

    def require_components(self, other: Dual) -> None:
        """Raise ValueError unless ``other`` has the same dual components."""
        if other.components != self.components:
            raise ValueError(
                f"dual components differ: {self.components} and {other.components} "
                "(None: one, without an axis of its own)"
            )

    def __len__(self) -> int:
        """The length of the first axis."""
        return len(self._value)

    def __iter__(self) -> Iterator[Dual]:
        """Along the first axis."""
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        """The truth of the value, which must have one element."""
        return bool(plain(self))

    def __int__(self) -> int:
        """The value cut to an integer: piecewise constant, so it has no tangent to lose."""
        return int(plain(self).item())

    __trunc__ = __int__

    def __floor__(self) -> int:
        """``math.floor`` of the value."""
        value: float = plain(self).item()
        return math.floor(value)

    def __ceil__(self) -> int:
        """``math.ceil`` of the value."""
        value: float = plain(self).item()
        return math.ceil(value)

    def __round__(self, digits: int | None = None) -> Any:
        """``round`` of the value: an int, or a plain number where digits are given."""
        return round(plain(self).item(), digits)

    def __float__(self) -> float:
        """Refused: a float has no tangent. Take ``.value``, or NumPy's function for ``math``'s."""
        raise TypeError(
            "float(Dual) would lose the tangent: take x.value if that is meant, "
            "and np.sin(x) for math.sin(x)"
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """Refused: an ndarray has no tangent."""
        raise TypeError(f"a plain array cannot hold a Dual, its tangent would be lost: {_HINT}")

    def __repr__(self) -> str:
        """As the call that makes it."""
        many = "" if self.components is None else f", components={self.components}"
        return f"Dual({self.value!r}, {self.tangent!r}{many})"

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any
    ) -> Any:
        """Dispatch ``ufunc(...)``, ``ufunc.reduce`` and ``ufunc.outer``."""
        if method not in UFUNC_METHODS:
            raise TypeError(f"numpy.{ufunc.__name__}.{method} has no rule for a Dual")
        with np.errstate(all="ignore"):
            result = UFUNC_METHODS[method](ufunc, *inputs, **kwargs)
        return result if out is None else stored(result, out, inputs)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Dispatch NumPy's functions to their rules."""
        name = f"{func.__module__}.{func.__name__}"
        if func not in FUNCTIONS:
            raise TypeError(f"{name} has no rule for a Dual (adxform.dual.FUNCTIONS)")
        if kwargs.get("out") is not None:
            raise TypeError(f"{name} of a Dual takes no out=")
        kwargs = {k: v for k, v in kwargs.items() if k != "out"}
        with np.errstate(all="ignore"):
            return FUNCTIONS[func](*args, **kwargs)


def rule(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what is decorated as what ``functions`` do with dual numbers."""

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, implementation))
        return implementation

    return register


def level_of(x: Any) -> int:
    """The level of a dual number, and -1 for anything else."""
    return x.level if isinstance(x, Dual) else -1


def plain(x: Any) -> Any:
    """The value, free of tangents of every level."""
    while isinstance(x, Dual):
        x = x._value
    return x


def owned(value: Any) -> Any:
    """A copy of a value as a float array (or Dual).

    Raises
    ------
    TypeError
        When it is no number.

    """
    if isinstance(value, Dual):
        return value.copy()
    array = np.array(value)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise TypeError(f"the value of a Dual is a number, not of dtype {array.dtype}")
    return array


def fitted(tangent: Any, value: Any) -> Any:
    """A copy of a tangent in the shape, dtype, and memory layout of a value.

    The same layout everywhere makes a view of the value and that of the tangent agree.
    """
    if level_of(tangent) > level_of(value):
        function: Any = np.broadcast_to
        return function(tangent, value.shape).copy()
    if is_complex(tangent) and value.dtype.kind != "c":
        raise TypeError("the tangent of a real value is real")
    result = np.zeros_like(value)
    result[...] = tangent
    return result


def is_complex(x: Any) -> bool:
    """Whether a value is complex."""
    return bool(np.iscomplexobj(plain(x)))


def require_real(x: Any, name: str) -> None:
    """Raise TypeError for complex numbers, for which a function has no rule."""
    if is_complex(x):
        raise TypeError(f"{name} of complex numbers has no rule for a Dual")


def stored(result: Any, out: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
    """What ``x += y`` (``out`` is the first input) or an explicit ``out`` gives.

    A plain array cannot hold the result, so its name is bound to the result instead, and the
    array is filled with NaN, lest it be read on under another name as if nothing had happened.
    """
    (target,) = out
    in_place = target is inputs[0]
    if isinstance(target, Dual):
        if in_place and not target.shape:
            return result
        target[...] = result
        return target
    if not isinstance(result, Dual):
        target[...] = result
        return target
    if not in_place or target.dtype.kind not in "fc":
        raise TypeError(f"a plain array as out= cannot hold a Dual: {_HINT}")
    if target.shape != result.shape:
        raise ValueError(f"non-broadcastable output: {result.shape} into {target.shape}")
    target.fill(np.nan)
    return result.astype(target.dtype)


def _as_array(value: Any) -> Any:
    return value if isinstance(value, Dual) else np.asarray(value)
