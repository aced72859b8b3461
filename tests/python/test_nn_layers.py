"""Layers against NumPy formulas: parameters, values, gradients against differences, errors."""

import math

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten, tree_map


def ramp(*shape):
    """Scattered values in [-0.5, 0.5)."""
    count = math.prod(shape)
    return mx.array(((np.arange(count) * 7919 % 1009) / 1009 - 0.5).reshape(shape).astype(np.float32))


def close(got, expected, tolerance=2e-5):
    np.testing.assert_allclose(np.array(got), expected, rtol=tolerance, atol=tolerance)


# constructor -> shapes of its parameters in order
PARAMETERS = [
    (lambda: nn.Linear(4, 3), {"weight": (3, 4), "bias": (3,)}),
    (lambda: nn.Linear(4, 3, bias=False), {"weight": (3, 4)}),
    (lambda: nn.Bilinear(2, 3, 4), {"weight": (4, 3, 2), "bias": (4,)}),
    (lambda: nn.Embedding(5, 2), {"weight": (5, 2)}),
    (lambda: nn.Conv1d(4, 6, 3, groups=2), {"weight": (6, 3, 2), "bias": (6,)}),
    (lambda: nn.Conv2d(4, 6, (3, 2)), {"weight": (6, 3, 2, 4), "bias": (6,)}),
    (lambda: nn.Conv3d(4, 6, 2, bias=False), {"weight": (6, 2, 2, 2, 4)}),
    (lambda: nn.ConvTranspose1d(4, 6, 3), {"weight": (6, 3, 4), "bias": (6,)}),
    (lambda: nn.ConvTranspose2d(4, 6, 3), {"weight": (6, 3, 3, 4), "bias": (6,)}),
    (lambda: nn.ConvTranspose3d(4, 6, 2), {"weight": (6, 2, 2, 2, 4), "bias": (6,)}),
    (lambda: nn.LayerNorm(4, bias=False), {"weight": (4,)}),
    (lambda: nn.LayerNorm(4, affine=False), {}),
    (lambda: nn.RMSNorm(4), {"weight": (4,)}),
    (lambda: nn.GroupNorm(2, 4), {"bias": (4,), "weight": (4,)}),
    (lambda: nn.InstanceNorm(4), {}),
    (lambda: nn.BatchNorm(4), {"weight": (4,), "bias": (4,), "running_mean": (4,), "running_var": (4,)}),
    (lambda: nn.RNN(2, 3), {"Wxh": (3, 2), "Whh": (3, 3), "bias": (3,)}),
    (lambda: nn.GRU(2, 3), {"Wx": (9, 2), "Wh": (9, 3), "b": (9,), "bhn": (3,)}),
    (lambda: nn.LSTM(2, 3, bias=False), {"Wx": (12, 2), "Wh": (12, 3)}),
    (lambda: nn.PReLU(3), {"weight": (3,)}),
    (lambda: nn.QuantizedLinear(64, 8), {"weight": (8, 8), "scales": (8, 1), "biases": (8, 1), "bias": (8,)}),
    (lambda: nn.QuantizedLinear(64, 8, False, mode="mxfp4"), {"weight": (8, 8), "scales": (8, 2)}),
    (lambda: nn.QuantizedEmbedding(5, 64, bits=8), {"weight": (5, 16), "scales": (5, 1), "biases": (5, 1)}),
    (lambda: nn.QQLinear(64, 8), {"weight": (8, 64)}),
    (
        lambda: nn.MultiHeadAttention(4, 2, key_input_dims=3, value_dims=6),
        {
            "query_proj.weight": (4, 4),
            "key_proj.weight": (4, 3),
            "value_proj.weight": (6, 3),
            "out_proj.weight": (4, 6),
        },
    ),
]


@pytest.mark.parametrize("make, shapes", PARAMETERS)
def test_parameters(make, shapes):
    layer = make()
    assert {name: x.shape for name, x in tree_flatten(layer.parameters())} == shapes


