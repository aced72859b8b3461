"""Kits: prepared kernels that run elementwise groups until a kernel of their own pays, with the same results, bit for bit."""

import os
import re
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest
from elementwise_rows import ROWS

SINGLE = ["float32", "float16", "bfloat16", "float64", "complex64"]
WHOLE = ["bool_", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
LAYOUTS = {
    "dense": lambda x: (x, x + 1),
    "a number": lambda x: (x, mx.array(2, x.dtype)),
    "a row": lambda x: (x, x[1]),
    "a column": lambda x: (x[:, :1], x),
    "every third, backwards": lambda x: (x[:, ::3], x[::-1, ::-3]),
    "transposed": lambda x: (x.T, x.T + 1),
    "transposed and not": lambda x: (x[:30, :30].T, x[:30, :30]),
    "short lines": lambda x: (x[:, :2], x[:, 5:7]),
    "short lines of three axes": lambda x: (x.reshape(11, 37, 3)[:, :, :2], x.reshape(11, 37, 3)[:, ::-1, 1:]),
    "five axes": lambda x: (x.reshape(11, 37, 3)[None, ::2, ::2, None, ::2], x.reshape(11, 37, 3)[3, ::2, None, :2, None][:, :, :, 0]),
    "one element": lambda x: (x[3, 4], x[5, 6]),
    "nothing": lambda x: (x[:0], x[:0]),
}  # fmt: skip


def values(dtype):
    """37 rows of 33 values, special ones among them."""
    random = np.random.default_rng(3)
    if dtype in WHOLE:
        low = 0 if dtype[0] in "ub" else -9
        return mx.array(random.integers(low, 9, (37, 33))).astype(getattr(mx, dtype))
    x = random.normal(0, 3, (37, 33))
    x.flat[:8] = [0, -0.0, np.inf, -np.inf, np.nan, 1e30, 1, -1]
    x.flat[50:60] *= 1e6
    if dtype == "complex64":
        return mx.array((x + 1j * np.roll(x, 3)).astype(np.complex64))
    return mx.array(x, dtype=getattr(mx, dtype))


def bits(x):
    x = x.reshape(-1)
    if x.dtype == mx.complex64:
        x = mx.concatenate([mx.real(x), mx.imag(x)])
    if mx.issubdtype(x.dtype, mx.floating):  # of a NaN only that it is one
        x = mx.where(mx.isnan(x), mx.array(0.123, x.dtype), x)
    return np.array(x.view(mx.uint8) if x.size else x)


def operations(dtype):
    x, y = values(dtype), mx.roll(values(dtype), 5)
    for row in ROWS:
        if getattr(mx, row.name, None) is None:
            continue
        try:
            yield row.name, row.call(*[x, y, x][: row.operands] if row.name != "where" else (x > 0, x, y))
        except (TypeError, ValueError, RuntimeError):  # not for this dtype
            continue


def conversions(dtype):
    for target in SINGLE + WHOLE:
        yield target, values(dtype).astype(getattr(mx, target))


def layouts(dtype):
    for name, operands in LAYOUTS.items():
        x, y = operands(values(dtype))
        yield name, x * y
        yield f"{name}, in a group", mx.compile(lambda x, y: mx.where(x > y, x * y + 1, x - y))(x, y)


def compiled(dtype):
    def chain(x, y):
        z = x * y - x
        return mx.maximum(z, x + y) * 2, (z == x).astype(mx.int32), z.astype(mx.float32) / 3

    for k, result in enumerate(mx.compile(chain)(values(dtype), mx.roll(values(dtype), 5))):
        yield f"result {k}", result


SUBJECTS = {f.__name__: f for f in (operations, conversions, layouts, compiled)}


def write(path, subject, dtype):
    """What a fresh process does: saves the bits of all results."""
    mx.set_default_device(mx.cpu)
    np.savez(path, **{name: bits(result) for name, result in SUBJECTS[subject](dtype)})


def results(tmp_path, mode, subject, dtype):
    path = tmp_path / f"{mode}.npz"
    environment = {**os.environ, "MLX_CL_INTERPRET": mode, "MLX_CL_DEBUG": "2"}
    script = f"import test_interpreter; test_interpreter.write({str(path)!r}, {subject!r}, {dtype!r})"
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=os.path.dirname(__file__), capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return np.load(path), len(re.findall("(?:wide|small)  interpret ", result.stderr))


CASES = [
    *(("operations", dtype) for dtype in SINGLE + WHOLE),
    *(("conversions", dtype) for dtype in ("float32", "bfloat16", "float64", "int64", "uint8", "bool_", "complex64")),
    *(("layouts", dtype) for dtype in ("float32", "float16", "int64", "complex64")),
    *(("compiled", dtype) for dtype in ("float32", "bfloat16", "float16", "int32", "uint8", "float64")),
]


@pytest.mark.parametrize("subject, dtype", CASES)
def test_kits_compute_the_same_bits_as_kernels_of_the_groups_own(tmp_path, subject, dtype):
    (kits, launches), (kernels, none) = (results(tmp_path, mode, subject, dtype) for mode in "20")
    assert launches > 0 and none == 0
    assert sorted(kits) == sorted(kernels) and len(kits.files) > 2
    different = [name for name in kits if not np.array_equal(kits[name], kernels[name])]
    assert not different


# Something that no kit before this one can do.
KITS = {
    "usual": "x.astype(mx.float32)", "floats": "x.astype(mx.bfloat16)", "integers": "x & x",
    "long_integers": "mx.array([1] * 40, mx.int64) * 3", "short_integers": "mx.array([1] * 40, mx.uint8) * 3",
    "doubles": "x.astype(mx.float64)", "complex": "x.astype(mx.complex64)",
}  # fmt: skip


@pytest.mark.parametrize("kit", KITS)
def test_every_kit_is_built_when_its_dtypes_come_up(tmp_path, kit):
    script = f"import mlx.core as mx; mx.set_default_device(mx.cpu); x = mx.array([True] * 40); mx.eval({KITS[kit]})"
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path), "MLX_CL_DEBUG": "2"}
    build = f"import mlx.core as mx; assert {kit!r} in mx._runtime_info()['kits']; mx._build_kit({kit!r})"
    subprocess.run([sys.executable, "-c", build], env=environment, check=True)
    environment["MLX_CL_INTERPRET"] = "2"
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert "small  interpret" in result.stderr and "built a program" not in result.stderr


