"""Normalization layers: layer, RMS, instance, group and batch norm."""

from typing import Tuple

import mlx.core as mx
from mlx.nn.layers.base import Module


def _check_eps(layer: str, eps: float) -> None:
    if eps <= 0:
        raise ValueError(f"[{layer}] 'eps' must be positive, not {eps}.")


class InstanceNorm(Module):
    """Normalize every sample and channel over the spatial axes (https://arxiv.org/abs/1607.08022).

    Args:
        dims: number of channels, the last axis of an input of shape (N, ..., dims).
        eps: added to the variance; positive (ValueError).
        affine: whether to scale by ``weight`` and shift by ``bias``, both of shape (dims,).
    """

    def __init__(self, dims: int, eps: float = 1e-5, affine: bool = False):
        super().__init__()
        _check_eps("InstanceNorm", eps)
        if affine:
            self.weight = mx.ones((dims,))
            self.bias = mx.zeros((dims,))
        self.dims = dims
        self.eps = eps

    def _extra_repr(self) -> str:
        return f"{self.dims}, eps={self.eps}, affine={'weight' in self}"

    def __call__(self, x: mx.array) -> mx.array:
        if x.ndim < 3:
            raise ValueError(f"[InstanceNorm] The input must have at least 3 axes (N, ..., C), not {x.ndim}.")
        batch, *spatial, dims = x.shape
        x = x.reshape(batch, -1, dims).swapaxes(1, 2)
        x = mx.fast.layer_norm(x, None, None, self.eps)
        x = x.swapaxes(1, 2).reshape(batch, *spatial, dims)
        return self.weight * x + self.bias if "weight" in self else x


class LayerNorm(Module):
    """Normalize over the last axis (https://arxiv.org/abs/1607.06450).

    Args:
        dims: size of the last axis.
        eps: added to the variance; positive (ValueError).
        affine: whether to scale by ``weight`` of shape (dims,).
        bias: whether to shift by ``bias`` of shape (dims,); only together with ``affine``.
    """

    def __init__(self, dims: int, eps: float = 1e-5, affine: bool = True, bias: bool = True):
        super().__init__()
        _check_eps("LayerNorm", eps)
        if affine:
            self.weight = mx.ones((dims,))
            if bias:
                self.bias = mx.zeros((dims,))
        self.eps = eps
        self.dims = dims

    def _extra_repr(self) -> str:
        return f"{self.dims}, eps={self.eps}, affine={'weight' in self}"

    def __call__(self, x):
        return mx.fast.layer_norm(x, self.get("weight"), self.get("bias"), self.eps)


class RMSNorm(Module):
    """``x * rsqrt(mean(x^2) + eps) * weight`` over the last axis (https://arxiv.org/abs/1910.07467).

    Args:
        dims: size of the last axis and of ``weight``.
        eps: added to the mean square; positive (ValueError).
    """

    def __init__(self, dims: int, eps: float = 1e-5):
        super().__init__()
        _check_eps("RMSNorm", eps)
        self.weight = mx.ones((dims,))
        self.eps = eps

    def _extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, eps={self.eps}"

    def __call__(self, x):
        return mx.fast.rms_norm(x, self["weight"], self.eps)


