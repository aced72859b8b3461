"""The command line of ``mpirun``, Open MPI's or MPICH's."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Dict, List, Optional, Tuple

from mlx._distributed_utils.common import Host
from mlx._distributed_utils.processes import copy_lines, is_here

_TAG = re.compile(rb"^\[\d+,(\d+)\]<std(?:out|err)>:", re.MULTILINE)  # what --tag-output writes


def find_mpirun(wanted: Optional[str] = None) -> Tuple[str, bool]:
    """Path of mpirun and whether it is Open MPI's.

    Looked for are ``wanted``, one beside this interpreter (as wheels install it), that of the library
    ``MLX_MPI_LIBNAME``, and the one on the path.

    Raises:
        RuntimeError: there is none, or it is of another kind.
    """
    library = os.environ.get("MLX_MPI_LIBNAME", "")
    names = [wanted] if wanted else [str(Path(sys.executable).parent / "mpirun")]
    if not wanted:
        names += ["mpirun.mpich"] if "mpich" in library else ["mpirun.openmpi"] if library.endswith(".so.40") else []
        names.append("mpirun")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(f"There is no {names[-1]}; install Open MPI or MPICH, or use --backend ring.")
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    if "Open MPI" in version or "OpenRTE" in version:
        return path, True
    if "HYDRA" in version or "MPICH" in version or "Intel" in version:
        return path, False
    raise RuntimeError(f"{path} is neither Open MPI's nor MPICH's mpirun.")


def _library_beside(path: str) -> Dict[str, str]:
    """The library of a wheel's mpirun, which the loader would not find."""
    library = Path(path).resolve().parent.parent / "lib" / "libmpi.so.40"
    if "MLX_MPI_LIBNAME" in os.environ or not library.exists() or str(library).startswith("/usr/"):
        return {}
    return {"MLX_MPI_LIBNAME": str(library)}


def mpirun_command(
    hosts: List[Host], args: argparse.Namespace, command: List[str], variables: Dict[str, str]
) -> Tuple[List[str], Dict[str, str]]:
    """The words of the command, and what its own environment needs.

    Raises:
        RuntimeError: there is no mpirun.
    """
    path, is_open_mpi = find_mpirun(getattr(args, "mpirun", None))
    variables = {**_library_beside(path), **variables}
    extra = [word for argument in getattr(args, "mpi_arg", None) or [] for word in shlex.split(argument)]
    words, own = [path, "-n", str(len(hosts))], {}
    elsewhere = not all(map(is_here, hosts))
    if is_open_mpi:
        words += ["--oversubscribe", "--bind-to", "none"]
        if os.getuid() == 0:
            own = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        if len(hosts) > 1:
            words.append("--tag-output")
        if elsewhere:
            words += ["--host", ",".join(_with_counts(hosts))]
        words += [word for name, value in variables.items() for word in ("-x", f"{name}={value}")]
    else:
        if len(hosts) > 1:
            words += ["-prepend-pattern", "[%r] "]
        if elsewhere:
            words += ["-hosts", ",".join(_with_counts(hosts))]
        words += [word for name, value in variables.items() for word in ("-genv", name, value)]
    if args.cwd:
        words += ["-wdir", args.cwd]
    return [*words, *extra, *command], own


def run_mpirun(command: List[str], cwd: Optional[str], variables: Dict[str, str]) -> int:
    """Run mpirun and return its status; the ranks in its output are written as those of the ring."""
    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )

    def copy(source: IO[bytes], to: IO[bytes]) -> None:
        def write(data: bytes) -> None:
            to.write(_TAG.sub(rb"[\1] ", data))
            to.flush()

        copy_lines(source, write)

    pairs = [(process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer)]
    threads = [threading.Thread(target=copy, args=pair, daemon=True) for pair in pairs]
    for thread in threads:
        thread.start()
    try:
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    for thread in threads:
        thread.join(timeout=1)
    return status


def _with_counts(hosts: List[Host]) -> List[str]:
    """``name:count`` for each host, in the order of the ranks."""
    counts: Dict[str, int] = {}
    for host in hosts:
        counts[host.ssh_hostname] = counts.get(host.ssh_hostname, 0) + 1
    return [f"{name}:{count}" for name, count in counts.items()]
