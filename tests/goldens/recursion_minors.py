# A determinant by minors: calls in a loop, each with an array of its own; their tapes are a list.
# mode: reverse
# at: np.array([[1.0, 0.2, 0.3], [0.1, 2.0, 0.4], [0.7, 0.5, 3.0]])

import numpy as np


def determinant(a: Float[np.ndarray, "n n"]) -> float:
    n = a.shape[0]
    if n == 1:
        return a[0, 0]
    total = 0.0
    for j in range(n):
        minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
        total += (-1.0) ** j * a[0, j] * determinant(minor)
    return total


# output

def determinant_record(a):
    n = a.shape[0]
    if n == 1:
        out = a[0, 0]
        determinant_value_tape = None
        power_tape = None
        determinant_tape = None
    else:
        determinant_value_tape = np.empty(n)
        power_tape = np.empty(n)
        determinant_tape = [None] * n
        total = 0.0
        for j in range(n):
            minor = np.concatenate([a[1:, :j], a[1:, j + 1 :]], axis=1)
            power = (-1.0) ** j
            power_tape[j] = power
            product = power * a[0, j]
            determinant_value, determinant_tape_2 = determinant_record(minor)
            determinant_value_tape[j] = determinant_value
            determinant_tape[j] = determinant_tape_2
            total += product * determinant_value
        out = total
    return out, (a, determinant_tape, power_tape, determinant_value_tape, n)


def determinant_pullback(tape, out_bar):
    a, determinant_tape, power_tape, determinant_value_tape, n = tape
    if n == 1:
        # return a[0, 0]
        a_bar = np.zeros_like(a)
        a_bar[0, 0] = out_bar
    else:
        a_bar = np.zeros_like(a)
        for j in reversed(range(n)):
            # total += (-1.0) ** j * a[0, j] * determinant(minor)
            product = out_bar * determinant_value_tape[j]
            power = power_tape[j]
            minor_bar = determinant_pullback(determinant_tape[j], power * a[0, j] * out_bar)
            a_bar[0, j] += product * power
            item = a[1:, :j]
            # minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
            a_bar[1:, j + 1 :] += minor_bar[:, item.shape[1] :]
            a_bar[1:, :j] += minor_bar[:, : item.shape[1]]
    return a_bar


def determinant_reverse(a, out_bar=1.0):
    n = a.shape[0]
    if n == 1:
        out = a[0, 0]
        # return a[0, 0]
        a_bar = np.zeros_like(a)
        a_bar[0, 0] = out_bar
    else:
        total = 0.0
        a_bar = np.zeros_like(a)
        for j in range(n):
            item = a[1:, :j]
            minor = np.concatenate([item, a[1:, j + 1 :]], axis=1)
            power = (-1.0) ** j
            product = power * a[0, j]
            determinant_value, determinant_tape = determinant_record(minor)
            total += product * determinant_value
            # total += (-1.0) ** j * a[0, j] * determinant(minor)
            product_bar = out_bar * determinant_value
            minor_bar = determinant_pullback(determinant_tape, out_bar * product)
            a_bar[0, j] += product_bar * power
            # minor = np.concatenate([a[1:, :j], a[1:, j + 1:]], axis=1)
            a_bar[1:, j + 1 :] += minor_bar[:, item.shape[1] :]
            a_bar[1:, :j] += minor_bar[:, : item.shape[1]]
        out = total
    return out, a_bar
