"""What the calls are made of: arrays described by sizes with names, so that both sides draw the same values.

A shape is written as names and numbers, "n m 1". SIZES gives each name two values: the second set is for replaying what
was traced with the first.
"""

from dataclasses import dataclass, field, replace

import numpy as np

SIZES = [{"n": 3, "m": 4, "k": 5, "b": 2, "t": 8}, {"n": 5, "m": 2, "k": 3, "b": 4, "t": 12}]


@dataclass(frozen=True)
class Operand:
    """An array argument: its shape, how it is drawn, and the dtype it has when nothing else is asked for."""

    shape: str
    kind: str = "real"
    low: float = -2.0
    high: float = 2.0
    dtype: str = "float32"

    def sizes(self, which=0):
        return tuple(int(s) if s.isdigit() else SIZES[which][s] for s in self.shape.split())

    def numpy(self, seed, which=0):
        shape, random = self.sizes(which), np.random.default_rng(seed)
        if self.kind == "integer":
            return random.integers(int(self.low), int(self.high), shape)
        if self.kind == "bool":
            return random.random(shape) < 0.5
        if self.kind == "sorted":
            return np.sort(random.uniform(self.low, self.high, shape), axis=-1)
        x = np.round(random.uniform(self.low, self.high, shape), 3)  # exact enough in every dtype
        if self.kind == "complex":
            return x + 1j * np.round(random.uniform(self.low, self.high, shape), 3)
        if self.kind == "definite":
            return x @ np.swapaxes(x, -1, -2) + shape[-1] * np.eye(shape[-1])
        if self.kind == "triangular":
            return np.tril(x) + 2 * np.eye(shape[-1])
        if self.kind == "regular":
            return x + 3 * np.eye(*shape[-2:])
        return x


def real(shape, low=-2.0, high=2.0):
    return Operand(shape, "real", low, high)


def positive(shape):
    return Operand(shape, "real", 0.5, 2.0)


def unit(shape):
    return Operand(shape, "real", -0.9, 0.9)


def integer(shape, low=0, high=3, dtype="int32"):
    return Operand(shape, "integer", low, high, dtype)


def boolean(shape):
    return Operand(shape, "bool", dtype="bool_")


def imaginary(shape):
    return Operand(shape, "complex", dtype="complex64")


def matrix(shape, kind):
    return Operand(shape, kind)


@dataclass(frozen=True)
class Call:
    """A public function and one good call of it. `cpu`: it runs there only. `leave_out`: words for the variations that
    make no sense of it, "grad", "second" (sizes), "shapeless"."""

    name: str
    arguments: tuple
    keywords: dict = field(default_factory=dict)
    cpu: bool = False
    leave_out: str = ""
    result: str = ""  #: an expression over the result `y` that makes it unique, where it is not

    @property
    def operands(self):
        return [i for i, x in enumerate(self.arguments) if isinstance(x, Operand)]

    @property
    def label(self):
        shown = [x.shape.replace(" ", "×") or "0-d" if isinstance(x, Operand) else repr(x) for x in self.arguments]
        shown += [f"{k}={v!r}" for k, v in self.keywords.items()]
        return f"{self.name}({', '.join(shown)})"

    def with_operand(self, at, **changes):
        arguments = list(self.arguments)
        arguments[at] = replace(arguments[at], **changes)
        return replace(self, arguments=tuple(arguments))


def call(name, *arguments, cpu=False, leave_out="", result="", **keywords):
    return Call(name, arguments, keywords, cpu, leave_out, result)
