"""Cases for metal_modules.py: products with packed weights, experts, routing and hyper connections."""

from types import SimpleNamespace

import mlx.core as mx
import mlx.nn as nn
from metal_attention import both_ways, normal
from mlx_lm.kernels import expert_routing, post_expert_norm_combine, qk_norm_rope
from mlx_lm.models import deepseek_v41, kimi_k3
from mlx_vlm.models import exact_speculative_verify, fast_ops, quantized_verifier
from mlx_vlm.models.deepseek_v41 import fakequant
from mlx_vlm.models.glm_moe_dsa import speculative_verifier as glm
from mlx_vlm.models.kimi_k3 import language as kimi_k3_vlm
from mlx_vlm.models.nemotron_labs_diffusion import language as nemotron_labs
from mlx_vlm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear

HALF = mx.float16


def rms(x, eps):
    return x * mx.rsqrt((x * x).mean(-1, keepdims=True) + eps)


def packed_linear(inputs, outputs, **options):
    linear = nn.Linear(inputs, outputs, bias=False)
    linear.weight = linear.weight.astype(HALF)
    return nn.QuantizedLinear.from_linear(linear, **options)


def head(bits, length):
    """The logits of a packed head, its choices, and its choices among the tokens of a mask."""
    linear, x = packed_linear(512, 64, group_size=64, bits=bits), normal(1, length, 512, dtype=HALF)
    mask = mx.random.randint(0, 2**31 - 1, (length, 2)).astype(mx.int32)
    bit = (mask.view(mx.uint32)[..., None] >> mx.arange(32).astype(mx.uint32)) & 1
    logits = linear(x)
    chosen = [
        quantized_verifier.optimized_affine_argmax(linear, x),
        quantized_verifier.optimized_affine_argmax(linear, x, mask),
    ]
    allowed = mx.where(bit.reshape(1, length, 64) == 1, logits, -mx.inf)
    # Two tokens may be as good as each other: what counts is how good the chosen one is.
    got = [
        mx.take_along_axis(values, index[..., None].astype(mx.int32), -1)
        for values, index in zip((logits, allowed), chosen)
    ]
    best = [values.max(-1, keepdims=True) for values in (logits, allowed)]
    return [quantized_verifier.optimized_affine_linear(linear, x), *got], [logits, *best]


def several_heads():
    linears = [packed_linear(512, outputs, group_size=64, bits=4) for outputs in (64, 32, 16)]
    x = normal(1, 3, 512, dtype=HALF)
    return list(quantized_verifier.optimized_affine_linears(linears, x)), [linear(x) for linear in linears]


def head_of_nvfp4():
    linear, x = packed_linear(512, 64, group_size=16, bits=4, mode="nvfp4"), normal(1, 3, 512, dtype=HALF)
    logits = linear(x)
    chosen = quantized_verifier.optimized_nvfp4_argmax(linear, x)
    return [mx.take_along_axis(logits, chosen[..., None].astype(mx.int32), -1)], [logits.max(-1, keepdims=True)]


def head_of_glm():
    linear, x = packed_linear(512, 64, group_size=64, bits=8), normal(1, 3, 512, dtype=HALF)
    return [glm._quantized_head_logits(linear, x)], [linear(x)]


def experts(inputs, outputs, bits):
    layer = SwitchLinear(inputs, outputs, 4, bias=False)
    layer.weight = layer.weight.astype(HALF)
    return layer.to_quantized(group_size=64, bits=bits)


def expanded(x, residual, post, comb):
    """A hyper connection: the streams mixed, and the output added to each with its weight."""
    x, residual = x.astype(mx.float32), residual.astype(mx.float32)
    return post[..., None] * x[..., None, :] + comb.swapaxes(-1, -2) @ residual


def selected_experts():
    layer, x = experts(512, 64, 4), normal(1, 3, 2, 512, dtype=HALF)
    assert isinstance(layer, QuantizedSwitchLinear)
    indices, weights = mx.random.randint(0, 4, (1, 3, 2)), mx.softmax(normal(1, 3, 2), -1)
    shared, residual = normal(1, 3, 64, dtype=HALF), normal(1, 3, 4, 64, dtype=HALF)
    post, comb = normal(1, 3, 4), normal(1, 3, 4, 4)
    routed = layer(x[..., None, :], indices).squeeze(-2)
    total = (routed.astype(mx.float32) * weights[..., None]).sum(-2).astype(HALF) + shared
    plain = expanded(total, residual, post, comb)
    arguments = layer, x, indices, weights, shared, residual, post, comb
    got = [quantized_verifier.exact_quantized_moe_hc_expand(*arguments),
           quantized_verifier.exact_quantized_moe_hc_expand(*arguments, routed=routed)]  # fmt: skip
    return got, [plain, plain]


