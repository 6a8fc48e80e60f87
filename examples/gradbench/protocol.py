"""GradBench's protocol: a line of JSON comes in, a line of JSON goes out.

``start`` is answered with the tool's name, ``define`` with whether a module is known, ``evaluate``
with the output and the time of each run; what else comes, with its number alone. Each function
runs once before it is timed, for the first call compiles.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

import numpy as np

from examples.gradbench import (
    ba,
    det,
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
)
from examples.gradbench.workloads import evaluated

Json = Any


class Function(NamedTuple):
    """How an input becomes arguments, what makes the function for a backend, and what is said."""

    arguments: Callable[[Json], tuple[Any, ...]]
    made: Callable[[str], Callable[..., Any]]
    output: Callable[[Any, Json], Json] = lambda result, _: np.asarray(result).tolist()


def serve(lines: TextIO, out: TextIO, backend: str) -> None:
    """Answer each message until there are no more."""
    for line in lines:
        message = json.loads(line)
        answer = {"id": message["id"], **answered(message, backend)}
        print(json.dumps(answer), file=out, flush=True)


def answered(message: Json, backend: str) -> Json:
    match message["kind"]:
        case "start":
            return {"tool": "adxform", "config": {"backend": backend}}
        case "define":
            return {"success": message["module"] in FUNCTIONS}
        case "evaluate":
            try:
                return evaluation(message, backend)
            except Exception:  # whatever a user's input does is for the suite to show
                return {"success": False, "error": traceback.format_exc()}
        case _:
            return {}


def evaluation(message: Json, backend: str) -> Json:
    """Run a function as long as is asked for."""
    function = FUNCTIONS[message["module"]][message["function"]]
    given = message["input"]
    asked = given if isinstance(given, dict) else {}
    args = function.arguments(given)
    call = function.made(backend)
    result = call(*args)
    times: list[int] = []
    while len(times) < asked.get("min_runs", 1) or sum(times) < 1e9 * asked.get("min_seconds", 0):
        start = time.perf_counter_ns()
        result = call(*args)
        times.append(time.perf_counter_ns() - start)
    return {
        "success": True,
        "output": function.output(result, given),
        "timings": [{"name": "evaluate", "nanoseconds": t} for t in times],
    }


def primal(f: Callable[..., Any]) -> Callable[[str], Callable[..., Any]]:
    return lambda backend: evaluated(f, backend)


def listed(result: Any, _: Json = None) -> Json:
    """All numbers of a result, flat."""
    parts = result if isinstance(result, tuple) else (result,)
    return np.concatenate([np.ravel(part) for part in parts]).tolist()


# --- inputs and outputs that are not plain arrays


def mixture(given: Json) -> tuple[Any, ...]:
    d, k = given["d"], given["k"]
    columns, rows = np.triu_indices(d, 1)
    l = np.zeros((k, d, d))
    l[:, rows, columns] = np.array(given["l"]).reshape(k, -1)
    alpha, mu, q, x = (np.array(given[name]) for name in ("alpha", "mu", "q", "x"))
    return alpha, mu, q, l, x, float(given["gamma"]), given["m"]


def slopes_of_mixture(result: Any, given: Json) -> Json:
    columns, rows = np.triu_indices(given["d"], 1)
    alpha, mu, q, l = result
    found = {"alpha": alpha, "mu": mu, "q": q, "l": l[:, rows, columns]}
    return {name: value.tolist() for name, value in found.items()}


def bundle(given: Json) -> tuple[Any, ...]:
    n, m, p = given["n"], given["m"], given["p"]
    seen = np.stack([np.arange(p) % n, np.arange(p) % m], axis=1)
    return (
        np.tile(np.array(given["cam"]), (n, 1)), np.tile(np.array(given["x"]), (m, 1)),
        np.full(p, float(given["w"])), seen, np.tile(np.array(given["feat"]), (p, 1)),
    )  # fmt: skip


def errors_of_bundle(result: Any, given: Json) -> Json:
    """All observations are alike, and are told by the first."""
    errors, of_weights = result
    return {
        "reproj_error": {"elements": errors[0].tolist(), "repeated": len(errors)},
        "w_err": {"element": float(of_weights[0]), "repeated": len(of_weights)},
    }


def jacobian_of_bundle(backend: str) -> Callable[..., Any]:
    blocks = ba.derivative(backend)

    def found(cameras: Any, points: Any, weights: Any, seen: Any, features: Any) -> Any:
        made = blocks(cameras, points, weights, seen, features)
        return ba.sparse(*made, seen, len(cameras), len(points))

    return found


def ends_of_bundle(result: Any, given: Json) -> Json:
    """The entries of the first observation and the last entry of all."""
    names = "rows", "cols", "vals"
    return {
        name: [*part[:30].tolist(), part[-1].item()]
        for name, part in zip(names, result, strict=True)
    }


def hand(given: Json) -> tuple[Any, ...]:
    model = given["data"]["model"]
    parents = np.array(model["parents"])
    bases = np.array(model["base_relatives"])
    if model["is_mirrored"]:  # all hang on the roots, so that these alone are mirrored
        bases[parents < 0] = np.diag([-1.0, 1.0, 1.0, 1.0]) @ bases[parents < 0]
    us = np.array(given["us"]).reshape(-1, 2) if len(given["us"]) else None
    return (
        np.array(given["theta"]), us, parents, bases, np.array(model["inverse_base_absolutes"]),
        np.array(model["base_positions"]), np.array(model["weights"]), np.array(model["triangles"]),
        np.array(given["data"]["correspondences"]), np.array(given["data"]["points"]),
    )  # fmt: skip


def arrays(*names: str) -> Callable[[Json], tuple[Any, ...]]:
    return lambda given: tuple(np.array(given[name], dtype=float) for name in names)


def determinant(given: Json) -> tuple[Any, ...]:
    return np.array(given["A"]).reshape(given["ell"], given["ell"]), "sets"


def of_charge(given: Json) -> tuple[Any, ...]:
    return (float(given["w"]),)


def with_number(name: str) -> Callable[[Json], tuple[Any, ...]]:
    return lambda given: (np.array(given["x"], dtype=float), given[name])


_network = arrays("main_params", "extra_params", "state", "sequence")
_clusters = arrays("centroids", "points")

FUNCTIONS = {
    "hello": {
        "square": Function(lambda x: (float(x),), primal(hello.primal)),
        "double": Function(lambda x: (float(x),), hello.derivative),
    },
    "gmm": {
        "objective": Function(mixture, primal(gmm.primal)),
        "jacobian": Function(mixture, gmm.derivative, slopes_of_mixture),
    },
    "ba": {
        "objective": Function(bundle, primal(ba.primal), errors_of_bundle),
        "jacobian": Function(bundle, jacobian_of_bundle, ends_of_bundle),
    },
    "ht": {
        "objective": Function(hand, primal(ht.primal), listed),
        "jacobian": Function(hand, ht.derivative),
    },
    "lstm": {
        "objective": Function(_network, primal(lstm.primal)),
        "jacobian": Function(_network, lstm.derivative, listed),
    },
    "kmeans": {
        "cost": Function(_clusters, primal(kmeans.primal)),
        "dir": Function(_clusters, kmeans.derivative),
    },
    "llsq": {
        "primal": Function(with_number("n"), primal(llsq.primal)),
        "gradient": Function(with_number("n"), llsq.derivative),
    },
    "lse": {
        "primal": Function(arrays("x"), primal(lse.primal)),
        "gradient": Function(arrays("x"), lse.derivative),
    },
    "ode": {
        "primal": Function(with_number("s"), primal(ode.solution)),
        "gradient": Function(with_number("s"), ode.derivative),
    },
    "det": {
        "primal": Function(determinant, primal(det.primal)),
        "gradient": Function(determinant, det.derivative, listed),
    },
    "particle": {
        modes: Function(of_charge, lambda backend, modes=modes: particle.solver(modes, backend))
        for modes in ("ff", "fr", "rf", "rr")
    },
    "saddle": {
        modes: Function(arrays("start"), lambda backend, modes=modes: saddle.solver(modes, backend))
        for modes in ("ff", "fr", "rf", "rr")
    },
}
