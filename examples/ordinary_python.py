"""What Python is differentiated: one small function for each construct, checked when run.

Each docstring is a row of the table in README.md. The table printed compares each gradient with
central differences, and counts what the generated reverse mode says for each operation of the
function and of those in this file that it calls: a line may do one operation, or ten.
"""

from __future__ import annotations

import ast
import collections
import copy
import functools
import inspect
import itertools
import json
import math
import operator
import re
import sys
import textwrap
import types
from collections import defaultdict, namedtuple
from dataclasses import dataclass

import numpy as np

from adxform import AdxformError, check_grads, grad, source

V = np.array([0.7, 1.3, 0.4])
M = np.array([[1.2, 0.3, 0.5], [0.1, 0.9, 0.2]])
EXAMPLES: list[tuple] = []
REFUSED: list[tuple] = []


def example(*args):
    def register(function):
        EXAMPLES.append((function, args))
        return function

    return register


def refused(*args):
    def register(function):
        REFUSED.append((function, args))
        return function

    return register


# Writes to arrays


@example(V)
def items(x):
    """`y[i] = v`, `y[a:b] *= v`, `y[mask] = v`, `y[[0, 2]] += v`"""
    y = x * 2.0
    y[0] = x[1] ** 2
    y[1:] *= x[:-1]
    y[x > 1.0] = x[0]
    y[[0, 2]] += x[1]
    return np.sum(y * y)


@example(V, 0.2, 20)
def time_steps(u0, k, n):
    """Arrays that a loop fills: `u[t + 1] = ...`"""
    u = np.zeros((n + 1, len(u0)))
    u[0] = u0
    for t in range(n):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += k * (u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2])
    return np.sum(u[-1] ** 2)


@example(V)
def views(x):
    """Views and other names of an array: `v = y[:1]; v *= 3`, `z = y`, `y.T`, rows in a loop"""
    y = np.outer(x, x)
    z = y
    for i in range(3):
        row = z[i]
        row[:] = row * row[0]
    y.T[0] += x
    return np.sum(y) * z[0, 0]


@example(V)
def in_place_calls(x):
    """`out=`, `np.copyto`, `np.add.at`, `y.fill(v)`, `y.sort()`"""
    y = np.empty_like(x)
    np.multiply(x, x, out=y)
    np.add.at(y, [0, 0], x[:2])
    y.sort()
    z = np.zeros(3)
    np.copyto(z, y)
    w = np.zeros(3)
    w.fill(x[0])
    return np.sum(z * w * x)


@example(V)
def overlapping(x):
    """Overlapping copies: `y[1:] = y[:-1]`"""
    y = x * x
    y[1:] = y[:-1]
    return np.sum(y * x)


@example(V, 4)
def swapped(x, n):
    """Work arrays that change places: `old, new = new, old`"""
    old, new = x.copy(), np.empty_like(x)
    for _ in range(n):
        new[0] = old[0]
        new[1:] = old[1:] + 0.1 * old[:-1] ** 2
        old, new = new, old
    return np.sum(old)


# Ways out of loops


@example(2.0, 1e-10)
def newton(a, tolerance):
    """`break`"""
    x = 1.0 + a
    for _ in range(50):
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < tolerance:
            break
    return x


@example(V)
def skipping(x):
    """`continue`"""
    s = 0.0
    for v in x:
        if v < 0.5:
            continue
        s += v**3
    return s


@example(V, 1.0)
def first_above(x, bound):
    """`return` inside loops"""
    for v in x:
        if v > bound:
            return v * v
    return np.sum(x)


@example(V, 9.0)
def searching(x, bound):
    """`else` after loops"""
    for v in x:
        if v > bound:
            y = v
            break
    else:
        y = np.prod(x)
    return y * x[0]


@example(5.0)
def halving(x):
    """`while`, and bounds that depend on data"""
    n = 0
    while x > 1.0:
        x = x / 2.0 + 0.1 * math.sin(x)
        n += 1
    return x * n


