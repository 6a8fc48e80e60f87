"""hello: a square and its slope, to see that everything is connected."""

from __future__ import annotations

from adxform import grad

SIZES = {"quick": [{"x": 1.5}], "standard": [{"x": 1.5}]}


def inputs(x):
    return (x,)


def primal(x):
    return x * x


def derivative(backend):
    return grad(primal, backend=backend)
