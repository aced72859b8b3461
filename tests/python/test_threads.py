"""Threads, forks and interrupts: several evaluating at once, each with its own random state and streams."""

import os
import signal
import subprocess
import sys
import threading
import time

import mlx.core as mx
import numpy as np
import pytest
from support import output_of, same


def in_threads(function, count=8):
    """Run function(0..count-1) in threads at once; returns the results, raises the first exception."""
    results, errors = [None] * count, []
    barrier = threading.Barrier(count)

    def run(k):
        try:
            barrier.wait()
            results[k] = function(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if errors:
        raise errors[0]
    return results


def test_eight_threads_evaluate_at_once():
    def work(k):
        total = 0.0
        for i in range(30):
            x = mx.full((64, 64), float(k + 1)) + i
            total += mx.sum(x @ mx.eye(64)).item()
        return total

    assert in_threads(work) == [sum((k + 1 + i) * 4096.0 for i in range(30)) for k in range(8)]


def test_eight_threads_differentiate_and_compile_at_once():
    @mx.compile
    def shared(x):
        return mx.exp(-x * x)

    def work(k):
        x = mx.array(0.1 * (k + 1))
        mine = mx.compile(lambda x: mx.sin(x) * k)
        return mx.grad(shared)(x).item(), mine(x).item()

    for k, (slope, value) in enumerate(in_threads(work)):
        x = 0.1 * (k + 1)
        assert np.isclose(slope, -2 * x * np.exp(-x * x), rtol=1e-4) and np.isclose(value, np.sin(x) * k, rtol=1e-4)


def test_an_evaluated_array_is_shared_between_threads():
    x = mx.arange(10000)
    mx.eval(x)
    assert in_threads(lambda k: (x * k).sum().item()) == [k * 49995000 for k in range(8)]


def test_each_thread_has_its_own_random_state():
    def work(k):
        mx.random.seed(k % 2)
        return mx.random.uniform(shape=(4,)).tolist()

    results = in_threads(work)
    assert results[0] == results[2] == results[4] and results[1] == results[3] and results[0] != results[1]


def test_the_interpreter_runs_on_during_an_evaluation():
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    x = mx.random.normal((700, 700))
    for _ in range(20):
        x = mx.tanh(x @ x)
    mx.eval(x)
    stop.set()
    thread.join()
    assert len(ticks) > 3


def test_a_stream_of_another_thread_is_refused():
    stream = mx.new_stream(mx.cpu)

    def work(k):
        with pytest.raises(RuntimeError):
            mx.eval(mx.add(mx.array(1.0), mx.array(2.0), stream=stream))

    in_threads(work, 1)
    assert mx.add(mx.array(1.0), mx.array(2.0), stream=stream).item() == 3


def test_dependencies_between_streams():
    first, second = mx.new_stream(mx.cpu), mx.new_stream(mx.cpu)
    x = mx.arange(1000, stream=first)
    for k in range(20):
        x = mx.add(x, 1, stream=second if k % 2 else first)
    same(x, np.arange(1000) + 20)
    mx.synchronize(first)
    mx.synchronize(second)


def test_stream_contexts_restore_the_defaults():
    device, stream = mx.default_device(), mx.default_stream(mx.cpu)
    with mx.stream(mx.new_stream(mx.cpu)):
        assert mx.default_device() == mx.cpu and mx.default_stream(mx.cpu) != stream
    assert mx.default_device() == device and mx.default_stream(mx.cpu) == stream


def test_fork_after_import():
    printed = output_of("""
        import os
        import mlx.core as mx
        child = os.fork()
        if child == 0:
            os._exit(0 if (mx.array([1.0, 2.0]) + 1).sum().item() == 5 else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), (mx.ones((3,)) * 2).sum().item())
    """)
    assert printed == "0 6.0"


def test_interrupt_during_a_long_evaluation_ends_the_script():
    script = """
import mlx.core as mx
print("ready", flush=True)
while True:
    x = mx.random.normal((500, 500))
    for _ in range(50):
        x = mx.tanh(x @ x)
    mx.eval(x)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors


def test_the_memory_limit_can_be_read():
    previous = mx.set_memory_limit(10**9)
    assert mx.get_memory_limit() == 10**9
    assert mx.set_memory_limit(previous) == 10**9 and mx.get_memory_limit() == previous


def test_the_size_of_the_buffers_behind_arrays():
    mx.clear_cache()  # a kept block that is used again may be larger
    x = mx.zeros((1 << 18,)) + 1
    with pytest.raises(ValueError, match="evaluated"):
        mx.get_array_buffer_size(x)
    view = x[10:20]
    mx.eval(x, view)
    size = mx.get_array_buffer_size(x)
    assert 4 << 18 <= size < 5 << 18
    assert mx.get_array_buffer_size(x, [view, {"a": (x, 3, None)}], "text") == size
    assert mx.get_array_buffer_size() == 0 and mx.get_array_buffer_size([]) == 0


def test_memory_counters():
    mx.clear_cache()
    before = mx.get_active_memory()
    x = mx.zeros((1 << 20,)) + 1
    mx.eval(x)
    assert mx.get_active_memory() - before >= 4 << 20
    assert mx.get_peak_memory() >= mx.get_active_memory()
    del x
    mx.synchronize()
    assert mx.get_active_memory() - before < 4 << 20
    mx.clear_cache()
    assert mx.get_cache_memory() == 0
    limit = mx.set_cache_limit(1 << 20)
    assert mx.set_cache_limit(limit) == 1 << 20
    mx.reset_peak_memory()
    assert mx.get_peak_memory() == 0


BESIDE_A_FACTORIZATION = """
import threading
import time
import mlx.core as mx
device = getattr(mx, {device!r})
x, y = mx.random.normal((600, 600), stream=device), mx.ones((64,), stream=device)
mx.eval(x, y, mx.add(y, y, stream=device), mx.linalg.svd(x[:8, :8], stream=device))
gaps, done = [0.0], threading.Event()
def others():
    stream = mx.new_stream(device)
    while not done.is_set():
        start = time.perf_counter()
        mx.eval(mx.add(y, y, stream=stream))
        gaps.append(time.perf_counter() - start)
thread = threading.Thread(target=others)
thread.start()
start = time.perf_counter()
mx.eval(mx.linalg.svd(x, stream=device))
took = time.perf_counter() - start
done.set()
thread.join()
print(len(gaps), max(gaps) / took)
"""


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_a_long_factorization_holds_up_no_other_thread(device):
    """On the GPU role, which cannot run native work in its queue, it runs on a thread of its own."""
    count, share = output_of(BESIDE_A_FACTORIZATION.format(device=device), MLX_CL_DEVICE="pocl").split()
    assert int(count) > 20 and float(share) < 0.5