@pytest.mark.parametrize(
    "make, bound",
    [
        (lambda: nn.Linear(100, 400), 0.1),
        (lambda: nn.Bilinear(100, 20, 5), 0.1),
        (lambda: nn.Conv2d(25, 60, 2), 0.1),
        (lambda: nn.Conv2d(50, 60, 2, groups=2), 0.1),
        (lambda: nn.ConvTranspose1d(50, 60, 2), 0.1),
        (lambda: nn.LSTM(30, 100), 0.1),
    ],
)
def test_initial_weights_fill_their_bounds(make, bound):
    weight = tree_flatten(make().parameters())[0][1]
    assert 0.98 * bound < mx.abs(weight).max().item() <= bound


def test_linear_and_bilinear():
    layer, x = nn.Linear(4, 3), ramp(2, 5, 4)
    close(layer(x), np.array(x) @ np.array(layer.weight).T + np.array(layer.bias))
    layer, y = nn.Bilinear(4, 3, 2), ramp(2, 5, 3)
    expected = np.einsum("bli,oji,blj->blo", np.array(x), np.array(layer.weight), np.array(y))
    close(layer(x, y), expected + np.array(layer.bias))
    assert nn.Identity(1, other=2)(x) is x


def test_embedding():
    layer = nn.Embedding(5, 3)
    table = np.array(layer.weight)
    close(layer(mx.array([[1, 4], [0, 1]])), table[[[1, 4], [0, 1]]])
    close(layer.as_linear(ramp(2, 3)), np.array(ramp(2, 3)) @ table.T)


def convolve(x, weight, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation by hand: x (N, *spatial, C), weight (O, *kernel, C // groups)."""
    axes = x.ndim - 2
    x = np.pad(x, [(0, 0)] + [(padding, padding)] * axes + [(0, 0)])
    kernel = weight.shape[1:-1]
    counts = [(n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[1:-1], kernel)]
    out = np.zeros((x.shape[0], *counts, weight.shape[0]))
    per_group = weight.shape[0] // groups
    channels = weight.shape[-1]
    for tap in np.ndindex(*kernel):
        window = tuple(slice(t * dilation, t * dilation + stride * (c - 1) + 1, stride) for t, c in zip(tap, counts))
        patch = x[(slice(None), *window)]
        for g in range(groups):
            rows = slice(g * per_group, (g + 1) * per_group)
            out[..., rows] += patch[..., g * channels : (g + 1) * channels] @ weight[(rows, *tap)].T
    return out


@pytest.mark.parametrize("arguments", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}, {"groups": 2}])
@pytest.mark.parametrize("kind, spatial", [(nn.Conv1d, (7,)), (nn.Conv2d, (6, 7))])
def test_convolution(kind, spatial, arguments):
    layer, x = kind(4, 6, 3, **arguments), ramp(2, *spatial, 4)
    layer.bias = ramp(6)
    close(layer(x), convolve(np.array(x), np.array(layer.weight), **arguments) + np.array(layer.bias))


def test_convolution_3d():
    layer, x = nn.Conv3d(2, 3, 2, stride=2), ramp(1, 4, 4, 5, 2)
    close(layer(x), convolve(np.array(x), np.array(layer.weight), stride=2))


@pytest.mark.parametrize(
    "kind, forward, spatial", [(nn.ConvTranspose1d, mx.conv1d, (4,)), (nn.ConvTranspose2d, mx.conv2d, (4, 3))]
)
def test_transposed_convolution_is_the_gradient_of_the_forward_one(kind, forward, spatial):
    layer, x = kind(3, 2, 3, stride=2, padding=1, output_padding=1, bias=False), ramp(2, *spatial, 3)
    y = layer(x)
    assert y.shape == (2, *(2 * n for n in spatial), 2)
    weight = mx.swapaxes(layer.weight, 0, -1)
    _, (expected,) = mx.vjp(lambda t: forward(t, weight, stride=2, padding=1), [mx.zeros(y.shape)], [x])
    close(y, np.array(expected))


