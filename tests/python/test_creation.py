"""Arrays from nothing, from Python values and from ranges, with the dtypes that follow."""

import mlx.core as mx
import numpy as np
import pytest
from support import ALL, DTYPES, device_for, name_of, same

pytestmark = pytest.mark.core


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_zeros_ones_full(dtype, shape):
    row = DTYPES[dtype]
    with device_for(dtype):
        for name, value in [("zeros", 0), ("ones", 1), ("empty", 0)]:
            same(getattr(mx, name)(shape, dtype=row.mx), np.full(shape, value, row.numpy), dtype=dtype)
        same(mx.full(shape, 1, dtype=row.mx), np.full(shape, 1, row.numpy), dtype=dtype)
        x = mx.ones(shape, dtype=row.mx)
        same(mx.zeros_like(x), np.zeros(shape, row.numpy), dtype=dtype)
        same(mx.ones_like(x), np.ones(shape, row.numpy), dtype=dtype)
        same(mx.full_like(x, 1, dtype=row.mx), np.ones(shape, row.numpy), dtype=dtype)
        same(mx.empty_like(x), np.zeros(shape, row.numpy), dtype=dtype)


@pytest.mark.parametrize("value, dtype", [
    (True, "bool_"), (3, "int32"), (2**40, "int64"), (1.5, "float32"), (1 + 2j, "complex64"), ([], "float32"),
    ([1, 2.5], "float32"), ([True, 2], "int32"), ([[1, 2], [3, 4]], "int32"), ((1, 2), "int32"), ([1, 2j], "complex64"),
    (b"ab", "uint8"), (np.float64(2), "float32"), (np.arange(3), "int64"), (np.zeros(2), "float32"),
    (np.zeros(2, complex), "complex64"), (np.zeros(2, np.float16), "float16"),
])  # fmt: skip
def test_dtype_of_new_arrays(value, dtype):
    x = mx.array(value)
    assert name_of(x.dtype) == dtype
    same(x, np.frombuffer(value, np.uint8) if isinstance(value, bytes) else np.array(value))


def test_lists_may_hold_arrays():
    same(mx.array([mx.array([1, 2]), mx.array([3, 4])]), np.array([[1, 2], [3, 4]]))
    same(mx.array([[1, 2], [3, 4]], dtype=mx.float16), np.array([[1, 2], [3, 4]]), dtype="float16")


@pytest.mark.parametrize("arguments, dtype", [
    ((5,), "int32"), ((2, 9), "int32"), ((9, 2, -2), "int32"), ((0, 3, 0.5), "float32"), ((3.0,), "float32"),
    ((5, 5), "int32"), ((0, 2**33, 2**31), "int64"), ((1, -4, -1.5), "float32"),
])  # fmt: skip
def test_arange(arguments, dtype):
    same(mx.arange(*arguments), np.arange(*arguments), 1e-6, dtype=dtype)


@pytest.mark.parametrize("arguments", [(0.5, 5, 1.5), (-3, 0, 0.5), (5, 0, -1.5), (0.9, 4, 0.2), (0, 3, 0.2)])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64"])
def test_whole_numbers_step_by_the_distance_of_the_first_two(arguments, dtype):
    want = np.arange(*arguments, dtype="int64").astype(dtype)
    same(mx.arange(*arguments, dtype=getattr(mx, dtype)), want, dtype=dtype)


def test_whole_numbers_beyond_53_bits():
    assert mx.arange(2**60, 2**60 + 1024, 256, mx.int64).tolist() == [2**60 + 256 * i for i in range(4)]


@pytest.mark.parametrize("arguments, values", [
    ((False, 3), [0, 1, 2]), ((True, 3, True), [1, 2]), ((0, True), [0]), ((True, 3, 0.5), [1.0, 1.5, 2.0, 2.5]),
    ((False, True, 1), [0]), ((2.5, True), []), ((3, None, 2), [0, 2]), ((True, None, 1), [0]),
])  # fmt: skip
def test_arange_counts_bools_as_whole_numbers(arguments, values):
    x = mx.arange(*arguments)
    assert x.tolist() == values
    assert x.dtype == (mx.float32 if any(isinstance(n, float) for n in arguments) else mx.int32)


@pytest.mark.parametrize("arguments", [(True,), (False, True), (True, True, True)], ids=str)
def test_arange_of_bools_alone_needs_a_dtype(arguments):
    with pytest.raises(ValueError):
        mx.arange(*arguments)
    assert mx.arange(*arguments, dtype=mx.int8).dtype == mx.int8


@pytest.mark.parametrize("call", [
    lambda: mx.arange(1j), lambda: mx.arange(0, 1, 1j), lambda: mx.arange("a"), lambda: mx.linspace("a", 1),
    lambda: mx.linspace(0, [1]), lambda: mx.linspace({}, 1), lambda: mx.linspace(1j, 1), lambda: mx.linspace(None, 1),
])  # fmt: skip
def test_ranges_take_real_numbers(call):
    with pytest.raises(TypeError):
        call()


def test_arange_casts_start_and_step_to_the_dtype():
    same(mx.arange(1, 7, 2, dtype=mx.float16), np.array([1, 3, 5]), dtype="float16")
    assert mx.arange(1, step=2, stop=8).tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize("start, stop, num", [(0, 1, 50), (0, 1, 5), (3, -2, 7), (2, 2, 3), (0, 1, 1), (0, 1, 0)])
def test_linspace(start, stop, num):
    got = mx.linspace(start, stop, num)
    same(got, np.linspace(start, stop, num), 1e-6, 1e-6, dtype="float32")
    if num > 1:
        assert got[0].item() == start and got[-1].item() == stop
    assert mx.linspace(0, 1).size == 50


