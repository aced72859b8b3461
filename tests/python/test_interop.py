"""Arrays and the rest of Python: NumPy both ways, the buffer protocol, DLPack, pickle and copies."""

import copy
import pickle

import mlx.core as mx
import numpy as np
import pytest
from support import ALL, DTYPES, device_for, draw, same, to_mx

pytestmark = pytest.mark.core
NATIVE = [d for d in ALL if d != "bfloat16"]


@pytest.mark.parametrize("dtype", NATIVE)
@pytest.mark.parametrize("shape", [(), (0, 3), (4,), (2, 3, 4)])
def test_numpy_round_trip(dtype, shape):
    values = draw(dtype, shape)
    with device_for(dtype):
        back = np.array(to_mx(values, dtype))
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_arrays_made_from_any_numpy_layout():
    values = draw("float32", (4, 6))
    for view in (values.T, values[::2, 1::2], np.broadcast_to(values[0], (3, 6)), np.asfortranarray(values)):
        same(mx.array(view), view)


def test_views_of_arrays_reach_numpy():
    x = mx.arange(24).reshape(2, 3, 4)
    for view in (x.T, x[:, ::2], x[:, :, ::-1], mx.broadcast_to(x[0, 0], (5, 4))):
        np.testing.assert_array_equal(np.array(view), np.array(view.tolist()))


def test_np_array_copies_and_np_asarray_shares():
    x = mx.array([1.0, 2.0])
    np.array(x)[0] = 9
    assert x.tolist() == [1, 2]
    if mx.default_device() == mx.cpu:
        np.asarray(x)[0] = 9
        assert x.tolist() == [9, 2]


def test_memoryview():
    x = mx.array([[1, 2, 3], [4, 5, 6]], dtype=mx.int16)
    view = memoryview(x)
    assert view.shape == (2, 3) and view.format == "h" and view.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert bytes(x) == np.array(x).tobytes()


@pytest.mark.parametrize("dtype, code", [
    ("bool_", "?"), ("uint8", "B"), ("uint16", "H"), ("uint32", "I"), ("int8", "b"), ("int16", "h"), ("int32", "i"),
    ("float16", "e"), ("float32", "f"), ("complex64", "Zf"),
])  # fmt: skip
def test_buffer_formats(dtype, code):
    assert memoryview(mx.ones((2,), dtype=getattr(mx, dtype))).format == code


def test_bfloat16_needs_a_conversion():
    with pytest.raises((TypeError, ValueError)):
        np.array(mx.ones((2,), dtype=mx.bfloat16))
    same(np.array(mx.ones((2,), dtype=mx.bfloat16).astype(mx.float32)), np.ones(2))


@pytest.mark.parametrize("dtype", [d for d in ALL if d != "float64"])
def test_pickle_and_copies(dtype):
    x = to_mx(draw(dtype, (2, 3)), dtype)
    for other in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)):
        assert other.dtype == x.dtype and mx.array_equal(x, other).item()
        other[0] = 0
    same(x, draw(dtype, (2, 3)), dtype=dtype)


def test_dlpack_with_numpy():
    if mx.default_device() != mx.cpu:
        return
    x = mx.arange(6, dtype=mx.float32).reshape(2, 3)
    assert x.__dlpack_device__()[1] == 0
    np.testing.assert_array_equal(np.from_dlpack(x), np.array(x))
    np.testing.assert_array_equal(np.from_dlpack(x.T), np.array(x).T)


def test_from_dlpack():
    values = draw("float32", (3, 4))
    same(mx.from_dlpack(values), values)
    same(mx.from_dlpack(values.T), values.T)
    same(mx.asarray(values), values)


def test_numpy_functions_on_arrays():
    x = mx.array([0.0, 1.0])
    np.testing.assert_allclose(np.exp(x), np.exp([0.0, 1.0]), rtol=1e-6)
    assert isinstance(np.ones(2, np.float32) + x, np.ndarray)
    got = x + np.ones(2)
    assert isinstance(got, mx.array) and got.dtype == mx.float32


def test_numpy_operand_is_cast_to_the_arrays_dtype():
    got = mx.array([1, 2]) + np.array([0.75, 1.75])
    assert got.dtype == mx.int32 and got.tolist() == [1, 3]


class Holder:
    def __mlx_array__(self):
        return mx.array([1.0, 2.0])


TEXT, DATE = np.array(["a", "b"]), np.datetime64("2020-01-01")