def normalized(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def strided_groups(x, groups):
    flat = x.reshape(x.shape[0], -1, groups)
    return normalized(flat, 1).reshape(x.shape)


def contiguous_groups(x, groups):
    flat = x.reshape(x.shape[0], -1, groups, x.shape[-1] // groups)
    return normalized(flat, (1, 3)).reshape(x.shape)


NORMS = [
    (lambda: nn.LayerNorm(6), lambda x: normalized(x, -1)),
    (lambda: nn.LayerNorm(6, eps=0.1, affine=False), lambda x: normalized(x, -1, 0.1)),
    (lambda: nn.RMSNorm(6), lambda x: x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)),
    (lambda: nn.InstanceNorm(6, affine=True), lambda x: normalized(x, (1, 2))),
    (lambda: nn.GroupNorm(3, 6), lambda x: strided_groups(x, 3)),
    (lambda: nn.GroupNorm(3, 6, pytorch_compatible=True), lambda x: contiguous_groups(x, 3)),
    (lambda: nn.BatchNorm(6), lambda x: normalized(x, (0, 1, 2))),
    (lambda: nn.BatchNorm(6, affine=False, track_running_stats=False), lambda x: normalized(x, (0, 1, 2))),
]


@pytest.mark.parametrize("make, formula", NORMS)
def test_normalization(make, formula):
    layer, x = make(), ramp(2, 5, 3, 6) * 3 + 1
    expected = formula(np.array(x, np.float64))
    if "weight" in layer:
        layer.weight = ramp(6)
        expected = expected * np.array(layer.weight)
    if "bias" in layer:
        layer.bias = ramp(6) + 1
        expected = expected + np.array(layer.bias)
    close(layer(x), expected, 2e-4)


def test_batch_norm_tracks_its_statistics():
    layer, x = nn.BatchNorm(3, momentum=0.25), ramp(8, 3) + 2
    layer(x)
    close(layer.running_mean, 0.25 * np.array(x).mean(0))
    close(layer.running_var, 0.75 + 0.25 * np.array(x).var(0, ddof=1))
    mean, variance = np.array(layer.running_mean), np.array(layer.running_var)
    close(layer.eval()(x), (np.array(x) - mean) / np.sqrt(variance + 1e-5))
    close(layer.running_mean, mean)


def pool(x, reduce, kernel, stride, padding, fill):
    x = np.pad(x, [(0, 0)] + [(p, p) for p in padding] + [(0, 0)], constant_values=fill)
    counts = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:-1], kernel, stride)]
    out = np.empty((x.shape[0], *counts, x.shape[-1]))
    for place in np.ndindex(*counts):
        window = tuple(slice(p * s, p * s + k) for p, s, k in zip(place, stride, kernel))
        out[(slice(None), *place)] = reduce(x[(slice(None), *window)], axis=tuple(range(1, x.ndim - 1)))
    return out


POOLS = [
    ("1d", (9,), (3,), (3,), (0,)),
    ("1d", (9,), (3,), (2,), (1,)),
    ("2d", (5, 6), (2, 2), (2, 2), (0, 0)),
    ("2d", (5, 6), (2, 3), (1, 2), (1, 0)),
    ("3d", (4, 4, 5), (2, 2, 2), (2, 2, 2), (0, 0, 0)),
    ("3d", (4, 4, 5), (2, 2, 2), (1, 1, 1), (1, 1, 1)),
]


@pytest.mark.parametrize("axes, spatial, kernel, stride, padding", POOLS)
@pytest.mark.parametrize("name, reduce, fill", [("Max", np.max, -np.inf), ("Avg", np.mean, 0)])
def test_pooling(axes, spatial, kernel, stride, padding, name, reduce, fill):
    layer, x = getattr(nn, f"{name}Pool{axes}")(kernel, stride, padding), ramp(2, *spatial, 3)
    close(layer(x), pool(np.array(x), reduce, kernel, stride, padding, fill))


def test_pooling_of_a_transposed_input():
    x = ramp(3, 6, 6, 2)
    close(nn.MaxPool2d(3, 1)(x.swapaxes(1, 2)), np.array(nn.MaxPool2d(3, 1)(x)).swapaxes(1, 2))