# Containers


@example({"W": M, "b": V[:2]}, V)
def layer(params, x):
    """dictionaries, tuples and lists as arguments; the gradient has the same structure"""
    return np.sum(np.tanh(params["W"] @ x + params["b"]) ** 2)


Point = namedtuple("Point", "x y")


@dataclass
class Spring:
    """Two fields and a method."""

    stiffness: float
    length: float

    def energy(self, at):
        return 0.5 * self.stiffness * (at - self.length) ** 2


@example(Spring(2.0, 1.0), Point(0.3, 0.4))
def stretched(spring, point):
    """dataclasses, named tuples and their methods"""
    return spring.energy(math.hypot(point.x, point.y)) * point.x


@example(V)
def growing(x):
    """Lists that grow: `append`, `extend`, `+=`, `pop`, items replaced"""
    ys = [x[0]]
    for i in range(1, len(x)):
        ys.append(ys[-1] * x[i])
    pair = [x[0], x[1]]
    pair.append(x[2])
    pair[0] = x[1] * x[1]
    pair.pop()
    return np.sum(np.array(ys)) + pair[0] * pair[1]


@example(V)
def nested_items(x):
    """Items of items: `p["a"][1] = v`, `rows[i][j] *= v`"""
    p = {"a": [x[0], x[1]], "b": (1.0, {"c": x[2]})}
    p["a"][1] = x[0] * x[2]
    p["b"][1]["c"] *= p["a"][1]
    first, last = p["a"]
    p["a"][0] = first * last
    return p["a"][0] + p["b"][1]["c"]


@example(V)
def comprehensions(x):
    """Comprehensions of every kind, with conditions, and generators in `sum`"""
    squares = [v * v for v in x]
    named = {name: v for name, v in zip("ab", [x[0], x[1]])}
    return sum(a * b for a, b in zip(squares, x) if b > 0.5) + named["a"] * named["b"]


@example(V)
def builtins_of_containers(x):
    """`zip`, `enumerate`, `map`, `sum`, `min`, `max`, `sorted`, `reversed`, `len`, `in`"""
    parts = [x[0], x[1] * x[2], x[2]]
    total = 0.0
    for i, (a, b) in enumerate(zip(parts, reversed(parts))):
        total += (i + 1) * a * b
    if "a" in {"a": 1}:
        total += max(parts) - min(parts)
    return total + sum(map(math.sin, parts)) * len(parts) + sorted([2, 1])[0]


@example(V)
def starred(x):
    """Unpacking with a star, swaps, `del`"""
    first, *rest = [x[0], x[1], x[2]]
    a, b = rest
    a, b = b, a
    del rest
    return first * a - b


# Functions


@example(V)
def nested(x):
    """Functions inside functions, lambdas, closures over values that are differentiated"""
    scale = x[0] * 2.0

    def weigh(v, power=2):
        return scale * v**power

    double = lambda v: 2.0 * weigh(v)  # noqa: E731
    return weigh(x[1]) + double(x[2])


@example(0.7, math.sin)
def applied(x, f):
    """Functions as arguments, in containers, `functools.partial` and `reduce`, `operator`"""
    table = {"twice": lambda g, v: g(g(v))}
    power = functools.partial(np.power, x)
    return table["twice"](f, x) + power(3.0) + functools.reduce(operator.mul, [x, x, x])


class _Network:
    def __init__(self):
        self.layers = {"first": np.tanh, "second": lambda v: v * v}


@example(0.7, _Network(), {"last": math.sin})
def looked_up(x, network, table):
    """Functions looked up in dictionaries and lists: of a module, of an object, or an argument"""
    for layer in network.layers.values():
        x = x + layer(x)
    return table["last"](x) * network.layers["first"](x)


def _grown(y):
    y[0] += y[1] ** 2
    return y[0]


