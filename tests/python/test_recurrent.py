"""What nn.RNN, nn.GRU and nn.LSTM run on against the same steps in array operations: values, derivatives and batching."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

SIZES = [(2, 3, 4), (3, 7, 13), (11, 3, 40), (5, 2, 1), (2, 2, 300)]  # batch, steps, width


def elman_by_steps(terms, weight, hidden, activation=mx.tanh):
    states = []
    for t in range(terms.shape[1]):
        hidden = activation(terms[:, t] + hidden @ weight.T)
        states.append(hidden)
    return [mx.stack(states, 1)]


def gru_by_steps(gates, weight, bias, hidden):
    states = []
    for t in range(gates.shape[1]):
        r, z, n = mx.split(gates[:, t], 3, axis=-1)
        a, b, c = mx.split(hidden @ weight.T, 3, axis=-1)
        z = mx.sigmoid(z + b)
        hidden = (1 - z) * mx.tanh(n + mx.sigmoid(r + a) * (c + bias)) + z * hidden
        states.append(hidden)
    return [mx.stack(states, 1)]


def lstm_by_steps(gates, weight, hidden, cell):
    states, cells = [], []
    for t in range(gates.shape[1]):
        i, f, g, o = mx.split(gates[:, t] + hidden @ weight.T, 4, axis=-1)
        cell = mx.sigmoid(f) * cell + mx.sigmoid(i) * mx.tanh(g)
        hidden = mx.sigmoid(o) * mx.tanh(cell)
        states.append(hidden)
        cells.append(cell)
    return mx.stack(states, 1), mx.stack(cells, 1)


class Kind:
    """A primitive, the same by steps, the shapes of its operands, and the layer that runs on it."""

    def __init__(self, ours, by_steps, gates, first, layer, bias=False):
        self.ours, self.by_steps, self.gates, self.bias, self.first = ours, by_steps, gates, bias, first
        self.layer = layer

    def operands(self, sizes, seed=0):
        batch, steps, width = sizes
        shapes = [(batch, steps, self.gates * width), (self.gates * width, width)]
        shapes += [(width,)] * self.bias + [(batch, width)] * self.first
        arrays = [mx.random.normal(s, key=k) for s, k in zip(shapes, mx.random.split(mx.random.key(seed), len(shapes)))]
        arrays[1] = arrays[1] / width**0.5
        return arrays


KINDS = {
    "rnn": Kind(lambda *a: [mx.fast._rnn(*a)], elman_by_steps, 1, 1, nn.RNN),
    "relu": Kind(lambda *a: [mx.fast._rnn(*a, relu=True)], lambda *a: elman_by_steps(*a, nn.relu), 1, 1,
                 lambda i, h: nn.RNN(i, h, nonlinearity=nn.relu)),
    "gru": Kind(lambda *a: [mx.fast._gru(*a)], gru_by_steps, 3, 1, nn.GRU, bias=True),
    "lstm": Kind(mx.fast._lstm, lstm_by_steps, 4, 2, nn.LSTM),
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def loss(f, *arrays):
    results = f(*arrays)
    return (results[0] * mx.cos(results[0])).sum() + (results[-1] * results[-1] * results[0]).sum()


def gradient(f):
    return lambda *arrays: mx.grad(lambda *arrays: loss(f, *arrays), argnums=tuple(range(len(arrays))))(*arrays)


def second(f):
    def of_gradient(*arrays):
        return sum((x * mx.sin(x)).sum() for x in gradient(f)(*arrays))

    return lambda *arrays: mx.grad(of_gradient, argnums=tuple(range(len(arrays))))(*arrays)


def tangents(f):
    return lambda *arrays: mx.jvp(f, arrays, [mx.sin(x) for x in arrays])[1]


def alike(ours, expected, tolerance=1e-4):
    for x, y in zip(ours, expected, strict=True):
        np.testing.assert_allclose(np.array(x), np.array(y), rtol=tolerance, atol=tolerance * float(mx.abs(y).max()))


DERIVED = {
    "values": lambda f: f,
    "gradient": gradient,
    "tangents": tangents,
    "tangents of the gradient": lambda f: tangents(gradient(f)),
    "second derivative": second,
    "compiled gradient": lambda f: mx.compile(gradient(f)),
}


@each_kind
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("derived", DERIVED)
def test_as_by_steps(kind, sizes, derived):
    arrays, f = kind.operands(sizes), DERIVED[derived]
    alike(f(kind.ours)(*arrays), f(kind.by_steps)(*arrays), 1e-3)


@each_kind
@pytest.mark.parametrize("derived", ["values", "gradient"])
@pytest.mark.parametrize("batched", ["gates", "weight", "last", "all", "at other axes"])
def test_over_a_batch(kind, batched, derived):
    one, two = kind.operands((2, 3, 4)), kind.operands((2, 3, 4), seed=1)
    count = len(one)
    axes = {
        "gates": [0] + [None] * (count - 1),
        "weight": [None, 0] + [None] * (count - 2),
        "last": [None] * (count - 1) + [0],
        "all": [0] * count,
        "at other axes": [2, None] + [None] * (count - 3) + [1],
    }[batched]
    axes, arrays = tuple(axes), [x if k is None else mx.stack([x, y], k) for x, y, k in zip(one, two, axes)]
    f = DERIVED[derived]
    alike(mx.vmap(f(kind.ours), in_axes=axes)(*arrays), mx.vmap(f(kind.by_steps), in_axes=axes)(*arrays))


def test_over_biases():
    kind, axes = KINDS["gru"], (None, None, 0, None)
    gates, weight, bias, hidden = kind.operands((2, 3, 4))
    arrays = gates, weight, mx.stack([bias, -bias]), hidden
    alike(mx.vmap(kind.ours, in_axes=axes)(*arrays), mx.vmap(kind.by_steps, in_axes=axes)(*arrays))


@each_kind
@pytest.mark.parametrize("shape", [(6, 3), (4, 6, 3), (2, 2, 6, 3)])
@pytest.mark.parametrize("given", [False, True])
def test_layer_goes_on_from_a_state(kind, shape, given):
    layer, x = kind.layer(3, 5), mx.random.normal(shape, key=mx.random.key(2))
    keys = range(3, 3 + kind.first)
    state = [mx.random.normal((*shape[:-2], 5), key=mx.random.key(k)) for k in keys] if given else []

    def run(x, state):
        results = layer(x, *state)
        return list(results) if isinstance(results, tuple) else [results]

    results = run(x, state)
    for t in range(shape[-2]):  # a step at a time
        state = [v[..., 0, :] for v in run(x[..., t : t + 1, :], state)]
        alike([v[..., t, :] for v in results], state)


@each_kind
def test_layers_run_all_steps_at_once(kind, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("steps are done one after another")

    monkeypatch.setattr(mx, "stack", fail)
    kind.layer(3, 5)(mx.zeros((4, 6, 3)))
    with pytest.raises(AssertionError):
        kind.layer(3, 5)(mx.zeros((4, 1, 3)))


@pytest.mark.parametrize(
    "kind, which, shape",
    [("rnn", 0, (2, 0, 4)), ("rnn", 1, (4, 5)), ("rnn", 2, (2, 5)), ("gru", 0, (2, 3, 13)), ("gru", 1, (12, 5)),
     ("gru", 2, (5,)), ("gru", 3, (4,)), ("lstm", 0, (2, 3, 15)), ("lstm", 0, (2, 0, 16)), ("lstm", 1, (16, 5)),
     ("lstm", 2, (2, 5)), ("lstm", 3, (4,))],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(kind, which, shape):
    arrays = KINDS[kind].operands((2, 3, 4))
    arrays[which] = mx.zeros(shape)
    with pytest.raises(ValueError, match=rf"\[{kind}\]"):
        KINDS[kind].ours(*arrays)


@each_kind
def test_other_dtypes_are_refused(kind):
    with pytest.raises(ValueError, match="float32 but one is float16"):
        kind.ours(*(x.astype(mx.float16) for x in kind.operands((2, 3, 4))))


@each_kind
def test_a_saved_function_gives_the_same(kind, tmp_path):
    arrays = kind.operands((2, 3, 4))
    mx.export_function(str(tmp_path / "layer.mlxfn"), gradient(kind.ours), *arrays)
    alike(mx.import_function(str(tmp_path / "layer.mlxfn"))(*arrays), gradient(kind.by_steps)(*arrays))
