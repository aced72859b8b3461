"""Primitives that compute their elementwise neighbours as they read and write: the same bits as one by one."""

import os
import re
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest

# What only the reduction reads is computed by it.
FUNCTIONS = {
    "sum of squares": lambda x, y: mx.sum(x * x),
    "mean of squared differences": lambda x, y: mx.mean(mx.square(x - y)),
    "rows": lambda x, y: mx.sum(x * y - 1, axis=-1),
    "columns": lambda x, y: mx.sum(x * y - 1, axis=0),
    "columns, least": lambda x, y: mx.min(x + y, axis=0),
    "product of columns": lambda x, y: mx.prod(x[:5] * y[:5], axis=0),
    "all": lambda x, y: mx.all(x < y + 9, axis=1),
    "any": lambda x, y: mx.any(x == y, axis=0),
    "count": lambda x, y: mx.sum(x > y),
    "a row again and again": lambda x, y: mx.sum(x * y[0], axis=1),
    "a value a row": lambda x, y: mx.sum(mx.square(x - y[:, :1])),
    "a value a row, by columns": lambda x, y: mx.sum(mx.square(x - y[:, :1]), axis=0),
    "both": lambda x, y: mx.max((x - y[:, :1]) * y[3], axis=1),
    "converted": lambda x, y: mx.sum(x.astype(mx.float32), axis=1),
    "three axes": lambda x, y: mx.sum(x.reshape(15, 5, -1) * 2 + 1, axis=1),
    "used elsewhere too": lambda x, y: mx.sum(x * y) + mx.sum(x * y, axis=0),
    "part of it used elsewhere": lambda x, y: (mx.sum(mx.square(x - y)), x - y),
    "a transposed input": lambda x, y: mx.sum(mx.square(x.T), axis=0),
    "an element": lambda x, y: mx.sum(x[3, 4] * y, axis=1),
    "rows, then": lambda x, y: mx.sqrt(mx.sum(x, axis=-1) + y[:, 0]),
    "columns, then": lambda x, y: mx.abs(mx.sum(x, axis=0) - 2) * y[0],
    "mean, then": lambda x, y: 1 / (mx.mean(x, axis=1, keepdims=True) + 2),
    "both ends": lambda x, y: mx.sqrt(mx.sum(x * y + 1, axis=-1)) > y[:, 1],
    "all, then": lambda x, y: ~mx.all(x < 2, axis=0),
    "largest of rows": lambda x, y: mx.argmax(x * y, axis=-1),
    "largest of columns": lambda x, y: mx.argmax(x - y, axis=0),
    "least, then": lambda x, y: mx.argmin(mx.abs(x), axis=0) * 2 + 1,
    "running sums": lambda x, y: mx.cumsum(x * y, axis=-1),
    "running sums, reverse": lambda x, y: mx.cumsum(x + y[0], axis=1, reverse=True, inclusive=False),
    "running sums of columns": lambda x, y: mx.cumsum(x + y, axis=0),
    "running extremes, then": lambda x, y: mx.cummax(x - y, axis=1) * 2,
}  # fmt: skip
FLOATING = {
    "softmax": lambda x, y: mx.softmax(x * 0.5 + y, axis=-1),
    "softmax of masked": lambda x, y: mx.softmax(mx.where(y > 0, x, -1e9), axis=-1),
    "softmax, then": lambda x, y: mx.softmax(x, axis=-1) * y + 1,
    "softmax, then twice": lambda x, y: (lambda p: p * mx.sigmoid(p))(mx.softmax(x, axis=-1)),
    "softmax, both ends": lambda x, y: mx.softmax(x * y[:, :1], axis=-1) * y[0],
    "softmax in float32": lambda x, y: mx.softmax(x.astype(mx.float32), axis=-1).astype(x.dtype),
    "softmax used elsewhere": lambda x, y: (lambda p: (p, p * 2))(mx.softmax(x, axis=-1)),
    "rms_norm": lambda x, y: mx.fast.rms_norm(x + y, None, 1e-5),
    "rms_norm with a weight": lambda x, y: mx.fast.rms_norm(x + 1, 1 + y[0], 1e-5),
    "layer_norm, then": lambda x, y: mx.maximum(mx.fast.layer_norm(x, y[0], x[0], 1e-5) * y, 0),
    "layer_norm, both ends": lambda x, y: mx.abs(mx.fast.layer_norm(x * y, None, y[0], 1e-5)),
    "a norm by hand": lambda x, y: x * mx.rsqrt(mx.mean(x * x, axis=-1, keepdims=True) + 1e-5) * y[0],
    "a loss": lambda x, y: mx.mean(mx.logsumexp(x, axis=-1) - x[:, 1]) * 0.5,
}  # fmt: skip
SHAPES = {"wide": (75, 1000), "narrow": (600, 7), "odd": (75, 333), "long": (1, 300001)}
DTYPES = {
    "cpu": {"float32": SHAPES, "bfloat16": ["wide", "odd"], "uint8": ["odd"]},
    "gpu": {"float32": ["narrow", "odd", "long"]},
}