@example(V)
def called_in_tests(x):
    """Functions that write to their arguments, also in tests: `a and f(y) > 0`, `0 < f(y) < 9`"""
    y = x * 2.0
    if x[0] > 0.0 and _grown(y) > 0.0:
        y[2] = y[0]
    return y[2] if 0.0 < _grown(y) < 9.0 else y[0] * y[2]


def _total(*terms, scale=1.0, **more):
    return scale * sum(terms) * more["factor"]


@example(0.7, 1.2)
def collected(x, y):
    """`*args`, `**kwargs`, keyword-only arguments and defaults"""
    options = {"factor": x}
    return _total(x, y, x * y, scale=y, **options)


_SHAPE = (3, 2)
_OPTIONS = {"axis": 0, "keepdims": True}


@example(M)
def configured(x, kind="tanh"):
    """Containers from outside spread over a call, `getattr` of a name that is known"""
    y = getattr(np, kind)(x.reshape(*_SHAPE))
    return np.sum(y * np.mean(y, **_OPTIONS))


class Model:
    """Has parameters, a property and a method that chooses by a string."""

    rate = 0.5

    def __init__(self, kind, weights):
        self.kind = kind
        self.weights = weights

    @property
    def total(self):
        return np.sum(self.weights)

    def __call__(self, x):
        if self.kind == "linear":
            return self.rate * np.sum(self.weights * x)
        return np.exp(-np.sum(self.weights * x)) * self.total


@example(V, Model("exponential", np.ones(3)))
def callable_object(x, model):
    """objects: attributes, methods, properties, `__call__`"""
    return model(x) * x[0]


class Stack:
    """Objects one after the other, and beside names."""

    def __init__(self, *layers):
        self.layers = layers
        self.steps = [(layer.kind, layer) for layer in layers]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x) * x
        return x


STACK = Stack(Model("linear", np.ones(3)), Model("exponential", np.array([0.2, 0.1, 0.4])))


@example(V)
def stacked(x):
    """Objects in lists or dictionaries, given or from outside: `for l in m.layers: x = l(x)`"""
    total = np.sum(STACK(x))
    for kind, layer in STACK.steps:
        total = total + len(kind) * layer(x)
    return total


def _valley(a, b):
    return (1.0 - a) ** 2 + 10.0 * (b - a * a) ** 2


@example({"w1": np.array([0.3, 0.6]), "w2": np.array([1.0, -0.5, 2.0])})
def made_keys(p):
    """Keys that are made of numbers, arrays as all arguments of a call: `p[f"w{i}"]`, `f(*x)`"""
    total = 0.0
    for i in range(1, len(p) + 1):
        total = total + i * np.sum(np.sin(p[f"w{i}"]))
    return total * _valley(*p["w1"])


def _logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@_logged
def _cube(x):
    return x**3


@functools.lru_cache
def _square(x):
    return x * x


@example(0.7)
def decorated(x):
    """Decorators that wrap, `functools.lru_cache`"""
    return _cube(x) * _square(x)


# Statements and tests that the arguments decide


@example(0.7, "fast")
def dispatching(x, method="slow", scale=None):
    """`isinstance`, `hasattr`, `is None`, dispatch on strings: decided for each signature"""
    if isinstance(x, str):
        raise TypeError("a number is needed")
    if scale is None:
        scale = 2.0
    if method == "fast":
        return x * x * scale
    return eval("x ** 2")


@example(0.7, "double")
def matching(x, how):
    """`match` over constants, classes and their attributes, sequences and mappings"""
    match how, x:
        case "single", v:
            return v
        case "double" | "twice", float(v):
            return 2.0 * v * v
        case _:
            raise ValueError(how)


@example(V)
def walrus(x):
    """Assignment expressions, also in `and`, `or` and comprehensions"""
    if len(x) > 2 and (total := np.sum(x)) > 1.0:
        return total * total
    return -np.max(x)


