"""What takes memory and how much: counters, copies, files, peaks of operations, and what is kept for reuse."""

import copy
import gc

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest

MIB = 1 << 20


@pytest.fixture(autouse=True)
def on_the_cpu_with_an_empty_cache(same_device_afterwards):
    mx.set_default_device(mx.cpu)
    gc.collect()
    mx.clear_cache()


def normal(*shape):
    x = mx.array(np.random.default_rng(0).standard_normal(shape, dtype=np.float32))
    mx.eval(x)
    return x


def peak_of(function, *args):
    """The most bytes in use during a call, beyond those before it, when constants and kernels are there."""
    mx.eval(function(*args))
    mx.synchronize()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    mx.eval(function(*args))
    return mx.get_peak_memory() - before


@pytest.mark.parametrize("count, dtype", [(700, mx.int32), (1, mx.float16), (5000, mx.uint8), (100_001, mx.float32)])
def test_active_memory_is_what_was_asked_for(count, dtype):
    before = mx.get_active_memory()
    x = mx.zeros((count,), dtype) + mx.array(1, dtype)
    mx.eval(x)
    assert mx.get_active_memory() - before == x.nbytes
    del x
    assert mx.get_active_memory() == before


# Copies.


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_a_copy_evaluates_nothing_and_takes_no_memory(copier):
    before = mx.get_active_memory()
    x = mx.random.normal((1500, 1500))
    layer = nn.Linear(2000, 2000)
    copies = copier(x), copier(layer), copier(layer.weight)
    assert mx.get_active_memory() - before < 100_000
    mx.eval(x, copies[0])
    assert mx.array_equal(x, copies[0])


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_assignment_to_a_copy_leaves_the_other_alone(copier):
    x = mx.array([1, 2])
    y = copier(x)
    y[0] = 9
    assert x.tolist() == [1, 2] and y.tolist() == [9, 2]


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_transformations_see_through_copies(copier):
    assert mx.grad(lambda v: copier(v) * v)(mx.array(3.0)).item() == 6
    assert mx.compile(lambda v: copier(v) + 1)(mx.array(3.0)).item() == 4
    assert mx.vmap(lambda v: copier(v) + 1)(mx.array([3.0])).tolist() == [4]


def test_models_and_optimizers_take_no_memory_before_they_are_evaluated():
    before = mx.get_active_memory()
    model = nn.TransformerEncoder(2, 256, 4)
    optimizer = optim.Adam(1e-3)
    optimizer.init(model.trainable_parameters())
    assert model.state and optimizer.state and copy.deepcopy(optimizer.state)
    model.apply(lambda x: x.astype(mx.float16))
    assert mx.get_active_memory() - before < 50_000


# Files.


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors", "gguf"])
def test_loading_reads_no_data_before_it_is_needed(tmp_path, kind):
    x = normal(300, 100)
    path = str(tmp_path / f"x.{kind}")
    save = {"npy": mx.save, "npz": lambda p, a: mx.savez(p, x=a)}
    named = {"safetensors": mx.save_safetensors, "gguf": mx.save_gguf}
    named[kind](path, {"x": x}) if kind in named else save[kind](path, x)
    before = mx.get_active_memory()
    loaded = mx.load(path)
    y = loaded if kind == "npy" else loaded["x"]
    assert mx.get_active_memory() == before
    mx.eval(y)
    assert mx.get_active_memory() - before == x.nbytes
    assert mx.array_equal(x, y)


def test_a_file_that_ends_too_early_fails_when_evaluated(tmp_path):
    path = tmp_path / "w.npy"
    np.save(path, np.ones((5, 3), np.float32))
    path.write_bytes(path.read_bytes()[:-60])
    w = mx.load(str(path), stream=mx.cpu)
    assert w.shape == (5, 3) and w.dtype == mx.float32
    with pytest.raises(RuntimeError):
        mx.eval(w)


# Cycles and donation.


def test_a_custom_function_that_refers_to_itself_is_collected():
    gc.collect()
    before = mx.get_active_memory()
    for rule in (None, "vjp", "jvp", "vmap"):
        box = {}

        def function(v, box=box):
            return box["w"]

        custom = mx.custom_function(function if rule is None else lambda v: v)
        if rule:
            getattr(custom, rule)(function)
        box["f"] = custom
        box["w"] = mx.array([0] * 900)
        del function, custom, box
    gc.collect()
    assert mx.get_active_memory() == before


@pytest.mark.parametrize("function", [mx.sin, mx.compile(lambda v: mx.cos(v) * 3), lambda v: mx.softmax(v + 1)])
def test_a_dying_input_gives_its_memory_to_the_result(function):
    x = mx.arange(32, dtype=mx.float32)
    mx.eval(x)
    address = np.asarray(x, copy=False).__array_interface__["data"][0]
    y = function(x)
    del x
    mx.eval(y)
    assert np.asarray(y, copy=False).__array_interface__["data"][0] == address


# Peaks.


def chain(x):
    for _ in range(5):
        x = mx.sin(x) + 1
    return x


def layer_norm_loss(x, w, b):
    return mx.fast.layer_norm(x, w, b, 1e-5).sum()


def places(count, below):
    i = mx.array(np.random.default_rng(1).integers(0, below, count).astype(np.int32))
    mx.eval(i)
    return i


