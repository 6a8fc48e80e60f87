"""adxform: a source-to-source automatic-differentiation compiler for Python/NumPy."""
