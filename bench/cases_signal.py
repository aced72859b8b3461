"""Cases of packed weights, Fourier transforms and chosen products."""

import mlx.core as mx
import numpy as np
from case import Case, floats, normal

ROWS = [1, 4, 16, 256]


def packed(rows, bits, transpose=True):
    """x (rows, n) times an n × n matrix packed when the case is prepared."""

    def build(n):
        w = mx.quantize(mx.array(np.random.default_rng(0).standard_normal((n, n)).astype(np.float32)), bits=bits)
        mx.eval(w)
        return lambda x: mx.quantized_matmul(x, *w, bits=bits, transpose=transpose)

    name = f"quantized_matmul {bits} bits, {rows} rows" + ("" if transpose else ", not transposed")
    return Case(name, normal(lambda n: [(rows, n)]), None, (4096,), (128,), build=build,
                bytes=lambda n: n * n * bits // 8, flops=lambda n: 2 * rows * n * n)  # fmt: skip


def fourier(name, function, expected, shape, small, axes=1):
    return Case(name, normal(lambda *d: [d]), function, shape, small, expected=expected, rtol=1e-4, atol=1e-3,
                bytes=lambda *d: 3 * floats(d), flops=lambda *d: int(5 * np.prod(d) * np.log2(max(2, np.prod(d[-axes:])))))  # fmt: skip


def build_gather(transposed):
    def build(n, k):
        right = mx.array(np.arange(64) % n)
        b = mx.array(np.random.default_rng(0).standard_normal((n, k, k)).astype(np.float32))
        return lambda a: mx.gather_mm(a, b.swapaxes(-1, -2) if transposed else b, rhs_indices=right)

    return build


SIGNAL = [
    *(packed(rows, 4) for rows in ROWS),
    packed(1, 8),
    packed(1, 3),
    packed(1, 4, False),
    packed(16, 4, False),
    Case("quantize 4 bits", normal(lambda n: [(n, n)]), lambda w: mx.quantize(w), (4096,), (128,), bytes=lambda n: 5 * n * n),
    Case("quantize mxfp4", normal(lambda n: [(n, n)]), lambda w: mx.quantize(w, mode="mxfp4"), (4096,), (128,), bytes=lambda n: 5 * n * n),
    fourier("fft of rows", mx.fft.fft, np.fft.fft, (4096, 1024), (5, 12)),
    fourier("fft of columns", lambda x: mx.fft.fft(x, axis=0), lambda x: np.fft.fft(x, axis=0), (1024, 1024), (12, 5)),
    fourier("fft of 1M", mx.fft.fft, np.fft.fft, (1, 1 << 20), (1, 1024)),
    fourier("fft of a prime length", mx.fft.fft, np.fft.fft, (256, 997), (3, 17)),
    fourier("rfft of rows", mx.fft.rfft, np.fft.rfft, (4096, 1024), (5, 12)),
    fourier("fft2 of images", mx.fft.fft2, np.fft.fft2, (16, 512, 512), (2, 6, 8), axes=2),
    Case("gather_mm", normal(lambda n, k: [(64, 1, k)]), None, (8, 1024), (3, 16), build=build_gather(False), flops=lambda n, k: 128 * k * k),
    Case("gather_mm, transposed", normal(lambda n, k: [(64, 1, k)]), None, (8, 1024), (3, 16), build=build_gather(True), flops=lambda n, k: 128 * k * k),
    Case("hadamard_transform", normal(lambda r, n: [(r, n)]), mx.hadamard_transform, (1024, 4096), (3, 64), bytes=lambda r, n: 2 * floats((r, n))),
]  # fmt: skip
