"""A few rows times matrices that are read once, as in decoding: precision, neighbours evaluated in one launch, and
rotations of few positions."""

import mlx.core as mx
import numpy as np
import pytest
from support import to_numpy

pytestmark = pytest.mark.core


def packed(n, k, group, bits, dtype, seed=0):
    w = mx.random.normal((n, k), key=mx.random.key(seed)).astype(dtype)
    parts = mx.quantize(w, group, bits)
    return parts, np.asarray(
        mx.dequantize(*(p.astype(mx.float32) if i else p for i, p in enumerate(parts)), group, bits)
    )


# Each row builds a kernel.
PACKED = [
    (1, 32, 2, mx.bfloat16),
    (1, 32, 4, mx.bfloat16),
    (1, 64, 4, mx.float16),
    (1, 128, 8, mx.bfloat16),
    (3, 128, 4, mx.bfloat16),
    (5, 64, 8, mx.bfloat16),
    (16, 64, 8, mx.bfloat16),
]


@pytest.mark.parametrize("m, group, bits, dtype", PACKED)
def test_packed_products_are_rounded_once(m, group, bits, dtype):
    parts, values = packed(37, 512, group, bits, dtype)
    x = mx.random.normal((m, 512), key=mx.random.key(1)).astype(dtype)
    y = to_numpy(mx.quantized_matmul(x, *parts, group_size=group, bits=bits))
    exact = to_numpy(x).astype(np.float64) @ values.T
    step = 2.0**-8 if dtype == mx.bfloat16 else 2.0**-11
    assert np.all(np.abs(y - exact) <= step * np.abs(exact) + 1e-5 * np.abs(to_numpy(x)) @ np.abs(values.T))


def test_packed_products_of_large_and_small_numbers_together():
    parts, values = packed(8, 256, 64, 4, mx.bfloat16)
    x = np.full((1, 256), 2.0**-12, np.float32)
    x[0, 3], x[0, 128:] = 100, 2.0**-14
    y = to_numpy(mx.quantized_matmul(mx.array(x).astype(mx.bfloat16), *parts, group_size=64, bits=4))
    assert np.allclose(y, x @ values.T, rtol=2.0**-7, atol=0.03)  # bfloat16 holds 100 to 0.25
    x[0, 3] = 2.0**-12
    y = to_numpy(mx.quantized_matmul(mx.array(x).astype(mx.bfloat16), *parts, group_size=64, bits=4))
    assert np.allclose(y, x @ values.T, rtol=2.0**-7, atol=1e-6)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_packed_products_of_what_is_not_finite_are_not(value):
    parts, _ = packed(8, 256, 64, 4, mx.bfloat16)
    x = mx.ones((1, 256), mx.bfloat16)
    x[0, 200] = value
    assert not np.isfinite(to_numpy(mx.quantized_matmul(x, *parts, group_size=64, bits=4))).any()


@pytest.mark.parametrize("x", [0.0, 1e-38, 2.0**-130, 3e38])
def test_packed_products_at_the_ends_of_the_range(x):
    parts, values = packed(8, 256, 64, 8, mx.bfloat16)
    rows = mx.full((1, 256), x, mx.bfloat16)
    y = to_numpy(mx.quantized_matmul(rows, *parts, group_size=64, bits=8)).astype(np.float64)
    exact = to_numpy(rows).astype(np.float64) @ values.T.astype(np.float64)
    finite = np.abs(exact) < 3e38
    assert np.allclose(y[finite], exact[finite], rtol=2.0**-7, atol=2.0**-100)


def several_products(kind, dtype, m):
    """Functions of x that share it, and differ in their numbers of columns."""
    functions = []
    for seed, n in enumerate([512, 130, 257, 384]):
        if kind == "packed":
            parts, _ = packed(n, 512, 32, 4, dtype, seed)
            functions.append(lambda x, parts=parts: mx.quantized_matmul(x, *parts, group_size=32, bits=4))
        else:
            w = mx.random.normal((n, 512), key=mx.random.key(seed)).astype(dtype)
            mx.eval(w)
            functions.append(lambda x, w=w: x @ w.T)
    return functions


