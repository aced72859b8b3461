"""The array API standard beyond what MLX has of it, and what else this implementation adds."""

import mlx.core as mx
import numpy as np
import pytest
from support import check, check_gradient, check_vmap, draw, same

pytestmark = pytest.mark.core

NAMES = {
    mx: """
        abs acos acosh add all any arange argmax argmin argsort asarray asin asinh astype atan atan2 atanh bitwise_and bitwise_invert
        bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor bool broadcast_arrays broadcast_to can_cast ceil clip complex64
        concat conj copysign cos cosh count_nonzero cumulative_prod cumulative_sum diff divide e empty empty_like equal exp expand_dims
        expm1 eye finfo flip float32 float64 floor floor_divide from_dlpack full full_like greater greater_equal hypot iinfo imag inf
        int16 int32 int64 int8 isdtype isfinite isinf isnan less less_equal linspace log log10 log1p log2 logaddexp logical_and
        logical_not logical_or logical_xor matmul matrix_transpose max maximum mean meshgrid min minimum moveaxis multiply nan negative
        newaxis nextafter not_equal ones ones_like permute_dims pi positive pow prod real reciprocal remainder repeat reshape
        result_type roll round searchsorted sign signbit sin sinh sort sqrt square squeeze stack std subtract sum take take_along_axis
        tan tanh tensordot tile tril triu trunc uint16 uint32 uint64 uint8 unstack var vecdot where zeros zeros_like
        __array_namespace_info__
    """,
    mx.linalg: """
        cholesky cross det diagonal eigh eigvalsh inv matmul matrix_norm matrix_power matrix_rank matrix_transpose outer pinv qr
        slogdet solve svd svdvals tensordot trace vecdot vector_norm
    """,
    mx.fft: "fft fftfreq fftn fftshift hfft ifft ifftn ifftshift ihfft irfft irfftn rfft rfftfreq rfftn",
    mx.array: """
        T __abs__ __add__ __and__ __array_namespace__ __bool__ __complex__ __dlpack__ __dlpack_device__ __eq__ __float__ __floordiv__
        __ge__ __getitem__ __gt__ __int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__ __mul__ __ne__ __neg__ __or__
        __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__ device dtype mT ndim shape size to_device
    """,
}


@pytest.mark.parametrize("owner", NAMES, ids=lambda owner: owner.__name__)
def test_every_name_exists(owner):
    assert [name for name in NAMES[owner].split() if not hasattr(owner, name)] == []


def test_bool_is_no_name_for_star_imports():
    assert mx.bool == mx.bool_ and "bool" not in vars(mx)
    with pytest.raises(AttributeError, match="module 'mlx.core' has no attribute 'complex128'"):
        mx.complex128


def test_devices():
    for kind in (mx.cpu, mx.gpu):
        facts = mx.device_info(kind)
        if not mx.is_available(kind):
            assert facts == {}
            continue
        sizes = [
            facts[name]
            for name in ("memory_size", "max_buffer_length", "max_recommended_working_set_size", "resource_limit")
        ]
        assert facts["device_name"] and facts["architecture"] and min(sizes) > 0
        assert facts["max_buffer_length"] <= facts["memory_size"]


def test_the_device_of_an_array():
    x = mx.arange(3)
    assert x.device == (x + 1).device == mx.default_device() and isinstance(x.device, mx.Device)
    y = mx.add(x, 1, stream=mx.cpu)
    assert y.device == mx.cpu
    mx.eval(y)
    assert y.device == mx.cpu
    for device in (mx.cpu, mx.default_device()):
        moved = x.to_device(device)
        mx.eval(moved)
        assert moved.device == device and moved.tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="'device' must be Device or DeviceType"):
        x.to_device("cpu")


def test_default_device_as_a_context():
    before = mx.default_device()
    with mx.default_device(mx.cpu):
        assert mx.default_device() == mx.cpu
    assert mx.default_device() == before


def test_copy_has_memory_of_its_own():
    x = mx.array(draw("float32", (3, 4)))
    for view in (x, x.T, x[::2], mx.broadcast_to(x[0], (5, 4)), x.astype(mx.bfloat16), x > 0, mx.array(3)):
        taken = mx.copy(view)
        same(taken.astype(mx.float32), np.array(view.astype(mx.float32)))
        assert taken.dtype == view.dtype
    if mx.default_device() == mx.cpu:
        assert np.asarray(mx.copy(x)).ctypes.data != np.asarray(x).ctypes.data
    check_gradient(mx.copy, draw("float32", (2, 3)))
    check_vmap(mx.copy, mx.array(draw("float32", (4, 3))))


