"""What is changed in the middle of an expression, once and in Python's order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





def case_lambda_append(x):
    log = [x[0]]
    def each(f, v):
        for i in range(len(v)): f(v[i])
    each(lambda a: log.append(a ** 2), x)
    return sum(log)


def case_pop_expr(x):
    st = [x[0], x[1] ** 2]
    a = st.pop()
    return a * 3 + st.pop() * len(st)


def case_pop_ret(x):
    st = [x[0], x[1] ** 2]
    return st.pop()


def case_append_expr(x):
    st = [x[0]]
    y = st.append(x[1]) or 2.0
    return sum(st) * y


def case_dict_pop_expr(x):
    d = {"a": x[0], "b": x[1]}
    return d.pop("a") * 2 + d["b"] * len(d)


def case_and_append(x):
    st = [x[0]]
    x[1] > 0 and st.append(x[1])
    return sum(st)


def case_comp_append(x):
    st = [x[0]]
    [st.append(v ** 2) for v in x]
    return sum(st)


def case_while_pop(x):
    st = [x[0], x[1], x[2]]
    s = 0.0
    while st:
        s = s * 0.5 + st.pop() ** 2
    return s


def case_queue(x):
    q = [x[0], x[1]]
    s = 0.0
    for i in range(3):
        v = q.pop(0)
        q.append(v * 2)
        s += v
    return s + sum(q)


def case_extend_map(x):
    q = []
    q.extend(map(lambda v: v ** 2, [x[0], x[1]]))
    q += [x[2]]
    q.insert(0, x[3])
    return q[0] * q[1] + q[3]


def case_remove(x):
    q = [1, 2, 3]
    q.remove(2)
    return x[0] * q[1]


def case_lambda_nonlocal_dict(x):
    d = {"s": 0.0}
    f = lambda v: d.update(s=d["s"] + v)
    f(x[0]); f(x[1] ** 2)
    return d["s"] ** 2


def case_dd_float(x):
    from collections import defaultdict
    d = defaultdict(float)
    d["a"] += x[0]; d["b"] += x[1]; d["a"] += x[2]
    return d["a"] * d["b"] * len(d)


def case_dd_list(x):
    d = defaultdict(list)
    for k, v in zip("abab", [x[0], x[1], x[2], x[3]]): d[k].append(v)
    return sum(d["a"]) * sum(d["b"])


def case_dd_int(x):
    d = defaultdict(int)
    for k in ("a", "b", "a"): d[k] += 1
    return x[0] * d["a"] + d["zz"]


def case_dd_read(x):
    d = defaultdict(float)
    s = d["q"] + x[0]
    return s * len(d)


def case_counter(x):
    c = Counter("abca")
    c["a"] += 1
    return x[0] * c["a"] + x[1] * c["z"]


def case_rows_append(x):
    rows = [[], []]
    rows[0].append(x[0]); rows[1].append(x[1]); rows[0].append(x[2])
    return sum(rows[0]) * sum(rows[1])


def case_dict_of_lists(x):
    d = {"a": [], "b": []}
    for i, v in enumerate([x[0], x[1], x[2]]):
        d["a" if i % 2 == 0 else "b"].append(v)
    return sum(d["a"]) * sum(d["b"])


def case_dict_of_lists2(x):
    d = {}
    for k, v in [("a", x[0]), ("b", x[1]), ("a", x[2])]:
        if k not in d:
            d[k] = []
        d[k].append(v)
    return sum(d["a"]) * sum(d["b"])


def case_del_list(x):
    q = [x[0], x[1], x[2]]
    del q[1]
    return q[0] * q[1] * len(q)


def case_pop_in_call(x):
    q = [x[0], x[1]]
    return np.sin(q.pop()) * q.pop(0) + len(q)


def case_order(x):
    q = [x[0], x[1]]
    return len(q) * q.pop() + len(q) * 10 * q[0]


def case_pop_alias(x):
    q = [x[0], x[1]]
    r = q
    v = q.pop()
    return v * len(r)


def case_q_arg(x):
    def take(q): return q.pop()
    q = [x[0], x[1]]
    return take(q) * len(q)


def case_q_arg2(x):
    def put(q, v): q.append(v)
    q = [x[0], x[1]]
    put(q, x[2])
    return q[-1] * len(q)


def case_obj_pop(x):
    class_ = {"a": x[0]}
    v = class_.pop("a", 0.0)
    w = class_.pop("a", x[1])
    return v * w


class Acc:
    def __init__(self): self.t = 0.0; self.xs = []
    def add(self, v): self.t += v; return self.t
    def take(self, v): self.xs.append(v); return self


def case_max_effects(x):
    a = Acc()
    m = max(a.add(x[0]), a.add(x[1]))
    return m * a.t


def case_max3_effects(x):
    a = Acc()
    m = max(a.add(x[0]), a.add(x[1]), a.add(x[2]))
    return m * a.t


def case_display_mul(x):
    a = Acc()
    r = [a.add(x[0])] * 2
    return r[0] * r[1] * a.t


def case_display_sum(x):
    a = Acc()
    return sum([a.add(x[0]), a.add(x[1])]) * a.t


def case_display_max(x):
    a = Acc()
    return max([a.add(x[0]), a.add(x[1])]) * a.t


def case_sum_gen(x):
    a = Acc()
    return sum(a.add(v) for v in [x[0], x[1]]) * a.t


def case_dict_disp(x):
    a = Acc()
    return {"p": a.add(x[0])}["p"] * a.t


def case_tuple_idx(x):
    a = Acc()
    return (a.add(x[0]), a.add(x[1]))[0] * a.t


def case_min_arr(x):
    y = x.copy()
    def f(): y[0] *= 2; return y[0]
    return max(f(), f()) * y[0]


def case_divmod_eff(x):
    a = Acc()
    return divmod(a.add(x[0]), a.add(x[1]))[0] + a.t


def case_chain(x):
    a = Acc()
    return sum(a.take(x[0]).take(x[1] ** 2).xs)


def case_cmp(x):
    a = Acc()
    return x[0] * (2.0 if a.add(x[1]) > 0.5 else 3.0) * a.t


def case_chain_cmp(x):
    a = Acc()
    return x[0] * (2.0 if 0 < a.add(x[1]) < 5.5 else 3.0) * a.t


def case_and_eff(x):
    a = Acc()
    if x[0] > 0 and a.add(x[1]) > 0: return a.t ** 2
    return x[0]


def case_np_eff(x):
    a = Acc()
    return np.sin(a.add(x[0])) + np.maximum(a.add(x[0]), a.add(x[1])) * a.t


def case_fstr_eff(x):
    a = Acc()
    f"{a.add(x[0])}"
    return a.t


def case_starred(x):
    a = Acc()
    def f(p, q): return p * q
    return f(*[a.add(x[0]), a.add(x[1])]) * a.t


def case_len_eff(x):
    a = Acc()
    return len([a.add(x[0]), 1]) * a.t


def case_abs_eff(x):
    a = Acc()
    return abs(a.add(x[0])) * a.t + float(a.add(x[0]))


def case_np_list(x):
    a = Acc()
    return np.sum(np.array([a.add(x[0]), a.add(x[1])])) * a.t


def case_assert_eff(x):
    a = Acc()
    assert a.add(x[0]) > 0
    return a.t


RIGHT = [
    case_q_arg,
    case_q_arg2,
    case_lambda_append,
    case_pop_expr,
    case_pop_ret,
    case_append_expr,
    case_dict_pop_expr,
    case_queue,
    case_extend_map,
    case_remove,
    case_lambda_nonlocal_dict,
    case_dd_float,
    case_dd_int,
    case_dd_read,
    case_counter,
    case_rows_append,
    case_dict_of_lists,
    case_dict_of_lists2,
    case_del_list,
    case_pop_in_call,
    case_order,
    case_obj_pop,
    case_max3_effects,
    case_display_mul,
    case_display_sum,
    case_display_max,
    case_sum_gen,
    case_dict_disp,
    case_tuple_idx,
    case_divmod_eff,
    case_chain,
    case_cmp,
    case_chain_cmp,
    case_and_eff,
    case_np_eff,
    case_starred,
    case_len_eff,
    case_abs_eff,
    case_np_list,
    case_assert_eff,
    case_min_arr,
]
REFUSED = [
    (case_and_append, "this statement may change a list or a dictionary whose items"),
    (case_comp_append, "this statement may change a list or a dictionary whose items"),
    (case_dd_list, "this statement may change a list or a dictionary whose items"),
    (case_pop_alias, "q is changed in place here while r holds it, too"),
    (case_fstr_eff, "this expression may change t, which is active here"),
]


@pytest.mark.parametrize("f", [*RIGHT, case_max_effects])
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
