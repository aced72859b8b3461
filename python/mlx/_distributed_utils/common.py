"""Hosts of a distributed run: files that list them, and what the launchers print and check."""

import ipaddress
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional, Union


@dataclass
class Host:
    """One process of a run.

    Args:
        rank: its number.
        ssh_hostname: where it is started; ``127.0.0.1`` is this machine.
        ips: the addresses it listens at.
        rdma: for each other process the device that reaches it, or several.
    """

    rank: int
    ssh_hostname: str
    ips: List[str]
    rdma: List[Union[str, List[str], None]]


@dataclass
class Hostfile:
    """The hosts of a run, the back end that connects them, and ``NAME=value`` variables for every process."""

    hosts: List[Host]
    backend: str = ""
    envs: List[str] = field(default_factory=list)

    def to_json(self, path: Union[str, Path]) -> None:
        """Write a file that :meth:`from_file` reads."""
        hosts = [{"ssh": host.ssh_hostname, "ips": host.ips, "rdma": host.rdma} for host in self.hosts]
        Path(path).write_text(json.dumps({"backend": self.backend, "envs": self.envs, "hosts": hosts}, indent=4))

    @classmethod
    def from_file(cls, path: Union[str, Path]) -> "Hostfile":
        """Read JSON: a list of hosts, or an object of ``hosts``, ``backend`` and ``envs``.

        A host is an object of ``ssh`` and, where it has them, ``ips`` and ``rdma``.

        Raises:
            ValueError: there is no such file, or it does not hold that.
        """
        if not Path(path).exists():
            raise ValueError(f"[Hostfile] The hostfile {path} does not exist.")
        try:
            content = json.loads(Path(path).read_text())
            content = content if isinstance(content, dict) else {"hosts": content}
            hosts = [
                Host(rank, host["ssh"], host.get("ips", []), host.get("rdma", []))
                for rank, host in enumerate(content["hosts"])
            ]
            return cls(hosts, content.get("backend", ""), content.get("envs", []))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"[Hostfile] Failed to parse the hostfile {path} ({error}).") from error

    @classmethod
    def from_list(cls, hostlist: str, repeats: int = 1) -> "Hostfile":
        """Hosts named in ``hostlist``, separated by commas, each ``repeats`` times."""
        names = [name for name in hostlist.split(",") for _ in range(repeats)]
        return cls([Host(rank, name, [name] if _is_address(name) else [], []) for rank, name in enumerate(names)])


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def natural_number(text: str) -> int:
    """The integer that ``text`` spells; ValueError when it is negative."""
    number = int(text)
    if number < 0:
        raise ValueError(f"{number} is negative.")
    return number


def positive_number(text: str) -> int:
    """The integer that ``text`` spells; ValueError unless it is positive."""
    number = int(text)
    if number <= 0:
        raise ValueError(f"{number} is not positive.")
    return number


def log(verbose: Optional[bool], *words, **options) -> None:
    """Print an information, where ``verbose``."""
    if verbose:
        _say("INFO", *words, **options)


def log_warning(*words, **options) -> None:
    """Print a warning to stderr."""
    _say("WARN", *words, **options)


def log_error(*words, **options) -> None:
    """Print an error to stderr."""
    _say("ERROR", *words, **options)


def _say(kind: str, *words, **options) -> None:
    print(f"[{kind}]", *words, **{"file": sys.stderr, **options})
