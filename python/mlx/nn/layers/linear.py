"""Affine and bilinear layers, and the identity."""

import math
from typing import Any, Optional, Union

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.nn.layers.quantized import QQLinear, QuantizedLinear


class Identity(Module):
    """Returns its input; constructor arguments are ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def __call__(self, x: mx.array) -> mx.array:
        return x


class Linear(Module):
    """``x @ weight.T + bias`` over the last axis.

    Args:
        input_dims: size of the last axis of the input.
        output_dims: size of the last axis of the output.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape (output_dims, input_dims) and ``bias`` of shape (output_dims,),
    both uniform within ``1 / sqrt(input_dims)``.
    """

    def __init__(self, input_dims: int, output_dims: int, bias: bool = True) -> None:
        super().__init__()
        bound = math.sqrt(1.0 / input_dims)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=(output_dims, input_dims))
        if bias:
            self.bias = mx.random.uniform(low=-bound, high=bound, shape=(output_dims,))

    def _extra_repr(self) -> str:
        output_dims, input_dims = self.weight.shape
        return f"input_dims={input_dims}, output_dims={output_dims}, bias={'bias' in self}"

    def __call__(self, x: mx.array) -> mx.array:
        if "bias" in self:
            return mx.addmm(self["bias"], x, self["weight"].T)
        return x @ self["weight"].T

    def to_quantized(
        self,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
        quantize_input: bool = False,
    ) -> Union[QuantizedLinear, QQLinear]:
        """The quantized form of this layer.

        Args:
            group_size, bits, mode: as in :func:`mlx.core.quantize`.
            quantize_input: quantize the inputs too (modes ``nvfp4`` and ``mxfp8``).

        Raises:
            ValueError: ``quantize_input`` with another mode.
        """
        if not quantize_input:
            return QuantizedLinear.from_linear(self, group_size, bits, mode=mode)
        if mode not in ("nvfp4", "mxfp8"):
            raise ValueError(f"[to_quantized] Inputs can be quantized with nvfp4 or mxfp8, not with {mode}.")
        return QQLinear.from_linear(self, group_size, bits, mode=mode)


class Bilinear(Module):
    """``y[o] = x2 . weight[o] . x1 + bias[o]`` over the last axes.

    Args:
        input1_dims, input2_dims: sizes of the last axes of the two inputs.
        output_dims: size of the last axis of the output.
        bias: whether there is a bias.

    Parameters: ``weight`` of shape (output_dims, input2_dims, input1_dims) and ``bias`` of shape
    (output_dims,), both uniform within ``1 / sqrt(input1_dims)``.
    """

    def __init__(self, input1_dims: int, input2_dims: int, output_dims: int, bias: bool = True) -> None:
        super().__init__()
        bound = math.sqrt(1.0 / input1_dims)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=(output_dims, input2_dims, input1_dims))
        if bias:
            self.bias = mx.random.uniform(low=-bound, high=bound, shape=(output_dims,))

    def _extra_repr(self) -> str:
        output_dims, input2_dims, input1_dims = self.weight.shape
        return f"input1_dims={input1_dims}, input2_dims={input2_dims}, output_dims={output_dims}, bias={'bias' in self}"

    def __call__(self, x1: mx.array, x2: mx.array) -> mx.array:
        output_dims, input2_dims, input1_dims = self.weight.shape
        batch = x1.shape[:-1]
        x1 = x1.reshape(-1, input1_dims)
        x2 = x2.reshape(-1, input2_dims, 1)

        y = (x1 @ self.weight.reshape(-1, input1_dims).T).reshape(-1, output_dims, input2_dims)
        y = (y @ x2).reshape(*batch, output_dims)
        return y + self.bias if "bias" in self else y
