"""Programs that were once differentiated wrongly or refused without reason, each as small as it gets.

Most were found by ``tests/random_programs``; the comment over each says what was wrong.
"""

from __future__ import annotations

import bisect
import enum
import functools
import io
import math
import random
import sys

import numpy as np
import pytest
import scipy.linalg.blas

import adxform
from adxform import grad, jvp, value_and_grad, vjp
from adxform.errors import UnsupportedError
from adxform.generated import Generated
from adxform.options import Options

V = np.array([0.3, -0.7, 1.1])
W = np.array([1.2, 0.4, -0.9])
M = np.array([[0.5, -0.2, 0.9], [1.3, 0.1, -0.6]])


def flat(value):
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def inner(a, b):
    return float(sum(np.sum(np.multiply(x, y)) for x, y in zip(a, b, strict=True)))


def agrees(f, *args):
    """Forward mode with differences, reverse mode with forward mode, text with both; the value and
    the arguments stay."""
    rng = np.random.default_rng(0)
    places = [i for i, a in enumerate(args) if isinstance(a, float) or getattr(a, "dtype", 0) == float]
    dx = [None] * len(args)
    for i in places:
        dx[i] = rng.uniform(-1, 1, np.shape(args[i])) if np.shape(args[i]) else float(rng.uniform())
    kept = [np.copy(a) for a in (*args, *(dx[i] for i in places))]

    def moved(step):
        return flat(f(*(a if d is None else a + step * d for a, d in zip(args, dx, strict=True))))

    estimate = [(p - q) / 2e-6 for p, q in zip(moved(1e-6), moved(-1e-6), strict=True)]
    value, tangent = jvp(f, args, dx)
    exact = flat(f(*args))
    assert all(np.array_equal(a, b) for a, b in zip(flat(value), exact, strict=True))
    for found, expected in zip(flat(tangent), estimate, strict=True):
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-7)
    value, pullback = vjp(f, *args)
    assert all(np.array_equal(a, b) for a, b in zip(flat(value), exact, strict=True))
    seeds = [rng.uniform(0.5, 1, np.shape(v)) if np.shape(v) else 0.7 for v in exact]
    bars = pullback(tuple(seeds) if isinstance(value, tuple) else seeds[0])
    used = [bars[i] for i in places]
    assert np.isclose(inner(seeds, flat(tangent)), inner(used, [dx[i] for i in places]), rtol=1e-10)
    if len(exact) == 1 and np.shape(exact[0]) == ():
        gradient = flat(grad(f, tuple(places))(*args))
        assert np.isclose(inner(gradient, [dx[i] for i in places]), flat(tangent)[0], rtol=1e-10)
    slow = Generated(f, "forward", Options(optimize=False))(*args, *(dx[i] for i in places))
    for found, expected in zip(flat(slow[1]), flat(tangent), strict=True):
        assert np.allclose(found, expected, rtol=1e-12)
    for mode in ("forward", "reverse"):
        exec(adxform.source(f, mode, tuple(places), args=args), {})
    now = (*args, *(dx[i] for i in places))
    assert all(np.array_equal(a, b) for a, b in zip(now, kept, strict=True))


def buffer_named_as_what_it_adds(x, w):
    return np.concatenate([(w**2)[1:], [x, x, 0.5]])[1] * 1.0


def test_a_new_buffer_does_not_take_the_name_of_what_is_added_to_it():
    # Silently wrong: `t = np.zeros_like(p); t[1:] += t[:n]`, two temporaries under one name.
    agrees(buffer_named_as_what_it_adds, 0.4, V[:2])


def element_of_a_maximum(m):
    return np.max(1.0 * m[::1], axis=1)[0]


def element_of_a_transpose(y, m):
    y *= m.T[:, 0][0]
    return y


def test_reads_of_reads():
    # The same, as a ValueError about shapes.
    agrees(element_of_a_maximum, M)
    agrees(element_of_a_transpose, 0.4, M)


def tangent_overwritten(m, v):
    m = np.tanh(m)
    return m + v


def test_a_tangent_that_was_given_is_not_written():
    # Silently wrong: `dm *= 1 - m * m` changed the caller's array.
    agrees(tangent_overwritten, M, V)
    dm, dv = np.ones((2, 3)), np.ones(3)
    first = jvp(tangent_overwritten, (M, V), (dm, dv))[1]
    assert np.array_equal(first, jvp(tangent_overwritten, (M, V), (dm, dv))[1])
    assert np.array_equal(dm, np.ones((2, 3)))


def loop_over_a_variable_it_assigns(v):
    s = 0.0
    for a, b in zip(v, v):
        v = v * b + a
        s = s + a * np.sum(v)
    return s


def reversed_loop_over_a_variable_it_assigns(v):
    for a in reversed(v):
        v = v * a + 1.0
    return v


def loop_variable_named_as_what_it_runs_over(v):
    s = 1.0
    for v in v:
        s = s * np.sin(v + s)
    return s


def test_a_loop_runs_over_what_its_variable_was_at_the_start():
    # Silently wrong: `for a in v` became `for i in range(len(v)): a = v[i]` with the new v.
    agrees(loop_over_a_variable_it_assigns, V)
    agrees(reversed_loop_over_a_variable_it_assigns, V)
    agrees(loop_variable_named_as_what_it_runs_over, V)


def two_results(a, b=0.5):
    c = np.concatenate([a[1:], np.array([b, a[1], 0.5])[:1]])
    return b + np.sum(a) + np.sum(c[::2]), c


def result_of_a_result(x, w, m):
    return two_results(np.concatenate([w[1:], [0.3]]), two_results(m[1], x)[0])[1]


def test_a_buffer_does_not_take_the_name_of_what_is_about_to_be_added_to_it():
    # Silently wrong: `a = b; a[1] += a[1]`, where the last a was another array.
    agrees(result_of_a_result, 0.4, W, np.array([V, W]))