def gate_and_up(bits):
    switch, x = nn.Module(), normal(1, 3, 512, dtype=HALF)
    switch.up_proj, switch.gate_proj = experts(512, 64, bits), experts(512, 64, bits)
    indices = mx.random.randint(0, 4, (1, 3, 2))
    wide = x[..., None, None, :]
    plain = [layer(wide, indices).squeeze(-2) for layer in (switch.up_proj, switch.gate_proj)]
    return list(fast_ops.exact_affine_switch_gate_up(switch, x, indices)), plain


def down(bits):
    layer, x = experts(512, 64, bits), normal(1, 3, 2, 512, dtype=HALF)
    indices, weights, shared = (
        mx.random.randint(0, 4, (1, 3, 2)),
        mx.softmax(normal(1, 3, 2), -1),
        normal(1, 3, 64, dtype=HALF),
    )
    routed = layer(x[..., None, :], indices).squeeze(-2).astype(mx.float32)
    plain = (routed * weights[..., None]).sum(-2) + shared
    return [fast_ops.exact_affine_moe_down(layer, x, indices, weights, shared)], [plain]


def expansion():
    x, residual, post, comb = (
        normal(1, 3, 64, dtype=HALF),
        normal(1, 3, 4, 64, dtype=HALF),
        normal(1, 3, 4),
        normal(1, 3, 4, 4),
    )
    return [fast_ops.exact_hc_expand(x, residual, post, comb)], [expanded(x, residual, post, comb)]


def collapse():
    """The streams of a hyper connection as one, normed; the weights are those of the function for mixes."""
    from mlx_vlm.models.deepseek_v4 import hyper_connection

    connection, norm = nn.Module(), nn.RMSNorm(64, eps=1e-6)
    connection.scale, connection.base, connection.sinkhorn_iters, connection.hc_eps = normal(3), normal(24), 5, 1e-6
    norm.weight = norm.weight.astype(HALF)
    x, mixes = normal(1, 3, 4, 64, dtype=HALF), normal(1, 3, 24)
    pre, post, comb = hyper_connection._hc_split_sinkhorn_ops(mixes, connection.scale, connection.base, 4, 5, 1e-6)
    one = (pre[..., None] * x.astype(mx.float32)).sum(-2).astype(HALF)
    return list(fast_ops.exact_hc_norm(connection, norm, x, mixes)), [norm(one), post, comb]


def small_products():
    weight, x = normal(32, 64, dtype=HALF), normal(1, 3, 64, dtype=HALF)
    several, indices = normal(4, 32, 64, dtype=HALF), mx.random.randint(0, 4, (1, 3, 2))
    plain = mx.take(several, indices, 0) @ x[:, :, None, :, None]
    got = [exact_speculative_verify.exact_speculative_verify_weight(weight, x),
           exact_speculative_verify.exact_speculative_verify_switch_weight(several, x, indices),
           nemotron_labs._small_row_gemv_weight(weight, x, 8)]  # fmt: skip
    return got, [x @ weight.T, plain.squeeze(-1), x @ weight.T]


def small_swiglu():
    gate, up, x = nn.Linear(64, 32, bias=False), nn.Linear(64, 32, bias=False), normal(1, 3, 64)
    return [nemotron_labs._small_row_swiglu(gate, up, x, 8)], [nn.silu(gate(x)) * up(x)]


def head_norms_and_rope():
    x = normal(1, 3, 2 * 6 * 64)
    got = qk_norm_rope(x, n_heads=4, n_kv_heads=2, head_dim=64, eps=1e-5, query_scale=0.5, rope_base=1e4, offset=7)
    q, k = rms(x[..., :256].reshape(1, 3, 4, 64), 1e-5) * 0.5, rms(x[..., 256:384].reshape(1, 3, 2, 64), 1e-5)
    rotated = [
        mx.fast.rope(y.swapaxes(1, 2), 64, traditional=True, base=1e4, scale=1.0, offset=7).swapaxes(1, 2)
        for y in (q, k)
    ]
    return list(got), rotated


def routing():
    logits, bias = normal(3, 40) * 4, normal(40)
    got = expert_routing(logits, bias, top_k=4, multiplier=1.5, score_eps=1e-20, route_scale=2.5)
    scores = mx.sigmoid(logits * 1.5)
    chosen = mx.argsort(-(scores + bias), -1)[..., :4]
    weights = mx.take_along_axis(scores, chosen, -1)
    return list(got), [chosen, weights / (weights.sum(-1, keepdims=True) + 1e-20) * 2.5]


def normed_experts():
    x, weights, norm = normal(3, 4, 300), mx.softmax(normal(3, 4), -1), normal(300)
    got = post_expert_norm_combine(x, weights, norm_weight=norm, eps=1e-5)
    return [got], [(rms(x * norm, 1e-5) * weights[..., None]).sum(-2)]


