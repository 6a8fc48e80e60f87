"""An ``ast`` tree as readable Python text: printed by astor, read back, and compared.

astor decides the order of things and most parentheses. Mended here are comments, blank lines, long
lines, strings, and what astor 0.8.1 prints wrongly, unreadably or not at all.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from typing import TypeVar

from adxform.emit.canonical import (
    COMMENT,
    Lines,
    canonical,
    check,
    double_quoted,
    indented,
    triple_quoted,
)
from adxform.emit.layout import INDENT, LINE_LENGTH, layout
from adxform.emit.lines import BINDING, INFIX, comment_lines, is_short, lined
from adxform.errors import InternalError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # astor 0.8.1 asks for ast.Num, ast.Str
    from astor.code_gen import SourceGenerator, set_precedence
    from astor.op_util import Precedence

_Statement = TypeVar("_Statement", bound=ast.stmt)


def to_source(tree: ast.AST) -> str:
    """The text of a module, a statement (both end in a newline) or an expression (which does not).

    Raises `InternalError` rather than return text that reads back as another tree.
    """
    try:
        copy = canonical(lined(tree).tree if isinstance(tree, ast.Module) else tree)
        generator = _Generator(" " * INDENT)
        generator.visit(copy)
        text, around = generator.text(), generator.text(lines="pass")
    except InternalError:
        raise
    except Exception as error:
        raise InternalError(f"an ast.{type(tree).__name__} cannot be printed: {error!r}") from error
    check(copy, around)
    return text + "\n" if text and isinstance(copy, ast.Module) else text


def comment(node: _Statement, text: str) -> _Statement:
    """Have ``text`` printed as comment lines directly above the statement, which is returned."""
    setattr(node, COMMENT, text)
    return node


# What astor prints, mended

_COMMA = (", ",)
_UNBREAKABLE = (",", " ")  # in two pieces, which `layout` does not know
_TIGHTLY_BOUND: dict[type[ast.AST], str] = {
    ast.Attribute: "value",
    ast.Await: "value",
    ast.Call: "func",
    ast.Starred: "value",
    ast.Subscript: "value",
}


def _is_long(node: ast.Assign, target: ast.Tuple) -> bool:
    """Whether names that are assigned at once do not fit on a line, with what begins to the right
    of them: that may be broken only inside of its own brackets.
    """
    names = sum(len(item.id) + 2 for item in target.elts if isinstance(item, ast.Name))
    head = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
    return names + len(head) + len("    = (") > LINE_LENGTH


class _Generator(SourceGenerator):  # type: ignore[misc]
    """Writes pieces of text, which `layout` joins into lines."""

    def __init__(self, indent_with: str) -> None:
        super().__init__(indent_with)
        self.made: list[int] = []  # the pieces that were made by `lined`

    def text(self, lines: str | None = None) -> str:
        """The text; or that around ``lines`` in the place of those that were there already."""
        pieces = list(self.result)
        for place in self.made if lines is not None else ():
            pieces[place] = lines
        return "".join(layout(pieces)).strip("\n")

    def visit(self, node: ast.AST) -> None:
        kind = type(node)
        if kind in _TIGHTLY_BOUND:
            getattr(node, _TIGHTLY_BOUND[kind])._pp = Precedence.highest
        name = f"visit_{kind.__name__}"
        method = vars(self).get(name)
        if method is None:
            method = getattr(self, name, None)
            if method is None:
                raise InternalError(f"an ast.{kind.__name__} has no printed form")
            setattr(self, name, method)  # found faster from now on
        method(node)

    def get__pp(self, node: ast.AST) -> int:
        """How tightly the place binds that a node stands in: as an argument, where nobody said."""
        return int(getattr(node, "_pp", Precedence.Comma))

    # Blocks, with their comments

    def visit_Module(self, node: ast.Module) -> None:
        self._block(node.body)

    def visit_Expression(self, node: ast.Expression) -> None:
        self.visit(node.body)

    def body(self, statements: list[ast.stmt]) -> None:
        self.indentation += 1
        self._block(statements)
        self.indentation -= 1

    def _block(self, statements: list[ast.stmt]) -> None:
        for before, node in zip([None, *statements], statements, strict=False):
            self.newline(extra=_blank_lines(before, node, nested=self.indentation > 0))
            self._comment(node)
            self.visit(node)

    def _comment(self, node: ast.stmt) -> None:
        for line in comment_lines(node):
            self.statement(node, line)

    # Definitions

    def visit_FunctionDef(self, node: ast.FunctionDef, is_async: bool = False) -> None:
        self._headline(node, "async def " if is_async else "def ")
        self.write("(")
        self._parameters(node.args, _COMMA)
        self.write(")")
        self.conditional_write(" -> ", node.returns)
        self.write(":")
        self.body(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._headline(node, "class ")
        if bases := [*node.bases, *node.keywords]:
            self.write("(")
            self.comma_list(bases)
            self.write(")")
        self.write(":")
        self.body(node.body)

    def _headline(self, node: ast.FunctionDef | ast.ClassDef, keyword: str) -> None:
        for decorator in node.decorator_list:
            self.statement(decorator, "@", decorator)
        generic = ", ".join(map(ast.unparse, getattr(node, "type_params", ())))
        self.statement(node, keyword, node.name, generic and f"[{generic}]")

    def _parameters(self, node: ast.arguments, comma: Sequence[str]) -> None:
        positional = [*node.posonlyargs, *node.args]
        defaults = [None] * (len(positional) - len(node.defaults)) + node.defaults
        shown = [*map(_parameter, positional, defaults)]
        if node.posonlyargs:
            shown.insert(len(node.posonlyargs), ["/"])
        if node.vararg or node.kwonlyargs:
            shown.append(["*", node.vararg or ""])
        shown += map(_parameter, node.kwonlyargs, node.kw_defaults)
        if node.kwarg:
            shown.append(["**", node.kwarg])
        for index, pieces in enumerate(shown):
            self.write(*(comma if index else ()), *pieces)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self.delimit(node) as delimiters:
            set_precedence(delimiters.p, node.body)
            self.write("lambda", " " if any(vars(node.args).values()) else "")
            self._parameters(node.args, _UNBREAKABLE)
            self.write(": ", node.body)

    # Statements

    def visit_Lines(self, node: Lines) -> None:
        between = "\n" + self.indent_with * self.indentation
        self.statement(node, between.join(node.lines))
        self.made.append(len(self.result) - 1)

    def visit_Expr(self, node: ast.Expr) -> None:
        set_precedence(node, node.value)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = indented(node.value.value, self.indent_with * self.indentation)
            node.value.value = text  # so that reading back compares with what was meant
            self.statement(node, triple_quoted(text))
        else:
            self.statement(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        set_precedence(node, node.value, *node.targets)
        self.statement(node)
        for target in node.targets:
            if isinstance(target, ast.Tuple) and _is_long(node, target):
                set_precedence(Precedence.highest, target)  # within parentheses, it may be broken
            self.write(target, " = ")
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        bare = node.simple or not isinstance(node.target, ast.Name)
        self.statement(node, *((node.target,) if bare else ("(", node.target, ")")))
        self.write(": ", node.annotation)
        self.conditional_write(" = ", node.value)

    def visit_If(self, node: ast.If) -> None:
        self._test(node, "if ")
        while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            self._comment(node)
            self._test(node, "elif ")
        self.else_body(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self._test(node, "while ")
        self.else_body(node.orelse)

    def _test(self, node: ast.If | ast.While, keyword: str) -> None:
        self.statement(node, keyword, node.test, ":")
        self.body(node.body)

    def visit_withitem(self, node: ast.withitem) -> None:
        several = isinstance(node.context_expr, ast.Tuple) and node.optional_vars is None
        self.write("(" if several else "", node.context_expr, ")" if several else "")
        self.conditional_write(" as ", node.optional_vars)

    def visit_TryStar(self, node: ast.Try) -> None:
        for handler in node.handlers:
            vars(handler)["star"] = "*"
        self.visit_Try(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.statement(node, "except", getattr(node, "star", ""))
        self.conditional_write(" ", node.type)
        self.conditional_write(" as ", node.name)
        self.write(":")
        self.body(node.body)

    def visit_Match(self, node: ast.Match) -> None:
        self.statement(node, "match ", node.subject, ":")
        self.indentation += 1
        self.write(*node.cases)
        self.indentation -= 1

    def visit_match_case(self, node: ast.match_case) -> None:
        self.statement(node, "case ", ast.unparse(node.pattern))
        self.conditional_write(" if ", node.guard)
        self.write(":")
        self.body(node.body)

    def visit_TypeAlias(self, node: ast.stmt) -> None:
        self.statement(node, ast.unparse(node))

    # Expressions

    def _put(self, *pieces: str) -> None:
        """Write text that is not empty; `write` costs more, but begins lines."""
        if self.new_lines:
            self.write(*pieces)
        else:
            self.result.extend(pieces)

    def visit_Name(self, node: ast.Name) -> None:
        self._put(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        self.result.extend((".", node.attr))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        op, left, right = type(node.op), node.left, node.right
        binding = BINDING[op]
        power = op is ast.Pow
        left._pp = Precedence.Pow + 1 if power else binding  # type: ignore[attr-defined]
        right._pp = Precedence.PowRHS if power else binding + 1  # type: ignore[attr-defined]
        enclosed = binding < self.get__pp(node)
        if enclosed:
            self._put("(")
        self.visit(left)
        self.result.append(INFIX[op])
        self.visit(right)
        if enclosed:
            self.result.append(")")

    def visit_Constant(self, node: ast.Constant) -> None:
        if type(node.value) in (int, float, complex):
            with self.delimit(node):
                self.write(repr(node.value))
        else:
            self.write("..." if node.value is ... else double_quoted(repr(node.value)))

    def visit_JoinedStr(self, node: ast.expr) -> None:
        self.write(double_quoted(ast.unparse(node)))

    visit_TemplateStr = visit_JoinedStr

    def visit_Tuple(self, node: ast.Tuple) -> None:
        with self.delimit(node) as delimiters:
            delimiters.discard = delimiters.discard and len(node.elts) > 1
            in_loop = delimiters.discard and delimiters.pp == Precedence.comprehension_target
            comma = _UNBREAKABLE if in_loop else _COMMA
            self.comma_list(node.elts, trailing=len(node.elts) == 1, comma=comma)

    def visit_Dict(self, node: ast.Dict) -> None:
        with self.delimit("{}"):
            for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                set_precedence(Precedence.Comma if key else Precedence.highest, value)
                self.write(", " if index else "", key or "", ": " if key else "**", value)

    def visit_Call(self, node: ast.Call) -> None:
        if len(node.args) == 1 and not node.keywords:
            set_precedence(Precedence.call_one_arg, *node.args)  # a generator goes without its own
        self.visit(node.func)
        self.result.append("(")
        self.comma_list([*node.args, *node.keywords])
        self.result.append(")")

    def visit_keyword(self, node: ast.keyword) -> None:
        set_precedence(Precedence.Comma if node.arg else Precedence.highest, node.value)
        self.write(node.arg or "", "=" if node.arg else "**", node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.write(node.value, "[")
        elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        alone = elements[0] if len(elements) == 1 else None
        if len(elements) > 1 or isinstance(alone, ast.Slice | ast.Starred):
            self.comma_list(elements, trailing=isinstance(alone, ast.Slice))
        else:
            self.write(node.slice)
        self.write("]")

    def visit_Slice(self, node: ast.Slice) -> None:
        """Like ``1:n``, but ``i + 1 : n``."""
        space = "" if all(map(is_short, (node.lower, node.upper, node.step))) else " "
        self.write(*((node.lower, space) if node.lower else ()), ":")
        self.write(*((space, node.upper) if node.upper else ()))
        if node.step is not None:
            self.write(space if node.upper else "", ":", space, node.step)

    def comma_list(
        self, items: Sequence[ast.AST], trailing: bool = False, comma: Sequence[str] = _COMMA
    ) -> None:
        for index, item in enumerate(items):
            if index:
                self.result.extend(comma)
            self.visit(item)
        if trailing:
            self.result.append(",")


# How statements, lines and literals look

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


def _blank_lines(before: ast.stmt | None, node: ast.stmt, *, nested: bool) -> int:
    if before is None:
        return 0
    if isinstance(before, _DEFINITIONS) or isinstance(node, _DEFINITIONS):
        return 1 if nested else 2
    text_before = isinstance(before, ast.Expr) and isinstance(before.value, ast.Constant)
    imports_end = isinstance(before, _IMPORTS) and not isinstance(node, _IMPORTS)
    return 0 if nested else int(imports_end or text_before)


def _parameter(parameter: ast.arg, default: ast.expr | None) -> list[ast.AST | str]:
    if default is None:
        return [parameter]
    return [parameter, " = " if parameter.annotation else "=", default]
