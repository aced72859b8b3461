"""Initializers: shapes, dtypes, bounds and moments, structure, and errors."""

import math

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

SHAPE = (200, 300)
# name, initializer, keyword arguments of the call, (mean, deviation), bound or None
DRAWS = [
    ("normal", nn.init.normal(1.0, 2.0), {}, (1.0, 2.0), None),
    ("uniform", nn.init.uniform(-1.0, 3.0), {}, (1.0, 4 / math.sqrt(12)), 3.0),
    ("glorot_normal", nn.init.glorot_normal(), {"gain": 2.0}, (0.0, 2 * math.sqrt(2 / 500)), None),
    ("glorot_uniform", nn.init.glorot_uniform(), {}, (0.0, math.sqrt(2 / 500)), math.sqrt(6 / 500)),
    ("he_normal", nn.init.he_normal(), {}, (0.0, 1 / math.sqrt(300)), None),
    ("he_normal out", nn.init.he_normal(), {"mode": "fan_out", "gain": 3.0}, (0.0, 3 / math.sqrt(200)), None),
    ("he_uniform", nn.init.he_uniform(), {}, (0.0, 1 / math.sqrt(300)), math.sqrt(3 / 300)),
    ("he_uniform out", nn.init.he_uniform(), {"mode": "fan_out"}, (0.0, 1 / math.sqrt(200)), math.sqrt(3 / 200)),
]


@pytest.mark.parametrize("name, initializer, arguments, moments, bound", DRAWS, ids=[row[0] for row in DRAWS])
def test_moments(name, initializer, arguments, moments, bound):
    x = np.array(initializer(mx.zeros(SHAPE), **arguments))
    assert x.shape == SHAPE and x.dtype == np.float32
    assert abs(x.mean() - moments[0]) < 0.02 * max(moments)
    assert abs(x.std() / moments[1] - 1) < 0.02
    if bound is not None:
        assert np.abs(x).max() <= bound


def test_fans_count_the_kernel():
    x = np.array(nn.init.he_uniform()(mx.zeros((64, 3, 3, 32))))
    assert 0.95 < np.abs(x).max() / math.sqrt(3 / (32 * 9)) <= 1


def test_constant_and_identity():
    assert nn.init.constant(2.5, mx.float16)(mx.zeros((2, 3))).tolist() == [[2.5] * 3] * 2
    assert mx.array_equal(nn.init.identity()(mx.zeros((3, 3))), mx.eye(3))


@pytest.mark.parametrize("sparsity, zeros", [(0.0, 0), (0.3, 3), (0.25, 3), (1.0, 10)])
def test_sparse_has_zeros_in_every_row(sparsity, zeros):
    x = np.array(nn.init.sparse(sparsity)(mx.zeros((5, 10))))
    assert (np.sum(x == 0, axis=1) == zeros).all()


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal(shape):
    x = np.array(nn.init.orthogonal(2.0)(mx.zeros(shape)))
    gram = x @ x.T if shape[0] <= shape[1] else x.T @ x
    np.testing.assert_allclose(gram, 4 * np.eye(min(shape)), atol=1e-4)


@pytest.mark.parametrize(
    "initializer, shape, arguments",
    [
        (nn.init.identity(), (2, 3), ()),
        (nn.init.identity(), (2,), ()),
        (nn.init.sparse(0.5), (2,), ()),
        (nn.init.glorot_normal(), (2,), ()),
        (nn.init.he_uniform(), (), ()),
        (nn.init.he_normal(), (2, 2), ("both",)),
    ],
)
def test_shapes_and_modes_that_do_not_fit(initializer, shape, arguments):
    with pytest.raises(ValueError):
        initializer(mx.zeros(shape), *arguments)


def test_what_orthogonal_and_glorot_say_of_other_shapes():
    with pytest.raises(ValueError, match="3D array"):
        nn.init.orthogonal()(mx.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="requires at least 2 dimensional input"):
        nn.init.glorot_uniform()(mx.zeros((2,)))


@pytest.mark.parametrize("make", [nn.init.normal, nn.init.uniform, nn.init.glorot_uniform, nn.init.he_normal])
def test_dtype(make):
    assert make(dtype=mx.float16)(mx.zeros((2, 2))).dtype == mx.float16


def test_the_same_seed_gives_the_same_parameters():
    def parameters():
        mx.random.seed(3)
        return nn.Transformer(8, 2, 1, 1).encoder.layers[0].linear1.weight

    assert mx.array_equal(parameters(), parameters())