def test_the_transposed_matrices():
    x = mx.zeros((2, 3, 4))
    assert x.mT.shape == (2, 4, 3) and mx.linalg.matrix_transpose(x).shape == (2, 4, 3)
    with pytest.raises(ValueError, match=r"\[matrix_transpose\]"):
        mx.array([1.0]).mT


@pytest.mark.parametrize("value", [0, 1, 2.5, -1, mx.array([0, 2]), mx.array(0.5)], ids=str)
def test_full_of_bools(value):
    same(mx.full((3, 2), value, mx.bool_), np.full((3, 2), np.array(value).astype(bool)))


def test_full_keeps_a_higher_kind():
    assert mx.full((2,), 2.5, mx.int32).dtype == mx.float32


@pytest.mark.parametrize("name", ["float16", "float32"])
@pytest.mark.parametrize("towards", [-np.inf, np.inf, 0.25])
def test_neighbours_are_exact(name, towards):
    words = np.arange(65536, dtype=np.uint16).view(np.float16)
    values = (words if name == "float16" else words.astype(np.float32)).astype(name)
    got = np.array(mx.nextafter(mx.array(values), mx.array(towards, getattr(mx, name))))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got, np.nextafter(values, np.array(towards, name)))


def test_neighbours_of_bfloat16():
    words = np.arange(0x7F80, dtype=np.uint16)  # every number that is not negative
    up = mx.nextafter(mx.array(words).view(mx.bfloat16), mx.array(np.inf, mx.bfloat16))
    np.testing.assert_array_equal(np.array(up.view(mx.uint16)), words + 1)
    down = mx.nextafter(mx.array(words + 1).view(mx.bfloat16), mx.array(-1.0, mx.bfloat16))
    np.testing.assert_array_equal(np.array(down.view(mx.uint16)), words)


