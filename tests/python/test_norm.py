"""mx.fast.layer_norm and mx.fast.rms_norm against NumPy, with gradients and batching."""

import mlx.core as mx
import numpy as np
import pytest

EPS = 1e-5


def layer_norm(x, weight, bias):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(x, weight):
    y = x / np.sqrt((x**2).mean(-1, keepdims=True) + EPS)
    return y if weight is None else y * weight


def sample(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def array(values):
    return None if values is None else mx.array(values)


@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 3, 64), (4, 1000)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_layer_norm(shape, weighted, biased):
    x = sample(*shape)
    weight, bias = (sample(shape[-1], seed=s) if on else None for s, on in ((1, weighted), (2, biased)))
    got = mx.fast.layer_norm(mx.array(x), array(weight), array(bias), EPS)
    np.testing.assert_allclose(np.array(got), layer_norm(x, weight, bias), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 3, 64), (4, 1000)])
@pytest.mark.parametrize("weighted", [False, True])
def test_rms_norm(shape, weighted):
    x, weight = sample(*shape), sample(shape[-1], seed=1) if weighted else None
    got = mx.fast.rms_norm(mx.array(x), array(weight), EPS)
    np.testing.assert_allclose(np.array(got), rms_norm(x, weight), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("op", ["layer_norm", "rms_norm"])
def test_fused_gradients_are_those_of_the_formula(op):
    x, weight, seed = (mx.array(sample(*s, seed=i)) for i, s in enumerate([(6, 33), (33,), (6, 33)]))

    def fused(x, w):
        y = mx.fast.layer_norm(x, w, None, EPS) if op == "layer_norm" else mx.fast.rms_norm(x, w, EPS)
        return (y * seed).sum()

    def formula(x, w):
        centred = x - x.mean(-1, keepdims=True) if op == "layer_norm" else x
        return (centred * mx.rsqrt(centred.square().mean(-1, keepdims=True) + EPS) * w * seed).sum()

    for got, want in zip(mx.grad(fused, (0, 1))(x, weight), mx.grad(formula, (0, 1))(x, weight)):
        np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-3, atol=1e-4)


def test_vmap_is_a_loop():
    x, weight = mx.array(sample(4, 3, 8)), mx.array(sample(8, seed=1))
    looped = mx.stack([mx.fast.layer_norm(row, weight, None, EPS) for row in x])
    batched = mx.vmap(lambda row: mx.fast.layer_norm(row, weight, None, EPS))(x)
    np.testing.assert_allclose(np.array(batched), np.array(looped), rtol=1e-5, atol=1e-6)
