"""``match`` over sequences, mappings and attributes is said by branches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, source


@dataclass
class Disk:
    radius: float


@dataclass
class Box:
    width: float
    height: float


class Point(NamedTuple):
    x: float
    y: float


def areas(a, b):
    total = 0.0
    for shape in (Disk(a), Box(a, b), Box(b, a)):
        match shape:
            case Disk(radius=r):
                total += math.pi * r * r
            case Box(w, h) if w > h:
                total += w * h
            case Box(width=w):
                total += w
    return total


def interpreted(x, a, b):
    for step in (("scale", a), ("shift", b), ("both", a, b), (), (b, a, a, b)):
        match step:
            case ("scale" | "times", k):
                x = x * k
            case ["shift", d]:
                x = x + d
            case ("both", *rest):
                x = x * rest[0] + rest[1]
            case []:
                x = math.sin(x)
            case (first, *_, last):
                x = x * first - last
    return x


def configured(p, x):
    match p:
        case {"kind": "normal", "mean": m, "scale": s}:
            return math.exp(-(((x - m) / s) ** 2))
        case {"kind": "line", "slope": slope}:
            return slope * x
    return 0.0


def guarded(a, b):
    match (a, b):
        case (x, y) if x > y:
            value = x - y
        case [x, y] if x > 0.1:
            value = x * y
        case _:
            value = a
    return value + x


def evaluated(x):
    def value(tree):
        match tree:
            case ("sum", left, right):
                return value(left) + value(right)
            case ("product", (left, right)):
                return value(left) * value(right)
            case "x":
                return x
            case float(c) | int(c):
                return c

    return value(("sum", ("product", ("x", 3.0)), ("product", ("x", "x"))))


def placed(a, b):
    match Point(a, b):
        case Point(0.0, y):
            return y
        case Point(x, y):
            return x * y


def shaped(x):
    match x.shape:
        case (n,):
            return np.sum(x) ** 2 / n
        case (_, m):
            return np.sum(x) / m


def of_array(x):
    match x:
        case [a, _]:  # an array is no sequence to a pattern
            return a
        case np.ndarray(shape=(n,)):
            return np.sum(x) / n


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (areas, (0.5, 0.7)),
        (interpreted, (0.4, 0.5, 0.7)),
        (configured, ({"kind": "normal", "mean": 0.2, "scale": 0.7}, 0.4)),
        (configured, ({"kind": "line", "slope": 2.0}, 0.4)),
        (guarded, (0.5, 0.7)),
        (guarded, (0.7, 0.5)),
        (guarded, (0.05, 0.5)),
        (evaluated, (0.6,)),
        (placed, (0.5, 0.7)),
        (shaped, (np.array([0.3, 0.8]),)),
    ],
)
def test_patterns(f, args):
    check_grads(f, args, order=1)


def test_an_array_is_no_sequence():
    np.testing.assert_array_equal(grad(of_array)(np.array([0.3, 0.8])), [0.5, 0.5])


def test_a_value_of_unknown_kind_is_refused():
    def first(x):
        match x:
            case [a, *_]:
                return a * a
            case _:
                return x

    with pytest.raises(UnsupportedError, match="whether this is a sequence is not known"):
        source(first)
    assert grad(first)((0.5, 2.0)) == (1.0, 0.0)
