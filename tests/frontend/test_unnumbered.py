"""Dictionaries, sets and iterators of unknown origin: gone over by their items, not by numbers."""

import collections
import csv
import json
import pathlib
import random
import re

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, jvp, value_and_grad
from adxform.differences import directional

TEXT = '{"0": 2.0, "1": 3.0, "2": 7.0}'


def parsed(text):
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    return found


def keyed(text):
    """The keys are 0, 1 and 2: an item by number would be a value."""
    return {int(k): v for k, v in parsed(text).items()}


def over_keys(x, text=TEXT):
    d = keyed(text)
    total = 0.0
    for k in d:
        total += x * (k + 1)
    return total


def over_listed_keys(x, text=TEXT):
    d = keyed(text)
    total = 0.0
    for k in list(d):
        total += x * (k + 1)
    return total


def summed_keys(x, text=TEXT):
    d = keyed(text)
    return sum(x * (k + 1) for k in d)


def counted_keys(x, text=TEXT):
    total = 0.0
    for i, k in enumerate(keyed(text)):
        total += x * (k + 1) * i
    return total


def zipped(x, text=TEXT):
    d = keyed(text)
    total = 0.0
    for k, v in zip(d, d.values(), strict=True):
        total += x * (k + 1) * v
    return total


def backwards(x, text=TEXT):
    total = 0.0
    for k in reversed(keyed(text)):
        total = total * x + k
    return total


def in_order(x, text=TEXT):
    d = keyed(text)
    total = 0.0
    for k in sorted(d):
        total += x * (k + 1)
    return total + max(d) * x + len(d)


def unpacked(x, text=TEXT):
    a, b, c = keyed(text)
    first, *rest = keyed(text)
    return x * a + x**2 * b + x**3 * c + (first + rest[1]) * x


def items_of_items(x, text=TEXT):
    total = x
    for row in [keyed(text), keyed(text)]:
        for k in row:
            total += x * k
    return total


def comprehended(x, text=TEXT):
    order = {word: i for i, word in enumerate(sorted(set(text)))}
    total = 0.0
    for word in list(order):
        total += x * order[word]
    return total


def of_counter(x, words="abca"):
    counts = collections.Counter(words)
    total = 0.0
    for word in counts:
        total += x ** counts[word]
    return total


def of_set(x, words="abca"):
    total = 0.0
    for word in set(words):
        total += x * ord(word)
    return total


def mapped(x, text=TEXT):
    total = 0.0
    for q in map(lambda k: k + 1.0, keyed(text)):
        total += q * x
    return total


def filtered(x, text=TEXT):
    total = 0.0
    for k in filter(lambda k: k > 0, keyed(text)):
        total += x * k
    return total


def of_values(x, text=TEXT):
    return np.sum(np.array(list(keyed(text).values())) * x)


def of_matches(x, words="a1b2"):
    total = 0.0
    for match in re.finditer(r"\d", words):
        total += x ** int(match.group())
    return total


def handed_on(x, text=TEXT):
    return gone_over(x, keyed(text))


def gone_over(x, d):
    total = 0.0
    for k in d:
        total += x * (k + 1)
    return total


def slope_of(f, x):
    return directional(lambda a: [f(a)], (x,), (1.0,))[0]


