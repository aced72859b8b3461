"""Cases that combine elements along axes: reductions, arg-reductions, scans, sorts."""

import mlx.core as mx
import numpy as np
from case import Case, floats, normal


def over(name, axis, function, expected, shapes=lambda r, c: [(r, c)], full=(2048, 2048), **more):
    """A reduction of a matrix: one read of the input counts."""
    return Case(
        f"{name}, axis {axis}", normal(shapes), lambda x: function(x, axis), full, (6, 9),
        bytes=lambda *d: floats(*shapes(*d)), expected=lambda x: expected(x, axis), **more,
    )  # fmt: skip


def ordered(name, function, expected, full=(256, 4096), **more):
    return Case(
        name, normal(lambda r, c: [(r, c)]), function, full, (6, 9),
        bytes=lambda r, c: 2 * floats((r, c)), expected=expected, **more,
    )  # fmt: skip


REDUCE = [
    over("sum", 0, mx.sum, np.sum),
    over("sum", 1, mx.sum, np.sum),
    over("sum bfloat16", 1, mx.sum, np.sum, dtype="bfloat16", rtol=2e-2, atol=1e-1),
    over("sum middle", 1, mx.sum, np.sum, shapes=lambda r, c: [(r, c, 4)], full=(512, 2048)),
    over("max", 0, mx.max, np.max),
    over("max", 1, mx.max, np.max),
    over("mean", 1, mx.mean, np.mean),
    over("var", 1, mx.var, np.var),
    over("logsumexp", 1, mx.logsumexp, lambda x, a: np.log(np.exp(x).sum(a))),
    over("argmax", 0, mx.argmax, np.argmax),
    over("argmax", 1, mx.argmax, np.argmax),
    over("cumsum", 0, mx.cumsum, np.cumsum),
    over("cumsum", 1, mx.cumsum, np.cumsum),
    Case("all", normal(lambda n: [(n,)]), lambda x: mx.all(x < 9), (2**22,), (100,),
         bytes=lambda n: 4 * n, expected=lambda x: np.all(x < 9)),
    ordered("sort rows", mx.sort, lambda x: np.sort(x, axis=-1)),
    ordered("argsort rows", mx.argsort, lambda x: np.argsort(x, axis=-1)),
    ordered("topk 8 of each row", lambda x: mx.sort(mx.topk(x, 8)), lambda x: np.sort(x, axis=-1)[:, -8:]),
    Case("sort 1M", normal(lambda n: [(n,)]), mx.sort, (2**20,), (500,), bytes=lambda n: 8 * n, expected=np.sort),
]  # fmt: skip
