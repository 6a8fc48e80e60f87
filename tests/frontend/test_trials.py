"""``with`` and ``try`` around active code, on the path without exceptions and on the others."""

from __future__ import annotations

import contextlib
import math
import re
import threading
import time
import warnings

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, source, value_and_grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, 0.4, 2.1])
LOCK = threading.Lock()
SEEN: list[str] = []
RNG = np.random.default_rng(0)


@contextlib.contextmanager
def timer(name):
    SEEN.append(name)
    try:
        yield time.time()
    finally:
        SEEN.append("end")


@contextlib.contextmanager
def swallowing():
    try:
        yield
    except ValueError:
        pass


def case_lock(x):
    with LOCK:
        return np.sum(x ** 2)


def case_branches_in_lock(x):
    with LOCK:
        if x[0] > 0:
            return x.sum() ** 2
        else:
            return x[0]


def case_timer(x):
    with timer("a") as t:
        y = np.sin(x)
    return y.sum()


def case_timers(x):
    s = 0.0
    with timer("a"), LOCK:
        for v in x:
            s = s + v * v
            if s > 2:
                break
    return s


def case_printoptions(x):
    with np.printoptions(precision=3):
        y = x ** 2
    return y.sum()


def case_errors_raised(x):
    with np.errstate(divide="raise"):
        return np.sum(1.0 / x)


