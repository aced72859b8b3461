"""The Metal kernels that mlx-lm and mlx-vlm carry give what array operations give."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("metal_modules.py")
TABLES = [SCRIPT, SCRIPT.with_name("metal_attention.py"), SCRIPT.with_name("metal_products.py")]
NAMES = [name for path in TABLES for name in re.findall(r'^    "(\w+)":', path.read_text(), re.MULTILINE)]
NAMES += [f"verifier_{bits}_bits_{length}" for bits, length in ((4, 3), (4, 7), (4, 12), (5, 3), (8, 3))]


@pytest.fixture(scope="module")
def differences():
    environment = {**os.environ, "MLX_CL_METAL": "1", "MLX_CL_DEVICE": "pthread"}
    done = subprocess.run([sys.executable, SCRIPT], text=True, capture_output=True, timeout=3000, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


@pytest.mark.parametrize("name", NAMES)
def test_a_module_by_its_kernel_is_the_module_by_operations(differences, name):
    assert differences[name] < 1
