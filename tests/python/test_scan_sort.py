"""Cumulative scans, sorts, partitions, top-k and binary search, against NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import (
    ALL,
    DTYPES,
    LAYOUTS,
    check,
    check_gradient,
    check_vmap,
    device_for,
    draw,
    of_kinds,
    output_of,
    same,
    to_mx,
)

pytestmark = pytest.mark.core


def logcumsumexp(x, axis):
    return np.logaddexp.accumulate(x, axis=axis)


SCANS = {
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
    "logcumsumexp": logcumsumexp,
}
FIRST = {"cumsum": 0, "cumprod": 1}


def scan(name, x, axis, reverse=False, inclusive=True):
    """The scan in NumPy; exclusive ones begin with the neutral element."""
    x = np.flip(x, axis) if reverse else x
    out = SCANS[name](x, axis=axis)
    if not inclusive:
        first = np.full_like(np.take(out, [0], axis), FIRST[name])
        out = np.concatenate([first, np.take(out, range(out.shape[axis] - 1), axis)], axis)
    return np.flip(out, axis) if reverse else out


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("reverse", [False, True])
def test_scan_axes(name, axis, reverse):
    x = draw("float32", (3, 4, 5), 0.5, 1.5)
    got = getattr(mx, name)(mx.array(x), axis=axis, reverse=reverse)
    same(got, scan(name, x.astype(np.float64), axis, reverse), 1e-5, 1e-6)


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_exclusive_scans(name, axis, reverse):
    x = draw("float32", (4, 5), 0.5, 1.5)
    got = getattr(mx, name)(mx.array(x), axis=axis, reverse=reverse, inclusive=False)
    same(got, scan(name, x.astype(np.float64), axis, reverse, False), 1e-5, 1e-6)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("layout", [n for n in LAYOUTS if n not in ("empty", "0-d")])
def test_scan_layouts(name, layout):
    for axis in (0, 1):
        check(lambda x: getattr(mx, name)(x, axis=axis), lambda x: SCANS[name](x, axis=axis),
              draw("float32", (5, 6), 0.5, 1.5), layout=layout)  # fmt: skip


@pytest.mark.parametrize("dtype", of_kinds("buif"))
def test_cumsum_dtypes(dtype):
    rtol = {"float16": 1e-2, "bfloat16": 5e-2}.get(dtype)
    check(lambda x: mx.cumsum(x, axis=1), lambda x: np.cumsum(x, axis=1), draw(dtype, (3, 9), 0, 3), dtype=dtype,
          gives="int32" if dtype == "bool_" else dtype, rtol=rtol)  # fmt: skip


@pytest.mark.parametrize("dtype", of_kinds("uif"))
def test_cummax_and_cumprod_dtypes(dtype):
    rtol = {"float16": 1e-2, "bfloat16": 5e-2}.get(dtype)
    values = draw(dtype, (3, 4), 1, 2)
    check(lambda x: mx.cummax(x, axis=1), lambda x: np.maximum.accumulate(x, axis=1), values, dtype=dtype, gives=dtype)
    check(lambda x: mx.cumprod(x, axis=1), lambda x: np.cumprod(x, axis=1), values, dtype=dtype, gives=dtype, rtol=rtol)


def test_cumsum_dtype_argument():
    assert mx.cumsum(mx.array([1, 2], dtype=mx.int8), dtype=mx.float32).dtype == mx.float32


@pytest.mark.parametrize("length", [1, 31, 32, 33, 255, 257, 1025, 5000])
def test_scan_lengths_around_the_tiles_of_kernels(length):
    x = draw("int32", (2, length), -9, 9)
    same(mx.cumsum(mx.array(x), axis=1), np.cumsum(x, axis=1))
    same(mx.cumsum(mx.array(x.T.copy()), axis=0, reverse=True), scan("cumsum", x.T, 0, True))
    same(mx.cummax(mx.array(x), axis=1), np.maximum.accumulate(x, axis=1))


def test_scan_without_axis_flattens():
    x = draw("float32", (3, 4))
    same(mx.cumsum(mx.array(x)), np.cumsum(x.astype(np.float64)), 1e-5, 1e-6)


@pytest.mark.parametrize("dtype", of_kinds("bui"))
def test_logcumsumexp_of_integers_is_float32(dtype):
    x = draw(dtype, (3, 7), 0, 3)
    check(
        lambda x: mx.logcumsumexp(x, axis=1),
        lambda x: logcumsumexp(x.astype(np.float64), 1),
        x,
        dtype=dtype,
        gives="float32",
    )
    same(to_mx(x, dtype).logcumsumexp(0), logcumsumexp(x.astype(np.float64), 0).astype(np.float32), 1e-5, 1e-6)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes_propagate_nan(name):
    got = np.array(getattr(mx, name)(mx.array([1.0, mx.nan, 3.0])))
    assert got[0] == 1 and np.isnan(got[1:]).all()


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
def test_scan_gradient(name):
    x = draw("float64", (2, 4), 0.5, 1.5)
    for reverse in (False, True):
        check_gradient(lambda x: getattr(mx, name)(x, axis=1, reverse=reverse), x,
                       expected=lambda x: scan(name, x, 1, reverse), rtol=1e-4, jvp=name == "cumsum")  # fmt: skip


@pytest.mark.parametrize("name", SCANS)
def test_scan_vmap(name):
    check_vmap(lambda x: getattr(mx, name)(x, axis=0), mx.array(draw("float32", (3, 4), 0.5, 1)), in_axes=1)


@pytest.mark.parametrize("dtype", [d for d in ALL if DTYPES[d].kind != "c"])
def test_sort_dtypes(dtype):
    values = draw(dtype, (5, 40), -100, 100)
    check(
        lambda x: mx.sort(x, axis=-1), lambda x: np.sort(x, axis=-1), values, dtype=dtype, gives=dtype, rtol=0, atol=0
    )
    with device_for(dtype):
        x = to_mx(values, dtype)
        order = mx.argsort(x, axis=-1)
        assert order.dtype == mx.uint32
        same(mx.take_along_axis(x, order, axis=-1), mx.sort(x, axis=-1))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, None])
def test_sort_axes(axis):
    x = draw("float32", (4, 5, 6))
    same(mx.sort(mx.array(x), axis=axis), np.sort(x, axis=axis))
    same(mx.argsort(mx.array(x), axis=axis), np.argsort(x, axis=axis, kind="stable"))


@pytest.mark.parametrize("layout", [n for n in LAYOUTS if n not in ("empty", "0-d")])
def test_sort_layouts(layout):
    for axis in (0, 1):
        check(lambda x: mx.sort(x, axis=axis), lambda x: np.sort(x, axis=axis), draw("float32", (6, 7)), layout=layout)


@pytest.mark.parametrize("length", [1, 2, 31, 33, 128, 500, 1025, 4097, 20000])
def test_sort_lengths_around_the_tiles_of_kernels(length):
    x = draw("float32", (2, length))
    same(mx.sort(mx.array(x)), np.sort(x))
    x = draw("int32", (length,), 0, 20)
    same(mx.argsort(mx.array(x)), np.argsort(x, kind="stable"))


def test_sort_puts_nan_last():
    same(mx.sort(mx.array([mx.nan, 1.0, -mx.inf, mx.inf, mx.nan, 0.0])),
         np.array([-np.inf, 0, 1, np.inf, np.nan, np.nan]))  # fmt: skip


@pytest.mark.parametrize("kth", [0, 3, -1, -4])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_partition(kth, axis):
    x = draw("float32", (9, 8))
    got = np.array(mx.partition(mx.array(x), kth, axis=axis))
    index = kth % x.shape[axis]
    want = np.take(np.sort(x, axis=axis), index, axis)
    np.testing.assert_array_equal(np.take(got, index, axis), want)
    low, high = np.split(got, [index], axis)
    assert np.all(low <= np.expand_dims(want, axis)) and np.all(high >= np.expand_dims(want, axis))
    order = np.array(mx.argpartition(mx.array(x), kth, axis=axis))
    np.testing.assert_array_equal(np.take(np.take_along_axis(x, order, axis), index, axis), want)


@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_topk(k, axis):
    x = draw("float32", (9, 8))
    got = np.sort(np.array(mx.topk(mx.array(x), k, axis=axis)), axis=axis)
    want = np.sort(x, axis=axis)
    want = want[-k:] if axis is None else np.take(want, range(want.shape[axis] - k, want.shape[axis]), axis)
    np.testing.assert_array_equal(got, want.reshape(got.shape))


def test_sort_gradient_follows_the_order():
    same(mx.grad(lambda x: (mx.sort(x) * mx.array([1.0, 2.0, 3.0])).sum())(mx.array([5.0, 1.0, 3.0])), [3.0, 1.0, 2.0])
    check_gradient(lambda x: mx.sort(x, axis=0), draw("float64", (4, 3)))


@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_sort_vmap(name):
    check_vmap(lambda x: getattr(mx, name)(x, axis=0), mx.array(draw("float32", (4, 5))), in_axes=1)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_searchsorted(side, dtype):
    ordered = np.sort(draw(dtype, (50,), 0, 20))
    values = draw(dtype, (4, 7), 0, 22, seed=1)
    got = mx.searchsorted(mx.array(ordered), mx.array(values), side=side)
    same(got, np.searchsorted(ordered, values, side=side), dtype="uint32")


@pytest.mark.parametrize("call", ["cumsum", "cummax", "sort", "argsort"])
def test_scans_and_sorts_of_an_empty_axis_do_not_end_the_process(call):
    output_of(f"""
        import mlx.core as mx
        try:
            mx.eval(mx.{call}(mx.zeros((3, 0)), axis=1))
        except ValueError:
            pass
    """)


def test_diff():
    x = draw("float32", (4, 5))
    for n, axis in [(1, -1), (2, 0), (0, 1)]:
        same(mx.diff(mx.array(x), n=n, axis=axis), np.diff(x, n=n, axis=axis), 1e-5, 1e-6)
