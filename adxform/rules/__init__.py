"""The derivative of each primitive, as data: one file per area of NumPy and SciPy."""

from adxform.rules import (  # noqa: F401  (each file fills the table as it is imported)
    arithmetic,
    broadcasting,
    core,
    creation,
    indexing,
    reductions,
    shapes,
    ufuncs,
)
