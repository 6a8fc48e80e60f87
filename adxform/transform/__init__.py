"""A file's text in, the same text with derivatives out; the file is never run.

Chosen functions keep their text and get ``NAME_forward`` and ``NAME_reverse`` below them; functions
decorated with ``@grad`` or ``@value_and_grad`` are replaced by what computes the same without
adxform. A second run gives the same text again: what the first has added is known by the comment
above it, and written anew.
"""

from adxform.transform.run import MODES, Transformed, transform

__all__ = ["MODES", "Transformed", "transform"]