def inputs(shape, dtype):
    random = np.random.default_rng(5)
    x = random.normal(0, 2, (2, *shape))
    if dtype not in ("float32", "bfloat16"):
        x = np.abs(np.round(x))
    return [mx.array(v).astype(getattr(mx, dtype)) for v in x]


def results(shape, dtype, transform):
    x, y = inputs(SHAPES[shape], dtype)
    functions = FUNCTIONS | FLOATING if mx.issubdtype(x.dtype, mx.floating) else FUNCTIONS
    for name, function in functions.items():
        if "three axes" in name and x.size % 75:
            continue
        try:
            value = transform(function)(x, y)
        except IndexError:
            continue
        for k, part in enumerate(value if isinstance(value, tuple) else (value,)):
            part = part.reshape(-1)
            if mx.issubdtype(part.dtype, mx.floating):
                part = mx.where(mx.isnan(part), mx.array(0.5, part.dtype), part)
            yield f"{name} {k}", np.array(part.view(mx.uint8))


def repeated(f):
    """What eager code gives once it has come up often: then such kernels are used there, too."""

    def last(x, y):
        for _ in range(200 if x.size < 1 << 16 else 20):
            value = f(x, y)
            mx.eval(value)
        return value

    return last


def compare(device):
    """What a fresh process does, in which every group gets a kernel of its own at once."""
    mx.set_default_device(getattr(mx, device))
    for dtype in DTYPES[device]:
        for shape in DTYPES[device][dtype]:
            alone = dict(results(shape, dtype, lambda f: f))
            for how in (mx.compile, repeated):
                together = dict(results(shape, dtype, how))
                assert alone.keys() == together.keys() and len(alone) > 10
                for name, bits in alone.items():
                    if not np.array_equal(bits, together[name]):
                        print(f"{dtype}, {shape}, {how.__name__}: {name}")


def run(script, **variables):
    environment = {**os.environ, "MLX_CL_INTERPRET": "0", **variables}
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=os.path.dirname(__file__), capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_reductions_give_the_same_bits_with_what_they_read_and_without(device):
    if device == "gpu" and not mx.is_available(mx.gpu):
        pytest.skip("no GPU")
    assert run(f"import test_map_reduce; test_map_reduce.compare({device!r})").stdout == ""


def launches(text):
    return re.findall(r"(?:wide|small)  (\w+) ", text)


@pytest.mark.parametrize(
    "function, kernels",
    [
        ("lambda x: mx.sum(mx.square(x - 1))", ["reduce_rows"]),
        ("lambda x: mx.sum(x * 2 + x, axis=0)", ["reduce_columns"]),
        ("lambda x: mx.max(mx.abs(x), axis=1)", ["reduce_rows"]),
        ("lambda x: (lambda y: (y, mx.sum(y, axis=1)))(x * 2)", ["group", "reduce_rows"]),
        ("lambda x: mx.sqrt(mx.sum(x, axis=1) + 1)", ["reduce_rows"]),
        ("lambda x: (lambda y: (y, y * 2))(mx.sum(x, axis=1))", ["reduce_rows", "group"]),
        ("lambda x: mx.softmax(x * 0.5, axis=-1)", ["softmax_rows"]),
        ("lambda x: mx.softmax(x, axis=-1).astype(mx.bfloat16)", ["softmax_rows"]),
        ("lambda x: mx.softmax(x + 1, axis=-1) * 2", ["softmax_rows", "group"]),
        ("lambda x: mx.fast.rms_norm(x * 2, None, 1e-5)", ["norm_rows"]),
        ("lambda x: mx.tanh(mx.fast.layer_norm(x, None, None, 1e-5))", ["norm_rows"]),
        ("lambda x: mx.argmax(mx.abs(x), axis=-1)", ["arg_rows"]),
        ("lambda x: mx.cumsum(x * x, axis=0)", ["scan_columns"]),
    ],
)
def test_one_kernel_computes_and_reduces(function, kernels):
    script = f"import mlx.core as mx; mx.set_default_device(mx.cpu); x = mx.random.normal((64, 128)); mx.eval(x); print(1, flush=True)\nmx.eval(mx.compile({function})(x))"
    text = run(script, MLX_CL_DEBUG="2").stderr
    assert launches(text)[-len(kernels) :] == kernels


