"""Starts the processes of a distributed run on this machine and waits for them: the command ``mlx.launch``.

Every process finds its number in ``MLX_RANK``; with the ring also the addresses of all in the file ``MLX_HOSTFILE``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NoReturn, Optional

import mlx.core as mx
from mlx._distributed_utils.common import Host, Hostfile, log, log_warning, positive_number

_HERE = ("127.0.0.1", "localhost", "::1")


def launch_ring(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace, command: List[str]
) -> None:
    """Run ``command`` once for each host, the processes joined in a ring over TCP.

    Args:
        parser: reports what is wrong and exits; without one errors are raised.
        hosts: they must all be this machine.
        args: ``env``, ``cwd``, ``python``, ``starting_port``, ``connections_per_ip`` and ``verbose``.
        command: program and arguments; a Python file is given to ``args.python``, or to this interpreter.

    Raises:
        RuntimeError: there are several hosts and this build has no ring, or a process failed.
        ValueError: no host, or one elsewhere.
    """
    _check(parser, "ring", hosts)
    port, addresses = args.starting_port, []
    for host in hosts:
        ips = [ip for ip in host.ips or ["127.0.0.1"] for _ in range(args.connections_per_ip)]
        addresses.append([f"{ip}:{port + i}" for i, ip in enumerate(ips)])
        port += len(ips)
    with tempfile.TemporaryDirectory() as folder:
        ring = Path(folder) / "hosts.json"
        ring.write_text(json.dumps(addresses))
        verbose = {"MLX_RING_VERBOSE": "1"} if args.verbose else {}
        _run(parser, hosts, args, command, {"MLX_HOSTFILE": str(ring), **verbose})


def launch_jaccl(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace, command: List[str]
) -> None:
    """The same over RDMA; this build knows it for a single process only (RuntimeError)."""
    _check(parser, "jaccl", hosts)
    _run(parser, hosts, args, command, {})


_LAUNCHERS = {"ring": launch_ring, "jaccl": launch_jaccl, "jaccl-ring": launch_jaccl}


def _fail(parser: Optional[argparse.ArgumentParser], kind: type, message: str) -> NoReturn:
    if parser is not None:
        parser.error(message)
    raise kind(f"[launch] {message}")


def _check(parser: Optional[argparse.ArgumentParser], backend: str, hosts: List[Host]) -> None:
    if not hosts:
        _fail(parser, ValueError, "No hosts were given.")
    elsewhere = next((host.ssh_hostname for host in hosts if host.ssh_hostname not in _HERE), None)
    if elsewhere is not None:
        _fail(parser, ValueError, f"Processes are started on this machine only, not on {elsewhere}.")
    if len(hosts) > 1 and not mx.distributed.is_available(backend):
        _fail(parser, RuntimeError, f"This build has no back end {backend} to connect {len(hosts)} processes.")


def _environment(parser: Optional[argparse.ArgumentParser], settings: List[str]) -> Dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            _fail(parser, ValueError, f"A variable is set as NAME=value, not {setting!r}.")
    return dict(setting.split("=", 1) for setting in settings)


def _run(
    parser: Optional[argparse.ArgumentParser],
    hosts: List[Host],
    args: argparse.Namespace,
    command: List[str],
    variables: Dict[str, str],
) -> None:
    """Start one process per host; when one fails the others are ended."""
    if command and command[0].endswith(".py"):
        command = [args.python or sys.executable, *command]
    variables = {**os.environ, **_environment(parser, args.env), **variables}
    log(args.verbose, "Running", " ".join(command))
    running = [subprocess.Popen(command, cwd=args.cwd, env={**variables, "MLX_RANK": str(host.rank)}) for host in hosts]
    failed = None
    try:
        failed = _first_failure(running, hosts)
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
            process.wait()
    if failed is not None:
        rank, status = failed
        log_warning(f"The process of rank {rank} ended with status {status}.")
        if parser is not None:
            parser.exit(status if status > 0 else 1)
        raise RuntimeError(f"[launch] The process of rank {rank} ended with status {status}.")
    log(args.verbose, "All processes completed")


def _first_failure(running: List[subprocess.Popen], hosts: List[Host]) -> Optional[tuple]:
    """Wait until all processes have ended well, or one has not: its rank and status."""
    waiting = list(zip(hosts, running))
    while waiting:
        for host, process in list(waiting):
            try:
                status = process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            if status != 0:
                return host.rank, status
            waiting.remove((host, process))
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mlx.launch", description="Start the processes of a distributed program.")
    parser.add_argument("--print-python", action="store_true", help="print the path of this interpreter and exit")
    parser.add_argument("--verbose", action="store_true", help="say what is started and what has ended")
    parser.add_argument("--hosts", default="127.0.0.1", help="hosts, separated by commas")
    parser.add_argument("--repeat-hosts", "-n", type=positive_number, default=1, help="processes per host")
    parser.add_argument("--hostfile", help="a JSON file that lists the hosts")
    parser.add_argument("--backend", choices=sorted(_LAUNCHERS), help="what connects the processes: ring by default")
    parser.add_argument("--env", action="append", default=[], help="NAME=value, a variable for every process")
    parser.add_argument("--connections-per-ip", type=positive_number, default=1, help="of the ring")
    parser.add_argument("--starting-port", "-p", type=positive_number, default=32323, help="the ring's first port")
    parser.add_argument("--cwd", help="working directory of the processes")
    parser.add_argument("--python", help="interpreter of a command that is a Python file")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="program and arguments")
    return parser


def main() -> None:
    """The command ``mlx.launch``."""
    parser = _parser()
    args = parser.parse_args()
    if args.print_python:
        print(sys.executable)
        return
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        parser.error("There is no command to run.")
    try:
        hostfile = Hostfile.from_file(args.hostfile) if args.hostfile else None
    except ValueError as error:
        parser.error(str(error))
    hostfile = hostfile or Hostfile.from_list(args.hosts, args.repeat_hosts)
    args.env = [*hostfile.envs, *args.env]
    backend = args.backend or hostfile.backend or "ring"
    if backend not in _LAUNCHERS:
        parser.error(f"The back end {backend} is unknown; there are {', '.join(_LAUNCHERS)}.")
    _LAUNCHERS[backend](parser, hostfile.hosts, args, command)


if __name__ == "__main__":
    main()
