"""The text of a derivative defines what it names from outside the function."""

from __future__ import annotations

import adxform

SIDES = (1.5, 2.0)
TABLE = {"half": [0.5, 1]}
ODD = [object()]


def f(x: float) -> float:
    return x * x * SIDES[0] * TABLE["half"][0]


def opaque(x: float) -> float:
    return x * x * len(ODD)


def test_containers_of_literals_are_written_out() -> None:
    text = adxform.source(f)
    namespace: dict = {}
    exec(text, namespace)
    assert namespace["f_reverse"](3.0) == (6.75, 4.5)


def test_what_no_literal_says_is_left_to_the_reader() -> None:
    assert "# ODD, of type list, is to be defined here\nODD = None\n" in adxform.source(opaque)
