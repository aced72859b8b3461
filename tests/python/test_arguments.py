"""What Python arguments become: forms of calls, scalars, foreign memory and sequences."""

from decimal import Decimal
from fractions import Fraction
from unittest import mock

import mlx.core as mx
import numpy as np
import pytest

A = mx.ones((2, 3))
IMAGE, FILTER = mx.ones((1, 4, 4, 1)), mx.ones((1, 2, 2, 1))
VOLUME, FILTER3 = mx.ones((1, 3, 3, 3, 1)), mx.ones((1, 2, 2, 2, 1))


class Float:
    def __float__(self):
        return 2.5


class Complex:
    def __complex__(self):
        return 1 + 2j


SINGLE_INTS = {
    "reshape": lambda: mx.reshape(A, 6),
    "broadcast_to": lambda: mx.broadcast_to(mx.ones(1), 3),
    "unflatten": lambda: mx.unflatten(A, 1, 3),
    "as_strided": lambda: mx.as_strided(A, 3, 1),
    "transpose": lambda: mx.transpose(A, 0),
    "slice": lambda: mx.slice(A, mx.array([0]), 0, (1, 3)),
    "slice_update": lambda: mx.slice_update(A, A, mx.array([0]), 0),
    "normal": lambda: mx.random.normal(3),
    "uniform": lambda: mx.random.uniform(shape=3),
    "bernoulli": lambda: mx.random.bernoulli(0.5, 3),
    "randint": lambda: mx.random.randint(0, 5, 3),
    "fft2": lambda: mx.fft.fft2(A, 4),
    "fftn": lambda: mx.fft.fftn(A, axes=0),
    "recv": lambda: mx.distributed.recv(3, mx.float32, 0),
}


@pytest.mark.parametrize("call", SINGLE_INTS.values(), ids=SINGLE_INTS)
def test_a_sequence_of_ints_is_not_a_bare_int(call):
    with pytest.raises(TypeError, match="sequence of ints"):
        call()


WIDE_INTS = {
    "repeats": lambda: mx.repeat(A, 2**40),
    "axis": lambda: mx.sum(A, axis=-(2**31) - 1),
    "n": lambda: mx.eye(2**33),
    "shift": lambda: mx.roll(A, 10**5000),
    "seed": lambda: mx.random.key(-1),
}


@pytest.mark.parametrize("name", WIDE_INTS)
def test_an_int_beyond_the_parameters_range_is_said_to_be_that(name):
    with pytest.raises(TypeError, match=f"argument '{name}' is an int out of range"):
        WIDE_INTS[name]()


def test_creation_functions_and_methods_take_a_bare_int():
    assert mx.zeros(3).shape == mx.ones(3).shape == mx.full(3, 1.0).shape == (3,)
    assert A.reshape(6).shape == (6,) and mx.ones(3).transpose(0).shape == (3,)


@pytest.mark.parametrize("argument", ["stride", "padding", "dilation"])
@pytest.mark.parametrize("sizes", [(1,), [1, 1, 1, 1], ()])
def test_convolutions_take_one_int_for_each_spatial_axis(argument, sizes):
    for call in (
        lambda: mx.conv2d(IMAGE, FILTER, **{argument: sizes}),
        lambda: mx.conv3d(VOLUME, FILTER3, **{argument: sizes}),
        lambda: mx.conv_transpose2d(IMAGE, FILTER, **{argument: sizes}),
        lambda: mx.conv_transpose3d(VOLUME, FILTER3, **{argument: sizes}),
    ):
        with pytest.raises(TypeError):
            call()
    assert mx.conv2d(IMAGE, FILTER, stride=[1, 2]).shape == (1, 3, 2, 1)
    assert mx.conv3d(VOLUME, FILTER3, padding=(0, 1, 1)).shape == (1, 2, 4, 4, 1)


@pytest.mark.parametrize("keywords", [{"start": 1, "step": 2}, {"start": 4}, {}, {"step": 1}])
def test_arange_needs_a_stop(keywords):
    with pytest.raises(TypeError):
        mx.arange(**keywords)


def test_arange_has_two_forms():
    with pytest.raises(TypeError):
        mx.arange(None, 3)
    assert mx.arange(stop=5, step=2).tolist() == [0, 2, 4]
    assert mx.arange(4, None).tolist() == mx.arange(4).tolist() == [0, 1, 2, 3]
    assert mx.arange(2, 8, 3, mx.float32).tolist() == [2.0, 5.0]


