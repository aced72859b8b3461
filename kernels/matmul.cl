// Matrix products of any element type: c = alpha · a @ b + beta · c, for every batch; and the copies that let a library
// multiply 16-bit floats in float32. Operands come with a stride between rows and one between columns.

#pragma OPENCL FP_CONTRACT ON

#ifdef T
#ifndef GROUP
#define GROUP 16  // work-items a side of a group; each computes 4 × 4 results
#endif
#define TILE (4 * GROUP)
#define DEPTH 16

#if IS_COMPLEX
#define MULTIPLY_ADD(sum, p, q) sum += (float2)((p).x * (q).x - (p).y * (q).y, (p).x * (q).y + (p).y * (q).x)
#else
#define MULTIPLY_ADD(sum, p, q) sum += (p) * (q)
#endif

typedef COMPUTED(T) number;

// Copies a tile of `lines` × DEPTH numbers to local memory, neighbours in memory by neighbouring work-items.
static inline void fetch(local number* tile, global const STORED(T)* x, long offset, long line, long lines, long line_step,
                         long k, long depth, long depth_step) {
  const int item = get_local_id(1) * GROUP + get_local_id(0);
  for (int i = item; i < TILE * DEPTH; i += GROUP * GROUP) {
    const int d = depth_step == 1 ? i % DEPTH : i / TILE;
    const int l = depth_step == 1 ? i / DEPTH : i % TILE;
    const bool inside = line + l < lines && k + d < depth;
    tile[d * TILE + l] = inside ? LOAD(T, x, offset + (line + l) * line_step + (k + d) * depth_step) : (number)(0);
  }
}

__kernel __attribute__((reqd_work_group_size(GROUP, GROUP, 1)))  // not `kernel`: see ONE_ITEM_GROUPS
void matmul_tiled(global const STORED(T)* a, long a_offset, long a_row, long a_column, long a_batch,
                  global const STORED(T)* b, long b_offset, long b_row, long b_column, long b_batch,
                  global STORED(T)* c, long c_offset, long c_row, long c_batch,
                  long m, long n, long depth, float alpha, float beta) {
  local number a_tile[DEPTH * TILE], b_tile[DEPTH * TILE];
  const long batch = get_group_id(2);
  const long first_row = get_group_id(1) * (long)TILE, first_column = get_group_id(0) * (long)TILE;
  const int x = get_local_id(0), y = get_local_id(1);
  number sums[4][4];
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) sums[i][j] = (number)(0);
  for (long k = 0; k < depth; k += DEPTH) {
    fetch(a_tile, a, a_offset + batch * a_batch, first_row, m, a_row, k, depth, a_column);
    fetch(b_tile, b, b_offset + batch * b_batch, first_column, n, b_column, k, depth, b_row);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = 0; d < DEPTH; ++d) {
      number row[4], column[4];
      for (int i = 0; i < 4; ++i) row[i] = a_tile[d * TILE + y + i * GROUP];
      for (int j = 0; j < 4; ++j) column[j] = b_tile[d * TILE + x + j * GROUP];
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j) MULTIPLY_ADD(sums[i][j], row[i], column[j]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) {
      const long r = first_row + y + i * GROUP, s = first_column + x + j * GROUP;
      if (r >= m || s >= n) continue;
      const long at = c_offset + batch * c_batch + r * c_row + s;
      number value = sums[i][j] * alpha;
      if (beta != 0) value += LOAD(T, c, at) * beta;
      STORE(T, c, at, value);
    }
}
#endif

#ifdef HALF
#include "sixteen.clh"

// Rows of a strided matrix of 16-bit floats as dense float32.
kernel void widen(global const ushort* x, long x_offset, global float* y, long y_offset, long batch, long rows,
                  long columns, long x_row, long x_batch) {
#ifdef LOOP_SHAPE
  FOR_EACH(line, batch * rows) {
    const long from = x_offset + line / rows * x_batch + line % rows * x_row, to = y_offset + line * columns;
    long j = 0;
    for (; j + 16 <= columns; j += 16) vstore16(CAT(load16_, HALF)(x + from + j), 0, y + to + j);
    for (; j < columns; ++j) y[to + j] = LOAD(HALF, x, from + j);
  }
#else
  FOR_EACH(i, batch * rows * columns) {
    const long line = i / columns, j = i % columns;
    y[y_offset + i] = LOAD(HALF, x, x_offset + line / rows * x_batch + line % rows * x_row + j);
  }
#endif
}

// The reverse: y = x + beta · y.
kernel void narrow(global const float* x, long x_offset, global ushort* y, long y_offset, long batch, long rows,
                   long columns, long y_row, long y_batch, float beta) {
#ifdef LOOP_SHAPE
  FOR_EACH(line, batch * rows) {
    const long from = x_offset + line * columns, to = y_offset + line / rows * y_batch + line % rows * y_row;
    long j = 0;
    for (; j + 16 <= columns; j += 16) {
      float16 value = vload16(0, x + from + j);
      if (beta != 0) value += CAT(load16_, HALF)(y + to + j) * beta;
      CAT(store16_, HALF)(y + to + j, value);
    }
    for (; j < columns; ++j) {
      float value = x[from + j];
      if (beta != 0) value += LOAD(HALF, y, to + j) * beta;
      STORE(HALF, y, to + j, value);
    }
  }
#else
  FOR_EACH(i, batch * rows * columns) {
    const long line = i / columns, j = i % columns;
    const long to = y_offset + line / rows * y_batch + line % rows * y_row + j;
    float value = x[x_offset + i];
    if (beta != 0) value += LOAD(HALF, y, to) * beta;
    STORE(HALF, y, to, value);
  }
#endif
}
#endif
