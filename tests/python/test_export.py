"""Functions saved in files: another process, other shapes, several recordings, damage, and drawings of graphs."""

import io
import os
import re
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from support import output_of, same, to_numpy
from test_shapeless import ROWS as ANY_SHAPE, assert_same, made

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


@pytest.mark.parametrize(
    "f, specs", [pytest.param(row[1], row[2:], id=row[0]) for row in ANY_SHAPE if row[0] != "a checkpoint"]
)
def test_functions_go_through_files_for_one_shape_and_for_any(tmp_path, f, specs):
    args = made(specs[0], 3)
    assert_same(through_file(tmp_path, f, *args)(*args), [f(*args)])
    anywhere = through_file(tmp_path, f, *args, shapeless=True)
    for others in specs:
        args = made(others, 3)
        assert_same(anywhere(*args), [f(*args)])


SQUARE = mx.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
MATRIX_ROWS = {
    "inv": mx.linalg.inv, "tri_inv": mx.linalg.tri_inv, "tri_inv, upper": lambda x: mx.linalg.tri_inv(x, True),
    "cholesky": mx.linalg.cholesky, "cholesky_inv": mx.linalg.cholesky_inv, "eigvalsh": mx.linalg.eigvalsh,
    "svd": lambda x: mx.linalg.svd(x)[1], "qr": lambda x: mx.linalg.qr(x)[1], "lu": mx.linalg.lu, "lu_factor": mx.linalg.lu_factor,
    "pinv": mx.linalg.pinv, "solve": lambda x: mx.linalg.solve(x, x[:, :1]), "solve_triangular": lambda x: mx.linalg.solve_triangular(x, x),
    "cross": lambda x: mx.linalg.cross(x, x[::-1]), "norm": mx.linalg.norm, "det": mx.linalg.det, "slogdet": mx.linalg.slogdet,
    "eigvals": lambda x: mx.abs(mx.linalg.eigvals(x)),
    "searchsorted": lambda x: mx.searchsorted(mx.sort(x[0]), x[1]), "median": lambda x: (mx.median(x), mx.median(x, axis=1)),
    "topk and partition": lambda x: (mx.topk(x, 2), mx.sort(mx.partition(x, 1))), "attention, causal": lambda x: mx.fast.scaled_dot_product_attention(
        *[x[None, None]] * 3, scale=1.0, mask="causal"),
    "attention, masked": lambda x: mx.fast.scaled_dot_product_attention(*[x[None, None]] * 3, scale=1.0, mask=x),
    "fft": lambda x: mx.abs(mx.fft.fft2(x)), "irfft": lambda x: mx.fft.irfft(x), "random": lambda x: mx.random.uniform(shape=(3,), key=mx.random.key(1)) + x,
    "split and pad": lambda x: (*mx.split(x, 3), mx.pad(x, 1), mx.roll(x, 1)), "view": lambda x: x.view(mx.int32),
    "as_strided": lambda x: mx.as_strided(x, (2, 2), (1, 2)), "fp8": lambda x: mx.from_fp8(mx.to_fp8(x)).astype(mx.float32), "divmod": lambda x: mx.divmod(x, x + 1),
    "slice at an array": lambda x: mx.slice(x, mx.array([1]), (0,), (2, 3)), "depends": lambda x: mx.depends([x], [x + 1]),
    "slice_update at an array": lambda x: mx.slice_update(x, x[:1], mx.array([1]), (0,)), "masked": lambda x: mx.where(x > 1, x, 0),
    "gather_mm": lambda x: mx.gather_mm(x, mx.stack([x, x]), rhs_indices=mx.array([0, 1])), "cummax": lambda x: mx.cummax(x, axis=0),
    "logcumsumexp": lambda x: mx.logcumsumexp(x, axis=0), "bits": lambda x: mx.bitwise_invert(x.astype(mx.int32)), "contiguous": lambda x: mx.contiguous(x.T),
}  # fmt: skip


@pytest.mark.parametrize("name", MATRIX_ROWS)
def test_functions_of_a_matrix_go_through_files(tmp_path, name):
    f = MATRIX_ROWS[name]
    with mx.stream(mx.cpu):
        want = f(SQUARE)
        assert_same(
            through_file(tmp_path, f, SQUARE)(SQUARE), list(want) if isinstance(want, (list, tuple)) else [want]
        )


