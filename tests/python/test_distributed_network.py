"""Two "hosts" that are network namespaces of this machine, joined by a cable: addresses, delay, loss, a cable that is
pulled out, a process that is killed and started again. Needs root; without it, or without `ip`, these are skipped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import mlx.core as mx
import pytest

PROGRAM = """
import mlx.core as mx, sys
group = mx.distributed.init(strict=True, backend="ring")
rank = group.rank()
for turn in range(int(sys.argv[1])):
    x = mx.random.normal((20000,), key=mx.random.key(2 * turn + rank))
    both = sum(mx.random.normal((20000,), key=mx.random.key(2 * turn + r)) for r in range(2))
    assert mx.allclose(mx.distributed.all_sum(x), both, atol=1e-5).item()
    if turn == 2: print("under way", flush=True)
print("done", flush=True)
"""


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


class Hosts:
    """Two namespaces with an address each. `process(rank)` starts one of two processes, in its own."""

    def __init__(self, folder):
        self.names = [f"mlx-{os.getpid()}-{rank}" for rank in range(2)]
        self.cables = [f"mlx{os.getpid() % 100000}{rank}" for rank in "ab"]
        self.file = folder / "hosts.json"
        self.file.write_text(json.dumps([[f"10.77.3.{rank + 1}:{32323 + rank}"] for rank in range(2)]))
        self.processes = []

    def open(self):
        steps = [("ip", "netns", "add", name) for name in self.names]
        steps += [("ip", "link", "add", self.cables[0], "type", "veth", "peer", "name", self.cables[1])]
        for rank, (name, cable) in enumerate(zip(self.names, self.cables, strict=True)):
            steps += [("ip", "link", "set", cable, "netns", name), self.inside(rank, "link", "set", "lo", "up"),
                      self.inside(rank, "addr", "add", f"10.77.3.{rank + 1}/24", "dev", cable),
                      self.inside(rank, "link", "set", cable, "up")]  # fmt: skip
        for step in steps:
            done = run(*step)
            if done.returncode:
                pytest.skip(f"{' '.join(step)}: {done.stderr.strip()}")

    def inside(self, rank, *words):
        return ("ip", "-n", self.names[rank], *words)

    def process(self, rank, turns, timeout=20):
        given = {"MLX_RANK": str(rank), "MLX_HOSTFILE": str(self.file), "MLX_DISTRIBUTED_TIMEOUT": str(timeout)}
        command = ["ip", "netns", "exec", self.names[rank], sys.executable, "-c", PROGRAM, str(turns)]
        self.processes.append(subprocess.Popen(command, env=os.environ | given, text=True, stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE))  # fmt: skip
        return self.processes[-1]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        for name in self.names:
            run("ip", "netns", "del", name)


@pytest.fixture
def hosts(tmp_path):
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and the command ip (Debian: iproute2)")
    if not mx.distributed.is_available("ring"):
        pytest.skip("this build has no Gloo")
    made = Hosts(tmp_path)
    try:
        made.open()
        yield made
    finally:
        made.close()


def finish(processes):
    for process in processes:
        out, err = process.communicate(timeout=90)
        assert process.returncode == 0 and out.endswith("done\n"), err


@pytest.mark.parametrize("line", ["", "delay 20ms", "delay 5ms loss 2%"])
def test_two_hosts_sum(hosts, line):
    if line:
        for rank in range(2):
            words = ["tc", "qdisc", "add", "dev", hosts.cables[rank], "root", "netem", *line.split()]
            done = run("ip", "netns", "exec", hosts.names[rank], *words)
            if done.returncode:
                pytest.skip(f"{' '.join(words)}: {done.stderr.strip()}")
    finish([hosts.process(rank, 20) for rank in range(2)])


def test_a_killed_process_is_named_and_starts_again(hosts):
    processes = [hosts.process(rank, 10**6) for rank in range(2)]
    assert processes[1].stdout.readline() == "under way\n"
    processes[1].send_signal(signal.SIGKILL)
    _, err = processes[0].communicate(timeout=40)
    assert processes[0].returncode != 0 and "[all_sum]" in err and "rank 1" in err
    finish([hosts.process(rank, 5) for rank in range(2)])  # at the same addresses


def test_a_cable_that_is_pulled_out_ends_the_wait(hosts):
    processes = [hosts.process(rank, 10**6, timeout=3) for rank in range(2)]
    assert processes[0].stdout.readline() == "under way\n"
    assert run(*hosts.inside(1, "link", "set", hosts.cables[1], "down")).returncode == 0
    start = time.monotonic()
    for rank, process in enumerate(processes):
        _, err = process.communicate(timeout=40)
        assert process.returncode != 0 and "[all_sum]" in err and f"rank {1 - rank}" in err, err
    assert time.monotonic() - start < 20
