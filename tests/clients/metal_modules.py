"""Modules of mlx-lm and mlx-vlm by their Metal kernels and by array operations: one line a module, with the largest
difference between the two, as a part of what the dtype allows, and the milliseconds of either once everything is built.
Run with MLX_CL_METAL=1 on a device that plays the GPU; arguments name modules, without any all run."""

import sys
import time

import metal_attention
import metal_products
import mlx.core as mx
import mlx.nn as nn
from mlx_lm.kernels import norm_add_norm, qk_norm, rms_norm_sigmoid_gate
from mlx_lm.models import bitlinear_layers, gated_delta, rwkv7, ssm
from mlx_lm.tuner import losses
from mlx_vlm import turboquant
from mlx_vlm.models import kernels
from mlx_vlm.models.deepseek_v4 import hyper_connection
from mlx_vlm.quantization import one_bit


def normal(*shape):
    return mx.random.normal(shape) * 0.3


def rms(x, eps):
    return x * mx.rsqrt((x * x).mean(-1, keepdims=True) + eps)


def gated_delta_rule(key_size):
    q, k, v = normal(1, 3, 2, key_size), normal(1, 3, 2, key_size), normal(1, 3, 4, 16)
    arguments = q, k, v, mx.sigmoid(normal(1, 3, 4)), mx.sigmoid(normal(1, 3, 4)), normal(1, 4, 16, key_size)
    return gated_delta.gated_delta_kernel(*arguments), gated_delta.gated_delta_ops(*arguments)


def state_space():
    x, dt, bias = normal(1, 1, 4, 8), normal(1, 1, 4), normal(4)
    arguments = x, normal(4), normal(1, 1, 2, 32), normal(1, 1, 2, 32), normal(4), dt, bias, normal(1, 4, 8, 32)
    return ssm.ssm_update_kernel(*arguments, (0.001, 100.0)), ssm.ssm_attn(*arguments, (0.001, 100.0))


def bitlinear():
    layer = bitlinear_layers.BitLinear(128, 16, bias=False)
    packed, x = mx.random.randint(0, 170, (4, 128)).astype(mx.uint8), normal(2, 128)
    layer.weight_scale = mx.array([0.5])
    weight = mx.concatenate([((packed >> (2 * i)) & 3).astype(mx.float32) - 1 for i in range(4)], 0)
    return [layer.execute_matmul_kernel(x, packed)], [x @ weight.T * 0.5]


def divergence():
    logits, targets = normal(3, 700) * 4, normal(3, 700) * 4

    def plain(a, b):
        a, b = a - mx.logsumexp(a, -1, keepdims=True), b - mx.logsumexp(b, -1, keepdims=True)
        return nn.losses.kl_div_loss(a, b, axis=-1, reduction="none")

    both = [(loss(logits, targets), mx.grad(lambda x, loss=loss: loss(x, targets).sum())(logits))
            for loss in (losses._kl_div_loss, plain)]  # fmt: skip
    return both[0], both[1]


def head_norms():
    x = normal(1, 3, 2 * 6 * 64)
    got = qk_norm(x, n_heads=4, n_kv_heads=2, head_dim=64, eps=1e-5, query_scale=0.5)
    return got, [rms(x[..., :256].reshape(1, 3, 4, 64), 1e-5) * 0.5, rms(x[..., 256:384].reshape(1, 3, 2, 64), 1e-5)]


def gated_norm():
    x, gate = normal(1, 2, 3, 40), normal(1, 3, 80)
    plain = rms(x, 1e-5).transpose(0, 2, 1, 3).reshape(1, 3, 80) * mx.sigmoid(gate)
    return [rms_norm_sigmoid_gate(x, gate, eps=1e-5)], [plain]


def residual_norms():
    branch, stream, alpha, beta, weight = normal(2, 300), normal(2, 300), normal(300), normal(300), normal(300)
    norm = nn.RMSNorm(300)
    got = norm_add_norm(branch, stream, alpha=alpha, beta=beta, post_weight=weight, post_eps=1e-5,
                                      next_norm=norm)  # fmt: skip
    total = alpha * stream + beta * rms(branch * weight, 1e-5)
    return got, [total, rms(total, norm.eps)]


def interpolation():
    x = normal(1, 2, 9, 7)
    got = kernels.bicubic_interpolate(x, size=(12, 10)), kernels.nearest_interpolate(x, size=(12, 10))
    return got, (kernels._bicubic_interpolate_mlx(x, 12, 10), kernels._nearest_interpolate_mlx(x, 12, 10))


def sinkhorn():
    arguments = normal(2, 3, 24), normal(3), normal(24), 4, 5, 1e-6
    return hyper_connection.hc_split_sinkhorn(*arguments), hyper_connection._hc_split_sinkhorn_ops(*arguments)


def one_bit_weights():
    weight = mx.random.randint(0, 2**31 - 1, (64, 16)).astype(mx.uint32)
    scales, biases, x = normal(64, 4), normal(64, 4), normal(1, 512)
    got = one_bit.one_bit_quantized_matmul(x, weight, scales, biases, group_size=128)
    return [got], [x @ one_bit.dequantize_one_bit(weight, scales, biases, 128).T]


def packed_bits():
    values = mx.random.randint(0, 8, (3, 50)).astype(mx.uint32)
    return [turboquant._unpack_lowbit(turboquant._pack_lowbit(values, 3), 3, 50)], [values]


CASES = {
    "gated_delta_64": lambda: gated_delta_rule(64),
    "gated_delta_128": lambda: gated_delta_rule(128),
    "ssm": state_space,
    "rwkv7": lambda: metal_attention.wkv7(rwkv7),
    "bitlinear": bitlinear,
    "losses": divergence,
    "qk_norm": head_norms,
    "rms_norm_sigmoid_gate": gated_norm,
    "norm_add_norm": residual_norms,
    "interpolation": interpolation,
    "hyper_connection": sinkhorn,
    "one_bit": one_bit_weights,
    "turboquant": packed_bits,
}

CASES |= metal_attention.CASES | metal_products.CASES
ALLOWED = {mx.float32: 1e-4, mx.float16: 2e-3, mx.bfloat16: 2e-2}  # of the largest value


def timed(side):
    """The arrays of one way, evaluated, and how long that took."""
    start = time.perf_counter()
    arrays = list(side() if callable(side) else side)
    mx.eval(arrays)
    return arrays, 1e3 * (time.perf_counter() - start)


def difference(got, expected):
    allowed = ALLOWED.get(got.dtype, 0.5)  # whole numbers must be the same
    got, expected = got.astype(mx.float32).reshape(-1), expected.astype(mx.float32).reshape(-1)
    return mx.abs(got - expected).max() / (
        allowed * mx.maximum(mx.abs(expected).max(), 1.0 if allowed == 0.5 else 1e-3)
    )


if __name__ == "__main__":
    assert mx.metal.is_available() and mx.default_device() == mx.gpu
    for name in sys.argv[1:] or CASES:
        mx.random.seed(0)
        for _ in range(2):  # what is built at first is there the second time
            (got, kernel_ms), (expected, plain_ms) = map(timed, CASES[name]())
        worst = (
            mx.stack([difference(a, b) for a, b in zip(got, expected, strict=True)]).max().item()
        )  # NaN where there is one
        print(name, f"{worst:.3g} {kernel_ms:.3g} {plain_ms:.3g}", flush=True)