@pytest.mark.parametrize("value, number, dtype", [
    (np.int8(3), 3, mx.int32), (np.uint32(3), 3, mx.int64), (np.float16(0.5), 0.5, mx.float32),
    (np.array([1, 2], np.uint8), 3, mx.int32), (np.array([0.5], np.float16), 1, mx.float16),
], ids=str)  # fmt: skip
def test_numbers_beside_numpy_alone_count_as_arrays(value, number, dtype):
    assert mx.add(value, number).dtype == mx.add(number, value).dtype == dtype
    assert mx.where(mx.array(True), value, number).dtype == dtype
    assert mx.add(mx.array(1, mx.int8), number if isinstance(number, int) else 1).dtype == mx.int8


def test_limits_take_numpys_integers():
    before = mx.set_cache_limit(np.int32(12345))
    assert mx.set_cache_limit(before) == 12345


@pytest.mark.parametrize("use", [
    lambda d: mx.abs(mx.ones(2), stream=d), lambda d: mx.zeros(2, stream=d), lambda d: mx.zeros(2, device=d),
    mx.default_stream, mx.stream, mx.new_stream,
])  # fmt: skip
@pytest.mark.parametrize("index", [1, -1])
def test_there_is_one_device_of_a_type(use, index):
    with pytest.raises(IndexError):
        use(mx.Device(mx.cpu, index))


def test_the_method_astype_takes_its_stream_by_position():
    assert mx.array([1.5]).astype(mx.float16, mx.cpu).dtype == mx.float16
    with pytest.raises(TypeError):
        mx.astype(mx.array([1.5]), mx.float16, mx.cpu)


def test_repeat_takes_its_array_by_position():
    with pytest.raises(TypeError):
        mx.repeat(array=mx.ones(2), repeats=2)


def test_what_follows_a_sequence_of_sizes_is_ignored():
    assert A.reshape((6,), mx.cpu).shape == (6,) and A.transpose((1, 0), 5).shape == (3, 2)


CONVERTIBLE = {
    "__float__": (Float(), 2.5),
    "__complex__": (Complex(), 1 + 2j),
    "Fraction": (Fraction(1, 2), 0.5),
    "Decimal": (Decimal("0.25"), 0.25),
    "MagicMock": (mock.MagicMock(), 1j),
}


@pytest.mark.parametrize("number, value", CONVERTIBLE.values(), ids=CONVERTIBLE)
def test_what_python_makes_a_number_is_a_complex_scalar(number, value):
    x = mx.array([4.0])
    for result, expected in [
        (x + number, 4 + value),
        (x * number, 4 * value),
        (mx.add(x, number), 4 + value),
        (mx.where(mx.array([True]), number, x), value),
        (mx.broadcast_to(number, (1,)), value),
        (mx.full((1,), number), value),
        (mx.distributed.all_sum(number), value),
    ]:
        assert result.dtype == mx.complex64 and result.item() == pytest.approx(expected)
    total = mx.array(0.0)
    total += number
    assert total.item() == pytest.approx(value)
    assert (mx.array([value, 9], mx.complex64) == number).tolist() == [True, False]
    with pytest.raises(ValueError):
        mx.array([number])


def test_assigned_scalars_are_cast_to_the_array():
    x = mx.array([1.0, 1.0])
    x[0] = Float()
    assert x.dtype == mx.float32 and x.tolist() == [2.5, 1.0]
    assert mx.pad(mx.array([1]), 1, constant_values=Fraction(5, 2)).tolist() == [2, 1, 2]


def test_where_weighs_numpy_against_the_other_branch():
    c, y = mx.array([True, False, True]), mx.array([9.0, 9.0, 9.0])
    assert mx.where(c, np.array([0.25, 0.5, 0.75], np.float32), y).tolist() == [0.25, 9.0, 0.75]
    assert mx.where(c, y, np.float32(0.25)).tolist() == [9.0, 0.25, 9.0]
    assert mx.where(c, np.array([2, 3, 4]), np.array([5, 6, 7])).dtype == mx.int64
    assert mx.where(np.array([1, 0, 2]), y, 0).tolist() == [9.0, 0.0, 9.0]


def test_distributed_functions_convert_scalars_and_check_the_stream():
    assert mx.distributed.all_sum(0.25).dtype == mx.float32 and mx.distributed.all_sum(3).item() == 3
    assert mx.distributed.all_max(True).dtype == mx.bool_
    with pytest.raises(ValueError):
        mx.distributed.all_sum([1.0])
    for name in ("all_sum", "all_max", "all_min", "all_gather", "sum_scatter"):
        for stream in ("cpu", 3):
            with pytest.raises(TypeError):
                getattr(mx.distributed, name)(mx.array(1), stream=stream)
    with pytest.raises(TypeError):
        mx.distributed.recv((3,), float, 0)
    with pytest.raises(TypeError):
        mx.distributed.send(mx.ones(1), 0, stream=3)