@example(V)
def validated(x):
    """`assert`, `raise`, f-strings, `print`, and whatever nothing differentiated flows through"""
    assert x.ndim == 1, f"{x.ndim} dimensions"
    if np.any(x < -9.0):
        raise ValueError(f"too small: {x.min():.2f}")
    label = "-".join(sorted({"b", "a"}))
    return np.sum(x**2) * len(label)


def legendre(x, n):
    if n < 2:
        return x if n else 1.0
    return ((2 * n - 1) * x * legendre(x, n - 1) - (n - 1) * legendre(x, n - 2)) / n


@example(0.3, 5)
def recursion(x, n):
    """Functions that call themselves or each other"""
    return legendre(x, n) ** 2


def energy(q, stiffness):
    return stiffness * np.sum(q**4)


@example(V, 0.7)
def forces(q, stiffness):
    """`grad`, `jvp`, `hvp`, `jacobian` and `hessian` called inside"""
    return np.sum(grad(energy)(q, stiffness) ** 2)


# Objects that functions make, and what functions inside change


class Vector:
    """A vector in the plane."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __iter__(self):
        yield self.x
        yield self.y

    def __abs__(self):
        return np.hypot(self.x, self.y)


@example(V)
def vectors(x):
    """Operators, `len`, `abs`, indices and loops of objects: `a + b * 2.0`, `u, v = a`"""
    a = Vector(x[0], x[1])
    for k in range(3):
        a = a * x[2] + Vector(0.1 * k, 1.0)
    u, v = a
    return abs(a) + u * v


class Particle:
    """A particle on a spring."""

    def __init__(self, position, velocity):
        self.position, self.velocity = position, velocity
        self.path = []

    def step(self, dt):
        self.velocity -= dt * self.position
        self.position += dt * self.velocity
        self.path.append(self.position)


@example(V)
def simulated(x):
    """Objects made inside, whose methods change their attributes: `self.total += x`"""
    p = Particle(x[0], x[1])
    for _ in range(5):
        p.step(0.1 * x[2])
    return p.position**2 + p.velocity**2 + p.path[0] * len(p.path)


@example(V)
def accumulated(x):
    """`nonlocal`, and lists and dictionaries that functions inside change"""
    total, seen = 0.0, {}

    def note(name, value):
        nonlocal total
        total += value * value
        seen[name] = value

    note("first", x[0])
    note("last", x[2])
    return total * seen["last"]


@example(V)
def grouped(x):
    """`setdefault`, `pop` in expressions, `popitem`, `del d[key]`, `defaultdict`"""
    groups = defaultdict(list)
    for key, value in (("a", x[0]), ("b", x[1]), ("a", x[2])):
        groups[key].append(value)
    stack = [x[0], x[1]]
    return sum(groups["a"]) * groups["b"][0] + stack.pop() * stack.pop()


def _advance(state, dt):
    state["v"] -= dt * state["x"]
    state["x"] += dt * state["v"]
    state["path"].append(state["x"])


@example(V)
def lent(x):
    """Lists and dictionaries handed to functions that change them: `advance(state, dt)`"""
    state = {"x": x[0], "v": x[1], "path": []}
    _advance(state, 0.1)
    _advance(state, 0.1 * x[2])
    return state["x"] ** 2 + state["path"][0] * len(state["path"])


_NAMES = ["mean", "scale", "weight"]


@example(V)
def named(x):
    """Dictionaries by names from outside: `dict(zip(NAMES, x))`, `for k in NAMES: p[k] = ...`"""
    p, squares = dict(zip(_NAMES, x)), {}
    for name in _NAMES:
        squares[name] = p[name] ** 2
    return p["mean"] * squares["scale"] + sum(squares.values())


@example(V)
def queued(x):
    """`collections.deque`, also with `maxlen`"""
    last = collections.deque([x[0], x[1]], maxlen=2)
    last.append(np.tanh(x[2]) * last[0])
    return last.popleft() * last.pop()


class _Box:
    def __init__(self, sides):
        self.sides = sides

    @functools.cached_property
    def volume(self):
        return np.prod(self.sides)


@example(V)
def cached(x):
    """`functools.cached_property` of objects made inside"""
    box = _Box(x)
    return box.volume**2 + box.volume


@example(V)
def ranked(x):
    """`max`, `min` and `sorted` of what is differentiated, by keys, of tuples"""
    _, low = min([("a", x[0]), ("b", x[2])], key=lambda pair: pair[1])
    far = max(x[0], x[1], key=lambda v: abs(v - 0.9))
    return far * low + sorted([x[0], x[1], x[2]])[1]


@example(V)
def put_in_order(x):
    """`list.sort`, also by keys: `pairs.sort(key=lambda pair: pair[1])`"""
    pairs = [(np.sin(x[1]), 2.0), (np.tanh(x[0] * x[1]), 1.0), (x[2] ** 2, 3.0)]
    pairs.sort(key=lambda pair: pair[1])
    (a, b), *_, (c, d) = pairs
    return a * b * np.exp(c) + np.cos(c * d)


@example(V)
def drawn(x):
    """Random draws of an array's size: `rng.normal(size=x.shape)`, `rng.permutation(len(x))`"""
    rng = np.random.default_rng(0)
    noise = np.asarray(rng.normal(size=x.shape), dtype=float)
    scale = np.sqrt(1.0 + np.mean(noise**2)) * np.exp(-np.max(np.abs(noise)))
    return scale * np.sum(np.sin(x)) * x[rng.permutation(len(x))[0]]


