"""GGUF files: both ways, metadata, packed tensors as llama.cpp writes them, and damage."""

import struct

import mlx.core as mx
import numpy as np
import pytest
from support import same

X = mx.array(np.arange(6, dtype=np.float32).reshape(2, 3))


def saved(tmp_path, arrays, metadata=None):
    path = str(tmp_path / "w.gguf")
    mx.save_gguf(path, arrays, metadata)
    return mx.load(path, return_metadata=True)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int16", "int32"])
def test_arrays_come_back(tmp_path, dtype):
    x = X.astype(getattr(mx, dtype))
    arrays, _ = saved(tmp_path, {"x": x, "t": x.T, "scalar": x[0, 0], "empty": x[:0]})
    for name, want in {"x": x, "t": x.T, "scalar": x[0, 0], "empty": x[:0]}.items():
        assert arrays[name].dtype == x.dtype and arrays[name].shape == want.shape
        assert arrays[name].tolist() == want.tolist()


def test_metadata_comes_back(tmp_path):
    metadata = {"s": "text", "l": ["a", "b"], "n": mx.array(3), "v": mx.array([1.5, 2.5]), "b": mx.array([True, False])}
    _, got = saved(tmp_path, {"x": X}, metadata)
    assert got["s"] == "text" and got["l"] == ["a", "b"]
    for name in "nvb":
        assert got[name].dtype == metadata[name].dtype and got[name].tolist() == metadata[name].tolist()


def packed_file(path, type_id, blocks, columns, rows=1):
    """A file with one tensor `a.weight` of raw blocks."""
    name = b"a.weight"
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", len(name)) + name
    head += struct.pack("<IQQIQ", 2, columns, rows, type_id, 0)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + blocks)
    return mx.load(str(path))


@pytest.mark.parametrize("type_id, bits", [(2, 4), (3, 4), (8, 8)])
def test_packed_tensors_stay_packed(tmp_path, type_id, bits):
    random = np.random.default_rng(type_id)
    codes = random.integers(0, 2**bits, (4, 32), dtype=np.uint8)
    scales, least = random.uniform(0.5, 1, 4).astype(np.float16), random.uniform(-1, 0, 4).astype(np.float16)
    blocks = b""
    for row, scale, low in zip(codes, scales, least):
        data = row.tobytes() if bits == 8 else (row[:16] | row[16:] << 4).tobytes()
        blocks += scale.tobytes() + (low.tobytes() if type_id == 3 else b"") + data
    arrays = packed_file(tmp_path / "w.gguf", type_id, blocks, 64, 2)
    assert set(arrays) == {"a.weight", "a.scales", "a.biases"} and arrays["a.scales"].dtype == mx.float16
    exact = codes.astype(np.float64) if bits == 4 else codes.view(np.int8).astype(np.float64)
    want = exact * scales[:, None] + (least[:, None] if type_id == 3 else -8.0 * scales[:, None] if bits == 4 else 0)
    got = mx.dequantize(arrays["a.weight"], arrays["a.scales"], arrays["a.biases"], 32, bits)
    same(got.astype(mx.float32), want.reshape(2, 64), 5e-3, 0.1)


def test_other_packed_tensors_become_float16(tmp_path):
    """Q6_K: the value of a block of equal codes."""
    block = bytes([0x11] * 128) + bytes([0xAA] * 64) + bytes([2] * 16) + np.float16(0.5).tobytes()
    arrays = packed_file(tmp_path / "w.gguf", 14, block, 256)
    assert arrays["a.weight"].dtype == mx.float16
    same(arrays["a.weight"].astype(mx.float32), np.full((1, 256), 0.5 * 2 * (0x21 - 32)))


def test_wrong_arguments(tmp_path):
    with pytest.raises(RuntimeError):
        saved(tmp_path, {"x": X.astype(mx.bfloat16)})
    with pytest.raises(RuntimeError):
        saved(tmp_path, {"x": X}, {"m": mx.zeros((2, 2))})
    with pytest.raises(ValueError):
        saved(tmp_path, {"x": X}, {"m": mx.array(1.0, dtype=mx.float16)})
    with pytest.raises(ValueError):
        mx.save_gguf(open(tmp_path / "y", "wb"), {"x": X})


def test_damaged_files_are_runtime_errors(tmp_path):
    saved(tmp_path, {"x": X}, {"s": "text", "l": ["a", "b"]})
    path = tmp_path / "w.gguf"
    content = path.read_bytes()
    for bad in [
        b"abcd" * 10,
        content[:3],
        content[:20],
        content[:50],
        content[: len(content) - 8],
        content[:4] + b"\xff" * 40,
    ]:
        path.write_bytes(bad)
        with pytest.raises(RuntimeError):
            mx.load(str(path))
