"""What is printed reads back as the same tree, and reads well."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from adxform.emit import lines, printer
from adxform.emit.canonical import Lines, canonical, first_difference
from adxform.emit.lines import lined
from adxform.emit.printer import LINE_LENGTH, comment, to_source
from adxform.emit.shapes import Unknown, distinct_words, shape
from adxform.errors import InternalError


def parse(text: str) -> ast.Module:
    return ast.parse(dedent(text).lstrip("\n"))


def plain(text: str) -> str:
    return dedent(text).lstrip("\n")


def printed(text: str) -> str:
    return to_source(parse(text))


def dump(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.kind = None
    return ast.dump(tree)


def name(text: str) -> ast.Name:
    return ast.Name(text, ast.Load())


def assign(target: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(target, ast.Store())], value)


def bare(kind: type[ast.AST], **fields: object) -> ast.AST:
    """A node with these fields only, as careless builders make them."""
    node = kind.__new__(kind)
    vars(node).update(fields)
    return node


# How it looks


LECTURE = """
    def f_forward(x1, x2, dx1, dx2):
        w3 = x1 * x2
        dw3 = dx1 * x2 + x1 * dx2
        w4 = np.sin(x1)
        dw4 = np.cos(x1) * dx1
        w5 = w3 + w4
        dw5 = dw3 + dw4
        return w5, dw5


    def f_reverse(x1, x2, w5_bar=1.0):
        w3 = x1 * x2
        w4 = np.sin(x1)
        w5 = w3 + w4
        # w4 = np.sin(x1)
        x1_bar = w5_bar * np.cos(x1)
        # w3 = x1 * x2
        x1_bar += w5_bar * x2
        x2_bar = w5_bar * x1
        return w5, (x1_bar, x2_bar)
