"""Integrals of what is known at points, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads
