"""Time the erf gelu run eagerly against the same function under mx.compile, and save a bar chart."""

import argparse
import math
import statistics
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlx.core as mx
from tqdm import tqdm


def gelu(x):
    return x * (1 + mx.erf(x / math.sqrt(2))) / 2


def median_seconds(function, x, repeats: int, label: str) -> float:
    """Median time of one evaluated call, in seconds, after two calls that are not counted."""
    for _ in range(2):
        mx.eval(function(x))
    times = []
    for _ in tqdm(range(repeats), desc=label, unit="call", leave=False):
        start = time.perf_counter()
        mx.eval(function(x))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def save_bars(path: Path, rows):
    figure, axes = plt.subplots(figsize=(6, 3.5))
    positions = range(len(rows))
    axes.bar([p - 0.2 for p in positions], [eager * 1e3 for _, eager, _ in rows], 0.4, label="eager")
    axes.bar([p + 0.2 for p in positions], [fused * 1e3 for _, _, fused in rows], 0.4, label="compiled")
    axes.set_xticks(list(positions), [f"{size:,}" for size, _, _ in rows])
    axes.set(xlabel="elements", ylabel="milliseconds", yscale="log", title="erf gelu, float32")
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 16_000_000])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    compiled = mx.compile(gelu)
    rows = []
    print(f"{'elements':>12} {'eager ms':>10} {'compiled ms':>12} {'speed-up':>9} {'compiled GB/s':>14}")
    for size in args.sizes:
        x = mx.random.normal((size,), key=mx.random.key(0))
        mx.eval(x)
        assert mx.allclose(gelu(x), compiled(x), rtol=1e-5, atol=1e-6)
        eager = median_seconds(gelu, x, args.repeats, "eager")
        fused = median_seconds(compiled, x, args.repeats, "compiled")
        rows.append((size, eager, fused))
        bandwidth = 2 * x.nbytes / fused / 1e9  # one read and one write of x
        print(f"{size:12,} {eager * 1e3:10.3f} {fused * 1e3:12.3f} {eager / fused:8.2f}x {bandwidth:14.1f}")

    picture = args.out / "compile_gelu.png"
    save_bars(picture, rows)
    print(f"device: {mx.default_device()}")
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
