"""Functions of NumPy and SciPy that are said in others (see ``composition``)."""

from __future__ import annotations

from adxform.rules.composition import composed
from adxform.rules.samples import calls

# Correlation is convolution with the second operand turned round.

composed("np.correlate(a, v, mode='valid')", "np.convolve(a, v[::-1], mode)", of=("a", "v"),
         sample=calls("R(4), R(2)", "R(4), R(2), 'full'", "R(4), R(2), 'same'"))
