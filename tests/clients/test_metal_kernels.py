"""The Metal kernels that mlx-lm and mlx-vlm carry give what array operations give."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ["gated_delta_64", "gated_delta_128", "ssm", "rwkv7", "bitlinear", "losses", "qk_norm", "rms_norm_sigmoid_gate",
         "norm_add_norm", "interpolation", "hyper_connection", "one_bit", "turboquant"]  # fmt: skip


@pytest.fixture(scope="module")
def differences():
    script = Path(__file__).with_name("metal_modules.py")
    environment = {**os.environ, "MLX_CL_METAL": "1", "MLX_CL_DEVICE": "pthread"}
    done = subprocess.run([sys.executable, script], text=True, capture_output=True, timeout=1200, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_module_by_its_kernel_is_the_module_by_operations(differences, name):
    assert float(differences[name]) < 1e-4
