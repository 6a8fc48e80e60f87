"""Functions of libraries that the compiler reads in other words: plain NumPy, one file per area."""

from adxform.frontend.equivalents import (  # noqa: F401  (each file fills the table)
    arrays,
    densities,
    distances,
    images,
    integrals,
    iterables,
    matrices,
    ordering,
    padding,
    reductions,
    statistics,
    writing,
)
from adxform.frontend.equivalents.namespaces import equivalent as equivalent
from adxform.frontend.equivalents.namespaces import reduced as reduced
from adxform.frontend.equivalents.namespaces import reduced_from as reduced_from
from adxform.frontend.equivalents.table import EQUIVALENTS as EQUIVALENTS
from adxform.frontend.equivalents.table import Equivalent as Equivalent
from adxform.frontend.equivalents.writing import WRITERS as WRITERS
