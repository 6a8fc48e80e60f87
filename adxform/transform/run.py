"""One run over a file's text: choose, generate, plan, splice."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from adxform.core.pause import collection_paused
from adxform.core.trees import bound_names
from adxform.errors import (
    AdxformError,
    ArgumentError,
    Diagnostic,
    InternalError,
    MissingRuleError,
    UnsupportedError,
    combine,
)
from adxform.frontend.scope import FileScope
from adxform.frontend.source import Text, parse_file
from adxform.frontend.ssa import all_args
from adxform.transform.assembly import Assembly, Clash, imports_needed
from adxform.transform.generation import Generator, Made
from adxform.transform.imports import (
    add_imports,
    adxform_names,
    drop_imports,
    has_star,
    mentioned,
    runtime_names,
    still_needed,
)
from adxform.transform.placing import place
from adxform.transform.planning import Piece, plan
from adxform.transform.selection import Chosen, Selection, definitions
from adxform.transform.splice import Edits, Page, is_derived, is_replaced, without_derived

MODES = ("forward", "reverse", "both")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Transformed:
    """A file's new text; ``notes`` say what in it still needs adxform."""

    text: str
    notes: list[str] = field(default_factory=list)


@collection_paused
def transform(
    source: str,
    file: str = "<string>",
    *,
    functions: Sequence[str] = (),
    mode: str = "both",
    wrt: Sequence[str] = (),
) -> Transformed:
    """The text of a Python file, with derivatives of its functions.

    Parameters
    ----------
    source : str
        The file's text; it is read and never run.
    file : str
        Its name, for messages and to find what it imports from files beside it.
    functions : sequence of str
        The functions that get derivative functions; if there are none, and no decorated ones
        either, every function at the top of the file that can have a derivative.
    mode : {"both", "forward", "reverse"}
        Which derivative functions.
    wrt : sequence of str
        The parameters to differentiate in; all that can have a derivative if it is empty.

    Raises
    ------
    AdxformError
        With a diagnostic for each place that stands in the way.
    """
    if mode not in MODES:
        raise ArgumentError(f"mode is one of {', '.join(MODES)}, not {mode!r}")
    mark = _BOM if source.startswith(_BOM) else ""
    run = _Run(source.removeprefix(_BOM), file, tuple(functions), mode, tuple(wrt))
    made = run.result()
    try:
        ast.parse(made.text)
    except SyntaxError as error:
        raise InternalError(f"the text made from {file} is not Python: {error}") from None
    return Transformed(mark + made.text, made.notes)


