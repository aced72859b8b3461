// Products of at most ROWS rows with SETS large matrices of dtype T stored by columns, which are read once as they lie:
// decoding, one token at a time. Each result is the dot product of two contiguous runs; LINES columns go together.
// c = alpha · a @ b + beta · c.
#include "sixteen.clh"
#include "sets.clh"
#pragma OPENCL FP_CONTRACT ON

// 32 elements at p as two vectors, in an order that is the same for every matrix.
typedef struct {
  float16 first, second;
} Two;
static inline Two two_float32(global const float* p) { return (Two){vload16(0, p), vload16(1, p)}; }
static inline Two two_float16(global const ushort* p) { return (Two){load16_float16(p), load16_float16(p + 16)}; }
static inline Two two_bfloat16(global const ushort* p) {  // two elements a word, which saves widening
  const uint16 words = vload16(0, (global const uint*)p);
  return (Two){as_float16(words << 16), as_float16(words & 0xffff0000u)};
}

#define SET(i) \
  , global const STORED(T) *b##i, long b##i##_offset, long b##i##_column, global STORED(T) *c##i, long c##i##_offset, \
      long c##i##_row, long n##i
#define SET_OF(i)                                                                                             \
  b[i] = b##i + b##i##_offset, b_column[i] = b##i##_column, c[i] = c##i + c##i##_offset, c_row[i] = c##i##_row; \
  n[i] = n##i, ends[i] = (i ? ends[i - (i > 0)] : 0) + (n##i + LINES - 1) / LINES;

kernel void few_by_columns(global const STORED(T)* a, long a_offset, long a_row, long m, long depth, float alpha,
                           float beta FOR_SETS(SET)) {
  global const STORED(T)* b[SETS];
  global STORED(T)* c[SETS];
  long b_column[SETS], c_row[SETS], n[SETS], ends[SETS];
  FOR_SETS(SET_OF)
  FOR_EACH(tile, ends[SETS - 1]) {
    int set = 0;
    while (tile >= ends[set]) ++set;
    const long first = (set ? tile - ends[set - 1] : tile) * LINES;
    global const STORED(T)* x[ROWS];
    global const STORED(T)* y[LINES];
    float16 sums[ROWS][LINES];
    EACH(i, ROWS) x[i] = a + a_offset + min((long)i, m - 1) * a_row;
    EACH(j, LINES) y[j] = b[set] + min(first + j, n[set] - 1) * b_column[set];
    EACH(i, ROWS)
      EACH(j, LINES) sums[i][j] = 0;
    const long ahead = bytes_ahead(LINES * b_column[set] * sizeof(STORED(T)));
    long k = 0;
    for (; k + 32 <= depth; k += 32) {
      EACH(j, LINES) {
        READ_AHEAD(y[j] + k, ahead);
        if (sizeof(STORED(T)) == 4) READ_AHEAD(y[j] + k + 16, ahead);
      }
      Two factors[ROWS];
      EACH(i, ROWS) factors[i] = CAT(two_, T)(x[i] + k);
      EACH(j, LINES) {
        const Two values = CAT(two_, T)(y[j] + k);
        EACH(i, ROWS) {
          sums[i][j] = fma(factors[i].first, values.first, sums[i][j]);
          sums[i][j] = fma(factors[i].second, values.second, sums[i][j]);
        }
      }
    }
    for (int i = 0; i < ROWS && i < m; ++i)
      for (int j = 0; j < LINES && first + j < n[set]; ++j) {
        float value = sum16(sums[i][j]);
        for (long rest = k; rest < depth; ++rest) value = fma(LOAD(T, x[i], rest), LOAD(T, y[j], rest), value);
        const long at = i * c_row[set] + first + j;
        STORE(T, c[set], at, beta != 0 ? alpha * value + beta * LOAD(T, c[set], at) : alpha * value);
      }
  }
}