def primitives(function, *args, **kwargs):
    seen = []
    mx.export_function(seen.append, function, *args, **kwargs)
    return [(part["name"], part["arguments"]) for part in seen if part["type"] == "primitive"]


def named(names, *state):
    return [(name, list(state)) for name in names.split()]


KERNEL = mx.array(np.ones((2, 2, 3), np.float32))
NAMES = [
    *[(getattr(mx, ours), named(theirs)) for ours, theirs in {
        "abs": "Abs", "arccos": "ArcCos", "arcsinh": "ArcSinh", "arctan": "ArcTan", "ceil": "Ceil", "erfinv": "ErfInv", "expm1": "Expm1",
        "log1p": "Log1p", "negative": "Negative", "sigmoid": "Sigmoid", "square": "Square", "round": "Round", "isnan": "NotEqual",
        "reciprocal": "Broadcast Divide", "isinf": "Broadcast Equal Broadcast Equal LogicalOr", "logical_not": "AsType LogicalNot",
    }.items()],
    (lambda x: mx.log10(mx.sqrt(x)).astype(mx.float16), [("Sqrt", [False]), ("Log", [1]), ("AsType", [mx.float16])]),
    (lambda x: mx.rsqrt(x) == mx.log2(x), [("Sqrt", [True]), ("Log", [0]), ("Equal", [False])]),
    (lambda x: mx.max(x, axis=0), [("Reduce", [5, [0]]), ("Squeeze", [[0]])]),
    (mx.sum, [("Reduce", [2, [0, 1]]), ("Squeeze", [[0, 1]])]),
    (mx.mean, [("Reduce", [2, [0, 1]]), ("Squeeze", [[0, 1]]), ("Multiply", [])]),
    (lambda x: mx.all(x, axis=1, keepdims=True), [("Reduce", [0, [1]])]),
    (mx.argmax, [("Flatten", [0, 1]), ("ArgReduce", [1, 0]), ("Squeeze", [[0]])]),
    (lambda x: mx.cumsum(x, axis=1, reverse=True), [("Scan", [2, 1, True, True])]),
    (lambda x: mx.sort(x), [("Sort", [1])]),
    (lambda x: mx.topk(x, 1), [("Partition", [2, 1]), ("Slice", [(0, 2), (2, 3), (1, 1)])]),
    (lambda x: x[mx.array([0, 1])], [("Gather", [[0], (1, 3)]), ("Squeeze", [[1]])]),
    (lambda x: mx.clip(x, 0, 1), [("Broadcast", [(2, 3)]), ("Maximum", []), ("Broadcast", [(2, 3)]), ("Minimum", [])]),
    (lambda x: mx.where(x, x, x), [("AsType", [mx.bool_]), ("Select", [])]),
    (lambda x: x @ x.T, [("Transpose", [[1, 0]]), ("Matmul", [])]),
    (lambda x: mx.softmax(x, -1), [("Softmax", [False])]),
    (lambda x: mx.logsumexp(x, 1), [("LogSumExp", []), ("Squeeze", [[1]])]),
    (lambda x: x.reshape(3, 2)[None], [("Reshape", [(3, 2)]), ("ExpandDims", [[0]])]),
    (lambda x: mx.conv1d(x[None], KERNEL, padding=1),
     [("ExpandDims", [[0]]), ("Convolution", [[1], [1], [1], [1], [1], 1, False])]),
    (lambda x: x.reshape(-1), [("Reshape", [(-1,)])]),
    (lambda x: mx.divmod(x, x), [("DivMod", [])]),
    (lambda x: x[None] @ mx.array([[1.0], [2.0], [3.0]]),
     [("ExpandDims", [[0]]), ("Flatten", [0, 1]), ("Matmul", []), ("Unflatten", [0, (1, 2)])]),
    (lambda x: mx.linalg.qr(x, stream=mx.cpu), [("QRF", [])]),
    (lambda x: mx.fft.rfft(x), [("FFT", [[1], False, True, False])]),
    (mx.zeros_like, [("Broadcast", [(2, 3)]), ("Full", [])]),
]  # fmt: skip


