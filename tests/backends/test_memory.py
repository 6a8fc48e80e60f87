"""Memory that is freed stays with the process, where the C library is GNU's."""

from __future__ import annotations

import platform
import subprocess
import sys

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
