"""Recorded values of MLX 0.32.4: calls, their inputs and results, and how a result is compared with them.

data/recorded_values.json holds `tolerance` (dtype -> [rtol, atol]) and `cases`; data/recorded_values.npz one flat
vector per dtype (bfloat16 as its uint16 bits). An array is a reference [dtype, offset, shape] into those. A case:
`in` (name -> reference), `expr` or `code` (which leaves `out`), and `want`, a tree with one key per node: a array,
n NumPy array, l list, t tuple, d dict, v plain value, f float, c complex, r repr, b bytes in hex. Or `raises`.
`tol`, `cmp` (bits or scaled), `miss` (share of entries that may differ) and `cpu` (run there) say the rest.
"""

import copy
import functools
import io
import json
import math
import os
import pathlib
import pickle
import tempfile
import threading

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import mlx.utils as utils
import numpy as np
from support import name_of, to_numpy

DATA = pathlib.Path(__file__).parent / "data"
RECORD = json.loads((DATA / "recorded_values.json").read_text())
with np.load(DATA / "recorded_values.npz") as file:
    POOL = {name: file[name] for name in file.files}


def stored(reference) -> np.ndarray:
    dtype, offset, shape = reference
    return POOL[dtype][offset : offset + math.prod(shape)].reshape(shape)


def to_array(reference) -> mx.array:
    dtype = reference[0]
    if dtype == "bfloat16":
        return mx.array(stored(reference)).view(mx.bfloat16)
    return mx.array(stored(reference), dtype=getattr(mx, "bool_" if dtype == "bool" else dtype))


def fill(module, flat):
    """Load the module's parameters, in the order of their names, from one flat vector."""
    weights, offset = [], 0
    for name, value in sorted(utils.tree_flatten(module.parameters())):
        weights.append((name, flat[offset : offset + value.size].reshape(value.shape)))
        offset += value.size
    module.load_weights(weights)
    return module


def ramp(*shape, k=7919, dtype=mx.float32):
    """An array of scattered values in [-0.5, 0.5), the same everywhere."""
    count = math.prod(shape)
    values = ((np.arange(count, dtype=np.int64) * k + 13) % 10007) / 10007.0 - 0.5
    return mx.array(values.astype(np.float32).reshape(shape)).astype(dtype)


NAMES = {
    "mx": mx, "nn": nn, "optim": optim, "utils": utils, "np": np, "math": math, "io": io, "os": os, "copy": copy,
    "pickle": pickle, "pathlib": pathlib, "tempfile": tempfile, "threading": threading, "functools": functools,
    "partial": functools.partial, "fill": fill, "ramp": ramp,
}  # fmt: skip


def result_of(case):
    """Run the case; everything in its result is evaluated."""
    scope = dict(NAMES, **{name: to_array(r) for name, r in case.get("in", {}).items()})
    if "expr" in case:
        out = eval(case["expr"], scope)
    else:
        exec(case["code"], scope)
        out = scope["out"]
    mx.eval(out)
    return out


def widened(values: np.ndarray, dtype: str) -> np.ndarray:
    """Stored values as float64 numbers; complex ones as a last axis of two."""
    if dtype == "bfloat16" and values.dtype == np.uint16:
        values = (values.astype(np.uint32) << 16).view(np.float32).reshape(values.shape)
    if dtype == "complex64":
        return np.stack([values.real, values.imag], -1).astype(np.float64)
    return values.astype(np.float64)


def bounds(case, dtype, want):
    """The largest difference allowed per entry."""
    rtol, atol = RECORD["tolerance"][dtype]
    if "tol" in case:
        half = dtype in ("float16", "bfloat16") and not case.get("tol_all")
        rtol, atol = (max(a, b) if half else a for a, b in zip(case["tol"], (rtol, atol)))
    size = np.where(np.isfinite(want), np.abs(want), 0)
    if case.get("cmp") == "scaled":
        size = np.max(size, initial=0)
    elif dtype == "complex64":
        size = np.hypot(size[..., :1], size[..., 1:])
    return atol + rtol * size


def compare_values(case, got, reference, where):
    want, dtype = stored(reference), reference[0]
    bits = case.get("cmp") == "bits"
    values = np.array(got.view(mx.uint16)) if dtype == "bfloat16" and isinstance(got, mx.array) else to_numpy(got)
    assert list(values.shape) == reference[2], f"{where}: shape {values.shape} instead of {reference[2]}"
    if bits or dtype not in RECORD["tolerance"]:
        wrong = values != want if not bits else [] if values.tobytes() == want.tobytes() else [True]
        assert not np.any(wrong), f"{where}: {values!r} instead of {want!r}"
        return
    got, want = widened(values, dtype), widened(want, dtype)
    with np.errstate(invalid="ignore"):
        right = (got == want) | (np.isnan(got) & np.isnan(want))
        right |= np.isfinite(want) & (np.abs(got - want) <= bounds(case, dtype, want))
    wrong = np.count_nonzero(~right)
    assert wrong <= case.get("miss", 0) * right.size, (
        f"{where}: {wrong} of {right.size} differ: {got} instead of {want}"
    )


def compare(case, got, want, where="result"):
    (kind, value), = want.items()  # fmt: skip
    if kind == "a":
        assert isinstance(got, mx.array), f"{where}: {type(got).__name__} instead of an array"
        assert name_of(got.dtype).rstrip("_") == value[0], f"{where}: {got.dtype} instead of {value[0]}"
        compare_values(case, got, value, where)
    elif kind == "n":
        assert isinstance(got, np.ndarray) and str(got.dtype) == value[0], f"{where}: {got!r}"
        compare_values(case, got, value, where)
    elif kind in "lt":
        assert isinstance(got, list if kind == "l" else tuple) and len(got) == len(value), f"{where}: {got!r}"
        for k, (g, w) in enumerate(zip(got, value)):
            compare(case, g, w, f"{where}[{k}]")
    elif kind == "d":
        assert isinstance(got, dict) and sorted(map(str, got)) == sorted(value), f"{where}: {got!r}"
        by_name = {str(k): v for k, v in got.items()}
        for k, w in value.items():
            compare(case, by_name[k], w, f"{where}[{k!r}]")
    elif kind == "f":
        want_float, (rtol, atol) = float(value), case.get("tol", (1e-5, 1e-6))
        assert isinstance(got, float), f"{where}: {got!r} instead of {value}"
        assert got == want_float or (got != got and want_float != want_float) or math.isclose(
            got, want_float, rel_tol=rtol, abs_tol=atol), f"{where}: {got!r} instead of {value}"  # fmt: skip
    elif kind == "c":
        rtol, atol = case.get("tol", (1e-5, 1e-5))
        assert np.allclose(got, complex(*map(float, value)), rtol, atol, equal_nan=True), f"{where}: {got!r}"
    elif kind == "r":
        assert repr(got) == value, f"{where}: {got!r} instead of {value}"
    elif kind == "b":
        assert got.hex() == value, where
    else:
        assert got == value and type(got) is type(value), f"{where}: {got!r} instead of {value!r}"
