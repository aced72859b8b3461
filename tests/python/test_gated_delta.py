"""mx.fast.gated_delta_update against the recurrence written out: values, derivatives, batches, errors."""

import mlx.core as mx
import numpy as np
import pytest
from support import same, to_numpy

pytestmark = pytest.mark.core


def case(tokens, keys=16, values=20, key_heads=1, heads=2, batch=2, seed=0):
    """q, k, v, gamma, beta, state."""
    rng = np.random.default_rng(seed)
    q, k = (rng.standard_normal((batch, tokens, key_heads, keys)) for _ in range(2))
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    v, state = rng.standard_normal((batch, tokens, heads, values)), rng.standard_normal((batch, heads, values, keys))
    gamma, beta = rng.uniform(0.5, 1, (batch, tokens, heads)), rng.uniform(0, 1, (batch, tokens, heads))
    return [mx.array(x.astype(np.float32)) for x in (q, k, v, gamma, beta, state)]


def recurrence(q, k, v, gamma, beta, state, mask=None):
    share = v.shape[2] // q.shape[2]
    q, k = mx.repeat(q, share, 2), mx.repeat(k, share, 2)
    results = []
    for t in range(q.shape[1]):
        key, query = k[:, t, :, None], q[:, t, :, None]
        decayed = state * gamma[:, t, :, None, None]
        written = beta[:, t, :, None] * (v[:, t] - (decayed * key).sum(-1))
        new = decayed + written[..., None] * key
        result = (new * query).sum(-1)
        if mask is not None:
            seen = mask[:, t, None, None]
            new, result = mx.where(seen[..., None], new, state), mx.where(seen, result, 0)
        state = new
        results.append(result)
    return mx.stack(results, 1), state


def close(got, want, tolerance=2e-4):
    for g, w in zip(got, want, strict=True):
        same(g, to_numpy(w), tolerance, tolerance)


@pytest.mark.parametrize(
    "tokens, keys, values, key_heads", [(1, 16, 20, 1), (1, 19, 3, 2), (5, 16, 20, 1), (70, 33, 5, 2)]
)
def test_values_are_those_of_the_recurrence(tokens, keys, values, key_heads):
    inputs = case(tokens, keys, values, key_heads)
    close(mx.fast.gated_delta_update(*inputs), recurrence(*inputs))
    fresh = inputs[:5]
    close(mx.fast.gated_delta_update(*fresh), recurrence(*fresh, mx.zeros_like(inputs[5])))
    close(mx.compile(mx.fast.gated_delta_update)(*inputs), recurrence(*inputs))


def test_masked_tokens_leave_the_state_and_give_zeros():
    inputs, mask = case(6), mx.array([[True, False, True, True, False, False], [False, True, True, False, True, True]])
    got = mx.fast.gated_delta_update(*inputs, mask=mask)
    close(got, recurrence(*inputs, mask))
    assert np.all(to_numpy(got[0])[~np.array(mask)] == 0)
    close(mx.fast.gated_delta_update(*inputs, mask=mask[:1].astype(mx.float32)), recurrence(*inputs, mask[:1]))


@pytest.mark.parametrize("tokens", [1, 3])
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_the_result_has_the_dtype_of_q_and_k_and_the_state_is_float32(tokens, dtype):
    inputs = [x.astype(dtype) for x in case(tokens)]
    got = mx.fast.gated_delta_update(*inputs)
    assert [x.dtype for x in got] == [dtype, mx.float32]
    close([x.astype(mx.float32) for x in got], recurrence(*[x.astype(mx.float32) for x in inputs]), 2e-2)
    mixed = mx.fast.gated_delta_update(inputs[0], inputs[1].astype(mx.float32), *inputs[2:])
    assert mixed[0].dtype == mx.float32


@pytest.mark.parametrize("tokens", [1, 9])
def test_float64_is_computed_in_float64(tokens):
    with mx.stream(mx.cpu):
        inputs = [x.astype(mx.float64) for x in case(tokens)]
        got, want = mx.fast.gated_delta_update(*inputs), recurrence(*inputs)
        assert all(g.dtype == mx.float64 and mx.abs(g - w).max().item() < 1e-12 for g, w in zip(got, want))


def weigh(results):
    return sum((mx.sin(mx.arange(x.size)).reshape(x.shape) * x).sum() for x in results)