@example(V)
def first_found(x):
    """`next(v for v in x if ...)`, `enumerate(x, start=1)`, `reversed(x)` of an array"""
    large = next(v for v in x if v > 0.5)
    return large * sum(i * v for i, v in enumerate(reversed(x), start=1))


def _squares(x):
    for v in x:
        if v > 0.5:
            yield v * v


@example(V)
def yielded(x):
    """Generators whose items are all gone over: by `for`, `sum`, `list`"""
    total = sum(_squares(x))
    for v in _squares(2.0 * x):
        total += np.sin(v)
    return total


SETTINGS = '{"0": {"weight": 2.0, "power": 1}, "1": {"weight": -0.5, "power": 3}}'


@example(V)
def configured_by_text(x):
    """Dictionaries, sets, files and iterators of unknown origin: `for key in json.loads(text)`"""
    settings = {int(key): value for key, value in json.loads(SETTINGS).items()}
    total = 0.0
    for key in settings:
        part = settings[key]
        total += part["weight"] * np.sum(x ** part["power"]) + key
    return total * len(set(settings))


@example(M)
def elements(a):
    """`a.flat`, `np.ndenumerate`, `np.ndindex`, `a.item(i, j)`"""
    total = np.sin(a.item(1, 2) * a.flat[1]) * a.flat[0] ** 2 - 0.5 * a.item(0)
    for (i, j), v in np.ndenumerate(a):
        total += v**2 * (i + 2 * j)
    return total


class Scaled:
    """What is put in is scaled on the way out."""

    def __init__(self, factor):
        self.factor = factor

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.value = self.value * self.factor


@example(V)
def recorded(x):
    """Tuples that loops put into lists: `rows.append((a, b))`, `rows[-1][0]`, `zip(*rows)`"""
    rows = []
    total = 0.0
    for v in x:
        rows.append((v, np.sin(v)))
    for a, b in rows:
        total += a * b
    return total * rows[-1][0]


