"""Items of containers that change in place: `d[key] += array`, attributes that are views."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, vjp
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





class A:
    def __init__(self, d): self.d = d


def case_view_container(x):
    y = x.copy()
    parts = {"lo": y[:2], "hi": y[2:]}
    parts["lo"] *= 2
    parts["hi"][0] = parts["lo"][1] ** 2
    return np.sum(y)


def case_list_item_aug(x):
    y = x.copy()
    l = [y, x * 2]
    l[0] += l[1]
    return np.sum(y * l[0])


def case_list_item_aug2(x):
    y = x.copy()
    l = [y * 1.0, x * 2]
    l[0] += l[1]
    return np.sum(y * l[0])


def case_dict_list_aug(x):
    d = {"p": [x[0]]}
    a = d["p"]
    d["p"] += [x[1]]
    return len(a) * x[2] + d["p"][1]


def case_dict_list_aug2(x):
    d = {"p": [x[0]]}
    d["p"] += [x[1]]
    return len(d["p"]) * x[2] + d["p"][1]


def case_dict_scalar(x):
    d = {"p": x[0]}
    a = d["p"]
    d["p"] += x[1]
    return a * d["p"]


def case_nested_aug(x):
    y = x.copy()
    d = {"p": [y, 1.0]}
    d["p"][0] *= 3
    d["p"][1] += x[0]
    return np.sum(y) * d["p"][1]


def case_obj_dict_aug(x):
    w = x.copy()
    a = A({"w": w, "b": 0.0})
    for i in range(2):
        a.d["w"] -= 0.1 * a.d["w"] ** 2
        a.d["b"] += a.d["w"][0]
    return np.sum(w) * a.d["b"]


def case_obj_dict_aug2(x):
    w = x.copy()
    a = A({"w": w * 1.0, "b": 0.0})
    for i in range(2):
        a.d["w"] -= 0.1 * a.d["w"] ** 2
        a.d["b"] += a.d["w"][0]
    return np.sum(a.d["w"]) * a.d["b"] + np.sum(w)


def case_loop_list_aug(x):
    y = x.copy()
    ls = [y[:2], y[2:]]
    for i in range(3):
        ls[0] += ls[1] * x[0]
        ls[1] *= 0.5
    return np.sum(y ** 2)


def case_rows_aug(x):
    rows = [x[:2] * 1.0, x[2:] * 2.0]
    for k in range(3): rows[0] += rows[1]
    return np.sum(rows[0] * rows[1])


def case_branch_aug(x):
    y = x.copy()
    d = {"a": y}
    if x[0] > 0: d["a"] *= 2
    else: d["a"] += 1
    return np.sum(y ** 2)


def case_inner_aug(x):
    y = x.copy()
    d = {"a": y}
    def f(k, v): d[k] += v
    f("a", x ** 2); f("a", 1.0)
    return np.sum(y * d["a"])


def case_tuple_item(x):
    y = x.copy()
    t = (y, 2.0)
    z = t[0]
    z *= t[1]
    return np.sum(t[0] * y)


def case_attr_view(x):
    y = x.copy()
    a = A(y[1:3])
    a.d *= 3
    a.d[0] += y[0]
    return np.sum(y ** 2)


def case_attr_slice(x):
    a = A(x.copy())
    b = a.d[1:]
    a.d[1:] *= 2
    b[0] = 7 * x[0]
    return np.sum(a.d ** 2)


def case_attr_rebind(x):
    a = A(x.copy())
    b = a.d
    a.d = a.d + 1
    b *= 2
    return np.sum(a.d * b)


def case_two_attrs(x):
    y = x.copy()
    a, b = A(y), A(y)
    a.d[0] = 5 * x[1]
    b.d *= 2
    return np.sum(a.d ** 2)


def case_attr_loop_buffers(x):
    a = A(x.copy()); old = x * 0.5
    for i in range(3):
        new = a.d + old
        old = a.d
        a.d = new
    return np.sum(a.d * old)


def case_attr_loop_inplace_buffers(x):
    a = A(x.copy()); old = np.zeros(4)
    for i in range(3):
        old[:] = a.d
        a.d += old * x[0]
    return np.sum(a.d * old)


def case_attr_cond_alias(x):
    y, z = x.copy(), 2 * x
    a = A(y)
    if x[0] > 5: a.d = z
    a.d[0] = 9 * x[1]
    return np.sum(y) + np.sum(a.d)


def case_method_out(x):
    class_ = A(np.zeros(4))
    np.multiply(x, 2.0, out=class_.d)
    class_.d.fill(3.0) if False else None
    np.add.at(class_.d, [0, 0], x[1])
    return np.sum(class_.d ** 2)


RIGHT = [
    case_view_container,
    case_list_item_aug,
    case_list_item_aug2,
    case_dict_list_aug2,
    case_dict_scalar,
    case_nested_aug,
    case_obj_dict_aug2,
    case_rows_aug,
    case_branch_aug,
    case_inner_aug,
    case_tuple_item,
    case_attr_view,
    case_attr_slice,
    case_attr_rebind,
    case_two_attrs,
    case_attr_loop_buffers,
    case_attr_loop_inplace_buffers,
    case_method_out,
]
REFUSED = [
    (case_dict_list_aug, "d is changed in place here while a holds it, too"),
    (case_obj_dict_aug, "d is changed in place here while w"),
    (case_loop_list_aug, "ls is changed in place here while y"),
    (case_attr_cond_alias, "d is changed in place here while y"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)


def on_both_sides(p, x, n=3):
    d = {"a": p["a"] * 2.0}
    for i in range(n):
        if i % 2 == 0:
            p["a"] += x
            d["a"] += p["a"] * x
        else:
            p["a"][1] += 2.0 * x[0]
            d["a"] -= x
    return np.sum(p["a"] * d["a"])


def test_both_sides_of_a_branch_in_a_loop_write_to_an_item():
    p, x = {"a": np.array([0.7, -0.3])}, np.array([1.1, 0.4])
    assert vjp(on_both_sides, {"a": p["a"].copy()}, x)[0] == on_both_sides(
        {"a": p["a"].copy()}, x)
    check_grads(on_both_sides, (p, x), order=1)
