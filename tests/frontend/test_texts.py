"""Texts that are known while compiling, as keys of dictionaries: ``p[f"W{i}"]``."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad
from adxform.errors import UnsupportedError

X = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]])
P = {
    "W1": np.linspace(-1.0, 1.0, 12).reshape(3, 4),
    "b1": np.linspace(0.0, 0.3, 4),
    "W2": np.linspace(1.0, 2.0, 4).reshape(4, 1),
    "b2": np.array([0.1]),
}


def formatted(p):
    h = X
    for i in range(1, 3):
        h = np.tanh(h @ p[f"W{i}"] + p[f"b{i}"])
    return np.sum(h)


def joined(p):
    h = X
    for i in range(1, 3):
        h = np.tanh(h @ p["W" + str(i)] + p["b%d" % i])
    return np.sum(h)


def by_format(p):
    h = X
    for i in range(2):
        h = np.tanh(h @ p["W{}".format(i + 1)] + p["{}{}".format("b", i + 1)])
    return np.sum(h)


def as_many_as_there_are(p):
    h, count = X, len(p) // 2
    for i in range(1, count):
        h = np.tanh(h @ p[f"W{i}"] + p[f"b{i}"])
    return np.sum(h @ p[f"W{count}"] + p[f"b{count}"])


def while_there_are_more(p):
    h, i = X, 1
    while f"W{i}" in p:
        h = np.tanh(h @ p[f"W{i}"] + p[f"b{i}"])
        i += 1
    return np.sum(h)


def kept(p):
    kept, h = {}, X
    for i in range(1, 3):
        kept[f"z{i:02d}"] = h @ p[f"W{i}"] + p[f"b{i}"]
        h = np.tanh(kept[f"z{i:02d}"])
    return np.sum(h * kept["z02"]) + np.sum(kept["z01"] ** 2)


def words(p):
    first, second = [np.sum(p[key] ** 2) for key in "W1 b1".split()]
    for key in "W2,b2".split(","):
        first = first * second + np.sum(p[key])
    names = "b1 b2".split()
    for name in names:
        first = first + np.sum(p[name] ** 3)
    return first


@pytest.mark.parametrize(
    "f", [formatted, joined, by_format, as_many_as_there_are, while_there_are_more, kept, words],
    ids=lambda f: f.__name__,
)
def test_keys_that_are_known(f) -> None:
    step = {key: np.cos(np.arange(v.size)).reshape(v.shape) for key, v in P.items()}
    ends = [f({key: v + h * step[key] for key, v in P.items()}) for h in (1e-6, -1e-6)]
    slope = sum(np.sum(step[key] * bar) for key, bar in grad(f)(P).items())
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-7)


def by_a_number(p, level):
    return np.sum(p[f"{level}"] ** 2)


def test_what_only_running_tells_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="which item of this dict is meant"):
        grad(by_a_number)({"1.5": P["W1"], "2.5": P["b1"]}, 1.5)
