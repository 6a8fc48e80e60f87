"""In-place programs as numerical people write them: every derivative agrees, nothing is harmed."""

from __future__ import annotations

import numpy as np
import pytest

V = np.array([0.7, 1.3, 0.4, 0.9])
SPD = np.outer(V, V) + 2.0 * np.eye(4)
ROUGH = SPD + np.array([[0.0, 3.0, 0, 0], [5.0, 0, 0, 1.0], [0, 2.0, 0, 0], [0, 0, 4.0, 0]])


def pivoted_determinant(a):
    a, sign = a.copy(), 1.0
    for k in range(len(a)):
        p = k + np.argmax(np.abs(a[k:, k]))
        if p != k:
            a[[k, p]] = a[[p, k]]
            sign = -sign
        for i in range(k + 1, len(a)):
            a[i, k:] -= a[i, k] / a[k, k] * a[k, k:]
    return sign * np.prod(np.diag(a))


def cholesky_over_itself(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        a[k, k] = np.sqrt(a[k, k])
        a[k + 1 :, k] /= a[k, k]
        for j in range(k + 1, n):
            a[j:, j] -= a[j:, k] * a[j, k]
    return np.sum(np.tril(a) ** 3)


def gram_schmidt(a):
    q = a.copy()
    for j in range(q.shape[1]):
        for i in range(j):
            q[:, j] -= (q[:, i] @ q[:, j]) * q[:, i]
        q[:, j] /= np.sqrt(np.sum(q[:, j] ** 2))
    return np.sum(q * np.arange(16.0).reshape(4, 4))


def butterflies(x):
    re, im = x.copy(), np.zeros_like(x)
    size, n = 2, len(x)
    while size <= n:
        half = size // 2
        for start in range(0, n, size):
            for k in range(half):
                c, s = np.cos(-2 * np.pi * k / size), np.sin(-2 * np.pi * k / size)
                a, b = start + k, start + k + half
                tr = c * re[b] - s * im[b]
                ti = s * re[b] + c * im[b]
                re[b], im[b] = re[a] - tr, im[a] - ti
                re[a] += tr
                im[a] += ti
        size *= 2
    return np.sum(re**3 + im * re)


def runge_kutta(x, n):
    y, k = x.copy(), np.empty((4, len(x)))
    stage = np.empty_like(x)
    for _ in range(n):
        for s in range(4):
            np.copyto(stage, y)
            if s > 0:
                stage += (0.05 if s < 3 else 0.1) * k[s - 1]
            k[s, :-1] = np.sin(stage[1:]) * stage[:-1]
            k[s, -1] = -stage[0] ** 2
        y += 0.1 / 6 * (k[0] + 2 * k[1] + 2 * k[2] + k[3])
    return np.sum(y**2)


def kalman(z, q):
    n = len(z)
    means, variances = np.empty(n), np.empty(n)
    m, p, likelihood = 0.0, 1.0, 0.0
    for t in range(n):
        p += q
        s = p + 0.5
        gain = p / s
        r = z[t] - m
        likelihood -= 0.5 * (np.log(s) + r * r / s)
        m += gain * r
        p *= 1.0 - gain
        means[t], variances[t] = m, p
    return likelihood + np.sum(means * variances)


def smallest_path(a):
    cost = np.full_like(a, np.inf)
    cost[0, 0] = a[0, 0]
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if i > 0:
                cost[i, j] = min(cost[i, j], cost[i - 1, j] + a[i, j])
            if j > 0:
                cost[i, j] = min(cost[i, j], cost[i, j - 1] + a[i, j])
    return cost[-1, -1] ** 2


def two_rows_of_a_table(x, y):
    before, now = np.zeros(len(y) + 1), np.zeros(len(y) + 1)
    for i in range(len(x)):
        now[0] = before[0] + 1.0
        for j in range(len(y)):
            step = before[j] + (x[i] - y[j]) ** 2
            now[j + 1] = -np.log(np.exp(-step) + np.exp(-before[j + 1]) + np.exp(-now[j]))
        before, now = now, before
    return before[-1]


def running_maxima(x):
    m = x.copy()
    for i in range(1, len(m)):
        m[i] = max(m[i - 1], m[i])
    return np.sum(m * x)


def assembled(x):
    ends = np.array([[0, 1], [1, 2], [2, 3], [1, 3]])
    k, f = np.zeros((4, 4)), np.zeros(4)
    for e in range(len(ends)):
        i, j = ends[e]
        k[i, i] += x[e]
        k[j, j] += x[e]
        k[i, j] -= x[e]
        k[j, i] -= x[e]
    np.add.at(f, ends[:, 0], x**2)
    np.add.at(f, ends[:, 1], -x)
    k[0, :], k[0, 0] = 0.0, 1.0
    return np.sum(np.linalg.solve(k + 0.1 * np.eye(4), f) ** 2)


def particles(x):
    force = np.zeros_like(x)
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            if abs(d) < 0.55:
                pair = d / (0.1 + d * d)
                force[i] += pair
                force[j] -= pair
    v = 0.1 * force
    v[v > 0.1] = 0.1
    return np.sum((x + v) ** 3)


def ghosts(x, n):
    u = np.empty(len(x) + 2)
    u[1:-1] = x
    for _ in range(n):
        u[0], u[-1] = u[-2], u[1]
        flux = 0.5 * u[:-1] ** 2
        u[1:-1] -= 0.2 * (flux[1:] - flux[:-1])
    return np.sum(u[1:-1] ** 2 * np.arange(len(x)))


def masks(x):
    alive = np.ones(len(x), dtype=bool)
    total, w = 0.0, x.copy()
    for k in range(3):
        w[alive] *= w[alive] + 0.3
        alive[w > 0.6 + 0.2 * k] = False
        total += np.sum(w[alive]) * x[k]
        w[~alive] = x[~alive]
    return total + np.sum(w**2)


def sieve_of_outs(x):
    a, b = np.empty_like(x), np.empty_like(x)
    np.sin(x, out=a)
    np.add(a, x, out=b)
    np.multiply(a, b, out=a)
    np.exp(a, out=b)
    np.cumsum(b, out=a)
    return np.sum(a * b)


def red_and_black(x, sweeps):
    u = x.copy()
    for _ in range(sweeps):
        u[1:-1:2] = 0.4 * (u[:-2:2] + u[2::2]) + x[1:-1:2] ** 2
        u[2:-1:2] = 0.4 * (u[1:-2:2] + u[3::2])
    return np.sum(u**2)


def horner_in_a_buffer(x):
    p = np.zeros(5)
    p[0] = 1.0
    for k in range(len(x)):
        p[1 : k + 2] = p[1 : k + 2] - x[k] * p[: k + 1]
    return np.sum(p**2)


def successive_overrelaxation(b):
    a, u, r = SPD, np.zeros_like(b), np.empty_like(b)
    for _ in range(3):
        for i in range(len(b)):
            u[i] += 1.1 * (b[i] - a[i] @ u) / a[i, i]
        r[:] = b - a @ u
        u += 0.1 * r * u
    return np.sum(u * r) + np.sum(u**2)


def conjugate_gradients(b):
    x, r = np.zeros_like(b), b.copy()
    p, rho = r.copy(), r @ r
    for _ in range(3):
        q = (SPD + np.diag(np.arange(4.0))) @ p
        alpha = rho / (p @ q)
        x += alpha * p
        r -= alpha * q
        rho, before = r @ r, rho
        p *= rho / before
        p += r
    return np.sum(x**3)


def momentum(x):
    p, v, g = x.copy(), np.zeros_like(x), np.zeros_like(x)
    for k in range(4):
        g[:] = 2.0 * p
        g[1:] += p[:-1] * p[1:]
        v *= 0.9
        v -= 0.05 * g
        p += v
        if k == 2:
            v[...] = 0.0
    return np.sum(p**2)


def sorted_by_insertion(x):
    y = x.copy()
    for i in range(1, len(y)):
        v, j = y[i], i
        while j > 0 and y[j - 1] > v:
            y[j] = y[j - 1]
            j -= 1
        y[j] = v
    return np.sum(y * np.arange(1.0, len(y) + 1) ** 2)


def rotations(a):
    a = a.copy()
    for i, j in ((0, 1), (1, 3), (2, 3)):
        angle = 0.5 * np.arctan2(2 * a[i, j], a[i, i] - a[j, j])
        c, s = np.cos(angle), np.sin(angle)
        ri, rj = a[i].copy(), a[j].copy()
        a[i], a[j] = c * ri + s * rj, c * rj - s * ri
        ci, cj = a[:, i].copy(), a[:, j].copy()
        a[:, i], a[:, j] = c * ci + s * cj, c * cj - s * ci
    return np.sum(np.diag(a) ** 2) + a[0, 3]


def rolled_by_hand(x):
    y = x * x
    for _ in range(3):
        last = y[-1]
        y[1:] = y[:-1].copy()
        y[0] = last * x[0]
    return np.sum(y * x)


def histogram_of_weights(x):
    bins, h = np.array([0, 1, 0, 1]), np.zeros(2)
    for i, w in enumerate(x):
        h[bins[i]] += w * w
    h /= np.sum(h)
    np.subtract.at(h, bins, 0.1 * x)
    return h[0] * h[1]


def one_buffer_for_two(x):
    buffer, total = np.empty_like(x), 0.0
    for k in range(3):
        buffer[:] = x * (k + 1)
        total += np.prod(buffer)
    for k in range(3):
        buffer *= np.cos(x) + k
        total += buffer[k] * buffer[0]
    return total


PROGRAMS = [
    (pivoted_determinant, ROUGH), (cholesky_over_itself, SPD), (gram_schmidt, SPD),
    (butterflies, V), (runge_kutta, V, 3), (kalman, V, 0.2), (smallest_path, ROUGH),
    (two_rows_of_a_table, V, V[:3] + 0.1), (running_maxima, V), (assembled, V), (particles, V),
    (ghosts, V, 3), (masks, V), (sieve_of_outs, V), (red_and_black, np.linspace(0.2, 1.0, 7), 2),
    (horner_in_a_buffer, V), (successive_overrelaxation, V), (conjugate_gradients, V),
    (momentum, V), (sorted_by_insertion, V), (rotations, SPD + np.diag(V)), (rolled_by_hand, V),
    (histogram_of_weights, V), (one_buffer_for_two, V),
]


@pytest.mark.parametrize(
    ("f", "args"), [pytest.param(f, args, id=f.__name__) for f, *args in PROGRAMS]
)
def test_programs(f, args, all_agree):
    all_agree(f, *args)
