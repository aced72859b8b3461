"""Initializers: each returns a function that maps an array to a new one of its shape."""

import math
from typing import Callable, Literal, Tuple

import mlx.core as mx

_Initializer = Callable[[mx.array], mx.array]
_Mode = Literal["fan_in", "fan_out"]


def _calculate_fan_in_fan_out(x: mx.array) -> Tuple[int, int]:
    """Inputs of one output and outputs of one input, for a weight (outputs, *kernel, inputs)."""
    if x.ndim < 2:
        raise ValueError(f"Glorot / He initialization requires at least 2 dimensional input, not {x.ndim}D.")
    receptive_field = math.prod(x.shape[1:-1])
    return x.shape[-1] * receptive_field, x.shape[0] * receptive_field


def _fan(a: mx.array, mode: _Mode) -> int:
    fan_in, fan_out = _calculate_fan_in_fan_out(a)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"[init] mode must be fan_in or fan_out, not {mode!r}.")
    return fan_in if mode == "fan_in" else fan_out


def constant(value: float, dtype: mx.Dtype = mx.float32) -> _Initializer:
    """Every entry is ``value``."""

    def initializer(a: mx.array) -> mx.array:
        return mx.full(a.shape, value, dtype=dtype)

    return initializer


def normal(mean: float = 0.0, std: float = 1.0, dtype: mx.Dtype = mx.float32) -> _Initializer:
    """Normal with the given mean and standard deviation."""

    def initializer(a: mx.array) -> mx.array:
        return mx.random.normal(shape=a.shape, scale=std, loc=mean, dtype=dtype)

    return initializer


def uniform(low: float = 0.0, high: float = 1.0, dtype: mx.Dtype = mx.float32) -> _Initializer:
    """Uniform in [low, high)."""

    def initializer(a: mx.array) -> mx.array:
        return mx.random.uniform(low, high, a.shape, dtype=dtype)

    return initializer


def identity(dtype: mx.Dtype = mx.float32) -> _Initializer:
    """The identity matrix; ValueError unless the array is square and 2-d."""

    def initializer(a: mx.array) -> mx.array:
        if a.ndim != 2 or a.shape[0] != a.shape[1]:
            raise ValueError(f"[identity] The array must be square and 2-d, not of shape {a.shape}.")
        return mx.eye(n=a.shape[0], dtype=dtype)

    return initializer


def glorot_normal(dtype: mx.Dtype = mx.float32) -> Callable[[mx.array, float], mx.array]:
    """Normal with deviation ``gain * sqrt(2 / (fan_in + fan_out))`` (Glorot & Bengio 2010)."""

    def initializer(a: mx.array, gain: float = 1.0) -> mx.array:
        std = gain * math.sqrt(2.0 / sum(_calculate_fan_in_fan_out(a)))
        return mx.random.normal(shape=a.shape, scale=std, dtype=dtype)

    return initializer


def glorot_uniform(dtype: mx.Dtype = mx.float32) -> Callable[[mx.array, float], mx.array]:
    """Uniform within ``gain * sqrt(6 / (fan_in + fan_out))`` (Glorot & Bengio 2010)."""

    def initializer(a: mx.array, gain: float = 1.0) -> mx.array:
        limit = gain * math.sqrt(6.0 / sum(_calculate_fan_in_fan_out(a)))
        return mx.random.uniform(-limit, limit, a.shape, dtype=dtype)

    return initializer


def he_normal(dtype: mx.Dtype = mx.float32) -> Callable[[mx.array, str, float], mx.array]:
    """Normal with deviation ``gain / sqrt(fan)`` (https://arxiv.org/abs/1502.01852)."""

    def initializer(a: mx.array, mode: _Mode = "fan_in", gain: float = 1.0) -> mx.array:
        std = gain / math.sqrt(_fan(a, mode))
        return mx.random.normal(shape=a.shape, scale=std, dtype=dtype)

    return initializer


def he_uniform(dtype: mx.Dtype = mx.float32) -> Callable[[mx.array, str, float], mx.array]:
    """Uniform within ``gain * sqrt(3 / fan)`` (https://arxiv.org/abs/1502.01852)."""

    def initializer(a: mx.array, mode: _Mode = "fan_in", gain: float = 1.0) -> mx.array:
        limit = gain * math.sqrt(3.0 / _fan(a, mode))
        return mx.random.uniform(-limit, limit, a.shape, dtype=dtype)

    return initializer


def sparse(sparsity: float, mean: float = 0.0, std: float = 1.0, dtype: mx.Dtype = mx.float32) -> _Initializer:
    """Normal, with ``ceil(sparsity * columns)`` random zeros in every row (Martens 2010).

    ValueError unless the array is 2-d.
    """

    def initializer(a: mx.array) -> mx.array:
        if a.ndim != 2:
            raise ValueError(f"[sparse] The array must be 2-d, not {a.ndim}-d.")
        rows, columns = a.shape
        zeros = math.ceil(sparsity * columns)
        order = mx.argsort(mx.random.uniform(shape=a.shape), axis=1)
        values = mx.random.normal(shape=a.shape, scale=std, loc=mean, dtype=dtype)
        values[mx.arange(rows)[:, None], order[:, :zeros]] = 0
        return values

    return initializer


def orthogonal(gain: float = 1.0, dtype: mx.Dtype = mx.float32) -> _Initializer:
    """Part of a random orthogonal matrix, times ``gain`` (https://arxiv.org/abs/1312.6120).

    The matrix is the sign-fixed Q of the QR decomposition of a square normal one (Mezzadri 2007).
    ValueError unless the array is 2-d.
    """

    def initializer(a: mx.array) -> mx.array:
        if a.ndim != 2:
            raise ValueError(f"[orthogonal] The array must be 2-d, not a {a.ndim}D array.")
        rows, columns = a.shape
        n = max(rows, columns)
        q, r = mx.linalg.qr(mx.random.normal(shape=(n, n)), stream=mx.cpu)
        q = q * mx.sign(mx.diag(r))
        return (gain * q[:rows, :columns]).astype(dtype)

    return initializer
