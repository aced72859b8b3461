"""Groups in three dimensions and complex convolutions: values, gradients, transposed, vmap, refused arguments."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_vmap, draw, same
from test_matmul_conv import as_tuple, numpy_conv

pytestmark = pytest.mark.core
FORWARD = {1: mx.conv1d, 2: mx.conv2d, 3: mx.conv3d}
TRANSPOSED = {1: mx.conv_transpose1d, 2: mx.conv_transpose2d, 3: mx.conv_transpose3d}
# input, weight, stride, padding, dilation, groups
IN_GROUPS = [
    ((2, 4, 5, 3, 4), (6, 2, 3, 2, 2), 1, 0, 1, 2), ((1, 5, 4, 6, 4), (4, 3, 2, 3, 1), (1, 2, 1), 1, 1, 4),
    ((2, 5, 5, 5, 6), (3, 2, 2, 2, 2), 2, (1, 0, 1), 1, 3), ((1, 6, 5, 5, 4), (8, 2, 2, 2, 2), 1, 1, 2, 2),
]  # fmt: skip
COMPLEX = [
    ((2, 9, 3), (4, 3, 3), 1, 1, 1, 1), ((1, 9, 4), (4, 2, 2), 2, 0, 2, 2), ((2, 5, 6, 2), (3, 2, 3, 2), (1, 2), 1, 1, 1),
    ((1, 5, 5, 4), (4, 2, 2, 1), 1, 0, 1, 4), ((1, 4, 3, 4, 2), (3, 2, 2, 2, 2), 1, 0, 1, 1), ((1, 3, 4, 3, 4), (4, 2, 2, 2, 2), 1, 1, 1, 2),
]  # fmt: skip


def spread_by_hand(x, w, stride, groups):
    """A transposed convolution: each input element adds its kernel."""
    n, outputs = x.ndim - 2, w.shape[0] // groups
    size = [(x.shape[1 + i] - 1) * stride + w.shape[1 + i] for i in range(n)]
    result = np.zeros((x.shape[0], *size, w.shape[0]), np.result_type(x, w, np.float64))
    channels = w.shape[-1]
    for point in np.ndindex(*w.shape[1:-1]):
        place = tuple(slice(p, p + stride * (x.shape[1 + i] - 1) + 1, stride) for i, p in enumerate(point))
        for g in range(groups):
            outs = slice(g * outputs, (g + 1) * outputs)
            result[(slice(None), *place, outs)] += x[..., g * channels : (g + 1) * channels] @ w[(outs, *point)].T
    return result


def check_slopes(convolve, by_hand, x, w):
    """Bilinear in both operands: along any move of one, the result changes by the convolution of the move."""
    weights = draw(
        "complex64" if "complex" in (x.dtype.name + w.dtype.name) else "float32", by_hand(x, w).shape, seed=2
    )
    slopes = mx.vjp(convolve, [mx.array(x), mx.array(w)], [mx.array(weights)])[1]
    for k, slope in enumerate(slopes):
        move = draw("complex64" if np.iscomplexobj((x, w)[k]) else "float32", (x, w)[k].shape, -1, 1, seed=3 + k)
        moved = by_hand(move, w) if k == 0 else by_hand(x, move)
        want = np.sum(weights.conj() * moved).real
        np.testing.assert_allclose(np.sum(np.array(slope).conj() * move).real, want, rtol=1e-3, atol=2e-2)
        ends = [mx.zeros(x.shape), mx.zeros(w.shape)]
        ends = [mx.array(move) if i == k else e.astype(mx.array((x, w)[i]).dtype) for i, e in enumerate(ends)]
        same(mx.jvp(convolve, [mx.array(x), mx.array(w)], ends)[1][0], moved, 1e-4, 1e-3)


@pytest.mark.parametrize("shape, kernel, stride, padding, dilation, groups", IN_GROUPS)
def test_groups_in_three_dimensions(shape, kernel, stride, padding, dilation, groups):
    x, w = draw("float32", shape, -1, 1), draw("float32", kernel, -1, 1, seed=1)
    convolve = lambda x, w: mx.conv3d(x, w, stride, padding, dilation, groups)
    by_hand = lambda x, w: numpy_conv(x, w, *(as_tuple(v, 3) for v in (stride, padding, dilation)), groups)
    same(convolve(mx.array(x), mx.array(w)), by_hand(x, w), 1e-5, 1e-4)
    same(mx.conv_general(mx.array(x), mx.array(w), stride, padding, dilation, groups=groups), by_hand(x, w), 1e-5, 1e-4)
    check_slopes(convolve, by_hand, x, w)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(
    "shape, kernel, groups", [((2, 3, 2, 4, 4), (6, 2, 3, 2, 2), 2), ((1, 2, 3, 2, 3), (3, 2, 2, 2, 1), 3)]
)
def test_transposed_groups_in_three_dimensions(shape, kernel, groups, stride):
    x, w = draw("float32", shape, -1, 1), draw("float32", kernel, -1, 1, seed=1)
    convolve = lambda x, w: mx.conv_transpose3d(x, w, stride, groups=groups)
    by_hand = lambda x, w: spread_by_hand(x, w, stride, groups)
    same(convolve(mx.array(x), mx.array(w)), by_hand(x, w), 1e-5, 1e-4)
    check_slopes(convolve, by_hand, x, w)


@pytest.mark.parametrize("convolve", [mx.conv3d, mx.conv_transpose3d])
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0), (1, 4), (-1, 0)])
def test_vmap_of_groups_in_three_dimensions(convolve, axes):
    sizes = [[1, 3, 3, 3, 4], [2, 2, 2, 2, 2]]
    for size, axis in zip(sizes, axes):
        if axis is not None:
            size.insert(axis if axis >= 0 else len(size), 2)
    x, w = (mx.array(draw("float32", size, seed=k)) for k, size in enumerate(sizes))
    check_vmap(lambda x, w: convolve(x, w, groups=2), x, w, in_axes=axes, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kinds", [("complex64", "complex64"), ("complex64", "float32"), ("float32", "complex64")])
@pytest.mark.parametrize("shape, kernel, stride, padding, dilation, groups", COMPLEX)
def test_complex_convolution(shape, kernel, stride, padding, dilation, groups, kinds):
    n = len(shape) - 2
    x, w = (draw(kind, s, -1, 1, seed=k) for k, (kind, s) in enumerate(zip(kinds, (shape, kernel))))
    convolve = lambda x, w: FORWARD[n](x, w, stride, padding, dilation, groups)
    by_hand = lambda x, w: numpy_conv(x, w, *(as_tuple(v, n) for v in (stride, padding, dilation)), groups)
    same(convolve(mx.array(x), mx.array(w)), by_hand(x, w), 1e-5, 1e-4, dtype="complex64")
    check_slopes(convolve, by_hand, x, w)


@pytest.mark.parametrize("kinds", [("complex64", "complex64"), ("complex64", "float32")])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_complex_transposed_convolution(n, kinds):
    x, w = draw(kinds[0], (2, *range(2, 2 + n), 4), -1, 1), draw(kinds[1], (6, *[2] * n, 2), -1, 1, seed=1)
    convolve, by_hand = lambda x, w: TRANSPOSED[n](x, w, 2, groups=2), lambda x, w: spread_by_hand(x, w, 2, 2)
    same(convolve(mx.array(x), mx.array(w)), by_hand(x, w), 1e-5, 1e-4, dtype="complex64")
    check_slopes(convolve, by_hand, x, w)


def test_complex_convolution_with_flipped_weights_and_dilated_input():
    x, w = draw("complex64", (1, 6, 2), -1, 1), draw("complex64", (3, 3, 2), -1, 1, seed=1)
    wide = np.zeros((1, 11, 2), np.complex64)
    wide[:, ::2] = x
    got = mx.conv_general(mx.array(x), mx.array(w), input_dilation=2, flip=True)
    same(got, numpy_conv(wide, w[:, ::-1], (1,), (0,), (1,), 1), 1e-5, 1e-4)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("kinds", [("complex64", "complex64"), ("complex64", "float32"), ("float32", "complex64")])
def test_complex_convolve(kinds, mode):
    a, v = draw(kinds[0], (10,)), draw(kinds[1], (3,), seed=1)
    same(mx.convolve(mx.array(a), mx.array(v), mode=mode), np.convolve(a, v, mode), 1e-5, 1e-3, dtype="complex64")


def test_vmap_of_complex_convolutions():
    x, w = mx.array(draw("complex64", (3, 2, 6, 4))), mx.array(draw("complex64", (3, 5, 3, 4), seed=1))
    check_vmap(mx.conv1d, x, w, rtol=1e-4, atol=1e-3)
    check_vmap(mx.conv1d, x, w[0], in_axes=(0, None), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_groups_divide_the_channels(n):
    x = mx.ones((1, *[3] * n, 4))
    for outputs, channels, groups in ((3, 2, 2), (4, 2, 3), (4, 4, 2), (4, 4, 0), (4, 4, -1)):
        for convolve in (FORWARD[n], TRANSPOSED[n]):
            with pytest.raises(ValueError):
                convolve(x, mx.ones((outputs, *[2] * n, channels)), groups=groups)
    with pytest.raises(ValueError):
        FORWARD[n](x.astype(mx.int32), mx.ones((4, *[2] * n, 4)))
