"""Functions saved in files: another process, other shapes, several recordings, damage, and drawings of graphs."""

import io

import mlx.core as mx
import numpy as np
import pytest
from support import output_of, same, to_numpy

X = mx.array(np.arange(6, dtype=np.float32).reshape(2, 3))


def through_file(tmp_path, function, *args, **kwargs):
    path = str(tmp_path / "f.mlxfn")
    mx.export_function(path, function, *args, **kwargs)
    return mx.import_function(path)


@pytest.mark.parametrize("function", [
    lambda x: mx.exp(x) + 1,
    lambda x: x @ x.T,
    lambda x: mx.softmax(x, axis=-1),
    lambda x: x.reshape(3, 2)[1:, ::-1],
    lambda x: mx.sum(x, axis=0) * mx.array([1.0, 2.0, 3.0]),
    lambda x: mx.where(x > 2, x, -x).astype(mx.float16),
    lambda x: mx.split(x, 3, axis=1),
    lambda x: mx.sort(x, axis=1)[:, mx.array([2, 0])],
    lambda x: mx.concatenate([x, mx.zeros((1, 3))]),
    lambda x: mx.fft.rfft(x).real,
    lambda x: mx.cumsum(x, axis=1),
    lambda x: mx.fast.rms_norm(x, mx.ones(3), 1e-5),
    lambda x: mx.argmax(x, axis=1),
    lambda x: mx.linalg.svd(x)[1],
    lambda x: mx.linalg.solve(x @ x.T + mx.eye(2), mx.ones((2, 1))),
    mx.grad(lambda x: mx.exp(x).sum()),
    lambda x: mx.quantized_matmul(mx.pad(x, [(0, 0), (0, 61)]), *mx.quantize(mx.ones((4, 64)))),
])  # fmt: skip
def test_an_imported_function_gives_the_same(tmp_path, function):
    want = function(X)
    got = through_file(tmp_path, function, X)(X)
    assert isinstance(got, tuple)
    for g, w in zip(got, want if isinstance(want, (list, tuple)) else [want], strict=True):
        same(g, to_numpy(w), 1e-6)


def test_another_process_runs_it(tmp_path):
    path = str(tmp_path / "f.mlxfn")
    mx.export_function(path, lambda x, y: mx.tanh(x) * y, X, y=X)
    text = output_of(f"""
        import mlx.core as mx
        f = mx.import_function({path!r})
        print(f(mx.ones((2, 3)), y=mx.ones((2, 3)))[0].sum().item())
    """)
    assert abs(float(text) - 6 * np.tanh(1)) < 1e-5


def test_shapeless_functions_take_other_shapes(tmp_path):
    f = through_file(tmp_path, lambda x: mx.sum(mx.exp(x), axis=0), X, shapeless=True)
    for rows in (1, 5):
        same(f(mx.ones((rows, 3)))[0], np.full(3, rows * np.e), 1e-5)
    with pytest.raises(ValueError):
        f(mx.ones((3,)))


def test_several_recordings_in_one_file(tmp_path):
    path = str(tmp_path / "f.mlxfn")
    with mx.exporter(path, lambda x, k=None: x * 2 if k is None else x + k, metadata="about") as record:
        record(X)
        record(X, k=X)
        with pytest.raises(RuntimeError):
            record(X)
    f, metadata = mx.import_function(path, return_metadata=True)
    assert metadata == "about"
    same(f(X)[0], 2 * to_numpy(X))
    same(f(X, k=X)[0], 2 * to_numpy(X))


def test_gradients_flow_through(tmp_path):
    f = through_file(tmp_path, lambda x: (x * x).sum(), X)
    same(mx.grad(lambda x: f(x)[0])(X), 2 * to_numpy(X))


def test_calls_that_do_not_match_are_value_errors(tmp_path):
    f = through_file(tmp_path, lambda x, y: x + y, X, X)
    for call in (lambda: f(X), lambda: f(X[:1], X[:1]), lambda: f(X.astype(mx.float16), X), lambda: f(X, 3)):
        with pytest.raises(ValueError):
            call()


def test_inputs_and_outputs_must_be_arrays(tmp_path):
    path = str(tmp_path / "f.mlxfn")
    for function, args in [(lambda x: {"a": x}, [X]), (lambda x: None, [X]), (lambda x, k: x * k, [X, 3])]:
        with pytest.raises(ValueError):
            mx.export_function(path, function, *args)


def test_damaged_and_missing_files_are_runtime_errors(tmp_path):
    path = tmp_path / "f.mlxfn"
    mx.export_function(str(path), lambda x: mx.exp(x) + mx.ones((3,)), X)
    content = path.read_bytes()
    damaged = [b"", b"abc", content[:-1], content[: len(content) // 2], content.replace(b"Elementwise", b"Elementwisf")]
    damaged += [content[:i] + bytes([content[i] ^ 255]) + content[i + 1 :] for i in range(0, len(content), 37)]
    for bad in damaged:
        path.write_bytes(bad)
        with pytest.raises(RuntimeError):
            mx.import_function(str(path))
    with pytest.raises(RuntimeError):
        mx.import_function(str(tmp_path / "none"))
    with pytest.raises(RuntimeError):
        mx.export_function(str(tmp_path / "no" / "f"), lambda x: x, X)


def test_a_callback_sees_the_recording():
    seen = []
    mx.export_function(seen.append, lambda x: mx.abs(x) * 2, X)
    assert [part["type"] for part in seen[:4]] == ["inputs", "keyword_inputs", "outputs", "constants"]
    assert seen[0]["inputs"][0][1:] == ((2, 3), mx.float32)
    assert all(part["type"] == "primitive" for part in seen[4:]) and len(seen) >= 6


def test_export_to_dot(tmp_path):
    text = io.StringIO()
    x = mx.array([1.0, 2.0])
    mx.export_to_dot(text, y=mx.exp(x) + 1, x=x)
    assert text.getvalue().startswith("digraph") and '"x"' in text.getvalue() and '"y"' in text.getvalue()
    mx.export_to_dot(str(tmp_path / "x.dot"), x + 1)
    assert (tmp_path / "x.dot").read_text().startswith("digraph")
    with pytest.raises(ValueError):
        mx.export_to_dot(text, 3)


def test_function_exporter_can_be_closed(tmp_path):
    exporter = mx.exporter(str(tmp_path / "f"), lambda x: x + 1)
    assert isinstance(exporter, mx.FunctionExporter)
    exporter(X)
    exporter.close()
    with pytest.raises(RuntimeError):
        exporter(X[:1])
