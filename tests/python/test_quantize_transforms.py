"""vmap, jvp and second derivatives of quantised and gathered products: per-sample adapters and ensembles, against loops."""

from itertools import product

import mlx.core as mx
import pytest
from support import draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core

N = 3  # examples


def drawn(*shape, seed=0):
    return to_mx(draw("float32", shape, -1, 1, seed=seed), "float32")


def loop(f, axes, inputs):
    def example(i):
        return f(*(x if axis is None else mx.take(x, i, axis) for x, axis in zip(inputs, axes)))

    return mx.stack([example(i) for i in range(N)])


def check(f, axes, inputs):
    """vmap of f over `axes` is a loop; each input comes with its batch axis in front."""
    moved = [x[0] if axis is None else mx.moveaxis(x, 0, axis) for x, axis in zip(inputs, axes)]
    same(mx.vmap(f, in_axes=axes)(*moved), to_numpy(loop(f, axes, moved)), 1e-4, 1e-4)


def choices(*axes):
    return [c for c in product(*axes) if any(axis is not None for axis in c)]


PACKED = mx.quantize(drawn(N, 4, 64, seed=1), 32)


@pytest.mark.parametrize("axes", choices((None, 0, 1), (None, 0, 1), (None, 0), (None, 0)))
def test_vmap_of_quantized_matmul_is_a_loop(axes):
    check(lambda x, w, s, b: mx.quantized_matmul(x, w, s, b, group_size=32), axes, [drawn(N, 2, 64), *PACKED])


@pytest.mark.parametrize("axes", [(0, None, None, None), (1, 0, 0, 0), (None, 0, 0, 0)])
@pytest.mark.parametrize("shape", [(4,), (2, 5, 4)])
def test_vmap_of_quantized_matmul_across(axes, shape):
    f = lambda x, w, s, b: mx.quantized_matmul(x, w, s, b, transpose=False, group_size=32)
    check(f, tuple(axis if axis is None else min(axis, len(shape)) for axis in axes), [drawn(N, *shape), *PACKED])


STACKS = mx.quantize(drawn(N, 5, 4, 64, seed=2), 32)
LEFT, RIGHT = mx.array([[0, 1], [1, 1], [0, 0]]), mx.array([[4, 0], [3, 3], [1, 2]])


@pytest.mark.parametrize("axes", choices((None, 0, 2), (None, 0), (None, 0), (None, 1)))
def test_vmap_of_gather_qmm_is_a_loop(axes):
    x, weights, left, right = axes
    f = lambda x, w, s, b, i, j: mx.gather_qmm(x, w, s, b, i, j, group_size=32)
    check(f, (x, weights, weights, weights, left, right), [drawn(N, 2, 3, 64), *STACKS, LEFT, RIGHT])


@pytest.mark.parametrize("axes", choices((None, 0, 2), (None, 1), (None, 0), (None, 1)))
def test_vmap_of_gather_mm_is_a_loop(axes):
    check(mx.gather_mm, axes, [drawn(N, 2, 3, 8), drawn(N, 5, 8, 4, seed=1), LEFT, RIGHT])


@pytest.mark.parametrize("axes", choices((None, 0), (None, 0)))
def test_vmap_of_quantize_and_dequantize_with_global_scales(axes):
    def round_trip(w, scale):
        packed = mx.quantize(w, mode="nvfp4", global_scale=scale)
        return mx.dequantize(*packed, mode="nvfp4", global_scale=scale, dtype=mx.float32)

    check(round_trip, axes, [drawn(N, 2, 32), mx.array([1.0, 2.0, 0.5])])


@pytest.mark.parametrize("axes", choices((None, 0), (None, 0)))
def test_vmap_of_qqmm_is_a_loop(axes):
    check(lambda x, w: mx.qqmm(x, w, mode="mxfp8"), axes, [drawn(N, 2, 32), drawn(N, 4, 32, seed=1)])


def test_gradients_for_each_example():
    w, s, b = PACKED
    x = drawn(N, 2, 64)
    f = mx.grad(lambda x, s, b, w: mx.quantized_matmul(x, w, s, b, group_size=32).square().sum(), argnums=(0, 1, 2))
    for got, *wants in zip(mx.vmap(f)(x, s, b, w), *(f(x[i], s[i], b[i], w[i]) for i in range(N))):
        same(got, to_numpy(mx.stack(wants)), 1e-3, 1e-3)


INPUTS = [drawn(2, 64), *(part[0] for part in PACKED[1:])]
TANGENTS = [drawn(2, 64, seed=5), drawn(4, 2, seed=6), drawn(4, 2, seed=7)]


def packed(x, s, b):
    return mx.quantized_matmul(x, PACKED[0][0], s, b, group_size=32)


def gathered(x, s, b):
    w = PACKED[0][0]
    return mx.gather_qmm(x[None], w[None], s[None], b[None], rhs_indices=mx.array([0, 0]), group_size=32)


def unpacked(x, s, b):
    return x @ mx.dequantize(PACKED[0][0], s, b, group_size=32).T


@pytest.mark.parametrize("f, times", [(packed, 1), (gathered, 2)])
def test_jvp_and_second_derivatives_are_those_of_the_values(f, times):
    for k in range(1, 4):  # of x alone, then of the scales, then of the biases, too
        partly = lambda *a, f=f: f(*a, *INPUTS[k:])
        plain = lambda *a: unpacked(*a, *INPUTS[k:])
        got, want = (mx.jvp(g, INPUTS[:k], TANGENTS[:k])[1][0] for g in (partly, plain))
        same(got.sum() if times > 1 else got, to_numpy(times * want.sum() if times > 1 else want), 1e-3, 1e-3)

    def twice(f):
        inner = mx.grad(lambda *a: (f(*a) ** 2).sum(), argnums=(0, 1, 2))
        return mx.grad(lambda *a: sum((g * t).sum() for g, t in zip(inner(*a), TANGENTS)), argnums=(0, 1, 2))(*INPUTS)

    for got, want in zip(twice(f), twice(unpacked)):
        same(got, to_numpy(times * want), 2e-3, 2e-2)
