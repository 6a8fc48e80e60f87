"""What cannot be differentiated is refused, all of it in one error, before anything is made."""

from __future__ import annotations

import ast
from functools import cache

from adxform.analysis.activity import Activity, active_params, analyze
from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.calls import is_foreign
from adxform.core.ir import (
    NOT_FOLLOWED,
    Callee,
    Const,
    Effect,
    Function,
    Let,
    Opaque,
    Primitive,
    Tuple,
    leaves,
    names_in,
    phis_of,
    uses,
    walk,
)
from adxform.core.types import (
    Array,
    Inert,
    Known,
    ListOf,
    Slicing,
    Struct,
    Unknown,
    dims_of,
    is_float,
)
from adxform.differentiate.refuse_complex import complex_refusals
from adxform.differentiate.refuse_rows import row_refusals
from adxform.differentiate.refuse_writes import conflicts, held_constant, refusal
from adxform.errors import AdxformError, Diagnostic, MissingRuleError, UnsupportedError, combine
from adxform.rules.iterations import HINTS


def check(function: Function, activity: Activity, types: Types, reverse: bool = False) -> None:
    """Raise for every active statement that has no derivative here, or none in ``reverse``.

    Raises
    ------
    MissingRuleError, UnsupportedError
        With one diagnostic for each place.
    """
    errors: list[AdxformError] = []
    for stmt in walk(function.body):
        if errors and function.doubts:
            raise UnsupportedError(*function.doubts)
        if type(stmt) is Let and type(stmt.op) is Primitive and not _is_asked(stmt.op):
            continue  # as most are
        if isinstance(stmt, Let) and isinstance(stmt.op, Opaque):
            errors.extend(_opaque(function, stmt, stmt.op, activity))
        elif isinstance(stmt, Let) and isinstance(stmt.op, Primitive):
            if stmt.op.name == "[]":
                errors.extend(_index(function, stmt, activity, types))
                if reverse:
                    errors.extend(_key(function, stmt, activity, types))
            elif stmt.op.name == "row":
                errors.extend(_ragged(stmt, types))
            elif stmt.op.name == "append" and isinstance(stmt.args[2], Tuple):
                errors.extend(_kept_tuple(function, stmt, activity))
            elif stmt.op.name == "update" and not function.derived:
                errors.extend(_part_of_list(stmt, activity, types))
            elif stmt.op.text in _OF_LISTS and stmt.op.style == "infix":
                errors.extend(_list_operator(stmt, activity, types))
            elif stmt.op.style == "method" and not function.derived:
                errors.extend(_method(function, stmt, stmt.op, activity, types))
        elif isinstance(stmt, Let) and isinstance(stmt.op, Callee):
            errors.extend(_unread_call(stmt, stmt.op, activity))
        elif isinstance(stmt, Effect):
            errors.extend(_effect(function, stmt, activity))
    if function.doubts and _touched(function, activity):
        raise UnsupportedError(*function.doubts)
    errors.extend(_unknown_containers(function, activity, types))
    errors.extend(complex_refusals(function, activity, types))
    if not function.derived:
        errors.extend(row_refusals(function, types))
        errors.extend(conflicts(function, activity, types))
        seen = set[Callee]()
        for stmt in walk(function.body):
            if type(stmt) is not Let or type(stmt.op) is not Callee:
                continue
            if not any(name in activity for name in stmt.targets):
                errors.extend(held_constant(stmt, types, seen))
    if errors:
        raise combine(errors)


def _unknown_containers(
    function: Function, activity: Activity, types: Types
) -> list[AdxformError]:
    """What is given something active, but is a dictionary whose keys only running tells, or held
    nothing that has a derivative when it was handed over: its cotangent cannot be made.
    """
    holding_none = {name for name, known in types.items() if isinstance(known, Inert)}
    errors = _given_active(function, activity, _plain_dictionaries(function), (
        "which keys this dictionary has is not known before it runs",
        "Keep the numbers in an array, or in a list, by their places."))
    return [*errors, *_given_active(function, activity, holding_none, (
        "what is changed here held nothing that has a derivative, and is given something that has",
        "Make the list or the dictionary here, or hand one over that holds floating numbers."))]


_MAKERS = ("dict", "dict.fromkeys", "collections.Counter", "collections.OrderedDict",
           "collections.defaultdict", "array.array")


def _plain_dictionaries(function: Function) -> set[str]:
    """The dictionaries, and the like, that are made as Python's own."""
    found: set[str] = set()
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and isinstance(stmt.op, Opaque):
            made = stmt.op.tree
            plain = isinstance(made, ast.Call) and stmt.op.callee in _MAKERS
            if plain or isinstance(made, ast.Dict | ast.DictComp):
                found.update(stmt.targets)
    return found