@pytest.mark.parametrize(
    "tokens, keys, values, key_heads", [(1, 16, 20, 1), (7, 5, 3, 2), (70, 8, 4, 1), (130, 4, 4, 2)]
)
def test_gradients_are_those_of_the_recurrence(tokens, keys, values, key_heads):
    inputs = case(tokens, keys, values, key_heads)
    got, want = (
        mx.grad(lambda *a, f=f: weigh(f(*a)), argnums=tuple(range(6)))(*inputs)
        for f in (mx.fast.gated_delta_update, recurrence)
    )
    close(got, want, 1e-3)


def test_gradients_of_tokens_that_forget_everything():
    inputs = case(5, 4, 3)
    inputs[3] = inputs[3] * mx.array([1.0, 0.0, 1.0, 0.0, 1.0])[:, None]
    got, want = (
        mx.grad(lambda *a, f=f: weigh(f(*a)), argnums=tuple(range(6)))(*inputs)
        for f in (mx.fast.gated_delta_update, recurrence)
    )
    close(got, want, 1e-3)


def test_gradients_with_a_mask_and_jvp():
    inputs, mask = case(5, 4, 3), mx.array([[True, False, True, True, False], [True] * 5])
    for f, tangents in ((mx.fast.gated_delta_update, case(5, 4, 3, seed=7)),):
        got = mx.grad(lambda *a: weigh(f(*a, mask=mask)), argnums=(0, 1, 2, 3, 4, 5))(*inputs)
        close(got, mx.grad(lambda *a: weigh(recurrence(*a, mask)), argnums=(0, 1, 2, 3, 4, 5))(*inputs), 1e-3)
        close(mx.jvp(f, inputs, tangents)[1], mx.jvp(recurrence, inputs, tangents)[1], 1e-3)


def test_second_derivatives():
    inputs = case(3, 4, 3)

    def twice(f):
        inner = mx.grad(lambda *a: weigh(f(*a)), argnums=tuple(range(6)))
        return mx.grad(lambda *a: sum(x.square().sum() for x in inner(*a)), argnums=tuple(range(6)))(*inputs)

    close(twice(mx.fast.gated_delta_update), twice(recurrence), 5e-3)


@pytest.mark.parametrize("tokens", [1, 4])
@pytest.mark.parametrize("axes", [(0,) * 6, (1, 1, 1, 1, 1, 1), (None, 0, None, 2, None, 0)])
def test_vmap_is_a_loop(axes, tokens):
    inputs = [
        mx.moveaxis(mx.stack(pair), 0, axis) if axis is not None else pair[0]
        for pair, axis in zip(zip(case(tokens), case(tokens, seed=1)), axes)
    ]
    loop = [
        mx.fast.gated_delta_update(*(x if axis is None else mx.take(x, i, axis) for x, axis in zip(inputs, axes)))
        for i in range(2)
    ]
    close(mx.vmap(mx.fast.gated_delta_update, in_axes=axes)(*inputs), [mx.stack(pair) for pair in zip(*loop)])


def test_it_can_be_exported(tmp_path):
    inputs = case(4)
    mx.export_function(str(tmp_path / "delta"), lambda *a: mx.fast.gated_delta_update(*a), *inputs)
    close(mx.import_function(str(tmp_path / "delta"))(*inputs), recurrence(*inputs))


Q, K, V, G, B, S = case(4)


@pytest.mark.parametrize("call", [
    lambda f: f(Q[0], K, V, G, B),
    lambda f: f(Q, K[..., :3], V, G, B),
    lambda f: f(Q, K, V[:, :3], G, B),
    lambda f: f(Q, K, V, G[:, :3], B),
    lambda f: f(Q, K, V, G, B[:, :, :, None]),
    lambda f: f(Q, K, V, G, B, S[..., :3]),
    lambda f: f(Q, K, V, G, B, S, mx.ones((3, 4))),
    lambda f: f(*(x[:, :0] for x in (Q, K, V, G, B))),
    lambda f: f(*(mx.repeat(x, 2, 2) for x in (Q, K)), V[:, :, :1], G[:, :, :1], B[:, :, :1]),
])  # fmt: skip
def test_wrong_arguments_are_value_errors(call):
    with pytest.raises(ValueError):
        call(mx.fast.gated_delta_update)
