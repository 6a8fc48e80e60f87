"""What lowering a function and those that it calls has in common: the functions met, signatures."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from adxform.core.changes import ANY_ATTRIBUTE
from adxform.core.ir import (
    NONE,
    Callee,
    Const,
    Function,
    Global,
    Operand,
    Param,
    Tuple,
)
from adxform.core.trees import nodes_around
from adxform.core.types import Struct, Type
from adxform.errors import Diagnostic, InternalError, UnsupportedError
from adxform.frontend.nesting import refusing_depth
from adxform.frontend.source import SourceFunction
from adxform.frontend.watching import Place, is_instance, places

ATTEMPTS = 200  # to lower a function, each with more known of functions that call themselves
TRIES = 4  # structures that the result of a function that calls itself may be assumed to have
MIXED = Global("mixed")  # a variable that is a tuple on one path only: it may not be read


State = tuple[dict[Any, Callee], set[str], dict[int, tuple[Function, list[Type]]]]


class Again(Exception):
    """Something has come to light for which all is to be lowered again."""


class Grows(Exception):
    """A list that an object holds has different lengths on two paths, inside a loop."""

    def __init__(self, token: int, name: str) -> None:
        super().__init__(name)
        self.slot = token, name


_Told = TypeVar("_Told")


@dataclass
class Program:
    """The functions lowered so far, so that each is lowered once.

    Of the functions that call themselves (``recursive``, ``deep`` if objects do not end that):
    ``shared`` are the types that all calls have in common, ``assumed`` the structure of a result
    that is no single value, and ``awaited`` the functions behind the results that were given a name
    while it was not known.

    ``changed`` are the tokens of the containers that are changed, one change after the other,
    ``defaults`` what functions inside take where they are given nothing, and what partials hold,
    ``closures`` the functions made inside others.

    ``settings`` are dictionaries from outside of which a number or an array is read by a key,
    ``tables`` are the containers of functions that are not made by the functions at hand,
    ``scopes`` are those of all functions met, ``attributes`` where the attributes are kept that
    lowering has relied on; ``asking`` says which functions look at nothing but types,
    ``written`` which attributes from outside the functions themselves write to.

    ``verbatim`` are the places where objects are made that cannot be followed, with the reasons,
    ``contexts`` those of ``with`` and ``try`` statements that active values may go through, with
    the reasons why some cannot be said in other words; ``met`` are those that are carried along,
    and ``passed`` tells through which of them active values go.

    ``effects`` are the calls that have changed something, as often as they were lowered,
    ``displays`` the containers written out that call something.

    ``trees`` are desugared functions, for as many calls as are written out, ``listings`` generators
    as functions that return lists, ``texts`` what the texts of functions tell, ``reached`` those
    of functions that statements carried verbatim may call, by how.

    ``derive`` makes derivatives that are called inside, with ``names`` that differ from others'.

    ``conflicts`` tells whether writes of a function whose parameters are of the types ``given``
    are seen under other names. Where it is ``doubtful`` that these names are those of arrays, the
    function is lowered again, ``dispatching`` on what they turn out to be.
    """

    inline: bool = True
    callees: dict[Any, Callee] = field(default_factory=dict)
    open: list[Any] = field(default_factory=list)
    next_key: Any = None
    origins: dict[Any, SourceFunction] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    root: SourceFunction | None = None
    objects: dict[int, Any] = field(default_factory=dict)
    settings: dict[tuple[int, str], dict[Any, Any]] = field(default_factory=dict)  # by id, key
    tables: dict[int, Any] = field(default_factory=dict)  # by id
    scopes: dict[int, Any] = field(default_factory=dict)  # by id
    attributes: dict[tuple[int, str], list[Place]] = field(default_factory=dict)
    asking: dict[Any, bool] = field(default_factory=dict)
    written: dict[tuple[int, str], Any] = field(default_factory=dict)
    lowerers: list[Any] = field(default_factory=list)
    outer: dict[str, Any] = field(default_factory=dict)
    recursive: set[Any] = field(default_factory=set)
    shared: dict[Any, dict[str, Type]] = field(default_factory=dict)
    assumed: dict[Any, Operand] = field(default_factory=dict)
    awaited: dict[Any, Any] = field(default_factory=dict)
    changed: list[frozenset[int]] = field(default_factory=list)
    defaults: list[Operand] = field(default_factory=list)
    closures: list[Any] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    derive: Any = None
    conflicts: Callable[[Function, dict[str, Type]], bool] | None = None
    given: dict[str, Type] = field(default_factory=dict)
    doubtful: bool = False
    dispatching: bool = False
    tuples: bool = False
    rows: bool = False
    derived: dict[Any, Any] = field(default_factory=dict)
    tries: dict[Any, int] = field(default_factory=dict)
    results: dict[int, tuple[Function, list[Type]]] = field(default_factory=dict)  # by id
    trees: dict[tuple[Any, ...], Any] = field(default_factory=dict)  # by id
    verbatim: dict[Any, Diagnostic] = field(default_factory=dict)
    contexts: dict[Any, Diagnostic | None] = field(default_factory=dict)
    met: set[Any] = field(default_factory=set)
    passed: Callable[[Function, dict[str, Type]], Iterable[Any]] | None = None
    deep: set[Any] = field(default_factory=set)
    displays: dict[Any, Any] = field(default_factory=dict)
    effects: dict[Any, Any] = field(default_factory=dict)
    listings: dict[tuple[int, int], Any] = field(default_factory=dict)  # by id
    texts: dict[Any, Any] = field(default_factory=dict)
    reached: dict[Any, Any] = field(default_factory=dict)

    @contextmanager
    def opening(self, function: SourceFunction) -> Iterator[None]:
        """A function is being lowered."""
        self.watch_scope(function.scope)
        key, self.next_key = self.next_key, None
        self.open.append(key or (function.same,))
        try:
            yield
        finally:
            self.open.pop()

    def spell(self, canonical: str, spelled: str) -> None:
        """Note how the user spells a module or a function, unless that is another's name already:
        functions from two files may have one name for two things.
        """
        if spelled not in self.spelled.values():
            self.spelled.setdefault(canonical, spelled)

    def told(self, ask: Callable[[ast.FunctionDef], _Told], node: ast.FunctionDef) -> _Told:
        """What the text of a function tells, asked once of each."""
        key = ask, node
        if key not in self.texts:
            self.texts[key] = ask(node)
        told: _Told = self.texts[key]
        return told

    def part_name(self, name: str) -> str:
        """A name for a function of Core that no other has."""
        name = name if name.isidentifier() and not keyword.iskeyword(name) else "inner"
        taken = {*self.names, *(callee.name for callee in self.callees.values())}
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        return candidate

    def settled(self, source: SourceFunction, lowering: Callable[[], Function]) -> Function:
        """What lowering gives once all is known of the functions that call themselves."""
        if self.open:  # a function within another
            return lowering()
        state = dict(self.callees), set(self.names), dict(self.results)
        with refusing_depth(source.node, source.text):
            while True:
                try:
                    made = self._dispatched(lowering, state)
                except UnsupportedError:
                    if not self._ask(self.met):
                        raise
                else:
                    passed = () if self.passed is None else self.passed(made, self.given)
                    if not self._ask(passed):
                        return made
                self._reset(state)

    def _ask(self, places: Iterable[Any]) -> bool:
        """Ask for ``with`` and ``try`` statements in other words; whether some are new."""
        new = [place for place in places if place not in self.contexts]
        self.contexts.update(dict.fromkeys(new))
        return bool(new)

    def asks(self, place: Any) -> bool:
        """Whether something has been met that is to be said otherwise, and is so from here on."""
        return place in self.met and self._ask((place,))

    def _dispatched(self, lowering: Callable[[], Function], state: State) -> Function:
        """What lowering gives, dispatching on names that may be those of arrays if need be."""
        self.dispatching = self.doubtful = False
        made = self._repeated(lowering, state)
        if not self.doubtful or self.conflicts is None or not self.conflicts(made, self.given):
            return made
        first = self.callees, set(self.names), self.results
        self._reset(state)
        self.dispatching = True
        with suppress(UnsupportedError):
            again = self._repeated(lowering, state)
            if not self.conflicts(again, self.given):
                return again
        self._reset(first)
        return made

    def _repeated(self, lowering: Callable[[], Function], state: State) -> Function:
        """What lowering gives, done again where it needed to know more."""
        for _ in range(ATTEMPTS):
            try:
                return lowering()
            except Again:
                self._reset(state)
            except UnsupportedError:
                if not self.verbatim:
                    raise
                raise UnsupportedError(*dict.fromkeys(self.verbatim.values())) from None
        raise InternalError("lowering functions that call themselves does not come to an end")

    def _reset(self, state: State) -> None:
        """Forget what was lowered since."""
        callees, names, results = state
        self.callees, self.results = dict(callees), dict(results)
        self.next_key = None
        self.derived.clear()
        self.names.clear()  # which others hold, too
        self.names.update(names)
        self.lowerers.clear()
        self.met.clear()
        self.awaited.clear()

    def assume(self, key: Any, result: Operand) -> None:
        """Take the result of a function that calls itself to have this structure."""
        if form_of(self.assumed.get(key, NONE)) == form_of(result):
            return
        self.tries[key] = self.tries.get(key, 0) + 1
        if self.tries[key] > TRIES:
            source = self.origins[key]
            reason = f"{source.name} calls itself, and what it returns holds ever more values"
            where = source.text.location(source.node)
            raise UnsupportedError(Diagnostic(reason, where, "Return arrays, or a number of values "
                                              "that is always the same."))
        self.assumed[key] = result
        raise Again

    def watch(self, value: Any) -> None:
        """Note an object from outside of which lowering has used more than that it is there."""
        self.objects[id(value)] = value

    def watch_setting(self, settings: dict[Any, Any], key: str) -> None:
        """Note what a dictionary from outside holds, of which lowering has used the kind."""
        self.settings[id(settings), key] = settings

    def note_written(self, container: Any) -> None:
        """Note a container from outside that the functions themselves change: what it holds is not
        known.
        """
        self.written[id(container), ""] = container
        settings = {k: v for k, v in self.settings.items() if v is not container}
        if len(settings) < len(self.settings):
            self.settings = settings
            raise Again

    def watch_scope(self, scope: Any) -> None:
        """Note the scope of a function whose names lowering relies on."""
        self.scopes[id(scope)] = scope

    def require_facts_since(self, before: Collection[tuple[int, str]]) -> None:
        """Lower again where an iteration assigns an attribute that was taken for a fact before:
        it is none in the next one.
        """
        new = {name for _, name in self.written.keys() - before}
        known = {name for _, name in self.attributes}
        if ANY_ATTRIBUTE in new or not new.isdisjoint(known):
            raise Again

    def watch_attribute(self, owner: Any, name: str) -> None:
        """Note an attribute from outside that lowering has relied on."""
        if (id(owner), name) not in self.attributes:
            self.attributes[id(owner), name] = [*places(owner, name)]
            if is_instance(owner):
                self.watch(owner)


def new_containers(value: Operand) -> Operand:
    """A container that nothing else holds, and that holds such."""
    if not isinstance(value, Tuple):
        return value
    return Tuple(tuple(map(new_containers, value.items)), value.form)


def form_of(operand: Operand) -> Any:
    """The structure of an operand, whatever its leaves are."""
    if isinstance(operand, Tuple):
        return operand.form, *map(form_of, operand.items)
    return None


def refuse_generator(source: SourceFunction) -> None:
    """Refuse functions that yield."""
    place = yield_of(source.node)
    if place is not None:
        reason = f"{source.name} is a generator: yield is not supported"
        raise UnsupportedError(Diagnostic(reason, source.text.location(place), "Return a list."))


_YIELDS = frozenset({ast.Yield, ast.YieldFrom})
_DEFINED = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})


def yield_of(node: ast.FunctionDef) -> ast.AST | None:
    """Where a function yields."""
    found = nodes_around(node.body, _DEFINED)
    return next((node for node in found if type(node) in _YIELDS), None)


def refuse_collectors(source: SourceFunction, types: dict[str, Type]) -> None:
    """Refuse parameters that collect others where it is not known what they hold."""
    args = source.node.args
    for extra, stars in ((args.vararg, "*"), (args.kwarg, "**")):
        if extra is not None and not isinstance(types.get(extra.arg), Struct):
            raise UnsupportedError(
                Diagnostic(
                    f"{stars}{extra.arg} is not supported where no arguments are known",
                    source.text.location(extra),
                    "Name the parameters.",
                )
            )


def signature_of(source: SourceFunction) -> list[Param]:
    """Every parameter in the order of the signature, with those that collect the rest."""
    args = source.node.args
    params = params_of(source.node)
    positional = [p for p in params if not p.keyword_only]
    keyword = [p for p in params if p.keyword_only]
    rest = [] if args.vararg is None else [Param(args.vararg.arg)]
    named = [] if args.kwarg is None else [Param(args.kwarg.arg)]
    return [*positional, *rest, *keyword, *named]


def params_of(node: ast.FunctionDef) -> tuple[Param, ...]:
    """A function's parameters."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    pairs = [*zip(positional, [*defaults, *args.defaults], strict=True)]
    keyword = [*zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return tuple(
        Param(
            a.arg,
            None if d is None else _default(d),
            None if a.annotation is None else _annotation(a.annotation),
            i >= len(pairs),
        )
        for i, (a, d) in enumerate([*pairs, *keyword])
    )


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node)


def _default(node: ast.expr) -> Operand:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return Global(ast.unparse(node))
    if isinstance(value, int | float | complex | bool | str | None):
        return Const(value)
    return Global(ast.unparse(node), value)
