// Hadamard transforms of contiguous rows: a matrix of order ODD_ORDER across the row, then butterflies inside each of
// its ODD_ORDER parts (Fino and Algazi, "Unified matrix treatment of the fast Walsh-Hadamard transform", 1976).
//
// -D T the dtype of both ends. A row is worked on in a strip of float memory of its own, with one work-item on CPU
// devices and a group of GROUP on GPUs. `signs` has the matrix by rows, +1 or -1; a result is the sum over i of x[i]
// times row i. Each part has `inner` elements, a power of two.
#ifdef LOOP_SHAPE
DECLARE_WIDTH(16)
#define STRIP get_global_id(0)
#define WAIT
#define EACH(i, step, count) for (long i = 0; i < (count); i += (step))
#define ROWS(row, rows) FOR_EACH(row, rows)
#else
#define STRIP get_group_id(0)
#define WAIT barrier(CLK_GLOBAL_MEM_FENCE)
#define EACH(i, step, count) for (long i = (long)get_local_id(0) * (step); i < (count); i += (long)GROUP * (step))
#define ROWS(row, rows) for (long row = get_group_id(0); row < (rows); row += get_num_groups(0))
#endif

#if ODD_ORDER > 1
static void across(global float* row, long inner, global const float* signs) {
  EACH(q, 1, inner) {
    float x[ODD_ORDER];
    for (int i = 0; i < ODD_ORDER; ++i) x[i] = row[i * inner + q];
    for (int j = 0; j < ODD_ORDER; ++j) {
      float sum = 0;
      for (int i = 0; i < ODD_ORDER; ++i) sum += x[i] * signs[i * ODD_ORDER + j];
      row[j * inner + q] = sum;
    }
  }
}
#endif

#ifdef LOOP_SHAPE
// The butterflies of 8, 4, 2 and 1 elements apart: each lane becomes its partner's plus or minus itself.
static inline float16 inside(float16 v) {
  const float8 up = 1, down = -1;
  v = v.s89abcdef01234567 + v * (float16)(up, down);
  v = v.s45670123cdef89ab + v * (float16)(up.lo, down.lo, up.lo, down.lo);
  const float4 pairs = (float4)(1, 1, -1, -1), single = (float4)(1, -1, 1, -1);
  v = v.s23016745ab89efcd + v * (float16)(pairs, pairs, pairs, pairs);
  return v.s1032547698badcfe + v * (float16)(single, single, single, single);
}

static void butterflies(global float* row, long n, long inner) {
  long h = 1;
  if (inner >= 16) {
    for (long i = 0; i < n; i += 16) vstore16(inside(vload16(0, row + i)), 0, row + i);
    for (h = 16; h < inner; h *= 2)
      for (long start = 0; start < n; start += 2 * h)
        for (long i = start; i < start + h; i += 16) {
          const float16 a = vload16(0, row + i), b = vload16(0, row + i + h);
          vstore16(a + b, 0, row + i);
          vstore16(a - b, 0, row + i + h);
        }
  }
  for (; h < inner; h *= 2)
    for (long start = 0; start < n; start += 2 * h)
      for (long i = start; i < start + h; ++i) {
        const float a = row[i], b = row[i + h];
        row[i] = a + b;
        row[i + h] = a - b;
      }
}
#else
static void butterflies(global float* row, long n, long inner) {
  for (long h = 1; h < inner; h *= 2) {
    EACH(pair, 1, n / 2) {
      const long i = 2 * pair - (pair & (h - 1));
      const float a = row[i], b = row[i + h];
      row[i] = a + b;
      row[i + h] = a - b;
    }
    WAIT;
  }
}
#endif

kernel void hadamard_rows(global const STORED(T)* x, long x_offset, global const float* signs, long signs_offset,
                          global float* strips, long strips_offset, global STORED(T)* out, long out_offset, long rows,
                          long n, long inner, float scale) {
  ROWS(r, rows) {
    global const STORED(T)* const p = x + x_offset + r * n;
    global STORED(T)* const q = out + out_offset + r * n;
#ifdef IN_STRIPS
    global float* const row = strips + strips_offset + STRIP * n;
#else
    global float* const row = (global float*)q;
#endif
    EACH(i, 1, n) row[i] = LOAD(T, p, i);
    WAIT;
#if ODD_ORDER > 1
    across(row, inner, signs + signs_offset);
    WAIT;
#endif
    butterflies(row, n, inner);
    EACH(i, 1, n) STORE(T, q, i, row[i] * scale);
    WAIT;
  }
}
