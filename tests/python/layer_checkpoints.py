"""Checkpoints of every layer that has parameters, to be written under one MLX and read under another.

    python layer_checkpoints.py --write FOLDER    # of each family: FAMILY.safetensors, FAMILY.values.safetensors
    python layer_checkpoints.py --check FOLDER    # loads the weights strictly, runs the inputs, compares the outputs

data/layers was written by MLX 0.32.2 itself, its CPU build. The first file of a family is what `save_weights` of one
module holding its layers leaves; the second has the inputs (`layer.in.0`) and the outputs (`layer.out.0`).
"""

import argparse
import math
import zlib
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

DATA = Path(__file__).parent / "data" / "layers"


def uniform(name: str, shape, low: float = -0.5, high: float = 0.5) -> mx.array:
    """Values that depend on the name and the shape alone."""
    draws = np.random.default_rng(zlib.crc32(name.encode()))
    return mx.array(draws.uniform(low, high, shape).astype(np.float32))


class Case:
    """A layer, the shapes of its inputs (or the inputs), and how it is called when not as layer(*inputs)."""

    def __init__(self, make, *inputs, call=None):
        self.make = make
        self.inputs = [uniform(f"input {i}", x) if isinstance(x, tuple) else x for i, x in enumerate(inputs)]
        self.call = call or (lambda layer, *inputs: layer(*inputs))

    def outputs(self, layer, inputs):
        return [out for _, out in tree_flatten([self.call(layer, *inputs)])]


def in_dtype(layer, dtype):
    layer.set_dtype(dtype)
    return layer


def quantized(layer, *arguments, **keywords):
    """The layers inside a Sequential, those that can be quantised being so."""
    model = nn.Sequential(*layer)
    nn.quantize(model, *arguments, **keywords)
    return model


def after_training_step(norm, x):
    return [norm.train()(x), norm.running_mean, norm.running_var, norm.eval()(x)]


TOKENS = mx.array([[1, 5, 0], [3, 3, 2]])
CAUSAL = nn.MultiHeadAttention.create_additive_causal_mask(5)
AFFINE = {
    f"affine_{bits}_bits_groups_of_{size}": Case(
        lambda bits=bits, size=size: nn.QuantizedLinear(128, 16, group_size=size, bits=bits), (3, 128)
    )
    for bits, size in [(2, 64), (3, 32), (4, 64), (5, 128), (6, 32), (8, 128)]
}

