"""Functions of installed packages, differentiated as they are: which are right, which are refused.

Each function is called with the arguments below; its forward and reverse derivatives are compared
with each other and with central differences, and the value with the function's own. Packages that
are not installed are left out: `pip install 'adxform[test]'` has them all.
"""

import importlib
import inspect
import sys
import warnings
from collections import Counter

import numpy as np

from adxform import AdxformError, CheckError, check_grads, vjp

warnings.simplefilter("ignore")
np.seterr(all="ignore")

X = np.array([0.3, 0.7, 1.1, 1.6, 2.3])
Y = np.array([0.5, 0.4, 1.3, 1.2, 2.0])
P = np.array([0.2, 0.4, 0.55, 0.7, 0.9])  # between 0 and 1
Q = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
N = np.array([-1.2, -0.3, 0.4, 0.9, 1.7])  # of both signs
A = np.random.default_rng(0).normal(size=(6, 3))
B = np.random.default_rng(1).normal(size=(4, 3))
M = A.T @ A / 6 + np.eye(3)
V = np.array([0.3, -0.7, 1.1])


def of_numpy():
    yield np.average, X
    yield np.var, X
    yield np.interp, 1.2, X, Y
    yield np.median, X
    yield np.kron, A, V
    yield np.linalg.slogdet, M
    yield np.linalg.pinv, A
    yield np.polynomial.polynomial.polyval, X, V
    yield np.polynomial.chebyshev.chebval, P, X
    yield np.polynomial.legendre.legval, P, X
    yield np.polynomial.hermite.hermval, P, X
    yield np.polynomial.Polynomial([1.0, 2.0, 3.0]), X
    yield np.sinc, X
    yield np.gradient, Y
    yield np.cov, A.T
    yield np.apply_along_axis, np.sum, 0, A
    yield np.vectorize(lambda t: t * t), X


def of_scipy():
    stats, special, optimize, signal, interpolate, distance = map(
        importlib.import_module,
        ("scipy.stats", "scipy.special", "scipy.optimize", "scipy.signal", "scipy.interpolate",
         "scipy.spatial.distance"),
    )
    yield optimize.rosen, X
    yield optimize.rosen_der, X
    shapes = {
        "norm": (), "expon": (), "gamma": (2.3,), "t": (4.2,), "cauchy": (), "logistic": (),
        "laplace": (), "gumbel_r": (), "weibull_min": (1.7,), "lognorm": (0.9,), "pareto": (2.2,),
        "chi2": (3.3,), "rayleigh": (), "maxwell": (), "invgauss": (1.2,), "burr": (2.0, 1.5),
        "genpareto": (0.3,), "gompertz": (0.9,), "moyal": (), "vonmises": (1.2,),
        "genextreme": (0.2,),
    }
    for name, shape in shapes.items():
        yield getattr(stats, name)._logpdf, X, *shape
    yield stats.norm._logcdf, X
    yield stats.gumbel_r._cdf, X
    yield stats.logistic._ppf, P
    yield special.logsumexp, X
    yield special.multigammaln, 3.1, 2
    yield special.pseudo_huber, 1.0, N
    yield distance.cosine, X, Y
    yield distance.jensenshannon, X, Y
    yield distance.mahalanobis, V, V[::-1].copy(), M
    yield signal.windows.general_cosine, 8, V
    yield signal.gausspulse, X
    yield stats.norm.logpdf, X
    yield stats.skew, X
    yield interpolate.CubicSpline(X, Y), 1.4


def of_statsmodels():
    sm = importlib.import_module("statsmodels.api")
    links = importlib.import_module("statsmodels.genmod.families.links")
    norms = importlib.import_module("statsmodels.robust.norms")
    measures = importlib.import_module("statsmodels.tools.eval_measures")
    stattools = importlib.import_module("statsmodels.stats.stattools")
    for name in ("Logit", "CLogLog", "Sqrt", "InversePower", "Probit"):
        link = getattr(links, name)()
        yield link, P
        yield link.inverse, X
    for name in ("Poisson", "Gaussian", "Gamma", "Binomial", "InverseGaussian"):
        family = getattr(sm.families, name)()
        yield family.deviance, P, Q
        yield family.loglike, P, Q
        yield family.weights, Q
        yield family.fitted, X
    for name in ("HuberT", "TukeyBiweight", "AndrewWave", "Hampel"):
        norm = getattr(norms, name)()
        yield norm, N
        yield norm.psi, N
    yield measures.rmse, X, Y
    yield stattools.durbin_watson, X
    design = np.column_stack([np.ones(6), A[:, 0]])
    success = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    weights = np.array([0.1, 0.4])
    yield sm.Logit(success, design).loglike, weights
    yield sm.Poisson(success, design).loglike, weights
    yield sm.OLS(success, design).loglike, weights
    yield sm.tsa.acf, X


