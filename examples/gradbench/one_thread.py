"""Imported before NumPy: all libraries are asked to run on one thread."""

from __future__ import annotations

import os

for _name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"


def hold() -> None:
    """Hold the process to one processor, where the system can: XLA does not let itself be asked."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