def loop_in_a_branch(x, c: int):
    if c > 0:
        for _ in range(3):
            x = np.sin(x) * x
        x = x * x
    return x


def test_a_loop_in_a_branch_whose_last_value_is_recorded_records_the_others_too():
    # Silently wrong: the value after the loop stood for the one in each iteration.
    agrees(loop_in_a_branch, 0.8, 1)
    agrees(loop_in_a_branch, 0.8, 0)


def reversed_expression(m, x):
    for a in reversed(m.T @ np.sum(m, axis=1)):
        x = np.sin(x * a) + a
    return x


def test_reversed_takes_an_expression():
    # Refused: the name _items3 is not defined.
    agrees(reversed_expression, M, 0.4)


def value_of_one_branch(m, x):
    if x > 1.0:
        x = np.einsum("ij,ij->", m, m * x)
    return np.sin(x)


def tape_of_one_branch(v, x):
    if x > 1.0:
        for a in v:
            x = np.sin(x * a)
    return x * x


@pytest.mark.parametrize("x", [0.4, 1.4])
def test_what_only_one_branch_records_is_handed_over(x):
    # UnboundLocalError: the record half of a pair returned a name that its path had not bound.
    agrees(value_of_one_branch, M, x)
    agrees(tape_of_one_branch, V, x)


def helper_with_branch(x, n):
    if n > 1:
        k = n % 2
        x = np.sin(x) * np.exp(x) * k + x
    for _ in range(n):
        x = np.tanh(x) * x
    return x


def loop_around_a_helper(x, y):
    for i in range(3):
        x = helper_with_branch(x, i) * y
    return x


def test_what_only_one_branch_of_a_callee_records_fits_on_the_tape_of_its_caller():
    # TypeError: None was stored in an array of integers.
    agrees(loop_around_a_helper, 0.7, 1.3)


def returns_on_some_paths(y):
    if y > 5.0:
        y = y * 2.0
    elif y > 1.0:
        return y * y
    out = y
    return np.sin(out)


@pytest.mark.parametrize("y", [0.4, 1.4, 5.5])
def test_a_branch_that_returns_on_some_paths(y):
    # InternalError: what follows such a branch was shared between two sides, and renamed twice.
    agrees(returns_on_some_paths, y)


def norm(w):
    return np.linalg.norm(w)


def test_linalg_is_imported_with_numpy():
    # InternalError: `import numpy.linalg as np.linalg`.
    assert "np.linalg" not in adxform.source(norm, args=(V,)).split("def ")[0]
    agrees(norm, V)


def tuple_within_a_loop(v, n):
    s = 0.0
    for i in range(n):
        pair = (v[i], v * v[i])
        s = s + pair[0] * np.sum(pair[1])
    return s


