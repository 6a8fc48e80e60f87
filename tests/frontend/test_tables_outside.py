"""Objects in lists, tuples and dictionaries from outside, or that other objects hold."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from adxform import grad
from adxform.errors import AdxformError

X = np.array([0.3, 0.7])


class Layer:
    def __init__(self, w, act):
        self.w, self.act = w, act

    def __call__(self, x):
        return self.act(self.w @ x)


class Doubled(Layer):
    def __call__(self, x):
        return 2.0 * super().__call__(x)


class Model:
    def __init__(self, layers):
        self.layers, self.scale = layers, 2.0
        self.steps = [(f"step{i}", layer) for i, layer in enumerate(layers)]
        self.named = {"first": layers[0], "last": layers[-1]}

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.scale * x

    def by_steps(self, x):
        for name, layer in self.steps:
            x = layer(x) * len(name)
        return x

    def by_names(self, x):
        for name, layer in self.named.items():
            x = layer(x) + (1.0 if name == "last" else 0.0)
        return self.named["first"](x)


def new_layers():
    return [Layer(np.array([[1.0, 0.5], [0.0, 2.0]]), np.tanh), Doubled(np.ones((2, 2)), np.sin)]


LAYERS = new_layers()
MODEL = Model(LAYERS)
FUNCTIONS = [np.tanh, np.sin]


def each(x):
    for layer in LAYERS:
        x = layer(x)
    return np.sum(x)


def each_function(x):
    for f in FUNCTIONS:
        x = f(x)
    return np.sum(x)


def numbered(x):
    for i, layer in enumerate(LAYERS):
        x = layer(x) * (i + 1)
    return np.sum(x)


def by_places(x):
    for i in range(len(LAYERS)):
        x = LAYERS[i](x)
    return np.sum(x)


def by_places_under_a_name(x):
    for i in range(len(LAYERS) - 1, -1, -1):
        layer = LAYERS[i]
        x = layer(x)
    return np.sum(x)


def in_pairs(x):
    for a, b in itertools.pairwise(LAYERS):
        x = a(b(x))
    return np.sum(x)


def all_but_the_first(x):
    for layer in LAYERS[1:]:
        x = layer(x)
    return np.sum(x)


def backwards(x):
    for layer in LAYERS[::-1]:
        x = layer(x)
    return np.sum(x)


def reduced(x):
    return np.sum(functools.reduce(lambda h, layer: layer(h), LAYERS, x))


def summed(x):
    return sum(np.sum(layer(x)) for layer in LAYERS)


def unpacked(x):
    first, *others = LAYERS
    return np.sum(others[0](first(x)))


def lengthened(x):
    for f in [*LAYERS, np.cos]:
        x = f(x)
    return np.sum(x)


def of_a_model(x):
    return np.sum(MODEL(x))


def of_steps(x):
    return np.sum(MODEL.by_steps(x))


def of_names(x):
    return np.sum(MODEL.by_names(x))


ALL = [each, each_function, numbered, by_places, by_places_under_a_name, in_pairs,
       all_but_the_first, backwards, reduced, summed, unpacked, lengthened, of_a_model, of_steps,
       of_names]  # fmt: skip


def differences(f, x, *args):
    return np.array([(f(x + e, *args) - f(x - e, *args)) / 2e-6 for e in np.eye(len(x)) * 1e-6])


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.__name__)
def test_objects_in_containers_from_outside(f) -> None:
    np.testing.assert_allclose(grad(f)(X), differences(f, X), rtol=1e-7, atol=1e-9)


def of_an_argument(x, model):
    return np.sum(model(x))


def test_objects_that_an_argument_holds() -> None:
    slope = grad(of_an_argument)
    for layers in (LAYERS, LAYERS[::-1], [*LAYERS, *LAYERS], [Layer(np.eye(2) * 3, np.cos)]):
        model = Model(layers)
        expected = differences(of_an_argument, X, model)
        np.testing.assert_allclose(slope(X, model), expected, rtol=1e-7, atol=1e-9)


def test_what_a_list_holds_is_read_where_it_is_used() -> None:
    assert "LAYERS[0]" in slope_of(each).source
    assert "MODEL.layers" in slope_of(of_a_model).source


def slope_of(f):
    slope = grad(f)
    slope(X)
    return slope


def test_what_changes_between_calls_is_seen() -> None:
    layers = new_layers()

    def f(x):
        for layer in layers:
            x = layer(x)
        return np.sum(x)

    slope = grad(f)

    def agrees() -> None:
        np.testing.assert_allclose(slope(X), differences(f, X), rtol=1e-7, atol=1e-9)

    agrees()
    layers[0].w = np.array([[1.0, 2.0], [3.0, 4.0]])
    agrees()
    layers[0].act = np.cos
    agrees()
    layers[1] = Doubled(np.eye(2), np.sin)
    agrees()
    layers[1] = Layer(np.eye(2), np.sin)
    agrees()
    layers.append(Layer(np.ones((2, 2)), np.exp))
    agrees()
    del layers[0]
    agrees()


def replaces(x):
    LAYERS[0] = LAYERS[1]
    return each(x)


def appends(x):
    LAYERS.append(LAYERS[0])
    return each(x)


def changes_one(x):
    y = each(x)
    LAYERS[0].w = LAYERS[0].w * 2.0
    return y


@pytest.mark.parametrize("f", [replaces, appends, changes_one], ids=lambda f: f.__name__)
def test_changes_of_what_is_followed_are_refused(f) -> None:
    before = [*LAYERS]
    with pytest.raises(AdxformError):
        grad(f)(X)
    assert before == LAYERS


def any_of_them(x):
    return np.sum(LAYERS[int(x[0] > 0.0)](x))


def test_an_item_that_data_decides_is_refused() -> None:
    with pytest.raises(AdxformError, match="no derivative rule for LAYERS"):
        grad(any_of_them)(X)


def beside_an_array(x, layers):
    y = 0.0
    for layer, weight in zip(layers, x):
        y = y + weight * np.sum(layer(x))
    return y


def listed_beside_an_array(x, layers):
    return np.stack([weight * layer(x) for layer, weight in zip(layers, x)]).sum()


@pytest.mark.parametrize("f", [beside_an_array, listed_beside_an_array])
def test_a_list_of_objects_as_an_argument(f) -> None:
    slope = grad(f)
    for layers in (LAYERS, new_layers()[::-1]):
        expected = differences(f, X, layers)
        np.testing.assert_allclose(slope(X, layers), expected, rtol=1e-7, atol=1e-9)


class Node:
    """A leaf has a value, what is no leaf has two nodes."""

    def __init__(self, value=None, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def at(self, x):
        if self.value is not None:
            return self.value * x[0]
        return self.left.at(x) * self.right.at(x * 0.5)


class Link:
    def __init__(self, factor, following=None):
        self.factor, self.following = factor, following


TREE = Node(None, Node(2.0), Node(None, Node(3.0), Node(0.5)))
CHAIN = Link(2.0, Link(np.array([3.0, 1.0]), Link(4.0)))


def of_a_tree(x):
    return TREE.at(x)


def of_a_tree_given(x, tree):
    return tree.at(x)


def of_a_chain(x):
    link = CHAIN
    while link is not None:
        x = np.sin(link.factor * x)
        link = link.following
    return np.sum(x)


@pytest.mark.parametrize(("f", "args"), [(of_a_tree, ()), (of_a_tree_given, (TREE,)), (of_a_chain, ())])
def test_objects_that_hold_objects(f, args) -> None:
    np.testing.assert_allclose(grad(f)(X, *args), differences(f, X, *args), rtol=1e-7, atol=1e-9)


def test_trees_of_other_shapes_have_derivatives_of_their_own() -> None:
    slope = grad(of_a_tree_given)
    for tree in (TREE, TREE.right, Node(None, TREE, Node(1.5)), Node(2.5)):
        expected = differences(of_a_tree_given, X, tree)
        np.testing.assert_allclose(slope(X, tree), expected, rtol=1e-7, atol=1e-9)
