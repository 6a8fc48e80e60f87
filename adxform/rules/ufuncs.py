"""Rules for NumPy's elementwise functions and their twins in ``math``."""

from __future__ import annotations

from adxform.rules.table import elementwise

elementwise("np.sin(x)", x="np.cos(x)")
elementwise("np.cos(x)", x="-np.sin(x)")
elementwise("np.exp(x)", x="out")
elementwise("np.log(x)", x="g / x")
elementwise("np.sqrt(x)", x="g * 0.5 / out")
elementwise("np.tanh(x)", x="1 - out * out")
