"""Processes that are killed while they save: what is left must be a whole file, and nothing beside it once the next
process has saved there.

Run as a script it kills more than the tests do: python kills.py --kills 80 --format mlxfn
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import mlx.core as mx

SAVERS = {
    "npy": lambda p, x: mx.save(p, x), "npz": lambda p, x: mx.savez(p, x=x), "gguf": lambda p, x: mx.save_gguf(p, {"x": x}),
    "safetensors": lambda p, x: mx.save_safetensors(p, {"x": x}), "mlxfn": lambda p, x: mx.export_function(p, lambda y: y + x, x),
}  # fmt: skip
ELEMENTS = 1 << 19
SCRIPT = """
import sys
import mlx.core as mx
sys.path.insert(0, {folder!r})
from kills import ELEMENTS, SAVERS
values = [mx.full((ELEMENTS,), float(value)) for value in (1, 2)]
mx.eval(values)
SAVERS[{kind!r}]({path!r}, values[0])
print("ready", flush=True)
while True:
    for value in reversed(values):
        SAVERS[{kind!r}]({path!r}, value)
"""


def array_in(path):
    """The array that a saver wrote; of an exported function, what it adds."""
    if path.endswith("mlxfn"):
        return mx.import_function(path)(mx.zeros((ELEMENTS,)))[0]
    loaded = mx.load(path)
    return loaded if isinstance(loaded, mx.array) else loaded["x"]


def faults_after(kind, folder, seconds):
    """Kills a process that many seconds after its first file was whole; says what is wrong with what is left."""
    path = os.path.join(folder, f"x.{kind}")
    script = SCRIPT.format(folder=os.path.dirname(os.path.abspath(__file__)), kind=kind, path=path)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    try:
        process.wait(seconds)
        return [f"the process ended by itself with {process.returncode}"]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    try:
        x = array_in(path)
        whole = x.shape == (ELEMENTS,) and mx.any(mx.all(x == mx.array([[1.0], [2.0]]), axis=1)).item()
        faults = [] if whole else ["the values are of no save"]
    except Exception as error:
        faults = [f"the file cannot be read: {error}"]
    SAVERS[kind](path, mx.zeros((1,)))
    return faults + [f"{name} stays" for name in sorted(os.listdir(folder)) if name != f"x.{kind}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=80)
    parser.add_argument("--format", choices=SAVERS, action="append")
    options = parser.parse_args()
    failed = False
    for kind in options.format or SAVERS:
        moments = random.Random(kind)
        faults = {}
        for number in range(options.kills):
            with tempfile.TemporaryDirectory() as folder:
                if found := faults_after(kind, folder, moments.uniform(0, 0.05)):
                    faults[number] = found
        failed |= bool(faults)
        print(json.dumps({"format": kind, "kills": options.kills, "faults": faults}), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != str(Path(__file__).resolve().parent)]
    main()
