"""Several processes, started by mlx.launch: every operation under Open MPI, MPICH and Gloo, and what happens when one fails."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest

CHECKS = Path(__file__).with_name("distributed_checks.py")
LIBRARIES = {"openmpi": "libmpi.so.40", "mpich": "libmpich.so.12"}
ALL = ["reductions", "halves", "scatters", "transformations", "two_by_two", "splits", "streams", "threads", "gradients",
       "layers", "training", "transformer"]  # fmt: skip
SOME = ["halves", "scatters", "two_by_two", "splits", "gradients", "layers", "training"]
RUNS = [(backend, 2, ALL) for backend in ("ring", *LIBRARIES)] + [
    ("ring", 4, SOME),
    ("openmpi", 4, ["scatters", "two_by_two", "splits", "training"]),
    ("mpich", 4, ["scatters", "two_by_two", "splits"]),
    ("ring", 8, ["halves", "splits"]),
    ("openmpi", 8, ["halves"]),
]


def launch(backend, count, *words, seconds=120, **variables):
    """What mlx.launch returns and prints, for a Python file or for what else `words` are."""
    options = ["--starting-port", "0", "--backend", "ring"]
    if backend in LIBRARIES:
        mpirun = shutil.which(f"mpirun.{backend}")
        if mpirun is None:
            pytest.skip(f"there is no mpirun.{backend}")
        variables.setdefault("MLX_MPI_LIBNAME", LIBRARIES[backend])
        options = ["--backend", "mpi", "--mpirun", mpirun]
    elif not mx.distributed.is_available("ring"):
        pytest.skip("this build has no Gloo")
    given = [f"--env={name}={value}" for name, value in variables.items()]
    command = [sys.executable, "-m", "mlx.launch", "-n", str(count), *options, *given, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def program(folder, text):
    path = folder / "program.py"
    path.write_text("import mlx.core as mx, sys, time, os\nd = mx.distributed\ngroup = d.init(strict=True)\n" + text)
    return path


@pytest.mark.parametrize("backend, count, checks", RUNS, ids=lambda v: str(len(v)) if isinstance(v, list) else str(v))
def test_every_operation_among(backend, count, checks):
    # Messages in pieces of 32 KiB, so that arrays of any size take the way of those beyond 2 GiB.
    status, out, err = launch(backend, count, CHECKS, *checks, MLX_DISTRIBUTED_PIECE=32768)
    assert status == 0, err
    for rank in range(count):
        assert f"rank {rank} of {count} done" in out


@pytest.mark.parametrize("backend", ["ring", "openmpi"])
@pytest.mark.parametrize("kind", ["shape", "dtype", "large", "operation", "message"])
def test_processes_that_disagree_say_so(backend, kind):
    if backend == "openmpi" and kind not in ("large", "message"):
        pytest.skip("the headers are the same for all backends")
    status, out, err = launch(backend, 2, CHECKS, f"disagree-{kind}", MLX_DISTRIBUTED_TIMEOUT=20)
    assert status == 0 and out.count("done") == 2, err


FAULTS = {
    "dies": ("os._exit(3)", "rank 1"),
    "hangs": ("time.sleep(20)", "rank 1 did not take part within 2 seconds"),
    "raises": ("raise ValueError('enough')", "rank 1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_others_name_the_process_that(fault, tmp_path):
    action, words = FAULTS[fault]
    text = f"x = mx.ones(3)\nmx.eval(d.all_sum(x))\nif group.rank() == 1: {action}\nmx.eval(d.all_sum(x) + 1)\n"
    status, _, err = launch("ring", 3, program(tmp_path, text), MLX_DISTRIBUTED_TIMEOUT=2, seconds=30)
    assert status != 0
    told = [line for line in err.splitlines() if line.startswith("[0] ") and "[all_sum]" in line]
    assert told and words in told[-1], err


def test_mpi_ends_with_the_process_that_dies(tmp_path):
    text = "if group.rank() == 1: os._exit(3)\nmx.eval(d.all_sum(mx.ones(3)))\n"
    status, _, err = launch("openmpi", 2, program(tmp_path, text), MLX_DISTRIBUTED_TIMEOUT=5, seconds=40)
    assert status == 3, err


def alone(folder, hostfile, rank="0", text="d = mx.distributed; d.init(strict=True)", **variables):
    """One process with the environment of a ring: its last line."""
    if not mx.distributed.is_available("ring"):
        pytest.skip("this build has no Gloo")
    (folder / "hosts.json").write_text(hostfile)
    given = {"MLX_RANK": rank, "MLX_HOSTFILE": str(folder / "hosts.json"), "MLX_DISTRIBUTED_TIMEOUT": "1", **variables}
    done = subprocess.run([sys.executable, "-c", "import mlx.core as mx; " + text], capture_output=True, text=True,
                          env={**os.environ, **given}, timeout=60)  # fmt: skip
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "hostfile, rank, words",
    [
        ("[[", "0", "must hold a JSON list of lists"),
        ('{"hosts": 3}', "0", "must hold a list of lists"),
        ('[["127.0.0.1"], ["127.0.0.1:1"]]', "0", "must be ip:port, not '127.0.0.1'"),
        ('[["127.0.0.1:1"], ["127.0.0.1:2"]]', "2", "MLX_RANK is '2'"),
        ('[["127.0.0.1:1"], ["127.0.0.1:2"]]', "first", "MLX_RANK is 'first'"),
    ],
)
def test_a_bad_hostfile_is_one_sentence(tmp_path, hostfile, rank, words):
    line = alone(tmp_path, hostfile, rank)
    assert line.startswith("RuntimeError: [distributed.init]") and words in line


def test_a_busy_port_and_an_absent_host_are_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody listens there
        port, other = taken.getsockname()[1], free.getsockname()[1]
        line = alone(tmp_path, json.dumps([[f"127.0.0.1:{port}"], [f"127.0.0.1:{other}"]]))
        assert f"port {port} of 127.0.0.1 is in use" in line
    line = alone(tmp_path, json.dumps([[f"127.0.0.1:{port}"], [f"127.0.0.1:{other}"]]))
    assert f"rank 1 cannot be reached at 127.0.0.1:{other} within 1 seconds" in line


@pytest.mark.parametrize(
    "variables, words",
    [
        ({"OMPI_COMM_WORLD_SIZE": "2", "MLX_MPI_LIBNAME": "libnothing.so"}, "no MPI library could be loaded"),
        ({"MLX_RANK": "1", "MLX_JACCL_COORDINATOR": "10.0.0.1:1"}, "started for the backend jaccl"),
    ],
)
def test_a_launcher_without_a_backend_is_an_error(variables, words):
    clean = {name: value for name, value in os.environ.items() if name not in ("MLX_HOSTFILE", "MLX_RANK")}
    done = subprocess.run([sys.executable, "-c", "import mlx.core as mx; mx.distributed.init()"], capture_output=True,
                          text=True, env={**clean, **variables})  # fmt: skip
    assert done.returncode == 1 and words in done.stderr


def test_absent_backends_are_told():
    assert not mx.distributed.is_available("nccl") and not mx.distributed.is_available("jaccl")
    for backend in ("nccl", "jaccl"):
        assert mx.distributed.init(backend=backend).size() == 1
        with pytest.raises(RuntimeError, match=f"does not have the backend {backend}; it has mpi and ring"):
            mx.distributed.init(backend=backend, strict=True)


def test_output_has_ranks_and_input_reaches_every_process(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text("import os, sys\nprint('got', input())\nprint('late', file=sys.stderr)\n")
    command = [sys.executable, "-m", "mlx.launch", "-n", "2", "-p", "0", str(script)]
    if not mx.distributed.is_available("ring"):
        pytest.skip("this build has no Gloo")
    done = subprocess.run(command, capture_output=True, text=True, input="word\n", timeout=60)
    assert sorted(done.stdout.splitlines()) == ["[0] got word", "[1] got word"]
    assert sorted(done.stderr.splitlines()) == ["[0] late", "[1] late"] and done.returncode == 0


def test_the_first_failure_ends_the_others_and_gives_its_status(tmp_path):
    script = tmp_path / "fail.py"
    script.write_text("import os, sys, time\nif os.environ['MLX_RANK'] == '1': sys.exit(7)\ntime.sleep(60)\n")
    status, _, err = launch("ring", 3, script, seconds=30)
    assert status == 7 and "rank 1 ended with status 7" in err
