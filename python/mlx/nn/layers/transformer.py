"""Multi-head attention and the encoder-decoder transformer built from it."""

import math
from typing import Any, Callable, Optional, Tuple

import mlx.core as mx
from mlx.nn.layers.activations import relu
from mlx.nn.layers.base import Module
from mlx.nn.layers.dropout import Dropout
from mlx.nn.layers.linear import Linear
from mlx.nn.layers.normalization import LayerNorm
from mlx.nn.utils import checkpoint


class MultiHeadAttention(Module):
    """Scaled dot-product attention in several heads (https://arxiv.org/abs/1706.03762).

    Args:
        dims: size of the projected queries and keys, divisible by ``num_heads`` (ValueError).
        num_heads: number of heads.
        query_input_dims, key_input_dims: sizes of the inputs, ``dims`` by default.
        value_input_dims: size of the values, ``key_input_dims`` by default.
        value_dims: size of the projected values, ``dims`` by default.
        value_output_dims: size of the output, ``dims`` by default.
        bias: whether the four projections have a bias.
    """

    def __init__(
        self,
        dims: int,
        num_heads: int,
        query_input_dims: Optional[int] = None,
        key_input_dims: Optional[int] = None,
        value_input_dims: Optional[int] = None,
        value_dims: Optional[int] = None,
        value_output_dims: Optional[int] = None,
        bias: bool = False,
    ):
        super().__init__()
        if dims % num_heads != 0:
            raise ValueError(f"[MultiHeadAttention] {dims} dims cannot be split into {num_heads} heads.")
        query_input_dims = query_input_dims or dims
        key_input_dims = key_input_dims or dims
        value_input_dims = value_input_dims or key_input_dims
        value_dims = value_dims or dims
        value_output_dims = value_output_dims or dims

        self.num_heads = num_heads
        self.query_proj = Linear(query_input_dims, dims, bias=bias)
        self.key_proj = Linear(key_input_dims, dims, bias=bias)
        self.value_proj = Linear(value_input_dims, value_dims, bias=bias)
        self.out_proj = Linear(value_dims, value_output_dims, bias=bias)

    def __call__(self, queries, keys, values, mask=None):
        """Attend from ``queries`` (B, Lq, ...) to ``keys`` and ``values`` (B, Lk, ...).

        ``mask`` is added, or keeps where True, and broadcasts to (B, num_heads, Lq, Lk).
        """
        queries = self._split_heads(self.query_proj(queries))
        keys = self._split_heads(self.key_proj(keys))
        values = self._split_heads(self.value_proj(values))

        scale = math.sqrt(1 / queries.shape[-1])
        output = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=scale, mask=mask)
        return self.out_proj(output.transpose(0, 2, 1, 3).flatten(-2, -1))

    def _split_heads(self, x: mx.array) -> mx.array:
        return mx.unflatten(x, -1, (self.num_heads, -1)).transpose(0, 2, 1, 3)

    @staticmethod
    def create_additive_causal_mask(N: int, dtype: mx.Dtype = mx.float32) -> mx.array:
        """Shape (N, N): zero up to the diagonal, the lowest finite value of ``dtype`` above it."""
        positions = mx.arange(N)
        return (positions[:, None] < positions[None]).astype(dtype) * mx.finfo(dtype).min


class _LayerStack(Module):
    """The common part of encoder and decoder: layers, one after the other, and a final norm."""

    _LAYER: Callable[..., Module]

    def __init__(
        self,
        num_layers: int,
        dims: int,
        num_heads: int,
        mlp_dims: Optional[int] = None,
        dropout: float = 0.0,
        activation=relu,
        norm_first: bool = True,
        checkpoint: bool = False,
    ):
        super().__init__()
        self.layers = [
            self._LAYER(dims, num_heads, mlp_dims, dropout, activation, norm_first) for _ in range(num_layers)
        ]
        self.ln = LayerNorm(dims)
        self.checkpoint = checkpoint

    def _run(self, x: mx.array, *others: Optional[mx.array]) -> mx.array:
        """Send ``x`` through all layers; each gets the same ``others``."""
        for layer in self.layers:
            x = (checkpoint(layer) if self.checkpoint else layer)(x, *others)
        return self.ln(x)