SQUARE = draw("float32", (3, 4, 4))
MATRICES = draw("float32", (2, 3, 4))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, -1, -3])
def test_matrix_power(n):
    x = SQUARE + 4 * np.eye(4, dtype=np.float32)
    check(lambda a: mx.linalg.matrix_power(a, n), lambda a: np.linalg.matrix_power(a, n), x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("function, expected", [
    (lambda a: mx.linalg.svdvals(a), lambda a: np.linalg.svd(a, compute_uv=False)),
    (lambda a: mx.linalg.trace(a, offset=1), lambda a: np.trace(a, 1, -2, -1)),
    (lambda a: mx.linalg.diagonal(a, offset=-1), lambda a: np.diagonal(a, -1, -2, -1)),
    (lambda a: mx.linalg.vector_norm(a), lambda a: np.linalg.norm(a.ravel())),
    (lambda a: mx.linalg.vector_norm(a, axis=(0, 2), keepdims=True), lambda a: np.sqrt((a**2).sum((0, 2), keepdims=True))),
    (lambda a: mx.linalg.vector_norm(a, axis=1, ord=1), lambda a: np.abs(a).sum(1)),
    (lambda a: mx.linalg.vector_norm(a, axis=(-1, 0), ord=float("inf")), lambda a: np.abs(a).max((0, 2))),
    (lambda a: mx.linalg.matrix_norm(a), lambda a: np.linalg.norm(a, axis=(-2, -1))),
    (lambda a: mx.linalg.matrix_norm(a, ord="nuc", keepdims=True), lambda a: np.linalg.norm(a, "nuc", (-2, -1), True)),
    (lambda a: mx.linalg.matrix_norm(a, ord=-1), lambda a: np.linalg.norm(a, -1, (-2, -1))),
])  # fmt: skip
def test_functions_of_matrices(function, expected):
    check(function, expected, MATRICES, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rank", [0, 1, 3, 4])
def test_matrix_rank(rank):
    product = draw("float32", (4, rank), seed=1) @ draw("float32", (rank, 6), seed=2)
    assert mx.linalg.matrix_rank(mx.array(np.stack([product, 1e3 * product]))).tolist() == [rank, rank]
    assert mx.linalg.matrix_rank(mx.array(np.diag([1.0, 0.1, 1e-3]).astype(np.float32)), rtol=0.01).item() == 2


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 5, 8])
def test_hermitian_transforms(n, norm):
    half = draw("complex64", (2, 5))
    check(lambda a: mx.fft.hfft(a, n, norm=norm), lambda a: np.fft.hfft(a, n, norm=norm), half, dtype="complex64", rtol=1e-4,
          atol=1e-4)  # fmt: skip
    check(
        lambda a: mx.fft.ihfft(a, n, norm=norm), lambda a: np.fft.ihfft(a, n, norm=norm), MATRICES, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("call, message", [
    (lambda: mx.linalg.matrix_power(mx.zeros((2, 3)), 2), r"\[linalg::matrix_power\].*square.*\(2,3\)"),
    (lambda: mx.linalg.matrix_norm(mx.zeros((3,))), r"\[linalg::matrix_norm\]"),
    (lambda: mx.fft.hfft(mx.zeros((3,)), norm="none"), "Invalid norm"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


CREATION = [
    ("zeros", (3,), np.zeros(3)), ("ones", ((2, 3),), np.ones((2, 3))), ("empty", (2,), np.zeros(2)), ("full", (3, 2.5), np.full(3, 2.5)),
    ("arange", (1, 7, 2), np.arange(1, 7, 2)), ("linspace", (0, 1, 3), np.linspace(0, 1, 3)), ("eye", (3,), np.eye(3)),
    ("zeros_like", (mx.ones(3),), np.zeros(3)), ("ones_like", (mx.zeros(3),), np.ones(3)), ("empty_like", (mx.ones(3),), np.zeros(3)),
    ("full_like", (mx.zeros(3), 2), np.full(3, 2.0)), ("asarray", ([1, 2],), np.array([1, 2])), ("from_dlpack", (np.arange(3),), np.arange(3)),
    ("fft.fftfreq", (8,), np.fft.fftfreq(8)), ("fft.rfftfreq", (8,), np.fft.rfftfreq(8)),
]  # fmt: skip


def function_named(name):
    module, _, plain = name.rpartition(".")
    return getattr(mx.fft if module else mx, plain)


@pytest.mark.parametrize("name, arguments, want", CREATION, ids=[case[0] for case in CREATION])
def test_arrays_are_made_on_the_device_asked_for(name, arguments, want):
    for device in (mx.cpu, mx.Device(mx.cpu), mx.default_device()):
        got = function_named(name)(*arguments, device=device)
        mx.eval(got)
        assert got.device == device
        np.testing.assert_allclose(np.array(got), want)
    with pytest.raises(TypeError):
        function_named(name)(*arguments, device="cpu")
    np.testing.assert_allclose(np.array(function_named(name)(*arguments, device=None)), want)


def test_device_and_stream_exclude_each_other():
    assert mx.zeros(3, stream=mx.cpu).device == mx.cpu
    with pytest.raises(TypeError, match="either device or stream"):
        mx.zeros(3, device=mx.cpu, stream=mx.cpu)


def test_fill_value_is_another_name_of_vals():
    same(mx.full((2, 3), fill_value=4), np.full((2, 3), 4, np.int32))
    same(mx.full(2, fill_value=mx.array([1.0, 2.0])), np.array([1, 2], np.float32))
    same(mx.full_like(mx.zeros(3), fill_value=2), np.full(3, 2, np.float32))
    for call in (lambda: mx.full(2), lambda: mx.full(2, 1, fill_value=1), lambda: mx.full_like(mx.zeros(2))):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_dtypes_of_frequencies(name):
    function, want = getattr(mx.fft, name), getattr(np.fft, name)(10, 0.3)
    for dtype, tolerance in ((mx.float16, 2e-3), (mx.float32, 1e-7), (mx.complex64, 1e-7)):
        got = function(10, 0.3, dtype=dtype)
        assert got.dtype == dtype
        np.testing.assert_allclose(np.array(got.astype(mx.complex64)).real, want, tolerance, tolerance)
    wide = function(10, 0.3, dtype=mx.float64, device=mx.cpu)
    assert wide.dtype == mx.float64
    np.testing.assert_allclose(np.array(wide), want, 4e-16)
    with pytest.raises(ValueError, match="floating"):
        function(10, dtype=mx.int32)


def test_astype_copies_when_asked():
    x = mx.array([1.0, 2.0])
    mx.eval(x)
    for function in (mx.astype, mx.array.astype):
        same(function(x, mx.float32, copy=True), [1, 2])
        same(function(x, mx.int32, copy=False), np.array([1, 2], np.int32))
        if mx.default_device() == mx.cpu:
            address = lambda a: np.asarray(a).ctypes.data  # noqa: E731
            assert address(function(x, mx.float32, copy=True)) != address(x)
            assert address(function(x, mx.float32, copy=False)) == address(function(x, mx.float32)) == address(x)
