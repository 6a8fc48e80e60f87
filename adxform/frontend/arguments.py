"""Arguments of calls: which parameter takes which, with defaults, ``*args`` and ``**kwargs``."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from adxform.core.forms import Form
from adxform.core.ir import UNKNOWN, Const, Global, Operand, Param, Primitive, Tuple
from adxform.core.types import Array, Known, ListOf, Object
from adxform.frontend.callables import Bound, Closure
from adxform.frontend.equivalents.iterables import require_count
from adxform.frontend.program import params_of, yield_of
from adxform.frontend.scope import Meaning, live_function, readable
from adxform.frontend.source import SourceFunction
from adxform.frontend.spreading import Spreading
from adxform.rules.expressions import BindError

Keywords = dict[str, Operand]


class Arguments(Spreading):
    """Binds the arguments of calls to parameters."""

    epoch = 0  # how often variables of comprehensions have been given values

    def arguments(self, node: ast.Call) -> tuple[tuple[Operand, ...], Keywords]:
        """The arguments of a call, ``*args`` and ``**kwargs`` of known length spread."""
        node = self._counted(node)
        try:
            args = self.operands(node.args)
        except BindError as error:
            raise self.unsupported(str(error), node) from None
        keywords: Keywords = {}
        for keyword in node.keywords:
            if keyword.arg is not None:
                keywords[keyword.arg] = self.operand(keyword.value)
                continue
            value = self.spread(keyword.value)
            if isinstance(value, Tuple) and value.form.kind == "dict":
                twice = next((k for k in value.form.keys if k in keywords), None)
                if twice is not None:
                    raise self.unsupported(f"{twice} is given twice", node)
                keywords.update(zip(value.form.keys, value.items, strict=True))
            else:
                raise self.unsupported("** of a dictionary whose keys are not known", node)
        return args, keywords

    def _counted(self, node: ast.Call) -> ast.Call:
        """A call whose only ``*array`` gives what it needs, item by item: ``Quaternion(*q)``."""
        stars = [a for a in node.args if isinstance(a, ast.Starred)]
        count = self._takes(node.func) if len(stars) == 1 and not node.keywords else None
        if count is None or count < len(node.args):
            return node
        held = self.spread(stars[0].value)
        if not isinstance(self.builder.type_of(held), Array | ListOf):
            return node
        missing = count - len(node.args) + 1
        given = (self.emit("len", held), Const(missing))
        self.user_call(node, readable(require_count), given, {}, None)
        name = self.builder.names.fresh("_given")
        self.env[name] = held
        args: list[ast.expr] = []
        for arg in node.args:
            items = [ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(i), ast.Load())
                     for i in range(missing)]  # fmt: skip
            args += items if arg in stars else [arg]
        made = ast.copy_location(ast.Call(node.func, args, []), node)
        return ast.fix_missing_locations(made)

    def _takes(self, node: ast.expr) -> int | None:
        """How many arguments by place a call of an expression takes, if that is one number."""
        meaning, method = self.meaning(node), self.method(node)
        if meaning is not None and meaning.function is not None:
            return _fixed(meaning.function.node.args, 0)
        if method is not None:
            found = live_function(method[0])
            return None if found is None else _fixed(found.node.args, len(method[1]))
        value, given = self.static(node), 0
        while isinstance(value, Bound):
            value, given = value.function, given + len(value.args)
        if isinstance(value, Closure):
            return _fixed(value.source.node.args, given)
        if isinstance(value, np.ufunc):
            return value.nin
        if isinstance(value, type | FunctionType) and not hasattr(builtins, value.__name__):
            return _places(inspect.signature(value), given)
        return None

    def yields(self, function: SourceFunction) -> bool:
        """Whether a function is a generator."""
        return self.program.told(yield_of, function.node) is not None

    def changing(self, node: ast.AST, call: Callable[[], Operand]) -> Operand:
        """What a call gives; one that changes something is lowered where it is made, only."""
        memory = self.builder.memory
        mark = memory.mark()
        made = call()
        if memory.changed_since(mark):
            key = id(node), id(self.builder), self.epoch
            if key in self.program.effects:
                raise self.unsupported(
                    "what is called here changes something", node,
                    "Call it in a statement of its own.",
                )
            self.program.effects[key] = node, self.builder  # so that no other has their numbers
        return made

    def call_primitive(self, primitive: Primitive, node: ast.Call, base: str | None) -> Operand:
        args, keywords = self.arguments(node)
        if primitive.style == "method" and isinstance(node.func, ast.Attribute):
            receiver = self.operand(node.func.value)
            if isinstance(self.builder.type_of(receiver), Object | Known):  # it has its own
                return self.other(node, base)
            args = (receiver, *args)
        return self.emit_call(primitive, args, keywords, base)

    def _bind(
        self,
        node: ast.Call,
        function: SourceFunction,
        args: tuple[Operand, ...],
        keywords: Keywords,
        defaults: dict[str, Operand] | None = None,
    ) -> dict[str, Operand]:
        """Each parameter's operand: ``*args`` is a tuple, ``**kwargs`` a dictionary."""
        params = self.program.told(params_of, function.node)
        given = function.node.args
        positional = [p.name for p in params if not p.keyword_only]
        bound = dict(zip(positional, args, strict=False))
        if len(args) > len(positional) and given.vararg is None:
            raise self.unsupported(f"{function.name} takes {len(positional)} arguments", node)
        self.require_used_up(node, function.node, positional)
        only_positional = {a.arg for a in given.posonlyargs}
        names = {p.name for p in params} - only_positional
        extra = {k: v for k, v in keywords.items() if k not in names}
        if extra and given.kwarg is None:
            raise self.unsupported(
                f"{function.name} does not take these keywords ({', '.join(extra)})", node
            )
        for name in (k for k in keywords if k in names):
            if name in bound:
                raise self.unsupported(f"{function.name} is given {name} twice", node)
            bound[name] = keywords[name]
        for p in params:
            if p.name not in bound:
                default = (defaults or {}).get(p.name) or self._default(function, p)
                if default is None:
                    raise self.unsupported(f"{function.name} needs the argument {p.name}", node)
                bound[p.name] = default
        bound = {p.name: bound[p.name] for p in params}
        if given.vararg is not None:
            bound[given.vararg.arg] = Tuple(tuple(args[len(positional) :]))
        if given.kwarg is not None:
            form = Form("dict", tuple(extra))
            bound[given.kwarg.arg] = Tuple(tuple(extra.values()), form)
        return bound

    def require_used_up(self, node: ast.Call, function: ast.FunctionDef, names: list[str]) -> None:
        """Refuse an iterator as the argument of a function that may go over it twice."""
        raise NotImplementedError

    def _default(self, function: SourceFunction, param: Param) -> Operand | None:
        """A default; that of another module's function is taken as the value that it has."""
        default: Operand | None = param.default
        if function.live is not None and isinstance(default, Global):
            found = _live_defaults(function.live).get(param.name, UNKNOWN)
            if found is not UNKNOWN:
                return self.outer_value(f"{function.name}_{param.name}", found)
        return default

    def outer_value(self, text: str, value: Any) -> Operand:
        """An operand for a value that is known, and that the output takes from outside."""
        if isinstance(value, bool | int | float | complex | str | None):
            return Const(value)
        if isinstance(value, tuple):
            return Tuple(tuple(self.outer_value(text, item) for item in value))
        return Global(self._unique(Meaning(text, value=value)), value)


def _fixed(args: ast.arguments, given: int) -> int | None:
    """How many arguments by place a function takes beside those given, if that is one number."""
    plain = args.vararg is None and not args.defaults
    return len(args.posonlyargs) + len(args.args) - given if plain else None


def _places(signature: inspect.Signature, given: int) -> int | None:
    params = [p for p in signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    plain = all(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
                for p in params)
    return len(params) - given if plain else None


def _live_defaults(function: Any) -> dict[str, Any]:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    positional = function.__defaults__ or ()
    found = dict(zip(names[len(names) - len(positional) :], positional, strict=True))
    return {**found, **(function.__kwdefaults__ or {})}
