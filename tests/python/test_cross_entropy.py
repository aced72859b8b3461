"""mx.fast.cross_entropy against logsumexp and indexing: values, derivatives, batches, errors."""

import mlx.core as mx
import numpy as np
import pytest
from support import draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core


def plain(logits, targets):
    picked = mx.take_along_axis(logits, mx.expand_dims(targets, -1), -1).squeeze(-1)
    return mx.logsumexp(logits, -1) - picked


def case(shape, seed=0):
    targets = np.random.default_rng(seed).integers(0, shape[-1], shape[:-1])
    return to_mx(draw("float32", shape, seed=seed), "float32"), mx.array(targets)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 70), (4, 33)])
def test_cross_entropy_is_logsumexp_minus_the_chosen_logit(shape):
    logits, targets = case(shape)
    same(mx.fast.cross_entropy(logits, targets), to_numpy(plain(logits, targets)), 1e-5, 1e-5)
    same(mx.compile(mx.fast.cross_entropy)(logits, targets), to_numpy(plain(logits, targets)), 1e-5, 1e-5)


@pytest.mark.parametrize("dtype, tolerance", [(mx.float32, 1e-5), (mx.float16, 2e-3), (mx.bfloat16, 1e-2)])
def test_the_loss_is_float32_and_the_gradient_has_the_dtype_of_the_logits(dtype, tolerance):
    logits, targets = case((3, 37))
    logits, wide = logits.astype(dtype), logits.astype(dtype).astype(mx.float32)
    loss, gradient = mx.value_and_grad(lambda x: mx.fast.cross_entropy(x, targets).sum())(logits)
    want = mx.value_and_grad(lambda x: plain(x, targets).sum())(wide)
    assert loss.dtype == mx.float32 and gradient.dtype == dtype
    same(loss, to_numpy(want[0]), 1e-5, 1e-4)
    same(gradient.astype(mx.float32), to_numpy(want[1]), tolerance, tolerance)


def test_float64_logits_give_a_float32_loss():
    with mx.stream(mx.cpu):
        logits, targets = case((3, 9))
        loss = mx.fast.cross_entropy(logits.astype(mx.float64), targets)
        assert loss.dtype == mx.float32
        same(loss, to_numpy(plain(logits, targets)), 1e-6, 1e-6)


def test_large_and_infinite_logits():
    logits = mx.array([[1e4, 0.0, -1e4], [-np.inf, 0.0, 0.0], [np.nan, 0.0, 0.0]])
    loss = mx.fast.cross_entropy(logits, mx.array([0, 0, 1])).tolist()
    assert loss[:2] == [0.0, np.inf] and np.isnan(loss[2])


def test_targets_count_from_the_end_or_name_no_class():
    logits = case((3, 5))[0]
    loss = mx.fast.cross_entropy(logits, mx.array([-1, 4, 5]))
    same(loss[:2], to_numpy(plain(logits[:2], mx.array([4, 4]))), 1e-5, 1e-5)
    assert np.isnan(loss[2].item())
    gradient = mx.grad(lambda x: mx.fast.cross_entropy(x, mx.array([-1, 4, 5])).sum())(logits)
    same(gradient[2], to_numpy(mx.softmax(logits[2])), 1e-5, 1e-6)


def test_derivatives_of_first_and_second_order():
    logits, targets = case((2, 6))
    weights, tangent = mx.array([0.5, -2.0]), case((2, 6), seed=4)[0]
    losses = [lambda x, f=f: (weights * f(x, targets)).sum() for f in (mx.fast.cross_entropy, plain)]
    got, want = (
        [
            mx.grad(f)(logits),
            mx.jvp(f, [logits], [tangent])[1][0],
            mx.grad(lambda x, f=f: (mx.grad(f)(x) * tangent).sum())(logits),
        ]
        for f in losses
    )
    for g, w in zip(got, want):
        same(g, to_numpy(w), 1e-4, 1e-5)


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0), (2, 1)])
def test_vmap_is_a_loop(axes):
    logits, targets = case((3, 5, 7))
    x = logits[0] if axes[0] is None else mx.moveaxis(logits, 0, axes[0])
    t = targets[0] if axes[1] is None else mx.moveaxis(targets, 0, axes[1])

    def loop(f):
        pick = lambda a, axis, i: a if axis is None else mx.take(a, i, axis)
        return to_numpy(mx.stack([f(pick(x, axes[0], i), pick(t, axes[1], i)) for i in range(3)]))

    same(mx.vmap(mx.fast.cross_entropy, in_axes=axes)(x, t), loop(plain), 1e-5, 1e-5)
    gradient = mx.vmap(mx.grad(lambda x, t: mx.fast.cross_entropy(x, t).sum()), in_axes=axes)(x, t)
    same(gradient, loop(mx.grad(lambda x, t: plain(x, t).sum())), 1e-5, 1e-5)


def test_cross_entropy_can_be_exported(tmp_path):
    logits, targets = case((3, 5))
    mx.export_function(str(tmp_path / "loss"), mx.fast.cross_entropy, logits, targets)
    same(mx.import_function(str(tmp_path / "loss"))(logits, targets)[0], to_numpy(plain(logits, targets)), 1e-5, 1e-5)


@pytest.mark.parametrize("logits, targets", [
    (mx.zeros((3, 5)), mx.array([0, 1])),
    (mx.zeros((3, 5)), mx.array([[0, 1, 2]])),
    (mx.zeros((3, 5)), mx.array(0)),
    (mx.zeros((3, 5)), mx.zeros((3,))),
    (mx.zeros((3, 5)), mx.zeros((3,), mx.bool_)),
    (mx.zeros((3, 5), mx.int32), mx.array([0, 1, 2])),
    (mx.array(1.0), mx.array(0)),
    (mx.zeros((0, 5)), mx.zeros((0,), mx.int32)),
    (mx.zeros((2, 0)), mx.zeros((2,), mx.int32)),
])  # fmt: skip
def test_wrong_arguments_are_value_errors(logits, targets):
    with pytest.raises(ValueError):
        mx.fast.cross_entropy(logits, targets)
