"""Loops over the places of lists that hold arrays, rows or containers: ``weights[l]``."""

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, jvp, source

WEIGHTS = [np.array([[0.1, 0.4], [0.3, -0.2]]), np.array([[0.5, 0.4], [0.6, 0.1], [0.3, 0.3]])]
BIASES = [np.array([0.1, 0.2]), np.array([0.1, 0.2, 0.3])]
X = np.array([0.3, 0.8])
ROWS = [[1.0, 2.0, 0.3], [3.0, 4.0, 0.4], [0.5, 0.6, 0.7]]


def network(weights, biases, x):
    activations = [x]
    for l in range(len(weights)):
        z = weights[l] @ activations[l] + biases[l]
        activations.append(np.tanh(z) if l < len(weights) - 1 else z)
    return np.sum(activations[-1] ** 2)


def by_pointer(parameters, x):
    k = 0
    for _ in range(len(parameters) // 2):
        x = np.tanh(parameters[k] @ x + parameters[k + 1])
        k += 2
    return np.sum(x)


def by_hand(weights, biases, x):
    """Backpropagation, differentiated."""
    a, zs, n = [x], [], len(weights)
    for l in range(n):
        zs.append(weights[l] @ a[-1] + biases[l])
        a.append(np.tanh(zs[-1]))
    d = a[-1] * (1 - np.tanh(zs[-1]) ** 2)
    slopes = [None] * n
    slopes[-1] = np.outer(d, a[-2])
    for l in range(2, n + 1):
        d = (weights[-l + 1].T @ d) * (1 - np.tanh(zs[-l]) ** 2)
        slopes[-l] = np.outer(d, a[-l - 1])
    return sum(np.sum(slope**2) for slope in slopes)


def with_steps_around(weights, x):
    """The loop over time stays one."""
    h = [np.zeros(2), np.zeros(2)]
    for t in range(40):
        inputs = 0.1 * t * x
        for l in range(2):
            h[l] = np.tanh(weights[l] @ h[l] + inputs)
            inputs = h[l]
    return np.sum(h[1])


def left_early(weights, x):
    for l in range(len(weights)):
        x = np.tanh(weights[l] @ x)
        if x[0] > 0.3:
            break
    return np.sum(x)


def mixture(zs, rows):
    n, total = len(zs), 0.0
    for i in range(n):
        row, inner = rows[i], 0.0
        for j in range(n):
            if i != j:
                inner += zs[j] * row[j]
        total += zs[i] * inner
    return total


def pairs(layers, x):
    for i in range(len(layers)):
        x = np.tanh(layers[i]["w"] @ x + layers[i]["b"])
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (network, (WEIGHTS, BIASES, X)),
        (by_hand, (WEIGHTS, BIASES, X)),
        (by_pointer, ([WEIGHTS[0], X, WEIGHTS[1], BIASES[1]], X)),
        (with_steps_around, ([WEIGHTS[0], WEIGHTS[0].T], X)),
        (left_early, ([WEIGHTS[0], WEIGHTS[0].T], X)),
        (mixture, ([0.2, 0.5, 0.3], ROWS)),
        (pairs, ([{"w": WEIGHTS[0], "b": X}, {"w": WEIGHTS[1], "b": BIASES[1]}], X)),
    ],
)
def test_items_are_taken_by_places(f, args):
    check_grads(f, args, order=1)


def test_second_order():
    check_grads(lambda x: mixture(x, ROWS), ([0.2, 0.5, 0.3],), order=2)


def test_only_the_loop_over_places_is_written_out():
    text = source(with_steps_around, args=([WEIGHTS[0], WEIGHTS[0].T], X))
    assert "for t in range(40)" in text and "range(2)" not in text


def test_a_place_that_only_running_tells_is_refused():
    def chosen(weights, x, k):
        return np.sum(weights[k] @ x)

    with pytest.raises(UnsupportedError, match="is not known before it runs"):
        grad(chosen)(WEIGHTS, X, 1)


def test_an_array_in_a_list_is_replaced_where_it_may_be_the_callers():
    """``w * 1.0`` is ``w``, so that ``ws[l] -= ...`` in place changed the argument."""

    def descent(weights, x):
        ws = [w * 1.0 for w in weights]
        for l in range(2):
            ws[l] -= x[0] * ws[l]
        return np.sum(ws[0] ** 2) + np.sum(ws[1] ** 3)

    given = [w.copy() for w in WEIGHTS]
    jvp(descent, (given, X), (WEIGHTS, X))
    grad(descent)(given, X)
    assert all(np.array_equal(a, b) for a, b in zip(given, WEIGHTS, strict=True))
    check_grads(descent, (WEIGHTS, X), order=1)
