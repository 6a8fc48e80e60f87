"""Programs that random ones led to, each as small as it gets; the comment over each says what was wrong."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pytest

from adxform import UnsupportedError, grad, jvp
from adxform.generated import Generated
from adxform.options import Options
from tests.test_regressions import M, V, W, agrees


def checked(a):
    for e in a:
        assert e < 1e9
    return a


def result_written_in_a_loop(m):
    s = 0.0
    for _ in range(2):
        a = checked(m.sum(axis=0))
        for k in range(2):
            a[k] = m[k, 0]
        s += np.sum(a * a)
    return s


def test_what_a_call_gives_is_written_to_in_a_loop():
    # An internal error: the array was first met at the head of the loop, and not carried by it.
    agrees(result_written_in_a_loop, M)


def two_results(a, b):
    for e in (a, b):
        assert e < 1e9
    return np.where(a > 0.0, a, b), np.ones(3)


def zeroed_in_part(a):
    part = a[:2]
    part[:] = 0.5
    return a


def view_of_a_result_written(x):
    return np.sum(x * zeroed_in_part(two_results(0.25, x)[1]))


def test_a_copy_that_is_written_to_does_not_take_the_name_of_what_is_written_to_it():
    # Silently wrong: `t = a.copy(); t[:2] = t`, where memory that a call gave is copied first.
    agrees(view_of_a_result_written, 0.3)


def filled_with_one_of_two(x, v):
    u, v = v * x, v * 1.0
    u.fill(v[1] if x < 2.0 else x)
    np.copyto(v, np.sin(u) if x < 1.0 else 2.0 * u)
    np.add(v, x if x > 0.0 else u[0], out=v)
    return np.sum(u * v) * x


def test_a_call_that_writes_to_an_array_takes_a_conditional_expression():
    # Refused without reason: only assignments, returns and tests were looked into.
    agrees(filled_with_one_of_two, 0.3, V)


def element_of_a_row_written_on_one_path(x, v):
    a = np.outer(v, v) * x
    if x > 0.0:
        a[0][1] = x * x
    for i in range(2):
        a[i][2] *= a[i][1]
    return np.sum(a * a)


def test_an_element_of_a_row_is_written_in_a_branch_and_in_a_loop():
    # An internal error: the name that stands for the statement was merged, and never bound.
    agrees(element_of_a_row_written_on_one_path, 0.3, V)


def steps_by_functions(x, y):
    s = (lambda e: e * x)(y)
    for i in range(3):
        def residual(t):
            return np.sin(t) - x * t

        s += residual(y)
        x = x - 0.1 * residual(s)
    if y < 1.0:
        x = np.cos(x)
        scaled = lambda e: e * x
        s = scaled(s)
    return s * x


def called_after(x, y):
    scaled = lambda e: e * x
    x = np.sin(x)
    return scaled(y)


def asked_again_in_a_loop(x, y):
    def goes_on():
        return x < y

    while goes_on():
        x = x * 2.0
    return x * y


def called_by_others(x, y):
    def scaled(e):
        return e * x

    p = functools.partial(lambda a, e: a * scaled(e) * x, y)
    d = grad(scaled)
    s = 0.0
    for q in [x, y, x * y]:
        s = s + scaled(q)
        x = x * np.cos(s)
        g = lambda e: e * x * s
        s = s + g(q)
        s = s * 0.5
        s = s + g(q) * d(s)
    return s + p(x) + sum(scaled(x) for x in [y, s])


def made_and_called(x, y):
    def maker(t):
        inner = lambda e: e * t * x
        t = t * 2.0
        return inner

    x = np.sin(x)
    return maker(x)(y) * maker(y)(x)


def made_before(x, y):
    def maker(t):
        return lambda e: e * t * x

    first = maker(x)
    x = np.sin(x)
    return first(y)


def test_functions_inside_read_what_their_variables_are_when_they_are_called():
    # Refused without reason, whether the call came before the assignment or after it.
    for f in (steps_by_functions, called_after, asked_again_in_a_loop, called_by_others,
              made_and_called):
        agrees(f, 0.3, 0.4)
    with pytest.raises(UnsupportedError, match="is assigned again after its definition"):
        grad(made_before)(0.3, 0.4)


def changed_places_in_a_loop(x, y, v, w, n):
    k = 0
    while k:
        v, w = w, v
        if y > np.min(v):
            return np.tanh(v) + x + n
    return np.array([y, v @ w, x])


def test_a_loop_of_which_nothing_is_left_but_what_it_carries():
    # A crash: such a loop's reverse has no statement of its own.
    agrees(changed_places_in_a_loop, 0.5, 0.3, V, W, 3)
    agrees(changed_places_in_a_loop, 0.5, -3.0, V, W, 3)


def bound_by_partial(x, v):
    scaled = functools.partial(lambda a, e, c: a * e * c, np.mean(v), c=x)
    return grad(lambda u: np.sum(np.sin(u)) * scaled(u[0]))(np.sin(v)) @ v


def repeated_by_partial(x, y):
    scaled = functools.partial(lambda c, e: np.sin(e) * c, x * y)

    def repeated(n, e):
        return e if n <= 0 else scaled(repeated(n - 1, e)) * y

    return grad(lambda u: scaled(u) * u)(x * 2.0) + repeated(2, x)


def test_a_partial_that_a_differentiated_function_inside_calls_has_its_arguments():
    # Silently wrong, or an internal error: they were taken for names of the function inside.
    agrees(bound_by_partial, 0.3, V)
    agrees(repeated_by_partial, 0.3, 0.4)


def shadowing(p, e):
    s = 0.0
    for a in p:
        if e > 5.0:
            continue
        s += sum(e * a for e in p if e > 0.1)
    return s * e


def called_in_a_loop(v):
    s = 0.0
    for j in v:
        s += shadowing([j, s, j], j)
    return s


def first_of_them(v):
    e = v * 1.0
    e = e * 2.0
    return sum(e * e for e in e)


def test_a_comprehension_whose_variable_has_the_name_of_another():
    # An internal error in a loop over a container; and silently wrong where what it goes over has
    # the name of its variable: the first value of that name was taken.
    agrees(called_in_a_loop, V)
    agrees(first_of_them, V)


def named_as_the_compiler_might(v, x):
    total = 1.0 + sum(e * x for e in v)
    items = np.sum(np.array([e * x for e in v])) * total
    i = x + sum(e * items for e in v if e > 0.1)
    out = jvp(lambda e: e * e + i, (x,), (i,))[1]
    return out * items


def test_variables_have_names_that_the_compiler_makes_for_its_own():
    # An internal error: what an expression needs on the way took the name of its variable.
    agrees(named_as_the_compiler_might, V, 0.3)


def factory(c, d=0.5):
    def inner(e):
        r = np.tanh(e * d) + c
        return r * c

    return inner


def long_factory(c):
    for _ in range(2):
        c = np.sin(c)
    return factory(c, d=c)


def made_by_factories(x, y):
    s = 0.0
    for i in range(2):
        first, unused = factory(x, d=y), factory(y)
        s = first(s + i) + long_factory(y)(x)
    return s


@pytest.mark.parametrize("inline", [True, False])
def test_functions_that_return_functions(inline):
    # Refused without reason: where such a function did not take the place of its call (as it has a
    # loop), what it gives could not be called; and where nothing calls that, its definition stayed.
    agrees(made_by_factories, 0.3, 0.4)
    made = Generated(made_by_factories, "forward", Options(inline=inline))
    assert made(0.3, 0.4, 1.0, 0.0) == jvp(made_by_factories, (0.3, 0.4), (1.0, 0.0))


def two_choices(v, a, b):
    y = v[:1] * 2.0
    z = np.sin(v[:1])
    if a > 0.5:
        y = v * 2.0
    if b > 0.5:
        z = np.sin(v)
    return np.sum((y * z) ** 2)


def test_what_is_stretched_by_one_test_is_not_by_another():
    # An error of NumPy's when the derivative ran: what either test gave had the same type.
    agrees(two_choices, V, 0.9, 0.2)
    agrees(two_choices, V, 0.1, 0.9)


def waves(x, n):
    k = n - 2
    y = np.ones(k) * x
    for _ in range(2):
        y = np.sin(y)
    y = y * np.ones(k)
    y[0] *= x
    return y


def named_alike(x, n):
    k = n * 1
    return np.sum(np.ones(k) * x * waves(x, n))


def test_lengths_that_two_functions_call_alike_are_not_the_same():
    # Silently wrong: both lengths were known by the name k alone, and taken to be equal.
    agrees(named_alike, 0.3, 3)


def widened_in_a_loop(v, w):
    for _ in range(2):
        v += w[0] * np.array([0.3, -0.7, 1.1])
    return np.maximum(v, 0.5)


def test_single_precision_stays_what_it_is():
    # A loop took the dtype of what it adds to an array; masks of plain numbers widened tangents.
    v, w = V.astype(np.float32), W.astype(np.float32)
    value, tangent = jvp(widened_in_a_loop, (v.copy(), w), (v, w))
    assert value.dtype == tangent.dtype == np.float32
    assert np.array_equal(value, widened_in_a_loop(v.copy(), w))
    value, tangent = jvp(np_maximum_of_a_number, (0.2, v), (1.0, v))
    assert value.dtype == tangent.dtype == np.float32


def np_maximum_of_a_number(x, v):
    return np.maximum(v, x)


def dictionaries_by_name(x, v):
    d = dict(a=x * 2.0, w=v)
    e = dict(d, a=x)
    g = dict([("a", x), ("b", x * x)], c=x)
    h = dict(zip(("a", "b"), (x, np.sin(x)), strict=True))
    k = dict()
    k["z"] = x
    return d["a"] * e["a"] + np.sum(d["w"] * e["w"]) + g["b"] * g["c"] + h["b"] * h["a"] + k["z"]


def test_dictionaries_made_by_dict():
    # Refused without reason: only the copy of a dictionary was known.
    agrees(dictionaries_by_name, 0.3, V)


def strictly_paired(x, v):
    total = 0.0
    for a, b in zip(x, v, strict=True):
        total += a * b
    return total


def test_zip_may_be_strict():
    # Of different lengths the shortest was taken.
    agrees(strictly_paired, V, V[::-1])
    assert np.array_equal(grad(strictly_paired)(np.ones(2), np.arange(2.0)), [0.0, 1.0])
    with pytest.raises(ValueError, match="different lengths"):
        grad(strictly_paired)(np.ones(2), np.ones(3))


@dataclass
class OnOnePath:
    scale: float
    weights: np.ndarray


def made_on_one_path(p, v):
    total = 0.0
    for e in p:
        if v[0] > 0.5:
            a = p
        else:
            b = OnOnePath(2.0, np.zeros_like(v) + e)
            total += np.sum(b.weights * v)
    return total + np.sum(v)


def read_on_the_same_path(v):
    if v[0] > 0.5:
        b = OnOnePath(2.0, v * v)
    if v[0] > 0.5:
        return np.sum(b.weights) * b.scale
    return np.sum(v)


@pytest.mark.parametrize("x", [0.3, 0.7])
def test_objects_that_only_one_path_makes(x):
    # Crashed: what the object holds was sought outside its branch.
    v = np.array([x, 0.2])
    for f, args in ((made_on_one_path, ((1.0, 2.0), v)), (read_on_the_same_path, (v,))):
        place = len(args) - 1
        found = grad(f, argnums=place)(*args)
        expected = [
            (f(*args[:place], v + h) - f(*args[:place], v - h)) / 2e-6 for h in 1e-6 * np.eye(2)
        ]
        assert np.allclose(found, expected, atol=1e-7)