def of_sklearn():
    kernels = importlib.import_module("sklearn.gaussian_process.kernels")
    extmath = importlib.import_module("sklearn.utils.extmath")
    network = importlib.import_module("sklearn.neural_network._base")
    link = importlib.import_module("sklearn._loss.link")
    mixture = importlib.import_module("sklearn.mixture._gaussian_mixture")
    metrics = importlib.import_module("sklearn.metrics")
    yield kernels.DotProduct(1.2), A
    yield kernels.DotProduct(1.2), A, B
    yield extmath.row_norms, A
    yield extmath.safe_sparse_dot, A, B.T.copy()
    yield network.squared_loss, A, A[::-1].copy()
    yield network.poisson_loss, np.abs(A), np.abs(A[::-1]) + 0.1
    for name in ("LogLink", "LogitLink", "HalfLogitLink"):
        yield getattr(link, name)().link, P
        yield getattr(link, name)().inverse, X
    precisions = np.stack([np.eye(3)] * 2)
    yield mixture._estimate_log_gaussian_prob, A, B[:2].copy(), precisions, "full"
    yield mixture._compute_log_det_cholesky, precisions, "full", 3
    yield kernels.RBF(1.2), A
    yield metrics.mean_squared_error, X, Y


def of_astropy():
    models = importlib.import_module("astropy.modeling.models")
    stats = importlib.import_module("astropy.stats")
    cosmology = importlib.import_module("astropy.cosmology").FlatLambdaCDM(70.0, 0.3)
    parameters = {
        "Gaussian1D": (1.2, 0.3, 0.8), "Lorentz1D": (1.0, 0.3, 0.8), "Sine1D": (1.0, 0.4, 0.1),
        "Linear1D": (1.0, 0.2), "RickerWavelet1D": (1.0, 0.3, 0.8), "Exponential1D": (1.0, 0.8),
        "Moffat1D": (1.0, 0.3, 0.8, 1.5), "PowerLaw1D": (1.0, 1.0, 1.5), "Scale": (1.4,),
        "LogParabola1D": (1.0, 1.0, 1.5, 0.2), "BrokenPowerLaw1D": (1.0, 1.0, 1.5, 0.5),
        "SmoothlyBrokenPowerLaw1D": (1.0, 1.0, 1.5, 0.5, 0.3), "Sersic1D": (1.0, 1.2, 2.0),
    }
    for name, values in parameters.items():
        yield getattr(models, name)(*values).evaluate, X, *values
    yield models.Polynomial1D(2).evaluate, X, 1.0, 2.0, 0.5
    yield models.Gaussian2D.evaluate, X, Y, 1.0, 0.3, 0.2, 0.8, 0.9, 0.4
    yield cosmology.efunc, X
    yield cosmology.inv_efunc, X
    yield stats.akaike_info_criterion, -12.3, 3, 20
    yield stats.biweight_location, X
    yield models.Gaussian1D(1.2, 0.3, 0.8), X


def of_lmfit():
    lineshapes = importlib.import_module("lmfit.lineshapes")
    values = {
        "amplitude": 1.3, "center": 1.05, "centerx": 0.4, "centery": 0.3, "sigma": 0.8,
        "sigmax": 0.8, "sigmay": 0.7, "sigma_r": 0.6, "gamma": 0.7, "fraction": 0.4, "beta": 1.4,
        "expon": 1.6, "skew": 0.3, "q": 0.8, "kt": 0.9, "slope": 1.1, "intercept": 0.3,
        "decay": 1.2, "exponent": 1.3, "a": 0.4, "b": 0.3, "c": 0.2, "frequency": 0.9, "shift": 0.1,
        "x": X, "y": Y, "center1": 0.5, "sigma1": 0.63, "center2": 1.8, "sigma2": 0.71,
        "form": "logistic",
    }
    for name in lineshapes.functions:
        function = getattr(lineshapes, name)
        args = [values[p] for p in inspect.signature(function).parameters]
        if name == "thermal_distribution":
            args[-1] = "fermi"
        yield function, *args


PACKAGES = {
    "numpy": of_numpy, "scipy": of_scipy, "statsmodels": of_statsmodels, "sklearn": of_sklearn,
    "astropy": of_astropy, "lmfit": of_lmfit,
}


def outcome(function, args):
    """What becomes of one function: ``right``, ``refused`` or ``wrong``, and why."""
    value = function(*args)
    try:
        check_grads(function, args, order=1)
        ours = vjp(function, *args)[0]
    except CheckError as error:
        return "wrong", str(error)
    except AdxformError as error:
        return "refused", str(error)
    pairs = zip(np.ravel(ours), np.ravel(value), strict=True)
    same = all(np.array_equal(a, b) for a, b in pairs)
    return ("right", "") if same else ("wrong", f"its value is {ours}, not {value}")


def name_of(function):
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    kind = getattr(owner, "name", None) or type(owner).__name__
    return name if owner is None else f"{kind}.{function.__name__}"


def of_package(package):
    """The counts of one package, with a line for each function that is not right."""
    counts = Counter()
    for function, *args in PACKAGES[package]():
        found, why = outcome(function, args)
        counts[found] += 1
        if found != "right":
            said = " | ".join(line.strip() for line in why.splitlines()[:2])
            print(f"  {name_of(function)}: {found}: {said}")
    return counts


def main():
    """Print, for each package, what is refused and why; then the table of counts."""
    table = {}
    for package in PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError:
            print(f"{package} is not installed: pip install 'adxform[test]'")
            continue
        print(package)
        table[package] = of_package(package)
    print(f"\n{'package':12s} right refused wrong")
    for package, counts in table.items():
        print(f"{package:12s} {counts['right']:5d} {counts['refused']:7d} {counts['wrong']:5d}")
    total = sum(table.values(), Counter())
    print(f"{'together':12s} {total['right']:5d} {total['refused']:7d} {total['wrong']:5d}")
    if total["wrong"]:
        sys.exit("a derivative is wrong")


if __name__ == "__main__":
    main()