def test_gradient_of_pooling():
    x = mx.array([[[1.0], [3.0], [2.0], [5.0]]])
    assert mx.grad(lambda x: nn.MaxPool1d(2, 1)(x).sum())(x).flatten().tolist() == [0, 2, 0, 1]
    assert mx.grad(lambda x: nn.AvgPool1d(2)(x).sum())(x).flatten().tolist() == [0.5] * 4


@pytest.mark.parametrize("p", [0.0, 0.25, 0.6])
def test_dropout(p):
    x = mx.ones((200, 200))
    y = np.array(nn.Dropout(p)(x))
    assert abs((y == 0).mean() - p) < 0.02
    close(y[y != 0], 1 / (1 - p))
    assert nn.Dropout(p).eval()(x) is x


@pytest.mark.parametrize(
    "make, shape, spatial", [(nn.Dropout2d, (50, 3, 4, 20), (1, 2)), (nn.Dropout3d, (30, 2, 3, 4, 20), (1, 2, 3))]
)
def test_dropout_of_channels(make, shape, spatial):
    y = np.array(make(0.5)(mx.ones(shape)))
    assert (y.min(spatial) == y.max(spatial)).all()
    assert 0.4 < (y == 0).mean() < 0.6
    assert make(0.5)(mx.ones(shape[1:])).shape == shape[1:]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_rnn():
    layer, x = nn.RNN(3, 4), ramp(2, 5, 3)
    p = tree_map(np.array, layer.parameters())
    h, states = np.zeros((2, 4)), []
    for t in range(5):
        h = np.tanh(np.array(x)[:, t] @ p["Wxh"].T + p["bias"] + h @ p["Whh"].T)
        states.append(h)
    close(layer(x), np.stack(states, 1))
    close(layer(x[:, 3:], layer(x[:, :3])[:, -1]), np.stack(states, 1)[:, 3:])
    close(nn.RNN(3, 4, nonlinearity=lambda x: x * 0)(x), 0)


def test_gru():
    layer, x = nn.GRU(3, 4), ramp(2, 5, 3)
    p = tree_map(np.array, layer.parameters())
    h, states = np.zeros((2, 4)), []
    for t in range(5):
        xr, xz, xn = np.split(np.array(x)[:, t] @ p["Wx"].T + p["b"], 3, -1)
        hr, hz, hn = np.split(h @ p["Wh"].T, 3, -1)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        h = (1 - z) * np.tanh(xn + r * (hn + p["bhn"])) + z * h
        states.append(h)
    close(layer(x), np.stack(states, 1))
    close(layer(x[:, 3:], layer(x[:, :3])[:, -1]), np.stack(states, 1)[:, 3:])


def test_lstm():
    layer, x = nn.LSTM(3, 4), ramp(2, 5, 3)
    p = tree_map(np.array, layer.parameters())
    h, c, states, cells = np.zeros((2, 4)), np.zeros((2, 4)), [], []
    for t in range(5):
        i, f, g, o = np.split(np.array(x)[:, t] @ p["Wx"].T + p["bias"] + h @ p["Wh"].T, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
        cells.append(c)
    got = layer(x)
    close(got[0], np.stack(states, 1))
    close(got[1], np.stack(cells, 1))
    close(layer(x[:, 3:], got[0][:, 2], got[1][:, 2])[0], np.stack(states, 1)[:, 3:])


def attention(q, k, v, heads, mask=None):
    def split(x):
        return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)

    q, k, v = map(split, (q, k, v))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    scores = scores if mask is None else scores + mask
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    out = (weights / weights.sum(-1, keepdims=True)) @ v
    return out.transpose(0, 2, 1, 3).reshape(*out.shape[:1], out.shape[2], -1)


@pytest.mark.parametrize("masked", [False, True])
def test_multi_head_attention(masked):
    layer = nn.MultiHeadAttention(8, 2, bias=True)
    q, k = ramp(2, 4, 8), ramp(2, 4, 8) * 2
    mask = nn.MultiHeadAttention.create_additive_causal_mask(4) if masked else None
    parts = [np.array(m(x)) for m, x in ((layer.query_proj, q), (layer.key_proj, k), (layer.value_proj, k))]
    expected = attention(*parts, 2, None if mask is None else np.array(mask))
    close(layer(q, k, k, mask), expected @ np.array(layer.out_proj.weight).T + np.array(layer.out_proj.bias), 1e-4)


