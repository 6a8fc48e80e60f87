"""The words of random programs: kinds of values, names, and forms of expressions of each kind.

Values stay moderate and away from poles by the form of the expressions. Vectors have 3 elements,
matrices 2 x 3; integers are small and not negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FLOAT, VECTOR, MATRIX, INT, PAIR = "float", "vector", "matrix", "int", "pair"
LIST, DICT, FUNCTION = "list", "dict", "function"  # of floats; of floats a and b; of a float


@dataclass(frozen=True)
class Shape:
    """A container: its form (list, tuple, dict, or the name of a class), and the kind of each part
    with how it is reached: ``[0]``, ``['a']``, ``.scale``.
    """

    form: str
    parts: tuple[tuple[str, Kind], ...]

    @property
    def annotations(self) -> tuple[str, ...]:
        return () if self.form in ("list", "tuple", "dict") else (self.form,)

    @property
    def can_change(self) -> bool:
        return self.form in ("list", "dict")

    def written(self, items: Sequence[str]) -> str:
        """A container of this shape, as it is written."""
        if self.form == "dict":
            return "{" + ", ".join(
                f"{key[1:-1]}: {item}" for (key, _), item in zip(self.parts, items, strict=True)) + "}"
        inside = ", ".join(items)
        brackets = {"list": "[]", "tuple": "()"}.get(self.form)
        if brackets is None:
            return f"{self.form}({inside})"
        comma = "," if self.form == "tuple" and len(items) == 1 else ""
        return f"{brackets[0]}{inside}{comma}{brackets[1]}"

    def filled(self, items: Sequence[Any], module: Any) -> Any:
        """A container of this shape that holds these values."""
        if self.form == "dict":
            return {key[2:-2]: item for (key, _), item in zip(self.parts, items, strict=True)}
        if self.form in ("list", "tuple"):
            return (list if self.form == "list" else tuple)(items)
        return getattr(module, self.form)(*items)

    def paths(self, name: str) -> Iterator[tuple[str, Kind]]:
        """Every part of what a name holds, parts of parts among them, and its kind."""
        for key, kind in self.parts:
            yield name + key, kind
            if isinstance(kind, Shape):
                yield from kind.paths(name + key)


Kind = str | Shape
ANNOTATIONS = {
    FLOAT: ("float",),
    VECTOR: ("np.ndarray", 'Float[np.ndarray, "d"]', 'Float[np.ndarray, "3"]'),
    MATRIX: ("np.ndarray", 'Float[np.ndarray, "k d"]'),
    INT: ("int",),
}
# Some that a compiler might want for itself.
NAMES = ("a", "b", "c", "s", "t", "z", "u", "dx", "x_bar", "out", "_t", "x_2", "s_tape", "dv",
         "trips", "n_2", "acc", "a_bar", "i_2", "out_bar", "v_bar", "ds")
PARAMETERS = (("x", FLOAT), ("y", FLOAT), ("v", VECTOR), ("w", VECTOR), ("m", MATRIX), ("n", INT))
CONSTANTS = ("0.5", "2.0", "-1.5", "1.0", "0.25", "3", "1", "0.0", "-2")


# What is in braces is filled in by kind: {F}loat, {V}ector, {M}atrix, i{N}teger, {T}est, {C}omparison;
# in ELEMENTWISE, X stands for the kind at hand.
SCALAR_FORMS = (
    "({F} + {F})", "({F} - {F})", "({F} * {F})", "({F}) / (1.5 + ({F}) ** 2)", "(-{F})",
    "({F}) ** 2", "np.tanh({F}) ** 3", "(1.0 + ({F}) ** 2) ** 0.5", "(1.0 + ({F}) ** 2) ** -1",
    "(1.5 + np.tanh({F})) ** np.sin({F})", "2.0 ** np.tanh({F})", "({F}) % 1.7",
    "({F}) // 0.7 * {F}", "+({F})", "np.maximum({F}, {F})", "np.minimum({F}, {F})", "abs({F})",
    "np.hypot({F}, 1.0 + abs({F}))", "np.arctan2({F}, 2.0 + np.sin({F}))",
    "({F} if {T} else {F})", "np.where({C}, {F}, {F})", "{N} * ({F})", "({F}) * {N}",
)
ELEMENTWISE = (
    "np.sin(X)", "np.cos(X)", "np.tanh(X)", "np.arctan(X)", "np.exp(np.tanh(X))",
    "np.exp(-(X) ** 2)", "np.sqrt(1.0 + (X) ** 2)", "np.log(2.0 + np.sin(X))",
    "np.log1p(np.exp(np.sin(X)))", "np.abs(X)", "np.square(X)", "np.arcsinh(X)",
    "np.clip(X, -0.8, 1.3)", "np.logaddexp(X, 0.3)", "np.sign(X)", "np.floor(X)",
)
REDUCTIONS = (
    "np.sum({V})", "np.mean({V})", "({V}).sum()", "np.dot({V}, {V})", "({V}) @ ({V})",
    "np.max({V})", "np.min({V})", "np.prod(np.tanh({V}))", "np.var({V})", "({V})[[0, 2, 0]].sum()",
    "np.sum(({V})[1:] * ({V})[:-1])", "np.sum(({V})[::2])", "np.sum({V}, keepdims=True)[0]",
    "np.sqrt(1.0 + (({V}) @ ({V})) ** 2)", "np.sum(np.outer({V}, {V}))", "np.inner({V}, {V})",
    "np.linalg.norm(3.0 + np.tanh({V}))", "(1.0 if {V}[0] > 0.2 else {F})", "np.sum({V} * {F})",
)
VECTOR_FORMS = (
    "({V} + {V})", "({V} - {F})", "({V} * {F})", "{F} * ({V})", "({V}) * ({V})", "(-{V})",
    "({V}) ** 2", "({V}) / (1.5 + ({V}) ** 2)", "({F}) / (1.5 + ({V}) ** 2)", "({V})[::-1]",
    "np.maximum({V}, {F})", "np.where({V} > {F}, {V}, {V})", "np.where({V} > {V}, {F}, {V})",
    "np.concatenate([({V})[1:], ({V})[:1]])", "({V})[[2, 0, 1]]", "np.full(3, {F})",
    "np.zeros_like({V}) + {F}", "(1.5 + np.tanh({V})) ** np.sin({V})",
    "np.stack([{F} + 0.0 * {F}, {F}, 0.5])", "np.array([{F}, {F}, 0.5])",
    "np.diag(np.outer({V}, {V}))", "({V} if {T} else {V})",
)
MATRIX_FORMS = (
    "({M} + {V})", "({M}) * ({F})", "({M} - {M})", "({M}) * ({M})", "({V})[None, :] * ({M})",
    "np.outer(({M})[:, 0], {V})", "({F} - {M})", "(-{M})", "({M}) * ({M})[:, :1]",
    "({M} - np.mean({M}, axis=1, keepdims=True))", "np.where({M} > {F}, {M}, {V})",
    "np.reshape({M}, (3, 2)).T", "({M})[::-1]", "np.stack([{V}, {V}])",
    "np.broadcast_to({V}, (2, 3))", "({M}) / (2.0 + ({M}) ** 2)", "(({M}) @ np.outer({V}, {V}))",
    "({M})[:, ::-1]", "np.sum({M}, axis=0) * ({M})",
)
FROM_MATRIX = {
    FLOAT: (
        "np.sum({M})", "({M}).mean()", "np.max({M}, axis=1)[0]", "np.sum(({M})[:, 1:])",
        "np.einsum('ij,ij->', {M}, {M})", "np.sum(({M})[({M}) > 0.1])",
    ),
    VECTOR: (
        "({M}).sum(axis=0)", "np.mean({M}, axis=0)", "np.max({M}, axis=0)", "({M})[0]",
        "({M})[1, :]", "({M}).T @ np.sum({M}, axis=1)", "np.sum(({M}) * ({V}), axis=0)",
        "({M}).T[:, 0]", "np.ravel({M})[1:4]", "np.sum(({M}) ** 2, axis=-1) @ ({M})",
    ),
    MATRIX: (),
}
COMPARISONS = ("{F} < {F}", "{F} > {F}", "{F} <= {F}", "{F} >= 0.3")
TESTS = (
    "{C} and {C}", "{C} or {C}", "not {C}", "0.0 < {F} < 1.0", "np.all({V} < 1.0)",
    "not ({C} and {C})",
)
INT_TESTS = ("{N} > 1", "{N} == 0", "{N} % 2 == 0", "{N} < 3 and {C}", "{N}")
