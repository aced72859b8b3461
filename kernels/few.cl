// Products of at most ROWS rows of float32 with a large matrix of dtype T, which is read once as it lies: decoding, one
// token at a time. c = alpha · a @ b + beta · c; LINES is how many columns of b, or runs of 16 columns, go together.
#include "sixteen.clh"
#pragma OPENCL FP_CONTRACT ON

static inline void finish(global STORED(T)* c, long at, float value, float alpha, float beta) {
  STORE(T, c, at, beta != 0 ? alpha * value + beta * LOAD(T, c, at) : alpha * value);
}

// b stored by columns: each result is the dot product of two contiguous runs.
kernel void few_by_columns(global const float* a, long a_offset, long a_row, global const STORED(T)* b, long b_offset,
                           long b_column, global STORED(T)* c, long c_offset, long c_row, long m, long n, long depth,
                           float alpha, float beta) {
  FOR_EACH(tile, (n + LINES - 1) / LINES) {
    const long first = tile * LINES;
    global const float* x[ROWS];
    global const STORED(T)* y[LINES];
    EACH(i, ROWS) x[i] = a + a_offset + min((long)i, m - 1) * a_row;
    EACH(j, LINES) y[j] = b + b_offset + min(first + j, n - 1) * b_column;
    float16 sums[ROWS][LINES];
    EACH(i, ROWS)
      EACH(j, LINES) sums[i][j] = 0;
    long k = 0;
    for (; k + 16 <= depth; k += 16) {
      float16 factors[ROWS];
      EACH(i, ROWS) factors[i] = vload16(0, x[i] + k);
      EACH(j, LINES) {
        const float16 values = CAT(load16_, T)(y[j] + k);
        EACH(i, ROWS) sums[i][j] = fma(factors[i], values, sums[i][j]);
      }
    }
    for (int i = 0; i < ROWS && i < m; ++i)
      for (int j = 0; j < LINES && first + j < n; ++j) {
        float value = sum16(sums[i][j]);
        for (long rest = k; rest < depth; ++rest) value = fma(x[i][rest], LOAD(T, y[j], rest), value);
        finish(c, c_offset + i * c_row + first + j, value, alpha, beta);
      }
  }
}

// b stored by rows: 16 LINES results side by side; what is left over one by one.
kernel void few_by_rows(global const float* a, long a_offset, long a_row, global const STORED(T)* b, long b_offset,
                        long b_row, global STORED(T)* c, long c_offset, long c_row, long m, long n, long depth,
                        float alpha, float beta) {
  FOR_EACH(tile, (n + 16 * LINES - 1) / (16 * LINES)) {
    const long first = tile * 16 * LINES, last = min(first + 16 * LINES, n);
    global const float* x[ROWS];
    EACH(i, ROWS) x[i] = a + a_offset + min((long)i, m - 1) * a_row;
    if (last - first == 16 * LINES) {
      float16 sums[ROWS][LINES];
      EACH(i, ROWS)
        EACH(j, LINES) sums[i][j] = 0;
      for (long k = 0; k < depth; ++k)
        EACH(j, LINES) {
          const float16 values = CAT(load16_, T)(b + b_offset + k * b_row + first + 16 * j);
          EACH(i, ROWS) sums[i][j] = fma((float16)(x[i][k]), values, sums[i][j]);
        }
      for (int i = 0; i < ROWS && i < m; ++i)
        EACH(j, LINES) {
          global STORED(T)* to = c + c_offset + i * c_row + first + 16 * j;
          float16 value = sums[i][j] * alpha;
          if (beta != 0) value += CAT(load16_, T)(to) * beta;
          CAT(store16_, T)(to, value);
        }
      continue;
    }
    for (long i = 0; i < m; ++i)
      for (long j = first; j < last; ++j) {
        float value = 0;
        for (long k = 0; k < depth; ++k) value = fma(x[i][k], LOAD(T, b, b_offset + k * b_row + j), value);
        finish(c, c_offset + i * c_row + j, value, alpha, beta);
      }
  }
}