def _given_active(
    function: Function, activity: Activity, found: set[str], words: tuple[str, str]
) -> list[AdxformError]:
    """The changes by which some containers, under whatever name, are given what is active."""
    errors: dict[int, AdxformError] = {}
    known = -1
    while len(found) > known and found:
        known = len(found)
        for stmt in walk(function.body):
            for phi in phis_of(stmt):
                if not found.isdisjoint((*names_in(phi.first), *names_in(phi.second))):
                    found.add(phi.target)
            if isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and (
                stmt.op.name == "update" and not found.isdisjoint(names_in(stmt.args[0]))
            ):
                found.update(stmt.targets)
                if stmt.targets[0] in activity:
                    errors[id(stmt)] = refusal(words[0], stmt.origin, words[1])
    return [*errors.values()]


def _opaque(function: Function, stmt: Let, op: Opaque, activity: Activity) -> list[AdxformError]:
    active = [function.bases.get(n, n) for n in stmt.reads if n in activity.varied]
    if op.boolean or not active or stmt.target not in activity.useful:
        return []
    location = getattr(op.tree, "_location", None)
    name = active[0]
    if op.callee:
        reason = op.reason or f"no derivative rule for {op.callee}"
        hint = HINTS.get(op.callee) or (
            f"Write a rule (adxform.rules), or hold {name} constant with stop_gradient({name})."
        )
        hint = f"{name} is active here. {hint}"
        return [MissingRuleError(Diagnostic(reason, location, hint))]
    kind = type(getattr(op.tree, "_gone_over", op.tree)).__name__
    reason = f"{_CALLED.get(kind, kind)} over an active value is not supported yet"
    hint = f"{name} is active here. Say it with assignments, if and for."
    return [UnsupportedError(Diagnostic(reason, location, hint))]


def _index(function: Function, stmt: Let, activity: Activity, types: Types) -> list[AdxformError]:
    """A real number may be a key, but what is found under it says nothing of its neighbours."""
    found: list[AdxformError] = []
    for name in names_in(stmt.args[1]):
        dtype = getattr(types.get(name), "dtype", None)
        if name in activity.varied and dtype and is_float(dtype) and stmt.target in activity.useful:
            reason = f"{function.bases.get(name, name)} is active, and used as an index here"
            hint = "Make an integer of it, e.g. by int(...), which is held constant."
            found.append(refusal(reason, stmt.origin, hint))
    return found


def _key(function: Function, stmt: Let, activity: Activity, types: Types) -> list[AdxformError]:
    """A key of what may be a dictionary: its cotangent has the same keys, which nobody told."""
    base, key = stmt.args
    names = [n for n in names_in(base) if n in activity.varied]
    is_key = isinstance(key, Const) and isinstance(key.value, str)
    if not (names and is_key) or isinstance(type_of(base, types), Array):
        return []
    if stmt.target not in activity.useful:
        return []
    label = function.bases.get(names[0], names[0])
    reason = f"the keys of {label}, which its cotangent needs, are not known from the text alone"
    hint = (
        f"Differentiate the live function, e.g. by adxform.grad, where {label} is seen, or pass "
        "the arrays it holds as parameters of their own."
    )
    return [refusal(reason, stmt.origin, hint)]


_OF_LISTS = ("Add", "Mult")  # what Python's lists understand, too


@cache
def _is_asked(op: Primitive) -> bool:
    """Whether some uses of an operation have no derivative here."""
    joins = op.text in _OF_LISTS and op.style == "infix"
    return joins or op.style == "method" or op.name in ("[]", "row", "append", "update")


def _list_operator(stmt: Let, activity: Activity, types: Types) -> list[AdxformError]:
    """An operator between a list and what may be no array: it may join, or repeat."""
    known = [type_of(arg, types) for arg in stmt.args]
    lists = [isinstance(t, Struct | ListOf) for t in known]
    if not any(lists) or any(isinstance(t, Array) for t in known):
        return []
    if stmt.target not in activity.useful or not any(map(activity.operand, stmt.args)):
        return []
    reason = "this may join or repeat a list, whose items the derivative follows"
    hint = "Write the items out, or make an array of the list with np.array(...)."
    return [refusal(reason, stmt.origin, hint)]


def _method(
    function: Function, stmt: Let, op: Primitive, activity: Activity, types: Types
) -> list[AdxformError]:
    """A method of what may be no array, but a module (``xp.sum(x)``): its arguments mean others."""
    receiver, *given = stmt.args
    if not isinstance(type_of(receiver, types), Unknown | Inert) or activity.operand(receiver):
        return []
    held = [
        param
        for param, arg in zip(op.params[1:], given, strict=True)
        if param not in active_params(op) and not activity.varied.isdisjoint(names_in(arg))
    ]
    if not held or stmt.target not in activity.useful:
        return []
    reason = f"this may be no array's method: what is active here would be its {held[0]}"
    hint = "Name the module, or differentiate the live function, where it is seen."
    return [refusal(reason, stmt.origin, hint)]


