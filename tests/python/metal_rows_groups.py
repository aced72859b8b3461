"""Metal kernels whose work-items meet: threadgroup memory, barriers, simdgroups, atomics, matrices of simdgroups."""

import numpy as np
from metal_rows import F16, F32, I32, RANDOM, U32, I, Kernel, N, X

G = X[:192].reshape(3, 64)  # three groups of two simdgroups
L = G.reshape(6, 32)
LOOP = {"grid": (192, 1, 1), "group": (64, 1, 1), "shape": (192,)}
ROWS_OF_X = np.arange(192)


def spread(values):
    """One value of each simdgroup in all of its lanes."""
    return np.repeat(values, 32)


def grouped(name, source, expected, inputs=None, **options):
    return Kernel(name, I + source, expected, {"x": X[:192]} if inputs is None else inputs, **{**LOOP, **options})


THREADGROUP = [
    grouped("threadgroup_array", """
        threadgroup float held[64];
        uint t = thread_position_in_threadgroup.x;
        held[t] = x[i];
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[63 - t];""", lambda x: x.reshape(3, 64)[:, ::-1].ravel()),
    grouped("tree_reduction", """
        threadgroup T held[64];
        uint t = thread_position_in_threadgroup.x;
        held[t] = x[i];
        for (uint s = 32; s > 0; s >>= 1) {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (t < s) held[t] += held[t + s];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[0];""", lambda x: np.repeat(x.reshape(3, 64).sum(1), 64), template=[("T", F32)], tolerance=1e-4),
    grouped("threadgroup_in_functions", """
        threadgroup float held[2][32];
        share(x[i], held[simdgroup_index_in_threadgroup], thread_index_in_simdgroup);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[1 - simdgroup_index_in_threadgroup][thread_index_in_simdgroup];""",
            lambda x: x.reshape(3, 2, 32)[:, ::-1].ravel(), header="void share(float v, threadgroup float* p, uint lane) { p[lane] = v; }"),
    grouped("threadgroup_of_half", """
        threadgroup half held[64];
        held[thread_index_in_threadgroup] = half(x[i]);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[(thread_index_in_threadgroup + 1) % 64];""",
            lambda x: np.roll(x.reshape(3, 64), -1, 1).ravel().astype(np.float16), out=F16, tolerance=0),
    Kernel("barrier_on_a_ragged_grid", I + """
        threadgroup float held[64];
        held[thread_position_in_threadgroup.x] = x[i];
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[thread_position_in_threadgroup.x ^ 1];""", lambda x: x.reshape(-1, 2)[:, ::-1].ravel(), group=(64, 1, 1)),
    Kernel("barrier_after_an_early_return", I + """
        threadgroup float held[64];
        held[thread_position_in_threadgroup.x] = 0;
        if (x[i] < 0) return;
        held[thread_position_in_threadgroup.x] = x[i];
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = held[thread_position_in_threadgroup.x];""", lambda x: np.maximum(x, 0), group=(64, 1, 1), initial=0),
    Kernel("group_larger_than_the_grid", I + "y[i] = simd_sum(x[i]);", lambda x: np.repeat(x[:10].sum(), 10), grid=(10, 1, 1), group=(256, 1, 1), shape=(10,)),
]  # fmt: skip