def rounded_to_fp8():
    x = normal(3, 64) * 50

    def run(kernel):
        kept, fakequant._fp8_roundtrip_kernel = fakequant._fp8_roundtrip_kernel, kernel
        result = fakequant.fake_quant_fp8_ue8m0(x)
        fakequant._fp8_roundtrip_kernel = kept
        return [result]

    return run(fakequant._fp8_roundtrip_kernel), run(None)


def sinkhorn_of_deepseek():
    comb, eps = mx.exp(normal(2, 3, 4, 4)), mx.array([1e-6])

    def run(kernel):
        kept, deepseek_v41._sinkhorn_kernel = deepseek_v41._sinkhorn_kernel, kernel
        result = deepseek_v41._sinkhorn(comb, iters=5, eps=eps)
        deepseek_v41._sinkhorn_kernel = kept
        return [result]

    return run(deepseek_v41._sinkhorn_kernel), run(None)


def residual_mix(module):
    raw, partial, weight = normal(3, 1, 2, 96), normal(1, 2, 96), normal(96)
    blocks = module.ResidualBlocks(1e-5)
    blocks.raw, blocks.inv_rms = raw, mx.rsqrt(raw.square().mean(-1) + 1e-5)
    run = [module._attn_res_mix(blocks, partial, weight, 1e-5, use_kernel=kernel) for kernel in (True, False)]
    return run[:1], run[1:]


def short_convolution():
    layer = kimi_k3_vlm.ShortConv1d(40, 4)
    layer.eval()
    x, state = normal(2, 1, 40), normal(2, 3, 40)

    def run(kernel):
        kept, kimi_k3_vlm._short_conv_kernel = kimi_k3_vlm._short_conv_kernel, kernel
        result = layer(x, state, None, None)
        kimi_k3_vlm._short_conv_kernel = kept
        return list(result)

    return run(kimi_k3_vlm._short_conv_kernel), run(None)


def route_of_inkling():
    from mlx_vlm.models.inkling import language as inkling

    gate = inkling.InklingSparseMoE.__new__(inkling.InklingSparseMoE)
    nn.Module.__init__(gate)
    gate._wscale, gate.route_scale, gate.global_scale = None, 1.5, mx.array([0.7])
    gate.n_routed, gate.n_shared, gate.top_k, gate.intermediate_size = 40, 2, 4, 3
    gate.e_score_correction_bias = normal(40)
    logits = normal(3, 42) * 3

    def run():
        indices, weights, shared = gate._route(logits)
        order = mx.argsort(indices, -1)
        return [mx.take_along_axis(indices, order, -1), mx.take_along_axis(weights, order, -1), shared]

    return both_ways(run)


def experts_of_inkling():
    """Three tokens through a mixture of experts, whose last product is a kernel or not."""
    from mlx_vlm.models.inkling import language as inkling

    sizes = {"hidden_size": 64, "intermediate_size": 2048, "n_routed_experts": 6, "n_shared_experts": 2}
    experts = inkling.InklingSparseMoE(SimpleNamespace(**sizes, num_experts_per_tok=3, route_scale=1.5))
    experts.gate_weight = normal(8, 64)
    experts.set_dtype(HALF)
    experts.e_score_correction_bias = normal(6)
    experts.switch_mlp.down_proj = experts.switch_mlp.down_proj.to_quantized(group_size=64, bits=4)
    x = normal(1, 3, 64, dtype=HALF)

    def run(kernel):
        inkling._DOWN_COMBINE = kernel
        return [experts(x)]

    return lambda: run(True), lambda: run(False)


CASES = {
    **{f"verifier_{bits}_bits_{length}": lambda b=bits, n=length: head(b, n) for bits, length in
       ((4, 3), (4, 7), (4, 12), (5, 3), (8, 3))},
    "verifier_several": several_heads,
    "verifier_nvfp4": head_of_nvfp4,
    "verifier_glm": head_of_glm,
    "verifier_experts": selected_experts,
    "fast_ops_gate_up_4": lambda: gate_and_up(4),
    "fast_ops_gate_up_5": lambda: gate_and_up(5),
    "fast_ops_down_4": lambda: down(4),
    "fast_ops_down_5": lambda: down(5),
    "fast_ops_expand": expansion,
    "fast_ops_norm": collapse,
    "small_products": small_products,
    "small_swiglu": small_swiglu,
    "qk_norm_rope": head_norms_and_rope,
    "expert_routing": routing,
    "post_expert_norm": normed_experts,
    "deepseek_v41_fp8": rounded_to_fp8,
    "deepseek_v41_sinkhorn": sinkhorn_of_deepseek,
    "kimi_k3": lambda: residual_mix(kimi_k3),
    "kimi_k3_vlm": lambda: residual_mix(kimi_k3_vlm),
    "kimi_k3_convolution": short_convolution,
    "inkling_route": route_of_inkling,
    "inkling_experts": experts_of_inkling,
}  # fmt: skip
