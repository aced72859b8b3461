"""All layers and activation functions in one namespace."""

# `name as name`: a package that is typed re-exports only what is imported so.
from mlx.nn.layers.activations import (
    CELU as CELU,
    celu as celu,
    ELU as ELU,
    elu as elu,
    GELU as GELU,
    gelu as gelu,
    gelu_approx as gelu_approx,
    gelu_fast_approx as gelu_fast_approx,
    GLU as GLU,
    glu as glu,
    hard_shrink as hard_shrink,
    hard_tanh as hard_tanh,
    HardShrink as HardShrink,
    Hardswish as Hardswish,
    hardswish as hardswish,
    HardTanh as HardTanh,
    leaky_relu as leaky_relu,
    LeakyReLU as LeakyReLU,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    LogSigmoid as LogSigmoid,
    LogSoftmax as LogSoftmax,
    Mish as Mish,
    mish as mish,
    PReLU as PReLU,
    prelu as prelu,
    ReLU as ReLU,
    relu as relu,
    ReLU2 as ReLU2,
    relu2 as relu2,
    ReLU6 as ReLU6,
    relu6 as relu6,
    SELU as SELU,
    selu as selu,
    Sigmoid as Sigmoid,
    sigmoid as sigmoid,
    SiLU as SiLU,
    silu as silu,
    Softmax as Softmax,
    softmax as softmax,
    Softmin as Softmin,
    softmin as softmin,
    Softplus as Softplus,
    softplus as softplus,
    Softshrink as Softshrink,
    softshrink as softshrink,
    Softsign as Softsign,
    softsign as softsign,
    Step as Step,
    step as step,
    Tanh as Tanh,
    tanh as tanh,
)
from mlx.nn.layers.base import Module as Module
from mlx.nn.layers.containers import Sequential as Sequential
from mlx.nn.layers.convolution import (
    Conv1d as Conv1d,
    Conv2d as Conv2d,
    Conv3d as Conv3d,
)
from mlx.nn.layers.convolution_transpose import (
    ConvTranspose1d as ConvTranspose1d,
    ConvTranspose2d as ConvTranspose2d,
    ConvTranspose3d as ConvTranspose3d,
)
from mlx.nn.layers.distributed import (
    AllToShardedLinear as AllToShardedLinear,
    FullyShardedModule as FullyShardedModule,
    QuantizedAllToShardedLinear as QuantizedAllToShardedLinear,
    QuantizedShardedToAllLinear as QuantizedShardedToAllLinear,
    ShardedToAllLinear as ShardedToAllLinear,
    fully_shard as fully_shard,
)
from mlx.nn.layers.dropout import (
    Dropout as Dropout,
    Dropout2d as Dropout2d,
    Dropout3d as Dropout3d,
)
from mlx.nn.layers.embedding import Embedding as Embedding
from mlx.nn.layers.linear import (
    Bilinear as Bilinear,
    Identity as Identity,
    Linear as Linear,
)
from mlx.nn.layers.normalization import (
    BatchNorm as BatchNorm,
    GroupNorm as GroupNorm,
    InstanceNorm as InstanceNorm,
    LayerNorm as LayerNorm,
    RMSNorm as RMSNorm,
)
from mlx.nn.layers.pooling import (
    AvgPool1d as AvgPool1d,
    AvgPool2d as AvgPool2d,
    AvgPool3d as AvgPool3d,
    MaxPool1d as MaxPool1d,
    MaxPool2d as MaxPool2d,
    MaxPool3d as MaxPool3d,
)
from mlx.nn.layers.positional_encoding import (
    ALiBi as ALiBi,
    RoPE as RoPE,
    SinusoidalPositionalEncoding as SinusoidalPositionalEncoding,
)
from mlx.nn.layers.quantized import (
    QQLinear as QQLinear,
    QuantizedEmbedding as QuantizedEmbedding,
    QuantizedLinear as QuantizedLinear,
    quantize as quantize,
)
from mlx.nn.layers.recurrent import (
    GRU as GRU,
    LSTM as LSTM,
    RNN as RNN,
)
from mlx.nn.layers.transformer import (
    MultiHeadAttention as MultiHeadAttention,
    Transformer as Transformer,
    TransformerDecoder as TransformerDecoder,
    TransformerDecoderLayer as TransformerDecoderLayer,
    TransformerEncoder as TransformerEncoder,
    TransformerEncoderLayer as TransformerEncoderLayer,
)
from mlx.nn.layers.upsample import Upsample as Upsample
