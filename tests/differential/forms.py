"""The variations of a call: forms of its arguments, dtypes, layouts, transformations, replay with other sizes.

`variations(call)` yields (label, thunk). Labels are the same on both sides, in the same order.
"""

import contextlib
import functools
import itertools
from decimal import Decimal
from fractions import Fraction

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from operands import Operand

DTYPES = "bool_ uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 bfloat16 float32 float64 complex64".split()


def find(name):
    return functools.reduce(getattr, name.split(".")[1:], {"mx": mx, "nn": nn}[name.split(".")[0]])


def plain(value):
    """Names of dtypes and keys, written with a !, are looked up; everything else is itself."""
    if not (isinstance(value, str) and value.endswith("!")):
        return value
    return mx.random.key(7) if value == "key!" else getattr(mx, value[:-1])


def make(operand, seed, which=0):
    x = mx.array(operand.numpy(seed, which).astype(np.float64 if operand.dtype == "float64" else None))
    return x.astype(getattr(mx, operand.dtype))


def arrays(call, which=0):
    """The arguments of the call, with its operands drawn."""

    def drawn(value, seed):
        if isinstance(value, Operand):
            return make(value, seed, which)
        if isinstance(value, list) and any(isinstance(x, Operand) for x in value):
            return [drawn(x, seed + 10 * i) for i, x in enumerate(value)]
        return plain(value)

    return [drawn(value, seed) for seed, value in enumerate(call.arguments)]


def invoke(call, arguments, **more):
    keywords = {name: plain(value) for name, value in call.keywords.items()}
    y = find(call.name)(*arguments, **keywords, **more)
    return eval(call.result, {"mx": mx, "y": y, "abs": mx.abs}) if call.result else y


def floats(y):
    """A scalar to differentiate: every floating output, weighted unevenly, without a word about its shape."""
    total = mx.array(0.0)
    for x in y if isinstance(y, (list, tuple)) else [y]:
        if isinstance(x, mx.array) and mx.issubdtype(x.dtype, mx.inexact):
            x = mx.real(x) + 2 * mx.imag(x) if x.dtype == mx.complex64 else x
            total = total + (x * mx.stop_gradient(mx.cos(3 * x))).sum()
    return total


def argument_forms(call):
    arguments = arrays(call)
    yield "plain", lambda: invoke(call, arguments)
    yield "one argument more", lambda: invoke(call, [*arguments, None, None, None, None, None, None, None])
    yield "one argument less", lambda: invoke(call, arguments[:-1])
    for bad in (3, "cpu"):
        yield f"stream={bad!r}", lambda bad=bad: invoke(call, arguments, stream=bad)
    if not call.name.startswith("nn."):
        yield "stream=mx.cpu", lambda: invoke(call, arguments, stream=mx.cpu)
    for at, value in enumerate(arguments):
        put = lambda x, at=at: lambda: invoke(call, [*arguments[:at], x() if callable(x) else x, *arguments[at + 1 :]])
        yield f"argument {at} None", put(None)
        if isinstance(value, (tuple, list)) and value and not isinstance(value[0], mx.array):
            yield f"argument {at} as int", put(1)
            yield f"argument {at} too long", put(type(value)([*value, *value, *value]))
            yield f"argument {at} of floats", put(type(value)([0.5 for _ in value]))
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"argument {at} as float", put(1.5)
            yield f"argument {at} out of range", put(99)
            yield f"argument {at} negative", put(-99)
        if not isinstance(value, mx.array):
            continue
        host = np.array(value.astype(mx.float32) if value.dtype == mx.bfloat16 else value)
        for name, x in {
            "int": 2, "float": 0.5, "bool": True, "complex": 1 + 2j, "str": "x", "list": host.tolist(), "tuple": tuple(host.reshape(-1).tolist()),
            "numpy": host, "np.float32": np.float32(0.5), "np.int8": np.int8(2), "Fraction": Fraction(1, 2), "Decimal": Decimal("0.5"),
        }.items():  # fmt: skip
            yield f"argument {at} as {name}", put(x)
        yield f"argument {at} 0-d", put(lambda: mx.array(0.5).astype(value.dtype))
        yield f"argument {at} empty", put(lambda: mx.zeros((0,), value.dtype))
        yield f"argument {at} empty last axis", put(lambda v=value: mx.zeros((*v.shape[:-1], 0), v.dtype))
        yield f"argument {at} transposed", put(lambda v=value: mx.contiguous(v.T).T)
        yield f"argument {at} sliced", put(lambda v=value: mx.concatenate([v, v], -1)[..., : v.shape[-1]])
        yield f"argument {at} one axis more", put(lambda v=value: v[None])


