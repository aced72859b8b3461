"""Linear layers and embeddings with packed low-precision weights, and quantize, which puts them in place."""

import math
from typing import Callable, Optional, Tuple, Union

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.utils import tree_map_with_path

# mode -> (group size, bits) used when they are not given
_DEFAULTS = {"affine": (64, 4), "mxfp4": (32, 4), "nvfp4": (16, 4), "mxfp8": (32, 8)}


def _complete(mode: str, group_size: Optional[int], bits: Optional[int]) -> Tuple[int, int]:
    """``group_size`` and ``bits``, replaced by the defaults of ``mode`` where they are None."""
    if mode not in _DEFAULTS:
        raise ValueError(f"[quantize] mode must be one of {', '.join(_DEFAULTS)}, not {mode!r}.")
    default_group_size, default_bits = _DEFAULTS[mode]
    return (
        default_group_size if group_size is None else group_size,
        default_bits if bits is None else bits,
    )


def quantize(
    model: Module,
    group_size: Optional[int] = None,
    bits: Optional[int] = None,
    *,
    mode: str = "affine",
    quantize_input: bool = False,
    class_predicate: Optional[Callable[[str, Module], Union[bool, dict]]] = None,
) -> None:
    """Replace the leaf modules of ``model`` by their quantized forms, in place.

    Args:
        group_size, bits, mode: as in :func:`mlx.core.quantize`.
        quantize_input: quantize the inputs of linear layers too.
        class_predicate: ``class_predicate(path, module)`` says which modules to replace; a dict
            gives the arguments of ``to_quantized``. By default all that have ``to_quantized``.

    Raises:
        ValueError: a chosen module has no ``to_quantized``, or the predicate's value is neither
            a bool nor a dict.
    """
    chosen = class_predicate or (lambda _, module: hasattr(module, "to_quantized"))

    def replacement(path: str, module: Module) -> Module:
        choice = chosen(path, module)
        if not choice:
            return module
        if not hasattr(module, "to_quantized"):
            raise ValueError(f"[quantize] {path} of type {type(module).__name__} has no quantized form.")
        if isinstance(choice, dict):
            return module.to_quantized(**choice)
        if not isinstance(choice, bool):
            raise ValueError("[quantize] class_predicate must return a bool or a dict of arguments.")
        arguments = dict(group_size=group_size, bits=bits, mode=mode)
        if quantize_input:
            arguments["quantize_input"] = True
        return module.to_quantized(**arguments)

    model.update_modules(tree_map_with_path(replacement, model.leaf_modules(), is_leaf=Module.is_module))


class _Packed(Module):
    """The common part of the layers with a packed weight: packing it, its product, its description."""

    def __init__(self, group_size: int, bits: int, mode: str):
        super().__init__()
        self.group_size = group_size
        self.bits = bits
        self.mode = mode

    def _pack(self, weight: mx.array) -> None:
        self.weight, self.scales, *biases = mx.quantize(weight, self.group_size, self.bits, mode=self.mode)
        self.biases = biases[0] if biases else None

    def _fill(self, shape: Tuple[int, int], input_dims: int, bias: bool) -> None:
        """Draw a weight as a :class:`Linear` with ``input_dims`` does and pack it; the bias is zero, all is frozen."""
        bound = math.sqrt(1 / input_dims)
        self._pack(mx.random.uniform(low=-bound, high=bound, shape=shape))
        if bias:
            self.bias = mx.zeros(shape[:1])
        self.freeze()

    def _matmul(self, x: mx.array) -> mx.array:
        """``x`` times the transposed weight."""
        return mx.quantized_matmul(
            x,
            self["weight"],
            scales=self["scales"],
            biases=self.get("biases"),
            transpose=True,
            group_size=self.group_size,
            bits=self.bits,
            mode=self.mode,
        )

    def _describe_packing(self) -> str:
        return f"group_size={self.group_size}, bits={self.bits}, mode={self.mode}"

    def _whole_shape(self) -> Tuple[int, int]:
        """Rows and columns of the weight before it was packed."""
        rows, words = self.weight.shape
        return rows, words * 32 // self.bits


