"""Matrix products, einsum and convolutions over shapes, dtypes and layouts, against NumPy."""

import itertools
import time

import mlx.core as mx
import numpy as np
import pytest
from support import check_compiled, check_gradient, check_vmap, device_for, draw, lay_out, same, to_mx

pytestmark = pytest.mark.core
TOLERANCE = {"float16": (4e-3, 2e-2), "bfloat16": (2e-2, 1e-1), "float32": (1e-5, 1e-4), "float64": (1e-9, 1e-9),
             "complex64": (1e-5, 1e-4)}  # fmt: skip
SHAPES = [
    ((3, 4), (4, 5)), ((1, 1), (1, 1)), ((1, 7), (7, 1)), ((33, 65), (65, 17)), ((128, 64), (64, 96)), ((4,), (4,)),
    ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 6)), ((6, 3, 4), (4, 5)),
    ((4,), (2, 4, 5)), ((2, 3, 4), (4,)), ((0, 4), (4, 5)), ((3, 0), (0, 5)), ((2, 0, 3), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize("a, b", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_matmul_shapes(a, b, dtype):
    x, y = draw(dtype, a, -2, 2), draw(dtype, b, -2, 2, seed=1)
    got = to_mx(x, dtype) @ to_mx(y, dtype)
    same(got, x.astype(np.float64) @ y.astype(np.float64), *TOLERANCE[dtype], dtype=dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "left, right", list(itertools.product(["contiguous", "transposed", "sliced", "broadcast"], repeat=2))
)
def test_matmul_layouts(dtype, left, right):
    with device_for(dtype):
        x, a = lay_out(draw(dtype, (20, 24), -2, 2), dtype, left)
        y, b = lay_out(draw(dtype, (24, 12), -2, 2, seed=1), dtype, right)
        same(x @ y, a.astype(np.complex128) @ b if dtype == "complex64" else a.astype(np.float64) @ b.astype(np.float64),
             *TOLERANCE[dtype], dtype=dtype)  # fmt: skip


def test_matmul_of_transposed_batches():
    x, y = draw("float32", (2, 5, 3, 4)), draw("float32", (2, 5, 3, 6), seed=1)
    got = mx.array(x).transpose(0, 1, 3, 2) @ mx.array(y)
    same(got, x.transpose(0, 1, 3, 2) @ y, 1e-5, 1e-4)
    heads = draw("float32", (2, 7, 3, 4))
    q = mx.array(heads).transpose(0, 2, 1, 3)
    same(q @ q.swapaxes(-1, -2), np.einsum("bnhd,bmhd->bhnm", heads, heads), 1e-5, 1e-4)


def test_matmul_promotes():
    assert (mx.ones((2, 2), dtype=mx.float16) @ mx.ones((2, 2))).dtype == mx.float32
    assert (mx.ones((2, 2), dtype=mx.int32) @ mx.ones((2, 2), dtype=mx.float16)).dtype == mx.float16


def test_addmm():
    c, a, b = draw("float32", (5,)), draw("float32", (3, 4), seed=1), draw("float32", (4, 5), seed=2)
    same(mx.addmm(mx.array(c), mx.array(a), mx.array(b)), c + a @ b, 1e-5, 1e-5)
    same(mx.addmm(mx.array(c), mx.array(a), mx.array(b), alpha=0.5, beta=2.0), 2 * c + 0.5 * (a @ b), 1e-5, 1e-5)
    batch = draw("float32", (2, 3, 4), seed=4)
    same(mx.addmm(mx.array(c), mx.array(batch), mx.array(b)), c + batch @ b, 1e-5, 1e-5)


@pytest.mark.parametrize("stored", ["by rows", "by columns"])
@pytest.mark.parametrize("n, k", [(300, 1000), (1024, 257)])
@pytest.mark.parametrize("m", [1, 3, 8])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_few_rows_by_a_large_matrix(dtype, m, n, k, stored):
    a, b, c = (to_mx(draw(dtype, shape, seed=seed), dtype) for seed, shape in enumerate([(m, k), (k, n), (m, n)]))
    b = mx.contiguous(b.T).T if stored == "by columns" else b
    x, y, z = (np.array(v.astype(mx.float32), np.float64) for v in (a, b, c))
    for got, want in [(a @ b, x @ y), (mx.addmm(c, a, b, alpha=2.0, beta=0.5), 2 * x @ y + 0.5 * z)]:
        same(got.astype(mx.float32), want, *(TOLERANCE[dtype][0], TOLERANCE[dtype][0] * np.abs(want).max()))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("shape", [(300, 310), (7, 9), (2000, 40)])
@pytest.mark.parametrize("stored", ["by rows", "by columns"])
def test_a_matrix_by_a_column(dtype, shape, stored):
    shapes = [shape, shape[1:], shape[:1]]
    a, x, c = (to_mx(draw(dtype, shape, seed=seed), dtype) for seed, shape in enumerate(shapes))
    a = mx.contiguous(a.T).T if stored == "by columns" else a
    y, z, b = (np.array(v.astype(mx.float32), np.float64) for v in (a, x, c))
    for got, want in [(a @ x, y @ z), (a @ x[:, None], (y @ z)[:, None]), (mx.addmm(c, a, x), y @ z + b)]:
        same(got.astype(mx.float32), want, *(TOLERANCE[dtype][0], TOLERANCE[dtype][0] * np.abs(want).max()))


def test_matmul_gradients():
    check_gradient(lambda a, b: a @ b, draw("float64", (2, 3)), draw("float64", (3, 2)), expected=np.matmul)
    check_gradient(lambda a, b: a @ b, draw("float64", (2, 2, 3)), draw("float64", (3, 2)), expected=np.matmul)
    check_gradient(lambda c, a, b: mx.addmm(c, a, b, alpha=0.5, beta=2.0), draw("float64", (2,)),
                   draw("float64", (3, 2)), draw("float64", (2, 2)))  # fmt: skip


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0), (1, 2)])
def test_matmul_vmap(axes):
    shapes = {0: ((4, 3, 5), (4, 5, 2)), 1: ((3, 4, 5), None), 2: (None, (5, 2, 4)), None: ((3, 5), (5, 2))}
    x, y = (draw("float32", shapes[a][k] if a is not None else shapes[None][k], seed=k) for k, a in enumerate(axes))
    check_vmap(mx.matmul, mx.array(x), mx.array(y), in_axes=axes, rtol=1e-4, atol=1e-4)


