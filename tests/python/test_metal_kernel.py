"""mx.fast.metal_kernel: each row of Metal text against NumPy; templates, errors, caching, transformations, export."""

from pathlib import Path

import metal_rows
import metal_rows_groups
import mlx.core as mx
import numpy as np
import pytest
from support import output_of

ROWS = metal_rows.ROWS + metal_rows_groups.ROWS


def run(row):
    """The output of a row's kernel."""
    inputs = [mx.array(value) for value in row.inputs.values()]
    if row.cast:
        inputs[0] = inputs[0].astype(getattr(mx, row.cast))
    if not row.options.get("ensure_row_contiguous", True):
        inputs = [mx.array(np.ascontiguousarray(value.T)).T if value.ndim > 1 else x
                  for value, x in zip(row.inputs.values(), inputs, strict=True)]  # fmt: skip
    kernel = mx.fast.metal_kernel(name=row.name, input_names=list(row.inputs), output_names=["y"], source=row.source,
                                  header=row.header, **row.options)  # fmt: skip
    template = [(name, getattr(mx, value) if isinstance(value, str) else value) for name, value in row.template]
    shape = row.shape or next(iter(row.inputs.values())).shape
    return kernel(inputs=inputs, template=template, grid=row.grid, threadgroup=row.group, output_shapes=[shape],
                  output_dtypes=[getattr(mx, row.out)], init_value=row.initial)[0]  # fmt: skip


def check(row):
    result = run(row)
    expected = np.asarray(row.expected(**row.inputs))
    got = np.array(result.astype(mx.float32) if result.dtype == mx.bfloat16 else result)
    np.testing.assert_allclose(got.astype(np.float64), expected.astype(np.float64), rtol=row.tolerance,
                               atol=row.tolerance, err_msg=row.name)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_kernel_agrees_with_numpy(row):
    check(row)