class QuantizedEmbedding(_Packed):
    """:class:`Embedding` with packed rows that are dequantized after the lookup.

    Args:
        num_embeddings, dims: shape of the full-precision table.
        group_size, bits, mode: as in :func:`mlx.core.quantize`.

    Parameters (frozen): ``weight`` uint32, ``scales``, and ``biases`` in mode ``affine``.
    """

    def __init__(
        self,
        num_embeddings: int,
        dims: int,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
    ):
        super().__init__(*_complete(mode, group_size, bits), mode)
        self._pack(mx.random.normal(shape=(num_embeddings, dims), scale=math.sqrt(1 / dims)))
        self.num_embeddings = num_embeddings
        self.dims = dims
        self.freeze()

    def _extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.dims}, {self._describe_packing()}"

    def __call__(self, x):
        biases = self.get("biases")
        return mx.dequantize(
            self["weight"][x],
            scales=self["scales"][x],
            biases=None if biases is None else biases[x],
            group_size=self.group_size,
            bits=self.bits,
            mode=self.mode,
        )

    def as_linear(self, x):
        """``x`` times the transposed table, to use it as an output projection."""
        return self._matmul(x)

    @classmethod
    def from_embedding(
        cls,
        embedding_layer: Module,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
    ):
        """Quantize the table of an :class:`Embedding`."""
        layer = cls(*embedding_layer.weight.shape, group_size, bits, mode=mode)
        layer._pack(embedding_layer.weight)
        return layer


class QuantizedLinear(_Packed):
    """:class:`Linear` with a packed weight: ``quantized_matmul(x, weight, transpose=True) + bias``.

    Args:
        input_dims, output_dims, bias: as in :class:`Linear`.
        group_size, bits, mode: as in :func:`mlx.core.quantize`.

    Parameters (frozen): ``weight`` uint32, ``scales``, ``biases`` in mode ``affine``, ``bias``.
    """

    def __init__(
        self,
        input_dims: int,
        output_dims: int,
        bias: bool = True,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
    ):
        super().__init__(*_complete(mode, group_size, bits), mode)
        self._fill((output_dims, input_dims), input_dims, bias)

    def _extra_repr(self) -> str:
        output_dims, input_dims = self._whole_shape()
        bias = "bias" in self
        return f"input_dims={input_dims}, output_dims={output_dims}, bias={bias}, {self._describe_packing()}"

    def __call__(self, x):
        x = self._matmul(x)
        return x + self["bias"] if "bias" in self else x

    @classmethod
    def from_linear(
        cls,
        linear_layer: Module,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
    ):
        """Quantize the weight of a :class:`Linear`; its bias is taken over and stays trainable."""
        output_dims, input_dims = linear_layer.weight.shape
        layer = cls(input_dims, output_dims, False, group_size, bits, mode=mode)
        layer._pack(linear_layer.weight)
        if "bias" in linear_layer:
            layer.bias = linear_layer.bias
        return layer


class QQLinear(_Packed):
    """Linear layer without bias whose inputs are quantized as well as its weight.

    In training mode the weight is kept in full precision and quantized for each call; in
    evaluation mode it is packed and accompanied by ``scales``.

    Args:
        input_dims, output_dims: as in :class:`Linear`.
        group_size, bits, mode: as in :func:`mlx.core.qqmm` (modes ``nvfp4`` and ``mxfp8``).
    """

    def __init__(
        self,
        input_dims: int,
        output_dims: int,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "nvfp4",
    ):
        super().__init__(*_complete(mode, group_size, bits), mode)
        bound = math.sqrt(1 / input_dims)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=(output_dims, input_dims))
        self._quantized = False

    def _extra_repr(self) -> str:
        output_dims, input_dims = self._whole_shape() if self._quantized else self.weight.shape
        return f"input_dims={input_dims}, output_dims={output_dims}, {self._describe_packing()}"

    def quantize(self) -> None:
        """Pack the weight and add ``scales``, unless that is done already."""
        if self._quantized:
            return
        self.weight, self.scales = mx.quantize(self.weight, self.group_size, self.bits, mode=self.mode)
        self._quantized = True

    def dequantize(self) -> None:
        """Turn a packed weight back into a full-precision one, and drop ``scales``."""
        if not self._quantized:
            return
        self.weight = mx.dequantize(
            self.weight,
            scales=self.scales,
            group_size=self.group_size,
            bits=self.bits,
            mode=self.mode,
        )
        del self.scales
        self._quantized = False

    def _set_training_mode(self, mode: bool) -> None:
        super()._set_training_mode(mode)
        self.dequantize() if mode else self.quantize()

    def __call__(self, x):
        return mx.qqmm(
            x,
            self["weight"],
            scales=self.get("scales"),
            group_size=self.group_size,
            bits=self.bits,
            mode=self.mode,
        )

    @classmethod
    def from_linear(
        cls,
        linear_layer: Module,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "nvfp4",
    ):
        """Take over the weight and the mode of a :class:`Linear` without bias.

        Raises:
            NotImplementedError: the layer has a bias.
        """
        if "bias" in linear_layer:
            raise NotImplementedError("[QQLinear] A bias is not supported.")
        output_dims, input_dims = linear_layer.weight.shape
        layer = cls(input_dims, output_dims, group_size, bits, mode=mode)
        layer.weight = linear_layer.weight
        layer.train(linear_layer.training)
        return layer
