"""Devices with less than usual: small work-groups, little memory, no CPU device; and how a device is named."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import mlx.core as mx
import pytest
from support import output_of, run_script

OPERATIONS = """
import mlx.core as mx
import numpy as np

random = np.random.default_rng(0)
x = random.standard_normal((70, 1000)).astype(np.float32)
a = mx.array(x)


def softmax(v):
    e = np.exp(v - v.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def same(name, got, want, tolerance=2e-4):
    got, want = np.array(got), np.asarray(want)
    assert got.shape == want.shape and np.allclose(got, want, tolerance, tolerance), (name, abs(got - want).max())


same("sum", a.sum(), x.sum(), 1e-3)
same("rows", a.sum(axis=1), x.sum(axis=1), 1e-3)
same("columns", a.sum(axis=0), x.sum(axis=0), 1e-3)
same("max", a.max(axis=1), x.max(axis=1))
same("argmax", mx.argmax(a, axis=1), x.argmax(axis=1))
same("argmin", mx.argmin(a), x.argmin())
same("softmax", mx.softmax(a, -1), softmax(x))
same("logsumexp", mx.logsumexp(a, axis=1), np.log(np.exp(x).sum(axis=1)))
same("norm", mx.fast.rms_norm(a, None, 0.0), x / np.sqrt((x * x).mean(-1, keepdims=True)))
same("cumsum", mx.cumsum(a, axis=1), x.cumsum(axis=1), 1e-2)
same("cumsum, down", mx.cumsum(a, axis=0), x.cumsum(axis=0), 1e-3)
same("sort", mx.sort(a, axis=1), np.sort(x, axis=1))
same("transpose", mx.contiguous(a.T) + 0, x.T)
same("matmul", a @ a.T, x @ x.T, 1e-2)
same("matmul of integers", mx.matmul(a.astype(mx.complex64), a.T.astype(mx.complex64)).real, x @ x.T, 1e-2)
q = a[:64, :64].reshape(1, 2, 32, 64)
w = x[:64, :64].reshape(1, 2, 32, 64)
same("attention", mx.fast.scaled_dot_product_attention(q, q, q, scale=1.0), softmax(w @ w.swapaxes(-1, -2)) @ w, 1e-3)
same("fft", mx.abs(mx.fft.fft(a)), np.abs(np.fft.fft(x)), 1e-2)
packed = mx.quantize(a[:, :960])
full = np.array(mx.dequantize(*packed))
for rows in (1, 3, 40):
    same("quantized", mx.quantized_matmul(a[:rows, :960], *packed), x[:rows, :960] @ full.T, 1e-2)
    same("quantized, across", mx.quantized_matmul(a[:rows, :70], *packed, transpose=False), x[:rows, :70] @ full, 1e-2)
same("scatter", mx.zeros((5,)).at[mx.array([1, 1, 3])].add(mx.array([1.0, 2.0, 3.0])), [0, 3, 0, 3, 0])
same("mean", a.astype(mx.float16).mean(axis=1), x.mean(axis=1), 1e-2)
same("gradient", mx.grad(lambda v: mx.fast.layer_norm(v, None, None, 1e-5).sum())(a), np.zeros_like(x), 1e-3)
print("right")
"""


@pytest.mark.parametrize("items, role", [(1, "cpu"), (64, "gpu"), (128, "gpu"), (192, "gpu")])
def test_work_groups_of_few_items(items, role):
    device = "pocl" if role == "gpu" else ""
    assert output_of(OPERATIONS, POCL_MAX_WORK_GROUP_SIZE=str(items), MLX_CL_DEVICE=device, timeout=600) == "right"


@pytest.fixture(scope="module")
def limited_device(tmp_path_factory):
    """limited_device.c as a library."""
    source, library = Path(__file__).with_name("limited_device.c"), tmp_path_factory.mktemp("limited") / "device.so"
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("needs a C compiler")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    said = subprocess.run(command, capture_output=True, text=True)
    if "CL/cl.h" in said.stderr:
        pytest.skip("needs OpenCL's headers")
    assert said.returncode == 0, said.stderr
    return str(library)


LIMITS = {
    "16 KiB of local memory": {"LIMIT_LOCAL": "16384"},
    "32 KiB of local memory": {"LIMIT_LOCAL": "32768"},
    "64 items in a dimension": {"LIMIT_ITEMS": "64"},
    "64 items in a group of any kernel": {"LIMIT_KERNEL": "64"},
    "16 items in a group of any kernel": {"LIMIT_KERNEL": "16"},
    "no fp64": {"LIMIT_WITHOUT": "cl_khr_fp64"},
    "no fp16": {"LIMIT_WITHOUT": "cl_khr_fp16"},
}


@pytest.mark.parametrize("role", ["cpu", "gpu"])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_device_with(limit, role, limited_device, tmp_path):
    variables = dict(LIMITS[limit], LD_PRELOAD=limited_device, MLX_CL_DEVICE="pocl" if role == "gpu" else "")
    if "LIMIT_WITHOUT" in variables:  # not what was built for the device as it is
        variables["MLX_CL_CACHE"] = str(tmp_path)
    run = run_script(OPERATIONS, timeout=900, **variables)
    assert run.stdout.strip() == "right", run.stderr[-2000:]


def test_float64_where_the_device_lacks_it(limited_device, tmp_path):
    said = run_script("""
        import mlx.core as mx
        print(mx.array(2.0, mx.float64).item())
        with mx.stream(mx.cpu):
            mx.eval(mx.exp(mx.array([1.0, 2.0], mx.float64)))
    """, LD_PRELOAD=limited_device, LIMIT_WITHOUT="cl_khr_fp64", MLX_CL_CACHE=str(tmp_path))  # fmt: skip
    assert said.stdout.strip() == "2.0" and "float64 needs the extension cl_khr_fp64" in said.stderr, said.stderr


def test_a_scripts_kernel_in_groups_that_it_does_not_bear(limited_device):
    said = run_script('''
        import mlx.core as mx
        kernel = mx.fast.opencl_kernel("twice", ["x"], ["y"], "y[get_global_id(0)] = 2 * x[get_global_id(0)];")
        for items in (64, 128):
            args = dict(grid=(256, 1, 1), threadgroup=(items, 1, 1), output_shapes=[(256,)], output_dtypes=[mx.float32])
            print(kernel(inputs=[mx.ones(256)], **args)[0].sum().item())
    ''', LD_PRELOAD=limited_device, LIMIT_KERNEL="64", MLX_CL_DEVICE="pocl")  # fmt: skip
    assert said.stdout.strip() == "512.0", said.stderr
    assert "has 128 items, the kernel, once it is built, takes 64 at most" in said.stderr, said.stderr


ONLY_A_GPU = """
import os
import mlx.core as mx
import numpy as np

os.chdir(os.environ["WHERE"])
assert mx.default_device() == mx.gpu and mx.is_available(mx.gpu) and mx.is_available(mx.cpu)
x = np.random.default_rng(0).standard_normal((20, 20)).astype(np.float32)
s = x @ x.T + 20 * np.eye(20, dtype=np.float32)


def same(got, want):
    assert np.allclose(np.array(got), want, 1e-3, 1e-3), abs(np.array(got) - want).max()


for device in (mx.gpu, mx.cpu):
    with mx.stream(device):
        a = mx.array(s)
        mx.save("saved.npy", a + 1)
        mx.save_safetensors("saved.safetensors", {"a": a * 2})
        same(mx.load("saved.npy"), s + 1)
        same(mx.load("saved.safetensors")["a"], s * 2)
        same(mx.matmul(a, a, stream=mx.cpu) + mx.exp(-a, stream=mx.gpu), s @ s + np.exp(-s))
    for step, want in [
        (lambda: mx.linalg.inv(a, stream=mx.cpu), np.linalg.inv(s)),
        (lambda: mx.linalg.cholesky(a, stream=mx.cpu), np.linalg.cholesky(s)),
        (lambda: mx.linalg.svd(a, stream=mx.cpu)[1], np.linalg.svd(s)[1]),
        (lambda: mx.linalg.eigvalsh(a, stream=mx.cpu), np.linalg.eigvalsh(s)),
        (lambda: mx.linalg.solve(a, a + 1, stream=mx.cpu), np.linalg.solve(s, s + 1)),
    ]:
        same(step(), want)
print("right")
"""


@pytest.mark.parametrize("memory", ["integrated", "discrete"])
def test_a_machine_with_a_gpu_and_no_cpu_device(memory, limited_device, tmp_path):
    run = run_script(ONLY_A_GPU, LD_PRELOAD=limited_device, LIMIT_TYPE=memory, WHERE=str(tmp_path), timeout=300)
    assert run.stdout.strip() == "right", run.stderr[-2000:]


def test_accelerators_serve_when_they_are_named(limited_device):
    script = "import mlx.core as mx\nprint(mx.default_device(), (mx.ones(3) + 1).sum().item())"
    unnamed = run_script(script, LD_PRELOAD=limited_device, LIMIT_TYPE="accelerator")
    assert unnamed.returncode != 0 and "no OpenCL device for the CPU" in unnamed.stderr, unnamed.stderr
    named = run_script(script, LD_PRELOAD=limited_device, LIMIT_TYPE="accelerator", MLX_CL_DEVICE="accelerator")
    assert named.stdout.strip() == "Device(gpu, 0) 6.0", named.stderr


def test_a_device_that_is_not_available(limited_device):
    said = run_script("import mlx.core as mx\nmx.eval(mx.ones(3))", LD_PRELOAD=limited_device, LIMIT_ABSENT="1")
    assert said.returncode != 0 and "OpenCL found no device" in said.stderr, said.stderr


def test_the_largest_allocation_is_named():
    said = run_script("""
        import mlx.core as mx
        x = mx.ones((3 << 28,), mx.float32) + 1
        mx.eval(x)
    """, POCL_MEMORY_LIMIT="1", MLX_CL_DEVICE="pocl").stderr  # fmt: skip
    assert re.search(r"malloc.*(largest allocation has|the device has) \d+ bytes", said), said


@pytest.mark.parametrize("name", ["pocl", "portable", "pthread", "cpu", "0:0"])
def test_a_device_is_named_on_every_version(name):
    said = output_of(
        "import mlx.core as mx\nprint(mx.default_device(), (mx.ones(3) + 1).sum().item())", MLX_CL_DEVICE=name
    )
    assert said == "Device(gpu, 0) 6.0"


def test_a_device_that_is_not_there():
    process = run_script("import mlx.core as mx\nmx.eval(mx.ones(3))", MLX_CL_DEVICE="no such device")
    assert process.returncode != 0 and "names no OpenCL device" in process.stderr and "There are:" in process.stderr


KERNELS = os.path.join(os.path.dirname(__file__), "..", "..", "kernels")


def local_bytes(text):
    """What the `local` arrays of by_columns take, by the sizes that its text gives."""
    return [int(n) for n in re.findall(r"LANE_SUMS\((\d+)\)", text)]


@pytest.mark.skipif(not os.path.isdir(KERNELS), reason="the sources are not here")
def test_no_kernel_of_packed_products_takes_much_local_memory():
    with open(os.path.join(KERNELS, "quantized_matmul.cl")) as file:
        assert all(32 * 4 * count <= 4096 for count in local_bytes(file.read()))


@pytest.mark.skipif(not mx.is_available(mx.cpu), reason="needs OpenCL")
def test_without_opencl_the_message_says_what_to_install(tmp_path):
    process = run_script("import mlx.core as mx\nmx.eval(mx.ones(3))", OCL_ICD_VENDORS=str(tmp_path))
    assert process.returncode != 0 and "pocl-opencl-icd" in process.stderr