"""


def test_the_lecture_example() -> None:
    tree = parse(LECTURE)
    reverse = tree.body[1]
    assert isinstance(reverse, ast.FunctionDef)
    comment(reverse.body[3], "w4 = np.sin(x1)")
    comment(reverse.body[4], "w3 = x1 * x2")
    assert to_source(tree) == plain(LECTURE)


@pytest.mark.parametrize(
    "text",
    [
        # precedence, with no parentheses but those that are needed
        "a * b * c",
        "a * (b * c)",
        "a - b - c",
        "a - (b - c)",
        "a - (b + c)",
        "a + b * c",
        "(a + b) * c",
        "a / b / c",
        "a / (b / c)",
        "-x ** 2",
        "(-x) ** 2",
        "2 ** -x",
        "x ** -2",
        "a ** b ** c",
        "(a ** b) ** c",
        "-x * y",
        "-(x * y)",
        "x - -1",
        "x * -1",
        "not a == b",
        "(not a) == b",
        "a and (b or c)",
        "a or b and c",
        "a < b < c",
        "(a < b) < c",
        "a if b else c if d else e",
        "(a if b else c) if d else e",
        "x + (a if b else c)",
        "x + (3 << y)",
        "a @ b.T @ c",
        "a & (b | c)",
        "~x & y",
        # calls and their arguments
        "f(a if b else c)",
        "f(lambda: a, key=lambda x, *y: x)",
        "f(*args, x=-1, **kwargs)",
        "f(*(a or b), **(c or d))",
        "f(x for x in y)",
        "f((x for x in y), z)",
        "np.sum(x, axis=0)[:, None]",
        "(a + b).sum()",
        "(1).real",
        "(lambda x: x)(2)",
        # subscripts
        "x[i, j]",
        "x[1:]",
        "x[1:,]",
        "x[:, None, ..., 1:-1]",
        "x[::2]",
        "x[i + 1 : n - 1]",
        "x[: n - 1]",
        "x[n - 1 :]",
        "x[: n - 1 : 2]",
        "x[f(i) : n : step]",
        "x[a.b:n]",
        "x[(1, 2) : 3]",
        "x[1:2, (3, 4)]",
        "x[(a,)]",
        "x[()]",
        "x[*a]",
        "x[*a, 1]",
        "x[-1]",
        "x[(a := 1)]",
        # displays
        "{1: 2, -1: a + b, **c, **(d or e)}",
        "[a + 1 for b in c if d]",
        "{k: v for k, v in zip(a, b)}",
        "[(a, b) for a in x for b in a if a if b]",
        "[x for x in (a if b else c)]",
        "(a,)",
        "()",
        "(a, (b, c), [])",
        "{*()}",
        "{1, 2}",
        # literals
        "0.5",
        "1e-07",
        "1e+16",
        "7j",
        "10000000000000000000000",
        '"text"',
        "'say \"so\"'",
        '"it\'s"',
        '"a\\nb"',
        'b"bytes"',
        "...",
        "None is True",
        'f"{x}"',
        'f"{x!r:>{width}}"',
        "f\"{r['k']}\"",
    ],
)
def test_an_expression_is_printed_as_a_person_writes_it(text: str) -> None:
    assert to_source(ast.parse(text, mode="eval")) == text
    tree = ast.parse(text, mode="eval").body
    assert to_source(tree) == text
    if not isinstance(tree, ast.Tuple | ast.Constant | ast.NamedExpr):
        assert to_source(ast.Module([ast.Expr(tree)], [])) == text + "\n"
        assert to_source(assign("out", tree)) == f"out = {text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "a, b = b, a",
        "a, (b, *c) = d",
        "(a,) = b",
        "a = b = c",
        "a += b",
        "a @= b.T",
        "a: int",
        "a: np.ndarray = b",
        "a.b: (int, float) = (1, 2)",
        "(a): int = 1",
        "del a, b[0]",
        "del (a, b)",
        "assert a, b",
        "assert (a, b)",
        "raise ValueError(a) from None",
        "return a, (b, c)",
        "return a, *b",
        "return",
        "x = yield a, b",
        "x = yield from a + b",
        "import numpy as np, scipy",
        "from . import a as b, c",
        "from ..a.b import *",
        "global a, b",
        "(a := 1)",
        "type = 1",
        "match = case = 1",
        "f = lambda: a",
        "f = lambda x, /, y=-1, *, z: (yield)",
        "for i in range(n):\n    pass",
        "for i, (j, k) in a + b:\n    continue\nelse:\n    break",
        "for x in (a, b):\n    pass",
        "while True:\n    pass",
        "while (a, b):\n    pass",
        "if a:\n    pass\nelif b:\n    pass\nelse:\n    pass",
        "if (yield):\n    pass",
        "with a as b, c as (d, e), f:\n    pass",
        "with ((a, b)):\n    pass",
        "with (a, b) as c:\n    pass",
        "try:\n    pass\nexcept A as e:\n    pass\nexcept (B, C):\n    pass\nexcept:\n    raise",
        "try:\n    pass\nexcept* (A, B) as e:\n    pass\nelse:\n    pass\nfinally:\n    pass",
        "@a.b(c)\n@d\ndef f():\n    pass",
        "def f(x) -> T:\n    pass",
        "def f(a, b=1, /, c: int = 2, *args: *Ts, d, e: str = x, **k: V) -> dict[str, int]:\n"
        "    pass",
        "def f(a, /, b, c, d=3):\n    pass",
        "def f(*, a=(b, c)):\n    pass",
        "async def f():\n    async for i in a:\n        await b",
        "async def f():\n    async with a as b:\n        return [c async for c in d if await e]",
        "class A:\n    pass",
        "class A(B, *c, metaclass=M, **(d or e)):\n    x: int = 1",
        "match (a, b):\n    case [1, -2.5, *rest] if rest:\n        pass",
        "match a:\n    case {1: v, **r} | None:\n        pass\n    case P(1, x=y) as z:\n"
        "        pass\n    case 1 + 2j | a.b | _:\n        pass",
    ],
)
def test_a_statement_is_printed_as_a_person_writes_it(text: str) -> None:
    assert to_source(ast.parse(text)) == text + "\n"
    assert to_source(ast.parse(text).body[0]) == text + "\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the grammar of Python 3.12")
@pytest.mark.parametrize(
    "text",
    [
        "type A = int | str",
        "type A[T, *Ts, **P] = dict[T, P]",
        "def f[T: int, *Ts](x: T) -> T:\n    pass",
        "async def f[T](x: T):\n    pass",
        "class A[T](B):\n    pass",
        "f'''{'\\n'.join(x)}\\t{{}}'''",
        'f"{f"{f"{1 + 1}"}"}"',
        "f'{x:{y}}{z!s}' 'a'",
    ],
)
def test_newer_grammar_reads_back(text: str) -> None:
    assert dump(ast.parse(to_source(ast.parse(text)))) == dump(ast.parse(text))


@pytest.mark.skipif(sys.version_info < (3, 13), reason="the grammar of Python 3.13")
def test_defaults_of_type_parameters_are_kept() -> None:
    assert printed("class A[T = int, *Ts = *tuple[int]]:\n    pass").startswith("class A[T = int, ")


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the grammar of Python 3.14")
def test_template_strings_are_kept() -> None:
    assert dump(parse(printed("t'{ x }{y!r:>{w}}{{'"))) == dump(parse("t'{ x }{y!r:>{w}}{{'"))


BLANK_LINES = '''
    """What it is."""

    from __future__ import annotations
    import numpy as np

    N = 1
    M = 2


    def f(x):
        """One line."""
        import scipy
        y = x

        def g():
            pass

        return y


    @g
    class A:
        """One line.

        And more, with a \\\\ and a \\"\\"\\".
        """
        x: int

        def a(self):
            pass

        def b(self):
            pass


    f(1)
    if f(2):
        def g():
            pass
    f(3)
'''


def test_blank_lines_stand_where_people_put_them() -> None:
    text = plain(BLANK_LINES)
    assert printed(BLANK_LINES) == text
    assert to_source(ast.parse(text).body[-1]) == "f(3)\n"


def test_a_def_right_after_the_imports_has_two_blank_lines() -> None:
    assert printed("import a\ndef f(): pass") == "import a\n\n\ndef f():\n    pass\n"


def test_nothing_is_printed_as_nothing() -> None:
    assert to_source(ast.Module([], [])) == ""


# Docstrings


def function(docstring: str) -> ast.FunctionDef:
    tree = ast.parse("def f(x):\n    'docstring'\n    return x").body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.body[0] = ast.Expr(ast.Constant(docstring))
    return tree


def test_a_docstring_without_indentation_is_moved_to_the_code() -> None:
    assert to_source(function("Return x.\n\nx: what is returned,\n   in all its glory")) == plain(
        '''
        def f(x):
            """Return x.

            x: what is returned,
               in all its glory
            """
            return x
        '''
    )


@pytest.mark.parametrize(
    "docstring",
    [
        "One line.",
        "",
        "As it\n    was.\n    ",
        "Uneven\n  as it was.\n      ",
        'Ends in "quotes"',
        'All """kinds""" of ""quotes""""',
        '"""',
        '"',
        "\\",
        "ends in \\",
        'ends in \\"',
        "\\alpha \\N{x} \\n",
        "control \r\x00\x0c\t characters, \ud800 and \xa0 too",
        "ünïcödé 日本語",
    ],
)
def test_a_docstring_is_kept_as_it_is(docstring: str) -> None:
    text = to_source(function(docstring))
    read = ast.parse(text).body[0]
    assert isinstance(read, ast.FunctionDef)
    assert ast.get_docstring(read, clean=False) == docstring
    assert text.split("\n")[1].startswith('    """')