class GroupNorm(Module):
    """Normalize every sample over groups of channels (https://arxiv.org/abs/1803.08494).

    Args:
        num_groups: number of groups; ValueError unless it is positive and divides ``dims``.
        dims: number of channels, the last axis of an input of shape (N, ..., dims).
        eps: added to the variance; positive (ValueError).
        affine: whether to scale by ``weight`` and shift by ``bias``, both of shape (dims,).
        pytorch_compatible: group neighbouring channels; by default channel ``c`` belongs to group
            ``c % num_groups``.
    """

    def __init__(
        self,
        num_groups: int,
        dims: int,
        eps: float = 1e-5,
        affine: bool = True,
        pytorch_compatible: bool = False,
    ):
        super().__init__()
        for name, size in ("num_groups", num_groups), ("dims", dims):
            if size <= 0:
                raise ValueError(f"[GroupNorm] {name} must be a positive integer, not {size}.")
        if dims % num_groups != 0:
            raise ValueError(f"[GroupNorm] {dims} channels must be divisible by the number of groups, {num_groups}.")
        _check_eps("GroupNorm", eps)
        if affine:
            self.bias = mx.zeros((dims,))
            self.weight = mx.ones((dims,))
        self.num_groups = num_groups
        self.dims = dims
        self.eps = eps
        self.pytorch_compatible = pytorch_compatible

    def _extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.dims}, eps={self.eps}, "
            f"affine={'weight' in self}, pytorch_compatible={self.pytorch_compatible}"
        )

    def _normalize_contiguous(self, x: mx.array) -> mx.array:
        batch, *spatial, dims = x.shape
        size = dims // self.num_groups
        x = x.reshape(batch, -1, self.num_groups, size).transpose(0, 2, 1, 3)
        x = x.reshape(batch, self.num_groups, -1)
        x = mx.fast.layer_norm(x, None, None, self.eps)
        x = x.reshape(batch, self.num_groups, -1, size).transpose(0, 2, 1, 3)
        return x.reshape(batch, *spatial, dims)

    def _normalize_strided(self, x: mx.array) -> mx.array:
        batch, *spatial, dims = x.shape
        x = x.reshape(batch, -1, self.num_groups)
        mean = mx.mean(x, axis=1, keepdims=True)
        variance = mx.var(x, axis=1, keepdims=True)
        x = (x - mean) * mx.rsqrt(variance + self.eps)
        return x.reshape(batch, *spatial, dims)

    def __call__(self, x):
        x = self._normalize_contiguous(x) if self.pytorch_compatible else self._normalize_strided(x)
        return self.weight * x + self.bias if "weight" in self else x


class BatchNorm(Module):
    """Normalize every channel over all other axes (https://arxiv.org/abs/1502.03167).

    In training mode the statistics of the batch are used, and tracked; in evaluation mode the
    tracked ones are used. The tracked statistics are parameters that stay frozen.

    Args:
        num_features: number of channels, the last axis of an input with 2 to 4 axes.
        eps: added to the variance; positive (ValueError).
        momentum: weight of a batch in the tracked statistics.
        affine: whether to scale by ``weight`` and shift by ``bias``, both of shape (num_features,).
        track_running_stats: whether to keep ``running_mean`` and ``running_var``.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ):
        super().__init__()
        _check_eps("BatchNorm", eps)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = mx.ones((num_features,))
            self.bias = mx.zeros((num_features,))
        if track_running_stats:
            self.running_mean = mx.zeros((num_features,))
            self.running_var = mx.ones((num_features,))
            self._freeze_statistics()

    def _freeze_statistics(self) -> None:
        self.freeze(keys=["running_mean", "running_var"], recurse=False)

    def unfreeze(self, *args, **kwargs) -> None:
        """Like :meth:`Module.unfreeze`, but the tracked statistics stay frozen."""
        super().unfreeze(*args, **kwargs)
        self._freeze_statistics()

    def _extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={'weight' in self}, track_running_stats={self.track_running_stats}"
        )

    def _calc_stats(self, x: mx.array, ddof: int = 0) -> Tuple[mx.array, mx.array]:
        """Mean and variance of every channel; the biased variance unless ``ddof`` says otherwise."""
        axes = tuple(range(x.ndim - 1))
        return mx.mean(x, axis=axes), mx.var(x, axis=axes, ddof=ddof)

    def __call__(self, x: mx.array) -> mx.array:
        """Normalize ``x``; ValueError in training mode if there is one value per channel only."""
        if x.ndim < 2 or x.ndim > 4:
            raise ValueError(f"[BatchNorm] The input must have 2 to 4 axes, not {x.ndim}.")
        count = x.size // x.shape[-1]
        if self.training and count == 1:
            raise ValueError("[BatchNorm] Training needs more than one value per channel.")

        if self.training or not self.track_running_stats:
            mean, variance = self._calc_stats(x)
        else:
            mean, variance = self.running_mean, self.running_var
        if self.training and self.track_running_stats:
            keep = 1 - self.momentum
            unbiased = variance * (count / (count - 1))
            self.running_mean = keep * self.running_mean + self.momentum * mean
            self.running_var = keep * self.running_var + self.momentum * unbiased

        # One factor for each channel, so that x is gone over as few times as possible.
        scale = mx.rsqrt(variance + self.eps)
        if "weight" not in self:
            return (x - mean) * scale
        return (x - mean) * (self.weight * scale) + self.bias
