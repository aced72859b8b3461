"""Positional encodings: rotary, sinusoidal, and linear attention biases."""

import math
from typing import Optional

import mlx.core as mx
from mlx.nn.layers.base import Module


class RoPE(Module):
    """Rotate pairs of features by an angle that grows with the position (https://arxiv.org/abs/2104.09864).

    Args:
        dims: number of features to rotate; the rest of the last axis stays as it is.
        traditional: pair neighbours, as in the paper, instead of the two halves.
        base: of the geometric series of frequencies.
        scale: factor of the positions.
    """

    def __init__(self, dims: int, traditional: bool = False, base: float = 10000, scale: float = 1.0):
        super().__init__()
        self.dims = dims
        self.traditional = traditional
        self.base = base
        self.scale = scale

    def _extra_repr(self) -> str:
        return f"{self.dims}, traditional={self.traditional}"

    def __call__(self, x, offset: int = 0):
        """Encode ``x`` of shape (..., T, D), whose first position is ``offset``."""
        return mx.fast.rope(
            x,
            self.dims,
            traditional=self.traditional,
            base=self.base,
            scale=self.scale,
            offset=offset,
        )


class SinusoidalPositionalEncoding(Module):
    """Sines and cosines of positions at several frequencies (https://arxiv.org/abs/1706.03762).

    Args:
        dims: length of an encoding, positive and even (ValueError).
        min_freq, max_freq: ends of the geometric series of frequencies.
        scale: factor of the result, ``sqrt(2 / dims)`` by default.
        cos_first: cosines before sines.
        full_turns: multiply the frequencies by 2 pi.
    """

    def __init__(
        self,
        dims: int,
        min_freq: float = 0.0001,
        max_freq: float = 1,
        scale: Optional[float] = None,
        cos_first: bool = False,
        full_turns: bool = False,
    ):
        super().__init__()
        if dims <= 0 or dims % 2 != 0:
            raise ValueError(f"[SinusoidalPositionalEncoding] dims must be positive and even, not {dims}.")
        pairs = dims // 2
        descending = 1 - mx.arange(0, pairs) / max(pairs - 1, 1)
        low, high = math.log(min_freq), math.log(max_freq)
        self._sigmas = mx.exp(descending * (high - low) + low)
        if full_turns:
            self._sigmas = self._sigmas * (2 * math.pi)
        self.scale = math.sqrt(2 / dims) if scale is None else scale
        self.cos_first = cos_first

    def __call__(self, x):
        """The encodings of the positions ``x``, shape ``(*x.shape, dims)``."""
        angles = x[..., None] * self._sigmas
        parts = [mx.sin(angles), mx.cos(angles)]
        if self.cos_first:
            parts.reverse()
        y = mx.concatenate(parts, axis=-1)
        return y * self.scale if self.scale != 1 else y


class ALiBi(Module):
    """Lower attention scores linearly with distance (https://arxiv.org/abs/2108.12409)."""

    @staticmethod
    def create_alibi_matrix(
        q_sequence_length: int,
        k_sequence_length: int,
        num_heads: int,
        offset: int = 0,
        dtype=mx.float32,
    ) -> mx.array:
        """``-|i - j| * slope[h]`` for queries i in [offset, q_sequence_length) and all keys j.

        The shape is (1, num_heads, q_sequence_length - offset, k_sequence_length).
        """
        queries = mx.arange(offset, q_sequence_length)
        keys = mx.arange(0, k_sequence_length)
        distance = -mx.abs(queries[:, None] - keys[None, :])
        slope = ALiBi.create_alibi_slope(num_heads, dtype)
        return (distance.astype(dtype) * slope)[None]

    @staticmethod
    def create_alibi_slope(num_heads: int, dtype=mx.float32) -> mx.array:
        """The slope of every head, shape (num_heads, 1, 1).

        For a number of heads that is no power of two, the slopes of the power below are followed
        by every other slope of the power above.
        """
        below = 2 ** math.floor(math.log2(num_heads))
        slopes = _geometric(below)
        slopes += _geometric(2 * below)[::2][: num_heads - below]
        return mx.array(slopes, dtype=dtype)[:, None, None]

    def __call__(self, attention_scores, offset=0, mask=None):
        """Add the biases, and ``mask`` if given, to scores of shape (B, heads, queries, keys)."""
        bias = ALiBi.create_alibi_matrix(
            q_sequence_length=attention_scores.shape[-2] + offset,
            k_sequence_length=attention_scores.shape[-1],
            num_heads=attention_scores.shape[1],
            offset=offset,
            dtype=attention_scores.dtype,
        )
        if mask is not None:
            bias = bias + mask
        return attention_scores + bias


def _geometric(count: int) -> list:
    """The slopes for ``count`` heads, a power of two: from ``2^(-8/count)`` down to ``2^-8``."""
    return [2 ** (-8 * (i + 1) / count) for i in range(count)]
