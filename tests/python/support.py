"""Dtypes, memory layouts, special values and the checks that the rows of the tests are fed to."""

import contextlib
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import mlx.core as mx
import numpy as np


@dataclass(frozen=True)
class DtypeRow:
    """A dtype: NumPy's type for its values, its kind (b, u, i, f, c) and the tolerance of one operation."""

    name: str
    numpy: type
    kind: str
    rtol: float = 0.0
    atol: float = 0.0

    @property
    def mx(self):
        return getattr(mx, self.name)


DTYPES = {
    row.name: row
    for row in [
        DtypeRow("bool_", np.bool_, "b"),
        DtypeRow("uint8", np.uint8, "u"),
        DtypeRow("uint16", np.uint16, "u"),
        DtypeRow("uint32", np.uint32, "u"),
        DtypeRow("uint64", np.uint64, "u"),
        DtypeRow("int8", np.int8, "i"),
        DtypeRow("int16", np.int16, "i"),
        DtypeRow("int32", np.int32, "i"),
        DtypeRow("int64", np.int64, "i"),
        DtypeRow("float16", np.float16, "f", 2e-3, 1e-4),
        DtypeRow("bfloat16", np.float32, "f", 1.6e-2, 1e-3),
        DtypeRow("float32", np.float32, "f", 2e-5, 1e-6),
        DtypeRow("float64", np.float64, "f", 1e-9, 1e-12),
        DtypeRow("complex64", np.complex64, "c", 2e-5, 2e-6),
    ]
}
ALL = list(DTYPES)
INTEGERS = [name for name, row in DTYPES.items() if row.kind in "ui"]
FLOATS = [name for name, row in DTYPES.items() if row.kind == "f"]
LAYOUTS = ["contiguous", "transposed", "sliced", "reversed", "broadcast", "empty", "0-d"]
SPECIALS = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-30, 3e38])


def name_of(dtype) -> str:
    """The row name of an mlx dtype."""
    name = str(dtype).rsplit(".", 1)[-1]
    return "bool_" if name == "bool" else name


def of_kinds(kinds: str) -> list[str]:
    """Names of the dtypes of these kinds."""
    return [name for name, row in DTYPES.items() if row.kind in kinds]


def device_for(*dtypes: str):
    """A context on whose device these dtypes live: float64 is for the CPU only."""
    if "float64" in dtypes and mx.default_device() != mx.cpu:
        return mx.stream(mx.cpu)
    return contextlib.nullcontext()


def draw(dtype: str, shape, low: float = -4, high: float = 4, seed: int = 0) -> np.ndarray:
    """Random NumPy values that the dtype holds exactly, between low and high."""
    random, row = np.random.default_rng(seed), DTYPES[dtype]
    if row.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    if row.kind in "ui":
        floor = max(np.ceil(low), 0 if row.kind == "u" else np.iinfo(row.numpy).min)
        return random.integers(int(floor), int(max(high, floor)) + 1, shape).astype(row.numpy)
    values = random.uniform(low, high, shape)
    if row.kind == "c":
        values = values + 1j * random.uniform(low, high, shape)
    if dtype == "bfloat16":
        bits = np.asarray(values, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32)
    return np.asarray(values, row.numpy)


def to_mx(values, dtype: str) -> mx.array:
    return mx.array(np.asarray(values), dtype=DTYPES[dtype].mx)


def to_numpy(x) -> np.ndarray:
    """The values of an array, bfloat16 widened to float32."""
    if not isinstance(x, mx.array):
        return np.asarray(x)
    with device_for(name_of(x.dtype)):
        return np.array(x.astype(mx.float32) if x.dtype == mx.bfloat16 else x)


