"""Dual numbers by operator overloading: an oracle that knows nothing of the compiler.

A number is extended by a second component, ``x + x_dot d`` with ``d * d = 0``; a function of it
returns its own derivative in the second component. Several variables have several components
``d1 .. dm`` with ``di * dj = 0``:

    >>> import numpy as np
    >>> x1, x2 = Dual.basis(3.0, 2.0)
    >>> y = x1 * x2 + np.sin(x1)
    >>> y.tangent.tolist() == [2.0 + np.cos(3.0), 3.0]
    True

What a dual number cannot do, because NumPy does not ask it:

- be written into a plain array: ``a[i] = x`` raises where ``a`` is an ndarray; begin from
  ``np.zeros_like(x)`` or ``Dual.zeros_like(x, shape)``, which can hold dual numbers;
- pass through ``np.array`` or ``np.asarray``: write ``array([x, y])`` of this module;
- pass through ``math.sin`` or ``float``, or SciPy's functions other than its ufuncs.

Each of these raises TypeError (ValueError for ``a[0] = x``, from NumPy), and so does every function
that has no rule here.

At kinks: ``|x|' = 0`` at 0; ties of max and min share evenly; ``x ** y`` at x = 0 has
``d/dx = y * x ** (y - 1)`` (0 for y = 0) and ``d/dy = 0``; an element whose tangent is 0
contributes 0, even where the slope is infinite, so norms at 0 and the standard deviation of
constants have tangent 0. A function that reads one triangle of a matrix (cholesky, eigvalsh)
depends on that triangle only.
"""

from adxform.dual import linalg, ufuncs  # noqa: F401 (importing them registers their rules)
from adxform.dual.calculus import derivative, gradient, hessian, jacobian
from adxform.dual.functions import array
from adxform.dual.number import Dual
from adxform.dual.reductions import logsumexp

__all__ = [
    "Dual",
    "array",
    "derivative",
    "gradient",
    "hessian",
    "jacobian",
    "logsumexp",
]