def dtype_forms(call):
    for dtype in DTYPES:
        for at in call.operands:
            if call.arguments[at].kind in ("integer", "bool") and len(call.operands) > 1:
                continue
            changed = call.with_operand(at, dtype=dtype)
            yield f"argument {at} {dtype}", lambda changed=changed: invoke(changed, arrays(changed))
        if len(call.operands) > 1:
            changed = call
            for at in call.operands:
                changed = (
                    changed if call.arguments[at].kind in ("integer", "bool") else changed.with_operand(at, dtype=dtype)
                )
            yield f"all {dtype}", lambda changed=changed: invoke(changed, arrays(changed))


def special_forms(call):
    """Values at the edges: NaN, infinities, zeros."""
    for at in call.operands:
        if call.arguments[at].kind != "real":
            continue
        for name, values in {"nan": [np.nan, 1, np.nan], "inf": [np.inf, -np.inf, 1], "zero": [0.0, -0.0, 1]}.items():

            def run(at=at, values=values):
                arguments = arrays(call)
                x = np.array(arguments[at])
                x.reshape(-1)[: len(values)] = values[: x.size]
                arguments[at] = mx.array(x)
                return invoke(call, arguments)

            yield f"argument {at} with {name}", run


def transform_forms(call):
    places = [i for i in call.operands if call.arguments[i].kind not in ("integer", "bool")]
    arguments = arrays(call)

    def over(*moved):
        def f(*values):
            full = list(arguments)
            for at, value in zip(moved, values):
                full[at] = value
            return invoke(call, full)

        return f, [arguments[at] for at in moved]

    if "grad" not in call.leave_out:
        for at in places:
            f, x = over(at)
            scalar = lambda v, f=f: floats(f(v))
            yield f"grad {at}", lambda scalar=scalar, x=x: mx.grad(scalar)(*x)
            yield f"second grad {at}", lambda scalar=scalar, x=x: mx.grad(lambda v: floats(mx.grad(scalar)(v)))(*x)
            yield f"jvp {at}", lambda f=f, x=x: mx.jvp(lambda v: f(v), x, [mx.ones_like(v) for v in x])[1]
            yield (
                f"vmap of grad {at}",
                lambda scalar=scalar, x=x: mx.vmap(mx.grad(scalar))(mx.stack([x[0], x[0] * 0.5])),
            )
            yield f"grad float16 {at}", lambda scalar=scalar, x=x: mx.grad(scalar)(x[0].astype(mx.float16))
    every = call.operands
    for axes in itertools.product((None, 0, -1), repeat=len(every)) if 0 < len(every) <= 3 else []:
        if all(axis is None for axis in axes):
            continue

        def mapped(axes=axes, out=0):
            f, x = over(*every)
            x = [v if a is None else mx.stack([v, v[::-1] if v.ndim else v], a) for v, a in zip(x, axes)]
            return mx.vmap(f, in_axes=axes, out_axes=out)(*x)

        yield f"vmap {axes}", mapped
        if axes.count(0) == len(every):
            yield f"vmap {axes} -> -1", lambda mapped=mapped: mapped(out=-1)


def shapeless_forms(call):
    """Traced with the first sizes, replayed with the second."""
    if "second" in call.leave_out or "shapeless" in call.leave_out or not call.operands:
        return
    moved = call.operands

    def traced(transform):
        def f(*values):
            full = arrays(call)
            for at, value in zip(moved, values):
                full[at] = value
            return invoke(call, full)

        compiled = mx.compile(transform(f), shapeless=True)
        first, second = arrays(call), arrays(call, 1)
        mx.eval(compiled(*[first[at] for at in moved]))
        return compiled(*[second[at] for at in moved])

    yield "shapeless", lambda: traced(lambda f: f)
    if call.arguments[moved[0]].kind not in ("integer", "bool") and "grad" not in call.leave_out:
        yield "shapeless grad", lambda: traced(lambda f: mx.grad(lambda *v: floats(f(*v))))
    yield "shapeless vmap", lambda: traced(lambda f: lambda *v: mx.vmap(f)(*[mx.stack([x, x]) for x in v]))


def export_forms(call):
    def names(shapeless):
        seen, arguments = [], arrays(call)

        def f(*values):
            full = list(arguments)
            for at, value in zip(call.operands, values):
                full[at] = value
            return invoke(call, full)

        look = lambda d: seen.append([d["name"], str(d["arguments"])]) if d["type"] == "primitive" else None
        mx.export_function(look, f, *[arguments[at] for at in call.operands], shapeless=shapeless)
        return seen

    if call.operands:
        yield "export", lambda: names(False)
        yield "export shapeless", lambda: names(True)


def variations(call):
    for kind in (argument_forms, dtype_forms, special_forms, transform_forms, shapeless_forms, export_forms):
        for label, thunk in kind(call):
            yield f"{kind.__name__.split('_')[0]}: {label}", thunk


def device_of(call, label):
    on_cpu = call.cpu or "float64" in label
    return mx.stream(mx.cpu) if on_cpu else contextlib.nullcontext()
