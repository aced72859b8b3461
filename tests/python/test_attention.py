"""mx.fast.scaled_dot_product_attention and mx.fast.rope against NumPy, with gradients and batching."""

import mlx.core as mx
import numpy as np
import pytest

RTOL = {"float32": 1e-5, "float16": 4e-3, "bfloat16": 2e-2}


def sample(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape)


def attention(q, k, v, scale, mask=None, sinks=None):
    repeats = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, repeats, 1), np.repeat(v, repeats, 1)
    scores = scale * q @ np.swapaxes(k, -1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -3e38) if mask.dtype == bool else scores + mask
    if sinks is not None:
        scores = np.concatenate([scores, np.broadcast_to(sinks[:, None, None], (*scores.shape[:3], 1))], -1)
        v = np.concatenate([v, np.zeros_like(v[:, :, :1])], 2)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def causal(queries, keys):
    return np.tril(np.ones((queries, keys), bool), keys - queries)


MASKS = {
    "none": lambda q, k: None,
    "causal": causal,
    "boolean": lambda q, k: sample(q, k) > -0.5,
    "added": lambda q, k: sample(4, q, k),
    "all hidden": lambda q, k: np.zeros((q, k), bool),
}


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("key_heads", [4, 2, 1])
@pytest.mark.parametrize("lengths", [(5, 5), (1, 20), (7, 3), (65, 130)])
@pytest.mark.parametrize("mask", MASKS)
def test_attention(dtype, key_heads, lengths, mask):
    queries, keys = lengths
    arrays = [sample(2, 4, queries, 8), sample(2, key_heads, keys, 8), sample(2, key_heads, keys, 6)]
    q, k, v = (mx.array(x, dtype=getattr(mx, dtype)) for x in arrays)
    values = MASKS[mask](queries, keys)
    given = mask if mask == "causal" else None if values is None else mx.array(values)
    if mask == "added":
        given = given.astype(q.dtype)
    got = mx.fast.scaled_dot_product_attention(q, k, v, scale=0.3, mask=given)
    assert got.dtype == q.dtype
    expected = attention(*(np.array(x.astype(mx.float32), np.float64) for x in (q, k, v)), 0.3, values)
    np.testing.assert_allclose(np.array(got.astype(mx.float32)), expected, rtol=RTOL[dtype], atol=RTOL[dtype])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("key_heads, lengths", [(4, (1, 3)), (4, (1, 1100)), (2, (1, 77)), (1, (2, 600)), (4, (3, 2))])