@pytest.mark.parametrize("other", [TEXT, np.array([None, 1]), np.array([1, 2], np.longdouble), DATE], ids=repr)
def test_what_no_dtype_holds_is_no_operand(other):
    x = mx.array([1.0, 2.0])
    assert (x == other) is False and (x != other) is True
    for call in (lambda: x + other, lambda: x < other, lambda: mx.add(x, other), lambda: mx.where(x > 1, x, other)):
        with pytest.raises(ValueError):
            call()
    with pytest.raises((ValueError, RuntimeError)):
        mx.array(other)


def test_a_long_double_is_a_number():
    same(mx.array([1, 2]) * np.longdouble(0.5), np.array([0.5, 1], np.complex64))


def test_objects_with_an_array_inside():
    assert mx.array(Holder()).tolist() == [1, 2]
    assert mx.exp(Holder()).shape == (2,)
    assert (mx.array([1.0, 1.0]) + Holder()).tolist() == [2, 3]


@pytest.mark.parametrize("dtype", NATIVE)
def test_tolist_and_item(dtype):
    values = draw(dtype, (2, 2))
    with device_for(dtype):
        x = to_mx(values, dtype)
        assert x.tolist() == values.tolist()
        assert x[1, 0].item() == values[1, 0].item() and type(x[1, 0].item()) is type(values[1, 0].item())


def test_array_namespace():
    assert mx.array(1).__array_namespace__() is mx
    with pytest.raises(ValueError):
        mx.array(1).__array_namespace__(api_version="1900.01")


def test_identity_and_hash():
    x = mx.array([1, 2])
    assert len({x, x, mx.array([1, 2])}) == 2
    assert DTYPES["float32"].mx == mx.float32 and mx.float32 != "float32"


def test_integers_of_no_axes_are_indices():
    assert (
        [4, 5, 6][mx.array(2)] == 6
        and hex(mx.array(255)) == "0xff"
        and list(range(mx.array(3, mx.uint64))) == [0, 1, 2]
    )
    assert np.arange(6)[mx.array(1)] == 1 and np.zeros(mx.array(3)).shape == (3,)
    for wrong in (mx.array(1.0), mx.array(True), mx.array([1]), mx.array([1, 2]), mx.array(1j)):
        with pytest.raises(TypeError, match="0-dimensional integer"):
            [4, 5, 6][wrong]


def test_arrays_stand_where_ints_are_taken():
    x, two = mx.array(draw("float32", (2, 3))), mx.array(2)
    assert x.reshape(mx.array([3, 2])).shape == mx.reshape(x, mx.array([3, 2])).shape == (3, 2)
    assert x.reshape(-1, two).shape == (3, 2) and mx.zeros((two, 3)).shape == (2, 3)
    assert [part.shape for part in mx.split(x, two)] == [(1, 3), (1, 3)]
    assert [part.shape for part in mx.split(mx.arange(4), mx.array([1, 2]))] == [(1,), (1,), (2,)]
    same(mx.sum(x, mx.array(0)), np.sum(np.array(x), 0), 1e-6, 1e-6)
    same(mx.sum(x, mx.array([0, 1])), np.sum(np.array(x)), 1e-6, 1e-6)
    same(mx.roll(x, mx.array(1)), np.roll(np.array(x), 1))
    assert mx.eye(two).shape == (2, 2) and x.transpose(mx.array([1, 0])).shape == (3, 2)
    for slice_ in (lambda: x[two:], lambda: x[: mx.array(1)]):
        with pytest.raises(ValueError, match="slice indices"):
            slice_()


@pytest.mark.parametrize("dtype", ALL)
def test_bytes_are_the_elements_in_row_major_order(dtype):
    values = draw(dtype, (3, 4))
    with device_for(dtype):
        x = to_mx(values, dtype)
        for view, want in ((x, values), (x.T, values.T), (x[:, ::-2], values[:, ::-2]), (x[:0], values[:0])):
            if dtype == "bfloat16":
                want = (np.ascontiguousarray(want).view(np.uint32) >> 16).astype(np.uint16)
            assert bytes(view) == np.ascontiguousarray(want).tobytes()


def test_positive_is_another_array_of_the_same_value():
    x = mx.array([1.0, -2.0])
    y = +x
    y[0] = 5
    assert x.tolist() == [1, -2] and y.tolist() == [5, -2] and (+mx.array([True])).dtype == mx.bool_
    same(mx.grad(lambda x: (+x * x).sum())(x), [2, -4])
