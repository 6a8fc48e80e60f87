"""Each row of the rule table as loop nests: the numbers of NumPy, in the same shapes and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adxform.backends.numba.lower import lowered
from adxform.emit.module import module_text
from adxform.parts import reachable
from adxform.rules.table import RULES
from tests.rules.deriving import derive, draw, leaves, primal, programs, seeds_for
from tests.rules.test_laws import WITH_BOTH, given


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_BOTH)
def test_loop_nests_agree(name: str) -> None:
    for program in programs(RULES[name]):
        if not program.active:
            continue
        made = derive(program, "reverse", program.active, given(program, True))
        text = module_text([lowered(*part) for part in reachable(made.core, made.types)])
        scope: dict[str, Any] = {}
        exec(compile(text, f"<loop nests of {name}>", "exec"), scope)
        args = draw(program)
        seeds = seeds_for(made, program, primal(program)(**args))
        expected = made.call(*args.values(), *seeds)
        found = scope[made.core.name](*draw(program).values(), *seeds)
        for mine, plain in zip(leaves(found), leaves(expected), strict=True):
            assert np.shape(mine) == np.shape(plain), text
            assert np.asarray(mine).dtype == np.asarray(plain).dtype, text
            np.testing.assert_allclose(mine, plain, rtol=1e-10, atol=1e-12, err_msg=text)