@pytest.mark.parametrize(
    "value", [np.int8(3), np.float32(2.5), np.complex64(2), np.array([1.5, 2.5]), np.uint64(7)], ids=str
)
@pytest.mark.parametrize("dtype", ["int32", "float16", "complex64", "bool_"])
def test_full_of_numpy_has_the_dtype_asked_for(value, dtype):
    with np.errstate(all="ignore"):
        want = np.full((2,), value).astype(DTYPES[dtype].numpy)
    same(mx.full((2,), value, getattr(mx, dtype)), want, dtype=dtype)
    assert name_of(mx.full((2,), mx.array(1.5), mx.int32).dtype) == "float32"  # an array keeps its own


def test_linspace_without_endpoint():
    same(mx.linspace(0, 1, 4, endpoint=False), np.linspace(0, 1, 4, endpoint=False), 1e-6)


@pytest.mark.parametrize("n, m, k", [(3, None, 0), (3, 4, 1), (4, 2, -1), (2, 2, 5), (0, 0, 0)])
def test_eye_and_tri(n, m, k):
    same(mx.eye(n, m, k), np.eye(n, m, k))
    same(mx.tri(n, m, k), np.tri(n, m, k))
    same(mx.identity(n), np.identity(n))


@pytest.mark.parametrize("sizes, shape", [((-5,), (0, 0)), ((3, -2), (3, 0)), ((-1, 3), (0, 3))])
def test_negative_sizes(sizes, shape):
    assert mx.tri(*sizes).shape == shape
    with pytest.raises(ValueError):
        mx.eye(*sizes)


@pytest.mark.parametrize("name", ["bartlett", "hanning", "hamming", "blackman"])
@pytest.mark.parametrize("length", [1, 2, 7, 12])
def test_windows(name, length):
    same(getattr(mx, name)(length), getattr(np, name)(length), 1e-5, 1e-6)


def test_properties():
    x = mx.zeros((2, 3), dtype=mx.int16)
    assert (x.size, x.ndim, x.itemsize, x.nbytes, x.shape, len(x)) == (6, 2, 2, 12, (2, 3), 2)
    assert x.dtype == mx.int16 and hash(mx.int16) == hash(x.dtype)
    assert [row.shape for row in x] == [(3,), (3,)]


PROMOTIONS = [
    ("bool_", "uint8", "uint8"), ("uint8", "int8", "int16"), ("uint8", "int16", "int16"), ("uint16", "int8", "int32"),
    ("uint32", "int8", "int64"), ("uint64", "int8", "float32"), ("int64", "float16", "float16"),
    ("int32", "bfloat16", "bfloat16"), ("float16", "bfloat16", "float32"), ("float16", "float32", "float32"),
    ("int8", "int64", "int64"), ("float32", "complex64", "complex64"), ("bool_", "float16", "float16"),
    ("uint32", "uint64", "uint64"), ("int64", "float32", "float32"), ("bool_", "bool_", "bool_"),
]  # fmt: skip


@pytest.mark.parametrize("a, b, result", PROMOTIONS)
def test_promotion_of_arrays(a, b, result):
    x, y = mx.ones((2,), dtype=getattr(mx, a)), mx.ones((2,), dtype=getattr(mx, b))
    assert name_of((x + y).dtype) == name_of((y + x).dtype) == result
    assert name_of(mx.result_type(x, y)) == result
    assert name_of(mx.where(mx.array([True, False]), x, y).dtype) == result


@pytest.mark.parametrize("dtype, scalar, result", [
    ("bool_", True, "bool_"), ("bool_", 1, "int32"), ("bool_", 1.0, "float32"), ("uint8", 1, "uint8"),
    ("int16", 1, "int16"), ("int64", 1.5, "float32"), ("float16", 1, "float16"), ("bfloat16", 1.5, "bfloat16"),
    ("float16", True, "float16"), ("float16", 1j, "complex64"), ("complex64", 1.5, "complex64"),
])  # fmt: skip
def test_python_scalars_are_weak(dtype, scalar, result):
    x = mx.ones((2,), dtype=getattr(mx, dtype))
    assert name_of((x * scalar).dtype) == result
    assert name_of((scalar * x).dtype) == result
    assert name_of(mx.multiply(x, scalar).dtype) == result


def test_zero_dimensional_arrays_are_not_weak():
    assert (mx.ones((2,), dtype=mx.float16) * mx.array(2.0)).dtype == mx.float32


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_finfo(name):
    info = mx.finfo(getattr(mx, name))
    assert info.dtype == getattr(mx, name) and info.min == -info.max
    if name != "bfloat16":
        assert info.max == float(np.finfo(name).max) and info.eps == float(np.finfo(name).eps)


@pytest.mark.parametrize("name", ["int8", "uint16", "int64", "uint64"])
def test_iinfo(name):
    assert (mx.iinfo(getattr(mx, name)).min, mx.iinfo(getattr(mx, name)).max) == (
        np.iinfo(name).min,
        np.iinfo(name).max,
    )


def test_issubdtype():
    assert mx.issubdtype(mx.float16, mx.floating) and mx.issubdtype(mx.complex64, mx.inexact)
    assert mx.issubdtype(mx.uint8, mx.unsignedinteger) and not mx.issubdtype(mx.bool_, mx.integer)
    assert mx.issubdtype(mx.int8, mx.signedinteger) and mx.issubdtype(mx.floating, mx.number)


def test_constants():
    assert mx.pi == np.pi and mx.e == np.e and mx.inf == np.inf and mx.isnan(mx.array(mx.nan)).item()
    assert mx.newaxis is None and mx.euler_gamma == np.euler_gamma
