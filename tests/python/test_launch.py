"""Hostfiles and the launcher of processes: one process runs, more need a back end that this build must have."""

import argparse
import json
import os
import subprocess
import sys

import mlx.core as mx
import pytest
from mlx._distributed_utils.common import Host, Hostfile
from mlx._distributed_utils.config import common_addresses
from mlx._distributed_utils.launch import launch_jaccl, launch_mpi, launch_ring

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
        (Hostfile.from_list("one").hosts, {}, ValueError, "host one has no address"),
        (Hostfile.from_list("10.0.0.1").hosts, {"starting_port": 0}, ValueError, "on this machine only"),
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


def test_other_hosts_are_reached_by_ssh(tmp_path, monkeypatch):
    ssh = tmp_path / "ssh"  # runs its last word here
    ssh.write_text('#!/bin/sh\nfor word; do :; done\necho "$@" >> "$(dirname "$0")/asked"\nexec sh -c "$word"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    host = Host(0, "far.example", ["10.0.0.7"], [])
    say = SAY.replace("os.environ['MLX_RANK']", "os.environ['MLX_RANK'] + open(os.environ['MLX_HOSTFILE']).read()")
    launch_ring(None, [host], arguments(tmp_path), [sys.executable, "-c", say])
    assert (tmp_path / "said").read_text() == '0[["10.0.0.7:32323"]]hello'
    assert "far.example" in (tmp_path / "asked").read_text()


MPIRUN = """#!/bin/sh
[ "$1" = --version ] && echo "{version}" && exit
printf '%s\\n' "$@" > "$(dirname "$0")/words"
"""


@pytest.mark.parametrize(
    "version, words",
    [
        ("mpirun (Open MPI) 4.1.4", ["-n", "2", "--oversubscribe", "-x", "GREETING=hello", "--flag", "true"]),
        ("HYDRA build details:", ["-n", "2", "-prepend-pattern", "-genv", "GREETING", "hello", "--flag", "true"]),
    ],
)
def test_mpirun_is_given_its_own_words(tmp_path, version, words):
    mpirun = tmp_path / "mpirun"
    mpirun.write_text(MPIRUN.format(version=version))
    mpirun.chmod(0o755)
    launch_mpi(None, local(2), arguments(tmp_path, mpirun=str(mpirun), mpi_arg=["--flag"]), ["true"])
    given = (tmp_path / "words").read_text().split("\n")
    assert [word for word in given if word in words] == words
    mpirun.write_text(MPIRUN.format(version="something else"))
    with pytest.raises(RuntimeError, match="neither Open MPI's nor MPICH's"):
        launch_mpi(None, local(2), arguments(tmp_path, mpirun=str(mpirun)), ["true"])
    with pytest.raises(RuntimeError, match="There is no nompirun"):
        launch_mpi(None, local(2), arguments(tmp_path, mpirun="nompirun"), ["true"])


def test_a_hostfile_is_made_of_common_networks():
    addresses = [{"192.168.1.4/24", "10.0.0.4/8"}, {"10.0.7.5/8", "172.16.0.1/16"}]
    assert common_addresses(["a", "b"], addresses) == ["10.0.0.4", "10.0.7.5"]
    with pytest.raises(RuntimeError, match="a and b have no network in common"):
        common_addresses(["a", "b"], [{"192.168.1.4/24"}, {"10.0.7.5/8"}])


def test_the_command_that_makes_a_hostfile_checks_it(tmp_path):
    if not mx.distributed.is_available("ring"):
        pytest.skip("this build has no Gloo")
    out = tmp_path / "hosts.json"
    command = [sys.executable, "-m", "mlx._distributed_utils.config", "--hosts", "127.0.0.1,127.0.0.1"]
    done = subprocess.run([*command, "--output-hostfile", str(out), "--env", "A=1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = Hostfile.from_file(out)
    assert [host.ips for host in made.hosts] == [["127.0.0.1"]] * 2 and made.envs == ["A=1"] and made.backend == "ring"
    done = subprocess.run([*command, "--over", "thunderbolt"], capture_output=True, text=True)
    assert done.returncode != 0 and "ethernet" in done.stderr


def test_the_command_runs_a_python_file_and_passes_its_status_on(tmp_path):
    (tmp_path / "program.py").write_text("import os, sys\nprint(os.environ['MLX_RANK'], sys.argv[1])\nsys.exit(5)\n")
    command = [sys.executable, "-m", "mlx._distributed_utils.launch", str(tmp_path / "program.py"), "--flag"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (5, "0 --flag\n")
