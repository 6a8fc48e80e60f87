"""The derivative of each primitive, as data: one file per area of NumPy and SciPy."""

from adxform.rules import (  # noqa: F401  (each file fills the table as it is imported)
    arithmetic,
    augmented,
    averages,
    broadcasting,
    conversion,
    core,
    creation,
    decompositions,
    diagonals,
    einsum,
    indexing,
    interpolation,
    joining,
    linalg,
    norms,
    ordering,
    products,
    reductions,
    repeating,
    scalars,
    scipy_linalg,
    selection,
    shapes,
    special,
    splitting,
    steps,
    tensors,
    ufuncs,
)

augmented.declare()