N = 1 << 20
PEAKS = {  # function, operands, and how many times the memory of a row of N floats it may take
    "sort": (mx.sort, lambda: [normal(N)], 1.2),
    "argsort": (mx.argsort, lambda: [normal(N)], 1.4),
    "sort of rows": (mx.sort, lambda: [normal(1024, N // 1024)], 1.05),
    "sort along the first axis": (lambda x: mx.sort(x, 0), lambda: [normal(1024, N // 1024)], 1.05),
    "sort of few long rows": (mx.sort, lambda: [normal(16, N // 16)], 1.3),
    "partition": (lambda x: mx.partition(x, 1000), lambda: [normal(N)], 1.05),
    "median": (mx.median, lambda: [normal(N)], 1.25),
    "softmax": (lambda x: mx.softmax(x, -1), lambda: [normal(1024, N // 1024)], 1.02),
    "layer_norm gradient": (
        mx.grad(layer_norm_loss, (0, 1, 2)),
        lambda: [normal(1024, N // 1024), normal(N // 1024), normal(N // 1024)],
        2.1,
    ),
    "take": (lambda x, i: x[i], lambda: [normal(N // 4), places(N, N // 4)], 1.02),
    "scatter-add": (lambda x, i, v: x.at[i].add(v), lambda: [normal(N), places(N, N), normal(N)], 1.02),
    "embedding gradient": (
        mx.grad(lambda x, i: x[i].sum()),
        lambda: [normal(N // 64, 64), places(N // 64, N // 64)],
        3.1,
    ),
    "cumsum": (mx.cumsum, lambda: [normal(N)], 1.02),
    "var": (mx.var, lambda: [normal(N)], 1.02),
    "concatenate": (lambda x: mx.concatenate([x, x]), lambda: [normal(N // 2)], 1.02),
    "repeat along two axes": (nn.Upsample(2.0), lambda: [normal(1, 256, 256, 4)], 1.02),
    "normal": (lambda: mx.random.normal((N,)), list, 1.02),
    "chain": (chain, lambda: [normal(N)], 1.02),
    "compiled chain": (mx.compile(chain), lambda: [normal(N)], 1.02),
    "compiled chain of rows": (
        mx.compile(lambda x, b: chain(x * b)),
        lambda: [normal(1024, N // 1024), normal(N // 1024)],
        1.02,
    ),
    "fft over two axes": (lambda x: mx.fft.fft2(x), lambda: [normal(512, N // 1024).astype(mx.complex64)], 1.6),
    "fft of one long row": (
        lambda x: mx.fft.fft(x * 2),
        lambda: [normal(2, N // 4).astype(mx.complex64)[0]],
        1.3,
    ),
    "real numbers of one long spectrum": (
        mx.fft.irfft,
        lambda: [normal(2, N // 4 + 1).astype(mx.complex64)[0]],
        1.15,
    ),
    "hadamard_transform": (mx.hadamard_transform, lambda: [normal(1024, N // 1024)], 1.02),
    "hadamard_transform of 16-bit floats": (
        mx.hadamard_transform,
        lambda: [normal(1024, N // 1024).astype(mx.float16)],
        0.6,
    ),
    "sum of grids": (lambda x: sum(mx.meshgrid(x, x)), lambda: [normal(1024)], 1.05),
    "logsumexp gradient": (
        mx.grad(lambda x: mx.logsumexp(x * 2, -1).sum()),
        lambda: [normal(1024, N // 1024)],
        1.05,
    ),
    "cross_entropy gradient": (
        mx.grad(lambda x, i: nn.losses.cross_entropy(x, i).sum()),
        lambda: [normal(1024, N // 1024), places(1024, N // 1024)],
        2.05,
    ),
    "product of 16-bit floats": (lambda a: a @ a, lambda: [normal(1024, 1024).astype(mx.bfloat16)], 2.1),
}


@pytest.mark.parametrize("name", PEAKS)
def test_peak_memory(name):
    function, operands, multiple = PEAKS[name]
    inputs = operands()
    mx.eval(inputs)
    assert peak_of(function, *inputs) <= multiple * 4 * N


# The cache.


def test_a_growing_array_leaves_little_behind():
    mx.clear_cache()
    before = mx.get_active_memory()  # of what other tests keep
    x = mx.zeros((1, N // 4))
    for _ in range(60):
        x = mx.concatenate([x, mx.ones((1, N // 4))])
        mx.eval(x)
    mx.synchronize()
    assert mx.get_active_memory() + mx.get_cache_memory() - before <= 2.3 * x.nbytes + 40 * MIB


def test_a_block_of_another_size_is_reused():
    x = mx.zeros((N,)) + 1
    mx.eval(x)
    del x
    mx.synchronize()
    kept = mx.get_cache_memory()
    assert kept >= 4 * N
    x = mx.zeros((N - N // 6,)) + 1
    mx.eval(x)
    assert mx.get_cache_memory() <= kept - 4 * N


def test_a_step_that_repeats_takes_its_memory_from_the_cache():
    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 256))
    optimizer = optim.Adam(1e-3)
    x = normal(64, 256)
    step = nn.value_and_grad(model, lambda x: mx.mean(mx.square(model(x) - x)))
    held = []
    for _ in range(12):
        loss, gradients = step(x)
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)
        del loss, gradients
        mx.synchronize()
        held.append(mx.get_active_memory() + mx.get_cache_memory())
    assert max(held[6:]) <= held[5]


def test_limits_and_clearing():
    x = mx.zeros((N,)) + 1
    mx.eval(x)
    previous = mx.set_cache_limit(0)
    del x
    mx.synchronize()
    assert mx.get_cache_memory() == 0
    assert mx.set_cache_limit(previous) == 0
    previous = mx.set_memory_limit(1)
    x = mx.zeros((N,)) + 1
    assert x.sum().item() == N  # a limit is never a refusal
    assert mx.set_memory_limit(previous) == 1
    del x
    mx.synchronize()
    mx.clear_cache()
    assert mx.get_cache_memory() == 0
