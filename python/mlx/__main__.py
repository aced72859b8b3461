"""`python -m mlx`: what this installation runs on, and a ten-second check of how well it does.

`python -m mlx --cmake-dir` prints the folder of the CMake package, for `find_package(MLX)`.
`python -m mlx prepare` builds the kernels that programs usually need, so that none of them waits for a compiler.
"""

import argparse
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import mlx.core as mx
from mlx._advice import advice, graphics_vendors


def megabytes(count):
    return f"{count / 2**20:,.0f} MiB"


def heading(text):
    print(f"\n{text}\n{'-' * len(text)}")


def print_versions(info):
    heading("Versions")
    try:
        wheel = metadata.version("mlx")
    except metadata.PackageNotFoundError:
        wheel = "not installed as a wheel"
    print(f"MLX {mx.__version__} ({wheel}), Python {platform.python_version()}, {platform.platform()}")
    for name, version in info["libraries"]:
        print(f"{name} {version}")


def print_platforms(info):
    heading("OpenCL platforms and devices")
    for found in info["platforms"]:
        role = f"  <- {found['role']}" if found["role"] else ""
        print(f"{found['platform']} ({found['version']}): {found['device']}, driver {found['driver']}{role}")
    if not info["platforms"]:
        print("none")
    if info["installed_runtime"]:
        print(f"The loader found none for the CPU, so this serves: {info['installed_runtime']}")


def print_advice(info):
    sentences = advice(info, graphics_vendors())
    if sentences:
        heading("What to install")
        print("\n".join(sentences))


def print_devices(info):
    for name, facts in info["devices"].items():
        default = ", the default" if mx.default_device() == getattr(mx, name) else ""
        heading(f"mx.{name}{default}")
        memory = "shared with the host" if facts["unified"] else "its own, with a host mirror"
        print(f"{facts['name']}, {facts['compute_units']} compute units")
        print(f"memory {megabytes(facts['memory'])}, {memory}")
        yes = [key for key in ("fp64", "fp16", "native_kernels", "small_lane") if facts[key]]
        print(f"has {', '.join(yes) or 'no optional features'}; vectors of {facts['vector_width']} floats")


def print_cache(info):
    heading("Cache of built kernels")
    cache = info["cache"]
    print(f"{cache['folder'] or 'off'}: {cache['entries']} entries, {megabytes(cache['bytes'])}")


def print_variables(info):
    heading("Variables")
    for name, value, default, meaning in info["variables"]:
        state = f"{value!r}" if value != default else f"{value!r} (default)"
        print(f"{name} = {state}\n    {meaning}")


def best_time(run, seconds):
    """The shortest time of a call, tried for that long."""
    run()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def check_bandwidth():
    x = mx.ones((1 << 24,))
    mx.eval(x)
    seconds = best_time(lambda: mx.eval(x + x), 2.0)
    return f"{3 * x.nbytes / seconds / 1e9:.1f} GB/s, adding {megabytes(x.nbytes)} to themselves"


def check_matmul():
    n = 1024
    x = mx.random.uniform(shape=(n, n))
    mx.eval(x)
    seconds = best_time(lambda: mx.eval(x @ x), 2.0)
    return f"{2 * n**3 / seconds / 1e9:.1f} GFLOP/s, float32 matrices of {n} x {n}"


def check_latency():
    x = mx.ones((16,))
    mx.eval(x)
    seconds = best_time(lambda: mx.eval(x + x), 1.0)
    return f"{seconds * 1e6:.1f} us for mx.eval(a + b) of 16 elements"


def check_answer():
    x = mx.arange(1000).astype(mx.float32)
    got, expected = mx.sum(x * x).item(), sum(i * i for i in range(1000))
    if abs(got - expected) > 1e-5 * expected:
        raise RuntimeError(f"the sum of squares is {got}, not {expected}")
    return "right"


def self_check():
    """Prints a figure for each check; returns how many failed."""
    failures = 0
    for name in mx._runtime_info()["devices"]:
        heading(f"Self-check on mx.{name}")
        checks = {
            "answers": check_answer,
            "bandwidth": check_bandwidth,
            "matmul": check_matmul,
            "latency": check_latency,
        }
        for title, check in checks.items():
            try:
                with mx.stream(getattr(mx, name)):
                    print(f"{title:10} {check()}", flush=True)
            except Exception as error:  # a check that fails must not hide the others
                failures += 1
                print(f"{title:10} FAILED: {error}")
    return failures


def report():
    info = mx._runtime_info()
    print_versions(info)
    print_platforms(info)
    print_devices(info)
    print_advice(info)
    print_cache(info)
    print_variables(info)
    return 1 if self_check() else 0


def main():
    parser = argparse.ArgumentParser(prog="python -m mlx", description="Prints what this installation runs on.")
    prepare = parser.add_subparsers(dest="command").add_parser(
        "prepare", help="build the usual kernels ahead of their use"
    )
    prepare.add_argument("--processes", type=int, help="how many at once; as many as there are cores by default")
    prepare.add_argument(
        "--only", default="", help="a pattern for the titles of the work to do: names of operations and the like"
    )
    prepare.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cmake-dir", action="store_true", help="print the folder of the CMake package MLX, no more")
    arguments = parser.parse_args()
    if arguments.cmake_dir:
        return print(Path(mx.__file__).parent / "share" / "cmake" / "MLX")
    if arguments.command != "prepare":
        return report()
    from mlx import _prepare

    return _prepare.work() if arguments.worker else min(_prepare.prepare(arguments.processes, arguments.only), 1)


if __name__ == "__main__":
    sys.exit(main())
