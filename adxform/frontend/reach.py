"""Which functions of the user's a tree may call, and what their texts see of values from outside.

What a call names is known with what it is given. Beside that, whatever is mentioned may be called:
a function that is handed over, those in a list, a property, the methods that an operator means.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN
from adxform.core.trees import bound_names, nodes
from adxform.frontend.callables import is_library, unwrapped
from adxform.frontend.scope import NOTHING, LiveScope, live_function
from adxform.frontend.seen import Called, Fresh, Seen, Values, is_users_class, is_users_object
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args
from adxform.frontend.watching import is_instance

ITEMS = 64  # of a container from outside that are looked at
_MAKING = frozenset({"__init__", "__new__", "__init_subclass__", "__class_getitem__", "__del__",
                     "__post_init__", "__set_name__", "__getattr__", "__setattr__",
                     "__delattr__", "__getattribute__"})  # fmt: skip
_HOOKS = {ast.Load: "__getattr__", ast.Store: "__setattr__", ast.Del: "__delattr__"}
_ACCESS = {ast.Load: "__get__", ast.Store: "__set__", ast.Del: "__delete__"}
_PROPERTY = {ast.Load: "fget", ast.Store: "fset", ast.Del: "fdel"}
_BY_TEXT = frozenset({"exec", "eval", "globals", "methodcaller"})


def reached(first: Seen, texts: dict[Any, list[Seen]]) -> Iterator[Seen]:
    """A tree, and each text that it may run, once; ``texts`` are those of functions that have been
    called, by how.
    """
    waiting = [first]
    objects: dict[int, Any] = {}
    met: set[Any] = set()
    while waiting:
        seen = waiting.pop()
        yield seen
        if seen.called is None:
            seen.called = [*calls(seen, objects)]
        for called in seen.called:
            key = called.key
            if key not in met:
                met.add(key)
                if key not in texts:
                    texts[key] = [*_inside(called)]
                waiting.extend(texts[key])


def runs_by_text(tree: ast.AST) -> bool:
    """Whether a tree runs, or changes, what only a text tells."""
    return any(
        (isinstance(n, ast.Name) and n.id in _BY_TEXT)
        or (isinstance(n, ast.Attribute) and n.attr in _BY_TEXT)
        for n in nodes(tree)
    )


def nodes_run(*trees: ast.AST) -> list[ast.AST]:
    """The nodes of trees, with those of the texts that they evaluate, where those stand there."""
    found = nodes(*trees)
    for node in [*found]:
        match node:
            case ast.Call(ast.Name("eval" | "exec"), [ast.Constant(str(text)), *_]):
                with suppress(SyntaxError):
                    found += nodes(ast.parse(text))
    return found


def _inside(called: Called) -> Iterator[Seen]:
    """The text of a function that is called, if it is the user's."""
    function = called.function
    source = live_function(function)
    if source is not None:
        yield seen_inside(called, source)


def seen_inside(called: Called, source: SourceFunction) -> Seen:
    """The text of a function that is called, with what its names stand for."""
    inside = nodes(*source.node.body)
    scope, declared = LiveScope(called.function), _declared_names(inside, called.function)
    values = _names(called, source, inside, scope, declared)
    return Seen(source.node, values, scope, declared, installed=is_library(source.text.file))


def _declared_names(inside: list[ast.AST], function: FunctionType) -> frozenset[str]:
    """The names that a function says to be of the module, or of a function around."""
    free = {*function.__code__.co_freevars}
    found: set[str] = set()
    for part in inside:
        if isinstance(part, ast.Global):
            found.update(part.names)
        elif isinstance(part, ast.Nonlocal):  # in a function inside, perhaps of this one
            found.update(free.intersection(part.names))
    return frozenset(found)


def own_names(
    source: SourceFunction, inside: list[ast.AST], declared: frozenset[str]
) -> set[str]:
    """The names of a function's own variables, and of the parameters of those inside."""
    bound = {a.arg for a in all_args(source.node.args)}
    bound.update(node.arg for node in inside if type(node) is ast.arg)
    return bound.union(*map(bound_names, source.node.body)) - declared


