"""Runs every public function in hundreds of variations here and with another mlx; lists where the two differ.

    .venv/bin/python tests/differential/run.py --against /path/to/other/venv/bin/python --record /tmp/other.json

The other mlx is slow and does not change: with --record its results are kept in that file and taken from there next time.
Differences that are meant stand in explained.tsv, each with its reason; the exit status is 1 when there are others.
"""

import argparse
import collections
import json
import math
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

from calls import CALLS

HERE = Path(__file__).parent
SECONDS = 120  # for one variation
TOLERANCE = {
    "float16": (5e-3, 2e-3),
    "bfloat16": (4e-2, 2e-2),
    "float32": (1e-4, 1e-5),
    "float64": (1e-6, 1e-7),
    "complex64": (1e-4, 1e-5),
}


class Side:
    """A process that runs variations with one mlx; started again when a variation ends it."""

    def __init__(self, python, path=None):
        self.command = [python, str(HERE / "worker.py")]
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        if path:
            self.environment["PYTHONPATH"] = path
        self.process = None

    def start(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, env=self.environment, text=True, **pipes)
        self.lines = queue.Queue()
        threading.Thread(target=self.forward, args=(self.process.stdout, self.lines), daemon=True).start()

    @staticmethod
    def forward(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def read(self):
        try:
            line = self.lines.get(timeout=SECONDS)
        except queue.Empty:
            return None
        return json.loads(line) if line else None

    def results(self, index):
        found, skip = {}, []
        while True:
            if self.process is None:
                self.start()
            self.process.stdin.write(json.dumps({"call": index, "skip": [*found, *skip]}) + "\n")
            self.process.stdin.flush()
            running = None
            while (answer := self.read()) and "done" not in answer:
                running = answer.get("start")
                if "label" in answer:
                    found[answer["label"]] = answer["got"]
            if answer:
                return found
            self.process.kill()
            self.process.wait()
            self.process = None
            if running is None:
                return found
            found[running] = {"error": "the process ended or hung", "message": ""}


class Record:
    """The results of a side, kept in a file by the text of the call."""

    def __init__(self, side, path):
        self.side, self.path = side, path
        self.kept = json.loads(path.read_text()) if path and path.exists() else {}

    def results(self, index):
        label = CALLS[index].label
        if label not in self.kept:
            self.kept[label] = self.side.results(index)
            if self.path:
                self.path.write_text(json.dumps(self.kept))
        return self.kept[label]


def close(x, y, rtol, atol):
    if not isinstance(x, float) or not isinstance(y, float):
        return x == y
    return x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= atol + rtol * abs(y)


def same(mine, theirs):
    if mine.keys() - {"message"} != theirs.keys() - {"message"}:
        return False
    if "values" in mine:
        if mine["dtype"] != theirs["dtype"] or mine["shape"] != theirs["shape"]:
            return False
        largest = max((abs(v) for v in theirs["values"] if isinstance(v, float) and math.isfinite(v)), default=0.0)
        rtol, atol = TOLERANCE.get(mine["dtype"].split(".")[-1], (0, 0))
        return all(
            close(x, y, rtol, atol + rtol * largest) for x, y in zip(mine["values"], theirs["values"], strict=True)
        )
    for kind in ("list", "tuple"):
        if kind in mine:
            return len(mine[kind]) == len(theirs[kind]) and all(map(same, mine[kind], theirs[kind]))
    return all(mine[key] == theirs[key] for key in mine if key != "message")


def shown(result):
    if "error" in result:
        return f"{result['error']}: {result['message'][:90]}"
    return json.dumps(result)[:110]


def kind_of(result, other):
    """The type of an error, or "value", or in what two values differ: dtype, shape, values."""
    if "error" in result:
        return result["error"]
    for part in ("dtype", "shape", "values"):
        if part in result and part in other and result[part] != other[part]:
            return part
    return "value"


def read_explained():
    """Rows of explained.tsv: patterns of function, variation, and what either side gives; the reason."""
    rows = []
    for line in (HERE / "explained.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            function, variation, ours, theirs, reason = line.split("\t")
            rows.append((*map(re.compile, (function, variation, ours, theirs)), reason))
    return rows


def explanation(rows, name, label, mine, theirs):
    for *patterns, reason in rows:
        if all(
            p.fullmatch(text) for p, text in zip(patterns, (name, label, kind_of(mine, theirs), kind_of(theirs, mine)))
        ):
            return reason
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", required=True, metavar="PYTHON", help="an interpreter with the other mlx")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the other side's results here")
    parser.add_argument("--filter", default="", metavar="REGEX", help="only the calls whose text matches")
    parser.add_argument("--variation", default="", metavar="REGEX", help="report only these variations")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every difference")
    args = parser.parse_args()

    sides = [Side(sys.executable, os.environ.get("PYTHONPATH")), Record(Side(args.against), args.record)]
    explained, differences, counts = read_explained(), [], collections.Counter()
    for index, call in enumerate(CALLS):
        if not re.search(args.filter, call.label):
            continue
        mine, theirs = (side.results(index) for side in sides)
        for label in mine.keys() | theirs.keys():
            if not re.search(args.variation, label):
                continue
            counts["run"] += 1
            nothing = {"error": "not run", "message": ""}
            a, b = mine.get(label, nothing), theirs.get(label, nothing)
            if same(a, b):
                continue
            reason = explanation(explained, call.name, label, a, b)
            counts["explained" if reason else "unexplained"] += 1
            differences.append({"call": call.label, "variation": label, "ours": a, "theirs": b, "reason": reason})
            if not reason:
                print(f"{call.label} | {label}\n    ours   {shown(a)}\n    theirs {shown(b)}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(differences, indent=0))
    print(f"{counts['run']} variations, {counts['explained']} explained differences, {counts['unexplained']} others")
    sys.exit(1 if counts["unexplained"] or not counts["run"] else 0)


if __name__ == "__main__":
    main()