@pytest.mark.parametrize("function, expected", NAMES)
def test_a_callback_sees_the_names_and_state_of_mlx(function, expected):
    found = primitives(function, X)
    if all(not state for _, state in expected):
        found = [(name, []) for name, _ in found]
    assert found == expected


def test_every_broadcast_is_shown_when_shapes_are_free():
    assert [name for name, _ in primitives(mx.add, X, X, shapeless=True)] == ["Broadcast", "Broadcast", "Add"]
    assert [name for name, _ in primitives(mx.exp, X, shapeless=True)] == ["Exp"]


def test_labels_in_drawings_are_the_names_of_mlx():
    def labels(result):
        text = io.StringIO()
        mx.export_to_dot(text, result)
        return re.findall(r'label ="([^"]*)"', text.getvalue())

    assert labels(mx.log2(X) + mx.rsqrt(X)) == ["Log2", "Rsqrt", "Add"]
    assert labels(mx.cumsum(mx.max(X, axis=0, keepdims=True), axis=1)) == ["Max", "CumSum"]
    two = mx.array(2.0)
    mx.eval(two)
    fused = mx.compile(lambda u, v: u * mx.broadcast_to(v, u.shape) + u)
    assert labels(fused(X, two)) == ["CompiledBroadcastMultiplyAdd"]
    assert fused(X, two).tolist() == (X * 3).tolist()
    shared = mx.compile(lambda u, v: mx.exp(mx.broadcast_to(v, (2, 3))) + mx.broadcast_to(v, (2, 3)).sum())
    assert "CompiledBroadcastExpBroadcastAdd" in labels(shared(X, two))


def test_a_constant_is_written_once(tmp_path):
    path = str(tmp_path / "f.mlxfn")
    big = mx.ones((20, 1000)) * 2
    mx.eval(big)
    with mx.exporter(path, lambda *a: big * 2 + sum(a)) as exporter:
        for count in range(4):
            exporter(*[mx.array(1.0)] * count)
    assert os.path.getsize(path) < big.nbytes + 8192
    assert mx.import_function(path)(mx.array(1.0), mx.array(1.0))[0].tolist() == (big * 2 + 2).tolist()


def test_metadata_is_for_files(tmp_path):
    with pytest.raises(ValueError, match="metadata"):
        mx.export_function(lambda part: None, mx.exp, X, metadata="m")
    for target in (lambda part: None, str(tmp_path / "f")):
        with pytest.raises(TypeError):
            mx.export_function(target, mx.exp, X, metadata=1)


def test_primitives_that_mlx_cannot_show_are_refused():
    for function in (lambda x: mx.bitwise_invert(x.astype(mx.int32)), mx.contiguous, lambda x: mx.logcumsumexp(x, 0)):
        with pytest.raises(ValueError, match="Unable to get state for primitive"):
            primitives(function, X)


def named_parameters(x, y):
    z = mx.cumsum(mx.max(x, axis=0)) + mx.pad(y, 1, mode="edge")[1:-1].astype(mx.float16)
    z = z.at[mx.array([0, 0, 1])].add(mx.array([1.0, 2.0, 3.0]))
    return z, mx.real(mx.fft.fft(z.astype(mx.float32))), mx.mean(x > y)


@pytest.mark.parametrize("version", [2, 3])
def test_files_of_every_version_are_read(tmp_path, version):
    x, y = mx.arange(12.0).reshape(3, 4), mx.array([3.0, 1.0, 2.0, 0.0])
    path = Path(__file__).parent / f"data/function_{version}.mlxfn"  # of named_parameters, by the program of that time
    if not path.exists():
        path = tmp_path / "now.mlxfn"
        mx.export_function(str(path), named_parameters, x, y)
    assert path.read_bytes()[:8] == b"MLXCLFN%d" % version
    for got, expected in zip(mx.import_function(str(path))(x, y), named_parameters(x, y)):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype


def test_kinds_and_dtypes_are_saved_by_name(tmp_path):
    path = tmp_path / "f.mlxfn"
    mx.export_function(str(path), named_parameters, mx.zeros((3, 4)), mx.zeros(4))
    content = path.read_bytes()
    for name in (b"max", b"mean", b"float16", b"add"):
        assert len(name).to_bytes(8, "little") + name in content