FAMILIES = {
    "linear": {
        "linear": Case(lambda: nn.Linear(6, 4), (3, 6)),
        "without_bias": Case(lambda: nn.Linear(6, 4, bias=False), (2, 3, 6)),
        "float16": Case(lambda: in_dtype(nn.Linear(6, 4), mx.float16), uniform("half", (3, 6)).astype(mx.float16)),
        "bfloat16": Case(lambda: in_dtype(nn.Linear(6, 4), mx.bfloat16), uniform("b", (3, 6)).astype(mx.bfloat16)),
        "bilinear": Case(lambda: nn.Bilinear(3, 4, 5), (2, 3), (2, 4)),
        "nested": Case(lambda: nn.Sequential(nn.Linear(6, 8), nn.Sequential(nn.GELU(), nn.Linear(8, 3))), (2, 6)),
        "prelu": Case(lambda: nn.PReLU(4), (3, 4)),
    },
    "sharded": {
        "to_sharded": Case(lambda: nn.AllToShardedLinear(6, 4), (3, 6)),
        "to_all": Case(lambda: nn.ShardedToAllLinear(6, 4), (3, 6)),
        "quantized_to_sharded": Case(lambda: nn.QuantizedAllToShardedLinear(64, 8), (3, 64)),
        "quantized_to_all": Case(lambda: nn.QuantizedShardedToAllLinear(64, 8, bits=8), (3, 64)),
    },
    "embedding": {
        "embedding": Case(lambda: nn.Embedding(6, 8), TOKENS),
        "as_linear": Case(lambda: nn.Embedding(6, 8), (2, 8), call=lambda layer, x: layer.as_linear(x)),
    },
    "convolution": {
        "conv1d": Case(lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), (2, 9, 4)),
        "conv2d": Case(lambda: nn.Conv2d(3, 5, (3, 2), padding=1, dilation=2), (2, 7, 8, 3)),
        "conv2d_depthwise": Case(lambda: nn.Conv2d(4, 4, 3, groups=4, bias=False), (1, 6, 6, 4)),
        "conv3d": Case(lambda: nn.Conv3d(2, 3, 2, stride=(1, 2, 1)), (1, 4, 5, 4, 2)),
        "transposed1d": Case(lambda: nn.ConvTranspose1d(4, 3, 3, stride=2, padding=1, output_padding=1), (2, 5, 4)),
        "transposed2d": Case(lambda: nn.ConvTranspose2d(4, 3, (3, 2), stride=2, dilation=(2, 1)), (1, 4, 5, 4)),
        "transposed3d": Case(lambda: nn.ConvTranspose3d(2, 3, 2, stride=2, bias=False), (1, 3, 2, 3, 2)),
    },
    "normalization": {
        "batch_norm": Case(lambda: nn.BatchNorm(4).eval(), (3, 5, 4)),
        "batch_norm_trained": Case(lambda: nn.BatchNorm(4, momentum=0.3), (3, 5, 4), call=after_training_step),
        "batch_norm_plain": Case(lambda: nn.BatchNorm(4, affine=False).eval(), (6, 4)),
        "layer_norm": Case(lambda: nn.LayerNorm(8), (3, 8)),
        "layer_norm_without_bias": Case(lambda: nn.LayerNorm(8, bias=False), (3, 8)),
        "rms_norm": Case(lambda: nn.RMSNorm(8), (3, 8)),
        "group_norm": Case(lambda: nn.GroupNorm(2, 4), (2, 5, 4)),
        "group_norm_pytorch": Case(lambda: nn.GroupNorm(2, 4, pytorch_compatible=True), (2, 3, 3, 4)),
        "instance_norm": Case(lambda: nn.InstanceNorm(4, affine=True), (2, 5, 4)),
    },
    "recurrent": {
        "rnn": Case(lambda: nn.RNN(4, 6), (2, 5, 4)),
        "rnn_with_state": Case(lambda: nn.RNN(4, 6, bias=False, nonlinearity=nn.relu), (2, 5, 4), (2, 6)),
        "gru": Case(lambda: nn.GRU(4, 6), (2, 5, 4)),
        "gru_with_state": Case(lambda: nn.GRU(4, 6, bias=False), (5, 4), (6,)),
        "lstm": Case(lambda: nn.LSTM(4, 6), (2, 5, 4)),
        "lstm_with_state": Case(lambda: nn.LSTM(4, 6), (2, 5, 4), (2, 6), (2, 6)),
    },
    "transformer": {
        "attention": Case(lambda: nn.MultiHeadAttention(8, 2), (2, 5, 8), (2, 5, 8), (2, 5, 8), CAUSAL),
        "attention_of_other_sizes": Case(
            lambda: nn.MultiHeadAttention(8, 2, query_input_dims=6, key_input_dims=5, value_input_dims=4,
                                          value_dims=10, value_output_dims=7, bias=True),
            (2, 3, 6), (2, 5, 5), (2, 5, 4)),
        "encoder_layer": Case(lambda: nn.TransformerEncoderLayer(8, 2, 16).eval(), (2, 5, 8), CAUSAL),
        "decoder_layer": Case(lambda: nn.TransformerDecoderLayer(8, 2, 16, norm_first=False).eval(),
                              (2, 5, 8), (2, 4, 8), CAUSAL, mx.zeros((5, 4))),
        "encoder": Case(lambda: nn.TransformerEncoder(2, 8, 2, 16).eval(), (2, 5, 8), CAUSAL),
        "decoder": Case(lambda: nn.TransformerDecoder(2, 8, 2, 16, activation=nn.gelu).eval(),
                        (2, 5, 8), (2, 4, 8), CAUSAL, mx.zeros((5, 4))),
        "transformer": Case(lambda: nn.Transformer(8, 2, 1, 2, 16).eval(),
                            (2, 4, 8), (2, 5, 8), mx.zeros((4, 4)), CAUSAL, mx.zeros((5, 4))),
    },
    "quantized": AFFINE | {
        "mxfp4": Case(lambda: nn.QuantizedLinear(64, 16, mode="mxfp4"), (3, 64)),
        "mxfp8": Case(lambda: nn.QuantizedLinear(64, 16, bias=False, mode="mxfp8"), (3, 64)),
        "nvfp4": Case(lambda: nn.QuantizedLinear(64, 16, mode="nvfp4"), (3, 64)),
        "embedding": Case(lambda: nn.QuantizedEmbedding(6, 64), TOKENS),
        "embedding_mxfp4": Case(lambda: nn.QuantizedEmbedding(6, 64, mode="mxfp4"), TOKENS),
        "embedding_as_linear": Case(lambda: nn.QuantizedEmbedding(6, 64, bits=8), (2, 64),
                                    call=lambda layer, x: layer.as_linear(x)),
        "converted": Case(lambda: quantized([nn.Embedding(6, 64), nn.Linear(64, 64), nn.RMSNorm(64)], 32, 4), TOKENS),
        # MLX's CPU build has no product of two quantised matrices: the weights alone are compared.
        "activations_too": Case(lambda: nn.QQLinear(64, 16).eval(), call=lambda layer: [layer.weight, layer.scales]),
        "bfloat16": Case(lambda: quantized([in_dtype(nn.Linear(64, 16), mx.bfloat16)]),
                         uniform("b", (3, 64)).astype(mx.bfloat16)),
    },
}  # fmt: skip


