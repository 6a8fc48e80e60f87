"""What Python reads before a call is read before it, where the call writes to what is read; and a
call that a comprehension goes over is made once.
"""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError
from tests.test_regressions import agrees


def tripled(a):
    a[-1] *= 3.0
    return np.sum(a)


def turned(a):
    a[1] *= -1.0
    return a


def turned_by_another(a):
    return turned(a)


def element_less_call(x):
    w = x * 1.0
    w[-1] -= tripled(w)
    return w


def element_in_an_expression(x):
    w = x * 1.0
    w[0] = w[-1] * tripled(w) + w[-1]
    t = w[-1] - tripled(w)
    return w * t


def part_less_call(x):
    w = x * 1.0
    w[1:] -= tripled(w)
    return w


def compared(x):
    w = x * 1.0
    return w[-1] if w[-1] < tripled(w) else w[0]


class Counter:
    def __init__(self, n, w):
        self.n = n
        self.w = w

    def bump(self):
        self.n = self.n * 3.0
        self.w[0] *= 2.0
        return self.n


def attribute_and_method(x):
    c = Counter(x[0], x * 1.0)
    s = c.n + c.bump()
    c.n += c.bump() * s
    return c.n + c.w[0] - c.bump() * c.w[0]


def item_of_a_dictionary(x):
    d = {"a": x[0], "b": x * 1.0}

    def up(d):
        d["a"] = d["a"] * 2.0
        return d["a"]

    return d["a"] + up(d) * d["b"][1]


def item_of_a_list(x):
    items = [x[0], x[1]]

    def up(items):
        items[0] = items[0] * 2.0
        return items[0]

    return items[0] + up(items) * items[0]


def summed_over(x):
    w = x * 1.0
    return w + sum(e for e in turned(w) if e)


def summed_over_pairs(x):
    w = x * 1.0
    return w + sum(e * f for e, f in zip(turned(w), w, strict=True))


def through_another(x):
    w = x * 1.0
    return w + sum([e for e in turned_by_another(w)])


def by_one_made_inside(x):
    def doubled(a):
        a[0] *= 2.0
        return a

    w = x * 1.0
    return w + sum(e for e in doubled(w))


def on_one_side(x):
    w = x * 1.0
    return w + (sum(e for e in turned(w)) if w[0] > 0.0 else sum(e for e in turned(w)) * 2.0)


def where_any(x):
    w = x * 1.0
    if any(e < -1.0 for e in turned(w)):
        return w
    return w * 2.0


def second(a):
    a[2] += 1.5
    return 1


def index_called_once(x):
    w = x * 1.0
    w[second(w)] *= w[2]
    w[second(w)] += 0.5
    w[second(w) :] *= x[0]
    return w


def index_after_value(x):
    w = x * 1.0
    w[second(w)] = w[2] * x[0]
    w[second(w) - 1] = w[2]
    return w


def index_of_an_item(x):
    rows = [x * 1.0, x * 2.0]
    rows[second(rows[0])][second(rows[1])] *= rows[0][2]
    return rows[0] * rows[1]


X = np.array([0.3, 0.5, -0.7])


@pytest.mark.parametrize(
    "f",
    [element_less_call, element_in_an_expression, part_less_call, compared, attribute_and_method,
     item_of_a_dictionary, item_of_a_list, summed_over, summed_over_pairs, through_another,
     by_one_made_inside, on_one_side, where_any, index_called_once, index_after_value,
     index_of_an_item],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_reads_come_before_what_is_written_after_them(f):
    agrees(f, X)


def in_each_iteration(x):
    w = x * 1.0
    return sum(e for e in w if turned(w)[0] > 0.0)


def test_writes_in_each_iteration_are_refused():
    with pytest.raises(UnsupportedError, match="a call in this comprehension writes to an array"):
        agrees(in_each_iteration, X)