# Comments


def test_comments_stand_above_their_statements() -> None:
    tree = parse(
        """
        import a
        def f(x):
            for i in x:
                y = i
                if y:
                    pass
                elif x:
                    pass
                else:
                    z = y
            return y
        @g
        def h():
            pass
        """
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            assert comment(node, type(node).__name__) is node
    comment(tree.body[1].body[1], "two lines,\n\n  the last indented  ")
    assert to_source(tree) == plain(
        """
        # Import
        import a


        # FunctionDef
        def f(x):
            # For
            for i in x:
                # Assign
                y = i
                # If
                if y:
                    # Pass
                    pass
                # If
                elif x:
                    # Pass
                    pass
                else:
                    # Assign
                    z = y
            # two lines,
            #
            #   the last indented
            return y


        # FunctionDef
        @g
        def h():
            # Pass
            pass
        """
    )


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028"])
def test_a_comment_cannot_become_code(end: str) -> None:
    text = to_source(comment(ast.Pass(), f"first{end}x = 1"))
    assert text == "# first\n# x = 1\npass\n"


def test_a_long_comment_is_left_alone() -> None:
    text = "np.where(a, b, c), " * 9
    assert to_source(comment(ast.Pass(), text)) == f"# {text.strip()}\npass\n"


# Long lines

LONG_LINES = {
    "a call whose arguments fit on one line": """
        out_bar = 2.0 * np.einsum(
            "ij,jk,kl->il", first_operand, second_operand, third_operand, optimize=True, order="C"
        )
    """,
    "a call whose arguments do not": """
        result = np.einsum(
            "ij,jk,kl->il",
            first_operand,
            second_operand,
            third_operand * (fourth_operand + fifth_operand),
            np.concatenate(
                [first_operand, second_operand, third_operand, fourth_operand, fifth_one], axis=0
            ),
            optimize=lambda first, second: True,
        )
    """,
    "a signature": """
        def f_reverse(
            first_operand,
            second_operand,
            third_operand: float = 1.0,
            *more_operands,
            a_keyword: int,
            **more_keywords,
        ) -> np.ndarray:
            pass
    """,
    "a sum": """
        first_bar = (
            out_bar * np.cos(first_operand) * second_operand
            + third_operand * (fourth_operand - fifth_operand)
            - sixth_operand
        )
    """,
    "an accumulation": """
        for i in range(n):
            first_bar[i, j] += (
                out_bar * np.cos(first_operand) * second_operand
                + third_operand * (fourth_operand - fifth_operand)
            )
    """,
    "a negation": """
        x = -(
            first_operand * second_operand * third_operand
            + fourth_operand * fifth_operand * (sixth_operand - 1.0)
        )
    """,
    "a value and its cotangents": """
        return value, (
            first_operand_bar,
            second_operand_bar,
            third_operand_bar,
            fourth_operand_bar,
            fifth_operand_bar,
            sixth_operand_bar,
        )
    """,
    "a condition": """
        if (
            first_operand > second_operand
            and third_operand == np.sum(fourth_operand)
            and fifth_operand is not None
        ):
            pass
    """,
    "an import": """
        from somewhere.deep.inside import (
            first_operand, second_operand, third_operand, fourth_operand, fifth_operand
        )
    """,
    "a comprehension": """
        x = [
            np.sin(first_operand) * np.cos(second_operand)
            for first_operand, second_operand in zip(all_the_first_ones, all_the_second_ones)
        ]
    """,
}


@pytest.mark.parametrize("text", LONG_LINES.values(), ids=LONG_LINES)
def test_a_long_line_is_broken_as_a_person_breaks_it(text: str) -> None:
    assert printed(text) == plain(text)
    assert max(map(len, plain(text).split("\n"))) <= LINE_LENGTH


def test_a_line_is_broken_only_where_it_must_be() -> None:
    exactly = f"x = f({'a' * (LINE_LENGTH - 11)}, bc)"
    assert len(exactly) == LINE_LENGTH
    assert printed(exactly) == exactly + "\n"
    assert printed(exactly.replace("bc", "bcd")).count("\n") == 3


@pytest.mark.parametrize("text", [f'x = "{"long " * 30}"', f"x = {'y.z' * 50}", f"{'y' * 150}"])
def test_what_cannot_be_broken_is_left_long(text: str) -> None:
    assert printed(text) == text + "\n"


# What a compiler builds and no parser would: constants


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1.0, "-1.0"),
        (-0.0, "-0.0"),
        (-3, "-3"),
        (True, "True"),
        (np.nan, "np.nan"),
        (-np.nan, "np.nan"),
        (np.inf, "np.inf"),
        (-np.inf, "-np.inf"),
        (10**400, "1" + "0" * 400),
        (-(10**400), "-1" + "0" * 400),
        (2j, "2j"),
        (-2j, "-2j"),
        (complex(0.0, -2.0), "0.0 - 2j"),
        (complex(-0.0, 2.0), "complex(-0.0, 2.0)"),
        (1 + 2j, "1.0 + 2j"),
        (-1 - 2j, "-1.0 - 2j"),
        (complex(np.inf, np.nan), "complex(np.inf, np.nan)"),
        (np.float64(1.5), "1.5"),
        (np.float64(-np.inf), "-np.inf"),
        (np.int64(-2), "-2"),
        (np.bool_(False), "False"),
        (np.str_("a"), '"a"'),
        (np.complex128(-2j), "-2j"),
        (np.float32(0.1), "np.float32(0.1)"),
        (np.float32(-1e-30), "np.float32(-1e-30)"),
        (np.float32(np.nan), "np.float32(np.nan)"),
        (np.float16(-np.inf), "np.float16(-np.inf)"),
        (np.longdouble("0.1"), 'np.longdouble("0.1")'),
        (np.complex64(1 - 2j), "np.complex64(1.0 - 2j)"),
        (np.int32(-7), "np.int32(-7)"),
        (np.uint8(7), "np.uint8(7)"),
        ((1, -2.0), "(1, -2.0)"),
    ],
)
def test_a_constant_is_written_as_what_denotes_it(value: object, text: str) -> None:
    assert to_source(ast.Constant(value)) == text
    read = eval(text, {"np": np, "complex": complex})
    assert repr(read) == repr(getattr(value, "item", lambda: value)()) or type(read) is type(value)
    assert read == value or (read != read and value != value)


