"""Properties that are cached when they are first read, of objects that a function makes."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad


class Kernel:
    scale = 3.0

    def __init__(self, x):
        self.x = x
        self.reads = 0

    @functools.cached_property
    def square(self):
        self.reads += 1
        return self.x**2 * self.reads

    @functools.cached_property
    def both(self):
        return self.square + self.x

    @functools.cached_property
    def row(self):
        return self.x * np.ones(3)


def read_again_after_a_change(x):
    """What is cached stays as it was; a second name of the object sees it, too."""
    kernel = Kernel(x[0])
    same = kernel
    first = kernel.both
    kernel.x = x[1]
    return first * same.both * kernel.square + kernel.reads * x[2]


def written_to(x):
    kernel = Kernel(x[0])
    row = kernel.row
    row[0] = x[1]
    return np.sum(kernel.row**2 * x)


def made_in_a_loop(x):
    total = 0.0
    for v in x:
        kernel = Kernel(v)
        total += kernel.both * kernel.square
    return total


def given_by_the_class_until_it_is_set(x):
    kernel = Kernel(x[0])
    total = 0.0
    for v in x:
        total += kernel.scale * v
        if v > 1.0:
            kernel.scale = v * v
    return total * kernel.scale


@pytest.mark.parametrize("f", (
    read_again_after_a_change, written_to, made_in_a_loop, given_by_the_class_until_it_is_set,
), ids=lambda f: f.__name__)
def test_right(f):
    check_grads(f, (np.array([0.7, 1.3, 0.4]),), order=2)


def cached_on_one_path(x):
    kernel = Kernel(x[0])
    y = kernel.square if x[1] > 0 else 0.0
    kernel.x = x[1]
    return y * kernel.square


def cached_first_in_a_loop(x):
    kernel = Kernel(x[0])
    total = 0.0
    for v in x:
        total += kernel.square
        kernel.x = v
    return total


@pytest.mark.parametrize("f, reason", (
    (cached_on_one_path, "square is cached on one path only"),
    (cached_first_in_a_loop, "Read it once before the loop"),
), ids=("one path", "a loop"))
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(np.array([0.7, 1.3, 0.4]))
