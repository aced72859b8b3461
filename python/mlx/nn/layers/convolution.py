"""Convolution layers over one, two and three spatial axes, channels last."""

import math
from typing import Union

import mlx.core as mx
from mlx.nn.layers.base import Module


def _per_axis(value: Union[int, tuple], axes: int) -> tuple:
    """An int repeated for each spatial axis; anything else as it is."""
    return (value,) * axes if isinstance(value, int) else value


class _Convolution(Module):
    """The common part of the convolutions and their transposes: parameters and description."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: tuple, bias: bool, groups: int = 1):
        super().__init__()
        if in_channels % groups != 0:
            raise ValueError(f"[Conv] {in_channels} input channels cannot be split into {groups} groups.")
        bound = math.sqrt(1 / (in_channels * math.prod(kernel_size)))
        shape = (out_channels, *kernel_size, in_channels // groups)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=shape)
        if bias:
            self.bias = mx.zeros((out_channels,))

    def _describe(self, *names: str) -> str:
        """Channels, kernel size, the attributes ``names``, and whether there is a bias."""
        out_channels, *kernel_size, in_channels = self.weight.shape
        in_channels *= getattr(self, "groups", 1)
        size = kernel_size[0] if len(kernel_size) == 1 else tuple(kernel_size)
        values = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{in_channels}, {out_channels}, kernel_size={size}, {values}, bias={'bias' in self}"


class Conv1d(_Convolution):
    """Cross-correlation over inputs of shape (N, L, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the window.
        groups: number of groups the channels are split into; ValueError if it does not divide
            ``in_channels``.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape (out_channels, kernel_size, in_channels // groups), uniform
    within ``1 / sqrt(in_channels * kernel_size)``, and ``bias`` of shape (out_channels,), zeros.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__(in_channels, out_channels, (kernel_size,), bias, groups)
        self.padding = padding
        self.dilation = dilation
        self.stride = stride
        self.groups = groups

    def _extra_repr(self) -> str:
        return self._describe("stride", "padding", "dilation", "groups")

    def __call__(self, x):
        y = mx.conv1d(x, self.weight, self.stride, self.padding, self.dilation, self.groups)
        return y + self.bias if "bias" in self else y


class Conv2d(_Convolution):
    """Cross-correlation over inputs of shape (N, H, W, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the window, one int or one per axis.
        groups: number of groups the channels are split into; ValueError if it does not divide
            ``in_channels``.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape ``(out_channels, *kernel_size, in_channels // groups)``, uniform
    within ``1 / sqrt(in_channels * kernel elements)``, and ``bias`` of shape (out_channels,), zeros.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Union[int, tuple],
        stride: Union[int, tuple] = 1,
        padding: Union[int, tuple] = 0,
        dilation: Union[int, tuple] = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__(in_channels, out_channels, _per_axis(kernel_size, 2), bias, groups)
        self.padding = _per_axis(padding, 2)
        self.stride = _per_axis(stride, 2)
        self.dilation = dilation
        self.groups = groups

    def _extra_repr(self) -> str:
        return self._describe("stride", "padding", "dilation", "groups")

    def __call__(self, x):
        y = mx.conv2d(x, self.weight, self.stride, self.padding, self.dilation, self.groups)
        return y + self.bias if "bias" in self else y


class Conv3d(_Convolution):
    """Cross-correlation over inputs of shape (N, D, H, W, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the window, one int or one per axis.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape ``(out_channels, *kernel_size, in_channels)``, uniform within
    ``1 / sqrt(in_channels * kernel elements)``, and ``bias`` of shape (out_channels,), zeros.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Union[int, tuple],
        stride: Union[int, tuple] = 1,
        padding: Union[int, tuple] = 0,
        dilation: Union[int, tuple] = 1,
        bias: bool = True,
    ):
        super().__init__(in_channels, out_channels, _per_axis(kernel_size, 3), bias)
        self.padding = _per_axis(padding, 3)
        self.stride = _per_axis(stride, 3)
        self.dilation = dilation

    def _extra_repr(self) -> str:
        return self._describe("stride", "padding", "dilation")

    def __call__(self, x):
        y = mx.conv3d(x, self.weight, self.stride, self.padding, self.dilation)
        return y + self.bias if "bias" in self else y
