"""Memory that is freed stays with the process; large arrays are on large pages, where asked for."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
from pathlib import Path
import numpy as np
from adxform.backends.memory import keep_freed_memory

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

if sys.argv[1] == "kept":
    keep_freed_memory()
before = resident()
arrays = [np.ones(500_000) for _ in range(4)]
del arrays
print(resident() - before)
"""


def grown(how: str) -> int:
    """By how many kilobytes a process has grown that has used 16 MB, and freed them."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_freed_memory_is_kept() -> None:
    assert grown("kept") > 8_000 > grown("given back")


FILLING = """
from pathlib import Path
import numpy as np
from numba import njit
from adxform.backends.numba.pages import on_large_pages

def cleared(text):
    return next(int(x.split()[1]) for x in text.splitlines() if x.startswith("AnonHuge")) > 0

@njit
def filled(n):
    a = on_large_pages(np.empty(n))
    a[:] = 1.0
    return a

small, a = filled(9), filled(3_000_000)
assert small.sum() == 9 and a.sum() == 3_000_000
print(cleared(Path("/proc/self/smaps_rollup").read_text()))
"""
ASKED = Path("/sys/kernel/mm/transparent_hugepage/enabled")


ON_REQUEST = ASKED.exists() and "[madvise]" in ASKED.read_text()


@pytest.mark.skipif(not ON_REQUEST, reason="the system gives large pages to all, or to none")
def test_large_arrays_are_on_large_pages() -> None:
    pytest.importorskip("numba")
    done = subprocess.run([sys.executable, "-c", FILLING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
