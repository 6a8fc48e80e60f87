"""check_grads finds what is wrong, and says how it differs."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import CheckError, check, check_grads, stop_gradient
from adxform.differences import directional
from adxform.errors import ArgumentError


def smooth(x, y):
    return np.sum(np.sin(x) * y) + np.sum(x**3)


def several(x, k):
    return np.exp(x) * k, (np.sum(x), k)


def looped(x, n):
    s = x
    for i in range(n):
        s = np.sin(s) + x * s
    return s


def held(x):
    return x * stop_gradient(x)


def rough(x):
    return np.sum(np.floor(x))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (smooth, (np.arange(3.0), np.ones(3))),
        (smooth, (np.arange(6.0).reshape(2, 3), 2.0)),
        (smooth, (np.arange(3, dtype="float32"), np.ones(3, "float32"))),
        (smooth, (np.arange(3.0), np.array(1.0))),
        (smooth, (np.zeros(0), 2.0)),
        (several, (np.ones((2, 2)), 3)),
        (looped, (0.3, 4)),
        (looped, (np.float64(0.3), 4)),
        (rough, (np.array([0.5, 1.5]),)),
    ],
)
def test_right_derivatives_pass(f, args) -> None:
    report = check_grads(f, args)
    assert report.passed
    assert {row.order for row in report.rows} == ({1} if f is several else {1, 2})
    assert bool(report.notes) == (f is several)


def test_what_is_compared_is_one_number_by_several_ways() -> None:
    report = check_grads(smooth, (np.arange(3.0), np.ones(3)), order=1)
    assert [row.argument for row in report.rows] == ["x", "y", "all"]
    for row in report.rows:
        assert list(row.numbers) == ["forward", "reverse", "differences", "dual"]
        np.testing.assert_allclose(list(row.numbers.values()), row.numbers["dual"], rtol=1e-9)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_each_mode_alone(mode: str) -> None:
    report = check_grads(looped, (0.3, 4), modes=(mode,))
    assert all(list(row.numbers)[0] == mode for row in report.rows)
    with pytest.raises(CheckError):
        check_grads(held, (2.0,), modes=(mode,))


def test_an_error_names_what_differs_with_numbers() -> None:
    with pytest.raises(AssertionError) as caught:
        check_grads(held, (2.0,))
    text = str(caught.value)
    assert text.startswith("the order-1 derivatives of held in x disagree\n  forward ")
    assert "differences" in text and "dual" in text and "relative, more than" in text
    assert "the order-2 derivatives of held in x disagree" in text


def test_a_wrong_rule_is_found(monkeypatch) -> None:
    real = check.jvp
    monkeypatch.setattr(check, "jvp", lambda *args: (real(*args)[0], real(*args)[1] * (1 + 1e-5)))
    with pytest.raises(CheckError, match="forward and"):
        check_grads(smooth, (np.arange(3.0), np.ones(3)), order=1)
    monkeypatch.setattr(check, "jvp", lambda *args: (real(*args)[0], real(*args)[1] * np.nan))
    with pytest.raises(CheckError, match="inf relative"):
        check_grads(smooth, (np.arange(3.0), np.ones(3)), order=1)


def test_tolerances_are_the_callers() -> None:
    with pytest.raises(CheckError):
        check_grads(looped, (0.3, 4), order=1, rtol=1e-16, atol=0.0)
    check_grads(looped, (0.3, 4), order=1, rtol=1e-3)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"order": 3}, "order is 1 or 2"),
        ({"modes": ("sideways",)}, "modes are"),
        ({"modes": ()}, "modes are"),
    ],
)
def test_wrong_arguments(keywords, message) -> None:
    with pytest.raises(ArgumentError, match=message):
        check_grads(looped, (0.3, 4), **keywords)
    with pytest.raises(ArgumentError, match="no argument is a float"):
        check_grads(looped, (3, 4))


def test_arguments_are_not_changed() -> None:
    x = np.arange(3.0)
    check_grads(smooth, (x, np.ones(3)))
    np.testing.assert_array_equal(x, np.arange(3.0))


def test_results_do_not_depend_on_what_ran_before() -> None:
    first, second = (check_grads(looped, (0.3, 4), seed=7).rows[0] for _ in range(2))
    assert first.numbers == second.numbers


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (np.exp, 1.0, np.e),
        (np.log, 1e-3, 1e3),
        (np.sin, 1e4, np.cos(1e4)),
        (np.sqrt, 0.01, 5.0),
        (lambda x: 1e8 + x * x, 3.0, 6.0),
    ],
)
def test_differences_are_accurate(f, x, slope) -> None:
    (found,) = directional(lambda x: [f(x)], (x,), (1.0,))
    np.testing.assert_allclose(found, slope, rtol=1e-7)


def test_what_holds_for_symmetric_changes_only_is_said() -> None:
    a = np.array([[2.0, 0.3], [0.3, 1.0]])
    with pytest.raises(CheckError, match="where matrices change symmetrically"):
        check_grads(np.linalg.cholesky, (a,))
    check_grads(lambda a: np.linalg.cholesky((a + a.T) / 2), (a,))

    def wrong(a):  # type: ignore[no-untyped-def]
        return np.sum(a * np.array([[1.0, 0.0], [1.0, 1.0]])) if np.sum(a) > 3.0 else np.sum(a)

    base = np.array([[1.0, 0.5], [0.5, 1.0]])  # a jump: no direction agrees
    with pytest.raises(CheckError) as caught:
        check_grads(wrong, (base,), order=1)
    assert "symmetrically" not in str(caught.value)
