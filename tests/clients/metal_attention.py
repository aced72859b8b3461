"""Cases for metal_modules.py: attention over chosen or packed keys, rotary embeddings, state spaces and masks."""

import mlx.core as mx
from mlx_vlm import structured, turboquant
from mlx_vlm.models import rope_utils, sparse_attention
from mlx_vlm.models.inkling import language as inkling
from mlx_vlm.models.longcat_flash_sparse import indexer_kernel
from mlx_vlm.models.minimax_m3_vl import language as minimax
from mlx_vlm.models.nemotron_h import speculative_verifier as nemotron_h
from mlx_vlm.models.qwen3_5 import gated_delta as qwen_gated_delta, language as qwen
from mlx_vlm.models.qwen4_exp import qsa_kernel
from mlx_vlm.models.rwkv7 import language as rwkv7


def normal(*shape, dtype=mx.float32):
    return (mx.random.normal(shape) * 0.3).astype(dtype)


class WithoutMetal:
    """Where modules take their own way without Metal. Their kernels, which they keep, are made anew on either side."""

    def __init__(self, *modules):
        self.caches = [f for m in modules for f in vars(m).values() if hasattr(f, "cache_clear")]

    def __enter__(self):
        self.asked, mx.metal.is_available = mx.metal.is_available, lambda: False
        for cache in self.caches:
            cache.cache_clear()

    def __exit__(self, *_):
        mx.metal.is_available = self.asked
        for cache in self.caches:
            cache.cache_clear()


def both_ways(f, *modules):
    """`f` by kernels, and without them."""

    def plain():
        with WithoutMetal(*modules):
            arrays = list(f())
            mx.eval(arrays)
        return arrays

    return f, plain


def attention(q, k, v, allowed, scale):
    """Plain attention where `allowed` (batch, queries, keys) says so, in float32."""
    q, k, v = (x.astype(mx.float32) for x in (q, k, v))
    repeats = q.shape[1] // k.shape[1]
    k, v = mx.repeat(k, repeats, 1), mx.repeat(v, repeats, 1)
    scores = mx.where(allowed[:, None], q @ k.swapaxes(-1, -2) * scale, -mx.inf)
    return mx.softmax(scores, -1) @ v


def chosen_keys():
    q, k, v = (normal(1, heads, length, 64, dtype=mx.float16) for heads, length in ((4, 3), (2, 40), (2, 40)))
    indices = mx.argsort(mx.random.uniform(shape=(1, 3, 40)), -1)[..., :9]
    allowed = mx.put_along_axis(mx.zeros((1, 3, 40), mx.bool_), indices, mx.array(True), -1)
    got = sparse_attention.indexed_sparse_attention(q, k, v, indices, 0.125)
    return [got], [attention(q, k, v, allowed, 0.125)]