FUNCTIONS = [
    over_keys, over_listed_keys, summed_keys, counted_keys, zipped, backwards, in_order, unpacked,
    items_of_items, comprehended, of_counter, of_set, mapped, filtered, of_values, of_matches,
    handed_on,
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_items_are_those_of_python(f):
    expected = slope_of(f, 0.5)
    value, slope = value_and_grad(f)(0.5)
    assert value == f(0.5)
    np.testing.assert_allclose(slope, expected, rtol=1e-8)
    np.testing.assert_allclose(jvp(f, (0.5,), (1.0,))[1], expected, rtol=1e-8)
    module: dict = {}
    exec(adxform.source(f, "reverse", (0,)), module)
    text = module[f"{f.__name__}_reverse"](0.5, *f.__defaults__)
    np.testing.assert_allclose(text, (f(0.5), expected), rtol=1e-8)


# --- what statements carried verbatim change --------------------------------------------------


def seen_before(x, n=4):
    seen = set()
    total = 0.0
    for i in range(n):
        if i % 2 in seen:
            continue
        seen.add(i % 2)
        total += x * (i + 1)
    return total


def seen_by_another_name(x, n=4):
    seen = set()
    other = seen
    total = 0.0
    for i in range(n):
        if i % 2 not in seen:
            total += x ** (i + 1)
        other.add(i % 2)
    return total


def until_seen(x, n=4):
    seen = set()
    i = 0
    while len(seen) < 3:
        if i // 2 not in seen:
            x = x * x
        seen.add(i // 2)
        i += 1
    return x


def drawn(x, n=4):
    rng = np.random.default_rng(3)
    for i in range(n):
        if rng.random() < 0.5:
            x = x * rng.normal() + i
        else:
            x = x * rng.uniform(1, 2)
    return x


def drawn_by_python(x, n=4):
    random.seed(3)
    for _ in range(n):
        x = x * random.gauss(0, 1)
    return x


@pytest.mark.parametrize(
    "f", [seen_before, seen_by_another_name, until_seen, drawn, drawn_by_python],
    ids=lambda f: f.__name__)
def test_a_branch_asks_what_it_asked_when_it_ran(f):
    expected = slope_of(f, 0.7)
    np.testing.assert_allclose(value_and_grad(f)(0.7), (f(0.7), expected), rtol=1e-7)
    np.testing.assert_allclose(jvp(f, (0.7,), (1.0,))[1], expected, rtol=1e-7)


class Counter:
    def __init__(self):
        self.n = 0

    def hit(self):
        self.n += 1
        return self.n


def attribute_called_as_a_parameter(x, n):
    c = Counter()
    total = 0.0
    for i in range(n):
        if c.hit() % 2:
            total += x**2 * (i + 1) * c.n
    return total


def test_the_bound_of_a_loop_is_read_after_what_it_carries_begins():
    expected = slope_of(lambda x: attribute_called_as_a_parameter(x, 4), 0.5)
    f = attribute_called_as_a_parameter
    np.testing.assert_allclose(value_and_grad(f)(0.5, 4), (f(0.5, 4), expected), rtol=1e-8)
    assert jvp(f, (0.5, 4), (1.0, None))[0] == f(0.5, 4)


# --- files, text and what else Python's library gives ------------------------------------------


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n# noted\n1.0,2.0\n3.0,4.0\n")
    return path


def from_lines(x, path):
    total = 0.0
    with open(path) as lines:
        for line in lines:
            if line[0] in "a#":
                continue
            a, b = map(float, line.split(","))
            total += a * x + b * x**2
    return total


def from_rows(x, path):
    total = 0.0
    with open(path, newline="") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            total += float(row["a"]) * x + float(row["b"]) * x**2
    return total


def from_text(x, path):
    text = pathlib.Path(path).read_text()
    total = 0.0
    for number in re.findall(r"\d\.\d", text):
        total += x ** float(number)
    return total * len("".join(sorted(text))) + json.loads('{"a": [2.0]}')["a"][0] * x


@pytest.mark.parametrize("f", [from_lines, from_rows, from_text], ids=lambda f: f.__name__)
def test_what_is_read_from_files_is_gone_over(f, table):
    expected = slope_of(lambda x: f(x, table), 0.7)
    np.testing.assert_allclose(value_and_grad(f)(0.7, table), (f(0.7, table), expected), rtol=1e-8)
    np.testing.assert_allclose(jvp(f, (0.7, table), (1.0, None))[1], expected, rtol=1e-8)


def grouped(x, n=4):
    groups = {}
    for i in range(n):
        groups.setdefault(i % 2, []).append(i)
    return sum(x**k * sum(v) for k, v in groups.items())


def test_what_a_statement_puts_into_a_dictionary_is_not_lost():
    # The statement was carried along, and changed a dictionary of its own.
    with pytest.raises(UnsupportedError, match=r"which item is meant|a list or a dictionary"):
        value_and_grad(grouped)(0.7)


def test_lines_of_a_file_that_has_a_name_are_gone_over(tmp_path):
    path = tmp_path / "powers.txt"
    path.write_text("1\n2\n3\n")

    def f(x):
        lines = open(path)
        total = 0.0
        for line in lines:
            total = total + x ** float(line)
        lines.close()
        return total

    assert np.isclose(value_and_grad(f)(1.3)[1], 1.0 + 2.0 * 1.3 + 3.0 * 1.3**2)
