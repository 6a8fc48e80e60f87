"""Each row of the rule table in vector mode: several directions at once give what each gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adxform.differentiate.vector import OneAtATimeError
from adxform.rules.samples import Program
from adxform.rules.table import RULES
from tests.rules.deriving import (
    HELPERS,
    derive,
    directions,
    draw,
    leaves,
    programs,
    shape_combinations,
    subsets,
)
from tests.rules.test_laws import WITH_BOTH, acts_by_element, given

COUNT = 3


def moved(along: dict[str, Any], by: int) -> dict[str, Any]:
    """Another direction than the one given."""
    rng = np.random.default_rng(by)
    return {n: t * (by + 0.5) + rng.normal(size=np.shape(t)).astype(np.asarray(t).dtype)
            for n, t in along.items()}  # fmt: skip


def agrees(program: Program, wrt: tuple[str, ...], dtype: str = "float64") -> bool:
    """Whether several directions are carried at once; then each is right."""
    types = given(program, True, dtype)
    try:
        several = derive(program, "vector", wrt, types)
    except OneAtATimeError:
        return False
    single = derive(program, "forward", wrt, types)
    each = [moved(directions(program, wrt, dtype), by) for by in range(COUNT)]
    stacked = [np.stack([np.asarray(d[name]) for d in each], axis=-1) for name in wrt]
    value, tangent = several.call(*draw(program, dtype=dtype).values(), *stacked)
    for j, along in enumerate(each):
        plain, expected = single.call(*draw(program, dtype=dtype).values(), *along.values())
        for one, other in zip(leaves(value), leaves(plain), strict=True):
            np.testing.assert_array_equal(one, other, err_msg=several.text)
        for found, one in zip(leaves(tangent), leaves(expected), strict=True):
            assert np.shape(found) == (*np.shape(one), COUNT), f"{program}\n{several.text}"
            rough = 1.0 if dtype == "float64" else 1e8
            np.testing.assert_allclose(found[..., j], one, rtol=1e-12 * rough,
                                       atol=1e-12 * rough, err_msg=several.text)  # fmt: skip
            if dtype == "float32" and np.asarray(one).dtype == "float32":
                assert found.dtype == "float32", f"{program}\n{several.text}"
    return True


ONE_BY_ONE = ("np.complex128", "np.complex64")  # they make a number complex for each direction


@pytest.mark.parametrize("name", WITH_BOTH)
def test_several_directions_give_what_each_gives(name: str) -> None:
    for program in programs(RULES[name]):
        for wrt in subsets(program):
            carried = agrees(program, wrt)
            assert carried or not acts_by_element(name) or name in ONE_BY_ONE
        arrays = any(a.shape is not None for a in program.arguments.values())
        if program.active and arrays and name not in HELPERS:
            agrees(program, program.active, "float32")


@pytest.mark.parametrize("name", [n for n in WITH_BOTH if RULES[n].broadcasts])
def test_operands_broadcast(name: str) -> None:
    for program in programs(RULES[name]):
        for shaped in shape_combinations(program):
            for wrt in subsets(shaped):
                agrees(shaped, wrt)


def test_most_rows_carry_several_directions() -> None:
    refused = {
        name
        for name in WITH_BOTH
        for program in programs(RULES[name])[:1]
        if program.active and not agrees(program, program.active)
    }
    assert len(refused) < 0.1 * len(WITH_BOTH), refused
