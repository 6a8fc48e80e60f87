"""GradBench's protocol, as a suite would drive it: every function of every module answers rightly."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples.gradbench import ht
from examples.gradbench.protocol import FUNCTIONS, serve
from examples.gradbench.workloads import NAMES

ROOT = Path(__file__).parents[2]
R = np.random.default_rng(0)

MIXTURE = {
    "d": 2,
    "k": 2,
    "n": 3,
    "gamma": 1.0,
    "m": 0,
    "alpha": [0.1, 0.4],
    "mu": [[0.1, 0.2], [0.5, 0.3]],
    "q": [[0.1, -0.2], [0.3, 0.2]],
    "l": [[0.5], [-0.4]],
    "x": R.normal(size=(3, 2)).tolist(),
}
BUNDLE = {
    "n": 2,
    "m": 3,
    "p": 12,
    "cam": [0.1, 0.2, 0.3, 0.5, 0.6, -9.0, 1.2, 0.1, 0.2, 0.05, 0.01],
    "x": [0.3, 0.4, 0.5],
    "w": 0.8,
    "feat": [0.2, 0.1],
}
HAND = ht.inputs(**ht.SIZES["quick"][1])
NETWORK = {
    "main_params": R.uniform(size=(4, 8)).tolist(),
    "extra_params": R.uniform(size=(3, 2)).tolist(),
    "state": R.uniform(size=(4, 2)).tolist(),
    "sequence": [[0, 1], [1, 1], [1, 0]],
}
INPUTS = {
    "hello": 3.0,
    "gmm": MIXTURE,
    "ba": BUNDLE,
    "ht": {
        "theta": HAND[0].tolist(),
        "us": HAND[1].tolist(),
        "data": {
            "model": {
                "bone_names": ["bone"] * 22, "parents": HAND[2].tolist(), "is_mirrored": False,
                "base_relatives": HAND[3].tolist(), "inverse_base_absolutes": HAND[4].tolist(),
                "base_positions": HAND[5].tolist(), "weights": HAND[6].tolist(),
                "triangles": HAND[7].tolist(),
            },
            "correspondences": HAND[8].tolist(),
            "points": HAND[9].tolist(),
        },
    },
    "lstm": NETWORK,
    "kmeans": {"points": [[0.0, 0.0], [0.2, 0.0], [1.0, 1.0]], "centroids": [[0.0, 0.0], [1.0, 1.0]]},
    "llsq": {"x": [0.5, 1.0, 0.25], "n": 8},
    "lse": {"x": [0.0, 1.0, 2.0]},
    "ode": {"x": [1.0, 2.0, 3.0], "s": 10},
    "det": {"A": [1.0, 2.0, 3.0, 4.0], "ell": 2},
    "particle": {"w": 0.0},
    "saddle": {"start": [0.5, 0.5]},
}  # fmt: skip


def asked(*messages):
    lines = (json.dumps({"id": i, **m}) for i, m in enumerate(messages))
    out = io.StringIO()
    serve(io.StringIO("\n".join(lines) + "\n"), out, "numpy")
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [a["id"] for a in answers] == list(range(len(messages)))
    return answers


def output(module, function, given=None):
    given = INPUTS[module] if given is None else given
    message = {"kind": "evaluate", "module": module, "function": function, "input": given}
    (answer,) = asked(message)
    assert answer["success"], answer["error"]
    assert [t["name"] for t in answer["timings"]] == ["evaluate"]
    return answer["output"]


def test_all_workloads_answer():
    assert list(FUNCTIONS) == list(NAMES) == list(INPUTS)


def test_start_define_and_what_else_comes():
    start, known, unknown, other = asked(
        {"kind": "start", "eval": "lse"}, {"kind": "define", "module": "lse"},
        {"kind": "define", "module": "nothing"}, {"kind": "analysis", "of": 1, "valid": True},
    )  # fmt: skip
    assert start["tool"] == "adxform"
    assert known["success"] and not unknown["success"]
    assert other == {"id": 3}


def test_runs_are_as_many_as_asked_for():
    given = {"x": [0.0, 1.0], "min_runs": 3, "min_seconds": 0.02}
    (answer,) = asked({"kind": "evaluate", "module": "lse", "function": "gradient", "input": given})
    times = [t["nanoseconds"] for t in answer["timings"]]
    assert all(isinstance(t, int) for t in times)
    assert len(times) >= 3 and sum(times) >= 2e7


def test_failures_are_told():
    (answer,) = asked({"kind": "evaluate", "module": "lse", "function": "gradient", "input": {}})
    assert not answer["success"]
    assert "KeyError" in answer["error"]


def test_simple_functions():
    assert output("hello", "square") == 9.0
    assert output("hello", "double") == 6.0
    weights = np.exp([0.0, 1.0, 2.0]) / np.sum(np.exp([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(output("lse", "gradient"), weights)
    np.testing.assert_allclose(output("lse", "primal"), np.log(np.sum(np.exp([0.0, 1.0, 2.0]))))
    np.testing.assert_allclose(output("det", "primal"), -2.0)
    np.testing.assert_allclose(output("det", "gradient"), [4.0, -3.0, -2.0, 1.0])
    np.testing.assert_allclose(
        output("ode", "primal"), [2.0, 4.0, 8.0]
    )  # x_0 t, x_0 x_1 t^2 / 2, ...
    np.testing.assert_allclose(output("ode", "gradient"), [8.0, 4.0, 8.0 / 3.0])
    np.testing.assert_allclose(output("kmeans", "dir"), [[-0.1, 0.0], [0.0, 0.0]], atol=1e-15)
    np.testing.assert_allclose(output("kmeans", "cost"), 0.04)


@pytest.mark.parametrize(
    ("module", "value", "slope", "names"),
    [
        ("llsq", "primal", "gradient", ["x"]),
        ("lstm", "objective", "jacobian", ["main_params", "extra_params"]),
        ("gmm", "objective", "jacobian", ["alpha", "mu", "q", "l"]),
    ],
)
def test_gradients_are_those_of_differences(module, value, slope, names):
    given, expected = INPUTS[module], []
    for name in names:
        for index in np.ndindex(np.shape(given[name])):
            ends = []
            for step in (1e-6, -1e-6):
                moved = np.array(given[name], dtype=float)
                moved[index] += step
                ends.append(output(module, value, {**given, name: moved.tolist()}))
            expected.append((ends[0] - ends[1]) / 2e-6)
    found = output(module, slope)
    if isinstance(found, dict):
        found = np.concatenate([np.ravel(found[name]) for name in names])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_bundle_adjustment_tells_the_first_observation_and_the_last_entry():
    errors = output("ba", "objective")
    assert errors["reproj_error"]["repeated"] == errors["w_err"]["repeated"] == 12
    np.testing.assert_allclose(errors["w_err"]["element"], 1.0 - 0.8**2)
    found = output("ba", "jacobian")
    assert [len(found[name]) for name in ("rows", "cols", "vals")] == [31, 31, 31]
    assert found["rows"][:3] == [0, 15, 30] and found["rows"][-1] == 12 * 31
    assert found["cols"][:15] == [*range(11), 22, 23, 24, 31]
    np.testing.assert_allclose(found["vals"][-1], -1.6)
    np.testing.assert_allclose(
        np.array(found["vals"])[[14, 29]] * 0.8, errors["reproj_error"]["elements"]
    )


def test_hand_tracking_with_and_without_triangles_and_mirrored():
    given = INPUTS["ht"]
    np.testing.assert_allclose(output("ht", "objective"), ht.primal(*HAND).ravel())
    assert np.shape(output("ht", "jacobian")) == (15, 28)
    assert np.shape(output("ht", "jacobian", {**given, "us": []})) == (15, 26)
    flat = {**given, "us": [], "theta": [0.0] * 26}
    model = {**given["data"]["model"], "is_mirrored": True}
    mirrored = {**flat, "data": {**given["data"], "model": model}}
    points = np.array(given["data"]["points"])
    one, other = (
        points - np.reshape(output("ht", "objective", g), (5, 3)) for g in (flat, mirrored)
    )
    np.testing.assert_allclose(other, one * [-1.0, 1.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("modes", ["ff", "fr", "rf", "rr"])
def test_nested_descents(modes):
    np.testing.assert_allclose(output("particle", modes), 0.20719187464861, rtol=1e-6)
    np.testing.assert_allclose(output("saddle", modes), np.zeros(4), atol=1e-4)


def test_command_line():
    messages = [
        {"id": 0, "kind": "start", "eval": "hello"}, {"id": 1, "kind": "define", "module": "hello"},
        {"id": 2, "kind": "evaluate", "module": "hello", "function": "double", "input": 4.0},
    ]  # fmt: skip
    command = [sys.executable, "-m", "examples.gradbench", "--protocol", "--backends", "numpy"]
    lines = "".join(json.dumps(m) + "\n" for m in messages)
    done = subprocess.run(
        command, input=lines, cwd=ROOT, capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[1] == {"id": 1, "success": True}
    assert answers[2]["output"] == 8.0