class _TransformerLayer(Module):
    """The common part of both kinds of layer: attentions, then a two-layer perceptron, with residual connections."""

    _ATTENTIONS: Tuple[str, ...]

    def __init__(
        self,
        dims: int,
        num_heads: int,
        mlp_dims: Optional[int] = None,
        dropout: float = 0.0,
        activation: Callable[[Any], Any] = relu,
        norm_first: bool = True,
    ):
        super().__init__()
        mlp_dims = mlp_dims or dims * 4
        parts = range(1, len(self._ATTENTIONS) + 2)  # the attentions and the perceptron
        for name in self._ATTENTIONS:
            setattr(self, name, MultiHeadAttention(dims, num_heads))
        for i in parts:
            setattr(self, f"ln{i}", LayerNorm(dims))
        self.linear1 = Linear(dims, mlp_dims)
        self.linear2 = Linear(mlp_dims, dims)
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation
        self.norm_first = norm_first

    def _residual(self, x: mx.array, norm: Module, part: Callable[[mx.array], mx.array]) -> mx.array:
        """``x`` plus ``part`` of it, normalized before that part or after the sum."""
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))

    def _perceptron(self, x: mx.array, dropout: Module) -> mx.array:
        return self.linear2(dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_TransformerLayer):
    """Self attention, then a two-layer perceptron, both with a residual connection.

    Args:
        dims: size of the last axis.
        num_heads: of the attention.
        mlp_dims: inner size of the perceptron, ``4 * dims`` by default.
        dropout: probability of :class:`Dropout`.
        activation: of the perceptron.
        norm_first: normalize before each part (https://arxiv.org/abs/2002.04745), not after it.
    """

    _ATTENTIONS = ("attention",)

    def __call__(self, x, mask):
        x = self._residual(x, self.ln1, lambda y: self.dropout1(self.attention(y, y, y, mask)))
        return self._residual(x, self.ln2, lambda y: self._perceptron(y, self.dropout2))


class TransformerEncoder(_LayerStack):
    """``num_layers`` of :class:`TransformerEncoderLayer` and a final :class:`LayerNorm`.

    Args:
        num_layers: number of layers.
        dims, num_heads, mlp_dims, dropout, activation, norm_first: of each layer.
        checkpoint: recompute the layers in the backward pass to save memory.
    """

    _LAYER = TransformerEncoderLayer

    def __call__(self, x, mask):
        return self._run(x, mask)


class TransformerDecoderLayer(_TransformerLayer):
    """Self attention, attention over ``memory`` and a perceptron, each with a residual connection.

    The arguments are those of :class:`TransformerEncoderLayer`.
    """

    _ATTENTIONS = ("self_attention", "cross_attention")

    def __call__(self, x, memory, x_mask, memory_mask):
        x = self._residual(x, self.ln1, lambda y: self.dropout1(self.self_attention(y, y, y, x_mask)))
        x = self._residual(x, self.ln2, lambda y: self.dropout2(self.cross_attention(y, memory, memory, memory_mask)))
        return self._residual(x, self.ln3, lambda y: self._perceptron(y, self.dropout3))


class TransformerDecoder(_LayerStack):
    """``num_layers`` of :class:`TransformerDecoderLayer` and a final :class:`LayerNorm`.

    The arguments are those of :class:`TransformerEncoder`.
    """

    _LAYER = TransformerDecoderLayer

    def __call__(self, x, memory, x_mask, memory_mask):
        return self._run(x, memory, x_mask, memory_mask)


class Transformer(Module):
    """Encoder and decoder (https://arxiv.org/abs/1706.03762).

    Args:
        dims: size of the last axis.
        num_heads, mlp_dims, dropout, activation, norm_first: of every layer.
        num_encoder_layers, num_decoder_layers: numbers of layers.
        custom_encoder, custom_decoder: modules to use instead.
        checkpoint: recompute the layers in the backward pass to save memory.
    """

    def __init__(
        self,
        dims: int = 512,
        num_heads: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        mlp_dims: Optional[int] = None,
        dropout: float = 0.0,
        activation: Callable[[Any], Any] = relu,
        custom_encoder: Optional[Any] = None,
        custom_decoder: Optional[Any] = None,
        norm_first: bool = True,
        checkpoint: bool = False,
    ):
        super().__init__()
        shared = (dims, num_heads, mlp_dims, dropout, activation, norm_first, checkpoint)
        if custom_encoder is None:
            custom_encoder = TransformerEncoder(num_encoder_layers, *shared)
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(num_decoder_layers, *shared)
        self.encoder = custom_encoder
        self.decoder = custom_decoder

    def __call__(self, src, tgt, src_mask, tgt_mask, memory_mask):
        return self.decoder(tgt, self.encoder(src, src_mask), tgt_mask, memory_mask)