@pytest.mark.parametrize("bad", [(None, None), "a", 1.5])
def test_argnums_of_a_wrong_type(bad):
    for transform in (mx.grad, mx.value_and_grad):
        with pytest.raises(TypeError):
            transform(lambda a: a, bad)


def test_transforms_judge_their_arguments_when_made():
    with pytest.raises(TypeError):
        mx.grad(lambda a: a, argnames=[1])
    with pytest.raises(TypeError):
        mx.custom_function(3)
    with pytest.raises(ValueError):
        mx.grad(lambda a: a, ())


def test_in_place_division_by_none_is_a_type_error():
    x = mx.array([1])
    with pytest.raises(TypeError):
        x /= None


@pytest.mark.parametrize("make", [mx.from_dlpack, mx.array, mx.asarray])
def test_strides_of_a_host_array_are_kept(make):
    source = np.arange(24, dtype=np.float32).reshape(4, 6)
    for view, strides in [
        (source[:, ::3], (24, 12)),
        (source.T, (4, 24)),
        (np.arange(20, dtype=np.int32)[1:9:2], (8,)),
        (np.broadcast_to(np.float32([2, 3]), (4, 2)), (0, 4)),
    ]:
        made = make(view)
        assert memoryview(made).strides == strides and made.tolist() == view.tolist()
        assert (made + 0).tolist() == view.tolist()


def test_negative_strides_are_refused_everywhere():
    backwards = np.arange(4)[::-1]
    y = mx.zeros(4)
    for take in (
        mx.array,
        mx.asarray,
        mx.from_dlpack,
        lambda v: mx.array(v, dtype=mx.float32),
        lambda v: y + v,
        lambda v: y.__setitem__(slice(None), v),
        lambda v: mx.array(np.arange(4.0)[::-1]),
    ):
        with pytest.raises(ValueError, match="negative strides"):
            take(backwards)


@pytest.mark.parametrize("value", [mx.array([3, 4]), np.arange(5, dtype=np.int16), [1, 2], 2.5])
def test_no_memory_is_shared_on_the_way_in(value):
    with pytest.raises(ValueError, match="copy=False"):
        mx.asarray(value, copy=False)


def test_from_dlpack_copies():
    for value in (np.arange(5), mx.array([1])):
        with pytest.raises(ValueError, match="copy=False"):
            mx.from_dlpack(value, copy=False)
    assert mx.from_dlpack(np.arange(3), copy=True).tolist() == [0, 1, 2]
    assert mx.from_dlpack(np.float32(1.5)).item() == 1.5


ONE, TWO = mx.array([1.0]), mx.array([1.0, 2.0])


@pytest.mark.parametrize("ragged", [[ONE, 2.0], [2.0, ONE], [[1, 2], [3]], [[1, 2], 3], [ONE, TWO], [[[1]], [[1, 2]]]])
def test_ragged_lists(ragged):
    with pytest.raises(ValueError, match="non-uniform length"):
        mx.array(ragged)


def test_a_deeper_item_of_a_list():
    with pytest.raises(ValueError, match="extra dimension"):
        mx.array([1, [2]])


def test_dimensions_beyond_32_bits():
    big = np.broadcast_to(np.zeros(1, np.int8), (2**31 + 7,))
    for make in (mx.array, mx.asarray, mx.from_dlpack):
        with pytest.raises(
            OverflowError,
            match=r"Shape dimension 2147483655 is outside the supported range \[-2147483648, 2147483647\]",
        ):
            make(big)
    for call in (lambda: mx.ones((2**31,)), lambda: mx.broadcast_to(mx.zeros(1), (2**33,))):
        with pytest.raises(OverflowError, match="outside the supported range"):
            call()


def test_along_no_axis_indices_have_one_dimension():
    a, indices = mx.zeros((3, 4)), mx.zeros((3, 2), mx.int32)
    with pytest.raises(ValueError):
        mx.take_along_axis(a, indices, axis=None)
    with pytest.raises(ValueError):
        mx.put_along_axis(a, indices, mx.ones((3, 2)), axis=None)
    assert mx.take_along_axis(mx.arange(12).reshape(3, 4), mx.array([5, 1]), axis=None).tolist() == [5, 1]
    assert mx.take_along_axis(mx.arange(4).reshape(2, 2), mx.array([[1], [0]])).tolist() == [[1], [2]]


def test_floating_indices_along_an_axis_fail_on_evaluation():
    empty = mx.zeros((0,))
    assert mx.put_along_axis(empty, empty, empty, axis=None).shape == (0,)
    for result in (
        mx.put_along_axis(mx.zeros(3), mx.array([1.0]), mx.array([5.0]), axis=0),
        mx.take_along_axis(mx.zeros(3), mx.array([1.0]), axis=0),
    ):
        with pytest.raises(RuntimeError, match="integers"):
            mx.eval(result)


