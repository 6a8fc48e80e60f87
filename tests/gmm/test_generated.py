"""The derivatives that gmm runs on, word for word: they read as a person would write them.

``BLESS=1 pytest tests/gmm/test_generated.py`` writes them anew.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import gmm
from adxform import source

FOLDER = Path(__file__).resolve().parent / "generated"
X = np.zeros((5, 2))
LOGITS, MEANS, FACTORS = np.zeros(3), np.zeros((3, 2)), np.zeros((3, 2, 2))

CASES = {
    "em_step_full_forward": (
        gmm.em_step,
        "forward",
        (0, 1, 2),
        (LOGITS, MEANS, FACTORS, X, "full"),
    ),
    "em_step_of_means_forward": (gmm.em_step_of_means, "forward", (0,), (MEANS, X)),
    "responsibilities": (gmm.mixture, "reverse", (1,), (LOGITS, np.zeros((3, 5)))),
}


@pytest.mark.parametrize("name", CASES)
def test_generated_source_is_the_golden(name):
    function, mode, argnums, args = CASES[name]
    text = source(function, mode=mode, argnums=argnums, args=args)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("BLESS"):
        path.write_text(text)
    assert text == path.read_text()
