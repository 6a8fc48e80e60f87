"""How many items are unpacked: ``a, b = q`` is an error where q has three, as in Python."""

from __future__ import annotations

import ast

from adxform.core.dims import Dim
from adxform.core.ir import Const, Operand, Tuple
from adxform.core.raising import raise_if
from adxform.core.types import Array, Struct
from adxform.frontend.counts import Count
from adxform.frontend.unnumbered import Unnumbered


class Counted(Unnumbered):
    """Asks the length of what is unpacked, where it is not known."""

    def require_count(self, count: Count, made: Operand, node: ast.expr) -> None:
        """Fail as Python does where another number of items is unpacked."""
        if isinstance(made, Tuple) and made.form.kind == "object":
            return  # it says itself how it is gone over
        known = self.builder.type_of(made)
        if isinstance(known, Struct):
            if not count.fits(len(known.items)):
                raise self.unsupported(count.misfit(len(known.items)), node)
        elif not (isinstance(known, Array) and known.dims and _fits(known.dims[0], count)):
            length = self.emit("len", made)
            wrong = self.emit("op.Lt" if count.rest else "op.NotEq", length, Const(count.names))
            raise_if(self.builder, wrong, "ValueError", count.reason, self.builder.origin)


def _fits(dim: Dim, count: Count) -> bool:
    """Whether as many items as a dimension says are known to be unpacked."""
    return isinstance(dim, int) and count.fits(dim)
