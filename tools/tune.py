#!/usr/bin/env python3
"""Measures the work sizes of csrc/cl/work_sizes.def on a device and writes the better ones into the cache folder.

    python tools/tune.py [--device cpu|gpu] [--family rows ...] [--dry-run]

Each candidate runs in a process of its own, in turns with the present row; a row is written when its median is 5 % better.
The file is <cache folder>/<device>.work_sizes; remove it to go back to the table.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "csrc" / "cl" / "work_sizes.def"
ROUNDS = 5

# What is timed for a family: an expression over x (4096 x 4096 floats), v (2^24 of them), i (4096 row numbers), k (a key).
WORK = {
    "elementwise": "x * 2 + 1",
    "transpose": "mx.contiguous(x.T)",
    "rows": "mx.softmax(x, axis=-1)",
    "reduce": "x.sum(0)",
    "reduce_rows": "x.sum(1)",
    "scan_blocks": "mx.cumsum(v)",
    "scan_columns": "mx.cumsum(x, axis=0)",
    "gather": "x[i]",
    "scatter_atomic": "x.at[i].add(x)",
    "mask": "v[v > 0]",
    "sort_rows": "mx.sort(x, axis=-1)",
    "search_sorted": "mx.searchsorted(mx.arange(4096.0), v)",
    "random": "mx.random.bits((1 << 24,), key=k)",
    "arange": "mx.arange(1 << 24)",
    "rope": "mx.fast.rope(x.reshape(1, 64, 1024, 256), 256, traditional=False, base=1e4, scale=1.0, offset=0)",
}
TIMED = """
import sys, time
import mlx.core as mx
mx.set_default_device(getattr(mx, sys.argv[1]))
x, i, k = mx.random.normal((4096, 4096)), mx.random.randint(0, 4096, (4096,)), mx.random.key(1)
v = x.reshape(-1)
mx.eval(x, v, i, k)
def once():
    start = time.perf_counter()
    mx.eval({expression})
    mx.synchronize()
    return time.perf_counter() - start
once()
print(min(once() for _ in range(5)))
"""


def rows_of(device: str) -> dict[str, tuple[int, int, int]]:
    """The rows of the table for a class of devices: (grain, items, group)."""
    found = re.findall(rf"^{device.upper()}\((\w+), (\d+), (\d+)(?:, (\d+))?\)", TABLE.read_text(), re.MULTILINE)
    return {family: (int(grain), int(items), int(group or 1)) for family, grain, items, group in found}


def candidates(row: tuple[int, int, int], device: str) -> list[tuple[int, int, int]]:
    """Its neighbours: a quarter and four times as much of each number that the device's class uses."""
    grain, items, group = row
    near = [(g, items, group) for g in (grain // 4, grain * 4) if g]
    near += [(grain, n, group) for n in (items // 4, items // 2, items * 2, items * 4) if n]
    if device == "gpu" and group:
        near += [(grain, items, n) for n in (group // 2, group * 2) if 16 <= n <= 1024]
    return near


def seconds(device: str, family: str, row: tuple[int, int, int], folder: str, name: str) -> float:
    """The time of a family's expression in a new process whose cache folder says this row."""
    Path(folder, f"{name}.work_sizes").write_text(f"{family} {' '.join(map(str, row))}\n")
    cache = os.environ.get("MLX_CL_CACHE", "~/.cache/mlx-opencl")
    environment = {"MLX_CL_DRAFT": "0", **os.environ, "MLX_CL_CACHE": f"{folder}:{cache}"}
    script = TIMED.replace("{expression}", WORK[family])
    run = subprocess.run([sys.executable, "-c", script, device], env=environment, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{family} {row}: {run.stderr.strip()}")
    return float(run.stdout)


def best_row(device: str, family: str, row: tuple[int, int, int], folder: str, name: str):
    """The row to use and how much faster than the present one it is."""
    rivals = [row, *candidates(row, device)]
    times = {rival: [] for rival in rivals}
    for _ in range(ROUNDS):
        for rival in rivals:
            times[rival].append(seconds(device, family, rival, folder, name))
    medians = {rival: statistics.median(t) for rival, t in times.items()}
    best = min(medians, key=medians.get)
    return best, medians[row] / medians[best]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cpu", "gpu"], default="gpu")
    parser.add_argument("--family", nargs="*", default=list(WORK), choices=list(WORK))
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args()

    import mlx.core as mx

    if not mx.is_available(getattr(mx, options.device)):
        raise SystemExit(f"there is no mx.{options.device} on this machine")
    facts = mx.device_info(getattr(mx, options.device))
    name = re.sub(r"[^A-Za-z0-9]", "_", facts["device_name"])
    table, better = rows_of(options.device), {}
    with tempfile.TemporaryDirectory() as folder:
        for family in options.family:
            row, gain = best_row(options.device, family, table[family], folder, name)
            print(f"{family:16} {table[family]} -> {row}  {gain:.2f} times as fast", flush=True)
            if gain > 1.05:
                better[family] = row
    lines = [f"{family} {' '.join(map(str, row))}" for family, row in better.items()]
    if options.dry_run or not lines:
        return print("\n".join(lines) or "no row is 5 % better than the table's")
    target = Path(os.environ.get("MLX_CL_CACHE", "~/.cache/mlx-opencl").split(":")[0]).expanduser()
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.work_sizes").write_text("\n".join(lines) + "\n")
    print(f"written: {target / name}.work_sizes")


if __name__ == "__main__":
    main()
