"""Maximum and average pooling over one, two and three spatial axes, channels last."""

import operator
from itertools import accumulate
from typing import Callable, Optional, Tuple, Union

import mlx.core as mx
from mlx.nn.layers.base import Module

_Size = Union[int, Tuple[int, ...]]


def _tiles(x: mx.array, window: tuple) -> tuple:
    """Windows that touch each other without overlap, as a reshape of the covered part of ``x``.

    Of shape (N, count, width, count, width, …, C), with the axes of the widths.
    """
    batch, *spatial, channels = x.shape
    counts = [size // width for size, width in zip(spatial, window)]
    covered = tuple(slice(count * width) for count, width in zip(counts, window))
    pairs = [size for pair in zip(counts, window) for size in pair]
    tiles = x[(slice(None), *covered)].reshape(batch, *pairs, channels)
    return tiles, tuple(range(2, tiles.ndim - 1, 2))


def _windows(x: mx.array, window: tuple, strides: tuple) -> tuple:
    """All windows of ``x``, without the rest, and the axes that are within windows; nothing is copied.

    Raises:
        ValueError: ``x`` has no spatial axis, or another number of them than ``window``.
    """
    batch, spatial, channels = x.shape[:1], x.shape[1:-1], x.shape[-1:]
    if x.ndim < 3 or len(spatial) != len(window):
        raise ValueError(f"[pooling] The input must have {len(window) + 2} axes, not {x.ndim}.")
    if window == strides:
        return _tiles(x, window)

    # Strides of the row-contiguous array, in elements.
    dense = list(accumulate(reversed((*x.shape[1:], 1)), operator.mul))[::-1]
    counts = [max((size - width) // step + 1, 0) for size, width, step in zip(spatial, window, strides)]
    windows = mx.as_strided(
        x,
        shape=(*batch, *counts, *window, *channels),
        strides=(dense[0], *(d * s for d, s in zip(dense[1:-1], strides)), *dense[1:-1], 1),
    )
    return windows, tuple(range(-1 - len(window), -1))


def _checked(layer: str, name: str, value: Optional[_Size], axes: int, least: int) -> tuple:
    """``value`` as one int per spatial axis."""
    if isinstance(value, int):
        value = (value,) * axes
    if not isinstance(value, (list, tuple)) or len(value) != axes:
        raise ValueError(f"[{layer}] {name} must be an int or a tuple of {axes}.")
    if any(entry < least for entry in value):
        raise ValueError(f"[{layer}] {name} must be at least {least}, not {tuple(value)}.")
    return tuple(value)


class _Pool(Module):
    """The common part: pad, take windows, reduce them."""

    _SPATIAL: int
    _REDUCE: Callable
    _FILL: float

    def __init__(
        self,
        kernel_size: _Size,
        stride: Optional[_Size] = None,
        padding: Optional[_Size] = 0,
    ):
        super().__init__()
        layer, axes = type(self).__name__, self._SPATIAL
        self._kernel_size = _checked(layer, "kernel_size", kernel_size, axes, 1)
        self._stride = self._kernel_size if stride is None else _checked(layer, "stride", stride, axes, 1)
        self._padding = _checked(layer, "padding", padding, axes, 0)

    def _extra_repr(self) -> str:
        return f"kernel_size={self._kernel_size}, stride={self._stride}, padding={self._padding}"

    def __call__(self, x):
        if any(self._padding):
            widths = [(0, 0), *((p, p) for p in self._padding), (0, 0)]
            x = mx.pad(x, widths, constant_values=self._FILL)
        x, axes = _windows(x, self._kernel_size, self._stride)
        return type(self)._REDUCE(x, axis=axes)


class MaxPool1d(_Pool):
    """Maximum over windows of inputs of shape (N, L, C), padded with -infinity.

    Args:
        kernel_size: width of the window.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added at both ends.
    """

    _SPATIAL, _REDUCE, _FILL = 1, mx.max, -float("inf")


class AvgPool1d(_Pool):
    """Mean over windows of inputs of shape (N, L, C), padded with zeros that count.

    Args:
        kernel_size: width of the window.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added at both ends.
    """

    _SPATIAL, _REDUCE, _FILL = 1, mx.mean, 0


class MaxPool2d(_Pool):
    """Maximum over windows of inputs of shape (N, H, W, C), padded with -infinity.

    Args:
        kernel_size: size of the window, an int or one per axis.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added on both sides of each spatial axis.
    """

    _SPATIAL, _REDUCE, _FILL = 2, mx.max, -float("inf")


class AvgPool2d(_Pool):
    """Mean over windows of inputs of shape (N, H, W, C), padded with zeros that count.

    Args:
        kernel_size: size of the window, an int or one per axis.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added on both sides of each spatial axis.
    """

    _SPATIAL, _REDUCE, _FILL = 2, mx.mean, 0


class MaxPool3d(_Pool):
    """Maximum over windows of inputs of shape (N, D, H, W, C), padded with -infinity.

    Args:
        kernel_size: size of the window, an int or one per axis.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added on both sides of each spatial axis.
    """

    _SPATIAL, _REDUCE, _FILL = 3, mx.max, -float("inf")


class AvgPool3d(_Pool):
    """Mean over windows of inputs of shape (N, D, H, W, C), padded with zeros that count.

    Args:
        kernel_size: size of the window, an int or one per axis.
        stride: distance of the windows, ``kernel_size`` by default.
        padding: added on both sides of each spatial axis.
    """

    _SPATIAL, _REDUCE, _FILL = 3, mx.mean, 0
