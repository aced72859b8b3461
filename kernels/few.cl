// Products of at most ROWS rows of float32 with a large matrix of dtype T stored by rows, which is read once as it lies.
// c = alpha · a @ b + beta · c.
#include "sixteen.clh"
#pragma OPENCL FP_CONTRACT ON

static inline void finish(global STORED(T)* c, long at, float value, float alpha, float beta) {
  STORE(T, c, at, beta != 0 ? alpha * value + beta * LOAD(T, c, at) : alpha * value);
}

// b stored by rows: a work-item reads stretches of BLOCK columns row after row, four rows at a time, and keeps their sums
// in the cache. The rows are cut into `parts`, one for each core, whose sums few_total adds.
kernel void few_by_rows(global const float* a, long a_offset, long a_row, global const STORED(T)* b, long b_offset,
                        long b_row, global STORED(T)* c, long c_offset, long c_row, global float* partial,
                        long partial_offset, long parts, long m, long n, long depth, float alpha, float beta) {
  const long stretches = (n + BLOCK - 1) / BLOCK;
  FOR_EACH(task, stretches * parts) {
    const long stretch = task % stretches, part = task / stretches, first = stretch * BLOCK;
    const int width = (int)min((long)BLOCK, n - first);
    const long stop = depth * (part + 1) / parts;
    global const float* x[ROWS];
    EACH(i, ROWS) x[i] = a + a_offset + min((long)i, m - 1) * a_row;
    float sums[ROWS][BLOCK];
    EACH(i, ROWS)
      for (int j = 0; j < BLOCK; j += 16) vstore16((float16)(0.0f), 0, sums[i] + j);
    long k = depth * part / parts;
    global const STORED(T)* row = b + b_offset + k * b_row + first;
    for (; k + 4 <= stop; k += 4, row += 4 * b_row) {
      int j = 0;
      for (; j + 16 <= width; j += 16) {
        float16 values[4];
        EACH(l, 4) values[l] = CAT(load16_, T)(row + l * b_row + j);
        EACH(i, ROWS) {
          float16 sum = vload16(0, sums[i] + j);
          EACH(l, 4) sum = fma((float16)(x[i][k + l]), values[l], sum);
          vstore16(sum, 0, sums[i] + j);
        }
      }
      for (; j < width; ++j)
        EACH(i, ROWS)
          EACH(l, 4) sums[i][j] = fma(x[i][k + l], LOAD(T, row, l * b_row + j), sums[i][j]);
    }
    for (; k < stop; ++k, row += b_row)
      EACH(i, ROWS)
        for (int j = 0; j < width; ++j) sums[i][j] = fma(x[i][k], LOAD(T, row, j), sums[i][j]);
    for (int i = 0; i < ROWS && i < m; ++i)
      for (int j = 0; j < width; ++j) {
        if (parts > 1)
          partial[partial_offset + (part * m + i) * n + first + j] = sums[i][j];
        else
          finish(c, c_offset + i * c_row + first + j, sums[i][j], alpha, beta);
      }
  }
}

kernel void few_total(global const float* partial, long partial_offset, global STORED(T)* c, long c_offset, long c_row,
                      long parts, long m, long n, float alpha, float beta) {
  FOR_EACH(e, m * n) {
    float sum = 0;
    for (long part = 0; part < parts; ++part) sum += partial[partial_offset + part * m * n + e];
    finish(c, c_offset + e / n * c_row + e % n, sum, alpha, beta);
  }
}
