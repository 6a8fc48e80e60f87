"""The workloads of examples/gradbench: every derivative is right, and the table is printed."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

import numpy as np
import pytest
from click.testing import CliRunner

from adxform import check_grads
from examples.gradbench import (
    ba,
    descent,
    det,
    elsewhere,
    gmm,
    hello,
    ht,
    kmeans,
    llsq,
    lse,
    lstm,
    ode,
    particle,
    saddle,
    table,
    tools,
)
from examples.gradbench.__main__ import main
from examples.gradbench.measuring import Measured, TimeLimitError, flat, limited
from examples.gradbench.workloads import NAMES, sizes, workload

CASES = [(name, size) for name in NAMES for size in sizes(name, "quick")]


def differences(f, args, places, step=1e-6):
    """The Jacobian of all results in all elements of some arguments, by central differences."""
    columns = []
    for place in places:
        for index in np.ndindex(np.shape(args[place])):
            ends = []
            for sign in (1.0, -1.0):
                moved = np.array(args[place], dtype=float)
                moved[index] += sign * step
                moved = moved if moved.shape else float(moved)
                ends.append(flat(f(*args[:place], moved, *args[place + 1 :])))
            columns.append((ends[0] - ends[1]) / (2.0 * step))
    return np.stack(columns, axis=-1)


def derived(module, **size):
    args = module.inputs(**size)
    return args, module.derivative("numpy")(*args)


@pytest.mark.parametrize(
    ("module", "places"),
    [
        (hello, [0]),
        (gmm, [0, 1, 2, 3]),
        (lstm, [0, 1]),
        (llsq, [0]),
        (lse, [0]),
        (ode, [0]),
        (particle, [0]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_gradients_are_those_of_differences(module, places):
    args, found = derived(module, **module.SIZES["quick"][0])
    expected = differences(module.primal, args, places).ravel()
    np.testing.assert_allclose(flat(found), expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


def test_jacobian_of_bundle_adjustment():
    n, m, p = 2, 3, 5
    args, (blocks, diagonal) = derived(ba, n=n, m=m, p=p)
    rows, columns, values = ba.sparse(blocks, diagonal, args[3], n, m)
    whole = np.zeros((3 * p, 11 * n + 3 * m + p))
    for row in range(3 * p):
        here = slice(rows[row], rows[row + 1])
        whole[row, columns[here]] = values[here]
    np.testing.assert_allclose(whole, differences(ba.primal, args, [0, 1, 2]), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("size", ht.SIZES["quick"], ids=lambda x: x["kind"])
def test_jacobian_of_hand_tracking(size):
    args, found = derived(ht, **size)
    expected = differences(ht.primal, args, [0])
    np.testing.assert_allclose(found[:, -26:], expected, rtol=1e-6, atol=1e-7)
    if size["kind"] == "complicated":
        own = differences(ht.primal, args, [1]).reshape(-1, 3, size["points"], 2)
        packed = np.concatenate([own[i, :, i] for i in range(size["points"])])
        np.testing.assert_allclose(found[:, :2], packed, rtol=1e-6, atol=1e-7)


def test_newton_direction_leads_to_the_means():
    (centroids, points), found = derived(kmeans, k=3, n=20, d=2)
    nearest = np.argmin(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1)
    means = np.array([points[nearest == j].mean(axis=0) for j in range(3)])
    np.testing.assert_allclose(found, centroids - means, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("by", ["calls", "sets"])
def test_gradient_of_the_determinant_is_its_cofactors(by):
    (a, _), found = derived(det, ell=4, by=by)
    np.testing.assert_allclose(det.primal(a, by), np.linalg.det(a), rtol=1e-12)
    np.testing.assert_allclose(found, np.linalg.det(a) * np.linalg.inv(a).T, rtol=1e-10)


def test_saddle_slopes_through_the_inner_descent():
    args, found = derived(saddle, x=0.5)
    np.testing.assert_allclose(found, 2.0 * args[0], rtol=1e-6)


def test_descent_finds_the_least():
    centre = np.array([0.3, -0.7])
    found = descent.argmin(
        lambda x: np.sum((x - centre) ** 2), lambda x: 2.0 * (x - centre), np.ones(2)
    )
    np.testing.assert_allclose(found, centre, atol=1e-4)


def test_mixture_agrees_with_its_density_in_full():
    check_grads(gmm.primal, gmm.inputs(d=2, k=2, n=3), order=1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), CASES, ids=lambda x: str(x))
@pytest.mark.filterwarnings("ignore::adxform.BackendWarning")  # what falls back agrees, too
def test_backends_agree(name, size):
    pytest.importorskip("numba")
    module = workload(name)
    args = module.inputs(**size)
    expected = flat(module.derivative("numpy")(*args))
    found = flat(module.derivative("numba")(*args))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * np.abs(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("name", tools.PEERS)
def test_peers_agree(name):
    pytest.importorskip(name)
    found = list(table.lines(NAMES, "quick", [tools.ours("numpy"), tools.peer(name)], 60.0))
    formed = [line for line in found if line.note != "no such form"]
    assert not [str(line) for line in formed if line.note or line.derivative is None]
    assert len({line.workload for line in formed if line.tool == name}) >= 9


@pytest.mark.parametrize("name", tools.PEERS)
def test_functions_of_a_peer_are_named_like_workloads(name):
    pytest.importorskip(name)
    peer = import_module(f"examples.gradbench.peers.with_{name}")
    own = {n for n, f in vars(peer).items() if getattr(f, "__module__", "") == peer.__name__}
    forms = {n for n in own if n in NAMES}
    assert len(forms) >= 9
    for form in forms:
        taken = list(signature(getattr(peer, form)).parameters)
        assert taken == list(signature(workload(form).primal).parameters)


def measured_line(row, tool, seconds):
    name, _, size = row.partition(" ")
    return table.Line(name, size, tool, None, Measured(seconds, None), "")


def test_figures_of_another_machine_are_compared_by_a_row_in_common():
    here = 2.0 * elsewhere.JAX  # a machine that is half as fast
    lines = [
        measured_line(elsewhere.COMMON, "adxform numpy", 0.05),
        measured_line(elsewhere.COMMON, "adxform numba", 2.0 * 0.0057),
        measured_line(elsewhere.COMMON, "jax", here),
        measured_line("lse n=40000", "adxform numpy", 0.00026),
        measured_line("lse n=7", "adxform numpy", 0.1),
    ]
    title, head, gmm_row, lse_row = elsewhere.beside_others(lines)
    assert "another machine" in title and head.split()[0] == "adxform"
    assert gmm_row.split()[-1] == "1.00"  # as fast as Tapenade, the best there
    assert lse_row.split()[-1] == "0.50"
    assert lse_row.split()[2:4] == ["0.031", "0.0619"]
    assert not list(elsewhere.beside_others([x for x in lines if x.tool != "jax"]))


def test_quick_table():
    printed = CliRunner().invoke(main, ["--quick", "--only", "lse", "--only", "llsq"])
    assert printed.exit_code == 0, printed.output
    head, first, second, _, mean = printed.output.rstrip("\n").split("\n")
    assert head.split()[:3] == ["workload", "size", "tool"]
    assert first.split()[:4] == ["llsq", "n=8", "m=3", "adxform"] or first.startswith("lse")
    assert second
    assert "geometric mean of 2 rows" in mean


def test_results_that_differ_are_refused():
    with pytest.raises(SystemExit, match="zero"):
        table.check(np.zeros(2), None, "nothing")
    with pytest.raises(AssertionError, match="wrong"):
        table.check(np.array([1.0, 2.1]), np.array([1.0, 2.0]), "wrong")


def test_a_call_may_be_limited():
    with pytest.raises(TimeLimitError), limited(0.01):
        while True:
            pass


def test_another_result_of_a_peer_is_said_and_of_ours_refused():
    def calls(name, args):
        return tools.Calls(lambda: 0.0, lambda: np.array([1.0]))

    expected = np.array([2.0])
    size = sizes("hello", "quick")[0]
    line, _ = table.measure("hello", size, tools.Tool("peer", calls), 10.0, expected)
    assert line.derivative is None and line.note == "another result"
    with pytest.raises(AssertionError, match="Not equal"):
        table.measure("hello", size, tools.Tool("adxform numpy", calls), 10.0, expected)
