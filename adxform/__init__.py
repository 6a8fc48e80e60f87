"""adxform: a source-to-source automatic-differentiation compiler for Python/NumPy.

It reads a plain Python function and writes the Python function that computes its derivative.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from adxform.check import CheckReport, check_grads
    from adxform.dual import Dual

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

_LATER = {
    "CheckReport": "adxform.check",
    "check_grads": "adxform.check",
    "Dual": "adxform.dual",
}


def __getattr__(name: str) -> Any:
    """What few programs use is imported when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