SIMD = [
    grouped("simd_sum", "y[i] = simd_sum(x[i]);", lambda x: spread(L.sum(1))),
    grouped("simd_max_min", "y[i] = simd_max(x[i]) - simd_min(x[i]);", lambda x: spread(L.max(1) - L.min(1))),
    grouped("simd_of_integers", "y[i] = simd_sum(n[i]) + simd_max(n[i]) * 10000 + simd_xor(n[i]);",
            lambda n: (lambda r: spread(r.sum(1) + r.max(1) * 10000 + np.bitwise_xor.reduce(r, 1)))(n.reshape(6, 32)), {"n": N[:192]}, out=I32),
    grouped("simd_of_half", "y[i] = simd_sum(h[i]);", lambda h: spread(h.reshape(6, 32).sum(1)), {"h": np.round(X[:192]).astype(np.float16)}, out=F16, tolerance=0),
    grouped("simd_of_vectors", "float2 s = simd_sum(float2(x[i], 1)); y[i] = s.x * s.y;", lambda x: spread(L.sum(1) * 32), tolerance=1e-4),
    grouped("simd_product_and_bits", "y[i] = simd_product(1 + (i % 2)) + simd_and(i | 3) % 8 + simd_or(i & 7);",
            lambda: np.full(192, 65536 + 3 + 7), {}, out=U32),
    grouped("simd_shuffles", "y[i] = simd_shuffle(x[i], 31 - thread_index_in_simdgroup) + 2 * simd_shuffle_xor(x[i], 3) + 4 * simd_broadcast(x[i], 5) + simd_broadcast_first(x[i]);",
            lambda x: (L[:, ::-1] + 2 * L[:, np.arange(32) ^ 3] + 4 * L[:, 5:6] + L[:, :1]).ravel()),
    grouped("simd_shuffle_up_and_down", "uint l = thread_index_in_simdgroup; float d = simd_shuffle_down(x[i], 1), u = simd_shuffle_up(x[i], 2); y[i] = (l < 31 ? d : 0) + (l > 1 ? u : 0);",
            lambda x: (np.pad(L, ((0, 0), (0, 1)))[:, 1:] + np.pad(L, ((0, 0), (2, 0)))[:, :32]).ravel()),
    grouped("simd_rotate_and_fill", "y[i] = simd_shuffle_rotate_down(x[i], 1) + simd_shuffle_rotate_up(x[i], 1) + simd_shuffle_and_fill_down(x[i], 9.0f, 4);",
            lambda x: (np.roll(L, -1, 1) + np.roll(L, 1, 1) + np.pad(L, ((0, 0), (0, 4)), constant_values=9)[:, 4:]).ravel()),
    grouped("simd_prefix", "y[i] = simd_prefix_inclusive_sum(x[i]) + simd_prefix_exclusive_sum(x[i]);", lambda x: (2 * L.cumsum(1) - L).ravel(), tolerance=1e-4),
    grouped("simd_votes", "bool p = x[i] > 2.0f; y[i] = simd_any(p) + 2 * simd_all(x[i] < 10) + 4 * (popcount(uint(simd_vote::vote_t(simd_ballot(x[i] > 0)))) > 3);",
            lambda x: spread((L > 2).any(1) + 2 + 4 * ((L > 0).sum(1) > 3)), out=I32),
    grouped("quad_sum", "y[i] = quad_sum(x[i]) + quad_broadcast(x[i], 1);", lambda x: (lambda q: np.repeat(q.sum(1) + q[:, 1], 4))(X[:192].reshape(-1, 4))),
    grouped("simd_in_one_simdgroup_only", """
        threadgroup float partial[2];
        float s = simd_sum(x[i]);
        if (thread_index_in_simdgroup == 0) partial[simdgroup_index_in_threadgroup] = s;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (simdgroup_index_in_threadgroup == 0) {
            float v = thread_index_in_simdgroup < 2 ? partial[thread_index_in_simdgroup] : 0;
            v = simd_sum(v);
            if (thread_index_in_simdgroup == 0) partial[0] = v;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = partial[0];""", lambda x: np.repeat(G.sum(1), 64), tolerance=1e-4),
    grouped("simd_in_a_loop_of_its_own_length", """
        uint sg = simdgroup_index_in_threadgroup;
        float total = 0;
        for (uint k = 0; k <= sg; ++k) {
            if (k == 1 && x[0] > 100) break;
            total += simd_sum(x[i]) * (k + 1);
        }
        y[i] = total;""", lambda x: np.where(ROWS_OF_X // 32 % 2 == 0, 1, 3) * spread(L.sum(1)), tolerance=1e-4),
    grouped("simd_with_break_and_continue", """
        uint sg = simdgroup_index_in_threadgroup;
        float total = 0;
        for (int k = 0; k < 6; ++k) {
            if (k % 2 == int(sg)) continue;
            if (k > 2 + int(sg)) break;
            total += simd_max(x[i]) + k;
        }
        y[i] = total;""", lambda x: spread(L.max(1) * 1) * np.where(ROWS_OF_X // 32 % 2 == 0, 1, 2) + np.where(ROWS_OF_X // 32 % 2 == 0, 1, 2), tolerance=1e-4),
    grouped("simd_under_else", """
        float v;
        if (simdgroup_index_in_threadgroup == 0) { v = simd_sum(x[i]); } else { v = simd_max(x[i]); v = v * 2; }
        y[i] = v;""", lambda x: spread(np.where(np.arange(6) % 2 == 0, L.sum(1), 2 * L.max(1))), tolerance=1e-4),
    grouped("simd_after_some_returned", "if (simdgroup_index_in_threadgroup == 1) return; y[i] = simd_sum(x[i]);",
            lambda x: np.where(ROWS_OF_X // 32 % 2 == 0, spread(L.sum(1)), 0), initial=0, tolerance=1e-4),
    grouped("simd_over_active_lanes", "float v = 0; if (thread_index_in_simdgroup < 8) { v = simd_sum(x[i]); } y[i] = v;",
            lambda x: np.where(ROWS_OF_X % 32 < 8, spread(L[:, :8].sum(1)), 0), tolerance=1e-4),
    grouped("simd_in_a_header_function", """
        threadgroup float held[2];
        y[i] = group_sum<64>(x[i], held, thread_index_in_simdgroup, simdgroup_index_in_threadgroup);""",
            lambda x: np.repeat(G.sum(1), 64), tolerance=1e-4, header="""
        template <int SIZE>
        inline float group_sum(float v, threadgroup float* held, uint lane, uint sg) {
            v = simd_sum(v);
            if (SIZE > 32) {
                if (lane == 0) { held[sg] = v; }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                v = simd_sum(lane < SIZE / 32 ? held[lane] : 0.0f);
            }
            return v;
        }"""),
    grouped("simd_function_under_a_condition", "float v = 1; if (simdgroup_index_in_threadgroup == 1) v = scaled_sum(x[i], 2); y[i] = v;",
            lambda x: np.where(ROWS_OF_X // 32 % 2 == 1, 2 * spread(L.sum(1)), 1), tolerance=1e-4,
            header="float scaled_sum(float v, float by) { if (by == 0) { return 0; } return simd_sum(v) * by; }"),
    grouped("simd_in_a_lambda", "auto mean = [&](float v) { return simd_sum(v) / 32.0f; }; float m = mean(x[i]); y[i] = mean(x[i] - m) + m;",
            lambda x: spread(L.mean(1)), tolerance=1e-4),
    Kernel("simd_on_a_ragged_grid", I + "y[i] = simd_sum(x[i]);", lambda x: np.repeat([x[k:k + 32].sum() for k in range(0, 200, 32)], 32)[:200],
           group=(64, 1, 1), tolerance=1e-4),
    Kernel("simd_across_rows", """
        uint row = thread_position_in_grid.y;
        float s = 0;
        for (uint c = thread_position_in_threadgroup.x; c < uint(x_shape[1]); c += 32) s += x[row * x_shape[1] + c];
        s = simd_sum(s);
        if (thread_index_in_simdgroup == 0) y[row] = s;""", lambda x: x.sum(1), {"x": X.reshape(4, 50)}, grid=(32, 4, 1), group=(32, 4, 1),
           shape=(4,), tolerance=1e-4),
    Kernel("online_softmax", """
        uint row = threadgroup_position_in_grid.x, lane = thread_index_in_simdgroup;
        float top = -INFINITY, sum = 0;
        for (int c = lane; c < C; c += 32) {
            float v = x[row * C + c], higher = max(top, v);
            sum = sum * metal::fast::exp(top - higher) + metal::fast::exp(v - higher);
            top = higher;
        }
        float all = simd_max(top);
        sum = simd_sum(sum * (top == -INFINITY ? 0.0f : metal::exp(top - all)));
        for (int c = lane; c < C; c += 32) y[row * C + c] = static_cast<T>(metal::exp(x[row * C + c] - all) / sum);""",
           lambda x: (lambda e: e / e.sum(1, keepdims=True))(np.exp(x.reshape(4, 50))), grid=(128, 1, 1), group=(32, 1, 1),
           template=[("C", 50), ("T", F32)], shape=(4, 50)),
]  # fmt: skip

ATOMICS = [
    Kernel("atomic_add", "atomic_fetch_add_explicit((device atomic_uint*)y + n[thread_position_in_grid.x], 1u, memory_order_relaxed);",
           lambda n: np.bincount(n, minlength=8), {"n": np.abs(N) % 8}, shape=(8,), out=U32, initial=0),
    Kernel("atomic_float", I + "atomic_fetch_add_explicit(&y[i % 2], x[i], memory_order_relaxed);", lambda x: x.reshape(-1, 2).sum(0),
           shape=(2,), initial=0, options={"atomic_outputs": True}, tolerance=1e-4),
    Kernel("atomic_min_max", I + "atomic_fetch_max_explicit((device atomic_int*)&y[0], n[i], memory_order_relaxed); atomic_fetch_min_explicit((device atomic_int*)&y[1], n[i], memory_order_relaxed);",
           lambda n: np.array([n.max(), n.min()]), {"n": N}, shape=(2,), out=I32, initial=0),
    Kernel("atomics_of_a_threadgroup", I + """
        threadgroup atomic_int count;
        if (thread_index_in_threadgroup == 0) atomic_store_explicit(&count, 0, memory_order_relaxed);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (x[i] > 0) atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        y[i] = atomic_load_explicit(&count, memory_order_relaxed);""", lambda x: np.repeat((x.reshape(4, 50) > 0).sum(1), 50), out=I32),
    Kernel("compare_and_exchange", I + """
        device atomic_int* p = (device atomic_int*)y;
        int old = atomic_load_explicit(p, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(p, &old, old + 2, memory_order_relaxed, memory_order_relaxed)) {}""",
           lambda: np.array([400]), {}, shape=(1,), out=I32, initial=0),
]  # fmt: skip

TILES = RANDOM.standard_normal((2, 8, 8)).astype(np.float32)
MATRICES = [
    Kernel("simdgroup_matrix", """
        simdgroup_float8x8 a, b, c = simdgroup_float8x8(1.0f);
        simdgroup_load(a, x, 8);
        simdgroup_load(b, x + 64, 8, ulong2(0, 0), true);
        simdgroup_multiply_accumulate(c, a, b, c);
        simdgroup_store(c, y, 8);""", lambda x: x[0] @ x[1].T + 1, {"x": TILES}, grid=(32, 1, 1), group=(32, 1, 1), shape=(8, 8), tolerance=1e-4),
    Kernel("simdgroup_matrix_elements", """
        simdgroup_matrix<T, 8, 8> a;
        simdgroup_load(a, x);
        a.thread_elements()[0] *= 2; a.thread_elements()[1] += 1;
        simdgroup_store(a, y);""", lambda x: np.where(np.arange(8) % 2 == 0, x[0] * 2, x[0] + 1), {"x": TILES}, grid=(32, 1, 1), group=(32, 1, 1),
           shape=(8, 8), template=[("T", F32)]),
]  # fmt: skip

KEYS = RANDOM.standard_normal((9, 64)).astype(np.float16).astype(np.float32)


def last_keys(x, n):
    """By simdgroup: key times query, if its key counts, and whether it does."""
    counts = 4 + np.arange(8) < n[0]
    return np.stack([np.append(x[4 : n[0]] @ x[0], np.zeros(12 - n[0])), counts], 1)


BITS = np.array([0b0110101, 0b1010010, 0b0000100], np.int32)


def best_of_chosen(x, bits):
    """For each row of bits and either simdgroup, the largest of its sums whose bit is set."""
    sums = np.array([[x[np.arange(32) * 5 + k + t].sum() for k in range(7)] for t in range(3)])
    chosen = np.where((bits[:, None] >> np.arange(7)) & 1, sums, -3e38)
    return np.stack([chosen[:, :4].max(1), chosen[:, 4:].max(1)], 1).ravel()


BRANCHES = [
    grouped("a_branch_by_simdgroup_in_loops", """
        uint group = simdgroup_index_in_threadgroup, lane = thread_index_in_simdgroup;
        threadgroup float best[3][2];
        for (int t = 0; t < 3; ++t) {
            float most = -3e38f;
            for (int row = 0; row < 4; ++row) {
                int k = int(group) * 4 + row;
                if (k < 7 && ((as_type<uint>(bits[t]) >> (k & 31)) & 1u) != 0u) {
                    float rounded = float(half(simd_sum(x[lane * 5 + k + t])));
                    if (rounded > most) most = rounded;
                }
            }
            if (lane == 0) best[t][group] = most;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (i < 6) { for (int t = 0; t < 3; ++t) y[t * 2 + int(i) % 2] = best[t][int(i) % 2]; }""", best_of_chosen,
            {"x": X[:192], "bits": BITS}, grid=(64, 1, 1), shape=(6,), tolerance=1e-3),
    grouped("inner_braces_left_out", "float2 held[2][2] = {1.0f, 2.0f}; float kept[2][3] = {x[i], 2.0f, 3.0f, 4.0f}; y[i] = kept[0][0] * 100 + kept[1][0] + kept[1][2] + held[1][1].x + held[0][1].y;",
            lambda x: x * 100 + 6),
    grouped("a_cast_to_a_reference", "float a[2] = {x[i], 1}; float2 v = x[i]; reinterpret_cast<thread uint&>(a[1]) = 0x40000000u; static_cast<thread float2&>(v).x += 1; y[i] = v.x * a[1];",
            lambda x: (x + 1) * 2),
    # A value that is the same for all is computed before, and values of each item are kept over, a branch of a few.
    Kernel("a_branch_of_few_simdgroups", """
        uint group = simdgroup_index_in_threadgroup, lane = thread_index_in_simdgroup, row = threadgroup_position_in_grid.y;
        float o[2] = {0, 0}, most = -3e38f, total = 0, q[2];
        int length = n[1], end = n[row / 2];
        for (int k = 0; k < 2; ++k) q[k] = float(x[row * 64 + lane * 2 + k]);
        int last = (end / 4) * 4 + int(group);
        bool counts = last < end && last < length;
        if (counts) {
            const device T* key = x + (int(row / 2) * length + last) * 64 + int(lane) * 2;
            float score = 0;
            for (int k = 0; k < 2; ++k) score += q[k] * static_cast<float>(key[k]);
            score = simd_sum(score);
            float larger = max(most, score), factor = fast::exp(most - larger), weight = fast::exp(score - larger);
            most = larger;
            total = total * factor + weight;
            for (int k = 0; k < 2; ++k) o[k] = o[k] * factor + score * static_cast<float>(key[k]);
        }
        if (lane == 0) { y[group * 2] = total * (counts ? most : 1.0f) + o[0] * 0; y[group * 2 + 1] = counts + (o[1] != 0 && !counts); }""",
           last_keys, {"x": KEYS, "n": np.array([6, 64])}, grid=(256, 1, 1), group=(256, 1, 1), shape=(8, 2), cast=F16, template=[("T", F16)],
           tolerance=1e-3),
]  # fmt: skip

ROWS = THREADGROUP + SIMD + ATOMICS + MATRICES + BRANCHES
