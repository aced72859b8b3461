"""Saving and loading npy, npz and safetensors, and files that are cut short or lie."""

import io
import json
import struct

import mlx.core as mx
import numpy as np
import pytest
from support import ALL, DTYPES, device_for, draw, name_of, output_of, same, to_mx

SAFE = [d for d in ALL if d != "float64"]


@pytest.mark.parametrize("dtype", [d for d in ALL if d != "bfloat16"])
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3, 4)])
def test_npy_round_trip(tmp_path, dtype, shape):
    values = draw(dtype, shape)
    with device_for(dtype):
        mx.save(tmp_path / "x", to_mx(values, dtype))
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), values)
        np.save(tmp_path / "y.npy", values)
        same(mx.load(tmp_path / "y.npy"), values, dtype=dtype)
        same(mx.load(str(tmp_path / "x.npy")), values, dtype=dtype)


def test_npy_of_other_layouts(tmp_path):
    values = draw("float32", (3, 4))
    mx.save(tmp_path / "t.npy", mx.array(values).T)
    same(mx.load(tmp_path / "t.npy"), values.T)
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy"), values.T)
    np.save(tmp_path / "f.npy", np.asfortranarray(values))
    same(mx.load(tmp_path / "f.npy"), values)
    np.save(tmp_path / "b.npy", values.astype(">f4"))
    same(mx.load(tmp_path / "b.npy"), values)
    mx.save(tmp_path / "s.npy", mx.array(values)[::2, ::-1])
    same(mx.load(tmp_path / "s.npy"), values[::2, ::-1])


def test_bfloat16_npy(tmp_path):
    x = mx.array([1.5, -2.0], dtype=mx.bfloat16)
    mx.save(tmp_path / "x.npy", x)
    assert np.load(tmp_path / "x.npy").dtype == np.dtype("V2")
    assert mx.load(tmp_path / "x.npy").dtype == mx.bfloat16 and mx.load(tmp_path / "x.npy").tolist() == [1.5, -2]


@pytest.mark.parametrize("save", ["savez", "savez_compressed"])
def test_npz_round_trip(tmp_path, save):
    a, b = draw("float32", (3, 4)), draw("int16", (5,))
    getattr(mx, save)(str(tmp_path / "x"), mx.array(a), named=mx.array(b))
    for loaded in (mx.load(str(tmp_path / "x.npz")), np.load(tmp_path / "x.npz")):
        assert sorted(loaded) == ["arr_0", "named"]
        same(loaded["arr_0"], a)
        same(loaded["named"], b)
    np.savez_compressed(tmp_path / "y.npz", a=a)
    same(mx.load(str(tmp_path / "y.npz"))["a"], a)


@pytest.mark.parametrize("dtype", SAFE)
def test_safetensors_round_trip(tmp_path, dtype):
    values = {"x": draw(dtype, (2, 3)), "empty": draw(dtype, (0, 3)), "scalar": draw(dtype, ())}
    mx.save_safetensors(str(tmp_path / "x"), {k: to_mx(v, dtype) for k, v in values.items()}, {"format": "mlx"})
    loaded, metadata = mx.load(str(tmp_path / "x.safetensors"), return_metadata=True)
    assert metadata == {"format": "mlx"} and sorted(loaded) == sorted(values)
    for name, value in values.items():
        same(loaded[name], value, dtype=dtype)


def safetensors_bytes(header, data=b"\0" * 16, length=None):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def test_safetensors_written_by_others(tmp_path):
    header = {"__metadata__": {"k": "v"}, "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
              "a": {"dtype": "U8", "shape": [2, 2], "data_offsets": [0, 4]}}  # fmt: skip
    data = bytes([1, 2, 3, 4]) + np.array([1.5, 2.5], "<f4").tobytes()
    (tmp_path / "x.safetensors").write_bytes(safetensors_bytes(header, data))
    loaded = mx.load(tmp_path / "x.safetensors")
    assert loaded["a"].tolist() == [[1, 2], [3, 4]] and loaded["b"].tolist() == [1.5, 2.5]


