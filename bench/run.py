"""Time the table of cases; with --against, side by side with another mlx, and the ratio of medians.

The sides run in processes of their own that take turns, case by case and round by round, so that
both see the same machine. A ratio below 1 means that this mlx is the faster one.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cases import select
from plain_loop import PlainAdd

HERE = Path(__file__).parent


class Worker:
    """A process that measures cases with one mlx; started again after a crash."""

    def __init__(self, label: str, path: str | None):
        self.label = label
        self.command = [sys.executable, str(HERE / "worker.py")]
        self.environment = {"MLX_CL_DRAFT": "0", **os.environ}  # what is measured is there from the start
        if path and Path(path).is_dir():
            self.environment["PYTHONPATH"] = path
        elif path:
            self.command[0] = path
            self.environment.pop("PYTHONPATH", None)  # it would lead the other side back to this mlx
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.device = self.read().get("device", "did not start")

    def read(self) -> dict:
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"the process ended with status {self.process.wait()}"}

    def measure(self, name: str, seconds: float) -> dict:
        if self.process.poll() is not None:
            self.start()
        try:
            self.process.stdin.write(json.dumps({"case": name, "seconds": seconds}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": f"the process ended with status {self.process.wait()}"}
        return self.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Row:
    """What was measured of one case: one median per side and round."""

    case: object
    medians: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    def seconds(self, label):
        return statistics.median(self.medians[label]) if self.medians.get(label) else None

    def rate(self, label) -> str:
        seconds, case = self.seconds(label), self.case
        if seconds is None:
            return ""
        if case.tokens:
            return f"{1 / seconds:.1f} token/s"
        if case.flops:
            return f"{case.flops(*case.full) / seconds / 1e9:.1f} GFLOP/s"
        return f"{case.bytes(*case.full) / seconds / 1e9:.2f} GB/s" if case.bytes else ""

    def ratio(self, label, other):
        mine, theirs = self.seconds(label), self.seconds(other)
        return mine / theirs if mine and theirs else None


def measure(case, workers, rounds, seconds) -> Row:
    row = Row(case)
    for _ in range(rounds):
        for worker in workers:
            if worker.label in row.errors:
                continue
            answer = worker.measure(case.name, seconds)
            if "error" in answer:
                row.errors[worker.label] = answer["error"]
            else:
                row.medians.setdefault(worker.label, []).append(statistics.median(answer["times"]))
    return row


def line(row: Row, labels) -> str:
    text = f"{row.case.name:<42}"
    for label in labels:
        seconds = row.seconds(label)
        text += f" {'failed' if seconds is None else f'{seconds * 1e6:.2f}':>12} {row.rate(label):>16}"
    if len(labels) == 2:
        ratio = row.ratio(*labels)
        text += f" {'' if ratio is None else f'{ratio:.3f}':>8}"
    for label, error in row.errors.items():
        text += f"\n    {label}: {error}"
    return text


def as_record(row: Row, labels) -> dict:
    record = {"name": row.case.name, "seconds": row.medians, "errors": row.errors}
    if len(labels) == 2:
        record["ratio"] = row.ratio(*labels)
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="PATH", help="a Python with another mlx, or its site-packages folder")
    parser.add_argument("--filter", default="", metavar="REGEX", help="only the cases whose names match")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.25, help="time to measure for, per case, round and side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    args = parser.parse_args()

    chosen = select(args.filter)
    if args.list:
        print("\n".join(case.name for case in chosen))
        return
    workers = [Worker("this", None)] + ([Worker("other", args.against)] if args.against else [])
    labels = [worker.label for worker in workers]
    for worker in workers:
        print(f"{worker.label}: {worker.command[0]} {worker.device}")
    columns = "".join(f" {label + ' µs':>12} {'':>16}" for label in labels)
    print(f"{'case':<42}{columns}" + (f" {'ratio':>8}" if args.against else ""))

    records = []
    for case in chosen:
        row = measure(case, workers, args.rounds, args.seconds)
        print(line(row, labels), flush=True)
        records.append(as_record(row, labels))
        if case.name == "add 16M":
            plain = PlainAdd(case.full[0])
            seconds = statistics.median(plain.measure() for _ in range(args.rounds))
            print(f"{'  ' + plain.name:<42} {seconds * 1e6:>12.2f} {plain.bytes / seconds / 1e9:>11.2f} GB/s", end="")
            print(f"  (this reaches {seconds / row.seconds('this'):.0%} of it)" if row.seconds("this") else "")
            records.append({"name": plain.name, "seconds": {"plain": [seconds]}, "errors": {}})
    for worker in workers:
        worker.stop()
    if args.json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        devices = {worker.label: worker.device for worker in workers}
        args.json.write_text(json.dumps({"machine": machine, "devices": devices, "cases": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
