"""The grammar of Core, a subset of Python in strict SSA form with structured control flow.

    function  = name(params): block; return operand
    block     = statement*
    statement = targets = op(operand, ...)                     Let: one operation
              | if operand: block else: block; phis            If
              | for name in range(...): phis; block            For
              | while True: phis; block; if not c: break; ...  While
                (the block of either may end with ``if stop: break``)
              | Python that no active value flows through      Effect
    operand   = name | constant | global | (operand, ...) | lower:upper:step

Each name is assigned once; a phi at a join (If) or at a header (For, While) merges names.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adxform.core.constant import constant, constant_by_value
from adxform.core.operands import (  # operands are part of the grammar: found here, too
    NONE as NONE,
)
from adxform.core.operands import (
    UNDEFINED as UNDEFINED,
)
from adxform.core.operands import (
    UNKNOWN as UNKNOWN,
)
from adxform.core.operands import (
    Const as Const,
)
from adxform.core.operands import (
    Global as Global,
)
from adxform.core.operands import (
    Operand as Operand,
)
from adxform.core.operands import (
    Slice as Slice,
)
from adxform.core.operands import (
    Tuple as Tuple,
)
from adxform.core.operands import (
    Var as Var,
)
from adxform.core.operands import (
    leaves as leaves,
)
from adxform.core.operands import (
    names_in as names_in,
)
from adxform.core.operands import (
    parts_of as parts_of,
)
from adxform.core.operands import (
    same_places as same_places,
)
from adxform.core.operands import (
    substitute as substitute,
)
from adxform.core.operands import (
    uses as uses,
)
from adxform.errors import Diagnostic, Location


@constant_by_value
class Origin:
    """The user's statement that Core came from; ``text`` is its source, quoted in comments.

    ``role`` says what was made of it: primal, tangent or adjoint.
    """

    text: str
    location: Location | None = None
    role: str = "primal"


@dataclass(frozen=True, eq=False, slots=True)
class Primitive:
    """An operation with a fixed meaning; its derivative is in the rule table under ``name``.

    ``style`` says how a use is printed (call, infix, unary, compare, method, attribute,
    subscript, tuple); ``text`` is the function, operator or attribute printed.
    ``variadic`` names the last parameter where it collects the rest (``*operands``).
    ``fresh`` is true when a result array shares memory with no operand.
    """

    name: str
    style: str
    text: str
    params: tuple[str, ...]
    defaults: tuple[tuple[str, Operand], ...] = ()
    keyword_only: frozenset[str] = frozenset()
    variadic: str | None = None
    infer: Callable[..., Any] | None = None
    evaluate: Callable[..., Any] | None = None
    fresh: bool = True
    cheap: bool = False

    @property
    def augments(self) -> bool:
        """Whether it is an augmented assignment, such as ``x += y``."""
        return self.name.startswith("augment.")

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass(eq=False, slots=True, weakref_slot=True)
class Callee:
    """A user's function (or a part of its derivative), called from Core by name.

    ``types`` are those of the names in a derivative's part, ``file`` is where a user's function
    is defined. ``takes`` are the places of results that are in memory which the function takes
    over, and of the arguments that gave it.
    """

    name: str
    function: Function | None = None
    types: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    takes: tuple[tuple[int, int], ...] = ()

    def __repr__(self) -> str:
        return f"<function {self.name}>"


@dataclass(frozen=True, eq=False, slots=True)
class Opaque:
    """A Python expression carried verbatim; ``reads`` are its free names, one per argument.

    A ``pure`` one may be dropped or moved; ``boolean`` ones have no derivative by their type.
    ``callee`` is the dotted name of the function, where the expression is its call; ``reason`` says
    why no rule fits; ``known`` is the type that the signature decides; ``changes`` as of Effect.
    """

    tree: ast.expr
    reads: tuple[str, ...]
    pure: bool = False
    boolean: bool = False
    callee: str = ""
    known: Any = None
    reason: str = ""
    changes: frozenset[str] = frozenset()


NOT_FOLLOWED = "what is done with this object is not followed"  # the reason of an Opaque
Op = Primitive | Callee | Opaque


@dataclass(init=False, eq=False, slots=True)  # made and asked most often: what is asked is kept
class Let:
    """``targets = op(args)``; only a Callee has more than one target.

    It is never changed; ``reads`` are the names that it reads.
    """

    targets: tuple[str, ...]
    op: Op
    args: tuple[Operand, ...]
    origin: Origin | None = None
    target: str = field(init=False, repr=False)
    reads: list[str] = field(init=False, repr=False)

    def __init__(
        self,
        targets: tuple[str, ...],
        op: Op,
        args: tuple[Operand, ...],
        origin: Origin | None = None,
    ) -> None:
        self.targets = targets
        self.op = op
        self.args = args
        self.origin = origin
        self.target = targets[0] if targets else ""
        self.reads = uses(args)


@constant
class Phi:
    """``target = phi(first, second)``: (then, else) after an If, (before, next) in a loop."""

    target: str
    first: Operand
    second: Operand


@constant
class If:
    """A branch; ``mirror`` is the forward branch that a reverse branch retraces."""

    test: Operand
    then: Block
    orelse: Block
    phis: tuple[Phi, ...] = ()
    origin: Origin | None = None
    mirror: Stmt | None = None


@constant
class For:
    """A loop over ``range(*bounds)``, or over that range reversed; in any order if ``parallel``.

    ``stop`` is tested at the end of each iteration, after the phis have their next values.
    """

    index: str
    bounds: tuple[Operand, ...]
    phis: tuple[Phi, ...]
    body: Block
    reverse: bool = False
    origin: Origin | None = None
    mirror: Stmt | None = None
    stop: Operand | None = None
    parallel: bool = False

    @property
    def start(self) -> Operand:
        return self.bounds[0] if len(self.bounds) > 1 else Const(0)

    @property
    def step(self) -> Operand:
        return self.bounds[2] if len(self.bounds) > 2 else Const(1)


@constant
class While:
    """``while True: phis; head; if not test: break; body``, with a ``stop`` as in For."""

    phis: tuple[Phi, ...]
    head: Block
    test: Operand
    body: Block
    origin: Origin | None = None
    stop: Operand | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """A Python statement carried verbatim.

    ``reads`` maps each free name of ``tree`` to its operand and ``writes`` each name that it
    binds to the name Core gives the new value. ``harmless`` ones (print, raise) change nothing.
    ``known`` are the types of new values, ``changes`` attributes whose arrays may be written to.
    """

    tree: ast.stmt
    reads: tuple[tuple[str, Operand], ...]
    writes: tuple[tuple[str, str], ...] = ()
    harmless: bool = False
    origin: Origin | None = None
    known: tuple[tuple[str, Any], ...] = ()
    changes: frozenset[str] = frozenset()


Stmt = Let | If | For | While | Effect
Block = tuple[Stmt, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Param:
    """A parameter; ``default`` is printed as it stands, ``annotation`` is source text."""

    name: str
    default: Operand | None = None
    annotation: str | None = None
    keyword_only: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function in Core.

    ``bases`` maps a name to what the user calls the variable; names that are missing there are
    the compiler's own. ``spellings`` maps a canonical prefix (``np``) to how the user spells it.
    Where the user's parameters are containers, ``params`` are what they hold, and ``given`` the
    user's own parameters, each with its structure. A ``derived`` one's names are values only: which
    memory they share was checked in the function that it is derived from. ``cotangents`` says of
    which value a cotangent is that the user has no name for. ``doubts`` say why objects that it
    makes are not followed. ``owned`` are parameters whose memory callers leave to it.
    """

    name: str
    params: tuple[Param, ...]
    body: Block
    result: Operand
    bases: dict[str, str]
    doc: str | None = None
    origin: Origin | None = None
    spellings: dict[str, str] = field(default_factory=dict)
    given: tuple[tuple[Param, Operand], ...] = ()
    derived: bool = False
    cotangents: dict[str, str] = field(default_factory=dict)
    doubts: tuple[Diagnostic, ...] = ()
    owned: frozenset[str] = frozenset()

    def leaves_of(self, place: int) -> list[str]:
        """The parameters here that hold the user's parameter at ``place``."""
        if not self.given:
            return [self.params[place].name]
        return list(names_in(self.given[place][1]))

    @property
    def shapes(self) -> tuple[Operand, ...]:
        """The structures of the user's parameters, their leaves being parameters here."""
        return tuple(map(self.shape_of, range(len(self.given or self.params))))

    def shape_of(self, place: int) -> Operand:
        """The structure of the user's parameter at ``place``, its leaves being parameters here."""
        return self.given[place][1] if self.given else Var(self.params[place].name)


