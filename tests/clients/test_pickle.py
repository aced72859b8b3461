"""Models and optimizer states through pickle, copy.deepcopy and multiprocessing; training goes on from a copy."""

import copy
import multiprocessing
import pickle

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import pytest
from mlx.utils import tree_flatten

OPTIMIZERS = [
    lambda: optim.SGD(0.1, momentum=0.9),
    lambda: optim.AdamW(1e-2),
    lambda: optim.Adam(optim.cosine_decay(1e-2, 10)),
    lambda: optim.Lion(1e-3),
    lambda: optim.Adafactor(),
    lambda: optim.Muon(1e-2),
]


def flatten(x):
    return x.flatten(1)


def make_model():
    mx.random.seed(3)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm(4), nn.ReLU(), flatten, nn.Linear(144, 8), nn.LayerNorm(8))


def train(model, optimizer, steps):
    x = mx.random.normal((4, 8, 8, 1), key=mx.random.key(1))
    step = nn.value_and_grad(model, lambda model, x: mx.mean(mx.square(model(x) - 1)))
    for _ in range(steps):
        _, gradients = step(model, x)
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)


def same_parameters(a, b):
    pairs = list(zip(tree_flatten(a.parameters()), tree_flatten(b.parameters()), strict=True))
    return all(n == m and mx.array_equal(x, y).item() for (n, x), (m, y) in pairs)


COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle, protocol 2": lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", COPIES)
def test_training_goes_on_from_a_copy(way, make_optimizer):
    model, optimizer = make_model(), make_optimizer()
    train(model, optimizer, 2)
    twin = COPIES[way](model)
    twin_optimizer = make_optimizer()
    twin_optimizer.state = COPIES[way](optimizer.state)
    train(model, optimizer, 3)
    assert not same_parameters(model, twin)
    train(twin, twin_optimizer, 3)
    assert same_parameters(model, twin)


def test_frozen_and_eval_states_survive():
    model = make_model()
    model.layers[0].freeze()
    model.eval()
    twin = pickle.loads(pickle.dumps(model))
    assert not twin.training and "weight" not in twin.layers[0].trainable_parameters()
    assert "weight" in twin.layers[4].trainable_parameters()


def test_quantized_models_survive():
    model = nn.Sequential(nn.Linear(64, 64), nn.GELU())
    nn.quantize(model, bits=4)
    twin = pickle.loads(pickle.dumps(model))
    x = mx.random.normal((2, 64))
    assert mx.array_equal(model(x), twin(x))


@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16, mx.complex64, mx.bool_, mx.uint64])
def test_arrays_of_any_dtype(dtype):
    x = (mx.arange(6) % 2).astype(dtype).reshape(2, 3)
    y = pickle.loads(pickle.dumps(x))
    assert y.dtype == dtype and mx.array_equal(x, y)


def doubled(x):
    return x * 2


def test_arrays_cross_processes():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        got = pool.map(doubled, [mx.array([1.0, 2.0]), mx.array([3.0])])
    assert [x.tolist() for x in got] == [[2.0, 4.0], [6.0]]