def test_causal_mask():
    mask = np.array(nn.MultiHeadAttention.create_additive_causal_mask(3, mx.float16))
    assert (mask[np.tril_indices(3)] == 0).all() and (mask[np.triu_indices(3, 1)] == np.finfo(np.float16).min).all()


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_transformer(norm_first, checkpoint):
    model = nn.Transformer(8, 2, 2, 1, mlp_dims=16, norm_first=norm_first, checkpoint=checkpoint)
    source, target = ramp(2, 5, 8), ramp(2, 3, 8)
    mask = nn.MultiHeadAttention.create_additive_causal_mask(3)
    out = model(source, target, None, mask, None)
    changed = mx.concatenate([target[:, :2], target[:, 2:] + 1], axis=1)
    assert out.shape == (2, 3, 8)
    close(model(source, changed, None, mask, None)[:, :2], np.array(out)[:, :2])

    _, gradients = nn.value_and_grad(model, lambda: (model(source, target, None, mask, None) ** 2).sum())()
    assert gradients["encoder"]["layers"][0]["linear1"]["weight"].any().item()


def test_encoder_layer_by_parts():
    layer, x = nn.TransformerEncoderLayer(8, 2, activation=nn.gelu), ramp(2, 3, 8)
    y = x + layer.attention(layer.ln1(x), layer.ln1(x), layer.ln1(x))
    close(layer(x, None), np.array(y + layer.linear2(nn.gelu(layer.linear1(layer.ln2(y))))))


@pytest.mark.parametrize("traditional", [False, True])
def test_rope_rotates_pairs(traditional):
    x = ramp(1, 2, 5, 6)
    got = np.array(nn.RoPE(4, traditional=traditional, base=100, scale=0.5)(x, offset=3))
    angles = (np.arange(5) + 3)[:, None] * 0.5 * 100.0 ** (-np.arange(2) / 2)
    first, second = (slice(0, 4, 2), slice(1, 4, 2)) if traditional else (slice(0, 2), slice(2, 4))
    a, b = np.array(x)[..., first], np.array(x)[..., second]
    close(got[..., first], a * np.cos(angles) - b * np.sin(angles))
    close(got[..., second], a * np.sin(angles) + b * np.cos(angles))
    close(got[..., 4:], np.array(x)[..., 4:])


def test_sinusoidal_encoding():
    layer, x = nn.SinusoidalPositionalEncoding(6, min_freq=0.01), mx.arange(4)
    angles = np.arange(4)[:, None] * np.array([1, 0.1, 0.01])
    expected = np.concatenate([np.sin(angles), np.cos(angles)], -1) * math.sqrt(2 / 6)
    close(layer(x), expected)
    assert tree_flatten(layer.parameters()) == []


@pytest.mark.parametrize("heads, slopes", [(4, [2**-2, 2**-4, 2**-6, 2**-8]), (3, [2**-4, 2**-8, 2**-2])])
def test_alibi(heads, slopes):
    got = nn.ALiBi()(mx.zeros((1, heads, 2, 5)), offset=3, mask=mx.ones((2, 5)))
    distance = np.abs(np.arange(3, 5)[:, None] - np.arange(5))
    close(got[0], 1 - np.array(slopes)[:, None, None] * distance)


def test_upsample_by_whole_factors():
    x = ramp(1, 3, 4, 2)
    close(nn.Upsample((2, 3))(x), np.array(x).repeat(2, 1).repeat(3, 2))


@pytest.mark.parametrize("align_corners", [False, True])
def test_linear_upsampling_keeps_straight_lines(align_corners):
    line = mx.arange(12, dtype=mx.float32)[None, :, None]
    out = np.array(nn.Upsample(2, mode="linear", align_corners=align_corners)(line))[0, :, 0]
    close(np.diff(out[1:-1]), 11 / 23 if align_corners else 0.5, 1e-5)
    close(out[[0, -1]], [0, 11])


