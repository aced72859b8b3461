"""Cases behind the headline figures: overheads, bandwidth, matmul, convolution, softmax, attention."""

import mlx.core as mx
import numpy as np
from case import Case, floats, normal

SCALE = 0.125


def build_nodes(a, b):
    for _ in range(1000):
        a + b


def chain(x):
    for _ in range(50):
        x = x + 1.0
        x = x * 0.5
    return x


def numpy_softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def numpy_attention(q, k, v):
    return numpy_softmax(SCALE * q @ k.swapaxes(-1, -2)) @ v


def numpy_conv3x3(x, weight):
    """Channels-last, one row and column of zeros around the image."""
    n, h, w, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((n, h, w, weight.shape[0]))
    for i in range(3):
        for j in range(3):
            out += padded[:, i : i + h, j : j + w] @ weight[:, i, j].T
    return out


def matmul_case(dtype, rtol, atol):
    return Case(
        f"matmul {dtype}", normal(lambda n: [(n, n), (n, n)]), mx.matmul, (1024,), (24,),
        flops=lambda n: 2 * n**3, expected=np.matmul, dtype=dtype, rtol=rtol, atol=atol,
    )  # fmt: skip


def conv_case(dtype, rtol, atol):
    return Case(
        f"conv2d 3x3 {dtype}",
        lambda random, n, s, c: [
            random.standard_normal((n, s, s, c)).astype(np.float32),
            random.standard_normal((c, 3, 3, c)).astype(np.float32) / (3 * c**0.5),
        ],
        lambda x, w: mx.conv2d(x, w, padding=1), (16, 56, 64), (2, 6, 4),
        flops=lambda n, s, c: 2 * n * s * s * c * c * 9, expected=numpy_conv3x3,
        dtype=dtype, rtol=rtol, atol=atol,
    )  # fmt: skip


SIXTEEN = normal(lambda n: [(n,), (n,)])
MILLIONS = (16 * 2**20,)

FIGURES = [
    Case("graph node a + b", SIXTEEN, build_nodes, (16,), (16,), calls=1000, lazy=True),
    Case("eval a + b, 16 elements", SIXTEEN, mx.add, (16,), (16,), expected=np.add),
    Case("chain of 100 small ops", normal(lambda n: [(n,)]), chain, (16,), (16,), calls=100, expected=chain),
    Case("add 16M", normal(lambda n: [(n,), (n,)]), mx.add, MILLIONS, (1000,),
         bytes=lambda n: 12 * n, expected=np.add),
    Case("exp 16M", normal(lambda n: [(n,)]), mx.exp, MILLIONS, (1000,), bytes=lambda n: 8 * n, expected=np.exp),
    Case("sum 16M", normal(lambda n: [(n,)]), mx.sum, MILLIONS, (1000,), bytes=lambda n: 4 * n,
         expected=np.sum, atol=1e-3),
    matmul_case("float32", 1e-4, 1e-4),
    matmul_case("bfloat16", 2e-2, 1e-1),
    matmul_case("float16", 4e-3, 4e-2),
    conv_case("float32", 1e-4, 1e-4),
    conv_case("bfloat16", 2e-2, 5e-2),
    Case("softmax 4096x4096", normal(lambda n: [(n, n)]), lambda x: mx.softmax(x, axis=-1), (4096,), (33,),
         bytes=lambda n: 2 * floats((n, n)), expected=numpy_softmax),
    Case("attention 1x8x1024x64", normal(lambda h, n, d: 3 * [(1, h, n, d)]),
         lambda q, k, v: mx.fast.scaled_dot_product_attention(q, k, v, scale=SCALE), (8, 1024, 64), (2, 17, 8),
         flops=lambda h, n, d: 4 * h * n * n * d, expected=numpy_attention),
]  # fmt: skip