def _ragged(stmt: Let, types: Types) -> list[AdxformError]:
    """A row of arrays of different sizes, which is no array."""
    kinds = [type_of(item, types) for item in leaves(stmt.args[0])]
    known = {dims for dims in map(dims_of, kinds) if dims is not None}
    held = stmt.args[0].items if isinstance(stmt.args[0], Tuple) else ()
    if any(isinstance(item, Tuple) for item in held) and any(
        not isinstance(item, Tuple) for item in held
    ):
        reason = "tuples that hold tuples are put into a list for each item"
    elif any(isinstance(t, Known | Inert) for t in kinds):
        reason = "what is no number is put into a list beside numbers for each item"
    elif len(known) < 2:
        return []
    else:
        reason = (
            "numbers and arrays, or arrays of different sizes, are put into a list for each item")
    return [refusal(reason, stmt.origin, "Make a list for each of the things that it holds.")]


def _kept_tuple(function: Function, stmt: Let, activity: Activity) -> list[AdxformError]:
    """A tuple in a list that a loop fills: what is found there is no number, and no array."""
    active = [n for n in names_in(stmt.args[2]) if n in activity.varied]
    if not active or stmt.target not in activity.useful:
        return []
    label = function.bases.get(active[0], active[0])
    reason = f"a container with {label}, which is active here, is put into a list by a loop"
    hint = "Keep a list for each of the items, or fill an array."
    return [refusal(reason, stmt.origin, hint)]


def _part_of_list(stmt: Let, activity: Activity, types: Types) -> list[AdxformError]:
    """A slice of a list, replaced by a list that may have another length."""
    whole, place = (type_of(arg, types) for arg in stmt.args[:2])
    sliced = isinstance(whole, ListOf) and isinstance(place, Slicing)
    if not sliced or not any(map(activity.operand, stmt.args)):
        return []
    reason = "a slice of a list is replaced here, whose items the derivative follows"
    hint = "Replace the items one by one, or join what stays with what is new."
    return [refusal(reason, stmt.origin, hint)]


def _touched(function: Function, activity: Activity) -> bool:
    """Whether an active value may get into an object that is made here and not followed."""
    objects: set[str] = set()
    for _ in range(2):  # once more for what a loop carries
        for stmt in walk(function.body):
            for phi in phis_of(stmt):
                if not objects.isdisjoint(names_in(Tuple((phi.first, phi.second)))):
                    objects.add(phi.target)
            if isinstance(stmt, Let):
                made = isinstance(stmt.op, Opaque) and stmt.op.reason == NOT_FOLLOWED
                if made or not objects.isdisjoint(stmt.reads):
                    objects.update(stmt.targets)
    for stmt in walk(function.body):
        opaque = isinstance(stmt, Let) and isinstance(stmt.op, Opaque) and not stmt.op.pure
        read = stmt.reads if opaque else (  # type: ignore[union-attr]
            uses([o for _, o in stmt.reads]) if isinstance(stmt, Effect) else [])
        if not objects.isdisjoint(read) and not activity.varied.isdisjoint(read):
            return True
    return False


def _effect(function: Function, stmt: Effect, activity: Activity) -> list[AdxformError]:
    if stmt.harmless:
        return []
    active = [
        function.bases.get(n, n)
        for _, operand in stmt.reads
        for n in names_in(operand)
        if n in activity.varied
    ]
    if not active:
        return []
    kind = {"Expr": "expression"}.get(kind := type(stmt.tree).__name__, f"{kind.lower()} statement")
    why: Diagnostic | None = getattr(stmt.tree, "_why", None)
    if why is not None:
        return [UnsupportedError(why)]
    reason = f"this {kind} may change {active[0]}, which is active here"
    return [refusal(reason, stmt.origin, "Move the active part out of it.")]


def _unread_call(
    stmt: Let, op: Callee, activity: Activity, around: tuple[Callee, ...] = ()
) -> list[AdxformError]:
    """A call whose result nothing needs may still write to an array, by what it does itself."""
    unread = not any(target in activity.useful for target in stmt.targets)
    if op.function is None or op in around or not unread or not is_foreign(stmt):
        return []
    params = zip(op.function.params, stmt.args, strict=True)
    wrt = tuple(p.name for p, arg in params if any(n in activity.varied for n in names_in(arg)))
    inner = analyze(op.function, wrt, {})
    errors: list[AdxformError] = []
    for part in walk(op.function.body) if wrt else ():
        if isinstance(part, Effect):
            errors.extend(_effect(op.function, part, inner))
        elif isinstance(part, Let) and isinstance(part.op, Callee):
            errors.extend(_unread_call(part, part.op, inner, (*around, op)))
    return errors


_CALLED = {
    "Attribute": "an attribute",
    "BinOp": "a text that is put together",
    "Dict": "a dictionary",
    "DictComp": "a dictionary comprehension",
    "GeneratorExp": "a generator expression",
    "JoinedStr": "an f-string",
    "Lambda": "a lambda",
    "ListComp": "a list comprehension",
    "Set": "a set",
    "SetComp": "a set comprehension",
    "Starred": "a starred expression",
}
