"""lstm: the loss of a recurrent network of diagonal weights that reads a text of bits.

``main`` holds, for each layer, a row of weights and a row of biases, for its four gates one after
the other; ``extra`` the weights of the input, the weights and the biases of the output; ``state``
the hidden values and the cells of each layer.
"""

from __future__ import annotations

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"l": 2, "c": 4, "b": 3}],
    "small": [{"l": 2, "c": 256, "b": 14}],
    "standard": [{"l": 2, "c": 4096, "b": 14}],
    "large": [{"l": 4, "c": 16384, "b": 14}],
}


def inputs(l, c, b):
    rng = np.random.default_rng(0)
    return (
        rng.uniform(size=(2 * l, 4 * b)), rng.uniform(size=(3, b)), rng.uniform(size=(2 * l, b)),
        rng.integers(2, size=(c, b)).astype(float),
    )  # fmt: skip


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def primal(main, extra, state, sequence):
    layers, b = len(state) // 2, sequence.shape[1]
    gates = main.reshape(layers, 2, 4, b)
    start = state.reshape(layers, 2, b)
    hidden, cell = start[:, 0].copy(), start[:, 1].copy()
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(layers):
            weight, bias = gates[i, 0], gates[i, 1]
            forget = sigmoid(x * weight[0] + bias[0])
            ingate = sigmoid(hidden[i] * weight[1] + bias[1])
            outgate = sigmoid(x * weight[2] + bias[2])
            change = np.tanh(hidden[i] * weight[3] + bias[3])
            cell[i] = cell[i] * forget + ingate * change
            hidden[i] = outgate * np.tanh(cell[i])
            x = hidden[i]
        predicted = x * extra[1] + extra[2]
        normalised = predicted - np.log(2.0 + np.sum(np.exp(predicted)))
        total += np.sum(sequence[t + 1] * normalised)
    return -total / ((len(sequence) - 1) * b)


def derivative(backend):
    return grad(primal, argnums=(0, 1), backend=backend)