def wide(values: np.ndarray) -> np.ndarray:
    """NumPy values in the type in which expected results are computed."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    return values.astype(np.complex128) if values.dtype.kind == "c" else values


def lay_out(values: np.ndarray, dtype: str, layout: str) -> tuple[mx.array, np.ndarray]:
    """An array in this memory layout and its values, taken from a matrix of values."""
    if layout == "empty":
        values = values[:0]
    elif layout == "0-d":
        values = values.reshape(-1)[0]
    elif layout == "broadcast":
        values = np.ascontiguousarray(np.broadcast_to(values[:, :1], values.shape))
        return mx.broadcast_to(to_mx(values[:, :1], dtype), values.shape), values
    elif layout == "transposed":
        return to_mx(np.ascontiguousarray(values.T), dtype).T, values
    elif layout == "reversed":
        return to_mx(np.ascontiguousarray(values[::-1, ::-1]), dtype)[::-1, ::-1], values
    elif layout == "sliced":
        padded = np.zeros([2 * n + 1 for n in values.shape], values.dtype)
        padded[1::2, 1::2] = values
        return to_mx(padded, dtype)[1::2, 1::2], values
    return to_mx(values, dtype), values


def same(got, want, rtol: float = 0.0, atol: float = 0.0, dtype: str | None = None, context: str = ""):
    """Assert equal structure, shapes and values (within tolerance; NaN equals NaN), and a dtype."""
    if isinstance(got, (list, tuple)):
        assert len(got) == len(want), f"{context}: {len(got)} results instead of {len(want)}"
        for g, w in zip(got, want):
            same(g, w, rtol, atol, dtype, context)
        return
    if dtype is not None:
        assert name_of(got.dtype) == dtype, f"{context}: {got.dtype} instead of {dtype}"
    got, want = to_numpy(got), to_numpy(want)
    assert got.shape == want.shape, f"{context}: shape {got.shape} instead of {want.shape}"
    if rtol or atol:
        np.testing.assert_allclose(wide(got), wide(want), rtol, atol, equal_nan=True, err_msg=context)
    else:
        np.testing.assert_array_equal(got, want, err_msg=context)


def spacing(values: np.ndarray, dtype: str) -> np.ndarray:
    """The distance from each value to the next one of the dtype, at its magnitude."""
    facts = mx.finfo(DTYPES[dtype].mx)
    digits = -int(np.log2(facts.eps))
    _, exponent = np.frexp(np.maximum(np.abs(values), facts.smallest_normal))
    return np.ldexp(1.0, exponent - 1 - digits)


def same_to_the_last_place(got: mx.array, want: np.ndarray, ulps: float, context: str):
    """Assert that each value is the expected one rounded to the dtype, or at most `ulps` units in the last place away."""
    dtype = name_of(got.dtype)
    got = wide(to_numpy(got))
    assert got.shape == want.shape, f"{context}: shape {got.shape} instead of {want.shape}"
    finite = np.isfinite(got) & np.isfinite(want)
    unit = spacing(want[finite], dtype)
    largest = mx.finfo(DTYPES[dtype].mx).max
    overflows = np.abs(want) >= largest * (1 + spacing(np.array(1.0), dtype) / 4)
    special = ~finite & ~(overflows & np.isinf(got) & (np.sign(got.real) == np.sign(want.real)))
    np.testing.assert_array_equal(got[special], want[special], err_msg=context)
    rounded = np.rint(want[finite].real / unit) * unit + 1j * (np.rint(want[finite].imag / unit) * unit)
    apart = np.abs(got[finite] - rounded) / unit
    worst = np.argmax(apart) if apart.size else None
    assert worst is None or apart[worst] <= ulps, (
        f"{context}: {got[finite][worst]!r} is {apart[worst]:.3g} units in the last place from {want[finite][worst]!r}"
    )


def check(function, expected, *values, dtype: str = "float32", layout: str = "contiguous", rtol=None, atol=None,
          gives: str | None = None, ulps: float | None = None):  # fmt: skip
    """Assert that function(arrays) is expected(NumPy values), computed in float64.

    With `ulps` the floating result is held to that many units in the last place, else to the tolerances given or those
    of the dtype.
    """
    row = DTYPES[dtype]
    with device_for(dtype), np.errstate(all="ignore"):
        pairs = [lay_out(np.asarray(v), dtype, layout) for v in values]
        got = function(*(x for x, _ in pairs))
        inexact = isinstance(got, mx.array) and mx.issubdtype(got.dtype, mx.inexact)
        want = expected(*(v.astype(np.float64) if inexact and v.dtype.kind in "bui" else wide(v) for _, v in pairs))
        if ulps is not None and inexact:
            assert gives is None or name_of(got.dtype) == gives, f"{got.dtype} instead of {gives}"
            return same_to_the_last_place(got, np.asarray(want), ulps, f"{dtype}, {layout}")
        default = row if row.kind in "fc" else DTYPES["float32"]
        rtol = rtol if rtol is not None else default.rtol if inexact else 0
        atol = atol if atol is not None else default.atol if inexact else 0
        same(got, want, rtol, atol, gives, f"{dtype}, {layout}")


def finite_differences(function, values: list[np.ndarray], weights: np.ndarray, step: float) -> list[np.ndarray]:
    """Gradients of sum(weights * function(*values)) by central differences; function maps NumPy to NumPy."""
    gradients = []
    for k, value in enumerate(values):
        gradient = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in values]
                moved[k][index] += sign * step
                ends.append(np.sum(weights * function(*moved)))
            gradient[index] = (ends[0] - ends[1]) / (2 * step)
        gradients.append(gradient)
    return gradients


def check_gradient(function, *values, expected=None, step: float = 1e-5, rtol: float = 1e-5, atol: float = 1e-6,
                   jvp: bool = True):  # fmt: skip
    """Assert that the vjp and jvp of function agree with finite differences in float64.

    The differences are of `expected`, a NumPy function, or else of the function itself on the CPU. On a
    GPU, which has no float64, the gradients are taken in float32 and held less tightly.
    """
    values = [np.asarray(v, np.float64) for v in values]

    def in_numpy(*vs):
        with mx.stream(mx.cpu):
            return np.array(function(*(mx.array(v, dtype=mx.float64) for v in vs)))

    on_cpu = mx.default_device() == mx.cpu
    arrays = [mx.array(v, dtype=mx.float64 if on_cpu else mx.float32) for v in values]
    outputs = function(*arrays)
    weights = np.random.default_rng(7).uniform(0.5, 1.5, outputs.shape)
    cotangent = mx.array(weights, dtype=outputs.dtype)
    with np.errstate(all="ignore"):
        want = finite_differences(expected or in_numpy, values, weights, step)
    if not on_cpu:
        rtol, atol = max(rtol, 2e-3), max(atol, 2e-4)
    _, got = mx.vjp(function, arrays, [cotangent])
    for g, w in zip(got, want):
        assert g.dtype == arrays[0].dtype
        same(g, w, rtol, atol, context="vjp against finite differences")
    if not jvp:
        return
    tangents = [np.random.default_rng(8 + k).uniform(-1, 1, v.shape) for k, v in enumerate(values)]
    _, pushed = mx.jvp(function, arrays, [mx.array(t, dtype=a.dtype) for t, a in zip(tangents, arrays)])
    along = sum(np.sum(t * w) for t, w in zip(tangents, want))
    np.testing.assert_allclose(
        np.sum(weights * to_numpy(pushed[0])), along, rtol * 10, atol * 10 * max(1, weights.size)
    )


def check_vmap(function, *arrays, in_axes=0, out_axes=0, rtol: float = 1e-5, atol: float = 1e-6):
    """Assert that vmap(function) gives what a loop over the mapped axes gives, stacked."""
    axes = in_axes if isinstance(in_axes, (list, tuple)) else [in_axes] * len(arrays)
    size = next(x.shape[a] for x, a in zip(arrays, axes) if a is not None)
    rows = [
        function(*(x if a is None else mx.take(x, mx.array(i), axis=a) for x, a in zip(arrays, axes)))
        for i in range(size)
    ]
    got = mx.vmap(function, in_axes=in_axes, out_axes=out_axes)(*arrays)
    if isinstance(rows[0], (list, tuple)):
        for k, part in enumerate(got):
            same(part, mx.stack([r[k] for r in rows], axis=out_axes), rtol, atol, context=f"output {k}")
    else:
        same(got, mx.stack(rows, axis=out_axes), rtol, atol, context="vmap against a loop")


def check_compiled(function, *arrays, rtol: float = 1e-5, atol: float = 1e-6):
    """Assert that the compiled function gives what the function gives, at both of two calls."""
    want, compiled = function(*arrays), mx.compile(function)
    for call in ("first", "second"):
        same(compiled(*arrays), want, rtol, atol, context=f"{call} compiled call")


def run_script(source: str, timeout: float = 120, **environment) -> subprocess.CompletedProcess:
    """Run Python source in a process of its own, for what might end or block this one."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        capture_output=True, text=True, timeout=timeout, env={**os.environ, **environment},
    )  # fmt: skip


def output_of(source: str, **more) -> str:
    """What the script prints; fails when it does not end well."""
    process = run_script(source, **more)
    assert process.returncode == 0, f"status {process.returncode}\n{process.stdout}{process.stderr}"
    return process.stdout.strip()
