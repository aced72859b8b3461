"""Upsample, which resizes the spatial axes, and the resampling functions behind it."""

import math
from typing import Callable, List, Literal, Tuple, Union

import mlx.core as mx
from mlx.nn.layers.base import Module


def _positions(size: int, scale: float, align_corners: bool) -> mx.array:
    """Where along an axis of length ``size`` each of the ``int(scale * size)`` outputs is sampled."""
    count = int(scale * size)
    steps = mx.arange(count, dtype=mx.float32)
    if align_corners:
        return steps * ((size - 1) / max(count - 1, 1))
    return (steps - (count - 1) / 2) * (1 / scale) + (size - 1) / 2


def _hat(distance: mx.array) -> mx.array:
    return mx.maximum(1 - distance, 0)


def _cubic(distance: mx.array, a: float) -> mx.array:
    """The cubic convolution kernel (Keys 1981, IEEE Trans. ASSP 29(6))."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * a
    return mx.where(distance <= 1, near, mx.where(distance < 2, far, 0))


def _weighted(x: mx.array, axis: int, taps: List[Tuple[mx.array, mx.array]]) -> mx.array:
    """Sum of ``x`` gathered along ``axis`` times a weight, over the ``(indices, weights)`` taps."""
    shape = [1] * x.ndim
    shape[axis] = -1
    return sum(mx.take(x, indices, axis=axis) * weights.reshape(shape) for indices, weights in taps)


def _interpolate(x: mx.array, axis: int, scale: float, align_corners: bool, reach: int, kernel: Callable) -> mx.array:
    """Resample one axis with a kernel that is zero beyond ``reach``; the border is repeated."""
    last = x.shape[axis] - 1
    positions = _positions(x.shape[axis], scale, align_corners)
    base = mx.floor(positions)
    taps = []
    for shift in range(1 - reach, reach + 1):
        neighbour = base + shift
        indices = mx.clip(neighbour, 0, last).astype(mx.int32)
        taps.append((indices, kernel(mx.abs(positions - neighbour))))
    return _weighted(x, axis, taps)


def _average(x: mx.array, axis: int, scale: float, reach: int, kernel: Callable) -> mx.array:
    """Resample one axis with the kernel widened to the output's spacing, which prevents aliasing."""
    last = x.shape[axis] - 1
    stretch = max(1 / scale, 1.0)
    positions = _positions(x.shape[axis], scale, False)
    base = mx.floor(positions)
    width = math.ceil(reach * stretch)
    taps = []
    for shift in range(1 - width, width + 1):
        neighbour = base + shift
        inside = (neighbour >= 0) & (neighbour <= last)
        weights = mx.where(inside, kernel(mx.abs(positions - neighbour) / stretch), 0)
        taps.append((mx.clip(neighbour, 0, last).astype(mx.int32), weights))
    total = sum(weights for _, weights in taps)
    return _weighted(x, axis, [(indices, weights / total) for indices, weights in taps])


def _resample(
    x: mx.array, scale_factor: Tuple, align_corners: bool, antialias: bool, reach: int, kernel: Callable
) -> mx.array:
    """Resample all spatial axes of ``x`` (N, ..., C) with one kernel."""
    if align_corners and antialias:
        raise ValueError("[Upsample] antialias and align_corners exclude each other.")
    for axis, scale in enumerate(scale_factor, start=1):
        if antialias:
            x = _average(x, axis, scale, reach, kernel)
        else:
            x = _interpolate(x, axis, scale, align_corners, reach, kernel)
    return x


def upsample_nearest(x: mx.array, scale_factor: Tuple) -> mx.array:
    """Resize the spatial axes of ``x`` (N, ..., C), copying the nearest entry.

    Args:
        scale_factor: one factor per spatial axis.
    """
    if all(scale == int(scale) for scale in scale_factor):
        batch, *sizes, channels = x.shape
        # Each entry gets an axis of its own to repeat along, so that only the result takes memory.
        x = x.reshape(batch, *(n for size in sizes for n in (size, 1)), channels)
        x = mx.broadcast_to(x, (batch, *(n for pair in zip(sizes, map(int, scale_factor)) for n in pair), channels))
        return x.reshape(batch, *(size * int(n) for size, n in zip(sizes, scale_factor)), channels)
    for axis, scale in enumerate(scale_factor, start=1):
        if scale == int(scale):
            x = mx.repeat(x, int(scale), axis=axis)
        else:
            x = mx.take(x, _nearest(x.shape[axis], scale), axis=axis)
    return x


