"""What nn.LSTM runs on, mx.fast._lstm, against the same steps in array operations: values, derivatives and batching."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

SIZES = [(2, 3, 4), (3, 7, 13), (1, 5, 32), (5, 2, 1)]  # batch, steps, width
ALL = (0, 1, 2, 3)


def by_steps(gates, weight, hidden, cell):
    states, cells = [], []
    for t in range(gates.shape[1]):
        i, f, g, o = mx.split(gates[:, t] + hidden @ weight.T, 4, axis=-1)
        cell = mx.sigmoid(f) * cell + mx.sigmoid(i) * mx.tanh(g)
        hidden = mx.sigmoid(o) * mx.tanh(cell)
        states.append(hidden)
        cells.append(cell)
    return mx.stack(states, 1), mx.stack(cells, 1)


def operands(sizes, seed=0):
    batch, steps, width = sizes
    shapes = (batch, steps, 4 * width), (4 * width, width), (batch, width), (batch, width)
    keys = mx.random.split(mx.random.key(seed), 4)
    gates, weight, hidden, cell = (mx.random.normal(s, key=k) for s, k in zip(shapes, keys))
    return gates, weight / width**0.5, hidden, cell


def loss(f, *arrays):
    states, cells = f(*arrays)
    return (states * mx.cos(states)).sum() + (cells * cells * states).sum()


def gradient(f):
    return mx.grad(lambda *arrays: loss(f, *arrays), argnums=ALL)


def second(f):
    def of_gradient(*arrays):
        return sum((x * mx.sin(x)).sum() for x in gradient(f)(*arrays))

    return mx.grad(of_gradient, argnums=ALL)


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


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("derived", DERIVED)
def test_as_by_steps(sizes, derived):
    arrays = operands(sizes)
    alike(DERIVED[derived](mx.fast._lstm)(*arrays), DERIVED[derived](by_steps)(*arrays), 1e-3)


@pytest.mark.parametrize("derived", ["values", "gradient"])
@pytest.mark.parametrize("axes", [(0, None, None, None), (None, 0, None, None), (0, 0, 0, 0), (2, None, 1, None)])
def test_over_a_batch(axes, derived):
    one, two = operands((2, 3, 4)), operands((2, 3, 4), seed=1)
    arrays = [x if axis is None else mx.stack([x, y], axis) for x, y, axis in zip(one, two, axes)]
    f = DERIVED[derived]
    alike(mx.vmap(f(mx.fast._lstm), in_axes=axes)(*arrays), mx.vmap(f(by_steps), in_axes=axes)(*arrays))


@pytest.mark.parametrize("shape", [(6, 3), (4, 6, 3), (2, 2, 6, 3)])
@pytest.mark.parametrize("given", [False, True])
def test_layer_goes_on_from_a_state(shape, given):
    layer, x = nn.LSTM(3, 5), mx.random.normal(shape, key=mx.random.key(2))
    state = [mx.random.normal((*shape[:-2], 5), key=mx.random.key(k)) for k in (3, 4)] if given else []
    states, cells = layer(x, *state)
    for t in range(shape[-2]):  # a step at a time
        state = [v[..., 0, :] for v in layer(x[..., t : t + 1, :], *state)]
        alike([states[..., t, :], cells[..., t, :]], state)


@pytest.mark.parametrize("which, shape", [(0, (2, 3, 15)), (0, (2, 0, 16)), (1, (16, 5)), (2, (2, 5)), (3, (4,))])
def test_shapes_that_do_not_fit_are_refused(which, shape):
    arrays = list(operands((2, 3, 4)))
    arrays[which] = mx.zeros(shape)
    with pytest.raises(ValueError, match=r"\[lstm\]"):
        mx.fast._lstm(*arrays)


def test_other_dtypes_are_refused():
    with pytest.raises(ValueError, match="float32 but one is float16"):
        mx.fast._lstm(*(x.astype(mx.float16) for x in operands((2, 3, 4))))


def test_a_saved_function_gives_the_same(tmp_path):
    arrays = operands((2, 3, 4))
    mx.export_function(str(tmp_path / "lstm.mlxfn"), gradient(mx.fast._lstm), *arrays)
    alike(mx.import_function(str(tmp_path / "lstm.mlxfn"))(*arrays), gradient(by_steps)(*arrays))
