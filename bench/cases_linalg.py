"""Cases of linear algebra and of sums of products."""

import mlx.core as mx
import numpy as np
from case import Case, floats, normal

SQUARE = (512,), (24,)


def positive(x, eye):
    """A well-conditioned symmetric matrix from any."""
    return x @ x.T / len(x) + eye(len(x))


def square(name, function, expected, flops, definite=False):
    """A routine of one n × n matrix; `flops` is the factor of n³."""

    def inputs(random, n):
        x = random.standard_normal((n, n)).astype(np.float32)
        return [positive(x, np.eye).astype(np.float32) if definite else x + n * np.eye(n, dtype=np.float32)]

    return Case(
        name, inputs, function, *SQUARE, flops=lambda n: int(flops * n**3), expected=expected, rtol=1e-3, atol=1e-3
    )


LINALG = [
    square("inv", mx.linalg.inv, np.linalg.inv, 2),
    square("cholesky", mx.linalg.cholesky, np.linalg.cholesky, 1 / 3, definite=True),
    square("qr", lambda x: mx.abs(mx.linalg.qr(x)[1]), lambda x: np.abs(np.linalg.qr(x)[1]), 4 / 3),
    square("svd", lambda x: mx.linalg.svd(x)[1], lambda x: np.linalg.svd(x)[1], 20),
    square("eigh", mx.linalg.eigvalsh, np.linalg.eigvalsh, 4 / 3, definite=True),
    Case("solve", normal(lambda n: [(n, n), (n, 64)]), lambda a, b: mx.linalg.solve(a + a.shape[0] * mx.eye(a.shape[0]), b),
         *SQUARE, flops=lambda n: 2 * n**3 // 3, rtol=1e-3, atol=1e-3,
         expected=lambda a, b: np.linalg.solve(a + len(a) * np.eye(len(a)), b)),
    Case("inv of many", normal(lambda count, n: [(count, n, n)]), lambda x: mx.linalg.inv(x + 8 * mx.eye(x.shape[-1])),
         (4096, 8), (5, 4), flops=lambda count, n: 2 * count * n**3, rtol=1e-3, atol=1e-3,
         expected=lambda x: np.linalg.inv(x + 8 * np.eye(x.shape[-1]))),
    Case("norm of rows", normal(lambda r, c: [(r, c)]), lambda x: mx.linalg.norm(x, axis=1), (2048, 2048), (5, 7),
         bytes=lambda r, c: floats((r, c)), expected=lambda x: np.linalg.norm(x, axis=1)),
    Case("einsum bij,bjk,kl->bil", normal(lambda b, n: [(b, n, n), (b, n, n), (n, n)]),
         lambda x, y, z: mx.einsum("bij,bjk,kl->bil", x, y, z), (16, 256), (2, 5), flops=lambda b, n: 4 * b * n**3,
         expected=lambda x, y, z: np.einsum("bij,bjk,kl->bil", x, y, z), rtol=1e-3, atol=1e-3),
]  # fmt: skip