def _nearest(size: int, scale: float) -> mx.array:
    """The index that each output copies: growing, the nearest centre; shrinking, the nearest start."""
    count = int(scale * size)
    if scale < 1:
        return mx.array([i * size // count for i in range(count)], dtype=mx.int32)
    centers = mx.arange(count, dtype=mx.float32) + 0.5
    return mx.clip(mx.round(centers * (size / count) - 0.5), 0, size - 1).astype(mx.int32)


def upsample_linear(
    x: mx.array,
    scale_factor: Tuple,
    align_corners: bool = False,
    antialias: bool = False,
) -> mx.array:
    """Resize the spatial axes of ``x`` (N, ..., C) by linear interpolation.

    Args:
        scale_factor: one factor per spatial axis.
        align_corners: the outermost samples of input and output coincide.
        antialias: average over the output's spacing when shrinking; not with ``align_corners``
            (ValueError).
    """
    return _resample(x, scale_factor, align_corners, antialias, 1, _hat)


def upsample_cubic(
    x: mx.array,
    scale_factor: Tuple,
    align_corners: bool = False,
    antialias: bool = False,
) -> mx.array:
    """Resize the spatial axes of ``x`` (N, ..., C) by cubic convolution.

    The kernel's parameter is -0.75, and -0.5 with ``antialias``. The arguments are those of
    :func:`upsample_linear`.
    """
    a = -0.5 if antialias else -0.75
    return _resample(x, scale_factor, align_corners, antialias, 2, lambda distance: _cubic(distance, a))


class Upsample(Module):
    """Resize the spatial axes of inputs of shape (N, ..., C).

    Args:
        scale_factor: one factor, or one per spatial axis.
        mode: ``"nearest"``, ``"linear"`` (bilinear, trilinear, ...) or ``"cubic"``.
        align_corners: the outermost samples of input and output coincide.
        antialias: average when shrinking; linear and cubic only, not with ``align_corners``.

    Raises:
        ValueError: unknown mode; when called: the input has no spatial axis, the number of
            factors is wrong, or ``antialias`` does not apply.
    """

    def __init__(
        self,
        scale_factor: Union[float, Tuple],
        mode: Literal["nearest", "linear", "cubic"] = "nearest",
        align_corners: bool = False,
        antialias: bool = False,
    ):
        super().__init__()
        if mode not in ("nearest", "linear", "cubic"):
            raise ValueError(f"[Upsample] mode must be nearest, linear or cubic, not {mode!r}.")
        if isinstance(scale_factor, (list, tuple)):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.antialias = antialias

    def _extra_repr(self) -> str:
        text = f"scale_factor={self.scale_factor}, mode={self.mode!r}, align_corners={self.align_corners}"
        return text + ", antialias=True" if self.antialias else text

    def __call__(self, x: mx.array) -> mx.array:
        axes = x.ndim - 2
        if axes <= 0:
            raise ValueError(f"[Upsample] The input must have at least 3 axes, not {x.ndim}.")
        scale_factor = self.scale_factor
        if not isinstance(scale_factor, tuple):
            scale_factor = (scale_factor,) * axes
        elif len(scale_factor) != axes:
            raise ValueError(f"[Upsample] {len(scale_factor)} factors were given for {axes} spatial axes.")

        if self.mode == "linear":
            return upsample_linear(x, scale_factor, self.align_corners, self.antialias)
        if self.mode == "cubic":
            return upsample_cubic(x, scale_factor, self.align_corners, self.antialias)
        if self.antialias:
            raise ValueError("[Upsample] The nearest mode has no antialiasing.")
        return upsample_nearest(x, scale_factor)