def test_eager_code_that_comes_up_often_reduces_as_it_reads():
    script = (
        "import mlx.core as mx; mx.set_default_device(mx.cpu); x = mx.random.normal((64, 128)); mx.eval(x)\n"
        "for _ in range(60): mx.eval(mx.sum(mx.square(x - 1)))"
    )
    names = launches(run(script, MLX_CL_DEBUG="2").stderr)
    assert names[-10:] == ["reduce_rows"] * 10 and "group" in names


def test_eager_code_takes_a_stored_kernel_soon(tmp_path):
    script = (
        "import mlx.core as mx; mx.set_default_device(mx.cpu); x = mx.random.normal((64, 128)); mx.eval(x)\n"
        "for _ in range(200): mx.eval(mx.sum(mx.square(x - 1)))"
    )
    variables = {"MLX_CL_CACHE": str(tmp_path), "MLX_CL_DRAFT": "0", "MLX_CL_AHEAD": "0", "MLX_CL_DEBUG": "2"}
    run(script, **variables)
    names = launches(run(script, MLX_CL_INTERPRET="1", **variables).stderr)
    assert names[-100:] == ["reduce_rows"] * 100


def test_a_kernel_of_its_own_waits_until_it_pays(tmp_path):
    script = (
        "import mlx.core as mx; mx.set_default_device(mx.cpu); x = mx.ones((64, 128)); mx.eval(x)\n"
        "mx.eval(mx.compile(lambda x: mx.sum(mx.square(x - 1)))(x))"
    )
    text = run(script, MLX_CL_DEBUG="2", MLX_CL_INTERPRET="1", MLX_CL_CACHE=str(tmp_path), MLX_CL_AHEAD="0").stderr
    first, second = launches(text)[-2:]
    assert first in ("interpret", "group") and second == "reduce_rows"


def test_shapes_may_change_where_the_function_says_so():
    f = mx.compile(lambda x, y: mx.sum(mx.square(x - y), axis=-1), shapeless=True)
    for shape in [(3, 100), (5, 64), (2, 3, 70)]:
        x = mx.random.normal(shape)
        np.testing.assert_allclose(f(x, mx.array(0.5)), np.square(np.array(x) - 0.5).sum(-1), rtol=1e-5)
        np.testing.assert_allclose(f(x, x[..., :1]), np.square(np.array(x - x[..., :1])).sum(-1), rtol=1e-5)


def test_gradients_of_compiled_functions_reduce_as_they_read():
    x = mx.random.normal((50, 130))
    f = lambda x: mx.mean(mx.square(mx.tanh(x) - 0.5))  # noqa: E731
    expected = mx.value_and_grad(f)(x)
    for got, want in zip(mx.compile(mx.value_and_grad(f))(x), expected):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        "mx.softmax(x * 2, axis=-1)",
        "mx.softmax(x, axis=-1) * 2",
        "mx.fast.rms_norm(x + 1, None, 1e-5)",
        "mx.cumsum(x * 2, axis=-1)",
    ],
)
def test_results_come_where_a_dying_input_was(function):
    script = (
        f"import mlx.core as mx; f = mx.compile(lambda x: {function})\n"
        "for _ in range(2):\n"
        "  x = mx.ones((1 << 10, 1 << 10)); mx.eval(x); before = mx.get_active_memory(); mx.reset_peak_memory()\n"
        "  y = f(x); del x; mx.eval(y); used = mx.get_peak_memory() - before; del y\n"
        "print(used)"
    )
    assert int(run(script).stdout) < 1 << 20


def test_the_values_that_are_reduced_take_no_memory():
    script = (
        "import mlx.core as mx; x = mx.ones((1 << 22,)); f = mx.compile(lambda x: mx.sum(mx.exp(x) * 2)); mx.eval(x, f(x))\n"
        "before = mx.get_active_memory(); mx.reset_peak_memory(); mx.eval(f(x)); print(mx.get_peak_memory() - before)"
    )
    assert int(run(script).stdout) < 1 << 20