def reads_of(stmt: Stmt) -> list[str]:
    """The names that a statement itself reads, its nested blocks and phis left out."""
    if type(stmt) is Let:
        return stmt.reads
    match stmt:
        case If():
            return uses((stmt.test,))
        case For():
            return uses(stmt.bounds)
        case Effect():
            return uses([operand for _, operand in stmt.reads])
        case _:
            return []


def tests_of(stmt: Stmt) -> list[str]:
    """The names that decide, inside a loop, whether it goes on."""
    if type(stmt) is Let:
        return []
    match stmt:
        case For(stop=stop):
            return list(names_in(stop))
        case While(test=test, stop=stop):
            return [*names_in(test), *names_in(stop)]
        case _:
            return []


def blocks_of(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks directly inside a statement, in the order of execution."""
    kind = type(stmt)
    if kind is For:
        return (stmt.body,)  # type: ignore[union-attr]
    if kind is If:
        return stmt.then, stmt.orelse  # type: ignore[union-attr]
    return (stmt.head, stmt.body) if kind is While else ()  # type: ignore[union-attr]


_WITHOUT_PHIS = (Let, Effect)  # most statements are


def phis_of(stmt: Stmt) -> tuple[Phi, ...]:
    """The phis of a branch or loop."""
    return () if type(stmt) in _WITHOUT_PHIS else stmt.phis  # type: ignore[union-attr]


def binds_of(stmt: Stmt) -> list[str]:
    """The names that a statement itself binds, its nested blocks left out."""
    if isinstance(stmt, Let):
        return list(stmt.targets)
    match stmt:
        case Effect():
            return [name for _, name in stmt.writes]
        case For():
            return [stmt.index, *(phi.target for phi in stmt.phis)]
        case _:
            return [phi.target for phi in stmt.phis]


def walk(block: Block) -> list[Stmt]:
    """Every statement of a block and of the blocks within, outer before inner."""
    found: list[Stmt] = []
    _walk(block, found)
    return found


_WITHOUT_BLOCKS = frozenset(_WITHOUT_PHIS)


def _walk(block: Block, found: list[Stmt]) -> None:
    if _WITHOUT_BLOCKS.issuperset(map(type, block)):
        found += block
        return
    for stmt in block:
        found.append(stmt)
        kind = type(stmt)
        if kind is For:
            _walk(stmt.body, found)  # type: ignore[union-attr]
        elif kind is not Let:  # most are, and hold no block
            for inner in blocks_of(stmt):
                _walk(inner, found)
