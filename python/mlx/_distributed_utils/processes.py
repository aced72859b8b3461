"""The processes of a run, here or on other hosts: their output with the rank before each line, and their end."""

import os
import select
import shlex
import subprocess
import sys
import threading
import time
from typing import IO, Callable, Dict, List, Optional

from mlx._distributed_utils.common import Host, log

HERE = ("127.0.0.1", "localhost", "::1")
_GRACE = 5.0  # seconds between asking a process to end and ending it
_PAUSE = 0.1  # seconds after which the beginning of a line is shown
_OWN_WORDS = 3.0  # seconds in which the others may say themselves that one has failed


def is_here(host: Host) -> bool:
    """Whether processes of ``host`` are started on this machine without ssh."""
    return host.ssh_hostname in HERE


def ssh(host: str, script: str, **options) -> subprocess.Popen:
    """Start a shell script on another machine; nothing is asked of a terminal."""
    command = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", host, "sh -c " + shlex.quote(script)]
    return subprocess.Popen(command, **options)


def copy_lines(source: IO[bytes], write: Callable[[bytes], None]) -> None:
    """Hand on what comes, whole lines together; what is not continued in a while goes without its end."""
    unfinished = b""
    while True:
        if unfinished and not select.select([source], [], [], _PAUSE)[0]:
            write(unfinished)
            unfinished = b""
        data = os.read(source.fileno(), 65536)
        lines, newline, unfinished = (unfinished + data).rpartition(b"\n")
        if newline:
            write(lines + newline)
        if not data:
            if unfinished:
                write(unfinished)
            return


class Printer:
    """Copies the output of several processes, whole lines of each, with the rank before them."""

    def __init__(self, prefixed: bool):
        self._prefixed = prefixed
        self._lock = threading.Lock()
        self._unfinished: Dict[IO[bytes], Optional[int]] = {}  # by stream: who left a line open

    def write(self, rank: int, data: bytes, to: IO[bytes]) -> None:
        """``data`` as it comes; a line that another process left open is ended first."""
        with self._lock:
            open_by = self._unfinished.get(to)
            if self._prefixed:
                mark = b"[%d] " % rank
                start = b"" if open_by == rank else mark if open_by is None else b"\n" + mark
                body = data[:-1].replace(b"\n", b"\n" + mark) + data[-1:]
                data = start + body
            self._unfinished[to] = None if data.endswith(b"\n") else rank
            to.write(data)
            to.flush()


class Process:
    """One process of a run. Its standard input is what :meth:`feed` is given."""

    def __init__(self, host: Host, command: List[str], variables: Dict[str, str], cwd: Optional[str], files: dict):
        """``files`` are variables that name files: their contents."""
        self.host = host
        self._pid: Optional[int] = None
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if is_here(host):
            self._popen = subprocess.Popen(command, cwd=cwd, env={**os.environ, **variables}, **pipes)
            return
        lines = ["echo $$"]
        for name, content in files.items():
            lines.append(f"{name}=$(mktemp) && printf %s {shlex.quote(content)} > ${name} && export {name} || exit 1")
        lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if name not in files]
        lines.append(f"cd {shlex.quote(cwd or os.getcwd())} || exit 1")
        lines.append("exec " + shlex.join(command))
        self._popen = ssh(host.ssh_hostname, "\n".join(lines), **pipes)
        first = self._popen.stdout.readline().strip()
        self._pid = int(first) if first.isdigit() else None

    def follow(self, printer: Printer) -> List[threading.Thread]:
        """Threads that copy what the process says."""
        pairs = [(self._popen.stdout, sys.stdout.buffer), (self._popen.stderr, sys.stderr.buffer)]
        threads = [threading.Thread(target=self._copy, args=(printer, *pair), daemon=True) for pair in pairs]
        for thread in threads:
            thread.start()
        return threads

    def _copy(self, printer: Printer, source: IO[bytes], to: IO[bytes]) -> None:
        copy_lines(source, lambda data: printer.write(self.host.rank, data, to))

    def feed(self, data: bytes) -> None:
        """Pass on standard input; nothing ends it."""
        try:
            if data:
                self._popen.stdin.write(data)
                self._popen.stdin.flush()
            else:
                self._popen.stdin.close()
        except (OSError, ValueError):
            pass  # the process has ended, or does not read

    def poll(self) -> Optional[int]:
        """The exit status, or None while it runs."""
        return self._popen.poll()

    def end(self) -> None:
        """Ask it to end, and make it end after a while."""
        if self.poll() is not None:
            return
        self._signal("TERM", self._popen.terminate)
        try:
            self._popen.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self._signal("KILL", self._popen.kill)
            self._popen.wait()

    def _signal(self, name: str, otherwise) -> None:
        if self._pid is None:
            otherwise()
        else:
            ssh(self.host.ssh_hostname, f"kill -{name} {self._pid}", stderr=subprocess.DEVNULL).wait()


def run_all(processes: List[Process], verbose: bool) -> Optional[tuple]:
    """Wait until all processes have ended well, or one has not: its rank and status. Ends the others then."""
    printer = Printer(len(processes) > 1)
    threads = [thread for process in processes for thread in process.follow(printer)]
    threading.Thread(target=_feed_all, args=(processes,), daemon=True).start()
    failed = None
    try:
        failed = _first_failure(processes)
        if failed:
            log(verbose, f"Rank {failed[0]} failed, the others are ended")
            _wait_for_all(processes, _OWN_WORDS)
    finally:
        for process in processes:
            process.end()
        for thread in threads:
            thread.join(timeout=1)
    return failed


def _feed_all(processes: List[Process]) -> None:
    try:
        source = sys.stdin.buffer.raw
    except AttributeError:
        return  # there is no standard input
    data = b"-"
    while data:
        try:
            data = source.read(65536)
        except OSError:
            return
        for process in processes:
            process.feed(data or b"")


def _first_failure(processes: List[Process]) -> Optional[tuple]:
    while True:
        states = [(process.host.rank, process.poll()) for process in processes]
        for rank, status in states:
            if status:
                return rank, status
        if all(status == 0 for _, status in states):
            return None
        time.sleep(0.02)


def _wait_for_all(processes: List[Process], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.02)