def _names(
    called: Called,
    source: SourceFunction,
    inside: list[ast.AST],
    scope: LiveScope,
    declared: frozenset[str],
) -> Values:
    """What names stand for in a function that is called with some values."""
    args = source.node.args
    places = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    own: dict[str, Any] = dict.fromkeys(own_names(source, inside, declared), UNKNOWN)
    own.update(_defaults(called.function, own))
    own.update(zip(places, called.given, strict=False))  # others are collected, or given by name
    own.update({name: value for name, value in called.named.items() if name in own})

    def value(node: ast.expr) -> Any:
        assert isinstance(node, ast.Name)
        found = own[node.id] if node.id in own else scope.current(node.id)
        return UNKNOWN if found is NOTHING else found

    seen = Seen(source.node, value)
    bound_at = Counter([n.id for n in inside if type(n) is ast.Name and _is_bound(n)])
    for node in inside:
        match node:
            case ast.Assign([ast.Name(name)], made) if bound_at[name] == 1 and name not in places:
                own[name] = seen.value(made)
    own.update((name, UNKNOWN) for name in own if bound_at[name] > 1)
    return value


def _is_bound(node: ast.Name) -> bool:
    return type(node.ctx) is not ast.Load


def _defaults(function: FunctionType, own: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, parameter in inspect.signature(function, follow_wrapped=False).parameters.items():
        if parameter.default is not parameter.empty and name in own:
            yield name, parameter.default


def calls(seen: Seen, objects: dict[int, Any]) -> Iterator[Called]:
    """What a tree may call; ``objects`` are those that have been mentioned. What a package mentions
    it leaves alone, but for what it calls by name.
    """
    exact: set[int] = set()
    met: set[tuple[str, bool]] = set()  # names, and whether they stand where all is known of them
    for node in nodes_run(seen.tree):
        kind = type(node)
        if kind is ast.Name:
            once = node.id, id(node) in exact  # type: ignore[attr-defined]
            if once in met:
                continue
            met.add(once)
        elif kind not in _TELLING:
            continue
        match node:
            case ast.Call():
                for called in exactly(node, seen):
                    exact.add(id(node.func))
                    yield called
            case ast.ClassDef():
                yield from _of_class(node, seen)
            case ast.Attribute(owner, name, context):
                held = seen.value(owner)
                if held is not UNKNOWN:
                    yield from _of_attribute(held, name, type(context))
                elif not seen.installed:
                    for one in [*objects.values()]:
                        yield from _of_any(one, name, type(context))
                exact.add(id(owner))
        if seen.installed:
            continue
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and id(node) not in exact:
            yield from _mentioned(seen.value(node), objects)
        elif isinstance(node, ast.Name):
            _note(seen.value(node), objects)


_TELLING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.ClassDef)  # what may be a call


def _of_class(node: ast.ClassDef, seen: Seen) -> Iterator[Called]:
    """What runs where a class is made: by its bases, its metaclass, and what it holds."""
    bases = [*map(seen.value, node.bases)]
    for base in bases:
        if isinstance(base, type):
            yield from _behind(inspect.getattr_static(base, "__init_subclass__", None), base)
    given = (seen.value(k.value) for k in node.keywords if k.arg == "metaclass")
    for kind in (*given, *map(type, bases)):
        for name in ("__prepare__", "__new__", "__init__"):
            yield from _behind(inspect.getattr_static(kind, name, None))
    for stmt in node.body:
        held = seen.value(stmt.value) if isinstance(stmt, ast.Assign) else None
        if isinstance(held, Fresh):
            yield from _behind(inspect.getattr_static(held.kind, "__set_name__", None), held)


def _note(value: Any, objects: dict[int, Any]) -> None:
    if is_users_object(value):
        objects[id(value)] = value


def exactly(node: ast.Call, seen: Seen) -> Iterator[Called]:
    """The function that a call names, with what it is given."""
    functions = [*_behind(_method(node.func, seen))]
    if not functions:
        return
    given = tuple(map(seen.value, node.args))
    if any(isinstance(arg, ast.Starred) for arg in node.args):
        given = ()
    named = {k.arg: seen.value(k.value) for k in node.keywords if k.arg}
    for called in functions:
        yield Called(called.function, (*called.given, *given), {**called.named, **named})


def _method(node: ast.expr, seen: Seen) -> Any:
    """What is called, a method with its object."""
    match node:
        case ast.Call(ast.Name("getattr"), [owner, called, *_]):
            text = seen.value(called)
            node = ast.Attribute(owner, text, ast.Load()) if isinstance(text, str) else node
    found = seen.value(node)
    match node:
        case ast.Attribute(ast.Call(ast.Name("super"), []), name):
            return _inherited(name, seen)
        case ast.Attribute(owner, name) if isinstance(found, FunctionType | classmethod):
            held = seen.value(owner)
            kept = held.kind if isinstance(held, Fresh) else held
            function: Any = getattr(found, "__func__", found)
            if isinstance(found, classmethod):
                return MethodType(function, kept if isinstance(kept, type) else type(kept))
            own = isinstance(held, type) or name in getattr(held, "__dict__", ())
            return found if own else MethodType(function, held)
    return found


