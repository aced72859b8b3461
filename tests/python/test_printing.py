"""What arrays, dtypes, devices and streams print as."""

import array
import reprlib

import mlx.core as mx
import numpy as np
import pytest


@pytest.mark.parametrize("make, text", [
    (lambda: mx.array([1, 2, 3]), "array([1, 2, 3], dtype=int32)"),
    (lambda: mx.array(1), "array(1, dtype=int32)"),
    (lambda: mx.array([]), "array([], dtype=float32)"),
    (lambda: mx.zeros((2, 0)), "array([[],\n       []], dtype=float32)"),
    (lambda: mx.array([1.0, 1e-7, 0.1, 1234567.0, 1e10]), "array([1, 1e-07, 0.1, 1.23457e+06, 1e+10], dtype=float32)"),
    (lambda: mx.array([mx.nan, mx.inf, -mx.inf, -0.0]), "array([nan, inf, -inf, -0], dtype=float32)"),
    (lambda: mx.array([1.2, 0.1], dtype=mx.float16), "array([1.2002, 0.0999756], dtype=float16)"),
    (lambda: mx.array([1.2], dtype=mx.bfloat16), "array([1.20312], dtype=bfloat16)"),
    (lambda: mx.array([True, False]), "array([True, False], dtype=bool)"),
    (lambda: mx.array([1 + 1j, 1 - 1j, 0.5j]), "array([1+1j, 1-1j, 0+0.5j], dtype=complex64)"),
    (lambda: mx.array([[1, 2], [3, 4]]), "array([[1, 2],\n       [3, 4]], dtype=int32)"),
    (lambda: mx.arange(10), "array([0, 1, 2, ..., 7, 8, 9], dtype=int32)"),
    (lambda: mx.arange(7, dtype=mx.uint8), "array([0, 1, 2, ..., 4, 5, 6], dtype=uint8)"),
    (lambda: mx.arange(8).reshape(2, 2, 2),
     "array([[[0, 1],\n        [2, 3]],\n       [[4, 5],\n        [6, 7]]], dtype=int32)"),
    (lambda: mx.zeros((8, 1), dtype=mx.int8),
     "array([[0],\n       [0],\n       [0],\n       ...,\n       [0],\n       [0],\n       [0]], dtype=int8)"),
    (lambda: mx.array([-128, 127], dtype=mx.int8), "array([-128, 127], dtype=int8)"),
    (lambda: mx.array([2**63 - 1], dtype=mx.uint64), "array([9223372036854775807], dtype=uint64)"),
])  # fmt: skip
def test_arrays(make, text):
    assert repr(make()) == text
    assert str(make()) == text


def test_views_print_their_own_elements():
    assert str(mx.arange(6).reshape(2, 3).T[1:]) == "array([[1, 4],\n       [2, 5]], dtype=int32)"


@pytest.mark.parametrize("thing, text", [
    (mx.float32, "mlx.core.float32"), (mx.bool_, "mlx.core.bool"), (mx.bfloat16, "mlx.core.bfloat16"),
    (mx.cpu, "DeviceType.cpu"), (mx.floating, "DtypeCategory.floating"), (mx.Device(mx.cpu), "Device(cpu, 0)"),
])  # fmt: skip
def test_other_objects(thing, text):
    assert repr(thing) == text


def test_streams_and_infos():
    assert repr(mx.default_stream(mx.cpu)).startswith("Stream(Device(cpu, 0), ")
    assert repr(mx.iinfo(mx.int8)) == "iinfo(min=-128, max=127, dtype=int8)"
    assert repr(mx.finfo(mx.float32)).startswith("finfo(min=-3.40282") and "dtype=float32" in repr(mx.finfo(mx.float32))


def test_precision():
    x = mx.array([1.23456789, 100.0])
    with mx.printoptions(precision=2):
        assert str(x) == "array([1.23, 100.00], dtype=float32)"
    assert str(x) == "array([1.23457, 100], dtype=float32)"
    mx.set_printoptions(precision=3)
    try:
        assert str(x) == "array([1.235, 100.000], dtype=float32)"
    finally:
        mx.set_printoptions(precision=-1)
    assert str(x) == "array([1.23457, 100], dtype=float32)"


def test_format():
    assert f"{mx.array(1.23456):.2f}" == "1.23"
    assert f"{mx.array(7):d}" == "7"
    assert f"{mx.array([1, 2])}" == "array([1, 2], dtype=int32)"
    with pytest.raises(TypeError):
        f"{mx.array([1.0, 2.0]):.2f}"


def test_scalars_convert():
    assert int(mx.array(3.7)) == 3 and float(mx.array(2)) == 2.0 and bool(mx.array([1])) and complex(mx.array(1j)) == 1j
    assert mx.array([[5]]).item() == 5 and isinstance(mx.array(True).item(), bool)
    assert mx.array([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]] and mx.array(1.5).tolist() == 1.5
    assert isinstance(mx.array(1.5).item(), float) and np.isclose(mx.array(0.1).item(), 0.1)


def test_reprlib_shortens_arrays():
    assert reprlib.repr(mx.array([1, 2, 3])) == "array([1, 2, 3], dtype=int32)"
    assert reprlib.repr(mx.arange(100)) == "array([0, 1, ..., dtype=int32)"
    assert reprlib.repr([mx.array(1.5)]) == "[array(1.5, dtype=float32)]"
    assert reprlib.repr(array.array("i", range(9))) == "array('i', [0, 1, 2, 3, 4, ...])"
