"""Makes the hostfile of a run over Ethernet and tries it: the command ``mlx.distributed_config``."""

import argparse
import ipaddress
import json
import subprocess
import sys
from typing import List, Sequence, Set

from mlx._distributed_utils.common import Host, Hostfile, log, log_warning
from mlx._distributed_utils.launch import launch_ring
from mlx._distributed_utils.processes import is_here, ssh

_TRIAL = (
    "import mlx.core as mx; g = mx.distributed.init(strict=True, backend='ring') "
    "if {size} > 1 else mx.distributed.init(); assert mx.distributed.all_sum(1, group=g).item() == {size}"
)


def addresses_of(host: Host) -> Set[str]:
    """The IPv4 addresses of a host with the lengths of their networks, ``10.0.0.4/24``.

    Raises:
        RuntimeError: it cannot be asked.
    """
    script = "ip -j -4 addr show up"
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    asked = subprocess.Popen(script.split(), **pipes) if is_here(host) else ssh(host.ssh_hostname, script, **pipes)
    out, err = asked.communicate()
    if asked.returncode:
        reason = (err.strip().splitlines() or ["no answer"])[-1]
        raise RuntimeError(f"The host {host.ssh_hostname} cannot be asked for its addresses ({reason}).")
    found = [info for link in json.loads(out) for info in link["addr_info"] if info.get("scope") == "global"]
    return {f"{info['local']}/{info['prefixlen']}" for info in found}


def common_addresses(names: Sequence[str], addresses: Sequence[Set[str]]) -> List[str]:
    """For each host its address in the first network that all of them have.

    Raises:
        RuntimeError: there is no such network.
    """
    interfaces = [{(i := ipaddress.ip_interface(each)).network: str(i.ip) for each in own} for own in addresses]
    shared = set.intersection(*(set(own) for own in interfaces))
    if not shared:
        raise RuntimeError(f"{' and '.join(names)} have no network in common.")
    network = min(shared)
    return [own[network] for own in interfaces]


def configure(hosts: List[Host], verbose: bool = False) -> None:
    """Fill in the addresses of the hosts."""
    if all(map(is_here, hosts)):
        for host in hosts:
            host.ips = ["127.0.0.1"]
        return
    names = [host.ssh_hostname for host in hosts]
    for host, ip in zip(hosts, common_addresses(names, [addresses_of(host) for host in hosts])):
        host.ips = [ip]
        log(verbose, f"{host.ssh_hostname} has {ip}")


def try_out(hosts: List[Host], verbose: bool = False) -> None:
    """Let the hosts sum something; RuntimeError when they cannot."""
    here = all(map(is_here, hosts))
    args = argparse.Namespace(
        env=["MLX_DISTRIBUTED_TIMEOUT=30"], cwd="/", python=None, verbose=verbose, connections_per_ip=1,
        starting_port=0 if here else 32323,
    )  # fmt: skip
    launch_ring(None, hosts, args, [sys.executable, "-c", _TRIAL.format(size=len(hosts))])


def main() -> None:
    """The command ``mlx.distributed_config``."""
    parser = argparse.ArgumentParser("mlx.distributed_config", description="Make the hostfile of a distributed run.")
    parser.add_argument("--verbose", action="store_true", help="say what is found")
    parser.add_argument("--hosts", default="127.0.0.1", help="hosts, separated by commas")
    parser.add_argument("--hostfile", help="a JSON file that lists the hosts")
    parser.add_argument("--over", choices=["thunderbolt", "ethernet"], default="ethernet", help="what connects them")
    parser.add_argument("--backend", choices=["ring", "jaccl", "jaccl-ring"], default="ring")
    parser.add_argument("--env", action="append", default=[], help="NAME=value, a variable for every process")
    parser.add_argument("--output-hostfile", help="where to write; by default it is printed")
    args = parser.parse_args()
    if args.over != "ethernet" or args.backend != "ring":
        parser.error("Hosts are configured over ethernet, for the back end ring.")
    try:
        hostfile = Hostfile.from_file(args.hostfile) if args.hostfile else Hostfile.from_list(args.hosts)
        configure(hostfile.hosts, args.verbose)
        try_out(hostfile.hosts, args.verbose)
    except (RuntimeError, ValueError) as error:
        log_warning(str(error))
        sys.exit(1)
    hostfile.backend, hostfile.envs = args.backend, [*hostfile.envs, *args.env]
    if args.output_hostfile:
        hostfile.to_json(args.output_hostfile)
        return
    hosts = [{"ssh": host.ssh_hostname, "ips": host.ips} for host in hostfile.hosts]
    print(json.dumps({"backend": hostfile.backend, "envs": hostfile.envs, "hosts": hosts}, indent=4))


if __name__ == "__main__":
    main()
