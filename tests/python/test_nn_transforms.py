"""value_and_grad, checkpoint, quantize and its layers, and the sharded layers in a single process."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.nn.layers.distributed import shard_inplace, shard_linear, sum_gradients
from mlx.utils import tree_flatten


def model():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))


def close(got, expected, tolerance=1e-5):
    np.testing.assert_allclose(np.array(got), np.array(expected), rtol=tolerance, atol=tolerance)


def kinds(module):
    return [type(child).__name__ for child in module.layers]


def test_value_and_grad():
    layer, x = nn.Linear(3, 2), mx.ones((4, 3))
    value, gradients = nn.value_and_grad(layer, lambda x, factor=1: (layer(x) * factor).sum())(x, factor=2)
    assert value.item() == pytest.approx(2 * layer(x).sum().item(), rel=1e-5)
    assert gradients["weight"].tolist() == [[8.0] * 3] * 2
    assert gradients["bias"].tolist() == [8.0, 8.0]


def test_value_and_grad_with_more_results():
    layer = nn.Linear(3, 2)
    (value, rest), _ = nn.value_and_grad(layer, lambda x: (layer(x).sum(), [x, "kept"]))(mx.ones((1, 3)))
    assert value.ndim == 0 and rest[1] == "kept"


def test_frozen_parameters_get_no_gradient():
    net = model()
    net.layers[0].freeze()
    _, gradients = nn.value_and_grad(net, lambda x: net(x).sum())(mx.ones((1, 64)))
    assert [name for name, _ in tree_flatten(gradients)] == ["layers.2.weight", "layers.2.bias"]
    with pytest.raises(ValueError):
        nn.value_and_grad(net.freeze(), lambda x: net(x).sum())(mx.ones((1, 64)))


@pytest.mark.parametrize("fn", [None, lambda layer, x: mx.tanh(layer(x))])
def test_checkpoint_keeps_values_and_gradients(fn):
    layer, x = nn.Linear(3, 2), mx.ones((1, 3))
    plain = layer if fn is None else lambda x: fn(layer, x)
    checkpointed = nn.utils.checkpoint(layer, None if fn is None else plain)
    expected = nn.value_and_grad(layer, lambda x: (plain(x) ** 2).sum())(x)
    got = nn.value_and_grad(layer, lambda x: (checkpointed(x) ** 2).sum())(x)
    close(got[0], expected[0])
    for name in ("weight", "bias"):
        close(got[1][name], expected[1][name])


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({}, ["QuantizedLinear", "ReLU", "QuantizedLinear"]),
        ({"class_predicate": lambda path, module: path.endswith("0")}, ["QuantizedLinear", "ReLU", "Linear"]),
        (
            {"class_predicate": lambda path, module: {"bits": 8} if path == "layers.2" else False},
            ["Linear", "ReLU", "QuantizedLinear"],
        ),
        ({"bits": 8, "group_size": 32}, ["QuantizedLinear", "ReLU", "QuantizedLinear"]),
    ],
)
def test_quantize(arguments, expected):
    net = model()
    assert nn.quantize(net, **arguments) is None
    assert kinds(net) == expected


def test_a_bias_taken_over_stays_trainable():
    net = model()
    nn.quantize(net)
    assert [name for name, _ in tree_flatten(net.trainable_parameters())] == ["layers.0.bias", "layers.2.bias"]
    assert tree_flatten(nn.QuantizedLinear(64, 4).trainable_parameters()) == []


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"mode": "other"}, ValueError),
        ({"class_predicate": lambda path, module: True}, ValueError),
        ({"class_predicate": lambda path, module: 3}, ValueError),
        ({"class_predicate": lambda path, module: {"other": 3}}, (TypeError, ValueError)),
        ({"quantize_input": True}, ValueError),
        ({"quantize_input": True, "mode": "nvfp4"}, NotImplementedError),
    ],
)
def test_quantize_refuses(arguments, error):
    with pytest.raises(error):
        nn.quantize(model(), **arguments)


@pytest.mark.parametrize("mode, bits, group_size", [("affine", 4, 64), ("affine", 8, 32), ("affine", 3, 64)])
def test_quantized_layers_use_the_rounded_weight(mode, bits, group_size):
    linear, embedding, x = nn.Linear(64, 8), nn.Embedding(10, 64), mx.random.normal((3, 64))
    settings = dict(group_size=group_size, bits=bits, mode=mode)

    def rounded(weight):
        return mx.dequantize(*mx.quantize(weight, **settings), **settings)

    close(linear.to_quantized(**settings)(x), x @ rounded(linear.weight).T + linear.bias, 1e-4)
    quantized = embedding.to_quantized(**settings)
    close(quantized(mx.array([1, 7])), rounded(embedding.weight)[mx.array([1, 7])])
    close(quantized.as_linear(x), x @ rounded(embedding.weight).T, 1e-4)


@pytest.mark.parametrize(
    "mode, bits, group_size", [("affine", 4, 64), ("mxfp4", 4, 32), ("nvfp4", 4, 16), ("mxfp8", 8, 32)]
)
def test_defaults_of_each_mode(mode, bits, group_size):
    layer = nn.QuantizedLinear(64, 8, mode=mode)
    assert (layer.bits, layer.group_size) == (bits, group_size)
    assert ("biases" in layer) == (mode == "affine")


def test_qq_linear_packs_in_evaluation_mode():
    net = nn.Sequential(nn.QQLinear(64, 8))
    layer = net.layers[0]
    assert list(layer) == ["weight"] and layer.weight.dtype == mx.float32
    net.eval()
    assert set(layer) == {"weight", "scales"} and layer.weight.dtype == mx.uint32
    net.train()
    assert list(layer) == ["weight"] and layer.weight.shape == (8, 64)
    with pytest.raises(NotImplementedError):
        nn.QQLinear.from_linear(nn.Linear(64, 8))


@pytest.mark.parametrize(
    "kind, sharding", [(nn.AllToShardedLinear, "all-to-sharded"), (nn.ShardedToAllLinear, "sharded-to-all")]
)
@pytest.mark.parametrize("segments", [1, 2, [2], [0.25, 0.5]])
def test_sharded_linear_in_one_process(kind, sharding, segments):
    linear, x = nn.Linear(4, 8), mx.random.normal((2, 4))
    layer = shard_linear(linear, sharding, segments=segments)
    assert type(layer) is kind
    close(layer(x), linear(x))
    assert repr(layer).endswith("(input_dims=4, output_dims=8, bias=True)")
    close(kind(4, 8, bias=False)(x).shape, (2, 8))


@pytest.mark.parametrize("sharding", ["all-to-sharded", "sharded-to-all"])
def test_quantized_sharded_linear_in_one_process(sharding):
    linear, x = nn.Linear(64, 8).to_quantized(), mx.random.normal((2, 64))
    layer = shard_linear(linear, sharding)
    close(layer(x), linear(x))
    assert layer.unfreeze() is None and tree_flatten(layer.trainable_parameters()) == []


def test_shard_inplace_in_one_process():
    layer = nn.Linear(4, 8)
    before = layer.weight
    shard_inplace(layer, lambda path, weight: 0 if path == "weight" else None)
    close(layer.weight, before)
    with pytest.raises(ValueError):
        shard_inplace(layer, "other")
    with pytest.raises(ValueError):
        shard_inplace(layer, lambda path, weight: "other")


def test_fully_sharded_module_in_one_process():
    layer, x = nn.Linear(4, 8), mx.random.normal((2, 4))
    assert nn.fully_shard(layer) is layer
    expected = layer(x)
    wrapped = nn.FullyShardedModule(layer)
    close(wrapped(x), expected)
    assert [name for name, _ in tree_flatten(wrapped.parameters())] == ["module.weight", "module.bias"]
    close(nn.value_and_grad(wrapped, lambda x: wrapped(x).sum())(x)[1]["module"]["bias"], [2.0] * 8)
    assert nn.FullyShardedModule(nn.Linear(4, 8), compute_dtype=mx.float16)(x.astype(mx.float16)).dtype == mx.float16


def test_gradients_of_one_process():
    gradients = {"a": mx.array([3.0]), "b": [mx.array([4.0])]}
    assert nn.average_gradients(gradients) is gradients
    clipped, norm = nn.utils.clip_grad_norm_sharded(gradients, 1.0)
    assert norm.item() == 5
    close(clipped["b"][0], [0.8])
    x = mx.array([1.0, 2.0])
    identity = sum_gradients(mx.distributed.init())
    close(mx.grad(lambda x: (identity(x) ** 2).sum())(x), [2, 4])
