"""Numbers that Numba has otherwise than Python and NumPy: said so that they are alike, or refused.

Python's integers have any length, Numba's 64 bits: what takes more raises an error, upon which
plain NumPy runs. NumPy's short integers stay as short as they are, its booleans add up to booleans,
and what is computed of its float32 and of Python's numbers is float32.
"""

from __future__ import annotations

import ast

import numpy as np

from adxform.backends.numba.large import Large, arithmetic_of, is_integer
from adxform.backends.numba.shapes import raise_where
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    Const,
    For,
    Global,
    Let,
    Opaque,
    Operand,
    Var,
    While,
    uses,
)
from adxform.core.raising import raise_if
from adxform.core.types import Array, Scalar, Type, wraps
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES

LIMIT = Const(9.2e18)  # the largest number of 64 bits is a little more
WIDTH = "an integer takes more than 64 bits"
ARITHMETIC = frozenset(
    {"Add", "Sub", "Mult", "FloorDiv", "Mod", "Pow", "LShift", "BitAnd", "BitOr", "BitXor", "USub",
     "Invert"}
)  # fmt: skip
OF_BOOLEANS = {"Add": "np.logical_or", "Mult": "np.logical_and"}
SINGLE = frozenset(
    {"Add", "Sub", "Mult", "Div", "Mod", "FloorDiv", "Eq", "NotEq", "Lt", "LtE", "Gt", "GtE",
     "np.clip", ".clip()", "np.maximum", "np.minimum", "max", "min", "np.divide", "np.less",
     "np.less_equal", "np.greater", "np.greater_equal", "np.equal", "np.not_equal", "np.where"}
)  # fmt: skip
TO_INTEGERS = frozenset({"int", "math.floor", "math.ceil", "math.trunc", "round"})


