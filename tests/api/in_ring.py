"""Runs a program as the processes of a ring on this machine: ``in_ring.py SIZE PROGRAM``. Fails when one of them does."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def main():
    size, program = int(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        hostfile = Path(folder, "hosts.json")
        hostfile.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(size)]))
        settings = {"MLX_HOSTFILE": str(hostfile), "MLX_DISTRIBUTED_TIMEOUT": "60"}
        processes = [subprocess.Popen([program], env=os.environ | settings | {"MLX_RANK": str(r)}) for r in range(size)]
        statuses = [process.wait(timeout=120) for process in processes]
    sys.exit(f"exit statuses: {statuses}" if any(statuses) else 0)


if __name__ == "__main__":
    main()
