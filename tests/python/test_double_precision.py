"""float64 on the CPU is computed in double precision all the way, also where a kernel for float32 would be at hand."""

import mlx.core as mx
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def on_the_cpu():
    mx.set_default_device(mx.cpu)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def normalised(x, centered):
    x = x - x.mean(-1, keepdims=True) if centered else x
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)


def log_sum_exp(x):
    return np.log(np.exp(x).sum(-1))


ROWS = {
    "logsumexp": (lambda x: mx.logsumexp(x, -1), log_sum_exp, draw(3, 7)),
    "logcumsumexp": (lambda x: mx.logcumsumexp(x, -1), lambda x: np.logaddexp.accumulate(x, -1), draw(3, 7)),
    "softmax": (lambda x: mx.softmax(x, -1), lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), draw(3, 7)),
    "layer_norm": (lambda x: mx.fast.layer_norm(x, None, None, 1e-5), lambda x: normalised(x, True), draw(3, 8)),
    "rms_norm": (lambda x: mx.fast.rms_norm(x, None, 1e-5), lambda x: normalised(x, False), draw(3, 8)),
    "convolve": (mx.convolve, np.convolve, draw(12), draw(5, seed=1)),
    "conv1d": (lambda x, w: mx.conv1d(x[None, :, None], w[None, :, None]).reshape(-1), lambda x, w: np.correlate(x, w),
               draw(12), draw(5, seed=1)),
    "matmul": (mx.matmul, np.matmul, draw(5, 6), draw(6, 7, seed=1)),
    "power": (mx.power, np.power, np.abs(draw(11)), draw(11, seed=1)),
    "remainder": (mx.remainder, np.remainder, 9 * draw(11), draw(11, seed=1)),
    "logaddexp": (mx.logaddexp, np.logaddexp, draw(11), draw(11, seed=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_results_have_the_digits_of_doubles(name):
    function, expected, *values = ROWS[name]
    got = function(*(mx.array(v, dtype=mx.float64) for v in values))
    assert got.dtype == mx.float64
    np.testing.assert_allclose(np.array(got), expected(*values), rtol=1e-12, atol=1e-14)


SEGMENTS = np.array([[[0, 2], [2, 6]], [[3, 3], [1, 5]]])


def segment_products(a, b):
    return np.array([[a[:, i:j] @ b[i:j] for i, j in row] for row in SEGMENTS])


def test_segmented_products():
    a, b = draw(4, 6), draw(6, 5, seed=1)
    call = lambda a, b: mx.segmented_mm(a, b, mx.array(SEGMENTS.astype(np.uint32)))
    got = call(mx.array(a, dtype=mx.float64), mx.array(b, dtype=mx.float64))
    np.testing.assert_allclose(np.array(got), segment_products(a, b), rtol=1e-13, atol=1e-14)
    b[0] = np.inf  # outside of all segments but the first
    got = call(mx.array(a, dtype=mx.float64), mx.array(b, dtype=mx.float64))
    np.testing.assert_allclose(np.array(got)[1], segment_products(a, b)[1], rtol=1e-13, atol=1e-14)


def test_multivariate_normal_has_the_dtype_of_its_mean():
    mean, spread = np.array([0.1, 0.2, 0.3]), np.array([[2, 0.5, 0], [0.5, 1, 0], [0, 0, 3]])

    def draws(mean_dtype, spread_dtype):
        key = mx.random.key(0)
        return mx.random.multivariate_normal(
            mx.array(mean, dtype=mean_dtype), mx.array(spread, dtype=spread_dtype), key=key
        )

    w, v = np.linalg.eigh(spread)
    z = np.array(mx.random.normal((3,), key=mx.random.key(0)), np.float64)
    want = z @ (v * np.sqrt(w)) @ v.T + mean
    double = draws(mx.float64, mx.float64)
    assert double.dtype == mx.float64
    np.testing.assert_allclose(np.array(double), want, rtol=1e-13)
    for dtypes in ((mx.float32, mx.float64), (mx.float32, mx.float32), (mx.float64, mx.float32)):
        got = draws(*dtypes)
        assert got.dtype == dtypes[0]
        np.testing.assert_allclose(np.array(got), want, rtol=2e-6)
