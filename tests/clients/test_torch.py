"""torch and mlx exchange arrays through NumPy, memoryview and DLPack.

Skipped where torch is not there: its packages are too large (5 GB) to be installed for this alone. To run it:
.venv-clients/bin/pip install torch
"""

import mlx.core as mx
import mlx.nn as nn
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


@pytest.mark.parametrize("convert", [torch.tensor, torch.as_tensor, torch.from_dlpack])
def test_torch_takes_an_array_itself(convert):
    assert convert(mx.array(VALUES)).tolist() == VALUES.tolist()


def test_torch_reads_the_buffer():
    x = mx.array(VALUES)
    assert torch.frombuffer(memoryview(x), dtype=torch.float32).tolist() == VALUES.ravel().tolist()


def test_torch_reads_dlpack():
    assert torch.from_dlpack(mx.array(VALUES).astype(mx.bfloat16)).dtype == torch.bfloat16
    assert torch.utils.dlpack.from_dlpack(mx.array(VALUES).T.__dlpack__()).tolist() == VALUES.T.tolist()


def test_a_tensor_becomes_an_array():
    tensor = torch.arange(6).reshape(2, 3).float()
    assert mx.array_equal(mx.array(tensor), mx.arange(6).reshape(2, 3).astype(mx.float32))


def test_a_tensor_of_bfloat16_becomes_an_array():
    back = mx.array(torch.tensor([1.5, 2.0], dtype=torch.bfloat16))
    assert back.dtype == mx.bfloat16 and back.tolist() == [1.5, 2.0]


def test_weights_of_a_linear_layer_give_the_same_in_both():
    theirs = torch.nn.Linear(4, 3)
    ours = nn.Linear(4, 3)
    ours.update({name: mx.array(p.detach().numpy()) for name, p in theirs.named_parameters()})
    want = theirs(torch.from_numpy(VALUES)).detach().numpy()
    np.testing.assert_allclose(np.array(ours(mx.array(VALUES))), want, rtol=1e-5, atol=1e-5)
