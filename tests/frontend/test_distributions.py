"""Methods of SciPy's distributions are read as plain functions: the same values, derivatives in all parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import norm

from adxform import (
    MissingRuleError,
    UnsupportedError,
    check_grads,
    grad,
    jvp,
    source,
    value_and_grad,
    vjp,
)

X = np.array([0.3, 0.7, 1.1, 1.6])
LOC, SCALE = 0.1, 1.3
CONTINUOUS = {
    "norm": (), "cauchy": (), "laplace": (), "logistic": (), "gumbel_r": (), "expon": (), "uniform": (),
    "rayleigh": (), "halfnorm": (), "gamma": (2.2,), "t": (2.7,), "chi2": (3.5,), "lognorm": (0.9,),
    "weibull_min": (1.5,), "pareto": (2.6,), "beta": (2.3, 1.7), "invgamma": (4.1,), "truncnorm": (-1.0, 2.0),
    "skewnorm": (2.0,), "nakagami": (2.9,), "loggamma": (0.4,), "exponweib": (2.9, 1.9),
}
OPEN_SHAPES = ("norm", "gamma", "weibull_min", "pareto", "lognorm", "invgamma", "chi2")
METHODS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf")
TWICE = ("logpdf", "cdf", "ppf")  # the others are made of the same functions


def points(dist, shapes, method):
    if method == "ppf":
        return np.array([0.15, 0.4, 0.65])
    return dist.ppf(np.array([0.15, 0.4, 0.65]), *shapes) * SCALE + LOC


def check_methods(name, second=()):
    dist, shapes = getattr(stats, name), CONTINUOUS[name]
    for method in METHODS:
        def f(x, loc, scale, method=method):
            return getattr(dist, method)(x, *shapes, loc=loc, scale=scale)

        x = points(dist, shapes, method)
        try:
            value, _ = jvp(f, (x, LOC, SCALE), (np.ones(3), 0.0, 0.0))
        except (MissingRuleError, UnsupportedError):
            assert name in ("beta", "truncnorm", "skewnorm", "cauchy", "t"), method
            continue
        assert np.allclose(value, f(x, LOC, SCALE), rtol=1e-13, atol=0)
        check_grads(f, (x, LOC, SCALE), order=1)
        check_grads(f, (float(x[1]), LOC, SCALE), order=2 if method in second else 1)


@pytest.mark.parametrize("name", ["norm", "expon"])
def test_values_and_slopes_are_those_of_scipy(name):
    check_methods(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTINUOUS)
def test_values_and_slopes_of_many(name):
    check_methods(name, TWICE)


@pytest.mark.parametrize("name", OPEN_SHAPES)
def test_shape_parameters_have_slopes(name):
    dist, shapes = getattr(stats, name), CONTINUOUS[name]
    x = points(dist, shapes, "logpdf")
    check_grads(dist.logpdf, (x, *shapes, LOC, SCALE), order=1)


def test_second_order_in_a_shape_parameter():
    check_grads(lambda a, scale: np.sum(stats.gamma.logpdf(X, a, scale=scale)), (2.2, 1.3))


def scaled(method, shapes):
    return lambda x, scale: method(x, *shapes, scale=scale)


@pytest.mark.parametrize("name", ["expon", "gamma", "norm", "uniform"])
def test_outside_the_support_and_for_bad_parameters_values_are_those_of_scipy(name):
    dist = getattr(stats, name)
    x = np.array([-3.0, 0.0, 0.5, np.nan, np.inf, -np.inf])
    bad = [(-1.0,)] if name == "gamma" else []
    for method in METHODS:
        for shapes in [CONTINUOUS[name], *bad]:
            f = scaled(getattr(dist, method), shapes)

            for scale in (2.0, -1.0):
                with np.errstate(all="ignore"):
                    found = jvp(f, (x, scale), (np.ones(6), 1.0))[0]
                    assert np.array_equal(found, f(x, scale), equal_nan=True)
                    for number in (-3.0, 0.5, float("nan")):
                        found = jvp(f, (number, scale), (1.0, 1.0))[0]
                        assert np.array_equal(found, f(number, scale), equal_nan=True)


def test_a_gradient_outside_the_support_is_zero_and_inside_is_not_spoilt():
    def f(a, x):
        return np.sum(stats.gamma.pdf(x, a))

    x = np.array([-1.0, 0.5, 2.0])
    assert np.isclose(grad(f)(2.2, x), grad(f)(2.2, x[1:]))
    assert grad(f, 1)(2.2, x)[0] == 0


@pytest.mark.parametrize(("name", "shapes", "k"), [("poisson", (2.3,), 3), ("binom", (7.0, 0.3), 2),
                                                   ("bernoulli", (0.3,), 1), ("geom", (0.4,), 3), ("nbinom", (4.0, 0.3), 2)])
def test_discrete_distributions(name, shapes, k):
    dist = getattr(stats, name)
    for method in ("logpmf", "pmf"):
        def f(p, method=method):
            return getattr(dist, method)(k, *shapes[:-1], p)

        def of_counts(p, method=method):
            return getattr(dist, method)(np.array([0, 1, 2, -1]), *shapes[:-1], p)

        assert np.isclose(jvp(f, (shapes[-1],), (1.0,))[0], f(shapes[-1]), rtol=1e-14)
        check_grads(f, (shapes[-1],), order=1)
        value, tangent = jvp(of_counts, (shapes[-1],), (1.0,))
        assert np.allclose(value, of_counts(shapes[-1]), rtol=1e-13)
        assert tangent[-1] == 0


def frozen(m, s):
    d = stats.norm(loc=m, scale=s)
    return np.sum(d.logpdf(X)) + d.cdf(0.4)


def frozen_at_once(m, s):
    return np.sum(norm(m, scale=s).logpdf(X)) + norm.sf(0.4, m, s)


PRIOR = stats.gamma(2.2, scale=0.7)


def with_a_prior(s):
    return PRIOR.logpdf(s) + np.sum(stats.norm.logpdf(X, 0.0, s))


def test_frozen_distributions():
    check_grads(frozen, (0.3, 1.2))
    check_grads(frozen_at_once, (0.3, 1.2))
    check_grads(with_a_prior, (1.2,))
    check_grads(stats.norm(0.3, 1.2).logpdf, (0.7,))


def test_methods_are_functions_of_their_own():
    assert np.isclose(grad(norm.logpdf)(0.3, 1.0, 2.0), 0.175)
    assert np.isclose(grad(norm.logpdf, 1)(0.3, 1.0, 2.0), -0.175)
    assert np.isclose(grad(norm.logpdf, "scale")(0.3, 1.0, 2.0), -0.5 + 0.49 / 8)
    value, pull = vjp(stats.gamma.logpdf, X, 2.2)
    assert np.array_equal(value, stats.gamma.logpdf(X, 2.2))
    assert np.allclose(pull(np.ones(4))[0], 1.2 / X - 1)


def test_single_precision_and_integers_are_widened_as_by_scipy():
    x = X.astype(np.float32)
    value, bar = value_and_grad(lambda x: np.sum(norm.logpdf(x, 0.1, 1.3)))(x)
    assert value.dtype == np.float64
    assert value == np.sum(norm.logpdf(x, 0.1, 1.3))
    assert bar.dtype == np.float32
    counts = np.array([1, 2, 3])
    check_grads(lambda m: np.sum(norm.logpdf(counts, m, 2.0)), (0.4,))


def test_the_text_is_the_formula():
    text = source(lambda m, s: np.sum(norm.logpdf(X, m, s)), "forward", (0, 1), args=(0.3, 1.2))
    assert "** 2 / 2.0 - 0.9189385332046727 - np.log(s)" in text
    assert "stats" not in text


def test_what_scipy_does_not_take_is_shown():
    with pytest.raises(UnsupportedError, match=r"norm\.logpdf: too many positional arguments"):
        grad(lambda x: norm.logpdf(x, 0.0, 1.0, 2.0))(0.3)
    with pytest.raises(MissingRuleError, match="order or shape"):
        grad(lambda df: stats.t.cdf(0.3, df))(2.7)


@pytest.mark.parametrize("kind", ["tanh", "exp"])
def test_getattr_of_a_known_name(kind):
    def f(x, how=kind):
        return np.sum(getattr(np, how)(x)) + np.sum(getattr(x, "T"))

    check_grads(f, (X,))
    assert np.allclose(grad(f)(X, "sin"), np.cos(X) + 1)


def test_results_have_the_names_that_they_are_given():
    def f(q, m, s):
        density = stats.norm.logpdf(q, m, s)
        bound = stats.norm.ppf(q, m, s)
        other = stats.gamma.ppf(q, 2.0, 0.0, s)
        low, high = norm.interval(q, m, s)
        return density + bound * other + low * high

    check_grads(f, (0.3, 0.2, 0.7))
