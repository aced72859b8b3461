"""How long a newcomer waits: seconds of a first script's parts in fresh processes, by what the caches hold.

python bench/first_start.py --repeat 5        # with the mlx that this Python imports
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
import time
marks = [time.perf_counter()]
def mark(): marks.append(time.perf_counter())
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
mark()
x = mx.ones((4, 4))
mx.eval(x + x)
mark()
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(learning_rate=1e-2)
def loss_fn(x, y): return mx.mean(mx.square(model(x) - y))
x = mx.random.normal((256, 2))
y = x[:, :1] * x[:, 1:] + 0.5
loss, gradients = nn.value_and_grad(model, loss_fn)(x, y)
optimizer.update(model, gradients)
mx.eval(model.parameters(), optimizer.state)
mark()
a = mx.random.uniform(shape=(64, 64))
for operation in (mx.softmax, mx.sort, mx.cumsum, mx.argmax, mx.exp, lambda a: mx.take(a, mx.array([3, 1]), axis=0)):
    mx.eval(operation(a))
mark()
print(*(after - before for before, after in zip(marks, marks[1:])))
"""
PARTS = ("import", "first add", "MLP step", "six operations", "total", "process", "CPU", "built")
STATES = ("everything empty", "own cache warm, PoCL's empty", "second start, both warm")


def run_once(own, pocls):
    """Seconds of the parts, of their sum and of the whole process; its CPU time; how many programs it compiled."""
    environment = {**os.environ, "MLX_CL_CACHE": str(own), "POCL_CACHE_DIR": str(pocls), "MLX_CL_DEBUG": "2"}
    pocls.mkdir(exist_ok=True)
    before, start = os.times(), time.perf_counter()
    result = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)
    whole, after = time.perf_counter() - start, os.times()
    if result.returncode:
        raise RuntimeError(result.stderr)
    parts = [float(word) for word in result.stdout.split()]
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return [*parts, sum(parts), whole, cpu, len(re.findall("built a program", result.stderr))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="fresh processes for each state; medians are printed")
    repeat = parser.parse_args().repeat
    rows = {state: [] for state in STATES}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for state, pocls in zip(STATES, ("pocl", "empty", "pocl")):
                rows[state].append(run_once(Path(folder, "own"), Path(folder, pocls)))
    print(f"{'':30}" + "".join(f"{part:>15}" for part in PARTS))
    for state, measured in rows.items():
        print(f"{state:30}" + "".join(f"{statistics.median(column):15.2f}" for column in zip(*measured)))


if __name__ == "__main__":
    main()
