"""Cases that move data: gather, scatter, concatenate, transpose, pad, and random numbers."""

import mlx.core as mx
import numpy as np
from case import Case, floats, normal


def rows_of(random, rows, columns, picks):
    """A matrix, row numbers into it, and one row of values for each of those."""
    return [
        random.standard_normal((rows, columns)).astype(np.float32),
        random.integers(0, rows, picks).astype(np.int32),
        random.standard_normal((picks, columns)).astype(np.float32),
    ]


def matrix_and_order(random, rows, columns):
    x = random.standard_normal((rows, columns)).astype(np.float32)
    return [x, np.argsort(random.standard_normal((rows, columns)), axis=1).astype(np.int32)]


def places(random, n):
    """A vector, a place in it for each of as many values, and the values."""
    return [
        random.standard_normal(n).astype(np.float32),
        random.integers(0, n, n).astype(np.int32),
        random.standard_normal(n).astype(np.float32),
    ]


def assign_places(x, i, values):
    x = mx.array(x)
    x[i] = values
    return x


def numpy_assign_places(x, i, values):
    out = x.copy()
    out[i] = values
    return out


def numpy_put(x, i):
    out = x.copy()
    np.put_along_axis(out, i, x, axis=1)
    return out


def numpy_scatter_add(x, rows, values):
    out = x.copy()
    np.add.at(out, rows, values)
    return out


def assign_slice(x, rows, values):
    x = mx.array(x)
    x[1:-1:2] = 0.5
    return x


def numpy_assign_slice(x, rows, values):
    out = x.copy()
    out[1:-1:2] = 0.5
    return out


def draw(name, function, full=(2**20,)):
    """Random numbers from a fixed key."""
    return Case(f"random {name}", lambda random, n: [np.array([0, 7], np.uint32)], None, full, (64,),
                bytes=lambda n: 4 * n, build=lambda n: lambda key: function(n, key))  # fmt: skip


ROWS = dict(inputs=rows_of, full=(32768, 256, 8192), small=(20, 6, 9))
MATRIX = dict(inputs=normal(lambda r, c: [(r, c)]), full=(2048, 1024), small=(6, 10),
              bytes=lambda r, c: 2 * floats((r, c)))  # fmt: skip

INDEXING = [
    Case("take rows", function=lambda x, i, v: mx.take(x, i, axis=0), expected=lambda x, i, v: x[i],
         bytes=lambda r, c, p: 2 * floats((p, c)), **ROWS),
    Case("gather x[i, j]", lambda random, r, c, p: [random.standard_normal((r, c)).astype(np.float32),
         random.integers(0, r, p).astype(np.int32), random.integers(0, c, p).astype(np.int32)],
         lambda x, i, j: x[i, j], (4096, 512, 2**18), (20, 6, 30), bytes=lambda r, c, p: 16 * p,
         expected=lambda x, i, j: x[i, j]),
    Case("take_along_axis", matrix_and_order, lambda x, i: mx.take_along_axis(x, i, axis=1), (1024, 1024), (6, 9),
         bytes=lambda r, c: 3 * floats((r, c)), expected=lambda x, i: np.take_along_axis(x, i, axis=1)),
    Case("at[rows].add", function=lambda x, i, v: x.at[i].add(v), expected=numpy_scatter_add,
         bytes=lambda r, c, p: 2 * floats((r, c)) + 3 * floats((p, c)), **ROWS),
    Case("assign random places", places, assign_places, (2**20,), (40,), bytes=lambda n: 5 * floats((n,)),
         expected=numpy_assign_places),
    Case("put_along_axis", matrix_and_order, lambda x, i: mx.put_along_axis(x, i, x, axis=1), (1024, 1024), (6, 9),
         bytes=lambda r, c: 5 * floats((r, c)), expected=numpy_put),
    Case("put_along_axis of a vector", places, lambda x, i, v: mx.put_along_axis(x, i, v, axis=0), (2**20,), (40,),
         bytes=lambda n: 5 * floats((n,)), expected=numpy_assign_places),
    Case("slice assignment", function=assign_slice, expected=numpy_assign_slice,
         bytes=lambda r, c, p: 2 * floats((r, c)), **ROWS),
    Case("concatenate", normal(lambda r, c: [(r, c), (r, c)]), lambda a, b: mx.concatenate([a, b], axis=1),
         (2048, 512), (4, 5), bytes=lambda r, c: 4 * floats((r, c)),
         expected=lambda a, b: np.concatenate([a, b], axis=1)),
    Case("transpose copy", function=lambda x: mx.contiguous(x.T), expected=np.transpose, **MATRIX),
    Case("transpose heads copy", normal(lambda b, n, h: [(b, n, h, 64)]),
         lambda x: mx.contiguous(x.transpose(0, 2, 1, 3)), (8, 512, 8), (2, 3, 2),
         bytes=lambda b, n, h: 2 * floats((b, n, h, 64)), expected=lambda x: x.transpose(0, 2, 1, 3)),
    Case("pad", function=lambda x: mx.pad(x, ((1, 1), (2, 2))), expected=lambda x: np.pad(x, ((1, 1), (2, 2))),
         **MATRIX),
    Case("roll", function=lambda x: mx.roll(x, 5, axis=1), expected=lambda x: np.roll(x, 5, axis=1), **MATRIX),
    Case("tril", function=mx.tril, expected=np.tril, **MATRIX),
    draw("uniform", lambda n, key: mx.random.uniform(shape=(n,), key=key)),
    draw("normal", lambda n, key: mx.random.normal((n,), key=key)),
    draw("bernoulli", lambda n, key: mx.random.bernoulli(0.3, (n,), key=key)),
    draw("permutation", lambda n, key: mx.random.permutation(n, key=key), full=(2**17,)),
]  # fmt: skip