@pytest.mark.parametrize("widths", [(16, 32), (80, 64)])
@pytest.mark.parametrize("mask", MASKS)
def test_attention_of_a_few_queries(dtype, key_heads, lengths, widths, mask):
    queries, keys = lengths
    shapes = (4, queries, widths[0]), (key_heads, keys, widths[0]), (key_heads, keys, widths[1])
    q, k, v = (mx.array(sample(1, *shape), dtype=getattr(mx, dtype)) for shape in shapes)
    values = MASKS[mask](queries, keys)
    given = mask if mask == "causal" else None if values is None else mx.array(values)
    if mask == "added":
        values[..., : keys // 2] = -np.inf
        given = mx.array(values).astype(q.dtype)
    got = mx.fast.scaled_dot_product_attention(q, k, v, scale=0.3, mask=given)
    expected = attention(*(np.array(x.astype(mx.float32), np.float64) for x in (q, k, v)), 0.3, values)
    np.testing.assert_allclose(np.array(got.astype(mx.float32)), expected, rtol=RTOL[dtype], atol=RTOL[dtype])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("key_heads", [4, 2])
@pytest.mark.parametrize("lengths", [(520, 517), (300, 700)])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("sinking", [False, True])
def test_attention_of_many_queries(dtype, key_heads, lengths, mask, sinking):
    queries, keys = lengths
    shapes = (4, queries, 64), (key_heads, keys, 64), (key_heads, keys, 40)
    q, k, v, s = (mx.array(sample(*shape), dtype=getattr(mx, dtype)) for shape in (*((1, *x) for x in shapes), (4,)))
    values = MASKS[mask](queries, keys)
    given = mask if mask == "causal" else None if values is None else mx.array(values)
    if mask == "added":
        given = given.astype(q.dtype)
    got = mx.fast.scaled_dot_product_attention(q, k, v, scale=0.125, mask=given, sinks=s if sinking else None)
    exact = [np.array(x.astype(mx.float32), np.float64) for x in (q, k, v, s)]
    expected = attention(*exact[:3], 0.125, values, exact[3] if sinking else None)
    np.testing.assert_allclose(np.array(got.astype(mx.float32)), expected, rtol=RTOL[dtype], atol=RTOL[dtype] / 2)


@pytest.mark.parametrize("queries, width", [(5, 8), (1, 16), (3, 16)])
def test_sinks_take_their_share(queries, width):
    arrays = [sample(2, 4, queries, width), sample(2, 2, 6, width), sample(2, 2, 6, width)]
    sinks = sample(4)
    got = mx.fast.scaled_dot_product_attention(*map(mx.array, arrays), scale=0.3, sinks=mx.array(sinks))
    np.testing.assert_allclose(np.array(got), attention(*arrays, 0.3, sinks=sinks), atol=1e-5)


def test_interleaved_heads_are_read_in_place():
    q, k = sample(2, 5, 4, 8), sample(2, 6, 4, 8)
    heads = lambda x: mx.array(x).transpose(0, 2, 1, 3)
    got = (
        mx.fast.scaled_dot_product_attention(heads(q), heads(k), heads(k), scale=0.3)
        .transpose(0, 2, 1, 3)
        .reshape(2, 5, 32)
    )
    turned = lambda x: x.transpose(0, 2, 1, 3)
    expected = attention(turned(q), turned(k), turned(k), 0.3).transpose(0, 2, 1, 3).reshape(2, 5, 32)
    np.testing.assert_allclose(np.array(got), expected, atol=1e-5)


@pytest.mark.parametrize("mask", [None, "causal"])
def test_attention_gradient_matches_that_of_the_operations(mask):
    q, k, v = mx.array(sample(2, 4, 5, 8)), mx.array(sample(2, 2, 6, 8)), mx.array(sample(2, 2, 6, 8))

    def plain(q, k, v):
        k, v = mx.repeat(k, 2, 1), mx.repeat(v, 2, 1)
        scores = 0.3 * q @ k.swapaxes(-1, -2)
        if mask:
            scores = mx.where(mx.array(causal(5, 6)), scores, -1e30)
        return mx.sin(mx.softmax(scores, -1) @ v).sum()

    def fused(q, k, v):
        return mx.sin(mx.fast.scaled_dot_product_attention(q, k, v, scale=0.3, mask=mask)).sum()

    for got, expected in zip(mx.grad(fused, (0, 1, 2))(q, k, v), mx.grad(plain, (0, 1, 2))(q, k, v)):
        np.testing.assert_allclose(np.array(got), np.array(expected), atol=1e-5)


def test_attention_maps_over_a_batch():
    q, k = mx.array(sample(3, 2, 4, 5, 8)), mx.array(sample(2, 2, 6, 8))
    one = lambda q: mx.fast.scaled_dot_product_attention(q, k, k, scale=0.3, mask="causal")
    np.testing.assert_allclose(np.array(mx.vmap(one)(q)), np.array(mx.stack([one(x) for x in q])), atol=1e-6)


def test_attention_rejects_shapes_that_do_not_meet():
    x = mx.zeros((1, 4, 5, 8))
    for q, k, v in [(x[0], x, x), (x, x[..., :7], x), (x, x[:, :3], x[:, :3]), (x, x, x[:, :2]), (x, x, x[:, :, :4])]:
        with pytest.raises(ValueError):
            mx.fast.scaled_dot_product_attention(q, k, v, scale=1.0)
    for mask in ["foo", mx.zeros((5, 4)), mx.zeros((1, 1, 1, 5, 5))]:
        with pytest.raises(ValueError):
            mx.fast.scaled_dot_product_attention(x, x, x, scale=1.0, mask=mask)


def rotated(x, dims, traditional, frequencies, scale, offset):
    half = dims // 2
    offset = np.reshape(offset, (-1,) + (1,) * (x.ndim - 2)) if np.ndim(offset) else offset
    angles = ((np.arange(x.shape[-2]) + offset) * scale)[..., None] * frequencies
    c, s = np.cos(angles), np.sin(angles)
    first, second = (slice(0, dims, 2), slice(1, dims, 2)) if traditional else (slice(0, half), slice(half, dims))
    p, q, result = x[..., first], x[..., second], x.copy()
    result[..., first], result[..., second] = p * c - q * s, p * s + q * c
    return result


@pytest.mark.parametrize("dtype", [*RTOL, "float64"])
@pytest.mark.parametrize("traditional", [False, True])
@pytest.mark.parametrize("dims", [8, 6, 40])
@pytest.mark.parametrize("offset", [0, 3, [1, 5]])
def test_rope(dtype, traditional, dims, offset):
    values = sample(2, 3, 4, 40)
    with mx.stream(mx.cpu if dtype == "float64" else mx.default_device()):
        x = mx.array(values, dtype=getattr(mx, dtype))
        start = offset if isinstance(offset, int) else mx.array(offset)
        got = mx.fast.rope(x, dims, traditional=traditional, base=100.0, scale=0.5, offset=start)
        frequencies = 100.0 ** (-np.arange(dims // 2) / (dims // 2))
        expected = rotated(np.array(x.astype(mx.float32), np.float64), dims, traditional, frequencies, 0.5, offset)
        tolerance = RTOL.get(dtype, 1e-5)
        np.testing.assert_allclose(np.array(got.astype(mx.float32)), expected, rtol=tolerance, atol=tolerance)


def test_rope_with_frequencies_strides_and_gradient():
    values, periods = sample(2, 4, 3, 8), np.abs(sample(4)) + 0.5
    x, freqs = mx.array(values), mx.array(periods)
    rope = lambda x: mx.fast.rope(x.swapaxes(1, 2), 8, traditional=False, base=None, scale=1.0, offset=1, freqs=freqs)
    np.testing.assert_allclose(
        np.array(rope(x)), rotated(values.swapaxes(1, 2), 8, False, 1 / periods, 1.0, 1), atol=1e-5
    )
    # A rotation keeps lengths, so the gradient of the squared length is twice the input.
    gradient = mx.grad(lambda x: mx.square(rope(x)).sum())(x)
    np.testing.assert_allclose(np.array(gradient), 2 * values, atol=1e-5)


def test_rope_takes_the_real_part_of_frequencies():
    x, freqs = mx.random.normal((1, 2, 3, 4)), mx.array([1.5, 3.0])
    rope = lambda f: mx.fast.rope(x, 4, traditional=False, base=None, scale=1.0, offset=1, freqs=f)
    assert mx.array_equal(rope(freqs + 2j), rope(freqs)).item()


def test_rope_rejects_what_does_not_fit():
    x = mx.zeros((2, 3, 8))
    call = lambda x, dims, **more: mx.fast.rope(
        x, dims, **{"traditional": False, "base": 1e4, "scale": 1.0, "offset": 0, **more}
    )
    for bad in [(x[0], 8), (x, 7), (x, 10), (x, 0), (x.astype(mx.int32), 8)]:
        with pytest.raises(ValueError):
            call(*bad)
    for more in [{"base": None}, {"freqs": mx.ones(4)}, {"offset": mx.zeros(3, mx.int32)}, {"offset": 2.5}]:
        with pytest.raises(ValueError):
            call(x, 8, **more)
