"""Transposed convolution layers over one, two and three spatial axes, channels last."""

from typing import Callable, Union

import mlx.core as mx
from mlx.nn.layers.convolution import _Convolution


class _ConvTranspose(_Convolution):
    """The common part of the transposed convolutions; ``_OPERATION`` is the one of mlx.core."""

    _OPERATION: Callable
    _ARGUMENTS = ("stride", "padding", "dilation", "output_padding")

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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, bias)
        self.output_padding = self._per_axis(output_padding)

    def __call__(self, x):
        transpose = type(self)._OPERATION
        y = transpose(x, self.weight, self.stride, self.padding, self.dilation, self.output_padding)
        return y + self.bias if "bias" in self else y


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of inputs of shape (N, L, in_channels).

    Args:
        in_channels, out_channels: sizes of the last axes of input and output.
        kernel_size, stride, padding, dilation: of the convolution this is the transpose of.
        output_padding: extra length at the end of the output.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape (out_channels, kernel_size, in_channels), uniform within
    ``1 / sqrt(in_channels * kernel_size)``, and ``bias`` of shape (out_channels,), zeros.
    """

    _SPATIAL, _OPERATION = 1, mx.conv_transpose1d

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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, bias)


class ConvTranspose2d(_ConvTranspose):
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

    _SPATIAL, _OPERATION = 2, mx.conv_transpose2d


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of inputs of shape (N, D, H, W, in_channels).

    The arguments and parameters are those of :class:`ConvTranspose2d`, with one more axis.
    """

    _SPATIAL, _OPERATION = 3, mx.conv_transpose3d
