"""Starts the processes of a distributed run, here or by ssh, and waits for them: the command ``mlx.launch``.

With the ring every process finds its number in ``MLX_RANK`` and the addresses of all in the file ``MLX_HOSTFILE``; with MPI
``mpirun`` starts them.
"""

import argparse
import json
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NoReturn, Optional

import mlx.core as mx
from mlx._distributed_utils.common import Host, Hostfile, log, log_warning, natural_number, positive_number
from mlx._distributed_utils.mpi import mpirun_command, run_mpirun
from mlx._distributed_utils.processes import Process, is_here, run_all


def launch_ring(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace, command: List[str]
) -> None:
    """Run ``command`` once for each host, the processes connected over TCP by the backend ring.

    Args:
        parser: reports what is wrong and exits; without one errors are raised.
        hosts: those that are not this machine are reached by ssh, and need ``ips``.
        args: ``env``, ``cwd``, ``python``, ``starting_port`` (0: any that are free, on this machine only),
            ``connections_per_ip`` and ``verbose``.
        command: program and arguments; a Python file is given to ``args.python``, or to this interpreter.

    Raises:
        RuntimeError: there are several hosts and this build has no ring, or a process failed.
        ValueError: no host, or one without addresses.
    """
    _check(parser, "ring", hosts)
    addresses = json.dumps(_ring_addresses(parser, hosts, args))
    with tempfile.TemporaryDirectory() as folder:
        ring = Path(folder) / "hosts.json"
        ring.write_text(addresses)
        verbose = {"MLX_RING_VERBOSE": "1"} if args.verbose else {}
        variables = {"MLX_HOSTFILE": str(ring), **verbose}
        _run(parser, hosts, args, command, variables, {"MLX_HOSTFILE": addresses})


def launch_jaccl(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace, command: List[str]
) -> None:
    """The same over RDMA; this build knows it for a single process only (RuntimeError)."""
    _check(parser, "jaccl", hosts)
    _run(parser, hosts, args, command, {}, {})


def launch_mpi(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace, command: List[str]
) -> None:
    """The same by ``mpirun``, of Open MPI or MPICH; ``args.mpi_arg`` are passed on to it.

    Raises:
        RuntimeError: there is no mpirun, or a process failed.
    """
    if not hosts:
        _fail(parser, ValueError, "No hosts were given.")
    try:
        whole, variables = mpirun_command(hosts, args, _program(args, command), _environment(parser, args.env))
    except RuntimeError as error:
        _fail(parser, RuntimeError, str(error))
    log(args.verbose, "Running", " ".join(whole))
    status = run_mpirun(whole, args.cwd, variables)
    if status:
        _report(parser, f"mpirun ended with status {status}.", status)


_LAUNCHERS = {
    "ring": launch_ring, "mpi": launch_mpi, "jaccl": launch_jaccl, "jaccl-ring": launch_jaccl, "nccl": launch_jaccl
}  # fmt: skip


def _fail(parser: Optional[argparse.ArgumentParser], kind: type, message: str) -> NoReturn:
    if parser is not None:
        parser.error(message)
    raise kind(f"[launch] {message}")


def _report(parser: Optional[argparse.ArgumentParser], message: str, status: int) -> NoReturn:
    """A process failed: with a parser the program ends with its status."""
    log_warning(message)
    if parser is not None:
        parser.exit(status if status > 0 else 128 - status)
    raise RuntimeError(f"[launch] {message}")


def _check(parser: Optional[argparse.ArgumentParser], backend: str, hosts: List[Host]) -> None:
    if not hosts:
        _fail(parser, ValueError, "No hosts were given.")
    if len(hosts) > 1 and not mx.distributed.is_available(backend):
        _fail(parser, RuntimeError, f"This build has no back end {backend} to connect {len(hosts)} processes.")


def _ring_addresses(
    parser: Optional[argparse.ArgumentParser], hosts: List[Host], args: argparse.Namespace
) -> List[List[str]]:
    """Where each process listens: ports count up over the processes."""
    port, addresses = args.starting_port, []
    if port == 0 and not all(map(is_here, hosts)):
        _fail(parser, ValueError, "Free ports can be found on this machine only; give --starting-port.")
    for host in hosts:
        if not host.ips and not is_here(host):
            _fail(parser, ValueError, f"The host {host.ssh_hostname} has no address in ips.")
        ips = [ip for ip in host.ips or ["127.0.0.1"] for _ in range(args.connections_per_ip)]
        ports = _free_ports(len(ips)) if port == 0 else range(port, port + len(ips))
        addresses.append([f"[{ip}]:{at}" if ":" in ip else f"{ip}:{at}" for ip, at in zip(ips, ports)])
        port += len(ips) if port else 0
    return addresses


def _free_ports(count: int) -> List[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _environment(parser: Optional[argparse.ArgumentParser], settings: List[str]) -> Dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            _fail(parser, ValueError, f"A variable is set as NAME=value, not {setting!r}.")
    return dict(setting.split("=", 1) for setting in settings)


def _program(args: argparse.Namespace, command: List[str]) -> List[str]:
    return [args.python or sys.executable, *command] if command[:1] and command[0].endswith(".py") else command


def _run(
    parser: Optional[argparse.ArgumentParser],
    hosts: List[Host],
    args: argparse.Namespace,
    command: List[str],
    variables: Dict[str, str],
    files: Dict[str, str],
) -> None:
    """Start one process per host; when one fails the others are ended."""
    command = _program(args, command)
    variables = {**_environment(parser, args.env), **variables}
    log(args.verbose, "Running", " ".join(command))
    processes: List[Process] = []
    try:
        for host in hosts:
            processes.append(Process(host, command, {**variables, "MLX_RANK": str(host.rank)}, args.cwd, files))
        failed = run_all(processes, args.verbose)
    except OSError as error:
        _fail(parser, RuntimeError, f"{error.filename or command[0]} cannot be started ({error.strerror}).")
    finally:
        for process in processes:
            process.end()
    if failed is not None:
        rank, status = failed
        _report(parser, f"The process of rank {rank} ended with status {status}.", status)
    log(args.verbose, "All processes completed")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mlx.launch", description="Start the processes of a distributed program.")
    parser.add_argument("--print-python", action="store_true", help="print the path of this interpreter and exit")
    parser.add_argument("--verbose", action="store_true", help="say what is started and what has ended")
    parser.add_argument("--hosts", default="127.0.0.1", help="hosts, separated by commas")
    parser.add_argument("--repeat-hosts", "-n", type=positive_number, default=1, help="processes per host")
    parser.add_argument("--hostfile", help="a JSON file that lists the hosts")
    parser.add_argument("--backend", choices=sorted(_LAUNCHERS), help="what connects the processes: ring by default")
    parser.add_argument("--env", action="append", default=[], help="NAME=value, a variable for every process")
    parser.add_argument("--mpi-arg", action="append", default=[], help="an argument for mpirun, or several in one word")
    parser.add_argument("--mpirun", help="which mpirun, where there are several")
    parser.add_argument("--connections-per-ip", type=positive_number, default=1, help="of the ring")
    parser.add_argument(
        "--starting-port", "-p", type=natural_number, default=32323, help="the ring's first port; 0: any that are free"
    )
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        _LAUNCHERS[backend](parser, hostfile.hosts, args, command)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
