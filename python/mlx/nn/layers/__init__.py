"""All layers and activation functions in one namespace."""

from mlx.nn.layers.activations import (
    CELU,
    celu,
    ELU,
    elu,
    GELU,
    gelu,
    gelu_approx,
    gelu_fast_approx,
    GLU,
    glu,
    hard_shrink,
    hard_tanh,
    HardShrink,
    Hardswish,
    hardswish,
    HardTanh,
    leaky_relu,
    LeakyReLU,
    log_sigmoid,
    log_softmax,
    LogSigmoid,
    LogSoftmax,
    Mish,
    mish,
    PReLU,
    prelu,
    ReLU,
    relu,
    ReLU2,
    relu2,
    ReLU6,
    relu6,
    SELU,
    selu,
    Sigmoid,
    sigmoid,
    SiLU,
    silu,
    Softmax,
    softmax,
    Softmin,
    softmin,
    Softplus,
    softplus,
    Softshrink,
    softshrink,
    Softsign,
    softsign,
    Step,
    step,
    Tanh,
    tanh,
)
from mlx.nn.layers.base import Module
from mlx.nn.layers.containers import Sequential
from mlx.nn.layers.convolution import Conv1d, Conv2d, Conv3d
from mlx.nn.layers.convolution_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from mlx.nn.layers.distributed import (
    AllToShardedLinear,
    FullyShardedModule,
    QuantizedAllToShardedLinear,
    QuantizedShardedToAllLinear,
    ShardedToAllLinear,
    fully_shard,
)
from mlx.nn.layers.dropout import Dropout, Dropout2d, Dropout3d
from mlx.nn.layers.embedding import Embedding
from mlx.nn.layers.linear import Bilinear, Identity, Linear
from mlx.nn.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from mlx.nn.layers.pooling import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from mlx.nn.layers.positional_encoding import ALiBi, RoPE, SinusoidalPositionalEncoding
from mlx.nn.layers.quantized import QQLinear, QuantizedEmbedding, QuantizedLinear, quantize
from mlx.nn.layers.recurrent import GRU, LSTM, RNN
from mlx.nn.layers.transformer import (
    MultiHeadAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from mlx.nn.layers.upsample import Upsample