@example(V)
def tabled(x):
    """Tables as lists of lists: `t = [[0.0] * n for _ in range(m)]`, `t[i][j] = x * t[i - 1][j]`"""
    n = len(x)
    t = [[0.0] * n for _ in range(n)]
    t[0][0] = 1.0
    for i in range(1, n):
        for j in range(n):
            t[i][j] = x[i] * t[i - 1][j] + np.sin(x[j])
    return t[n - 1][n - 1]


@example(V)
def distances(x):
    """The same of entries that are computed: `d = [[abs(a - b) for ...] for ...]`, `d[i][j] = v`"""
    n = len(x)
    d = [[(x[i] - x[j]) ** 2 for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(n):
            if d[i][k] + d[k][0] < d[i][0]:
                d[i][0] = d[i][k] + d[k][0]
    return d[n - 1][0] * d[1][2]


@example(V, [np.outer(V, V), 0.1 * np.outer(V, V)], [V, 2.0 * V])
def layered(x, weights, biases):
    """Loops over the places of lists: `for l in range(len(weights)): x = weights[l] @ x`"""
    for l in range(len(weights)):
        x = np.tanh(weights[l] @ x + biases[l])
    return np.sum(x)


@example(V)
def chosen(x):
    """`itertools`: `pairwise`, `combinations`, `product`, `islice`, `chain`, `accumulate`, ..."""
    total = 0.0
    for a, b in itertools.combinations(x, 2):
        total += (a - b) ** 2
    for a, b in itertools.pairwise(x):
        total += a * b
    return total


@example(V)
def copied(x):
    """`copy.copy` and `copy.deepcopy` of arrays, and of containers of such"""
    state = {"position": x, "speed": [x[0], x[1]]}
    start = copy.deepcopy(state)
    state["position"] = state["position"] * 2.0
    start["speed"][0] = x[2]
    return np.sum(start["position"] * state["position"]) * start["speed"][0] * state["speed"][0]


@example(V)
def managed(x):
    """`with` around objects of classes that are written in Python"""
    with Scaled(x[0]) as s:
        s.value = x[1] ** 2
    return s.value * x[2]


@example(V)
def guarded(x):
    """`with` around locks, files, timers, `np.errstate` and what else lets exceptions pass"""
    with np.errstate(invalid="raise"), np.printoptions(precision=3):
        return np.sum(np.sqrt(x))


@example(V)
def tried(x):
    """`try`, `except`, `else`, `finally`: what the handlers catch is found out first"""
    total = 0.0
    for v in x:
        try:
            total += math.log(v - 0.5)
        except ValueError:
            total += v ** 2
        finally:
            total *= 1.5
    return total


# What is refused


@refused(V)
def generates(x):
    """Functions to be differentiated that are generators"""
    yield np.sum(x)


@refused(V)
def evaluates(x):
    """`eval` and `exec` of what is differentiated"""
    return eval("np.sum(x)")


_counter = 0.0


@refused(V)
def global_writes(x):
    """`global` writes"""
    global _counter
    _counter = np.sum(x)
    return _counter


_cache = np.zeros(3)


_SETTINGS = types.SimpleNamespace(scale=1.0)


def _set_scale(value):
    _SETTINGS.scale = value


@refused(V)
def settings(x):
    """Values outside that a function changes, and that are read"""
    _set_scale(2.0)
    y = x * _SETTINGS.scale
    _set_scale(1.0)
    return np.sum(y)


@refused(V)
def captured(x):
    """Changes of what is defined outside"""
    _cache[:] = x
    return np.sum(_cache)


@refused(V)
def one_or_two(x):
    """Writes to an array that may be another's, or its own, as it turns out"""
    old, new = x * 1.0, np.zeros(3)
    for k in range(3):
        new[:] = old * x[k]
        old = new if x[k] > 0.5 else old
    return np.sum(old)


@refused(V)
def shared_list(x):
    """Lists that two names hold and one changes"""
    a = [x[0]]
    b = a
    a.append(x[1])
    return b[1]


@refused(V)
def one_of_two(x):
    """Writes to an object that may be another, as it turns out, which is used later"""
    a, b = Vector(x[0], 1.0), Vector(x[1], 2.0)
    best = a if x[0] > x[1] else b
    best.x = x[2]
    return a.x * b.x


@refused(V)
def half_done(x):
    """`try` around what is half done when an exception is caught, and read then"""
    total = 0.0
    try:
        for v in x:
            total += math.sqrt(v - 1.0)
    except ValueError:
        pass
    return total


@refused(V)
def no_rule(x):
    """Functions of other packages, in C, that have no rule"""
    return np.sum(np.unique(x))


def error_of(function, args):
    """The first line of the error that a function's gradient gives, without numbers of lines."""
    try:
        grad(function)(*args)
    except AdxformError as error:
        return re.sub(r" \(line \d+: .*\)", "", str(error).splitlines()[0])
    raise SystemExit(f"{function.__name__} was differentiated")


OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Subscript, ast.IfExp)
HELPERS = {"as_list", "as_like", "unbroadcast", "products_before", "along_last", "back_from_last",
           "axis_list", "recorded"}


def reached(function, args):
    """The definitions in this file that a call runs; what one defines inside is part of it."""
    found = {}

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename == __file__ and "<locals>" not in code.co_qualname:
            found[code.co_qualname] = code

    sys.setprofile(note)
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return [parsed(inspect.getsource(code))[0] for code in found.values()]


def generated(function, args):
    """The definitions of a function's reverse mode, the helpers left out that all share."""
    made = parsed(source(function, args=args))
    return [d for d in made if isinstance(d, ast.FunctionDef) and d.name not in HELPERS]


def parsed(text):
    return ast.parse(textwrap.dedent(text)).body


def is_said(node):
    """Whether a node is a statement, no definition, docstring or import."""
    silent = (ast.FunctionDef, ast.Import, ast.ImportFrom)
    doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.stmt) and not isinstance(node, silent) and not doc