class Exact(Rewriter):
    """Rewrites arithmetic; ``large`` knows which of Python's integers may become long."""

    def __init__(self, builder: Builder, large: Large) -> None:
        super().__init__(builder)
        self.large = large
        self.depth = 0
        self.positive: set[Operand] = set()  # the bounds of loops around, which count up from 0

    def loop(self, stmt: For | While) -> None:
        if isinstance(stmt, For) and any(map(self.is_floating, stmt.bounds)):
            reason = "'float' object cannot be interpreted as an integer"
            raise_if(self.builder, Const(True), "TypeError", reason)
        outer = self.depth, self.positive
        self.depth += 1
        if isinstance(stmt, For) and len(stmt.bounds) == 1:
            self.positive = {*self.positive, self.sub(stmt.bounds[0])}
        super().loop(stmt)
        self.depth, self.positive = outer

    def is_floating(self, operand: Operand) -> bool:
        """Whether a number is a floating one, which Numba would cut off."""
        return str(getattr(self.type(operand), "dtype", "")).startswith("float")

    def let(self, stmt: Let) -> None:
        how = arithmetic_of(stmt)
        if not how or len(stmt.targets) != 1:
            self.builder.append(stmt)
            return
        self.builder.origin = stmt.origin
        made, types = self.type(stmt.target), [self.type(arg) for arg in stmt.args]
        if how in TO_INTEGERS:
            self.keep_finite(stmt)
        elif is_integer(made) and how in ("FloorDiv", "Mod"):
            self.keep_divided(stmt)
        elif how == "Pow" and all(map(_is_whole, types)):
            self.keep_power(stmt.args[1])
        elif is_integer(made) and how in ("LShift", "RShift"):
            self.keep_shifted(stmt.args[1])
        if how == "Invert" and is_integer(made):
            number = RULES["op.Sub"].primitive  # of a boolean, too
            self.builder.append(Let(stmt.targets, number, (Const(-1), *stmt.args), stmt.origin))
        elif how in ARITHMETIC and getattr(made, "dtype", None) == "bool":
            self.of_booleans(stmt, how, types)
        elif how in ARITHMETIC and (dtype := short(made)):
            self.short(stmt, made, dtype)
        elif how in SINGLE and any(map(is_single, types)):
            self.builder.append(self.single(stmt, types))
        else:
            self.builder.append(stmt)
            if is_integer(made) and self.large.asked(stmt, how, self.depth):
                self.keep_narrow(stmt, how)

    def type(self, operand: Operand | str) -> Type:
        named = Var(operand) if isinstance(operand, str) else operand
        return type_of(named, self.builder.types)

    # --- integers of Python -------------------------------------------------------------------

    def floating(self, operand: Operand) -> Operand:
        if isinstance(operand, Const):
            return Const(float(operand.value))
        return self.emit("np.float64", operand)

    def keep_narrow(self, stmt: Let, how: str) -> None:
        """Raise an error where a number is not what Numba makes of it, for want of bits."""
        one, other = stmt.args
        most = _most(one, how)
        if most is not None:
            raise_where(self.builder, ("op.Gt", other, Const(most)), "OverflowError", WIDTH)
            return
        if how == "LShift":
            how, other = "Mult", self.emit("op.Pow", Const(2.0), other)
        about = self.emit("abs", self.emit(f"op.{how}", self.floating(one), other))
        raise_where(self.builder, ("op.Gt", about, LIMIT), "OverflowError", WIDTH)

    def keep_finite(self, stmt: Let) -> None:
        """The same of a floating number that becomes an integer."""
        number = stmt.args[0]
        if str(getattr(self.type(number), "dtype", "")).startswith("float"):
            fits = self.emit("op.Lt", self.emit("abs", number), LIMIT)
            raise_if(self.builder, self.emit("op.Not", fits), "OverflowError", WIDTH)  # nor nan

    def keep_divided(self, stmt: Let) -> None:
        """Raise an error where an integer is divided by zero."""
        divisor = stmt.args[1]
        if divisor not in self.positive and not (isinstance(divisor, Const) and divisor.value):
            reason = "integer division or modulo by zero"
            raise_where(self.builder, ("op.Eq", divisor, Const(0)), "ZeroDivisionError", reason)

    def keep_power(self, exponent: Operand) -> None:
        """Raise an error where an integer's power is no integer."""
        if self.large.not_negative(exponent):
            return
        found = self.emit("op.Lt", exponent, Const(0))
        if isinstance(self.type(exponent), Array):
            found = self.emit("np.any", found, Const(None), Const(False))
        reason = "Integers to negative integer powers are not allowed."
        raise_if(self.builder, found, "ValueError", reason)

    def keep_shifted(self, count: Operand) -> None:
        """Raise an error where an integer is shifted the other way."""
        if not self.large.not_negative(count):
            reason = "negative shift count"
            raise_where(self.builder, ("op.Lt", count, Const(0)), "ValueError", reason)

    # --- numbers of NumPy ---------------------------------------------------------------------

    def of_booleans(self, stmt: Let, how: str, types: list[Type]) -> None:
        """Sums and products of booleans are booleans again, if they are NumPy's."""
        numpys = not any(isinstance(t, Scalar) and t.weak for t in types)
        if numpys and how in OF_BOOLEANS:
            stmt = Let(stmt.targets, RULES[OF_BOOLEANS[how]].primitive, stmt.args, stmt.origin)
        elif numpys and how in ("Sub", "USub"):
            raise_if(self.builder, Const(True), "TypeError", "booleans are not subtracted")
        self.builder.append(stmt)

    def short(self, stmt: Let, made: Type, dtype: str) -> None:
        """An operation on short integers, of numbers of their dtype, and cast to it."""
        bounds = np.iinfo(dtype)
        args = list(stmt.args)
        for place, arg in enumerate(args):
            known = self.type(arg)
            if not isinstance(known, Scalar) or not known.weak:
                continue
            if isinstance(arg, Const) and not bounds.min <= arg.value <= bounds.max:
                raise_if(self.builder, Const(True), "OverflowError", WIDTH)
            args[place] = self.cast(arg, dtype)
        whole = self.builder.name(None)
        self.builder.types[whole] = made
        self.builder.append(Let((whole,), stmt.op, tuple(args), stmt.origin))
        if isinstance(made, Array):
            op, kind = RULES[".astype()"].primitive, Global(f"np.{dtype}", canonical=True)
            cast = (Var(whole), kind, Const(True))
            self.builder.append(Let(stmt.targets, op, cast, stmt.origin))
        else:
            self.env[stmt.target] = self.cast(Var(whole), dtype)

    def cast(self, number: Operand, dtype: str) -> Operand:
        """A number of Python, or of more bits, as one of a dtype."""
        names = tuple(uses((number,)))
        text = f"np.{dtype}({names[0] if names else getattr(number, 'value', 0)})"
        op = Opaque(ast.parse(text, mode="eval").body, names, pure=True, known=Scalar(dtype))
        made = self.builder.emit(op, tuple(map(Var, names)))
        self.builder.types[made.name] = Scalar(dtype)
        return made

    def single(self, stmt: Let, types: list[Type]) -> Let:
        """An operation on numbers of float32, those of Python that are not among these made so."""
        args = list(stmt.args)
        for place, (arg, known) in enumerate(zip(args, types, strict=True)):
            weak = isinstance(known, Scalar) and known.weak and known.dtype == "float64"
            if weak and not (isinstance(arg, Const) and float(np.float32(arg.value)) == arg.value):
                args[place] = self.emit("np.float32", arg)
        same = args == list(stmt.args)
        return stmt if same else Let(stmt.targets, stmt.op, tuple(args), stmt.origin)

    def emit(self, how: str, *operands: Operand) -> Operand:
        return self.builder.emit(RULES[how].primitive, operands)


def _most(base: Operand, how: str) -> int | None:
    """The largest power, or shift, of a number that has 64 bits, if it is written out."""
    if not isinstance(base, Const) or how not in ("LShift", "Pow") or abs(base.value) < 2:
        return 62 if base == Const(1) and how == "LShift" else None
    number, step = (base.value, 2) if how == "LShift" else (1, base.value)
    return next(n for n in range(64) if abs(number * step ** (n + 1)) >= 2**63)


def short(t: Type) -> str:
    """The dtype of NumPy's short and unsigned integers; "" of what is none."""
    return str(t.dtype) if isinstance(t, Array | Scalar) and wraps(t) else ""


def is_single(t: Type) -> bool:
    """Whether a value is of NumPy's float32."""
    return isinstance(t, Array | Scalar) and t.dtype == "float32"


def _is_whole(t: Type) -> bool:
    dtype = t.dtype if isinstance(t, Array | Scalar) else None
    return dtype is not None and np.dtype(dtype).kind in "iu"
