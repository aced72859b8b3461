"""An element's value does not depend on the array's length, on its place in it, or on its neighbours: bit for bit."""

import mlx.core as mx
import numpy as np
import pytest
from elementwise_rows import ROWS
from support import DTYPES, device_for, of_kinds, to_mx, to_numpy

pytestmark = pytest.mark.core
# Every length at some offset, and every offset at a length that fills no vector.
STRETCHES = [(7 * n % 18, n) for n in range(1, 41)] + [(offset, 19) for offset in range(18)]
SPECIALS = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1, -1, 0.5, 2, 3, -2.5, 0.01, 1e-30, 3e38, 1e10, 1e5, -1e5, 7.5]


def mixed(dtype, seed, count=4000):
    """Everyday values among tiny, huge and special ones."""
    random, row = np.random.default_rng(seed), DTYPES[dtype]
    if row.kind == "b":
        return random.integers(0, 2, count).astype(bool)
    if row.kind in "ui":
        limits = np.iinfo(row.numpy)
        small = random.integers(max(limits.min, -9), 10, count).astype(row.numpy)
        return np.where(
            random.random(count) < 0.3, random.integers(limits.min, limits.max, count, row.numpy, True), small
        )
    real = lambda: np.choose(
        random.choice(3, count, p=[0.6, 0.15, 0.25]),
        [4 * random.normal(size=count), 10 ** random.uniform(-30, 30, count) * random.choice([1, -1], count), random.choice(SPECIALS, count)],
    )  # fmt: skip
    values = real()
    if row.kind == "c":
        return np.stack([values, real()], -1).astype(np.float32).view(np.complex64)[:, 0]
    with np.errstate(over="ignore"):
        values = values.astype(row.numpy)
    return (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32) if dtype == "bfloat16" else values


def bits(x):
    """The bytes of each element, the same for every NaN."""
    x = to_numpy(x)
    if x.dtype.kind in "fc":
        parts = np.ascontiguousarray(x).view(x.real.dtype).reshape(*x.shape, -1)
        x = np.where(np.isnan(parts), np.nan, parts)
    return np.ascontiguousarray(x).view(np.uint8).reshape(len(x), -1)


def dtypes(row):
    """All that the row takes; on a GPU one of each kind, whose kernels the other tests build as well."""
    taken = of_kinds(row.takes)
    return taken if mx.default_device() == mx.cpu else [d for d in taken if d in ("float32", "complex64", "int32")]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_short_arrays_hold_what_long_ones_do(row):
    for dtype in dtypes(row):
        with device_for(dtype):
            operands = [to_mx(mixed(dtype, seed), dtype) for seed in range(row.operands)]
            mx.eval(operands)
            # A single element has a kernel of its own, which takes long to build.
            stretches = STRETCHES[dtype not in ("float64", "float32") :]
            at = [61 * k + offset for k, (offset, _) in enumerate(stretches)]
            parts = [row.call(*(x[i : i + n] for x in operands)) for i, (_, n) in zip(at, stretches)]
            want = bits(row.call(*operands))
            mx.eval(parts)
            for i, (_, n), part in zip(at, stretches, parts):
                wrong = np.flatnonzero((bits(part) != want[i : i + n]).any(-1))
                assert not wrong.size, (
                    f"{row.name} of {n} {dtype} from offset {i}: {to_numpy(part)[wrong]} at {wrong}, "
                    f"operands {[to_numpy(x)[i + wrong] for x in operands]}"
                )


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_neighbours_do_not_matter(row):
    for dtype in dtypes(row):
        with device_for(dtype):
            values = [mixed(dtype, seed, 1000) for seed in range(row.operands)]
            order = np.random.default_rng(9).permutation(1000)
            there = bits(row.call(*(to_mx(v, dtype) for v in values)))
            here = bits(row.call(*(to_mx(v[order], dtype) for v in values)))
            wrong = np.flatnonzero((here != there[order]).any(-1))
            assert not wrong.size, f"{row.name} of {dtype}: differs for {[v[order][wrong[:5]] for v in values]}"


ALONG_ROWS = {
    "softmax": lambda x: mx.softmax(x, -1), "logsumexp": lambda x: mx.logsumexp(x, -1, keepdims=True),
    "cumsum": lambda x: mx.cumsum(x, -1), "cumprod": lambda x: mx.cumprod(x, -1), "cummax": lambda x: mx.cummax(x, -1),
    "logcumsumexp": lambda x: mx.logcumsumexp(x, -1), "sum": lambda x: mx.sum(x, -1, keepdims=True),
    "prod": lambda x: mx.prod(x, -1, keepdims=True), "max": lambda x: mx.max(x, -1, keepdims=True),
    "sort": lambda x: mx.sort(x, -1),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONG_ROWS)
def test_rows_do_not_depend_on_other_rows(name):
    for dtype in ("float32", "float16", "float64"):
        with device_for(dtype):
            values = np.random.default_rng(2).normal(size=(5, 40)).astype(DTYPES[dtype].numpy)
            for n in (1, 2, 3, 7, 8, 9, 16, 19, 33, 40):
                x = to_mx(np.ascontiguousarray(values[:, :n]), dtype)
                want = bits(ALONG_ROWS[name](x))
                for first, count in ((0, 1), (1, 1), (2, 2), (1, 3), (4, 1)):
                    got = bits(ALONG_ROWS[name](x[first : first + count]))
                    np.testing.assert_array_equal(
                        got, want[first : first + count], f"{name} of {count} rows of {n} {dtype}"
                    )
