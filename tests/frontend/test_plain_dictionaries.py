"""Dictionaries without differentiated values whose keys only running tells are Python's own."""

from __future__ import annotations

from collections import defaultdict

import pytest

from adxform import UnsupportedError, check_grads, grad, vjp


def configured(x, text="a=1.5; b=2"):
    options = {}
    for part in text.split(";"):
        key, value = part.split("=")
        options[key.strip()] = float(value)
    return options["a"] * x + options["b"] * x**2


def counted(x, text="a b a"):
    counts = defaultdict(int)
    first = dict()
    for i, word in enumerate(text.split()):
        counts[word] += 1
        first[word] = i
    return x ** counts["a"] * (1 + first["b"]) + x * max(counts.values())


@pytest.mark.parametrize("f", [configured, counted])
def test_it_is_what_python_makes(f):
    value, _ = vjp(f, 1.3)
    assert value == f(1.3)
    check_grads(f, (1.3,), order=1)


def of_parities(x, n=5):
    sums = defaultdict(float)
    for i in range(n):
        sums[i % 2] += x * i
    return sums[0] * sums[1]


def sometimes(x, words=("a", "b", "a")):
    found = {}
    for i, word in enumerate(words):
        found[word] = x if i > 1 else i
    return found["a"] * found["b"]


@pytest.mark.parametrize("f", [of_parities, sometimes])
def test_one_with_differentiated_values_is_refused(f):
    with pytest.raises(UnsupportedError, match="which keys this dictionary has is not known"):
        grad(f)(1.3)
