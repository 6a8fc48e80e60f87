"""From the text of a kernel to machine code, kept on disk between processes."""

from __future__ import annotations

import ast
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any

from adxform.backends.numba import disk, register
from adxform.backends.numba.counterparts import OURS as OF_ARRAYS
from adxform.backends.numba.counterparts import with_counterparts
from adxform.backends.numba.depths import with_depths
from adxform.backends.numba.kept_lists import with_lists_kept
from adxform.backends.numba.unsigned import with_unsigned_places
from adxform.backends.numba.vectors import OURS as OF_NUMBERS
from adxform.backends.numba.vectors import with_vectors
from adxform.backends.python import compile_text
from adxform.core.trees import bound_names, names, nodes
from adxform.errors import ArgumentError, BackendWarning, Diagnostic

OURS = {**{own: ("mathematics", name) for name, own in OF_NUMBERS.items()}, **OF_ARRAYS}
NOT_IN_THREADS = (  # which Numba makes besides, of what may share memory
    "fusion", "setitem", "inplace_binop", "comprehension", "stencil", "numpy", "reduction",
)  # fmt: skip
WRITTEN = sorted({"ranks", *(module for module, _ in OURS.values())})


def require_numba() -> None:
    """Refuse where Numba is not installed.

    Raises
    ------
    ArgumentError
        With the command that installs it.
    """
    if find_spec("numba") is None:
        hint = "Install it: pip install 'adxform[numba]'"
        raise ArgumentError(Diagnostic('backend="numba" needs Numba', hint=hint))


def jitted(
    text: str,
    name: str,
    values: Mapping[str, Any],
    *,
    parallel: bool = False,
    checked: bool = True,
    keep: bool = True,
) -> Any:
    """The function ``name`` of a generated text, and all that it calls there, for Numba to compile.

    Where it is ``checked`` an index out of bounds raises an IndexError. With ``keep`` the machine
    code is kept on disk, and taken from there.
    """
    import numba

    register()
    tree = with_counterparts(with_vectors(ast.parse(text)), values)
    tree = with_lists_kept(tree)
    tree = tree if checked else with_unsigned_places(tree)
    tree = with_depths(tree, name, sys.getrecursionlimit())
    text = ast.unparse(tree)
    free = set().union(*map(_free, tree.body)).difference(*map(bound_names, tree.body))
    values = {k: v for k, v in values.items() if k in free}
    modules = {name: import_module(f"{__package__}.{name}") for name in WRITTEN}
    threads = parallel and NOT_IN_THREADS
    options = f"{threads} {checked} {[inspect.getsource(m) for m in modules.values()]}"
    path = disk.stored(text, name, values, options) if keep else None
    module = ModuleType(f"adxform.generated.{name}" if path is None else path.stem)
    sys.modules[module.__name__] = module  # where Numba looks for what calls itself, or is on disk
    scope = vars(module)
    scope.update(values)
    scope.update((own, getattr(modules[m], n)) for own, (m, n) in OURS.items() if own in free)
    made = compile_text(text, name, scope, None if path is None else str(path))
    for key, value in list(scope.items()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            several: Any = parallel and "prange" in value.__code__.co_names
            if several:
                several = dict.fromkeys(NOT_IN_THREADS, False)  # one for each: Numba empties it
            scope[key] = numba.njit(
                error_model="numpy",
                boundscheck=checked,
                parallel=several,
                cache=path is not None,
                nogil=True,
                fastmath={"reassoc"} if key == "summed" else False,
            )(value)
    return scope[made.__name__]


def _free(stmt: ast.stmt) -> set[str]:
    """The names that a statement has from outside: not what a function calls its own variables."""
    if not isinstance(stmt, ast.FunctionDef):
        return set(names(stmt))
    own = {arg.arg for arg in nodes(stmt.args) if isinstance(arg, ast.arg)}
    inside = set(names(*stmt.body)).difference(own, bound_names(*stmt.body))
    return inside.union(names(stmt.args, *stmt.decorator_list))


class Guarded:
    """A kernel under Numba, and the plain function that takes over where Numba gives up.

    ``ways`` make the kernel, each if none before could: with what lies on disk and without, in
    several threads and in one; ``plain`` makes the function that is called alike. ``call`` runs
    what there is; ``where`` says in the warning whose derivative it is. ``careful`` gives ways to
    make one that expects less of its arguments' sizes.
    """

    def __init__(
        self,
        ways: Sequence[Callable[[], Any]],
        plain: Callable[[], Callable[..., Any]],
        where: str,
        careful: Callable[[], Sequence[Callable[[], Any]]] | None = None,
    ) -> None:
        self.ways = ways
        self.careful = careful
        self.plain = plain
        self.where = where
        self.call: Callable[..., Any] = self.first

    def first(self, *args: Any) -> Any:
        """Compile for these arguments, and call."""
        if _has_empty_list(args):  # of which Numba knows no type
            return self.plain()(*args)
        reasons: list[Exception] = []
        for way in self.ways:  # what lies on disk may be unreadable
            try:
                self.call = self.guarding(self.compiled(way, args))
            except Exception as error:
                reasons.append(error)
            else:
                return self.call(*args)
        return self.give_up(reasons[-1])(*args)

    def compiled(self, way: Callable[[], Any], args: tuple[Any, ...]) -> Any:
        import numba

        made = way()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Numba's advice is for who writes the code
            typeof: Callable[[Any], Any] = numba.typeof
            made.compile(tuple(map(typeof, args)))
        return made

    def guarding(self, compiled: Any) -> Callable[..., Any]:
        """The compiled kernel; where it raises, the plain function says why, or does it."""

        def call(*args: Any) -> Any:
            try:
                return compiled(*args)
            except Exception as error:
                found = self.plain()(*args)  # raises, as a rule, with NumPy's own words
                if not _is_any_empty(args):  # no index is out of bounds where none is read
                    self.give_up(error)
                return found

        return call

    def give_up(self, reason: BaseException) -> Callable[..., Any]:
        """What is called from now on."""
        if self.careful is not None:
            self.ways, self.careful = self.careful(), None
            self.call = self.first
            return self.call
        said = [line.strip() for line in str(reason).splitlines() if line.strip()]
        said = [line for line in said if not line.startswith(("Failed in nopython", "During:"))]
        why = said[0] if said else type(reason).__name__
        warnings.warn(
            f"{self.where}: plain NumPy runs, for Numba does not compile it: {why}",
            BackendWarning,
            stacklevel=5,
        )
        self.call = self.plain()
        return self.call


def _is_any_empty(args: tuple[Any, ...]) -> bool:
    return any(getattr(arg, "size", 1) == 0 for arg in args) or _has_empty_list(args)


def _has_empty_list(args: tuple[Any, ...]) -> bool:
    return any(type(arg) is list and not arg for arg in args)