class _Run:
    """One run over a file.

    ``tree`` is the file without what a former run has derived; ``fresh`` are the same statements
    as they stand in ``page``, the text without it.
    """

    def __init__(
        self, source: str, file: str, functions: tuple[str, ...], mode: str, wrt: tuple[str, ...]
    ) -> None:
        whole, self.text = parse_file(source, file)
        self.mode, self.wrt = mode, wrt
        page = Page(source)
        self.tree = ast.Module([s for s in whole.body if not is_derived(page, s)], [])
        self.former = [n for _, _, n in definitions(self.tree) if is_replaced(page, n)]
        self.scope = FileScope(self.tree, self.text)
        self.page = Page(without_derived(page, whole))
        self.fresh = ast.parse(self.page.text)
        selection = Selection(self.tree, self.text, self.scope)
        self.chosen = selection.chosen(functions, skip=self.former)
        self.errors = selection.errors

    def result(self) -> Transformed:
        """Generate; a name that turns out to be used otherwise is avoided in another attempt."""
        former = {n.name: n for n in self.former}
        taken = _names(self.tree) - former.keys()
        while True:
            try:
                return self._attempt(Assembly(taken, former))
            except Clash as clash:
                if clash.name in taken:
                    raise InternalError(f"two definitions of {clash.name}") from None
                taken = {*taken, clash.name}

    def _attempt(self, assembly: Assembly) -> Transformed:
        own = {f"{c.name}_{mode}" for c in self.chosen for mode in ("forward", "reverse")}
        generator = Generator(self.scope, self.text, assembly.taken | own)
        pieces = plan(self._generated(generator), generator, assembly)
        trees = [tree for piece in pieces for tree in piece.trees()]
        bound = runtime_names(self.tree)
        imports = imports_needed(trees, generator.spellings, bound)
        if not has_star(self.tree):
            known = bound | {tree.name for tree in trees} | set(generator.spellings.values())
            for piece in pieces:
                piece.check(known | {"scipy"}, self.text.file)
        edits = Edits(self.page)
        for piece in pieces:
            place(edits, self.fresh, piece, assembly)
        tops = [self.fresh.body[piece.made.chosen.path[0]].lineno for piece in pieces]
        add_imports(edits, self.fresh, imports, min(tops, default=1))
        drop_imports(edits, self.fresh, self._unused(pieces))
        text = edits.applied()
        replaced = any(piece.body for piece in pieces)
        notes = still_needed(ast.parse(text), self.text.file) if replaced else []
        return Transformed(text, notes)

    def _generated(self, generator: Generator) -> list[Made]:
        """The derivatives of all chosen functions, or one error that says all that is wrong."""
        made, errors = [], [*self.errors]
        own = defined(self.tree)
        for chosen in self.chosen:
            try:
                check_free(own, chosen, self.mode, self.text)
                one = generator.made(chosen, self.mode, self.wrt)
                made.extend([] if one is None else [one])
            except AdxformError as error:
                errors.append(error)
        params = {a.arg for c in self.chosen for a in all_args(c.node.args)}
        if unknown := [name for name in self.wrt if name not in params]:
            errors.append(ArgumentError(f"no function here has a parameter {', '.join(unknown)}"))
        if errors:
            raise self._told(combine(errors))
        if not made and not self.former:
            raise ArgumentError(f"{self.text.file} has no function that can have a derivative")
        return made

    def _told(self, error: AdxformError) -> AdxformError:
        """An error that says, where all functions were chosen, that some may be."""
        no_wonder = isinstance(error, UnsupportedError | MissingRuleError)
        if not no_wonder or any(chosen.explicit for chosen in self.chosen):
            return error
        *before, last = error.diagnostics
        choose = "Or choose functions by name (-f NAME); as none was, all are."
        hint = f"{last.hint}\n  {choose}" if last.hint else choose
        told: AdxformError = type(error)(*before, replace(last, hint=hint))
        return told

    def _unused(self, pieces: list[Piece]) -> set[str]:
        """The names of adxform that only replaced code has used."""
        replaced = {id(p.made.chosen.node): p.made.chosen for p in pieces if p.body is not None}
        before = mentioned(c.node for c in replaced.values())
        rest = _Without(replaced).visit(copy.copy(self.tree))
        after = mentioned([rest, *(tree for piece in pieces for tree in piece.trees())])
        return (before - after) & adxform_names(self.tree).keys()


class _Without(ast.NodeTransformer):
    """Leaves of replaced functions only what stays: signature and other decorators."""

    def __init__(self, replaced: dict[int, Chosen]) -> None:
        self.replaced = replaced

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        body = [self.visit(stmt) for stmt in node.body]
        return ast.ClassDef(node.name, node.bases, node.keywords, body, node.decorator_list)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        chosen = self.replaced.get(id(node))
        if chosen is None or chosen.decoration is None:
            return node
        others = [d for d in node.decorator_list if d is not chosen.decoration.node]
        kept = [n for n in (node.args, node.returns, *others) if n is not None]
        return ast.Module(kept, [])  # type: ignore[arg-type]


def _names(tree: ast.Module) -> set[str]:
    """Every name that a file uses or binds, anywhere in it."""
    found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    found.update(n.arg for n in ast.walk(tree) if isinstance(n, ast.arg))
    return found.union(*(bound_names(s) for s in ast.walk(tree) if isinstance(s, ast.stmt)))


def defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """The names that a file binds at its top, by the first statement that does."""
    found: dict[str, ast.stmt] = {}
    for stmt in tree.body:
        for name in bound_names(stmt):
            found.setdefault(name, stmt)
    return found


def check_free(own: dict[str, ast.stmt], chosen: Chosen, mode: str, text: Text) -> None:
    """Refuse to define a name that the user has defined, as ``own`` says.

    Raises
    ------
    ArgumentError
        Showing the user's definition.
    """
    if chosen.decoration is not None:
        return
    wanted = {f"{chosen.name}_{m}" for m in ("forward", "reverse") if mode in (m, "both")}
    for name in sorted(wanted & own.keys(), key=lambda name: own[name].lineno):
        raise ArgumentError(Diagnostic(
            f"{name} would be generated, but the file defines it", text.location(own[name]),
            f"Rename it, choose other functions with -f, or another mode than {mode}."))