def fill(module):
    """Give every parameter its value; a quantised weight is quantised from such values."""
    for name, layer in module.named_modules():
        for key, value in list(layer.items()):
            if not isinstance(value, mx.array) or key in ("scales", "biases"):
                continue
            if key == "weight" and "scales" in layer:
                shape = *value.shape[:-1], value.shape[-1] * 32 // layer.bits
                dtype = layer.scales.dtype if layer.mode == "affine" else mx.float32
                weight = uniform(f"{name}.{key}", shape).astype(dtype)
                parts = mx.quantize(weight, layer.group_size, layer.bits, layer.mode)
                layer.update(dict(zip(("weight", "scales", "biases"), parts)))
            else:
                positive = key == "running_var" or ("norm" in name and key == "weight")
                bounds = (0.5, 1.5) if positive else (-0.5, 0.5)
                layer[key] = uniform(f"{name}.{key}", value.shape, *bounds).astype(value.dtype)
    return module


def family_module(family: str) -> nn.Module:
    module = nn.Module()
    for name, case in FAMILIES[family].items():
        module[name] = case.make()
    return module


def write(folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    for family, cases in FAMILIES.items():
        module, values = fill(family_module(family)), {}
        module.save_weights(str(folder / f"{family}.safetensors"))
        for name, case in cases.items():
            values |= {f"{name}.in.{i}": x for i, x in enumerate(case.inputs)}
            values |= {f"{name}.out.{i}": x for i, x in enumerate(case.outputs(module[name], case.inputs))}
        mx.save_safetensors(str(folder / f"{family}.values.safetensors"), values, {"mlx": mx.__version__})


def load(folder: Path, family: str):
    """Return the family's module with the weights of the file, and {layer: (inputs, outputs)}."""
    module = family_module(family)
    module.load_weights(str(folder / f"{family}.safetensors"), strict=True)
    values = mx.load(str(folder / f"{family}.values.safetensors"))
    pairs = {}
    for name in FAMILIES[family]:
        counts = {side: sum(key.startswith(f"{name}.{side}.") for key in values) for side in ("in", "out")}
        pairs[name] = tuple([values[f"{name}.{side}.{i}"] for i in range(count)] for side, count in counts.items())
    return module, pairs


def difference(got: mx.array, want: mx.array) -> float:
    """The largest difference in units of what is tolerated: 8 last bits of the largest value, nothing for integers."""
    assert got.shape == want.shape and got.dtype == want.dtype, f"{got.shape} {got.dtype}: {want.shape} {want.dtype}"
    if not mx.issubdtype(want.dtype, mx.floating):
        return 0.0 if mx.array_equal(got, want) else math.inf
    eps = mx.finfo(want.dtype).eps
    got, want = (np.array(x.astype(mx.float32)) for x in (got, want))
    return float(np.abs(got - want).max() / np.abs(want).max() / (8 * eps))


def worst_difference(case: Case, layer, inputs, outputs) -> float:
    return max(difference(a, b) for a, b in zip(case.outputs(layer, inputs), outputs, strict=True))


def check(folder: Path) -> int:
    """Print what differs and return how many layers do."""
    wrong = total = 0
    for family, cases in FAMILIES.items():
        module, pairs = load(folder, family)
        for name, case in cases.items():
            total += 1
            worst = worst_difference(case, module[name], *pairs[name])
            if not worst <= 1:
                wrong += 1
                print(f"{family}/{name}: differs by {worst:.1f} tolerances")
    print(f"{total - wrong} of {total} layers give the outputs in {folder}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", type=Path, metavar="FOLDER")
    action.add_argument("--check", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.write:
        write(args.write)
    else:
        raise SystemExit(check(args.check) > 0)


if __name__ == "__main__":
    main()
