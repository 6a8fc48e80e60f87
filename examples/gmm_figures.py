"""The lecture's figures of Gaussian mixtures, made from real runs.

    python examples/gmm_figures.py [FOLDER]

Needs matplotlib. Without a folder the pictures go to a temporary one.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import gmm
from gmm import plots
from gmm.statistics import Mixture

X = gmm.old_faithful()
Z = (X - X.mean(axis=0)) / X.std(axis=0)
SOLVERS = {
    "em": "EM",
    "accelerated": "accelerated EM",
    "lbfgs": "gradient ascent (L-BFGS)",
    "newton": "Newton",
}
SHOWN = (0, 1, 2, 3, 4, 5, 6, 20)


def one_gaussian_or_two(folder):
    figure, grid = plots.new_figure(1, 2, shared=True)
    for axes, k in zip(grid, (1, 2), strict=True):
        model = gmm.GaussianMixture(k, random_state=0).fit(X)
        plots.plot_mixture(axes, model._mixture(), X, names=("eruption, min", "wait, min"))
        axes.set_title(f"{k} component{'s' * (k - 1)}: log-likelihood {272 * model.score(X):.1f}")
    figure.savefig(folder / "old_faithful.png")


def shapes_of_covariances(folder):
    figure, grid = plots.new_figure(1, 3, shared=True)
    for axes, kind in zip(grid, ("identity", "diag", "full"), strict=True):
        model = gmm.GaussianMixture(2, covariance_type=kind, random_state=0).fit(Z)
        plots.plot_mixture(axes, model._mixture(), Z, kind)
        axes.set(title=kind, xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")
    figure.savefig(folder / "covariances.png")


def em_step_by_step(folder):
    means, covariances = np.array([[-1.5, 1.0], [1.5, -1.0]]), np.array([np.eye(2) * 0.3] * 2)
    steps = [Mixture(np.array([0.5, 0.5]), means, covariances)]
    for _ in range(max(SHOWN)):
        steps.append(Mixture(*gmm.em_step(*steps[-1], Z)))
    plots.plot_sheet({i: steps[i] for i in SHOWN}, Z, equal=True).savefig(folder / "em.png")
    plots.animate(steps, Z, equal=True).save(folder / "em.gif", writer="pillow")


def one_dimension(folder):
    figure, (axes,) = plots.new_figure()
    model = gmm.GaussianMixture(2, random_state=0).fit(X[:, 1:])
    plots.plot_mixture(axes, model._mixture(), X[:, 1:], names=("wait, min",))
    figure.savefig(folder / "one_dimension.png")


def progress_of_solvers(folder):
    figure, (axes,) = plots.new_figure(size=4.0)
    values = {}
    for solver, name in SOLVERS.items():
        model = gmm.GaussianMixture(
            2, means_init=[[-0.1], [0.1]], random_state=0, solver=solver, tol=1e-11, max_iter=999
        )
        values[name] = model.fit(Z[:, 1:]).lower_bounds_
    plots.plot_progress(axes, values)
    axes.set_title("waiting times: two components")
    figure.savefig(folder / "solvers.png")


FIGURES = (
    one_gaussian_or_two,
    shapes_of_covariances,
    em_step_by_step,
    one_dimension,
    progress_of_solvers,
)


def main() -> None:
    """Make all figures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for draw in FIGURES:
            draw(folder)
    except ImportError as error:
        print(error)
        return
    print("\n".join(str(path) for path in sorted(folder.iterdir())))


if __name__ == "__main__":
    main()
