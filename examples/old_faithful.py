"""Two Gaussians for the Old Faithful geyser, fitted by plain gradient ascent."""

from functools import partial

import numpy as np

import gmm
from adxform import value_and_grad


def starting_point(X, covariance_type):
    """Two components of equal weight, one standard deviation either side of the mean."""
    center, spread, covariance = X.mean(axis=0), X.std(axis=0), np.cov(X.T)
    variances = np.diag(covariance)
    covariances = {
        "full": np.stack([covariance, covariance]),
        "tied": covariance,
        "diag": np.stack([variances, variances]),
        "spherical": np.full(2, variances.mean()),
        "identity": np.zeros(0),
    }
    means = np.stack([center - spread, center + spread])
    return gmm.unconstrain(np.full(2, 0.5), means, covariances[covariance_type], covariance_type)


def squared_norm(arrays):
    return sum(float(np.sum(a * a)) for a in arrays)


def ascend(value_and_gradient, parameters, X, steps):
    """Take gradient steps, each halved until the log-likelihood rises as the slope promises."""
    value, gradient = value_and_gradient(*parameters, X)
    step = 1.0 / len(X)
    for _ in range(steps):
        while True:
            trial = [p + step * g for p, g in zip(parameters, gradient, strict=True)]
            trial_value, trial_gradient = value_and_gradient(*trial, X)
            if trial_value >= value + 0.5 * step * squared_norm(gradient) or step < 1e-12:
                break
            step *= 0.5
        parameters, value, gradient = trial, trial_value, trial_gradient
        step *= 2.0
    return parameters, value, gradient


def main() -> None:
    """Print the log-likelihood and the length of its gradient, before and after some ascent."""
    eruptions = gmm.old_faithful()
    X = (eruptions - eruptions.mean(axis=0)) / eruptions.std(axis=0)
    print("                 at the start             after 50 steps")
    print("type       log-likelihood  |gradient|  log-likelihood  |gradient|")
    for name in gmm.COVARIANCE_TYPES:
        log_likelihood = partial(gmm.log_likelihood, covariance_type=name)
        value_and_gradient = value_and_grad(log_likelihood, argnums=(0, 1, 2))
        parameters = starting_point(X, name)
        value, gradient = value_and_gradient(*parameters, X)
        parameters, last, last_gradient = ascend(value_and_gradient, parameters, X, steps=50)
        print(
            f"{name:10s}{value:15.4f}{np.sqrt(squared_norm(gradient)):12.4f}"
            f"{last:16.4f}{np.sqrt(squared_norm(last_gradient)):12.4f}"
        )


if __name__ == "__main__":
    main()
