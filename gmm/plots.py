"""Pictures of mixtures: their components over the points, one iteration after the other.

What draws, draws into matplotlib's axes, and shows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmm.density import CovarianceType, log_gaussian
from gmm.evaluation import component_probabilities
from gmm.parameters import covariance_matrices
from gmm.statistics import Mixture
from gmm.writing import check_writable, replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HINT = "pictures need matplotlib: pip install 'adxform[plot]'"
COLORS = ("#c44e52", "#4c72b0", "#55a868", "#8172b3", "#ccb974", "#64b5cd", "#da8bc3", "#8c8c8c")
ROUNDING = 1e-12  # of a log-likelihood; what is nearer to the best is not told from it
MOST_POINTS = 5000  # drawn; more would only hide each other


def new_figure(
    rows: int = 1, columns: int = 1, size: float = 3.4, shared: bool = False
) -> tuple[Figure, list[Axes]]:
    """Make a figure with axes side by side, with shared limits if so; it belongs to no window."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(HINT) from error
    figure = Figure(figsize=(size * 1.25 * columns, size * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared)
    return figure, list(grid.ravel())


def check_picture(path: str) -> None:
    """An error if a picture cannot be drawn to a file, for lack of matplotlib or by its name."""
    figure, _ = new_figure()
    kinds = figure.canvas.get_supported_filetypes()
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in kinds:
        raise ValueError(f"{path}: the name of a picture must end in one of .{', .'.join(kinds)}")
    check_writable(path)


def save(figure: Figure, path: str) -> None:
    """Write a picture, whole or not at all."""
    with replacing(path) as written:
        figure.savefig(written, dpi=150)


def plot_mixture(
    axes: Axes,
    mixture: Mixture,
    X: np.ndarray,
    covariance_type: CovarianceType = "full",
    names: Sequence[str] = (),
) -> None:
    """Draw points and components: densities in one dimension, else ellipses in the first two."""
    k, d = mixture.means.shape
    matrices = covariance_matrices(mixture.covariances, k, d, covariance_type)
    if d == 1:
        plot_densities(axes, mixture._replace(covariances=matrices), X)
    else:
        shown = X[:: max(1, len(X) // MOST_POINTS)]
        plot_points(axes, shown, component_probabilities(mixture, shown, covariance_type))
        for i in range(k):
            plot_ellipse(axes, mixture.means[i, :2], matrices[i, :2, :2], COLORS[i % len(COLORS)])
    axes.set(**dict(zip(("xlabel", "ylabel"), names, strict=False)))


def plot_points(axes: Axes, X: np.ndarray, resp: np.ndarray) -> None:
    """Draw points in the colours of the components, mixed as they share in each point."""
    from matplotlib.colors import to_rgb

    colors = np.array([to_rgb(COLORS[i % len(COLORS)]) for i in range(resp.shape[1])])
    axes.scatter(X[:, 0], X[:, 1], s=9, c=np.clip(resp @ colors, 0.0, 1.0), alpha=0.6, linewidths=0)


def plot_ellipse(axes: Axes, mean: np.ndarray, covariance: np.ndarray, color: str) -> None:
    """Draw where a component's density is that of one and of two standard deviations."""
    angle = np.linspace(0.0, 2.0 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    for radius, width in ((1.0, 2.0), (2.0, 1.0)):
        x, y = mean[:, None] + radius * np.linalg.cholesky(covariance) @ circle
        axes.plot(x, y, color=color, linewidth=width)
    axes.plot(*mean, marker="+", color=color, markersize=10)


def plot_densities(axes: Axes, mixture: Mixture, X: np.ndarray) -> None:
    """Draw a histogram of numbers, the mixture's density and each component's share in it."""
    known = X[~np.isnan(X[:, 0]), 0]
    axes.hist(known, bins="auto", density=True, color="#dddddd")
    low, high = known.min(), known.max()
    x = np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), 400)
    parts = [
        weight * np.exp(log_gaussian(x[:, None], mean, covariance))
        for weight, mean, covariance in zip(*mixture, strict=True)
    ]
    axes.plot(x, np.sum(parts, axis=0), color="#888888", linewidth=4.0, label="mixture")
    for i, part in enumerate(parts):
        axes.plot(x, part, color=COLORS[i % len(COLORS)], label=f"component {i}")
    axes.set(ylabel="density")
    if len(parts) <= len(COLORS):
        axes.legend()


def plot_sheet(
    mixtures: Mapping[int, Mixture],
    X: np.ndarray,
    covariance_type: CovarianceType = "full",
    equal: bool = False,
) -> Figure:
    """Draw the mixtures after several iterations on one sheet; a circle is round if equal."""
    columns = min(4, len(mixtures))
    figure, grid = new_figure(-(-len(mixtures) // columns), columns, 2.6, shared=True)
    for axes, (iteration, mixture) in zip(grid, mixtures.items(), strict=False):
        plot_mixture(axes, mixture, X, covariance_type)
        axes.set(title=title_of(iteration), aspect="equal" if equal else "auto")
    for axes in grid[len(mixtures) :]:
        axes.axis("off")
    return figure


def title_of(iteration: int) -> str:
    """Which iteration a picture is of."""
    return "start" if iteration == 0 else f"after iteration {iteration}"


def animate(
    mixtures: Sequence[Mixture],
    X: np.ndarray,
    covariance_type: CovarianceType = "full",
    equal: bool = False,
) -> Any:
    """Draw the mixtures after each iteration as an animation, which can be saved as a GIF."""
    figure, (axes,) = new_figure(size=4.0)
    from matplotlib.animation import FuncAnimation

    for mixture in mixtures:  # for limits that suit all
        plot_mixture(axes, mixture, X, covariance_type)
    limits: Any = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
    limits["aspect"] = "equal" if equal else "auto"

    def draw(iteration: int) -> list[Any]:
        axes.clear()
        axes.set(**limits)
        plot_mixture(axes, mixtures[iteration], X, covariance_type)
        axes.set_title(title_of(iteration))
        return []

    return FuncAnimation(figure, draw, frames=len(mixtures), interval=400)


def plot_progress(axes: Axes, values: Mapping[str, Sequence[float]]) -> None:
    """Draw how far each solver is from the best log-likelihood, by iteration."""
    best = max(max(rising) for rising in values.values())
    for i, (name, rising) in enumerate(values.items()):
        gap = np.maximum(best - np.array(rising), ROUNDING)
        axes.semilogy(range(1, len(gap) + 1), gap, ".-", color=COLORS[i % len(COLORS)], label=name)
    axes.set(xlabel="iteration", ylabel="mean log-likelihood below the best")
    axes.legend(loc="upper right", fontsize="small")


def plot_criteria(
    axes: Axes,
    numbers: Sequence[int],
    criteria: Mapping[CovarianceType, Sequence[tuple[float, float]]],
) -> None:
    """Draw AIC and BIC by the number of components, a ring around the smallest of each."""
    lowest: dict[str, tuple[float, int]] = {}
    for i, (kind, pairs) in enumerate(criteria.items()):
        color = COLORS[i % len(COLORS)]
        aic, bic = zip(*pairs, strict=True)
        for name, style, values in (("AIC", "o--", aic), ("BIC", "o-", bic)):
            axes.plot(numbers, values, style, markersize=4, color=color, label=f"{kind} {name}")
            lowest[name] = min(lowest.get(name, (np.inf, 0)), *zip(values, numbers, strict=True))
    for value, number in lowest.values():
        axes.plot(number, value, "o", markersize=11, fillstyle="none", color="black")
    axes.set(xlabel="components", ylabel="criterion: smaller is better", xticks=list(numbers))
    axes.legend()