def tuple_within_a_branch_of_a_loop(v, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            pair = (v[i], s)
            s = s + pair[0] * pair[1]
        else:
            s = s + v[i]
    return s


def tuple_within_a_loop_of_a_branch(v, x):
    if x > 0.0:
        k = 0
        while k < 2:
            pair = (x, v)
            x = pair[0] * np.sin(x)
            k += 1
    return x * np.sum(v)


def test_tuples_that_live_in_a_loop_only():
    # Refused ("a tuple on one path and something else on another"), or an InternalError: phis for
    # variables that nobody reads any more.
    agrees(tuple_within_a_loop, V, 3)
    agrees(tuple_within_a_branch_of_a_loop, V, 3)
    agrees(tuple_within_a_loop_of_a_branch, V, 0.4)


def tuple_and_number_under_one_name(x, n):
    for _ in range(n):
        if x > 0.5:
            if x > 0.7:
                a = (x, x)
            x = x * 0.9
        elif x > 0.2:
            a = x * 2.0
            x = x + a
    return x


def test_a_dead_variable_may_be_a_tuple_on_one_path_and_a_number_on_another():
    # InternalError: "a is used before it is bound", a header phi left out that a dead phi reads.
    agrees(tuple_and_number_under_one_name, 0.8, 2)


def tuple_on_one_side_of_a_return(x, v, y):
    if x > 2.0:
        pass
    elif x > 1.0:
        return x * x
    a = (1.0, v - y)
    return x * y


def test_a_dead_tuple_may_live_on_one_side_of_a_return():
    # InternalError: "used outside its block".
    agrees(tuple_on_one_side_of_a_return, 0.5, V, 2.0)


def scalar_test(x, n):
    return (x * n, x)


def calls_in_a_test(x, n):
    if scalar_test(x, n)[0] > 0.5 and n > 1:
        x = x * x
    return x


def test_text_brings_along_functions_called_in_conditions():
    # NameError in the emitted text: a condition with `and` was carried verbatim without its callees.
    for mode in ("forward", "reverse"):
        scope: dict = {}
        exec(adxform.source(calls_in_a_test, mode, args=(0.4, 2)), scope)
        extra = (1.0,) if mode == "forward" else ()
        assert scope[f"calls_in_a_test_{mode}"](0.4, 2, *extra)[1] == 0.8


def list_filled_in_a_loop(x, words):
    numbers = []
    for word in words:
        try:
            numbers.append(float(word))
        except ValueError:
            continue
    return np.sin(max(numbers) * x)


def length_of_a_list_filled_in_a_loop(x, n):
    weights = [1.0]
    for i in range(n):
        weights.append(2.0 * i)
    return x * weights[n] + x * len(weights)


def test_a_list_that_is_changed_is_a_variable():
    # Silently wrong: `numbers = []` was a tuple of no items, and `[].append(...)` was emitted.
    agrees(list_filled_in_a_loop, 0.4, ["3", "no", "5"])
    agrees(length_of_a_list_filled_in_a_loop, 0.4, 2)
    assert grad(length_of_a_list_filled_in_a_loop)(0.4, 2) == 5.0


def unknown_rank(x):
    return np.reshape(x, (-1,) * np.ndim(x))


def test_a_result_of_unknown_rank_that_is_an_array_is_refused():
    # Silently wrong (a seed of 1.0 for an array), or NumPy's error about shapes.
    with pytest.raises(adxform.ArgumentError, match="one real result"):
        grad(unknown_rank)(V)


def identity(x):
    return x


class Cube:
    """Has a method."""

    def value(self, x):
        return x**3


def test_pullbacks_give_memory_of_their_own():
    # The cotangent of x was the very array that was given.
    seed = np.ones(3)
    (bar,) = vjp(identity, V)[1](seed)
    assert not np.shares_memory(bar, seed)


def test_jvp_of_a_bound_method():
    # ValueError: the receiver was not counted among the arguments.
    assert jvp(Cube().value, (2.0,), (1.0,)) == (8.0, 12.0)


def mixed_moments(x):
    return np.std(x) / np.mean(x) + np.var(x, ddof=1)


def damped(x):
    if x > 1:
        return math.exp(-x) * math.sin(x)
    elif x < -1:
        return -x
    return x**3


@pytest.mark.parametrize(
    ("f", "x"),
    [(mixed_moments, np.array([3.1, 3.9, 3.4, 3.2])), (damped, 2.0), (damped, -2.0), (damped, 0.3)],
)
def test_reverse_over_reverse_agrees_with_forward_over_reverse(f, x):
    """A number added to a whole cotangent array was pulled back without its sum; a value of a branch
    not taken was handed over though it had never been bound."""
    gradient = adxform.grad(f)
    direction = np.cos(np.arange(np.size(x))).reshape(np.shape(x)) if np.ndim(x) else 1.0
    _, forward = adxform.jvp(gradient, (x,), (direction,))
    _, pullback = adxform.vjp(gradient, x)
    np.testing.assert_allclose(pullback(direction)[0], forward, rtol=1e-12)


def tuple_or_number_that_nothing_reads(x, v):
    k = 0
    s = 0.0
    while k < 2:
        if k == 0:
            for a in v:
                last = (a, a * x)
                s += a * x
        elif x > 0.1:
            last = x * x
            s += last
        k += 1
    return s


def test_a_variable_that_is_a_tuple_on_a_path_of_a_loop_and_that_nothing_reads():
    # InternalError: a phi inside the loop mentioned the header of a variable that had none.
    agrees(tuple_or_number_that_nothing_reads, 0.4, V)


def tuple_read_through_a_join(x, n):
    s = 0.0
    for i in range(n):
        if i > 1:
            z = last if i > 2 else 1.0  # noqa: F821
            s += z * x
        last = (x, x) if i == 1 else x * x
    return s


def tuple_read_by_a_statement(x, n):
    for i in range(n):
        if i > 0:
            print(last)  # noqa: F821
        last = (x, x) if i == 1 else x * x
    return x


@pytest.mark.parametrize("f", [tuple_read_through_a_join, tuple_read_by_a_statement])
def test_a_variable_that_is_a_tuple_on_one_path_of_a_loop_is_refused_where_it_is_read(f):
    with pytest.raises(adxform.UnsupportedError, match="tuple"):
        grad(f)(0.4, 5)


# Lists of numbers where NumPy makes arrays of them


def product_of_an_array_and_a_list(x, y):
    return np.sum(np.array([x, y]) * [y, x * x])


def products_of_lists(x, y):
    whole = np.multiply([x, y], [y, x]) + np.kron([x, 1.0], [y]) + np.outer([x, y], [1.0, y])[0]
    return np.dot([x, y], [y, 2.0]) + np.sum(whole) + np.einsum("i,i->", [x, y], [y, x])


def lists_in_general_rules(x, y):
    sorted_ = np.sort([y, x, 1.0])
    return np.sum(sorted_ * [1.0, 2.0, x]) + np.average([x, y], weights=[y, x]) + np.linalg.norm(
        [x, y]) + np.interp(x, [0.0, y, 2.0], [1.0, x, 3.0]) + np.sum(np.hypot([x, y], [y, 1.0]))


def lists_joined_and_repeated(x, y):
    items = ([x] * 2 + [y, x * y]) * 2
    pairs = (x, y) + (y,)
    return np.sum(np.array(items) * np.arange(8.0)) + pairs[2] * len(pairs)


@pytest.mark.parametrize("f", [
    product_of_an_array_and_a_list, products_of_lists, lists_in_general_rules,
    lists_joined_and_repeated,
])
def test_lists_of_numbers_are_arrays_to_numpy_and_lists_to_python(f):
    # Terms of a tangent were joined as lists or lost; partial derivatives multiplied lists.
    agrees(f, 0.83, 1.4)


def repeats_a_list(x, n):
    return np.sum(np.array([x] * n))


def extends_a_list(x, n):
    items = [x]
    items += [x * x]
    return np.sum(np.array(items))


def test_lists_that_grow_by_operators_are_right():
    agrees(extends_a_list, 0.4, 3)
    agrees(repeats_a_list, 0.4, 3)


# What computes when it is indexed


def joins_by_r_(x):
    return np.sum(np.r_[x, 1.0] ** 2)


def stacks_by_c_(x):
    return np.sum(np.c_[x, x] ** 2)


def range_by_mgrid(x):
    return np.sum(np.mgrid[0.0:np.sum(x):3j])


def test_what_numpy_computes_from_an_index_is_differentiated_or_refused():
    # The gradient was zero.
    x = np.array([0.5, 1.5])
    np.testing.assert_array_equal(grad(joins_by_r_)(x), 2 * x)
    np.testing.assert_array_equal(grad(stacks_by_c_)(x), 4 * x)
    with pytest.raises(adxform.MissingRuleError, match=r"np\.mgrid"):
        grad(range_by_mgrid)(x)


def index_objects_stay(x):
    return np.sum(x[np.s_[1:]] ** 2)


def test_an_index_object_is_an_index():
    agrees(index_objects_stay, np.array([0.5, 1.5, 2.5]))


def real_key(x):
    return {0.5: 2.0}[x] * x


def test_a_real_number_is_no_index():
    with pytest.raises(adxform.UnsupportedError, match="x is active, and used as an index"):
        grad(real_key)(0.5)


def degrees_of_freedom(x, d):
    return np.var(x, ddof=d)


def test_a_derivative_in_the_degrees_of_freedom_is_refused():
    # It was zero.
    with pytest.raises(adxform.UnsupportedError, match="this parameter"):
        grad(degrees_of_freedom, "d")(np.array([0.5, 1.5, 2.5]), 0.5)


def test_what_takes_the_place_of_nan_has_a_derivative():
    # It was zero.
    def f(x, fill, top):
        return np.sum(np.nan_to_num(x, nan=fill, posinf=top) * np.array([1.0, 2.0, 3.0]))

    gradients = grad(f, (0, 1, 2))(np.array([0.5, np.nan, np.inf]), 0.3, 0.7)
    np.testing.assert_array_equal(gradients[0], [1.0, 0.0, 0.0])
    assert gradients[1:] == (2.0, 3.0)


# Values that are arrays of rank 0, and results of several parts


def log_gamma(x):
    return math.lgamma(x) * math.gamma(x)


def test_a_formula_leaves_an_array_of_rank_0_as_it_is():
    # The polygamma helper shifted its argument in place: the caller's, and the next formula's.
    x = np.array(0.6)
    slope = grad(log_gamma)(x)
    assert x == 0.6
    np.testing.assert_allclose(slope, grad(log_gamma)(0.6), rtol=1e-14)


def decomposed(x):
    return np.linalg.svd(x, full_matrices=False)


def parts(x):
    return np.array_split(x, 2)


@pytest.mark.parametrize("f", [decomposed, parts])
def test_a_result_of_several_parts_takes_a_cotangent_of_its_structure(f):
    # Its shape was asked for, which a list of parts does not have.
    x = np.array([[1.0, 2.0, 0.3], [0.4, 3.0, 1.0], [1.0, 0.1, 0.7]])
    adxform.check_grads(f, (x,))
    value, pullback = adxform.vjp(f, x)
    for wrong in (1.0, value[:1], [np.ones(7)] * len(value)):
        with pytest.raises(adxform.ArgumentError, match="the cotangent"):
            pullback(wrong)


# Names of results, and extrema of several numbers


def named_results(a):
    result = np.linalg.slogdet(a)
    w = np.linalg.eigh(a + a.T).eigenvalues
    return result.sign * result.logabsdet + np.sum(np.linalg.svd(a, full_matrices=False).S * w)


def test_results_of_linear_algebra_have_names():
    agrees(named_results, np.array([[2.0, 0.3], [0.5, 1.0]]))


def extrema_of_several(x, y):
    return max(x, y, x * y) * min([y, x + y, 3.0])


def test_extrema_of_several_numbers():
    agrees(extrema_of_several, 0.4, 1.3)


@pytest.mark.parametrize("subscripts", ["i", "ij,jk->ik"])
def test_einsum_with_other_operands_than_subscripts_is_refused_at_its_line(subscripts):
    """Its labels were paired with operands by zip, whose error said nothing of einsum."""

    def f(x):
        parts = np.einsum("i", x, x) if subscripts == "i" else np.einsum("ij,jk->ik", x)
        return np.sum(parts)

    with pytest.raises(adxform.AdxformError, match="one part for each operand"):
        adxform.grad(f)(np.ones(3))


def test_an_array_that_a_list_tape_holds_is_not_changed_in_place():
    """A cotangent was put on a tape, a list, and then scaled by ``*=``, as if it were in use nowhere."""

    def f(x, tolerance):
        old, new = np.ones_like(x), np.ones_like(x)
        change, trips = 1.0, 0
        while change > tolerance and trips < 9:
            new = new.copy()
            new[1:-1] = 0.3 * (old[:-2] + old[2:]) + 0.1 * x[1:-1] * old[1:-1] ** 2
            change = np.max(np.abs(new - old))
            trips += 1
            old, new = new, old
        return np.sum(old * x)

    adxform.check_grads(f, (np.array([0.7, 1.3, 0.4, 0.9]), 1e-3), order=2)


def test_a_partial_that_binds_by_keyword_has_second_derivatives():
    def f(p, X):
        return np.sum(p**3 * X)

    X, p = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, -1.0])
    g = functools.partial(f, X=X)
    np.testing.assert_allclose(adxform.hvp(g, (p,), (np.ones(3),)), 6.0 * p * X)
    np.testing.assert_allclose(adxform.hessian(g)(p), np.diag(6.0 * p * X))


