"""torch and mlx exchange arrays through NumPy, memoryview and DLPack; skipped where torch cannot be imported."""

import mlx.core as mx
import numpy as np
import pytest

torch = pytest.importorskip("torch", exc_type=ImportError)

VALUES = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "int64", "uint8", "complex64"])
def test_to_torch_and_back_through_numpy(dtype):
    x = mx.array(VALUES).astype(getattr(mx, dtype))
    tensor = torch.from_numpy(np.array(x))
    assert tensor.dtype == getattr(torch, dtype) and tensor.tolist() == x.tolist()
    back = mx.array(tensor.numpy())
    assert back.dtype == x.dtype and mx.array_equal(back, x)


def test_torch_reads_the_buffer():
    assert torch.tensor(memoryview(mx.array(VALUES))).tolist() == VALUES.tolist()


def test_torch_reads_dlpack():
    assert torch.from_dlpack(mx.array(VALUES)).tolist() == VALUES.tolist()
    assert torch.utils.dlpack.from_dlpack(mx.array(VALUES).T.__dlpack__()).tolist() == VALUES.T.tolist()


def test_a_tensor_becomes_an_array():
    tensor = torch.arange(6).reshape(2, 3).float()
    assert mx.array_equal(mx.array(tensor), mx.arange(6).reshape(2, 3).astype(mx.float32))


def test_a_tensor_of_bfloat16_becomes_an_array():
    tensor = torch.tensor([1.5, 2.0], dtype=torch.bfloat16)
    assert mx.array(tensor.float().numpy()).astype(mx.bfloat16).tolist() == [1.5, 2.0]
