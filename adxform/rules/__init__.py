"""The derivative of each primitive, as data: one file per area of NumPy and SciPy."""