def _inherited(name: str, seen: Seen) -> Any:
    """The method that ``super().name`` means in a method."""
    tree: Any = seen.tree
    if seen.scope is None or not tree.args.args:
        return UNKNOWN
    home, held = seen.scope.current("__class__"), seen.value(ast.Name(tree.args.args[0].arg))
    kind = held.kind if isinstance(held, Fresh) else held if isinstance(held, type) else type(held)
    order = kind.__mro__ if home in kind.__mro__ else getattr(home, "__mro__", ())
    for one in order[1 + order.index(home) :] if order else ():
        if name in vars(one):
            found = getattr(vars(one)[name], "__func__", vars(one)[name])
            return MethodType(found, held) if isinstance(found, FunctionType) else UNKNOWN
    return UNKNOWN


def _of_attribute(held: Any, name: str, context: type[ast.expr_context]) -> Iterator[Called]:
    """What runs where an attribute of an object is read, assigned or deleted."""
    kind = held.kind if isinstance(held, Fresh) else held if isinstance(held, type) else type(held)
    if not is_users_class(kind):
        return
    found = inspect.getattr_static(kind, name, NOTHING)
    if isinstance(found, property):
        yield from _behind(getattr(found, _PROPERTY[context]), held)
    elif isinstance(found, functools.cached_property):
        yield from _behind(found.func, held)
    elif isinstance(found, FunctionType | classmethod | staticmethod):
        yield from _behind(getattr(found, "__func__", found),
                           *(() if isinstance(found, staticmethod) else (held,)))
    elif found is not NOTHING and is_instance(found):
        accessor = inspect.getattr_static(type(found), _ACCESS[context], None)
        yield from _behind(accessor, found, held)
    if found is NOTHING or context is not ast.Load:
        yield from _behind(inspect.getattr_static(kind, _HOOKS[context], None), held)


def _of_any(held: Any, name: str, context: type[ast.expr_context]) -> Iterator[Called]:
    """What runs where an attribute is read of what may be an object, or that as its base class."""
    yield from _of_attribute(held, name, context)
    for kind in type(held).__mro__[1:]:
        found = vars(kind).get(name) if is_users_class(kind) else None
        if isinstance(found, FunctionType):
            yield from _behind(found, held)


def _mentioned(value: Any, objects: dict[int, Any], depth: int = 2) -> Iterator[Called]:
    """What may be called of a value that a tree has."""
    if is_users_object(value):
        objects[id(value)] = value
        for kind in type(value).__mro__:
            for name, found in vars(kind).items() if is_users_class(kind) else ():
                if name.startswith("__") and name not in _MAKING and _is_own(found):
                    yield from _behind(found, value)
    elif isinstance(value, list | tuple | dict | set | frozenset) and depth:
        items = value.values() if isinstance(value, dict) else value
        for item in list(items)[:ITEMS]:
            yield from _mentioned(item, objects, depth - 1)
    elif value is not UNKNOWN:
        yield from _behind(value)


def _behind(value: Any, *given: Any) -> Iterator[Called]:
    """The functions of the user's that a callable runs."""
    value = unwrapped(value)
    if isinstance(value, functools.partial):
        for called in _behind(value.func):
            yield Called(called.function, (*value.args, *given), dict(value.keywords))
    elif isinstance(value, MethodType):
        yield from _behind(value.__func__, value.__self__, *given)
    elif isinstance(value, np.vectorize):
        yield from _behind(value.pyfunc)
    elif isinstance(value, staticmethod | classmethod):
        yield from _behind(value.__func__, *given)
    elif isinstance(value, FunctionType):
        first = given[0] if given else UNKNOWN
        method = isinstance(first, Fresh) or is_users_object(first)
        if method or not is_library(value.__code__.co_filename):
            yield Called(value, given)
        wrapped = getattr(value, "__wrapped__", None)
        if wrapped is not None:
            yield from _behind(wrapped, *given)
    elif is_users_class(value):
        for name in ("__new__", "__init__", "__post_init__"):
            found = inspect.getattr_static(value, name, None)
            if isinstance(found, FunctionType):
                yield from _behind(found, Fresh(value), *given)
    elif isinstance(value, Fresh) or is_users_object(value):
        kind = value.kind if isinstance(value, Fresh) else type(value)
        call = inspect.getattr_static(kind, "__call__", None)
        if isinstance(call, FunctionType):
            yield from _behind(call, value, *given)


def _is_own(found: Any) -> bool:
    """Whether a method is of no package: operators of those leave alone what others hold."""
    code = getattr(found, "__code__", None)
    return code is None or not is_library(code.co_filename)