@pytest.mark.parametrize("transform", [mx.grad, mx.value_and_grad, mx.vmap, mx.compile])
def test_async_eval_refuses_what_a_transform_traces(transform):
    def traced(v):
        mx.async_eval(v * v)
        return v * v

    with pytest.raises(ValueError, match="Not allowed inside a graph transformation"):
        transform(traced)(mx.array([1.0]) if transform is mx.vmap else mx.array(1.0))


def test_async_eval_of_constants_inside_a_transform():
    k = mx.array(4.0)

    def scaled(v):
        z = k * 2
        mx.async_eval(z)
        return v * z

    assert mx.grad(scaled)(mx.array(1.0)).item() == 8.0 and mx.compile(scaled)(mx.array(1.0)).item() == 8.0


def test_the_random_key_is_one_live_object():
    mx.random.seed(11)
    saved = mx.array(mx.random.state[0])
    first = mx.random.uniform(shape=(3,)).tolist()
    assert mx.random.state[0].tolist() != saved.tolist()
    mx.random.normal((2,))
    mx.random.state[0][:] = saved
    assert mx.random.uniform(shape=(3,)).tolist() == first
    assert mx.random.state[0] is mx.random.state[0]
    mx.random.seed(11)
    assert mx.random.state[0].tolist() == saved.tolist()
    assert mx.random.uniform(shape=(3,)).tolist() == first


def test_randint_of_bools_uses_the_whole_interval():
    drawn = mx.random.randint(0, 2, [200], dtype=mx.bool_, key=mx.random.key(0)).tolist()
    assert set(drawn) == {True, False}
    assert not any(mx.random.randint(0, 1, [50], dtype=mx.bool_, key=mx.random.key(0)).tolist())


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32, mx.float64, mx.complex64], ids=str)
@pytest.mark.parametrize("length", [3, 40, 70000])
def test_the_first_nan_is_the_extreme(dtype, length):
    values = np.arange(length, dtype=np.float32) % 50
    values[[length // 2, length - 1]] = np.nan
    stream = mx.cpu if dtype == mx.float64 else None
    for extreme in (mx.argmax, mx.argmin):
        rows = mx.array(values).astype(dtype, stream)
        assert extreme(rows, stream=stream).item() == length // 2
        columns = mx.stack([rows, rows], axis=1, stream=stream)
        assert extreme(columns, axis=0, stream=stream).tolist() == [length // 2] * 2


def test_extremes_along_an_axis_of_an_array_without_elements():
    for extreme in (mx.argmax, mx.argmin):
        assert extreme(mx.zeros((0, 3)), axis=1).shape == (0,)
        with pytest.raises(ValueError):
            extreme(mx.zeros((0, 3)), axis=0)
    for extreme in (mx.max, mx.min):
        for shape, axis in [((0, 0), 1), ((2, 0, 0), -1), ((2, 0, 0), (1, 2)), ((2, 0), 1)]:
            with pytest.raises(ValueError):
                extreme(mx.zeros(shape), axis=axis)
        assert extreme(mx.zeros((0, 2)), axis=1).shape == (0,)


INTEGERS = [mx.int8, mx.uint8, mx.int16, mx.uint16, mx.int32, mx.uint32, mx.int64, mx.uint64]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("repeats", [1, 40])
def test_shifts_by_the_width_and_more_shift_everything_out(dtype, repeats):
    bits, signed = 8 * dtype.size, mx.issubdtype(dtype, mx.signedinteger)
    a = mx.array([1, 5, -3 if signed else 100] * repeats).astype(dtype)
    for count in [bits, bits + 1, 100] + ([-1, -8] if signed else []):
        assert mx.left_shift(a, mx.array(count, dtype)).tolist() == [0, 0, 0] * repeats
        assert mx.right_shift(a, mx.array(count, dtype)).tolist() == [0, 0, -1 if signed else 0] * repeats
    assert mx.right_shift(a, mx.array(bits - 1, dtype)).tolist() == [0, 0, -1 if signed else 0] * repeats
    assert mx.left_shift(a, mx.array(1, dtype)).tolist() == [2, 10, -6 if signed else 200] * repeats


def test_infinite_complex_numbers():
    inf = float("inf")
    z = mx.array([complex(-inf, 0), complex(inf, 0), complex(0, -inf), complex(-inf, 1)])
    assert mx.isneginf(z).tolist() == [True, False, False, False]
    assert mx.isposinf(z).tolist() == [False, True, False, False]
