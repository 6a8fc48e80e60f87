"""Text as a person would write it: an example of each pass that shortens it, and what it leaves."""

from __future__ import annotations

import numpy as np

import adxform
from adxform import check_grads, grad, source

V = np.array([0.7, 1.3, 0.4])


def text_of(f, *args):
    check_grads(f, args, order=2)
    return source(f, args=args)


def cube(x):
    return x[1] * x[1] * x[1]


def test_an_element_is_read_once():
    sweep, _, back = text_of(cube, V).partition("    # return")
    assert sweep.count("x[1]") == 1 and "x_1 = x[1]\n" in sweep
    assert back.partition("\n")[2].count("x_bar[1]") == 1 and "x_1_bar" not in back


def written_between(x):
    y = x * 1.0
    first = y[0] * y[0]
    y[0] = 2.0 * x[1]
    return first + y[0] * y[0]


def test_an_element_is_read_again_after_a_write():
    text_of(written_between, V)


def test_the_seed_of_a_gradient_is_no_factor():
    gradient = grad(lambda x: np.sum(x * x) * x[0])
    gradient(V)
    assert "out_bar" not in gradient.source and "1.0 *" not in gradient.source


def growing(x, n):
    ys = [x[0], 2.0 * x[1]]
    for _ in range(n):
        ys.append(ys[-1] * ys[-2])
    return np.sum(np.array(ys))


def growing_somewhere(x):
    ys = [x[0]]
    for v in x:
        if v > 0.5:
            ys.append(ys[-1] * v)
    return np.sum(np.array(ys))


def test_lengths_of_growing_lists_are_counted():
    for n in (0, 1, 4):
        assert "len(ys)" not in text_of(growing, V, n)


def test_lengths_that_depend_on_values_are_counted():
    text = text_of(growing_somewhere, V)
    assert "len(ys)" not in text and "len_ys += 1" in text


def positive(x):
    s = 0.0
    for v in x:
        if v > 0.5:
            s += v * v * x[0]
    return s


def test_zeros_are_not_added():
    text = text_of(positive, V)
    assert "= 0.0\n" not in text.partition("# ")[2]


def last_above(x, bound):
    v = x[0]
    for v in x:
        if v > bound:
            break
    return v * x[1]


def test_what_a_loop_leaves_behind():
    for bound in (0.5, 1.0, 9.0):
        text_of(last_above, V, bound)
    check_grads(last_above, (V[:1].repeat(2), 9.0))


def sided(x):
    if x > 0.0:
        y = x * x
        z = x * y
    else:
        y = -x
        z = x
    return y * z


def test_a_condition_is_asked_once():
    for x in (1.5, -0.5):
        text = text_of(sided, x)
        check_grads(sided, (x,))
    assert "x_bar" in text


def swapped(x):
    a, *rest = [x[0], x[1]]
    (b,) = rest
    a, b = b, a
    return a / b


def renamed(x):
    first = x[0] * 2.0
    second = first
    first = second * x[1]
    return first * second


def test_numbers_keep_one_name():
    assert "a = " not in text_of(swapped, V).replace("x_bar", "")
    text_of(renamed, V)


def test_signs_and_constants():
    text = text_of(lambda x, y: 3.0 * (x * x * -y), 0.7, 0.3)
    assert "+ -" not in text and "* 2.0" not in text


def test_nothing_changes_without_optimisation():
    from adxform.options import Options

    for f in (cube, written_between, positive, sided):
        args = (1.5,) if f is sided else (V,)
        plain = adxform.derivatives.Derivative(f, options=Options(optimize=False))(*args)
        np.testing.assert_allclose(plain, grad(f)(*args), rtol=1e-14)


def of_two_parts(x):
    return np.sum(x[1:] ** 2) * np.sum(x[:2] ** 3)


def of_some_twice(x, places):
    return np.sum(x[places] ** 2)


def test_a_first_part_of_a_cotangent_is_set_and_not_added():
    text = text_of(of_two_parts, V)
    assert text.count("x_bar[:2] = ") == 1 and text.count("x_bar[1:] += ") == 1
    text = text_of(of_some_twice, V, np.array([0, 0, 2]))
    assert "np.add.at(x_bar, places" in text


def of_columns(p):
    x, y, z = p.T
    return np.sum(np.sin(x * y) * np.exp(-z))


def of_columns_and_rows(p):
    return np.sum(p[:, 0] * p[0] * p[:, 1]) + p[0, 1] * p[1, 0] * p[0, 0]


def of_a_column_twice(p, places):
    return np.sum(p[:, 1] * np.sin(p[:, 1] * p[:, 0]) * p[:, places])


def of_columns_from_the_end(p):
    return np.sum(p[:, -2] * np.sin(p[:, 1]) * p[:, 0])


def test_other_columns_of_a_cotangent_are_set_too():
    p = np.arange(9.0).reshape(3, 3) / 7.0
    text = text_of(of_columns, p)
    assert [text.count(f"p_bar[:, {i}] = ") for i in range(3)] == [1, 1, 1] and "+=" not in text
    text = text_of(of_columns_and_rows, p)
    assert text.count("] += ") == 3
    assert all(f"p_bar[{place}] = " in text for place in ("0, 0", "1, 0", "0, 1"))
    text_of(of_a_column_twice, p, 2)
    text_of(of_a_column_twice, p, 1)
    assert "] += " in text_of(of_columns_from_the_end, p)


def horner(c, x):
    r = 0.0
    for a in c[::-1]:
        r = r * x + a
    return r


def test_a_cotangent_that_the_user_has_no_name_for_has_one_name():
    text = text_of(horner, V, 0.3)
    assert "        item_bar[i] += r_bar\n" in text and "= item_bar\n" in text.partition("c_bar[")[2]
    assert text.count("item_bar") == 3