def case_warnings_raised(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return np.sum(np.log(x))


def floating_point(x):
    with np.errstate(all="raise"):
        try:
            return np.sum(np.sqrt(x - 1))
        except FloatingPointError:
            return np.sum(x ** 3)


def errstate_inside(x):
    try:
        with np.errstate(invalid="raise"):
            y = np.sqrt(x - 1)
    except FloatingPointError:
        y = x ** 2
    return y.sum()


def case_suppress(x):
    y = x[0]
    with contextlib.suppress(ValueError):
        y = math.log(x[2] - 1)
    return y * x[1]


def factor(a):
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return np.linalg.cholesky(a + 5 * np.eye(len(a)))


def case_cholesky(x):
    return factor(np.outer(x, x) + np.eye(4)).sum()


def case_cholesky_fails(x):
    return factor(np.outer(x, x) - np.eye(4)).sum()


def case_each(x):
    s = 0.0
    for i in range(4):
        try:
            s += math.log(x[i] - 0.5)
        except ValueError:
            s += x[i] ** 2
    return s


def case_pass(x):
    y = 5.0
    try:
        y = math.log(x[0] - 1)
    except ValueError:
        pass
    return y * x[1]


def case_append(x):
    out = []
    for v in x:
        try:
            out.append(math.sqrt(v - 1))
        except ValueError:
            out.append(v ** 2)
    return sum(out)


def case_in_place(x):
    y = x.copy()
    for i in range(4):
        try:
            y[i] += math.sqrt(y[i] - 1)
        except ValueError:
            y[i] *= 3
    return y.sum()


def case_which(x):
    s = 0.0
    for k in (0, 1, 7):
        try:
            v = math.sqrt(x[k] - 1)
        except ValueError as error:
            v = x[0] * len(str(error))
        except IndexError:
            v = x[2] ** 3
        else:
            v = 2 * v
        finally:
            s = s + 1.0
        s = s + v
    return s


def case_nested(x):
    try:
        try:
            y = math.log(x[0] - 1)
        except ValueError:
            y = math.sqrt(x[0] - 2)
    except ValueError as e:
        if "math" not in str(e):
            raise
        y = x[0] ** 3
    return y * x[1]


def case_raises_itself(x):
    try:
        if x[0] < 1:
            raise ValueError("small")
        y = np.sqrt(x[0])
    except ValueError:
        y = x[0] * 3
    return y * x[1]


def case_break(x):
    for k in range(7):
        try:
            if x[k] > 2:
                break
            z = math.log(x[k])
        except IndexError:
            z = 0.0
    return z * x[0]


def case_until_it_works(x):
    shift = 0.5
    while True:
        try:
            factored = np.linalg.cholesky(np.outer(x, x) + np.diag([1, 1, 1, -1 + shift]))
            break
        except np.linalg.LinAlgError:
            shift *= 2
    return factored.sum()


def case_next_try(x):
    for k in range(10):
        try:
            made = np.linalg.cholesky(np.outer(x, x) + (k - 1) * np.eye(4))
        except np.linalg.LinAlgError:
            continue
        return made.sum()
    raise ValueError("no")


def case_whole_loop(x):
    total = 0.0
    try:
        for v in x:
            total += math.sqrt(v - 1)
    except ValueError:
        total = -1.0 * x[0]
    return total


def case_finally(x):
    y = x * 2
    try:
        y = y + x
    finally:
        y = y * x
    return y.sum()


def case_finally_returns(x):
    old = np.geterr()
    try:
        if x[0] > 0:
            return np.log(x).sum()
        y = x
    finally:
        np.seterr(**old)
    return y.sum()


RIGHT = [f for name, f in list(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)
    assert not LOCK.locked()


def test_what_numpy_raises_is_caught():
    np.testing.assert_allclose(grad(floating_point)(X), 3 * X ** 2)
    np.testing.assert_allclose(grad(errstate_inside)(X), 2 * X)
    for f in (floating_point, errstate_inside):
        np.testing.assert_allclose(grad(f)(X + 1), 0.5 / np.sqrt(X))


def test_managers_are_with_statements_again():
    text = source(case_timers, args=(X,))
    assert "    with timer(\"a\"):\n        with LOCK:\n" in text
    SEEN.clear()
    value_and_grad(case_timer)(X)
    assert SEEN[-2:] == ["a", "end"]


def test_managers_are_left_where_an_exception_is_raised():
    def f(x):
        with LOCK:
            if x[0] > 5:
                raise ValueError("too large")
            y = x ** 2
        return y.sum()

    with pytest.raises(ValueError, match="too large"):
        grad(f)(10 * X)
    assert not LOCK.locked()


def test_what_is_tried_is_in_the_output():
    text = source(case_cholesky, args=(X,))
    assert "except np.linalg.LinAlgError:\n        failed = True\n" in text


def refused_random(x):
    try:
        y = x * RNG.normal()
    except ValueError:
        y = x
    return y.sum()


def refused_changed(x):
    a = np.outer(x, x) + np.eye(4)
    try:
        a[0, 0] = -1.0
        return np.linalg.cholesky(a).sum()
    except np.linalg.LinAlgError:
        return a.sum()


def refused_bound_before(x):
    total = 0.0
    try:
        for v in x:
            total += math.sqrt(v - 1)
    except ValueError:
        pass
    return total


def refused_swallowing(x):
    y = x[0]
    with swallowing():
        y = math.log(x[0] - 1)
    return y


def refused_next(x):
    it = iter([1.0, 2.0])
    s = 0.0
    for v in x:
        try:
            s += v * next(it)
        except StopIteration:
            s += v * v
    return s


def changed(x, state={"n": 0}):
    state["n"] += 1
    if state["n"] % 2:
        raise ValueError
    return x * 3


def refused_state(x):
    try:
        return changed(x[0])
    except ValueError:
        return x[0] * 5


def refused_fallthrough(x):
    with LOCK:
        if x[0] > 0:
            return x.sum() ** 2
    return x[0]


REFUSED = [
    (refused_random, "what is called here may not be called twice"),
    (refused_changed, "what is done here may not be done twice"),
    (refused_bound_before, "total is bound or not when an exception is caught, and is read then"),
    (refused_swallowing, "what this context manager does with exceptions is not known"),
    (refused_next, "what is done here may not be done twice"),
    (refused_state, "what is done here may not be done twice"),
    (refused_fallthrough, "this return leaves a with statement that other paths go on in"),
]


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)


# --- what is evaluated once ------------------------------------------------------------------------


def longest(x, values):
    n = max(next(values), 0.5)
    return x * n


def text_of(x, values):
    n = len(str(next(values)))
    return x * n


def both(x, values):
    n = max(next(values) + 1.0, 0.5, next(values))
    return x * n


@pytest.mark.parametrize("f", [longest, text_of, both])
def test_calls_inside_calls_are_made_once(f):
    first, second = iter([1.0, 2.0, 3.0]), iter([1.0, 2.0, 3.0])
    assert value_and_grad(f)(2.0, first)[0] == f(2.0, second)
    assert list(first) == list(second)


def value_in_an_exception(x):
    try:
        raise RuntimeError(2.0 * x)
    except RuntimeError as error:
        return error.args[0] ** 2


class Found(Exception):
    def __init__(self, value):
        self.value = value


def searched(x):
    for v in (x, 2.0 * x):
        if v > 1.0:
            raise Found(v)


def value_in_an_exception_of_ones_own(x):
    try:
        searched(x)
    except Found as found:
        return found.value * 3.0
    return x


@pytest.mark.parametrize(
    "function", [value_in_an_exception, value_in_an_exception_of_ones_own]
)
def test_what_an_exception_holds_is_no_constant(function):
    with pytest.raises(UnsupportedError):
        grad(function)(0.7)


def numbers_or_arrays(x):
    y = np.sin(x)
    near = abs(x) < 0.1
    try:
        y[near] = 2.0
    except TypeError:
        if near:
            y = 2.0 * x
    return np.sum(y * x)


@pytest.mark.parametrize("x", [0.7, 0.01, np.array([0.7, 0.01])], ids=str)
def test_items_of_numbers_cannot_be_assigned(x):
    """What is tried looked at the parts of the assignment alone, which a number has, too."""
    agrees(numbers_or_arrays, x)
