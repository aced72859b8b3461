"""Convolution layers over one, two and three spatial axes, channels last."""

import math
from typing import Union

import mlx.core as mx
from mlx.nn.layers.base import Module


def _per_axis(value: Union[int, tuple], axes: int) -> tuple:
    """An int repeated for each spatial axis; anything else as it is."""
    return (value,) * axes if isinstance(value, int) else value


def _initial_weight(out_channels: int, kernel_size: tuple, in_channels: int, groups: int = 1) -> mx.array:
    """Uniform weight of shape (out_channels, *kernel_size, in_channels // groups)."""
    bound = math.sqrt(1 / (in_channels * math.prod(kernel_size)))
    shape = (out_channels, *kernel_size, in_channels // groups)
    return mx.random.uniform(low=-bound, high=bound, shape=shape)


def _check_groups(in_channels: int, groups: int) -> None:
    if in_channels % groups != 0:
        raise ValueError(f"[Conv] {in_channels} input channels cannot be split into {groups} groups.")


class Conv1d(Module):
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
        super().__init__()
        _check_groups(in_channels, groups)
        self.weight = _initial_weight(out_channels, (kernel_size,), in_channels, groups)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = padding
        self.dilation = dilation
        self.stride = stride
        self.groups = groups

    def _extra_repr(self) -> str:
        return (
            f"{self.weight.shape[-1] * self.groups}, {self.weight.shape[0]}, "
            f"kernel_size={self.weight.shape[1]}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, groups={self.groups}, bias={'bias' in self}"
        )

    def __call__(self, x):
        y = mx.conv1d(x, self.weight, self.stride, self.padding, self.dilation, self.groups)
        return y + self.bias if "bias" in self else y


class Conv2d(Module):
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
        super().__init__()
        _check_groups(in_channels, groups)
        self.weight = _initial_weight(out_channels, _per_axis(kernel_size, 2), in_channels, groups)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = _per_axis(padding, 2)
        self.stride = _per_axis(stride, 2)
        self.dilation = dilation
        self.groups = groups

    def _extra_repr(self) -> str:
        return (
            f"{self.weight.shape[-1] * self.groups}, {self.weight.shape[0]}, "
            f"kernel_size={self.weight.shape[1:-1]}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, groups={self.groups}, bias={'bias' in self}"
        )

    def __call__(self, x):
        y = mx.conv2d(x, self.weight, self.stride, self.padding, self.dilation, self.groups)
        return y + self.bias if "bias" in self else y


class Conv3d(Module):
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
        super().__init__()
        self.weight = _initial_weight(out_channels, _per_axis(kernel_size, 3), in_channels)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = _per_axis(padding, 3)
        self.stride = _per_axis(stride, 3)
        self.dilation = dilation

    def _extra_repr(self) -> str:
        return (
            f"{self.weight.shape[-1]}, {self.weight.shape[0]}, "
            f"kernel_size={self.weight.shape[1:-1]}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, bias={'bias' in self}"
        )

    def __call__(self, x):
        y = mx.conv3d(x, self.weight, self.stride, self.padding, self.dilation)
        return y + self.bias if "bias" in self else y
