"""Metal kernels, a row per construct, each with what NumPy makes of the same inputs: expressions, types, functions."""

from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

F32, F16, BF16, I32, U32, U8, BOOL = "float32", "float16", "bfloat16", "int32", "uint32", "uint8", "bool_"
RANDOM = np.random.default_rng(15)
X = RANDOM.standard_normal(200).astype(np.float32)
Y = RANDOM.standard_normal(200).astype(np.float32)
N = RANDOM.integers(-100, 100, 200).astype(np.int32)
I = "uint i = thread_position_in_grid.x;\n"  # noqa: E741


@dataclass
class Kernel:
    """A kernel, its inputs by name and what comes out; `dtypes` are tried one by one as template argument T."""

    name: str
    source: str
    expected: Callable[..., Any]
    inputs: dict = field(default_factory=lambda: {"x": X})
    header: str = ""
    template: list = field(default_factory=list)
    grid: tuple = (200, 1, 1)
    group: tuple = (50, 1, 1)
    shape: tuple | None = None
    out: str = F32
    initial: float | None = None
    options: dict = field(default_factory=dict)
    tolerance: float = 1e-5
    cast: str | None = None  # dtype that the first input takes


def silu(x):
    return x / (1 + np.exp(-x))


EXPRESSIONS = [
    Kernel("exp_elementwise", I + "y[i] = metal::exp(x[i]);", lambda x: np.exp(x)),
    Kernel("template_type", I + "T v = x[i]; y[i] = T(v * v);", lambda x: x * x, template=[("T", F32)]),
    Kernel("template_type_half", I + "T v = x[i]; y[i] = v + T(1);", lambda x: x + np.float16(1),
           {"x": X.astype(np.float16)}, template=[("T", F16)], out=F16, tolerance=0),
    Kernel("template_type_bfloat", I + "T v = x[i]; y[i] = v * T(2);", lambda x: x * 2,
           {"x": np.round(X * 4)}, template=[("T", BF16)], out=BF16, tolerance=0, cast=BF16),
    Kernel("template_int_and_bool", I + "y[i] = x[i] * N; if (FLIP) { y[i] = -y[i]; }", lambda x: -3 * x,
           template=[("N", 3), ("FLIP", True)]),
    Kernel("static_cast", I + "y[i] = static_cast<float>(static_cast<int>(x[i] * 10.0f));",
           lambda x: np.trunc(x * np.float32(10))),
    Kernel("functional_and_c_casts", I + "y[i] = float(int(x[i] * 4)) + (float)(uint)3;", lambda x: np.trunc(x * 4) + 3),
    Kernel("constexpr", I + "constexpr int a = 3, b = a * 4 + 1; constexpr float s = 0.5f; y[i] = x[i] * b + s;",
           lambda x: x * 13 + 0.5),
    Kernel("auto", I + "auto v = x[i]; const auto w = v * 2; auto p = x + i; y[i] = w + *p;", lambda x: 3 * x),
    Kernel("position_in_two_dimensions",
           "uint2 p = thread_position_in_grid.xy; y[p.y * threads_per_grid.x + p.x] = p.y * 100.0f + p.x;",
           lambda: np.add.outer(np.arange(6) * 100.0, np.arange(10)).astype(np.float32), {}, grid=(10, 6, 1), group=(5, 3, 1),
           shape=(6, 10)),
    Kernel("positions_and_sizes", """
        uint i = threadgroup_position_in_grid.x * threads_per_threadgroup.x + thread_position_in_threadgroup.x;
        y[i] = thread_index_in_threadgroup + 100 * threadgroups_per_grid.x + 1000 * simdgroups_per_threadgroup;""",
           lambda: np.arange(200) % 50 + 400.0 + 2000, {}, shape=(200,)),
    Kernel("lane_and_simdgroup", I + "y[i] = thread_index_in_simdgroup + 100 * simdgroup_index_in_threadgroup;",
           lambda: (np.arange(128) % 64 % 32 + 100 * (np.arange(128) % 64 // 32)).astype(np.float32), {},
           grid=(128, 1, 1), group=(64, 1, 1), shape=(128,)),
    Kernel("fast_and_precise", I + "y[i] = fast::exp(x[i]) + metal::precise::sqrt(metal::fabs(x[i]));",
           lambda x: np.exp(x) + np.sqrt(np.abs(x))),
    Kernel("min_max_clamp", I + "y[i] = metal::clamp(max(x[i], -0.5f), 0.0f, 1.0f) + min(n[i], 3) + metal::max(1u, 2u);",
           lambda x, n: np.clip(x, 0, 1) + np.minimum(n, 3) + 2, {"x": X, "n": N}),
    Kernel("abs_of_both_kinds", I + "y[i] = abs(x[i]) + abs(n[i]);", lambda x, n: np.abs(x) + np.abs(n), {"x": X, "n": N}),
    Kernel("rsqrt_pow_log", I + "float a = abs(x[i]) + 0.1f; y[i] = rsqrt(a) + pow(a, 1.5f) + log(a) + log2(a);",
           lambda x: (lambda a: a**-0.5 + a**1.5 + np.log(a) + np.log2(a))(np.abs(x) + np.float32(0.1))),
    Kernel("trigonometry", I + "float c; float s = sincos(x[i], c); y[i] = s * 2 + c + tanh(x[i]) + atan2(x[i], 2.0f);",
           lambda x: 2 * np.sin(x) + np.cos(x) + np.tanh(x) + np.arctan2(x, 2)),
    Kernel("rounding", I + "y[i] = floor(x[i]) + 2 * ceil(x[i]) + 3 * rint(x[i] * 8) + trunc(x[i]) + fract(x[i]);",
           lambda x: np.floor(x) + 2 * np.ceil(x) + 3 * np.rint(x * 8) + np.trunc(x) + (x - np.floor(x))),
    Kernel("isnan_and_infinity", I + "float v = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : x[i]; y[i] = isnan(v) ? 1 : isinf(v) ? 2 : 3;",
           lambda x: np.array([1, 2, 3], np.float32)[np.arange(200) % 3]),
    Kernel("integer_arithmetic", I + "int v = n[i]; y[i] = v / 7 + v % 7 + (v >> 2) + (v << 3) + (v & 12) + (v | 3) + (v ^ 5) + ~v;",
           lambda n: (n - np.fmod(n, 7)) // 7 + np.fmod(n, 7) + (n >> 2) + (n << 3) + (n & 12) + (n | 3) + (n ^ 5) + ~n,
           {"n": N}, out=I32),
    Kernel("bits", I + "uint v = u[i]; y[i] = popcount(v) + clz(v | 1u) + ctz(v | 16u) + (v >> 28) + rotate(v, 4u) % 16u;",
           lambda u: np.array([bin(v).count("1") + 32 - int(v | 1).bit_length() + (int(v | 16) & -int(v | 16)).bit_length() - 1
                               + (v >> 28) + (v >> 28) for v in u.tolist()]),
           {"u": RANDOM.integers(0, 2**32, 200).astype(np.uint32)}, out=U32),
    Kernel("long_and_size_t", I + "size_t a = size_t(i) * 5000000000ul; long b = -1; y[i] = float(a / 1000000) + b;",
           lambda: np.arange(200) * 5000.0 - 1, {}, shape=(200,)),
    Kernel("small_integers", I + "uint8_t a = uint8_t(n[i]); int8_t b = int8_t(n[i]); y[i] = a + b;",
           lambda n: n.astype(np.uint8).astype(np.int32) + n.astype(np.int8), {"n": N}, out=I32),
    Kernel("bools", I + "bool a = x[i] > 0, b = !a; y[i] = a && x[i] > 1 || b && x[i] < -1;",
           lambda x: np.abs(x) > 1, out=BOOL),
    Kernel("bool_input", I + "y[i] = m[i] ? 1.5f : 2.5f;", lambda m: np.where(m, 1.5, 2.5), {"m": X > 0}),
    Kernel("literals", I + "y[i] = 1e-2f + 0x1F + 1'000 + .5 + 2.h + 07 + 3u + 1L;", lambda: np.full(200, 0.01 + 31 + 1000 + 0.5 + 2 + 7 + 3 + 1), {},
           shape=(200,)),
    Kernel("limits", I + "y[i] = x[i] > 0 ? metal::numeric_limits<float>::max() : -numeric_limits<float>::infinity();",
           lambda x: np.where(x > 0, np.finfo(np.float32).max, -np.inf)),
    Kernel("limits_of_the_library", I + "y[i] = Limits<float>::min < x[i] ? float(Limits<int>::max) : 0;", lambda x: np.full(200, 2.0**31)),
    Kernel("as_type", I + "y[i] = as_type<uint>(x[i]) >> 16;", lambda x: x.view(np.uint32) >> 16, out=U32),
    Kernel("as_type_of_half", I + "ushort b = as_type<ushort>(h[i]); y[i] = as_type<half>(ushort(b ^ 0x8000));", lambda h: -h,
           {"h": X.astype(np.float16)}, out=F16, tolerance=0),
    Kernel("as_type_vector", I + "uchar4 b = as_type<uchar4>(u[i]); y[i] = b.x + 2 * b.y + 3 * b.z + 4 * b.w;",
           lambda u: u.view(np.uint8).reshape(-1, 4) @ np.array([1, 2, 3, 4]), {"u": np.arange(200, dtype=np.uint32) * 7654321}, out=U32),
    Kernel("select_and_mix", I + "y[i] = select(x[i], y_in[i], x[i] > 0) + mix(x[i], y_in[i], 0.25f) + step(0.0f, x[i]);",
           lambda x, y_in: np.where(x > 0, y_in, x) + x + (y_in - x) / 4 + (x >= 0), {"x": X, "y_in": Y}),
    Kernel("comma_and_chains", I + "float a, b; a = b = x[i]; a += 1, b -= 2; y[i] = a * b;", lambda x: (x + 1) * (x - 2)),
    Kernel("counting", I + "int a = n[i]; int b = a++ + ++a; a--; y[i] = a + b;", lambda n: n + 1 + 2 * n + 2, {"n": N}, out=I32),
    Kernel("half_rounds_each_operation", I + "half a = h[i]; half b = a * a; y[i] = b + a;", lambda h: h * h + h,
           {"h": X.astype(np.float16)}, out=F16, tolerance=0),
    Kernel("half_and_float_mix", I + "y[i] = h[i] * 0.1f;", lambda h: h.astype(np.float32) * np.float32(0.1), {"h": X.astype(np.float16)}),
    Kernel("bfloat_arithmetic", I + "bfloat a = x[i]; bfloat16_t b = a + bfloat(1.0f); y[i] = float(b);", lambda x: x + 1, tolerance=1e-2),
    Kernel("bfloat_compound", I + "T v = x[i]; v += T(1); v *= T(2); ++v; y[i] = v;", lambda x: (x + 1) * 2 + 1, {"x": np.round(X * 4)},
           template=[("T", BF16)], out=BF16, cast=BF16, tolerance=0),
    Kernel("complex", I + "complex64_t a = z[i]; complex64_t b = a * a; y[i] = b.real + b.imag;", lambda z: (z * z).real + (z * z).imag,
           {"z": (X + 1j * Y).astype(np.complex64)}),
]  # fmt: skip

VECTORS = [
    Kernel("float4", I + "float4 v = float4(x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]); y[i] = dot(v, v) + v.x + v.w;",
           lambda x: (lambda v: (v * v).sum(1) + v[:, 0] + v[:, 3])(x.reshape(-1, 4)), grid=(50, 1, 1), shape=(50,)),
    Kernel("swizzles", I + "float3 v = float3(x[i], 2, 3); v.xy = v.yx; v.z += v.x; y[i] = v.x + v.y * v.z + v.zyx.x + v.r;",
           lambda x: 2 + x * 5 + 5 + 2),
    Kernel("vector_pointer", I + "const device float4* p = (const device float4*)x; float4 v = p[i] * 2.0f; y[i] = v.x + v.y + v.z + v.w;",
           lambda x: x.reshape(-1, 4).sum(1) * 2, grid=(50, 1, 1), shape=(50,)),
    Kernel("vector_store", I + "device float4* q = (device float4*)y; q[i] = ((const device float4*)x)[i] + float4(1);",
           lambda x: x + 1, grid=(50, 1, 1)),
    Kernel("vec_template", I + "using V = metal::vec<T, 4>; V v = V(x[i]); v[1] = 5; int k = i % 4; y[i] = v[k] + v[1];",
           lambda x: np.where(np.arange(200) % 4 == 1, 5, x) + 5, template=[("T", F32)]),
    Kernel("half4", I + "half4 v = ((const device half4*)h)[i]; v = v * half4(2); float4 f = float4(v); y[i] = f.x + f.y + f.z + f.w;",
           lambda h: (h * 2).astype(np.float32).reshape(-1, 4).sum(1), {"h": X.astype(np.float16)}, grid=(50, 1, 1), shape=(50,)),
    Kernel("vector_comparison", I + "float4 v = float4(x[i], 1, -1, 0); y[i] = any(v > 0.0f) + 2 * all(v > -2.0f) + select(float4(1), float4(2), v > 0.0f).x;",
           lambda x: 1.0 + 2 * (x > -2) + np.where(x > 0, 2, 1)),
    Kernel("integer_vectors", I + "uint3 a = uint3(i, 2, 3); int2 b = int2(a.xy) - int2(1, 5); y[i] = a.z * b.x + b.y;",
           lambda: 3 * (np.arange(200) - 1) - 3, {}, shape=(200,), out=I32),
    Kernel("geometry", I + "float3 a = float3(x[i], 1, 2), b = float3(0, 1, x[i]); y[i] = length(a) + distance(a, b) + cross(a, b).x + normalize(a).y;",
           lambda x: np.sqrt(x * x + 5) + np.sqrt(x * x + (2 - x) ** 2) + (x - 2) + 1 / np.sqrt(x * x + 5)),
]  # fmt: skip

MEMORY = [
    Kernel("private_array", I + "float v[4] = {1, 2, 3}; v[3] = x[i]; float s = 0; for (int k = 0; k < 4; ++k) s += v[k]; y[i] = s;", lambda x: x + 6),
    Kernel("two_dimensional_array", I + "float v[2][3]; for (int a = 0; a < 2; a++) for (int b = 0; b < 3; b++) v[a][b] = a * 3 + b; y[i] = v[1][2] + v[0][1] + x[i];",
           lambda x: x + 6),
    Kernel("half_array", I + "half v[3]; v[0] = h[i]; v[1] = v[0] * 2; v[2] = v[0] + v[1]; y[i] = v[2];", lambda h: h + h * 2, {"h": X.astype(np.float16)}, out=F16, tolerance=0),
    Kernel("pointer_arithmetic", I + "const device float* p = x; p += i; const device float* q = x + 199; y[i] = *p + p[0] + float(q - p);",
           lambda x: 2 * x + 199 - np.arange(200)),
    Kernel("references", I + "device float& r = y[i]; r = x[i]; r += 1; thread float a = 2; thread float& b = a; b *= 3; r += a; const float& c = x[i]; r += c;",
           lambda x: 2 * x + 7),
    Kernel("address_of", I + "float a = x[i]; thread float* p = &a; *p += 1; p[0] *= 2; y[i] = a;", lambda x: 2 * (x + 1)),
    Kernel("scalar_inputs", I + "y[i] = x[i] * scale + shift;", lambda x, scale, shift: x * 2.5 + 3, {"x": X, "scale": np.float32(2.5), "shift": np.int32(3)}),
    Kernel("shape_and_ndim", I + "y[i] = x_shape[0] * 10 + x_shape[1] + 1000 * x_ndim;", lambda x: np.full(200, 2000.0 + 80 + 25), {"x": X.reshape(8, 25)}, shape=(200,)),
    Kernel("elem_to_loc", I + "y[i] = x[elem_to_loc(i, x_shape, x_strides, x_ndim)];", lambda x: x.ravel(), {"x": np.ascontiguousarray(X.reshape(8, 25)).T},
           shape=(200,), options={"ensure_row_contiguous": False}),
    Kernel("init_value", "y[2 * thread_position_in_grid.x] = 1;", lambda: np.where(np.arange(200) % 2, 7.0, 1.0), {}, grid=(100, 1, 1), shape=(200,), initial=7),
    Kernel("ragged_grid", I + "y[i] = x[i] + threads_per_grid.x;", lambda x: x + 200, group=(64, 1, 1)),
    Kernel("early_return", I + "if (i >= 100) return; y[i] = x[i];", lambda x: np.where(np.arange(200) < 100, x, 0), initial=0),
    Kernel("constant_table", I + "y[i] = table[i % 4] + kept;", lambda: np.array([1, 2, 4, 8.0])[np.arange(200) % 4] + 0.5, {}, shape=(200,),
           header="constant float table[4] = {1, 2, 4, 8}; constant constexpr float kept = 0.5f;"),
    Kernel("constant_table_of_half", I + "y[i] = table[i % 2] * HALF_STEP;", lambda: np.array([0.75, -3])[np.arange(200) % 2], {}, shape=(200,),
           header="#define HALF_STEP 0.5f\nconstant half table[] = {1.5h, -6.0h};"),
    Kernel("sizeof", I + "y[i] = sizeof(float4) + sizeof(half) * 100 + sizeof(T) * 1000;", lambda: np.full(200, 16.0 + 200 + 2000), {}, shape=(200,), template=[("T", BF16)]),
]  # fmt: skip

FLOW = [
    Kernel("loops", I + """
        float s = 0; int k = 0;
        while (true) { if (k == 7) break; if (k % 2) { ++k; continue; } s += k; ++k; }
        do { s += 100; } while (--k > 5);
        for (int a = 0, b = 10; a < b; a += 2, b--) s += a;
        y[i] = s + x[i];""", lambda x: x + 12 + 200 + 12),
    Kernel("unrolled", I + "float s = 0;\n#pragma unroll\nfor (int k = 0; k < N; k++) { s += x[i] * k; }\n#pragma clang loop unroll(full)\nfor (short k = 0; k < 2; ++k) s += 1;\ny[i] = s;",
           lambda x: x * 6 + 2, template=[("N", 4)]),
    Kernel("switch", I + "switch (i % 4) { case 0: y[i] = 1; break; case 1: case 2: y[i] = 2; break; default: y[i] = x[i]; }",
           lambda x: np.where(np.arange(200) % 4 == 0, 1, np.where(np.arange(200) % 4 == 3, x, 2))),
    Kernel("if_constexpr", I + "if constexpr (N > 2) { y[i] = x[i]; } else { y[i] = undeclared; }", lambda x: x, template=[("N", 3)]),
    Kernel("macros", I + "y[i] = SQUARE(x[i] + OFFSET);\n#if OFFSET > 1\ny[i] += 1;\n#else\ny[i] -= 1;\n#endif\n#ifdef MISSING\nnonsense\n#endif", lambda x: (x + 2) ** 2 + 1,
           header="#include <metal_stdlib>\nusing namespace metal;\n#define OFFSET 2\n#define SQUARE(v) ((v) * (v))"),
]  # fmt: skip

FUNCTIONS = [
    Kernel("function", I + "y[i] = silu(x[i]);", silu, header="inline float silu(float v) { return v / (1.0f + metal::exp(-v)); }"),
    Kernel("template_function", I + "y[i] = twice<float>(x[i]) + twice(h[i]);", lambda x, h: 2 * x + 2 * h, {"x": X, "h": np.round(X).astype(np.float16)},
           header="template <typename U> U twice(U v) { return v + v; }"),
    Kernel("template_values", I + "y[i] = scaled<3, true>(x[i]);", lambda x: -3 * x,
           header="template <int N, bool NEGATE = false> float scaled(float v) { if (NEGATE) { return -v * N; } return v * N; }"),
    Kernel("overloads", I + "y[i] = kind(1) + 10 * kind(1.0f) + 100 * kind(half(1)) + 1000 * kind(uint2(1, 2));", lambda: np.full(200, 4321.0), {}, shape=(200,),
           header="int kind(int) { return 1; } int kind(float) { return 2; } int kind(half) { return 3; } int kind(uint2) { return 4; }"),
    Kernel("out_parameters", I + "float a, b; split(x[i], a, &b); y[i] = a * 10 + b;", lambda x: np.floor(x) * 10 + (x - np.floor(x)),
           header="void split(float v, thread float& whole, thread float* part) { whole = floor(v); *part = v - whole; }", tolerance=1e-4),
    Kernel("array_parameters", I + "float v[4]; load<4>(x + (i / 4) * 4, v); y[i] = total(v);", lambda x: np.repeat(x.reshape(-1, 4).sum(1), 4),
           header="""template <int N, typename U> void load(const device U* p, thread U* v) { for (int k = 0; k < N; ++k) v[k] = p[k]; }
                     template <int N> float total(thread float (&v)[N]) { float s = 0; for (int k = 0; k < N; ++k) s += v[k]; return s; }""", tolerance=1e-4),
    Kernel("device_output_parameter", I + "put(y, i, x[i]);", lambda x: x + 1, header="void put(device float* p, uint at, float v) { p[at] = v + 1; }"),
    Kernel("structs", I + "Pair p = {x[i], 2}; p.b += 1; Pair q = swapped(p); y[i] = q.a * 10 + q.b + q.sum();", lambda x: 30 + x + 3 + x,
           header="struct Pair { float a; float b; float sum() const { return a + b; } }; Pair swapped(Pair p) { return {p.b, p.a}; }"),
    Kernel("struct_templates", I + "Box<float, 3> b; b.fill(x[i]); y[i] = b.total() + Box<int, 5>::size;", lambda x: 3 * x + 5,
           header="""template <typename U, int N> struct Box { static constexpr int size = N; U v[N];
                     void fill(U u) { for (int k = 0; k < N; ++k) v[k] = u; } U total() { U s = 0; for (int k = 0; k < size; ++k) s += v[k]; return s; } };"""),
    Kernel("constructors", I + "Range r(x[i], 2); Range q = Range(1); y[i] = r.high - r.low + q.high;", lambda x: np.full(200, 4.0), tolerance=1e-4,
           header="struct Range { float low, high; Range(float at, float width) : low(at), high(at + width) {} Range(float width) { low = 0; high = width + 1; } };"),
    Kernel("functors", I + "y[i] = apply(x[i], Add{}) + apply(x[i], Scale{3});", lambda x: x + 1 + 3 * x,
           header="struct Add { float operator()(float v) { return v + 1; } }; struct Scale { float by; float operator()(float v) { return v * by; } };"
                  "template <typename Op> float apply(float v, Op op) { return op(v); }"),
    Kernel("operators", I + "V2 a = {x[i], 1}; V2 b = {2, 3}; V2 c = a + b * 2.0f; y[i] = c.u * c.v;", lambda x: (x + 4) * 7,
           header="struct V2 { float u, v; }; V2 operator+(V2 a, V2 b) { return {a.u + b.u, a.v + b.v}; } V2 operator*(V2 a, float s) { return {a.u * s, a.v * s}; }"),
    Kernel("lambdas", I + "float s = 0; auto add = [&](float v, int n) { s += v * n; return s; }; add(x[i], 2); float t = add(1, 3); auto twice = [](auto v) { return v * 2; }; y[i] = s + t + twice(2) + twice(0.5f);",
           lambda x: 2 * (2 * x + 3) + 5, tolerance=1e-4),
    Kernel("lambda_copies", I + "float a = 1; auto f = [=]() { return a + x[i]; }; a = 100; y[i] = f() + a;", lambda x: x + 101),
    Kernel("lambda_as_argument", I + "float k = 3; y[i] = apply(x[i], [&](float v) { return v * k; });", lambda x: 3 * x,
           header="template <typename F> float apply(float v, F f) { return f(v) ; }"),
    Kernel("type_traits", I + "using W = metal::conditional_t<metal::is_same_v<T, half>, int, float>; W v = W(x[i] * 3); y[i] = v;", lambda x: np.trunc(x * np.float32(3)),
           template=[("T", F16)]),
    Kernel("specialised_structs", I + "y[i] = Name<float>::id + 10 * Name<half>::id;", lambda: np.full(200, 12.0), {}, shape=(200,),
           header="template <typename U> struct Name { static constexpr int id = 1; }; template <> struct Name<float> { static constexpr int id = 2; };"),
    Kernel("enums", I + "y[i] = mode(Mode::fast) + 10 * mode(slow);", lambda: np.full(200, 51.0), {}, shape=(200,),
           header="enum class Mode { fast, faster = 4, fastest }; enum { slow = 5 }; int mode(int m) { return m == Mode::fast ? 1 : m; }"),
    Kernel("reserved_names", I + "float kernel_ = 1; float local = x[i], global = 2, max_ = 3, dot = 4; y[i] = local + global * max_ + dot + kernel_;", lambda x: x + 11),
    Kernel("aliases", I + "typedef float real; using U4 = float4; real v = x[i]; U4 w = U4(v); y[i] = w.x + w.w;", lambda x: 2 * x),
]  # fmt: skip

ROWS = EXPRESSIONS + VECTORS + MEMORY + FLOW + FUNCTIONS
