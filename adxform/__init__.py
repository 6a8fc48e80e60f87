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
from adxform.check import CheckReport, check_grads
from adxform.dual import Dual
from adxform.errors import (
    AdxformError,
    ArgumentError,
    BackendWarning,
    CheckError,
    InternalError,
    MissingRuleError,
    SourceNotFoundError,
    SourceSyntaxError,
    UnsupportedError,
)
from adxform.markers import stop_gradient

__all__ = [
    "AdxformError",
    "ArgumentError",
    "BackendWarning",
    "CheckError",
    "CheckReport",
    "Dual",
    "InternalError",
    "MissingRuleError",
    "SourceNotFoundError",
    "SourceSyntaxError",
    "UnsupportedError",
    "check_grads",
    "forward",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "reverse",
    "source",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]

__version__ = "0.1.0"
