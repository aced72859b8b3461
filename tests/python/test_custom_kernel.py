"""Kernels that scripts write: mx.fast.opencl_kernel, the arguments of metal_kernel, and what the others do here."""

import mlx.core as mx
import numpy as np
import pytest
from support import same

SQUARE = mx.fast.opencl_kernel(
    name="scaled_square",
    input_names=["x", "factor"],
    output_names=["y"],
    source="""
        const size_t i = get_global_id(0);
        if (i < x_shape[0]) y[i] = (T)(x[i] * x[i] * factor[0]) + N;
    """,
)


def squares(x, factor, **options):
    return SQUARE(inputs=[x, factor], output_shapes=[x.shape], output_dtypes=[x.dtype], grid=(x.size,),
                  template=[("T", x.dtype), ("N", 1)], **options)[0]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"threadgroup": (4,)}])
def test_a_kernel_computes(options):
    x = np.arange(10, dtype=np.float32)
    same(squares(mx.array(x), 0.5, **options), x * x / 2 + 1)
    same(squares(mx.array(x)[::-1], mx.array([2.0]), **options), x[::-1] ** 2 * 2 + 1)


def test_strides_of_views_and_initial_values():
    kernel = mx.fast.opencl_kernel("first_column", ["x"], ["y"], "y[get_global_id(0)] = x[get_global_id(0) * x_strides[0]];",
                                   ensure_row_contiguous=False)  # fmt: skip
    x = mx.array(np.arange(12, dtype=np.float32).reshape(3, 4)).T
    (y,) = kernel(inputs=[x], output_shapes=[(6,)], output_dtypes=[mx.float32], grid=(4, 1, 1), init_value=7)
    assert y.tolist() == [0, 1, 2, 3, 7, 7]


def test_several_outputs_and_dtypes():
    kernel = mx.fast.opencl_kernel(
        "both", ["x"], ["a", "b"], "const int i = get_global_id(0); a[i] = x[i] + 1; vstore_half((float)x[i], i, b);"
    )
    a, b = kernel(
        inputs=[mx.array([1, 2, 3])], output_shapes=[(3,), (3,)], output_dtypes=[mx.int32, mx.float16], grid=(3,)
    )
    assert a.tolist() == [2, 3, 4] and b.dtype == mx.float16 and b.tolist() == [1, 2, 3]


def test_a_kernel_that_does_not_build_says_why():
    kernel = mx.fast.opencl_kernel("broken", ["x"], ["y"], "this is no C;")
    with pytest.raises(RuntimeError, match="no C|build"):
        mx.eval(kernel(inputs=[mx.array([1.0])], output_shapes=[(1,)], output_dtypes=[mx.float32], grid=(1,)))


def test_counts_must_agree():
    with pytest.raises(ValueError):
        SQUARE(inputs=[], output_shapes=[(1,)], output_dtypes=[mx.float32], grid=(1,))
    with pytest.raises(ValueError):
        squares(mx.array([1.0]), 1.0, threadgroup=(0,))


def test_other_back_ends_are_missing():
    with pytest.raises(RuntimeError):
        mx.fast.cuda_kernel(name="k", input_names=["x"], output_names=["y"], source="")
    with pytest.raises(RuntimeError):
        mx.fast.precompiled_cuda_kernel(name="k", compiled_source=b"", inputs=[], output_shapes=[], output_dtypes=[],
                                        scalars=[], grid=(1, 1, 1), threadgroup=(1, 1, 1))  # fmt: skip


def metal(**options):
    return mx.fast.metal_kernel(
        **{"name": "sq", "input_names": ["a"], "output_names": ["o"], "source": "o[0] = a[0];", **options}
    )


def call_metal(a, stream=mx.gpu, inputs=1, **options):
    arguments = {
        "inputs": [a] * inputs,
        "grid": (a.size, 1, 1),
        "threadgroup": (1, 1, 1),
        "output_shapes": [a.shape],
        "output_dtypes": [a.dtype],
    }
    return metal()(**{**arguments, "stream": stream, **options})[0]


@pytest.mark.parametrize(
    "action, error, message",
    [
        (
            lambda: mx.export_function(lambda _: None, lambda a: call_metal(a, mx.cpu), mx.ones(3)),
            ValueError,
            "Only supports the GPU",
        ),
        (lambda: call_metal(mx.ones(3), inputs=2), ValueError, "`inputs` to have size 1 but got size 2"),
        (lambda: call_metal(mx.ones(3), output_shapes=[]), ValueError, "`output_shapes` to have size 1 but got size 0"),
        (lambda: call_metal(mx.ones(3), output_dtypes=[]), ValueError, "`output_dtypes` to have size 1 but got size 0"),
        (lambda: call_metal(mx.ones(3), template=[("T", "x")]), ValueError, "Invalid template argument"),
        (lambda: metal(output_names=[]), ValueError, "at least one output"),
        (lambda: metal(compile_options={"fast": 1}), ValueError, "Unknown compile option `fast`"),
        (lambda: metal(compile_options={"math_mode": "quick"}), ValueError, "math_mode"),
        (lambda: metal(compile_options=3), ValueError, "to be a dict"),
    ],
)
def test_metal_kernels_check_their_arguments(action, error, message):
    with pytest.raises(error, match=message):
        action()


def test_kernels_are_exported(tmp_path):
    names = []
    mx.export_function(lambda step: names.append(step.get("name")), call_metal, mx.ones(3), shapeless=True)
    assert "CustomKernel" in names
    mx.export_function(str(tmp_path / "metal.mlxfn"), call_metal, mx.ones(3))
    assert mx.import_function(str(tmp_path / "metal.mlxfn"))(mx.array([5.0, 1.0, 1.0]))[0][0].item() == 5
    mx.export_function(str(tmp_path / "opencl.mlxfn"), lambda x: squares(x, 0.5, init_value=1), mx.ones(3))
    same(mx.import_function(str(tmp_path / "opencl.mlxfn"))(mx.array([1.0, 2.0, 3.0]))[0], [1.5, 3, 5.5])