def lines(definitions):
    """How many statements as they are written, each on a line of its own."""
    return sum(is_said(node) for d in definitions for node in ast.walk(d))


def operations(definitions):
    """How many statements there are where each does one operation: ``y = a * b + c`` is two,
    ``y = 0.0`` is one, and so is ``for`` over a range; over anything else it is four, the range,
    the length, the loop and the item.
    """
    return sum(_operations(node) for d in definitions for node in ast.walk(d) if is_said(node))


def _operations(statement):
    inside = {"body", "orelse", "finalbody", "handlers", "cases"}
    own = [value for name, value in ast.iter_fields(statement) if name not in inside]
    parts = [p for value in own for p in (value if isinstance(value, list) else [value])]
    nodes = [n for p in parts if isinstance(p, ast.AST) for n in ast.walk(p)]
    done = sum(isinstance(n, OPERATIONS) for n in nodes) + isinstance(statement, ast.AugAssign)
    loops = [n for n in (statement, *nodes) if isinstance(n, ast.For | ast.comprehension)]
    return max(done + sum(1 if "range" in ast.dump(n.iter) else 4 for n in loops), 1)


def size(function, args):
    """Lines and operations of a function with those it calls, then of its reverse mode."""
    own, made = reached(function, args), generated(function, args)
    return lines(own), lines(made), operations(own), operations(made)


def main():
    print("                            lines             operations (statements that do one each)")
    print(f"{'example':24} {'own':>6} {'reverse':>8} {'own':>8} {'reverse':>8} {'ratio':>6}")
    for function, args in EXAMPLES:
        own, made, before, after = size(function, args)
        check_grads(function, args, order=1)
        counts = f"{own:6} {made:8} {before:8} {after:8}"
        print(f"{function.__name__:24} {counts} {after / before:6.1f}")
    print("\nrefused")
    for function, args in REFUSED:
        print(f"{function.__name__:24} {error_of(function, args)}")


if __name__ == "__main__":
    main()
