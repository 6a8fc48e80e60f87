"""Arguments of calls: which parameter takes which, with defaults, ``*args`` and ``**kwargs``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adxform.core.forms import Form
from adxform.core.ir import UNKNOWN, Const, Global, Operand, Param, Primitive, Tuple
from adxform.core.types import Known, Object
from adxform.frontend.program import params_of, yield_of
from adxform.frontend.scope import Meaning
from adxform.frontend.source import SourceFunction
from adxform.frontend.spreading import Spreading
from adxform.rules.expressions import BindError

Keywords = dict[str, Operand]


class Arguments(Spreading):
    """Binds the arguments of calls to parameters."""

    epoch = 0  # how often variables of comprehensions have been given values

    def arguments(self, node: ast.Call) -> tuple[tuple[Operand, ...], Keywords]:
        """The arguments of a call, ``*args`` and ``**kwargs`` of known length spread."""
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


def _live_defaults(function: Any) -> dict[str, Any]:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    positional = function.__defaults__ or ()
    found = dict(zip(names[len(names) - len(positional) :], positional, strict=True))
    return {**found, **(function.__kwdefaults__ or {})}
