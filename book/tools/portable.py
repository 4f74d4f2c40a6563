"""Run the chapters and the numerical tests with another instruction set than the machine's own.

Another processor adds in another order, so the last digits of matrix products, convolutions, sums
and exponentials differ. These settings have that effect on any x86-64 machine: PyTorch, oneDNN,
MKL, OpenBLAS and NumPy compute as on a processor of 2008. What a chapter says, and what its paired
notebook stores, must stay as they are.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
from paths import ROOT

INSTRUCTIONS = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"]),
}
NUMERICAL = ("augmentation", "filters", "layers", "metrics", "models", "segmentation", "signals")
"""Folders of tests about arithmetic; what else the suite tests does not depend on it."""
PYTEST = [sys.executable, "-m", "pytest"]
COMMANDS = [
    [sys.executable, "book/tools/execute.py"],
    [*PYTEST, "tests/book/test_notebooks.py", "-k", "in_step"],
    [*PYTEST, "-n", "auto", "--dist", "loadscope", *(f"tests/{name}" for name in NUMERICAL)],
]


def main() -> int:
    """Run each command, up to the first that fails; the exit status is its."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        print(f"These settings are for x86-64; this machine is {platform.machine()}.")
        return 2
    environment = {**os.environ, **INSTRUCTIONS, "PDL_BUILD_DIR": "_build/portable"}
    for command in COMMANDS:
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
