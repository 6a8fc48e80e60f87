"""Operators of objects from outside: their methods are followed, and run where they stand."""

import numpy as np
import pytest

from adxform import AdxformError, UnsupportedError, grad, jvp

LOG = []


def slope(function, x, h=1e-6):
    return (function(x + h) - function(x - h)) / (2 * h)


class Tool:
    """An object whose class says what each operator does."""

    def __add__(self, other):
        return other * 5.0

    def __radd__(self, other):
        return other * 7.0

    def __mul__(self, other):
        return other * other

    def __rpow__(self, other):
        return other * other * other

    def __matmul__(self, other):
        return np.sin(other)

    def __getitem__(self, place):
        return place * place

    def __lt__(self, other):
        return other > 100


tool = Tool()


def added(x):
    return tool + x


def added_to(x):
    return x + tool


def multiplied(x):
    return x * (tool * x)


def power(x):
    return x**tool


def product(x):
    return tool @ x


def item(x):
    return tool[x] + 1.0


def compared(x):
    return x if tool < x else x * 2.0


@pytest.mark.parametrize(
    "function", [added, added_to, multiplied, power, product, item, compared])
def test_operators_of_objects_from_outside_are_their_methods(function):
    expected = slope(function, 1.3)
    assert np.isclose(grad(function)(1.3), expected)
    assert np.isclose(jvp(function, (1.3,), (1.0,))[1], expected)


class Counting:
    """An object that notes whatever is asked of it."""

    def _note(self, *_):
        LOG.append(1)
        return 2.0

    def __add__(self, other):
        return self._note()

    def __neg__(self):
        return self._note()

    def __lt__(self, other):
        LOG.append(1)
        return True

    def __contains__(self, other):
        LOG.append(1)
        return True

    def __bool__(self):
        LOG.append(1)
        return True

    def __getitem__(self, place):
        return self._note()

    def __getattr__(self, name):
        return self._note()

    def __iter__(self):
        LOG.append(1)
        return iter((1.0, 2.0))


counting = Counting()


def unused_sum(x):
    before = len(LOG)
    counting + 1
    kept = counting + 1
    return x ** (len(LOG) - before)


def unused_negative(x):
    before = len(LOG)
    kept = -counting
    return x ** (2 + len(LOG) - before)


def unused_comparison(x):
    before = len(LOG)
    kept = counting < 1, 1 in counting, not counting
    return x ** (len(LOG) - before)


def unused_item(x):
    before = len(LOG)
    kept = counting[0]
    return x ** (2 + len(LOG) - before)


def unused_attribute(x):
    before = len(LOG)
    kept = counting.anything
    return x ** (2 + len(LOG) - before)


def empty_branch(x):
    before = len(LOG)
    if counting:
        pass
    return x ** (2 + len(LOG) - before)


def unused_choice(x):
    before = len(LOG)
    kept = 1 if counting else 2
    return x ** (2 + len(LOG) - before)


def noting(function):
    LOG.append(1)
    return function


def unused_decorated(x):
    before = len(LOG)

    @noting
    def inner():
        return 1

    return x ** (2 + len(LOG) - before)


class Pair:
    def __init__(self, value):
        self.value = value

    def __iter__(self):
        LOG.append(1)
        return iter((self.value, self.value))


def gone_over(x):
    before = len(LOG)
    total = 0.0
    for value in Pair(x):
        total = total + value
    return total ** (2 + len(LOG) - before)


@pytest.mark.parametrize("function", [
    unused_sum, unused_negative, unused_comparison, unused_item, unused_attribute, empty_branch,
    unused_choice, unused_decorated, gone_over,
])  # fmt: skip
def test_what_an_operator_does_beside_its_value_is_done_or_refused(function):
    expected = slope(function, 1.3)
    for derivative in (grad(function), lambda x: jvp(function, (x,), (1.0,))[1]):
        try:
            found = derivative(1.3)
        except AdxformError:
            continue
        assert np.isclose(found, expected)


STEPS = 0


def step():
    global STEPS
    STEPS += 1


class Registered:
    def __init_subclass__(cls):
        step()


class Base:
    def act(self):
        step()


class Derived(Base):
    def act(self):
        super().act()


each = np.vectorize(lambda v: (step(), v)[1], otypes=[float])


def of_a_new_class(x):
    before = STEPS

    class Another(Registered):
        pass

    return x ** (2 + STEPS - before)


def of_a_base(x):
    before = STEPS
    Derived().act()
    return x ** (2 + STEPS - before)


def of_each(x):
    before = STEPS
    y = x * each(2.0)
    return y ** (2 + STEPS - before)


def of_a_text(x):
    before = STEPS
    exec("step()")
    return x ** (2 + STEPS - before)


@pytest.mark.parametrize("function", [of_a_new_class, of_a_base, of_each, of_a_text])
def test_variables_that_are_changed_by_what_is_not_named_are_refused(function):
    with pytest.raises(UnsupportedError, match="STEPS, defined outside the function"):
        grad(function)(1.3)


class Tripled(float):
    def __mul__(self, other):
        return float(self) * other * 3.0


class Halved(np.ndarray):
    def __mul__(self, other):
        return np.asarray(self) * other * 0.5


three, halved = Tripled(2.0), np.ones(3).view(Halved)


@pytest.mark.parametrize("function", [lambda x: three * x, lambda x: np.sum(halved * x)])
def test_numbers_and_arrays_with_operators_of_their_own_are_refused(function):
    with pytest.raises(UnsupportedError, match="computes in its own way"):
        grad(function)(1.3)


class Asked:
    @property
    def factor(self):
        LOG.clear()
        return 2.0


asked = Asked()


def of_a_property(x):
    return x * asked.factor


def test_a_property_that_is_not_followed_is_read_and_not_called():
    assert grad(of_a_property)(1.3) == 2.0
