"""adxform: a source-to-source automatic-differentiation compiler for Python/NumPy.

It reads a plain Python function and writes the Python function that computes its derivative.
"""

from adxform.api import (
    forward,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    reverse,
    source,
    value_and_grad,
    vjp,
)
from adxform.dual import Dual
from adxform.errors import (
    AdxformError,
    ArgumentError,
    InternalError,
    MissingRuleError,
    SourceNotFoundError,
    SourceSyntaxError,
    UnsupportedError,
)

__all__ = [
    "AdxformError",
    "ArgumentError",
    "Dual",
    "InternalError",
    "MissingRuleError",
    "SourceNotFoundError",
    "SourceSyntaxError",
    "UnsupportedError",
    "forward",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "reverse",
    "source",
    "value_and_grad",
    "vjp",
]

__version__ = "0.1.0"
