"""Quantised weights: packing, values, products with them, gradients and errors, against the definitions in NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core

AFFINE = [(group, bits) for group in (32, 64, 128) for bits in (1, 2, 3, 4, 5, 6, 8)]
FLOATING = {"mxfp4": (32, 4), "mxfp8": (32, 8), "nvfp4": (16, 4)}
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def e4m3(codes):
    codes = codes.astype(np.int64)
    exponent, mantissa = codes >> 3 & 15, codes & 7
    size = np.where(exponent == 0, mantissa / 8 * 2.0**-6, (1 + mantissa / 8) * 2.0 ** (exponent - 7.0))
    return np.where(codes & 128, -size, size)


def unpack(words, bits):
    """Codes of the little-endian stream of bits that each row is."""
    stream = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")
    return (stream.reshape(*words.shape[:-1], -1, bits) << np.arange(bits)).sum(-1)


def affine_values(w, scales, biases, group, bits):
    spread = [np.repeat(np.asarray(x, np.float64), group, axis=-1) for x in (scales, biases)]
    return unpack(w, bits) * spread[0] + spread[1]


def floating_values(mode, w, scales):
    group, bits = FLOATING[mode]
    codes = unpack(w, bits)
    values = E2M1[codes] if bits == 4 else e4m3(codes)
    return values * np.repeat(e4m3(scales) if mode == "nvfp4" else 2.0 ** (scales.astype(float) - 127), group, axis=-1)


@pytest.mark.parametrize("group, bits", AFFINE)
def test_affine_rounds_to_the_nearest_of_its_steps(group, bits):
    values = draw("float32", (3, 256), seed=bits)
    w, scales, biases = mx.quantize(to_mx(values, "float32"), group_size=group, bits=bits)
    assert (
        w.dtype == mx.uint32 and w.shape == (3, 256 * bits // 32) and scales.shape == biases.shape == (3, 256 // group)
    )
    back = affine_values(to_numpy(w), to_numpy(scales), to_numpy(biases), group, bits)
    same(mx.dequantize(w, scales, biases, group_size=group, bits=bits), back, 1e-6, 1e-6)
    steps = np.repeat(np.abs(to_numpy(scales)), group, axis=-1)
    # The edges are whole steps from zero, so the far one may lie up to a step outside.
    assert np.all(np.abs(back - values) <= 1.01 * steps)


@pytest.mark.parametrize("mode", FLOATING)
def test_floating_modes_round_to_the_nearest_code(mode):
    values = draw("float32", (4, 96), seed=5)
    w, scales = mx.quantize(to_mx(values, "float32"), mode=mode)
    assert scales.dtype == mx.uint8
    back = floating_values(mode, to_numpy(w), to_numpy(scales))
    same(mx.dequantize(w, scales, mode=mode, dtype=mx.float32), back, 1e-6)
    assert mx.dequantize(w, scales, mode=mode).dtype == mx.bfloat16
    largest = np.abs(values).reshape(4, -1, FLOATING[mode][0]).max(-1).repeat(FLOATING[mode][0], -1)
    assert np.all(np.abs(back - values) <= {"mxfp4": 0.34, "mxfp8": 0.0715, "nvfp4": 0.21}[mode] * largest)


@pytest.mark.parametrize("mode, top", [("mxfp4", 6), ("mxfp8", 448)])
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16])
def test_power_of_two_scales_are_the_least_that_do_not_saturate(mode, top, dtype):
    values = np.array([top * 2.0**k * (1 + above / 64) for k in (-120, -3, 0, 5, 100) for above in (0, 1)])
    weights = mx.zeros((10, 32)).at[:, 3].add(mx.array(-values)).astype(dtype)
    scales = mx.quantize(weights, mode=mode)[1].tolist()
    assert scales == [[127 + k + above] for k in (-120, -3, 0, 5, 100) for above in (0, 1)]


def test_groups_of_zeros_and_of_tiny_numbers_become_zeros():
    weights = mx.array([[0.0] * 32, [1e-45] * 32])
    for mode, scale in (("mxfp4", 127), ("mxfp8", 127), ("nvfp4", 0)):
        w, scales = mx.quantize(weights, mode=mode)
        assert np.all(to_numpy(w) == 0) and np.all(to_numpy(scales) == scale)


def test_one_bit_keeps_the_least_and_the_greatest():
    values = mx.array([[-2.0, 1.0] + [-0.4, -0.6] * 15, [3.0] * 32])
    w, scales, biases = mx.quantize(values, 32, 1)
    assert scales.tolist() == [[3.0], [to_numpy(mx.array(1e-7)).item()]] and biases.tolist() == [[-2.0], [3.0]]
    assert w.tolist() == [[0b01010101010101010101010101010110], [0]]
    gradient = mx.grad(lambda v: (mx.quantize(v, 32, 1)[1] + 3 * mx.quantize(v, 32, 1)[2]).sum())(values[:1])
    assert gradient[0, :3].tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize("scale_dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_dequantize_rounds_as_the_product_and_the_sum_do(scale_dtype):
    w, scales, biases = mx.quantize(to_mx(draw("float32", (4, 64)), "float32"))
    codes = to_mx(unpack(to_numpy(w), 4).astype(np.float32), "float32")
    scales = scales.astype(scale_dtype)
    for dtype in (None, mx.float16, mx.float32):
        want = codes.astype(scale_dtype) * scales + biases
        got = mx.dequantize(w, scales, biases, dtype=dtype)
        assert got.dtype == (dtype or want.dtype) and mx.array_equal(got, want.astype(got.dtype))


def test_dequantize_computes_in_float64():
    w, scales, biases = mx.quantize(to_mx(draw("float32", (4, 64)), "float32"))
    third = to_numpy(scales).astype(np.float64) / 3
    with mx.stream(mx.cpu):
        got = mx.dequantize(w, mx.array(third, mx.float64), biases)
        want = unpack(to_numpy(w), 4) * third + to_numpy(biases).astype(np.float64)
        assert got.dtype == mx.float64 and np.max(np.abs(np.array(got) - want)) < 1e-14


def test_a_global_scale_cancels():
    values = draw("float32", (2, 64))
    scale = mx.array(float(np.abs(values).max()))
    w, scales = mx.quantize(to_mx(values, "float32"), mode="nvfp4", global_scale=scale)
    back = to_numpy(mx.dequantize(w, scales, mode="nvfp4", global_scale=scale, dtype=mx.float32))
    assert np.max(np.abs(back - values)) < 0.7


@pytest.mark.parametrize("transpose", [True, False])
@pytest.mark.parametrize("rows", [1, 3, 5, 40])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_quantized_matmul_multiplies_the_values(rows, transpose, dtype):
    w, scales, biases = mx.quantize(to_mx(draw("float32", (96, 128)), dtype), bits=4)
    values = to_numpy(mx.dequantize(w, scales.astype(mx.float32), biases.astype(mx.float32)))
    x = to_mx(draw("float32", (rows, 128 if transpose else 96), -1, 1), dtype)
    want = to_numpy(x.astype(mx.float32)) @ (values.T if transpose else values)
    tolerance = 1e-4 if dtype == "float32" else 2e-2
    same(mx.quantized_matmul(x, w, scales, biases, transpose=transpose), want, tolerance, 60 * tolerance)


@pytest.mark.parametrize("group, bits", AFFINE)
def test_quantized_matmul_of_every_packing(group, bits):
    w, scales, biases = mx.quantize(to_mx(draw("float32", (8, 256)), "float32"), group_size=group, bits=bits)
    values = affine_values(to_numpy(w), to_numpy(scales), to_numpy(biases), group, bits)
    x, y = draw("float32", (2, 256)), draw("float32", (2, 8), seed=1)
    options = {"group_size": group, "bits": bits}
    same(mx.quantized_matmul(to_mx(x, "float32"), w, scales, biases, **options), x @ values.T, 1e-4, 1e-2)
    same(
        mx.quantized_matmul(to_mx(y, "float32"), w, scales, biases, transpose=False, **options), y @ values, 1e-4, 1e-2
    )


@pytest.mark.parametrize("mode", FLOATING)
def test_quantized_matmul_of_floating_modes(mode):
    w, scales = mx.quantize(to_mx(draw("float32", (8, 64)), "float32"), mode=mode)
    values, x = floating_values(mode, to_numpy(w), to_numpy(scales)), draw("float32", (3, 64), seed=2)
    same(mx.quantized_matmul(to_mx(x, "float32"), w, scales, mode=mode), x @ values.T, 1e-4, 1e-3)


def test_gather_qmm_chooses_matrices():
    w, scales, biases = mx.quantize(to_mx(draw("float32", (3, 8, 64)), "float32"), group_size=32)
    values = to_numpy(mx.dequantize(w, scales, biases, group_size=32))
    x, left, right = draw("float32", (4, 2, 64), seed=3), np.array([[0, 3], [1, 1]]), np.array([2, 0])
    got = mx.gather_qmm(to_mx(x, "float32"), w, scales, biases, mx.array(left), mx.array(right), group_size=32)
    same(got, x[left] @ values[np.broadcast_to(right, (2, 2))].swapaxes(-1, -2), 1e-4, 1e-3)


def test_gather_qmm_takes_global_scales():
    values = to_mx(draw("float32", (3, 8, 64)), "float32")
    sizes = mx.abs(values).max(axis=(1, 2))
    parts = [mx.quantize(v, mode="nvfp4", global_scale=size) for v, size in zip(values, sizes)]
    w, scales = (mx.stack(part) for part in zip(*parts))
    x, right = to_mx(draw("float32", (2, 4, 64), seed=3), "float32"), mx.array([2, 0])
    got = mx.gather_qmm(x, w, scales, rhs_indices=right, mode="nvfp4", global_scale=sizes)
    for i, j in enumerate(right.tolist()):
        matrix = mx.dequantize(*parts[j], mode="nvfp4", global_scale=sizes[j], dtype=mx.float32)
        same(got[i], to_numpy(x[i] @ matrix.T), 1e-4, 1e-3)


@pytest.mark.parametrize("mode", ["mxfp4", "mxfp8", "nvfp4"])
def test_qqmm_rounds_both_operands(mode):
    x, w = to_mx(draw("float32", (3, 64)), "float32"), to_mx(draw("float32", (8, 64), seed=1), "float32")
    packed = mx.quantize(w, mode=mode)
    rounded = [to_numpy(mx.dequantize(*mx.quantize(v, mode=mode), mode=mode, dtype=mx.float32)) for v in (x, w)]
    same(mx.qqmm(x, *packed, mode=mode), rounded[0] @ rounded[1].T, 1e-4, 1e-3)
    same(mx.qqmm(x, w, mode=mode), rounded[0] @ rounded[1].T, 1e-4, 1e-3)
    stacked = [mx.stack([part, part]) for part in packed]
    got = mx.gather_qqmm(mx.stack([x, x]), *stacked, rhs_indices=mx.array([1, 0]), mode=mode)
    same(got[1], rounded[0] @ rounded[1].T, 1e-4, 1e-3)


def test_gradients_of_x_scales_and_biases():
    w, scales, biases = mx.quantize(to_mx(draw("float32", (8, 64)), "float32"))
    x = to_mx(draw("float32", (3, 64), seed=1), "float32")

    def packed(x, scales, biases):
        return mx.quantized_matmul(x, w, scales, biases).square().sum()

    def plain(x, scales, biases):
        return (x @ mx.dequantize(w, scales, biases).T).square().sum()

    got, want = (mx.grad(f, argnums=(0, 1, 2))(x, scales, biases) for f in (packed, plain))
    for g, v in zip(got, want):
        same(g, to_numpy(v), 1e-3, 1e-2)


def test_fp8_saturates_and_rounds_to_even():
    x = mx.array([0.0, -0.0, 1.0, 448.0, 500.0, -np.inf, np.nan, 17.0, 2.0**-10, 3 * 2.0**-10])
    assert mx.to_fp8(x).tolist() == [0, 128, 56, 126, 126, 254, 126, 88, 0, 2]
    codes = np.arange(127, dtype=np.uint8)
    same(mx.from_fp8(mx.array(codes), dtype=mx.float32), e4m3(codes))
    assert mx.to_fp8(mx.from_fp8(mx.array(codes))).tolist() == codes.tolist()


W = mx.zeros((4, 64))
PACKED = mx.quantize(W)
INTEGERS = [part.astype(mx.int32) for part in PACKED[1:]]


@pytest.mark.parametrize("call", [
    lambda: mx.quantize(mx.zeros((64,))),
    lambda: mx.quantize(W.astype(mx.int32)),
    lambda: mx.quantize(mx.zeros((4, 65))),
    lambda: mx.quantize(W, bits=7),
    lambda: mx.quantize(W, group_size=16),
    lambda: mx.quantize(W, mode="other"),
    lambda: mx.quantize(W, mode="mxfp4", bits=8),
    lambda: mx.quantize(W, mode="mxfp4", global_scale=mx.array(1.0)),
    lambda: mx.dequantize(*PACKED[:2]),
    lambda: mx.dequantize(PACKED[0].astype(mx.int32), *PACKED[1:]),
    lambda: mx.dequantize(PACKED[0], PACKED[1][:2], PACKED[2][:2]),
    lambda: mx.dequantize(*PACKED, dtype=mx.int32),
    lambda: mx.quantized_matmul(W[:, :32], *PACKED),
    lambda: mx.gather_qmm(W, *PACKED, rhs_indices=mx.array([0.0])),
    lambda: mx.gather_qmm(W[None], *(part[None] for part in PACKED), global_scale=mx.ones((1,))),
    lambda: mx.dequantize(PACKED[0], *INTEGERS),
    lambda: mx.quantized_matmul(W, PACKED[0], *INTEGERS),
    lambda: mx.quantized_matmul(W.astype(mx.int32), PACKED[0], *INTEGERS),
    lambda: mx.gather_qmm(W, PACKED[0], *INTEGERS, rhs_indices=mx.array(0)),
    lambda: mx.quantized_matmul(W.astype(mx.int32), *mx.quantize(W, mode="mxfp4"), mode="mxfp4"),
    lambda: mx.to_fp8(mx.array([1])),
    lambda: mx.from_fp8(mx.array([1.0])),
    lambda: mx.qqmm(W, PACKED[0], mode="mxfp4"),
])  # fmt: skip
def test_wrong_arguments_are_value_errors(call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("call", [
    lambda wide: mx.quantize(wide),
    lambda wide: mx.quantized_matmul(wide, *PACKED),
    lambda wide: mx.quantized_matmul(W, PACKED[0], PACKED[1].astype(mx.float64), PACKED[2]),
    lambda wide: mx.gather_qmm(wide, *PACKED, rhs_indices=mx.array(0)),
])  # fmt: skip
def test_float64_is_a_runtime_error(call):
    with mx.stream(mx.cpu), pytest.raises(RuntimeError):
        mx.eval(call(W.astype(mx.float64)))
