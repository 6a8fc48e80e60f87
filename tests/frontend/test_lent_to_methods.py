"""Dictionaries and lists that are handed to methods, which put results into them."""

import numpy as np
import pytest

from adxform import UnsupportedError, grad


class Problem:
    def __init__(self):
        self.weight = 2.0
        self.seen = []

    def evaluate(self, x, out, *args, **kwargs):
        out["F"] = self.weight * np.sum(x**2)
        out["G"] = x

    @staticmethod
    def doubled(x, out):
        out.append(x * 2.0)

    @classmethod
    def tripled(cls, x, out):
        out.append(x * 3.0)

    def whole(self, x):
        out = {}
        self.evaluate(x, out)
        return out["F"]

    def twice(self, x):
        out = {"F": 0.0}
        self.evaluate(x, out)
        self.evaluate(out["G"] * 2.0, out)
        return out["F"] + np.sum(out["G"])

    def of_lists(self, x):
        out = []
        self.doubled(x, out)
        self.tripled(x, out)
        Problem.doubled(x * x, out)
        return np.sum(out[0] * out[1]) + np.sum(out[2])

    def in_a_loop(self, x):
        out = []
        for i in range(3):
            self.doubled(x[0] * i, out)
        return out[1] * out[2]

    def handed_on(self, x):
        out = {}
        self.pass_on(x, out)
        return out["F"] ** 2

    def pass_on(self, x, out):
        self.evaluate(x, out)

    def note(self, x, out):
        self.seen.append(1)

    def only_looked_at(self, x):
        out = {"a": x}
        self.note(x, out)
        return np.sum(out["a"] ** 2)


class Tripled(Problem):
    def evaluate(self, x, out, *args, **kwargs):
        super().evaluate(x, out)
        out["F"] = out["F"] * 3.0


PROBLEM = Problem()


def from_outside(x):
    out = {}
    PROBLEM.evaluate(x, out)
    return out["F"]


def of_an_argument(x, problem):
    out = {}
    problem.evaluate(x, out)
    return out["F"]


@pytest.mark.parametrize("function", [
    from_outside, PROBLEM.whole, PROBLEM.twice, PROBLEM.of_lists, PROBLEM.in_a_loop,
    PROBLEM.handed_on, PROBLEM.only_looked_at, Tripled().whole, Tripled().handed_on,
])  # fmt: skip
def test_what_methods_put_into_containers_is_followed(function):
    x = np.array([1.3, 0.7])
    expected = [(function(x + e) - function(x - e)) / 2e-6 for e in np.eye(2) * 1e-6]
    assert np.allclose(grad(function)(x), expected)


def test_objects_that_are_arguments_are_refused_in_it():
    with pytest.raises(UnsupportedError):
        grad(of_an_argument)(np.array([1.3, 0.7]), PROBLEM)
