"""The derivative of each primitive, as data: one file per area of NumPy and SciPy."""

from adxform.rules import (  # noqa: F401  (each file fills the table as it is imported)
    arithmetic,
    augmented,
    broadcasting,
    core,
    creation,
    decompositions,
    einsum,
    indexing,
    interpolation,
    joining,
    linalg,
    ordering,
    products,
    reductions,
    scalars,
    scipy_linalg,
    selection,
    shapes,
    special,
    steps,
    ufuncs,
)

augmented.declare()
