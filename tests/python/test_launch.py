"""Hostfiles and the launcher of processes: one process runs, more need a back end that this build must have."""

import argparse
import json
import subprocess
import sys

import mlx.core as mx
import pytest
from mlx._distributed_utils.common import Host, Hostfile
from mlx._distributed_utils.launch import launch_jaccl, launch_ring

HOST = {"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}
SAY = "import os, pathlib; pathlib.Path('said').write_text(os.environ['MLX_RANK'] + os.environ['GREETING'])"


def arguments(folder, **changes):
    given = dict(env=["GREETING=hello"], cwd=str(folder), python=None, verbose=False)
    return argparse.Namespace(**{**given, "starting_port": 32323, "connections_per_ip": 1, **changes})


def local(count):
    return Hostfile.from_list("127.0.0.1", count).hosts


@pytest.mark.parametrize(
    "content, backend",
    [([HOST, HOST], ""), ({"hosts": [HOST, HOST], "backend": "ring", "envs": ["A=1"]}, "ring")],
)
def test_a_hostfile_is_read_and_written(tmp_path, content, backend):
    (tmp_path / "hosts.json").write_text(json.dumps(content))
    hostfile = Hostfile.from_file(tmp_path / "hosts.json")
    assert hostfile.backend == backend
    assert hostfile.hosts == [Host(rank, "127.0.0.1", ["127.0.0.1"], []) for rank in range(2)]
    hostfile.to_json(tmp_path / "again.json")
    assert Hostfile.from_file(tmp_path / "again.json") == hostfile


@pytest.mark.parametrize("content", ["[{}]", '{"a": 1}', "[3]", "no JSON"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "hosts.json").write_text(content)
    with pytest.raises(ValueError, match="hosts.json"):
        Hostfile.from_file(tmp_path / "hosts.json")
    with pytest.raises(ValueError, match="does not exist"):
        Hostfile.from_file(tmp_path / "none.json")


def test_hosts_in_a_list_are_repeated():
    hosts = Hostfile.from_list("10.0.0.1,one", 2).hosts
    assert [(host.rank, host.ssh_hostname, host.ips) for host in hosts] == [
        (0, "10.0.0.1", ["10.0.0.1"]), (1, "10.0.0.1", ["10.0.0.1"]), (2, "one", []), (3, "one", []),
    ]  # fmt: skip


@pytest.mark.parametrize("launch", [launch_ring, launch_jaccl])
def test_one_process_runs_with_its_rank_and_variables(tmp_path, launch):
    launch(None, local(1), arguments(tmp_path), [sys.executable, "-c", SAY])
    assert (tmp_path / "said").read_text() == "0hello"


def test_a_failing_process_is_reported(tmp_path):
    with pytest.raises(RuntimeError, match="rank 0 ended with status 3"):
        launch_ring(None, local(1), arguments(tmp_path), [sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize(
    "hosts, changes, error, words",
    [
        ([], {}, ValueError, "No hosts"),
        (Hostfile.from_list("10.0.0.1").hosts, {}, ValueError, "not on 10.0.0.1"),
        (local(1), {"env": ["A"]}, ValueError, "NAME=value"),
    ],
)
def test_launch_refuses(tmp_path, hosts, changes, error, words):
    with pytest.raises(error, match=words):
        launch_ring(None, hosts, arguments(tmp_path, **changes), ["true"])


@pytest.mark.skipif(mx.distributed.is_available("jaccl"), reason="this build connects processes over RDMA")
def test_several_processes_need_their_back_end(tmp_path):
    with pytest.raises(RuntimeError, match="no back end jaccl to connect 2 processes"):
        launch_jaccl(None, local(2), arguments(tmp_path), ["true"])


def test_the_command_runs_a_python_file_and_passes_its_status_on(tmp_path):
    (tmp_path / "program.py").write_text("import os, sys\nprint(os.environ['MLX_RANK'], sys.argv[1])\nsys.exit(5)\n")
    command = [sys.executable, "-m", "mlx._distributed_utils.launch", str(tmp_path / "program.py"), "--flag"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (5, "0 --flag\n")
