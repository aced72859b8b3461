"""Cases from neural networks: norms, rotary positions, embedding, linear layers, losses, pooling."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from case import Case, floats, normal
from cases_figures import numpy_attention, numpy_softmax

EPS = 1e-5


def numpy_layer_norm(x, weight, bias):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + EPS) * weight + bias


def numpy_rms_norm(x, weight):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + EPS) * weight


def numpy_rope(x):
    """Rotary positions over the last axis, its two halves paired, base 10000."""
    length, half = x.shape[-2], x.shape[-1] // 2
    angles = np.arange(length)[:, None] * 10000.0 ** (-np.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), a * np.sin(angles) + b * np.cos(angles)], -1)


def numpy_causal_attention(q, k, v):
    scores = 0.125 * q @ k.swapaxes(-1, -2)
    scores = np.where(np.tri(q.shape[-2], dtype=bool), scores, -np.inf)
    return numpy_softmax(scores) @ v


def numpy_cross_entropy(logits, labels):
    log_sum = np.log(np.exp(logits).sum(-1))
    return np.mean(log_sum - logits[np.arange(len(labels)), labels])


def embedding_inputs(random, vocabulary, width, tokens):
    table = random.standard_normal((vocabulary, width)).astype(np.float32)
    return [table, random.integers(0, vocabulary, (8, tokens // 8)).astype(np.int32)]


def logits_and_labels(random, rows, classes):
    return [random.standard_normal((rows, classes)).astype(np.float32), random.integers(0, classes, rows)]


def numpy_max_pool(x):
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


ROWS = dict(full=(4096, 1024), small=(5, 12))
HEADS = dict(full=(8, 512, 64), small=(2, 17, 8))

LAYERS = [
    Case("layer_norm", normal(lambda r, c: [(r, c), (c,), (c,)]), lambda x, w, b: mx.fast.layer_norm(x, w, b, EPS),
         bytes=lambda r, c: 2 * floats((r, c)), expected=numpy_layer_norm, **ROWS),
    Case("rms_norm", normal(lambda r, c: [(r, c), (c,)]), lambda x, w: mx.fast.rms_norm(x, w, EPS),
         bytes=lambda r, c: 2 * floats((r, c)), expected=numpy_rms_norm, **ROWS),
    Case("rms_norm gradient", normal(lambda r, c: [(r, c), (c,)]),
         mx.grad(lambda x, w: mx.fast.rms_norm(x, w, EPS).sum(), argnums=(0, 1)),
         bytes=lambda r, c: 3 * floats((r, c)), **ROWS),
    Case("rope", normal(lambda h, n, d: [(1, h, n, d)]),
         lambda x: mx.fast.rope(x, x.shape[-1], traditional=False, base=10000.0, scale=1.0, offset=0),
         bytes=lambda h, n, d: 2 * floats((h, n, d)), expected=numpy_rope, atol=1e-4, **HEADS),
    Case("attention causal", normal(lambda h, n, d: 3 * [(1, h, n, d)]),
         lambda q, k, v: mx.fast.scaled_dot_product_attention(q, k, v, scale=0.125, mask="causal"),
         flops=lambda h, n, d: 4 * h * n * n * d, expected=numpy_causal_attention, **HEADS),
    Case("attention, one query", normal(lambda h, n, d: [(1, h, 1, d), (1, h, n, d), (1, h, n, d)]),
         lambda q, k, v: mx.fast.scaled_dot_product_attention(q, k, v, scale=0.125),
         bytes=lambda h, n, d: 2 * floats((h, n, d)), expected=numpy_attention, **HEADS),
    Case("embedding", embedding_inputs, lambda table, tokens: table[tokens], (32000, 512, 4096), (11, 6, 16),
         bytes=lambda v, w, t: 2 * floats((t, w)), expected=lambda table, tokens: table[tokens]),
    Case("embedding gradient", embedding_inputs, mx.grad(lambda table, tokens: table[tokens].square().sum()),
         (8000, 256, 4096), (11, 6, 16), bytes=lambda v, w, t: floats((v, w), (t, w))),
    Case("linear with bias", normal(lambda b, i, o: [(b, i), (o, i), (o,)]), lambda x, w, b: mx.addmm(b, x, w.T),
         (512, 512, 1024), (3, 5, 4), flops=lambda b, i, o: 2 * b * i * o, expected=lambda x, w, b: x @ w.T + b,
         rtol=1e-4, atol=1e-4),
    Case("matrix times vector", normal(lambda r, c: [(r, c), (c, 1)]), mx.matmul, (4096, 4096), (6, 9),
         bytes=lambda r, c: floats((r, c)), expected=np.matmul, rtol=1e-4, atol=1e-4),
    Case("batched matmul", normal(lambda b, n, k: [(b, n, k), (b, k, n)]), mx.matmul, (64, 128, 64), (3, 4, 5),
         flops=lambda b, n, k: 2 * b * n * n * k, expected=np.matmul, rtol=1e-4, atol=1e-4),
    Case("conv3d 3x3x3", normal(lambda n, c: [(2, n, n, n, c), (c, 3, 3, 3, c)]), lambda x, w: mx.conv3d(x, w, padding=1),
         (24, 32), (4, 3), flops=lambda n, c: 2 * 2 * n**3 * 27 * c * c),
    Case("conv_transpose2d 4x4, stride 2", normal(lambda n, c: [(8, n, n, c), (c, 4, 4, c)]),
         lambda x, w: mx.conv_transpose2d(x, w, stride=2, padding=1), (32, 64), (4, 3),
         flops=lambda n, c: 2 * 8 * n * n * 16 * c * c),
    Case("conv1d, depthwise", normal(lambda b, n, c: [(b, n, c), (c, 4, 1)]),
         lambda x, w: mx.conv1d(x, w, groups=x.shape[-1]), (4, 512, 256), (2, 9, 6),
         bytes=lambda b, n, c: 2 * floats((b, n, c)),
         expected=lambda x, w: sum(x[:, i : i + x.shape[1] - 3] * w[:, i, 0] for i in range(4))),
    Case("max pool 2x2", normal(lambda b, s, c: [(b, s, s, c)]), nn.MaxPool2d(2, 2), (8, 56, 64), (2, 6, 3),
         bytes=lambda b, s, c: 5 * floats((b, s, s, c)) // 4, expected=numpy_max_pool),
    Case("gelu", normal(lambda r, c: [(r, c)]), nn.gelu, bytes=lambda r, c: 2 * floats((r, c)),
         full=(1024, 1024), small=(5, 12)),
    Case("cross_entropy", logits_and_labels,
         lambda logits, labels: nn.losses.cross_entropy(logits, labels, reduction="mean"),
         (1024, 4096), (6, 9), bytes=lambda r, c: floats((r, c)), expected=numpy_cross_entropy),
]  # fmt: skip