def test_matmul_compiled_with_neighbours():
    a, b = mx.array(draw("float32", (8, 8))), mx.array(draw("float32", (8, 8), seed=1))
    check_compiled(lambda a, b: mx.maximum((a * 2) @ (b + 1), 0) - 1, a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("subscripts, shapes", [
    ("ij,jk->ik", [(3, 4), (4, 5)]), ("ij->ji", [(3, 4)]), ("ij->", [(3, 4)]), ("ii->i", [(4, 4)]), ("ii", [(4, 4)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("i,j->ij", [(3,), (4,)]), ("bhnd,bhmd->bhnm", [(2, 3, 4, 5)] * 2),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]), ("...ij,jk->...ik", [(2, 3, 4), (4, 5)]), ("ij,ij->i", [(3, 4)] * 2),
])  # fmt: skip
def test_einsum(subscripts, shapes):
    values = [draw("float32", s, seed=k) for k, s in enumerate(shapes)]
    same(mx.einsum(subscripts, *map(mx.array, values)), np.einsum(subscripts, *values), 1e-4, 1e-4)


def test_einsum_path_contracts_the_small_side_first():
    shapes = [(2, 3), (3, 100), (100, 4)]
    path, text = mx.einsum_path("ij,jk,kl->il", *(mx.zeros(s) for s in shapes))
    assert [sorted(p) for p in path] == [[1, 2], [0, 1]] and isinstance(text, str)


@pytest.mark.parametrize("axes", [0, 1, 2, ([1, 0], [0, 1])])
def test_tensordot(axes):
    a, b = draw("float32", (4, 4)), draw("float32", (4, 4), seed=1)
    same(mx.tensordot(mx.array(a), mx.array(b), axes), np.tensordot(a, b, axes), 1e-5, 1e-4)


def test_inner_outer_vecdot():
    a, b = draw("float32", (3, 4)), draw("float32", (5, 4), seed=1)
    same(mx.inner(mx.array(a), mx.array(b)), np.inner(a, b), 1e-5, 1e-5)
    same(mx.outer(mx.array(a), mx.array(b)), np.outer(a, b), 1e-5, 1e-5)
    same(mx.vecdot(mx.array(a), mx.array(a)), np.sum(a * a, -1), 1e-5, 1e-5)
    assert mx.outer(mx.array([1, 2]), mx.array([3])).dtype == mx.int32


def numpy_conv(x, w, stride, padding, dilation, groups):
    """Channels-last cross-correlation in any number of dimensions, by a loop over the kernel's points."""
    n = x.ndim - 2
    x = np.pad(x, [(0, 0), *((p, p) for p in padding), (0, 0)])
    kernel = w.shape[1:-1]
    out = [(x.shape[i + 1] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(n)]
    result = np.zeros((x.shape[0], *out, w.shape[0]), np.result_type(x, w, np.float64))
    channels, outputs = w.shape[-1], w.shape[0] // groups
    for point in np.ndindex(*kernel):
        part = x[(slice(None), *(slice(p * d, p * d + s * (o - 1) + 1, s)
                                 for p, d, s, o in zip(point, dilation, stride, out)))]  # fmt: skip
        for g in range(groups):
            outs = slice(g * outputs, (g + 1) * outputs)
            result[..., outs] += part[..., g * channels : (g + 1) * channels] @ w[(outs, *point)].T
    return result


CONVOLUTIONS = [
    ((2, 9, 3), (4, 3, 3), 1, 0, 1, 1), ((2, 9, 3), (4, 3, 3), 2, 1, 1, 1), ((2, 12, 4), (6, 3, 2), 1, 2, 2, 2),
    ((1, 9, 4), (4, 4, 1), 1, 3, 1, 4), ((2, 7, 8, 3), (5, 3, 3, 3), 1, 1, 1, 1), ((2, 7, 8, 3), (5, 1, 1, 3), 1, 0, 1, 1),
    ((2, 7, 8, 3), (5, 3, 2, 3), (2, 1), (0, 1), (1, 2), 1), ((1, 9, 9, 4), (4, 3, 3, 1), 2, 1, 1, 4),
    ((1, 9, 9, 4), (6, 3, 3, 2), 1, 1, 1, 2), ((3, 16, 16, 16), (16, 3, 3, 16), 1, 1, 1, 1),
    ((2, 90, 16), (16, 9, 16), 1, 4, 1, 1), ((1, 30, 31, 16), (32, 3, 3, 16), 1, 2, 2, 1),
    ((1, 5, 6, 4, 2), (3, 2, 3, 2, 2), (1, 2, 1), 1, 1, 1),
]  # fmt: skip


def as_tuple(value, n):
    return (value,) * n if isinstance(value, int) else value


@pytest.mark.parametrize("shape, kernel, stride, padding, dilation, groups", CONVOLUTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_convolution(shape, kernel, stride, padding, dilation, groups, dtype):
    n = len(shape) - 2
    if n == 3 and dtype != "float32":
        return
    x, w = draw(dtype, shape, -1, 1), draw(dtype, kernel, -1, 1, seed=1)
    conv = {1: mx.conv1d, 2: mx.conv2d, 3: mx.conv3d}[n]
    got = conv(to_mx(x, dtype), to_mx(w, dtype), stride, padding, dilation, groups)
    want = numpy_conv(x.astype(np.float64), w.astype(np.float64), *(as_tuple(v, n) for v in (stride, padding, dilation)),
                      groups)  # fmt: skip
    same(got, want, *TOLERANCE[dtype], dtype=dtype)
    general = mx.conv_general(to_mx(x, dtype), to_mx(w, dtype), stride, padding, dilation, groups=groups)
    same(general, want, *TOLERANCE[dtype])


@pytest.mark.parametrize("shape, kernel, stride, padding, dilation, groups", CONVOLUTIONS[:9] + CONVOLUTIONS[10:12])
def test_convolution_gradients(shape, kernel, stride, padding, dilation, groups):
    n = len(shape) - 2
    conv = {1: mx.conv1d, 2: mx.conv2d}[n]
    x, w = draw("float32", shape, -1, 1), draw("float32", kernel, -1, 1, seed=1)
    arguments = [as_tuple(v, n) for v in (stride, padding, dilation)]
    weights = draw("float32", numpy_conv(x, w, *arguments, groups).shape, 0.5, 1.5, seed=2)
    loss = lambda x, w: (conv(x, w, stride, padding, dilation, groups) * mx.array(weights)).sum()
    dx, dw = mx.grad(loss, argnums=(0, 1))(mx.array(x), mx.array(w))
    # Linear in both operands: a move along any direction changes the loss by exactly the inner product.
    for got, along in ((dx, 0), (dw, 1)):
        move = draw("float64", got.shape, -1, 1, seed=3)
        ends = [x.astype(np.float64), w.astype(np.float64)]
        ends[along] = move
        want = np.sum(numpy_conv(*ends, *arguments, groups) * weights)
        np.testing.assert_allclose(np.sum(np.array(got, np.float64) * move), want, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("stride, padding, dilation, output_padding", [(1, 0, 1, 0), (2, 1, 1, 1), (2, 0, 2, 0)])
def test_transposed_convolution_is_the_gradient_of_a_convolution(stride, padding, dilation, output_padding):
    x, w = draw("float32", (2, 5, 6, 3)), draw("float32", (4, 3, 3, 3), seed=1)
    got = mx.conv_transpose2d(mx.array(x), mx.array(w), stride, padding, dilation, output_padding)
    image = mx.zeros(got.shape)
    _, vjps = mx.vjp(lambda z: mx.conv2d(z, mx.array(w.transpose(3, 1, 2, 0).copy()), stride, padding, dilation),
                     [image], [mx.array(x)])  # fmt: skip
    same(got, vjps[0], 1e-4, 1e-4)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_transposed_convolution_spreads_each_input_by_the_kernel(n):
    x, w = draw("float32", (2, *range(4, 4 + n), 3)), draw("float32", (5, *[2] * n, 3), seed=1)
    conv = {1: mx.conv_transpose1d, 2: mx.conv_transpose2d, 3: mx.conv_transpose3d}[n]
    got = conv(mx.array(x), mx.array(w), stride=2)
    want = np.zeros((2, *(2 * size for size in range(4, 4 + n)), 5))
    for point in np.ndindex(*[2] * n):
        want[(slice(None), *(slice(p, None, 2) for p in point))] = x @ w[(slice(None), *point)].T
    same(got, want, 1e-5, 1e-4)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", [(10, 3), (9, 4)])
def test_convolve(mode, lengths):
    a, v = draw("float32", (lengths[0],)), draw("float32", (lengths[1],), seed=1)
    same(mx.convolve(mx.array(a), mx.array(v), mode=mode), np.convolve(a, v, mode), 1e-4, 1e-4)


def test_convolution_vmap():
    x, w = mx.array(draw("float32", (3, 2, 6, 4))), mx.array(draw("float32", (5, 3, 4), seed=1))
    check_vmap(lambda x: mx.conv1d(x, w, padding=1), x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("call", [
    lambda: mx.ones((2, 3)) @ mx.ones((2, 3)), lambda: mx.array(1.0) @ mx.ones((2,)), lambda: mx.array([1, 2]) @ mx.array([1, 2]),
    lambda: mx.conv2d(mx.ones((1, 4, 4, 3)), mx.ones((2, 3, 3, 4))), lambda: mx.conv1d(mx.ones((4, 3)), mx.ones((2, 3, 3))),
    lambda: mx.einsum("ij,jk", mx.ones((2, 3)), mx.ones((4, 2))), lambda: mx.ones((2, 2, 3)) @ mx.ones((3, 3, 2)),
])  # fmt: skip
def test_refused_operands(call):
    with pytest.raises(ValueError):
        mx.eval(call())


def test_addmm_with_a_transposed_addend():
    rng = np.random.default_rng(0)
    c, a, b = (rng.normal(size=s).astype(np.float32) for s in ((8, 3), (3, 3), (3, 8)))
    got = mx.addmm(2.0 * mx.array(c).T, mx.array(a), mx.array(b))
    np.testing.assert_allclose(np.array(got), 2 * c.T + a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(mx.default_device() != mx.cpu, reason="GPUs take no longer for them")
@pytest.mark.parametrize("work", ["product", "convolution"])
def test_denormal_numbers_take_no_longer(work):
    rng = np.random.default_rng(0)
    ordinary, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((16, 16, 16, 64), (64, 3, 3, 64)))

    def seconds(x):
        x, w = mx.array(x), mx.array(weight)
        run = (lambda: mx.conv2d(x, w)) if work == "convolution" else (lambda: x.reshape(-1, 64) @ w.reshape(64, -1))
        mx.eval(run())
        times = []
        for _ in range(15):
            start = time.perf_counter()
            mx.eval(run())
            times.append(time.perf_counter() - start)
        return min(times)

    assert seconds(ordinary * 1e-39) < 8 * seconds(ordinary)  # 40 to 150 where the processor keeps them
