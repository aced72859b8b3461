"""Embedding, a table of vectors that is looked up by row."""

import math
from typing import Optional

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.nn.layers.quantized import QuantizedEmbedding


class Embedding(Module):
    """``weight[ids]`` for integer ``ids`` of any shape.

    Args:
        num_embeddings: number of rows.
        dims: length of a row.

    Parameter: ``weight`` of shape (num_embeddings, dims), normal with deviation ``1 / sqrt(dims)``.
    """

    def __init__(self, num_embeddings: int, dims: int):
        super().__init__()
        self.weight = mx.random.normal(shape=(num_embeddings, dims), scale=math.sqrt(1 / dims))

    def _extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"

    def __call__(self, x):
        return self["weight"][x]

    def as_linear(self, x):
        """``x @ weight.T``, to use the table as an output projection."""
        return x @ self["weight"].T

    def to_quantized(
        self,
        group_size: Optional[int] = None,
        bits: Optional[int] = None,
        mode: str = "affine",
        quantize_input: bool = False,
    ) -> QuantizedEmbedding:
        """The quantized form of this layer; ``quantize_input`` must be False (ValueError)."""
        if quantize_input:
            raise ValueError("[to_quantized] An embedding has no inputs to quantize.")
        return QuantizedEmbedding.from_embedding(self, group_size, bits, mode)
