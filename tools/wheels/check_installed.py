"""Runs in an environment where a wheel is installed alone: check_installed.py RUNTIME.

RUNTIME is `none`, where an evaluation must say what to install, or `intel`, where that runtime must serve and every
library that the process has loaded must come from the environment or be one that every Linux has.
"""

import math
import os
import re
import sys
import sysconfig

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim

# What manylinux lets a wheel expect, the C and C++ libraries of the system and zlib, and what Python's own modules load.
SYSTEM = re.compile(
    r"(ld-linux-x86-64|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+|z|nss_\w+|ssl|crypto|ffi|bz2|lzma|uuid))[-.\d]*\.so[.\d]*"
)


def check(name, holds):
    print(f"  {'ok' if holds else 'FAILED'}  {name}")
    return bool(holds)


def trained():
    """A few steps of training, with convolution, matrix products, random numbers and reductions."""
    mx.random.seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), lambda x: x.flatten(1), nn.Linear(4 * 36, 2))
    optimizer = optim.Adam(learning_rate=0.01)
    x = mx.random.normal((64, 8, 8, 1))
    y = (x.sum(axis=(1, 2, 3)) > 0).astype(mx.int32)
    step = nn.value_and_grad(model, lambda: nn.losses.cross_entropy(model(x), y, reduction="mean"))
    losses = []
    for _ in range(30):
        loss, gradients = step()
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)
        losses.append(loss.item())
    return losses[-1] < 0.5 * losses[0]


def inverted():
    a = mx.random.uniform(shape=(20, 20)) + 20 * mx.eye(20)
    return mx.allclose(mx.linalg.inv(a, stream=mx.cpu) @ a, mx.eye(20), atol=1e-4).item()


def transformed():
    return mx.allclose(mx.fft.irfft(mx.fft.rfft(mx.arange(60.0))), mx.arange(60.0), atol=1e-3).item()


def sums():
    x = mx.arange(1000, dtype=mx.float64 if mx.default_device() == mx.cpu else mx.float32)
    return math.isclose(mx.sum(x * x).item(), sum(i * i for i in range(1000)), rel_tol=1e-6)


def stray_libraries():
    """The shared libraries in this process that are neither the environment's, Python's, nor every system's."""
    with open("/proc/self/maps") as maps:
        loaded = {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}
    ours = tuple(os.path.realpath(folder) + os.sep for folder in (sys.prefix, sys.base_prefix))
    python = sysconfig.get_config_var("LIBDIR")
    return sorted(
        path
        for path in loaded
        if not path.startswith(ours)
        and not SYSTEM.fullmatch(os.path.basename(path))
        and not (python and path.startswith(os.path.join(python, "libpython")))
    )


def without_a_runtime():
    try:
        mx.eval(mx.ones(3))
    except RuntimeError as error:
        return check(f"says what to install: {error}", "intel-opencl-rt" in str(error))
    return check("says what to install", False)


def on_the_runtime_of_pip():
    info = mx._runtime_info()
    loaded = info["installed_runtime"]
    good = check(f"mx.cpu is {info['devices']['cpu']['platform']} of {loaded}", loaded.startswith(sys.prefix))
    libraries = dict(info["libraries"])
    good &= check(f"libraries {', '.join(libraries)}", {"CLBlast", "oneDNN", "OpenBLAS"} <= libraries.keys())
    for part in (sums, trained, inverted, transformed):
        good &= check(part.__name__, part())
    good &= check("distributed has the backend ring", mx.distributed.is_available("ring"))
    stray = stray_libraries()
    return good & check(f"no libraries from elsewhere {' '.join(stray)}", not stray)


if __name__ == "__main__":
    sys.exit(not {"none": without_a_runtime, "intel": on_the_runtime_of_pip}[sys.argv[1]]())
