"""The rule of ``np.einsum``: the cotangent of an operand is another einsum.

In ``ij,jk->ik`` the operand ij has the cotangent ``ik,jk->ij``: result and operand change places.
A label that nothing else carries was summed alone, and is spread again; one that an operand
carries twice took its diagonal, to which an identity matrix leads back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adxform.core.dims import Dim
from adxform.core.types import (
    Array,
    Struct,
    Type,
    broadcast_dims,
    dims_of,
    is_numeric,
    promote,
    rank,
)
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import bilinear, holomorphic
from adxform.rules.wording import dtype_in, put_back, refuse

DOTS = "."  # stands for an ellipsis whose rank is not known
_SPARE = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA"


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of each operand and of the result, one character each."""

    operands: tuple[str, ...]
    result: str


def read_subscripts(subscripts: str, ranks: Iterable[int | None]) -> Labels:
    """Subscripts with every axis labelled, where ranks are known.

    >>> read_subscripts("ij,jk", (2, 2))
    Labels(operands=('ij', 'jk'), result='ik')
    >>> read_subscripts("...i,i->...", (3, 1))
    Labels(operands=('zyi', 'i'), result='zy')
    """
    plain = subscripts.replace(" ", "").replace("...", DOTS)
    given, arrow, result = plain.partition("->")
    operands = given.split(",")
    if not arrow:
        single = sorted(c for c in set(given) - {",", DOTS} if given.count(c) == 1)
        result = (DOTS if DOTS in given else "") + "".join(single)
    known = list(ranks)
    dotted = [n for o, n in zip(operands, known, strict=True) if DOTS in o]
    if all(n is not None for n in dotted):
        spare = [c for c in _SPARE if c not in plain]
        widths = [0 if n is None or DOTS not in o else n - len(o) + 1
                  for o, n in zip(operands, known, strict=True)]
        shared = "".join(spare[: max(widths)])
        operands = [o.replace(DOTS, shared[len(shared) - w :])
                    for o, w in zip(operands, widths, strict=True)]
        result = result.replace(DOTS, shared)
    return Labels(tuple(operands), result)


def _labels(subscripts: Type, operands: Type) -> Labels | None:
    text = infer.const_of(subscripts)
    if not isinstance(text, str) or not isinstance(operands, Struct):
        return None
    if text.partition("->")[0].count(",") + 1 != len(operands.items):
        return None
    return read_subscripts(text, [rank(infer.as_array(t)) for t in operands.items])


def _result(subscripts: Type, operands: Type, optimize: Type) -> Type:
    items = operands.items if isinstance(operands, Struct) else ()
    types = [infer.as_array(t) for t in items]
    if not types or not all(is_numeric(t) for t in types):
        return infer.unknown()
    dtype, labels = promote(types), _labels(subscripts, operands)
    if labels is None or DOTS in labels.result or any(DOTS in o for o in labels.operands):
        return Array(dtype, None)
    sizes: dict[str, list[Dim]] = {}
    for own, t in zip(labels.operands, types, strict=True):
        for label, dim in zip(own, dims_of(t) or (), strict=False):
            sizes.setdefault(label, []).append(dim)
    if any(label not in sizes for label in labels.result):
        return Array(dtype, None)
    merged = [broadcast_dims([(dim,) for dim in sizes[label]]) for label in labels.result]
    return infer.array(dtype, tuple(m[0] for m in merged if m))


def operand_bar(subscripts: Type, operands: Type, item: Type, index: Type, optimize: Type) -> str:
    """The cotangent of one operand, as another einsum."""
    labels = _labels(subscripts, operands)
    if labels is None or not isinstance(operands, Struct):
        refuse("np.einsum is differentiated only where its subscripts are a literal string, with "
               "one part for each operand",
               'Write np.einsum("ij,jk->ik", x, y).')
    place = infer.const_of(index)
    own, eyes = _without_repeats(labels.operands[place], labels)
    if own.find(DOTS) > 0:
        refuse(f"np.einsum: the rank behind ... in {infer.const_of(subscripts)!r} is not known",
               "Annotate the shapes of the operands, or write every label.")
    factors = [(o, f"operands[{i}]") for i, o in enumerate(labels.operands) if i != place]
    eye_type = "" if dtype_in(item) == "float64" else ", dtype=item.dtype"
    factors += [(pair, f"np.eye(item.shape[{own.index(pair[0])}]{eye_type})") for pair in eyes]
    present = {c for text, _ in factors for c in text} | set(labels.result)
    target = "".join(c for c in own if c in present)
    if DOTS in present and DOTS not in target:
        target = DOTS + target
    value = _einsum(labels.result, factors, target, optimize)
    if target.replace(DOTS, "") != own.replace(DOTS, ""):
        return f"broadcast_like({_with_gaps(value, target, own)}, item)"
    return f"unbroadcast({value}, item)"


def _without_repeats(own: str, labels: Labels) -> tuple[str, list[str]]:
    """An operand's labels made distinct, and the pairs that must agree."""
    spare = (c for c in _SPARE if c not in labels.result + "".join(labels.operands))
    made, pairs = "", []
    for label in own:
        if label in made:
            fresh = next(spare)
            pairs.append(label + fresh)
            label = fresh
        made += label
    return made, pairs


def _einsum(result: str, factors: list[tuple[str, str]], target: str, optimize: Type) -> str:
    """The sum of products; one with a number is a multiplication."""
    if result:
        factors = [(result, "out_bar"), *factors]
    outside = "" if result else "out_bar * "
    if not factors:
        return "out_bar"
    if len(factors) == 1 and factors[0][0] == target:
        return outside + factors[0][1]
    given = ",".join(text for text, _ in factors)
    subscripts = f"{given}->{target}".replace(DOTS, "...")
    plain = infer.const_of(optimize) is False
    extra = "" if plain else ", optimize=optimize"
    return f"{outside}np.einsum('{subscripts}', {', '.join(t for _, t in factors)}{extra})"


def _with_gaps(value: str, target: str, own: str) -> str:
    """An array with ones for the labels that it lacks, so that it broadcasts."""
    if not target or own.endswith(target):
        return value
    gaps = tuple(i for i, c in enumerate(own) if c not in target)
    if own.startswith(DOTS):
        return f"({value})[..., {', '.join('None' if c not in target else ':' for c in own[1:])}]"
    return f"({value})[{put_back(gaps, len(own))}]"


bilinear(
    "np.einsum(subscripts, *operands, optimize=False)",
    operands=operand_bar,
    infer=_result,
    fresh=False,  # a view where it only permutes axes or takes a diagonal
    sample=calls(
        "'ij,jk->ik', R(2, 3), R(3, 4)", "'ij,jk', R(2, 3), R(3, 4)", "'i,i->', R(3), R(3)",
        "'ij->ji', R(2, 3)", "'ij->i', R(2, 3)", "'ij->', R(2, 3)", "'ii->i', R(3, 3)",
        "'ii', R(3, 3)", "'ij,ij,j->i', R(2, 3), R(2, 3), R(3)", "'...i,i->...', R(2, 4, 3), R(3)",
        "'...ij,...jk->...ik', R(5, 2, 3), R(3, 4)", "'bij,bjk->bik', R(5, 2, 3), R(5, 3, 4)",
        "'ij,jk,kl->il', R(2, 3), R(3, 4), R(4, 2), optimize=True", "'i,j->ij', R(2), R(3)",
        "'iij,k->k', R(2, 2, 3), R(4)", "'ij,ij->ij', R(1, 3), R(2, 3)",
    ),
)

holomorphic("np.einsum")