def test_a_cotangent_of_zero_does_not_hide_an_infinite_slope():
    def f(x):
        return np.sum(np.sqrt(x)[x > 0.0])

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(adxform.grad(f)(np.array([0.0, 1.0])), [np.nan, 0.5])


def test_an_out_that_is_none_is_no_array_to_write_to():
    def rooted(x, out=None):
        return np.sqrt(x, out=out)

    def f(x):
        return np.sum(rooted(x))

    np.testing.assert_allclose(adxform.grad(f)(np.array([1.0, 4.0])), [0.5, 0.25])


def test_a_loop_over_a_container_counts_all_its_items_around_an_array_bound_anew():
    def f(p, x):
        a = p[0]
        for e in p:
            for _ in a:
                x *= np.cos(np.sum(e))
                a = p[1]
        return x

    p = (np.array([0.1, 0.2]), np.array([0.3, 0.5]))
    assert adxform.jvp(f, (p, 1.3), (None, 1.0))[0] == f(p, 1.3)
    adxform.check_grads(f, (p, 1.3), order=2)


def test_the_transpose_of_a_number_has_second_derivatives():
    adxform.check_grads(lambda t: np.transpose(t) * t, (0.4,))
    adxform.check_grads(lambda t: np.transpose(t) * t, (np.array(0.4),))


