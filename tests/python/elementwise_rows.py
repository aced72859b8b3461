"""One row per elementwise operation: its NumPy counterpart, domain, and the dtypes it takes and gives."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Callable, Optional

import mlx.core as mx
import numpy as np


@dataclass(frozen=True)
class Row:
    """takes: dtype kinds (b, u, i, f, c). gives: same, float (integers become float32), real or bool.

    gradient: whether there is one to check. specials: whether NaN, infinities and zeros follow NumPy.
    ulps: how many units in the last place the result may be off; complex_ulps: for complex values, at their magnitude;
    float64: the relative error there.
    """

    name: str
    expected: Callable
    low: float = -4.0
    high: float = 4.0
    takes: str = "buifc"
    gives: str = "same"
    operands: int = 1
    gradient: bool = True
    specials: bool = True
    function: Optional[Callable] = None
    ulps: float = 1
    complex_ulps: float = 4
    float64: float = 1e-13

    def __str__(self):
        return self.name

    @property
    def call(self):
        return self.function or getattr(mx, self.name)

    def result(self, dtype: str, kind: str) -> str:
        if self.gives == "bool" or (self.gives == "same" and kind == "b"):
            return "bool_" if self.gives == "bool" else dtype
        if self.gives == "float":
            return dtype if kind in "fc" else "float32"
        return "float32" if self.gives == "real" and kind == "c" else dtype


def vectorized(function):
    return np.vectorize(function, otypes=[float])


def erfinv(x):
    if abs(x) >= 1 or x != x:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    y = NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2)
    for _ in range(3):  # Newton's method, since (x + 1) / 2 has lost the last digits
        y -= (math.erf(y) - x) * math.exp(y * y) * math.sqrt(math.pi) / 2
    return y


def sign(x):
    if x.dtype.kind != "c":
        return x if x.dtype.kind == "b" else np.sign(x)
    return np.where(x == 0, 0, x / np.where(x == 0, 1, np.abs(x)))


def floor_divide(a, b):
    """Rounded down; complex values are divided."""
    return np.floor(a / b) if a.dtype.kind == "f" else a / b if a.dtype.kind == "c" else a // b


def unary(name, expected, low=-4.0, high=4.0, **more):
    return Row(name, expected, low, high, **more)


def smooth(name, expected, low=-4.0, high=4.0, **more):
    """A function with float results."""
    return Row(name, expected, low, high, gives="float", **more)


def binary(name, expected, low=-4.0, high=4.0, **more):
    return Row(name, expected, low, high, operands=2, **more)


def question(name, expected, operands=1, **more):
    """An operation with boolean results, on whole values so that ties are common."""
    return Row(name, expected, gives="bool", operands=operands, gradient=False, **more)


REAL = "buif"
FLAT = dict(gradient=False)

UNARY = [
    unary("abs", np.abs, gives="real"),
    unary("sign", sign, specials=False, **FLAT),
    unary("positive", np.array),
    unary("negative", np.negative, takes="uifc"),
    unary("square", np.square),
    unary("trunc", np.trunc, takes=REAL, **FLAT),
    unary("floor", np.floor, takes=REAL, **FLAT),
    unary("ceil", np.ceil, takes=REAL, **FLAT),
    unary("round", np.round, **FLAT),
    unary("stop_gradient", np.array, **FLAT),
    unary("conj", np.conj),
    unary("conjugate", np.conj),
    unary("real", np.real, gives="real"),
    unary("imag", np.imag, gives="real", **FLAT),
    unary("nan_to_num", lambda x: np.where(np.isnan(x), 0, x), takes="bui", **FLAT),
    unary("bitwise_invert", np.invert, takes="bui", **FLAT),
    question("logical_not", np.logical_not),
    question("isnan", np.isnan),
    question("isinf", np.isinf),
    question("isfinite", np.isfinite),
    question("signbit", np.signbit, takes=REAL),
    question("isposinf", np.isposinf, takes=REAL),
    question("isneginf", np.isneginf, takes=REAL),
    smooth("sqrt", np.sqrt, 0.1, 9),
    smooth("rsqrt", lambda x: 1 / np.sqrt(x), 0.1, 9),
    smooth("reciprocal", lambda x: 1 / x, 0.5, 4),
    smooth("exp", np.exp),
    smooth("expm1", np.expm1, takes=REAL),
    smooth("log", np.log, 0.1, 9),
    smooth("log2", np.log2, 0.1, 9),
    smooth("log10", np.log10, 0.1, 9),
    smooth("log1p", np.log1p, -0.9, 9),
    smooth("sin", np.sin, -9, 9),
    smooth("cos", np.cos, -9, 9),
    smooth("tan", np.tan, -1.2, 1.2, ulps=2),
    smooth("arcsin", np.arcsin, -0.95, 0.95),
    smooth("arccos", np.arccos, -0.95, 0.95),
    smooth("arctan", np.arctan, -9, 9),
    smooth("sinh", np.sinh),
    smooth("cosh", np.cosh, ulps=2),
    smooth("tanh", np.tanh),
    smooth("arcsinh", np.arcsinh, -9, 9),
    smooth("arccosh", np.arccosh, 1.1, 9),
    smooth("arctanh", np.arctanh, -0.9, 0.9),
    smooth("degrees", lambda x: x * (180 / np.pi)),
    smooth("radians", lambda x: x * (np.pi / 180)),
    smooth("sigmoid", lambda x: 1 / (1 + np.exp(-x)), -9, 9, takes=REAL),
    smooth("erf", vectorized(math.erf), takes=REAL),
    smooth(
        "erfinv", vectorized(erfinv), -0.95, 0.95, takes=REAL, float64=1e-6
    ),  # single precision for float64, as in MLX
]

BINARY = [
    binary("add", np.add),
    binary("subtract", np.subtract, takes="uifc"),
    binary("multiply", np.multiply),
    binary("divide", np.true_divide, 0.5, 4, gives="float"),
    binary("floor_divide", floor_divide, 1, 9, takes="uifc", **FLAT),
    binary("remainder", np.remainder, 1, 9, takes="uif", **FLAT),
    binary("power", np.power, 0.5, 3, takes="uifc", complex_ulps=6),
    binary("maximum", np.maximum, takes=REAL),
    binary("minimum", np.minimum, takes=REAL),
    binary("arctan2", np.arctan2, 0.5, 4, takes=REAL, gives="float"),
    binary("logaddexp", np.logaddexp, takes=REAL, gives="float"),
    binary("hypot", np.hypot, 0.5, 4, takes=REAL, gives="float"),
    binary("copysign", np.copysign, 0.5, 4, takes=REAL, gives="float"),
    binary("nextafter", np.nextafter, takes=REAL, gives="float", specials=False),
    question("equal", np.equal, 2),
    question("not_equal", np.not_equal, 2),
    question("less", np.less, 2, takes=REAL),
    question("less_equal", np.less_equal, 2, takes=REAL),
    question("greater", np.greater, 2, takes=REAL),
    question("greater_equal", np.greater_equal, 2, takes=REAL),
    question("logical_and", np.logical_and, 2),
    question("logical_or", np.logical_or, 2),
    question("logical_xor", np.logical_xor, 2),
    question("isclose", np.isclose, 2, takes=REAL),
    binary("bitwise_and", np.bitwise_and, takes="bui", **FLAT),
    binary("bitwise_or", np.bitwise_or, takes="bui", **FLAT),
    binary("bitwise_xor", np.bitwise_xor, takes="bui", **FLAT),
    binary("left_shift", np.left_shift, 0, 4, takes="ui", **FLAT),
    binary("right_shift", np.right_shift, 0, 4, takes="ui", **FLAT),
]

TERNARY = [
    Row("where", lambda c, a, b: np.where(c > 1, a, b), operands=3, takes=REAL,
        function=lambda c, a, b: mx.where(c > 1, a, b)),
    Row("clip", lambda x, a, b: np.clip(x, np.minimum(a, b), np.maximum(a, b)), operands=3, takes="uif",
        specials=False, function=lambda x, a, b: mx.clip(x, mx.minimum(a, b), mx.maximum(a, b))),
]  # fmt: skip

ROWS = UNARY + BINARY + TERNARY
ALIASES = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atanh": "arctanh",
    "atan2": "arctan2", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "pow": "power",
}  # fmt: skip
TABLE_NAMES = {"rint": "round"}  # rows of csrc/ops/elementwise.def that Python reaches under another name
