"""Products of chosen matrices, masked blocks and segments, and Hadamard transforms, against NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_gradient, draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core


def close(got, want, dtype="float32"):
    tolerance = {"float64": 1e-10, "float32": 2e-5}.get(dtype, 2e-2)
    same(got, want, tolerance, tolerance * np.abs(want).max())


@pytest.mark.parametrize("m, k, n", [(1, 5, 3), (2, 16, 64), (5, 33, 70)])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_gather_mm(dtype, m, k, n):
    with mx.stream(mx.cpu):
        a, b = to_mx(draw(dtype, (3, m, k), -1, 1), dtype), to_mx(draw(dtype, (4, n, k), -1, 1, seed=1), dtype)
        x, y = (to_numpy(v if dtype == "float64" else v.astype(mx.float32)) for v in (a, b))
        left, right = np.array([[0], [2]]), np.array([3, 1, 1])
        want = x[left] @ y[np.broadcast_to(right, (2, 3))].swapaxes(-1, -2)
        close(mx.gather_mm(a, b.swapaxes(-1, -2), mx.array(left), mx.array(right)), want, dtype)
        plain = mx.array(b.swapaxes(-1, -2) + 0)
        close(mx.gather_mm(a, plain, mx.array(left), mx.array(right)), want, dtype)


def test_gather_mm_gradients_add_up_duplicates():
    left, right = mx.array([0, 1, 1]), mx.array([2, 2, 0])
    a, b = draw("float32", (2, 2, 5)), draw("float32", (3, 5, 4), seed=1)
    got = mx.grad(lambda a, b: mx.gather_mm(a, b, left, right).square().sum(), argnums=(0, 1))(mx.array(a), mx.array(b))
    want = mx.grad(lambda a, b: (a[left] @ b[right]).square().sum(), argnums=(0, 1))(mx.array(a), mx.array(b))
    for g, w in zip(got, want):
        close(g, to_numpy(w))


@pytest.mark.parametrize("masks", [(), ("out",), ("lhs",), ("rhs",), ("out", "lhs", "rhs")])
@pytest.mark.parametrize("boolean", [True, False])
def test_block_masked_mm(masks, boolean):
    a, b = draw("float32", (50, 96), -1, 1), draw("float32", (96, 64), -1, 1, seed=1)
    shapes = {"out": (2, 2), "lhs": (2, 3), "rhs": (3, 2)}
    given = {m: draw("bool_" if boolean else "float32", shapes[m], seed=3) for m in masks}

    def masked(x, name):
        if name not in given:
            return x
        return x * given[name].repeat(32, 0).repeat(32, 1)[: x.shape[0], : x.shape[1]]

    want = masked(masked(a, "lhs") @ masked(b, "rhs"), "out")
    close(
        mx.block_masked_mm(mx.array(a), mx.array(b), 32, **{f"mask_{m}": mx.array(v) for m, v in given.items()}), want
    )


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_segmented_mm(dtype):
    a, b = to_mx(draw(dtype, (5, 40), -1, 1), dtype), to_mx(draw(dtype, (40, 70), -1, 1, seed=1), dtype)
    segments = np.array([[[0, 8], [8, 40]], [[3, 3], [9, 4]]])
    want = np.stack([np.stack([to_numpy(a)[:, i:j] @ to_numpy(b)[i:j] for i, j in row]) for row in segments])
    close(mx.segmented_mm(a, b, mx.array(segments)), want, dtype)


@pytest.mark.parametrize("n", [1, 2, 12, 20, 28, 64, 80, 96, 1024, 7168])
def test_hadamard_transform_is_orthogonal(n):
    x = draw("float32", (3, n))
    y = to_numpy(mx.hadamard_transform(mx.array(x)))
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-5)
    unit = to_numpy(mx.hadamard_transform(mx.eye(n), scale=1.0)) if n < 100 else None
    if unit is not None:
        assert np.all(np.abs(unit) == 1)
        close(mx.hadamard_transform(mx.array(x), scale=0.5), 0.5 * x @ unit)


def test_hadamard_transform_of_a_power_of_two_is_sylvesters():
    assert to_numpy(mx.hadamard_transform(mx.eye(4), scale=1.0)).tolist() == [
        [1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]  # fmt: skip


@pytest.mark.parametrize("n", [2, 12, 20, 28, 64])  # the matrices of 20 and 28 are not symmetric
def test_hadamard_transform_gradient(n):
    check_gradient(
        lambda x: mx.hadamard_transform(x.astype(mx.float32)), draw("float32", (2, n)), rtol=1e-2, atol=1e-2, step=1e-2
    )


@pytest.mark.parametrize("n", [1, 8, 20, 96, 2048])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int32"])
def test_hadamard_transform_of_any_dtype_and_layout(dtype, n):
    x = to_mx(draw(dtype, (3, n)), dtype)
    want = to_numpy(mx.hadamard_transform(x.astype(mx.float32)))
    result = mx.hadamard_transform(x)
    own = "float32" if dtype == "int32" and n > 1 else dtype  # a row of one is itself
    assert result.dtype == getattr(mx, own)
    close(result, want, own)
    rows = mx.contiguous(x.T).T
    close(mx.vmap(mx.hadamard_transform)(rows), want, own)
    close(mx.hadamard_transform(rows), want, own)


A, B = mx.ones((4, 2, 3)), mx.ones((5, 3, 4))


@pytest.mark.parametrize("call", [
    lambda: mx.gather_mm(A, B),
    lambda: mx.gather_mm(A, B, mx.array([0.0])),
    lambda: mx.gather_mm(A, mx.ones((5, 4, 4)), rhs_indices=mx.array([0, 1, 2, 3])),
    lambda: mx.gather_mm(A.astype(mx.int32), B.astype(mx.int32), rhs_indices=mx.array([0, 1, 2, 3])),
    lambda: mx.block_masked_mm(A[0], B[0], 32, mask_out=mx.ones((3, 2))),
    lambda: mx.segmented_mm(A, B[0], mx.array([[0, 1]])),
    lambda: mx.segmented_mm(A[0], B[0], mx.array([[0.0, 1.0]])),
    lambda: mx.segmented_mm(A[0], B[0], mx.array([0, 1, 2])),
    lambda: mx.hadamard_transform(mx.ones((2, 6))),
    lambda: mx.hadamard_transform(mx.zeros((0, 4))),
])  # fmt: skip
def test_wrong_arguments_are_value_errors(call):
    with pytest.raises(ValueError):
        mx.eval(call())
