"""Keep TensorFlow and triton, which comes with PyTorch on Linux, in the one order that works.

Both carry a copy of LLVM. If TensorFlow is loaded first, the process dies as soon as triton is
imported, and ``torch.optim`` imports it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import cast


class _TritonBeforeTensorFlow:
    """Finds no module itself; it sees TensorFlow's import coming, and imports triton before it."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "tensorflow":
            with suppress(ImportError):
                import_module("triton")


def keep_order() -> None:
    """From here on, import triton, where it is installed, before TensorFlow.

    Where TensorFlow has been imported already, triton counts as not installed. PyTorch then works
    on any device; only ``torch.compile`` for a GPU does not.
    """
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _TritonBeforeTensorFlow())
    elif "triton" not in sys.modules:
        sys.modules["triton"] = cast(ModuleType, None)  # an import of it raises ImportError
