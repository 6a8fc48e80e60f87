"""Objects of classes that are written in Python, of packages that are installed."""

from __future__ import annotations

import importlib
import sys
import textwrap

import numpy as np
import pytest

from adxform import grad

TEXT = """
    import numpy as np

    class Filter:
        def __init__(self, size):
            self.x = np.zeros(size)
            self.p = np.eye(size)

        def predict(self, f):
            self.x = f @ self.x
            self.p = f @ self.p @ f.T + 0.1 * np.eye(len(f))

        def update(self, z, h):
            s = h @ self.p @ h + 0.5
            self.x = self.x + self.p @ h * (z - h @ self.x) / s
            self.p = self.p - np.outer(self.p @ h, h @ self.p) / s

    class Model:
        def __init__(self, rate):
            self._rate = rate
            self.seen = []

        def note(self, other, name):
            if hasattr(other, "info"):
                setattr(other.info, name, 1.0)

        @property
        def massive(self):
            for other in self.seen:
                self.note(other, other.name)
            return self._rate > 1.0

        def density(self, z):
            return self._rate * z

        def relative(self, z):
            return z if self.massive else np.sqrt(self.density(z) + 1.0)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "tracking_package.py").write_text(textwrap.dedent(TEXT))
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("tracking_package")
    del sys.modules["tracking_package"]


def test_an_object_made_inside_is_followed(package) -> None:
    def tracked(start):
        made = package.Filter(2)
        made.x = start
        for z in (1.0, 2.5):
            made.predict(np.array([[1.0, 0.5], [0.0, 1.0]]))
            made.update(z, np.array([1.0, 0.0]))
        return np.sum(made.x**2)

    x = np.array([0.3, -0.8])
    expected = [(tracked(x + e) - tracked(x - e)) / 2e-6 for e in np.eye(2) * 1e-6]
    np.testing.assert_allclose(grad(tracked)(x), expected, rtol=1e-7)


def test_what_a_package_might_change_of_unknown_objects_is_its_own_affair(package) -> None:
    model = package.Model(0.7)
    assert grad(lambda z: model.relative(z))(2.0) == pytest.approx(0.35 / np.sqrt(2.4))
