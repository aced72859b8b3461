"""Convolution layers over one, two and three spatial axes, channels last."""

import math
from typing import Union

import mlx.core as mx
from mlx.nn.layers.base import Module


class _Convolution(Module):
    """The common part of the convolutions and their transposes: parameters, arguments and description."""

    _SPATIAL: int
    _ARGUMENTS = ("stride", "padding", "dilation", "groups")

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation, bias, groups=1):
        super().__init__()
        if in_channels % groups != 0:
            raise ValueError(
                f"[Conv] {in_channels} input channels must be divisible by the number of groups, {groups}."
            )
        kernel_size = (kernel_size,) if self._SPATIAL == 1 else self._per_axis(kernel_size)
        bound = math.sqrt(1 / (in_channels // groups * math.prod(kernel_size)))
        shape = (out_channels, *kernel_size, in_channels // groups)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=shape)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = self._per_axis(padding)
        self.stride = self._per_axis(stride)
        self.dilation = dilation

    def _per_axis(self, value: Union[int, tuple]) -> Union[int, tuple]:
        """An int repeated for each of several spatial axes; anything else as it is."""
        if self._SPATIAL == 1 or not isinstance(value, int):
            return value
        return (value,) * self._SPATIAL

    def _extra_repr(self) -> str:
        out_channels, *kernel_size, in_channels = self.weight.shape
        in_channels *= getattr(self, "groups", 1)
        size = kernel_size[0] if len(kernel_size) == 1 else tuple(kernel_size)
        values = ", ".join(f"{name}={getattr(self, name)}" for name in self._ARGUMENTS)
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
    within ``1 / sqrt(in_channels / groups * kernel_size)``, and ``bias`` of shape (out_channels,), zeros.
    """

    _SPATIAL = 1

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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, bias, groups)
        self.groups = groups

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
    within ``1 / sqrt(in_channels / groups * kernel elements)``, and ``bias`` of shape (out_channels,), zeros.
    """

    _SPATIAL = 2

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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, bias, groups)
        self.groups = groups

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

    _SPATIAL = 3
    _ARGUMENTS = ("stride", "padding", "dilation")

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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, bias)

    def __call__(self, x):
        y = mx.conv3d(x, self.weight, self.stride, self.padding, self.dilation)
        return y + self.bias if "bias" in self else y
