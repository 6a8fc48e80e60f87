"""Shape queries are written where they are needed: ``x.shape[0]`` needs no variable."""

from __future__ import annotations

from adxform.core.ir import Let, Primitive, Var
from adxform.optimize.walk import Remembering


class RepeatQueries(Remembering):
    """Gives each element taken of a shape a query of its own."""

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive) and stmt.op.name == "[]":
            query = self.origin_of(stmt.args[0])
            if (
                query is not None
                and isinstance(query.op, Primitive)
                and (query.op.name == ".shape" and query.target not in self.builder.bases)
            ):
                self.builder.origin = stmt.origin
                own = self.builder.emit(query.op, query.args)
                stmt = Let(stmt.targets, stmt.op, (Var(own.name), *stmt.args[1:]), stmt.origin)
        self.builder.append(stmt)
        self.remember(stmt)