@pytest.mark.parametrize(
    "m, dtype, kind",
    [
        (1, mx.bfloat16, "packed"),
        (1, mx.float32, "packed"),
        (40, mx.bfloat16, "packed"),
        (1, mx.bfloat16, "plain"),
        (3, mx.float16, "plain"),
        (1, mx.float32, "plain"),
        (40, mx.bfloat16, "plain"),
    ],
)
def test_products_of_one_x_are_the_same_together(m, dtype, kind):
    functions = several_products(kind, dtype, m)
    x = mx.random.normal((1, m, 512), key=mx.random.key(9)).astype(dtype)
    together = [f(x + 1) for f in functions]
    mx.eval(together)
    alone = []
    for f in functions:
        y = f(x + 1)
        mx.eval(y)
        alone.append(y)
    shared = x + 1
    together += [f(shared) for f in functions]
    mx.eval(together)
    for y, again, expected in zip(together, together[len(functions) :], alone):
        assert mx.array_equal(y, expected) and mx.array_equal(again, expected)


def test_products_of_one_x_with_weights_of_several_kinds():
    """As in a layer of packed weights with adapters: products of one kind only run together."""
    kinds = ["packed", "plain", "packed", "plain"]
    functions = [f for kind in kinds for f in several_products(kind, mx.bfloat16, 1)]
    x = mx.random.normal((1, 1, 512), key=mx.random.key(9)).astype(mx.bfloat16)
    for order in (functions, functions[::-1]):
        shared = x + 1
        together = [f(shared) for f in order]
        mx.eval(together)
        for f, y in zip(order, together):
            assert mx.array_equal(y, f(x + 1))


def test_products_of_one_x_may_be_the_last_to_read_one_of_several_results():
    """The second product runs with the first, before the evaluation has come by what it reads."""
    x, w = (mx.random.normal(shape, key=mx.random.key(3)) for shape in ((1, 512), (512, 512)))
    mx.eval(x, w)
    for _ in range(5):
        q, r = mx.linalg.qr(w, stream=mx.cpu)
        first, second = x @ w.T, x @ r.T
        del r
        mx.eval(q, first, second)
        assert np.allclose(second, np.array(x) @ np.linalg.qr(np.array(w))[1].T, rtol=1e-3, atol=1e-2)


def test_products_of_one_x_that_wait_for_another():
    """The second product's weights depend on the first's result: they cannot run together."""
    x, w = mx.random.normal((1, 512)), mx.random.normal((512, 512))
    mx.eval(x, w)
    first = x @ w.T
    second = x @ (w + first.T).T
    mx.eval(first, second)
    a, b = np.asarray(x, np.float64), np.asarray(w, np.float64)
    assert np.allclose(first, a @ b.T, rtol=1e-4, atol=1e-3)
    assert np.allclose(second, a @ (b + (a @ b.T).T).T, rtol=1e-4, atol=0.5)


def test_gradients_of_products_of_one_x():
    functions = several_products("plain", mx.float32, 1)
    x = mx.random.normal((1, 512))
    gradient = mx.grad(lambda x: sum(f(x).sum() for f in functions))(x)
    assert np.allclose(gradient, sum(np.asarray(mx.grad(lambda x, f=f: f(x).sum())(x)) for f in functions), atol=1e-4)


@pytest.mark.parametrize(
    "dims, freqs, traditional, dtype",
    [(64, False, False, mx.bfloat16), (48, True, False, mx.float32), (10, False, True, mx.float16)],
)
def test_rotations_of_few_positions_are_those_of_many(dims, freqs, traditional, dtype):
    x = mx.random.normal((2, 3, 20, 64), key=mx.random.key(3)).astype(dtype)
    periods = mx.exp(mx.arange(dims // 2) * 0.1) if freqs else None
    rotate = lambda x, offset: mx.fast.rope(
        x, dims, traditional=traditional, base=None if freqs else 10000.0, scale=0.7, offset=offset, freqs=periods
    )
    many = rotate(x, 5)
    for t in (0, 7, 19):
        assert mx.array_equal(rotate(x[:, :, t : t + 1], 5 + t), many[:, :, t : t + 1])
    assert mx.array_equal(rotate(x[:, :, 4:7], 9), many[:, :, 4:7])
    offsets = mx.array([2, 40])
    few, long = rotate(x[:, :, :1], offsets), rotate(x, offsets)
    assert mx.array_equal(few, long[:, :, :1])
