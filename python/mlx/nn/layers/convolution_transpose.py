"""Transposed convolution layers over one, two and three spatial axes, channels last."""

from typing import Union

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.nn.layers.convolution import _initial_weight, _per_axis


def _describe(layer: Module, kernel_size: Union[int, tuple]) -> str:
    return (
        f"{layer.weight.shape[-1]}, {layer.weight.shape[0]}, kernel_size={kernel_size}, "
        f"stride={layer.stride}, padding={layer.padding}, dilation={layer.dilation}, "
        f"output_padding={layer.output_padding}, bias={'bias' in layer}"
    )


class ConvTranspose1d(Module):
    """Transposed convolution of inputs of shape (N, L, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the convolution this is the transpose of.
        output_padding: extra length at the end of the output.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape (out_channels, kernel_size, in_channels), uniform within
    ``1 / sqrt(in_channels * kernel_size)``, and ``bias`` of shape (out_channels,), zeros.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        output_padding: int = 0,
        bias: bool = True,
    ):
        super().__init__()
        self.weight = _initial_weight(out_channels, (kernel_size,), in_channels)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = padding
        self.dilation = dilation
        self.stride = stride
        self.output_padding = output_padding

    def _extra_repr(self) -> str:
        return _describe(self, self.weight.shape[1])

    def __call__(self, x):
        y = mx.conv_transpose1d(x, self.weight, self.stride, self.padding, self.dilation, self.output_padding)
        return y + self.bias if "bias" in self else y


class ConvTranspose2d(Module):
    """Transposed convolution of inputs of shape (N, H, W, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the convolution this is the transpose of, one
            int or one per axis.
        output_padding: extra length at the end of each spatial axis of the output.
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
        output_padding: Union[int, tuple] = 0,
        bias: bool = True,
    ):
        super().__init__()
        self.weight = _initial_weight(out_channels, _per_axis(kernel_size, 2), in_channels)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = _per_axis(padding, 2)
        self.stride = _per_axis(stride, 2)
        self.output_padding = _per_axis(output_padding, 2)
        self.dilation = dilation

    def _extra_repr(self) -> str:
        return _describe(self, self.weight.shape[1:-1])

    def __call__(self, x):
        y = mx.conv_transpose2d(x, self.weight, self.stride, self.padding, self.dilation, self.output_padding)
        return y + self.bias if "bias" in self else y


class ConvTranspose3d(Module):
    """Transposed convolution of inputs of shape (N, D, H, W, in_channels).

    The arguments and parameters are those of :class:`ConvTranspose2d`, with one more axis.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Union[int, tuple],
        stride: Union[int, tuple] = 1,
        padding: Union[int, tuple] = 0,
        dilation: Union[int, tuple] = 1,
        output_padding: Union[int, tuple] = 0,
        bias: bool = True,
    ):
        super().__init__()
        self.weight = _initial_weight(out_channels, _per_axis(kernel_size, 3), in_channels)
        if bias:
            self.bias = mx.zeros((out_channels,))
        self.padding = _per_axis(padding, 3)
        self.stride = _per_axis(stride, 3)
        self.output_padding = _per_axis(output_padding, 3)
        self.dilation = dilation

    def _extra_repr(self) -> str:
        return _describe(self, self.weight.shape[1:-1])

    def __call__(self, x):
        y = mx.conv_transpose3d(x, self.weight, self.stride, self.padding, self.dilation, self.output_padding)
        return y + self.bias if "bias" in self else y