def chosen_blocks(length=2):
    q, k, v = (normal(1, heads, n, 64, dtype=mx.float16) for heads, n in ((4, length), (2, 64), (2, 64)))
    blocks = mx.array([[[0, 3], [1, 2]]])[:, :length]
    allowed = (mx.arange(64)[None, None, :, None] // 4 == blocks[:, :, None, :]).any(-1)
    return q, k, v, blocks, allowed


def minimax_blocks():
    q, k, v, blocks, allowed = chosen_blocks()
    positions = mx.array([[62, 63]])
    got = minimax._minimax_m3_sparse_prefill_attention(q, k, v, blocks, positions, 0.125, 4)
    return [got], [attention(q, k, v, allowed, 0.125)]


def qsa_blocks():
    q, k, v, blocks, allowed = chosen_blocks()
    ends = mx.array([[63, 64]])
    places, before = mx.arange(64)[None, None], ends[..., None]
    allowed = (allowed | (places >= before // 4 * 4)) & (places < before)  # and what follows the last whole block
    plan = qsa_kernel.QSAExecutionPlan.INDEXED_SPARSE_PREFILL
    got = qsa_kernel.qsa_sparse_attention(q, k, v, blocks, ends, scale=0.125, block_size=4, _plan=plan)
    return [got], [attention(q, k, v, allowed, 0.125)]


def ragged_batch(keys):
    q = normal(2, 8, 1, 64, dtype=mx.float16)
    k, v = (normal(2, 2, keys, 64, dtype=mx.float16) for _ in range(2))
    pads = [3, 0]
    allowed = mx.arange(keys)[None, None] >= mx.array(pads)[:, None, None]
    return [qwen._qwen3_5_ragged_decode_attention(q, k, v, pads, 0.125)], [attention(q, k, v, allowed, 0.125)]


def packed_keys(bits, key_mode, size, tokens, repeats):
    """One step of attention over packed keys and values, and over what they unpack to."""
    keys, values, q = normal(1, 2, tokens, size), normal(1, 2, tokens, size), normal(1, 2 * repeats, 1, size)
    cache = turboquant.TurboQuantKVCache(bits=bits)
    cache.key_codec = turboquant._build_codec(keys, bits, key_mode, 1)
    cache.value_codec = turboquant._build_codec(values, bits, "mse", 2)
    cache.update_and_fetch(keys, values)

    def plain():
        with WithoutMetal(turboquant):
            k, v = cache.dequantize()
            expected = attention(q, k, v, mx.ones((1, 1, tokens), mx.bool_), 0.2)
            mx.eval(expected)
        return [expected]

    return lambda: [cache.decode_attention(q, scale=0.2)], plain


def packing(bits, kind, size, tokens):
    """A codec's packing, scores and weighted sums by kernels and by operations."""
    codec = getattr(turboquant, kind)(size, bits, 3)
    vectors, queries = normal(1, 2, tokens, size), normal(1, 2, 2, 1, size)
    weights = mx.softmax(normal(1, 2, 2, 1, tokens), -1)

    def run():
        state = codec.quantize(vectors)
        results = [codec.dequantize(state), codec.score(queries, state)]
        if hasattr(codec, "weighted_sum"):
            results += [codec.weighted_sum(weights, state), codec.weighted_sum_from_scores(weights, state)]
            results += codec.weighted_sum_stats_from_scores(weights, state)
        return results

    return both_ways(run, turboquant)


def plain_decoding(cache, q, states):
    with WithoutMetal(turboquant):
        scores = cache.key_codec.score(q, states[0])
        expected = cache.value_codec.weighted_sum(mx.softmax(scores, -1), states[1])
        mx.eval(expected)
    return [expected]


def packed_cache(bits):
    """A cache of 40 tokens, queries, and what its kernels are given."""
    cache = turboquant.TurboQuantKVCache(bits=bits)
    # The fused kernel rotates by a matrix, which codecs of a size that is a power of two do not.
    keys, values, q = normal(1, 2, 40, 96), normal(1, 2, 40, 96), normal(1, 2, 3, 1, 96)
    cache.key_codec = turboquant._build_codec(keys, bits, "prod", 1)
    cache.value_codec = turboquant._build_codec(values, bits, "mse", 2)
    cache.update_and_fetch(keys, values)
    return cache, q, cache._attention_states()


def separate_kernels():
    cache, q, states = packed_cache(4)
    got = [cache._compiled_integer_decode_attention(q, *states), cache._separate_score_value_decode(q, *states)]
    return got, lambda: plain_decoding(cache, q, states) * 2


def split_kernels():
    cache, q, states = packed_cache(3.5)
    return [cache._compiled_split_decode_attention(q, *states)], lambda: plain_decoding(cache, q, states)


def rotary(style):
    q, k = normal(1, 4, 5, 32), normal(1, 2, 5, 32)
    positions = mx.random.randint(0, 50, (3, 1, 5))
    rope = rope_utils.MRoPERotaryEmbedding(32, mrope_section=[4, 6, 6], style=style)
    assert rope.fused_apply
    got = rope.apply_rotary(q, k, positions)
    gradient = mx.grad(lambda q: rope.apply_rotary(q, k, positions)[0].square().sum())
    by_kernel = [*got, gradient(q)]
    mx.eval(by_kernel)
    rope.fused_apply, rope_utils._HAS_METAL = False, False
    plain = [*rope.apply_rotary(q, k, positions), gradient(q)]
    rope_utils._HAS_METAL = True
    return by_kernel, plain


def precomputed_rotary():
    q, k = normal(1, 4, 5, 32), normal(1, 2, 5, 32)
    angles = normal(1, 5, 32)
    cos, sin = mx.cos(angles), mx.sin(angles)
    got = rope_utils.apply_rotary_pos_emb_even_odd(q, k, cos, sin)
    mx.eval(got)
    rope_utils._HAS_METAL = False
    plain = rope_utils.apply_rotary_pos_emb_even_odd(q, k, cos, sin)
    mx.eval(plain)
    rope_utils._HAS_METAL = True
    return list(got), list(plain)


def mask_by_distance():
    rel, projection, keys = normal(1, 5, 2, 8), normal(8, 4), mx.zeros((1, 2, 12, 8))

    def plain(sliding):
        distance = (mx.arange(5)[:, None] + 7) - mx.arange(12)[None]
        near = mx.take(rel @ projection, mx.clip(distance, 0, 3).reshape(-1), -1).reshape(1, 5, 2, 5, 12)
        near = mx.stack([near[:, i, :, i] for i in range(5)], 2)
        mask = mx.where((distance >= 0) & (distance < 4), near, 0.0)
        return mx.where((distance < 0) | (distance >= (sliding or 100)), -1e30, mask)

    got = [inkling.banded_additive_mask(rel, projection, 7, 12, sliding, 4, shape_ref=reference)
           for sliding in (0, 6) for reference in (None, keys)]  # fmt: skip
    return [mx.maximum(mask, -9) for mask in got], [mx.maximum(plain(s), -9) for s in (0, 6) for _ in range(2)]


def short_convolution():
    layer = inkling.InklingShortConvolution(40, 4, 0)
    x, state, residual = normal(2, 3, 40), normal(2, 3, 40), normal(2, 3, 40)

    def run():
        cache = [state]
        return [layer(x, cache, residual=residual), cache[0]]

    return both_ways(run)


def indexer():
    q, pooled, weights = normal(1, 4, 3, 16), normal(1, 20, 16), normal(1, 3, 4)
    scores = mx.maximum(q @ pooled[:, None].swapaxes(-1, -2), 0)
    plain = (scores * weights.swapaxes(-1, -2)[..., None]).sum(1) * 0.5
    return [indexer_kernel.indexer_dense_scores(q, pooled, weights, 0.5)], [plain]


def mamba_steps():
    x, b, c = normal(1, 3, 4, 8), normal(1, 3, 2, 32), normal(1, 3, 2, 32)
    arguments = x, normal(4), b, c, normal(4), normal(1, 3, 4), normal(4), normal(1, 4, 8, 32), (0.001, 100.0), None
    got = nemotron_h._mamba_update_exact(*arguments)
    plain = nemotron_h._mamba_update_timewise(*arguments)
    replayed = nemotron_h.replay_mamba_state(
        {**got[2], "dt": nemotron_h.compute_dt(*arguments[5:7], (0.001, 100.0))}, 2
    )
    return [*got[:2], replayed], [*plain[:2], plain[2][:, 1]]


def gated_delta_states():
    q, k, v = normal(1, 4, 2, 64), normal(1, 4, 2, 64), normal(1, 4, 4, 16)
    arguments = q, k, v, normal(1, 4, 4), normal(1, 4, 4), normal(4), normal(4), normal(1, 4, 16, 64)
    run = [qwen_gated_delta.gated_delta_update_with_states(*arguments, use_kernel=kernel) for kernel in (True, False)]
    return run[0], run[1]


def wkv7(module):
    parts, state = [normal(1, 3, 2, 32) for _ in range(6)], normal(1, 2, 32, 32)
    by_kernel, outputs = module.wkv7_kernel(*parts, state), []
    for step in range(3):
        output, state = module._wkv7_step_ops(*[part[:, step] for part in parts], state)
        outputs.append(output.reshape(1, 2, 32))
    return by_kernel, (mx.stack(outputs, 1), state)


def allowed_tokens():
    logits, mask = normal(2, 70), mx.random.randint(-(2**31), 2**31 - 1, (2, 3)).astype(mx.int32)
    bits = (mask.view(mx.uint32)[:, :, None] >> mx.arange(32).astype(mx.uint32)) & 1
    plain = mx.where(bits.reshape(2, 96)[:, :70] == 1, logits, -mx.inf)
    return [mx.softmax(structured._apply_llguidance_mask(logits, mask), -1)], [mx.softmax(plain, -1)]


CASES = {
    "sparse_attention": chosen_keys,
    "minimax_m3": minimax_blocks,
    "qwen4_qsa": qsa_blocks,
    "qwen3_5_ragged": lambda: ragged_batch(40),
    "qwen3_5_ragged_long": lambda: ragged_batch(1500),
    "turboquant_decode_4": lambda: packed_keys(4, "mse", 64, 40, 2),
    "turboquant_decode_3": lambda: packed_keys(3, "mse", 128, 40, 2),
    "turboquant_decode_2_passes": lambda: packed_keys(4, "mse", 64, 2100, 2),
    "turboquant_decode_prod": lambda: packed_keys(4, "prod", 64, 40, 2),
    "turboquant_fused": separate_kernels,
    "turboquant_split": split_kernels,
    "turboquant_mse": lambda: packing(4, "_TurboQuantMSECodec", 64, 20),
    "turboquant_mse_dense": lambda: packing(3, "_TurboQuantMSECodec", 96, 1),
    "turboquant_prod": lambda: packing(3, "_TurboQuantProdCodec", 64, 20),
    "turboquant_prod_one": lambda: packing(3, "_TurboQuantProdCodec", 96, 1),
    "turboquant_polar": lambda: packing(4, "_TurboQuantPolarProdCodec", 64, 20),
    "mrope_interleaved": lambda: rotary("interleaved"),
    "mrope_chunked": lambda: rotary("chunked"),
    "rope_even_odd": precomputed_rotary,
    "inkling_mask": mask_by_distance,
    "inkling_convolution": short_convolution,
    "longcat_indexer": indexer,
    "nemotron_h_mamba": mamba_steps,
    "qwen3_5_states": gated_delta_states,
    "rwkv7_vlm": lambda: wkv7(rwkv7),
    "llguidance": allowed_tokens,
}
