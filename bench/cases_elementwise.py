"""Elementwise cases: unary functions, broadcasting binary ops, where, and a function fused by mx.compile."""

import math

import mlx.core as mx
import numpy as np
from case import Case, floats, normal, uniform

erf = np.vectorize(math.erf, otypes=[float])


def gelu(x):
    return x * (1 + mx.erf(x / math.sqrt(2))) / 2


def numpy_gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def unary(name, expected, low, high, function=None, **more):
    return Case(
        f"unary {name}", uniform(low, high, lambda n: [(n,)]), function or getattr(mx, name), (2**21,), (100,),
        bytes=lambda n: 8 * n, expected=expected, **more,
    )  # fmt: skip


def binary(name, shapes, function, expected, full=(1024, 2048), **more):
    return Case(
        f"binary {name}", uniform(0.5, 2.0, shapes), function, full, (5, 8),
        bytes=lambda *d: floats(*shapes(*d), np.broadcast_shapes(*shapes(*d))), expected=expected, **more,
    )  # fmt: skip


SAME = lambda r, c: [(r, c), (r, c)]
ROW = lambda r, c: [(r, c), (c,)]
COLUMN = lambda r, c: [(r, c), (r, 1)]
OUTER = lambda r, c: [(r, 1), (1, c)]

ELEMENTWISE = [
    unary("negative", np.negative, -4, 4),
    unary("square", np.square, -4, 4),
    unary("sqrt", np.sqrt, 0, 4),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), 0.1, 4),
    unary("exp", np.exp, -4, 4),
    unary("expm1", np.expm1, -4, 4),
    unary("log", np.log, 0.1, 9),
    unary("log1p", np.log1p, -0.5, 9),
    unary("sin", np.sin, -9, 9),
    unary("tan", np.tan, -1, 1),
    unary("arctan", np.arctan, -9, 9),
    unary("tanh", np.tanh, -4, 4),
    unary("sigmoid", lambda x: 1 / (1 + np.exp(-x)), -9, 9),
    unary("erf", erf, -3, 3),
    unary("erfinv", None, -0.9, 0.9),
    unary("exp float16", np.exp, -4, 4, mx.exp, dtype="float16", rtol=4e-3),
    unary("exp bfloat16", np.exp, -4, 4, mx.exp, dtype="bfloat16", rtol=2e-2),
    unary("astype float16", lambda x: x, -4, 4, lambda x: x.astype(mx.float16), rtol=4e-3),
    unary("gelu eager", numpy_gelu, -4, 4, gelu),
    unary("gelu compiled", numpy_gelu, -4, 4, mx.compile(gelu)),
    binary("multiply", SAME, mx.multiply, np.multiply),
    binary("divide", SAME, mx.divide, np.divide),
    binary("power", SAME, mx.power, np.power),
    binary("maximum", SAME, mx.maximum, np.maximum),
    binary("arctan2", SAME, mx.arctan2, np.arctan2),
    binary("logaddexp", SAME, mx.logaddexp, np.logaddexp),
    binary("add row", ROW, mx.add, np.add),
    binary("add column", COLUMN, mx.add, np.add),
    binary("add outer", OUTER, mx.add, np.add),
    Case("binary add transposed", normal(lambda r, c: [(r, c), (c, r)]), lambda a, b: a + b.T, (1024, 2048), (5, 8),
         bytes=lambda r, c: 3 * floats((r, c)), expected=lambda a, b: a + b.T),
    Case("where", normal(lambda n: [(n,), (n,), (n,)]), lambda a, b, c: mx.where(a > 0, b, c), (2**21,), (100,),
         bytes=lambda n: 16 * n, expected=lambda a, b, c: np.where(a > 0, b, c)),
    Case("clip", normal(lambda n: [(n,)]), lambda x: mx.clip(x, -0.5, 0.5), (2**21,), (100,),
         bytes=lambda n: 8 * n, expected=lambda x: np.clip(x, -0.5, 0.5)),
]  # fmt: skip
