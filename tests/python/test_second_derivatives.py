"""Second derivatives along a direction, as gradient of a gradient and as jvp of a gradient, against differences."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from support import same

X = mx.array([[0.3, -1.2, 0.8, 1.9], [-0.4, 0.55, 2.1, -0.9], [0.15, 0.7, -1.6, 1.1]])
ALONG = mx.array([[0.4, -0.3, 0.8, 0.1], [-0.7, 0.9, 0.2, -0.5], [0.6, -0.2, 0.3, 0.5]])
W = mx.array(np.linspace(0.2, 1, 16, dtype=np.float32)).reshape(4, 4)
Q = mx.array(np.linspace(1, 0.3, 24, dtype=np.float32)).reshape(1, 2, 3, 4)

ZEROS = mx.array([1.0, 0.0, 1.0])

# Functions of X.
FUNCTIONS = {
    "sort": lambda x: mx.sort(x) ** 2 * W[:3],
    "partition": lambda x: mx.partition(x, 2) ** 2,
    "topk": lambda x: mx.topk(x, 2) ** 2,
    "median": lambda x: mx.median(x, axis=1) ** 2,
    "max": lambda x: mx.max(x, axis=1) ** 2,
    "min": lambda x: mx.min(x) ** 3,
    "logcumsumexp": lambda x: mx.logcumsumexp(x, axis=1) ** 2,
    "logcumsumexp, reverse": lambda x: mx.logcumsumexp(x, axis=0, reverse=True) ** 2,
    "logsumexp": lambda x: mx.logsumexp(x, axis=1) ** 2,
    "softmax": lambda x: mx.softmax(x) ** 2,
    "var": lambda x: mx.var(x, axis=1) ** 2,
    "std": lambda x: mx.std(x, axis=1),
    "norm": lambda x: mx.linalg.norm(x, axis=1),
    "layer_norm": lambda x: mx.fast.layer_norm(x, W[0], W[1], 1e-5) ** 2,
    "rms_norm": lambda x: mx.fast.rms_norm(x, W[0], 1e-5) ** 2,
    "attention": lambda x: (
        mx.fast.scaled_dot_product_attention(x[None, None] * Q, Q, Q * x[None, None], scale=0.5) ** 2
    ),
    "rope": lambda x: mx.fast.rope(x[None], 4, traditional=False, base=100.0, scale=1.0, offset=0) ** 2,
    "conv1d": lambda x: mx.conv1d(x[None] ** 2, W.reshape(4, 1, 4), padding=1) ** 2,
    "conv2d": lambda x: mx.conv2d((x * x)[None, :, :, None], W.reshape(2, 2, 4, 1)[:, :, :2] * x.sum()) ** 2,
    "conv_transpose1d": lambda x: mx.conv_transpose1d(x[None] ** 2, W.reshape(4, 1, 4)) ** 2,
    "matmul": lambda x: (x @ x.T @ x) ** 2,
    "addmm": lambda x: mx.addmm(x[:3, :3], x, x.T, 2.0, 0.5) ** 2,
    "gather_mm": lambda x: mx.gather_mm(x[None], mx.stack([x.T, 2 * x.T]), rhs_indices=mx.array([1, 0])) ** 2,
    "einsum": lambda x: mx.einsum("ij,kj->ik", x * x, x) ** 2,
    "take": lambda x: mx.take(x, mx.array([1, 1, 0]), axis=0) ** 3,
    "index arrays": lambda x: x[mx.array([0, 2]), mx.array([1, 1])] ** 3,
    "at[].add": lambda x: x.at[mx.array([0, 0])].add(x[:2]) ** 3,
    "slice": lambda x: x[::2, ::-1] ** 3,
    "cumsum": lambda x: mx.cumsum(x, axis=1, reverse=True, inclusive=False) ** 3,
    "power": lambda x: mx.abs(x) ** (x + 1),
    "arctan2": lambda x: mx.arctan2(x, x[:, ::-1] + 3),
    "logaddexp": lambda x: mx.logaddexp(x, x * x),
    "cross_entropy": lambda x: nn.losses.cross_entropy(x, mx.array([0, 2, 1])),
    "gelu": nn.gelu,
    "fft": lambda x: mx.fft.irfft(mx.fft.rfft(x * x) * mx.fft.rfft(x)) ** 2,
    "cummax": lambda x: mx.cummax(x, axis=1) ** 2,
    "cummin": lambda x: mx.cummin(x, axis=0, reverse=True) ** 2,
    "cumprod": lambda x: mx.cumprod(x, axis=1) ** 2,
    "cumprod, reverse": lambda x: mx.cumprod(x, axis=0, reverse=True) ** 2,
    "cumprod, exclusive": lambda x: mx.cumprod(x, axis=1, inclusive=False) ** 2,
    "cumprod, both": lambda x: mx.cumprod(x, reverse=True, inclusive=False),
    "cumprod of zeros": lambda x: mx.cumprod(x * x - X * X, axis=1) + mx.cumprod(mx.maximum(x - 0.6, 0), axis=0),
    "prod": lambda x: mx.prod(x, axis=1) ** 2,
    "prod of two zeros": lambda x: mx.prod(x[:, :3] - X[:, :3] * ZEROS, axis=1),
    "at[].multiply": lambda x: x.at[mx.array([0, 2, 0])].multiply(x * x + 1) ** 2,
    "at[].multiply by two zeros": lambda x: (
        x.at[mx.array([0, 2, 0])].multiply((x - X) * 2) + (x - X).at[0].multiply(x[1] - X[1])
    ),
    "at[].divide": lambda x: x.at[mx.array([0, 2, 0])].divide(x * x + 1) ** 2,
    "at[].maximum": lambda x: x.at[mx.array([0, 2, 0])].maximum(x[::-1] * 1.1) ** 3,
    "at[].minimum": lambda x: x.at[1:, ::2].minimum(x[:2, :2] * 0.9) ** 3,
    "pad": lambda x: mx.pad(x, 1, constant_values=x[0, 0]) ** 3,
    "complex prod": lambda x: mx.real(mx.prod(x + 1j * x * x, axis=1) * (2 + 1j)),
    "complex cumprod": lambda x: mx.real(mx.cumprod(x + 1j, axis=1, reverse=True) * (2 + 1j)) ** 2,
    "complex logcumsumexp": lambda x: mx.real(mx.logcumsumexp(x + 1j * x * x, axis=1) * (2 + 1j)),
    "complex sign": lambda x: mx.real(mx.sign(x + 1j * x * x) * (2 + 1j)),
    "complex abs": lambda x: mx.abs(x + 1j * x * x) ** 3,
    "complex at[].multiply": lambda x: mx.real((x + 1j).at[mx.array([0, 2, 0])].multiply(x * (1 - 1j)) * (2 + 1j)),
    "as_strided": lambda x: mx.as_strided(x * 1.0, (3, 2, 3), (4, 1, 1)) ** 3,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives(name):
    function = FUNCTIONS[name]
    gradient = mx.grad(lambda x: (function(x) * 1.3).sum())
    step = 1e-2
    want = np.array((gradient(X + step * ALONG) - gradient(X - step * ALONG)) / (2 * step))
    bound = 2e-2 * (1 + np.abs(want).max())
    same(mx.grad(lambda x: (gradient(x) * ALONG).sum())(X), want, 0, bound)
    same(mx.jvp(gradient, [X], [ALONG])[1][0], want, 0, bound)
