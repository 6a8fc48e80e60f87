"""The public functions, named as in JAX: gradients, products, Jacobians, source text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, overload

from adxform.arguments import Argnums
from adxform.derivatives import Derivative
from adxform.errors import ArgumentError
from adxform.generated import Generated, source_text
from adxform.jacobians import hessian as hessian
from adxform.jacobians import jacobian as jacobian
from adxform.options import Options
from adxform.products import hvp as hvp
from adxform.products import jvp as jvp
from adxform.products import vjp as vjp

Function = Callable[..., Any]


class _Making(Protocol):
    """What makes a derivative: of a function, or as a decorator with arguments."""

    @overload
    def __call__(
        self,
        f: Function,
        argnums: Argnums = 0,
        *,
        has_aux: bool = False,
        backend: str = ...,
        parallel: bool = ...,
    ) -> Derivative: ...
    @overload
    def __call__(
        self,
        f: None = None,
        argnums: Argnums = 0,
        *,
        has_aux: bool = False,
        backend: str = ...,
        parallel: bool = ...,
    ) -> Callable[[Function], Derivative]: ...


def _making(function: Callable[..., Any]) -> _Making:
    return function


@_making
def grad(
    f: Function | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = "numpy",
    parallel: bool = False,
) -> Derivative | Callable[[Function], Derivative]:
    """The gradient of a function with one real result; also as a decorator.

    Parameters
    ----------
    f : callable, optional
        A Python function of floats and arrays; left out in ``@grad(argnums=...)``.
    argnums : int, str or sequence of these
        The parameters to differentiate in, by place or name.
    has_aux : bool
        Whether ``f`` returns ``(value, aux)``, of which only ``value`` is differentiated.
    backend : {"numpy", "numba"}
        What runs the generated code: NumPy, or machine code that Numba makes of it at the first
        call (extra ``numba``). What Numba cannot compile runs in NumPy, with a `BackendWarning`.
    parallel : bool
        Whether Numba may use several threads, for loops whose iterations are independent or add up
        derivatives (of which the order is then another).

    Returns
    -------
    Derivative
        Called like ``f``; gives the gradient in the shape and dtype of the argument, or a tuple of
        gradients if ``argnums`` is a sequence; ``(gradient, aux)`` with ``has_aux``. In a complex
        argument a + ib it is df/da + i df/db.

    Raises
    ------
    UnsupportedError, MissingRuleError, ArgumentError
        At the first call with arguments of a new type.
    """
    options = Options.running(backend, parallel)
    return _derivative(f, argnums, has_aux, options, value=False)


@_making
def value_and_grad(
    f: Function | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = "numpy",
    parallel: bool = False,
) -> Derivative | Callable[[Function], Derivative]:
    """The value of a function together with its gradient; also as a decorator.

    Parameters and errors are those of `grad`.

    Returns
    -------
    Derivative
        Called like ``f``; gives ``(value, gradient)``, or ``((value, aux), gradient)`` with
        ``has_aux``.
    """
    options = Options.running(backend, parallel)
    return _derivative(f, argnums, has_aux, options, value=True)


def _derivative(
    f: Function | None, argnums: Argnums, has_aux: bool, options: Options, *, value: bool
) -> Derivative | Callable[[Function], Derivative]:
    if f is not None:
        return Derivative(f, argnums, value=value, has_aux=has_aux, options=options)

    def decorate(function: Function) -> Derivative:
        return Derivative(function, argnums, value=value, has_aux=has_aux, options=options)

    return decorate


def forward(f: Function, *, backend: str = "numpy") -> Generated:
    """The generated tangent function: ``(x1, x2, dx1, dx2) -> (value, tangent)``."""
    return Generated(f, "forward", Options.running(backend))


def reverse(f: Function, *, backend: str = "numpy") -> Generated:
    """The generated adjoint function: ``(x1, x2, out_bar=1.0) -> (value, (x1_bar, x2_bar))``."""
    return Generated(f, "reverse", Options.running(backend))


def source(
    f: Function,
    mode: str = "reverse",
    argnums: Argnums | None = None,
    *,
    args: Sequence[Any] | None = None,
) -> str:
    """The text of the generated function, ready to be saved as a module of its own.

    Parameters
    ----------
    f : callable
        A Python function, or a derivative made by `grad`.
    mode : {"reverse", "forward"}
        Which function.
    argnums : int, str or sequence of these, optional
        The parameters to differentiate in; all that can have a derivative if left out.
    args : sequence, optional
        Example arguments, from which types and ranks are taken; annotations say them otherwise.
    """
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f"mode is 'reverse' or 'forward', not {mode!r}")
    if isinstance(f, Derivative) and args is None:
        return source_text(f.primal, mode, f.argnums if argnums is None else argnums)
    return source_text(f, mode, argnums, args)