def test_a_standard_deviation_of_equal_numbers_has_the_slope_zero():
    for std in (np.std, np.nanstd):
        np.testing.assert_array_equal(adxform.grad(lambda x: std(x))(np.ones(3)), np.zeros(3))
        np.testing.assert_array_equal(adxform.grad(lambda x: std(x))(np.ones(1)), np.zeros(1))


def test_a_standard_deviation_of_one_chosen_element_has_the_slope_zero():
    chosen = np.array([True, False, False])
    found = adxform.grad(lambda x: np.std(x, where=chosen))(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(found, np.zeros(3))


def test_the_tangent_of_a_step_has_the_shape_of_a_list():
    tangent = adxform.jvp(lambda s, t: np.heaviside([s, t], s), (0.7, 0.4), (1.0, 1.0))[1]
    np.testing.assert_array_equal(tangent, np.zeros(2))


def scaled_steps(factors, b):
    q, r = factors
    for _ in range(2):
        b = b + q @ b
    return b * r[0, 0]


def test_several_results_of_a_primitive_are_handed_on_as_they_are():
    def f(a, b):
        factors = np.linalg.qr(a)
        return scaled_steps(factors, b)

    adxform.check_grads(f, (np.array([[1.0, 0.2], [0.5, -1.0]]), np.array([0.3, 0.7])))


# a key was looked for by its type, too: under another one the default was taken, silently
class Kind(str, enum.Enum):
    A = "a"


@pytest.mark.parametrize("key", ["a", np.str_("a"), Kind.A, "b", np.str_("c"), None])
def test_a_key_is_any_that_is_equal(key):
    def f(x, key):
        weights = {"a": 2.0, "b": 3.0}
        return weights.get(key, 5.0) * x + (7.0 * x if key in weights else 0.0)

    def g(x, key):
        return {"a": 2.0, "b": 3.0, "c": 4.0, None: 6.0}[key] * x

    for function in (f, g):
        assert grad(function)(1.0, key) == function(1.0, key)


@pytest.mark.parametrize("key", [0, 1, True, False, np.int64(1), 1.0, np.bool_(True)])
def test_a_number_that_is_equal_is_the_same_key(key):
    def f(x, key):
        return {0: 2.0, 1: 3.0}.get(key, 5.0) * x

    def g(x, key):
        return {0: 2.0, 1: 3.0}[key] * x

    for function in (f, g):
        assert grad(function)(1.0, key) == function(1.0, key)


def filled_by_another_language(x):
    out = np.zeros(3)
    done = scipy.linalg.blas.dcopy(x, out)  # it writes to out
    return np.sum(out) + 0.0 * len(done)


def filled_argument(x, out):
    scaled = 2.0 * x
    done = scipy.linalg.blas.dcopy(scaled, out)
    return np.sum(out * out) + 0.0 * len(done)


def filled_copy(x, c):
    out = c.copy()
    done = scipy.linalg.blas.dcopy(x, out)
    return np.sum(out * out) + 0.0 * len(done)


def changed_by_another_language(x):
    y = 2.0 * x
    done = scipy.linalg.blas.dscal(3.0, y)
    return np.sum(y) + 0.0 * len(done)


def changed_in_a_test(x):
    y = 2.0 * x
    if not np.all(scipy.linalg.blas.dscal(3.0, y)):
        return 0.0
    return np.sum(y)


@pytest.mark.parametrize(
    "function, args, message",
    [
        (filled_by_another_language, (), "write x to out"),
        (filled_argument, (np.zeros(3),), "write scaled to out"),
        (filled_copy, (np.zeros(3),), "write x to out"),
        (changed_by_another_language, (), "change y"),
        (changed_in_a_test, (), "change y"),
    ],
)
def test_an_array_that_a_call_may_write_to_is_no_constant(function, args, message):
    with pytest.raises(UnsupportedError, match=message):
        grad(function)(np.arange(3.0), *args)
    with pytest.raises(UnsupportedError, match="this call has no rule, and may"):
        jvp(lambda x: function(x, *args), (np.arange(3.0),), (np.ones(3),))


def read_by_another_language(x):
    largest = scipy.linalg.blas.idamax(adxform.stop_gradient(x))
    return x[largest] ** 2


def test_a_call_that_only_reads_is_handed_a_constant():
    np.testing.assert_array_equal(grad(read_by_another_language)(np.array([1.0, 3, 2])), [0, 6, 0])


def test_what_only_reads_an_array_may_be_called_with_it():
    def pivot(x):
        largest = max(range(len(x)), key=lambda i: abs(x[i]))
        for i in reversed(range(1, len(x), 2)):
            x[i] += x[largest] * x[i - 1]
        return np.sum(x)

    adxform.check_grads(pivot, (np.array([1.0, -3.0, 2.0, 0.5]),))


def numbers_that_are_made_again(a, b):
    p, q = a * b, math.log(a) - 0.5
    f = q - 0.2
    g = p + f
    h = 1.0 + g
    e = (math.log(g) - 0.2) / h
    f = f - (h + 0.5 * e) * e * g / (h + e * (1.0 + e / 3.0))
    g = p + f
    h = 1.0 + g
    e = (math.log(g) + f - q) / h
    b = h + e * (1.0 + e / 3.0)
    f = b / (b * f - (h + 0.5 * e) * e * g)
    return 1.3 * (f * f)


def makes_numbers_again_in_a_loop(x, e):
    f = numbers_that_are_made_again(1e5, e)
    for _ in range(5):
        v = math.sqrt(1.0 + x * math.log(1.0 + x) / f)
        f = 64.0 / v if v < 1.0 else numbers_that_are_made_again(v * 2000.0, e)
    return f * x


def test_a_part_that_hands_nothing_over_gives_its_one_result():
    adxform.check_grads(makes_numbers_again_in_a_loop, (2.0, 0.7))


def bounds_that_the_loop_changes(x, n=6):
    s = 0.0
    for i in reversed(range(0, n, 2)):
        n = n - 1
        s = s * x + i * n * x
    for i, j in zip(range(n), range(0, 2 * n, 2), strict=True):
        n = n + 1
        s = s * x + i * j * n
    return s


def test_the_bounds_of_a_range_are_those_before_the_loop():
    adxform.check_grads(bounds_that_the_loop_changes, (1.2,))


def rows_changed_one_by_one(a, n=3):
    rows = [np.zeros(3, int) for _ in range(n)]
    for row in rows:
        row[1] = 7
    return rows[0][1] + a.size


def rows_changed_under_another_name(a, n=3):
    rows = []
    for _ in range(n):
        rows.append(np.arange(3))
    for i in range(n):
        row = rows[i]
        row += 5
    return rows[0][1] + a.size


def lists_changed_one_by_one(a, n=3):
    rows = [[1] * n for _ in range(n)]
    for row in rows:
        row[0] = 2
    return rows[0][0] + a.size


def products_of_lists_of_lists(a, n=3):
    rows = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            rows[i][j] += a[i] * a[j]
    return rows[0][1]


@pytest.mark.parametrize("count", [
    rows_changed_one_by_one, rows_changed_under_another_name, lists_changed_one_by_one,
    products_of_lists_of_lists,
])
@pytest.mark.parametrize("argnums", [0, (0, 1)])
def test_what_a_call_without_a_derivative_writes_is_not_lost(count, argnums):
    # Of arrays in lists the writes were left out, where the result was constant or an integer.
    def scaled(x, a):
        return x * count(a)

    a = np.array([1.0, -1.0, 2.0])
    try:
        value, _ = adxform.value_and_grad(scaled, argnums)(2.0, a)
    except UnsupportedError:
        return
    assert value == scaled(2.0, a)


@pytest.mark.parametrize("made", [
    lambda n: list(range(n)), lambda n: [i * 2 for i in range(n)], lambda n: np.arange(n).tolist(),
    lambda n: sorted(range(n)), lambda n: list((3, 1, 2, 4)[:n]),
])
def test_a_list_of_integers_takes_real_tangents(made):
    # The tangent of the list was one of integers: what was put into it lost its fraction.
    def filled(x, n=4):
        z = made(n)
        for i in range(n):
            z[i] = x * z[i]
        return z[2] ** 2 + z[1]

    adxform.check_grads(filled, (1.4,))


def test_a_default_list_of_integers_takes_real_tangents():
    def one_of_three(x, z=(1, 2, 3)):
        z = list(z)
        z[1] = x * z[1]
        return z[1] ** 2

    assert jvp(one_of_three, (1.4,), (0.3,))[1] == pytest.approx(3.36)


@pytest.mark.parametrize("f", [
    lambda x: np.sum(np.array(x)[None] ** 2), lambda x: np.sum(np.asarray(x)[None, None] * x),
    lambda x: np.asarray(x)[()] * np.asarray(x)[...],
])
def test_an_axis_more_of_a_number(f):
    # The cotangent of x[None] was that of x, with its axis: an error at the end of grad.
    agrees(f, 0.7)
    assert grad(f)(np.array(0.7)).shape == ()


def test_an_index_that_is_a_list_gives_a_copy():
    # It was refused: `b = a[[0, 1]]` was taken for a view, as `a[:2]` is.
    def parts_of(a):
        b = a[[0, 1]]
        b[0] = 9.0
        c = a[[2]]
        c *= a[0]
        return np.sum(a) * b[0] + b[1] * c[0]

    agrees(parts_of, V)


def test_a_list_that_nothing_reads_may_share_a_name_with_an_array():
    # Refused: on the other path the variable is an argument, for which the list was taken, too.
    def of_two_kinds(x, c):
        if c > 1.0:
            kept = x
        else:
            kept = [2.0 * v for v in x]
        return np.sum(x) ** 2

    agrees(of_two_kinds, V, 2.0)
    agrees(of_two_kinds, V, 0.5)


def test_a_closure_that_holds_what_a_branch_may_write_to():
    # What it holds was read again before the branch: an internal error.
    def doubled(a):
        a *= 2.0
        return np.sin(a)

    def held_by(d):
        return lambda e: np.tanh(e * d) + 1.0

    def in_a_branch(x, w):
        held = held_by(x)
        if w < 1.0:
            w = held(doubled(x)) * w
        return held(0.3) * w

    adxform.source(in_a_branch)
    agrees(in_a_branch, 0.7, 0.4)
    x = np.array([0.7, 0.2])
    assert jvp(in_a_branch, (x.copy(), 0.4), (x, 1.0))[0][0] == in_a_branch(x.copy(), 0.4)[0]


def test_a_number_that_a_loop_adds_to_is_no_array_in_a_text_for_both():
    # Silently wrong: what a function wrote to an array of that name was taken for the number, too.
    def tripled(b):
        b *= 3.0
        return np.sin(b)

    def stepped(y):
        for _ in range(2):
            y += 1.0
            t = tripled(y)
        return y * t

    module: dict = {}
    exec(adxform.source(stepped, "forward"), module)
    for y, dy in ((0.4, 1.0), (np.array([0.4, 0.3]), np.ones(2))):
        value, tangent = module["stepped_forward"](np.copy(y)[()], dy)
        np.testing.assert_array_equal(value, stepped(np.copy(y)[()]))
        ahead, back = (stepped(np.copy(y + h * dy)[()]) for h in (1e-6, -1e-6))
        np.testing.assert_allclose(tangent, (ahead - back) / 2e-6, rtol=1e-6)


def test_what_a_test_writes_through_two_functions_is_refused():
    # The argument was changed: the function was carried along, for it writes to nothing itself.
    def cleared(a, b):
        np.copyto(a, np.ones(3))
        for _ in range(0):
            a = a * b
        while b < b:
            a[:] += b
        return np.sum(a)

    def through(a, b):
        return cleared(b=b, a=a) + 1.0

    def asked(x, m):
        if x < through(m[0], x) or x <= through(np.ones(3), x):
            x = 2.0 * x
        return x * np.sum(m)

    m = M.copy()
    with pytest.raises(UnsupportedError, match="may write to its arguments"):
        jvp(asked, (0.3, m), (1.0, np.ones((2, 3))))
    assert np.array_equal(m, M)


def _over_a_list(x, dx):
    return x * dx[0] + np.sin(dx[1])


def _by_keywords(x, dx):
    return x * dx["dx"]


def test_tangents_have_other_names_than_containers():
    """``dx`` was the list, and the tangent of ``x``."""
    adxform.check_grads(_over_a_list, (0.7, [0.3, 0.5]), order=1)
    adxform.check_grads(_by_keywords, (0.7, {"dx": 0.5}), order=1)


def _applied(function, x, args=(), kwargs={}):
    return function(x, *args, **kwargs)


def test_an_empty_dictionary_as_default_is_spread():
    def loss(x, a):
        def residual(x, scale=2.0):
            return x * scale - a

        return _applied(residual, x) * _applied(residual, x, kwargs={"scale": a})

    adxform.check_grads(loss, (0.7, 0.3), order=2)


def _named(x):
    y = np.arccos(x)
    try:
        y.name = "angle"
    except AttributeError:
        pass
    return y


def test_a_trial_in_a_function_that_is_called_is_given_up_once():
    """It was begun over and over, and ended with an internal error."""
    with pytest.raises(UnsupportedError, match="may not be called twice"):
        grad(lambda x: np.sum(_named(x)))(np.array([0.1, 0.2]))


def _between(xs, ys, x):
    k = bisect.bisect_left(xs, x) - 1
    t = (x - xs[k]) / (xs[k + 1] - xs[k])
    return ys[k] * (1 - t) + ys[k + 1] * t


def test_bisect_only_reads():
    xs, ys = [0.0, 1.0, 2.5, 4.0], [1.0, 2.0, 0.5, 1.5]
    adxform.check_grads(_between, (xs, ys, 1.7), order=1)
    adxform.check_grads(_between, (np.array(xs), np.array(ys), 1.7), order=1)


def _solved_by_pivoting(a, b):
    a, n, order = a.copy(), len(b), list(range(len(b)))
    for k in range(n):
        p = max(range(k, n), key=lambda i: abs(a[i, k]))
        if p != k:
            a[[k, p], :] = a[[p, k], :]
            order[k], order[p] = order[p], order[k]
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    y = b[order].copy()
    for i in range(n):
        y[i] -= a[i, :i] @ y[:i]
    for i in reversed(range(n)):
        y[i] = (y[i] - a[i, i + 1 :] @ y[i + 1 :]) / a[i, i]
    return np.sum(y**2)


def test_a_list_of_numbers_of_rows_holds_no_memory():
    """``order[k], order[p] = order[p], order[k]`` was taken for views of rows."""
    a = np.array([[0.1, 2.0, 0.3], [3.0, 0.2, 0.5], [0.4, 1.0, 2.0]])
    adxform.check_grads(_solved_by_pivoting, (a, np.array([0.3, -0.7, 1.1])), order=1)


def _on_a_stack(x):
    stack = []
    for token in "0 1 + 2 * 3 -".split():
        if token.isdigit():
            stack.append(x[int(token)])
        else:
            b, a = stack.pop(), stack.pop()
            stack.append(a + b if token == "+" else a * b if token == "*" else a - b)
    return stack[0]


def test_a_stack_of_what_is_differentiated():
    """``token.isdigit()`` is known for each token, so that the stack's length is."""
    adxform.check_grads(_on_a_stack, (np.array([0.1, 0.3, 0.5, 0.7]),), order=1)


class _Table(dict):
    def scale(self, n):
        return super().__getitem__(n) * 2.0

    def known(self, n):
        assert n in super().keys()
        return __class__.__name__


_SCALES = _Table({1: 2.0, 2: 3.0})


@pytest.mark.parametrize("f", [lambda x, n: x * _SCALES.scale(n),
                               lambda x, n: x * len(_SCALES.known(n))])
def test_super_of_what_is_carried_verbatim(f):
    """In what comes out it is in no method: it failed there."""
    (bar, _), (value, tangent) = vjp(f, 1.5, 2)[1](1.0), jvp(f, (1.5, 2), (1.0, None))
    assert value == 9.0
    assert bar == tangent == 6.0


def test_columns_of_numbers():
    """Numbers were forgotten where the type of ``np.column_stack([x, y])`` is told."""
    agrees(lambda x, y: np.column_stack([x, x * y]), 1.5, -0.3)
    with pytest.raises(ValueError, match="need at least one array"):
        grad(lambda x: np.sum(np.concatenate([]) * x))(1.5)


@pytest.mark.parametrize("f", [lambda x: np.cumsum(x, axis=-1) * x, lambda x: np.cumprod(x, axis=0),
                               lambda x: np.asarray(x).cumsum(-1).ndim * x, np.cumsum])
def test_a_running_sum_of_a_number_is_an_array(f):
    """With an axis it was taken for a number, whose ``ndim`` decided branches."""
    agrees(lambda x: f(x) * 2.0, 1.5)


def test_reductions_of_what_may_be_a_number_along_an_axis():
    """In text for unknown types the axes of a number were looked for."""
    def f(x):
        return np.max(x, axis=0) * np.sum(x, axis=-1) + np.mean(x)

    for mode, expected in (("reverse", (3.75, 4.0)), ("forward", (3.75, 4.0))):
        space: dict = {}
        exec(adxform.source(f, mode), space)
        found = space[f"f_{mode}"](np.float64(1.5), 1.0)
        assert found == expected


def test_a_result_that_is_a_tuple_on_one_path_only_is_refused():
    # Silently wrong: a marker of the compiler's stood in the value.
    def split(b, n):
        if b[0] > n:
            return ((0, n), (0, n)), b[0]
        return b, b[1]

    with pytest.raises(UnsupportedError, match="a tuple or a list on one path"):
        vjp(split, [0.7, 0.8, 0.9], 0.2)


def _with_a_setting(settings):
    def scaled(x, settings=settings):
        return settings["factor"] * x

    return scaled


def test_a_default_that_is_a_variable_of_the_function_around() -> None:
    # It was written into the text, which knows no such name: NameError.
    settings = {"factor": 2.0}
    assert grad(_with_a_setting(settings))(3.0) == 2.0
    assert value_and_grad(_with_a_setting(settings))(3.0) == (6.0, 2.0)


def test_what_fails_only_if_it_runs_is_not_computed_before() -> None:
    # None * None was folded while compiling, in a branch that does not run: TypeError.
    def area(width, height):
        return width * height

    def scaled(x):
        factor = 1.0
        if x > 10.0:
            factor = area(None, None)
        return x * factor

    assert grad(scaled)(3.0) == 1.0


def _halve(a):
    a /= 2.0


def _append_to(items):
    items += [1.0]


def test_a_call_that_changes_what_it_is_given_is_made() -> None:
    # A function of one augmented assignment was taken to ask for types alone: it was left out.
    def of_an_argument(x, a):
        _halve(a)
        return np.sum(a @ x)

    def of_a_result(x):
        y = 2.0 * x
        _halve(y)
        return np.sum(y * y)

    def of_a_list(x):
        items = [x[0], x[1]]
        _append_to(items)
        return sum(items) * x[0]

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(grad(of_an_argument)(x, np.ones((2, 2))), [1.0, 1.0])
    np.testing.assert_array_equal(grad(of_a_result)(x), 2.0 * x)
    np.testing.assert_array_equal(grad(of_a_list)(x), [5.0, 1.0])


def _distances(x):
    return np.sum((x[:, np.newaxis, :] - x[np.newaxis, ...]) ** 2)


def test_newaxis_is_none() -> None:
    # It was an index that may be an array: np.add.at, and nothing that Numba compiles.
    x = np.random.default_rng(0).normal(size=(4, 3))
    slope = grad(_distances)
    expected = 4.0 * (len(x) * x - np.sum(x, axis=0))
    np.testing.assert_allclose(slope(x), expected, rtol=1e-12)
    assert "add.at" not in slope.source


def test_einsum_whose_subscripts_are_lists_is_read_as_letters():
    """Forward mode left out the first operand, which stood where the rule has its subscripts."""

    def f(x, y):
        labels = [0, 1]
        product = np.einsum(x, labels, y, [1, 2], [2, 0])
        return np.sum(product**2) + np.sum(np.einsum(x, [..., 1], y, (1, 3), optimize=True))

    def g(x, y, labels):
        return np.sum(np.einsum(x, labels, y, [1, 2]))

    X, Y = np.arange(6.0).reshape(2, 3) / 5.0, np.arange(12.0).reshape(3, 4) / 7.0
    adxform.check_grads(f, (X, Y))
    with pytest.raises(adxform.UnsupportedError, match="lists that are not known"):
        adxform.jvp(g, (X, Y, np.array([0, 1])), (X, None, None))


def test_texts_joined_of_a_list_do_not_change_it():
    def f(x):
        names = [f"{c}" for c in "ij"]
        names.append("k")
        return np.sum(x * x), ", ".join(names)

    np.testing.assert_allclose(adxform.grad(f, has_aux=True)(np.ones(2))[0], [2.0, 2.0])


def test_a_number_that_a_text_says_is_refused():
    """The remainder of ``"%r" % x`` was differentiated as if the text were a number."""

    def f(x):
        return float("%r" % float(x)) * x

    with pytest.raises(adxform.UnsupportedError, match="over an active value"):
        adxform.grad(f)(0.7)
    assert adxform.grad(lambda x: (x * x, "%.1f" % x), has_aux=True)(0.7) == (1.4, "0.7")


def test_numbers_printed_to_a_file_in_memory_are_refused():
    """They were taken to be said to nobody, and the number that was read back to be constant."""

    def f(x):
        buffer = io.StringIO()
        print(x, file=buffer)
        return float(buffer.getvalue()) * x

    def shown(x):
        print("at", x, file=sys.stdout, flush=True)
        return x * x

    with pytest.raises(adxform.UnsupportedError, match="may change x"):
        adxform.grad(f)(0.7)
    assert adxform.grad(shown)(0.7) == 1.4


def put_in_order(x):
    a, b, c, d = (x.copy() for _ in range(4))
    np.place(a, a > 0.5, [x[0], x[1]])
    np.place(b, b > 0.8, x)
    np.putmask(c, c > 0.5, x[3:])
    np.put(d, [[0, 2], [3, 1]], x[:3] ** 2)
    m = np.outer(x[:3], x[:2])
    np.putmask(m, m > 0.1, x[:3, None] ** 2)
    return np.sum(a**2) + np.sum(b**2) + np.sum(c**2) + np.sum(d**2) + np.sum(m**3)


def test_values_that_are_put_begin_anew():
    """They were taken to be as many as places; those of ``putmask`` were broadcast."""
    agrees(put_in_order, np.array([0.31, 0.7, 0.9, 0.2, 0.6]))


def test_what_a_library_keeps_in_its_objects_is_no_fact():
    """The state that ``gauss`` keeps was asked for before ``seed`` forgot it; the statement that
    seeds named a module as a variable was named.
    """

    def f(x):
        random.seed(0)
        return random.gauss(x, 2.0) * random.gauss(x * x, 1.0)

    for _ in range(3):
        random.gauss(0.0, 1.0)
        agrees(f, 0.7)