LOOP = """
import time
import mlx.core as mx
x = mx.ones((1 << 16,))
mx.eval(x)
end = time.monotonic() + 60
while time.monotonic() < end:
    for _ in range(20):
        mx.eval(mx.tanh(x) * x)
    print("step", flush=True)
    time.sleep(0.2)
"""


pocl = "Portable" in mx._runtime_info()["devices"].get("cpu", {}).get("platform", "")
builds_kits = pytest.mark.skipif(
    not pocl or (os.cpu_count() or 1) < 2, reason="kits are built on the way with PoCL only"
)


@builds_kits
def test_a_kernel_of_its_own_takes_over_once_another_process_has_built_it(tmp_path):
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path), "MLX_CL_DEBUG": "2"}
    subprocess.run([sys.executable, "-c", "import mlx.core as mx; mx._build_kit('usual')"], env=environment, check=True)
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    seen = []
    for line in process.stderr:
        found = re.search("wide  (interpret|group) |(built) a program", line)
        seen += [next(filter(None, found.groups()))] if found else []
        if seen[-20:] == ["group"] * 20:
            break
    process.kill()
    process.communicate()
    assert seen[:2] == ["interpret"] * 2 and seen[-1] == "group" and "built" not in seen


@builds_kits
def test_an_evaluation_of_many_operations_builds_one_kit_and_no_kernels(tmp_path):
    script = (
        "import mlx.core as mx; x = mx.full((40,), 0.5); mx.eval([f(x) for f in (mx.exp, mx.log, mx.tanh, mx.sqrt, "
    )
    script += "mx.square, mx.abs, mx.negative, mx.sigmoid, mx.erf)])"
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path), "MLX_CL_DEBUG": "2", "MLX_CL_AHEAD": "0"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert len(re.findall("built a program", result.stderr)) == 1 and "interpret" in result.stderr