def test_cubic_upsampling_weights_four_neighbours():
    out = np.array(nn.Upsample(2, mode="cubic")(mx.eye(6)[None]))[0]
    quarter = [-0.10546875, 0.87890625, 0.26171875, -0.03515625]
    close(out[5], [0, *quarter, 0])
    close(out[6], [0, *quarter[::-1], 0])
    close(out.sum(-1), 1)


def test_upsample_antialias_averages():
    x = mx.array([1.0, 0.0] * 8)[None, :, None]
    for mode in ("linear", "cubic"):
        close(nn.Upsample(0.25, mode=mode, antialias=True)(x)[0, 1:-1, 0], 0.5, 0.05)


BAD = [
    lambda: nn.Linear(3, 2)(mx.ones((2, 4))),
    lambda: nn.Conv2d(3, 4, 2, groups=2),
    lambda: nn.GroupNorm(3, 4),
    lambda: nn.InstanceNorm(3)(mx.ones((2, 3))),
    lambda: nn.BatchNorm(3)(mx.ones((1, 3))),
    lambda: nn.BatchNorm(3)(mx.ones((3,))),
    lambda: nn.BatchNorm(3)(mx.ones((2, 2, 2, 2, 3))),
    lambda: nn.MaxPool2d("a"),
    lambda: nn.MaxPool2d((1, 2, 3)),
    lambda: nn.AvgPool1d(0),
    lambda: nn.AvgPool1d(2, padding=-1),
    lambda: nn.MaxPool2d(2)(mx.ones((2, 2))),
    lambda: nn.MaxPool2d(2)(mx.ones((1, 2, 2, 2, 1))),
    lambda: nn.Dropout(1.0),
    lambda: nn.Dropout2d(-0.1),
    lambda: nn.Dropout2d()(mx.ones((2, 2))),
    lambda: nn.Dropout3d()(mx.ones((2, 2, 2))),
    lambda: nn.RNN(2, 3, nonlinearity=3),
    lambda: nn.MultiHeadAttention(7, 2),
    lambda: nn.SinusoidalPositionalEncoding(5),
    lambda: nn.Upsample(2, mode="bilinear"),
    lambda: nn.Upsample((2, 2))(mx.ones((1, 3, 1))),
    lambda: nn.Upsample(2)(mx.ones((1, 3))),
    lambda: nn.Upsample(2, antialias=True)(mx.ones((1, 3, 1))),
    lambda: nn.Upsample(2, "cubic", align_corners=True, antialias=True)(mx.ones((1, 3, 1))),
]


@pytest.mark.parametrize("call", BAD)
def test_bad_arguments(call):
    with pytest.raises(ValueError):
        mx.eval(call())


DIFFERENTIABLE = [
    (lambda: nn.Linear(4, 3), (2, 4)),
    (lambda: nn.Conv1d(3, 2, 3, padding=1), (2, 5, 3)),
    (lambda: nn.ConvTranspose2d(3, 2, 2, stride=2), (1, 3, 3, 3)),
    (lambda: nn.LayerNorm(4), (3, 4)),
    (lambda: nn.GroupNorm(2, 4, pytorch_compatible=True), (2, 3, 4)),
    (lambda: nn.BatchNorm(4), (5, 4)),
    (lambda: nn.AvgPool2d(2, 1), (1, 4, 4, 2)),
    (lambda: nn.GRU(3, 4), (2, 4, 3)),
    (lambda: nn.Upsample(1.5, mode="cubic"), (1, 4, 4, 2)),
    (lambda: nn.RoPE(4), (1, 3, 4)),
]


@pytest.mark.parametrize("make, shape", DIFFERENTIABLE)
def test_gradient_against_differences(make, shape):
    layer, x = make(), ramp(*shape)
    direction = mx.cos(mx.arange(x.size, dtype=mx.float32)).reshape(shape)

    def loss(x):
        y = layer(x)
        return (y * mx.sin(mx.arange(y.size, dtype=mx.float32)).reshape(y.shape)).sum()

    h = 1e-2
    slope = (loss(x + h * direction) - loss(x - h * direction)).item() / (2 * h)
    got = (mx.grad(loss)(x) * direction).sum().item()
    assert abs(got - slope) < 1e-2 * max(1, abs(slope))
