"""The plain Python backend: generated text is executed under a file name that tools can read."""

from __future__ import annotations

import hashlib
import linecache
from typing import Any

from adxform.backends.memory import keep_freed_memory


def compile_text(
    text: str, name: str, namespace: dict[str, Any], file: str | None = None
) -> Any:
    """Execute generated text in ``namespace`` and give the function ``name`` that it defines.

    The text is registered with ``linecache``, so that tracebacks, pdb and ``inspect.getsource``
    show its lines; it stays as long as the process. Or it lies in ``file`` already.
    """
    if file is None:
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        file = f"<adxform {name} {digest}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    keep_freed_memory()
    exec(compile(text, file, "exec"), namespace)
    return namespace[name]
