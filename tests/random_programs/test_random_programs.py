"""Random programs: what is generated agrees with dual numbers, differences, and itself."""

from __future__ import annotations

import os
import random

import pytest

from tests.random_programs.checks import check
from tests.random_programs.control import Control
from tests.random_programs.functions import FunctionsWriter
from tests.random_programs.generator import write_program
from tests.random_programs.ordinary import OrdinaryWriter
from tests.random_programs.smallest import smallest
from tests.random_programs.structures import StructuresWriter

pytestmark = pytest.mark.random_programs

ASKED = os.environ.get("ADXFORM_RANDOM_PROGRAMS")
PROGRAMS = int(ASKED or 40)  # of each kind
KINDS = {"plain": Control, "ordinary": OrdinaryWriter, "structures": StructuresWriter,
         "functions": FunctionsWriter}
FEW = 10


def check_some(kind: str, start: int) -> None:
    for seed in range(start, min(start + FEW, PROGRAMS)):
        program = write_program(random.Random(seed), KINDS[kind])
        try:
            check(program, seed, thorough=bool(ASKED))
        except Exception as error:
            text = smallest(program, seed, error).text
            raise AssertionError(f"{kind} program {seed}: {error}\n\n{text}") from error


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_random_programs(kind):
    check_some(kind, 0)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FEW, PROGRAMS, FEW))
@pytest.mark.parametrize("kind", KINDS)
def test_random_programs(kind, start):
    check_some(kind, start)