@pytest.mark.parametrize("value", [-1.0, -2, -1.5j, 1 - 2j, np.float64(-2.0), np.float32(-2.0)])
@pytest.mark.parametrize("power", [2, -2, np.float64(3.0)])
def test_a_negative_constant_keeps_its_parentheses(value: complex, power: float) -> None:
    text = to_source(ast.BinOp(ast.Constant(value), ast.Pow(), ast.Constant(power)))
    assert eval(text, {"np": np}) == value**power


@pytest.mark.parametrize("value", [object(), {1}, [1], np.datetime64("2020-01-01"), Path("a")])
def test_a_constant_that_no_literal_denotes_is_refused(value: object) -> None:
    with pytest.raises(InternalError, match="no literal denotes"):
        to_source(ast.Constant(value))


# What a compiler builds and no parser would: trees


def test_a_shared_node_is_printed_alike_wherever_it_stands() -> None:
    shifted = ast.BinOp(ast.Constant(3), ast.LShift(), name("y"))
    total = ast.BinOp(name("x"), ast.Add(), shifted)
    tree = ast.Module([assign("a", shifted), assign("b", total), assign("c", shifted)], [])
    before = ast.dump(tree)
    assert to_source(tree) == "a = 3 << y\nb = x + (3 << y)\nc = 3 << y\n"
    assert to_source(tree) == "a = 3 << y\nb = x + (3 << y)\nc = 3 << y\n"
    assert ast.dump(tree) == before
    assert not any("_pp" in vars(node) for node in ast.walk(tree))