ENTRY = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
LIES = {
    "cut data": safetensors_bytes({"x": ENTRY}, b"\0" * 8),
    "cut header": safetensors_bytes({"x": ENTRY})[:20],
    "empty": b"",
    "huge header length": safetensors_bytes({"x": ENTRY}, length=2**60),
    "offsets beyond the file": safetensors_bytes({"x": {**ENTRY, "data_offsets": [0, 2**40]}}),
    "no JSON": struct.pack("<Q", 5) + b"hello",
    "shape larger than the data": safetensors_bytes({"x": {**ENTRY, "shape": [400]}}),
}


@pytest.mark.parametrize("name", LIES)
def test_safetensors_that_lie_are_refused(tmp_path, name):
    path = tmp_path / "x.safetensors"
    path.write_bytes(LIES[name])
    with pytest.raises((RuntimeError, ValueError)):
        mx.eval(mx.load(path))


@pytest.mark.parametrize("length", [0, 5, 9, 60])
def test_npy_cut_in_its_header(tmp_path, length):
    np.save(tmp_path / "x.npy", np.arange(10))
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:length])
    with pytest.raises(RuntimeError):
        mx.eval(mx.load(tmp_path / "x.npy"))


def test_npz_that_is_no_zip(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"not a zip")
    with pytest.raises(Exception):
        mx.eval(mx.load(str(tmp_path / "x.npz")))


def test_file_objects():
    file, values = io.BytesIO(), draw("float32", (3, 4))
    mx.save(file, mx.array(values))
    file.seek(0)
    same(mx.load(file, format="npy"), values)
    file = io.BytesIO()
    mx.save_safetensors(file, {"x": mx.array(values)})
    file.seek(0)
    same(mx.load(file, format="safetensors")["x"], values)
    with pytest.raises(RuntimeError):
        mx.eval(mx.load(io.BytesIO(file.getvalue()[:-8]), format="safetensors"))


@pytest.mark.parametrize("call, error", [
    (lambda p: mx.load(p / "x.txt"), ValueError), (lambda p: mx.load(p / "missing.npz"), ValueError),
    (lambda p: mx.load(p / "missing.npy"), RuntimeError), (lambda p: mx.savez(p / "no" / "x.npz", mx.ones(2)), FileNotFoundError),
    (lambda p: mx.savez(p / "x.npz", mx.ones(2), arr_0=mx.ones(2)), ValueError),
    (lambda p: mx.save_safetensors(str(p / "x"), {"x": mx.ones(2)}, {"k": 1}), (ValueError, TypeError)),
    (lambda p: mx.load(p / "x.npy", return_metadata=True), ValueError),
])  # fmt: skip
def test_refused_calls(tmp_path, call, error):
    (tmp_path / "x.txt").write_text("text")
    mx.save(tmp_path / "x.npy", mx.ones(2))
    with pytest.raises(error):
        call(tmp_path)


def test_loading_is_lazy_and_part_of_the_graph(tmp_path):
    mx.save(tmp_path / "x.npy", mx.arange(1000.0))
    x = mx.load(tmp_path / "x.npy")
    assert (x[10:20] * 2).sum().item() == 290 and name_of(x.dtype) == "float32" and DTYPES["float32"].mx == x.dtype


@pytest.mark.parametrize("save", [
    "mx.save('x.npy', x)", "mx.savez('x.npz', x=x)", "mx.save_gguf('x.gguf', {'x': x})",
    "mx.save_safetensors('x.safetensors', {'x': x})",
])  # fmt: skip
def test_saving_needs_no_stream_of_the_array(tmp_path, save):
    """Arrays made from host memory have none yet; those of another thread have one that only it may use."""
    assert "saved" in output_of(f"""
        import os, threading
        import mlx.core as mx
        os.chdir({str(tmp_path)!r})
        x = mx.array([1.0, 2.0])
        {save}
        made = []

        def work():
            made.append((mx.array([[1.0, 2.0], [3.0, 4.0]]) + 1).T)
            mx.eval(made)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        x = made[0]
        {save}
        print("saved")
    """)
