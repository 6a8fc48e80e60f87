"""Functions of SciPy that iterate until they have found something, and what to write for each.

Their steps depend on what they meet, so that the derivative of the steps is not that of what they
find. It has a derivative of its own, which a few words say.
"""

from __future__ import annotations

_ROOT = "root's first derivative: x - residual(x) / grad(residual)(x)."
_ROOTS = (
    "root's first derivative: x - np.linalg.solve(J, residual(x)) with the matrix J of the "
    "residual's slopes at x."
)
_LEAST = (
    "minimum's first derivative: x - np.linalg.solve(H, grad(loss)(x)) with the matrix H of the "
    "loss's second derivatives at x."
)
_FOUND = {  # how what is found is got out of what is returned
    "": ((_ROOT, "brentq brenth bisect ridder toms748 newton"), (_ROOTS, "fsolve"),
         (_LEAST, "fmin fmin_bfgs fmin_cg")),
    ".root": ((_ROOT, "root_scalar"),),
    ".x": ((_ROOTS, "root"), (_LEAST, "minimize least_squares differential_evolution basinhopping "
                                      "dual_annealing")),
    "[0]": ((_LEAST, "curve_fit leastsq fmin_l_bfgs_b"),),
}
_INTEGRAL = (
    "Write a sum over points that are fixed: t, w = np.polynomial.legendre.leggauss(50), and with "
    "h = (b - a) / 2 the integral from a to b is h * np.sum(w * f(a + h * (t + 1)))."
)
_STEPS = (
    "Write the steps as a loop, e.g. those of Runge and Kutta's method from each time to the next."
)

#: What to write in place of each, by its name.
HINTS: dict[str, str] = {
    **dict.fromkeys(("scipy.integrate.quad", "scipy.integrate.quad_vec"), _INTEGRAL),
    **dict.fromkeys(("scipy.integrate.solve_ivp", "scipy.integrate.odeint"), _STEPS),
}
for _part, _rows in _FOUND.items():
    for _step, _names in _rows:
        HINTS.update({
            f"scipy.optimize.{_name}": f"Write x = stop_gradient(optimize.{_name}(...){_part}), and"
            f" behind it a step of Newton's method, which has the {_step}"
            for _name in _names.split()
        })
