"""Drafts: kernels that PoCL compiles in a hurry give the same bits, and give way to those built by another process."""

import os
import re
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest

pocl = "Portable" in mx._runtime_info()["devices"].get("cpu", {}).get("platform", "")
pytestmark = pytest.mark.skipif(not pocl or (os.cpu_count() or 1) < 2, reason="drafts are built with PoCL only")

# What each subject computes from `a`, of 37 x 608 values, and `w`, of 64 x 256, both of the dtype.
SUBJECTS = {
    "reductions": "[f(a, axis=k) for f in (mx.sum, mx.prod, mx.max, mx.var, mx.argmin) for k in (0, 1)]",
    "rows": "[mx.softmax(a, axis=-1), mx.logsumexp(a, axis=-1), mx.fast.rms_norm(a, a[0], 1e-5),"
    " mx.fast.layer_norm(a, a[0], a[1], 1e-5), mx.grad(lambda a: mx.fast.rms_norm(a, a[0], 1e-5).sum())(a)]",
    "scans and sorts": "[f(a, axis=k) for f in (mx.cumsum, mx.cummax, mx.logcumsumexp, mx.sort) for k in (0, 1)]",
    "indexing": "[mx.take(a, mx.array([3, 1]), axis=1), a.at[mx.array([3, 1, 3])].add(a[:3]), mx.topk(a, 5)]",
    "packing": "[*(packed := mx.quantize(w, 64, 4)), mx.dequantize(*packed, 64, 4), *mx.quantize(w, 32, 3)]",
    "packed products": "[mx.quantized_matmul(x, *mx.quantize(w, 128, bits), t, 128, bits)"
    " for bits in (4, 6) for x, t in ((a[:1, :256], True), (a[:3, :64], False))]",
    "attention": "[mx.fast.scaled_dot_product_attention(q, k, k, scale=0.1, mask=mask, sinks=sinks)"
    " for q in [w.reshape(1, 8, 32, 64)[:, :, :1]] for k in [w.reshape(1, 2, 128, 64)]"
    " for mask in (None, 'causal', k[:, :1, :1, :1] > k[..., 0][:, :1, None], k[..., 0][:, :1, None])"
    " for sinks in (None, a[0, :8])]",
}
SCRIPT = """
import sys
import numpy as np
import mlx.core as mx
mx.set_default_device(mx.cpu)
dtype = getattr(mx, sys.argv[2])
def scattered(rows, columns):
    return mx.sin(mx.arange(rows * columns).reshape(rows, columns) * 1.7).astype(dtype) * 3
a, w = scattered(37, 608), scattered(64, 256)
results = eval(sys.argv[1])
np.savez(sys.argv[3], *(np.array(x.astype(mx.float32) if x.dtype == mx.bfloat16 else x) for x in results))
"""


def results(folder, mode, subject, dtype):
    """The arrays of a subject computed in a fresh process, and how many drafts it built."""
    path = folder / f"{mode}.npz"
    environment = {**os.environ, "MLX_CL_CACHE": str(folder / mode), "MLX_CL_DRAFT": mode, "MLX_CL_DEBUG": "2"}
    command = [sys.executable, "-c", SCRIPT, SUBJECTS[subject], dtype, str(path)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return np.load(path), len(re.findall("built a program.*-cl-opt-disable", result.stderr))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_drafts_compute_the_same_bits(tmp_path, subject, dtype):
    (drafts, built), (kernels, none) = (results(tmp_path, mode, subject, dtype) for mode in "20")
    assert built > 0 and none == 0
    assert drafts.files == kernels.files and drafts.files
    assert [name for name in drafts.files if drafts[name].tobytes() != kernels[name].tobytes()] == []


LOOP = """
import time
import mlx.core as mx
x = mx.ones((40,))
end = time.monotonic() + 90
while time.monotonic() < end:
    for _ in range(100):
        mx.eval(mx.cumsum(x))
    print("step", flush=True)
    time.sleep(0.1)
"""


def test_a_kernel_takes_over_once_another_process_has_built_it(tmp_path):
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path), "MLX_CL_DEBUG": "2", "MLX_CL_DRAFT": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    seen = []
    for line in process.stderr:
        if re.search("(built|loaded|converted) a program.*wide: scan_rows|converted a program.*scan_rows", line):
            seen.append((re.search("built|loaded|converted", line)[0], "-cl-opt-disable" in line))
        if seen and not seen[-1][1]:
            break
    process.kill()
    process.communicate()
    assert seen[0] == ("built", True) and ("built", False) not in seen
    assert seen[-1][1] is False, "it was never replaced"


@pytest.mark.parametrize("variable, value", [("MLX_CL_AHEAD", "0"), ("MLX_CL_DRAFT", "0"), ("MLX_CL_CACHE", "off")])
def test_without_another_process_there_are_no_drafts(tmp_path, variable, value):
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path), "MLX_CL_DEBUG": "2", variable: value}
    script = "import mlx.core as mx; mx.eval(mx.cumsum(mx.ones((40,), stream=mx.cpu), stream=mx.cpu))"
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert "built a program" in result.stderr and "-cl-opt-disable" not in result.stderr, result.stderr