def test_all_kernels_agree_on_a_device_in_gpu_shapes():
    """Once more where PoCL plays a GPU with memory of its own."""
    output_of(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_metal_kernel import ROWS, check
        import mlx.core as mx

        assert mx.default_device() == mx.gpu
        for row in ROWS:
            check(row)
        """,
        MLX_CL_DEVICE="pthread",
        timeout=600,
    )


def scaled(x, source="y[thread_position_in_grid.x] = x[thread_position_in_grid.x] * T(N);", header="", name="scaled", **options):  # fmt: skip
    kernel = mx.fast.metal_kernel(name=name, input_names=["x"], output_names=["y"], source=source, header=header)
    arguments = {"inputs": [x], "template": [("T", x.dtype), ("N", 3)], "grid": (x.size, 1, 1), "threadgroup": (4, 1, 1),
                 "output_shapes": [x.shape], "output_dtypes": [x.dtype]}  # fmt: skip
    return kernel(**{**arguments, **options})[0]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "int8", "uint8", "int64", "uint16"])
def test_one_kernel_for_all_dtypes(dtype):
    x = mx.arange(10).astype(getattr(mx, dtype))
    assert mx.array_equal(scaled(x), x * 3).item() and scaled(x).dtype == x.dtype


@pytest.mark.parametrize("stream", [None, mx.gpu], ids=["default", "gpu"])
def test_streams(stream):
    assert scaled(mx.array([1.0, 2.0]), stream=stream).tolist() == [3, 6]


def test_transformations():
    x = mx.array([1.0, 2.0, 3.0, 4.0])
    assert mx.compile(scaled)(x).tolist() == [3, 6, 9, 12]
    assert mx.compile(lambda x: scaled(x * 2) + 1)(x).tolist() == [7, 13, 19, 25]
    function = mx.custom_function(scaled)
    function.vjp(lambda primal, cotangent, output: cotangent * 3)
    assert mx.grad(lambda x: function(x).sum())(x).tolist() == [3] * 4


def test_export(tmp_path):
    path = str(tmp_path / "scaled.mlxfn")
    mx.export_function(path, scaled, mx.ones(4))
    assert mx.import_function(path)(mx.array([1.0, 2.0, 3.0, 4.0]))[0].tolist() == [3, 6, 9, 12]


def test_verbose_shows_both_texts(capfd):
    mx.eval(scaled(mx.array([1.0]), verbose=True))
    shown = capfd.readouterr().out
    assert "1: y[thread_position_in_grid.x] = x" in shown and "void metal_scaled(" in shown


def test_a_second_call_translates_nothing():
    """A thousand calls with one text and template cost less than a translation each would."""
    import time

    source = "\n".join(f"float v{k} = x[thread_position_in_grid.x] * {k}.0f;" for k in range(300)) + "y[0] = v299;"
    start = time.perf_counter()
    mx.eval(scaled(mx.array([1.0]), source=source))
    first = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(10):
        mx.eval(scaled(mx.array([1.0]), source=source))
    assert (time.perf_counter() - start) / 10 < first


@pytest.mark.parametrize(
    "source, header, message",
    [
        ("\ngoto end;", "", "line 2 of the source: goto; write a loop"),
        ("y[0] = undeclared;", "", "line 1 of the source: undeclared is not declared"),
        ("y[0] = missing(x[0]);", "", "the function missing is neither in the header"),
        ("y[0] = x[0]", "", '";" is expected before the end'),
        ("texture2d<float> t;", "", "a texture; pass an array"),
        ("double d = 1;", "", "double, which Metal does not have; use float"),
        ("y[0] = f(x);", "int f(int a) { return a; }", r"no f of the header takes \(device float\*\)"),
        ("y[0] = 1;", "\n\nunion U { int a; float b; };\nU u();", "line 3 of the header: a union; use as_type"),
        ("y[0] = f(1);", "int f(int a) { return a ? f(a - 1) : 0; }", "calls itself"),
        ("y[0] = 1;", '#include "other.h"', 'line 1 of the header: #include "other.h" is not translated'),
        ("struct S : T {};", "", "a struct with a base"),
        ("y[0] = x[0] > 0 ? simd_sum(x[0]) : 0;", "", r"inside \?:.*write an if statement"),
        ("int n = int(x[0]); float v[n];", "", "the size of an array has to be a constant"),
        ("float3 v = float3(1, 2);", "", "is made of 2 components"),
        ("y[0] = x[0] % 2.0f;", "", "use fmod"),
        ("atomic_fetch_add_explicit((device atomic_ulong*)x, 1ul, memory_order_relaxed);", "", "OpenCL 1.2 has atomics of int, uint and float"),
        ("float v = x;", "", r"a device float\* cannot become a float"),
        ("packed_float3 p;", "", "the type packed_float3 is unknown; read its components"),
    ],
)  # fmt: skip
def test_what_is_not_translated_says_where_and_what_instead(source, header, message):
    with pytest.raises(RuntimeError, match=message):
        mx.eval(scaled(mx.array([1.0]), source=source, header=header))


def test_a_build_that_fails_shows_both_texts():
    with pytest.raises(RuntimeError, match="(?s)the build failed.*metal_scaled.*Metal source:\n1: int a"):
        mx.eval(scaled(mx.array([1.0]), source="int a[2], b[2]; a = b; y[0] = a[0];"))


def test_a_group_that_is_too_large_is_refused():
    with pytest.raises(RuntimeError, match="The group of scaled has 1048576 items, the device takes"):
        mx.eval(scaled(mx.zeros(1 << 20), threadgroup=(1 << 20, 1, 1)))


def test_float64_is_refused():
    with pytest.raises(ValueError, match="Metal has no double"), mx.stream(mx.cpu):
        mx.eval(scaled(mx.array([1.0]), template=[("T", mx.float64), ("N", 1)]))


def test_metal_is_available_when_asked_for():
    output_of("import mlx.core as mx\nassert not mx.metal.is_available()", MLX_CL_METAL="0")
    output_of("import mlx.core as mx\nassert mx.metal.is_available()", MLX_CL_METAL="1")