def test_the_copy_shares_nothing() -> None:
    x = name("x")
    copy = canonical(ast.Tuple([x, x, x], ast.Load()))
    nodes = [node for node in ast.walk(copy) if isinstance(node, ast.expr)]
    assert len({id(node) for node in nodes}) == len(nodes) == 4


def test_fields_that_a_builder_may_leave_out() -> None:
    call = bare(ast.Call, func=name("f"), args=[name("x")])
    body = [ast.Return(call), bare(ast.ImportFrom, module="a", names=[ast.alias("b")])]
    function = bare(ast.FunctionDef, name="g", args=bare(ast.arguments), body=body)
    assert to_source(function) == "def g():\n    return f(x)\n    from a import b\n"


RANDOM_CONSTANTS = (0, 1, 2.5, -1, -2.0, 3j, -1.5j, 1 - 2j, "a", None, True, np.float64(-2.0))
BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.LShift, ast.BitOr, ast.Mod)
UNARY = (ast.USub, ast.Not, ast.Invert, ast.UAdd)
COMPARE = (ast.Lt, ast.Eq, ast.In, ast.IsNot)


class RandomTrees:
    """Expressions over few names, in which sub-trees come back in other places."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seen: list[ast.expr] = [name("x"), name("y")]

    def expression(self, depth: int) -> ast.expr:
        if depth == 0 or self.random.random() < 0.15:
            if self.random.random() < 0.4:
                return ast.Constant(self.random.choice(RANDOM_CONSTANTS))
            return self.random.choice(self.seen)
        make = self.random.choice(self.MAKERS)
        made = make(self, lambda: self.expression(depth - 1))
        if sum(1 for _ in ast.walk(made)) < 12:
            self.seen.append(made)
        return made

    def bound(self, sub):
        return sub() if self.random.random() < 0.5 else None

    def index(self, sub):
        if self.random.random() < 0.5:
            return sub()
        cut = ast.Slice(self.bound(sub), self.bound(sub), self.bound(sub))
        return cut if self.random.random() < 0.5 else ast.Tuple([cut, sub()], ast.Load())

    MAKERS = (
        lambda self, sub: ast.BinOp(sub(), self.random.choice(BINARY)(), sub()),
        lambda self, sub: ast.BinOp(sub(), self.random.choice(BINARY)(), sub()),
        lambda self, sub: ast.BinOp(sub(), self.random.choice(BINARY)(), sub()),
        lambda self, sub: ast.UnaryOp(self.random.choice(UNARY)(), sub()),
        lambda self, sub: ast.BoolOp(
            self.random.choice((ast.And, ast.Or))(), [sub(), sub(), sub()]
        ),
        lambda self, sub: ast.Compare(sub(), [self.random.choice(COMPARE)()], [sub()]),
        lambda self, sub: ast.IfExp(sub(), sub(), sub()),
        lambda self, sub: ast.Call(name("f"), [sub()], []),
        lambda self, sub: ast.Call(sub(), [sub(), ast.Starred(sub())], [ast.keyword("k", sub())]),
        lambda self, sub: ast.Call(name("f"), [], [ast.keyword(None, sub())]),
        lambda self, sub: ast.Subscript(sub(), self.index(sub), ast.Load()),
        lambda self, sub: ast.Attribute(sub(), "a", ast.Load()),
        lambda self, sub: ast.Tuple([sub() for _ in range(self.random.randrange(3))], ast.Load()),
        lambda self, sub: ast.List([sub(), ast.Starred(sub())], ast.Load()),
        lambda self, sub: ast.Set([sub() for _ in range(self.random.randrange(3))]),
        lambda self, sub: ast.Dict([sub(), None], [sub(), sub()]),
        lambda self, sub: ast.Lambda(ast.parse("lambda x, y=1: 0").body[0].value.args, sub()),
        lambda self, sub: ast.NamedExpr(ast.Name("x", ast.Store()), sub()),
        lambda self, sub: ast.Yield(self.bound(sub)),
        lambda self, sub: ast.YieldFrom(sub()),
        lambda self, sub: ast.Await(sub()),
        lambda self, sub: ast.GeneratorExp(sub(), [self.loop(sub)]),
        lambda self, sub: ast.ListComp(sub(), [self.loop(sub), self.loop(sub)]),
        lambda self, sub: ast.DictComp(sub(), sub(), [self.loop(sub)]),
    )

    def loop(self, sub):
        target = ast.parse(self.random.choice(("x", "x, y", "x, (y, *z)"))).body[0].value
        return ast.comprehension(target, sub(), [sub()][: self.random.randrange(2)], 0)


STATEMENTS = (
    lambda e: ast.Expr(e()),
    lambda e: assign("x", e()),
    lambda e: ast.AugAssign(ast.Name("x", ast.Store()), ast.Mult(), e()),
    lambda e: ast.AnnAssign(ast.Name("x", ast.Store()), e(), e(), 1),
    lambda e: ast.Return(e()),
    lambda e: ast.If(e(), [ast.Pass()], [ast.If(e(), [ast.Pass()], [])]),
    lambda e: ast.While(e(), [ast.Pass()], [ast.Pass()]),
    lambda e: ast.For(ast.Name("x", ast.Store()), e(), [ast.Pass()], []),
    lambda e: ast.With([ast.withitem(e()), ast.withitem(e(), name("x"))][:2], [ast.Pass()]),
    lambda e: ast.With([ast.withitem(e())], [ast.Pass()]),
    lambda e: ast.Assert(e(), e()),
    lambda e: ast.Raise(e(), e()),
    lambda e: ast.Match(e(), [ast.match_case(ast.MatchAs(), e(), [ast.Pass()])]),
)


def without_contexts(tree: ast.AST) -> str:
    return re.sub(r"(, )?ctx=\w+\(\)", "", dump(tree))


@pytest.mark.parametrize("seed", range(20))
def test_random_trees_read_back(seed: int) -> None:
    """to_source itself compares; here that it never has to complain, and has noted nothing."""
    trees = RandomTrees(seed)
    for _ in range(60):
        trees.seen = trees.seen[:2] + trees.seen[-20:]
        body = [trees.random.choice(STATEMENTS)(lambda: trees.expression(3)) for _ in range(2)]
        tree = ast.Module(body, [])
        text = to_source(tree)
        assert to_source(tree) == text
        assert to_source(ast.parse(text)) == text
        assert without_contexts(ast.parse(text)) == without_contexts(canonical(tree))


@pytest.mark.parametrize("seed", range(5))
def test_random_arithmetic_keeps_its_value(seed: int) -> None:
    draw = random.Random(seed)

    def expression(depth: int) -> ast.expr:
        if depth == 0:
            return ast.Constant(draw.choice((-1.5, 2.0, -3.0, 0.5, -0.0, 1 - 2j, -2j)))
        if draw.random() < 0.2:
            return ast.UnaryOp(ast.USub(), expression(depth - 1))
        operator = draw.choice((ast.Add, ast.Sub, ast.Mult, ast.Pow))()
        return ast.BinOp(expression(depth - 1), operator, expression(depth - 1))

    def value(source: ast.Expression | str) -> str:
        try:
            return repr(eval(compile(source, "case", "eval"), {"np": np}))
        except ArithmeticError as error:
            return repr(error)

    for _ in range(200):
        tree = expression(3)
        built = ast.fix_missing_locations(ast.Expression(tree))
        assert value(to_source(tree)) == value(built)


def test_nesting_too_deep_is_refused() -> None:
    tree = name("x")
    for _ in range(5000):
        tree = ast.UnaryOp(ast.USub(), tree)
    with pytest.raises(InternalError, match="RecursionError"):
        to_source(tree)


# The guard


def test_wrong_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer._Generator, "visit_BinOp", lambda self, node: self.visit(node.left))
    with pytest.raises(InternalError, match="reads back differently: y = f"):
        printed("x = 1\ny = f(a + b for a in b)")


@pytest.mark.parametrize("kind", sorted(lines._EXPRESSIONS, key=lambda kind: kind.__name__))
def test_a_wrong_line_is_refused(monkeypatch: pytest.MonkeyPatch, kind: type[ast.AST]) -> None:
    monkeypatch.setitem(lines._EXPRESSIONS, kind, lambda node, place: "other")
    with pytest.raises(InternalError, match="reads back differently"):
        printed("y[a.b, 0:1] = f(a + 1, -a, a < b, (a, b), [a, b])[0:1, 2.0]\nx[a:b] += -1.0")


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("x = a + b", ["x = a - b", "x = a + c", "x = c + b", "y = a + b", "x = a", "x = y = a + b"]),
        ("x = 1", ["x = 1.0", "x = True", "x = 2", "x = -1"]),
        ("x = -1.0", ["x = 1.0", "x = -1", "x = +1.0", "x = -2.0"]),
        ("x = 'a'", ["x = 'b'", "x = b'a'"]),
        ("x = f(a)", ["x = f(b)", "x = g(a)", "x = f(a, b)", "x = f()", "x = f(a, b=c)"]),
        ("x = f(b=c)", ["x = f(a=c)", "x = f(b=d)", "x = f(c)"]),
        ("x = a.b", ["x = a.c", "x = c.b"]),
        ("x = a[b]", ["x = a[c]", "x = c[b]", "x = a[b,]"]),
        ("x = a[1:b]", ["x = a[1:c]", "x = a[2:b]", "x = a[1:b:2]", "x = a[1, b]"]),
        ("x += a", ["x -= a", "x = a", "y += a", "x += b"]),
        ("x = a < b", ["x = a <= b", "x = a < c"]),
        ("x = -a", ["x = +a", "x = -b"]),
        ("x = (a, b)", ["x = [a, b]", "x = (a, c)", "x = (a, b, c)"]),
        ("f(a)", ["f(b)", "x = f(a)"]),
    ],
)
def test_statements_that_say_something_else_differ_in_shape_or_words(
    text: str, others: list[str]
) -> None:
    def said(text: str) -> object:
        try:
            return shape(parse(text).body[0], set())
        except Unknown:
            return None

    assert said(text) is not None
    assert said(text) == said(f"({text})" if text == "f(a)" else text)
    for other in others:
        assert said(text) != said(other), other


@pytest.mark.parametrize(
    "text",
    [
        "x = a % b % c",
        "x[a % 2] %= f('50 % of %s', b)",
        "x = (1).real - (-2.5) ** -2 + 1e-300 * 10 ** 16",
        "x.y[:, 1:, a - 1 : b : -1] = --x - (+1.0, [None, True])[0]",
        "np.add.at(x, (a, b), k=(1,), out=a < b)",
    ],
)
def test_a_template_is_filled_in(text: str) -> None:
    (made,) = lined(parse(text)).tree.body
    assert isinstance(made, Lines)
    assert printed(text) == text.replace("'", '"') + "\n"


def test_all_statements_of_a_shape_have_one_template(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[ast.AST] = []
    assign = lines._STATEMENTS[ast.Assign]
    monkeypatch.setitem(
        lines._STATEMENTS, ast.Assign, lambda stmt: asked.append(stmt) or assign(stmt)
    )
    body = [f"x{i} = x{i - 1} * {i}.5 + np.sin(y)" for i in range(1, 50)]
    text = "\n".join(["def f(x0, y):", *(f"    {line}" for line in body), "    return x49\n"])
    assert printed(text) == text
    assert len(asked) == 1


def test_words_of_their_own_show_what_a_template_mixes_up() -> None:
    key, words = shape(parse("x = x * 2.0 + x[3]").body[0], set())
    assert words == ["x", "x", "2.0", "x", "3"]
    assert distinct_words(key) == ["w0", "w1", "2.5", "w3", "4"]


@pytest.mark.parametrize("word", ["None", "class", "a b", "a\n.b", "1.5", "\ufb01"])
def test_a_word_that_is_no_name_is_in_no_line(word: str) -> None:
    with pytest.raises(InternalError, match=r"is not Python|reads back differently"):
        to_source(ast.Module([assign("x", name(word))], []))


def test_text_that_is_not_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        printer._Generator, "visit_Pass", lambda self, node: self.statement(node, "(")
    )
    with pytest.raises(InternalError, match="is not Python"):
        printed("pass")


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (ast.Module([ast.If(name("a"), [], [])], []), "is not Python"),
        (name("a b"), "is not Python"),
        (name("None"), "reads back differently"),
        (name("a\n.b"), "is not Python|reads back differently"),
        (assign("x", ast.FormattedValue(name("x"), -1)), "no printed form"),
        (ast.Load(), "no text of its own"),
        (ast.arguments(), "no text of its own"),
        (bare(ast.Assign, targets=[name("x")]), "without 'value'"),
        (ast.BinOp(name("x"), ast.Add(), ast.Add()), "cannot be printed|no printed form"),
    ],
)
def test_a_tree_that_is_no_program_is_refused(tree: ast.AST, reason: str) -> None:
    with pytest.raises(InternalError, match=reason):
        to_source(tree)


@pytest.mark.parametrize(
    ("ours", "read"),
    [
        ("f(a)", "f(a, a)"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("a + b", "a - b"),
        ("f(x=1)", "f(y=1)"),
        ("x[1:2]", "x[1::2]"),
        ("def f(): return", "def f(): return None"),
        ("{**a}", "{a: a}"),
        ("a < b", "a <= b"),
        ("a < b", "a < b < c"),
        ("import a", "import a as b"),
        ("global a, b", "global b, a"),
    ],
)
def test_the_comparison_sees_every_difference(ours: str, read: str) -> None:
    assert first_difference(ast.parse(ours), ast.parse(read)) is not None
    assert first_difference(ast.parse(read), ast.parse(ours)) is not None
    assert first_difference(ast.parse(ours), ast.parse(ours)) is None


def test_the_comparison_looks_past_positions_and_contexts() -> None:
    built = ast.Module([assign("x", ast.Constant("a", kind="u"))], [])
    built.body[0].targets[0].ctx = ast.Load()
    assert first_difference(built, ast.parse("\n\nx = 'a'")) is None


def test_astor_is_imported_without_a_warning() -> None:
    command = [
        sys.executable,
        "-W",
        "error::DeprecationWarning",
        "-c",
        "import adxform.emit.printer",
    ]
    subprocess.run(command, check=True, cwd=Path(printer.__file__).parents[2])


# Whole files


def sample(folder: str, count: int) -> list[Path]:
    files = [path for path in sorted(Path(folder).rglob("*.py")) if path.stat().st_size < 60_000]
    files = [p for p in files if not {"site-packages", "lib2to3"} & {*p.relative_to(folder).parts}]
    return files[:: max(1, len(files) // count)][:count]


def without_docstring_indentation(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = repr(node.value.value).replace("\\n", "").replace(" ", "")
    return dump(tree)


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder",
    [sysconfig.get_paths()["stdlib"], str(Path(np.__file__).parent)],
    ids=["stdlib", "numpy"],
)
def test_files_that_others_wrote_read_back(folder: str) -> None:
    checked = 0
    for path in sample(folder, 32):
        try:
            source = path.read_text("utf-8")
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue  # written to be wrong
        if any(isinstance(n, ast.Constant) and repr(n.value) == "inf" for n in ast.walk(tree)):
            continue  # printed as np.inf
        text = to_source(tree)
        assert to_source(ast.parse(text)) == text, path
        read = without_docstring_indentation(ast.parse(text))
        assert read == without_docstring_indentation(tree), path
        checked += 1
    assert checked >= 28
