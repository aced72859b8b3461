"""What goes wrong around a program: sizes beyond counting, trees without end, disks, folders, threads and exits."""

import fcntl
import io
import os
import stat
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest
from kills import SAVERS, faults_after
from support import output_of, run_script

X = mx.ones((2, 3))
HUGE = (17408, 858001, 308761441)  # 2^62 elements: the product fits 63 bits, the bytes do not
BEYOND = (2**31 - 1, 2**31 - 1, 2**31 - 1)

SIZES = {
    "ones": lambda: mx.ones(HUGE), "ones, beyond 63 bits": lambda: mx.ones(BEYOND), "zeros": lambda: mx.zeros(BEYOND, mx.uint8),
    "full": lambda: mx.full(HUGE, 1.0), "random": lambda: mx.random.normal(HUGE),
    "randint": lambda: mx.random.randint(0, 2, BEYOND), "broadcast_to": lambda: mx.broadcast_to(mx.array(1.0), BEYOND),
    "tile": lambda: mx.tile(mx.ones((2, 2, 2)), (2**30 - 1,) * 3), "pad": lambda: mx.pad(mx.ones((1, 1, 1)), 2**30 - 2),
    "outer": lambda: mx.broadcast_to(mx.array(1.0), (2**31 - 1, 1, 1)) + mx.broadcast_to(mx.array(1.0), (1, 2**31 - 1, 2**31 - 1)),
    "as_strided": lambda: mx.as_strided(mx.ones((1,)), BEYOND, (0, 0, 0)),
    "eye": lambda: mx.eye(2**31 - 1, 2**31 - 1), "tri": lambda: mx.tri(2**31 - 1, 2**31 - 1),
    "fft": lambda: mx.fft.fft(mx.ones((4,)), n=2**31 - 1), "rfft": lambda: mx.fft.rfft(mx.ones((4,)), n=2**31 - 1),
    "irfft": lambda: mx.fft.irfft(mx.ones((4,)), n=2**31 - 1), "fft, prime": lambda: mx.fft.fft(mx.ones((4,)), n=2**30 + 3),
    "meshgrid": lambda: mx.meshgrid(*[mx.arange(2**21)] * 3), "kron": lambda: mx.kron(mx.ones((2**16, 1)), mx.ones((2**16, 1))),
    "repeat": lambda: mx.repeat(mx.ones((2, 2)), 2**30, 0),
    "matmul": lambda: mx.broadcast_to(mx.array(1.0), (2**31 - 1, 1)) @ mx.broadcast_to(mx.array(1.0), (1, 2**31 - 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_sizes_beyond_counting_are_errors(name):
    with pytest.raises((ValueError, OverflowError, RuntimeError, MemoryError)) as caught:
        mx.eval(SIZES[name]())
    assert str(caught.value).startswith("[")


def test_no_elements_however_long_the_other_axes():
    assert mx.zeros((*BEYOND, 0)).size == 0 and mx.zeros((0, *BEYOND)).shape == (0, *BEYOND)


LIST, DICT = [X], {"x": X}
LIST.append(LIST)
DICT["self"] = DICT
TUPLE = ([X],)
TUPLE[0].append(TUPLE)


def first(tree):
    return X.sum()


WALKS = {
    "eval": mx.eval, "async_eval": mx.async_eval, "compile": mx.compile(first), "grad": mx.grad(first),
    "value_and_grad": mx.value_and_grad(first), "vmap": mx.vmap(lambda t: X), "checkpoint": mx.checkpoint(first),
    "compile, captured": lambda t: mx.compile(lambda: X, inputs=t)(), "compile, outputs": lambda t: mx.compile(lambda: X, outputs=t)(),
    "compile, result": lambda t: mx.compile(lambda: t)(), "custom_function": mx.custom_function(first).vjp(first),
    "vmap, axes": lambda t: mx.vmap(first, in_axes=(t,))(t), "get_array_buffer_size": mx.get_array_buffer_size,
}  # fmt: skip


@pytest.mark.parametrize("tree", [LIST, DICT, TUPLE], ids=["list", "dict", "tuple"])
@pytest.mark.parametrize("name", WALKS)
def test_trees_that_contain_themselves(name, tree):
    with pytest.raises(ValueError):
        WALKS[name](tree)


def test_lists_that_contain_themselves_are_no_arrays():
    numbers = [1, 2]
    numbers.append(numbers)
    for tree in (LIST, numbers):
        with pytest.raises(ValueError):
            mx.array(tree)


def test_deep_trees_are_trees():
    tree = X
    for _ in range(500):
        tree = [tree]
    mx.eval(tree)
    assert mx.vmap(lambda t: t)(tree)[0] is not None


def value_in(path):
    if path.endswith("mlxfn"):
        return mx.import_function(path)(mx.zeros((2, 3)))[0].tolist()
    loaded = mx.load(path)
    return (loaded if isinstance(loaded, mx.array) else loaded["x"]).tolist()


@pytest.mark.parametrize("kind", SAVERS)
def test_replacing_keeps_mode_and_links(tmp_path, kind):
    save, path = SAVERS[kind], str(tmp_path / f"x.{kind}")
    save(path, X)
    os.chmod(path, 0o600)
    os.symlink(path, tmp_path / f"link.{kind}")
    os.symlink(f"new.{kind}", tmp_path / f"dangling.{kind}")
    save(str(tmp_path / f"link.{kind}"), 2 * X)
    save(str(tmp_path / f"dangling.{kind}"), 3 * X)
    assert os.path.islink(tmp_path / f"link.{kind}") and stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert value_in(path) == (2 * X).tolist()
    assert os.path.islink(tmp_path / f"dangling.{kind}") and value_in(str(tmp_path / f"new.{kind}")) == (3 * X).tolist()
    assert len(os.listdir(tmp_path)) == 4


@pytest.mark.parametrize("kind", SAVERS)
def test_names_of_255_characters(tmp_path, kind):
    path = str(tmp_path / ("n" * (254 - len(kind)) + "." + kind))
    for factor in (1, 2):
        SAVERS[kind](path, factor * X)
        assert value_in(path) == (factor * X).tolist()


@pytest.mark.parametrize("kind", SAVERS)
def test_a_failed_save_leaves_the_old_file(tmp_path, kind):
    path = str(tmp_path / f"x.{kind}")
    SAVERS[kind](path, X)
    script = """
        import resource, signal, sys
        import mlx.core as mx
        sys.path.insert(0, {here!r})
        from kills import SAVERS
        big = mx.ones((1 << 20,))
        mx.eval(big)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        try:
            SAVERS[{kind!r}]({path!r}, big)
        except RuntimeError as error:
            print(error)
    """
    said = output_of(script.format(here=os.path.dirname(__file__), kind=kind, path=path))
    assert "File too large" in said and value_in(path) == X.tolist() and os.listdir(tmp_path) == [f"x.{kind}"]


@pytest.mark.parametrize("kind", SAVERS)
@pytest.mark.parametrize("seconds", [0.003, 0.02])
def test_a_kill_leaves_a_whole_file_and_nothing_else(tmp_path, kind, seconds):
    assert faults_after(kind, tmp_path, seconds) == []


def test_what_a_kill_left_goes_with_the_next_save_unless_it_is_still_written(tmp_path):
    path = str(tmp_path / "x.npy")
    mx.save(path, X)
    for name in (".mlx-1.0.part", ".mlx-1.1.part", "other.part"):
        (tmp_path / name).write_text("half")
    with open(tmp_path / ".mlx-1.1.part") as written:
        fcntl.flock(written, fcntl.LOCK_EX)
        mx.save(path, 2 * X)
        assert sorted(os.listdir(tmp_path)) == [".mlx-1.1.part", "other.part", "x.npy"]
    mx.save(path, 2 * X)
    assert sorted(os.listdir(tmp_path)) == ["other.part", "x.npy"]


class Trickle(io.RawIOBase):
    """Takes a few bytes at a time, and from some point on none."""

    def __init__(self, limit):
        self.taken, self.limit = b"", limit

    def write(self, data):
        count = min(100, len(data), self.limit - len(self.taken))
        self.taken += bytes(data[:count])
        return count if count or not len(data) else None

    def seekable(self):
        return True

    def tell(self):
        return len(self.taken)


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_raw_files_get_every_byte_or_an_error(kind, tmp_path):
    x = mx.arange(1000.0)
    file = Trickle(1 << 20)
    SAVERS[kind](file, x)
    (tmp_path / f"x.{kind}").write_bytes(file.taken)
    assert value_in(str(tmp_path / f"x.{kind}")) == x.tolist()
    with pytest.raises(RuntimeError, match="no more"):
        SAVERS[kind](Trickle(2000), x)


def test_the_directory_of_an_archive_counts_its_members(tmp_path):
    path = str(tmp_path / "x.npz")
    mx.savez(path, a=X, b=2 * X)
    data = bytearray(open(path, "rb").read())
    at = data.rfind(b"PK\5\6")
    data[at + 8 : at + 12] = b"\1\0\1\0"  # an end record that counts one
    open(path, "wb").write(data)
    assert sorted(mx.load(path)) == sorted(np.load(path)) == ["a", "b"]


@pytest.mark.parametrize("header", [
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,), }", "{'descr': '<f4', 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (two,), }", "['descr', '<f4']", "{'descr': '<f4', 'fortran_order': False",
])  # fmt: skip
def test_headers_of_npy_files_that_lie(tmp_path, header):
    text = header.encode() + b" " * (117 - len(header)) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + b"\0" * 8)
    with pytest.raises(RuntimeError):
        mx.eval(mx.load(tmp_path / "x.npy"))


ADD = "import mlx.core as mx\nprint((mx.array([1.0, 2.0]) + 1).sum().item(), mx.exp(mx.ones((3,))).shape)"


def test_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", "/proc/none"):
        process = run_script(ADD, HOME=str(home), XDG_CACHE_HOME="", POCL_CACHE_DIR="")
        assert process.returncode == 0 and process.stdout == "5.0 (3,)\n", process.stderr
        assert process.stderr.count("POCL_CACHE_DIR") == 1, process.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk can be mounted by root alone")
def test_a_full_disk_for_kernels(tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        process = run_script(ADD, POCL_CACHE_DIR=str(tmp_path / "pocl"), MLX_CL_CACHE=str(tmp_path / "mlx"))
        assert process.returncode == 0 and process.stdout == "5.0 (3,)\n", process.stderr
        assert "disk is full" in process.stderr
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_the_private_folder_of_kernels_goes_with_the_process(tmp_path):
    (tmp_path / "file").write_text("")
    output_of(ADD, HOME=str(tmp_path / "file"), XDG_CACHE_HOME="", POCL_CACHE_DIR="", TMPDIR=str(tmp_path))
    assert os.listdir(tmp_path) == ["file"]


def test_a_timeline_that_cannot_be_written(tmp_path):
    process = run_script(ADD, MLX_CL_TRACE=str(tmp_path / "no" / "trace.json"))
    assert process.returncode == 0 and process.stderr.count("MLX_CL_TRACE") == 1 and "No such file" in process.stderr


def test_the_timeline_is_written_to_its_file_alone(tmp_path):
    """It is saved at exit, twice, the second time after static objects are gone."""
    name = "a_name_that_does_not_fit_into_a_small_string.json"
    process = run_script(f"import os; os.chdir({str(tmp_path)!r})\n{ADD}", MLX_CL_TRACE=name)
    assert process.returncode == 0 and os.listdir(tmp_path) == [name]


def test_daemon_threads_at_exit():
    for _ in range(3):
        process = run_script("""
            import threading, time
            import mlx.core as mx

            def work():
                while True:
                    x = mx.random.normal((64, 64))
                    mx.eval(mx.tanh(x @ x), mx.exp(x))

            for _ in range(4):
                threading.Thread(target=work, daemon=True).start()
            time.sleep(0.5)
            print("end", flush=True)
        """)
        assert process.returncode == 0 and process.stdout == "end\n", process


@pytest.mark.skipif(sys.version_info < (3, 8), reason="no interpreters")
def test_another_interpreter_gets_an_error():
    said = output_of("""
        import _xxsubinterpreters as interpreters
        import mlx.core
        other = interpreters.create()
        try:
            interpreters.run_string(other, "import mlx.core")
        except interpreters.RunFailedError as error:
            print(error)
    """)
    assert "main interpreter only" in said


@pytest.mark.parametrize(
    "state", [None, 3, (1,), (1, "a"), (1, 2, 3), (None, 1), (np.ones(2), 99), (np.ones(2), 2**70)]
)
def test_states_of_arrays_that_are_none(state):
    with pytest.raises((TypeError, ValueError)) as caught:
        mx.array([1.0]).__setstate__(state)
    assert "pybind" not in str(caught.value) and "Unable to cast" not in str(caught.value)


@pytest.mark.parametrize("arguments", [
    {"argnums": 2**40}, {"argnums": "0"}, {"argnums": [0, 2**40]}, {"argnames": 3}, {"argnames": [b"x"]}, {"argnames": "\ud800"},
])  # fmt: skip
def test_what_to_differentiate_is_named_in_words(arguments):
    with pytest.raises((TypeError, ValueError)) as caught:
        mx.grad(first, **arguments)
    assert str(caught.value).startswith("[grad] arg") and "cast" not in str(caught.value)


WHOLE = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("size", [1, 40])
def test_shifts_by_the_width_or_more(name, size):
    bits, dtype = WHOLE[name], getattr(mx, name)
    counts = [bits, bits + 1, 2 * bits - 1, 100]
    a, b = mx.full((size, 4), 77, dtype), mx.broadcast_to(mx.array(counts, dtype), (size, 4))
    for shifted in (mx.left_shift(a, b), mx.right_shift(a, b), a << bits, a >> bits, mx.compile(mx.left_shift)(a, b)):
        assert not mx.any(shifted).item()
    if name[0] == "i":
        assert mx.all(mx.right_shift(-a, b) == -1).item()


SUMS = {
    "all": lambda x: x.sum(), "rows": lambda x: x.sum(axis=1), "columns": lambda x: x.sum(axis=0), "mean": lambda x: x.mean(),
    "transposed": lambda x: x.T.sum(), "cumsum": lambda x: mx.cumsum(x.reshape(-1))[-1], "every other": lambda x: x[:, ::2].sum(),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_sums_of_16_bit_floats_are_rounded_once(name, dtype):
    x = mx.random.uniform(0.0, 0.9, (300, 301)).astype(dtype)
    wide = SUMS[name](x.astype(mx.float32))
    assert mx.allclose(SUMS[name](x).astype(mx.float32), wide, rtol=1e-3 if dtype == mx.float16 else 8e-3).item()


def test_float16_sums_of_more_than_its_range_are_exact_means():
    assert mx.ones((100_000,), mx.float16).mean().item() == 1 and mx.ones((100_000,), mx.float16).sum().item() == np.inf


def test_a_memory_limit_lets_go_of_what_is_kept():
    mx.set_default_device(mx.cpu)
    mx.clear_cache()
    previous = mx.set_memory_limit(1 << 20)
    try:
        for _ in range(4):
            mx.eval(mx.ones((1 << 20,)) + 1)
        mx.synchronize()
        assert mx.get_cache_memory() <= 1 << 20
    finally:
        mx.set_memory_limit(previous)


def test_places_among_more_elements_than_an_axis_can_have():
    column = mx.broadcast_to(mx.array(np.arange(2**15 + 3) // 2, mx.int32)[:, None], (2**15 + 3, 2**16))
    assert column.size > 2**31 and mx.argmax(column).item() == (2**15 + 2) * 2**16
    assert mx.argmin(column).shape == () and mx.argmin(column, keepdims=True).shape == (1, 1)


def test_shapes_of_more_elements_than_an_axis_can_have():
    x = mx.broadcast_to(mx.array(3, mx.uint8), (2**16, 2**16))
    assert x.reshape(2**15, -1).shape == (2**15, 2**17)
    for shape in ((-1,), (1, -1), (-1, 1)):
        with pytest.raises(OverflowError):
            x.reshape(shape)
    with pytest.raises(ValueError):
        x.reshape(2**31 - 1, 2**31 - 1, 2**31 - 1)
    with pytest.raises(ValueError):
        mx.argmax(mx.broadcast_to(x[:, None], (2**16, 2, 2**16)))
